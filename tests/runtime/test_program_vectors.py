"""Known-good programs: shared/vectors/runtime.json and the responses of ut.json."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hxtwin import coord, runtime
from hxtwin.comm import ut
from hxtwin.comm.in_process import InProcessConnection
from hxtwin.comm.zero_mock import ZeroMockConnection
from hxtwin.containers import Backend, Barrier, CapMemCell, SpikePack1ToChip, Timer, TimerValue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime import PlaybackProgram

#: Vectors that belong to other parts of hxtwin: bring-up, the twin, the scheduler, the simulator adapter.
ELSEWHERE = {
    "init/cube_no_highspeed",
    "system/arq_status",
    "scheduler/token_no_method",
    "flange/initial_state",
}
HERE = {
    "encode/barrier_mixed",
    "encode/omnibus_write_2000001",
    "encode/capmem_cell_0_0",
    "encode/ojtag_read_140000",
    "at/timer_write",
    "at/late_warning",
    "at/random_02",
    "decode/spikes",
    "builder/merge_back_kinds",
    "builder/run_size_mismatch",
    "builder/tickets_separate",
    "dumper/remove_block_until",
}


def notation(program: PlaybackProgram) -> list[list[object]]:
    """A program in the notation of the vectors."""
    rows: list[list[object]] = []
    for message in program.messages:
        if isinstance(message, ut.OmnibusAddress):
            rows.append(["omnibus_addr", message.is_read, message.byte_enables, message.address])
        elif isinstance(message, ut.OmnibusData):
            rows.append(["omnibus_data", message.value])
        elif isinstance(message, ut.Barrier):
            rows.append(["barrier", message.value])
        elif isinstance(message, ut.JTAGIns):
            rows.append(["jtag_ins", message.value])
        elif isinstance(message, ut.JTAGData):
            rows.append(["jtag_data", message.keep_response, message.num_bits, message.data])
        else:
            raise AssertionError(f"{message} has no notation here")
    return rows


class Answering:
    """A device that answers every program with the same messages."""

    def __init__(self, answer: list[ut.Message]) -> None:
        self._answer = [*answer, ut.LoopbackResponse(value=ut.HALT)]

    def reset(self) -> None:
        pass

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        del words
        return ut.encode(self._answer, "from_fpga")


def test_every_vector_has_a_test(runtime_vectors: dict[str, Any]) -> None:
    assert runtime_vectors.keys() == HERE | ELSEWHERE


def test_a_barrier_of_several_units_is_one_message(runtime_vectors: dict[str, Any]) -> None:
    vector = runtime_vectors["encode/barrier_mixed"]
    flags = dict.fromkeys((f"enable_{name}" for name in vector["program"][0]["flags"]), True)
    builder = runtime.PlaybackProgramBuilder()
    builder.block_until(coord.BarrierOnFPGA(), Barrier(**flags))
    assert notation(builder.done()) == vector["expected"]["messages"]


def test_a_word_is_written_as_given(runtime_vectors: dict[str, Any]) -> None:
    vector = runtime_vectors["encode/omnibus_write_2000001"]
    step = vector["program"][0]
    builder = runtime.PlaybackProgramBuilder()
    builder.write_words(step["address"], step["value"])
    assert builder.size_to_fpga() == vector["expected"]["num_messages"]
    assert notation(builder.done()) == vector["expected"]["messages"]


def test_a_capmem_cell_is_written_at_its_address(runtime_vectors: dict[str, Any]) -> None:
    vector = runtime_vectors["encode/capmem_cell_0_0"]
    step = vector["program"][0]
    cell = coord.CapMemCellOnCapMemBlock(
        coord.CapMemColumnOnCapMemBlock(step["coordinate"]["column"]),
        coord.CapMemRowOnCapMemBlock(step["coordinate"]["row"]),
    )
    builder = runtime.PlaybackProgramBuilder()
    at = coord.CapMemCellOnDLS(cell, coord.CapMemBlockOnDLS(step["coordinate"]["block"]))
    builder.write(at, CapMemCell(value=step["value"]))
    assert notation(builder.done()) == vector["expected"]["messages"]


def test_a_word_is_read_over_jtag(runtime_vectors: dict[str, Any]) -> None:
    vector = runtime_vectors["encode/ojtag_read_140000"]
    builder = runtime.PlaybackProgramBuilder()
    builder.read_words(vector["program"][0]["address"], backend=Backend.OMNIBUS_CHIP_OVER_JTAG)
    assert notation(builder.done()) == vector["expected"]["messages"]


def test_the_timer_cannot_be_written_at_a_time(runtime_vectors: dict[str, Any]) -> None:
    assert runtime_vectors["at/timer_write"]["expected"]["raises"] == "runtime_error"
    builder = runtime.AbsoluteTimePlaybackProgramBuilder()
    with pytest.raises(runtime.PlacementError, match="timer"):
        builder.write(0, coord.TimerOnDLS(), Timer())


def test_late_commands_are_counted(runtime_vectors: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    expected = runtime_vectors["at/late_warning"]["expected"]
    builder = runtime.AbsoluteTimePlaybackProgramBuilder()
    messages = ut.MessageArray.of(ut.SpikePack1ToFPGA, spikes=np.zeros((1501, 1), dtype=np.uint64))
    builder.append(np.array([0] * 1500 + [3]), messages)
    with caplog.at_level(logging.WARNING):
        program = builder.done().done()
    waits = int(np.count_nonzero(program.messages.is_a(ut.WaitUntil)))
    assert waits == expected["num_waits"]
    (record,) = caplog.records
    assert record.message.startswith(f"{expected['num_warnings']} of 1501 commands are more than 1250 cycles")


def test_commands_come_in_the_order_of_their_times(runtime_vectors: dict[str, Any]) -> None:
    vector = runtime_vectors["at/random_02"]
    builder = runtime.AbsoluteTimePlaybackProgramBuilder()
    for number, step in enumerate(vector["program"]):
        assert step["op"] == f"c{number}"
        builder.write(step["t"], coord.SpikePack1ToChipOnDLS(), SpikePack1ToChip(labels=np.array([number])))
    texts = []
    for message in builder.done().done().messages:
        if isinstance(message, ut.TimerSetup):
            texts.append("timer=0")
        elif isinstance(message, ut.WaitUntil):
            texts.append(f"wait {message.value}")
        else:
            assert isinstance(message, ut.SpikePack1ToFPGA)
            texts.append(f"c{message.spikes[0]}")
    assert texts == vector["expected"]


def test_spikes_are_decoded_with_both_times(runtime_vectors: dict[str, Any]) -> None:
    vector = runtime_vectors["decode/spikes"]
    answer: list[ut.Message] = []
    packs = {2: ut.SpikePack2FromFPGA, 3: ut.SpikePack3FromFPGA}
    for kind, content in vector["program"][0]["messages"]:
        if kind == "systime":
            answer.append(ut.Systime(value=content))
        elif kind == "sysdelta":
            answer.append(ut.Sysdelta(value=content))
        else:
            answer.append(packs[len(content)](spikes=[ut.Spike(*spike) for spike in content]))
    program = runtime.PlaybackProgramBuilder().done()
    with InProcessConnection(Answering(answer)) as connection:
        runtime.run(connection, program)
    expected = vector["expected"]
    assert program.spikes.tolist() == [
        (spike["label"], spike["fpga_time"], spike["chip_time"]) for spike in expected["spikes"]
    ]
    assert program.spikes_pack_counts.tolist() == [expected["spike_packs"][str(n)] for n in (1, 2, 3)]
    assert len(program.madc_samples) == len(program.highspeed_link_notifications) == 0


def test_empty_builders_can_be_merged(runtime_vectors: dict[str, Any]) -> None:
    assert runtime_vectors["builder/merge_back_kinds"]["expected"]["raises"] is None
    builder = runtime.PlaybackProgramBuilder()
    builder.merge_back(runtime.PlaybackProgramBuilder())
    builder.merge_back(runtime.AbsoluteTimePlaybackProgramBuilder().done())
    assert notation_of_timer(builder.done()) == ["TimerSetup"]


def notation_of_timer(program: PlaybackProgram) -> list[str]:
    return [type(message).__name__ for message in program.messages]


def test_two_programs_do_not_run_on_one_chip(runtime_vectors: dict[str, Any]) -> None:
    assert runtime_vectors["builder/run_size_mismatch"]["expected"]["raises"] == "runtime_error"
    programs = [runtime.PlaybackProgramBuilder().done() for _ in range(2)]
    with (
        ZeroMockConnection(message_ns=0) as connection,
        pytest.raises(runtime.ProgramError, match="2 programs for 1 chips"),
    ):
        runtime.run(connection, programs)


def test_tickets_become_valid_one_by_one(runtime_vectors: dict[str, Any]) -> None:
    expected = runtime_vectors["builder/tickets_separate"]["expected"]
    words = [0x12345678, 0x87654321]
    valid: list[list[bool]] = [[], []]
    for arrived in range(3):
        builder = runtime.PlaybackProgramBuilder()
        tickets = [builder.read_words(address) for address in (0, 1)]
        program = builder.done()
        answer: list[ut.Message] = [ut.OmnibusResponse(value=word) for word in words[:arrived]]
        with InProcessConnection(Answering(answer)) as connection:
            if arrived < 2:
                with pytest.raises(runtime.ResponseCountError):
                    runtime.run(connection, program, require_barriers=False)
            else:
                runtime.run(connection, program, require_barriers=False)
        for number, ticket in enumerate(tickets):
            valid[number].append(ticket.valid())
            if ticket.valid():
                assert ticket.get().tolist() == [words[number]]
    assert valid == [expected["valid_t0"], expected["valid_t1"]]


def test_conditions_are_removed_from_a_list(runtime_vectors: dict[str, Any]) -> None:
    assert runtime_vectors["dumper/remove_block_until"]["expected"] == ["write CapMemCell 123"]
    dumper = runtime.Dumper()
    dumper.write(coord.CapMemCellOnDLS(), CapMemCell(value=123))
    dumper.block_until(coord.TimerOnDLS(), TimerValue(value=1234))
    assert runtime.remove_block_until(dumper.done()) == [(coord.CapMemCellOnDLS(), CapMemCell(value=123))]


@pytest.mark.parametrize("number", range(9))
def test_responses_of_a_run_are_decoded_as_known(ut_vectors: dict[str, Any], number: int) -> None:
    vector = ut_vectors["responses"][number]
    words = np.array([int(word, 16) for word in vector["words"]], dtype=np.uint64)
    messages = ut.decode(words, "from_fpga")
    program = runtime.PlaybackProgramBuilder().done()
    with InProcessConnection(Answering(messages)) as connection:
        expects_nothing = not (vector["jtag"] or vector["omnibus"] or vector["ticks"] or vector["timeouts"])
        if expects_nothing:
            runtime.run(connection, program)
        else:
            with pytest.raises(runtime.RunError):
                runtime.run(connection, program)
    responses = program.result.responses
    spikes, samples = program.spikes, program.madc_samples
    assert [list(row) for row in spikes[["label", "chip_time", "fpga_time"]].tolist()] == vector["spikes"]
    sample_fields = ["value", "channel", "chip_time", "fpga_time"]
    assert [list(row) for row in samples[sample_fields].tolist()] == vector["madc_samples"]
    assert [list(item) for item in program.highspeed_link_notifications.tolist()] == vector[
        "highspeed_link_notifications"
    ]
    assert [list(item) for item in responses.omnibus.tolist()] == vector["omnibus"]
    assert [list(item) for item in responses.jtag.tolist()] == vector["jtag"]
    assert responses.ticks.tolist() == vector["ticks"]
    assert len(program.timeout_notifications) == len(vector["timeouts"])
    assert program.spikes_pack_counts.tolist() == vector["spike_pack_counts"]
    assert program.madc_samples_pack_counts.tolist() == vector["madc_sample_pack_counts"]
