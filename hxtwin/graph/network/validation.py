"""Rules that the entities of a network keep among each other.

=====================  ===================================================================================
names                  populations and sources are unique; projections (of both kinds) are unique; references exist
projections            weights and connections within source and target; compartments exist and send spikes
sources with a place   an external or background source with an instance has targets only there
instances              one chip each; no cyclic dependencies
recordings             neurons and compartments exist; spikes only of spiking ones; one source per circuit;
                       two MADC recordings per instance
delays                 only between different instances
=====================  ===================================================================================
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from hxtwin.containers import NeuronReadoutSource
from hxtwin.coord import ExecutionInstanceID
from hxtwin.graph.errors import NetworkError
from hxtwin.graph.network import instance_order
from hxtwin.graph.network.entity import described
from hxtwin.graph.network.population import Population
from hxtwin.graph.network.projection import InterExecutionProjection, Projection
from hxtwin.graph.network.recording import (
    CADCRecording,
    MADCRecording,
    SpikeRecording,
    described_recording,
    recorded_neurons,
)
from hxtwin.graph.network.sources import BackgroundSource, ExternalSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from hxtwin.graph.network.network import Network
    from hxtwin.graph.network.recording import Recording

#: MADC channels of a chip.
MADC_CHANNELS = 2


def check_network(network: Network) -> None:
    """Check all rules of the table.

    Raises:
        NetworkError: a rule is broken; the message names the entity.
    """
    _check_kinds(network)
    _check_names("population or source", [*network.populations, *network.external_sources, *network.background_sources])
    _check_names("projection", [*network.projections, *network.inter_execution])
    for projection in network.projections:
        _check_projection(network, projection)
    for relay in network.inter_execution:
        _check_inter_execution(network, relay)
    _check_chips(network)
    instance_order.topological(instance_order.dependencies(network))
    for recording in network.recordings:
        _check_recording(network, recording)
    _check_recordings(network)


def _check_kinds(network: Network) -> None:
    kinds: tuple[tuple[Sequence[object], tuple[type, ...]], ...] = (
        (network.populations, (Population,)),
        (network.external_sources, (ExternalSource,)),
        (network.background_sources, (BackgroundSource,)),
        (network.projections, (Projection,)),
        (network.inter_execution, (InterExecutionProjection,)),
        (network.recordings, (SpikeRecording, CADCRecording, MADCRecording)),
    )
    for entities, allowed in kinds:
        for entity in entities:
            if not isinstance(entity, allowed):
                names = " or ".join(kind.__name__ for kind in allowed)
                raise NetworkError(f"{names} wanted, got {type(entity).__name__}")


def _check_names(kind: str, entities: Iterable[object]) -> None:
    counts = Counter(getattr(entity, "name", "") for entity in entities)
    for name, count in counts.items():
        if count > 1:
            raise NetworkError(f"{kind} {name!r}: the name is given {count} times; names have to be unique")


def _check_projection(network: Network, projection: Projection) -> None:
    source = network.sources.get(projection.source)
    target = network.sources.get(projection.target)
    if source is None:
        raise NetworkError(
            f"{described(projection)}: no source {projection.source!r}; known: {sorted(network.sources)}"
        )
    if not isinstance(target, Population):
        names = [population.name for population in network.populations]
        raise NetworkError(f"{described(projection)}: no population {projection.target!r}; known: {names}")
    if projection.connections is None:
        if projection.weights.shape != (source.size, target.size):
            raise NetworkError(
                f"{described(projection)}: weights of shape {projection.weights.shape}, wanted "
                f"({source.size}, {target.size}) for {source.name!r} -> {target.name!r}"
            )
    else:
        _check_indices(described(projection), projection.connections[:, 0], source.name, source.size)
        _check_indices(described(projection), projection.connections[:, 1], target.name, target.size)
    _check_sender(described(projection), source, projection.source_compartment)
    _check_compartment(described(projection), target, projection.target_compartment)
    _check_place(network, projection, target)


def _check_place(network: Network, projection: Projection, target: Population) -> None:
    """Check where source and target run, and the delay between them."""
    source, after = network.sources[projection.source], network.instance_of(target.name)
    if isinstance(source, Population):
        before = network.instance_of(source.name)
        undecided = source.execution_instance is None or target.execution_instance is None
        if projection.delay_us and before == after and not undecided:
            raise NetworkError(
                f"{described(projection)}: a delay of {projection.delay_us:g} us needs source and target in different "
                f"execution instances, both are in {int(after)}"
            )
    elif projection.delay_us:
        raise NetworkError(f"{described(projection)}: the delay of {source.name!r} belongs into its spike times")
    elif target.execution_instance is not None and source.execution_instance not in (None, after):
        raise NetworkError(
            f"{described(projection)}: {described(source)} runs in execution instance "
            f"{int(source.execution_instance or 0)}, the target in {int(after)}"
        )


def _check_inter_execution(network: Network, relay: InterExecutionProjection) -> None:
    source, target = network.sources.get(relay.source), network.sources.get(relay.target)
    if not isinstance(source, Population):
        raise NetworkError(f"{described(relay)}: no population {relay.source!r}")
    if not isinstance(target, ExternalSource):
        raise NetworkError(f"{described(relay)}: no external source {relay.target!r}")
    if relay.neurons.size != target.size:
        raise NetworkError(f"{described(relay)}: {relay.neurons.size} neurons for the {target.size} of {target.name!r}")
    _check_indices(described(relay), relay.neurons, source.name, source.size)
    _check_sender(described(relay), source, relay.source_compartment)


def _check_indices(owner: str, indices: np.ndarray[tuple[int, ...], np.dtype[np.int64]], name: str, size: int) -> None:
    if indices.size and indices.max() >= size:
        raise NetworkError(f"{owner}: neuron {indices.max()} of {name!r}, which has {size} neurons")


def _check_sender(owner: str, source: object, compartment: int) -> None:
    """Check that a compartment of a source sends spikes."""
    if not isinstance(source, Population):
        if compartment:
            raise NetworkError(f"{owner}: compartment {compartment} of {described(source)}, which has only 0")
        return
    if not source.spiking:
        raise NetworkError(f"{owner}: {described(source)} does not spike; set spiking=True")
    senders = {0: 0} if source.shape is None else source.shape.spike_senders
    if compartment not in senders:
        raise NetworkError(
            f"{owner}: compartment {compartment} of {described(source)} sends no spikes, only {sorted(senders)}"
        )


def _check_compartment(owner: str, population: Population, compartment: int, circuit: int = 0) -> None:
    sizes = {0: 1} if population.shape is None else population.shape.compartment_sizes
    if not 0 <= circuit < sizes.get(compartment, 0):
        raise NetworkError(
            f"{owner}: compartment {compartment}, circuit {circuit} of {described(population)} does not exist; "
            f"compartments and their numbers of circuits: {sizes}"
        )


def _check_chips(network: Network) -> None:
    chips: dict[ExecutionInstanceID, tuple[int, str]] = {}
    undecided = all(population.execution_instance is None for population in network.populations)
    for entity in network.sources.values():
        instance = entity.execution_instance
        if instance is None and undecided and isinstance(entity, Population):
            instance = ExecutionInstanceID(0)
        if instance is None:
            continue
        chip, other = chips.setdefault(instance, (entity.chip, entity.name))
        if chip != entity.chip:
            raise NetworkError(
                f"execution instance {int(instance)}: {other!r} is on chip {chip}, {entity.name!r} on chip "
                f"{entity.chip}; an instance runs on one chip"
            )


def _check_recording(network: Network, recording: Recording) -> None:
    owner = described_recording(recording)
    observed = network.sources.get(recording.population)
    if observed is None:
        raise NetworkError(f"{owner}: no such population; known: {sorted(network.sources)}")
    if isinstance(recording, SpikeRecording):
        if isinstance(observed, BackgroundSource):
            raise NetworkError(f"{owner}: background sources cannot be recorded; record their targets")
        _check_sender(owner, observed, recording.compartment)
    elif isinstance(observed, Population):
        _check_compartment(owner, observed, recording.compartment, recording.circuit or 0)
    else:
        raise NetworkError(f"{owner}: {described(observed)} has no membrane to observe")
    if isinstance(recording, MADCRecording):
        _check_indices(owner, np.array([recording.neuron]), observed.name, observed.size)
    elif recording.neurons is not None:
        _check_indices(owner, recording.neurons, observed.name, observed.size)


def _check_recordings(network: Network) -> None:
    """Check recordings against each other: observed sources of a circuit, and MADC channels of an instance."""
    sources: dict[tuple[str, int, int], npt.NDArray[np.int8]] = {}
    channels: Counter[ExecutionInstanceID] = Counter()
    for recording in network.recordings:
        if isinstance(recording, SpikeRecording):
            continue
        population = network.population(recording.population)
        site = (recording.population, recording.compartment, recording.circuit or 0)
        observed = sources.setdefault(site, np.full(population.size, -1, dtype=np.int8))
        neurons = recorded_neurons(recording, population.size)
        other = (observed[neurons] >= 0) & (observed[neurons] != recording.source)
        if other.any():
            neuron = int(neurons[other][0])
            raise NetworkError(
                f"{described_recording(recording)}: neuron {neuron} shall be observed at {recording.source.name} and "
                f"at {NeuronReadoutSource(observed[neuron]).name}; a circuit has one readout source"
            )
        observed[neurons] = recording.source
        if isinstance(recording, MADCRecording) and population.execution_instance is not None:
            _count_channel(channels, recording, population.execution_instance)


def _count_channel(channels: Counter[ExecutionInstanceID], recording: Recording, at: ExecutionInstanceID) -> None:
    channels[at] += 1
    if channels[at] > MADC_CHANNELS:
        raise NetworkError(
            f"{described_recording(recording)}: {channels[at]} MADC recordings in execution instance {int(at)}, "
            f"at most {MADC_CHANNELS} are possible"
        )
