"""Conversions of the column ADC: the count at which a ramp meets the voltage of each channel.

The ramp starts at `ramp_start` and rises by `slope` in each count; the voltage of a neuron moves meanwhile and is given
at borders, linear in between and beyond. The count is where both meet first. Reference: analog-model.md 7.1,
simulator-decisions.md 27.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from hxtwin.chipsim.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

Number: TypeAlias = float | np.float64
"""A number inside a kernel."""

OPEN: Final = 0
"""Nothing is connected to the channel."""
NEURON: Final = 1
CORRELATION: Final = 2
DEBUG: Final = 3
LINE_REST: Final = 0
"""Positions of the numbers in `law`: what a synaptic line shows at rest, V."""
LINE_SATURATION: Final = 1
"""Units of its deflection, V."""
BEND: Final = 2
CURVATURE: Final = 3
RAMP_END: Final = 4
COUNTS_PER_CYCLE: Final = 5
LAW_SIZE: Final = 6
_COLUMNS: Final = 256
_MOST: Final = 255
_NEVER: Final = 1e9


@kernel
def channel_inputs(switches: NDArray[np.uint32], is_debug_driven: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """What is connected to the channels of a hemisphere.

    Args:
        switches: rows 256 and 257 of the synapse memory, ``uint32[2, 64, 2]``.
        is_debug_driven: whether the causal and the acausal debug line has a voltage of its own, ``bool[2]``.

    Returns:
        ``uint8[2, 256]``: `OPEN`, `NEURON`, `CORRELATION` or `DEBUG` for causal and acausal channels.
    """
    found = np.zeros((2, _COLUMNS), dtype=np.uint8)
    for column in range(_COLUMNS):
        quad = (column % 2) * 32 + column // 8
        shift = 8 * (3 - column // 2 % 4)
        for kind in range(2):
            neuron = np.int64(switches[0, quad, kind]) >> (shift + 5) & 1
            internal = np.int64(switches[1, quad, 0]) >> (shift + 6 + kind) & 1
            debug = np.int64(switches[1, quad, 1]) >> (shift + 6 + kind) & 1
            if debug and is_debug_driven[kind]:
                found[kind, column] = DEBUG
            elif internal and neuron:
                found[kind, column] = NEURON
            elif internal:
                found[kind, column] = CORRELATION
    return found


@kernel
def unbent(voltage: Number, law: NDArray[np.float64]) -> Number:
    """Voltage of a straight ramp when the real one, which lags near the top, reaches a voltage; V."""
    if voltage >= law[RAMP_END]:
        return _NEVER
    above = voltage - law[BEND]
    if above <= 0.0 or law[CURVATURE] <= 0.0:
        return voltage
    inside = 1.0 - 4.0 * law[CURVATURE] * above
    if inside <= 0.0:
        return _NEVER
    straight: Number = law[BEND] + (1.0 - np.sqrt(inside)) / (2.0 * law[CURVATURE])
    return straight


@kernel
def meeting(levels: NDArray[np.float64], shift: Number, start: Number, step: Number, rate: Number) -> Number:
    """Count at which a ramp of one per count meets a moving level for the first time; `_NEVER` if it does not.

    Args:
        levels: level at the borders, in counts, ``float64[n]``, n >= 1.
        shift: added to the levels.
        start: place of the begin of the ramp in units of steps after the first border.
        step: distance of the borders in chip cycles.
        rate: counts in a chip cycle.
    """
    last = levels.size - 1
    level: Number = levels[0] + shift
    if last == 0 or step <= 0.0:
        return level
    border = min(max(int(np.floor(start)), 0), last - 1)
    gain = levels[border + 1] - levels[border]
    level = levels[border] + (start - border) * gain + shift
    if level <= 0.0:
        return level
    place = start
    while True:
        gain = levels[border + 1] - levels[border]
        ahead = levels[border] + (place - border) * gain + shift - rate * step * (place - start)
        closing = rate * step - gain
        if closing > 0.0:
            met: Number = place + ahead / closing
            if met <= border + 1 or border == last - 1:
                return rate * step * (met - start)
        elif border == last - 1:
            return _NEVER
        border += 1
        place = float(border)


@kernel
def convert(
    inputs: NDArray[np.uint8],
    trace: NDArray[np.float32],
    start: float,
    step: float,
    kinds: NDArray[np.uint8],
    shown: NDArray[np.bool_],
    correlation: NDArray[np.float64],
    debug: NDArray[np.float64],
    ramp_start: NDArray[np.float64],
    slope: NDArray[np.float64],
    law: NDArray[np.float64],
    shifts: NDArray[np.float32],
    offsets: NDArray[np.int64],
    results: NDArray[np.uint8],
) -> None:
    """Results of all channels of a hemisphere.

    Args:
        inputs: as of `channel_inputs`.
        trace: raw quantity of the neuron of each column at the borders, ``float32[n, 256]``, n >= 1.
        start: begin of the ramp, in steps after the first border.
        step: distance of the borders, chip cycles.
        kinds: readout source of the neurons, ``uint8[256]``, 1 and 2 are lines.
        shown: whether their readout amplifiers work, ``bool[256]``.
        correlation: voltage of the sensors of the connected row, ``float64[2, 256]``.
        debug: voltage of the debug lines, ``float64[2]``.
        ramp_start: V, ``float64[256]``.
        slope: V in a count, positive, ``float64[256]``.
        law: numbers at the positions `LINE_REST` ...
        shifts: analog offsets and noise, in counts, ``float32[2, 256]``.
        offsets: digital offsets, ``int64[2, 256]``.
        results: what comes out, ``uint8[2, 256]``.
    """
    borders = trace.shape[0]
    levels = np.empty(borders, dtype=np.float64)
    level = np.empty(1, dtype=np.float64)
    for column in range(_COLUMNS):
        per_volt = 1.0 / slope[column]
        if inputs[0, column] == NEURON or inputs[1, column] == NEURON:
            latest = max(shifts[0, column], shifts[1, column])
            left = 2
            for border in range(min(max(int(np.floor(start)), 0), max(borders - 2, 0)), borders):
                voltage: Number = np.float64(trace[border, column])
                if not shown[column]:
                    voltage = 0.0
                elif kinds[column] == 1 or kinds[column] == 2:
                    voltage = law[LINE_REST] - law[LINE_SATURATION] * np.tanh(voltage)
                levels[border] = (unbent(voltage, law) - ramp_start[column]) * per_volt
                if levels[border] + latest < law[COUNTS_PER_CYCLE] * step * (border - start):
                    left -= 1  # both channels have met the ramp here; one border more for rounding
                    if not left:
                        break
        for kind in range(2):
            connected = inputs[kind, column]
            shift = np.float64(shifts[kind, column])
            count: Number = 0.0
            if connected == NEURON:
                count = meeting(levels, shift, start, step, law[COUNTS_PER_CYCLE])
            else:
                voltage = 0.0
                if connected == CORRELATION:
                    voltage = correlation[kind, column]
                elif connected == DEBUG:
                    voltage = debug[kind]
                level[0] = (unbent(voltage, law) - ramp_start[column]) * per_volt
                count = meeting(level, shift, 0.0, 0.0, law[COUNTS_PER_CYCLE])
            whole = min(max(np.floor(count + 0.5), 0.0), float(_MOST))
            results[kind, column] = min(max(int(whole) + offsets[kind, column], 0), _MOST)
