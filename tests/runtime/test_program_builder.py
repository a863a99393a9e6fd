"""What the builder writes, reads, waits for and refuses."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from hxtwin import coord, runtime
from hxtwin.comm import ut
from hxtwin.containers import (
    ADPLL,
    Backend,
    Barrier,
    CapMemBlock,
    CapMemCell,
    Chip,
    EventRecordingConfig,
    ExternalPPUMemoryByte,
    FieldRangeError,
    HicannARQStatus,
    InstructionTimeoutConfig,
    LogicalNeuron,
    Morphology,
    NeuronConfig,
    NullPayloadReadable,
    PADIEvent,
    PhyConfigChip,
    PollingOmnibusBlock,
    PPUMemoryBlock,
    PPUMemoryWord,
    SynapseDriverConfig,
    SynapseMatrix,
    Timer,
    TimerValue,
    by_name,
    types,
)
from hxtwin.containers.memory_block import MemoryBlock
from hxtwin.runtime import PlaybackProgramBuilder

#: Places of containers that live at no simple index.
PLAIN: dict[str, object] = {
    "ExternalPPUDRAMMemoryBlock": [0, 0],
    "ExternalPPUMemoryBlock": [0, 0],
    "PPUMemoryBlock": [[0, 0], 0],
    "LogicalNeuron": [[0, [17, 18]]],
}
CELL = coord.CapMemCellOnDLS(5)


def names(builder: PlaybackProgramBuilder) -> list[str]:
    return [type(message).__name__ for message in builder.done().messages]


def test_a_write_has_all_words_in_the_order_of_the_container() -> None:
    driver = SynapseDriverConfig()
    at = coord.SynapseDriverOnDLS(7)
    builder = PlaybackProgramBuilder()
    builder.write(at, driver)
    messages = builder.done().messages
    assert messages.column(ut.OmnibusAddress, "address").tolist() == SynapseDriverConfig.write_addresses(at).tolist()
    assert messages.column(ut.OmnibusData, "value").tolist() == driver.encode().tolist()
    assert set(messages.column(ut.OmnibusAddress, "byte_enables").tolist()) == {0xF}


def test_two_equal_writes_are_two_writes() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(CELL, CapMemCell(value=3))
    builder.write(CELL, CapMemCell(value=3))
    assert builder.size_to_fpga() == 4
    messages = builder.done().messages
    assert messages[:2] == messages[2:]


def test_single_bytes_are_written_with_their_lane_alone() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.ExternalPPUMemoryByteOnFPGA(1), ExternalPPUMemoryByte(value=0xAB))
    (lanes,) = builder.done().messages.column(ut.OmnibusAddress, "byte_enables").tolist()
    assert lanes == 0b0100


def test_the_chip_is_written_with_the_memory_on_its_fpga() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.ChipOnDLS(), Chip())
    program = builder.done()
    assert len(program) == 2 * 126_842
    addresses = program.messages.column(ut.OmnibusAddress, "address")
    assert np.array_equal(addresses, Chip.write_addresses(coord.ChipOnDLS()))
    assert (addresses >> 31).any()


@pytest.mark.parametrize("name", sorted(name for name, cls in types().items() if cls.is_writable()))
def test_every_writable_container_can_be_written_where_it_lives(name: str) -> None:
    cls = by_name(name)
    at = coord.types()[cls.coordinate_type.__name__].from_plain(PLAIN.get(name, 0))
    container = neuron_of_two_circuits() if name == "LogicalNeuron" else cls()
    if isinstance(container, MemoryBlock):
        container = container.get_subblock(0, 1)
    builder = PlaybackProgramBuilder()
    if cls in {TimerValue, Barrier, PollingOmnibusBlock}:
        builder.block_until(at, container)
    else:
        builder.write(at, container)
    assert builder.size_to_fpga() > 0
    assert builder.is_write_only()


def neuron_of_two_circuits() -> LogicalNeuron:
    morphology = Morphology()
    morphology.create_compartment([coord.AtomicNeuronOnLogicalNeuron(column) for column in (0, 1)])
    _, neuron = morphology.done()
    return neuron


def test_logical_neurons_are_named_by_their_circuits() -> None:
    at = coord.LogicalNeuronOnDLS.from_plain(PLAIN["LogicalNeuron"])
    builder = PlaybackProgramBuilder()
    builder.write(CELL, CapMemCell())
    other = PlaybackProgramBuilder()
    other.write(at, neuron_of_two_circuits())
    ticket = other.read(at, LogicalNeuron)
    builder.merge_back(other)
    builder.merge_back(PlaybackProgramBuilder())
    program = builder.done()
    assert program.sources[2].coordinate == at
    assert [found.coordinate for found in program.tickets()] == [at] == [ticket.coordinate]


def test_the_backend_can_be_chosen() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(CELL, CapMemCell(value=3), backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    assert names(builder) == ["JTAGIns", "JTAGData"] * 3


def test_a_backend_that_the_container_does_not_have_is_refused() -> None:
    builder = PlaybackProgramBuilder()
    with pytest.raises(runtime.BackendError, match="possible: omnibus_chip, omnibus_chip_over_jtag"):
        builder.write(CELL, CapMemCell(), backend=Backend.OMNIBUS_FPGA)
    with pytest.raises(runtime.BackendError, match="ADPLL is not read over jtag_pll_register"):
        builder.read(coord.ADPLLOnDLS(0), backend=Backend.JTAG_PLL_REGISTER)
    with pytest.raises(runtime.BackendError):
        builder.read(coord.ChipOnDLS(), backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    assert builder.empty()


def test_a_pll_is_written_to_its_jtag_registers_and_read_over_the_omnibus() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.ADPLLOnDLS(1), ADPLL())
    ticket = builder.read(coord.ADPLLOnDLS(1), ADPLL)
    messages = builder.done().messages
    assert messages.column(ut.JTAGIns, "value").tolist()[:4] == [3, 4, 3, 4]
    assert ticket.backend is Backend.OMNIBUS_CHIP_OVER_JTAG


@pytest.mark.parametrize(
    ("at", "container", "error", "message"),
    [
        (coord.CapMemBlockOnDLS(0), CapMemCell(), runtime.PlacementError, "CapMemCell lives at a CapMemCellOnDLS"),
        (5, CapMemCell(), runtime.PlacementError, "5 is no coordinate"),
        (CELL, 5, runtime.PlacementError, "is no container"),
        (CELL, CapMemCell, runtime.PlacementError, "is no container"),
        (coord.HicannARQStatusOnFPGA(), HicannARQStatus(), runtime.AccessRefusedError, "read-only"),
        (coord.TimerOnDLS(), Timer(value=4), runtime.TimeError, "only be set to 0"),
        (coord.TimerOnDLS(), TimerValue(value=4), runtime.AccessRefusedError, "block_until"),
        (coord.BarrierOnFPGA(), Barrier(), runtime.AccessRefusedError, "block_until"),
    ],
)
def test_wrong_writes_are_refused(at: object, container: object, error: type[Exception], message: str) -> None:
    builder = PlaybackProgramBuilder()
    with pytest.raises(error, match=message):
        builder.write(at, container)  # type: ignore[arg-type]  # what the test is about
    assert builder.empty()


@pytest.mark.parametrize(
    ("at", "error", "message"),
    [
        (coord.PADIEventOnDLS(0), runtime.AccessRefusedError, "PADIEvent .* is write-only"),
        (coord.PhyConfigChipOnDLS(0), runtime.AccessRefusedError, "PhyConfigChip"),
        (coord.CapMemColumnOnCapMemBlock(0), runtime.PlacementError, "no container lives"),
        (7, runtime.PlacementError, "no coordinate"),
    ],
)
def test_wrong_reads_are_refused(at: object, error: type[Exception], message: str) -> None:
    builder = PlaybackProgramBuilder()
    with pytest.raises(error, match=message):
        builder.read(at)  # type: ignore[call-overload]  # what the test is about
    assert builder.empty()


def test_the_class_given_to_read_is_checked() -> None:
    builder = PlaybackProgramBuilder()
    with pytest.raises(runtime.PlacementError, match="NeuronConfig lives at"):
        builder.read(CELL, NeuronConfig)
    with pytest.raises(runtime.AccessRefusedError, match="PADIEvent is write-only"):
        builder.read(coord.PADIEventOnDLS(0), PADIEvent)


@pytest.mark.parametrize(
    ("at", "condition", "error"),
    [
        (coord.TimerOnDLS(), Timer(), runtime.PlacementError),
        (coord.TimerOnDLS(), True, runtime.PlacementError),
        (coord.TimerOnDLS(), 1.5, runtime.PlacementError),
        (coord.BarrierOnFPGA(), TimerValue(value=1), runtime.PlacementError),
        (coord.BarrierOnFPGA(), 3, runtime.PlacementError),
        (coord.TimerOnDLS(), -1, runtime.TimeError),
        (coord.TimerOnDLS(), 1 << 32, runtime.TimeError),
    ],
)
def test_wrong_conditions_are_refused(at: coord.Coordinate, condition: object, error: type[Exception]) -> None:
    builder = PlaybackProgramBuilder()
    with pytest.raises(error):
        builder.block_until(at, condition)  # type: ignore[arg-type]  # what the test is about
    assert builder.empty()


def test_times_in_the_past_name_the_range() -> None:
    with pytest.raises(runtime.TimeError, match="time -3 is in the past: the playback timer counts 0..4294967295"):
        PlaybackProgramBuilder().wait_until(-3)


def test_a_time_can_be_given_in_three_ways() -> None:
    builder = PlaybackProgramBuilder()
    builder.block_until(coord.TimerOnDLS(), 1250)
    builder.block_until(coord.TimerOnDLS(), TimerValue(value=1250))
    builder.block_until(coord.TimerOnDLS(), coord.TimerValue(1250))
    assert builder.done().messages.column(ut.WaitUntil, "value").tolist() == [1250] * 3


def test_wait_for_resets_the_timer_first() -> None:
    builder = PlaybackProgramBuilder()
    builder.wait_for(100)
    assert names(builder) == ["TimerSetup", "WaitUntil"]


def test_a_barrier_selects_its_units() -> None:
    builder = PlaybackProgramBuilder()
    builder.barrier(omnibus=True, jtag=True, multi_fpga=True)
    assert builder.done().messages[0] == ut.Barrier(omnibus=1, jtag=1, multi_fpga=1)
    with pytest.raises(runtime.PlacementError, match="waits for nothing"):
        builder.barrier()


def test_a_poll_is_configured_behind_a_barrier() -> None:
    builder = PlaybackProgramBuilder()
    builder.poll(0x1234, target=5, mask=0xFF, equal=False)
    messages = builder.done().messages
    assert messages.column(ut.OmnibusAddress, "address").tolist() == [0x88000006, 0x88000007, 0x88000008]
    assert messages.column(ut.OmnibusData, "value").tolist() == [0x1234, 5, 0xFF]
    assert messages[6] == ut.Barrier(omnibus=1)
    assert messages[7] == ut.PollingOmnibusBlock(value=0)


def test_a_poll_with_a_timeout_of_its_own_restores_the_default() -> None:
    builder = PlaybackProgramBuilder()
    builder.poll(0x1234, target=5, timeout=125_000_000)
    words = builder.done().messages.column(ut.OmnibusData, "value").tolist()
    assert words[0] == 125_000_000
    assert words[-1] == InstructionTimeoutConfig().value == 1_250_000


# --- differential writes --------------------------------------------------------------------------------------------


def test_only_words_that_differ_are_written() -> None:
    base = SynapseMatrix()
    weights = np.zeros((256, 256), dtype=np.uint8)
    weights[3, 100] = 17
    changed = base.with_columns({"weights": weights})
    at = coord.SynramOnDLS.top
    builder = PlaybackProgramBuilder()
    builder.write(at, changed, base)
    assert builder.size_to_fpga() == 2
    address = int(builder.done().messages.column(ut.OmnibusAddress, "address")[0])
    whole = changed.encode()
    (different,) = np.flatnonzero(whole != base.encode())
    assert address == SynapseMatrix.write_addresses(at)[different]


def test_equal_containers_write_nothing() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.ChipOnDLS(), Chip(), Chip())
    assert builder.empty()
    assert len(builder.done().sources) == 0


def test_differences_keep_the_order_of_a_full_write() -> None:
    base = CapMemBlock()
    cells = base.columns()["cells"]
    changed = base.with_columns({"cells": (np.arange(cells.size) % 1000).reshape(cells.shape)})
    at = coord.CapMemBlockOnDLS(0)
    builder = PlaybackProgramBuilder()
    builder.write(at, changed, base)
    written = builder.done().messages.column(ut.OmnibusAddress, "address").tolist()
    order = CapMemBlock.write_addresses(at).tolist()
    assert written == [address for address in order if address in set(written)]
    assert 0 < len(written) <= len(order)


def test_differential_writes_need_two_containers_of_one_supporting_type() -> None:
    builder = PlaybackProgramBuilder()
    with pytest.raises(runtime.DifferenceError, match="CapMemCell cannot be written relative to a SynapseMatrix"):
        builder.write(CELL, CapMemCell(), SynapseMatrix())
    with pytest.raises(runtime.DifferenceError, match="PADIEvent cannot be written relative to a base"):
        builder.write(coord.PADIEventOnDLS(0), PADIEvent(), PADIEvent())
    assert builder.empty()


# --- volume ---------------------------------------------------------------------------------------------------------


def test_columns_write_what_single_writes_write() -> None:
    values = np.array([3, 700, 12])
    indices = np.array([5, 0, 1500])
    single, many = PlaybackProgramBuilder(), PlaybackProgramBuilder()
    for index, value in zip(indices.tolist(), values.tolist(), strict=True):
        single.write(coord.CapMemCellOnDLS(index), CapMemCell(value=value))
    many.write_columns(CapMemCell, indices, {"value": values})
    expected, found = single.done(), many.done()
    assert found == expected
    assert [str(found.sources[2 * i]) for i in range(3)] == [str(expected.sources[2 * i]) for i in range(3)]


def test_columns_read_what_single_reads_read() -> None:
    single, many = PlaybackProgramBuilder(), PlaybackProgramBuilder()
    for index in (3, 4):
        single.read(coord.SynapseDriverOnDLS(index))
    many.read_columns(SynapseDriverConfig, [3, 4])
    assert many.size_from_fpga() == single.size_from_fpga() == 6
    assert many.done() == single.done()


def test_columns_keep_the_byte_lanes_of_single_bytes() -> None:
    single, many = PlaybackProgramBuilder(), PlaybackProgramBuilder()
    for index in (0, 1, 7):
        single.write(coord.ExternalPPUMemoryByteOnFPGA(index), ExternalPPUMemoryByte(value=index))
    many.write_columns(ExternalPPUMemoryByte, [0, 1, 7], {"value": [0, 1, 7]})
    assert many.done() == single.done()


def test_wrong_columns_are_refused() -> None:
    builder = PlaybackProgramBuilder()
    with pytest.raises(runtime.PlacementError, match="the range is 0.."):
        builder.write_columns(CapMemCell, [1 << 20], {"value": [1]})
    with pytest.raises(runtime.PlacementError, match="no field 'nothing'"):
        builder.write_columns(CapMemCell, [1], {"nothing": [1]})
    with pytest.raises(FieldRangeError):
        builder.write_columns(CapMemCell, [1], {"value": [5000]})
    with pytest.raises(runtime.PlacementError, match="integers of shape"):
        builder.write_columns(CapMemCell, [1.5], {"value": [1]})
    with pytest.raises(runtime.PlacementError, match="at least one index"):
        builder.read_columns(CapMemCell, [])
    with pytest.raises(runtime.PlacementError, match="intervals"):
        builder.read_columns(PPUMemoryBlock, [0])
    with pytest.raises(runtime.AccessRefusedError):
        builder.write_columns(HicannARQStatus, [0], {})
    with pytest.raises(runtime.AccessRefusedError):
        builder.read_columns(PhyConfigChip, [0])
    assert builder.empty()


def test_words_of_different_numbers_are_refused() -> None:
    builder = PlaybackProgramBuilder()
    with pytest.raises(runtime.PlacementError, match="lengths"):
        builder.write_words([1, 2], [3])
    with pytest.raises(runtime.PlacementError, match="0..0xffffffff"):
        builder.write_words([1 << 32], [3])
    with pytest.raises(runtime.PlacementError, match="at least one address"):
        builder.read_words([])
    assert builder.empty()


def test_spike_trains_go_to_times_of_the_timer() -> None:
    builder = PlaybackProgramBuilder()
    builder.reset_timer()
    end = builder.write_spike_train([10, 10, 20], [1, 2, 3])
    assert end == 21
    assert names(builder) == ["TimerSetup", "WaitUntil", "SpikePack2ToFPGA", "WaitUntil", "SpikePack1ToFPGA"]


def test_raw_messages_are_appended_but_no_halt() -> None:
    builder = PlaybackProgramBuilder()
    builder.append(ut.MessageArray.from_messages([ut.JTAGInit()], "to_fpga"))
    with pytest.raises(runtime.MergeError, match="halt"):
        builder.append(ut.MessageArray.from_messages([ut.Loopback(value=ut.HALT)], "to_fpga"))
    with pytest.raises(runtime.MergeError, match="from_fpga"):
        builder.append(ut.MessageArray.empty("from_fpga"))
    with pytest.raises(runtime.MergeError, match="packs of spikes"):
        builder.append_spikes(ut.MessageArray.from_messages([ut.JTAGInit()], "to_fpga"))
    assert names(builder) == ["JTAGInit"]


# --- state ----------------------------------------------------------------------------------------------------------


def test_sizes_count_messages_and_expected_responses() -> None:
    builder = PlaybackProgramBuilder()
    assert builder.empty()
    assert builder.is_write_only()
    builder.write(CELL, CapMemCell())
    builder.read(coord.SynapseDriverOnDLS(0))
    builder.read(CELL, backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    builder.read(coord.NullPayloadReadableOnFPGA(), NullPayloadReadable)
    assert builder.size_to_fpga() == len(builder) == 2 + 3 + 6 + 1
    assert builder.size_from_fpga() == 3 + 1 + 1
    assert not builder.is_write_only()
    program = builder.done()
    assert program.expected == runtime.ResponseCounts(jtag=1, omnibus=3, loopback=1)
    assert builder.empty()
    assert builder.is_write_only()


def test_done_leaves_a_fresh_builder() -> None:
    builder = PlaybackProgramBuilder()
    builder.read(coord.BackgroundSpikeSourceOnDLS(0))
    first = builder.done()
    assert first.restrictions
    second = builder.done()
    assert second.empty()
    assert not second.restrictions


def test_a_program_beyond_the_playback_memory_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    builder = PlaybackProgramBuilder()
    size = runtime.PLAYBACK_MEMORY_MESSAGES + 1
    codes = np.full(size, ut.TimerSetup.code, dtype=np.uint8)
    builder.append(ut.MessageArray("to_fpga", codes, np.zeros(size, dtype=np.uint64)))
    with caplog.at_level("WARNING"):
        builder.done()
    assert "exceeds the playback memory of 4194304" in caplog.text


def test_programs_cannot_be_changed() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(CELL, CapMemCell())
    program = builder.done()
    with pytest.raises(ValueError, match="read-only"):
        program.messages.codes[0] = 0
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        program.sources.size = 3  # type: ignore[misc]  # what the test is about


def test_programs_are_equal_if_their_instructions_are() -> None:
    programs = []
    for value in (1, 1, 2):
        builder = PlaybackProgramBuilder()
        builder.write(CELL, CapMemCell(value=value))
        programs.append(builder.done())
    assert programs[0] == programs[1] != programs[2]
    assert hash(programs[0]) == hash(programs[1])
    assert programs[0].digest != programs[2].digest


# --- where instructions come from -----------------------------------------------------------------------------------


def test_every_instruction_knows_its_container_and_coordinate() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.SynapseDriverOnDLS(9), SynapseDriverConfig())
    builder.read(coord.PPUMemoryBlockOnDLS.from_plain([[4, 7], 1]))
    builder.append(ut.MessageArray.from_messages([ut.JTAGInit()], "to_fpga"))
    builder.write(coord.EventRecordingConfigOnFPGA(), EventRecordingConfig())
    program = builder.done()
    for instruction in range(6):
        source = program.sources[instruction]
        assert (source.container, source.coordinate) == (SynapseDriverConfig, coord.SynapseDriverOnDLS(9))
        assert (source.first, source.stop) == (0, 6)
    assert program.sources[8].container is PPUMemoryBlock
    assert program.sources[8].coordinate == coord.PPUMemoryBlockOnDLS.from_plain([[4, 7], 1])
    assert program.sources[10].container is None
    assert program.sources[11].container is EventRecordingConfig
    with pytest.raises(IndexError):
        program.sources[13]


def test_memory_words_and_blocks_share_addresses_but_not_sources() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.PPUMemoryWordOnDLS(3), PPUMemoryWord(value=1))
    builder.write(coord.PPUMemoryBlockOnDLS.from_plain([[3, 3], 0]), PPUMemoryBlock.of([1]))
    program = builder.done()
    assert program.messages[:2] == program.messages[2:]
    assert [program.sources[i].container for i in (0, 2)] == [PPUMemoryWord, PPUMemoryBlock]
