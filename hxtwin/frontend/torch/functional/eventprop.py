"""EventProp: gradients through the times of spikes, discretised.

A projection hands a stacked pair to its neurons, and gets a stacked pair of gradients back:

==========  ==========================  ===========================
direction   first of the pair           second of the pair
==========  ==========================  ===========================
forward     ``x W^T``                   zeros
backward    ``tau_syn lambda_i``        ``lambda_v - lambda_i``
==========  ==========================  ===========================

The first gradient belongs to the weights, the second to the input spikes. Only the gradient with respect to spikes
enters; gradients of membrane and current are ignored.

Reference: frontend-torch.md A5.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.autograd.function import FunctionCtx, once_differentiable

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch.functional import eventprop_kernel
from hxtwin.frontend.torch.functional.lif import _array, _per_neuron
from hxtwin.frontend.torch.functional.neuron_dynamics import (
    NOTHING_MEASURED,
    Measured,
    NeuronDynamics,
    NeuronOutput,
    common_length,
)


def eventprop_synapse(spikes: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted spikes for `eventprop_neuron`.

    Args:
        spikes: (time, batch, in).
        weight: (out, in).

    Returns:
        Stacked pair (2, time, batch, out).
    """
    pair: torch.Tensor = _Synapse.apply(spikes, weight)  # type: ignore[no-untyped-call]
    return pair


def eventprop_neuron(
    graded_spikes: torch.Tensor, dynamics: NeuronDynamics, measured: Measured = NOTHING_MEASURED
) -> NeuronOutput:
    """Integrate leaky integrate-and-fire neurons whose gradients follow from the times of their spikes.

    Args:
        graded_spikes: stacked pair (2, time, batch, neuron) of `eventprop_synapse`, or the sum of such pairs.
        dynamics: leak, reset, threshold and time constants are used.
        measured: records of the chip; returned as they are, the current is that of the model.

    Returns:
        Observables; step 0 is the state at rest.

    Raises:
        ModelError: the input is no pair, or shapes disagree.
    """
    if graded_spikes.dim() != 4 or graded_spikes.shape[0] != 2:
        raise ModelError(
            f"input of an EventProp neuron has shape {tuple(graded_spikes.shape)}; the pair (2, time, batch, neuron) "
            "of an EventPropSynapse is wanted"
        )
    _, measured = common_length(graded_spikes[0], measured)
    steps = min([graded_spikes.shape[1], *(value.shape[0] for value in measured if value is not None)])
    spikes, membrane, current = _Neuron.apply(graded_spikes[:, :steps], dynamics, measured.spikes, measured.membrane)  # type: ignore[no-untyped-call]
    return NeuronOutput(spikes, membrane, current)


class _Synapse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, spikes: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(spikes, weight)
        product = spikes @ weight.t()
        return torch.stack((product, torch.zeros_like(product)))

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        spikes, weight = ctx.saved_tensors  # type: ignore[attr-defined]  # declared only for the contexts of C++
        grad_weight = gradient[0].flatten(0, 1).t() @ spikes.flatten(0, 1)
        return gradient[1] @ weight, grad_weight


class _Neuron(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx,
        graded_spikes: torch.Tensor,
        dynamics: NeuronDynamics,
        hw_spikes: torch.Tensor | None,
        hw_membrane: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = _array(graded_spikes[0])
        membrane_rate = dynamics.dt / _per_neuron(dynamics.tau_mem, graded_spikes)
        current_rate = dynamics.dt / _per_neuron(dynamics.tau_syn, graded_spikes)
        potentials = tuple(_per_neuron(v, graded_spikes) for v in (dynamics.leak, dynamics.threshold, dynamics.reset))
        spikes, membrane, current = (np.zeros_like(x) for _ in range(3))
        if x.shape[0] > 0 and hw_spikes is None:
            rates = (membrane_rate, current_rate)
            eventprop_kernel.eventprop_forward(x, *rates, *potentials, spikes, membrane, current)  # type: ignore[call-arg]
        elif x.shape[0] > 0:
            eventprop_kernel.eventprop_current(x, current_rate, current)
        z = torch.from_numpy(spikes) if hw_spikes is None else hw_spikes.to(graded_spikes.dtype).clone()
        v = torch.from_numpy(membrane) if hw_membrane is None else hw_membrane.to(graded_spikes.dtype).clone()
        ctx.state = (_array(z), current, membrane_rate, current_rate, *potentials)  # type: ignore[attr-defined]
        ctx.tau_syn = _per_neuron(dynamics.tau_syn, graded_spikes)  # type: ignore[attr-defined]  # plain values
        return z, v, torch.from_numpy(current)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: FunctionCtx, grad_spikes: torch.Tensor, grad_membrane: torch.Tensor, grad_current: torch.Tensor
    ) -> tuple[torch.Tensor, None, None, None]:
        del grad_membrane, grad_current
        gradient = _array(grad_spikes)
        li, lv = np.zeros_like(gradient), np.zeros_like(gradient)
        if gradient.shape[0] > 0:
            state = ctx.state  # type: ignore[attr-defined]  # set by forward
            eventprop_kernel.eventprop_backward(gradient, *state, li, lv)  # type: ignore[call-arg]
        pair = np.stack((ctx.tau_syn * li, lv - li))  # type: ignore[attr-defined]  # set by forward
        return torch.from_numpy(pair), None, None, None
