"""The two directions of a UT message stream.

===========  ============  ==========  ===============================================
direction    dictionary    subword     message length
===========  ============  ==========  ===============================================
to_fpga      16 codes      64 bits     header + payload, rounded up to 64 bits
from_fpga    13 codes      8 bits      header + payload, rounded up to 8, at least 64
===========  ============  ==========  ===============================================

Reference: fpga-instructions.md 1.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hxtwin.comm.errors import ArgumentError

WORD_BITS: Final = 64
"""Bits of a word on the wire (a PHY word); no message is shorter."""
HEADER_BITS: Final = 8
"""Bits of a header: the comma bit (0 in a header) and the 7-bit code."""


class Direction(StrEnum):
    """Direction of a stream, equal to its name: ``Direction.TO_FPGA == "to_fpga"``."""

    TO_FPGA = "to_fpga"
    FROM_FPGA = "from_fpga"

    @property
    def subword_bits(self) -> int:
        """The length of a message is a multiple of this number of bits."""
        return 64 if self is Direction.TO_FPGA else 8

    def message_bits(self, payload_bits: int) -> int:
        """Length in bits of a message with a payload of ``payload_bits`` (reference: fpga-instructions.md 1)."""
        subwords = -(-(HEADER_BITS + payload_bits) // self.subword_bits)
        return max(WORD_BITS, subwords * self.subword_bits)


def as_direction(direction: Direction | str) -> Direction:
    """Returns the `Direction` of that name.

    Raises:
        ArgumentError: there is no such direction.
    """
    try:
        return Direction(direction)
    except ValueError:
        names = " or ".join(repr(str(member)) for member in Direction)
        raise ArgumentError(f"direction {direction!r} does not exist: use {names}") from None
