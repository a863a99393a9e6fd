"""Topic: messages, the link protocol, and programs.

The link figures come from `acceptance.arq_figures`, which can also be run alone; they live in virtual time, so that
load on the machine does not change them. The program is imported when its pieces run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance import rates
from acceptance.figure import Figure
from acceptance.piece import Piece, Topic

if TYPE_CHECKING:
    from collections.abc import Iterable

SEED = 20_240_701

_LINK = {
    "loss": "Goodput and integrity under loss",
    "hostile": "Duplication, reordering and damage together",
    "connection": "Connections at 30 % loss",
    "blackout": "Silence in mid-transfer",
    "wrap": "Laps of the sequence numbers",
    "stale": "Frames of an earlier session",
    "silent": "A peer that never answers",
}


def _link(name: str) -> Iterable[Figure]:
    from acceptance import arq_figures

    measurements = {
        "loss": arq_figures.loss_figures,
        "hostile": arq_figures.hostile_figure,
        "connection": arq_figures.connection_figure,
        "blackout": arq_figures.blackout_figure,
        "wrap": arq_figures.wrap_figure,
        "stale": arq_figures.stale_figure,
        "silent": arq_figures.silent_figure,
    }
    for line in measurements[name](SEED, quick=False):
        yield Figure(line.name, line.measured, "", line.wanted, line.passed, f"seed {line.seed}")


def _piece(name: str, title: str) -> Piece:
    return Piece(f"link-{name}", title, lambda: _link(name), SEED)


TOPIC = Topic(
    "transport",
    "Transport and runtime: messages, link, programs",
    (
        *(_piece(name, title) for name, title in _LINK.items()),
        Piece("codec-rates", "Rates of the message codec", rates.codec),
        Piece("link-rate", "Throughput over UDP", rates.link),
        Piece("builder-times", "Times of a program builder", rates.builder),
        Piece("stream-tests", "Bring-up, messages, link, programs", rates.bring_up),
    ),
)
