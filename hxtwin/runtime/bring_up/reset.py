"""The reset pulse of the chip, with which every bring-up begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hxtwin.containers import ResetChip
from hxtwin.coord import ResetChipOnDLS

if TYPE_CHECKING:
    from hxtwin.runtime.program_writer import ProgramWriter

RESET_HIGH: Final = 10
"""Length of the pulse, in FPGA cycles of 8 ns."""
RESET_LOW: Final = 100
"""Pause behind the pulse, in FPGA cycles of 8 ns."""


def write_reset_pulse(writer: ProgramWriter) -> None:
    """Chip into reset and out of it; the timer has last been reset at the falling edge (reference: runtime.md 9)."""
    writer.write(ResetChipOnDLS(), ResetChip(value=True))
    writer.wait_for(RESET_HIGH)
    writer.write(ResetChipOnDLS(), ResetChip(value=False))
    writer.wait_for(RESET_LOW)
