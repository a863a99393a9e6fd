"""The shortest bring-up: what makes the registers of the chip reachable over JTAG, on the clocks it has after reset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from hxtwin.containers import JTAGClockScaler, ResetJTAGTap
from hxtwin.coord import JTAGClockScalerOnDLS, ResetJTAGTapOnDLS
from hxtwin.runtime.bring_up.reset import write_reset_pulse

if TYPE_CHECKING:
    from hxtwin.runtime.program_writer import ProgramWriter

OMNIBUS_SETTLING: Final = 2_750
"""Settling of the omnibus on the chip: 22 us, in FPGA cycles of 8 ns."""


def _fast_clock() -> JTAGClockScaler:
    return JTAGClockScaler(value=3)


@attrs.frozen(kw_only=True)
class MinimalChipInit:
    """Reset, JTAG, and a wait; then the omnibus works over JTAG (reference: runtime.md 9.5).

    Attributes:
        jtag_clock_scaler: divider of the JTAG clock.
    """

    jtag_clock_scaler: JTAGClockScaler = attrs.field(factory=_fast_clock)

    def write_to(self, writer: ProgramWriter) -> None:
        """Writes the sequence."""
        write_reset_pulse(writer)
        writer.write(JTAGClockScalerOnDLS(), self.jtag_clock_scaler)
        writer.write(ResetJTAGTapOnDLS(), ResetJTAGTap())
        writer.wait_for(OMNIBUS_SETTLING)
