"""Which words a program leaves behind on the omnibus: the last write of every byte of every address.

===========  ======================================================================
writes       in the order of execution: address, word, byte enables
memory map   one entry for each address, ascending: word, and the bytes that are set
===========  ======================================================================

Reference: runtime.md 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.containers.codec import ALL_LANES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BYTES: Final = 4
_IS_READ: Final = np.uint64(ut.OmnibusAddress(is_read=1).payload ^ ut.OmnibusAddress().payload)
_LANES_LSB: Final = np.uint64(32)
_WORD_MASK: Final = np.uint64(0xFFFFFFFF)
_OVER_JTAG: Final = ut.omnibus_writes_over_jtag([0], [0])
# payload bits of such a write that are free: the address in the second, the word in the fourth instruction
_FREE: Final = np.array([0, _WORD_MASK, 0, _WORD_MASK, 0, 0], dtype=np.uint64)


@attrs.frozen(eq=False)
class WordWrites:
    """Writes on the omnibus, in order.

    Attributes:
        addresses: ``uint32[n]``.
        words: ``uint32[n]``.
        byte_enables: ``uint8[n]``, bit 0 = data bits 7..0.
    """

    addresses: NDArray[np.uint32]
    words: NDArray[np.uint32]
    byte_enables: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.addresses)

    @classmethod
    def of_program(cls, messages: ut.MessageArray) -> WordWrites:
        """The writes of instructions, over the omnibus itself or over JTAG."""
        payloads = messages.payloads
        direct = messages.is_a(ut.OmnibusAddress) & ((payloads & _IS_READ) == 0)
        direct[:-1] &= messages.is_a(ut.OmnibusData)[1:]
        direct[-1:] = False
        over_jtag = _starts_over_jtag(messages)
        places = np.concatenate([np.flatnonzero(direct), np.flatnonzero(over_jtag)])
        is_direct = np.arange(len(places)) < np.count_nonzero(direct)
        order = np.argsort(places, kind="stable")
        places, is_direct = places[order], is_direct[order]
        return cls(
            (payloads[places + ~is_direct] & _WORD_MASK).astype(np.uint32),
            (payloads[places + np.where(is_direct, 1, 3)] & _WORD_MASK).astype(np.uint32),
            np.where(is_direct, payloads[places] >> _LANES_LSB, ALL_LANES).astype(np.uint8) & np.uint8(ALL_LANES),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[WordWrites]) -> WordWrites:
        """All writes of several sequences, in order."""
        return cls(
            np.concatenate([np.empty(0, np.uint32), *(part.addresses for part in parts)]),
            np.concatenate([np.empty(0, np.uint32), *(part.words for part in parts)]),
            np.concatenate([np.empty(0, np.uint8), *(part.byte_enables for part in parts)]),
        )

    def settled(self) -> MemoryMap:
        """What they leave behind."""
        addresses, places = np.unique(self.addresses, return_inverse=True)
        words = np.zeros(len(addresses), dtype=np.uint32)
        masks = np.zeros(len(addresses), dtype=np.uint32)
        for byte in range(_BYTES):
            lane = np.uint32(0xFF << 8 * byte)
            writes = np.flatnonzero(self.byte_enables >> byte & 1)
            last = np.full(len(addresses), -1, dtype=np.intp)
            last[places[writes]] = writes  # of several writes to one place, the last one stays
            found = last >= 0
            words[found] |= self.words[last[found]] & lane
            masks[found] |= lane
        return MemoryMap(addresses, words, masks)


@attrs.frozen(eq=False)
class MemoryMap:
    """Words by address.

    Attributes:
        addresses: ascending, each once, ``uint32[n]``.
        words: ``uint32[n]``.
        masks: bits of each word that are set, ``uint32[n]``.
    """

    addresses: NDArray[np.uint32]
    words: NDArray[np.uint32]
    masks: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.addresses)

    def applied_to(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32]
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Words at some addresses, with those bytes replaced that the map holds.

        Args:
            addresses: ``uint32[m]``, each once, in any order.
            words: ``uint32[m]``.

        Returns:
            The words, ``uint32[m]``, and the addresses of the map that are none of them.
        """
        order = np.argsort(addresses)
        place = np.searchsorted(addresses, self.addresses, sorter=order)
        place[place == len(addresses)] = 0
        target = order[place] if len(order) else np.zeros(len(self), dtype=np.intp)
        known = np.zeros(len(self), dtype=bool) if not len(order) else addresses[target] == self.addresses
        changed = words.copy()
        where, masks = target[known], self.masks[known]
        changed[where] = (changed[where] & ~masks) | (self.words[known] & masks)
        return changed, self.addresses[~known]


def _starts_over_jtag(messages: ut.MessageArray) -> NDArray[np.bool_]:
    """Mask of the first instructions of writes over JTAG."""
    length = len(_OVER_JTAG)
    starts = np.zeros(len(messages), dtype=bool)
    count = len(messages) - length + 1
    if count < 1:
        return starts
    starts[:count] = True
    for i in range(length):
        part = slice(i, i + count)
        starts[:count] &= messages.codes[part] == _OVER_JTAG.codes[i]
        starts[:count] &= (messages.payloads[part] & ~_FREE[i]) == _OVER_JTAG.payloads[i]
    return starts
