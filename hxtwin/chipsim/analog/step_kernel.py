"""The loop over steps: events, lines, membranes, spikes, in the order in which they meet.

One step ``n`` covers the chip cycles ``n * step_cycles`` to ``(n + 1) * step_cycles``. Reference: analog-model.md 13.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from hxtwin.chipsim.analog import membrane_kernel, noise_kernel, spike_kernel, synaptic_line_kernel
from hxtwin.chipsim.analog.layout import (
    ADAPT_PULSE,
    CIRCUIT_EXP_LIMIT,
    DIGITAL_BUSY,
    DIGITAL_BUSY_COUNT,
    DIGITAL_FIRE,
    DIGITAL_LISTED,
    DIGITAL_PHASE,
    DIGITAL_PULSE,
    DIGITAL_ROOT,
    LINE_AMPLITUDE,
    LINE_DECAY,
    LINE_DRIVE,
    LINE_MEAN,
    LINE_REFERENCE,
    NODE_CONDUCTANCE,
    NODE_EXP_LIMIT,
    NODE_INVERSE_RANGE,
    NODE_LIMIT,
    NODE_TARGET,
    NODE_THRESHOLD,
    READY,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.arrays import Coefficients, Fires, RowEvents, Scratch, State

_ROWS = 256
#: References to arrays are not counted in a function that is called in every step: it keeps none.
_UNCOUNTED: dict[str, Any] = {"_nrt": False}
_MEMBRANE = noise_kernel.MEMBRANE


@numba.njit(cache=True)
def _fire(
    m: int,
    cycle: int,
    v: NDArray[np.float32],
    node: NDArray[np.float32],
    digital: NDArray[np.int64],
    fired: NDArray[np.int64],
    fires: int,
) -> int:
    """A fire without the comparator; the backend first comes to the fire's cycle, so that none of a step is merged."""
    if digital[DIGITAL_PHASE, m] != READY and fires < fired.shape[1] - v.size:
        k = digital[DIGITAL_ROOT, m]
        fires = spike_kernel.advance_backends(k, cycle, v[k], node, digital, fired, fires)
    spike_kernel.request_fire(m, cycle, digital)
    return fires


@numba.njit(cache=True, inline="always")
def _take_event(
    e: int,
    start: float,
    state: State,
    coefficients: Coefficients,
    events: RowEvents,
    efficacy: NDArray[np.float32],
    labels: NDArray[np.uint8],
    bump: NDArray[np.float32],
    fired: NDArray[np.int64],
    fires: int,
) -> int:
    n = state.v.size
    row = events.rows[e]
    begin, end = 0, coefficients.hemisphere_begin
    if row >= _ROWS:
        begin, end = end, n
    f = np.float32(max((events.cycles[e] - start) / coefficients.step_cycles, -1.0))
    for kind in range(2):
        if (events.lines[e] >> kind) & 1 != 0:
            synaptic_line_kernel.inject(
                state.x,
                bump,
                coefficients.lines,
                coefficients.line_gain,
                efficacy[row],
                labels[row],
                coefficients.line_columns,
                events.addresses[e],
                events.amplitudes[e],
                f,
                begin + kind * n,
                end + kind * n,
            )
    for i in coefficients.bypass_lines:
        m = i % n
        column = coefficients.line_columns[i]
        if (
            begin <= m < end
            and (events.lines[e] >> (i // n)) & 1 != 0
            and labels[row, column] == events.addresses[e]
            and events.amplitudes[e] * coefficients.line_gain[i] * efficacy[row, column] > 0.0
        ):
            fires = _fire(m, events.cycles[e], state.v, state.node, state.digital, fired, fires)
    return fires


@numba.njit(cache=True)
def _pulse_shares(
    start: float, step_cycles: float, digital: NDArray[np.int64], adaptation: NDArray[np.float32]
) -> None:
    """Share of the step that the adaptation pulse of each circuit covers."""
    for m in range(adaptation.shape[1]):
        fire = digital[DIGITAL_FIRE, m]
        pulse_end = fire + digital[DIGITAL_PULSE, m]
        covered = min(float(pulse_end), start + step_cycles) - max(float(fire), start)
        adaptation[ADAPT_PULSE, m] = max(covered, 0.0) / step_cycles


@numba.njit(cache=True, **_UNCOUNTED)  # type: ignore[untyped-decorator]  # an option without a stub
def take_step(
    step: int,
    state: State,
    coefficients: Coefficients,
    scratch: Scratch,
    events: RowEvents,
    e: int,
    e_end: int,
    artificial: Fires,
    forced: int,
    forced_end: int,
    efficacy: NDArray[np.float32],
    labels: NDArray[np.uint8],
    fired: NDArray[np.int64],
    fires: int,
) -> tuple[int, int, int]:
    """Integrates one step.

    Args:
        step: its number.
        state: advanced in place.
        coefficients: settings.
        scratch: room for intermediate results.
        events: row events, ascending; those before the end of the step are taken, late ones (up to one step) too.
        e: first event that has not been taken.
        e_end: end of the events.
        artificial: fires that the comparator does not cause, ascending; circuits as indices 0..N-1.
        forced: first of them that has not been taken.
        forced_end: end of them.
        efficacy: of all synapses, ``float32[512, 256]``.
        labels: of all synapses, ``uint8[512, 256]``.
        fired: output, cycles and indices 0..N-1 of fires, ``int64[2, m]``; at least half is free.
        fires: number of fires before.

    Returns:
        First event and first artificial fire that have not been taken, number of fires.
    """
    n = state.v.size
    h, delay = coefficients.step_cycles, coefficients.delay_cycles
    v, x, w, node, digital = state.v, state.x, state.w, state.node, state.digital
    lines, line_gain, circuits = coefficients.lines, coefficients.line_gain, coefficients.circuits
    rules, constant, root, merged = coefficients.rules, coefficients.constant, coefficients.root, coefficients.merged
    conductance_lines = coefficients.conductance_lines
    resistor_ends = coefficients.resistor_ends
    noise_kick, noise_sources, noise_key = coefficients.noise_kick, coefficients.noise_sources, coefficients.noise_key
    has_adaptation, has_exponential = coefficients.has_adaptation, coefficients.has_exponential
    pauses = coefficients.has_pause or has_exponential
    cycles, forced_cycles = events.cycles, artificial.cycles
    bump, synaptic, walked, quiet = scratch.bump, scratch.synaptic, scratch.walked, scratch.quiet
    before, drive, profile = scratch.before, scratch.drive, scratch.profile
    flat, steep, part_scratch, wide = scratch.flat, scratch.steep, scratch.parts, scratch.wide
    excitatory, inhibitory = synaptic[:n], synaptic[n:]
    sums = has_adaptation or noise_kick > 0.0 or merged.size > 0 or resistor_ends.size > 0
    current = scratch.summed if sums else constant
    decay, mean, line_drive = lines[LINE_DECAY], lines[LINE_MEAN], lines[LINE_DRIVE]
    reference, amplitude = lines[LINE_REFERENCE], lines[LINE_AMPLITUDE]
    target, span, limit = node[NODE_TARGET], node[NODE_INVERSE_RANGE], node[NODE_LIMIT]
    conductance, threshold = node[NODE_CONDUCTANCE], node[NODE_THRESHOLD]
    low, high = rules[1], rules[2]
    start = step * h
    end = start + h
    first_event = e
    while e < e_end and cycles[e] < end:
        fires = _take_event(e, start, state, coefficients, events, efficacy, labels, bump, fired, fires)
        e += 1
    while forced < forced_end and forced_cycles[forced] < end:
        fires = _fire(artificial.circuits[forced], forced_cycles[forced], v, node, digital, fired, fires)
        forced += 1

    synaptic_line_kernel.advance(x, bump, decay, mean, line_drive, reference, amplitude, synaptic)
    if e > first_event:
        bump[:] = 0.0
    for c in range(conductance_lines.size):
        i = conductance_lines[c]
        factor = 1.0 + coefficients.conductance_slope[c] * (coefficients.conductance_reference[c] - v[root[i % n]])
        synaptic[i] *= np.float32(max(factor, 0.0))
    if sums:
        for k in range(n):
            current[k] = constant[k]
    if has_adaptation:
        _pulse_shares(start, h, digital, coefficients.adaptation)
        membrane_kernel.adapt(w, v, current, coefficients.adaptation, rules)
    for m in merged:
        k = root[m]
        synaptic[k] += synaptic[m]
        synaptic[n + k] += synaptic[n + m]
        current[k] += current[m]
        synaptic[m] = 0.0
        synaptic[n + m] = 0.0
        current[m] = 0.0
    if noise_kick > 0.0:
        noise_kernel.add(current, noise_kick, noise_sources, noise_key, _MEMBRANE, step - coefficients.noise_origin)
    # gated nodes: their synaptic current is set aside, and comes back when a walk opens the gate
    if pauses:
        for b in range(digital[DIGITAL_BUSY_COUNT, 0]):
            k = root[digital[DIGITAL_BUSY, b]]
            if spike_kernel.gated(k, digital):
                quiet[k] += synaptic[k] + synaptic[n + k]
                synaptic[k] = 0.0
                synaptic[n + k] = 0.0
                node[NODE_EXP_LIMIT, k] = 0.0
    if resistor_ends.size > 0:
        membrane_kernel.couple(
            v,
            excitatory,
            inhibitory,
            current,
            node,
            resistor_ends,
            coefficients.resistor_strength,
            coefficients.resistor_nodes,
            wide,
        )

    if has_exponential:
        for k in range(n):
            drive[k] = synaptic[k] + synaptic[n + k] + current[k]
        crossed = membrane_kernel.advance_exponential(v, before, drive, node, rules)
    else:
        crossed = (
            membrane_kernel.advance(
                v, before, excitatory, inhibitory, current, target, span, limit, conductance, threshold, low, high
            )
            != 0
        )

    for b in range(digital[DIGITAL_BUSY_COUNT, 0]):
        m = digital[DIGITAL_BUSY, b]
        k = root[m]
        if walked[k] == step:
            continue
        if spike_kernel.next_change(m, digital) < end:
            walked[k] = step
            node[NODE_EXP_LIMIT, k] = node[CIRCUIT_EXP_LIMIT, k]
            parts = steep if has_exponential else flat
            if e > first_event and spike_kernel.touched(
                k, circuits, digital, events.rows, events.addresses, first_event, e, labels
            ):
                parts = profile
                spike_kernel.line_profile(
                    k,
                    start,
                    h,
                    x,
                    lines,
                    line_gain,
                    circuits,
                    digital,
                    events,
                    first_event,
                    e,
                    efficacy,
                    labels,
                    profile,
                    part_scratch,
                )
            gated_current = synaptic[k] + synaptic[n + k] + quiet[k]
            v[k], fires = spike_kernel.walk(
                k, start, h, delay, before[k], current[k], gated_current, node, digital, rules, parts, fired, fires
            )
        else:
            spike_kernel.rearm(m, v, node, digital)
    if crossed:
        for k in range(n):
            if v[k] > threshold[k] and walked[k] != step:
                walked[k] = step
                parts = flat
                if e > first_event and spike_kernel.touched(
                    k, circuits, digital, events.rows, events.addresses, first_event, e, labels
                ):
                    parts = profile
                    spike_kernel.line_profile(
                        k,
                        start,
                        h,
                        x,
                        lines,
                        line_gain,
                        circuits,
                        digital,
                        events,
                        first_event,
                        e,
                        efficacy,
                        labels,
                        profile,
                        part_scratch,
                    )
                elif has_exponential:
                    parts = steep
                total = synaptic[k] + synaptic[n + k]
                v[k], fires = spike_kernel.walk(
                    k, start, h, delay, before[k], current[k], total, node, digital, rules, parts, fired, fires
                )
    if pauses:
        for b in range(digital[DIGITAL_BUSY_COUNT, 0]):
            k = root[digital[DIGITAL_BUSY, b]]
            quiet[k] = 0.0
            node[NODE_EXP_LIMIT, k] = node[CIRCUIT_EXP_LIMIT, k]
    kept = 0
    for b in range(digital[DIGITAL_BUSY_COUNT, 0]):
        m = digital[DIGITAL_BUSY, b]
        if digital[DIGITAL_PHASE, m] != READY:
            digital[DIGITAL_BUSY, kept] = m
            kept += 1
        else:
            digital[DIGITAL_LISTED, m] = 0
    digital[DIGITAL_BUSY_COUNT, 0] = kept
    for m in merged:
        v[m] = v[root[m]]
    return e, forced, fires


@numba.njit(cache=True, inline="always")
def record(state: State, probes: NDArray[np.int64], values: NDArray[np.float32]) -> None:
    """Values of probes: k membrane, N + k and 2N + k lines, 3N + k adaptation; ``float32[p]``."""
    n = state.v.size
    for p in range(probes.size):
        source = probes[p]
        if source < n:
            values[p] = state.v[source]
        elif source < 3 * n:
            values[p] = state.x[source - n]
        else:
            values[p] = state.w[source - 3 * n]


@numba.njit(cache=True)
def advance(
    first: int,
    last: int,
    state: State,
    coefficients: Coefficients,
    scratch: Scratch,
    events: RowEvents,
    artificial: Fires,
    efficacy: NDArray[np.float32],
    labels: NDArray[np.uint8],
    probes: NDArray[np.int64],
    trace: NDArray[np.float32],
    fired: NDArray[np.int64],
) -> tuple[int, int, int, int]:
    """Integrates steps ``first`` to ``last - 1``, or fewer if there is no room for more fires.

    Args:
        first: first step.
        last: end of the steps.
        state: advanced in place.
        coefficients: settings.
        scratch: room for intermediate results.
        events: row events before the end of the last step, see `take_step`.
        artificial: see `take_step`.
        efficacy: of all synapses, ``float32[512, 256]``.
        labels: of all synapses, ``uint8[512, 256]``.
        probes: what to record, see `record`.
        trace: values of the probes at the end of each step, ``float32[last - first, p]``, or without rows.
        fired: output, cycles and indices 0..N-1 of fires, ``int64[2, m]``.

    Returns:
        Next step, number of fires, number of events taken, number of artificial fires taken.
    """
    room = fired.shape[1] // 2
    fires, e, forced = 0, 0, 0
    step = first
    while step < last and fires <= room:
        e, forced, fires = take_step(
            step,
            state,
            coefficients,
            scratch,
            events,
            e,
            events.cycles.size,
            artificial,
            forced,
            artificial.cycles.size,
            efficacy,
            labels,
            fired,
            fires,
        )
        if trace.shape[0] > 0:
            record(state, probes, trace[step - first])
        step += 1
    return step, fires, e, forced
