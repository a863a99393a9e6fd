"""Neurons at rest: they are not integrated until something reaches them.

==============  ==========================================================================================
moment          what happens
==============  ==========================================================================================
falling asleep  looked for at multiples of `REST_STEPS` steps; the membrane and the step are remembered
at rest         nothing; the noise-free membrane moves monotonically to its fixed point
waking          the membrane is brought to the present: its noise-free relaxation in closed steps, plus one
                number of variance ``D / (2 r) * (1 - exp(-2 r T))``, r the rate at the fixed point
==============  ==========================================================================================

A neuron may fall asleep if it has no adaptation, exponential term or resistor, its lines have decayed, its backends
wait for a crossing only (READY, HELD), and every threshold lies more than 8 sigma of the noise outside of the range
between membrane and fixed point: a spike is then excluded. It looks at itself alone, so that results do not depend on
which others are integrated, observed or awake. Reference: analog-model.md 9, 13.4; simulator-decisions.md 6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

from hxtwin.chipsim.analog import noise_kernel
from hxtwin.chipsim.analog.layout import (
    CIRCUIT_THRESHOLD,
    DIGITAL_ARMED,
    DIGITAL_BEGIN,
    DIGITAL_END,
    DIGITAL_LISTED,
    DIGITAL_MEMBERS,
    DIGITAL_PHASE,
    HELD,
    LINE_AMPLITUDE,
    LINE_DRIVE,
    NODE_CONDUCTANCE,
    NODE_INVERSE_RANGE,
    NODE_LIMIT,
    NODE_TARGET,
    READY,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.arrays import Coefficients, Rest, RowEvents, State

REST_STEPS = 64
"""Neurons may fall asleep at multiples of this step, 6.4 us at the default step."""
_ROWS = 256
_LINE_AT_REST = 1e-8
"""Largest current of a line at rest, V in a step."""
_EXCLUDED_SIGMA = 8.0
_BISECTIONS = 40
_FREE = 1e-9
"""Rate below which a membrane is free."""
_FIRST_PART = 0.25
_GROWTH = 1.5
_MOST_PARTS = 120
_LARGEST_MOVE = 0.03
"""Of a part, V."""


@numba.njit(cache=True)
def _current(k: int, v: float, state: State, rest: Rest) -> float:
    """Noise-free current of a node whose lines are at rest, V in a step."""
    u = (state.node[NODE_TARGET, k] - v) * state.node[NODE_INVERSE_RANGE, k]
    u = min(max(u, -1.25), 1.25)
    return float(state.node[NODE_LIMIT, k] * u * (1.0 - 0.08192 * u**4) + rest.drive[k] - rest.drive_slope[k] * v)


@numba.njit(cache=True)
def _rate(k: int, v: float, state: State, rest: Rest) -> float:
    """Minus the derivative of `_current`."""
    u = (state.node[NODE_TARGET, k] - v) * state.node[NODE_INVERSE_RANGE, k]
    u = min(max(u, -1.25), 1.25)
    return float(max(state.node[NODE_CONDUCTANCE, k] * (1.0 - 0.4096 * u**4) + rest.drive_slope[k], 0.0))


@numba.njit(cache=True)
def find_point(k: int, state: State, coefficients: Coefficients, rest: Rest) -> None:
    """Fixed point of a node in its present phase by bisection between the rails; rails where there is none."""
    low, high = float(coefficients.rules[1]), float(coefficients.rules[2])
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if _current(k, middle, state, rest) > 0.0:
            low = middle
        else:
            high = middle
    point = 0.5 * (low + high)
    rest.point[k] = point
    rest.rate[k] = _rate(k, point, state, rest)
    rest.known[k, 0] = state.node[NODE_TARGET, k]
    rest.known[k, 1] = state.node[NODE_LIMIT, k]


@numba.njit(cache=True)
def _lines_rest(k: int, state: State, coefficients: Coefficients) -> bool:
    n = state.v.size
    for j in range(state.digital[DIGITAL_BEGIN, k], state.digital[DIGITAL_END, k]):
        m = state.digital[DIGITAL_MEMBERS, j]
        for i in (m, n + m):
            strength = coefficients.lines[LINE_AMPLITUDE, i] * coefficients.lines[LINE_DRIVE, i]
            if abs(state.x[i] * strength) > _LINE_AT_REST:
                return False
    return True


@numba.njit(cache=True)
def _excluded(k: int, state: State, coefficients: Coefficients, rest: Rest) -> bool:
    """Whether no backend of the node can see its membrane cross a threshold."""
    v, point, rate = float(state.v[k]), rest.point[k], rest.rate[k]
    margin = 0.0
    if coefficients.noise_kick > 0.0:
        margin = np.inf if rate < _FREE else _EXCLUDED_SIGMA * float(coefficients.noise_kick) / math.sqrt(2.0 * rate)
    for j in range(state.digital[DIGITAL_BEGIN, k], state.digital[DIGITAL_END, k]):
        m = state.digital[DIGITAL_MEMBERS, j]
        phase = state.digital[DIGITAL_PHASE, m]
        threshold = float(state.node[CIRCUIT_THRESHOLD, m])
        if phase == READY and state.digital[DIGITAL_ARMED, m] != 0:
            if threshold != np.inf and not max(v, point) + margin < threshold:
                return False
        elif phase in (READY, HELD):
            if not min(v, point) - margin > threshold:
                return False
        else:
            return False
    return True


@numba.njit(cache=True)
def fall_asleep(step: int, state: State, coefficients: Coefficients, rest: Rest) -> int:
    """Puts neurons to sleep that may; returns how many nodes are awake.

    Args:
        step: that begins.
        state: of all circuits.
        coefficients: settings.
        rest: changed.
    """
    awake = 0
    for k in range(state.v.size):
        if coefficients.root[k] != k or rest.asleep[k]:
            continue
        awake += 1
        if not rest.eligible[k] or rest.watched[k]:
            continue
        if not _lines_rest(k, state, coefficients):
            continue
        if rest.known[k, 0] != state.node[NODE_TARGET, k] or rest.known[k, 1] != state.node[NODE_LIMIT, k]:
            find_point(k, state, coefficients, rest)
        if not _excluded(k, state, coefficients, rest):
            continue
        busy = False
        for j in range(state.digital[DIGITAL_BEGIN, k], state.digital[DIGITAL_END, k]):
            m = state.digital[DIGITAL_MEMBERS, j]
            busy = busy or (state.digital[DIGITAL_LISTED, m] != 0 and state.digital[DIGITAL_PHASE, m] == READY)
        if busy:
            continue
        rest.asleep[k] = True
        rest.since[k] = step
        rest.v[k] = state.v[k]
        awake -= 1
    return awake


@numba.njit(cache=True)
def _relaxed(k: int, v: float, steps: float, state: State, coefficients: Coefficients, rest: Rest) -> float:
    """Noise-free membrane after a number of steps: exponential steps that grow, exact close to the fixed point.

    None moves the membrane far, since its rate changes on the way; where it floats, they are exact anyway.
    """
    low, high = float(coefficients.rules[1]), float(coefficients.rules[2])
    part = _FIRST_PART / max(rest.rate[k], _rate(k, v, state, rest), _FREE)
    for _ in range(_MOST_PARTS):
        current, rate = _current(k, v, state, rest), _rate(k, v, state, rest)
        if (v == high and current >= 0.0) or (v == low and current <= 0.0):
            return v
        part = min(part, steps)
        if abs(current) * part > _LARGEST_MOVE:
            part = _LARGEST_MOVE / abs(current)
        z = rate * part
        weight = 1.0 - 0.5 * z if z < 1e-6 else -math.expm1(-z) / z
        v = min(max(v + part * current * weight, low), high)
        steps -= part
        if steps <= 0.0:
            return v
        part *= _GROWTH
    return float(rest.point[k])


@numba.njit(cache=True)
def wake(k: int, step: int, state: State, coefficients: Coefficients, rest: Rest) -> None:
    """Brings a sleeping node to the begin of a step; its lines are at rest."""
    rest.asleep[k] = False
    steps = step - rest.since[k]
    if steps > 0:
        rate = rest.rate[k]
        v = _relaxed(k, rest.v[k], float(steps), state, coefficients, rest)
        if coefficients.noise_kick > 0.0:
            spread = float(steps) if rate * steps < 1e-6 else -math.expm1(-2.0 * rate * steps) / (2.0 * rate)
            mixed = noise_kernel.time_key(coefficients.noise_key, noise_kernel.GAP, step - coefficients.noise_origin)
            number = noise_kernel.number(
                np.uint32(mixed & np.uint64(0xFFFFFFFF)),
                np.uint32(mixed >> np.uint64(32)),
                coefficients.noise_sources[k],
            )
            kick = float(coefficients.noise_kick)
            sigma = kick * math.sqrt(spread)
            if v in (float(coefficients.rules[1]), float(coefficients.rules[2])):  # pressed against its rail
                sigma = min(sigma, 0.5 * kick**2 / max(abs(_current(k, v, state, rest)), _FREE))
            v += sigma * float(number)
        v = min(max(v, float(coefficients.rules[1])), float(coefficients.rules[2]))
        n = state.v.size
        for j in range(state.digital[DIGITAL_BEGIN, k], state.digital[DIGITAL_END, k]):
            m = state.digital[DIGITAL_MEMBERS, j]
            state.v[m] = v
            state.x[m] = 0.0
            state.x[n + m] = 0.0


@numba.njit(cache=True)
def wake_all(step: int, state: State, coefficients: Coefficients, rest: Rest) -> None:
    """Wakes every neuron, for new settings or for an observer."""
    for k in range(state.v.size):
        if rest.asleep[k]:
            wake(k, step, state, coefficients, rest)


@numba.njit(cache=True)
def hold(step: int, state: State, coefficients: Coefficients, rest: Rest) -> int:
    """Wakes the watched neurons; returns how many nodes woke."""
    woke = 0
    for k in range(state.v.size):
        if rest.asleep[k] and rest.watched[k]:
            wake(k, step, state, coefficients, rest)
            woke += 1
    return woke


@numba.njit(cache=True)
def wake_reached(
    step: int,
    first: int,
    last: int,
    state: State,
    coefficients: Coefficients,
    rest: Rest,
    events: RowEvents,
    efficacy: NDArray[np.float32],
    labels: NDArray[np.uint8],
) -> int:
    """Wakes the neurons that row events reach; returns how many nodes woke.

    Args:
        step: that begins.
        first: first event.
        last: end of the events.
        state: of all circuits.
        coefficients: settings.
        rest: changed.
        events: row events.
        efficacy: ``float32[512, 256]``.
        labels: ``uint8[512, 256]``.
    """
    n = state.v.size
    woke = 0
    for e in range(first, last):
        row = events.rows[e]
        if events.lines[e] == 0 or events.amplitudes[e] == 0.0:
            continue
        begin, end = 0, coefficients.hemisphere_begin
        if row >= _ROWS:
            begin, end = end, n
        for m in range(begin, end):
            column = coefficients.line_columns[m]
            if labels[row, column] != events.addresses[e] or efficacy[row, column] == 0.0:
                continue
            k = coefficients.root[m]
            if rest.asleep[k]:
                wake(k, step, state, coefficients, rest)
                woke += 1
    return woke
