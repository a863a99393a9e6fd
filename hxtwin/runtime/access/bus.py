"""A bus: what all ways to travel have in common.

A bus turns n words at n addresses into instructions, n addresses to be read likewise, and the payloads of the responses
back into n words. It declares what it can carry; `hxtwin.runtime.access.expansion` checks every access against that
before the bus sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.runtime.errors import AccessRefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.comm import ut
    from hxtwin.containers import Backend

FULL_WORD_BITS = 32
"""Bits of a word of the omnibus."""


@attrs.frozen(kw_only=True, eq=False)
class Bus:
    """One way to travel. Sub-classes implement `write`, `read` and `words`, as far as they exist.

    Attributes:
        backend: its name.
        size: number of addresses; they are 0 .. size - 1.
        word_bits: number of bits of a word that it carries.
        has_byte_enables: whether a write may leave out bytes of a word.
        response: message that answers a read; None if nothing can be read.
        responses_per_read: number of responses to the read of one address.
        hint: what a user should know who gave a wrong address.
    """

    backend: Backend
    size: int = 1
    word_bits: int = FULL_WORD_BITS
    has_byte_enables: bool = False
    response: type[ut.FromFPGA] | None = None
    responses_per_read: int = 1
    hint: str = ""

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None
    ) -> ut.MessageArray:
        """Instructions that write words.

        Args:
            addresses: ``uint32[n]``, in range.
            words: ``uint32[n]``, in range.
            byte_enables: ``uint8[n]``, 0..15; None: all bytes of all words.

        Raises:
            AccessRefusedError: nothing can be written here.
        """
        raise AccessRefusedError(f"{self.backend} is read-only: {len(words)} words cannot be written over it")

    def read(self, addresses: NDArray[np.uint32]) -> ut.MessageArray:
        """Instructions that read words.

        Args:
            addresses: ``uint32[n]``, in range.

        Raises:
            AccessRefusedError: nothing can be read here.
        """
        raise AccessRefusedError(f"{self.backend} is write-only: {len(addresses)} words cannot be read over it")

    def words(self, addresses: NDArray[np.uint32], payloads: NDArray[np.uint64]) -> NDArray[np.uint32]:
        """Words that were read.

        Args:
            addresses: ``uint32[n]`` as given to `read`.
            payloads: payloads of the responses, ``uint64[n, responses_per_read]``.

        Returns:
            ``uint32[n]``: by default the low 32 bits of the only response.
        """
        return payloads[:, 0].astype(np.uint32)
