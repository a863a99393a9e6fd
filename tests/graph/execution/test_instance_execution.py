"""Execution instances on the twin: spikes through the crossbar and back, chunks, configuration, hooks, health."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import coord, runtime
from hxtwin.containers import CapMemCell, CrossbarOutputConfig, EventRecordingConfig
from hxtwin.graph.errors import ExecutionError, InputDataError
from hxtwin.graph.execution import (
    Conductor,
    Device,
    Hooks,
    InstanceOutcome,
    InstanceTask,
    LabelledSpikes,
    ProblemKind,
    RealtimeRequest,
)
from hxtwin.graph.execution.instance_program import entries_programs, prepare
from hxtwin.graph.execution.instance_record import recorded_spikes
from hxtwin.graph.execution.problem_report import instance_problems
from hxtwin.graph.execution.run_time import StopWatch
from hxtwin.graph.execution.static_configuration import static_configuration
from hxtwin.runtime import AbsoluteTimePlaybackProgramBuilder, PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

    from hxtwin.containers import Chip

    from .conftest import ChipMaker, WatchedConnection

    SpikeMaker = Callable[[int, int, int], LabelledSpikes]

RUNTIME = 2500
ROUND_TRIP = 60
"""Above the time in which an event comes back from the chip, FPGA cycles."""


def task(
    chip: Chip,
    spikes: LabelledSpikes | None = None,
    *,
    entries: int = 2,
    request: RealtimeRequest | None = None,
    hooks: Hooks | None = None,
    instance: int = 0,
) -> InstanceTask:
    return InstanceTask(
        instance=instance,
        device=0,
        predecessors=frozenset(),
        chip=chip,
        request=request or RealtimeRequest(runtime=RUNTIME, relaxation=1250),
        entries=entries,
        stimulus=lambda _: spikes or LabelledSpikes.none(),
        hooks=hooks or Hooks(),
    )


def executed(device: Device, *tasks: InstanceTask) -> InstanceOutcome:
    return Conductor(tasks, [device]).run()[tasks[-1].instance]


def test_spikes_come_back_in_their_entry_at_their_time(
    connection: WatchedConnection, loop_chip: ChipMaker, random_spikes: SpikeMaker
) -> None:
    spikes = random_spikes(500, 10, RUNTIME - ROUND_TRIP)
    outcome = executed(Device(connection), task(loop_chip(), spikes, entries=10))
    found = outcome.record.spikes
    assert len(found) == len(spikes)
    assert np.array_equal(found.entries, spikes.entries)
    assert sorted(zip(found.entries.tolist(), found.labels.tolist(), strict=True)) == sorted(
        zip(spikes.entries.tolist(), spikes.labels.tolist(), strict=True)
    )
    delays = np.sort(found.times) - np.sort(spikes.times)
    assert 0 < delays.min() <= delays.max() < ROUND_TRIP  # to the chip; several at once wait for each other
    assert outcome.record.received_events == outcome.record.health.sent_events == 500
    assert instance_problems(0, outcome) == []


def test_times_count_from_the_begin_of_the_section_of_each_entry(
    connection: WatchedConnection, loop_chip: ChipMaker
) -> None:
    entries = np.arange(5)
    spikes = LabelledSpikes.in_order(entries, np.full(5, 1000), 100 + entries)
    found = executed(Device(connection), task(loop_chip(), spikes, entries=5)).record.spikes
    assert found.entries.tolist() == entries.tolist()
    assert found.labels.tolist() == (100 + entries).tolist()
    assert len(set(found.times.tolist())) == 1


def test_events_that_come_back_after_the_run_time_are_left_out(
    connection: WatchedConnection, loop_chip: ChipMaker
) -> None:
    spikes = LabelledSpikes.in_order(np.array([0, 0]), np.array([10, RUNTIME - 1]), np.array([1, 2]))
    record = executed(Device(connection), task(loop_chip(), spikes, entries=1)).record
    assert record.spikes.labels.tolist() == [1]
    assert record.received_events == 2


def test_entries_follow_each_other_after_the_relaxation(connection: WatchedConnection, loop_chip: ChipMaker) -> None:
    request = RealtimeRequest(runtime=RUNTIME)
    parts = entries_programs(prepare(loop_chip(), request, Hooks()), 3, LabelledSpikes.none())
    configuration = static_configuration(prepare(loop_chip(), request, Hooks()).words, None)
    Device(connection).execute(configuration, [part.program for part in parts], StopWatch())
    begins, ends = parts[0].begin.fpga_times()[:, 0], parts[0].end.fpga_times()[:, 0]
    assert (ends - begins).tolist() == [RUNTIME] * 3
    waits = begins[1:] - ends[:-1]
    assert (waits >= 50 * 125).all()  # 50 us is the default
    assert len(set(waits.tolist())) == 1


def test_a_batch_that_does_not_fit_a_program_is_split_without_a_difference(
    connection: WatchedConnection, loop_chip: ChipMaker, random_spikes: SpikeMaker
) -> None:
    spikes = random_spikes(600, 12, RUNTIME - ROUND_TRIP)
    prepared = prepare(loop_chip(), RealtimeRequest(runtime=RUNTIME, relaxation=1250), Hooks())
    records = []
    for most in (1 << 21, 5000, 1):
        parts = entries_programs(prepared, 12, spikes, most_messages=most)
        assert sum(part.entries for part in parts) == 12
        assert all(len(part.program) <= most or part.entries == 1 for part in parts)
        device = Device(connection)
        device.execute(static_configuration(prepared.words, None), [part.program for part in parts], StopWatch())
        records.append((len(parts), recorded_spikes(prepared, parts)))
    assert records[0][0] == 1
    assert 1 < records[1][0] < 12
    assert records[2][0] == 12
    for _, found in records[1:]:
        assert np.array_equal(found.entries, records[0][1].entries)
        assert np.array_equal(found.times, records[0][1].times)
        assert np.array_equal(found.labels, records[0][1].labels)


def test_only_changed_words_are_written_again(connection: WatchedConnection, loop_chip: ChipMaker) -> None:
    device, chip = Device(connection), loop_chip()
    weights = np.zeros((2, 256, 256), dtype=int)
    weights[1, 7, 8] = 5
    assert executed(device, task(chip)).written == 126_842
    assert executed(device, task(loop_chip())).written == 0
    assert executed(device, task(loop_chip(synapse_blocks__matrix__weights=weights))).written == 1
    outcome = executed(device, task(loop_chip(neuron_block__atomic_neurons__leak__v_leak=np.full(512, 300))))
    assert outcome.written == 513
    assert outcome.run_time.settling == pytest.approx(0.1)
    assert len(connection.runs) == 1 + 2 + 1 + 2 + 2  # bring-up; configuration where needed; entries
    assert executed(device, task(chip, instance=0), task(loop_chip(), instance=1)).run_time.settling == 0


def test_the_configuration_is_complete_again_when_somebody_else_used_the_chip(
    connection: WatchedConnection, loop_chip: ChipMaker
) -> None:
    device = Device(connection)
    assert executed(device, task(loop_chip())).written == 126_842
    builder = PlaybackProgramBuilder()
    builder.reset_timer()
    runtime.run(connection, builder.done())
    runs = len(connection.runs)
    assert executed(device, task(loop_chip())).written == 126_842
    assert len(connection.runs) - runs == 3  # bring-up, configuration, entries
    device.forget()
    assert executed(device, task(loop_chip())).written == 126_842


class Intruder(StopWatch):
    """Runs a program of somebody else behind the n-th run of a device."""

    def __init__(self, connection: WatchedConnection, number: int) -> None:
        super().__init__()
        self._connection = connection
        self._left = number

    def add_run(self, info: runtime.TimeInfo) -> None:
        super().add_run(info)
        self._left -= 1
        if not self._left:
            builder = PlaybackProgramBuilder()
            builder.reset_timer()
            runtime.run(self._connection, builder.done())


@pytest.mark.parametrize("number", [1, 2])
def test_somebody_who_uses_the_chip_while_an_instance_runs_is_noticed(
    connection: WatchedConnection, loop_chip: ChipMaker, number: int
) -> None:
    prepared = prepare(loop_chip(), RealtimeRequest(runtime=RUNTIME), Hooks())
    programs = [part.program for part in entries_programs(prepared, 1, LabelledSpikes.none())]
    device = Device(connection)
    with pytest.raises(ExecutionError, match="another user ran a program while an execution instance ran"):
        device.execute(static_configuration(prepared.words, None), programs, Intruder(connection, number))
    assert device.configuration is None
    assert executed(device, task(loop_chip())).written == 126_842


def test_hooks_act_at_their_places(connection: WatchedConnection, loop_chip: ChipMaker) -> None:
    cell, later = coord.CapMemCellOnDLS(5), coord.CapMemCellOnDLS(6)
    before, inside = PlaybackProgramBuilder(), AbsoluteTimePlaybackProgramBuilder()
    static, behind = PlaybackProgramBuilder(), PlaybackProgramBuilder()
    in_static = static.read(cell)
    static.barrier(omnibus=True)
    in_realtime = before.read(cell)
    before.write(cell, CapMemCell(value=99))
    inside.write(700, later, CapMemCell(value=55))
    inside.write_spike_train([300], [0x1234])
    behind_cells = [behind.read(cell, CapMemCell), behind.read(later, CapMemCell)]
    behind.barrier(omnibus=True)
    hooks = Hooks(pre_static=static, pre_realtime=before, inside_realtime=inside, post_realtime=behind)
    device = Device(connection)
    executed(device, task(loop_chip()))
    outcome = executed(device, task(loop_chip(capmem__blocks__enable_capmem=[True] * 4), entries=3, hooks=hooks))
    assert outcome.written == 126_842  # a hook in front of the static configuration forces it to be complete
    assert in_static.get() == in_realtime.get()
    assert [ticket.get().value for ticket in behind_cells] == [99, 55]
    assert outcome.record.spikes.entries.tolist() == [0, 1, 2]
    assert set(outcome.record.spikes.labels.tolist()) == {0x1234}


def test_hooks_that_cannot_work_are_refused() -> None:
    reading = AbsoluteTimePlaybackProgramBuilder()
    reading.read(1, coord.CapMemCellOnDLS(0))
    with pytest.raises(InputDataError, match="inside_realtime reads"):
        Hooks(inside_realtime=reading)
    with pytest.raises(InputDataError, match="hook pre_static: a PlaybackProgramBuilder is wanted"):
        Hooks(pre_static=reading)  # type: ignore[arg-type]  # what the test is about


def test_events_that_are_not_in_the_record_are_reported_as_lost(
    connection: WatchedConnection, loop_chip: ChipMaker, random_spikes: SpikeMaker
) -> None:
    inside = AbsoluteTimePlaybackProgramBuilder()
    inside.write(RUNTIME // 2, coord.EventRecordingConfigOnFPGA(), EventRecordingConfig(enable_event_recording=False))
    spikes = random_spikes(100, 1, RUNTIME - ROUND_TRIP)
    outcome = executed(Device(connection), task(loop_chip(), spikes, entries=1, hooks=Hooks(inside_realtime=inside)))
    (problem,) = instance_problems(3, outcome)
    assert problem.kind is ProblemKind.SPIKES_LOST
    assert problem.count == 100 - outcome.record.received_events > 20
    assert str(problem).startswith("execution instance 3: spikes lost: ")


def test_drops_of_the_crossbar_are_reported(connection: WatchedConnection, loop_chip: ChipMaker) -> None:
    slow = loop_chip(crossbar__outputs__enable_slow=[True] * 4)
    spikes = LabelledSpikes.in_order(np.zeros(300, int), np.arange(300) // 2, np.full(300, 7))
    outcome = executed(Device(connection), task(slow, spikes, entries=1))
    (problem,) = instance_problems(0, outcome)
    assert problem.kind is ProblemKind.EVENTS_DROPPED
    assert problem.count == 300 - len(outcome.record.spikes) > 0
    assert f"{problem.count} at input 8" in problem.message


def test_counters_that_are_off_and_late_spikes_are_reported(
    connection: WatchedConnection, loop_chip: ChipMaker
) -> None:
    chip = loop_chip(crossbar__outputs__enable_event_counter=[False] * 12)
    assert isinstance(chip.crossbar.outputs, CrossbarOutputConfig)
    spikes = LabelledSpikes.in_order(np.zeros(600, int), np.full(600, 10), np.arange(600))
    found = {problem.kind for problem in instance_problems(0, executed(Device(connection), task(chip, spikes)))}
    assert {ProblemKind.NOT_COUNTED, ProblemKind.LATE_SPIKES} <= found


def test_traces_have_the_interval_of_the_schedule(connection: WatchedConnection, loop_chip: ChipMaker) -> None:
    circuits = [0, 2, 8, 256, 264, 270]
    request = RealtimeRequest(runtime=RUNTIME, relaxation=1250, cadc_circuits=circuits)
    spikes = LabelledSpikes.in_order(np.arange(2), np.array([500, 900]), np.array([1, 2]))
    outcome = executed(Device(connection), task(loop_chip(), spikes, request=request))
    traces = outcome.record.traces
    assert traces is not None
    assert traces.interval == 280
    assert traces.values.shape == traces.times.shape == (2, 9, len(circuits))
    assert (np.abs(np.diff(traces.times, axis=1) - 280) <= 64).all()  # a value moves its own time along the ramp
    assert traces.times.min() >= 0
    assert traces.times.max() < RUNTIME
    assert len(outcome.record.spikes) == 2


def test_neurons_beyond_one_pass_are_recorded_by_running_the_batch_again(
    connection: WatchedConnection, loop_chip: ChipMaker
) -> None:
    request = RealtimeRequest(runtime=RUNTIME, relaxation=1250, cadc_circuits=np.arange(0, 40, 2), cadc_interval=185)
    spikes = LabelledSpikes.in_order(np.arange(2), np.array([500, 900]), np.array([1, 2]))
    outcome = executed(Device(connection), task(loop_chip(), spikes, request=request))
    assert outcome.programs == 5
    assert outcome.record.traces is not None
    assert outcome.record.traces.passes == 5
    assert (outcome.record.traces.times > 0).all()
    assert len(outcome.record.spikes) == 2  # those of the first pass
    assert outcome.record.received_events == 10


def test_baseline_and_value_are_read_around_the_section(connection: WatchedConnection, loop_chip: ChipMaker) -> None:
    circuits = np.arange(0, 512, 3)
    request = RealtimeRequest(runtime=RUNTIME, relaxation=1250, baseline_circuits=circuits, reset_circuits=circuits)
    outcome = executed(Device(connection), task(loop_chip(), entries=3, request=request))
    assert outcome.record.activations is not None
    assert outcome.record.baselines is not None
    assert outcome.record.activations.shape == outcome.record.baselines.shape == (3, len(circuits))
    assert outcome.record.activations.dtype == np.int8


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"runtime": 0}, r"runtime: 1\.\."),
        ({"runtime": 1 << 31}, "FPGA cycles of 8 ns are possible"),
        ({"runtime": 2.5}, "FPGA cycles of 8 ns are possible"),
        ({"runtime": 9, "relaxation": -1}, r"relaxation: 0\.\."),
        ({"runtime": 9, "cadc_circuits": [512]}, r"cadc_circuits: circuits 512\.\.512, there are 0\.\.511"),
        ({"runtime": 9, "reset_circuits": [3, 3]}, "reset_circuits: a circuit is listed twice"),
        ({"runtime": 9, "madc_circuits": [0, 2]}, "one in an even and one in an odd column"),
        ({"runtime": 9, "madc_circuits": [0, 1, 2]}, "at most two circuits"),
        ({"runtime": 9, "cadc_circuits": [1], "baseline_circuits": [2]}, "either samples traces or takes a baseline"),
    ],
)
def test_requests_that_contradict_themselves_are_refused(fields: dict[str, object], match: str) -> None:
    with pytest.raises(InputDataError, match=match):
        RealtimeRequest(**fields)  # type: ignore[arg-type]  # what the test is about


def test_a_failure_names_instance_step_and_endpoint_and_is_not_remembered_as_configured(
    connection: WatchedConnection, loop_chip: ChipMaker
) -> None:
    device = Device(connection)
    connection.dies_in = 2  # bring-up, configuration, entries
    with pytest.raises(
        ExecutionError,
        match=r"execution instance 4 on sim://\?chip=7.*, execution: the device fell",
    ):
        executed(device, task(loop_chip(), instance=4))
    assert device.configuration is None
    assert executed(device, task(loop_chip())).written == 126_842


def test_a_timeout_comes_with_the_state_of_the_links(connection: WatchedConnection, loop_chip: ChipMaker) -> None:
    hook = PlaybackProgramBuilder()
    hook.poll(0x88000005, target=77, timeout=100)
    with pytest.raises(ExecutionError, match="blocked longer than the instruction timeout") as caught:
        executed(Device(connection), task(loop_chip(), hooks=Hooks(pre_realtime=hook)))
    cause = caught.value.__cause__
    assert isinstance(cause, runtime.InstructionTimeoutError)
    assert "link 7: online" in cause.__notes__[0]


def test_a_bad_recording_is_an_error_of_the_input_with_the_instance_in_a_note(
    connection: WatchedConnection, loop_chip: ChipMaker
) -> None:
    request = RealtimeRequest(runtime=RUNTIME, cadc_circuits=[3])
    chip = loop_chip(cadc_readout_chains__ramp__enable=[False, False])
    with pytest.raises(InputDataError, match="circuit 3") as caught:
        executed(Device(connection), task(chip, request=request, instance=2))
    assert caught.value.__notes__ == ["execution instance 2 on sim://?chip=7&noise=0&settle=instant, preparation"]
    assert connection.runs == []
