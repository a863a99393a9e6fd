"""A picture of a signal-flow graph as plain SVG, for notebooks; needs no program and no library.

Vertices of one kind in one execution instance are one box with their number. Boxes stand in columns: each to the right
of what feeds it; a row of boxes belongs to one instance. The recurrent way over the crossbar is drawn backwards.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hxtwin.graph.signal_flow.graph import PlacedVertex, SignalFlowGraph

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 170, 34, 60, 26
_COLOURS = ("#dbe9f6", "#e3f1dd", "#fdebd0", "#f6dede", "#e8e0f3", "#e0f0f0")
_HOST_COLOUR = "#eeeeee"

#: Execution instance, chip and kind: what is one box.
_Key = tuple[int, int, str]


@attrs.frozen
class _Box:
    """A box of the picture: text, column, colour."""

    text: str
    column: int
    colour: str


def to_svg(graph: SignalFlowGraph) -> str:
    """The picture as SVG text."""
    groups: dict[_Key, list[PlacedVertex]] = {}
    for vertex in graph.vertices:
        groups.setdefault(_key(vertex), []).append(vertex)
    keys = list(groups)
    position = {key: number for number, key in enumerate(keys)}
    edges = {
        (position[_key(graph.vertices[c.source])], position[_key(graph.vertices[c.target])]) for c in graph.connections
    }
    columns = _columns(len(keys), sorted(edges))
    boxes = [_box(key, groups[key], columns[number]) for number, key in enumerate(keys)]
    return _drawn(boxes, sorted(edges))


def _key(vertex: PlacedVertex) -> _Key:
    instance = -1 if vertex.execution_instance is None else int(vertex.execution_instance)
    return instance, vertex.chip, type(vertex.vertex).__name__


def _box(key: _Key, vertices: Sequence[PlacedVertex], column: int) -> _Box:
    instance, chip, kind = key
    place = "host" if instance < 0 else f"instance {instance}" + (f", chip {chip}" if chip else "")
    text = vertices[0].vertex.label if len(vertices) == 1 else f"{len(vertices)} x {kind}"
    colour = _HOST_COLOUR if instance < 0 else _COLOURS[instance % len(_COLOURS)]
    return _Box(f"{text}\n{place}", column, colour)


def _columns(size: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Column of each box: longest way from a box without inputs; edges that close a cycle are left out."""
    forward: dict[int, list[int]] = {}
    for source, target in edges:
        if source != target and not _reaches(forward, target, source):
            forward.setdefault(source, []).append(target)
    columns = [0] * size
    for _ in range(size):
        for source, targets in forward.items():
            for target in targets:
                columns[target] = max(columns[target], columns[source] + 1)
    return columns


def _reaches(forward: dict[int, list[int]], start: int, end: int) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        node = waiting.pop()
        if node == end:
            return True
        new = set(forward.get(node, [])) - seen
        seen |= new
        waiting.extend(new)
    return False


def _drawn(boxes: Sequence[_Box], edges: Sequence[tuple[int, int]]) -> str:
    rows: dict[int, int] = {}
    corners = []
    for box in boxes:
        row = rows.get(box.column, 0)
        rows[box.column] = row + 1
        corners.append((10 + box.column * (_WIDTH + _GAP_X), 10 + row * (_HEIGHT + _GAP_Y)))
    width = 20 + max((x + _WIDTH for x, _ in corners), default=0)
    height = 20 + max((y + _HEIGHT for _, y in corners), default=0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        '<defs><marker id="arrow" markerWidth="8" markerHeight="8" refX="7" refY="3" orient="auto">'
        '<path d="M0,0 L7,3 L0,6 z" fill="#555"/></marker></defs>',
    ]
    for source, target in edges:
        lines.append(_curve(corners[source], corners[target]))
    for box, (x, y) in zip(boxes, corners, strict=True):
        first, second = box.text.split("\n")
        lines.append(
            f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" fill="{box.colour}" stroke="#555"/>'
            f'<text x="{x + _WIDTH / 2:g}" y="{y + 14}" text-anchor="middle" font-size="10" font-family="sans-serif">'
            f"{html.escape(_shortened(first))}</text>"
            f'<text x="{x + _WIDTH / 2:g}" y="{y + 27}" text-anchor="middle" font-size="9" fill="#555" '
            f'font-family="sans-serif">{html.escape(second)}</text>'
        )
    return "\n".join([*lines, "</svg>"])


def _curve(source: tuple[int, int], target: tuple[int, int]) -> str:
    x, y = source[0] + _WIDTH, source[1] + _HEIGHT // 2
    to_x, to_y = target[0], target[1] + _HEIGHT // 2
    bend = _GAP_X if to_x > x else 2 * _GAP_X
    path = f"M{x},{y} C{x + bend},{y} {to_x - bend},{to_y} {to_x},{to_y}"
    return f'<path d="{path}" fill="none" stroke="#555" marker-end="url(#arrow)"/>'


def _shortened(text: str, most: int = 32) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
