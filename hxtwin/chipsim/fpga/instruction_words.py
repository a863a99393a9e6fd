"""Words to instructions: every word that means something, and how many mean nothing.

A word towards the FPGA holds one instruction: header in bits 63..56, payload below. Words with bit 63 set are fillers.
Unknown headers, and JTAG shifts of a length that does not exist, are counted and ignored. Reference:
fpga-instructions.md 1, simulator-decisions.md 40.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm import ut

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEADER_LSB: Final = np.uint64(56)
_PAYLOAD: Final = np.uint64((1 << 56) - 1)
_FILLER: Final = 0x80
_SHIFT_LSB: Final = np.uint64(40)
_SHIFT_MASK: Final = np.uint64(0xFF)
_SHORTEST_SHIFT: Final = 3
_LONGEST_SHIFT: Final = 33


@attrs.frozen(eq=False)
class Instructions:
    """Instructions in the order of their words.

    Attributes:
        codes: ``uint8[n]``.
        payloads: ``uint64[n]``.
        malformed: number of words that were ignored.
    """

    codes: NDArray[np.uint8]
    payloads: NDArray[np.uint64]
    malformed: int

    def __len__(self) -> int:
        return len(self.codes)

    def until(self, end: int) -> Instructions:
        """The instructions before number `end`."""
        return Instructions(self.codes[:end], self.payloads[:end], self.malformed)


def instructions(words: NDArray[np.uint64]) -> Instructions:
    """Instructions in a stream of words, ``uint64[n]``."""
    headers = (words >> _HEADER_LSB).astype(np.uint8)
    payloads = words & _PAYLOAD
    bits = (payloads >> _SHIFT_LSB) & _SHIFT_MASK
    shifts = headers == ut.JTAGData.code
    wrong_shift = shifts & ((bits < _SHORTEST_SHIFT) | (bits > _LONGEST_SHIFT))
    filler = headers >= _FILLER
    good = (headers < len(ut.TO_FPGA)) & ~wrong_shift
    if good.all():
        return Instructions(headers, payloads, 0)
    return Instructions(headers[good], payloads[good], int(np.count_nonzero(~good & ~filler)))
