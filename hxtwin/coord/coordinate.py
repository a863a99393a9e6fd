"""What all coordinates have in common: immutable, compared within one type, plain data at rest.

===================  ====================================================================================
`Coordinate`         root of every coordinate class
`Indexed`            root of those that are one integer, their linear index: ranged, label, grid, composite
===================  ====================================================================================

Source of the concept: reference coordinates.md, section 1.
"""

from __future__ import annotations

import zlib
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeAlias, TypeGuard, TypeVar, overload

from hxtwin.coord.all_of import AllOf
from hxtwin.coord.errors import CoordinateError, CoordinateTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from hxtwin.coord.generic import Enum

__all__ = ["Coordinate", "Indexed", "Integer", "Plain"]

Integer: TypeAlias = "int | np.integer[Any]"
"""What is accepted as a number: a Python int or a numpy integer, but neither bool nor float."""

Plain: TypeAlias = "int | Sequence[Plain]"
"""Serialisable form of a coordinate: an integer or nested lists of integers (never tuples)."""


def is_whole_number(value: object) -> TypeGuard[Integral]:
    """Return whether ``value`` is a Python int or a numpy integer; bool does not count."""
    return not isinstance(value, bool) and isinstance(value, Integral)


IndexedT = TypeVar("IndexedT", bound="Indexed")


def whole_number(owner: type[Coordinate], value: object) -> int:
    """Return ``value`` as int; refuse everything that is not an integer (bool, float, text, other coordinates).

    Raises:
        CoordinateTypeError: ``value`` is neither a Python int nor a numpy integer.
    """
    if is_whole_number(value):
        return int(value)
    raise CoordinateTypeError(
        f"{owner.__qualname__} cannot be made from {shown(value)} of type {type(value).__qualname__}; "
        f"give an integer{owner._other_forms()}"
    )


class Coordinate:
    """Root of all coordinates: an immutable, hashable value whose type says what it counts."""

    __slots__ = ()

    container_coordinate: ClassVar[bool] = False
    """Whether a configuration container can be addressed by this type."""
    int_converts_implicitly: ClassVar[bool] = False
    """Whether the original Python interface takes a bare int where this type is expected."""

    __array_ufunc__: ClassVar[None] = None  # numpy leaves arithmetic with coordinates to the coordinate
    _salt: ClassVar[int]  # tells types apart in hashes; the same in every process, unlike the hash of a class

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._salt = zlib.crc32(cls.__qualname__.encode())

    def to_plain(self) -> Plain:
        """Return the value as integer or nested lists of integers, as `from_plain` reads it."""
        raise NotImplementedError

    @classmethod
    def from_plain(cls, plain: object) -> Self:
        """Return the coordinate that `to_plain` described.

        Raises:
            CoordinateError: ``plain`` has another shape or type or a value out of range.
        """
        raise NotImplementedError

    @classmethod
    def _other_forms(cls) -> str:
        """Return the tail of a message that names further ways of construction."""
        return ""

    if not TYPE_CHECKING:  # hidden from mypy, which would otherwise accept assignments to any name

        def __setattr__(self, name: str, value: object) -> NoReturn:
            raise AttributeError(f"{self} is immutable: {name!r} cannot be set; build a new {type(self).__qualname__}")

        def __delattr__(self, name: str) -> NoReturn:
            raise AttributeError(f"{self} is immutable: {name!r} cannot be deleted")

    def __repr__(self) -> str:
        return str(self)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Callable[[object], Self], tuple[Plain]]:
        return type(self).from_plain, (self.to_plain(),)


class Indexed(Coordinate):
    """A coordinate that is fully described by its linear index.

    ``min``, ``max``: smallest and largest index; ``size``: number of indices; ``default``: index without argument.
    """

    __slots__ = ("_index",)

    _index: int
    _role: ClassVar[str] = ""  # what the generic types stand in for: "index" of any type, axis "x" or "y"
    _axis: ClassVar[str] = ""  # "x" or "y" if the type is an axis of a grid

    min: ClassVar[int] = 0
    max: ClassVar[int] = -1
    size: ClassVar[int] = 0
    default: ClassVar[int] = 0

    if TYPE_CHECKING:

        @overload
        def __new__(cls) -> Self: ...
        @overload
        def __new__(cls, index: Integer | Enum | Self, /) -> Self: ...
        def __new__(cls, *index: object) -> Self:
            """Build from a linear index; every kind offers further forms."""

    @classmethod
    def _of(cls, index: int) -> Self:
        """Return the coordinate of a linear index, which is an int already."""
        if not cls.min <= index <= cls.max:
            raise CoordinateError(
                f"{cls.__qualname__} has no index {shown(index)}: the range is {cls.min}..{cls.max}; "
                f"give a value of this range"
            )
        self = object.__new__(cls)
        _store(self, index)
        return self

    @classmethod
    def _from_index(cls, value: object) -> Self:
        """Return the coordinate of an integer, of a coordinate of this type, or of a generic stand-in."""
        if type(value) is int:
            return cls._of(value)
        if isinstance(value, Indexed):
            if type(value) is cls:
                return value
            if value._role and value._role in ("index", cls._axis):
                return cls._of(value._index)
        return cls._of(whole_number(cls, value))

    @classmethod
    def _index_of(cls, value: object) -> int:
        """Return the linear index of what `_from_index` accepts."""
        if type(value) is int and cls.min <= value <= cls.max:
            return value
        return cls._from_index(value)._index

    @classmethod
    def all(cls) -> AllOf[Self]:
        """Return all values in ascending index as a lazy sequence."""
        return AllOf(range(cls.min, cls.max + 1), cls._of)

    def to_plain(self) -> int:
        """Return the linear index."""
        return self._index

    @classmethod
    def from_plain(cls, plain: object) -> Self:
        """Return the coordinate of a linear index.

        Raises:
            CoordinateError: ``plain`` is not an int of the range of the type.
        """
        if type(plain) is not int:
            raise CoordinateTypeError(f"{cls.__qualname__} is stored as one integer, got {shown(plain)}")
        return cls._of(plain)

    def __int__(self) -> int:
        return self._index

    def __index__(self) -> int:
        return self._index

    def __eq__(self, other: object) -> bool:
        if type(other) is type(self):
            return self._index == other._index
        return NotImplemented

    def __lt__(self, other: Self) -> bool:
        if type(other) is type(self):
            return self._index < other._index
        return NotImplemented

    def __le__(self, other: Self) -> bool:
        if type(other) is type(self):
            return self._index <= other._index
        return NotImplemented

    def __gt__(self, other: Self) -> bool:
        if type(other) is type(self):
            return self._index > other._index
        return NotImplemented

    def __ge__(self, other: Self) -> bool:
        if type(other) is type(self):
            return self._index >= other._index
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self._salt, self._index))


def unchecked(cls: type[IndexedT], index: int) -> IndexedT:
    """Return the coordinate of an index that is known to be in range: the short way of the constructors."""
    self = object.__new__(cls)
    _store(self, index)
    return self


# The slot descriptor writes past the refusing __setattr__, once, at construction.
_store: Callable[[Indexed, int], None] = Indexed.__dict__["_index"].__set__


def no_counterpart(source: Coordinate, target: str, reason: str) -> CoordinateError:
    """Return the error of a conversion that has no result for this value."""
    return CoordinateError(f"{source} has no {target}: {reason}")
