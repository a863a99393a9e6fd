"""Blocks: what is decided about as one thing when a network is cut.

==============  =====================================================================================
recurrent       populations on a common cycle, or one that projects onto itself: kept whole
assigned        all populations that the user put into one execution instance: kept as they are
single          one population without such a cycle: may be cut into slices of neurons
==============  =====================================================================================

Spikes travel between instances only with the delay of a whole run, so a cycle has to be closed on the chip.
Source: reference graph.md 2.4, 6.7; execution.md 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from hxtwin.graph.errors import PartitionError
from hxtwin.graph.network import Population

if TYPE_CHECKING:
    from hxtwin.coord import ExecutionInstanceID
    from hxtwin.graph.network import Network


@attrs.frozen(kw_only=True)
class Block:
    """Populations that stay together.

    Args:
        populations: their names, in the order of the network.
        divisible: whether it may be cut into slices (of its only population).
        before: blocks (by position) whose spikes it needs.
        apart: those of `before` that have to be in another instance (delayed projections, explicit relays).
        assigned: the execution instance that the user chose.
    """

    populations: tuple[str, ...]
    divisible: bool
    before: frozenset[int]
    apart: frozenset[int]
    assigned: ExecutionInstanceID | None = None

    def __str__(self) -> str:
        names = ", ".join(repr(name) for name in self.populations)
        if self.assigned is not None:
            return f"execution instance {int(self.assigned)} with {names}"
        return f"Population {names}" if self.divisible else f"recurrent component {names}"


def blocks_of(network: Network) -> tuple[Block, ...]:
    """The blocks of a network, each behind those it depends on, otherwise in the order of the network.

    Raises:
        PartitionError: a cycle that contains a delayed projection or an inter-execution projection, which would have to
            leave the chip.
    """
    names = [population.name for population in network.populations]
    edges = _edges(network)
    assigned = {p.name: p.execution_instance for p in network.populations if p.execution_instance is not None}
    number = _components(names, {**edges, **_same_instance(assigned)})
    _check_assigned(names, number, assigned)
    inside = [edge for edge, apart in edges.items() if number[edge[0]] == number[edge[1]] and apart]
    if inside:
        source, target = inside[0]
        raise PartitionError(
            f"recurrent component with {source!r} and {target!r}",
            "execution instances",
            detail="a delayed or inter-execution projection on a cycle would have to leave the chip and return",
        )
    whole = {number[source] for source, target in edges if number[source] == number[target]}
    whole |= {number[name] for name in assigned}
    whole |= {number[relay.source] for relay in network.inter_execution}
    whole |= {number[population.name] for population in network.populations if population.anchors is not None}
    order = _order(names, number, edges)
    position = {component: place for place, component in enumerate(order)}
    found = []
    for component in order:
        crossing = {
            edge: apart
            for edge, apart in edges.items()
            if number[edge[1]] == component and number[edge[0]] != component
        }
        found.append(
            Block(
                populations=tuple(name for name in names if number[name] == component),
                divisible=component not in whole,
                before=frozenset(position[number[source]] for source, _ in crossing),
                apart=frozenset(position[number[source]] for (source, _), apart in crossing.items() if apart),
                assigned=next((assigned[name] for name in assigned if number[name] == component), None),
            )
        )
    return tuple(found)


def _edges(network: Network) -> dict[tuple[str, str], bool]:
    """(source, target) population of each dependency -> whether it has to cross instances."""
    edges: dict[tuple[str, str], bool] = {}
    for projection in network.projections:
        if isinstance(network.sources[projection.source], Population):
            edge = projection.source, projection.target
            edges[edge] = edges.get(edge, False) or projection.delay_us > 0
    for relay in network.inter_execution:
        for projection in network.projections_from(relay.target):
            edges[relay.source, projection.target] = True
    return edges


def _same_instance(assigned: dict[str, ExecutionInstanceID]) -> dict[tuple[str, str], bool]:
    """Edges that tie together what the user put into one instance."""
    last: dict[ExecutionInstanceID, str] = {}
    edges: dict[tuple[str, str], bool] = {}
    for name, instance in assigned.items():
        if instance in last:
            edges[last[instance], name] = edges[name, last[instance]] = False
        last[instance] = name
    return edges


def _check_assigned(names: list[str], number: dict[str, int], assigned: dict[str, ExecutionInstanceID]) -> None:
    """Check that no cycle runs through an assigned instance and something outside of it."""
    for name, instance in assigned.items():
        for other in names:
            if number[other] == number[name] and assigned.get(other) != instance:
                raise PartitionError(
                    f"execution instance {int(instance)} with {name!r}",
                    "execution instances",
                    detail=f"it depends on {other!r}, which depends on it; assign both to the same instance",
                )


def _components(names: list[str], edges: dict[tuple[str, str], bool]) -> dict[str, int]:
    """Strongly connected component of each population."""
    if not names:
        return {}
    index = {name: place for place, name in enumerate(names)}
    rows, columns = [index[source] for source, _ in edges], [index[target] for _, target in edges]
    graph = csr_array((np.ones(len(edges)), (rows, columns)), shape=(len(names), len(names)))
    labels = connected_components(graph, directed=True, connection="strong")[1]
    return {name: int(label) for name, label in zip(names, labels, strict=True)}


def _order(names: list[str], number: dict[str, int], edges: dict[tuple[str, str], bool]) -> list[int]:
    """Components in topological order, otherwise in that of the network."""
    waiting = list(dict.fromkeys(number[name] for name in names))
    needs = {
        component: {number[s] for s, t in edges if number[t] == component and number[s] != component}
        for component in waiting
    }
    order: list[int] = []
    while waiting:
        ready = next(component for component in waiting if needs[component] <= set(order))
        waiting.remove(ready)
        order.append(ready)
    return order
