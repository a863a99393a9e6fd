"""Commands at times: order, waits, moving, scaling, merging."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import coord, runtime
from hxtwin.comm import ut
from hxtwin.containers import Backend, CapMemCell, Chip, SynapseDriverConfig
from hxtwin.runtime import AbsoluteTimePlaybackProgramBuilder

if TYPE_CHECKING:
    from hxtwin.comm.in_process import InProcessConnection
    from hxtwin.runtime import PlaybackProgram

DETERMINISTIC = settings(deadline=None, derandomize=True, max_examples=50)
TIMES = st.lists(st.integers(0, 60), max_size=40)


def cell(number: int) -> coord.CapMemCellOnDLS:
    return coord.CapMemCellOnDLS(number)


def written(program: PlaybackProgram) -> list[str]:
    """Waits and the values of cells in the order of the program."""
    found = []
    for message in program.messages:
        if isinstance(message, ut.TimerSetup):
            found.append("timer:=0")
        elif isinstance(message, ut.WaitUntil):
            found.append(f"wait {message.value}")
        elif isinstance(message, ut.OmnibusData):
            found.append(f"write {message.value}")
        elif isinstance(message, ut.OmnibusAddress) and message.is_read:
            found.append("read")
    return found


def by_the_rule(times: list[int]) -> list[str]:
    """Reference: runtime.md 4, step by step."""
    found, current = ["timer:=0"], 0
    for value, time in sorted(enumerate(times), key=lambda item: item[1]):
        if time > current:
            current = time
            found.append(f"wait {current - 1}")
        found.append(f"write {value}")
        current += 1
    return found


def build(times: list[int]) -> AbsoluteTimePlaybackProgramBuilder:
    builder = AbsoluteTimePlaybackProgramBuilder()
    for value, time in enumerate(times):
        builder.write(time, cell(value), CapMemCell(value=value))
    return builder


def test_the_worked_example_of_the_reference() -> None:
    # A at 3, B at 0, C at 3, D at 4, E at 9
    found = written(build([3, 0, 3, 4, 9]).done().done())
    assert found == ["timer:=0", "write 1", "wait 2", "write 0", "write 2", "write 3", "wait 8", "write 4"]


@DETERMINISTIC
@given(TIMES)
def test_commands_are_ordered_and_separated_by_the_rule(times: list[int]) -> None:
    builder = build(times)
    assert len(builder) == len(times)
    assert written(builder.done().done()) == by_the_rule(times)
    assert builder.empty()


@DETERMINISTIC
@given(TIMES)
def test_waits_only_grow(times: list[int]) -> None:
    waits = build(times).done().done().messages.column(ut.WaitUntil, "value").astype(np.int64)
    assert (np.diff(waits) > 0).all()


@DETERMINISTIC
@given(TIMES, TIMES)
def test_merging_is_like_giving_all_commands_to_one_builder(first: list[int], second: list[int]) -> None:
    one, other = build(first), build(second)
    one.merge(other)
    assert other.empty()
    expected = [("write", value) for value in range(len(first))] + [("write", value) for value in range(len(second))]
    order = sorted(range(len(first + second)), key=(first + second).__getitem__)
    found = [int(text.split()[1]) for text in written(one.done().done()) if text.startswith("write")]
    assert found == [expected[i][1] for i in order]


@DETERMINISTIC
@given(TIMES)
def test_a_copy_leaves_the_other_as_it_is(times: list[int]) -> None:
    one, other = AbsoluteTimePlaybackProgramBuilder(), build(times)
    one.copy(other)
    one += 5
    assert written(other.done().done()) == by_the_rule(times)
    shifted = by_the_rule([time + 5 for time in times])
    assert written(one.done().done()) == shifted


def test_a_command_counts_one_cycle_whatever_its_length() -> None:
    builder = AbsoluteTimePlaybackProgramBuilder()
    builder.write(0, coord.SynapseDriverOnDLS(0), SynapseDriverConfig())
    builder.write(1, cell(0), CapMemCell(value=7))
    program = builder.done().done()
    assert not program.messages.is_a(ut.WaitUntil).any()
    assert len(program) == 1 + 6 + 2


def test_the_last_time_of_the_timer_can_be_used() -> None:
    assert written(build([(1 << 32) - 1]).done().done())[1] == f"wait {(1 << 32) - 2}"


@pytest.mark.parametrize("time", [-1, 1 << 32, 1.5, True, "3", None])
def test_other_times_are_refused(time: object) -> None:
    builder = AbsoluteTimePlaybackProgramBuilder()
    with pytest.raises(runtime.TimeError):
        builder.write(time, cell(0), CapMemCell())  # type: ignore[arg-type]  # what the test is about
    with pytest.raises(runtime.TimeError):
        builder.read(time, cell(0))  # type: ignore[call-overload]  # what the test is about
    assert builder.empty()


def test_a_time_in_the_past_is_called_so() -> None:
    with pytest.raises(runtime.TimeError, match="time -1 is in the past"):
        build([-1])


def test_a_refused_command_leaves_no_trace() -> None:
    builder = build([4])
    with pytest.raises(runtime.PlacementError):
        builder.write(2, cell(0), SynapseDriverConfig())
    with pytest.raises(runtime.AccessRefusedError):
        builder.read(2, coord.PADIEventOnDLS(0))
    assert written(builder.done().done()) == by_the_rule([4])


def test_late_commands_can_be_refused() -> None:
    builder = build([0] * 1000 + [1])
    assert not builder.done(refuse_late=True).empty()
    builder = AbsoluteTimePlaybackProgramBuilder()
    builder.write_spike_train(np.zeros(6000, dtype=np.int64), np.zeros(6000, dtype=np.int64), largest_pack=1)
    with pytest.raises(runtime.TimeError, match=r"4749 of 6000 commands are more than 1250 cycles \(10 us\) late"):
        builder.done(refuse_late=True)
    assert len(builder) == 6000


# --- differential writes ----------------------------------------------------------------------------------------------


def test_a_differential_write_without_difference_leaves_its_wait() -> None:
    builder = AbsoluteTimePlaybackProgramBuilder()
    builder.write(10, coord.ChipOnDLS(), Chip(), Chip())
    builder.write(10, cell(0), CapMemCell(value=3))
    builder.write(30, coord.ChipOnDLS(), Chip(), Chip())
    program = builder.done().done()
    assert written(program) == ["timer:=0", "wait 9", "write 3", "wait 29"]
    assert [program.sources[i].container for i in (1, 2, 4)] == [None, CapMemCell, None]


def test_only_empty_differences_give_only_waits() -> None:
    builder = AbsoluteTimePlaybackProgramBuilder()
    builder.write(10, coord.ChipOnDLS(), Chip(), Chip())
    assert written(builder.done().done()) == ["timer:=0", "wait 9"]


# --- moving and scaling -----------------------------------------------------------------------------------------------


@DETERMINISTIC
@given(TIMES, st.integers(0, 1000))
def test_moving_adds_to_every_time(times: list[int], delay: int) -> None:
    builder = build(times)
    moved = builder + delay
    assert written(moved.done().done()) == by_the_rule([time + delay for time in times])
    builder += delay
    assert written(builder.done().done()) == by_the_rule([time + delay for time in times])


@DETERMINISTIC
@given(TIMES, st.sampled_from([0, 0.25, 0.5, 1, 1.5, 2, 3.25]))
def test_scaling_rounds_halves_up(times: list[int], factor: float) -> None:
    scaled = [int(Fraction(time) * Fraction(factor) + Fraction(1, 2)) for time in times]
    builder = build(times)
    assert written((builder * factor).done().done()) == by_the_rule(scaled)
    builder *= factor
    assert written(builder.done().done()) == by_the_rule(scaled)


def test_scaling_is_exact_beyond_single_precision() -> None:
    builder = build([(1 << 24) + 1])
    builder *= 3
    assert written(builder.done().done())[1] == f"wait {3 * ((1 << 24) + 1) - 1}"


def test_times_that_leave_the_timer_are_refused_and_nothing_changes() -> None:
    builder = build([5, 100])
    with pytest.raises(runtime.TimeError, match="nothing was changed"):
        builder += -6
    with pytest.raises(runtime.TimeError):
        builder += 1 << 32
    with pytest.raises(runtime.TimeError):
        builder += -(1 << 70)
    with pytest.raises(runtime.TimeError):
        builder *= 1e9
    for factor in (-1, float("nan"), float("inf")):
        with pytest.raises(runtime.TimeError, match="finite factor"):
            builder *= factor
    assert written(builder.done().done()) == by_the_rule([5, 100])


def test_other_operands_are_refused() -> None:
    builder = build([5])
    with pytest.raises(TypeError):
        builder += "3"  # type: ignore[arg-type]  # what the test is about
    with pytest.raises(TypeError):
        builder *= "3"  # type: ignore[arg-type]  # what the test is about
    with pytest.raises(TypeError):
        builder += 1.5  # type: ignore[arg-type]  # what the test is about


def test_builders_with_reads_cannot_be_copied() -> None:
    builder = AbsoluteTimePlaybackProgramBuilder()
    builder.read(3, cell(0))
    with pytest.raises(runtime.MergeError, match="two programs"):
        AbsoluteTimePlaybackProgramBuilder().copy(builder)
    with pytest.raises(runtime.MergeError):
        _ = builder + 3
    with pytest.raises(runtime.MergeError):
        _ = builder * 2
    builder += 3
    assert written(builder.done().done()) == ["timer:=0", "wait 5", "read"]


def test_builders_are_not_merged_with_themselves_or_others() -> None:
    builder = build([1])
    for other in (builder, runtime.PlaybackProgramBuilder()):
        with pytest.raises(runtime.MergeError):
            builder.merge(other)  # type: ignore[arg-type]  # what the test is about
        with pytest.raises(runtime.MergeError):
            builder.copy(other)  # type: ignore[arg-type]  # what the test is about


def test_merging_takes_over_that_there_are_reads_and_done_forgets_it() -> None:
    one, other = AbsoluteTimePlaybackProgramBuilder(), AbsoluteTimePlaybackProgramBuilder()
    other.read(3, cell(0))
    assert one.is_write_only()
    one.merge(other)
    assert not one.is_write_only()
    assert other.is_write_only()
    one.done()
    assert one.is_write_only()


# --- reads ------------------------------------------------------------------------------------------------------------


@settings(DETERMINISTIC, max_examples=30)
@given(st.data())
def test_tickets_follow_their_reads_through_ordering_and_merging(data: st.DataObject) -> None:
    builders = [AbsoluteTimePlaybackProgramBuilder() for _ in range(3)]
    tickets = []
    for number in range(data.draw(st.integers(1, 20))):
        builder = data.draw(st.sampled_from(builders))
        time = data.draw(st.integers(0, 30))
        backend = data.draw(st.sampled_from([Backend.OMNIBUS_CHIP, Backend.OMNIBUS_CHIP_OVER_JTAG]))
        if data.draw(st.booleans()):
            builder.write(time, cell(1000 + number), CapMemCell(value=1))
        tickets.append((builder.read(time, cell(number), CapMemCell, backend=backend), number))
    builders[0].merge(builders[1])
    builders[2].merge(builders[0])
    before = runtime.PlaybackProgramBuilder()
    before.read(cell(2000))
    for ticket, _ in tickets:
        assert not ticket.valid()
        with pytest.raises(runtime.TicketError, match="not finished"):
            ticket.get()
    before.merge_back(builders[2].done())
    program = before.done()
    requested = program.tickets()
    assert len(requested) == len(tickets) + 1
    positions = {(found.queue, found.place()[1]): found.coordinate for found in requested}
    for ticket, number in tickets:
        owner, position = ticket.place()
        assert owner is program
        assert positions[ticket.queue, position] == cell(number)


def test_reads_at_times_bring_their_values(connection: InProcessConnection) -> None:
    builder = AbsoluteTimePlaybackProgramBuilder()
    late = builder.read(300, cell(1), CapMemCell)
    early = builder.read(5, cell(1), CapMemCell)
    builder.write(0, cell(1), CapMemCell(value=11))
    builder.write(100, cell(1), CapMemCell(value=22))
    program_builder = builder.done()
    program_builder.barrier(omnibus=True)
    runtime.run(connection, program_builder.done())
    assert early.get() == CapMemCell(value=11)
    assert late.get() == CapMemCell(value=22)


# --- spikes -----------------------------------------------------------------------------------------------------------


def test_spikes_of_equal_time_share_packs_and_keep_their_order() -> None:
    builder = AbsoluteTimePlaybackProgramBuilder()
    builder.write_spike_train([20, 10, 10, 10, 10], [5, 1, 2, 3, 4])
    builder.write(10, cell(0), CapMemCell(value=9))
    kinds = [(type(m).__name__, m.fields) for m in builder.done().done().messages if not isinstance(m, ut.OmnibusData)]
    assert [name for name, _ in kinds] == [
        "TimerSetup",
        "WaitUntil",
        "SpikePack3ToFPGA",
        "SpikePack1ToFPGA",
        "OmnibusAddress",
        "WaitUntil",
        "SpikePack1ToFPGA",
    ]
    assert kinds[2][1] == {"spikes": (1, 2, 3)}
    assert kinds[3][1] == {"spikes": (4,)}


def test_neighbouring_spikes_share_one_entry_of_the_source_map() -> None:
    builder = AbsoluteTimePlaybackProgramBuilder()
    builder.write_spike_train(np.arange(0, 3000, 3), np.zeros(1000, dtype=np.int64))
    builder.write(1500, cell(0), CapMemCell(value=9))
    program = builder.done().done()
    assert len(program.sources) == 1 + 3
    accesses = [program.sources.source(i).access for i in range(4)]
    assert accesses == [runtime.Access.WRITE, runtime.Access.SPIKES, runtime.Access.WRITE, runtime.Access.SPIKES]


@pytest.mark.parametrize(
    ("times", "labels"),
    [([1, 2], [3]), ([1], [1 << 16]), ([1], [-1]), ([1.5], [1]), ([[1]], [[1]])],
)
def test_what_is_no_spike_train_is_refused(times: list[int], labels: list[int]) -> None:
    builder = AbsoluteTimePlaybackProgramBuilder()
    with pytest.raises(runtime.ProgramError):
        builder.write_spike_train(times, labels)
    assert builder.empty()


def test_messages_with_reads_are_refused() -> None:
    builder = AbsoluteTimePlaybackProgramBuilder()
    with pytest.raises(runtime.MergeError, match="no ticket"):
        builder.append([1], ut.omnibus_reads([5]))
    with pytest.raises(runtime.TimeError, match="1 integers"):
        builder.append([1, 2], ut.MessageArray.of(ut.WaitUntil, value=[3]))
    builder.append([], ut.MessageArray.empty("to_fpga"))
    assert builder.empty()
