"""Memory of the embedded processors: words, blocks, and all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.containers.bits import at
from hxtwin.containers.codec import ALL_LANES
from hxtwin.containers.container import Container, as_words
from hxtwin.containers.errors import DecodeError, ProgramFileError
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import UIntArray, like, uint
from hxtwin.containers.layout import child, for_each, leaf, tree
from hxtwin.containers.memory_block import MemoryBlock, printable
from hxtwin.coord import (
    PPUMemoryBlockOnDLS,
    PPUMemoryBlockOnPPU,
    PPUMemoryOnDLS,
    PPUMemoryWordOnDLS,
    PPUMemoryWordOnPPU,
    PPUOnDLS,
)

if TYPE_CHECKING:
    from typing import Self

    from hxtwin.containers.layout import Backend
    from hxtwin.coord import Coordinate

ppu, word = variables("ppu", "word")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PPUMemoryWord(Container):
    """32-bit word of a PPU's private SRAM."""

    layout = leaf(
        coordinate=PPUMemoryWordOnDLS,
        components={"ppu": PPUOnDLS, "word": PPUMemoryWordOnPPU},
        address=0x02800000 + 0x01000000 * ppu + word,
    )
    value: int = uint("Word; PPU byte 4*word in bits 31..24 (big endian).", at(0, 0, 32), maximum=0xFFFFFFFF)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PPUMemoryBlock(MemoryBlock):
    """Contiguous range of memory words of an embedded processor."""

    layout = tree(
        coordinate=PPUMemoryBlockOnDLS,
        children=(for_each({word: PPUMemoryWordOnPPU.size}, child(PPUMemoryWord, at={"ppu": ppu, "word": word})),),
        notes="As many words as its coordinate says.",
    )
    data_field = "words"
    default_size = PPUMemoryWordOnPPU.size
    words: UIntArray = like(PPUMemoryWord, "value", index=PPUMemoryWordOnPPU, meaning="Words in ascending order.")

    def _words(self, at: Coordinate | None, *, answer: bool = False) -> npt.NDArray[np.uint32]:
        if at is not None:
            self._check_size(len(self), self._place(at))
        return np.array(self.words, dtype=np.uint32)

    @classmethod
    def decode(cls, words: npt.ArrayLike, at: Coordinate | None = None) -> Self:
        """The block from its words; any number from 1 to 4096, that of `at` if it is given."""
        given = as_words(words, cls.__name__)
        if given.ndim != 1 or not 1 <= given.size <= PPUMemoryWordOnPPU.size:
            raise DecodeError(f"{cls.__name__}: 1..{PPUMemoryWordOnPPU.size} words wanted, {given.shape} given")
        if at is not None:
            cls._check_size(given.size, cls._place(at))
        return cls(words=given)

    @classmethod
    def write_addresses(cls, at: Coordinate | None = None, backend: Backend | None = None) -> npt.NDArray[np.uint32]:
        """Addresses of the words of the block at `at`."""
        place = cls._place(at)
        assert isinstance(place, PPUMemoryBlockOnDLS)
        block = place.to_ppu_memory_block_on_ppu()
        first = PPUMemoryWordOnPPU.size * int(place.to_ppu_on_dls()) + int(block.to_min())
        return PPUMemoryWord.addresses_of(np.arange(first, first + len(block)), backend=backend)[:, 0]

    @classmethod
    def read_addresses(cls, at: Coordinate | None = None, backend: Backend | None = None) -> npt.NDArray[np.uint32]:
        """Addresses of the words of the block at `at`; the same as for writing."""
        return cls.write_addresses(at, backend)

    def byte_enables(self, at: Coordinate | None = None) -> npt.NDArray[np.uint8]:
        """All lanes of every word."""
        return np.full(len(self), ALL_LANES, dtype=np.uint8)

    def to_string(self) -> str:
        """The memory as text: up to the first zero byte, printable characters and white space only."""
        return printable(self.words.astype(">u4").tobytes())


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PPUMemory(Container):
    """Complete memory of an embedded processor."""

    layout = tree(
        coordinate=PPUMemoryOnDLS,
        components={"ppu": PPUMemoryOnDLS},
        children=(
            for_each(
                {word: PPUMemoryWordOnPPU.size},
                child(PPUMemoryWord, at={"ppu": ppu, "word": word}, fields={"value": "words"}),
            ),
        ),
    )
    words: UIntArray = like(PPUMemoryWord, "value", index=PPUMemoryWordOnPPU, meaning="All words.")

    @classmethod
    def load_from_file(cls, path: str | Path) -> PPUMemory:
        """The memory with a raw binary file at word 0, big endian, padded with zeros.

        Raises:
            ProgramFileError: the file cannot be read or is larger than the memory (16 KiB).
        """
        limit = 4 * PPUMemoryWordOnPPU.size
        try:
            with Path(path).open("rb") as file:
                data = file.read(limit + 1)
        except OSError as error:
            raise ProgramFileError(f"cannot read {path}: {error.strerror}") from error
        if len(data) > limit:
            raise ProgramFileError(f"{path} is larger than the memory of an embedded processor ({limit} bytes)")
        words = np.zeros(PPUMemoryWordOnPPU.size, dtype=np.uint32)
        words[: (len(data) + 3) // 4] = np.frombuffer(data.ljust((len(data) + 3) // 4 * 4, b"\0"), dtype=">u4")
        return cls(words=words)

    def get_block(self, place: PPUMemoryBlockOnPPU) -> PPUMemoryBlock:
        """The words of an interval."""
        return PPUMemoryBlock(words=self.words[int(place.to_min()) : int(place.to_max()) + 1])

    def set_block(self, place: PPUMemoryBlockOnPPU, block: PPUMemoryBlock) -> PPUMemory:
        """A copy with the words of an interval replaced.

        Raises:
            CoordinateMismatchError: block and interval differ in size.
        """
        PPUMemoryBlock._check_size(len(block), place)
        words = np.array(self.words)
        words[int(place.to_min()) : int(place.to_max()) + 1] = block.words
        return PPUMemory(words=words)
