"""Neurons at rest: they are not integrated until something reaches them.

==============  ==========================================================================================
moment          what happens
==============  ==========================================================================================
falling asleep  looked for at multiples of `REST_STEPS` steps; the membrane and the step are remembered
at rest         nothing; the noise-free membrane moves to its fixed point
waking          the membrane is brought to the present: its noise-free relaxation in closed steps, plus one
                number of variance ``D / (2 r) * (1 - exp(-2 r T))``, r the rate at the fixed point
==============  ==========================================================================================

A neuron may fall asleep if it has no adaptation, exponential term or resistor, its lines have decayed, its backends
wait for a crossing only (READY, HELD), and every threshold lies more than 8 sigma of the noise outside of the range
between membrane and fixed point: a spike is then excluded. Its lines need not have decayed if everything is linear:
the membrane is close to its fixed point, and the curvature of all OTAs together moves it by less than `_NEGLIGIBLE`.
It then follows the sum of exponential functions, and the charge that is still to come widens the range that must not
contain a threshold. Waking costs as much as many steps, so whatever an event has reached since the last look does not
sleep. A neuron looks at itself alone, so that results do not depend on
which others are integrated, observed or awake. Reference: analog-model.md 9, 13.4; simulator-decisions.md 6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numba
import numpy as np

from hxtwin.chipsim.analog import noise_kernel
from hxtwin.chipsim.analog.layout import (
    DIGITAL_ARMED,
    DIGITAL_LISTED,
    DIGITAL_PHASE,
    HELD,
    LINE_AMPLITUDE,
    LINE_DRIVE,
    LINE_RATE,
    LINE_REFERENCE,
    NODE_CONDUCTANCE,
    NODE_INVERSE_RANGE,
    NODE_LIMIT,
    NODE_TARGET,
    OTA_THRESHOLD,
    READY,
)
from hxtwin.chipsim.analog.saturation_kernel import FAST
from hxtwin.chipsim.compiled import inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.arrays import Coefficients, Rest, RowEvents, State
    from hxtwin.chipsim.compiled import Integer

REST_STEPS = 64
"""Neurons may fall asleep at multiples of this step, 6.4 us at the default step."""
_ROWS = 256
_LINE_AT_REST = np.float32(1e-8)
"""Largest current of a line at rest, V in a step."""
_DEFLECTED = np.float32(1e-4)
"""Deflection that a readout of the line may see, V; an input that is switched off has no current."""
_NEGLIGIBLE = 2e-5
"""What the curvature of OTAs may move a membrane while its lines decay, V."""
_LINEAR = 0.08
"""Largest distance from the fixed point at which the leak counts as linear, V."""
_SMALLEST = 1e-12
"""Deflection of a line that counts as none."""
_HALF = np.float32(0.5)
_FIFTH = np.float32(0.2)
_NONE = np.float32(0.0)
_INFINITE = np.float32(np.inf)
_EXCLUDED_SIGMA = 8.0
_BISECTIONS = 40
_FREE = 1e-9
"""Rate below which a membrane is free."""
_FIRST_PART = 0.25
_GROWTH = 1.5
_MOST_PARTS = 120
_LARGEST_MOVE = 0.03
"""Of a part, V."""


@inner_kernel
def _current(k: int, v: float, state: State, rest: Rest) -> float:
    """Noise-free current of a node whose lines are at rest, V in a step."""
    u = (state.node[NODE_TARGET, k] - v) * state.node[NODE_INVERSE_RANGE, k]
    u = min(max(u, -1.25), 1.25)
    return float(state.node[NODE_LIMIT, k] * u * (1.0 - 0.08192 * u**4) + rest.drive[k] - rest.drive_slope[k] * v)


@inner_kernel
def _rate(k: int, v: float, state: State, rest: Rest) -> float:
    """Minus the derivative of `_current`."""
    u = (state.node[NODE_TARGET, k] - v) * state.node[NODE_INVERSE_RANGE, k]
    u = min(max(u, -1.25), 1.25)
    return float(max(state.node[NODE_CONDUCTANCE, k] * (1.0 - 0.4096 * u**4) + rest.drive_slope[k], 0.0))


@inner_kernel
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


@inner_kernel
def _line_current(i: Integer, x: float, coefficients: Coefficients) -> float:
    """Current of a line beyond its current at rest, V in a step, linear in the deflection."""
    bend = math.tanh(float(coefficients.lines[LINE_REFERENCE, i]))
    strength = float(coefficients.lines[LINE_AMPLITUDE, i]) * float(coefficients.lines[LINE_DRIVE, i])
    return strength * (1.0 - bend * bend) * x


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def _judge(
    x: NDArray[np.float32],
    seen: NDArray[np.float32],
    fall: NDArray[np.float32],
    rate: NDArray[np.float32],
    drive: NDArray[np.float32],
    reference: NDArray[np.float32],
    amplitude: NDArray[np.float32],
    doubt: NDArray[np.float32],
) -> None:
    """What is neglected of the charge of each line if its current is taken as linear; every array is ``float32[2N]``.

    A line at rest has no doubt, one that has not only decayed since the last look an infinite one.
    """
    for i in range(x.size):
        z = abs(x[i] * drive[i])
        current = z * abs(amplitude[i])
        found = current / rate[i] * z * (_HALF * abs(reference[i]) + _FIFTH * z)
        found = found if x[i] <= seen[i] * fall[i] else _INFINITE
        doubt[i] = found if current > _LINE_AT_REST else _NONE
        seen[i] = x[i]


@inner_kernel
def _charges(k: int, state: State, coefficients: Coefficients, rest: Rest) -> tuple[bool, float, float]:
    """Whether the lines of a node are at rest, and the charge that they still bring, up and down, V."""
    n = coefficients.circuits.size
    at_rest = True
    up, down = 0.0, 0.0
    for j in range(coefficients.member_begin[k], coefficients.member_begin[k + 1]):
        m = np.int64(coefficients.members[j])
        for i in (m, n + m):
            rest.x[i] = state.x[i]
            current = float(state.x[i] * coefficients.lines[LINE_AMPLITUDE, i] * coefficients.lines[LINE_DRIVE, i])
            if abs(current) <= _LINE_AT_REST:
                at_rest = at_rest and abs(state.x[i]) <= _DEFLECTED  # it may be read, though nothing listens to it
                continue
            at_rest = False
            charge = current / float(coefficients.lines[LINE_RATE, i])
            if charge > 0.0:
                up += charge
            else:
                down -= charge
    return at_rest, up, down


@inner_kernel
def _doubt(k: int, coefficients: Coefficients, rest: Rest) -> float:
    n = coefficients.circuits.size
    total = 0.0
    for j in range(coefficients.member_begin[k], coefficients.member_begin[k + 1]):
        m = np.int64(coefficients.members[j])
        total += rest.doubt[m] + rest.doubt[n + m]
    return total


@inner_kernel
def _excluded(k: int, up: float, down: float, state: State, coefficients: Coefficients, rest: Rest) -> bool:
    """Whether no backend of the node can see its membrane cross a threshold; charges that are to come widen its way."""
    v, point, rate = float(state.v[k]), rest.point[k], rest.rate[k]
    margin = 0.0
    if coefficients.noise_kick > 0.0:
        margin = np.inf if rate < _FREE else _EXCLUDED_SIGMA * float(coefficients.noise_kick) / math.sqrt(2.0 * rate)
    for j in range(coefficients.member_begin[k], coefficients.member_begin[k + 1]):
        m = np.int64(coefficients.members[j])
        phase = state.digital[m, DIGITAL_PHASE]
        threshold = float(coefficients.ota[m, OTA_THRESHOLD])
        if phase == READY and state.digital[m, DIGITAL_ARMED] != 0:
            if threshold != np.inf and not max(v, point) + up + margin < threshold:
                return False
        elif phase in (READY, HELD):
            if not min(v, point) - down - margin > threshold:
                return False
        else:
            return False
    return True


@inner_kernel
def fall_asleep(step: int, state: State, coefficients: Coefficients, rest: Rest) -> int:
    """Puts neurons to sleep that may; returns how many nodes are awake.

    Args:
        step: that begins.
        state: of all circuits.
        coefficients: settings.
        rest: changed.
    """
    lines = coefficients.lines
    _judge(
        state.x,
        rest.seen,
        rest.fall,
        lines[LINE_RATE],
        lines[LINE_DRIVE],
        lines[LINE_REFERENCE],
        lines[LINE_AMPLITUDE],
        rest.doubt,
    )
    awake = 0
    for k in range(state.v.size):
        if rest.asleep[k]:
            continue
        awake += 1
        if not rest.eligible[k] or rest.watched[k]:
            continue
        if not _doubt(k, coefficients, rest) <= _NEGLIGIBLE:
            continue
        at_rest, up, down = _charges(k, state, coefficients, rest)
        if not (at_rest or rest.linear[k]):
            continue
        if rest.known[k, 0] != state.node[NODE_TARGET, k] or rest.known[k, 1] != state.node[NODE_LIMIT, k]:
            find_point(k, state, coefficients, rest)
        if not at_rest and not abs(state.v[k] - rest.point[k]) + max(up, down) <= _LINEAR:
            continue
        if not _excluded(k, up, down, state, coefficients, rest):
            continue
        busy = False
        for j in range(coefficients.member_begin[k], coefficients.member_begin[k + 1]):
            m = np.int64(coefficients.members[j])
            busy = busy or (state.digital[m, DIGITAL_LISTED] != 0 and state.digital[m, DIGITAL_PHASE] == READY)
        if busy:
            continue
        rest.asleep[k] = True
        rest.since[k] = step
        rest.v[k] = state.v[k]
        rest.decays[k] = not at_rest
        awake -= 1
    return awake


@inner_kernel
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


@inner_kernel
def _decay(k: int, v: float, steps: float, state: State, coefficients: Coefficients, rest: Rest) -> float:
    """Noise-free membrane after a number of steps in which its lines, and it itself, decay exponentially."""
    n = coefficients.circuits.size
    rate = rest.rate[k]
    own = math.exp(-rate * steps)
    v = rest.point[k] + (v - rest.point[k]) * own
    for j in range(coefficients.member_begin[k], coefficients.member_begin[k + 1]):
        m = np.int64(coefficients.members[j])
        for i in (m, n + m):
            state.x[i] = 0.0
            x = float(rest.x[i])
            if abs(x) > _SMALLEST:
                other = float(coefficients.lines[LINE_RATE, i])
                fall = math.exp(-other * steps)
                difference = rate - other
                response = (fall - own) / difference if abs(difference) > 1e-6 else steps * own
                v += _line_current(i, x, coefficients) * response
                if abs(x) * fall > _SMALLEST:
                    state.x[i] = x * fall
    return v


@inner_kernel
def wake(k: int, step: int, state: State, coefficients: Coefficients, rest: Rest) -> None:
    """Brings a sleeping node to the begin of a step."""
    rest.asleep[k] = False
    steps = step - rest.since[k]
    if steps > 0:
        rate = rest.rate[k]
        if rest.decays[k]:
            v = _decay(k, rest.v[k], float(steps), state, coefficients, rest)
        else:
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
        state.v[k] = min(max(v, float(coefficients.rules[1])), float(coefficients.rules[2]))
        n = coefficients.circuits.size
        for j in range(coefficients.member_begin[k], coefficients.member_begin[k + 1]):
            m = np.int64(coefficients.members[j])
            rest.seen[m] = 0.0
            rest.seen[n + m] = 0.0
            if not rest.decays[k]:
                state.x[m] = 0.0
                state.x[n + m] = 0.0


@inner_kernel
def wake_all(step: int, state: State, coefficients: Coefficients, rest: Rest) -> None:
    """Wakes every neuron, for new settings or for an observer."""
    for k in range(state.v.size):
        if rest.asleep[k]:
            wake(k, step, state, coefficients, rest)


@inner_kernel
def hold(step: int, state: State, coefficients: Coefficients, rest: Rest) -> int:
    """Wakes the watched neurons; returns how many nodes woke."""
    woke = 0
    for k in range(state.v.size):
        if rest.asleep[k] and rest.watched[k]:
            wake(k, step, state, coefficients, rest)
            woke += 1
    return woke


@inner_kernel
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
    n = coefficients.circuits.size
    woke = 0
    for e in range(first, last):
        row = events.rows[e]
        if events.lines[e] == 0 or events.amplitudes[e] == 0.0:
            continue
        begin, end = 0, coefficients.hemisphere_begin
        if row >= _ROWS:
            begin, end = end, n
        address = events.addresses[e]
        for m in range(begin, end):
            column = coefficients.line_columns[m]
            if labels[row, column] != address or efficacy[row, column] == 0.0:  # most of them: the cheapest look first
                continue
            k = coefficients.node_of[m]
            if not rest.asleep[k]:
                continue
            wake(k, step, state, coefficients, rest)
            woke += 1
    return woke
