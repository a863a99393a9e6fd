"""Memories on the FPGA as blocks of bytes and as a whole.

A block of bytes min..max takes the words min // 4 .. max // 4; bytes of these words outside the block are sent as 0
with their
lanes disabled (reference: containers-b.json, ExternalPPUMemoryBlock).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.containers.codec import lane_masks
from hxtwin.containers.container import Container, as_words
from hxtwin.containers.errors import AccessError, DecodeError
from hxtwin.containers.expression import variables
from hxtwin.containers.external_memory import (
    ExternalPPUDRAMMemoryByte,
    ExternalPPUDRAMMemoryQuad,
    ExternalPPUMemoryByte,
    ExternalPPUMemoryQuad,
)
from hxtwin.containers.fields import UIntArray, like
from hxtwin.containers.layout import FPGA, child, for_each, take, tree
from hxtwin.containers.memory_block import MemoryBlock, printable
from hxtwin.coord import (
    ExternalPPUDRAMMemoryBlockOnFPGA,
    ExternalPPUDRAMMemoryByteOnFPGA,
    ExternalPPUDRAMMemoryQuadOnFPGA,
    ExternalPPUMemoryBlockOnFPGA,
    ExternalPPUMemoryByteOnFPGA,
    ExternalPPUMemoryOnFPGA,
    ExternalPPUMemoryQuadOnFPGA,
)

if TYPE_CHECKING:
    from typing import Self

    from hxtwin.containers.layout import Backend
    from hxtwin.coord import Coordinate

(quad,) = variables("quad")

_BYTES = 4


class _ByteBlock(MemoryBlock):
    """What the blocks of both memories have in common."""

    data_field = "bytes"
    #: Container of one word of the memory.
    quad: ClassVar[type[Container]]

    @classmethod
    def _span(cls, at: Coordinate | None) -> tuple[int, int]:
        """First and last byte."""
        if at is None:
            raise AccessError(
                f"{cls.__name__}: how its bytes fall into words depends on where it lives; give a coordinate"
            )
        place: Any = cls._place(at)
        return int(place.to_min()), int(place.to_max())

    def _words(self, at: Coordinate | None, *, answer: bool = False) -> npt.NDArray[np.uint32]:
        return self._laid_out(self.data, at).view(">u4").astype(np.uint32)[:, 0]

    @classmethod
    def _laid_out(cls, data: npt.NDArray[Any], at: Coordinate | None) -> npt.NDArray[np.uint8]:
        """Bytes in the words they fall into, ``uint8[words, 4]``, zeros around them."""
        first, last = cls._span(at)
        assert at is not None
        cls._check_size(len(data), at)
        padded = np.zeros(_BYTES * (last // _BYTES - first // _BYTES + 1), dtype=np.uint8)
        start = first % _BYTES
        padded[start : start + len(data)] = data
        return padded.reshape(-1, _BYTES)

    def byte_enables(self, at: Coordinate | None = None) -> npt.NDArray[np.uint8]:
        """Lanes of the bytes inside the block."""
        return lane_masks(self._laid_out(np.ones(len(self), dtype=np.uint8), at))

    @classmethod
    def decode(cls, words: npt.ArrayLike, at: Coordinate | None = None) -> Self:
        """The block at `at` from its words."""
        first, last = cls._span(at)
        given = as_words(words, cls.__name__)
        wanted = last // _BYTES - first // _BYTES + 1
        if given.shape != (wanted,):
            raise DecodeError(f"{cls.__name__}: {wanted} words wanted, array of shape {given.shape} given")
        start = first % _BYTES
        data = given.astype(">u4").view(np.uint8)[start : start + last - first + 1]
        return cls.of(data)

    @classmethod
    def write_addresses(cls, at: Coordinate | None = None, backend: Backend | None = None) -> npt.NDArray[np.uint32]:
        """Addresses of the words that hold the bytes of the block at `at`."""
        first, last = cls._span(at)
        return cls.quad.addresses_of(np.arange(first // _BYTES, last // _BYTES + 1), backend=backend)[:, 0]

    @classmethod
    def read_addresses(cls, at: Coordinate | None = None, backend: Backend | None = None) -> npt.NDArray[np.uint32]:
        """Addresses of the words that hold the bytes of the block at `at`; reads fetch whole words."""
        return cls.write_addresses(at, backend)

    def to_string(self) -> str:
        """The bytes as text up to the first zero, printable characters and white space only."""
        return printable(self.data.tobytes())


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ExternalPPUMemoryBlock(_ByteBlock):
    """Contiguous bytes of the SRAM memory on the FPGA."""

    layout = tree(
        coordinate=ExternalPPUMemoryBlockOnFPGA,
        backends=FPGA,
        children=(for_each({quad: ExternalPPUMemoryQuadOnFPGA.size}, child(ExternalPPUMemoryQuad, at={"quad": quad})),),
        notes="The words that hold the bytes of its coordinate; lanes outside are disabled.",
    )
    quad = ExternalPPUMemoryQuad
    default_size = ExternalPPUMemoryByteOnFPGA.size
    bytes: UIntArray = like(
        ExternalPPUMemoryByte, "value", index=ExternalPPUMemoryByteOnFPGA, meaning="Bytes in ascending order."
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ExternalPPUDRAMMemoryBlock(_ByteBlock):
    """Contiguous bytes of the DRAM memory on the FPGA."""

    layout = tree(
        coordinate=ExternalPPUDRAMMemoryBlockOnFPGA,
        backends=FPGA,
        children=(
            for_each({quad: ExternalPPUDRAMMemoryQuadOnFPGA.size}, child(ExternalPPUDRAMMemoryQuad, at={"quad": quad})),
        ),
        notes="The words that hold the bytes of its coordinate; lanes outside are disabled.",
    )
    quad = ExternalPPUDRAMMemoryQuad
    default_size = 1
    bytes: UIntArray = like(
        ExternalPPUDRAMMemoryByte, "value", index=ExternalPPUDRAMMemoryByteOnFPGA, meaning="Bytes in ascending order."
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ExternalPPUMemory(Container):
    """Complete SRAM memory on the FPGA (128 KiB)."""

    layout = tree(
        coordinate=ExternalPPUMemoryOnFPGA,
        backends=FPGA,
        children=(
            for_each(
                {quad: ExternalPPUMemoryQuadOnFPGA.size},
                child(
                    ExternalPPUMemoryQuad,
                    at={"quad": quad},
                    fields={"quad": take("bytes", np.arange(ExternalPPUMemoryByteOnFPGA.size).reshape(-1, _BYTES))},
                ),
            ),
        ),
    )
    bytes: UIntArray = like(ExternalPPUMemoryByte, "value", index=ExternalPPUMemoryByteOnFPGA, meaning="All bytes.")

    def to_string(self) -> str:
        """The bytes as text up to the first zero, printable characters and white space only."""
        return printable(self.bytes.tobytes())
