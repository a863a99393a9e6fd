"""Words that are themselves the payload of one instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.runtime.access.bus import Bus

if TYPE_CHECKING:
    from numpy.typing import NDArray


@attrs.frozen(kw_only=True, eq=False)
class InstructionBus(Bus):
    """One instruction for each word, at the only address 0; an instruction without payload takes the word 0 alone.

    Attributes:
        message: the instruction.
    """

    message: type[ut.ToFPGA]
    word_bits: int = attrs.field(init=False)

    @word_bits.default
    def _payload_bits(self) -> int:
        return self.message.payload_bits

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None = None
    ) -> ut.MessageArray:
        """N instructions."""
        codes = np.full(len(words), self.message.code, dtype=np.uint8)
        return ut.MessageArray(ut.Direction.TO_FPGA, codes, words.astype(np.uint64))
