"""Interval coordinates: a closed interval [min, max] of a ranged coordinate, e.g. a block of memory words.

==================  ===========================================================================
identity            the pair (min, max); order is lexicographic
construction        ``T()`` = [first, first], ``T(min, max)`` with bounds of the bound type, ``T(min=3, max=7)`` also
                    with integers, ``T(5)`` or ``T(Enum(5))`` = number 5 of ``T.all()``
length              ``len(c)`` = max - min + 1; ``c[i]`` = min + i; ``x in c``; iteration over all items
index               ``int(c)``: position in ``T.all()``
==================  ===========================================================================

The reference counts intervals as ``B * min + max`` and back in another way (B values of the bound type); the two
contradict each other and are corrected here: the index is the position in lexicographic order, which agrees with
the original for min = 0. ``T.size`` keeps the stated number ``B * B`` (the stride of composites on top);
``len(T.all())`` is the number of intervals, ``B * (B + 1) // 2``.
Source: reference coordinates.md, section 1.6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar, cast, overload

from hxtwin.coord.all_of import AllOf
from hxtwin.coord.components import refuse_components
from hxtwin.coord.coordinate import Coordinate, Indexed, whole_number
from hxtwin.coord.errors import CoordinateError, CoordinateTypeError, shown
from hxtwin.coord.ranged import Ranged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hxtwin.coord.coordinate import Integer
    from hxtwin.coord.generic import Enum

__all__ = ["Interval"]

B = TypeVar("B", bound=Ranged)


class Interval(Coordinate, Generic[B]):
    """Closed interval of a ranged coordinate."""

    __slots__ = ("_first", "_last")

    _first: int
    _last: int

    min: ClassVar[int] = 0
    max: ClassVar[int] = -1
    size: ClassVar[int] = 0
    default: ClassVar[int] = 0

    @classmethod
    def _bound(cls) -> type[B]:
        """Return the type of both ends."""
        raise NotImplementedError

    if TYPE_CHECKING:

        @overload
        def __new__(cls) -> Self: ...
        @overload
        def __new__(cls, index: Integer | Enum | Self, /) -> Self: ...
        @overload
        def __new__(cls, first: B, last: B, /) -> Self: ...
        @overload
        def __new__(cls, *, min: B | Integer, max: B | Integer) -> Self: ...
        def __new__(cls, *ends: object, **named: object) -> Self:
            """Build from the first and the last item, or from the position in ``all()``."""

    else:

        def __new__(cls, *ends: object, **named: object) -> Self:
            """Build from the first and the last item, or from the position in ``all()``."""
            bound = cls._bound()
            if not ends and not named:
                return cls._between(bound.min, bound.min)
            if len(ends) == 1 and not named:
                return cls._from_index(ends[0])
            if len(ends) == 2 and not named and type(ends[0]) is bound and type(ends[1]) is bound:
                return cls._between(ends[0]._index, ends[1]._index)
            if not ends and named.keys() == {"min", "max"}:
                return cls._between(bound(named["min"])._index, bound(named["max"])._index)
            raise refuse_components(cls, ends or named, f"an integer{cls._other_forms()}")

    @classmethod
    def _between(cls, first: int, last: int) -> Self:
        """Return the interval of two values of the bound type, which are in range already."""
        if first > last:
            raise CoordinateError(f"{cls.__qualname__}: min {first} is larger than max {last}; exchange them")
        self = object.__new__(cls)
        _store_first(self, first)
        _store_last(self, last)
        return self

    @classmethod
    def _count(cls) -> int:
        """Return the number of intervals."""
        values = cls._bound().size
        return values * (values + 1) // 2

    @classmethod
    def _of(cls, index: int) -> Self:
        """Return the interval at a position of the lexicographic order."""
        bound = cls._bound()
        count = cls._count()
        if not 0 <= index < count:
            raise CoordinateError(
                f"{cls.__qualname__} has no index {shown(index)}: there are {count} intervals, 0..{count - 1}; "
                f"give a value of this range or the two ends"
            )
        # Counted from the end, the intervals with the m largest values of min are the first m * (m + 1) / 2.
        behind = count - 1 - index
        m = (math.isqrt(8 * behind + 1) - 1) // 2
        first = bound.size - 1 - m
        last = bound.size - 1 - (behind - m * (m + 1) // 2)
        return cls._between(bound.min + first, bound.min + last)

    @classmethod
    def _from_index(cls, value: object) -> Self:
        if type(value) is cls:
            return value
        if isinstance(value, Indexed) and value._role == "index":
            return cls._of(value._index)
        return cls._of(whole_number(cls, value))

    @classmethod
    def all(cls) -> AllOf[Self]:
        """Return all intervals in lexicographic order as a lazy sequence."""
        return AllOf(range(cls._count()), cls._of)

    def to_min(self) -> B:
        """Return the first item."""
        return self._bound()._of(self._first)

    def to_max(self) -> B:
        """Return the last item."""
        return self._bound()._of(self._last)

    def __len__(self) -> int:
        return self._last - self._first + 1

    def __getitem__(self, position: Integer) -> B:
        number = whole_number(type(self), position)
        if not 0 <= number < len(self):
            raise IndexError(f"{self} has {len(self)} items, no item {shown(number)}")
        return self._bound()._of(self._first + number)

    def __iter__(self) -> Iterator[B]:
        return map(self._bound()._of, range(self._first, self._last + 1))

    def __contains__(self, item: object) -> bool:
        bound = self._bound()
        if type(item) is not bound:
            raise CoordinateTypeError(f"{type(self).__qualname__} holds {bound.__qualname__}, not {shown(item)}")
        return self._first <= cast("Ranged", item)._index <= self._last

    def __int__(self) -> int:
        bound = self._bound()
        first, last = self._first - bound.min, self._last - bound.min
        return first * bound.size - first * (first - 1) // 2 + last - first

    def __index__(self) -> int:
        return int(self)

    def to_plain(self) -> list[int]:
        """Return ``[min, max]``."""
        return [self._first, self._last]

    @classmethod
    def from_plain(cls, plain: object) -> Self:
        """Return the interval of ``[min, max]``.

        Raises:
            CoordinateError: ``plain`` is not a list of two ordered integers of the bound type.
        """
        if not isinstance(plain, list) or len(plain) != 2:
            raise CoordinateTypeError(f"{cls.__qualname__} is stored as [min, max], got {shown(plain)}")
        bound = cls._bound()
        return cls._between(bound.from_plain(plain[0])._index, bound.from_plain(plain[1])._index)

    @classmethod
    def _other_forms(cls) -> str:
        name = cls._bound().__qualname__
        return f", an Enum, two of {name}, or min and max by keyword"

    def __str__(self) -> str:
        return f"{type(self).__name__}([{self.to_min()}, {self.to_max()}])"

    def _key(self) -> tuple[int, int]:
        return self._first, self._last

    def __eq__(self, other: object) -> bool:
        if type(other) is type(self):
            return self._key() == other._key()
        return NotImplemented

    def __lt__(self, other: Self) -> bool:
        return self._key() < other._key() if type(other) is type(self) else NotImplemented

    def __le__(self, other: Self) -> bool:
        return self._key() <= other._key() if type(other) is type(self) else NotImplemented

    def __gt__(self, other: Self) -> bool:
        return self._key() > other._key() if type(other) is type(self) else NotImplemented

    def __ge__(self, other: Self) -> bool:
        return self._key() >= other._key() if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash((self._salt, self._first, self._last))


_store_first: Callable[[Interval[B], int], None] = Interval.__dict__["_first"].__set__
_store_last: Callable[[Interval[B], int], None] = Interval.__dict__["_last"].__set__
