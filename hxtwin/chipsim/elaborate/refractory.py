"""Refractory counter: from its settings to durations in chip cycles.

========================  ==========================================================================
quantity                  law, in periods of the selected clock (250 MHz / 2**(scale + 1))
========================  ==========================================================================
refractory                refractory_time; 0: the counter wraps, 256
holdoff                   31 - 2 * reset_holdoff
reset                     refractory - holdoff; if refractory_time is not 0 and below the holdoff: refractory
========================  ==========================================================================

Reference: containers-a.md 4.2, simulator-decisions.md 42.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

COUNTER_RANGE: Final = 256


def clock_period(scale: ArrayLike) -> NDArray[np.int64]:
    """Period of a backend clock; chip cycles.

    Args:
        scale: 0..15.
    """
    return np.left_shift(np.int64(2), np.asarray(scale, dtype=np.int64))


def refractory_cycles(refractory_time: ArrayLike, scale: ArrayLike) -> NDArray[np.int64]:
    """Duration of the refractory period; chip cycles.

    Args:
        refractory_time: 0..255.
        scale: scale of the selected clock, 0..15.
    """
    count = np.asarray(refractory_time, dtype=np.int64)
    return np.where(count == 0, COUNTER_RANGE, count) * clock_period(scale)


def reset_cycles(refractory_time: ArrayLike, reset_holdoff: ArrayLike, scale: ArrayLike) -> NDArray[np.int64]:
    """Duration of the reset; chip cycles.

    Args:
        refractory_time: 0..255.
        reset_holdoff: 0..15.
        scale: scale of the selected clock, 0..15.
    """
    count = np.asarray(refractory_time, dtype=np.int64)
    holdoff = 31 - 2 * np.asarray(reset_holdoff, dtype=np.int64)
    full = np.where(count == 0, COUNTER_RANGE, count)
    return np.where(full < holdoff, full, full - holdoff) * clock_period(scale)
