"""Saturating characteristics as functions that compilers vectorise.

==================  ======================================================  ==========================================
function            law                                                     deviation from the law
==================  ======================================================  ==========================================
`ota`               tanh(z), z above -3.64                                  absolute < 1.4e-3, < 5e-8 below 1
`line`              tanh(u) for u up to 1.5, constant above                 relative < 1.5e-4 below 0.4, 6e-3 at most
`leak`              u - 0.08192 u**5, +-1 beyond 1.25                       none
`leak_slope`        its derivative
`decay`             exp(-s), s clipped to 0..24                             relative < 3e-6
`growth`            exp(s) for |s| up to 4                                  relative < 3e-6
`relaxation`       (1 - exp(-z)) / z                                     7e-4 at z = 1, 3rd order; bounded for any z > 0
==================  ======================================================  ==========================================

Reference: analog-model.md 3.1, 13.4. No approximate reciprocals: results do not depend on the processor's tables.
"""

from __future__ import annotations

from typing import Final

import numba
import numpy as np

#: Compiler flags of all kernels: fused multiply-add where the processor has it, no other change of arithmetic.
FAST: Final = {"contract", "nsz"}

_OTA_TOP: Final = np.float32(3.6467)
_945: Final = np.float32(945.0)
_420: Final = np.float32(420.0)
_105: Final = np.float32(105.0)
_15: Final = np.float32(15.0)
_LINE_TOP: Final = np.float32(1.5)
_LINE_3: Final = np.float32(-0.3299647)
_LINE_5: Final = np.float32(0.11022373)
_LINE_7: Final = np.float32(-0.01895734)
_LEAK_TOP: Final = np.float32(1.25)
_LEAK_BOTTOM: Final = np.float32(-1.25)
_LEAK_5: Final = np.float32(0.08192)
_LEAK_SLOPE: Final = np.float32(0.4096)
_ONE: Final = np.float32(1.0)
_HALF: Final = np.float32(0.5)
_DECAY_TOP: Final = np.float32(24.0)
_ZERO: Final = np.float32(0.0)
_32ND: Final = np.float32(1.0 / 32.0)
_24TH: Final = np.float32(1.0 / 24.0)
_120TH: Final = np.float32(1.0 / 120.0)
_SIXTH: Final = np.float32(1.0 / 6.0)
_TWO_THIRDS: Final = np.float32(2.0 / 3.0)


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def ota(z: np.float32) -> np.float32:
    """Tanh of a number above -3.64; elaboration bounds the reference, and deflections are not negative."""
    top, bottom = ota_parts(z)
    return top / bottom


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def ota_parts(z: np.float32) -> tuple[np.float32, np.float32]:
    """Numerator and denominator of `ota`, for sums of several."""
    z = min(z, _OTA_TOP)
    y = z * z
    return z * (_945 + y * (_105 + y)), _945 + y * (_420 + _15 * y)


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def line(u: np.float32) -> np.float32:
    """Soft compression of a line deflection in units of its saturation; deflections are never far below 0."""
    u = min(u, _LINE_TOP)
    y = u * u
    return u * (_ONE + y * (_LINE_3 + y * (_LINE_5 + y * _LINE_7)))


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def leak(u: np.float32) -> np.float32:
    """Characteristic of leak and reset; u is clipped to its range by the caller."""
    y = u * u
    return u * (_ONE - _LEAK_5 * (y * y))


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def leak_clip(u: np.float32) -> np.float32:
    """Range in which `leak` and `leak_slope` are the law."""
    return min(max(u, _LEAK_BOTTOM), _LEAK_TOP)


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def leak_slope(u: np.float32) -> np.float32:
    """Derivative of `leak`, 0 at the ends of its range."""
    y = u * u
    return _ONE - _LEAK_SLOPE * (y * y)


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def relaxation(z: np.float32) -> np.float32:
    """(1 - exp(-z)) / z, the weight of a step of a relaxation."""
    return (_ONE + z * _SIXTH) / (_ONE + z * (_TWO_THIRDS + z * _SIXTH))


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def growth(s: np.float32) -> np.float32:
    """exp(s) from the fifth-order series of exp(s / 32), squared five times."""
    y = s * _32ND
    e = _ONE + y * (_ONE + y * (_HALF + y * (_SIXTH + y * (_24TH + y * _120TH))))
    e = e * e
    e = e * e
    e = e * e
    e = e * e
    return e * e


@numba.njit(cache=True, error_model="numpy", fastmath=FAST)
def decay(s: np.float32) -> np.float32:
    """exp(-s) of s in 0..24, clipped to it."""
    return growth(-min(max(s, _ZERO), _DECAY_TOP))
