"""Running programs: checks in front, data and errors behind."""

from __future__ import annotations

import copy
import logging
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import coord, runtime
from hxtwin.comm import ut
from hxtwin.comm.in_process import InProcessConnection
from hxtwin.comm.multi_connection import MultiConnection
from hxtwin.comm.zero_mock import ZeroMockConnection
from hxtwin.containers import (
    Backend,
    CapMemCell,
    EventRecordingConfig,
    InstructionTimeoutConfig,
    NeuronConfig,
    SpikePack2ToChip,
    SystimeSync,
)
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hxtwin.runtime import PlaybackProgram
    from tests.runtime.conftest import RegisterDevice

CELL = coord.CapMemCellOnDLS(9)


class Pieces:
    """A device that gives prepared words, whatever it is told."""

    def __init__(self, answers: Sequence[NDArray[np.uint64]]) -> None:
        self._answers = list(answers)

    def reset(self) -> None:
        pass

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        del words
        return self._answers.pop(0)


def answering(*messages: ut.Message) -> Pieces:
    return Pieces([ut.encode([*messages, ut.LoopbackResponse(value=ut.HALT)], "from_fpga")])


def reading(*, barrier: bool = True) -> PlaybackProgram:
    builder = PlaybackProgramBuilder()
    builder.read(CELL)
    if barrier:
        builder.barrier(omnibus=True)
    return builder.done()


# --- good runs --------------------------------------------------------------------------------------------------------


def test_an_empty_program_runs(connection: InProcessConnection) -> None:
    program = PlaybackProgramBuilder().done()
    runtime.run(connection, program)
    assert program.has_run
    assert len(program.result.responses.halts) == 1


def test_the_device_receives_the_instructions_and_one_halt() -> None:
    seen: list[NDArray[np.uint64]] = []

    class Recording(Pieces):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            seen.append(words.copy())
            return super().feed(words)

    program = reading()
    answer = ut.encode([ut.OmnibusResponse(value=3), ut.LoopbackResponse(value=ut.HALT)], "from_fpga")
    with InProcessConnection(Recording([answer])) as connection:
        runtime.run(connection, program)
    (words,) = seen
    assert ut.decode(words, "to_fpga") == [*program.messages, ut.Loopback(value=ut.HALT)]


def test_times_of_all_parts_are_reported(connection: InProcessConnection) -> None:
    program = reading()
    spent = runtime.run(connection, program)
    assert spent == program.result.time_info
    assert spent.encode_ns > 0
    assert spent.execute_ns > 0
    assert spent.decode_ns > 0


def test_a_list_of_programs_gives_a_list_of_times(connection: InProcessConnection) -> None:
    times = runtime.run(connection, [reading()])
    assert [type(spent) for spent in times] == [runtime.TimeInfo]


def test_a_zero_mock_answers_everything_with_zeros() -> None:
    builder = PlaybackProgramBuilder()
    builder.write(CELL, CapMemCell(value=3))
    ticket = builder.read(CELL, CapMemCell)
    jtag = builder.read(CELL, CapMemCell, backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    builder.barrier(omnibus=True, jtag=True)
    with ZeroMockConnection(message_ns=0) as connection:
        runtime.run(connection, builder.done())
    assert ticket.get() == jtag.get() == CapMemCell(value=0)


def test_spikes_come_back_with_their_times(device: RegisterDevice, connection: InProcessConnection) -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.SystimeSyncOnFPGA(), SystimeSync(do_sync=True))
    builder.write(coord.EventRecordingConfigOnFPGA(), EventRecordingConfig(enable_event_recording=True))
    builder.reset_timer()
    builder.write_spike_train([100, 100, 100, 400], [1, 2, 3, 4])
    builder.wait_until(1000)
    program = builder.done()
    runtime.run(connection, program)
    assert program.spikes["label"].tolist() == [1, 2, 3, 4]
    assert program.spikes_pack_counts.tolist() == [1, 0, 1]
    assert (program.spikes["fpga_time"] - program.spikes["chip_time"] == 10).all()
    assert int(program.spikes["chip_time"][3] - program.spikes["chip_time"][0]) == 300
    assert [time for time, _ in device.spikes_received] == [100, 400]


def test_a_bring_up_runs(device: RegisterDevice, connection: InProcessConnection) -> None:
    builder, _ = runtime.generate(runtime.SystemInit())
    ticket = builder.read(coord.EventRecordingConfigOnFPGA(), EventRecordingConfig)
    builder.barrier(omnibus=True)
    program = builder.done()
    runtime.run(connection, program)
    assert device.pll_registers == {0: 0x2A20A902, 1: 0xC0CBF200, 2: 0x2A20A902, 3: 0xC0CBF200, 4: 0x110D0101}
    assert ticket.get() == EventRecordingConfig(enable_event_recording=True)
    assert ticket.fpga_time > 1_000_000


def test_without_recording_no_spikes_come_back(device: RegisterDevice, connection: InProcessConnection) -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.SpikePack2ToChipOnDLS(), SpikePack2ToChip(labels=np.array([7, 8])))
    program = builder.done()
    runtime.run(connection, program)
    assert device.spikes_received[0][1] == (7, 8)
    assert len(program.spikes) == 0


def test_a_message_that_begins_behind_the_halt_belongs_to_the_next_run() -> None:
    pack = ut.SpikePack3FromFPGA(spikes=[ut.Spike(label, 0) for label in (1, 2, 3)])
    halt = ut.LoopbackResponse(value=ut.HALT)
    words = ut.encode([pack, halt, pack, halt], "from_fpga")
    programs = [PlaybackProgramBuilder().done() for _ in range(2)]
    with InProcessConnection(Pieces([words[:3], words[3:]])) as connection:
        for program in programs:
            runtime.run(connection, program)
    for program in programs:
        assert program.spikes["label"].tolist() == [1, 2, 3]
        assert program.spikes["fpga_time"].tolist() == [1, 1, 1]


# --- checks in front --------------------------------------------------------------------------------------------------


def test_reads_without_a_barrier_are_refused(connection: InProcessConnection) -> None:
    with pytest.raises(
        runtime.MissingBarrierError, match=r"no omnibus barrier follows instruction 0 \(read of CapMemCell"
    ):
        runtime.run(connection, reading(barrier=False))


def test_each_bus_needs_its_own_barrier(connection: InProcessConnection) -> None:
    builder = PlaybackProgramBuilder()
    builder.read(CELL, backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    builder.barrier(omnibus=True)
    with pytest.raises(runtime.MissingBarrierError, match="no jtag barrier follows instruction 5"):
        runtime.run(connection, builder.done())


def test_a_barrier_in_front_of_the_last_read_does_not_count(connection: InProcessConnection) -> None:
    builder = PlaybackProgramBuilder()
    builder.read(CELL)
    builder.barrier(omnibus=True)
    builder.read(CELL)
    with pytest.raises(runtime.MissingBarrierError, match="instruction 2"):
        runtime.run(connection, builder.done())


def test_ticks_need_no_barrier(connection: InProcessConnection) -> None:
    builder = PlaybackProgramBuilder()
    ticket = builder.read(coord.NullPayloadReadableOnFPGA())
    runtime.run(connection, builder.done())
    assert ticket.valid()


def test_the_barrier_check_can_be_switched_off_and_then_responses_are_lost(connection: InProcessConnection) -> None:
    program = reading(barrier=False)
    with pytest.raises(runtime.ResponseCountError, match=r"omnibus: 0 of 1") as caught:
        runtime.run(connection, program, require_barriers=False)
    assert "first read without an answer: instruction 0, read of CapMemCell" in str(caught.value)
    assert program.has_run


def test_a_program_that_is_too_long_is_refused(connection: InProcessConnection) -> None:
    program = reading()
    with pytest.raises(runtime.ProgramTooLongError, match="program of 2 instructions and a halt: at most 2"):
        runtime.run(connection, program, maximum_messages=2)
    runtime.run(connection, program, maximum_messages=3)


def test_the_playback_memory_is_the_limit_by_default(connection: InProcessConnection) -> None:
    size = runtime.PLAYBACK_MEMORY_MESSAGES
    builder = PlaybackProgramBuilder()
    codes = np.full(size, ut.TimerSetup.code, dtype=np.uint8)
    builder.append(ut.MessageArray("to_fpga", codes, np.zeros(size, dtype=np.uint64)))
    with pytest.raises(runtime.ProgramTooLongError, match="4194304"):
        runtime.run(connection, builder.done())


@pytest.mark.parametrize(
    ("targets", "refused"),
    [
        ({"simulation"}, True),
        ({"hardware"}, False),
        ({"hardware", "simulation"}, False),
        ({"twin"}, False),
        (set(), True),
    ],
)
def test_reads_are_refused_on_targets_that_exclude_them(targets: set[str], *, refused: bool) -> None:
    builder = PlaybackProgramBuilder()
    builder.read(coord.NeuronConfigOnDLS(0), NeuronConfig)
    builder.barrier(omnibus=True)
    answer = [ut.OmnibusResponse()] * NeuronConfig.read_word_count()
    with InProcessConnection(answering(*answer), targets=targets) as connection:
        if refused:
            with pytest.raises(runtime.UnsupportedTargetError, match="NeuronConfig|no targets"):
                runtime.run(connection, builder.done())
        else:
            runtime.run(connection, builder.done())


def test_what_is_no_program_is_refused(connection: InProcessConnection) -> None:
    with pytest.raises(runtime.ProgramError, match="call done"):
        runtime.run(connection, PlaybackProgramBuilder())  # type: ignore[call-overload]  # what the test is about
    with pytest.raises(runtime.ProgramError, match="0 programs for 1 chips"):
        runtime.run(connection, [])
    with pytest.raises(runtime.ProgramError, match="a str is no connection"):
        runtime.run("sim://", reading())  # type: ignore[call-overload]  # what the test is about


# --- failures ---------------------------------------------------------------------------------------------------------


def test_a_timeout_names_instruction_container_and_coordinate(broken_links: InProcessConnection) -> None:
    builder = PlaybackProgramBuilder()
    builder.write(coord.InstructionTimeoutConfigOnFPGA(), InstructionTimeoutConfig(value=5000))
    builder.read(CELL)
    builder.barrier(omnibus=True)
    builder.write(CELL, CapMemCell())
    program = builder.done()
    with pytest.raises(runtime.InstructionTimeoutError) as caught:
        runtime.run(broken_links, program)
    error = caught.value
    assert (error.instruction, error.container, error.coordinate, error.chip) == (3, "Barrier", "BarrierOnFPGA(0)", 0)
    text = str(error)
    assert "instruction 3 of 6 blocked" in text
    assert "barrier omnibus" in text
    assert f"waiting for: instruction 2, read of CapMemCell at {CELL}" in text
    assert "1 omnibus reads in flight" in text
    assert "InstructionTimeoutConfigOnFPGA(0)  value=5000" in text
    assert program.timeout_notifications["instruction"].tolist() == [3]
    again = copy.copy(error)
    assert (str(again), again.instruction, again.chip) == (text, 3, 0)


def test_a_program_that_timed_out_once_can_run_well_later(device: RegisterDevice) -> None:
    device.links_up = False
    program = reading()
    (ticket,) = program.tickets()
    with InProcessConnection(device) as connection:
        with pytest.raises(runtime.InstructionTimeoutError):
            runtime.run(connection, program)
        assert not ticket.valid()
        device.links_up = True
        runtime.run(connection, program)
    assert ticket.valid()
    assert len(program.timeout_notifications) == 0


def test_a_poll_that_never_succeeds_times_out(connection: InProcessConnection) -> None:
    builder = PlaybackProgramBuilder()
    builder.write(CELL, CapMemCell(value=5))
    address = int(CapMemCell.write_addresses(CELL)[0])
    builder.poll(address, target=5)
    builder.poll(address, target=6, equal=False)
    builder.poll(address, target=6)
    with pytest.raises(runtime.InstructionTimeoutError, match="poll until equal") as caught:
        runtime.run(connection, builder.done())
    assert caught.value.container == "PollingOmnibusBlock"


def test_a_timeout_beyond_the_program_is_reported_too() -> None:
    device = answering(ut.TimeoutNotification(instruction=77))
    with (
        InProcessConnection(device) as connection,
        pytest.raises(runtime.InstructionTimeoutError, match="no such instruction") as caught,
    ):
        runtime.run(connection, PlaybackProgramBuilder().done())
    assert caught.value.container == ""


def test_spikes_that_block_are_called_spikes() -> None:
    builder = PlaybackProgramBuilder()
    builder.write_spike_train([5], [3])
    device = answering(ut.TimeoutNotification(instruction=1))
    with (
        InProcessConnection(device) as connection,
        pytest.raises(runtime.InstructionTimeoutError, match="it is: spikes 0x3"),
    ):
        runtime.run(connection, builder.done())


def test_link_notifications_are_logged_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    device = answering(ut.HighspeedLinkNotification(phy=5, link_up=1))
    program = PlaybackProgramBuilder().done()
    with InProcessConnection(device) as connection, caplog.at_level(logging.DEBUG, "hxtwin.runtime"):
        runtime.run(connection, program)
    assert program.highspeed_link_notifications["value"].tolist() == [0b101_10000]
    (record,) = (record for record in caplog.records if "HighspeedLink" in record.message)
    assert record.levelno == logging.DEBUG


def test_a_closed_connection_is_called_closed(connection: InProcessConnection) -> None:
    connection.close()
    with pytest.raises(runtime.ConnectionClosedError, match="is closed: open a new one"):
        runtime.run(connection, reading())


def test_a_device_that_does_not_answer_the_halt_is_gone(connection: InProcessConnection) -> None:
    dead = Pieces([np.empty(0, dtype=np.uint64)])
    program = reading()
    with InProcessConnection(dead) as opened:
        with pytest.raises(runtime.DeviceGoneError, match="without answering the halt") as caught:
            runtime.run(opened, program)
        assert caught.value.__cause__ is not None
        with pytest.raises(runtime.ConnectionClosedError, match="broke earlier"):
            runtime.run(opened, program)
    assert not program.has_run
    runtime.run(connection, program)


def test_nonsense_from_the_device_is_no_result() -> None:
    with (
        InProcessConnection(Pieces([np.array([0x7F << 56], dtype=np.uint64)])) as connection,
        pytest.raises(runtime.ConnectionFailedError, match="word 0"),
    ):
        runtime.run(connection, PlaybackProgramBuilder().done())


def test_data_of_an_earlier_run_are_gone_when_a_run_fails() -> None:
    program = reading()
    (ticket,) = program.tickets()
    good = ut.encode([ut.OmnibusResponse(value=3), ut.LoopbackResponse(value=ut.HALT)], "from_fpga")
    with InProcessConnection(Pieces([good, np.empty(0, dtype=np.uint64)])) as connection:
        runtime.run(connection, program)
        assert ticket.valid()
        with pytest.raises(runtime.DeviceGoneError):
            runtime.run(connection, program)
    assert not ticket.valid()


def test_a_limit_that_is_no_time_is_refused(connection: InProcessConnection) -> None:
    with pytest.raises(runtime.ProgramError, match="limit"):
        runtime.run(connection, reading(), limit_s=-1)


# --- several chips ----------------------------------------------------------------------------------------------------


def test_several_chips_run_one_program_each() -> None:
    connections = [InProcessConnection(answering(ut.OmnibusResponse(value=value))) for value in (11, 22)]
    programs = [reading(), reading()]
    with MultiConnection(connections) as chips:
        times = runtime.run(chips, programs)
    assert len(times) == 2
    assert [int(program.result.responses.omnibus["value"][0]) for program in programs] == [11, 22]


def test_one_program_does_not_run_on_two_chips() -> None:
    program = reading()
    with MultiConnection([InProcessConnection(answering()) for _ in range(2)]) as chips:
        with pytest.raises(runtime.ProgramError, match="build two"):
            runtime.run(chips, [program, program])
        with pytest.raises(runtime.ProgramError, match="1 programs for 2 chips"):
            runtime.run(chips, program)


def test_a_failure_tells_which_chip_and_all_of_them() -> None:
    devices = [answering(ut.OmnibusResponse()), answering(), answering()]
    with MultiConnection([InProcessConnection(device) for device in devices]) as chips:
        with pytest.raises(runtime.ResponseCountError, match="chip 1: the responses do not match") as caught:
            runtime.run(chips, [reading() for _ in range(3)])
        assert any("chip 2:" in note for note in caught.value.__notes__)


def test_a_broken_chip_is_named() -> None:
    connections = [
        InProcessConnection(answering(ut.OmnibusResponse()), endpoint="sim://good"),
        InProcessConnection(Pieces([np.empty(0, dtype=np.uint64)]), endpoint="sim://bad"),
    ]
    with (
        MultiConnection(connections) as chips,
        pytest.raises(runtime.DeviceGoneError, match=r"connection 1 \(sim://bad\)"),
    ):
        runtime.run(chips, [reading(), reading()])


def test_threads_may_share_a_connection(connection: InProcessConnection) -> None:
    tickets = []
    failures: list[BaseException] = []

    def work(number: int) -> None:
        builder = PlaybackProgramBuilder()
        at = coord.CapMemCellOnDLS(number)
        builder.write(at, CapMemCell(value=number))
        ticket = builder.read(at, CapMemCell)
        builder.barrier(omnibus=True)
        tickets.append((number, ticket))
        try:
            runtime.run(connection, builder.done())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sorted(ticket.get().value for _, ticket in tickets) == list(range(8))
    assert all(ticket.get().value == number for number, ticket in tickets)
