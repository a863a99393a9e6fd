"""From an execution instance to playback programs: preparation without spikes, then programs with them.

::

    static configuration          (differential, see `static_configuration`)
    program of a pass, a chunk of entries:
        events recorded; router off, counters read, router on; MADC woken up
        hook pre_realtime                                                 first program only
        entry, entry, ...         (see `realtime_layout`)
        router off, counters read, router on
        hook post_realtime                                                last program only

A program holds as many entries as fit half the playback memory: 2 097 152 messages, since every response may come with
a timing message. Source: reference execution.md 4.2, 4.3; runtime.md 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import coord
from hxtwin.containers import EventRecordingConfig
from hxtwin.graph.errors import InputDataError
from hxtwin.graph.execution.cadc_schedule import CadcPass, CadcSchedule, cadc_schedule
from hxtwin.graph.execution.health import HealthReads
from hxtwin.graph.execution.realtime_layout import (
    MADC_WAKE,
    MADC_WAKE_UP,
    RealtimeLayout,
    realtime_layout,
    router_off,
    router_on,
)
from hxtwin.graph.execution.static_configuration import configuration_words
from hxtwin.runtime import PLAYBACK_MEMORY_MESSAGES, PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hxtwin.containers import Chip
    from hxtwin.graph.execution.hooks import Hooks
    from hxtwin.graph.execution.realtime_request import RealtimeRequest
    from hxtwin.graph.execution.spike_trains import LabelledSpikes
    from hxtwin.runtime import BatchTicket, PlaybackProgram

MOST_MESSAGES: Final = PLAYBACK_MEMORY_MESSAGES // 2
"""Messages of a program with several entries."""
DRAIN: Final = 250
"""Time in which events on their way arrive, FPGA cycles."""
_FRAME: Final = 4096  # more than the messages around the entries of a program, hooks not counted
_RECORDING_AT: Final = coord.EventRecordingConfigOnFPGA()


@attrs.frozen(eq=False)
class PreparedInstance:
    """All of an execution instance that does not depend on its input spikes.

    Attributes:
        chip: configuration of the chip.
        words: the same as words, ``uint32[126842]``.
        request: what happens in real time.
        hooks: program parts of the user.
        schedule: sampling of traces with the column ADC; None: none is asked for.
        baseline: reads before and behind the section; None: none is asked for.
        layouts: the section of each pass over the batch, at least one.
    """

    chip: Chip
    words: NDArray[np.uint32]
    request: RealtimeRequest
    hooks: Hooks
    schedule: CadcSchedule | None
    baseline: CadcPass | None
    layouts: tuple[RealtimeLayout, ...]


@attrs.frozen(eq=False)
class EntriesProgram:
    """A program that runs some batch entries in one pass.

    Attributes:
        program: the program.
        number: number of the pass.
        first, entries: the entries are ``first .. first + entries - 1``.
        begin, end: FPGA times of the markers, ``[entries, 1]``.
        samples, baseline, value: reads of the column ADC, None where there are none.
        before, after: reads of the counters.
        late: spikes that leave late, and the largest delay in FPGA cycles.
        largest_delay: see there.
    """

    program: PlaybackProgram
    number: int
    first: int
    entries: int
    begin: BatchTicket
    end: BatchTicket
    samples: BatchTicket | None
    baseline: BatchTicket | None
    value: BatchTicket | None
    before: HealthReads
    after: HealthReads
    late: int
    largest_delay: int


def prepare(chip: Chip, request: RealtimeRequest, hooks: Hooks) -> PreparedInstance:
    """Prepares an execution instance.

    Raises:
        InputDataError: a recording that the configuration of the chip or the wanted interval does not allow.
    """
    schedule = baseline = None
    if len(request.cadc_circuits):
        schedule = cadc_schedule(chip, request.cadc_circuits, request.cadc_interval)
    if len(request.baseline_circuits):
        (baseline,) = cadc_schedule(chip, request.baseline_circuits, None).passes
    traces: tuple[CadcPass | None, ...] = (None,) if schedule is None else schedule.passes
    layouts = tuple(
        realtime_layout(request, chip, hooks, trace=trace, schedule=schedule, baseline=baseline) for trace in traces
    )
    return PreparedInstance(chip, configuration_words(chip), request, hooks, schedule, baseline, layouts)


def entries_programs(
    prepared: PreparedInstance, entries: int, spikes: LabelledSpikes, *, most_messages: int = MOST_MESSAGES
) -> list[EntriesProgram]:
    """Programs for all entries and passes, in the order in which they run.

    Args:
        prepared: the instance.
        entries: number of batch entries, at least 1.
        spikes: input spikes; their times are below the run time.
        most_messages: messages of a program with more than one entry.

    Raises:
        InputDataError: no entries.
    """
    if entries < 1:
        raise InputDataError(f"{entries} batch entries: at least one is needed")
    parts = [
        (number, layout, first, stop)
        for number, layout in enumerate(prepared.layouts)
        for first, stop in _chunks(layout, entries, spikes, most_messages)
    ]
    return [
        _program(prepared, layout, number, first, spikes.of_entries(first, stop), stop - first, place, len(parts))
        for place, (number, layout, first, stop) in enumerate(parts)
    ]


def _chunks(
    layout: RealtimeLayout, entries: int, spikes: LabelledSpikes, most_messages: int
) -> Iterator[tuple[int, int]]:
    """First entry, and the one behind the last, of each program."""
    own = np.bincount(spikes.entries, minlength=entries)
    total = np.concatenate([[0], np.cumsum(layout.section.largest_size + 2 * own)])  # a spike, and a wait before it
    first = 0
    while first < entries:
        stop = int(np.searchsorted(total, total[first] + most_messages - _FRAME, side="right")) - 1
        stop = min(max(stop, first + 1), entries)
        yield first, stop
        first = stop


def _program(
    prepared: PreparedInstance,
    layout: RealtimeLayout,
    number: int,
    first: int,
    spikes: LabelledSpikes,
    entries: int,
    place: int,
    programs: int,
) -> EntriesProgram:
    builder, chip = PlaybackProgramBuilder(), prepared.chip
    builder.write(_RECORDING_AT, EventRecordingConfig(enable_event_recording=True))
    router_off(builder, chip)
    builder.wait_for(DRAIN)
    before = HealthReads(builder)
    router_on(builder, chip)
    if len(prepared.request.madc_circuits):
        builder.write(coord.MADCControlOnDLS(), MADC_WAKE)
        builder.wait_for(MADC_WAKE_UP)
    if place == 0:
        builder.merge_back(prepared.hooks.pre_realtime)
    batch = layout.section.repeat(entries, spikes.entries, spikes.times + layout.lead, spikes.labels)
    builder.merge_back(batch.builder)
    router_off(builder, chip)
    builder.wait_for(DRAIN)
    after = HealthReads(builder)
    router_on(builder, chip)
    if place == programs - 1:
        builder.merge_back(prepared.hooks.post_realtime)
    builder.write(_RECORDING_AT, EventRecordingConfig(enable_event_recording=False))
    builder.barrier(omnibus=True)
    return EntriesProgram(
        program=builder.done(),
        number=number,
        first=first,
        entries=entries,
        begin=batch.ticket(layout.begin),
        end=batch.ticket(layout.end),
        samples=None if layout.samples is None else batch.ticket(layout.samples),
        baseline=None if layout.baseline is None else batch.ticket(layout.baseline),
        value=None if layout.value is None else batch.ticket(layout.value),
        before=before,
        after=after,
        late=batch.late,
        largest_delay=batch.largest_delay,
    )
