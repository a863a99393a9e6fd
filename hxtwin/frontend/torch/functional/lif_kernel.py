"""Compiled passes over time of leaky integrate-and-fire neurons and leaky integrators.

=====================  ================================================================
kernel                 what it does
=====================  ================================================================
`lif_forward`          all steps of `hxtwin.frontend.torch.functional.aelif`, LIF switches
`lif_backward`         their vector-Jacobian product with the SuperSpike surrogate
`li_forward`           the same without threshold, reset and refractoriness
`li_backward`          its vector-Jacobian product
=====================  ================================================================

Arrays of time are (time, batch, neuron) of one floating type, constants have one entry per neuron:
``input_rate = dt / c``, ``leak_rate = dt / tau_mem``, ``keep = 1 - dt / tau_syn``, ``refractory_steps = t_ref / dt``.

Reference: frontend-torch.md A4.
"""

from __future__ import annotations

from typing import TypeAlias

import numba
import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]


@numba.njit(cache=True)
def lif_forward(
    graded_spikes: Floats,
    input_rate: Floats,
    leak_rate: Floats,
    keep: Floats,
    leak: Floats,
    threshold: Floats,
    reset: Floats,
    refractory_steps: Floats,
    hw_spikes: Floats,
    hw_membrane: Floats,
    has_spikes: bool,
    has_membrane: bool,
    spikes: Floats,
    membrane: Floats,
    current: Floats,
    before_reset: Floats,
    fired: Floats,
    refractory: Flags,
) -> None:
    """Integrate.

    Args:
        graded_spikes: weighted input (time, batch, neuron).
        input_rate, leak_rate, keep, leak, threshold, reset, refractory_steps: constants (neuron).
        hw_spikes, hw_membrane: measured values of the same shape as the input; read only if ``has_..`` says so.
        has_spikes, has_membrane: which measurements there are.
        spikes, membrane, current: results, same shape as the input.
        before_reset: result, membrane that was compared with the threshold.
        fired: result, spikes before refractoriness took them away.
        refractory: result, whether the neuron was refractory.
    """
    steps, batch, neurons = graded_spikes.shape
    zero = graded_spikes.dtype.type(0)
    one = graded_spikes.dtype.type(1)
    v = np.empty((batch, neurons), graded_spikes.dtype)
    i = np.zeros((batch, neurons), graded_spikes.dtype)
    ref = np.zeros((batch, neurons), graded_spikes.dtype)
    for b in range(batch):
        for n in range(neurons):
            v[b, n] = leak[n]
    for t in range(steps):
        for b in range(batch):
            for n in range(neurons):
                old = i[b, n]
                new = old * keep[n] + graded_spikes[t, b, n]
                i[b, n] = new
                current[t, b, n] = new
                volt = v[b, n] + input_rate[n] * old + leak_rate[n] * (leak[n] - v[b, n])
                if has_membrane:
                    volt = hw_membrane[t, b, n]
                before_reset[t, b, n] = volt
                z = one if volt > threshold[n] else zero
                if has_spikes:
                    z = hw_spikes[t, b, n]
                fired[t, b, n] = z
                masked = ref[b, n] > zero
                refractory[t, b, n] = masked
                if not has_membrane:
                    volt = (one - z) * volt + z * reset[n]
                    volt = reset[n] if masked else volt
                if not has_spikes:
                    z = zero if masked else z
                left = ref[b, n] - one if masked else zero
                left = left if left > zero else zero
                ref[b, n] = (one - z) * left + z * refractory_steps[n]
                spikes[t, b, n] = z
                membrane[t, b, n] = volt
                v[b, n] = volt


@numba.njit(cache=True)
def lif_backward(
    grad_spikes: Floats,
    grad_membrane: Floats,
    grad_current: Floats,
    before_reset: Floats,
    fired: Floats,
    refractory: Flags,
    input_rate: Floats,
    leak_rate: Floats,
    keep: Floats,
    threshold: Floats,
    reset: Floats,
    alpha: float,
    has_membrane: bool,
    grad_input: Floats,
) -> None:
    """Backward through all steps.

    Args:
        grad_spikes, grad_membrane, grad_current: incoming gradients (time, batch, neuron).
        before_reset, fired, refractory: as `lif_forward` left them.
        input_rate, leak_rate, keep, threshold, reset: constants (neuron).
        alpha: steepness of the surrogate.
        has_membrane: whether the membrane was measured (then there was no reset in the model).
        grad_input: result, gradient of the weighted input.
    """
    steps, batch, neurons = grad_spikes.shape
    zero = grad_spikes.dtype.type(0)
    one = grad_spikes.dtype.type(1)
    steep = grad_spikes.dtype.type(alpha)
    grad_v = np.zeros((batch, neurons), grad_spikes.dtype)
    grad_i = np.zeros((batch, neurons), grad_spikes.dtype)
    for t in range(steps - 1, -1, -1):
        for b in range(batch):
            for n in range(neurons):
                after = grad_membrane[t, b, n] + grad_v[b, n]
                volt = before_reset[t, b, n]
                to_spike = grad_spikes[t, b, n]
                before = after
                if not has_membrane:
                    to_spike += after * (reset[n] - volt)
                    before = after * (one - fired[t, b, n])
                distance = steep * abs(volt - threshold[n]) + one
                before += to_spike / (distance * distance)
                before = zero if refractory[t, b, n] else before
                to_input = grad_current[t, b, n] + grad_i[b, n]
                grad_input[t, b, n] = to_input
                grad_i[b, n] = keep[n] * to_input + input_rate[n] * before
                grad_v[b, n] = before * (one - leak_rate[n])


@numba.njit(cache=True)
def li_forward(
    graded_spikes: Floats,
    input_rate: Floats,
    leak_rate: Floats,
    keep: Floats,
    leak: Floats,
    hw_membrane: Floats,
    has_membrane: bool,
    membrane: Floats,
    current: Floats,
) -> None:
    """Integrate without spikes; arguments as in `lif_forward`."""
    steps, batch, neurons = graded_spikes.shape
    v = np.empty((batch, neurons), graded_spikes.dtype)
    i = np.zeros((batch, neurons), graded_spikes.dtype)
    for b in range(batch):
        for n in range(neurons):
            v[b, n] = leak[n]
    for t in range(steps):
        for b in range(batch):
            for n in range(neurons):
                old = i[b, n]
                i[b, n] = old * keep[n] + graded_spikes[t, b, n]
                current[t, b, n] = i[b, n]
                volt = v[b, n] + input_rate[n] * old + leak_rate[n] * (leak[n] - v[b, n])
                if has_membrane:
                    volt = hw_membrane[t, b, n]
                membrane[t, b, n] = volt
                v[b, n] = volt


@numba.njit(cache=True)
def li_backward(
    grad_membrane: Floats,
    grad_current: Floats,
    input_rate: Floats,
    leak_rate: Floats,
    keep: Floats,
    grad_input: Floats,
) -> None:
    """Backward through all steps of `li_forward`; arguments as in `lif_backward`."""
    steps, batch, neurons = grad_membrane.shape
    one = grad_membrane.dtype.type(1)
    grad_v = np.zeros((batch, neurons), grad_membrane.dtype)
    grad_i = np.zeros((batch, neurons), grad_membrane.dtype)
    for t in range(steps - 1, -1, -1):
        for b in range(batch):
            for n in range(neurons):
                before = grad_membrane[t, b, n] + grad_v[b, n]
                to_input = grad_current[t, b, n] + grad_i[b, n]
                grad_input[t, b, n] = to_input
                grad_i[b, n] = keep[n] * to_input + input_rate[n] * before
                grad_v[b, n] = before * (one - leak_rate[n])
