"""From instructions back to the words that were written: the expansions of accesses, inverted.

Every bit of a word stands unchanged somewhere in the payloads of its instructions; words of one bit tell where. The
result is expanded again and compared, so that a wrong word is never returned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.containers import Backend
from hxtwin.runtime import access
from hxtwin.runtime.errors import ConversionError
from hxtwin.runtime.memory_map import WordWrites

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.comm import ut

_OMNIBUS: Final = frozenset({Backend.OMNIBUS_CHIP, Backend.OMNIBUS_FPGA, Backend.OMNIBUS_CHIP_OVER_JTAG})
_WORD_BITS: Final = 32


def recover_words(
    backend: Backend,
    addresses: NDArray[np.uint32],
    messages: ut.MessageArray,
    byte_enables: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint32]:
    """The words of a write.

    Args:
        backend: way of travel.
        addresses: addresses of the words, ``uint32[n]``.
        messages: all instructions of the write.
        byte_enables: byte lanes of the words, ``uint8[n]``; all by default.

    Returns:
        ``uint32[n]``.

    Raises:
        ConversionError: the instructions are not a write of these addresses.
    """
    words = np.zeros(len(addresses), dtype=np.uint32)
    if backend in _OMNIBUS:
        written = WordWrites.of_program(messages)
        if np.array_equal(written.addresses, addresses):
            words, byte_enables = written.words, written.byte_enables
    elif len(access.write_messages(backend, addresses, words)) == len(messages):
        words = _by_single_bits(backend, addresses, messages)
    if access.write_messages(backend, addresses, words, byte_enables) != messages:
        raise ConversionError(
            f"{len(messages)} instructions are no write of all {len(addresses)} words over {backend}; a differential "
            "write cannot be taken apart"
        )
    return words


def _by_single_bits(backend: Backend, addresses: NDArray[np.uint32], messages: ut.MessageArray) -> NDArray[np.uint32]:
    zero = np.zeros(len(addresses), dtype=np.uint32)
    background = access.write_messages(backend, addresses, zero).payloads
    words = zero.copy()
    for i in range(len(addresses)):
        for bit in range(_WORD_BITS):
            probe = zero.copy()
            probe[i] = 1 << bit
            try:
                carried = access.write_messages(backend, addresses, probe).payloads ^ background
            except access.BusAccessError:
                break  # the words of this bus are narrower
            if (messages.payloads & carried).any():
                words[i] |= np.uint32(1 << bit)
    return words
