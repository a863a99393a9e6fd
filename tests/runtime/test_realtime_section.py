"""Real-time sections in a row: equal commands, spikes of their own, answers by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import coord, runtime
from hxtwin.comm import ut
from hxtwin.containers import CapMemCell
from hxtwin.runtime import AbsoluteTimePlaybackProgramBuilder, RealtimeSectionBuilder

if TYPE_CHECKING:
    from hxtwin.comm.in_process import InProcessConnection

DETERMINISTIC = settings(deadline=None, derandomize=True, max_examples=60)
CELL = coord.CapMemCellOnDLS(5)
CELL_ADDRESS = int(CapMemCell.write_addresses(CELL)[0])


def marker(value: int) -> ut.MessageArray:
    """An instruction that can be told from others."""
    return ut.MessageArray.from_messages([ut.JTAGScaler(value=value)], "to_fpga")


def one_section(template: list[int], spikes: list[tuple[int, int]]) -> ut.MessageArray:
    """The section by the absolute-time builder, one command after the other."""
    builder = AbsoluteTimePlaybackProgramBuilder()
    for value, time in enumerate(template):
        builder.append([time], marker(value))
    if spikes:
        builder.write_spike_train(*zip(*spikes, strict=True), largest_pack=2)
    return builder.done().done().messages


@DETERMINISTIC
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=10),
    st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 0xFFFF)), max_size=12), min_size=1, max_size=4),
)
def test_each_section_is_what_the_absolute_time_builder_makes(
    template: list[int], spikes: list[list[tuple[int, int]]]
) -> None:
    common = AbsoluteTimePlaybackProgramBuilder()
    for value, time in enumerate(template):
        common.append([time], marker(value))
    builder = RealtimeSectionBuilder()
    builder.merge(common)
    ordered = [sorted(of_section, key=lambda spike: spike[0]) for of_section in spikes]
    flat = [(section, time, label) for section, part in enumerate(ordered) for time, label in part]
    columns = np.array(flat, dtype=np.int64).reshape(-1, 3).T
    batch = builder.done().repeat(len(spikes), *columns)
    expected = ut.MessageArray.concatenate([one_section(template, part) for part in ordered])
    assert batch.builder.done().messages == expected
    assert not common.empty()


def test_commands_are_in_time_although_others_take_several_cycles() -> None:
    builder = RealtimeSectionBuilder()
    builder.write_words([10, 11], [CELL_ADDRESS, CELL_ADDRESS], [1, 2])  # two messages each
    builder.tick(13)
    batch = builder.done().repeat(1)
    assert batch.largest_delay == 1
    assert batch.late == 0
    program = batch.builder.done()
    kinds = [type(message).__name__ for message in program.messages]
    assert kinds == ["TimerSetup", "WaitUntil", *["OmnibusAddress", "OmnibusData"] * 2, "Loopback"]


def test_what_follows_a_section_stands_behind_its_last_spike() -> None:
    builder = RealtimeSectionBuilder()
    builder.tick(5)
    builder.behind.barrier(omnibus=True)
    program = builder.done().repeat(2, [0, 1], [100, 200], [1, 2]).builder.done()
    kinds = [type(message).__name__ for message in program.messages]
    each = ["TimerSetup", "WaitUntil", "Loopback", "WaitUntil", "SpikePack1ToFPGA", "Barrier"]
    assert kinds == each * 2
    assert [message.value for message in program.messages if isinstance(message, ut.WaitUntil)] == [4, 99, 4, 199]


def test_three_spikes_of_one_time_leave_in_two_cycles() -> None:
    batch = RealtimeSectionBuilder().done().repeat(1, [0] * 3, [7] * 3, [1, 2, 3])
    assert (batch.late, batch.largest_delay) == (1, 1)
    sent = [message.spikes for message in batch.builder.done().messages if hasattr(message, "spikes")]
    assert [tuple(spikes) for spikes in sent] == [(1, 2), (3,)]


def test_answers_come_back_by_section_and_in_the_order_in_which_they_were_asked_for(
    connection: InProcessConnection,
) -> None:
    runtime.run(connection, runtime.generate(runtime.SystemInit())[0].done())  # answers are stamped from now on
    builder = RealtimeSectionBuilder()
    late = builder.read_words(900, [CELL_ADDRESS])
    builder.write(500, CELL, CapMemCell(value=7))
    early = builder.read_words([100, 50], [CELL_ADDRESS, CELL_ADDRESS])
    end = builder.tick(1000)
    begin = builder.tick(20)
    builder.behind.barrier(omnibus=True)
    builder.behind.write(CELL, CapMemCell(value=9))
    batch = builder.done().repeat(3)
    program = runtime.PlaybackProgramBuilder()
    before = program.read(CELL)
    program.merge_back(batch.builder)
    program.barrier(omnibus=True)
    tickets = [batch.ticket(reads) for reads in (early, late, begin, end)]
    assert not tickets[0].valid()
    built = program.done()
    runtime.run(connection, built)
    decoded = [[CapMemCell.decode(row[i : i + 1], CELL).value for i in range(len(row))] for row in tickets[0].get()]
    assert decoded[1:] == [[9, 9], [9, 9]]
    assert [CapMemCell.decode(row, CELL).value for row in tickets[1].get()] == [7, 7, 7]
    assert before.valid()
    begins, ends = (ticket.fpga_times()[:, 0] for ticket in tickets[2:])
    assert (ends - begins).tolist() == [980] * 3
    assert tickets[0].fpga_times().shape == (3, 2)
    assert (np.diff(tickets[0].fpga_times()) == -50).all()


def test_programs_of_sections_name_what_their_instructions_belong_to() -> None:
    builder = RealtimeSectionBuilder()
    builder.write(3, CELL, CapMemCell(value=1))
    builder.behind.barrier(omnibus=True)
    builder.behind.write(CELL, CapMemCell(value=1))
    program = builder.done().repeat(2, [1], [9], [4]).builder.done()
    named = [str(program.sources[number]) for number in range(len(program))]
    write = f"write of CapMemCell at {CELL}"
    reset, barrier = "write of Timer at TimerOnDLS(0)", "block of Barrier at BarrierOnFPGA(0)"
    behind = [barrier, write, write]
    assert named == [reset, *[write] * 3, *behind, reset, *[write] * 3, *["spikes of spikes"] * 2, *behind]


@pytest.mark.parametrize(
    ("spikes", "error", "match"),
    [
        (([0, 1], [5], [1]), runtime.SpikeTrainError, "one of each"),
        (([0, 2], [5, 5], [1, 1]), runtime.SpikeTrainError, r"there are 0\.\.1"),
        (([1, 0], [5, 5], [1, 1]), runtime.SpikeTrainError, "sort the spikes"),
        (([0, 0], [6, 5], [1, 1]), runtime.SpikeTrainError, "sort the spikes"),
        (([0], [5], [0x10000]), runtime.SpikeTrainError, "label"),
        (([0], [5.0], [1]), runtime.SpikeTrainError, "integers"),
        (([0], [-1], [1]), runtime.TimeError, "timer counts"),
    ],
)
def test_spikes_that_do_not_fit_are_refused(
    spikes: tuple[list[int], list[int], list[int]], error: type[Exception], match: str
) -> None:
    section = RealtimeSectionBuilder().done()
    with pytest.raises(error, match=match):
        section.repeat(2, *spikes)


def test_commands_that_do_not_fit_are_refused() -> None:
    builder = RealtimeSectionBuilder()
    with pytest.raises(runtime.TimeError, match="one for each"):
        builder.read_words([1, 2, 3], [CELL_ADDRESS])
    with pytest.raises(runtime.TimeError, match="timer counts"):
        builder.read_words([1 << 32], [CELL_ADDRESS])
    with pytest.raises(runtime.TimeError, match="integers"):
        builder.read_words([0.5], [CELL_ADDRESS])
    with pytest.raises(runtime.MergeError, match="has no times"):
        builder.merge(runtime.PlaybackProgramBuilder())  # type: ignore[arg-type]  # what the test is about
    reading = AbsoluteTimePlaybackProgramBuilder()
    reading.read(1, CELL)
    with pytest.raises(runtime.MergeError, match="with reads cannot be copied"):
        builder.merge(reading)
    with pytest.raises(runtime.TimeError, match="0 real-time sections"):
        builder.done().repeat(0)
