"""Signal-flow graphs as text: JSON for programs, Graphviz for drawings.

=========  ==================================================================================================
JSON       ``{"vertices": [{number, kind, label, execution_instance, chip, inputs, outputs}], "connections":
           [{source, output, target, input, channels}]}``
Graphviz   one node per vertex, one cluster per execution instance, edges labelled with signal and channels
=========  ==================================================================================================
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hxtwin.graph.signal_flow.graph import PlacedVertex, SignalFlowGraph
    from hxtwin.graph.signal_flow.port import Port


def to_json(graph: SignalFlowGraph) -> str:
    """The whole graph as JSON text, keys in a fixed order."""
    return json.dumps(
        {
            "vertices": [_vertex(vertex) for vertex in graph.vertices],
            "connections": [
                {
                    "source": connection.source,
                    "output": connection.output,
                    "target": connection.target,
                    "input": connection.input,
                    "channels": [list(pair) for pair in connection.channels],
                }
                for connection in graph.connections
            ],
        },
        indent=1,
    )


def _vertex(placed: PlacedVertex) -> dict[str, object]:
    instance = placed.execution_instance
    return {
        "number": placed.number,
        "kind": type(placed.vertex).__name__,
        "label": placed.vertex.label,
        "execution_instance": None if instance is None else int(instance),
        "chip": placed.chip,
        "inputs": [_port(port) for port in placed.vertex.inputs],
        "outputs": [_port(port) for port in placed.vertex.outputs],
    }


def _port(port: Port) -> dict[str, object]:
    return {
        "signal": port.signal.value,
        "channels": port.channels,
        "several": port.several,
        "transition": port.transition.value,
        "data": port.data,
    }


def to_dot(graph: SignalFlowGraph) -> str:
    """The graph in the language of Graphviz."""
    lines = ["digraph signal_flow {", "  rankdir=LR;", "  node [shape=box];"]
    places: dict[tuple[int, int] | None, list[PlacedVertex]] = {}
    for vertex in graph.vertices:
        instance = vertex.execution_instance
        places.setdefault(None if instance is None else (int(instance), vertex.chip), []).append(vertex)
    for place, vertices in places.items():
        inner = [f"v{vertex.number} [label={_quoted(vertex.vertex.label)}];" for vertex in vertices]
        if place is None:
            lines += [f"  {line}" for line in inner]
        else:
            lines.append(f"  subgraph cluster_{place[0]}_{place[1]} {{")
            lines.append(f"    label={_quoted(f'instance {place[0]}, chip {place[1]}')};")
            lines += [f"    {line}" for line in inner]
            lines.append("  }")
    for connection in graph.connections:
        signal = graph.vertices[connection.source].vertex.outputs[connection.output].signal.value
        count = len(connection.channels)
        label = signal if count == 1 else f"{signal} x {count}"
        lines.append(f"  v{connection.source} -> v{connection.target} [label={_quoted(label)}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
