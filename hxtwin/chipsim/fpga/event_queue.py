"""Events of one kind between chip and host: under way to the FPGA, then waiting for the response stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STAMP_MASK: Final = 0xFF
_STAMP_LSB: Final = np.uint64(16)


class EventQueue:
    """Events by ascending arrival; rows of chip cycle, FPGA cycle of arrival, 16-bit word; ``int64[n, 3]``."""

    def __init__(self) -> None:
        self._under_way = _nothing()
        self._waiting = _nothing()

    def take(self, rows: NDArray[np.int64]) -> None:
        """Events that have left the chip; none arrives before those taken earlier."""
        if len(rows):
            self._under_way = np.concatenate([self._under_way, rows])

    @property
    def in_flight(self) -> bool:
        """Whether events are on their way from the chip."""
        return bool(len(self._under_way))

    def arrive(self, until: int, *, recorded: bool) -> NDArray[np.int64]:
        """Events that reach the FPGA up to a cycle; they wait for the stream if `recorded`, else are forgotten."""
        n = int(np.searchsorted(self._under_way[:, 1], until, side="right"))
        if not n:
            return self._under_way[:0]
        arrived, self._under_way = self._under_way[:n], self._under_way[n:]
        if recorded:
            self._waiting = np.concatenate([self._waiting, arrived])
        return arrived

    def lose(self) -> None:
        """Events under way are lost."""
        self._under_way = self._under_way[:0]

    def clear(self) -> None:
        """No events."""
        self._under_way = _nothing()
        self._waiting = _nothing()

    def __len__(self) -> int:
        """Number of events that wait."""
        return len(self._waiting)

    def elements(self, zero: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
        """Waiting events as they go into packs.

        Args:
            zero: FPGA cycle in which the system time was 0.

        Returns:
            Chip cycles, FPGA cycles of arrival, and time stamp above word, 24 bits; ``[n]``.
        """
        cycles, arrivals = np.ascontiguousarray(self._waiting[:, 0]), np.ascontiguousarray(self._waiting[:, 1])
        stamps = ((cycles - 2 * zero) & _STAMP_MASK).astype(np.uint64)
        return cycles, arrivals, stamps << _STAMP_LSB | self._waiting[:, 2].astype(np.uint64)

    def sent(self, n: int) -> None:
        """The first events have left in packs."""
        self._waiting = self._waiting[n:]


def _nothing() -> NDArray[np.int64]:
    return np.empty((0, 3), dtype=np.int64)
