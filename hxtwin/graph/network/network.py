"""The network: all entities of an experiment, checked against each other.

==========================  ==============================================================================
`populations`               logical neurons
`external_sources`          spikes from the host
`background_sources`        spikes from the generators on the chip
`projections`               connections from any of these to a population
`inter_execution`           recorded spikes that another execution instance replays
`recordings`                spikes, CADC and MADC traces
==========================  ==============================================================================

Execution instances and their order follow from the entities; they form a graph without cycles. `Network.local` is one
instance by itself, which is what placement and routing take.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import attrs

from hxtwin.coord import ExecutionInstanceID
from hxtwin.graph.errors import NetworkError
from hxtwin.graph.network import instance_order, validation
from hxtwin.graph.network.entity import described
from hxtwin.graph.network.population import Population
from hxtwin.graph.network.projection import InterExecutionProjection, Projection, used_sources
from hxtwin.graph.network.recording import Recording
from hxtwin.graph.network.sources import BackgroundSource, ExternalSource, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

Entity = Source | Projection | InterExecutionProjection | Recording


@attrs.frozen(kw_only=True, eq=True, repr=False, slots=False)
class Network:
    """A description of populations, sources, projections and recordings; immutable and valid once it exists.

    `Network.of` takes all entities in any order.

    Raises:
        NetworkError: names that are not unique or not known, indices out of range, sizes that do not agree, recordings
            of what cannot be recorded, projections that start at neurons without spikes, execution instances on
            several chips or with cyclic dependencies.
    """

    populations: tuple[Population, ...] = attrs.field(default=())
    external_sources: tuple[ExternalSource, ...] = attrs.field(default=())
    background_sources: tuple[BackgroundSource, ...] = attrs.field(default=())
    projections: tuple[Projection, ...] = attrs.field(default=())
    inter_execution: tuple[InterExecutionProjection, ...] = attrs.field(default=())
    recordings: tuple[Recording, ...] = attrs.field(default=())

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(Network):
            object.__setattr__(self, field.name, tuple(getattr(self, field.name)))
        validation.check_network(self)

    @classmethod
    def of(cls, *entities: Entity) -> Network:
        """The network of these entities; the order within each kind is kept.

        Raises:
            NetworkError: as for the class, or something that is no entity.
        """
        for entity in entities:
            if not isinstance(entity, Entity):
                raise NetworkError(f"{type(entity).__name__} is no entity of a network")
        return cls(
            populations=tuple(entity for entity in entities if isinstance(entity, Population)),
            external_sources=tuple(entity for entity in entities if isinstance(entity, ExternalSource)),
            background_sources=tuple(entity for entity in entities if isinstance(entity, BackgroundSource)),
            projections=tuple(entity for entity in entities if isinstance(entity, Projection)),
            inter_execution=tuple(entity for entity in entities if isinstance(entity, InterExecutionProjection)),
            recordings=tuple(entity for entity in entities if isinstance(entity, Recording)),
        )

    # --- look-up -------------------------------------------------------------------------------------------------

    @functools.cached_property
    def sources(self) -> Mapping[str, Source]:
        """Everything that can be the source of a projection, by name."""
        found: list[Source] = [*self.populations, *self.external_sources, *self.background_sources]
        return {source.name: source for source in found}

    def population(self, name: str) -> Population:
        """The population of a name.

        Raises:
            NetworkError: there is none.
        """
        found = self.sources.get(name)
        if not isinstance(found, Population):
            raise NetworkError(f"no population {name!r}; there are {[p.name for p in self.populations]}")
        return found

    def projection(self, name: str) -> Projection:
        """The projection of a name.

        Raises:
            NetworkError: there is none.
        """
        for projection in self.projections:
            if projection.name == name:
                return projection
        raise NetworkError(f"no projection {name!r}; there are {[p.name for p in self.projections]}")

    def projections_to(self, population: str) -> tuple[Projection, ...]:
        """Projections that end at a population."""
        return tuple(projection for projection in self.projections if projection.target == population)

    def projections_from(self, source: str) -> tuple[Projection, ...]:
        """Projections that start at a source."""
        return tuple(projection for projection in self.projections if projection.source == source)

    # --- execution instances -------------------------------------------------------------------------------------

    @functools.cached_property
    def execution_instances(self) -> tuple[ExecutionInstanceID, ...]:
        """Instances in the order of execution: topological, then by number. Without any assignment: instance 0.

        Raises:
            NetworkError: some populations are assigned and others not.
        """
        return instance_order.execution_instances(self)

    @functools.cached_property
    def dependencies(self) -> Mapping[ExecutionInstanceID, frozenset[ExecutionInstanceID]]:
        """Instance -> instances whose spikes it replays."""
        return instance_order.dependencies(self)

    def instance_of(self, population: str) -> ExecutionInstanceID:
        """Where a population runs; instance 0 if nothing is assigned.

        Raises:
            NetworkError: no such population.
        """
        return self.population(population).execution_instance or ExecutionInstanceID(0)

    def chip_of(self, instance: ExecutionInstanceID) -> int:
        """Position in the list of chips of the executor of the chip on which an instance runs."""
        return instance_order.chip_of(self, instance)

    def local(self, instance: ExecutionInstanceID) -> Network:
        """One instance by itself: its populations, what drives them, and what is recorded.

        Spikes that other instances replay are recorded too. Projections from other instances have to be replaced by
        relays before (`with_relays`).

        Raises:
            NetworkError: no such instance, or a projection comes from another instance.
        """
        return instance_order.local(self, instance)

    # --- changes -------------------------------------------------------------------------------------------------

    def with_weights(self, weights: Mapping[str, npt.ArrayLike]) -> Network:
        """The same network with other weights in the named projections; nothing has to be routed again.

        Raises:
            NetworkError: an unknown projection, or weights that it does not take.
        """
        for name in weights:
            self.projection(name)
        return attrs.evolve(
            self,
            projections=tuple(
                projection.with_weights(weights[projection.name]) if projection.name in weights else projection
                for projection in self.projections
            ),
        )

    def same_structure(self, other: Network) -> bool:
        """Whether both differ at most in the values of weights, so that one routing serves both."""
        return len(self.projections) == len(other.projections) and _without_weights(self) == _without_weights(other)

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{len(getattr(self, field.name))} {field.name}"
            for field in attrs.fields(type(self))
            if getattr(self, field.name)
        )
        return f"Network({counts})"

    def __str__(self) -> str:
        lines = [f"{described(source)}: {source.size} neurons" for source in self.sources.values()]
        lines += [
            f"{described(projection)}: {projection.source} -> {projection.target}, "
            f"{projection.weights.size} connections, {projection.receptor.value}"
            for projection in self.projections
        ]
        return "\n".join(lines)


def _without_weights(network: Network) -> tuple[object, ...]:
    projections = tuple(
        (
            projection.name,
            projection.source,
            projection.target,
            projection.weights.shape,
            None if projection.connections is None else projection.connections.tobytes(),
            projection.receptor,
            projection.max_weight,
            projection.source_compartment,
            projection.target_compartment,
            projection.delay_us,
        )
        for projection in network.projections
    )
    return (
        network.populations,
        network.external_sources,
        network.background_sources,
        projections,
        network.inter_execution,
        network.recordings,
    )


def used_neurons(network: Network, source: str) -> npt.NDArray[np.bool_]:
    """Which neurons of a source have a connection in the network, ``bool[size]``."""
    return used_sources(network.projections, source, network.sources[source].size)
