"""Refractory settings: two clocks for the chip, a counter and a holdoff for every neuron; a calculation.

::

    clock period(s) = 2^(s+1) / 250 MHz
    counter         = int(t f / 2^(s+1)) + 1
    reset_holdoff   = ceil(15 - (h - 1) / 2) with h = int(holdoff f / 2^(s+1)) + 1, at most the counter

=====  =========================================  =====================================================================
step   what                                       rule
=====  =========================================  =====================================================================
1      who is fast                                t <= mean(t), unless the holdoff exceeds 31 periods of the fast clock
2      scale of a clock                           its period shall lie in an interval
       .. fast                                    max(t) / 255 .. min(t) / 30 over the fast neurons
       .. slow                                    max(max(holdoff) / 31, max(t) / 255) .. min(min(holdoff), min(t) / 30)
=====  =========================================  =====================================================================

The reference gives every neuron on the fast clock the shortest holdoff, whatever it was asked for; here it gets what it
was asked for. Reference: calibration.md 4.1, containers-a.md 4.2.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from hxtwin.calib.constants import BACKEND_CLOCK_HZ, NEURONS
from hxtwin.calib.errors import CalibNotSupported, TargetShapeError
from hxtwin.calib.measurement_chip import NEURON
from hxtwin.containers import RefractoryClock

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_log = logging.getLogger(__name__)

_COUNTER: Final = 255
_LEAST_COUNT: Final = 30
_LONGEST_HOLDOFF: Final = 31
_FIRST_SCALE: Final = 4
_LARGEST_SCALE: Final = 15
_STEPS: Final = 15
_SHORTEST_HOLDOFF: Final = 15


@attrs.frozen(eq=False)
class RefractorySettings:
    """Clocks, counters and holdoffs.

    Attributes:
        scale_fast, scale_slow: clock scales of the chip, 0..15.
        refractory_time: counters, ``int64[512]``, 0..255.
        reset_holdoff: ``int64[512]``, 0..15.
        fast: neurons on the fast clock, ``bool[512]``.
    """

    scale_fast: int
    scale_slow: int
    refractory_time: NDArray[np.int64]
    reset_holdoff: NDArray[np.int64]
    fast: NDArray[np.bool_]

    def columns(self) -> dict[str, Any]:
        """The columns of `Chip` that it sets."""
        clock = np.where(self.fast, int(RefractoryClock.FAST), int(RefractoryClock.SLOW))
        return {
            "neuron_block.backends.clock_scale_fast": [self.scale_fast] * 2,
            "neuron_block.backends.clock_scale_slow": [self.scale_slow] * 2,
            f"{NEURON}refractory_period.refractory_time": self.refractory_time,
            f"{NEURON}refractory_period.reset_holdoff": self.reset_holdoff,
            f"{NEURON}refractory_period.input_clock": clock,
        }

    def periods_s(self) -> NDArray[np.float64]:
        """Clock period of every neuron, ``float64[512]``."""
        return np.where(self.fast, period_s(self.scale_fast), period_s(self.scale_slow))


def period_s(scale: int) -> float:
    """Period of a clock in seconds."""
    return float(2.0 ** (scale + 1) / BACKEND_CLOCK_HZ)


def refractory_settings(refractory_time: ArrayLike, holdoff_time: ArrayLike = 0.0) -> RefractorySettings:
    """Settings that come closest to the wanted times.

    Args:
        refractory_time: seconds, one or 512; feasible 40 ns .. 32 us.
        holdoff_time: seconds, one or 512; feasible 0 .. 4 us.

    Raises:
        TargetShapeError: other shapes.
        CalibNotSupported: times that are too long for any clock.
    """
    time, holdoff = _of_neurons("refractory_time", refractory_time), _of_neurons("holdoff_time", holdoff_time)
    fast = time <= time.mean() * (1 + 1e-9)  # equal times may round above their mean
    scale_fast = _scale(time[fast].max() / _COUNTER, time[fast].min() / _LEAST_COUNT)
    fast &= holdoff <= _LONGEST_HOLDOFF * period_s(scale_fast)
    scale_slow = scale_fast
    if not fast.all():
        slow = time[~fast]
        scale_slow = _scale(
            max(holdoff.max() / _LONGEST_HOLDOFF, slow.max() / _COUNTER),
            min(holdoff.min(), slow.min() / _LEAST_COUNT),
        )
    period = np.where(fast, period_s(scale_fast), period_s(scale_slow))
    counter = _count(time, period)
    if counter.max() > _COUNTER:
        raise CalibNotSupported(
            f"a refractory time of {time.max():g} s needs {counter.max()} periods of its clock, the counter holds 255; "
            "bring the times of the neurons closer together"
        )
    held_off = np.minimum(_count(holdoff, period), counter)
    reset_holdoff = np.ceil(_SHORTEST_HOLDOFF - (held_off - 1) / 2).astype(np.int64)
    reset_holdoff = np.clip(reset_holdoff, 0, _SHORTEST_HOLDOFF)
    return RefractorySettings(scale_fast, scale_slow, counter, reset_holdoff, fast)


def _count(time: NDArray[np.float64], period: NDArray[np.float64]) -> NDArray[np.int64]:
    # a hair more, so that a whole number of periods does not round down
    return (time / period * (1 + 1e-12)).astype(np.int64) + 1


def _scale(least: float, most: float) -> int:
    """Clock scale whose period lies in an interval, widened to a factor of two."""
    most = max(most, 2 * least)
    scale = _FIRST_SCALE
    for _ in range(_STEPS):
        if period_s(scale) < least:
            scale += 1
        elif period_s(scale) > most:
            scale -= 1
        else:
            break
    if scale < 0:
        _log.warning("refractory times are shorter than the fastest clock resolves; it is used")
        return 0
    if scale > _LARGEST_SCALE:
        raise CalibNotSupported(f"no clock is slow enough for a period of {least:g} s; wanted times are too long")
    return scale


def _of_neurons(name: str, given: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(given, dtype=np.float64)
    if array.shape not in ((), (NEURONS,)):
        raise TargetShapeError(f"{name}: shape {array.shape} given; a number or {NEURONS} of them are wanted")
    if not np.isfinite(array).all() or array.min() < 0:
        raise CalibNotSupported(f"{name}: times are finite and not negative")
    return np.broadcast_to(array, NEURONS)
