"""SPI master of the FPGA: the shift register and the DACs of the adapter board, write only.

Each write delivers the lowest byte to the device at its address; bit 31 ends the transfer. Reference:
fpga-instructions.md 4.1.
"""

from __future__ import annotations

from typing import Final

SHIFT_REGISTER: Final = 1
"""Offset of the shift register from 0x88007000; DAC d has 2 + 2 d."""
_STOP: Final = 1 << 31
_MOST_BYTES: Final = 8


class SPIMaster:
    """The last complete transfer to each device."""

    def __init__(self) -> None:
        self._open: dict[int, bytes] = {}
        self.transfers: dict[int, bytes] = {}

    def write(self, offset: int, word: int) -> bytes | None:
        """Sends the lowest byte of a word; `offset` = address - 0x88007000. Returns the transfer if it is complete."""
        sent = (self._open.get(offset, b"") + bytes([word & 0xFF]))[-_MOST_BYTES:]
        if word & _STOP:
            self._open.pop(offset, None)
            self.transfers[offset] = sent
            return sent
        self._open[offset] = sent
        return None
