"""Memory block of one of the embedded processors: an interval of words on a PPU.

==================  ===========================================================================
construction        ``T(block)``, ``T(block, ppu)``, by keyword ``ppu_memory_block_on_ppu=``, ``ppu_on_dls=``,
                    ``T(5)`` or ``T(Enum(5))`` = index
index               ``PPUMemoryBlockOnPPU.size * ppu + int(block)``; the numbers between the last block of the top
                    processor and the first one of the bottom processor are not used
==================  ===========================================================================

Source: reference coordinates.md, section 1.6, and coordinates.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self, overload

from hxtwin.coord import ppu
from hxtwin.coord.all_of import AllOf
from hxtwin.coord.components import refuse_components
from hxtwin.coord.coordinate import Indexed, whole_number
from hxtwin.coord.errors import CoordinateError, CoordinateTypeError, shown
from hxtwin.coord.tuples import Tupled

if TYPE_CHECKING:
    from hxtwin.coord.coordinate import Integer
    from hxtwin.coord.generic import Enum

__all__ = ["PPUMemoryBlockOnDLS"]

_KEYWORDS = {"ppu_memory_block_on_ppu", "ppu_on_dls"}


class PPUMemoryBlockOnDLS(Tupled):
    """Closed interval of words in the SRAM of one of the two embedded processors."""

    __slots__ = ()

    _key: tuple[ppu.PPUOnDLS, ppu.PPUMemoryBlockOnPPU]

    container_coordinate: ClassVar[bool] = True
    min: ClassVar[int] = 0
    max: ClassVar[int] = 33554431
    size: ClassVar[int] = 33554432
    default: ClassVar[int] = 0

    if TYPE_CHECKING:

        @overload
        def __new__(cls) -> Self: ...
        @overload
        def __new__(cls, index: Integer | Enum | Self, /) -> Self: ...
        @overload
        def __new__(cls, block: ppu.PPUMemoryBlockOnPPU, on: ppu.PPUOnDLS = ..., /) -> Self: ...
        @overload
        def __new__(
            cls, *, ppu_memory_block_on_ppu: ppu.PPUMemoryBlockOnPPU, ppu_on_dls: ppu.PPUOnDLS | Integer = ...
        ) -> Self: ...
        def __new__(cls, *parts: object, **named: object) -> Self:
            """Build from an index, or from a block and the processor it lies on."""

    else:

        def __new__(cls, *parts: object, **named: object) -> Self:
            """Build from an index, or from a block and the processor it lies on."""
            if parts and named:
                raise refuse_components(cls, parts, "all components by position or all by keyword")
            if named:
                if not {"ppu_memory_block_on_ppu"} <= named.keys() <= _KEYWORDS:
                    raise refuse_components(cls, named, "ppu_memory_block_on_ppu and ppu_on_dls")
                on = named.get("ppu_on_dls", 0)
                parts = (named["ppu_memory_block_on_ppu"], ppu.PPUOnDLS(on))
            elif len(parts) == 1 and type(parts[0]) is not ppu.PPUMemoryBlockOnPPU:
                return cls._from_index(parts[0])
            block, on = (*parts, *(ppu.PPUMemoryBlockOnPPU(), ppu.PPUOnDLS())[len(parts) :])[:2]
            if len(parts) > 2 or type(block) is not ppu.PPUMemoryBlockOnPPU or type(on) is not ppu.PPUOnDLS:
                raise refuse_components(cls, parts, "an index, an Enum, or (PPUMemoryBlockOnPPU, PPUOnDLS)")
            return cls._with_key((on, block))

    @classmethod
    def _of(cls, index: int) -> Self:
        if not cls.min <= index <= cls.max:
            raise CoordinateError(
                f"{cls.__qualname__} has no index {shown(index)}: the range is {cls.min}..{cls.max}; "
                f"give a value of this range or the two ends"
            )
        on, block = divmod(index, ppu.PPUMemoryBlockOnPPU.size)
        return cls._with_key((ppu.PPUOnDLS._of(on), ppu.PPUMemoryBlockOnPPU._of(block)))

    @classmethod
    def _from_index(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, Indexed) and value._role == "index":
            return cls._of(int(value))
        return cls._of(whole_number(cls, value))

    @classmethod
    def all(cls) -> AllOf[Self]:
        """Return all blocks in ascending index as a lazy sequence."""
        count = len(ppu.PPUMemoryBlockOnPPU.all())
        unused = ppu.PPUMemoryBlockOnPPU.size - count
        return AllOf(range(2 * count), lambda rank: cls._of(rank + unused * (rank // count)))

    def to_ppu_on_dls(self) -> ppu.PPUOnDLS:
        """Return the processor."""
        return self._key[0]

    def to_ppu_memory_block_on_ppu(self) -> ppu.PPUMemoryBlockOnPPU:
        """Return the interval of words on the processor."""
        return self._key[1]

    def to_ppu_memory_block_size(self) -> ppu.PPUMemoryBlockSize:
        """Return the number of words."""
        return self._key[1].to_ppu_memory_block_size()

    def __len__(self) -> int:
        return len(self._key[1])

    def __int__(self) -> int:
        return int(self._key[0]) * ppu.PPUMemoryBlockOnPPU.size + int(self._key[1])

    def __index__(self) -> int:
        return int(self)

    def to_plain(self) -> list[int | list[int]]:
        """Return ``[[min, max], ppu]``."""
        return [self._key[1].to_plain(), self._key[0].to_plain()]

    @classmethod
    def from_plain(cls, plain: object) -> Self:
        """Return the block of ``[[min, max], ppu]``.

        Raises:
            CoordinateError: ``plain`` has another shape or a value out of range.
        """
        if not isinstance(plain, list) or len(plain) != 2:
            raise CoordinateTypeError(f"{cls.__qualname__} is stored as [[min, max], ppu], got {shown(plain)}")
        return cls(ppu.PPUMemoryBlockOnPPU.from_plain(plain[0]), ppu.PPUOnDLS.from_plain(plain[1]))

    def __str__(self) -> str:
        return f"{type(self).__name__}({self._key[1]}, {self._key[0]})"
