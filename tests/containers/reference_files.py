"""The reference files of the containers, read independently of hxtwin.

=================  ======================================================================================
`ENTRIES`          one JSON object per container, both parts; empty where the shared folder is absent
`evaluate`         an integer expression of the files, for example ``[0x122400, 0x12a400][block]``
`place`            the coordinate object of a set of components
`corner_places`,   components of coordinates at the corners of their ranges, and random ones
`random_places`
=================  ======================================================================================

How to read the files: reference containers-a.md section 1 and containers-b.md section 1.
"""

from __future__ import annotations

import functools
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hxtwin import coord

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence
    from types import CodeType

Entry = dict[str, Any]
Components = dict[str, int]

#: Root of the repository, and the folder with the reference beside it.
REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared"
ABSENT = f"the reference folder {SHARED.name}/ does not lie beside the repository"

#: Not part of the containers layer, or (last line) tested with the types that they really are.
_ELSEWHERE = {
    "VectorGeneratorControl", "VectorGeneratorLUTEntry", "VectorGeneratorNotificationAddress",
    "VectorGeneratorTrigger", "VectorGeneratorFIFOWord",
    "LogicalNeuron", "PPUProgram.Symbol",
    "SpikeLabel", "SpikeFromChip", "MADCSampleFromChip", "HighspeedLinkNotification",
}  # fmt: skip


def _read() -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for name in ("containers-a.json", "containers-b.json"):
        path = SHARED / "reference" / name
        if path.is_file():
            found.update({entry["name"]: entry for entry in json.loads(path.read_text())})
    for entry in found.values():
        for field in entry["fields"]:
            field["pieces"] = _by_index(field["bits"])
    return found


def _by_index(bits: list[Entry]) -> dict[int | None, list[Entry]]:
    """Pieces of each element of a field; None is the index of a scalar."""
    pieces: dict[int | None, list[Entry]] = {}
    for piece in bits:
        pieces.setdefault(piece.get("index"), []).append(piece)
    return pieces


#: All entries by name. Part B is read last: its entries of Chip and the systems are the complete ones.
ENTRIES = _read()
#: Containers with words of their own, in scope.
LEAVES = [
    name
    for name, entry in ENTRIES.items()
    if not entry.get("children") and not entry.get("not_in_v3") and name not in _ELSEWHERE
]
#: Containers that expand to others, without the loop bodies that the files name.
TREES = [
    name
    for name, entry in ENTRIES.items()
    if entry.get("children") and not entry.get("pseudo") and name not in _ELSEWHERE
]


@functools.cache
def _compiled(expression: str) -> CodeType:
    return compile(expression, "<reference>", "eval")


_GLOBALS: dict[str, Any] = {"__builtins__": {}, "range": range}


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """Value of an expression of the reference files, which are trusted text of this project."""
    return eval(_compiled(expression), _GLOBALS, names)


def components(entry: Entry) -> list[tuple[str, str, int, int]]:
    """Name, type, smallest and largest value of each component of the coordinate of an entry."""
    return [(c["name"], c["type"], c["min"], c["max"]) for c in entry["coordinate"]["components"]]


def is_interval(entry: Entry) -> bool:
    """Whether the container lives at an interval of a memory."""
    return {"min", "max"} <= {name for name, *_ in components(entry)}


def index(entry: Entry, at: Components) -> int:
    """Linear index of a coordinate."""
    return int(evaluate(entry["coordinate"]["index"], at))


def place(entry: Entry, at: Components) -> coord.Coordinate:
    """Coordinate object of a set of components."""
    type_ = coord.types()[entry["coordinate"]["type"]]
    if is_interval(entry):
        ends = [at["min"], at["max"]]
        return type_.from_plain([ends, at["ppu"]] if "ppu" in at else ends)
    return type_.from_plain(index(entry, at))


def corner_places(entry: Entry) -> list[Components]:
    """Components with every combination of the smallest and largest values."""
    names = [name for name, *_ in components(entry)]
    corners = itertools.product(*(sorted({low, high}) for _, _, low, high in components(entry)))
    return [dict(zip(names, corner, strict=True)) for corner in corners]


def random_places(entry: Entry, count: int, rng: random.Random) -> list[Components]:
    """Components drawn at random."""
    return [{name: rng.randint(low, high) for name, _, low, high in components(entry)} for _ in range(count)]


def some_places(entry: Entry, rng: random.Random, count: int = 6) -> list[Components]:
    """Corners and random places of a container that does not live at an interval."""
    if not components(entry):
        return [{}]
    return corner_places(entry) + random_places(entry, count, rng)


def backends(entry: Entry, *, read: bool = False) -> Sequence[str]:
    """Ways of travel; for reads the subset that can read."""
    found: Sequence[str] = entry["read_backends"] if read and "read_backends" in entry else entry["backends"]
    return found


def address_expression(entry: Entry, *, read: bool) -> str | None:
    """Expression of the addresses on the default backend of the access, None where there is no such access."""
    access = entry["addresses"]["read" if read else "write"]
    if access is None:
        return None
    expression: str = access.get(backends(entry, read=read)[0], access["expr"])
    return expression


def addresses(entry: Entry, at: Components, *, read: bool) -> list[int]:
    """Addresses of the words of a leaf on the default backend of the access; empty where there is no such access."""
    expression = address_expression(entry, read=read)
    if expression is None:
        return []
    words = entry["addresses"]["read" if read else "write"]["words"]
    return [evaluate(expression, {**at, "w": w}) for w in range(words)]


def each(names: Sequence[str]) -> list[Any]:
    """Parameters of a test that runs once per name; where the reference is absent, one case skipped with the reason."""
    return list(names) if names else [pytest.param("", marks=pytest.mark.skip(reason=ABSENT))]
