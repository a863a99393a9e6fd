"""Fixed arrays that are indexed by one coordinate type.

Source: reference coordinates.md, section 1.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from hxtwin.coord.coordinate import Indexed
from hxtwin.coord.errors import CoordinateError, CoordinateTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import numpy.typing as npt

__all__ = ["TypedArray"]

K = TypeVar("K", bound=Indexed)
K2 = TypeVar("K2", bound=Indexed)
V = TypeVar("V")

_MOST_ELEMENTS = 2**24


class TypedArray(Generic[K, V]):
    """One value for each coordinate of a type: element i belongs to the coordinate of index ``min + i``.

    The length is fixed, elements may be replaced. Only coordinates of the key type are accepted as index.
    """

    __slots__ = ("_key", "_values")

    def __init__(self, key: type[K], values: Iterable[V]) -> None:
        if key.size > _MOST_ELEMENTS:
            raise CoordinateError(
                f"{key.__qualname__} has {key.size} values; typed arrays hold at most {_MOST_ELEMENTS}, use a dict"
            )
        self._key = key
        self._values = list(values)
        if len(self._values) != key.size:
            raise CoordinateError(
                f"an array indexed by {key.__qualname__} has {key.size} elements, got {len(self._values)}"
            )

    @classmethod
    def filled(cls, key: type[K], value: V) -> TypedArray[K, V]:
        """Return an array with the same value everywhere."""
        if key.size > _MOST_ELEMENTS:
            return cls(key, ())
        return cls(key, [value] * key.size)

    @property
    def key(self) -> type[K]:
        """The coordinate type that indexes the array."""
        return self._key

    def _position(self, coordinate: K) -> int:
        if type(coordinate) is not self._key:
            raise CoordinateTypeError(f"this array is indexed by {self._key.__qualname__}, not by {shown(coordinate)}")
        return int(coordinate) - self._key.min

    def __getitem__(self, coordinate: K) -> V:
        return self._values[self._position(coordinate)]

    def __setitem__(self, coordinate: K, value: V) -> None:
        self._values[self._position(coordinate)] = value

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[V]:
        return iter(self._values)

    def items(self) -> Iterator[tuple[K, V]]:
        """Yield coordinates and their values in ascending order."""
        return zip(self._key.all(), self._values, strict=True)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TypedArray):
            return self._key is other._key and self._values == other._values
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"TypedArray({self._key.__qualname__}, {shown(self._values)})"

    def to_numpy(self) -> npt.NDArray[np.generic]:
        """Return the values as numpy array: 1-d, or 2-d if the elements are typed arrays themselves."""
        import numpy as np

        rows: list[object] = [value.to_numpy() if isinstance(value, TypedArray) else value for value in self._values]
        return np.array(rows)

    @staticmethod
    def from_numpy(key: type[K2], array: npt.NDArray[np.generic]) -> TypedArray[K2, np.generic]:
        """Return the typed array of a 1-d numpy array.

        Raises:
            CoordinateError: the shape of ``array`` is not ``(key.size,)``.
        """
        if array.shape != (key.size,):
            raise CoordinateError(f"an array indexed by {key.__qualname__} has shape ({key.size},), got {array.shape}")
        return TypedArray(key, list(array))

    @staticmethod
    def from_numpy_2d(
        key: type[K], inner: type[K2], array: npt.NDArray[np.generic]
    ) -> TypedArray[K, TypedArray[K2, np.generic]]:
        """Return the nested typed array of a 2-d numpy array, rows indexed by ``key``, columns by ``inner``.

        Raises:
            CoordinateError: the shape of ``array`` is not ``(key.size, inner.size)``.
        """
        if array.shape != (key.size, inner.size):
            raise CoordinateError(
                f"an array indexed by ({key.__qualname__}, {inner.__qualname__}) has shape "
                f"({key.size}, {inner.size}), got {array.shape}"
            )
        return TypedArray(key, [TypedArray.from_numpy(inner, row) for row in array])
