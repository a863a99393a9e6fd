"""The bring-up, word for word as the reference lists it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from hxtwin.runtime.system_init import ChipInit, HighspeedLinkInit, SetupEntry, SetupKind, SystemInit

if TYPE_CHECKING:
    from pathlib import Path

FULL = [
    "timeout", "cube", "reset and clocks", "link", "systime", "recording", "capmem", "memory timing", "last barrier",
]  # fmt: skip
NO_HIGHSPEED = {
    "id": "init/cube_no_highspeed",
    "num_messages": 413,
    "sha256_canonical_json": "69720b87190c58790c9befeb9f8ad51500b153599dbd473d9d74e70beb225231",
}


def words_of(wire: Any, rows: dict[str, Any], parts: list[str]) -> list[int]:
    return [word for part in parts for word in wire.of_rows(rows[part])]


def test_all_switches_on_give_the_full_sequence_of_the_cube(wire: Any, rows: dict[str, Any]) -> None:
    words = wire.of_sequence(SystemInit())
    assert len(words) == 348
    assert words == words_of(wire, rows, FULL)


def test_a_cube_without_the_link_is_the_known_good_stream(wire: Any) -> None:
    init = SystemInit(chip=ChipInit(enable_highspeed_link=False, enable_capmem=False))
    symbols = wire.symbols(init)
    text = json.dumps(symbols, separators=(",", ":"))
    assert len(symbols) == NO_HIGHSPEED["num_messages"]
    assert hashlib.sha256(text.encode()).hexdigest() == NO_HIGHSPEED["sha256_canonical_json"]


def test_the_known_good_stream_is_that_of_the_vectors(vectors_file: Path) -> None:
    if not vectors_file.exists():
        pytest.skip(f"{vectors_file.name} does not lie beside the repository")
    vector = next(case for case in json.loads(vectors_file.read_text()) if case["id"] == NO_HIGHSPEED["id"])
    expected = {key: value for key, value in NO_HIGHSPEED.items() if key != "id"}
    assert vector["expected"] == expected


def test_the_jboa_board_replaces_that_of_the_cube(wire: Any, rows: dict[str, Any]) -> None:
    words = wire.of_sequence(SystemInit(setup=SetupEntry(kind=SetupKind.JBOA)))
    assert words == words_of(wire, rows, ["jboa" if part == "cube" else part for part in FULL])


def test_without_system_time_only_its_steps_are_left_out(wire: Any, rows: dict[str, Any]) -> None:
    init = SystemInit(chip=ChipInit(highspeed_link=HighspeedLinkInit(enable_systime=False)))
    assert wire.of_sequence(init) == words_of(wire, rows, [part for part in FULL if part != "systime"])


def test_without_capmem_only_the_reference_generator_is_left_out(wire: Any, rows: dict[str, Any]) -> None:
    init = SystemInit(chip=ChipInit(enable_capmem=False))
    assert wire.of_sequence(init) == words_of(wire, rows, [part for part in FULL if part != "capmem"])


def test_without_the_link_memory_timing_goes_over_jtag_and_so_does_the_last_barrier(
    wire: Any, rows: dict[str, Any]
) -> None:
    init = SystemInit(chip=ChipInit(enable_highspeed_link=False, enable_capmem=False))
    expected = words_of(wire, rows, ["timeout", "cube", "reset and clocks", "recording"])
    expected += [word for row in rows["memory timing"] for word in wire.of_row(row._replace(path="over JTAG"))]
    assert wire.of_sequence(init) == [*expected, 0x07 << 56 | 0b00010]


def test_without_the_board_the_chip_follows_the_timeout(wire: Any, rows: dict[str, Any]) -> None:
    init = SystemInit(enable_asic_adapter_board=False)
    assert wire.of_sequence(init) == words_of(wire, rows, [part for part in FULL if part != "cube"])


def test_without_the_chip_the_board_alone_is_set_up(wire: Any, rows: dict[str, Any]) -> None:
    assert wire.of_sequence(SystemInit(enable_chip=False)) == words_of(wire, rows, ["timeout", "cube"])


def test_with_both_off_the_timeout_remains(wire: Any, rows: dict[str, Any]) -> None:
    init = SystemInit(enable_chip=False, enable_asic_adapter_board=False)
    assert wire.of_sequence(init) == words_of(wire, rows, ["timeout"])


def test_the_stream_is_what_an_emulator_sees_first(wire: Any) -> None:
    """The six paragraphs of the reference, in order (reference: fpga-instructions.md 8)."""
    symbols = wire.symbols(SystemInit())
    milestones = [
        ["omnibus_addr", 0, 15, 0x88000009], ["omnibus_addr", 0, 15, 0x88007001], ["omnibus_addr", 0, 15, 0x88007002],
        ["omnibus_addr", 0, 15, 0x88007004], ["setup"], ["wait_until", 125_000],
        ["reset", 1], ["setup"], ["wait_until", 10], ["reset", 0], ["setup"], ["wait_until", 100],
        ["jtag_scaler", 6], ["jtag_init"], *([["jtag_data", 0, 4, register] for register in range(5)]),
        *([["omnibus_addr", 0, 15, 0x88006000 + phy] for phy in range(8)]),
        *([["jtag_ins", 0x44 | 7 - phy << 3] for phy in range(8)]), ["wait_until", 12_500],
        ["omnibus_addr", 0, 15, 0x88004000], ["jtag_data", 0, 33, 0x00040000],
        ["omnibus_addr", 0, 15, 0x0], ["omnibus_addr", 0, 15, 0x1], ["barrier", 1], ["systime_init", 1], ["barrier", 4],
        ["omnibus_addr", 0, 15, 0x88000005], ["omnibus_addr", 0, 15, 0x000C0012], ["barrier", 1], ["setup"],
        ["wait_until", 1000], ["omnibus_addr", 0, 15, 0x000C0012], ["omnibus_addr", 0, 15, 0x00142800], ["barrier", 1],
    ]  # fmt: skip
    position = 0
    for milestone in milestones:
        position = symbols.index(milestone, position) + 1
    assert position == len(symbols)


def reference_steps(text: str, heading: str) -> list[tuple[int, list[int], int]]:
    """Step, numbers in its address and value columns, and number of messages of each row of a table."""
    table = re.split(r"\n###? ", text.partition(heading)[2], maxsplit=1)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:3] != "|--"]
    steps = [row for row in cells if len(row) > 4 and row[0].isdigit()]
    return [
        (int(row[0]), [int(n, 16) for n in re.findall(r"0x[0-9a-f]+", " ".join(row[3:-1]))], int(row[-1]))
        for row in steps
    ]


def test_rows_of_the_cube_are_those_of_the_reference(wire: Any, rows: dict[str, Any], reference_file: Path) -> None:
    if not reference_file.exists():
        pytest.skip(f"{reference_file.name} does not lie beside the repository")
    listed = reference_steps(reference_file.read_text(), "### 9.1 ")
    ours = [row for part in FULL for row in rows[part]]
    assert [(row.step, len(wire.of_row(row))) for row in ours] == [(step, count) for step, _, count in listed]
    in_hexadecimal = {"omnibus", "over JTAG", "PLL"}
    for row, (step, numbers, _) in zip(ours, listed, strict=True):
        if row.path in in_hexadecimal and step not in {1, 57}:
            ends = row.addresses if len(row.addresses) < 3 else [row.addresses[0], row.addresses[-1]]
            assert numbers == ([] if row.path == "PLL" else ends) + row.words, step


def test_rows_of_the_jboa_are_those_of_the_reference_but_for_the_multiplexer(
    wire: Any, rows: dict[str, Any], reference_file: Path
) -> None:
    """Its row counts a register number; the word containers say that the multiplexer has none (2 messages, not 4)."""
    if not reference_file.exists():
        pytest.skip(f"{reference_file.name} does not lie beside the repository")
    listed = [(step, count) for step, _, count in reference_steps(reference_file.read_text(), "### 9.2 ")]
    counts: dict[int, int] = {}
    for row in rows["jboa"]:
        counts[row.step] = counts.get(row.step, 0) + len(wire.of_row(row))
    assert listed.pop(0) == (2, 4)
    assert counts.pop(2) == 2
    assert list(counts.items()) == listed
