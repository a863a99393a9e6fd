"""A named measurement that gives figures; the unit in which acceptance is resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from acceptance.figure import Figure


@attrs.frozen
class Piece:
    """One measurement.

    Attributes:
        name: short name for the command line.
        title: what is shown.
        run: does the work and gives the figures.
        seed: seed of everything random in it, None if nothing is.
    """

    name: str
    title: str
    run: Callable[[], Iterable[Figure]]
    seed: int | None = None


@attrs.frozen
class Topic:
    """Pieces that share a log.

    Attributes:
        name: file name of the log without ending.
        title: heading of the log.
        pieces: measurements in the order in which they run.
    """

    name: str
    title: str
    pieces: tuple[Piece, ...]
