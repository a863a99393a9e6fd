"""All values of a coordinate type as a lazy sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["AllOf"]

T_co = TypeVar("T_co", covariant=True)


class AllOf(Sequence[T_co], Generic[T_co]):
    """Lazy, immutable sequence of coordinates in ascending index.

    Nothing is built before it is asked for: ``len``, indexing and slicing of ``SynapseOnDLS.all()`` cost nothing.
    ``len()`` of the types with 2**64 values exceeds what Python can express; use ``T.size`` there.
    """

    __slots__ = ("_make", "_ranks")

    def __init__(self, ranks: range, make: Callable[[int], T_co]) -> None:
        self._ranks = ranks
        self._make = make

    def __len__(self) -> int:
        return len(self._ranks)

    @overload
    def __getitem__(self, position: int) -> T_co: ...
    @overload
    def __getitem__(self, position: slice) -> AllOf[T_co]: ...
    def __getitem__(self, position: int | slice) -> T_co | AllOf[T_co]:
        if isinstance(position, slice):
            return AllOf(self._ranks[position], self._make)
        return self._make(self._ranks[position])

    def __iter__(self) -> Iterator[T_co]:
        return map(self._make, self._ranks)

    def __reversed__(self) -> Iterator[T_co]:
        return map(self._make, reversed(self._ranks))

    def __repr__(self) -> str:
        if not self._ranks:
            return "AllOf()"
        return f"AllOf({self._make(self._ranks[0])} .. {self._make(self._ranks[-1])})"
