"""Routings written by hand.

Tables by names and coordinates, as a user thinks of them, become the arrays of `Routing`. What they do on the chip is
checked like everything else when the chip is configured (`hxtwin.graph.configuration.check_connections`).

==============================  =======================================================================
`connections`                   projection -> connection -> synapses (row on the chip, column, label)
`external_spike_labels`         external source -> neuron -> labels to send
`internal_neuron_labels`        (population, compartment) -> neuron -> 8-bit address, or None
`background_labels`             generator 0..7 -> (background source, 14-bit label, random bits)
`synapse_driver_compare_masks`  driver on the chip 0..255 -> 5-bit mask
`synapse_row_modes`             row on the chip 0..511 -> 1 excitatory, 2 inhibitory
`crossbar_nodes`                node 0..75 -> (mask, target)
==============================  =======================================================================

Source: reference graph.md 6.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.graph.errors import RoutingError
from hxtwin.graph.routing.geometry import CIRCUITS, NODES, SIGNED
from hxtwin.graph.routing.problem import Ints, Synapses
from hxtwin.graph.routing.solution import Routing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hxtwin.graph.routing.network_problem import NetworkProblem

Place = tuple[int, int, int]


@attrs.frozen(kw_only=True)
class RoutingTables:
    """A routing by names and coordinates; see the module. Anything that is not listed is off.

    A connection lists as many synapses as ``ceil(max_weight / 63)``, a signed one as many on excitatory and on
    inhibitory rows; the first of each kind are filled first.
    """

    connections: Mapping[str, Sequence[Sequence[Place]]]
    external_spike_labels: Mapping[str, Sequence[Sequence[int]]] = attrs.field(factory=dict)
    internal_neuron_labels: Mapping[tuple[str, int], Sequence[int | None]] = attrs.field(factory=dict)
    background_labels: Mapping[int, tuple[str, int, int]] = attrs.field(factory=dict)
    synapse_driver_compare_masks: Mapping[int, int] = attrs.field(factory=dict)
    synapse_row_modes: Mapping[int, int] = attrs.field(factory=dict)
    crossbar_nodes: Mapping[int, tuple[int, int]] = attrs.field(factory=dict)

    def routing(self, found: NetworkProblem) -> Routing:
        """The routing of a placed network.

        Args:
            found: its numbers (`hxtwin.graph.routing.network_problem.problem_of`).

        Raises:
            RoutingError: numbers out of range, unknown names, or connections without the right number of synapses.
        """
        mode = _table(self.synapse_row_modes, 512, (1, 2), "synapse_row_modes", 0)
        synapses, row, label = self._synapses(found, mode)
        begin, external = self._external(found)
        nodes = np.array([[0, 1]] * NODES)
        for node, (mask, target) in self.crossbar_nodes.items():
            nodes[_in(node, NODES, "crossbar_nodes")] = mask, target
        generator = np.full((3, 8), -1, dtype=np.int64)
        generator[1] = 0
        numbers = {
            name: number for number, name in enumerate(b.name for b in found.sources if _is_background(found, b.first))
        }
        for unit, (name, value, mask) in self.background_labels.items():
            if name not in numbers:
                raise RoutingError(name, "background sources", detail=f"known: {sorted(numbers)}")
            generator[:, _in(unit, 8, "background_labels")] = value, mask, numbers[name]
        return Routing(
            synapses=synapses,
            row=row,
            label=label,
            external_begin=begin,
            external_labels=external,
            internal_address=self._internal(found),
            generator_label=generator[0],
            generator_mask=generator[1],
            generator_source=generator[2],
            driver_mask=_table(
                self.synapse_driver_compare_masks, 256, range(32), "synapse_driver_compare_masks", -1
            ).reshape(2, 128),
            row_mode=mode.reshape(2, 256),
            node_mask=nodes[:, 0],
            node_target=nodes[:, 1],
        )

    def _synapses(self, found: NetworkProblem, mode: Ints) -> tuple[Synapses, Ints, Ints]:
        columns: list[tuple[int, int, int, int, int]] = []
        problem = found.problem
        for block in found.projections:
            given = self.connections.get(block.name)
            parts = int(block.part.max()) + 1
            if given is None or len(given) * parts != len(block.index):
                raise RoutingError(
                    f"projection {block.name!r}", "connections", len(block.index) // parts, len(given or ())
                )
            for index, places in enumerate(given):
                connection = block.first + index
                kinds = (1, 2) if problem.receptor[connection] == SIGNED else (int(problem.receptor[connection]) + 1,)
                for kind in kinds:
                    mine = [place for place in places if mode[_in(place[0], 512, "connections")] == kind]
                    if len(mine) != parts or len(places) != parts * len(kinds):
                        raise RoutingError(
                            f"connection {index} of projection {block.name!r}",
                            f"synapses on {('excitatory', 'inhibitory')[kind - 1]} rows",
                            parts,
                            len(mine),
                        )
                    for part, (row, column, label) in enumerate(mine):
                        circuit = row // 256 * 256 + _in(column, 256, "connections")
                        columns.append(
                            (
                                connection + part * len(given),
                                circuit,
                                kind - 1,
                                row,
                                _in(label, 64, "connections"),
                            )
                        )
        table = np.array(columns, dtype=np.int64).reshape(-1, 5).T.copy()
        source = problem.source[table[0]]
        synapses = Synapses(connection=table[0], source=source, circuit=table[1], receptor=table[2])
        return synapses, table[3], table[4]

    def _external(self, found: NetworkProblem) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.uint16]]]:
        labels: list[list[int]] = [[] for _ in range(found.problem.sources)]
        for name, table in self.external_spike_labels.items():
            block = found.block(name)
            if len(table) != block.size:
                raise RoutingError(f"external source {name!r}", "lists of labels", block.size, len(table))
            for neuron, mine in enumerate(table):
                labels[block.first + neuron] = [_in(label, 1 << 16, "external_spike_labels") for label in mine]
        begin = np.cumsum([0, *(len(mine) for mine in labels)])
        return begin.astype(np.int64), np.array([label for mine in labels for label in mine], dtype=np.uint16)

    def _internal(self, found: NetworkProblem) -> Ints:
        address = np.full(CIRCUITS, -1, dtype=np.int64)
        for (name, compartment), table in self.internal_neuron_labels.items():
            block = found.block(name, compartment)
            if len(table) != block.size:
                raise RoutingError(f"population {name!r}", "addresses", block.size, len(table))
            for neuron, value in enumerate(table):
                if value is not None:
                    circuit = found.problem.circuit[block.first + neuron]
                    address[circuit] = _in(value, 256, "internal_neuron_labels")
        return address


def _is_background(found: NetworkProblem, source: int) -> bool:
    return bool(found.problem.generator[source] >= 0)


def _in(value: int, size: int, name: str) -> int:
    if not 0 <= value < size:
        raise RoutingError(name, "range", detail=f"got {value}, allowed: 0..{size - 1}")
    return value


def _table(given: Mapping[int, int], size: int, allowed: Sequence[int], name: str, missing: int) -> Ints:
    found = np.full(size, missing, dtype=np.int64)
    for key, value in given.items():
        if value not in allowed:
            raise RoutingError(name, "range", detail=f"got {value} for {key}, allowed: {list(allowed)}")
        found[_in(key, size, name)] = value
    return found
