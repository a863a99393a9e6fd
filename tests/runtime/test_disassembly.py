"""Listings of programs, and the command that prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hxtwin import coord, runtime
from hxtwin.comm import ut
from hxtwin.containers import (
    ADPLL,
    Backend,
    CapMemCell,
    Chip,
    ExternalPPUMemoryByte,
    ResetChip,
    SynapseDriverConfig,
    SystimeSync,
)
from hxtwin.runtime import PlaybackProgramBuilder, Row
from hxtwin.runtime.commands import program as program_command
from hxtwin.runtime.instruction_text import instruction_text
from hxtwin.runtime.instruction_times import instruction_times

if TYPE_CHECKING:
    from pathlib import Path

CELL = coord.CapMemCellOnDLS(5)


def rows(builder: PlaybackProgramBuilder) -> list[Row]:
    return list(builder.done().disassemble())


def test_a_write_over_the_omnibus_is_one_row_with_its_fields() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(CELL, CapMemCell(value=123))
    (row,) = rows(builder)
    address = int(CapMemCell.write_addresses(CELL)[0])
    assert row == Row(0, None, f"omnibus write {address:#010x} = 0x7b", "CapMemCell", str(CELL), "value=123")


def test_a_read_names_what_is_read() -> None:
    builder = PlaybackProgramBuilder()
    builder.read(CELL)
    (row,) = rows(builder)
    assert (row.container, row.coordinate, row.fields) == ("CapMemCell", str(CELL), "")
    assert row.instruction.startswith("omnibus read")


def test_parts_of_a_chip_are_named_one_by_one() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.ChipOnDLS(), Chip())
    listing = builder.done().disassemble()
    assert len(listing) == 126_842
    assert listing[0].container.startswith("Crossbar")
    names = {listing[i].container for i in range(0, len(listing), 9973)}
    assert len(names) > 3
    assert "Chip" not in names


def test_an_access_over_jtag_shows_address_and_word() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(CELL, CapMemCell(value=7), backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    texts = [(row.instruction, row.container, row.fields) for row in rows(builder)]
    assert texts[0] == ("jtag select OMNIBUS_ADDRESS", "CapMemCell", "")
    assert texts[3] == ("jtag shift 32 bits 0x7", "CapMemCell", "value=7")
    assert texts[4][0] == "jtag select OMNIBUS_REQUEST"


def test_a_pll_shows_its_fields_beside_its_first_instruction() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.ADPLLOnDLS(1), ADPLL(loop_div_n=12))
    found = rows(builder)
    assert "loop_div_n=12" in found[0].fields
    assert [row.fields for row in found[1:]] == [""] * 7
    assert {row.coordinate for row in found} == {"ADPLLOnDLS(1)"}


def test_partial_writes_show_their_byte_lanes() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.ExternalPPUMemoryByteOnFPGA(1), ExternalPPUMemoryByte(value=3))
    (row,) = rows(builder)
    assert row.instruction.endswith("(byte lanes 0100)")


def test_raw_words_are_explained_by_their_address() -> None:
    builder = PlaybackProgramBuilder()
    builder.write_words(SynapseDriverConfig.write_addresses(coord.SynapseDriverOnDLS(3))[:1], [0x3E00])
    builder.write_words([0x7FFFFFFF], [1])
    known, unknown = rows(builder)
    assert (known.container, known.coordinate) == ("SynapseDriverConfig", str(coord.SynapseDriverOnDLS(3)))
    assert (unknown.container, unknown.coordinate, unknown.fields) == ("", "", "")


def test_spikes_and_their_waits_stand_with_their_times() -> None:
    builder = PlaybackProgramBuilder()
    builder.reset_timer()
    builder.write_spike_train([10, 10, 400], [1, 2, 3])
    found = [(row.time, row.instruction) for row in rows(builder)]
    assert found == [
        (0, "timer := 0"),
        (0, "wait until 9 (0.072 us)"),
        (10, "spikes 0x1 0x2"),
        (11, "wait until 399 (3.192 us)"),
        (400, "spikes 0x3"),
    ]


def test_times_start_anew_with_the_timer_and_are_unknown_before() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.ResetChipOnDLS(), ResetChip(value=True))
    builder.wait_until(50)
    builder.wait_for(100)
    builder.write(CELL, CapMemCell())
    builder.wait_until(20)
    builder.reset_timer()
    builder.write(coord.SystimeSyncOnFPGA(), SystimeSync())
    assert [row.time for row in rows(builder)] == [None, None, 0, 0, 101, 103, 0, 0]


def test_times_of_the_rule_one_by_one() -> None:
    rng = np.random.default_rng(3)
    listed: list[ut.Message] = []
    for kind, value in zip(rng.integers(0, 4, 300).tolist(), rng.integers(0, 100, 300).tolist(), strict=True):
        choices = [ut.TimerSetup(), ut.WaitUntil(value=value), ut.JTAGInit(), ut.Reset(value=1)]
        listed.append(choices[kind])
    expected, now = [], -1
    for message in listed:
        if isinstance(message, ut.TimerSetup):
            expected.append(0)
            now = 0
        elif now < 0:
            expected.append(-1)
        else:
            expected.append(now)
            now = max(now, message.value if isinstance(message, ut.WaitUntil) else 0) + 1
    assert instruction_times(ut.MessageArray.from_messages(listed, "to_fpga")).tolist() == expected


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (ut.JTAGInit(), "jtag reset"),
        (ut.JTAGScaler(value=6), "jtag clock divider 6"),
        (ut.JTAGIns(value=0x4C), "jtag select PHY_REGISTER_1"),
        (ut.JTAGIns(value=0x33), "jtag select 0x33"),
        (ut.JTAGData(num_bits=32, keep_response=1), "jtag shift 32 bits 0x0, keep response"),
        (ut.SystimeInit(value=1), "synchronise systime"),
        (ut.SystimeInit(value=0), "ask for systime"),
        (ut.Barrier(), "barrier of nothing"),
        (ut.Barrier(omnibus=1, systime=1), "barrier omnibus, systime"),
        (ut.PollingOmnibusBlock(value=0), "poll until different"),
        (ut.Reset(value=0), "chip reset off"),
        (ut.Loopback(value=ut.TICK), "tick"),
        (ut.Loopback(value=ut.HALT), "halt"),
        (ut.OmnibusData(value=5), "omnibus word 0x5 without an address"),
        (ut.OmnibusAddress(address=5), "omnibus write 0x00000005 = nothing"),
        (ut.SpikePack3ToFPGA(spikes=(1, 2, 3)), "spikes 0x1 0x2 0x3"),
    ],
)
def test_instructions_in_words(message: ut.Message, text: str) -> None:
    assert instruction_text(message) == text


def test_a_part_can_be_listed_and_long_listings_are_cut() -> None:
    builder = PlaybackProgramBuilder()
    for value in range(300):
        builder.wait_until(value)
    program = builder.done()
    listing = program.disassemble()
    assert [row.index for row in program.disassemble(10, 13)] == [10, 11, 12]
    assert [row.index for row in listing[-2:]] == [298, 299]
    lines = str(listing).splitlines()
    assert lines[0].split() == ["index", "time", "instruction", "container", "coordinate", "fields"]
    assert len(lines) == 202
    assert lines[-1] == "... 100 more of 300 rows"
    assert len(list(listing.lines())) == 301
    assert repr(listing) == "<listing of 300 rows>"


def test_the_bring_up_lists_every_container_of_its_sequence() -> None:
    program = runtime.generate(runtime.SystemInit())[0].done()
    found = {row.container for row in program.disassemble()}
    wanted = {"InstructionTimeoutConfig", "ShiftRegister", "DACChannelBlock", "ResetChip", "ADPLL", "PhyConfigChip"}
    assert wanted | {"TimerValue", "Timer", "Barrier", "SystimeSync", "CommonSynramConfig"} <= found
    assert "" not in found


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def application() -> typer.Typer:
    application = typer.Typer()
    application.command()(program_command)
    return application


def test_the_command_lists_a_file(tmp_path: Path, application: typer.Typer) -> None:
    builder = PlaybackProgramBuilder()
    builder.write(CELL, CapMemCell(value=123))
    builder.read(coord.BackgroundSpikeSourceOnDLS(1))
    file = tmp_path / "program.hx"
    written = builder.done()
    file.write_bytes(written.to_bytes())
    result = CliRunner().invoke(application, [str(file)])
    assert result.exit_code == 0
    assert "value=123" in result.output
    assert f"{len(written)} instructions; reads: {written.size_from_fpga()} omnibus, 0 jtag, 0 ticks" in result.output
    assert written.digest.hex() in result.output
    assert "cannot be run on hardware: reads BackgroundSpikeSource" in result.output
    short = CliRunner().invoke(application, [str(file), "--start", "2", "--count", "1"])
    assert "value=123" not in short.output
    assert "more of" in short.output


def test_the_command_refuses_other_files(tmp_path: Path, application: typer.Typer) -> None:
    file = tmp_path / "nothing.hx"
    for prepare in (lambda: None, lambda: file.write_bytes(b"nonsense")):
        prepare()
        result = CliRunner().invoke(application, [str(file)])
        assert isinstance(result.exception, runtime.ProgramDecodeError)
