"""Integration of adaptive exponential leaky integrate-and-fire neurons, step by step in torch.

Explicit Euler with current-based synapses, per step t with input x[t] (each term only if its switch is on)::

    dv  = dt/c (i + g_l (leak - v) + g_l D exp((v - v_T)/D) - w)        old current
    i   = i (1 - dt/tau_syn) + x[t]
    v   = v + dv                      or the measured membrane, gradient to the model
    z   = H(v - threshold)            or the measured spikes, gradient to the model
    w   = w (1 - dt/tau_adap) + dt/tau_adap a (v - leak_adaptation) + b z    or the measured adaptation
    v   = (1 - z) v + z reset         unless a membrane was measured
    m   = ref > 0;  v = reset, z = 0 where m (or the measured values)
    ref = (1 - z) relu(ref - m) + z t_ref/dt

with g_l = c / tau_mem. This is the general form: every switch, gradients of all constants. The two common cases run
in compiled form, see `hxtwin.frontend.torch.functional.lif` and ``li``.

Reference: frontend-torch.md A4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hxtwin.frontend.torch.functional.injection import inject
from hxtwin.frontend.torch.functional.neuron_dynamics import (
    NOTHING_MEASURED,
    Measured,
    NeuronDynamics,
    NeuronOutput,
    common_length,
)
from hxtwin.frontend.torch.functional.superspike import superspike
from hxtwin.frontend.torch.parameter import as_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from hxtwin.frontend.torch.parameter import Value


def cuba_aelif_integration(  # noqa: PLR0915  # one equation per line, in the order of the table
    graded_spikes: torch.Tensor,
    dynamics: NeuronDynamics,
    measured: Measured = NOTHING_MEASURED,
    feedback: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> NeuronOutput:
    """Integrate neurons.

    Args:
        graded_spikes: weighted input (time, batch, neuron).
        dynamics: constants and switches.
        measured: records of the chip to inject.
        feedback: weighted input of a step from the spikes of the step before, both (batch, neuron): recurrence.

    Returns:
        Observables, as many steps as input and measurements have in common.
    """
    graded_spikes, measured = common_length(graded_spikes, measured)
    dtype = graded_spikes.dtype

    def constant(value: Value) -> torch.Tensor:
        return as_tensor(value, dtype)

    d = dynamics
    leak, reset, threshold = constant(d.leak), constant(d.reset), constant(d.threshold)
    capacitance = constant(d.membrane_capacitance)
    conductance = capacitance / constant(d.tau_mem)
    rate = d.dt / capacitance
    keep_current = 1.0 - d.dt / constant(d.tau_syn)
    refractory_steps = constant(d.refractory_time) / d.dt
    slope, onset = constant(d.exponential_slope), constant(d.exponential_threshold)
    adaptation_rate = d.dt / constant(d.tau_adap)
    strength, increment = (
        constant(d.subthreshold_adaptation_strength),
        constant(d.spike_triggered_adaptation_increment),
    )
    leak_adaptation = leak if d.leak_adaptation is None else constant(d.leak_adaptation)

    state = graded_spikes.new_zeros(graded_spikes.shape[1:])
    i, w, ref, z = state, state, state, state
    v = state + leak if d.leaky else state
    spikes, membranes, currents, adaptations = [], [], [], []
    for t, x in enumerate(graded_spikes):
        hw_spikes = None if measured.spikes is None else measured.spikes[t]
        hw_membrane = None if measured.membrane is None else measured.membrane[t]
        hw_adaptation = None if measured.adaptation is None else measured.adaptation[t]

        drive = i
        if d.leaky:
            drive = drive + conductance * (leak - v)
        if d.exponential:
            drive = drive + conductance * slope * torch.exp((v - onset) / slope)
        if d.adaptive:
            drive = drive - w
        i = i * keep_current + x
        if feedback is not None:
            i = i + feedback(z)
        v = inject(v + rate * drive, hw_membrane)
        z = inject(superspike(v - threshold, d.alpha), hw_spikes) if d.fire else state
        if d.adaptive:
            w = w * (1.0 - adaptation_rate)
            if d.subthreshold_adaptation:
                w = w + adaptation_rate * strength * (v - leak_adaptation)
            if d.spike_triggered_adaptation:
                w = w + increment * z
            w = inject(w, hw_adaptation)
        if d.fire:
            if hw_membrane is None:
                v = (1.0 - z) * v + z * reset
            mask = ref > 0
            v = torch.where(mask, reset if hw_membrane is None else hw_membrane, v)
            z = torch.where(mask, torch.zeros_like(z) if hw_spikes is None else hw_spikes, z)
            with torch.no_grad():
                ref = (1.0 - z) * torch.relu(ref - mask.to(dtype)) + z * refractory_steps
        spikes.append(z)
        membranes.append(v)
        currents.append(i)
        adaptations.append(w)
    return NeuronOutput(
        spikes=_stack(spikes, graded_spikes) if d.fire else None,
        membrane=_stack(membranes, graded_spikes),
        current=_stack(currents, graded_spikes),
        adaptation=_stack(adaptations, graded_spikes) if d.adaptive else None,
    )


def _stack(steps: list[torch.Tensor], like: torch.Tensor) -> torch.Tensor:
    return torch.stack(steps) if steps else torch.empty_like(like)
