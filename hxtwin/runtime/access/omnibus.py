"""The omnibus of chip and FPGA.

======  ========================================================================
access  instructions
======  ========================================================================
write   OmnibusAddress(address, byte_enables), OmnibusData(word)
read    OmnibusAddress(address, is_read=1), answered by one OmnibusResponse
======  ========================================================================

Address bit 31: 0 chip, 1 FPGA. Both backends take either: the chip object holds a memory that lies on the FPGA.
Reference: fpga-instructions.md 2 and 4, fpga-instructions.json ``fisch_containers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.containers import Backend
from hxtwin.runtime.access.bus import Bus

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Places of fields in a payload, taken from the message itself; sums of them are payloads.
_NO_BYTES: Final = np.uint64(ut.OmnibusAddress(address=0, byte_enables=0).payload)
_ALL_BYTES: Final = np.uint64(ut.OmnibusAddress(address=0).payload)
_ONE_BYTE: Final = np.uint64(ut.OmnibusAddress(address=0, byte_enables=1).payload)


@attrs.frozen(kw_only=True, eq=False)
class Omnibus(Bus):
    """Words over the omnibus; the path of whole chips, hence one pass over the arrays and no temporary ones."""

    size: int = 1 << 32
    has_byte_enables: bool = True
    response: type[ut.FromFPGA] | None = ut.OmnibusResponse

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None = None
    ) -> ut.MessageArray:
        """2 n instructions."""
        n = len(addresses)
        codes = np.empty((n, 2), dtype=np.uint8)
        codes[:] = ut.OmnibusAddress.code, ut.OmnibusData.code
        payloads = np.empty((n, 2), dtype=np.uint64)
        payloads[:, 1] = words
        payloads[:, 0] = addresses
        if byte_enables is None:
            payloads[:, 0] |= _ALL_BYTES
        else:
            payloads[:, 0] |= byte_enables * _ONE_BYTE | _NO_BYTES
        return ut.MessageArray(ut.Direction.TO_FPGA, codes.reshape(-1), payloads.reshape(-1))

    def read(self, addresses: NDArray[np.uint32]) -> ut.MessageArray:
        """N instructions."""
        return ut.omnibus_reads(addresses)


CHIP: Final = Omnibus(backend=Backend.OMNIBUS_CHIP)
"""Registers and memories of the chip."""
FPGA: Final = Omnibus(backend=Backend.OMNIBUS_FPGA)
"""Registers and memories of the FPGA."""
OMNIBUS_BUSES: Final = (CHIP, FPGA)
"""The buses of this room."""
