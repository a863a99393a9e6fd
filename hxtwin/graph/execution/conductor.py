"""The conductor: many execution instances on several chips, each step as soon as what it needs is there.

=============  ====================================================================  ============================
step           begins when                                                           runs in
=============  ====================================================================  ============================
prepare        at once, in plan order                                                pool of threads
compile        its input spikes are known, and its predecessor on the chip runs      pool of threads
execute        it is compiled and the chip has run all earlier ones of the plan      the thread of its chip
decode         its programs have run                                                 pool of threads
=============  ====================================================================  ============================

So host work of one instance overlaps the chip time of another, instances on different chips run at the same time, and
every chip gets its programs in plan order, whichever compilation ends first. The first failure ends the run: nothing
new begins, what runs is waited for. Source: reference execution.md 1.
"""

from __future__ import annotations

import functools
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

import attrs

from hxtwin.errors import HxtwinError
from hxtwin.graph.errors import ExecutionError, InputDataError
from hxtwin.graph.execution.hooks import Hooks
from hxtwin.graph.execution.instance_program import EntriesProgram, PreparedInstance, entries_programs, prepare
from hxtwin.graph.execution.instance_record import (
    InstanceRecord,
    instance_health,
    recorded_activations,
    recorded_madc,
    recorded_spikes,
    recorded_traces,
)
from hxtwin.graph.execution.run_time import RunTime, StopWatch
from hxtwin.graph.execution.static_configuration import SETTLING, StaticConfiguration, static_configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hxtwin.containers import Chip
    from hxtwin.graph.execution.device import Device
    from hxtwin.graph.execution.realtime_request import RealtimeRequest
    from hxtwin.graph.execution.spike_trains import LabelledSpikes

T = TypeVar("T")
_CYCLE_S = 8e-9
_WORKERS = 2


@attrs.frozen(eq=False, kw_only=True)
class InstanceTask:
    """An execution instance to run.

    Attributes:
        instance: its number, for messages and to refer to it.
        device: position of its chip among the devices.
        predecessors: instances whose records its input spikes need.
        chip: configuration of the chip.
        request: what happens in real time.
        entries: number of batch entries.
        stimulus: gives the input spikes, below the run time, from the records of the predecessors.
        hooks: program parts of the user.
    """

    instance: int
    device: int
    predecessors: frozenset[int]
    chip: Chip
    request: RealtimeRequest
    entries: int
    stimulus: Callable[[Mapping[int, InstanceRecord]], LabelledSpikes]
    hooks: Hooks = attrs.field(factory=Hooks)


@attrs.frozen(eq=False)
class InstanceOutcome:
    """An execution instance that has run.

    Attributes:
        record: what it brought back.
        run_time: where the time went.
        prepared: what was run.
        written: words of the static configuration that were written.
        programs: number of programs with batch entries.
    """

    record: InstanceRecord
    run_time: RunTime
    prepared: PreparedInstance
    written: int
    programs: int


class _Step(Enum):
    PREPARE = "preparation"
    COMPILE = "compilation"
    EXECUTE = "execution"
    DECODE = "evaluation"


@attrs.define(eq=False)
class _Progress:
    """How far an instance has come."""

    task: InstanceTask
    watch: StopWatch = attrs.field(factory=StopWatch)
    started: set[_Step] = attrs.field(factory=set)
    done: set[_Step] = attrs.field(factory=set)
    prepared: PreparedInstance | None = None
    configuration: StaticConfiguration | None = None
    parts: list[EntriesProgram] = attrs.field(factory=list)
    outcome: InstanceOutcome | None = None


class Conductor:
    """Runs tasks on devices.

    Args:
        tasks: in plan order: no task comes before one of its predecessors.
        devices: the chips.
    """

    def __init__(self, tasks: Sequence[InstanceTask], devices: Sequence[Device]) -> None:
        self._devices = devices
        self._all = [_Progress(task) for task in tasks]
        self._records: dict[int, InstanceRecord] = {}
        self._queues = {
            number: [progress for progress in self._all if progress.task.device == number]
            for number in {task.device for task in tasks}
        }
        self._running: dict[Future[None], tuple[_Progress, _Step]] = {}
        known: set[int] = set()
        for task in tasks:
            if not task.predecessors <= known:
                missing = sorted(task.predecessors - known)
                raise ExecutionError(f"execution instance {task.instance} comes before {missing}, which it depends on")
            known.add(task.instance)

    def run(self) -> dict[int, InstanceOutcome]:
        """Runs everything.

        Returns:
            Outcomes by instance, in plan order.

        Raises:
            ExecutionError: an instance failed; the message names it, its step and its chip.
            InputDataError: an instance is asked for something impossible; a note names it.
        """
        pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="compile")
        chips = {number: ThreadPoolExecutor(1, thread_name_prefix=f"chip {number}") for number in self._queues}
        try:
            self._begin_steps(pool, chips)
            while self._running:
                finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in finished:
                    progress, step = self._running.pop(future)
                    self._finish(progress, step, future)
                self._begin_steps(pool, chips)
        finally:
            for executor in (pool, *chips.values()):
                executor.shutdown(wait=True, cancel_futures=True)
        return {progress.task.instance: progress.outcome for progress in self._all if progress.outcome is not None}

    # --- what is next ---------------------------------------------------------------------------------------------

    def _begin_steps(self, pool: ThreadPoolExecutor, chips: Mapping[int, ThreadPoolExecutor]) -> None:
        for progress in self._all:
            if _Step.PREPARE not in progress.started:
                self._begin(progress, _Step.PREPARE, pool, self._prepare)
            if _Step.EXECUTE in progress.done and _Step.DECODE not in progress.started:
                self._begin(progress, _Step.DECODE, pool, self._decode)
        for number, queue in self._queues.items():
            for place, progress in enumerate(queue):
                before = queue[place - 1] if place else None
                if _Step.COMPILE not in progress.started and self._may_compile(progress, before):
                    self._begin(progress, _Step.COMPILE, pool, functools.partial(self._compile, before=before))
                free = before is None or _Step.EXECUTE in before.done
                if free and _Step.COMPILE in progress.done and _Step.EXECUTE not in progress.started:
                    self._begin(progress, _Step.EXECUTE, chips[number], self._execute)

    def _may_compile(self, progress: _Progress, before: _Progress | None) -> bool:
        known = progress.task.predecessors <= self._records.keys()
        # programs may be large: only those of the next instance wait for the chip
        soon = before is None or _Step.EXECUTE in before.started
        return _Step.PREPARE in progress.done and known and soon

    def _begin(
        self, progress: _Progress, step: _Step, executor: ThreadPoolExecutor, work: Callable[[_Progress], None]
    ) -> None:
        progress.started.add(step)
        self._running[executor.submit(work, progress)] = progress, step

    def _finish(self, progress: _Progress, step: _Step, future: Future[None]) -> None:
        error = future.exception()
        if error is None:
            progress.done.add(step)
            if progress.outcome is not None:
                self._records[progress.task.instance] = progress.outcome.record
            return
        endpoint = self._devices[progress.task.device].endpoint
        where = f"execution instance {progress.task.instance} on {endpoint}, {step.value}"
        if isinstance(error, InputDataError) or not isinstance(error, HxtwinError | OSError):
            error.add_note(where)
            raise error
        raise ExecutionError(f"{where}: {error}") from error

    # --- the steps ------------------------------------------------------------------------------------------------

    def _prepare(self, progress: _Progress) -> None:
        task = progress.task
        with progress.watch.phase("configuration"):
            progress.prepared = prepare(task.chip, task.request, task.hooks)

    def _compile(self, progress: _Progress, before: _Progress | None) -> None:
        task, prepared = progress.task, _there(progress.prepared)
        base = self._devices[task.device].configuration if before is None else _words(before)
        with progress.watch.phase("configuration"):
            progress.configuration = static_configuration(prepared.words, base, task.hooks.pre_static)
        with progress.watch.phase("event_encoding"):
            spikes = task.stimulus(self._records)
        with progress.watch.phase("compile"):
            progress.parts = entries_programs(prepared, task.entries, spikes)
        passes = len(prepared.layouts)
        progress.watch.add(
            realtime=task.entries * passes * task.request.runtime * _CYCLE_S,
            relaxation=task.entries * passes * task.request.relaxation * _CYCLE_S,
            settling=SETTLING * _CYCLE_S if progress.configuration.settles else 0.0,
        )

    def _execute(self, progress: _Progress) -> None:
        programs = [part.program for part in progress.parts]
        self._devices[progress.task.device].execute(_there(progress.configuration), programs, progress.watch)

    def _decode(self, progress: _Progress) -> None:
        task, prepared, parts = progress.task, _there(progress.prepared), progress.parts
        with progress.watch.phase("event_decoding"):
            spikes = recorded_spikes(prepared, parts)
            health, received, link_changes = instance_health(parts)
        with progress.watch.phase("membrane_decoding"):
            traces = recorded_traces(prepared, parts, task.entries)
            activations, baselines = recorded_activations(prepared, parts)
            madc = recorded_madc(prepared, parts)
        record = InstanceRecord(
            entries=task.entries,
            spikes=spikes,
            traces=traces,
            activations=activations,
            baselines=baselines,
            madc=madc,
            health=health,
            received_events=received,
            late_spikes=sum(part.late for part in parts),
            largest_delay=max(part.largest_delay for part in parts),
            link_changes=link_changes,
        )
        written = _there(progress.configuration).changed
        progress.outcome = InstanceOutcome(record, progress.watch.total, prepared, written, len(parts))
        progress.parts = []  # words and responses are not needed any more


def _words(before: _Progress) -> NDArray[np.uint32]:
    return _there(before.prepared).words


def _there(given: T | None) -> T:
    assert given is not None
    return given
