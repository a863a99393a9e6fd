"""What can be changed in a bring-up, what it takes from the hardware database, and what it refuses."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import attrs
import pytest

from hxtwin import containers
from hxtwin.containers import FieldRangeError
from hxtwin.coord import AD5252ChannelConfigOnBoard
from hxtwin.runtime.errors import ProgramError
from hxtwin.runtime.system_init import (
    BringUpError,
    ChipInit,
    CubeBoardInit,
    FPGAEntry,
    HighspeedLinkInit,
    JboaBoardInit,
    MinimalChipInit,
    SetupEntry,
    SetupKind,
    SystemInit,
    generate,
)

PC_CONF, W_CONF = ((1, 2), (3, 4)), ((5, 6), (7, 8))
KNOWN = FPGAEntry(synram_timing_pcconf=PC_CONF, synram_timing_wconf=W_CONF)


def writes(wire: Any, init: SystemInit) -> dict[int, list[int]]:
    """Words written over the omnibus, by address."""
    found: dict[int, list[int]] = {}
    words = wire.of_sequence(init)
    for address, data in itertools.pairwise(words):
        if address >> 56 == 0x0B:
            found.setdefault(address & 0xFFFFFFFF, []).append(data & 0xFFFFFFFF)
    return found


# --- hardware database ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "board"),
    [
        (SetupKind.CUBE, CubeBoardInit),
        (SetupKind.JBOA, JboaBoardInit),
        (SetupKind.SIMULATION, CubeBoardInit),
        (SetupKind.MOCK, CubeBoardInit),
    ],
)
def test_the_kind_of_machine_selects_the_board(kind: SetupKind, board: type[object]) -> None:
    assert type(SystemInit(setup=SetupEntry(kind=kind, fpgas=(KNOWN,))).asic_adapter_board) is board


def test_without_an_entry_the_machine_is_a_cube(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        generate(SystemInit())
    assert isinstance(SystemInit().asic_adapter_board, CubeBoardInit)
    assert not caplog.records


def test_synram_timing_of_the_chip_replaces_the_defaults(wire: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = writes(wire, SystemInit(setup=SetupEntry(fpgas=(KNOWN,))))
    assert found[0x02000000] == [2 << 4 | 1]  # precharge, east above west
    assert found[0x02000001] == [6 << 8 | 5]
    assert found[0x03000000] == [4 << 4 | 3]
    assert found[0x03000001] == [8 << 8 | 7]
    assert found[0x02000002] == found[0x03000002] == [4]
    assert not caplog.records


def test_lists_as_they_stand_in_the_database_are_accepted() -> None:
    entry = FPGAEntry(synram_timing_pcconf=[[1, 2], [3, 4]], synram_timing_wconf=[[5, 6], [7, 8]])
    assert entry == KNOWN


@pytest.mark.parametrize(
    ("entry", "missing"),
    [
        (FPGAEntry(), ["pc_conf", "w_conf"]),
        (FPGAEntry(synram_timing_pcconf=PC_CONF), ["w_conf"]),
        (FPGAEntry(synram_timing_wconf=W_CONF), ["pc_conf"]),
        (attrs.evolve(KNOWN, has_chip=False), ["pc_conf", "w_conf"]),
    ],
)
def test_missing_synram_timing_keeps_the_default_with_a_warning(
    wire: Any, caplog: pytest.LogCaptureFixture, entry: FPGAEntry, missing: list[str]
) -> None:
    with caplog.at_level(logging.WARNING):
        found = writes(wire, SystemInit(setup=SetupEntry(fpgas=(entry,))))
    assert [record.args[0] for record in caplog.records if isinstance(record.args, tuple)] == missing
    assert (found[0x02000000] == [0x88]) == ("pc_conf" in missing)
    assert (found[0x02000001] == [0x303]) == ("w_conf" in missing)


@pytest.mark.parametrize("kind", [SetupKind.SIMULATION, SetupKind.MOCK])
def test_without_hardware_the_defaults_are_used_silently(
    wire: Any, caplog: pytest.LogCaptureFixture, kind: SetupKind
) -> None:
    with caplog.at_level(logging.WARNING):
        found = writes(wire, SystemInit(setup=SetupEntry(kind=kind, fpgas=())))
    assert found[0x02000000] == [0x88]
    assert not caplog.records


def test_a_memory_timing_that_is_given_wins_over_the_database(wire: Any) -> None:
    timing = containers.MemoryTiming().with_columns({"synram.pc_conf_west": [9, 9]})
    init = SystemInit(setup=SetupEntry(fpgas=(KNOWN,)), chip=ChipInit(memory_timing=timing))
    assert writes(wire, init)[0x02000000] == [0x89]


@pytest.mark.parametrize("count", [0, 2])
def test_hardware_has_exactly_one_fpga(count: int) -> None:
    with pytest.raises(BringUpError, match=f"the cube entry has {count} FPGAs; reduce it"):
        SetupEntry(fpgas=(KNOWN,) * count)


@pytest.mark.parametrize("wrong", [[[1, 2]], [[1, 2], [3]], [[1, 2], [3, 4], [5, 6]]])
def test_timing_is_two_by_two(wrong: list[list[int]]) -> None:
    with pytest.raises(BringUpError, match=r"is not \[\[top west, east\], \[bottom west, east\]\]"):
        FPGAEntry(synram_timing_pcconf=wrong)


def test_timing_out_of_range_is_refused() -> None:
    setup = SetupEntry(fpgas=(attrs.evolve(KNOWN, synram_timing_pcconf=((16, 0), (0, 0))),))
    with pytest.raises(FieldRangeError, match="pc_conf_west"):
        generate(SystemInit(setup=setup))


# --- switches and values ----------------------------------------------------------------------------------------------


def test_capmem_needs_the_link() -> None:
    with pytest.raises(BringUpError, match="enable_capmem needs the high-speed link"):
        ChipInit(enable_highspeed_link=False)
    assert issubclass(BringUpError, ProgramError)


def test_values_of_the_sequence_can_be_changed(wire: Any) -> None:
    link = HighspeedLinkInit(
        common_phy_config_fpga=containers.CommonPhyConfigFPGA().with_columns({"enable_phy": [True] * 5 + [False] * 3}),
        systime_sync_base=containers.SystimeSyncBase(value=1 << 32 | 5),
    )
    chip = ChipInit(
        jtag_clock_scaler=containers.JTAGClockScaler(value=9),
        highspeed_link=link,
        event_recording=containers.EventRecordingConfig(enable_event_recording=False),
        reference_generator=containers.ReferenceGeneratorConfig(reference_control=12, enable_reset=True),
    )
    init = SystemInit(chip=chip, instruction_timeout=containers.InstructionTimeoutConfig(value=125_000_000))
    found = writes(wire, init)
    assert found[0x88000009] == [125_000_000]
    assert found[0x88004000] == [0b00011111]
    assert (found[0x0], found[0x1]) == ([5], [1])
    assert found[0x88000005] == [0]
    assert found[0x000C0012] == [0x9000, 0x1000]
    assert found[0x000C0013] == [12 << 6] * 2
    assert ["jtag_scaler", 9] in wire.symbols(init)


def test_another_board_can_be_given_than_the_kind_of_machine_has(wire: Any, rows: dict[str, Any]) -> None:
    words = wire.of_sequence(SystemInit(asic_adapter_board=JboaBoardInit(), enable_chip=False))
    assert words == wire.of_rows(rows["timeout"]) + wire.of_rows(rows["jboa"])


def test_supply_voltages_of_the_cube_can_be_those_of_the_first_regulators(wire: Any) -> None:
    board = CubeBoardInit(dac_channel_block=containers.DACChannelBlock.default_ldo_1())
    words = wire.of_sequence(board)
    assert wire.of_sequence(CubeBoardInit()) != words
    assert 0x0C << 56 | 0x80000000 | 275 & 0xFF in words


def test_counts_of_parts_are_checked() -> None:
    potentiometer = containers.AD5252ChannelConfig(value=1)
    with pytest.raises(BringUpError, match="5 potentiometers are given, the jBOA has 6"):
        JboaBoardInit(potentiometers=(potentiometer,) * 5)
    assert JboaBoardInit(potentiometers=(potentiometer,) * AD5252ChannelConfigOnBoard.size).potentiometers
    with pytest.raises(BringUpError, match="settings of 1 PLLs are given, the chip has 2"):
        ChipInit(adplls=(containers.ADPLL(),))
    with pytest.raises(BringUpError, match="settings of 7 PHYs of the FPGA and 8 of the chip"):
        HighspeedLinkInit(phy_configs_fpga=(containers.PhyConfigFPGA(),) * 7)


def test_a_bring_up_is_frozen_and_compares_by_value() -> None:
    assert SystemInit() == SystemInit()
    assert SystemInit() != SystemInit(enable_chip=False)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        SystemInit().enable_chip = False  # type: ignore[misc]  # what is tested


def test_the_minimal_bring_up_makes_jtag_usable(wire: Any) -> None:
    assert wire.symbols(MinimalChipInit()) == [
        ["reset", 1], ["setup"], ["wait_until", 10], ["reset", 0], ["setup"], ["wait_until", 100],
        ["jtag_scaler", 3], ["jtag_init"], ["setup"], ["wait_until", 2750],
    ]  # fmt: skip


def test_a_generated_sequence_reads_nothing_and_has_no_result() -> None:
    builder, result = generate(SystemInit())
    assert builder.is_write_only()
    assert result is None
