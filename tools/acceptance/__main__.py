"""Command line: ``python tools/acceptance [--list] [--resume] [--only NAME ...]``."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from typing import TYPE_CHECKING

from acceptance import calibration, foundations, graph, log, training, transport, twin
from acceptance.check import last_words
from acceptance.log import Outcome
from acceptance.provenance import ROOT, Provenance, provenance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acceptance.figure import Figure
    from acceptance.piece import Piece, Topic

TOPICS: tuple[Topic, ...] = (
    foundations.TOPIC,
    transport.TOPIC,
    twin.TOPIC,
    graph.TOPIC,
    calibration.TOPIC,
    training.TOPIC,
)


def main(
    arguments: Sequence[str] | None = None, topics: Sequence[Topic] = TOPICS, results: Path = ROOT / "results"
) -> int:
    """Measure what is asked for.

    Args:
        arguments: command line.
        topics: what can be measured.
        results: folder of the logs.

    Returns:
        Exit status: 0 if every piece that was asked for keeps its promises, 1 if not.
    """
    wanted = _parse(arguments, topics)
    if wanted.list:
        for topic in topics:
            for piece in topic.pieces:
                print(f"{topic.name:12} {piece.name:24} {piece.title}")
        return 0
    origin = provenance()
    passed = True
    for topic in topics:
        pieces = [piece for piece in topic.pieces if not wanted.only or {piece.name, topic.name} & set(wanted.only)]
        outcomes = log.read(results, topic)
        for piece in pieces:
            before = outcomes.get(piece.name)
            if (
                wanted.resume
                and before is not None
                and before.provenance.sources == origin.sources
                and not before.error
            ):
                print(f"-- {topic.name}: {piece.title}: measured before", flush=True)
            else:
                print(f"== {topic.name}: {piece.title}", flush=True)
                outcomes[piece.name] = _measure(piece, origin)
                log.write(results, topic, outcomes)
                _show(outcomes[piece.name])
            passed = passed and outcomes[piece.name].passed
        if pieces:
            print(f"log: results/{topic.name}.md", flush=True)
    return 0 if passed else 1


def _parse(arguments: Sequence[str] | None, topics: Sequence[Topic]) -> argparse.Namespace:
    names = [topic.name for topic in topics] + [piece.name for topic in topics for piece in topic.pieces]
    parser = argparse.ArgumentParser(prog="python tools/acceptance", description=__doc__)
    parser.add_argument("--list", action="store_true", help="show the pieces and measure nothing")
    parser.add_argument("--resume", action="store_true", help="skip pieces already measured on exactly these sources")
    parser.add_argument(
        "--only", action="extend", nargs="+", metavar="NAME", choices=names, default=[], help="pieces or topics"
    )
    return parser.parse_args(arguments)


def _measure(piece: Piece, origin: Provenance) -> Outcome:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    start = time.perf_counter()
    figures: list[Figure] = []
    error = ""
    try:
        figures.extend(piece.run())
    except Exception as problem:  # one piece that breaks shall not keep the others from running
        error = last_words(f"{type(problem).__name__}: {problem}")
    seconds = time.perf_counter() - start
    return Outcome(piece.title, tuple(figures), error, piece.seed, started, seconds, origin)


def _show(outcome: Outcome) -> None:
    for figure in outcome.figures:
        verdict = {True: "kept", False: "MISSED", None: ""}[figure.passed]
        print(f"   {verdict:7}{figure.name}: {figure.value()}  {figure.target}  {figure.detail}".rstrip())
    if outcome.error:
        print(f"   FAILED {outcome.error}")


if __name__ == "__main__":
    sys.exit(main())
