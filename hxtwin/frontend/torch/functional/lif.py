"""Integration of leaky integrate-and-fire neurons and leaky integrators, compiled.

One pass over time forward and one backward (`hxtwin.frontend.torch.functional.lif_kernel`); equations and gradients
are those of `hxtwin.frontend.torch.functional.aelif`, which also takes over what the kernels leave out: gradients of
constants, terms beyond the leak, tensors outside the main memory.

Reference: frontend-torch.md A4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import torch
from torch.autograd.function import FunctionCtx, once_differentiable

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch.functional import lif_kernel
from hxtwin.frontend.torch.functional.aelif import cuba_aelif_integration
from hxtwin.frontend.torch.functional.neuron_dynamics import (
    NOTHING_MEASURED,
    Measured,
    NeuronDynamics,
    NeuronOutput,
    common_length,
)
from hxtwin.frontend.torch.parameter import Value, as_tensor

if TYPE_CHECKING:
    from hxtwin.frontend.torch.functional.lif_kernel import Floats


def cuba_lif_integration(
    graded_spikes: torch.Tensor, dynamics: NeuronDynamics, measured: Measured = NOTHING_MEASURED
) -> NeuronOutput:
    """Integrate leaky integrate-and-fire neurons with current-based synapses.

    Args:
        graded_spikes: weighted input (time, batch, neuron), float32 or float64.
        dynamics: constants and switches.
        measured: records of the chip to inject: measured spikes act on the membrane of the model, a measured membrane
            replaces it; gradients are those of the model at the measured state.

    Returns:
        Observables, as many steps as input and measurements have in common.

    Raises:
        ModelError: shapes disagree.
    """
    if not _compiled(graded_spikes, dynamics) or not dynamics.fire:
        return cuba_aelif_integration(graded_spikes, attrs.evolve(dynamics, fire=True), measured)
    graded_spikes, measured = common_length(graded_spikes, measured)
    spikes, membrane, current = _LIF.apply(graded_spikes, dynamics, measured.spikes, measured.membrane)  # type: ignore[no-untyped-call]
    return NeuronOutput(spikes, membrane, current)


def cuba_li_integration(
    graded_spikes: torch.Tensor, dynamics: NeuronDynamics, measured: Measured = NOTHING_MEASURED
) -> NeuronOutput:
    """Integrate leaky integrators with current-based synapses; as `cuba_lif_integration`, without spikes."""
    dynamics = attrs.evolve(dynamics, fire=False)
    if not _compiled(graded_spikes, dynamics):
        return cuba_aelif_integration(graded_spikes, dynamics, measured)
    graded_spikes, measured = common_length(graded_spikes, measured)
    membrane, current = _LI.apply(graded_spikes, dynamics, measured.membrane)  # type: ignore[no-untyped-call]
    return NeuronOutput(None, membrane, current)


def _compiled(graded_spikes: torch.Tensor, dynamics: NeuronDynamics) -> bool:
    plain = dynamics.leaky and not dynamics.exponential and not dynamics.adaptive and not dynamics.learns
    return plain and graded_spikes.device.type == "cpu" and graded_spikes.dtype in (torch.float32, torch.float64)


def _array(tensor: torch.Tensor) -> Floats:
    array: Floats = tensor.detach().contiguous().numpy()
    return array


def _per_neuron(value: Value, like: torch.Tensor) -> Floats:
    neurons = like.shape[-1]
    tensor = as_tensor(value, like.dtype)
    if tensor.numel() not in (1, neurons):
        raise ModelError(f"a constant of {neurons} neurons has {tensor.numel()} entries; 1 or {neurons} are wanted")
    return _array(tensor.reshape(-1).expand(neurons))


def _rates(dynamics: NeuronDynamics, like: torch.Tensor) -> tuple[Floats, Floats, Floats]:
    """Rate of the input, rate of the leak and what is left of the current, all per step."""
    input_rate = dynamics.dt / _per_neuron(dynamics.membrane_capacitance, like)
    leak_rate = dynamics.dt / _per_neuron(dynamics.tau_mem, like)
    keep = 1.0 - dynamics.dt / _per_neuron(dynamics.tau_syn, like)
    return input_rate, leak_rate, keep


class _LIF(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx,
        graded_spikes: torch.Tensor,
        dynamics: NeuronDynamics,
        hw_spikes: torch.Tensor | None,
        hw_membrane: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = _array(graded_spikes)
        rates = _rates(dynamics, graded_spikes)
        threshold = _per_neuron(dynamics.threshold, graded_spikes)
        reset = _per_neuron(dynamics.reset, graded_spikes)
        spikes, membrane, current, before_reset, fired = (np.empty_like(x) for _ in range(5))
        refractory = np.empty(x.shape, np.bool_)
        lif_kernel.lif_forward(
            x,
            *rates,
            _per_neuron(dynamics.leak, graded_spikes),
            threshold,
            reset,
            _per_neuron(dynamics.refractory_time, graded_spikes) / dynamics.dt,
            x if hw_spikes is None else _array(hw_spikes.to(graded_spikes.dtype)),
            x if hw_membrane is None else _array(hw_membrane.to(graded_spikes.dtype)),
            hw_spikes is not None,
            hw_membrane is not None,
            spikes,
            membrane,
            current,
            before_reset,
            fired,
            refractory,
        )
        ctx.state = (before_reset, fired, refractory, *rates, threshold, reset)  # type: ignore[attr-defined]  # plain
        ctx.settings = (dynamics.alpha, hw_membrane is not None)  # type: ignore[attr-defined]  # values of the context
        return torch.from_numpy(spikes), torch.from_numpy(membrane), torch.from_numpy(current)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: FunctionCtx, grad_spikes: torch.Tensor, grad_membrane: torch.Tensor, grad_current: torch.Tensor
    ) -> tuple[torch.Tensor, None, None, None]:
        grad_input = np.empty(grad_spikes.shape, grad_spikes.detach().numpy().dtype)
        incoming = (_array(grad_spikes), _array(grad_membrane), _array(grad_current))
        lif_kernel.lif_backward(*incoming, *ctx.state, *ctx.settings, grad_input)  # type: ignore[attr-defined, call-arg]  # above; numba
        return torch.from_numpy(grad_input), None, None, None


class _LI(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, graded_spikes: torch.Tensor, dynamics: NeuronDynamics, hw_membrane: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        x = _array(graded_spikes)
        rates = _rates(dynamics, graded_spikes)
        measured = x if hw_membrane is None else _array(hw_membrane.to(graded_spikes.dtype))
        leak = _per_neuron(dynamics.leak, graded_spikes)
        membrane, current = np.empty_like(x), np.empty_like(x)
        lif_kernel.li_forward(x, *rates, leak, measured, hw_membrane is not None, membrane, current)
        ctx.rates = rates  # type: ignore[attr-defined]  # a plain value of the context
        return torch.from_numpy(membrane), torch.from_numpy(current)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: FunctionCtx, grad_membrane: torch.Tensor, grad_current: torch.Tensor
    ) -> tuple[torch.Tensor, None, None]:
        grad_input = np.empty(grad_membrane.shape, grad_membrane.detach().numpy().dtype)
        rates = ctx.rates  # type: ignore[attr-defined]  # set by forward
        lif_kernel.li_backward(_array(grad_membrane), _array(grad_current), *rates, grad_input)  # type: ignore[call-arg]
        return torch.from_numpy(grad_input), None, None
