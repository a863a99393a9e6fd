"""What may be written, read or waited for, and where: the checks in front of every access of a program.

=================  ============================================================================
access             allowed containers
=================  ============================================================================
write              writable ones but conditions; a timer only with value 0
read               readable ones, found by the coordinate
condition          `TimerValue`, `Barrier`, `PollingOmnibusBlock`
=================  ============================================================================

Reference: runtime.md 1.1, 2, 2.1. A backend that a container does not have is an error; the original falls back to the
default one without a word (reference: runtime.md 14).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from hxtwin import coord
from hxtwin.containers import (
    Barrier,
    Container,
    PollingOmnibusBlock,
    Timer,
    TimerValue,
    types,
)
from hxtwin.runtime.errors import AccessRefusedError, BackendError, PlacementError, TimeError

if TYPE_CHECKING:
    from typing import TypeAlias

    from hxtwin.containers import Backend
    from hxtwin.coord import Coordinate

    Condition: TypeAlias = Container | coord.TimerValue | int
    """What a program can wait for; a number stands for a value of the timer."""

CONDITIONS: Final = (TimerValue, Barrier, PollingOmnibusBlock)
"""Containers that are waited for, not written."""
LAST_TIME: Final = coord.TimerValue.max
"""Largest value of the playback timer, in FPGA cycles of 8 ns: 34.36 s (reference: runtime.md 3)."""


def check_pair(at: object, container: type[Container]) -> Coordinate:
    """The coordinate, if the container lives there.

    Raises:
        PlacementError: no coordinate, or another type than the container lives at.
    """
    if not isinstance(at, coord.Coordinate):
        raise PlacementError(
            f"{at!r:.80} is no coordinate; {container.__name__} lives at a {container.coordinate_type.__name__}"
        )
    if type(at) is not container.coordinate_type:
        raise PlacementError(
            f"{container.__name__} lives at a {container.coordinate_type.__name__}, not at {at} ({type(at).__name__})"
        )
    return at


def check_write(at: object, container: object) -> tuple[Coordinate, Container]:
    """Coordinate and container of a write.

    Raises:
        PlacementError: they do not belong together.
        AccessRefusedError: the container cannot be written.
        TimeError: a timer with another value than 0.
    """
    if not isinstance(container, Container):
        raise PlacementError(f"{_shown(container)} is no container; write takes a coordinate and a container")
    cls = type(container)
    if issubclass(cls, CONDITIONS):
        raise AccessRefusedError(f"{cls.__name__} is a condition, it is not written; give it to block_until")
    place = check_pair(at, cls)
    if not cls.is_writable():
        raise AccessRefusedError(f"{cls.__name__} is read-only, it cannot be written at {place}")
    if isinstance(container, Timer) and container.value:
        raise TimeError(f"the timer can only be set to 0, not to {container.value}; to wait for a time use block_until")
    return place, container


def check_condition(at: object, condition: object) -> tuple[Coordinate, Container]:
    """Coordinate and container of a condition.

    Raises:
        PlacementError: they do not belong together, or it is no condition.
        TimeError: a number that the timer cannot hold.
    """
    if isinstance(condition, coord.TimerValue) or (isinstance(condition, int) and not isinstance(condition, bool)):
        condition = TimerValue(value=check_time(int(condition)))
    if not isinstance(condition, CONDITIONS):
        names = ", ".join(container.__name__ for container in CONDITIONS)
        raise PlacementError(
            f"{_shown(condition)} is no condition; block_until takes a {names} or a value of the timer"
        )
    return check_pair(at, type(condition)), condition


def check_time(time: int) -> int:
    """A value of the playback timer, 0..2**32-1 FPGA cycles of 8 ns.

    Raises:
        TimeError: the timer cannot hold it.
    """
    if not 0 <= time <= LAST_TIME:
        raise TimeError(
            f"time {time} is {'in the past' if time < 0 else 'beyond the timer'}: "
            f"the playback timer counts 0..{LAST_TIME} FPGA cycles of 8 ns"
        )
    return time


def readable_at(at: object) -> type[Container]:
    """The container that is read at a coordinate.

    Raises:
        PlacementError: no coordinate, or no container lives there.
        AccessRefusedError: what lives there cannot be read.
    """
    if not isinstance(at, coord.Coordinate):
        raise PlacementError(f"{_shown(at)} is no coordinate; read takes the coordinate of a container")
    found = _living_at(type(at).__name__)
    if not found:
        raise PlacementError(f"no container lives at a {type(at).__name__}; {at} cannot be read")
    readable = [container for container in found if container.is_readable()]
    if not readable:
        names = " and ".join(container.__name__ for container in found)
        raise AccessRefusedError(f"{names} at {at} is write-only, it cannot be read")
    return readable[0]


def check_readable(container: object) -> type[Container]:
    """The container class, if it can be read.

    Raises:
        PlacementError: no container class.
        AccessRefusedError: it is write-only.
    """
    if not (isinstance(container, type) and issubclass(container, Container)):
        raise PlacementError(f"{container!r:.80} is no container class; read takes a coordinate and optionally a class")
    if not container.is_readable():
        raise AccessRefusedError(f"{container.__name__} is write-only, it cannot be read")
    return container


@functools.cache
def _living_at(place: str) -> tuple[type[Container], ...]:
    return tuple(container for container in types().values() if container.coordinate_type.__name__ == place)


def check_backend(container: type[Container], backend: Backend | None, *, read: bool) -> Backend:
    """The way of travel: `backend`, or the default of the container for this access.

    Raises:
        BackendError: the container does not travel that way.
    """
    ways = container.read_backends if read else container.backends
    if backend is None:
        return ways[0]
    if backend not in ways:
        raise BackendError(
            f"{container.__name__} is not {'read' if read else 'written'} over {backend}; possible: {', '.join(ways)}"
        )
    return ways[ways.index(backend)]


def addressed(container: type[Container], backend: Backend, *, read: bool) -> Backend | None:
    """What address functions take for a backend: None for the default one.

    Trees that reach from the chip to its FPGA have addresses of both, but on the default backend alone.
    """
    usual = (container.read_backends if read else container.backends)[0]
    return None if backend == usual else backend


def _shown(given: object) -> str:
    return f"{given!r:.80} ({type(given).__name__})"
