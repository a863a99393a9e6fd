"""From an instruction back to what was asked for: the source map of a program.

==============  =======  ==========================================================================
entry field     dtype    content
==============  =======  ==========================================================================
``start``       int64    first instruction; it reaches to the start of the next entry
``access``      uint8    `Access`
``container``   int16    position in `SourceMap.containers`; -1: words or messages without a container
``backend``     int8     position in `BACKENDS`; -1: none
``coordinate``  int64    linear index of the coordinate; position in `SourceMap.places` if it has none
==============  =======  ==========================================================================

One entry stands for one write, read or condition, whatever its number of words, so that errors and listings can name
container and coordinate of every instruction without an object for each.
"""

from __future__ import annotations

import operator
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple, SupportsIndex, cast

import attrs
import numpy as np

from hxtwin.containers import Backend, Container
from hxtwin.coord import Indexed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hxtwin.coord import Coordinate

BACKENDS: Final = tuple(Backend)
"""Backends by the number that stands in entries."""
ENTRY_DTYPE: Final = np.dtype(
    [("start", "<i8"), ("access", "u1"), ("container", "<i2"), ("backend", "i1"), ("coordinate", "<i8")]
)
"""An entry of a source map."""
NONE: Final = -1
"""Stands in entries for no container or no backend."""


class Access(IntEnum):
    """What a stretch of instructions does."""

    MESSAGES = 0
    WRITE = 1
    READ = 2
    BLOCK = 3
    SPIKES = 4


class Source(NamedTuple):
    """What an instruction belongs to.

    Attributes:
        access: what is done.
        container: container class; None for words or messages without one.
        coordinate: where it lives; None likewise.
        backend: way of travel; None for messages.
        first, stop: the instructions of this access are ``range(first, stop)``.
    """

    access: Access
    container: type[Container] | None
    coordinate: Coordinate | None
    backend: Backend | None
    first: int
    stop: int

    def __str__(self) -> str:
        if self.container is None:
            words = {Access.WRITE: "words", Access.READ: "words", Access.SPIKES: "spikes"}
            return f"{self.access.name.lower()} of {words[self.access]}" if self.access in words else "raw messages"
        return f"{self.access.name.lower()} of {self.container.__name__} at {self.coordinate}"


def has_linear_index(container: type[Container]) -> bool:
    """Whether the coordinate of a container is one number."""
    return hasattr(container.coordinate_type, "__index__")


def of_index(container: type[Container], index: int) -> Coordinate:
    """The coordinate of a container by its linear index."""
    return cast("Callable[[int], Coordinate]", container.coordinate_type)(index)


@attrs.frozen(eq=False)
class SourceMap:
    """Sources of all instructions of a program.

    Attributes:
        entries: structured array of `ENTRY_DTYPE`, ascending in ``start``, the first 0 unless there are none.
        containers: container classes by the number that stands in entries.
        places: coordinates without linear index.
        size: number of instructions.
    """

    entries: NDArray[np.void]
    containers: tuple[type[Container], ...]
    places: tuple[Coordinate, ...]
    size: int

    def __len__(self) -> int:
        return len(self.entries)

    def entry_of(self, instruction: int) -> int:
        """Number of the entry of an instruction; IndexError if there is no such instruction."""
        if not 0 <= instruction < self.size:
            raise IndexError(f"there is no instruction {instruction}, the program has {self.size}")
        return int(np.searchsorted(self.entries["start"], instruction, side="right")) - 1

    def __getitem__(self, instruction: int) -> Source:
        """Source of an instruction."""
        return self.source(self.entry_of(instruction))

    def source(self, entry: int) -> Source:
        """Source of an entry by its number."""
        found = self.entries[entry]
        stop = int(self.entries[entry + 1]["start"]) if entry + 1 < len(self.entries) else self.size
        backend = None if found["backend"] == NONE else BACKENDS[found["backend"]]
        access, first = Access(int(found["access"])), int(found["start"])
        if found["container"] == NONE:
            return Source(access, None, None, backend, first, stop)
        container, index = self.containers[found["container"]], int(found["coordinate"])
        coordinate = of_index(container, index) if has_linear_index(container) else self.places[index]
        return Source(access, container, coordinate, backend, first, stop)


class SourceRecorder:
    """Collects the sources of a program that is being built."""

    def __init__(self) -> None:
        self._numbers: dict[type[Container], int] = {}
        self._places: list[Coordinate] = []
        self._chunks: list[NDArray[np.void]] = []
        self._rows: list[tuple[int, int, int, int, int]] = []

    def add(
        self,
        start: int,
        access: Access,
        container: type[Container] | None = None,
        coordinate: Coordinate | None = None,
        backend: Backend | None = None,
    ) -> None:
        """Adds one access that begins at instruction `start`."""
        number = NONE if backend is None else BACKENDS.index(backend)
        self._rows.append((start, access, self._number(container), number, self._index(coordinate)))

    def add_many(
        self,
        starts: NDArray[np.int64],
        access: Access,
        container: type[Container] | None,
        coordinates: NDArray[np.int64] | int,
        backend: Backend | None,
    ) -> None:
        """Adds accesses of one kind: their first instructions and the linear indices of their coordinates."""
        entries = np.empty(len(starts), dtype=ENTRY_DTYPE)
        entries["start"] = starts
        entries["access"] = access
        entries["container"] = self._number(container)
        entries["backend"] = NONE if backend is None else BACKENDS.index(backend)
        entries["coordinate"] = coordinates
        self._settle()
        self._chunks.append(entries)

    def extend(self, sources: SourceMap, offset: int) -> None:
        """Adds all entries of another map, moved by `offset` instructions."""
        self._settle()
        moved = sources.entries.copy()
        moved["start"] += offset
        numbers = np.array([*(self._number(container) for container in sources.containers), NONE], dtype=np.int16)
        moved["container"] = numbers[sources.entries["container"]]  # -1 picks the last one, which is NONE
        placed = [number for number, container in enumerate(sources.containers) if not has_linear_index(container)]
        if placed:
            moved["coordinate"][np.isin(sources.entries["container"], placed)] += len(self._places)
            self._places += sources.places
        self._chunks.append(moved)

    def finish(self, size: int) -> SourceMap:
        """The map of a program of `size` instructions."""
        self._settle()
        entries = np.concatenate([np.empty(0, dtype=ENTRY_DTYPE), *self._chunks])
        entries.flags.writeable = False
        return SourceMap(entries, tuple(self._numbers), tuple(self._places), size)

    def _number(self, container: type[Container] | None) -> int:
        return NONE if container is None else self._numbers.setdefault(container, len(self._numbers))

    def _index(self, coordinate: Coordinate | None) -> int:
        if coordinate is None:
            return 0
        if isinstance(coordinate, Indexed):  # nearly all; the check of the protocol below is slow
            return int(coordinate)
        if isinstance(coordinate, SupportsIndex):
            return operator.index(coordinate)
        self._places.append(coordinate)
        return len(self._places) - 1

    def _settle(self) -> None:
        if self._rows:
            self._chunks.append(np.array(self._rows, dtype=ENTRY_DTYPE))
            self._rows = []
