"""JTAG: omnibus of the chip, registers of PLLs and links, identification, clock, reset of the state machine.

================================  =================================================================================
access                            instructions
================================  =================================================================================
omnibus write                     JTAGIns(5), JTAGData(address, 33), JTAGIns(6), JTAGData(word, 32), JTAGIns(7),
                                  JTAGData(0, 3)
omnibus read                      JTAGIns(5), JTAGData(address + 2**32, 33), JTAGIns(7), JTAGData(0, 3), JTAGIns(6),
                                  JTAGData(0, 32, keep_response=1)
PLL register r (0..7), write      JTAGIns(3), JTAGData(r, 4), JTAGIns(4), JTAGData(word, 32)
PHY register i (0..7), write      JTAGIns(0x44 + 8 i), JTAGData(word, 22)
identification, read              JTAGIns(1), JTAGData(0, 32, keep_response=1)
clock divider, write              JTAGScaler(word), 8 bits
state machine reset, write        JTAGInit
================================  =================================================================================

``JTAGData(data, number of bits)``. Every read is answered by one JTAGResponse, whose low 32 bits are the word.
Reference: fpga-instructions.md 3, fpga-instructions.json ``fisch_containers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.containers import Backend
from hxtwin.runtime.access.bus import FULL_WORD_BITS, Bus
from hxtwin.runtime.access.instruction import InstructionBus

if TYPE_CHECKING:
    from numpy.typing import NDArray

IDCODE: Final = 1
"""JTAG instruction that selects the identification."""
PLL_TARGET_REGISTER: Final = 3
"""JTAG instruction that selects the number of a PLL register."""
SHIFT_PLL: Final = 4
"""JTAG instruction that selects the PLL register itself."""
PHY_REGISTER: Final = 0x44
"""JTAG instruction that selects PHY register 0; the next ones follow at `PHY_STEP`."""
PHY_STEP: Final = 8
"""Distance of the JTAG instructions of two PHY registers."""
PLL_NUMBER_BITS: Final = 4
"""Bits of the number of a PLL register on chips of revision 3."""
PHY_REGISTER_BITS: Final = 22
"""Bits of a PHY register."""


@attrs.frozen(kw_only=True, eq=False)
class OmnibusOverJTAG(Bus):
    """Whole words of the chip; the addresses are those of the omnibus."""

    size: int = 1 << 31
    response: type[ut.FromFPGA] | None = ut.JTAGResponse
    hint: str = "JTAG reaches the chip alone, whose addresses have bit 31 = 0"

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None = None
    ) -> ut.MessageArray:
        """6 n instructions."""
        return ut.omnibus_writes_over_jtag(addresses, words)

    def read(self, addresses: NDArray[np.uint32]) -> ut.MessageArray:
        """6 n instructions."""
        return ut.omnibus_reads_over_jtag(addresses)


@attrs.frozen(kw_only=True, eq=False)
class PLLRegisters(Bus):
    """The registers of the PLLs; not the copies of them that the omnibus shows."""

    size: int = 8

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None = None
    ) -> ut.MessageArray:
        """4 n instructions."""
        return ut.MessageArray.interleave(
            ut.MessageArray.of(ut.JTAGIns, value=PLL_TARGET_REGISTER),
            ut.MessageArray.of(ut.JTAGData, payload=addresses, num_bits=PLL_NUMBER_BITS),
            ut.MessageArray.of(ut.JTAGIns, value=SHIFT_PLL),
            ut.MessageArray.of(ut.JTAGData, payload=words, num_bits=FULL_WORD_BITS),
        )


@attrs.frozen(kw_only=True, eq=False)
class PHYRegisters(Bus):
    """The registers of the links on the chip."""

    size: int = 8
    word_bits: int = PHY_REGISTER_BITS

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None = None
    ) -> ut.MessageArray:
        """2 n instructions."""
        return ut.MessageArray.interleave(
            ut.MessageArray.of(ut.JTAGIns, value=PHY_REGISTER + PHY_STEP * addresses),
            ut.MessageArray.of(ut.JTAGData, payload=words, num_bits=PHY_REGISTER_BITS),
        )


@attrs.frozen(kw_only=True, eq=False)
class IdCode(Bus):
    """The identification of the chip."""

    response: type[ut.FromFPGA] | None = ut.JTAGResponse

    def read(self, addresses: NDArray[np.uint32]) -> ut.MessageArray:
        """2 n instructions."""
        select = np.full(len(addresses), IDCODE)
        return ut.MessageArray.interleave(
            ut.MessageArray.of(ut.JTAGIns, value=select),
            ut.MessageArray.of(ut.JTAGData, payload=0, num_bits=FULL_WORD_BITS, keep_response=1),
        )


JTAG_BUSES: Final = (
    OmnibusOverJTAG(backend=Backend.OMNIBUS_CHIP_OVER_JTAG),
    PLLRegisters(backend=Backend.JTAG_PLL_REGISTER),
    PHYRegisters(backend=Backend.JTAG_PHY_REGISTER),
    IdCode(backend=Backend.JTAG_ID_CODE),
    InstructionBus(backend=Backend.JTAG_CLOCK_SCALER, message=ut.JTAGScaler),
    InstructionBus(backend=Backend.RESET_JTAG_TAP, message=ut.JTAGInit),
)
"""The buses of this room."""
