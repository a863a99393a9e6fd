"""Labels: integers that are a value rather than a place, e.g. the label of a spike.

Labels behave like ranged coordinates. Those that fill a machine word of their own (``wraps``: `SpikeLabel`, bus
addresses, `Timer.Value`) wrap around in arithmetic at the width of this word; construction is always checked.

Source: reference coordinates.md, section 1.3.
"""

from __future__ import annotations

from typing import ClassVar, Self

from hxtwin.coord.ranged import Ranged

__all__ = ["Label"]


class Label(Ranged):
    """Integer value of a range or of a whole machine word."""

    __slots__ = ()

    wraps: ClassVar[bool] = False
    """Whether arithmetic wraps around at ``size`` instead of being checked."""

    @classmethod
    def _result(cls, number: int) -> Self:
        return cls._of(number % cls.size if cls.wraps else number)
