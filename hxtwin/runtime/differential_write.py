"""Differential writes: the words of a configuration that differ from one that is there already.

The base is given by the caller; nothing is remembered of what was written before. Reference: runtime.md 2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.containers import Container, ContainerError, Writes, difference
from hxtwin.runtime.errors import BackendError, DifferenceError

if TYPE_CHECKING:
    from hxtwin.containers import Backend
    from hxtwin.coord import Coordinate


def changed_words(at: Coordinate, container: Container, base: object, backend: Backend) -> Writes:
    """Addresses and words of a differential write, in the order of a full one; none if nothing differs.

    Args:
        at: where both live.
        container: wanted configuration.
        base: configuration that is there.
        backend: way of travel.

    Raises:
        DifferenceError: containers of different types or sizes, or a type that does not support differential writes.
        BackendError: the words have addresses of their own on this backend.
    """
    cls = type(container)
    if type(base) is not cls:
        raise DifferenceError(f"a {cls.__name__} cannot be written relative to a {type(base).__name__}")
    if not cls.differential_write:
        raise DifferenceError(f"{cls.__name__} cannot be written relative to a base; write it as a whole")
    if backend in cls.layout.other_addresses:
        raise BackendError(f"{cls.__name__} cannot be written relative to a base over {backend}; write it as a whole")
    assert isinstance(base, Container)
    try:
        return difference(container, base, at)
    except ContainerError as error:
        raise DifferenceError(str(error)) from error
