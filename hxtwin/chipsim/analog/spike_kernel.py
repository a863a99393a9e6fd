"""Comparator and backend of the circuits: crossings located inside a step, refractory counters, reset, re-arming.

=========  ==============================================================================================
phase      leaves
=========  ==============================================================================================
READY      armed and membrane above threshold: CROSSED, fire = crossing + 20 ns, rounded up to a cycle
CROSSED    in the cycle of the fire: RESET; the circuit is disarmed, the OTA takes over the reset setting
RESET      after reset cycles: HOLDOFF, the OTA is the leak again
HOLDOFF    after refractory cycles: READY if armed, else HELD
HELD       membrane below threshold: READY; until then reset stays asserted
=========  ==============================================================================================

A membrane below its threshold re-arms the circuit in every phase. A fire while not READY is ignored.
Reference: analog-model.md 3.5, simulator-decisions.md 26, 42.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

from hxtwin.chipsim.analog.layout import (
    CROSSED,
    DIGITAL_ARMED,
    DIGITAL_CAN_FIRE,
    DIGITAL_FIRE,
    DIGITAL_LISTED,
    DIGITAL_NODE,
    DIGITAL_PAUSE,
    DIGITAL_PHASE,
    DIGITAL_READY,
    DIGITAL_REFRACTORY,
    DIGITAL_RESET,
    DIGITAL_RESET_END,
    HELD,
    HOLDOFF,
    LINE_AMPLITUDE,
    LINE_DRIVE,
    LINE_RATE,
    LINE_REFERENCE,
    NODE_CONDUCTANCE,
    NODE_INVERSE_RANGE,
    NODE_LIMIT,
    NODE_TARGET,
    NODE_THRESHOLD,
    OTA_LEAK_CONDUCTANCE,
    OTA_LEAK_RANGE,
    OTA_LEAK_TARGET,
    OTA_RESET_CONDUCTANCE,
    OTA_RESET_RANGE,
    OTA_RESET_TARGET,
    OTA_THRESHOLD,
    READY,
    RESET,
)
from hxtwin.chipsim.analog.membrane_kernel import part_step
from hxtwin.chipsim.analog.saturation_kernel import growth
from hxtwin.chipsim.analog.synaptic_line_kernel import current_at
from hxtwin.chipsim.compiled import inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.arrays import RowEvents
    from hxtwin.chipsim.compiled import Integer

_ROWS = 256


@inner_kernel
def set_node(
    k: int,
    node: NDArray[np.float32],
    ota: NDArray[np.float32],
    digital: NDArray[np.int64],
    begin: NDArray[np.int64],
    members: NDArray[np.uint64],
) -> None:
    """Sums the OTAs of a node and takes its lowest threshold, after a change of a member's phase."""
    total, target, span = 0.0, 0.0, 0.0
    threshold = np.float32(np.inf)
    for j in range(begin[k], begin[k + 1]):
        m = np.int64(members[j])
        phase = digital[m, DIGITAL_PHASE]
        if phase == RESET or phase == HELD:  # noqa: SIM109, PLR1714  # a tuple compiles slower
            g, e, r = ota[m, OTA_RESET_CONDUCTANCE], ota[m, OTA_RESET_TARGET], ota[m, OTA_RESET_RANGE]
        else:
            g, e, r = ota[m, OTA_LEAK_CONDUCTANCE], ota[m, OTA_LEAK_TARGET], ota[m, OTA_LEAK_RANGE]
        total += g
        target += g * e
        span += g * r
        if phase == READY and digital[m, DIGITAL_ARMED] != 0:
            threshold = min(threshold, ota[m, OTA_THRESHOLD])
    node[NODE_CONDUCTANCE, k] = total
    node[NODE_LIMIT, k] = span
    if total > 0.0:
        node[NODE_TARGET, k] = target / total
        node[NODE_INVERSE_RANGE, k] = total / span
    node[NODE_THRESHOLD, k] = threshold


@inner_kernel
def set_nodes(
    node: NDArray[np.float32],
    ota: NDArray[np.float32],
    digital: NDArray[np.int64],
    begin: NDArray[np.int64],
    members: NDArray[np.uint64],
) -> None:
    """`set_node` of all nodes."""
    for k in range(node.shape[1]):
        set_node(k, node, ota, digital, begin, members)


@numba.njit(cache=True, inline="always")
def _list(m: Integer, digital: NDArray[np.int64], busy: NDArray[np.int64], due: NDArray[np.int64]) -> None:
    if digital[m, DIGITAL_LISTED] == 0:
        busy[0] += 1
        busy[busy[0]] = m
        digital[m, DIGITAL_LISTED] = busy[0]
    due[digital[m, DIGITAL_LISTED]] = 0


@inner_kernel
def request_fire(
    m: int, cycle: int, digital: NDArray[np.int64], busy: NDArray[np.int64], due: NDArray[np.int64]
) -> None:
    """A fire that does not come from the comparator; ignored while the circuit is not READY."""
    phase = digital[m, DIGITAL_PHASE]
    if digital[m, DIGITAL_CAN_FIRE] == 0:
        return
    if phase == CROSSED:
        digital[m, DIGITAL_FIRE] = min(cycle, digital[m, DIGITAL_FIRE])
        _list(m, digital, busy, due)
    elif phase == READY:
        digital[m, DIGITAL_FIRE] = cycle
        digital[m, DIGITAL_PHASE] = CROSSED
        _list(m, digital, busy, due)


@numba.njit(cache=True, inline="always")
def advance_backends(
    k: int,
    now: float,
    v: np.float32,
    node: NDArray[np.float32],
    ota: NDArray[np.float32],
    digital: NDArray[np.int64],
    begin: NDArray[np.int64],
    members: NDArray[np.uint64],
    fired: NDArray[np.int64],
    fires: int,
) -> int:
    """Moves the members of a node to the phases of a time; returns the number of fires so far."""
    changed = False
    for j in range(begin[k], begin[k + 1]):
        m = np.int64(members[j])
        phase = digital[m, DIGITAL_PHASE]
        if phase == READY:
            continue
        if phase == CROSSED and digital[m, DIGITAL_FIRE] <= now:
            cycle = digital[m, DIGITAL_FIRE]
            fired[0, fires] = cycle
            fired[1, fires] = m
            fires += 1
            phase = RESET
            digital[m, DIGITAL_ARMED] = 0
            digital[m, DIGITAL_RESET_END] = cycle + digital[m, DIGITAL_RESET]
            digital[m, DIGITAL_READY] = cycle + digital[m, DIGITAL_REFRACTORY]
            changed = True
        if v < ota[m, OTA_THRESHOLD]:
            digital[m, DIGITAL_ARMED] = 1
        if phase == RESET and digital[m, DIGITAL_RESET_END] <= now:
            phase = HOLDOFF
            changed = True
        if phase == HOLDOFF and digital[m, DIGITAL_READY] <= now:
            phase = HELD
            changed = True
        if phase == HELD and digital[m, DIGITAL_ARMED] != 0:
            phase = READY
            changed = True
        digital[m, DIGITAL_PHASE] = phase
    if changed:
        set_node(k, node, ota, digital, begin, members)
    return fires


@numba.njit(cache=True, inline="always")
def next_change(m: Integer, digital: NDArray[np.int64]) -> int:
    """Chip cycle in which the phase of a circuit changes by itself."""
    phase = digital[m, DIGITAL_PHASE]
    change = 1 << 62
    if phase == CROSSED:
        change = digital[m, DIGITAL_FIRE]
    elif phase == RESET:
        change = digital[m, DIGITAL_RESET_END]
    elif phase == HOLDOFF:
        change = digital[m, DIGITAL_READY]
    return change


@numba.njit(cache=True, inline="always")
def due_cycle(m: Integer, digital: NDArray[np.int64]) -> int:
    """Cycle from which a busy circuit must be looked at: always while its membrane may re-arm it."""
    is_watched = digital[m, DIGITAL_ARMED] == 0 or digital[m, DIGITAL_PHASE] == HELD
    return 0 if is_watched else next_change(m, digital)


@numba.njit(cache=True, inline="always")
def rearm(
    m: int,
    v: NDArray[np.float32],
    node: NDArray[np.float32],
    ota: NDArray[np.float32],
    digital: NDArray[np.int64],
    begin: NDArray[np.int64],
    members: NDArray[np.uint64],
) -> None:
    """After a step without change of phase: a membrane below threshold re-arms, and ends HELD."""
    k = digital[m, DIGITAL_NODE]
    if v[k] < ota[m, OTA_THRESHOLD]:
        digital[m, DIGITAL_ARMED] = 1
        if digital[m, DIGITAL_PHASE] == HELD:
            digital[m, DIGITAL_PHASE] = READY
            set_node(k, node, ota, digital, begin, members)


@numba.njit(cache=True, inline="always")
def gated(k: int, digital: NDArray[np.int64], begin: NDArray[np.int64], members: NDArray[np.uint64]) -> bool:
    """Whether a member in reset gates the synaptic and exponential currents of a node."""
    for j in range(begin[k], begin[k + 1]):
        m = np.int64(members[j])
        phase = digital[m, DIGITAL_PHASE]
        if digital[m, DIGITAL_PAUSE] != 0 and (phase == RESET or phase == HELD):  # noqa: SIM109, PLR1714
            return True
    return False


@inner_kernel
def touched(
    k: int,
    circuits: NDArray[np.int64],
    begin: NDArray[np.int64],
    members: NDArray[np.uint64],
    rows: NDArray[np.int64],
    addresses: NDArray[np.uint8],
    first: int,
    last: int,
    labels: NDArray[np.uint8],
) -> bool:
    """Whether one of the events ``first`` to ``last - 1`` reaches the node, so that `line_profile` matters."""
    for j in range(begin[k], begin[k + 1]):
        circuit = circuits[members[j]]
        column = circuit % _ROWS
        for e in range(first, last):
            if rows[e] // _ROWS == circuit // _ROWS and labels[rows[e], column] == addresses[e]:
                return True
    return False


@inner_kernel
def line_profile(
    k: int,
    start: float,
    step_cycles: float,
    x: NDArray[np.float32],
    lines: NDArray[np.float32],
    line_gain: NDArray[np.float32],
    circuits: NDArray[np.int64],
    begin: NDArray[np.int64],
    members: NDArray[np.uint64],
    events: RowEvents,
    first: int,
    last: int,
    efficacy: NDArray[np.float32],
    labels: NDArray[np.uint8],
    profile: NDArray[np.float32],
    u: NDArray[np.float32],
) -> None:
    """How the synaptic current of a node deviates from its mean over the step, for each part of the step.

    Args:
        k: node.
        start: begin of the step, chip cycles.
        step_cycles: length of the step.
        x: line deflections after the step, ``float32[2N]``.
        lines: ``float32[6, 2N]``.
        line_gain: ``float32[2N]``.
        circuits: ``int64[N]``.
        begin: see `Coefficients.member_begin`.
        members: see `Coefficients`.
        events: row events.
        first: first event of this step.
        last: end of the events of this step.
        efficacy: ``float32[512, 256]``.
        labels: ``uint8[512, 256]``.
        profile: result, ``float32[parts]``.
        u: scratch, ``float32[parts]``.
    """
    profile[:] = 0.0
    parts = profile.size
    n = circuits.size
    for j in range(begin[k], begin[k + 1]):
        m = np.int64(members[j])
        circuit = circuits[m]
        column = circuit % _ROWS
        for kind in range(2):
            i = m + kind * n
            reached = False
            for e in range(first, last):
                row = events.rows[e]
                if row // _ROWS == circuit // _ROWS and labels[row, column] == events.addresses[e]:
                    reached = reached or (events.lines[e] >> kind) & 1 != 0
            if not reached or lines[LINE_AMPLITUDE, i] == 0.0:  # others hardly move in a step
                continue
            a = lines[LINE_RATE, i]
            for p in range(parts):
                u[p] = x[i] * growth(np.float32(1.0 - (p + 0.5) / parts) * a)
            for e in range(first, last):
                row = events.rows[e]
                if row // _ROWS != circuit // _ROWS or labels[row, column] != events.addresses[e]:
                    continue
                if (events.lines[e] >> kind) & 1 == 0:
                    continue
                dx = events.amplitudes[e] * line_gain[i] * efficacy[row, column]
                f = (events.cycles[e] - start) / step_cycles
                for p in range(parts):
                    s = (p + 0.5) / parts
                    if s < f:
                        u[p] -= dx * growth(np.float32(f - s) * a)
            for p in range(parts):
                profile[p] += current_at(u[p], lines[LINE_DRIVE, i], lines[LINE_REFERENCE, i], lines[LINE_AMPLITUDE, i])
    mean = np.float32(0.0)
    for p in range(parts):
        mean += profile[p]
    mean /= np.float32(parts)
    for p in range(parts):
        profile[p] -= mean


@numba.njit(cache=True, inline="always")
def walk(
    k: int,
    start: float,
    step_cycles: float,
    delay_cycles: float,
    v: np.float32,
    drive: np.float32,
    synaptic: np.float32,
    node: NDArray[np.float32],
    ota: NDArray[np.float32],
    digital: NDArray[np.int64],
    busy: NDArray[np.int64],
    due: NDArray[np.int64],
    begin: NDArray[np.int64],
    members: NDArray[np.uint64],
    rules: NDArray[np.float32],
    profile: NDArray[np.float32],
    fired: NDArray[np.int64],
    fires: int,
) -> tuple[np.float32, int]:
    """One step of one node in which something happens: parts of the step between all changes.

    Args:
        k: node.
        start: begin of the step, chip cycles.
        step_cycles: length of the step.
        delay_cycles: delay of the comparator.
        v: membrane before the step.
        drive: all currents but leak, synaptic and exponential ones, for a whole step.
        synaptic: synaptic current, gated in reset if the circuit says so.
        node: ``float32[7, K]``.
        ota: ``float32[N, 8]``.
        digital: ``int64[N, 16]``.
        busy: see `State`, and so is `due`.
        due: changed.
        begin: see `Coefficients.member_begin`.
        members: see `Coefficients`.
        rules: see `Coefficients`.
        profile: see `line_profile`, ``float32[parts]``.
        fired: output, cycle and circuit of the fires, ``int64[2, room]``.
        fires: number of fires before.

    Returns:
        Membrane and number of fires after.
    """
    parts = profile.size
    t = 0.0
    part = 0
    while part < parts:
        fires = advance_backends(k, start + t, v, node, ota, digital, begin, members, fired, fires)
        until = (part + 1) * step_cycles / parts
        border = True
        for j in range(begin[k], begin[k + 1]):
            change = next_change(np.int64(members[j]), digital) - start
            if change < until:
                until = max(change, t)
                border = False
        share = np.float32((until - t) / step_cycles)
        if share > 0.0:
            gate = np.float32(0.0) if gated(k, digital, begin, members) else np.float32(1.0)
            current = drive + gate * (synaptic + profile[part])
            new = part_step(v, current, share, gate, node, k, rules)
            first_fire = until
            for j in range(begin[k], begin[k + 1]):
                m = np.int64(members[j])
                threshold = ota[m, OTA_THRESHOLD]
                if digital[m, DIGITAL_PHASE] == READY and digital[m, DIGITAL_ARMED] != 0 and max(v, new) > threshold:
                    crossing = t
                    if v < threshold:
                        crossing = t + (until - t) * (threshold - v) / (new - v)
                    fire = math.ceil(start + crossing + delay_cycles - 1e-9)
                    digital[m, DIGITAL_FIRE] = fire
                    digital[m, DIGITAL_PHASE] = CROSSED
                    _list(m, digital, busy, due)
                    first_fire = min(first_fire, fire - start)
            if first_fire < until:
                share *= np.float32((first_fire - t) / (until - t))
                until = first_fire
                border = False
                new = part_step(v, current, share, gate, node, k, rules)
            v = new
        t = until
        if border:
            part += 1
    return v, fires
