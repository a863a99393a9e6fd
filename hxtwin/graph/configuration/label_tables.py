"""Tables between neurons and spike labels, from a routing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.graph.configuration.spike_labels import LABELS, InputLabels, OutputLabels, SourceLabels
from hxtwin.graph.routing.geometry import EXTERNAL, INTERNAL, RECORDED

if TYPE_CHECKING:
    import numpy.typing as npt

    from hxtwin.graph.network import Network
    from hxtwin.graph.routing import Routing
    from hxtwin.graph.routing.network_problem import NetworkProblem


def input_labels(network: Network, found: NetworkProblem, routing: Routing) -> InputLabels:
    """Labels to send for the neurons of all external sources."""
    tables = {}
    for source in network.external_sources:
        block = found.block(source.name)
        begin = routing.external_begin[block.first : block.first + block.size + 1]
        tables[source.name] = SourceLabels(begin - begin[0], routing.external_labels[begin[0] : begin[-1]])
    return InputLabels(tables)


def output_labels(found: NetworkProblem, routing: Routing) -> OutputLabels:
    """Neurons behind the labels of recorded spikes."""
    problem = found.problem
    names = tuple(dict.fromkeys(block.name for block in found.sources))
    population = np.full(LABELS, -1, dtype=np.int16)
    neuron, compartment = np.full(LABELS, -1, dtype=np.int32), np.full(LABELS, -1, dtype=np.int16)
    for block in found.sources:
        sources = np.arange(block.first, block.first + block.size)
        recorded = sources[problem.recorded[sources]]
        if not len(recorded):
            continue
        if problem.kind[block.first] == INTERNAL:
            label = _internal_labels(routing, problem.circuit[recorded])
        elif problem.kind[block.first] == EXTERNAL:
            owner = np.repeat(np.arange(problem.sources), np.diff(routing.external_begin))
            returning = (routing.external_labels & RECORDED > 0) & problem.recorded[owner]
            mine = returning & (owner >= block.first) & (owner < block.first + block.size)
            recorded, label = owner[mine], routing.external_labels[mine].astype(np.int64)
        else:
            continue
        population[label] = names.index(block.name)
        neuron[label] = recorded - block.first
        compartment[label] = block.compartment
    known = np.zeros(LABELS, dtype=bool)
    known[_internal_labels(routing, np.flatnonzero(routing.internal_address >= 0))] = True
    known[routing.external_labels] = True
    return OutputLabels(names, population, neuron, compartment, known)


def _internal_labels(routing: Routing, circuits: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Labels with which spikes of circuits come back, ``int64[n]``."""
    output = circuits % 256 // 32
    labels: npt.NDArray[np.int64] = output % 4 << 14 | output << 8 | routing.internal_address[circuits]
    return labels
