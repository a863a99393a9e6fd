"""Lists of (coordinate, container) as bytes: ``{"commands": [[coordinate, container], ...]}``, each item by itself.

Source: reference runtime.md 16, "dumper lists serialise and back without loss".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.containers import Container, ContainerError, from_bytes, to_bytes
from hxtwin.coord import Coordinate
from hxtwin.runtime.access_check import CONDITIONS, check_condition, check_write
from hxtwin.runtime.envelope import pack, unpack
from hxtwin.runtime.errors import ProgramDecodeError, ProgramError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hxtwin.runtime.dumper import Command


def commands_to_bytes(commands: Iterable[Command]) -> bytes:
    """Serialises a list of (coordinate, container)."""
    return pack("commands", {"commands": [[to_bytes(at), to_bytes(container)] for at, container in commands]})


def commands_from_bytes(data: bytes) -> list[Command]:
    """The list that `commands_to_bytes` has written.

    Raises:
        ProgramDecodeError: other bytes, or a container at a coordinate where it does not live.
    """
    listed = unpack(data, "commands", {"commands"})["commands"]
    if not isinstance(listed, list):
        raise ProgramDecodeError("commands: a list is wanted")
    return [_command(number, pair) for number, pair in enumerate(listed)]


def _command(number: int, pair: object) -> Command:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ProgramDecodeError(f"command {number}: a pair of coordinate and container is wanted")
    try:
        at, container = from_bytes(pair[0]), from_bytes(pair[1])
        if not isinstance(at, Coordinate) or not isinstance(container, Container):
            raise ProgramDecodeError(f"command {number}: a coordinate and a container are wanted")
        check = check_condition if isinstance(container, CONDITIONS) else check_write
        return check(at, container)
    except (ContainerError, ProgramError) as error:
        raise ProgramDecodeError(f"command {number}: {error}") from error
