"""Program files of the embedded processors: where sections and symbols go, and what is refused."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hxtwin import coord
from hxtwin.containers.errors import FieldRangeError, FieldTypeError, ProgramFileError
from hxtwin.containers.external_memory_block import ExternalPPUMemoryBlock
from hxtwin.containers.ppu_memory import PPUMemoryBlock
from hxtwin.containers.ppu_program import PPUElfFile, PPUProgram, SymbolType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

PROGBITS, SYMTAB, STRTAB, RELA, NOBITS = 1, 2, 3, 4, 8
NO_TYPE, OBJECT, FUNCTION = 0, 1, 2
COMPRESSED = 0x800


@attrs.frozen
class Section:
    """Section of a test file; `size` beyond the data is for sections without data."""

    name: str
    address: int
    data: bytes = b""
    kind: int = PROGBITS
    size: int | None = None
    flags: int = 0
    link: int = 0
    entry_size: int = 0


@attrs.frozen
class Symbol:
    """Symbol of a test file."""

    name: str
    value: int
    size: int
    kind: int = OBJECT


def elf(
    sections: Sequence[Section],
    symbols: Sequence[Symbol] | None = None,
    *,
    names: str = ".strtab",
    machine: int = 20,
    kind: int = 2,
) -> bytes:
    """A 32-bit big-endian ELF file with these sections, and a symbol table if symbols are given."""
    every = [Section("", 0, kind=0), *sections]
    if symbols is not None:
        strings, entries = b"\0", struct.pack(">IIIBBH", 0, 0, 0, 0, 0, 0)
        for symbol in symbols:
            place = len(strings) if symbol.name else 0
            entries += struct.pack(">IIIBBH", place, symbol.value, symbol.size, symbol.kind, 0, 1)
            strings += symbol.name.encode() + b"\0"
        every.append(Section(names, 0, strings, kind=STRTAB))
        every.append(Section(".symtab", 0, entries, kind=SYMTAB, link=len(every) - 1, entry_size=16))
    titles = b"\0" + b"".join(section.name.encode() + b"\0" for section in every) + b".shstrtab\0"
    every.append(Section(".shstrtab", 0, titles, kind=STRTAB))
    headers, content, start = b"", b"", 52
    for section in every:
        size = len(section.data) if section.size is None else section.size
        title = titles.index(b"\0" + section.name.encode() + b"\0") + 1 if section.name else 0
        place = start + len(content)
        headers += struct.pack(
            ">10I", title, section.kind, section.flags, section.address, place, size, section.link, 0, 1,
            section.entry_size,
        )  # fmt: skip
        content += section.data
    head = b"\x7fELF" + bytes([1, 2, 1]) + bytes(9)
    table = start + len(content)
    head += struct.pack(">HHIIIIIHHHHHH", kind, machine, 1, 0x34, 0, table, 0, 52, 0, 0, 40, len(every), len(every) - 1)
    return head + content + headers


def opened(tmp_path: Path, content: bytes) -> PPUElfFile:
    path = tmp_path / "program.elf"
    path.write_bytes(content)
    return PPUElfFile(path)


def internal_bytes(program: PPUProgram) -> bytes:
    return program.internal.words.astype(">u4").tobytes()


def external_bytes(block: Any) -> bytes:
    data: npt.NDArray[np.uint8] = block.data
    return data.tobytes()


CODE = Section("int.text", 0, b"\x48\x00\x00\x34\x01\x02\x03\x04")


def test_internal_section_becomes_big_endian_words(tmp_path: Path) -> None:
    program = opened(tmp_path, elf([CODE])).read_program()
    assert program.internal == PPUMemoryBlock.of([0x48000034, 0x01020304])
    assert program.external is None
    assert program.external_dram is None
    assert program.symbols == {}


def test_gaps_are_zeros_and_the_end_is_padded_to_words(tmp_path: Path) -> None:
    program = opened(tmp_path, elf([CODE, Section("int.data", 11, b"\x0b\x0c")])).read_program()
    assert internal_bytes(program) == CODE.data + b"\0\0\0\x0b\x0c\0\0\0"


def test_sections_without_data_are_zeros(tmp_path: Path) -> None:
    bss = Section("int.bss", 6, kind=NOBITS, size=7)
    assert internal_bytes(opened(tmp_path, elf([CODE, bss])).read_program()) == CODE.data[:6] + bytes(10)
    assert internal_bytes(opened(tmp_path, elf([bss, CODE])).read_program()) == CODE.data + bytes(8)


def test_later_sections_overwrite_earlier_ones(tmp_path: Path) -> None:
    program = opened(tmp_path, elf([CODE, Section("int.data", 2, b"\xaa\xbb")])).read_program()
    assert internal_bytes(program) == b"\x48\x00\xaa\xbb\x01\x02\x03\x04"


@pytest.mark.parametrize(
    "name", [".text", ".data", ".rodata.str1.4", ".bss", ".init_array", ".fini", "x.data.y", "intro"]
)
def test_sections_of_these_names_go_to_the_internal_memory(tmp_path: Path, name: str) -> None:
    program = opened(tmp_path, elf([Section(name, 4, b"\1\2\3\4")])).read_program()
    assert internal_bytes(program) == b"\0\0\0\0\1\2\3\4"


@pytest.mark.parametrize("name", [".comment", ".eh_frame", ".note", "text", "data", ".inte", ".got"])
def test_other_sections_are_ignored(tmp_path: Path, name: str) -> None:
    program = opened(tmp_path, elf([CODE, Section(name, 0, b"\xff" * 4)])).read_program()
    assert internal_bytes(program) == CODE.data


def test_relocation_tables_are_ignored_whatever_their_names(tmp_path: Path) -> None:
    program = opened(
        tmp_path, elf([CODE, Section(".rela.text", 0, bytes(12), kind=RELA, entry_size=12)])
    ).read_program()
    assert internal_bytes(program) == CODE.data


@pytest.mark.parametrize(
    ("address", "memory", "offset"),
    [
        (0x40000000, "external", 0),
        (0x40000004, "external", 4),
        (0x50000000, "external_dram", 0),
        (0x50000010, "external_dram", 16),
        (0x80000000, "external", 0),
        (0x80000020, "external", 32),
        (0x90000000, "external_dram", 0),
        (0x90000100, "external_dram", 256),
    ],
)
def test_external_sections_go_by_address(tmp_path: Path, address: int, memory: str, offset: int) -> None:
    program = opened(tmp_path, elf([CODE, Section("ext.data", address, b"\1\2\3")])).read_program()
    assert external_bytes(getattr(program, memory)) == bytes(offset) + b"\1\2\3\0"
    other = "external" if memory == "external_dram" else "external_dram"
    assert getattr(program, other) is None
    assert internal_bytes(program) == CODE.data


def test_both_views_of_the_external_memory_fill_one_image(tmp_path: Path) -> None:
    views = [Section("ext.text", 0x80000000, b"\1\2\3\4"), Section("ext.data", 0x40000004, b"\5\6\7\x08")]
    assert opened(tmp_path, elf([CODE, *views])).read_program().external == ExternalPPUMemoryBlock.of([*range(1, 9)])


def test_empty_external_sections_leave_the_memory_absent(tmp_path: Path) -> None:
    assert opened(tmp_path, elf([CODE, Section("ext.init_array", 0, b"")])).read_program().external is None


def test_memories_can_be_filled_to_the_last_byte(tmp_path: Path) -> None:
    full = [
        Section("int.bss", 8, kind=NOBITS, size=16384 - 8),
        Section("ext.data", 0x40000000 + 131072 - 1, b"\x7f"),
        Section("ext_dram.data", 0x50000000 + (256 << 20) - 1, b"\x7e"),
    ]
    program = opened(tmp_path, elf([CODE, *full])).read_program()
    assert len(program.internal) == 4096
    assert program.external is not None
    assert (len(program.external), int(program.external.data[-1])) == (131072, 0x7F)
    assert program.external_dram is not None
    assert (len(program.external_dram), int(program.external_dram.data[-1])) == (256 << 20, 0x7E)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            Section("int.bss", 8, kind=NOBITS, size=16384 - 7),
            "int.bss of 16377 bytes at 0x8 does not fit into the internal",
        ),
        (Section(".text", 16384, b"\1"), "does not fit into the internal memory of 16384 bytes"),
        (Section("int.text", 0x80000000, b"\1"), "does not fit into the internal memory"),
        (Section("ext.text", 0x80000000 + 131072, b"\1"), "does not fit into the external memory of 131072 bytes"),
        (Section("ext.text", 0x60000000, b"\1"), "does not fit into the DRAM of 268435456 bytes"),
        (Section("ext.bss", 0x50000000, kind=NOBITS, size=0xFFFFFFFF), "does not fit into the DRAM"),
        (Section("ext.text", 0x3FFFFFFC, b"\1\2\3\4"), "external sections lie above 0x40000000"),
        (Section("int.data", 0, b"\1", size=100000), "does not fit into the internal memory"),
        (Section("ext.data", 0x40000000, b"\1", size=100000), "ends behind the end of the file"),
        (Section("int.data", 0, bytes(12), flags=COMPRESSED), "is compressed"),
    ],
)
def test_sections_that_cannot_be_loaded_are_refused(tmp_path: Path, section: Section, message: str) -> None:
    with pytest.raises(ProgramFileError, match=message):
        opened(tmp_path, elf([CODE, section])).read_program()


def test_program_without_internal_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProgramFileError, match="no section goes to the internal memory"):
        opened(tmp_path, elf([Section("ext.text", 0x80000000, b"\1")])).read_program()


# --- symbols -------------------------------------------------------------------------------------------------------


def words(first: int, last: int) -> coord.PPUMemoryBlockOnPPU:
    return coord.PPUMemoryBlockOnPPU(min=first, max=last)


SYMBOLS = [
    (Symbol("status", 0x100, 4), words(64, 64)),
    (Symbol("cadc_result", 0x200, 256), words(128, 191)),
    (Symbol("flag", 0x102, 1), words(64, 64)),
    (Symbol("odd", 0x101, 5), words(64, 65)),
    (Symbol("last", 0x3FFC, 4), words(4095, 4095)),
    (Symbol("a", 0x40000010, 6), coord.ExternalPPUMemoryBlockOnFPGA(min=16, max=21)),
    (Symbol("b", 0x80000001, 1), coord.ExternalPPUMemoryBlockOnFPGA(min=1, max=1)),
    (Symbol("c", 0x50000000, 2), coord.ExternalPPUDRAMMemoryBlockOnFPGA(min=0, max=1)),
    (Symbol("d", 0x9FFFFFFF, 1), coord.ExternalPPUDRAMMemoryBlockOnFPGA(min=(256 << 20) - 1, max=(256 << 20) - 1)),
]


@pytest.mark.parametrize(("symbol", "place"), SYMBOLS, ids=lambda item: getattr(item, "name", ""))
def test_symbols_lie_where_their_value_and_size_say(tmp_path: Path, symbol: Symbol, place: Any) -> None:
    file = opened(tmp_path, elf([CODE], [symbol]))
    assert file.read_symbols() == {symbol.name: PPUProgram.Symbol(type=SymbolType.OBJECT, coordinate=place)}
    assert file.read_program().symbols == file.read_symbols()


@pytest.mark.parametrize(
    ("kind", "type_"), [(NO_TYPE, SymbolType.OTHER), (OBJECT, SymbolType.OBJECT), (FUNCTION, SymbolType.FUNCTION),
                        (3, SymbolType.OTHER), (6, SymbolType.OTHER), (15, SymbolType.OTHER)],
)  # fmt: skip
def test_type_of_symbols(tmp_path: Path, kind: int, type_: SymbolType) -> None:
    symbols = opened(tmp_path, elf([CODE], [Symbol("start", 0, 4, kind | 0x10)])).read_symbols()
    assert symbols["start"].type is type_


def test_symbols_of_size_zero_are_ignored(tmp_path: Path) -> None:
    assert opened(tmp_path, elf([CODE], [Symbol("mailbox_end", 0x4000, 0)])).read_symbols() == {}


def test_first_symbol_of_a_name_counts(tmp_path: Path) -> None:
    symbols = [Symbol("x", 8, 4), Symbol("x", 16, 4, FUNCTION)]
    assert opened(tmp_path, elf([CODE], symbols)).read_symbols() == {
        "x": PPUProgram.Symbol(type=SymbolType.OBJECT, coordinate=words(2, 2))
    }


def test_names_outside_strtab_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProgramFileError, match=r"no name in a section \.strtab"):
        opened(tmp_path, elf([CODE], [Symbol("x", 8, 4)], names=".names")).read_symbols()


def test_symbols_without_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProgramFileError, match="the symbol at 0x8 has no name"):
        opened(tmp_path, elf([CODE], [Symbol("", 8, 4)])).read_symbols()


def test_name_behind_the_table_of_names_is_refused(tmp_path: Path) -> None:
    content = elf([CODE], [Symbol("abcdef", 8, 4)])
    entry = struct.pack(">III", 1, 8, 4)
    assert content.count(entry) == 1
    with pytest.raises(ProgramFileError, match="has no name"):
        opened(tmp_path, content.replace(entry, struct.pack(">III", 40, 8, 4))).read_symbols()


@pytest.mark.parametrize("symbol", [
    Symbol("far", 0x4000, 1), Symbol("long", 0x3FFF, 2), Symbol("ext", 0x80020000, 1), Symbol("gap", 0x70000000, 1),
    Symbol("huge", 0x90000000, 0xFFFFFFFF),
])  # fmt: skip
def test_symbols_outside_their_memory_are_refused(tmp_path: Path, symbol: Symbol) -> None:
    with pytest.raises(ProgramFileError, match=f"symbol {symbol.name} of .* lies outside"):
        opened(tmp_path, elf([CODE], [symbol])).read_symbols()


def test_unknown_symbol_of_a_program_names_similar_ones(tmp_path: Path) -> None:
    program = opened(tmp_path, elf([CODE], [Symbol("status", 0, 4), Symbol("stopped", 4, 4)])).read_program()
    assert program.symbol("stopped").coordinate == words(1, 1)
    with pytest.raises(ProgramFileError, match="no symbol 'statuss'; did you mean status"):
        program.symbol("statuss")


def test_symbol_defaults() -> None:
    symbol = PPUProgram.Symbol()
    assert symbol.type is SymbolType.OTHER
    assert symbol.coordinate == coord.PPUMemoryBlockOnPPU()
    assert PPUProgram.Symbol(type=1).type is SymbolType.FUNCTION
    assert [(member.name, member.value) for member in SymbolType] == [("OBJECT", 0), ("FUNCTION", 1), ("OTHER", 2)]


def test_objects_of_other_types_are_refused() -> None:
    with pytest.raises(FieldRangeError):
        PPUProgram.Symbol(type=3)
    with pytest.raises(FieldTypeError):
        PPUProgram.Symbol(type="object")  # type: ignore[arg-type]  # no number
    with pytest.raises(FieldTypeError):
        PPUProgram.Symbol(coordinate=coord.PPUMemoryWordOnPPU(1))  # type: ignore[arg-type]  # a word is no interval
    with pytest.raises(FieldTypeError):
        PPUProgram(internal=b"\0")  # type: ignore[arg-type]  # bytes are no block


def test_programs_are_values(tmp_path: Path) -> None:
    file = opened(tmp_path, elf([CODE], [Symbol("status", 0, 4)]))
    assert file.read_program() == file.read_program()
    assert hash(file.read_program()) == hash(file.read_program())
    with pytest.raises(TypeError):
        file.read_program().symbols["x"] = PPUProgram.Symbol()  # type: ignore[index]  # read-only


# --- files that are none -------------------------------------------------------------------------------------------


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProgramFileError, match=r"cannot open .*no such file"):
        PPUElfFile(tmp_path / "absent.elf")
    with pytest.raises(ProgramFileError, match=r"cannot open .*not a file"):
        PPUElfFile(tmp_path)
    with pytest.raises(ProgramFileError, match="cannot open"):
        PPUElfFile("a\0b")
    with pytest.raises(ProgramFileError, match="cannot open"):
        PPUElfFile(5)  # type: ignore[arg-type]  # no path
    with pytest.raises(ProgramFileError, match="cannot open"):
        PPUElfFile("x" * 5000)


def test_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ProgramFileError, match="not a file"):
        PPUElfFile(tmp_path / "pipe")


def test_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PPUElfFile, "MAXIMUM_SIZE", 100)
    with pytest.raises(ProgramFileError, match="larger than any program file"):
        opened(tmp_path, elf([CODE]))


@pytest.mark.parametrize("content", [b"", b"\x7f", b"\x7fELF", b"#!/bin/sh\n", bytes(1000), b"\x7fELF" + bytes(60)])
def test_file_that_is_not_elf_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ProgramFileError, match="not a readable ELF file"):
        opened(tmp_path, content)


def test_file_for_another_processor_is_refused(tmp_path: Path) -> None:
    good = elf([CODE])
    little = good[:5] + b"\1" + good[6:]
    with pytest.raises(ProgramFileError, match="32 bit, little endian; programs of the embedded"):
        opened(tmp_path, little)
    wide = good[:4] + b"\2" + good[5:] + bytes(64)
    with pytest.raises(ProgramFileError, match="64 bit, big endian"):
        opened(tmp_path, wide)
    with pytest.raises(ProgramFileError, match="EM_ARM, not for PowerPC"):
        opened(tmp_path, elf([CODE], machine=40))
    with pytest.raises(ProgramFileError, match="object file; link it"):
        opened(tmp_path, elf([CODE], kind=1))


# --- hostile files -------------------------------------------------------------------------------------------------


def _patched(content: bytes, offset: int, form: str, value: int) -> bytes:
    data = bytearray(content)
    struct.pack_into(form, data, offset, value)
    return bytes(data)


def test_section_table_that_never_ends_is_refused(tmp_path: Path) -> None:
    # no section count in the header: section 0 tells it, four thousand million sections here, all at one place
    content = elf([Section("", 0)])
    table = struct.unpack_from(">I", content, 32)[0]
    content = _patched(_patched(_patched(content, 48, ">H", 0), 46, ">H", 0), table + 20, ">I", 0xFFFFFFFF)
    with pytest.raises(ProgramFileError):
        opened(tmp_path, content).read_program()


def test_tables_that_are_read_again_and_again_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # many symbol tables share the entries and names of one
    symbols = [Symbol(f"symbol {number}", 0, 4) for number in range(20)]
    content = elf([CODE, *[Section("", 0)] * 40], symbols)
    count, table = struct.unpack_from(">H", content, 48)[0], struct.unpack_from(">I", content, 32)[0]
    header = content[table + 40 * (count - 2) : table + 40 * (count - 1)]
    hostile = content[: table + 80] + header * 40 + content[table + 80 + 40 * 40 :]
    assert len(opened(tmp_path, hostile).read_symbols()) == 20
    monkeypatch.setattr("hxtwin.containers.ppu_program._Limited.READS", 3000)
    assert len(opened(tmp_path, content).read_symbols()) == 20
    with pytest.raises(ProgramFileError, match="too large, or refer to themselves"):
        opened(tmp_path, hostile).read_symbols()


def test_many_overlapping_sections_are_refused(tmp_path: Path) -> None:
    sections = [Section("ext.bss", 0x50000000, kind=NOBITS, size=256 << 20)] * 3
    with pytest.raises(ProgramFileError, match="overlap and take more than twice"):
        opened(tmp_path, elf([CODE, *sections])).read_program()


def test_symbol_table_that_names_itself_is_refused(tmp_path: Path) -> None:
    table = Section(".symtab", 0, bytes(32), kind=SYMTAB, link=1, entry_size=16)
    with pytest.raises(ProgramFileError):
        opened(tmp_path, elf([table, CODE])).read_program()


SAMPLE = elf(
    [CODE, Section("int.bss", 8, kind=NOBITS, size=24), Section("ext.data", 0x40000000, bytes(range(8)))],
    [Symbol("status", 8, 4), Symbol("start", 0, 8, FUNCTION), Symbol("data", 0x40000000, 8)],
)


@settings(derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), min_size=1, max_size=8),
    st.integers(0, len(SAMPLE)),
)
def test_damaged_files_are_refused_or_read(tmp_path: Path, changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(SAMPLE)
    for position, value in changes:
        data[position] = value
    try:
        file = opened(tmp_path, bytes(data) if length % 3 else bytes(data[:length]))
        program = file.read_program()
    except ProgramFileError:
        return
    assert len(program.internal) <= 4096
    assert program.symbols == file.read_symbols()


@settings(derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10), st.sampled_from([0, 1, 4, 8, 12, 16, 20, 24, 36]), st.one_of(
    st.integers(0, 20), st.sampled_from([0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x6FFFFFF6, 0x6FFFFFFD, 0x90000000]),
))  # fmt: skip
def test_section_headers_of_any_kind_are_refused_or_read(tmp_path: Path, section: int, field: int, value: int) -> None:
    count, table = struct.unpack_from(">H", SAMPLE, 48)[0], struct.unpack_from(">I", SAMPLE, 32)[0]
    data = _patched(SAMPLE, table + 40 * (section % count) + (field & ~3), ">I", value)
    try:
        program = opened(tmp_path, data).read_program()
    except ProgramFileError:
        return
    assert len(program.internal) <= 4096
