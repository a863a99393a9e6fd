"""Fan-in: how many neuron circuits a logical neuron needs for its synapses.

A circuit has one synapse in each of the 256 rows of its hemisphere, and a row has one polarity for all columns. The
rows that a population occupies are therefore those of its neuron with most excitatory synapses plus those of the one
with most inhibitory synapses, and merged circuits share them::

    circuits = ceil((largest excitatory + largest inhibitory fan-in) / 256)

For dense signed inputs this is ``ceil(N / 128)``. Source: reference graph.md 6.1, 6.3, 6.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.coord import NeuronColumnOnLogicalNeuron, SynapseRowOnSynram
from hxtwin.graph.errors import PartitionError
from hxtwin.graph.network.neuron_shape import MOST_CIRCUITS, NeuronShape, single_compartment
from hxtwin.graph.network.projection import Receptor

if TYPE_CHECKING:
    import numpy.typing as npt

    from hxtwin.graph.network.network import Network
    from hxtwin.graph.network.projection import Projection

#: Synapse rows of a hemisphere: synapses of a circuit.
ROWS = SynapseRowOnSynram.size


def synapses_per_neuron(
    network: Network, population: str, receptor: Receptor, compartment: int = 0
) -> npt.NDArray[np.int64]:
    """Number of synapses of one polarity (excitatory or inhibitory) of each neuron, ``int64[size]``."""
    size = network.population(population).size
    synapses = np.zeros(size, dtype=np.int64)
    for projection in network.projections_to(population):
        if projection.target_compartment == compartment and projection.receptor in (receptor, Receptor.SIGNED):
            synapses += _connections_per_target(projection, size) * projection.synapses_per_connection
    return synapses


def _connections_per_target(projection: Projection, size: int) -> npt.NDArray[np.int64]:
    if projection.connections is None:
        return np.full(size, projection.weights.shape[0], dtype=np.int64)
    return np.bincount(projection.connections[:, 1], minlength=size)


def circuits_for_fan_in(network: Network, population: str, compartment: int = 0) -> int:
    """Smallest number of circuits of a compartment that have rows for all its synapses, at least 1."""
    rows = sum(
        int(synapses_per_neuron(network, population, receptor, compartment).max())
        for receptor in (Receptor.EXCITATORY, Receptor.INHIBITORY)
    )
    return max(1, -(-rows // ROWS))


def shape_for_fan_in(network: Network, population: str) -> NeuronShape:
    """The shape of a population: the given one, or one compartment of as many circuits as its fan-in needs.

    Raises:
        PartitionError: more circuits than a logical neuron can have.
    """
    given = network.population(population).shape
    if given is not None:
        return given
    circuits = circuits_for_fan_in(network, population)
    if circuits > MOST_CIRCUITS:
        raise PartitionError(
            f"Population {population!r}",
            "neuron circuits for the fan-in of one neuron",
            circuits,
            MOST_CIRCUITS,
            "reduce its inputs or the largest weight",
        )
    return compact_shape(circuits)


def compact_shape(circuits: int) -> NeuronShape:
    """One compartment that leaves no gaps on the chip: two rows for even numbers of circuits, one row for odd ones."""
    odd = circuits % 2 == 1 and circuits <= NeuronColumnOnLogicalNeuron.size
    return single_compartment(circuits, expand_horizontally=odd)


def with_shapes(network: Network) -> Network:
    """The network with a shape for every population: given ones are kept, missing ones are computed.

    Raises:
        PartitionError: a fan-in beyond the largest logical neuron.
    """
    if all(population.shape is not None for population in network.populations):
        return network
    return attrs.evolve(
        network,
        populations=tuple(
            attrs.evolve(population, shape=shape_for_fan_in(network, population.name))
            for population in network.populations
        ),
    )
