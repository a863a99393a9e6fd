"""What an execution instance brought back: responses of its programs as arrays over the batch.

==========  =====================================================================================================
quantity    rule
==========  =====================================================================================================
spikes      sorted by chip time; kept from the begin marker to the end of the run time, at most the end marker
time        chip time minus FPGA time of the begin marker
CADC        quads of every sample; time: when the ramp crossed the value (see `cadc_schedule`)
baseline    value minus baseline, both as signed numbers, saturating at -128 and 127
MADC        one source: samples of channel 1 are left out; two: the channel is the complement of the one reported
==========  =====================================================================================================

Spikes and MADC samples are those of the first pass. Source: reference execution.md 5, 5.2, 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.graph.execution.cadc_schedule import LARGEST
from hxtwin.graph.execution.health import ExecutionHealth
from hxtwin.graph.execution.spike_trains import LabelledSpikes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hxtwin.graph.execution.cadc_schedule import CadcPass, CadcSchedule
    from hxtwin.graph.execution.instance_program import EntriesProgram, PreparedInstance
    from hxtwin.runtime import BatchTicket

_ENTRY_BITS = 8
_FIRST_ENTRY_LSB = 24
_SIGNED = 128


@attrs.frozen(eq=False)
class CadcTraces:
    """Traces of the column ADC.

    Attributes:
        values: ``uint8[entries, samples, circuits]``.
        times: when each value was taken, FPGA cycles since the begin of the section, ``float64`` of the same shape.
        interval: time between two samples, FPGA cycles.
        passes: number of passes over the batch that they come from.
    """

    values: NDArray[np.uint8]
    times: NDArray[np.float64]
    interval: int
    passes: int


@attrs.frozen(eq=False)
class MadcSamples:
    """Samples of the membrane ADC, ordered by entry, then by time.

    Attributes:
        entries: batch entry, ``int64[n]``.
        times: FPGA cycles since the begin of the section, ``int64[n]``.
        values: ``uint16[n]``, 10 bits.
        channels: source multiplexer, ``uint8[n]``: 0 even, 1 odd columns; 0 throughout if there is one source.
    """

    entries: NDArray[np.int64]
    times: NDArray[np.int64]
    values: NDArray[np.uint16]
    channels: NDArray[np.uint8]


@attrs.frozen(eq=False)
class InstanceRecord:
    """All that an instance brought back.

    Attributes:
        entries: number of batch entries.
        spikes: recorded spikes with their labels.
        traces: traces of the column ADC.
        activations: value minus baseline, ``int8[entries, circuits]``.
        baselines: the baselines, ``uint8[entries, circuits]``.
        madc: samples of the membrane ADC.
        health: what the counters counted, over all programs.
        received_events: events that arrived while the counters counted, also outside the real-time sections.
        late_spikes: input spikes that left late; `largest_delay` is the largest delay in FPGA cycles.
        largest_delay: see there.
        link_changes: notifications of links during the programs.
    """

    entries: int
    spikes: LabelledSpikes
    traces: CadcTraces | None
    activations: NDArray[np.int8] | None
    baselines: NDArray[np.uint8] | None
    madc: MadcSamples | None
    health: ExecutionHealth
    received_events: int
    late_spikes: int
    largest_delay: int
    link_changes: int


@attrs.frozen(eq=False)
class _Sections:
    """Real-time sections of a program in FPGA time, ``int64[entries]`` each."""

    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    first: int

    @classmethod
    def of(cls, part: EntriesProgram, runtime: int) -> _Sections:
        begins = part.begin.fpga_times()[:, 0]
        return cls(begins, np.minimum(part.end.fpga_times()[:, 0], begins + runtime), part.first)

    def select(
        self, chip_times: NDArray[np.unsignedinteger]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Events within the sections: their positions in time order, entries and times."""
        times = chip_times.astype(np.int64)
        order = np.argsort(times, kind="stable")
        times = times[order]
        sections = np.searchsorted(self.begins, times, side="right") - 1
        inside = (sections >= 0) & (times < self.ends[sections])
        sections = sections[inside]
        return order[inside], sections + self.first, times[inside] - self.begins[sections]


def recorded_spikes(prepared: PreparedInstance, parts: Sequence[EntriesProgram]) -> LabelledSpikes:
    """Spikes of the first pass."""
    found = []
    for part in parts:
        if part.number == 0:
            spikes = part.program.spikes
            positions, entries, times = _Sections.of(part, prepared.request.runtime).select(spikes["chip_time"])
            found.append(LabelledSpikes(entries, times, spikes["label"][positions]))
    return LabelledSpikes.merged(found)


def recorded_madc(prepared: PreparedInstance, parts: Sequence[EntriesProgram]) -> MadcSamples | None:
    """Samples of the membrane ADC of the first pass; None if it is not used."""
    sources = len(prepared.request.madc_circuits)
    if not sources:
        return None
    found = []
    for part in parts:
        if part.number:
            continue
        samples = part.program.madc_samples
        if sources == 1:
            samples = samples[samples["channel"] == 0]
        positions, entries, times = _Sections.of(part, prepared.request.runtime).select(samples["chip_time"])
        channels = samples["channel"][positions]
        found.append((entries, times, samples["value"][positions], channels if sources == 1 else 1 - channels))
    entries, times, values, channels = (np.concatenate(column) for column in zip(*found, strict=True))
    return MadcSamples(entries, times, values.astype(np.uint16), channels.astype(np.uint8))


def recorded_traces(prepared: PreparedInstance, parts: Sequence[EntriesProgram], entries: int) -> CadcTraces | None:
    """Traces of the column ADC of all passes; None if there are none."""
    schedule = prepared.schedule
    if schedule is None:
        return None
    samples = len(schedule.sample_starts(prepared.layouts[0].lead, prepared.request.runtime))
    values = np.zeros((entries, samples, len(schedule.circuits)), dtype=np.uint8)
    times = np.zeros(values.shape, dtype=np.float64)
    for part in parts:
        if part.samples is not None:
            reads = schedule.passes[part.number]
            rows = slice(part.first, part.first + part.entries)
            found, when = _sampled(schedule, reads, part.samples, part.begin, samples)
            values[rows, :, reads.positions] = found
            times[rows, :, reads.positions] = when
    return CadcTraces(values, times, schedule.interval, len(schedule.passes))


def _sampled(
    schedule: CadcSchedule, reads: CadcPass, ticket: BatchTicket, begin: BatchTicket, samples: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Values and times of one program, ``[entries, samples, circuits of the pass]``."""
    shape = (ticket.entries, samples, len(reads.addresses))
    values = _values(ticket.get().reshape(shape), reads)
    answers = ticket.fpga_times().reshape(shape)[:, :, reads.triggers]
    taken = schedule.value_times(answers, values, schedule.circuits[reads.positions])
    return values, taken - begin.fpga_times()[:, :, np.newaxis]


def _values(words: NDArray[np.uint32], reads: CadcPass) -> NDArray[np.uint8]:
    """Values of the circuits of a pass from the words of its reads (last axis)."""
    lsb = (_FIRST_ENTRY_LSB - _ENTRY_BITS * reads.entries).astype(np.uint32)
    return ((words[..., reads.reads] >> lsb) & np.uint32(LARGEST)).astype(np.uint8)


def recorded_activations(
    prepared: PreparedInstance, parts: Sequence[EntriesProgram]
) -> tuple[NDArray[np.int8] | None, NDArray[np.uint8] | None]:
    """Values minus baselines, and baselines, of all entries; None if they are not asked for."""
    reads = prepared.baseline
    if reads is None:
        return None, None
    baselines, values = [], []
    for part in parts:
        if part.number == 0 and part.baseline is not None and part.value is not None:
            baselines.append(_values(part.baseline.get(), reads))
            values.append(_values(part.value.get(), reads))
    baseline, value = np.concatenate(baselines), np.concatenate(values)
    difference = value.astype(np.int16) - baseline.astype(np.int16)
    return np.clip(difference, -_SIGNED, _SIGNED - 1).astype(np.int8), baseline


def instance_health(parts: Sequence[EntriesProgram]) -> tuple[ExecutionHealth, int, int]:
    """Counters, events received and link notifications of all programs."""
    health = ExecutionHealth.none()
    for part in parts:
        health += part.after.since(part.before)
    received = 0
    for part in parts:  # no event is on its way while the counters are read
        times = part.program.spikes["fpga_time"]
        received += int(np.count_nonzero((times > part.before.fpga_time) & (times < part.after.fpga_time)))
    return health, received, sum(len(part.program.highspeed_link_notifications) for part in parts)
