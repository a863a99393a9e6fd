"""Bits of every synapse that bring its correlation sensor nearer to the targets.

=============  ==================================================================================
bits           all 16 combinations of amplitude bits 0..3 and time constant bits 0..3
delays         +-0.5, 1, 2.5, 5, 10, 20 us
score          (1 - p) (amplitude / target - 1)^2 + p (time constant / target - 1)^2
choice         smallest mean score along each of the two bits, one independently of the other
=============  ==================================================================================

p is ``time_constant_priority``. Combinations whose sensors stay undetermined do not count; synapses without any keep
the default bits. Reference: calibration.md 5.4 (d).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.calib.constants import COLUMNS, QUADRANTS
from hxtwin.calib.correlation_target import BIT_CODES, BRANCH_PARTS
from hxtwin.calib.routines.correlation_measurement import SensorEstimate, measure_sensors, sensor_columns
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hxtwin.calib.correlation_target import CorrelationCalibOptions, CorrelationCalibTarget
    from hxtwin.calib.stateful_connection import StatefulConnection

_DELAYS_S: Final = np.array([0.5, 1, 2.5, 5, 10, 20]) * 1e-6
_ACCUMULATED: Final = 70.0


@attrs.frozen(eq=False)
class SynapseBits:
    """Bits of all synapses.

    Attributes:
        amp_calib: amplitude bits, ``uint8[512, 256]``, 0 .. 3; rows of hemisphere 0 first.
        time_calib: time constant bits, the same.
        score: mean score of the measured synapses of each quadrant, ``float64[2, 4]``: with the default bits, with
            their own; nan without any. It comes from the reads that chose the bits: others see a smaller gain.
    """

    amp_calib: NDArray[np.uint8]
    time_calib: NDArray[np.uint8]
    score: NDArray[np.float64]

    @classmethod
    def uniform(cls, options: CorrelationCalibOptions) -> SynapseBits:
        """The default bits for all synapses."""
        shape = (2 * COLUMNS, COLUMNS)
        amp, time = (np.full(shape, bits, dtype=np.uint8) for bits in (options.amp_calib, options.time_calib))
        return cls(amp, time, np.full((2, QUADRANTS), np.nan))


def measured_synapses(options: CorrelationCalibOptions) -> NDArray[np.bool_]:
    """Synapses that get bits of their own, ``bool[512, 256]``."""
    found = np.zeros((2, COLUMNS, COLUMNS), dtype=bool)
    if options.calibrate_synapses:
        for group in range(options.synapse_groups):
            found[:, : options.synapse_rows, sensor_columns(group)] = True
    return found.reshape(2 * COLUMNS, COLUMNS)


def calibrate_synapses(
    connection: StatefulConnection,
    target: CorrelationCalibTarget,
    options: CorrelationCalibOptions,
    on_part: Callable[[int, int], None] | None = None,
) -> SynapseBits:
    """Measures all combinations and chooses the bits; the biases of the quadrants are calibrated.

    Args:
        connection: a chip whose sensors are connected, whose rows see events, and whose columns fire.
        target, options: as of `hxtwin.calib.routines.correlation.calibrate_correlation`.
        on_part: told how many measurements are done, and of how many, before each and at the end.

    Returns:
        The bits; the default ones where nothing was measured.
    """
    events = max(1, int(_ACCUMULATED / target.amplitude))
    rows, groups = options.synapse_rows, options.synapse_groups
    scores = np.empty((BIT_CODES, BIT_CODES, groups, QUADRANTS, rows * COLUMNS // (2 * 8)))
    parts = list(np.ndindex(BIT_CODES, BIT_CODES, groups))
    for done, (amp, time, group) in enumerate(parts):
        if on_part is not None:
            on_part(done, len(parts))
        builder = PlaybackProgramBuilder()
        connection.configure(builder, _matrix(amp, time))
        found = measure_sensors(connection, builder, _DELAYS_S, events, rows=rows, group=group)
        scores[amp, time, group] = score(found, target, options)
    if on_part is not None:
        on_part(len(parts), len(parts))
    chosen = choose(scores, options.amp_calib, options.time_calib)
    amp_calib, time_calib = (
        _placed(bits, default, rows)
        for bits, default in zip(chosen, (options.amp_calib, options.time_calib), strict=True)
    )
    return SynapseBits(amp_calib, time_calib, gain(scores, chosen, options))


def score(
    found: SensorEstimate, target: CorrelationCalibTarget, options: CorrelationCalibOptions
) -> NDArray[np.float64]:
    """Weighted squares of the relative deviations, ``float64[4, n]``; nan where a sensor is undetermined."""
    branch, priority = BRANCH_PARTS[options.branches], options.time_constant_priority
    amplitude = found.amplitude[branch].mean(axis=0) / target.amplitude - 1
    tau = found.tau_s[branch].mean(axis=0) / target.time_constant - 1
    found_score: NDArray[np.float64] = (1 - priority) * amplitude**2 + priority * tau**2
    return found_score


def choose(scores: NDArray[np.float64], amp: int, time: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Bits of smallest score along each of the two bits.

    Args:
        scores: by amplitude bits and time constant bits, ``float64[4, 4, ...]``; nan: undetermined.
        amp, time: bits where everything is undetermined.

    Returns:
        Both bits, ``uint8[...]``.
    """
    bits = [_smallest(scores, 1 - axis, default) for axis, default in enumerate((amp, time))]
    return bits[0], bits[1]


def gain(
    scores: NDArray[np.float64],
    chosen: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    options: CorrelationCalibOptions,
) -> NDArray[np.float64]:
    """Mean score of each quadrant with the default and with the chosen bits, ``float64[2, 4]``.

    Args:
        scores: by amplitude bits, time constant bits, group, quadrant and synapse; nan: undetermined.
        chosen: both bits by group, quadrant and synapse.
        options: the default bits.

    Only synapses count whose sensors are determined with both.
    """
    amp, time = (bits.astype(np.int64)[np.newaxis, np.newaxis] for bits in chosen)
    own = np.take_along_axis(np.take_along_axis(scores, amp, axis=0), time, axis=1)[0, 0]
    both = np.stack([scores[options.amp_calib, options.time_calib], own]).swapaxes(1, 2).reshape(2, QUADRANTS, -1)
    known = np.isfinite(both).all(axis=0)
    count = known.sum(axis=1)
    total = np.where(known, both, 0.0).sum(axis=2)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _smallest(scores: NDArray[np.float64], other: int, default: int) -> NDArray[np.uint8]:
    known = np.isfinite(scores)
    count = known.sum(axis=other)
    mean = np.where(count > 0, np.where(known, scores, 0).sum(axis=other) / np.maximum(count, 1), np.inf)
    return np.where((count > 0).any(axis=0), mean.argmin(axis=0), default).astype(np.uint8)


def _matrix(amp: int, time: int) -> dict[str, NDArray[np.int64]]:
    shape = (2, COLUMNS, COLUMNS)
    return {
        "synapse_blocks.matrix.amp_calibs": np.full(shape, amp),
        "synapse_blocks.matrix.time_calibs": np.full(shape, time),
    }


def _placed(bits: NDArray[np.uint8], default: int, rows: int) -> NDArray[np.uint8]:
    """Bits ``uint8[groups, 4, n]`` at the places of their synapses, ``uint8[512, 256]``."""
    found = np.full((2, COLUMNS, COLUMNS), default, dtype=np.uint8)
    for group, of_group in enumerate(bits):
        by_row = of_group.reshape(2, 2, rows, -1).swapaxes(1, 2).reshape(2, rows, -1)  # hemisphere, row, column
        found[:, :rows, sensor_columns(group)] = by_row
    return found.reshape(2 * COLUMNS, COLUMNS)
