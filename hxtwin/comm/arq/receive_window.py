"""Receiving half of the sliding window.

Window [low, low + W) of sequence numbers modulo N. A frame inside that is not there yet is stored; a frame with SEQ =
low sets free itself and all stored frames that follow directly. The acknowledgement is low - 1.
Reference: host-arq.md 5.2.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hxtwin.comm.arq.frame import DataFrame
    from hxtwin.comm.arq.settings import ArqSettings


class Placement(enum.Enum):
    """What a received frame was to the window."""

    STORED = enum.auto()
    DUPLICATE = enum.auto()
    OUTSIDE = enum.auto()


class ReceiveWindow:
    """Puts the frames of one direction in order.

    Args:
        settings: N and W.
    """

    __slots__ = ("_slots", "_window", "delivered", "low", "modulus")

    def __init__(self, settings: ArqSettings) -> None:
        self.modulus = settings.sequence_numbers
        self._window = settings.window
        self.reset()

    def reset(self) -> None:
        """Starts again at sequence number 0 with nothing stored."""
        self._slots: dict[int, DataFrame] = {}
        self.low = 0
        self.delivered = 0

    @property
    def ack(self) -> int:
        """The acknowledgement to send: the last number received in order, N-1 before the first."""
        return (self.low - 1) % self.modulus

    def place(self, seq: int) -> Placement:
        """Returns what a frame with number ``seq`` (0 .. N-1) would be, without storing anything."""
        if (seq - self.low) % self.modulus >= self._window:
            return Placement.OUTSIDE
        return Placement.DUPLICATE if seq in self._slots else Placement.STORED

    def store(self, frame: DataFrame) -> list[DataFrame]:
        """Stores a frame that `place` found to be new; returns the frames that are now in order, oldest first."""
        if frame.seq != self.low:
            self._slots[frame.seq] = frame
            return []
        ready = [frame]
        slots, modulus = self._slots, self.modulus
        low = (frame.seq + 1) % modulus
        while slots and (following := slots.pop(low, None)) is not None:
            ready.append(following)
            low = (low + 1) % modulus
        self.low = low
        self.delivered += len(ready)
        return ready
