"""Coordinates identified by a tuple of other coordinates instead of a linear index."""

from __future__ import annotations

from typing import Self

from hxtwin.coord.coordinate import Coordinate

__all__ = ["Tupled"]


class Tupled(Coordinate):
    """A coordinate whose identity, order and hash are those of a tuple."""

    __slots__ = ("_key",)

    _key: tuple[object, ...]

    @classmethod
    def _with_key(cls, key: tuple[object, ...]) -> Self:
        self = object.__new__(cls)
        _store(self, key)
        return self

    def __eq__(self, other: object) -> bool:
        if type(other) is type(self):
            return self._key == other._key
        return NotImplemented

    def __lt__(self, other: Self) -> bool:
        return self._key < other._key if type(other) is type(self) else NotImplemented

    def __le__(self, other: Self) -> bool:
        return self._key <= other._key if type(other) is type(self) else NotImplemented

    def __gt__(self, other: Self) -> bool:
        return self._key > other._key if type(other) is type(self) else NotImplemented

    def __ge__(self, other: Self) -> bool:
        return self._key >= other._key if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash((self._salt, self._key))


# The slot descriptor writes past the refusing __setattr__, once, at construction.
_store = Tupled.__dict__["_key"].__set__
