"""Errors of the coordinate layer.

=======================  =============================================================================
`CoordinateError`        a value outside the range of its type, a pair that does not exist on the chip,
                         a conversion without result, malformed serialised data
`CoordinateTypeError`    something that is no coordinate value at all: float, bool, string, a coordinate
                         of another type, an unknown component name
=======================  =============================================================================
"""

from __future__ import annotations

import reprlib

from hxtwin.errors import HxtwinError

__all__ = ["CoordinateError", "CoordinateTypeError"]

_WIDEST_SHOWN = 128  # bits; wider integers are described instead of printed

_short = reprlib.Repr()
_short.maxother = 160
_short.maxstring = 60


class CoordinateError(HxtwinError, ValueError):
    """A coordinate value that does not exist; the message names type, value and allowed range."""


class CoordinateTypeError(CoordinateError, TypeError):
    """A coordinate built from, or compared with, something of the wrong type."""


def shown(value: object) -> str:
    """Return a short text of any given value, bounded in length, for use in messages."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > _WIDEST_SHOWN:
        return f"an integer of {value.bit_length()} bits"
    return _short.repr(value)
