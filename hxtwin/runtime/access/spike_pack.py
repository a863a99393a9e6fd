"""Spike packs to the chip: one instruction for 1, 2 or 3 labels.

A word is a label of 16 bits; each pack of N takes N words in a row, the first one most significant.
Reference: fpga-instructions.md 1.3, containers-b.json ``SpikePack1ToChip`` .. ``SpikePack3ToChip``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.containers import Backend
from hxtwin.runtime.access.bus import Bus
from hxtwin.runtime.access.errors import BusAccessError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL_BITS: Final = 16
"""Bits of a spike label."""


@attrs.frozen(kw_only=True, eq=False)
class SpikePackBus(Bus):
    """Packs of one size.

    Attributes:
        spikes: number of labels of a pack, 1 .. 3.
    """

    spikes: int
    word_bits: int = LABEL_BITS

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None = None
    ) -> ut.MessageArray:
        """One instruction for ``spikes`` words.

        Raises:
            BusAccessError: the number of words is no multiple of that.
        """
        packs, rest = divmod(len(words), self.spikes)
        if rest:
            raise BusAccessError(f"{self.backend}: {len(words)} labels do not fill packs of {self.spikes}")
        return ut.spike_packs_to_fpga(words, np.full(packs, self.spikes))


SPIKE_PACK_BUSES: Final = (
    SpikePackBus(backend=Backend.SPIKE_PACK_1_TO_CHIP, spikes=1),
    SpikePackBus(backend=Backend.SPIKE_PACK_2_TO_CHIP, spikes=2),
    SpikePackBus(backend=Backend.SPIKE_PACK_3_TO_CHIP, spikes=3),
)
"""The buses of this room."""
