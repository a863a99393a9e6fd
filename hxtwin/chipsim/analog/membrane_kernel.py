"""Membranes: one step of leak or reset, synaptic and constant currents, exponential, adaptation and resistors.

==============  ======================================================================================
part            scheme (h: step, J: derivative of the current by V)
==============  ======================================================================================
membrane        V += h f(V) * (1 - exp(-z)) / z, z = -h J, the exponential Rosenbrock step, second order
exponential     the same with the exponential current in f and J, two half steps
adaptation      exact relaxation towards the value that the membrane of the step's begin demands
resistors       mean coupling current from a midpoint rule in as many parts as stability wants
==============  ======================================================================================

All are stable for every conductance of the chip at every step. Reference: analog-model.md 3, 13.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from hxtwin.chipsim.analog.layout import (
    ADAPT_A,
    ADAPT_B,
    ADAPT_LEAK,
    ADAPT_OUTPUT,
    ADAPT_PULSE,
    ADAPT_RATE,
    ADAPT_REFERENCE,
    NODE_CONDUCTANCE,
    NODE_EXP_LIMIT,
    NODE_EXP_SHIFT,
    NODE_INVERSE_RANGE,
    NODE_LIMIT,
    NODE_TARGET,
    NODE_THRESHOLD,
)
from hxtwin.chipsim.analog.noise_kernel import number
from hxtwin.chipsim.analog.saturation_kernel import FAST, decay, leak, leak_clip, leak_slope, relaxation

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST_PART: Final = 0.1
_MOST_PARTS: Final = 256
_STEEPEST: Final = np.float32(-2.0)
_HALF: Final = np.uint64(0xFFFFFFFF)
_32: Final = np.uint64(32)


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def _after_step(
    v: np.float32,
    drive: np.float32,
    target: np.float32,
    inverse_range: np.float32,
    limit: np.float32,
    low: np.float32,
    high: np.float32,
) -> np.float32:
    u = leak_clip((target - v) * inverse_range)
    new = v + (limit * leak(u) + drive) * relaxation(limit * inverse_range * leak_slope(u))
    return min(max(new, low), high)


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def advance(
    v: NDArray[np.float32],
    before: NDArray[np.float32],
    synaptic: NDArray[np.float32],
    current: NDArray[np.float32],
    target: NDArray[np.float32],
    inverse_range: NDArray[np.float32],
    limit: NDArray[np.float32],
    threshold: NDArray[np.float32],
    low: np.float32,
    high: np.float32,
) -> np.int32:
    """One step of all membranes without exponential term; every array is ``float32[K]``.

    Args:
        v: membranes, V, advanced in place.
        before: result, their values before.
        synaptic: current of the lines.
        current: all other currents.
        target: row NODE_TARGET; so are the next ones.
        inverse_range: NODE_INVERSE_RANGE.
        limit: NODE_LIMIT.
        threshold: NODE_THRESHOLD.
        low: lower rail, V.
        high: upper rail, V.

    Returns:
        Not 0 if a membrane is above its threshold.
    """
    crossed = np.int32(0)
    for k in range(v.size):
        old = v[k]
        new = _after_step(old, synaptic[k] + current[k], target[k], inverse_range[k], limit[k], low, high)
        before[k] = old
        v[k] = new
        crossed = np.int32(crossed | np.int32(new > threshold[k]))
    return crossed


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def advance_noisy(
    v: NDArray[np.float32],
    before: NDArray[np.float32],
    synaptic: NDArray[np.float32],
    current: NDArray[np.float32],
    target: NDArray[np.float32],
    inverse_range: NDArray[np.float32],
    limit: NDArray[np.float32],
    threshold: NDArray[np.float32],
    low: np.float32,
    high: np.float32,
    scale: np.float32,
    sources: NDArray[np.uint32],
    key: np.uint64,
) -> np.int32:
    """`advance` with noise added to the current, as of `hxtwin.chipsim.analog.noise_kernel.add`.

    Args:
        v: see `advance`.
        before: see `advance`.
        synaptic: see `advance`.
        current: see `advance`.
        target: see `advance`.
        inverse_range: see `advance`.
        limit: see `advance`.
        threshold: see `advance`.
        low: see `advance`.
        high: see `advance`.
        scale: standard deviation of the noise, V.
        sources: numbers of the circuits, ``uint32[K]``.
        key: of the step, see `noise_kernel.time_key`.
    """
    half_1 = np.uint32(key & _HALF)
    half_2 = np.uint32(key >> _32)
    crossed = np.int32(0)
    for k in range(v.size):
        old = v[k]
        drive = current[k] + scale * number(half_1, half_2, sources[k])
        new = _after_step(old, synaptic[k] + drive, target[k], inverse_range[k], limit[k], low, high)
        before[k] = old
        v[k] = new
        crossed = np.int32(crossed | np.int32(new > threshold[k]))
    return crossed


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def _half_exponential(
    v: NDArray[np.float32],
    drive: NDArray[np.float32],
    target: NDArray[np.float32],
    inverse_range: NDArray[np.float32],
    limit: NDArray[np.float32],
    conductance: NDArray[np.float32],
    exp_shift: NDArray[np.float32],
    exp_limit: NDArray[np.float32],
    inverse_slope: np.float32,
    part: np.float32,
    low: np.float32,
    high: np.float32,
) -> None:
    for k in range(v.size):
        old = v[k]
        u = leak_clip((target[k] - old) * inverse_range[k])
        s = -(old * inverse_slope + exp_shift[k])
        i = exp_limit[k] * decay(s)
        rising = i if s > np.float32(0.0) else np.float32(0.0)
        f = limit[k] * leak(u) + drive[k] + i
        z = part * (conductance[k] * leak_slope(u) - rising * inverse_slope)
        new = old + part * f * relaxation(max(z, _STEEPEST))
        v[k] = min(max(new, low), high)


@numba.njit(cache=True)
def advance_exponential(
    v: NDArray[np.float32],
    before: NDArray[np.float32],
    drive: NDArray[np.float32],
    node: NDArray[np.float32],
    rules: NDArray[np.float32],
) -> np.int32:
    """One step of all membranes with exponential term; see `advance`.

    Args:
        v: membranes, ``float32[N]``, advanced in place.
        before: result, their values before, ``float32[N]``.
        drive: sum of all currents except leak and exponential, ``float32[N]``.
        node: coefficients, ``float32[7, K]``.
        rules: 1 / slope of the exponential, lower rail, upper rail, see `Coefficients`.

    Returns:
        Not 0 if a membrane is above its threshold.
    """
    for k in range(v.size):
        before[k] = v[k]
    for _ in range(2):
        _half_exponential(
            v,
            drive,
            node[NODE_TARGET],
            node[NODE_INVERSE_RANGE],
            node[NODE_LIMIT],
            node[NODE_CONDUCTANCE],
            node[NODE_EXP_SHIFT],
            node[NODE_EXP_LIMIT],
            rules[0],
            np.float32(0.5),
            rules[1],
            rules[2],
        )
    threshold = node[NODE_THRESHOLD]
    crossed = np.int32(0)
    for k in range(v.size):
        crossed = np.int32(crossed | np.int32(v[k] > threshold[k]))
    return crossed


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def part_step(
    old: np.float32,
    drive: np.float32,
    part: np.float32,
    gate: np.float32,
    node: NDArray[np.float32],
    k: int,
    rules: NDArray[np.float32],
) -> np.float32:
    """A part of a step of one membrane, for steps in which something happens.

    Args:
        old: membrane before, V.
        drive: sum of all currents except leak and exponential, for a whole step.
        part: share of the step.
        gate: 0 if the exponential current is gated, else 1.
        node: coefficients, ``float32[7, K]``.
        k: number of the node.
        rules: 1 / slope of the exponential, lower rail, upper rail, see `Coefficients`.
    """
    inverse_slope = rules[0]
    u = leak_clip((node[NODE_TARGET, k] - old) * node[NODE_INVERSE_RANGE, k])
    f = node[NODE_LIMIT, k] * leak(u) + drive
    z = node[NODE_CONDUCTANCE, k] * leak_slope(u)
    limit = node[NODE_EXP_LIMIT, k] * gate
    if limit > np.float32(0.0):
        s = -(old * inverse_slope + node[NODE_EXP_SHIFT, k])
        i = limit * decay(s)
        f += i
        if s > np.float32(0.0):
            z -= i * inverse_slope
    new = old + part * f * relaxation(max(part * z, _STEEPEST))
    return min(max(new, rules[1]), rules[2])


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def _adapt(
    w: NDArray[np.float32],
    v: NDArray[np.float32],
    current: NDArray[np.float32],
    reference: NDArray[np.float32],
    v_leak: NDArray[np.float32],
    rate: NDArray[np.float32],
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    output: NDArray[np.float32],
    pulse: NDArray[np.float32],
    low: np.float32,
    high: np.float32,
) -> None:
    half = np.float32(0.5)
    for k in range(w.size):
        old = w[k]
        f = rate[k] * (reference[k] - old) + a[k] * (v[k] - v_leak[k]) + b[k] * pulse[k]
        new = old + f * relaxation(rate[k])
        new = min(max(new, low), high)
        w[k] = new
        current[k] -= output[k] * (half * (old + new) - reference[k])


@numba.njit(cache=True)
def adapt(
    w: NDArray[np.float32],
    v: NDArray[np.float32],
    current: NDArray[np.float32],
    adaptation: NDArray[np.float32],
    rules: NDArray[np.float32],
) -> None:
    """One step of the adaptation states; their currents are subtracted from ``current``.

    Args:
        w: adaptation voltages, ``float32[N]``, advanced in place.
        v: membranes before the step, ``float32[N]``.
        current: ``float32[N]``.
        adaptation: coefficients, ``float32[7, N]``.
        rules: rails of the adaptation voltage in entries 3 and 4, see `Coefficients`.
    """
    _adapt(
        w,
        v,
        current,
        adaptation[ADAPT_REFERENCE],
        adaptation[ADAPT_LEAK],
        adaptation[ADAPT_RATE],
        adaptation[ADAPT_A],
        adaptation[ADAPT_B],
        adaptation[ADAPT_OUTPUT],
        adaptation[ADAPT_PULSE],
        rules[3],
        rules[4],
    )


@numba.njit(cache=True, error_model="numpy")
def couple(
    v: NDArray[np.float32],
    synaptic: NDArray[np.float32],
    current: NDArray[np.float32],
    node: NDArray[np.float32],
    ends: NDArray[np.int64],
    strength: NDArray[np.float64],
    nodes: NDArray[np.int64],
    scratch: NDArray[np.float64],
) -> None:
    """Adds the mean currents of resistors between membranes in one step.

    Args:
        v: membranes before the step, ``float32[N]``.
        synaptic: see `advance`.
        current: all other currents, ``float32[N]``; the result is added.
        node: coefficients, ``float32[7, K]``.
        ends: nodes at both ends of each resistor, ``int64[n, 2]``.
        strength: step * conductance / capacitance of either end, ``float64[n, 2]``.
        nodes: nodes that have resistors, ``int64[m]``.
        scratch: ``float64[4, N]``.
    """
    start, now, middle, flow = scratch[0], scratch[1], scratch[2], scratch[3]
    for k in nodes:
        start[k] = v[k]
        now[k] = v[k]
        flow[k] = 0.0
    for e in range(ends.shape[0]):
        flow[ends[e, 0]] += strength[e, 0]
        flow[ends[e, 1]] += strength[e, 1]
    largest = 0.0
    for k in nodes:
        largest = max(largest, flow[k] + node[NODE_CONDUCTANCE, k])
        flow[k] = 0.0
    parts = min(1 + int(largest / _LARGEST_PART), _MOST_PARTS)
    h = 1.0 / parts
    for _ in range(parts):
        for half in range(2):
            reach = h if half else 0.5 * h
            source = middle if half else now
            for k in nodes:
                u = leak_clip((node[NODE_TARGET, k] - np.float32(source[k])) * node[NODE_INVERSE_RANGE, k])
                own = node[NODE_LIMIT, k] * leak(u) + synaptic[k] + current[k]
                start[k] = now[k] + reach * own
            for e in range(ends.shape[0]):
                a, b = ends[e, 0], ends[e, 1]
                difference = source[b] - source[a]
                start[a] += reach * strength[e, 0] * difference
                start[b] -= reach * strength[e, 1] * difference
                if half:
                    flow[a] += h * strength[e, 0] * difference
                    flow[b] -= h * strength[e, 1] * difference
            for k in nodes:
                if half:
                    now[k] = start[k]
                else:
                    middle[k] = start[k]
    for k in nodes:
        current[k] += np.float32(flow[k])
