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
    CIRCUIT_THRESHOLD,
    CROSSED,
    DIGITAL_ARMED,
    DIGITAL_BEGIN,
    DIGITAL_BUSY,
    DIGITAL_BUSY_COUNT,
    DIGITAL_CAN_FIRE,
    DIGITAL_END,
    DIGITAL_FIRE,
    DIGITAL_LISTED,
    DIGITAL_MEMBERS,
    DIGITAL_PAUSE,
    DIGITAL_PHASE,
    DIGITAL_READY,
    DIGITAL_REFRACTORY,
    DIGITAL_RESET,
    DIGITAL_RESET_END,
    DIGITAL_ROOT,
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

_ROWS = 256


@inner_kernel
def set_node(k: int, node: NDArray[np.float32], digital: NDArray[np.int64]) -> None:
    """Sums the OTAs of a node and takes its lowest threshold, after a change of a member's phase."""
    total, target, span = 0.0, 0.0, 0.0
    threshold = np.float32(np.inf)
    for j in range(digital[DIGITAL_BEGIN, k], digital[DIGITAL_END, k]):
        m = digital[DIGITAL_MEMBERS, j]
        phase = digital[DIGITAL_PHASE, m]
        if phase == RESET or phase == HELD:  # noqa: SIM109, PLR1714  # a tuple compiles slower
            g, e, r = node[OTA_RESET_CONDUCTANCE, m], node[OTA_RESET_TARGET, m], node[OTA_RESET_RANGE, m]
        else:
            g, e, r = node[OTA_LEAK_CONDUCTANCE, m], node[OTA_LEAK_TARGET, m], node[OTA_LEAK_RANGE, m]
        total += g
        target += g * e
        span += g * r
        if phase == READY and digital[DIGITAL_ARMED, m] != 0:
            threshold = min(threshold, node[CIRCUIT_THRESHOLD, m])
    node[NODE_CONDUCTANCE, k] = total
    node[NODE_LIMIT, k] = span
    if total > 0.0:
        node[NODE_TARGET, k] = target / total
        node[NODE_INVERSE_RANGE, k] = total / span
    node[NODE_THRESHOLD, k] = threshold


@inner_kernel
def set_nodes(node: NDArray[np.float32], digital: NDArray[np.int64]) -> None:
    """`set_node` of all nodes."""
    for k in range(node.shape[1]):
        set_node(k, node, digital)


@numba.njit(cache=True, inline="always")
def _list(m: int, digital: NDArray[np.int64]) -> None:
    if digital[DIGITAL_LISTED, m] == 0:
        digital[DIGITAL_LISTED, m] = 1
        digital[DIGITAL_BUSY, digital[DIGITAL_BUSY_COUNT, 0]] = m
        digital[DIGITAL_BUSY_COUNT, 0] += 1


@inner_kernel
def request_fire(m: int, cycle: int, digital: NDArray[np.int64]) -> None:
    """A fire that does not come from the comparator; ignored while the circuit is not READY."""
    phase = digital[DIGITAL_PHASE, m]
    if digital[DIGITAL_CAN_FIRE, m] == 0:
        return
    if phase == CROSSED:
        digital[DIGITAL_FIRE, m] = min(cycle, digital[DIGITAL_FIRE, m])
    elif phase == READY:
        digital[DIGITAL_FIRE, m] = cycle
        digital[DIGITAL_PHASE, m] = CROSSED
        _list(m, digital)


@numba.njit(cache=True, inline="always")
def advance_backends(
    k: int,
    now: float,
    v: np.float32,
    node: NDArray[np.float32],
    digital: NDArray[np.int64],
    fired: NDArray[np.int64],
    fires: int,
) -> int:
    """Moves the members of a node to the phases of a time; returns the number of fires so far."""
    changed = False
    for j in range(digital[DIGITAL_BEGIN, k], digital[DIGITAL_END, k]):
        m = digital[DIGITAL_MEMBERS, j]
        phase = digital[DIGITAL_PHASE, m]
        if phase == READY:
            continue
        if phase == CROSSED and digital[DIGITAL_FIRE, m] <= now:
            cycle = digital[DIGITAL_FIRE, m]
            fired[0, fires] = cycle
            fired[1, fires] = m
            fires += 1
            phase = RESET
            digital[DIGITAL_ARMED, m] = 0
            digital[DIGITAL_RESET_END, m] = cycle + digital[DIGITAL_RESET, m]
            digital[DIGITAL_READY, m] = cycle + digital[DIGITAL_REFRACTORY, m]
            changed = True
        if v < node[CIRCUIT_THRESHOLD, m]:
            digital[DIGITAL_ARMED, m] = 1
        if phase == RESET and digital[DIGITAL_RESET_END, m] <= now:
            phase = HOLDOFF
            changed = True
        if phase == HOLDOFF and digital[DIGITAL_READY, m] <= now:
            phase = HELD
            changed = True
        if phase == HELD and digital[DIGITAL_ARMED, m] != 0:
            phase = READY
            changed = True
        digital[DIGITAL_PHASE, m] = phase
    if changed:
        set_node(k, node, digital)
    return fires


@numba.njit(cache=True, inline="always")
def next_change(m: int, digital: NDArray[np.int64]) -> int:
    """Chip cycle in which the phase of a circuit changes by itself."""
    phase = digital[DIGITAL_PHASE, m]
    change = 1 << 62
    if phase == CROSSED:
        change = digital[DIGITAL_FIRE, m]
    elif phase == RESET:
        change = digital[DIGITAL_RESET_END, m]
    elif phase == HOLDOFF:
        change = digital[DIGITAL_READY, m]
    return change


@numba.njit(cache=True, inline="always")
def rearm(m: int, v: NDArray[np.float32], node: NDArray[np.float32], digital: NDArray[np.int64]) -> None:
    """After a step without change of phase: a membrane below threshold re-arms, and ends HELD."""
    k = digital[DIGITAL_ROOT, m]
    if v[k] < node[CIRCUIT_THRESHOLD, m]:
        digital[DIGITAL_ARMED, m] = 1
        if digital[DIGITAL_PHASE, m] == HELD:
            digital[DIGITAL_PHASE, m] = READY
            set_node(k, node, digital)


@numba.njit(cache=True, inline="always")
def gated(k: int, digital: NDArray[np.int64]) -> bool:
    """Whether a member in reset gates the synaptic and exponential currents of a node."""
    for j in range(digital[DIGITAL_BEGIN, k], digital[DIGITAL_END, k]):
        m = digital[DIGITAL_MEMBERS, j]
        phase = digital[DIGITAL_PHASE, m]
        if digital[DIGITAL_PAUSE, m] != 0 and (phase == RESET or phase == HELD):  # noqa: SIM109, PLR1714
            return True
    return False


@inner_kernel
def touched(
    k: int,
    circuits: NDArray[np.int64],
    digital: NDArray[np.int64],
    rows: NDArray[np.int64],
    addresses: NDArray[np.uint8],
    first: int,
    last: int,
    labels: NDArray[np.uint8],
) -> bool:
    """Whether one of the events ``first`` to ``last - 1`` reaches the node, so that `line_profile` matters."""
    for j in range(digital[DIGITAL_BEGIN, k], digital[DIGITAL_END, k]):
        circuit = circuits[digital[DIGITAL_MEMBERS, j]]
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
    digital: NDArray[np.int64],
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
        digital: ``int64[17, N]``.
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
    for j in range(digital[DIGITAL_BEGIN, k], digital[DIGITAL_END, k]):
        m = digital[DIGITAL_MEMBERS, j]
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


@inner_kernel
def walk(
    k: int,
    start: float,
    step_cycles: float,
    delay_cycles: float,
    v: np.float32,
    drive: np.float32,
    synaptic: np.float32,
    node: NDArray[np.float32],
    digital: NDArray[np.int64],
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
        node: ``float32[16, N]``.
        digital: ``int64[17, N]``.
        rules: see `Coefficients`.
        profile: see `line_profile`, ``float32[parts]``.
        fired: output, cycle and circuit of the fires, ``int64[2, room]``.
        fires: number of fires before.

    Returns:
        Membrane and number of fires after.
    """
    parts = profile.size
    begin, end = digital[DIGITAL_BEGIN, k], digital[DIGITAL_END, k]
    t = 0.0
    part = 0
    while part < parts:
        fires = advance_backends(k, start + t, v, node, digital, fired, fires)
        until = (part + 1) * step_cycles / parts
        border = True
        for j in range(begin, end):
            change = next_change(digital[DIGITAL_MEMBERS, j], digital) - start
            if change < until:
                until = max(change, t)
                border = False
        share = np.float32((until - t) / step_cycles)
        if share > 0.0:
            gate = np.float32(0.0) if gated(k, digital) else np.float32(1.0)
            current = drive + gate * (synaptic + profile[part])
            new = part_step(v, current, share, gate, node, k, rules)
            first_fire = until
            for j in range(begin, end):
                m = digital[DIGITAL_MEMBERS, j]
                threshold = node[CIRCUIT_THRESHOLD, m]
                if digital[DIGITAL_PHASE, m] == READY and digital[DIGITAL_ARMED, m] != 0 and max(v, new) > threshold:
                    crossing = t
                    if v < threshold:
                        crossing = t + (until - t) * (threshold - v) / (new - v)
                    fire = math.ceil(start + crossing + delay_cycles - 1e-9)
                    digital[DIGITAL_FIRE, m] = fire
                    digital[DIGITAL_PHASE, m] = CROSSED
                    _list(m, digital)
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
