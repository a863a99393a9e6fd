"""The signal-flow graph: vertices in execution instances and connections between their ports.

Every connection is checked when it is made:

1. both ports exist and carry the same signal
2. the two kinds of vertices may be connected, and their places agree (`rules`)
3. channels exist; a port without sum or split takes each channel once
4. a connection inside an instance is not made at ports that require a transition, one between instances (or to the
   host) not at ports that do not support it
5. instances do not depend on each other in a cycle

and every vertex: at most one of its kind on a chip where the kind says so, one CADC mode on each chip. Source:
reference graph.md 2.3, 2.4, 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hxtwin.coord import ExecutionInstanceID
from hxtwin.graph.errors import SignalFlowError
from hxtwin.graph.signal_flow import export, picture
from hxtwin.graph.signal_flow.analog import CADCView
from hxtwin.graph.signal_flow.port import Port, Transition
from hxtwin.graph.signal_flow.rules import rule_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hxtwin.graph.signal_flow.vertex import Vertex


@attrs.frozen(kw_only=True)
class PlacedVertex:
    """A vertex of a graph.

    Args:
        number: position in the graph.
        vertex: what it is.
        execution_instance: where it runs; None for vertices on the host.
        chip: position in the list of chips of the executor.
    """

    number: int
    vertex: Vertex
    execution_instance: ExecutionInstanceID | None
    chip: int

    def __str__(self) -> str:
        place = (
            "host" if self.execution_instance is None else f"instance {int(self.execution_instance)}, chip {self.chip}"
        )
        return f"{self.vertex.label} (vertex {self.number}, {place})"


@attrs.frozen(kw_only=True)
class Connection:
    """A connection between two ports.

    Args:
        source: number of the source vertex.
        target: number of the target vertex.
        output: output port of the source.
        input: input port of the target.
        channels: (channel of the source, channel of the target) of each connected pair.
    """

    source: int
    target: int
    output: int
    input: int
    channels: tuple[tuple[int, int], ...]


class SignalFlowGraph:
    """A graph that grows by `add` and `connect` and is legal at any time."""

    def __init__(self) -> None:
        self._vertices: list[PlacedVertex] = []
        self._connections: list[Connection] = []
        self._taken: set[tuple[str, int, int, int]] = set()
        self._before: dict[int, set[int]] = {}

    @property
    def vertices(self) -> tuple[PlacedVertex, ...]:
        """All vertices in the order in which they were added."""
        return tuple(self._vertices)

    @property
    def connections(self) -> tuple[Connection, ...]:
        """All connections in the order in which they were made."""
        return tuple(self._connections)

    def add(
        self, vertex: Vertex, execution_instance: ExecutionInstanceID | int | None = None, chip: int = 0
    ) -> PlacedVertex:
        """Add a vertex.

        Args:
            vertex: what it is.
            execution_instance: where it runs; vertices on the host have none, for all others None means 0.
            chip: position in the list of chips.

        Raises:
            SignalFlowError: more vertices of a kind than a chip has, another CADC mode, or a host function with a
                place.
        """
        if vertex.on_host:
            if execution_instance is not None:
                raise SignalFlowError(f"{vertex.label}: runs on the host and belongs to no execution instance")
            instance = None
        else:
            instance = ExecutionInstanceID(0) if execution_instance is None else ExecutionInstanceID(execution_instance)
        placed = PlacedVertex(number=len(self._vertices), vertex=vertex, execution_instance=instance, chip=chip)
        self._check_cardinality(placed)
        self._vertices.append(placed)
        return placed

    def connect(
        self,
        source: PlacedVertex,
        target: PlacedVertex,
        *,
        output: int = 0,
        input: int = 0,  # noqa: A002 - the ports are called so
        channels: Iterable[tuple[int, int]] | None = None,
    ) -> Connection:
        """Connect an output port to an input port.

        Args:
            source: vertex of this graph that sends.
            target: vertex of this graph that receives.
            output: port of the source.
            input: port of the target.
            channels: (channel of the source, channel of the target) pairs; None: equal channels, as many as both have.

        Raises:
            SignalFlowError: a rule of the module is broken; the message names both vertices and the rule.
        """
        where = f"{source} -> {target}"
        for vertex in (source, target):
            if vertex.number >= len(self._vertices) or self._vertices[vertex.number] != vertex:
                raise SignalFlowError(f"{where}: {vertex} is not in this graph")
        sends = _port(where, source.vertex.outputs, output, "output")
        takes = _port(where, target.vertex.inputs, input, "input")
        if sends.signal is not takes.signal:
            raise SignalFlowError(f"{where}: same signal on both ends: {sends.signal.value} != {takes.signal.value}")
        rule = rule_for(source.vertex, output, target.vertex, input)
        if rule is None:
            raise SignalFlowError(
                f"{where}: legal kinds: {type(source.vertex).__name__} output {output} is never connected to "
                f"{type(target.vertex).__name__} input {input}"
            )
        pairs = _channel_pairs(where, sends, takes, channels)
        broken = rule(source.vertex, target.vertex, pairs)
        if broken is not None:
            raise SignalFlowError(f"{where}: places agree: {broken}")
        self._check_transition(where, source, target, sends, takes)
        connection = Connection(source=source.number, target=target.number, output=output, input=input, channels=pairs)
        self._check_channels(where, connection, sends, takes)
        self._check_cycle(where, source, target)
        self._take_channels(connection)
        self._connections.append(connection)
        return connection

    def open_inputs(self) -> tuple[tuple[PlacedVertex, int], ...]:
        """(vertex, input port) of all ports for which data have to be supplied."""
        fed = {(connection.target, connection.input) for connection in self._connections}
        return tuple(
            (vertex, number)
            for vertex in self._vertices
            for number, port in enumerate(vertex.vertex.inputs)
            if port.data and (vertex.number, number) not in fed
        )

    def results(self) -> tuple[tuple[PlacedVertex, int], ...]:
        """(vertex, output port) of all ports whose data are a result."""
        return tuple(
            (vertex, number)
            for vertex in self._vertices
            for number, port in enumerate(vertex.vertex.outputs)
            if port.data
        )

    def to_json(self) -> str:
        """All vertices with their ports and all connections as JSON text; see `export`."""
        return export.to_json(self)

    def to_dot(self) -> str:
        """The graph in Graphviz form, one cluster for each execution instance; see `export`."""
        return export.to_dot(self)

    def to_svg(self) -> str:
        """A picture in which equal vertices of an instance are one box; see `picture`."""
        return picture.to_svg(self)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    # --- rules of the whole graph --------------------------------------------------------------------------------

    def _check_cardinality(self, placed: PlacedVertex) -> None:
        beside = [
            other
            for other in self._vertices
            if (other.execution_instance, other.chip) == (placed.execution_instance, placed.chip)
        ]
        most = placed.vertex.most_per_chip
        same = [other for other in beside if type(other.vertex) is type(placed.vertex)]
        if most is not None and len(same) >= most:
            raise SignalFlowError(f"{placed}: at most {most} on a chip in an execution instance: there is {same[0]}")
        if isinstance(placed.vertex, CADCView):
            for other in beside:
                if isinstance(other.vertex, CADCView) and other.vertex.mode is not placed.vertex.mode:
                    raise SignalFlowError(
                        f"{placed}: one CADC mode on a chip: {placed.vertex.mode.value} given, {other} has "
                        f"{other.vertex.mode.value}"
                    )

    def _check_transition(
        self, where: str, source: PlacedVertex, target: PlacedVertex, sends: Port, takes: Port
    ) -> None:
        ends = ((source, sends), (target, takes))
        host = source.vertex.on_host or target.vertex.on_host
        place = source.execution_instance, source.chip
        crosses = host or place != (target.execution_instance, target.chip)
        for vertex, port in ends:
            if crosses and port.transition is Transition.NOT_SUPPORTED:
                raise SignalFlowError(
                    f"{where}: transition between execution instances: {vertex} does not support it for "
                    f"{port.signal.value}"
                )
            if not crosses and port.transition is Transition.REQUIRED:
                raise SignalFlowError(f"{where}: transition between execution instances: {vertex} requires one")

    def _check_channels(self, where: str, connection: Connection, sends: Port, takes: Port) -> None:
        seen: set[tuple[str, int, int, int]] = set()
        for key in _keys(connection):
            port, word = (sends, "split") if key[0] == "output" else (takes, "sum")
            if not port.several and (key in self._taken or key in seen):
                raise SignalFlowError(
                    f"{where}: one connection for each channel: {key[0]} {key[2]} cannot {word} "
                    f"{port.signal.value}, its channel {key[3]} is connected already"
                )
            seen.add(key)

    def _take_channels(self, connection: Connection) -> None:
        self._taken.update(_keys(connection))

    def _check_cycle(self, where: str, source: PlacedVertex, target: PlacedVertex) -> None:
        """Check that the graph of instances (host functions are nodes of their own) stays without cycles."""
        before, after = _node(source), _node(target)
        if before == after:
            return
        reached, waiting = {before}, [before]
        while waiting:
            for earlier in self._before.get(waiting.pop(), set()) - reached:
                reached.add(earlier)
                waiting.append(earlier)
        if after in reached:
            raise SignalFlowError(f"{where}: no cycle between execution instances: the target comes before the source")
        self._before.setdefault(after, set()).add(before)


def _node(vertex: PlacedVertex) -> int:
    """Node of the graph of instances: instance number, negative for functions on the host."""
    return -1 - vertex.number if vertex.execution_instance is None else int(vertex.execution_instance)


def _keys(connection: Connection) -> list[tuple[str, int, int, int]]:
    found = [("output", connection.source, connection.output, channel) for channel, _ in connection.channels]
    return found + [("input", connection.target, connection.input, channel) for _, channel in connection.channels]


def _port(where: str, ports: tuple[Port, ...], number: int, kind: str) -> Port:
    if not 0 <= number < len(ports):
        raise SignalFlowError(f"{where}: ports exist: {kind} {number} given, there are {len(ports)}")
    return ports[number]


def _channel_pairs(
    where: str, sends: Port, takes: Port, channels: Iterable[tuple[int, int]] | None
) -> tuple[tuple[int, int], ...]:
    if channels is None:
        if sends.channels != takes.channels:
            raise SignalFlowError(
                f"{where}: channels exist: source has {sends.channels}, target {takes.channels}; name the pairs"
            )
        return tuple((channel, channel) for channel in range(sends.channels))
    pairs = tuple((int(one), int(other)) for one, other in channels)
    if not pairs:
        raise SignalFlowError(f"{where}: channels exist: no pair given")
    if len(set(pairs)) != len(pairs):
        raise SignalFlowError(f"{where}: channels exist: a pair is given twice")
    for one, other in pairs:
        if not 0 <= one < sends.channels or not 0 <= other < takes.channels:
            raise SignalFlowError(
                f"{where}: channels exist: ({one}, {other}) given, source has {sends.channels}, target {takes.channels}"
            )
    return pairs
