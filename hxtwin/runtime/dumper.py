"""The dumper: takes writes and conditions like a builder, and keeps them as containers.

==========================  ================================================================================
``write(at, container)``    stored as it is; base and backend are checked by a builder only, and not kept
``block_until(at, ...)``    stored as a container too
``read(...)``               refused: only what is written can be kept
``done()``                  the list of (coordinate, container); the dumper is empty then
==========================  ================================================================================

Functions on such lists are in `hxtwin.runtime.command_list` and `hxtwin.runtime.chip_conversion`.
Reference: runtime.md 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeAlias

from hxtwin.containers import Container
from hxtwin.coord import Coordinate
from hxtwin.runtime.access_check import CONDITIONS, check_condition, check_write
from hxtwin.runtime.errors import AccessRefusedError, MergeError
from hxtwin.runtime.program_writer import ProgramWriter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hxtwin.containers import Backend
    from hxtwin.runtime.access_check import Condition

Command: TypeAlias = tuple[Coordinate, Container]
"""A container, or a condition, and where it lives."""


class Dumper(ProgramWriter):
    """Collects commands."""

    def __init__(self) -> None:
        self._commands: list[Command] = []

    def write(
        self, at: Coordinate, container: Container, base: Container | None = None, *, backend: Backend | None = None
    ) -> None:
        """Keeps a container, whole even if a base is given.

        Raises:
            PlacementError: container and coordinate do not belong together.
            AccessRefusedError: the container is read-only, or a condition.
        """
        del base, backend
        self._commands.append(check_write(at, container))

    def block_until(self, at: Coordinate, condition: Condition) -> None:
        """Keeps a condition; errors as of `PlaybackProgramBuilder.block_until`."""
        self._commands.append(check_condition(at, condition))

    def read(self, at: Coordinate, container: type[Container] | None = None) -> NoReturn:
        """Refuses.

        Raises:
            AccessRefusedError: always.
        """
        name = "" if container is None else f"{container.__name__} "
        raise AccessRefusedError(
            f"the read of {name}at {at} cannot be kept: a dumper holds what is written; use a builder"
        )

    def extend(self, commands: Iterable[Command]) -> None:
        """Appends commands of a list; errors as of `write` and `block_until`."""
        for at, container in commands:
            replay(self, at, container)

    def merge_back(self, other: Dumper) -> None:
        """Moves everything of another dumper behind; it is empty afterwards.

        Raises:
            MergeError: `other` is this dumper, or none.
        """
        self.copy_back(other)
        other._commands = []

    def merge_front(self, other: Dumper) -> None:
        """Moves everything of another dumper in front; it is empty afterwards.

        Raises:
            MergeError: `other` is this dumper, or none.
        """
        self._check_other(other)
        self._commands = other._commands + self._commands
        other._commands = []

    def copy_back(self, other: Dumper) -> None:
        """Copies another dumper behind; it stays as it is.

        Raises:
            MergeError: `other` is this dumper, or none.
        """
        self._check_other(other)
        self._commands = self._commands + other._commands

    def _check_other(self, other: object) -> None:
        if not isinstance(other, Dumper):
            raise MergeError(f"a {type(other).__name__} cannot be merged; a Dumper is wanted")
        if other is self:
            raise MergeError("a dumper cannot be merged with itself")

    def __len__(self) -> int:
        return len(self._commands)

    def empty(self) -> bool:
        """Whether nothing is kept."""
        return not self._commands

    def is_write_only(self) -> bool:
        """Always: nothing can be read."""
        return True

    def done(self) -> list[Command]:
        """The commands; the dumper is empty afterwards."""
        commands, self._commands = self._commands, []
        return commands


def replay(writer: ProgramWriter, at: Coordinate, container: Container) -> None:
    """Writes a container, or waits for a condition."""
    if isinstance(container, CONDITIONS):
        writer.block_until(at, container)
    else:
        writer.write(at, container)
