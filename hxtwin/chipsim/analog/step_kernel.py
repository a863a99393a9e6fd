"""The loop over steps: events, lines, membranes, spikes, in the order in which they meet.

One step ``n`` covers the chip cycles ``n * step_cycles`` to ``(n + 1) * step_cycles``. Reference: analog-model.md 13.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from hxtwin.chipsim.analog import membrane_kernel, noise_kernel, spike_kernel, synaptic_line_kernel
from hxtwin.chipsim.analog.layout import (
    ADAPT_OUTPUT,
    ADAPT_PULSE,
    DIGITAL_FIRE,
    DIGITAL_LISTED,
    DIGITAL_NODE,
    DIGITAL_PHASE,
    DIGITAL_PULSE,
    LINE_AMPLITUDE,
    LINE_DRIVE,
    LINE_MEAN,
    LINE_REFERENCE,
    NODE_EXP_LIMIT,
    NODE_INVERSE_RANGE,
    NODE_LIMIT,
    NODE_TARGET,
    NODE_THRESHOLD,
    READY,
)
from hxtwin.chipsim.compiled import inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.arrays import Coefficients, Fires, RowEvents, Scratch, State

_ROWS = 256
_BLOCK = 64
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_MEMBRANE = noise_kernel.MEMBRANE


@inner_kernel
def _fire(
    m: int,
    cycle: int,
    state: State,
    coefficients: Coefficients,
    fired: NDArray[np.int64],
    fires: int,
) -> int:
    """A fire without the comparator; the backend first comes to the fire's cycle, so that none of a step is merged."""
    digital = state.digital
    if digital[m, DIGITAL_PHASE] != READY and fires < fired.shape[1] - coefficients.circuits.size:
        k = digital[m, DIGITAL_NODE]
        fires = spike_kernel.advance_backends(
            k,
            cycle,
            state.v[k],
            state.node,
            coefficients.ota,
            digital,
            coefficients.member_begin,
            coefficients.members,
            fired,
            fires,
        )
        for j in range(coefficients.member_begin[k], coefficients.member_begin[k + 1]):
            state.due[digital[coefficients.members[j], DIGITAL_LISTED]] = 0
    spike_kernel.request_fire(m, cycle, digital, state.busy, state.due)
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
    n = coefficients.circuits.size
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
            fires = _fire(m, events.cycles[e], state, coefficients, fired, fires)
    return fires


@inner_kernel
def _sum_members(
    values: NDArray[np.float32], begin: NDArray[np.int64], members: NDArray[np.uint64], sums: NDArray[np.float32]
) -> None:
    """Sums over the members of each node."""
    for k in range(sums.size):
        total = np.float32(0.0)
        for j in range(begin[k], begin[k + 1]):
            total += values[members[j]]
        sums[k] = total


@inner_kernel
def _any_above(v: NDArray[np.float32], threshold: NDArray[np.float32]) -> bool:
    found = np.int32(0)
    for k in range(v.size):
        found = np.int32(found | np.int32(v[k] > threshold[k]))
    return bool(found != 0)


@numba.njit(cache=True, inline="always")
def _listed(k: int, count: int, places: NDArray[np.int64]) -> int:
    places[count] = k
    return count + 1


@inner_kernel
def _pulse_share(m: int, start: float, step_cycles: float, digital: NDArray[np.int64]) -> np.float32:
    """Share of the step that the adaptation pulse of a circuit covers."""
    fire = digital[m, DIGITAL_FIRE]
    pulse_end = fire + digital[m, DIGITAL_PULSE]
    covered = min(float(pulse_end), start + step_cycles) - max(float(fire), start)
    return np.float32(max(covered, 0.0) / step_cycles)


@inner_kernel
def take_steps(
    step: int,
    last: int,
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
) -> tuple[int, int, int, int]:
    """Integrates steps up to one in which a circuit fires.

    Args:
        step: first step.
        last: end of the steps.
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
        Next step, first event and first artificial fire that have not been taken, number of fires.
    """
    n, nodes = coefficients.circuits.size, state.v.size
    h, delay = coefficients.step_cycles, coefficients.delay_cycles
    v, x, w, node = state.v, state.x, state.w, state.node
    digital, busy, due = state.digital, state.busy, state.due
    lines, line_gain, circuits = coefficients.lines, coefficients.line_gain, coefficients.circuits
    rules, constant, ota = coefficients.rules, coefficients.constant, coefficients.ota
    node_of, member_begin, members = coefficients.node_of, coefficients.member_begin, coefficients.members
    conductance_lines = coefficients.conductance_lines
    resistor_ends = coefficients.resistor_ends
    noise_kick, noise_sources, noise_key = coefficients.noise_kick, coefficients.noise_sources, coefficients.noise_key
    has_adaptation, has_exponential = coefficients.has_adaptation, coefficients.has_exponential
    pauses = coefficients.has_pause or has_exponential
    cycles, forced_cycles = events.cycles, artificial.cycles
    bump, walked, quiet, line_sums = scratch.bump, scratch.walked, scratch.quiet, scratch.line_sums
    walks = scratch.walks
    before, drive, profile = scratch.before, scratch.drive, scratch.profile
    flat, steep, part_scratch, wide = scratch.flat, scratch.steep, scratch.parts, scratch.wide
    plain = scratch.plain
    is_merged = nodes < n
    synaptic = scratch.synaptic if is_merged else line_sums
    member_v = scratch.member_v if is_merged else v
    exp_limit, adaptation = coefficients.exponential[1], coefficients.adaptation
    has_resistors = resistor_ends.size > 0
    has_noise = noise_kick > 0.0
    sums = has_adaptation or has_resistors or (has_noise and has_exponential)
    current = scratch.summed if sums else constant
    member_current = scratch.member_current if is_merged else current
    target, span, limit = node[NODE_TARGET], node[NODE_INVERSE_RANGE], node[NODE_LIMIT]
    threshold = node[NODE_THRESHOLD]
    low, high = rules[1], rules[2]
    fires_before = fires
    while step < last and fires == fires_before:
        start = step * h
        end = start + h
        first_event = e
        while e < e_end and cycles[e] < end:
            fires = _take_event(e, start, state, coefficients, events, efficacy, labels, bump, fired, fires)
            e += 1
        while forced < forced_end and forced_cycles[forced] < end:
            fires = _fire(artificial.circuits[forced], forced_cycles[forced], state, coefficients, fired, fires)
            forced += 1

        if conductance_lines.size > 0:
            synaptic_line_kernel.currents(
                x, bump, lines[LINE_MEAN], lines[LINE_DRIVE], lines[LINE_REFERENCE], lines[LINE_AMPLITUDE], plain
            )
        synaptic_line_kernel.advance(x, bump, lines, line_sums)
        if e > first_event:
            bump[:] = 0.0
        for c in range(conductance_lines.size):
            i = conductance_lines[c]
            factor = 1.0 + coefficients.conductance_slope[c] * (
                coefficients.conductance_reference[c] - v[node_of[i % n]]
            )
            line_sums[i % n] += plain[i] * np.float32(max(factor, 0.0) - 1.0)
        if sums:
            for k in range(nodes):
                current[k] = constant[k]
        if has_adaptation:
            if is_merged:
                for m in range(n):
                    member_v[m] = v[node_of[m]]
                    member_current[m] = 0.0
            for b in range(1, busy[0] + 1):
                adaptation[ADAPT_PULSE, busy[b]] = _pulse_share(busy[b], start, h, digital)
            membrane_kernel.adapt(w, member_v, member_current, adaptation, rules)
            for b in range(1, busy[0] + 1):
                adaptation[ADAPT_PULSE, busy[b]] = 0.0
            if is_merged:
                for m in range(n):
                    current[node_of[m]] += member_current[m]
        if is_merged:
            _sum_members(line_sums, member_begin, members, synaptic)
        noise_time = step - coefficients.noise_origin
        mixed = noise_kernel.time_key(noise_key, _MEMBRANE, noise_time)
        is_fused = has_noise and not (has_exponential or has_resistors)
        if has_noise and not is_fused:
            noise_kernel.add(current, noise_kick, noise_sources, noise_key, _MEMBRANE, noise_time)
        # gated nodes: their synaptic current is set aside, and comes back when a walk opens the gate
        if pauses:
            for b in range(1, busy[0] + 1):
                k = digital[busy[b], DIGITAL_NODE]
                if spike_kernel.gated(k, digital, member_begin, members):
                    quiet[k] += synaptic[k]
                    synaptic[k] = 0.0
                    node[NODE_EXP_LIMIT, k] = 0.0
        if has_resistors:
            membrane_kernel.couple(
                v,
                synaptic,
                current,
                node,
                resistor_ends,
                coefficients.resistor_strength,
                coefficients.resistor_nodes,
                wide,
            )

        if has_exponential:
            for k in range(nodes):
                drive[k] = synaptic[k] + current[k]
            crossed = membrane_kernel.advance_exponential(v, before, drive, node, rules) != 0
        elif is_fused:
            crossed = (
                membrane_kernel.advance_noisy(
                    v,
                    before,
                    synaptic,
                    current,
                    target,
                    span,
                    limit,
                    threshold,
                    low,
                    high,
                    noise_kick,
                    noise_sources,
                    mixed,
                )
                != 0
            )
        else:
            crossed = (
                membrane_kernel.advance(v, before, synaptic, current, target, span, limit, threshold, low, high) != 0
            )

        found = 0
        changed = has_adaptation
        for b in range(1, busy[0] + 1):
            if due[b] >= end:
                continue
            changed = True
            m = busy[b]
            k = digital[m, DIGITAL_NODE]
            if walked[k] == step:
                continue
            if spike_kernel.next_change(m, digital) < end:
                walked[k] = step
                node[NODE_EXP_LIMIT, k] = exp_limit[k]
                found = _listed(k, found, walks)
            else:
                spike_kernel.rearm(m, v, node, ota, digital, member_begin, members)
        changing = found
        if crossed:
            for first in range(0, nodes, _BLOCK):
                if _any_above(v[first : first + _BLOCK], threshold[first : first + _BLOCK]):
                    for k in range(first, min(first + _BLOCK, nodes)):
                        if v[k] > threshold[k] and walked[k] != step:
                            walked[k] = step
                            found = _listed(k, found, walks)
        for i in range(found):
            k = walks[i]
            parts = steep if has_exponential else flat
            if (
                i >= changing
                and e > first_event
                and spike_kernel.touched(
                    k, circuits, member_begin, members, events.rows, events.addresses, first_event, e, labels
                )
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
                    member_begin,
                    members,
                    events,
                    first_event,
                    e,
                    efficacy,
                    labels,
                    profile,
                    part_scratch,
                )
            other = current[k]
            if is_fused:
                other += noise_kick * noise_kernel.number(
                    np.uint32(mixed & _LOW), np.uint32(mixed >> _32), noise_sources[k]
                )
            v[k], fires = spike_kernel.walk(
                k,
                start,
                h,
                delay,
                before[k],
                other,
                synaptic[k] + quiet[k],
                node,
                ota,
                digital,
                busy,
                due,
                member_begin,
                members,
                rules,
                parts,
                fired,
                fires,
            )
        if pauses:
            for b in range(1, busy[0] + 1):
                k = digital[busy[b], DIGITAL_NODE]
                quiet[k] = 0.0
                node[NODE_EXP_LIMIT, k] = exp_limit[k]
        if changed or found > 0:
            kept = 0
            for b in range(1, busy[0] + 1):
                m = busy[b]
                cycle = due[b]
                if cycle < end or has_adaptation:
                    pulses = has_adaptation and adaptation[ADAPT_OUTPUT, m] != 0.0
                    if digital[m, DIGITAL_PHASE] == READY and not (
                        pulses and digital[m, DIGITAL_FIRE] + digital[m, DIGITAL_PULSE] > end
                    ):
                        digital[m, DIGITAL_LISTED] = 0
                        continue
                    cycle = spike_kernel.due_cycle(m, digital)
                kept += 1
                busy[kept] = m
                due[kept] = cycle
                digital[m, DIGITAL_LISTED] = kept
            busy[0] = kept
        step += 1
    return step, e, forced, fires


@numba.njit(cache=True, inline="always")
def record(state: State, node_of: NDArray[np.int64], probes: NDArray[np.int64], values: NDArray[np.float32]) -> None:
    """Values of probes: m membrane, N + m and 2N + m lines, 3N + m adaptation; ``float32[p]``."""
    n = node_of.size
    for p in range(probes.size):
        source = probes[p]
        if source < n:
            values[p] = state.v[node_of[source]]
        elif source < 3 * n:
            values[p] = state.x[source - n]
        else:
            values[p] = state.w[source - 3 * n]


@inner_kernel
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
        events: row events before the end of the last step, see `take_steps`.
        artificial: see `take_steps`.
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
        before = step
        step, e, forced, fires = take_steps(
            step,
            last if trace.shape[0] == 0 else step + 1,
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
            record(state, coefficients.node_of, probes, trace[before - first])
    return step, fires, e, forced
