"""A chip whose crossbar sends every event of the host back, connections to twins, and what may go wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

import hxtwin
from hxtwin import coord
from hxtwin.comm.errors import DeviceDiedError
from hxtwin.containers import Chip, CrossbarNode
from hxtwin.graph.execution import LabelledSpikes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from hxtwin.comm.connection import ConnectionInfo
    from hxtwin.comm.time_info import TimeInfo
    from hxtwin.runtime import Connection


class ChipMaker(Protocol):
    def __call__(self, **columns: ArrayLike) -> Chip: ...


@pytest.fixture(scope="session")
def loop_chip() -> ChipMaker:
    """A chip that sends events of the host straight back, all counters on; further columns as given."""
    mask = np.zeros(coord.CrossbarNodeOnDLS.size, dtype=int)
    target = np.full_like(mask, CrossbarNode.drop_all.target)
    for node in coord.CrossbarNodeOnDLS.all():
        source, sink = int(node.to_crossbar_input_on_dls()), int(node.to_crossbar_output_on_dls())
        if source == sink >= 8:
            target[int(node)] = 0
    base = Chip().with_columns(
        {
            "crossbar.nodes.mask": mask,
            "crossbar.nodes.target": target,
            "crossbar.nodes.enable_drop_counter": np.ones(mask.shape, dtype=bool),
            "crossbar.outputs.enable_event_counter": np.ones(coord.CrossbarOutputOnDLS.size, dtype=bool),
            "cadc_readout_chains.ramp.enable": [True, True],
        }
    )

    def make(**columns: ArrayLike) -> Chip:
        return base.with_columns({name.replace("__", "."): value for name, value in columns.items()})

    return make


class WatchedConnection:
    """A connection that tells about its runs, and dies in one of them if asked to.

    Attributes:
        runs: number of words of each program.
        dies_in: number of the run in which the device dies; None: never.
        at_run: called in front of every run with its number.
    """

    def __init__(self, inner: Connection) -> None:
        self.inner = inner
        self.runs: list[int] = []
        self.dies_in: int | None = None
        self.at_run: Callable[[int], None] = lambda _: None

    @property
    def info(self) -> ConnectionInfo:
        return self.inner.info

    @property
    def time_info(self) -> TimeInfo:
        return self.inner.time_info

    @property
    def is_open(self) -> bool:
        return self.inner.is_open

    def run(self, words: NDArray[np.uint64], *, limit_s: float | None = None) -> NDArray[np.uint64]:
        number = len(self.runs)
        self.runs.append(len(words))
        self.at_run(number)
        if number == self.dies_in:
            raise DeviceDiedError("the device fell silent")
        return self.inner.run(words, limit_s=limit_s)

    def close(self) -> None:
        self.inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


@pytest.fixture
def connection() -> Iterator[WatchedConnection]:
    with hxtwin.connect("sim://?chip=7&noise=0&settle=instant") as opened:
        yield WatchedConnection(opened)


@pytest.fixture
def other_connection() -> Iterator[WatchedConnection]:
    with hxtwin.connect("sim://?chip=8&noise=0&settle=instant") as opened:
        yield WatchedConnection(opened)


@pytest.fixture(scope="session")
def random_spikes() -> Callable[[int, int, int], LabelledSpikes]:
    """Spikes of so many entries, before a time, at random."""

    def make(number: int, entries: int, stop: int) -> LabelledSpikes:
        rng = np.random.default_rng(number)
        return LabelledSpikes.in_order(
            rng.integers(0, entries, number), rng.integers(0, stop, number), rng.integers(0, 1 << 16, number)
        )

    return make
