"""Program files of the embedded processors: ELF, 32 bit, big endian, PowerPC, linked to fixed addresses.

Sections go to a memory by name and address:

=====================================================  =====================================================
section                                                goes to
=====================================================  =====================================================
name begins with ``int``                               internal memory at its address
name begins with ``ext``, from 0x90000000 on           DRAM at address - 0x90000000
name begins with ``ext``, from 0x80000000 on           external memory at address - 0x80000000
name begins with ``ext``, from 0x50000000 on           DRAM at address - 0x50000000
name begins with ``ext``, from 0x40000000 on           external memory at address - 0x40000000
other names with .text .data .rodata .bss .init .fini  internal memory at its address
all others                                             nowhere
=====================================================  =====================================================

Sections without file data are zeros, later sections overwrite earlier ones, gaps are zeros, and an image ends at the
next multiple of four bytes behind its last section. Symbols of non-zero size are found by name; their memory follows
from their value by the same limits, below 0x40000000 it is the internal one.
Source: reference containers-b.md, section 4, and ppu-runtime.md, section 3.
"""

from __future__ import annotations

import contextlib
import io
from enum import Enum, IntEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from hxtwin.containers.errors import FieldRangeError, FieldTypeError, ProgramFileError
from hxtwin.containers.external_memory_block import ExternalPPUDRAMMemoryBlock, ExternalPPUMemoryBlock
from hxtwin.containers.ppu_memory import PPUMemoryBlock
from hxtwin.containers.record import build
from hxtwin.coord import (
    ExternalPPUDRAMMemoryBlockOnFPGA,
    ExternalPPUDRAMMemoryByteOnFPGA,
    ExternalPPUMemoryBlockOnFPGA,
    ExternalPPUMemoryByteOnFPGA,
    PPUMemoryBlockOnPPU,
    PPUMemoryWordOnPPU,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from elftools.elf.sections import Section

#: Where a symbol lies: an interval of words of the internal memory, or of bytes of a memory on the FPGA.
SymbolCoordinate: TypeAlias = PPUMemoryBlockOnPPU | ExternalPPUMemoryBlockOnFPGA | ExternalPPUDRAMMemoryBlockOnFPGA


class SymbolType(IntEnum):
    """What a symbol of a program stands for."""

    OBJECT = 0
    FUNCTION = 1
    OTHER = 2


def _symbol_type(value: SymbolType | int) -> SymbolType:
    if type(value) not in (int, SymbolType):
        raise FieldTypeError(f"PPUProgram.Symbol.type: {value!r} is no SymbolType")
    try:
        return SymbolType(value)
    except ValueError:
        members = ", ".join(f"{member.name} ({member.value})" for member in SymbolType)
        raise FieldRangeError(f"PPUProgram.Symbol.type: {value} is no member; allowed: {members}") from None


def _frozen_symbols(symbols: Mapping[str, PPUProgram.Symbol]) -> Mapping[str, PPUProgram.Symbol]:
    return MappingProxyType(dict(symbols))


@attrs.frozen(kw_only=True)
class PPUProgram:
    """Contents of the memories of a program, and where its symbols lie.

    Attributes:
        internal: image of the internal memory, from word 0 on.
        external: image of the external memory on the FPGA, from byte 0 on; None if nothing goes there.
        external_dram: image of the DRAM on the FPGA, from byte 0 on; None if nothing goes there.
        symbols: symbols by name.
    """

    @attrs.frozen(kw_only=True)
    class Symbol:
        """Named range of memory of a program.

        Attributes:
            type: object, function or other.
            coordinate: words of the internal memory, or bytes of a memory on the FPGA.
        """

        type: SymbolType = attrs.field(default=SymbolType.OTHER, converter=_symbol_type)
        coordinate: SymbolCoordinate = attrs.field(factory=PPUMemoryBlockOnPPU)

        def __attrs_post_init__(self) -> None:
            if not isinstance(self.coordinate, SymbolCoordinate):
                raise FieldTypeError(
                    f"PPUProgram.Symbol.coordinate: {self.coordinate!r} is no PPUMemoryBlockOnPPU, "
                    f"ExternalPPUMemoryBlockOnFPGA or ExternalPPUDRAMMemoryBlockOnFPGA"
                )

    internal: PPUMemoryBlock
    external: ExternalPPUMemoryBlock | None = None
    external_dram: ExternalPPUDRAMMemoryBlock | None = None
    symbols: Mapping[str, Symbol] = attrs.field(factory=dict, converter=_frozen_symbols, hash=False)

    def __attrs_post_init__(self) -> None:
        blocks = (
            ("internal", self.internal, PPUMemoryBlock),
            ("external", self.external, ExternalPPUMemoryBlock | None),
            ("external_dram", self.external_dram, ExternalPPUDRAMMemoryBlock | None),
        )
        for name, block, wanted in blocks:
            if not isinstance(block, wanted):
                raise FieldTypeError(f"PPUProgram.{name}: {block!r} is a {type(block).__name__}, wanted {wanted}")

    def symbol(self, name: str) -> PPUProgram.Symbol:
        """The symbol of a name.

        Raises:
            ProgramFileError: there is none; the message lists similar names.
        """
        if name in self.symbols:
            return self.symbols[name]
        import difflib

        near = difflib.get_close_matches(name, self.symbols, n=5)
        hint = f"; did you mean {', '.join(near)}?" if near else f"; it has {len(self.symbols)} symbols"
        raise ProgramFileError(f"the program has no symbol {name!r}{hint}")


class PPUElfFile:
    """Program file of an embedded processor; read whole when it is opened.

    Raises:
        ProgramFileError: the file cannot be opened, is larger than 512 MiB, is not ELF, or not made for the processor.
    """

    #: Largest file accepted, in bytes; the memories that a program can fill take 256 MiB and 144 KiB.
    MAXIMUM_SIZE = 512 << 20

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = str(path)
        self._content = _read(path, self.MAXIMUM_SIZE)
        with self._elf():
            pass

    def read_program(self) -> PPUProgram:
        """Images of the memories, and the symbols.

        Raises:
            ProgramFileError: damaged file, a section outside its memory, nothing for the internal memory, or a symbol
                that `read_symbols` refuses.
        """
        pieces: dict[_Memory, list[_Piece]] = {memory: [] for memory in _Memory}
        with self._elf() as elf:
            for section in elf.iter_sections():
                self._place(section, pieces)
        images = {memory: self._image(memory, found) for memory, found in pieces.items() if found}
        if _Memory.INTERNAL not in images:
            raise ProgramFileError(
                f"{self._path}: no section goes to the internal memory, where execution starts; "
                f"name it int.text or link it with the script of the processor"
            )
        external, dram = images.get(_Memory.EXTERNAL), images.get(_Memory.DRAM)
        return PPUProgram(
            internal=PPUMemoryBlock(words=images[_Memory.INTERNAL].view(">u4").astype(np.uint32)),
            external=None if external is None else ExternalPPUMemoryBlock(bytes=external),
            # bytes inside the memory need no check, whose copies of 256 MiB would be felt
            external_dram=None if dram is None else build(ExternalPPUDRAMMemoryBlock, {"bytes": dram[np.newaxis]}, 0),
            symbols=self.read_symbols(),
        )

    def read_symbols(self) -> Mapping[str, PPUProgram.Symbol]:
        """Symbols of non-zero size by name; the first one counts if a name is there twice.

        Raises:
            ProgramFileError: damaged file, names are missing, or a symbol lies outside its memory.
        """
        found: dict[str, PPUProgram.Symbol] = {}
        with self._elf() as elf:
            for table in elf.iter_sections():
                if isinstance(table, SymbolTableSection) and table["sh_type"] == "SHT_SYMTAB":
                    self._add_symbols(table, found)
        return MappingProxyType(found)

    def _add_symbols(self, table: SymbolTableSection, found: dict[str, PPUProgram.Symbol]) -> None:
        for symbol in table.iter_symbols():
            value, size = int(symbol["st_value"]), int(symbol["st_size"])
            if not size:
                continue
            names = table.stringtable
            if names.name != ".strtab" or not symbol.name or symbol["st_name"] >= names["sh_size"]:
                raise ProgramFileError(
                    f"{self._path}: the symbol at {value:#x} has no name in a section .strtab; link the program again, "
                    f"or strip all symbols"
                )
            if symbol.name not in found:
                type_ = _SYMBOL_TYPES.get(symbol["st_info"]["type"], SymbolType.OTHER)
                place = self._symbol_place(symbol.name, value, size)
                found[symbol.name] = PPUProgram.Symbol(type=type_, coordinate=place)

    def _symbol_place(self, name: str, value: int, size: int) -> SymbolCoordinate:
        memory, offset = _located(value)
        if offset + size > memory.capacity:
            raise ProgramFileError(
                f"{self._path}: symbol {name:.80} of {size} bytes at {value:#x} lies outside the {memory.title} of "
                f"{memory.capacity} bytes"
            )
        if memory is _Memory.EXTERNAL:
            return ExternalPPUMemoryBlockOnFPGA(min=offset, max=offset + size - 1)
        if memory is _Memory.DRAM:
            return ExternalPPUDRAMMemoryBlockOnFPGA(min=offset, max=offset + size - 1)
        return PPUMemoryBlockOnPPU(min=offset // 4, max=offset // 4 + -(-size // 4) - 1)

    def _place(self, section: Section, pieces: dict[_Memory, list[_Piece]]) -> None:
        """Add a section to those of its memory, if it goes to one."""
        name, address, size = section.name, int(section["sh_addr"]), int(section["sh_size"])
        place = self._destination(name, address) if size and section["sh_type"] not in _NO_MEMORY else None
        if place is None:
            return
        memory, offset = place
        if offset + size > memory.capacity:
            raise ProgramFileError(
                f"{self._path}: section {name:.80} of {size} bytes at {address:#x} does not fit into the "
                f"{memory.title} of {memory.capacity} bytes"
            )
        if section["sh_type"] == "SHT_NOBITS":
            pieces[memory].append(_Piece(offset, size, None))
            return
        start = int(section["sh_offset"])
        if section.compressed or start + size > len(self._content):
            what = (
                "is compressed"
                if section.compressed
                else f"ends behind the end of the file ({len(self._content)} bytes)"
            )
            raise ProgramFileError(f"{self._path}: section {name:.80} {what}")
        pieces[memory].append(_Piece(offset, size, np.frombuffer(self._content, np.uint8, size, start)))

    def _destination(self, name: str, address: int) -> tuple[_Memory, int] | None:
        if name.startswith("int"):
            return _Memory.INTERNAL, address
        if name.startswith("ext"):
            memory, offset = _located(address)
            if memory is _Memory.INTERNAL:
                raise ProgramFileError(
                    f"{self._path}: section {name:.80} lies at {address:#x}; external sections lie above 0x40000000"
                )
            return memory, offset
        if any(part in name for part in _OLD_NAMES):
            return _Memory.INTERNAL, address
        return None

    def _image(self, memory: _Memory, pieces: list[_Piece]) -> npt.NDArray[np.uint8]:
        """Bytes of a memory from its start to the end of its last section, padded to words."""
        if sum(piece.size for piece in pieces) > 2 * memory.capacity:
            raise ProgramFileError(
                f"{self._path}: the sections for the {memory.title} overlap and take more than twice its "
                f"{memory.capacity} bytes; link the program again"
            )
        end = max(piece.offset + piece.size for piece in pieces)
        image = np.zeros(-(-end // 4) * 4, dtype=np.uint8)
        written = 0
        for piece in pieces:
            stop = piece.offset + piece.size
            if piece.data is None:
                image[piece.offset : min(stop, written)] = 0
            else:
                image[piece.offset : stop] = piece.data
                written = max(written, stop)
        return image

    @contextlib.contextmanager
    def _elf(self) -> Iterator[ELFFile]:
        """The file as pyelftools sees it; whatever goes wrong inside is a `ProgramFileError`."""
        try:
            elf = ELFFile(_Limited(self._content))
            self._check_header(elf)
            yield elf
        except ProgramFileError:
            raise
        except Exception as error:  # a damaged file makes pyelftools raise nearly anything
            raise ProgramFileError(
                f"{self._path} is not a readable ELF file: {str(error) or type(error).__name__}"
            ) from error

    def _check_header(self, elf: ELFFile) -> None:
        if elf.elfclass != 32 or elf.little_endian:
            order = "little" if elf.little_endian else "big"
            raise ProgramFileError(
                f"{self._path} is an ELF file of {elf.elfclass} bit, {order} endian; programs of the embedded "
                f"processors are 32 bit, big endian"
            )
        if elf["e_machine"] != "EM_PPC":
            raise ProgramFileError(f"{self._path} is made for {elf['e_machine']}, not for PowerPC (EM_PPC)")
        if elf["e_type"] == "ET_REL":
            raise ProgramFileError(f"{self._path} is an object file; link it to a program first")


class _Memory(Enum):
    """Memories that a program can fill: what messages call them, and their size in bytes."""

    INTERNAL = ("internal memory", 4 * PPUMemoryWordOnPPU.size)
    EXTERNAL = ("external memory", ExternalPPUMemoryByteOnFPGA.size)
    DRAM = ("DRAM", ExternalPPUDRAMMemoryByteOnFPGA.size)

    @property
    def title(self) -> str:
        return self.value[0]

    @property
    def capacity(self) -> int:
        return self.value[1]


@attrs.frozen(eq=False)
class _Piece:
    """Content of a section at its offset in a memory; no data means zeros."""

    offset: int
    size: int
    data: npt.NDArray[np.uint8] | None


#: First addresses of the views of the memories on the FPGA, highest first: instructions, then data.
_VIEWS = (
    (0x90000000, _Memory.DRAM),
    (0x80000000, _Memory.EXTERNAL),
    (0x50000000, _Memory.DRAM),
    (0x40000000, _Memory.EXTERNAL),
)
#: Parts of section names of programs that know the internal memory only.
_OLD_NAMES = (".text", ".data", ".rodata", ".bss", ".init", ".fini")
#: Section types that hold tables about the program, whatever their names (``.rela.text``).
_NO_MEMORY = ("SHT_REL", "SHT_RELA")
_SYMBOL_TYPES = {"STT_OBJECT": SymbolType.OBJECT, "STT_FUNC": SymbolType.FUNCTION}


def _located(address: int) -> tuple[_Memory, int]:
    """Memory of an address, and the byte in it."""
    for start, memory in _VIEWS:
        if address >= start:
            return memory, address - start
    return _Memory.INTERNAL, address


def _read(path: str | os.PathLike[str], limit: int) -> bytes:
    try:
        file = Path(path)
        if not file.is_file():
            raise ProgramFileError(f"cannot open {path}: {'not a file' if file.exists() else 'there is no such file'}")
        with file.open("rb") as stream:
            content = stream.read(limit + 1)
    except ProgramFileError:
        raise
    except (OSError, ValueError, TypeError) as error:
        raise ProgramFileError(f"cannot open {path!r}: {error}") from error
    if len(content) > limit:
        raise ProgramFileError(f"{path} is larger than any program file ({limit} bytes)")
    return content


class _Limited(io.BytesIO):
    """File content that may be read only so often: tables that refer to themselves would be read for ever."""

    #: Reads and bytes that a large program with a hundred thousand symbols needs, with a margin.
    READS = 1_000_000
    BYTES = 256 << 20

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._reads = self.READS
        self._bytes = self.BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, unless the limits are reached."""
        found = super().read(size)
        self._reads -= 1
        self._bytes -= len(found)
        if self._reads < 0 or self._bytes < 0:
            raise ProgramFileError("the tables of the ELF file are too large, or refer to themselves")
        return found
