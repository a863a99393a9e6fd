"""Projections between execution instances, made explicit.

::

    instance 0:  hidden ----------------.                     hidden -> recorded
                                        | projection    ==>      | inter-execution projection (neurons, delay)
    instance 1:              output <---'                     hidden@1 (external source) -> output

One relay serves all projections from a population to an instance that have the same delay and source compartment; it
contains just the neurons that are connected there. Source: reference graph.md 6.1, 6.7; execution.md 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.coord import ExecutionInstanceID
from hxtwin.graph.network.population import Population
from hxtwin.graph.network.projection import InterExecutionProjection, Projection, used_sources
from hxtwin.graph.network.sources import ExternalSource

if TYPE_CHECKING:
    from hxtwin.graph.network.entity import IndexArray
    from hxtwin.graph.network.network import Network

#: Population, replaying instance, compartment, delay: what one relay is made for.
_Key = tuple[str, ExecutionInstanceID, int, float]


def with_relays(network: Network) -> Network:
    """The network without projections between instances: spikes are recorded in one and replayed in the other.

    A network that needs none is returned as it is.

    Raises:
        NetworkError: instances that depend on each other in a cycle, or populations without an instance.
    """
    crossing: dict[_Key, list[Projection]] = {}
    for projection in network.projections:
        if _crosses(network, projection):
            crossing.setdefault(_key(network, projection), []).append(projection)
    if not crossing:
        return network
    taken = {*network.sources, *(relay.name for relay in network.inter_execution), *_projection_names(network)}
    external, relays = list(network.external_sources), list(network.inter_execution)
    replaced: dict[str, Projection] = {}
    for key, projections in crossing.items():
        population = network.population(key[0])
        neurons: IndexArray = np.flatnonzero(used_sources(projections, population.name, population.size))
        name = _free_name(f"{population.name}@{int(key[1])}", taken)
        external.append(
            ExternalSource(
                name=name,
                size=int(neurons.size),
                rate_hz=population.rate_hz,
                execution_instance=key[1],
                chip=network.chip_of(key[1]),
            )
        )
        relays.append(
            InterExecutionProjection(
                name=_free_name(f"{name}:relay", taken),
                source=population.name,
                target=name,
                neurons=neurons,
                source_compartment=key[2],
                delay_us=key[3],
            )
        )
        for projection in projections:
            replaced[projection.name] = _from_relay(projection, name, neurons)
    return attrs.evolve(
        network,
        external_sources=tuple(external),
        inter_execution=tuple(relays),
        projections=tuple(replaced.get(projection.name, projection) for projection in network.projections),
    )


def _crosses(network: Network, projection: Projection) -> bool:
    return isinstance(network.sources[projection.source], Population) and (
        network.instance_of(projection.source) != network.instance_of(projection.target)
    )


def _key(network: Network, projection: Projection) -> _Key:
    after = network.instance_of(projection.target)
    return projection.source, after, projection.source_compartment, projection.delay_us


def _projection_names(network: Network) -> set[str]:
    return {projection.name for projection in network.projections}


def _free_name(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}#{number}"
    taken.add(name)
    return name


def _from_relay(projection: Projection, relay: str, neurons: IndexArray) -> Projection:
    """The projection, starting at the relay instead of the population."""
    connections = projection.connections
    if connections is not None:
        connections = np.stack([np.searchsorted(neurons, connections[:, 0]), connections[:, 1]], axis=1)
    return attrs.evolve(projection, source=relay, connections=connections, source_compartment=0, delay_us=0.0)
