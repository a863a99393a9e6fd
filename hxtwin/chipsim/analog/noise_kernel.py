"""Temporal noise without a generator state: each number is a hash of key, kind, source and time.

============  ========================================================================================
argument      meaning
============  ========================================================================================
key           64-bit key of the personality
kind          what the number is for: `MEMBRANE`, `GAP`, `CADC`, `MADC`, ...
source        number of the circuit or channel
time          number of the step, or chip cycle, since connection start
============  ========================================================================================

Hence results do not depend on how time is cut into calls, on threads, or on which circuits are integrated (reference:
simulator-decisions.md 6). A number is the sum of the four bytes of a hash, scaled to variance 1: the fourth moment is
2.7 instead of 3 and nothing lies beyond 3.5 sigma, which a membrane that adds up tens of them cannot show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEMBRANE: Final = 1
GAP: Final = 2
CADC: Final = 3
MADC: Final = 4

_BYTES: Final = np.uint32(0x00FF00FF)
_HALF: Final = np.uint32(0xFFFF)
_8: Final = np.uint32(8)
_15: Final = np.uint32(15)
_16: Final = np.uint32(16)
_MULTIPLY_1: Final = np.uint32(0x7FEB352D)
_MULTIPLY_2: Final = np.uint32(0x846CA68B)
_SPREAD: Final = np.uint32(0x9E3779B9)
_MEAN: Final = np.float32(510.0)
_SCALE: Final = np.float32(1.0 / np.sqrt(4.0 * (256.0**2 - 1.0) / 12.0))
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)


@numba.njit(cache=True)
def time_key(key: np.uint64, kind: int, time: int) -> np.uint64:
    """Key of all sources at one time, uint64."""
    z = np.uint64(key) + np.uint64(kind) * _MIX_1 + np.uint64(time) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX_1
    z = (z ^ (z >> np.uint64(27))) * _MIX_2
    return z ^ (z >> np.uint64(31))


@numba.njit(cache=True)
def number(low: np.uint32, high: np.uint32, source: np.uint32) -> np.float32:
    """A number of mean 0 and variance 1 from the halves of a time key and a source, float32."""
    h = np.uint32(np.uint32(source * _SPREAD) + low)
    h = np.uint32(np.uint32(h ^ np.uint32(h >> _16)) * _MULTIPLY_1)
    h = np.uint32(np.uint32(np.uint32(h ^ np.uint32(h >> _15)) + high) * _MULTIPLY_2)
    h = np.uint32(h ^ np.uint32(h >> _16))
    pairs = np.uint32(np.uint32(h & _BYTES) + np.uint32(np.uint32(h >> _8) & _BYTES))
    total = np.uint32(np.uint32(pairs & _HALF) + np.uint32(pairs >> _16))
    return (np.float32(np.int32(total)) - _MEAN) * _SCALE


@numba.njit(cache=True)
def add(
    values: NDArray[np.float32], scale: np.float32, sources: NDArray[np.uint32], key: np.uint64, kind: int, time: int
) -> None:
    """Adds ``scale`` times one number for each source to values, ``float32[n]``."""
    mixed = time_key(key, kind, time)
    low = np.uint32(mixed & np.uint64(0xFFFFFFFF))
    high = np.uint32(mixed >> np.uint64(32))
    for k in range(values.size):
        values[k] += scale * number(low, high, sources[k])
