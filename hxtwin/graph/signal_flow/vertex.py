"""The base of all vertices: ports, a readable label, checks at construction."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

from hxtwin.graph.errors import SignalFlowError
from hxtwin.graph.signal_flow.port import Port, Signal, Transition

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Parameters of a vertex that come with the data of a run.
CONFIGURATION = Port(signal=Signal.CONFIGURATION, transition=Transition.REQUIRED, data=True)


@attrs.frozen(kw_only=True)
class Vertex:
    """A unit that takes and gives signals. Subclasses say which ports they have and check their parameters."""

    #: At most this many in one execution instance on one chip, None for any number.
    most_per_chip: ClassVar[int | None] = None
    #: Runs on the host, in no execution instance.
    on_host: ClassVar[bool] = False

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Input ports."""
        return ()

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Output ports."""
        return ()

    @property
    def label(self) -> str:
        """Kind and place in a few words, for messages and pictures."""
        return type(self).__name__


def check_unique(vertex: Vertex, name: str, values: Iterable[object]) -> None:
    """Check that a list is neither empty nor names something twice.

    Raises:
        SignalFlowError: it is or does.
    """
    given = list(values)
    if not given:
        raise SignalFlowError(f"{type(vertex).__name__}: {name} is empty; give at least one")
    if len(set(given)) != len(given):
        twice = next(value for value in given if given.count(value) > 1)
        raise SignalFlowError(f"{type(vertex).__name__}: {name} contains {twice} twice")


def shortened(values: Iterable[object], most: int = 4) -> str:
    """A few of the values as text: ``0, 1, 2 ... 255``."""
    given = [str(value) for value in values]
    return ", ".join(given) if len(given) <= most else f"{', '.join(given[:2])} ... {given[-1]} ({len(given)})"
