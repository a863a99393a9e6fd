"""The log of a topic: ``results/<topic>.json`` for resuming, ``results/<topic>.md`` for reading.

Written anew after every piece, so that a run that is cut off loses only the piece it was in.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import attrs
import cattrs
from cattrs.preconf.json import make_converter

from acceptance.figure import Figure
from acceptance.provenance import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from acceptance.piece import Topic

_converter = make_converter(forbid_extra_keys=True)


@attrs.frozen
class Outcome:
    """What one piece gave.

    Attributes:
        title: title of the piece.
        figures: its figures.
        error: why it gave none, empty if it did.
        seed: its seed.
        started: time of the start, ISO 8601, UTC.
        seconds: how long it took.
        provenance: what it was measured on.
    """

    title: str
    figures: tuple[Figure, ...]
    error: str
    seed: int | None
    started: str
    seconds: float
    provenance: Provenance

    @property
    def passed(self) -> bool:
        """Whether every promise is kept."""
        return not self.error and all(figure.passed is not False for figure in self.figures)


def read(folder: Path, topic: Topic) -> dict[str, Outcome]:
    """Outcomes by name of the piece, as far as there is a log that can be read."""
    try:
        stored = json.loads((folder / f"{topic.name}.json").read_text(encoding="utf-8"))
        return _converter.structure(stored, dict[str, Outcome])
    except (OSError, ValueError, cattrs.BaseValidationError):
        return {}


def write(folder: Path, topic: Topic, outcomes: Mapping[str, Outcome]) -> None:
    """Replace both files; outcomes of pieces that no longer exist are left out."""
    folder.mkdir(exist_ok=True)
    known = {piece.name: outcomes[piece.name] for piece in topic.pieces if piece.name in outcomes}
    stored = json.dumps(_converter.unstructure(known), indent=1) + "\n"
    _replace(folder / f"{topic.name}.json", stored)
    _replace(folder / f"{topic.name}.md", text(topic, known))


def _replace(path: Path, content: str) -> None:
    new = path.with_suffix(path.suffix + ".new")
    new.write_text(content, encoding="utf-8")
    os.replace(new, path)


def text(topic: Topic, outcomes: Mapping[str, Outcome]) -> str:
    """The log for people."""
    missing = [piece.name for piece in topic.pieces if piece.name not in outcomes]
    failed = [name for name, outcome in outcomes.items() if not outcome.passed]
    lines = [f"# {topic.title}", "", _verdict(missing, failed), ""]
    for name, outcome in outcomes.items():
        lines += _piece(name, outcome)
    return "\n".join(lines)


def _verdict(missing: list[str], failed: list[str]) -> str:
    words = []
    if failed:
        words.append(f"Failed: {', '.join(failed)}.")
    if missing:
        words.append(f"Not measured: {', '.join(missing)}.")
    return " ".join(words) or "All promises kept."


def _piece(name: str, outcome: Outcome) -> list[str]:
    lines = [f"## {outcome.title} (`{name}`)", ""]
    if outcome.error:
        lines += [f"**Failed:** {outcome.error}", ""]
    if outcome.figures:
        lines += ["| figure | target | measured | verdict | how |", "|---|---|---|---|---|"]
        lines += [_row(figure) for figure in outcome.figures]
        lines.append("")
    origin = outcome.provenance
    versions = ", ".join(f"{package} {version}" for package, version in origin.versions.items())
    commit = (origin.commit[:12] or "no commit") + (" with changes" if origin.changed else "")
    seed = "nothing random" if outcome.seed is None else f"seed {outcome.seed}"
    lines += [
        f"{outcome.started}, {outcome.seconds:.1f} s; {seed}; {origin.cores} cores of {origin.processor}, "
        f"{origin.system}; {versions}; {commit}, sources {origin.sources}.",
        "",
    ]
    return lines


def _row(figure: Figure) -> str:
    verdict = {True: "kept", False: "**missed**", None: ""}[figure.passed]
    cells = (figure.name, figure.target, figure.value(), verdict, figure.detail)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
