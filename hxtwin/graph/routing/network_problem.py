"""The routing problem of a placed network, and the way back from its numbers to populations and projections.

=====================  ================================================================================
source                 (population, compartment, neuron) of spiking compartments, neurons of the other sources
site                   (population, compartment, receptor, neuron): circuits with that synaptic input
connection             one synapse (pair) of a projection: connection i of it, the m-th of ``ceil(max_weight / 63)``
=====================  ================================================================================

Source: reference graph.md 5.7 (synapses of a connection).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.graph.network import SYNAPSE_WEIGHT, Receptor, SpikeRecording, recorded_neurons
from hxtwin.graph.routing.geometry import BACKGROUND, EXCITATORY, EXTERNAL, INHIBITORY, INTERNAL, SIGNED
from hxtwin.graph.routing.problem import Ints, RoutingProblem

if TYPE_CHECKING:
    import numpy.typing as npt

    from hxtwin.graph.network import Network, Population, Projection
    from hxtwin.graph.placement import PlacedPopulation, Placement

_RECEPTORS = {Receptor.EXCITATORY: EXCITATORY, Receptor.INHIBITORY: INHIBITORY, Receptor.SIGNED: SIGNED}


@attrs.frozen
class SourceBlock:
    """Consecutive sources: neuron i of a population's compartment is source ``first + i``."""

    name: str
    compartment: int
    first: int
    size: int


@attrs.frozen(eq=False)
class ProjectionSynapses:
    """Connections of the problem that belong to one projection: ``first .. first + len(index)``.

    Args:
        name: of the projection.
        first: first connection.
        index: ``int64[n]``, connection of the projection (position in its flattened weights).
        part: ``int64[n]``, which of its synapses (pairs).
    """

    name: str
    first: int
    index: Ints
    part: Ints


@attrs.frozen(kw_only=True, eq=False)
class NetworkProblem:
    """A routing problem that knows where its numbers come from.

    Args:
        problem: what the router takes.
        sources: blocks of sources.
        projections: blocks of connections, in the order of the network.
    """

    problem: RoutingProblem
    sources: tuple[SourceBlock, ...]
    projections: tuple[ProjectionSynapses, ...]

    def block(self, name: str, compartment: int = 0) -> SourceBlock:
        """Sources of a population's compartment, or of another source.

        Raises:
            KeyError: it has none.
        """
        for block in self.sources:
            if (block.name, block.compartment) == (name, compartment):
                return block
        raise KeyError(name)


def problem_of(network: Network, placement: Placement) -> NetworkProblem:
    """The routing problem of a network whose neurons were placed.

    Args:
        network: one execution instance, without relays.
        placement: its placement.
    """
    sources = _Sources(network, placement)
    sites = _Sites(network, placement)
    blocks: list[ProjectionSynapses] = []
    source, site, receptor = [], [], []
    first = 0
    for projection in network.projections:
        block = sources.blocks[projection.source, projection.source_compartment]
        pairs = projection.pairs
        parts = projection.synapses_per_connection
        index = np.tile(np.arange(len(pairs)), parts)
        blocks.append(ProjectionSynapses(projection.name, first, index, np.repeat(np.arange(parts), len(pairs))))
        source.append(block.first + pairs[index, 0])
        site.append(sites.first(projection) + pairs[index, 1])
        receptor.append(np.full(len(index), _RECEPTORS[projection.receptor]))
        first += len(index)
    begin, circuits = sites.arrays()
    empty = np.empty(0, dtype=np.int64)
    problem = RoutingProblem(
        kind=np.concatenate([*sources.kind, empty]),
        circuit=np.concatenate([*sources.circuit, empty]),
        generator=np.concatenate([*sources.generator, empty]),
        offset=np.concatenate([*sources.offset, empty]),
        recorded=np.concatenate([*sources.recorded, empty.astype(bool)]),
        generator_sizes=np.array([s.size for s in network.background_sources], dtype=np.int64),
        generator_buses=np.full(len(network.background_sources), -1, dtype=np.int64),
        site_begin=begin,
        site_circuits=circuits,
        source=np.concatenate([*source, empty]),
        site=np.concatenate([*site, empty]),
        receptor=np.concatenate([*receptor, empty]),
        source_name=sources.name_of,
        site_name=sites.name_of,
    )
    return NetworkProblem(problem=problem, sources=tuple(sources.blocks.values()), projections=tuple(blocks))


class _Sources:
    """Sources of the network, block by block."""

    def __init__(self, network: Network, placement: Placement) -> None:
        self.blocks: dict[tuple[str, int], SourceBlock] = {}
        self.kind: list[Ints] = []
        self.circuit: list[Ints] = []
        self.generator: list[Ints] = []
        self.offset: list[Ints] = []
        self.recorded: list[npt.NDArray[np.bool_]] = []
        self._total = 0
        for population in network.populations:
            placed = placement.of(population.name)
            senders = sorted(placed.shape.spike_senders) if population.spiking else []
            for compartment in senders:
                circuits = placed.sender(compartment)
                assert circuits is not None
                self._add(network, population.name, compartment, population.size, INTERNAL, circuit=circuits)
        for external in network.external_sources:
            self._add(network, external.name, 0, external.size, EXTERNAL)
        for number, background in enumerate(network.background_sources):
            self._add(network, background.name, 0, background.size, BACKGROUND, generator=number)

    def _add(
        self,
        network: Network,
        name: str,
        compartment: int,
        size: int,
        kind: int,
        circuit: Ints | None = None,
        generator: int = -1,
    ) -> None:
        self.blocks[name, compartment] = SourceBlock(name, compartment, self._total, size)
        self._total += size
        self.kind.append(np.full(size, kind))
        self.circuit.append(np.full(size, -1) if circuit is None else circuit)
        self.generator.append(np.full(size, generator))
        self.offset.append(np.arange(size) if generator >= 0 else np.zeros(size, dtype=np.int64))
        recorded = np.zeros(size, dtype=bool)
        for recording in network.recordings:
            if isinstance(recording, SpikeRecording) and (recording.population, recording.compartment) == (
                name,
                compartment,
            ):
                recorded[recorded_neurons(recording, size)] = True
        self.recorded.append(recorded)

    def name_of(self, source: int) -> str:
        """Text for messages."""
        for block in self.blocks.values():
            if block.first <= source < block.first + block.size:
                return f"neuron {source - block.first} of {block.name!r}"
        return f"source {source}"


class _Sites:
    """Sites of the network: made when a projection needs them."""

    def __init__(self, network: Network, placement: Placement) -> None:
        self._network, self._placement = network, placement
        self._first: dict[tuple[str, int, Receptor], int] = {}
        self._circuits: list[Ints] = []
        self._sizes: list[Ints] = []
        self._total = 0

    def first(self, projection: Projection) -> int:
        """Site of target neuron 0 of a projection."""
        key = (projection.target, projection.target_compartment, projection.receptor)
        if key not in self._first:
            circuits = self._placement.of(projection.target).compartment(projection.target_compartment)
            chosen = _with_input(
                self._network.population(projection.target),
                self._placement.of(projection.target),
                projection.target_compartment,
                projection.receptor,
            )
            self._first[key] = self._total
            self._total += len(circuits)
            self._circuits.append(circuits[chosen])
            self._sizes.append(chosen.sum(axis=1))
        return self._first[key]

    def arrays(self) -> tuple[Ints, Ints]:
        """`RoutingProblem.site_begin` and `site_circuits`."""
        zero = np.zeros(1, dtype=np.int64)
        return np.cumsum(np.concatenate([zero, *self._sizes])), np.concatenate([zero[:0], *self._circuits])

    def name_of(self, site: int) -> str:
        """Text for messages."""
        best = max((first, key) for key, first in self._first.items() if first <= site)
        return f"neuron {site - best[0]} of {best[1][0]!r}"


def _with_input(
    population: Population, placed: PlacedPopulation, compartment: int, receptor: Receptor
) -> npt.NDArray[np.bool_]:
    """Circuits of a compartment that have the synaptic input, ``bool[size, m]``.

    Where parameters are given, circuits whose input is switched off are left out, unless all are (then the input is
    switched on by the configuration).
    """
    mine = placed.geometry.compartment == compartment
    chosen = np.ones((population.size, int(mine.sum())), dtype=bool)
    if not population.parameters:
        return chosen
    inputs = [
        name
        for name, of in (("excitatory_input", Receptor.EXCITATORY), ("inhibitory_input", Receptor.INHIBITORY))
        if receptor in (of, Receptor.SIGNED)
    ]
    for neuron, parameters in enumerate(population.parameters):
        columns = parameters.atomic_neurons.columns()
        on = np.logical_and.reduce([columns[f"{name}.enable"][mine] for name in inputs])
        if on.any():
            rows = slice(None) if len(population.parameters) == 1 else neuron
            chosen[rows] = on
    return chosen


def split_weights(weights: Ints, part: Ints) -> Ints:
    """Weight of each synapse of a connection: the first ones are filled.

    Args:
        weights: ``int64[n]``, weight of the connection, >= 0.
        part: ``int64[n]``, which of its synapses.

    >>> split_weights(np.array([100, 100, 100, 100]), np.arange(4)).tolist()
    [63, 37, 0, 0]
    """
    split: Ints = np.clip(weights - SYNAPSE_WEIGHT * part, 0, SYNAPSE_WEIGHT)
    return split
