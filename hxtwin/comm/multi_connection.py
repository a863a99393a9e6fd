"""Several connections run at the same time, one chip each.

The programs start together but are not synchronised: that is what the multi-FPGA barrier inside the programs is for.
Reference: fpga-instructions.md 7, "multi-connection".
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Self

from hxtwin.comm.errors import ArgumentError, LinkClosedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from hxtwin.comm.connection import Connection, ConnectionInfo
    from hxtwin.comm.time_info import TimeInfo


class MultiConnection:
    """An ordered list of connections; closing it closes them all.

    Args:
        connections: at least one, each only once.

    Raises:
        ArgumentError: no connection, or one of them twice.
    """

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = tuple(connections)
        if not self._connections or len(set(map(id, self._connections))) < len(self._connections):
            raise ArgumentError(f"{len(self._connections)} connections given: at least one is wanted, each only once")
        self._closed = False
        self._threads = ThreadPoolExecutor(len(self._connections), thread_name_prefix="hxtwin-connection")

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The connections in order."""
        return self._connections

    @property
    def infos(self) -> tuple[ConnectionInfo, ...]:
        """What is known about each far end."""
        return tuple(connection.info for connection in self._connections)

    @property
    def time_infos(self) -> tuple[TimeInfo, ...]:
        """Time spent on each connection since it was opened."""
        return tuple(connection.time_info for connection in self._connections)

    @property
    def is_open(self) -> bool:
        """Whether programs can be run on all connections."""
        return not self._closed and all(connection.is_open for connection in self._connections)

    def run(self, programs: Sequence[NDArray[np.uint64]], *, limit_s: float | None = None) -> list[NDArray[np.uint64]]:
        """Runs one program per connection, all at the same time.

        Args:
            programs: uint64[n] for each connection, in order; see `Connection.run`.
            limit_s: longest wait for each answer, s; ``None`` for the connections' own limits.

        Returns:
            The answers, uint64[m] each, in order.

        Raises:
            ArgumentError: the number of programs differs from the number of connections.
            LinkError: a connection broke. All others have ended their program before this is raised; notes on the error
                name the connection and further ones that broke.
        """
        if len(programs) != len(self._connections):
            raise ArgumentError(f"{len(programs)} programs for {len(self._connections)} connections: give one for each")
        if self._closed:
            raise LinkClosedError(f"the {len(self._connections)} connections are closed: open new ones")
        futures = [
            self._threads.submit(connection.run, words, limit_s=limit_s)
            for connection, words in zip(self._connections, programs, strict=True)
        ]
        wait(futures)
        failures = [(number, error) for number, future in enumerate(futures) if (error := future.exception())]
        if failures:
            _, first = failures[0]
            for number, error in failures:
                first.add_note(f"connection {number} ({self._connections[number].info.endpoint}): {error}")
            raise first
        return [future.result() for future in futures]

    def close(self) -> None:
        """Closes all connections; may be called again."""
        self._closed = True
        for connection in self._connections:
            connection.close()
        self._threads.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
