"""From records of execution instances to results of populations of the uncut network.

A population that was cut runs in several instances; the origin of each part tells which of its neurons are meant.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hxtwin.graph.execution.problem_report import sample_rate_hz
from hxtwin.graph.execution.result import RecordedSamples, RecordedSpikes, RecordedTraces
from hxtwin.graph.execution.spike_trains import CYCLES_PER_US
from hxtwin.graph.network import CADCRecording, MADCRecording, Population, SpikeRecording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from hxtwin.graph.configuration.routed_instance import RoutedInstance
    from hxtwin.graph.execution.conductor import InstanceOutcome
    from hxtwin.graph.execution.instance_record import InstanceRecord
    from hxtwin.graph.network import Network


def spikes_of(
    routed: RoutedInstance, record: InstanceRecord, population: str, compartment: int | None = None
) -> RecordedSpikes:
    """Recorded spikes of one population of an instance, its neurons counted as in the instance."""
    numbers, neurons, compartments = routed.outputs.decode(record.spikes.labels)
    number = routed.outputs.populations.index(population) if population in routed.outputs.populations else -2
    chosen = numbers == number
    if compartment is not None:
        chosen &= compartments == compartment
    return RecordedSpikes(
        record.spikes.entries[chosen],
        record.spikes.times[chosen],
        neurons[chosen].astype(np.int64),
        compartments[chosen].astype(np.int64),
    )


def _origin(network: Network, name: str) -> tuple[str, NDArray[np.int64] | None]:
    """Name of a source in the uncut network, and which of its neurons these are; None: all."""
    source = network.sources[name]
    if isinstance(source, Population) and source.part_of is not None:
        return source.part_of.population, source.part_of.neurons
    return name, None


def population_spikes(
    network: Network, routed: Mapping[int, RoutedInstance], outcomes: Mapping[int, InstanceOutcome]
) -> dict[str, RecordedSpikes]:
    """Spikes of all spike recordings of a network."""
    parts: dict[str, list[RecordedSpikes]] = {}
    for recording in network.recordings:
        if not isinstance(recording, SpikeRecording):
            continue
        name, neurons = _origin(network, recording.population)
        found = parts.setdefault(name, [])
        for number, outcome in outcomes.items():
            instance = routed[number]
            if recording.population not in instance.network.sources:
                continue
            spikes = spikes_of(instance, outcome.record, recording.population, recording.compartment)
            if recording.neurons is not None:
                spikes = _chosen(spikes, np.isin(spikes.neurons, recording.neurons))
            found.append(spikes if neurons is None else _renamed(spikes, neurons))
    return {name: _merged(found) for name, found in parts.items()}


def _chosen(spikes: RecordedSpikes, mask: NDArray[np.bool_]) -> RecordedSpikes:
    return RecordedSpikes(spikes.entries[mask], spikes.times[mask], spikes.neurons[mask], spikes.compartments[mask])


def _renamed(spikes: RecordedSpikes, neurons: NDArray[np.int64]) -> RecordedSpikes:
    return RecordedSpikes(spikes.entries, spikes.times, neurons[spikes.neurons], spikes.compartments)


def _merged(parts: Iterable[RecordedSpikes]) -> RecordedSpikes:
    """Spikes of several parts in the order of entries and times; ties in the order of the neurons."""
    found = list(parts)
    columns = [
        np.concatenate([np.empty(0, dtype=np.int64), *(getattr(part, name) for part in found)])
        for name in ("entries", "times", "neurons", "compartments")
    ]
    order = _order(*columns[:3])
    return RecordedSpikes(*(column[order] for column in columns))


def _order(entries: NDArray[np.int64], times: NDArray[np.int64], neurons: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order by entry, time and neuron; as one number where they fit, since spikes are nearly in order."""
    if not len(entries):
        return np.empty(0, dtype=np.int64)
    stops = [int(column.max()) + 1 for column in (entries, times, neurons)]
    if math.prod(stops) < 1 << 63:
        return np.argsort((entries * stops[1] + times) * stops[2] + neurons, kind="stable")
    return np.lexsort((neurons, times, entries))


def population_traces(
    network: Network, routed: Mapping[int, RoutedInstance], outcomes: Mapping[int, InstanceOutcome]
) -> dict[str, tuple[RecordedTraces, ...]]:
    """Traces of the column ADC by population, in the order of the instances."""
    found: dict[str, tuple[RecordedTraces, ...]] = {}
    for number, outcome in outcomes.items():
        instance, traces, schedule = routed[number], outcome.record.traces, outcome.prepared.schedule
        if traces is None or schedule is None:
            continue
        circuits = cadc_circuits(instance)
        position = np.searchsorted(schedule.circuits, circuits)  # they are sorted
        for place, recording in enumerate(instance.network.recordings):
            if not isinstance(recording, CADCRecording):
                continue
            mine = instance.cadc.recording == place
            name, neurons = _origin(network, recording.population)
            local = instance.cadc.neuron[mine]
            recorded = RecordedTraces(
                neurons=local if neurons is None else neurons[local],
                values=traces.values[:, :, position[mine]],
                times=traces.times[:, :, position[mine]],
                interval_us=traces.interval / CYCLES_PER_US,
                passes=traces.passes,
                instance=number,
            )
            found[name] = (*found.get(name, ()), recorded)
    return found


def cadc_circuits(instance: RoutedInstance) -> NDArray[np.int64]:
    """Circuit of each recorded (recording, neuron) of an instance, ``int64[n]``."""
    columns = instance.cadc
    return 256 * columns.hemisphere.astype(np.int64) + columns.column


def population_samples(
    network: Network, routed: Mapping[int, RoutedInstance], outcomes: Mapping[int, InstanceOutcome]
) -> dict[str, tuple[RecordedSamples, ...]]:
    """Samples of the membrane ADC by population, in the order of the instances."""
    found: dict[str, tuple[RecordedSamples, ...]] = {}
    for number, outcome in outcomes.items():
        instance, madc = routed[number], outcome.record.madc
        if madc is None:
            continue
        rate = sample_rate_hz(outcome.prepared.chip) / len(instance.madc)
        for source in instance.madc:
            recording = instance.network.recordings[source.recording]
            assert isinstance(recording, MADCRecording)
            mine = madc.channels == source.multiplexer if len(instance.madc) > 1 else np.ones(len(madc.times), bool)
            name, neurons = _origin(network, recording.population)
            recorded = RecordedSamples(
                neuron=recording.neuron if neurons is None else int(neurons[recording.neuron]),
                entries=madc.entries[mine],
                times=madc.times[mine],
                values=madc.values[mine],
                rate_hz=rate,
                instance=number,
            )
            found[name] = (*found.get(name, ()), recorded)
    return found
