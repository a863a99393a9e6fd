"""Compiled passes over time of neurons with EventProp gradients.

=======================  ============================================
kernel                   what it does
=======================  ============================================
`eventprop_forward`      spikes, membrane and current of the model
`eventprop_current`      the current alone, for measured spikes
`eventprop_backward`     adjoint state, backward in time
=======================  ============================================

Arrays of time are (time, batch, neuron), constants have one entry per neuron.

Reference: frontend-torch.md A5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from hxtwin.frontend.torch.functional.lif_kernel import Floats


@numba.njit(cache=True)
def eventprop_forward(
    graded_spikes: Floats,
    membrane_rate: Floats,
    current_rate: Floats,
    leak: Floats,
    threshold: Floats,
    reset: Floats,
    spikes: Floats,
    membrane: Floats,
    current: Floats,
) -> None:
    """Integrate; step 0 is the state at rest, the input of step t acts on step t + 1.

    Args:
        graded_spikes: weighted input.
        membrane_rate, current_rate: dt / tau_mem and dt / tau_syn.
        leak, threshold, reset: potentials.
        spikes, membrane, current: results, same shape as the input.
    """
    steps, batch, neurons = graded_spikes.shape
    zero = graded_spikes.dtype.type(0)
    one = graded_spikes.dtype.type(1)
    for b in range(batch):
        for n in range(neurons):
            spikes[0, b, n] = zero
            current[0, b, n] = zero
            membrane[0, b, n] = leak[n]
    for t in range(1, steps):
        for b in range(batch):
            for n in range(neurons):
                i = current[t - 1, b, n] * (one - current_rate[n]) + graded_spikes[t - 1, b, n]
                v = membrane[t - 1, b, n]
                v += membrane_rate[n] * (leak[n] - v + i)
                z = one if v > threshold[n] else zero
                current[t, b, n] = i
                spikes[t, b, n] = z
                membrane[t, b, n] = (one - z) * v + z * reset[n]


@numba.njit(cache=True)
def eventprop_current(graded_spikes: Floats, current_rate: Floats, current: Floats) -> None:
    """Synaptic current of the model; arguments as in `eventprop_forward`."""
    steps, batch, neurons = graded_spikes.shape
    one = graded_spikes.dtype.type(1)
    current[0] = 0
    for t in range(1, steps):
        for b in range(batch):
            for n in range(neurons):
                current[t, b, n] = current[t - 1, b, n] * (one - current_rate[n]) + graded_spikes[t - 1, b, n]


@numba.njit(cache=True)
def eventprop_backward(
    grad_spikes: Floats,
    spikes: Floats,
    current: Floats,
    membrane_rate: Floats,
    current_rate: Floats,
    leak: Floats,
    threshold: Floats,
    reset: Floats,
    adjoint_current: Floats,
    adjoint_membrane: Floats,
) -> None:
    """Adjoint state.

    Args:
        grad_spikes: incoming gradient of the spikes.
        spikes, current: of the forward pass.
        membrane_rate, current_rate, leak, threshold, reset: as in `eventprop_forward`.
        adjoint_current, adjoint_membrane: results, same shape.
    """
    steps, batch, neurons = grad_spikes.shape
    one = grad_spikes.dtype.type(1)
    adjoint_current[steps - 1] = 0
    adjoint_membrane[steps - 1] = 0
    for t in range(steps - 1, 0, -1):
        for b in range(batch):
            for n in range(neurons):
                li = adjoint_current[t, b, n]
                lv = adjoint_membrane[t, b, n]
                adjoint_current[t - 1, b, n] = li + current_rate[n] * (lv - li)
                decayed = lv * (one - membrane_rate[n])
                z = spikes[t, b, n]
                out = jump = z * 0
                before = leak[n] - threshold[n] + current[t - 1, b, n]
                if z != 0 and before != 0:
                    out = z * grad_spikes[t, b, n] / before
                    jump = z * (leak[n] - reset[n] + current[t - 1, b, n]) / before
                    out = out if np.isfinite(out) else z * 0
                    jump = jump if np.isfinite(jump) else z * 0
                adjoint_membrane[t - 1, b, n] = (one - z + jump) * decayed + out
