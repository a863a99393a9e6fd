"""Contiguous pieces of memory of any size: the common part of the block containers.

A block holds its data only; where it lies, and so how many words it takes, is told by an interval coordinate. Size
of data and
coordinate must agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hxtwin.containers import check
from hxtwin.containers.container import Container
from hxtwin.containers.errors import CoordinateMismatchError, FieldShapeError, UnknownFieldError
from hxtwin.containers.fields import DEFAULT, FieldSpec
from hxtwin.containers.record import members
from hxtwin.coord.errors import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from hxtwin.coord import Coordinate


class MemoryBlock(Container):
    """Base of the block containers. The one field is an array of any length from 1 to the size of the memory."""

    fixed_size = False
    #: Name of the field that holds the data.
    data_field: ClassVar[str]
    #: Number of elements of a block made without data.
    default_size: ClassVar[int]

    @classmethod
    def of(cls, data: npt.ArrayLike) -> Self:
        """The block that holds `data`."""
        return cls(**{cls.data_field: data})

    @property
    def data(self) -> npt.NDArray[Any]:
        """The data, read-only."""
        found: npt.NDArray[Any] = getattr(self, self.data_field)
        return found

    def __attrs_post_init__(self) -> None:
        spec = members(type(self))[self.data_field]
        assert isinstance(spec, FieldSpec)
        where = f"{type(self).__name__}.{self.data_field}"
        value = getattr(self, self.data_field)
        if value is DEFAULT:
            value = np.zeros(self.default_size, dtype=spec.dtype)
        size = check.array_length(spec, value, where)
        if not 1 <= size <= spec.shape[0]:
            raise FieldShapeError(f"{where}: an array of 1..{spec.shape[0]} elements is wanted, {shown(value)} given")
        object.__setattr__(self, self.data_field, check.array(spec, value, where, (size,)))

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<{len(self)} {self.data_field}>)"

    def with_columns(self, changes: Mapping[str, Any]) -> Self:
        """A copy with other data; the only path is the name of the data field."""
        unknown = changes.keys() - {self.data_field}
        if unknown:
            raise UnknownFieldError(
                f"{type(self).__name__}: no field {shown(sorted(unknown)[0])}; field is: {self.data_field}"
            )
        return self.of(changes[self.data_field]) if changes else self

    def get_subblock(self, begin: int, length: int) -> Self:
        """`length` elements from position `begin` on, as a block of their own.

        Raises:
            FieldShapeError: the range is not inside the block.
        """
        self._check_range(begin, length)
        return self.of(self.data[begin : begin + length])

    def set_subblock(self, begin: int, block: Self) -> Self:
        """A copy in which `block` replaces the elements from position `begin` on."""
        self._check_range(begin, len(block))
        data = np.array(self.data)
        data[begin : begin + len(block)] = block.data
        return self.of(data)

    def _check_range(self, begin: int, length: int) -> None:
        if begin < 0 or length < 1 or begin + length > len(self):
            raise FieldShapeError(
                f"{type(self).__name__}: {length} elements from {begin} on are not inside a block of {len(self)}"
            )

    @classmethod
    def is_readable(cls) -> bool:
        """Blocks can be read."""
        return True

    @classmethod
    def is_writable(cls) -> bool:
        """Blocks can be written."""
        return True

    @classmethod
    def _check_size(cls, size: int, at: Coordinate) -> None:
        wanted = len(at)  # type: ignore[arg-type]  # interval coordinates have a length
        if size != wanted:
            raise CoordinateMismatchError(f"{cls.__name__}: {size} elements do not fit {at}, which has {wanted}")


def printable(data: bytes) -> str:
    """Text up to the first zero byte, without characters that are neither printable nor white space."""
    text = data.split(b"\0", 1)[0].decode("latin-1")
    return "".join(c for c in text if (c.isascii() and c.isprintable()) or c in "\t\n\r\v\f")
