"""Dumpers, lists of containers, chip objects, and the ways between them and programs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import coord, runtime
from hxtwin.comm import ut
from hxtwin.containers import (
    ADPLL,
    Backend,
    Barrier,
    CapMemCell,
    Chip,
    DACChannel,
    ExternalPPUMemoryByte,
    HicannARQStatus,
    MADCControl,
    PPUMemoryBlock,
    SpikePack3ToChip,
    SynapseDriverConfig,
    SynapseMatrix,
    TCA9554Config,
    Timer,
    TimerValue,
)

if TYPE_CHECKING:
    from hxtwin.coord import Coordinate

DETERMINISTIC = settings(deadline=None, derandomize=True, max_examples=8)
CELL = coord.CapMemCellOnDLS(5)


def some_chip() -> Chip:
    weights = np.random.default_rng(7).integers(0, 64, (2, 256, 256)).astype(np.uint8)
    words = np.arange(4096, dtype=np.uint32)
    return Chip().with_columns({"synapse_blocks.matrix.weights": weights, "ppu_memory.words": np.stack([words, words])})


def spikes(*labels: int) -> SpikePack3ToChip:
    return SpikePack3ToChip(labels=np.array(labels))


# --- the dumper -------------------------------------------------------------------------------------------------------


def test_a_dumper_keeps_what_is_written_in_order() -> None:
    dumper = runtime.Dumper()
    dumper.write(CELL, CapMemCell(value=1))
    dumper.wait_until(125)
    dumper.barrier(omnibus=True)
    dumper.write(CELL, CapMemCell(value=2), CapMemCell(value=2), backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    assert len(dumper) == 4
    assert dumper.done() == [
        (CELL, CapMemCell(value=1)),
        (coord.TimerOnDLS(), TimerValue(value=125)),
        (coord.BarrierOnFPGA(), Barrier(enable_omnibus=True)),
        (CELL, CapMemCell(value=2)),
    ]
    assert dumper.empty()
    assert dumper.is_write_only()


def test_a_dumper_refuses_reads_and_wrong_pairs() -> None:
    dumper = runtime.Dumper()
    with pytest.raises(runtime.AccessRefusedError, match="use a builder"):
        dumper.read(CELL)
    with pytest.raises(runtime.PlacementError):
        dumper.write(coord.TimerOnDLS(), CapMemCell())
    with pytest.raises(runtime.AccessRefusedError):
        dumper.write(coord.HicannARQStatusOnFPGA(), HicannARQStatus())
    with pytest.raises(runtime.PlacementError):
        dumper.block_until(coord.TimerOnDLS(), Timer())
    assert dumper.empty()


def test_dumpers_merge_like_builders() -> None:
    one, other = runtime.Dumper(), runtime.Dumper()
    one.write(CELL, CapMemCell(value=1))
    other.write(CELL, CapMemCell(value=2))
    one.copy_back(other)
    one.merge_front(other)
    assert other.empty()
    one.merge_back(other)
    values = [container.value for _, container in one.done() if isinstance(container, CapMemCell)]
    assert values == [2, 1, 2]
    for merge in (one.merge_back, one.merge_front, one.copy_back):
        with pytest.raises(runtime.MergeError):
            merge(one)
        with pytest.raises(runtime.MergeError):
            merge(runtime.PlaybackProgramBuilder())  # type: ignore[arg-type]  # what the test is about


def test_a_bring_up_can_be_dumped_and_replayed() -> None:
    sequence = runtime.SystemInit()
    dumper = runtime.Dumper()
    sequence.write_to(dumper)
    builder, _ = runtime.generate(sequence)
    assert runtime.convert_to_builder(dumper.done()).done() == builder.done()


def test_lists_and_dumpers_convert_into_each_other() -> None:
    commands: list[tuple[Coordinate, Any]] = [(CELL, CapMemCell(value=1)), (coord.TimerOnDLS(), TimerValue(value=3))]
    assert runtime.convert_to_dumper(commands).done() == commands


def test_squash_keeps_the_last_of_each_coordinate_sorted() -> None:
    other = coord.CapMemCellOnDLS(2)
    at = coord.LogicalNeuronOnDLS.from_plain([[0, [17]]])
    commands: list[tuple[Coordinate, Any]] = [
        (CELL, CapMemCell(value=1)),
        (coord.TimerOnDLS(), Timer()),
        (coord.SynapseDriverOnDLS(3), SynapseDriverConfig()),
        (other, CapMemCell(value=2)),
        (coord.TimerOnDLS(), TimerValue(value=7)),
        (CELL, CapMemCell(value=3)),
        (at, CapMemCell()),
    ]
    assert runtime.squash(commands) == [
        (other, CapMemCell(value=2)),
        (CELL, CapMemCell(value=3)),
        (at, CapMemCell()),
        (coord.SynapseDriverOnDLS(3), SynapseDriverConfig()),
        (coord.TimerOnDLS(), TimerValue(value=7)),
    ]


# --- programs to lists ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setup", [None, runtime.JboaBoardInit()])
def test_a_bring_up_is_decoded_from_its_instructions(setup: runtime.JboaBoardInit | None) -> None:
    sequence = runtime.SystemInit() if setup is None else runtime.SystemInit(asic_adapter_board=setup)
    dumper = runtime.Dumper()
    sequence.write_to(dumper)
    program = runtime.generate(sequence)[0].done()
    assert runtime.convert_to_list(program) == dumper.done()


def test_every_bus_is_decoded() -> None:
    commands: list[tuple[Coordinate, Any]] = [
        (coord.ADPLLOnDLS(1), ADPLL(loop_div_n=12)),
        (coord.DACChannelOnBoard(9), DACChannel(value=0xABC)),
        (coord.TCA9554ConfigOnBoard(), TCA9554Config()),
        (coord.PPUMemoryBlockOnDLS.from_plain([[3, 4], 0]), PPUMemoryBlock.of([1 << 31, 77])),
        (coord.ExternalPPUMemoryByteOnFPGA(2), ExternalPPUMemoryByte(value=0x5A)),
        (coord.SpikePack3ToChipOnDLS(), spikes(1, 2, 65535)),
        (coord.ChipOnDLS(), some_chip()),
    ]
    assert runtime.convert_to_list(runtime.convert_to_builder(commands).done()) == commands
    builder = runtime.PlaybackProgramBuilder()
    builder.write(CELL, CapMemCell(value=33), backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    assert runtime.convert_to_list(builder.done()) == [(CELL, CapMemCell(value=33))]


def test_commands_at_times_become_conditions_and_containers() -> None:
    builder = runtime.AbsoluteTimePlaybackProgramBuilder()
    builder.write(10, CELL, CapMemCell(value=3))
    builder.write_spike_train([20, 20, 20], [7, 8, 9])
    assert runtime.convert_to_list(builder.done().done()) == [
        (coord.TimerOnDLS(), Timer()),
        (coord.TimerOnDLS(), TimerValue(value=9)),
        (CELL, CapMemCell(value=3)),
        (coord.TimerOnDLS(), TimerValue(value=19)),
        (coord.SpikePack3ToChipOnDLS(), spikes(7, 8, 9)),
    ]


def test_what_is_no_list_of_containers_is_refused() -> None:
    read, raw, partial = (runtime.PlaybackProgramBuilder() for _ in range(3))
    read.read(CELL)
    raw.write_words([5], [6])
    base = SynapseMatrix()
    weights = np.ones((256, 256), dtype=np.uint8)
    partial.write(coord.SynramOnDLS.top, base.with_columns({"weights": weights}), base)
    for builder, message in ((read, "1 reads"), (raw, "belongs to no container"), (partial, "differential write")):
        with pytest.raises(runtime.ConversionError, match=message):
            runtime.convert_to_list(builder.done())


# --- to a chip object -------------------------------------------------------------------------------------------------


def test_nothing_gives_a_default_chip() -> None:
    assert runtime.convert_to_chip([]) == Chip()
    assert runtime.convert_to_chip(runtime.PlaybackProgramBuilder().done()) == Chip()


def test_a_chip_survives_the_way_through_a_program() -> None:
    chip = some_chip()
    builder = runtime.PlaybackProgramBuilder()
    builder.write(coord.ChipOnDLS(), chip)
    assert runtime.convert_to_chip(builder.done()) == chip


def test_a_differential_program_leads_from_one_chip_to_the_other() -> None:
    chip = some_chip()
    builder = runtime.PlaybackProgramBuilder()
    builder.write(coord.ChipOnDLS(), chip, Chip())
    program = builder.done()
    assert 0 < len(program) < 2 * 126_842
    assert runtime.convert_to_chip(program, Chip()) == chip
    assert runtime.convert_to_chip(program, chip) == chip


@DETERMINISTIC
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 1000)), max_size=20))
def test_the_last_write_of_a_cell_counts(writes: list[tuple[int, int]]) -> None:
    commands = [(coord.CapMemCellOnDLS(at), CapMemCell(value=value)) for at, value in writes]
    program = runtime.convert_to_builder(commands).done()
    over_jtag = runtime.PlaybackProgramBuilder()
    for at, container in commands:
        over_jtag.write(at, container, backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    chips = [runtime.convert_to_chip(source) for source in (commands, program, over_jtag.done())]
    assert chips[0] == chips[1] == chips[2]
    words = dict(zip(Chip.write_addresses(coord.ChipOnDLS()).tolist(), chips[0].encode().tolist(), strict=True))
    for index, value in dict(writes).items():
        assert words[int(CapMemCell.write_addresses(coord.CapMemCellOnDLS(index))[0])] == value


def test_single_bytes_change_single_bytes() -> None:
    commands = [(coord.ExternalPPUMemoryByteOnFPGA(at), ExternalPPUMemoryByte(value=at + 1)) for at in (2, 5, 2)]
    memory = runtime.convert_to_chip(commands).external_ppu_memory.bytes
    assert memory[:8].tolist() == [0, 0, 3, 0, 0, 6, 0, 0]


def test_what_belongs_to_no_chip_is_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    commands: list[tuple[Coordinate, Any]] = [
        (coord.MADCControlOnDLS(), MADCControl()),
        (coord.ADPLLOnDLS(0), ADPLL()),
        (coord.TimerOnDLS(), TimerValue(value=3)),
        (coord.SpikePack3ToChipOnDLS(), spikes(1, 2, 3)),
        (CELL, CapMemCell(value=4)),
    ]
    with caplog.at_level(logging.WARNING):
        chip = runtime.convert_to_chip(commands)
    assert chip == runtime.convert_to_chip(commands[-1:])
    (record,) = caplog.records
    assert "MADCControl" in record.message


def test_words_that_no_chip_can_hold_are_refused() -> None:
    builder = runtime.PlaybackProgramBuilder()
    addresses = Chip.write_addresses(coord.ChipOnDLS())
    builder.write_words(addresses, np.full(len(addresses), 0xFFFFFFFF))
    with pytest.raises(runtime.ConversionError, match="no configuration of a chip"):
        runtime.convert_to_chip(builder.done())


def test_an_address_without_a_word_is_no_write() -> None:
    builder = runtime.PlaybackProgramBuilder()
    address = int(CapMemCell.write_addresses(CELL)[0])
    builder.append(ut.MessageArray.from_messages([ut.OmnibusAddress(address=address)], "to_fpga"))
    assert runtime.convert_to_chip(builder.done()) == Chip()
