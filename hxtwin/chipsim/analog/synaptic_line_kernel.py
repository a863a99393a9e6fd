"""Synaptic lines: events add deflections, which decay; the OTA turns the mean deflection of a step into a current.

===============  ===================================================================================
in one step      exact for a free line
===============  ===================================================================================
decay            x *= exp(-step / tau)
mean deflection  x * (1 - exp(-a)) / a, a = step / tau
event at f       x and mean as if it had come at its own time: f in 0..1 of the step, negative if late
===============  ===================================================================================

Reference: analog-model.md 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from hxtwin.chipsim.analog.layout import (
    LINE_AMPLITUDE,
    LINE_DECAY,
    LINE_DRIVE,
    LINE_MEAN,
    LINE_RATE,
    LINE_REFERENCE,
)
from hxtwin.chipsim.analog.saturation_kernel import FAST, growth, line, ota, ota_parts, relaxation

if TYPE_CHECKING:
    from numpy.typing import NDArray


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def currents(
    x: NDArray[np.float32],
    bump: NDArray[np.float32],
    mean: NDArray[np.float32],
    drive: NDArray[np.float32],
    reference: NDArray[np.float32],
    amplitude: NDArray[np.float32],
    current: NDArray[np.float32],
) -> None:
    """Mean current of each line in one step; every array is ``float32[2N]``.

    Args:
        x: deflections before the step.
        bump: what events add to the mean deflection of this step.
        mean: row LINE_MEAN; so are the next ones.
        drive: LINE_DRIVE.
        reference: LINE_REFERENCE.
        amplitude: LINE_AMPLITUDE.
        current: result.
    """
    for k in range(x.size):
        u = x[k] * mean[k] + bump[k]
        current[k] = amplitude[k] * ota(drive[k] * line(u) - reference[k])


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def _advance(
    excitatory: NDArray[np.float32],
    inhibitory: NDArray[np.float32],
    bump_1: NDArray[np.float32],
    bump_2: NDArray[np.float32],
    decay_1: NDArray[np.float32],
    decay_2: NDArray[np.float32],
    mean_1: NDArray[np.float32],
    mean_2: NDArray[np.float32],
    drive_1: NDArray[np.float32],
    drive_2: NDArray[np.float32],
    reference_1: NDArray[np.float32],
    reference_2: NDArray[np.float32],
    amplitude_1: NDArray[np.float32],
    amplitude_2: NDArray[np.float32],
    total: NDArray[np.float32],
) -> None:
    for k in range(total.size):
        x_1, x_2 = excitatory[k], inhibitory[k]
        n_1, d_1 = ota_parts(drive_1[k] * line(x_1 * mean_1[k] + bump_1[k]) - reference_1[k])
        n_2, d_2 = ota_parts(drive_2[k] * line(x_2 * mean_2[k] + bump_2[k]) - reference_2[k])
        excitatory[k] = x_1 * decay_1[k]
        inhibitory[k] = x_2 * decay_2[k]
        total[k] = (amplitude_1[k] * n_1 * d_2 + amplitude_2[k] * n_2 * d_1) / (d_1 * d_2)


@numba.njit(cache=True, inline="always")
def advance(
    x: NDArray[np.float32], bump: NDArray[np.float32], lines: NDArray[np.float32], total: NDArray[np.float32]
) -> None:
    """One step of all lines; the currents of both lines of a circuit are summed, which saves a division.

    Args:
        x: deflections, ``float32[2N]``, advanced in place.
        bump: see `currents`.
        lines: coefficients, ``float32[6, 2N]``.
        total: result, ``float32[N]``.
    """
    n = total.size
    _advance(
        x[:n],
        x[n:],
        bump[:n],
        bump[n:],
        lines[LINE_DECAY, :n],
        lines[LINE_DECAY, n:],
        lines[LINE_MEAN, :n],
        lines[LINE_MEAN, n:],
        lines[LINE_DRIVE, :n],
        lines[LINE_DRIVE, n:],
        lines[LINE_REFERENCE, :n],
        lines[LINE_REFERENCE, n:],
        lines[LINE_AMPLITUDE, :n],
        lines[LINE_AMPLITUDE, n:],
        total,
    )


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def _inject_all(
    x: NDArray[np.float32],
    bump: NDArray[np.float32],
    rate: NDArray[np.float32],
    mean: NDArray[np.float32],
    gain: NDArray[np.float32],
    efficacy: NDArray[np.float32],
    labels: NDArray[np.uint8],
    address: np.uint8,
    amplitude: np.float32,
    f: np.float32,
) -> None:
    rest = np.float32(1.0) - f
    none = np.float32(0.0)
    for k in range(x.size):
        dx = amplitude * gain[k] * efficacy[k]
        dx = dx if labels[k] == address else none
        a = rate[k]
        equivalent = growth(f * a)
        x[k] += dx * equivalent
        bump[k] += dx * (rest * relaxation(rest * a) - mean[k] * equivalent)


@numba.njit(cache=True, inline="always")
def inject(
    x: NDArray[np.float32],
    bump: NDArray[np.float32],
    lines: NDArray[np.float32],
    gain: NDArray[np.float32],
    efficacy: NDArray[np.float32],
    labels: NDArray[np.uint8],
    columns: NDArray[np.int64],
    address: np.uint8,
    amplitude: np.float32,
    f: np.float32,
    begin: int,
    end: int,
) -> None:
    """An event of one synapse row on one kind of line.

    Args:
        x: deflections before the step, ``float32[2N]``.
        bump: see `currents`.
        lines: coefficients, ``float32[6, 2N]``.
        gain: deflection for efficacy 1 and amplitude 1, ``float32[2N]``.
        efficacy: of the row's synapses, ``float32[256]``.
        labels: of the row's synapses, ``uint8[256]``.
        columns: column of each line in ``begin..end``, ``int64[2N]``.
        address: sent to the row.
        amplitude: pulse width in units of the full pulse.
        f: time of the event in the step, at most 1, not below -1.
        begin: first line of the row's hemisphere.
        end: end of these lines.
    """
    if end - begin == efficacy.size:
        _inject_all(
            x[begin:end],
            bump[begin:end],
            lines[LINE_RATE, begin:end],
            lines[LINE_MEAN, begin:end],
            gain[begin:end],
            efficacy,
            labels,
            address,
            amplitude,
            f,
        )
        return
    rest = np.float32(1.0) - f
    for k in range(begin, end):
        column = columns[k]
        if labels[column] == address:
            dx = amplitude * gain[k] * efficacy[column]
            a = lines[LINE_RATE, k]
            equivalent = growth(f * a)
            x[k] += dx * equivalent
            bump[k] += dx * (rest * relaxation(rest * a) - lines[LINE_MEAN, k] * equivalent)


@numba.njit(cache=True, error_model="numpy")
def current_at(u: np.float32, drive: np.float32, reference: np.float32, amplitude: np.float32) -> np.float32:
    """Current of one OTA at a deflection."""
    return amplitude * ota(drive * line(u) - reference)
