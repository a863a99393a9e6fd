"""Execution instances of a network: which there are, in which order they run, and what belongs to one.

An instance depends on another one if it replays spikes of it, by a projection that crosses from one to the other or by
an inter-execution projection. Source: reference graph.md 2.4, 2.5; execution.md 1, 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.coord import ExecutionInstanceID
from hxtwin.graph.errors import NetworkError
from hxtwin.graph.network.population import Population
from hxtwin.graph.network.recording import SpikeRecording

if TYPE_CHECKING:
    from hxtwin.graph.network.network import Network
    from hxtwin.graph.network.projection import InterExecutionProjection

Instances = tuple[ExecutionInstanceID, ...]


def execution_instances(network: Network) -> Instances:
    """Instances in the order of execution; see `Network.execution_instances`."""
    missing = [population.name for population in network.populations if population.execution_instance is None]
    if missing and (len(missing) < len(network.populations) or network.inter_execution):
        raise NetworkError(
            f"populations {missing[:5]} have no execution instance while others have, or spikes are replayed; "
            f"assign all, or partition"
        )
    return topological(dependencies(network))


def dependencies(network: Network) -> dict[ExecutionInstanceID, frozenset[ExecutionInstanceID]]:
    """Instance -> instances it replays spikes of; populations without instance are left out if others have one."""
    found: dict[ExecutionInstanceID, set[ExecutionInstanceID]] = {}
    places = {source.execution_instance for source in network.sources.values()} - {None}
    undecided = {population.name for population in network.populations if population.execution_instance is None}
    if network.populations and len(undecided) == len(network.populations):
        places = places | {ExecutionInstanceID(0)}
    for place in places:
        if place is not None:
            found[place] = set()
    for projection in network.projections:
        if undecided.isdisjoint((projection.source, projection.target)) and isinstance(
            network.sources[projection.source], Population
        ):
            before, after = network.instance_of(projection.source), network.instance_of(projection.target)
            if before != after:
                found[after].add(before)
    for relay in network.inter_execution:
        if relay.source in undecided:
            continue
        before = network.instance_of(relay.source)
        for after in replaying(network, relay):
            found.setdefault(after, set()).add(before)
    return {instance: frozenset(before) for instance, before in found.items()}


def replaying(network: Network, relay: InterExecutionProjection) -> Instances:
    """Instances in which the external source of an inter-execution projection sends its events."""
    own = network.sources[relay.target].execution_instance
    if own is not None:
        return (own,)
    targets = {network.instance_of(projection.target) for projection in network.projections_from(relay.target)}
    return tuple(sorted(targets))


def topological(before: dict[ExecutionInstanceID, frozenset[ExecutionInstanceID]]) -> Instances:
    """Instances so that each comes after those it depends on, the smallest number first.

    Raises:
        NetworkError: a cycle; the message names its instances.
    """
    order: list[ExecutionInstanceID] = []
    waiting = dict(before)
    while waiting:
        ready = min((instance for instance, needed in waiting.items() if not needed & waiting.keys()), default=None)
        if ready is None:
            raise NetworkError(f"execution instances depend on each other in a cycle: {_cycle(waiting)}")
        order.append(ready)
        del waiting[ready]
    return tuple(order)


def _cycle(before: dict[ExecutionInstanceID, frozenset[ExecutionInstanceID]]) -> str:
    path = [min(before)]
    while True:
        following = min(before[path[-1]] & before.keys())
        if following in path:
            cycle = [*path[path.index(following) :], following]
            return " -> ".join(str(int(instance)) for instance in reversed(cycle))
        path.append(following)


def chip_of(network: Network, instance: ExecutionInstanceID) -> int:
    """Chip of an instance; see `Network.chip_of`."""
    for entity in network.sources.values():
        own = entity.execution_instance
        if own == instance or (own is None and isinstance(entity, Population) and instance == ExecutionInstanceID(0)):
            return entity.chip
    raise NetworkError(f"no execution instance {int(instance)}; there are {[int(i) for i in dependencies(network)]}")


def local(network: Network, instance: ExecutionInstanceID) -> Network:
    """One instance by itself; see `Network.local`."""
    if instance not in network.execution_instances:
        raise NetworkError(
            f"no execution instance {int(instance)}; there are {[int(i) for i in network.execution_instances]}"
        )
    populations = tuple(p for p in network.populations if network.instance_of(p.name) == instance)
    names = {population.name for population in populations}
    projections = tuple(projection for projection in network.projections if projection.target in names)
    for projection in projections:
        if isinstance(network.sources[projection.source], Population) and projection.source not in names:
            raise NetworkError(
                f"Projection {projection.name!r} comes from another execution instance; replace it by with_relays first"
            )
    driving = {projection.source for projection in projections}
    external = tuple(s for s in network.external_sources if s.execution_instance == instance or s.name in driving)
    background = tuple(s for s in network.background_sources if s.execution_instance == instance or s.name in driving)
    observed = names | {source.name for source in external}
    recordings = [recording for recording in network.recordings if recording.population in observed]
    for relay in network.inter_execution:
        if relay.source in names:
            neurons = np.unique(relay.neurons)
            recordings.append(
                SpikeRecording(population=relay.source, neurons=neurons, compartment=relay.source_compartment)
            )
    return attrs.evolve(
        network,
        populations=populations,
        external_sources=external,
        background_sources=background,
        projections=projections,
        inter_execution=(),
        recordings=tuple(recordings),
    )
