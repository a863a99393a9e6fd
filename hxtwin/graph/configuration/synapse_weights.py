"""Weights of a network in the synapse arrays.

A signed weight w becomes an excitatory synapse of max(w, 0) and an inhibitory one of max(-w, 0); a weight above 63 is
spread over the synapses of its connection, the first ones full (reference: graph.md 5.4, 5.7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.network import Receptor
from hxtwin.graph.routing.geometry import INHIBITORY
from hxtwin.graph.routing.network_problem import split_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hxtwin.graph.configuration.routed_instance import RoutedInstance
    from hxtwin.graph.network import Network
    from hxtwin.graph.routing import Routing
    from hxtwin.graph.routing.network_problem import NetworkProblem

WEIGHTS = "synapse_blocks.matrix.weights"


def wanted_weights(network: Network, found: NetworkProblem, routing: Routing) -> npt.NDArray[np.uint8]:
    """Weight of every synapse of a routing, ``uint8[synapses]``."""
    total = len(found.problem.source)
    value, signed = np.zeros(total, dtype=np.int64), np.zeros(total, dtype=bool)
    part = np.zeros(total, dtype=np.int64)
    for projection, block in zip(network.projections, found.projections, strict=True):
        here = slice(block.first, block.first + len(block.index))
        value[here] = projection.weights.reshape(-1)[block.index]
        part[here] = block.part
        signed[here] = projection.receptor is Receptor.SIGNED
    synapses = routing.synapses
    weight = value[synapses.connection]
    negative = signed[synapses.connection] & (synapses.receptor == INHIBITORY)
    weight = np.maximum(np.where(negative, -weight, weight), 0)
    return split_weights(weight, part[synapses.connection]).astype(np.uint8)


def weight_matrices(routing: Routing, weights: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Weights by hemisphere, row and column, ``uint8[2, 256, 256]``; 0 where no synapse is in use."""
    matrices = np.zeros((2, 256, 256), dtype=np.uint8)
    matrices.reshape(-1)[routing.row * 256 + routing.column] = weights
    return matrices


def with_weights(instance: RoutedInstance, weights: Mapping[str, npt.ArrayLike]) -> RoutedInstance:
    """See `RoutedInstance.weights_changed`."""
    network = instance.network.with_weights(weights)
    values = wanted_weights(network, instance.problem, instance.routing)
    chip = instance.chip.with_columns({WEIGHTS: weight_matrices(instance.routing, values)})
    return attrs.evolve(instance, network=network, chip=chip)
