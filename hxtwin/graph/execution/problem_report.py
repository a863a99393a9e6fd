"""Looks for problems in what an execution instance brought back (see `hxtwin.graph.execution.problem`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.containers import MADCConfig
from hxtwin.graph.execution.cadc_schedule import LARGEST
from hxtwin.graph.execution.problem import Problem, ProblemKind
from hxtwin.graph.execution.spike_trains import CYCLES_PER_US

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hxtwin.containers import Chip
    from hxtwin.graph.execution.conductor import InstanceOutcome
    from hxtwin.graph.execution.instance_record import InstanceRecord

LARGEST_MADC: Final = 1023
TOLERATED_DELAY: Final = CYCLES_PER_US
"""Largest delay of an input spike that is not reported, FPGA cycles."""
_SHOWN: Final = 8
_FPGA_HZ: Final = CYCLES_PER_US * 1e6


def instance_problems(instance: int, outcome: InstanceOutcome) -> list[Problem]:
    """Problems of one instance."""
    record, chip = outcome.record, outcome.prepared.chip
    found = [*_losses(record, chip), *_links(record), *_saturation(outcome), *_lost_samples(outcome)]
    return [Problem(kind, instance, count, message) for kind, count, message in found]


def sample_rate_hz(chip: Chip) -> float:
    """Samples of the membrane ADC per second with the configuration of a chip."""
    madc = chip.readout_chain.madc
    config = MADCConfig(
        sample_duration_adjust=madc.sample_duration_adjust,
        enable_madc_clock_scaling=madc.enable_madc_clock_scaling,
        madc_clock_scale_value=madc.clock_scale_value,
    )
    return config.sample_rate_hz()


Found = tuple[ProblemKind, int, str]


def _losses(record: InstanceRecord, chip: Chip) -> Iterator[Found]:
    health = record.health
    lost = health.sent_events - record.received_events
    crossbar = chip.crossbar.columns()
    passing = (crossbar["nodes.target"] & ~crossbar["nodes.mask"]) == 0
    if not crossbar["outputs.enable_event_counter"].all() or not crossbar["nodes.enable_drop_counter"][passing].all():
        yield ProblemKind.NOT_COUNTED, 1, "counters of the crossbar are off: losses of events would not be seen"
    elif lost > 0:
        yield ProblemKind.SPIKES_LOST, lost, f"{lost} of {health.sent_events} events that left the chip did not arrive"
    drops = int(health.input_drops.sum())
    if drops:
        inputs = np.flatnonzero(health.input_drops)
        each = ", ".join(f"{health.input_drops[i]} at input {i}" for i in inputs[:_SHOWN])
        yield ProblemKind.EVENTS_DROPPED, drops, f"the crossbar dropped {drops} events ({each}): lower the event rate"
    if record.largest_delay > TOLERATED_DELAY:
        message = (
            f"{record.late_spikes} packs of input spikes left late, by up to "
            f"{record.largest_delay / CYCLES_PER_US:.3g} us: lower the rate, two spikes in each 8 ns are possible"
        )
        yield ProblemKind.LATE_SPIKES, record.late_spikes, message


def _links(record: InstanceRecord) -> Iterator[Found]:
    errors, drops = int(record.health.phy_errors.sum()), int(record.health.phy_drops.sum())
    if errors or drops:
        yield ProblemKind.LINK_ERRORS, errors + drops, f"{errors} damaged words, {drops} thrown away"
    if record.link_changes:
        yield ProblemKind.LINK_STATE, record.link_changes, f"{record.link_changes} notifications of links"


def _saturation(outcome: InstanceOutcome) -> Iterator[Found]:
    record, prepared = outcome.record, outcome.prepared
    if record.traces is not None and prepared.schedule is not None:
        circuits = prepared.schedule.circuits
        yield from _at_the_ends(record.traces.values, circuits, LARGEST, "samples of the column ADC")
    if record.baselines is not None:
        yield from _at_the_ends(
            record.baselines[:, np.newaxis], prepared.request.baseline_circuits, LARGEST, "baselines of the column ADC"
        )
    if record.madc is not None and len(record.madc.values):
        values = record.madc.values[:, np.newaxis, np.newaxis]
        yield from _at_the_ends(values, prepared.request.madc_circuits[:1], LARGEST_MADC, "samples of the membrane ADC")


def _at_the_ends(
    values: NDArray[np.unsignedinteger], circuits: NDArray[np.int64], largest: int, what: str
) -> Iterator[Found]:
    counts = ((values == 0) | (values == largest)).sum(axis=(0, 1))
    total = int(counts.sum())
    if total:
        worst = np.argsort(-counts, kind="stable")[: min(_SHOWN, np.count_nonzero(counts))]
        each = ", ".join(f"{counts[i]} of circuit {circuits[i]}" for i in worst)
        message = f"{total} of {values.size} {what} are 0 or {largest} ({each}): their voltage is out of range"
        yield ProblemKind.ADC_SATURATED, total, message


def _lost_samples(outcome: InstanceOutcome) -> Iterator[Found]:
    record, prepared = outcome.record, outcome.prepared
    if record.madc is None:
        return
    wanted = int(prepared.request.runtime / _FPGA_HZ * sample_rate_hz(prepared.chip)) - 1  # the phase is free
    counts = np.bincount(record.madc.entries, minlength=record.entries)
    short = counts < wanted
    if short.any():
        lost = int((wanted - counts[short]).sum())
        message = f"{lost} samples of the membrane ADC are missing, in {int(short.sum())} of {record.entries} entries"
        yield ProblemKind.SAMPLES_LOST, lost, message
