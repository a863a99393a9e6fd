"""Grid coordinates: a pair (x, y) of ranged coordinates.

==================  ===========================================================================
linear index        ``y * x_size + x``, row-major
construction        ``T()``, ``T(5)``, ``T(Enum(5))``, ``T(x, y)`` or ``T(y, x)`` with coordinates of the axis
                    types or generic ``X`` and ``Y``, or both axes by keyword (snake case of the axis type)
text                ``T(<x>, <y>; Enum(<index>))``
==================  ===========================================================================

Source: reference coordinates.md, sections 1, 1.1 and 1.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from hxtwin.coord.components import named_pair, refuse_components
from hxtwin.coord.coordinate import Indexed, unchecked

if TYPE_CHECKING:
    from hxtwin.coord.ranged import Ranged

__all__ = ["Grid"]


class Grid(Indexed):
    """Place on a two-dimensional grid."""

    __slots__ = ()

    _keywords: ClassVar[tuple[str, str]]

    @classmethod
    def _axes(cls) -> tuple[type[Ranged], type[Ranged]]:
        """Return the types of x and y."""
        raise NotImplementedError

    @classmethod
    def _join(cls, x: int, y: int) -> int:
        """Return the linear index of a pair of axis values in range."""
        return y * cls._axes()[0].size + x

    @classmethod
    def _split(cls, index: int) -> tuple[int, int]:
        """Return the pair (x, y) of axis values of a linear index."""
        y, x = divmod(index, cls._axes()[0].size)
        return x, y

    def __new__(cls, *parts: object, **named: object) -> Self:
        """Build from a linear index, from x and y by position in either order, or from both by keyword."""
        if not named and len(parts) <= 1:
            if parts and type(parts[0]) is int and cls.min <= parts[0] <= cls.max:
                return unchecked(cls, parts[0])
            return cls._from_index(parts[0]) if parts else cls._of(cls.default)
        axes = cls._axes()
        if named and not parts:
            x, y = named_pair(cls, axes, cls._keywords, named, 2)
            return cls._of(cls._join(x, y))
        if not named and len(parts) == 2:
            first, second = parts
            if type(first) is axes[1] or type(second) is axes[0]:
                first, second = second, first
            if type(first) is axes[0] and type(second) is axes[1]:
                return cls._of(cls._join(first._index, second._index))
            for column, row in ((first, second), (second, first)):
                across, down = _on_axis(column, axes[0], "x"), _on_axis(row, axes[1], "y")
                if across is not None and down is not None:
                    return cls._of(cls._join(across, down))
        raise refuse_components(cls, parts or named, f"a linear index{cls._other_forms()}")

    @classmethod
    def _other_forms(cls) -> str:
        x, y = cls._axes()
        return (
            f" of {cls.min}..{cls.max}, an Enum, {x.__name__} or X with {y.__name__} or Y, "
            f"or {' and '.join(cls._keywords)} by keyword"
        )

    def __str__(self) -> str:
        column, row = self._axes()
        x, y = self._split(self._index)
        return f"{type(self).__name__}({column(x)}, {row(y)}; Enum({self._index}))"


def _on_axis(value: object, axis: type[Ranged], role: str) -> int | None:
    """Return the number of a coordinate of this axis or of its generic stand-in, None if it is neither."""
    if type(value) is axis:
        return value._index
    if isinstance(value, Indexed) and value._role == role:
        return axis._of(value._index)._index
    return None
