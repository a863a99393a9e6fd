"""The place of an execution instance: which part of an experiment runs on which connection.

Source: reference coordinates.md, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, cast, overload

from hxtwin.coord import execution
from hxtwin.coord.components import named_components, positional_components, refuse_components
from hxtwin.coord.errors import CoordinateTypeError, shown
from hxtwin.coord.tuples import Tupled

if TYPE_CHECKING:
    from hxtwin.coord.coordinate import Integer

__all__ = ["ExecutionInstanceOnExecutor"]


class ExecutionInstanceOnExecutor(Tupled):
    """Execution instance on a connection of an executor; has no linear index.

    Built from (`ExecutionInstanceID`, `ConnectionOnExecutor`), each 0 if left out; order is lexicographic,
    instance first.
    """

    __slots__ = ()

    _key: tuple[execution.ExecutionInstanceID, execution.ConnectionOnExecutor]

    if TYPE_CHECKING:

        @overload
        def __new__(
            cls,
            execution_instance_id: execution.ExecutionInstanceID = ...,
            connection_on_executor: execution.ConnectionOnExecutor = ...,
            /,
        ) -> Self: ...
        @overload
        def __new__(
            cls,
            *,
            execution_instance_id: execution.ExecutionInstanceID | Integer,
            connection_on_executor: execution.ConnectionOnExecutor | Integer = ...,
        ) -> Self: ...
        def __new__(cls, *parts: object, **named: object) -> Self:
            """Build from execution instance and connection."""

    else:

        def __new__(cls, *parts: object, **named: object) -> Self:
            """Build from execution instance and connection."""
            types = (execution.ExecutionInstanceID, execution.ConnectionOnExecutor)
            keywords = ("execution_instance_id", "connection_on_executor")
            if parts and named:
                raise refuse_components(cls, parts, "all components by position or all by keyword")
            if named:
                indices = named_components(cls, types, keywords, named, 1)
            else:
                indices = positional_components(cls, types, parts, 0)
            return cls._with_key(tuple(part._of(index) for part, index in zip(types, indices, strict=True)))

    def to_execution_instance_id(self) -> execution.ExecutionInstanceID:
        """Return the number of the execution instance."""
        return self._key[0]

    def to_connection_on_executor(self) -> execution.ConnectionOnExecutor:
        """Return the connection it runs on."""
        return self._key[1]

    def to_plain(self) -> list[int]:
        """Return ``[execution instance, connection]``."""
        return [int(part) for part in self._key]

    @classmethod
    def from_plain(cls, plain: object) -> Self:
        """Return the coordinate of ``[execution instance, connection]``.

        Raises:
            CoordinateError: ``plain`` is not a list of two integers in range.
        """
        if not isinstance(plain, list) or len(plain) != 2:
            raise CoordinateTypeError(
                f"{cls.__qualname__} is stored as [execution instance, connection], got {shown(plain)}"
            )
        instance = execution.ExecutionInstanceID.from_plain(plain[0])
        return cls(instance, execution.ConnectionOnExecutor.from_plain(plain[1]))

    def __str__(self) -> str:
        instance, connection = cast("tuple[object, object]", self._key)
        return f"{type(self).__name__}({instance}, {connection})"
