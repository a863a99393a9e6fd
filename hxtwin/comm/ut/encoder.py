"""Messages to words, object by object.

The stream is filled from the most significant bit on; a message starts directly behind the last bit of the one before.
A flush ends a partially filled word with the comma bit 1 and zeros; if nothing is pending it does nothing.
Reference: fpga-instructions.md 1.1. For volume use `hxtwin.comm.ut.encode_array`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm.errors import UTEncodeError
from hxtwin.comm.ut.direction import WORD_BITS, Direction, as_direction
from hxtwin.comm.ut.fields import as_integer
from hxtwin.comm.ut.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hxtwin.comm.ut.word_array import Words


class Encoder:
    """Streaming encoder: keeps the bits of a partially filled word from call to call.

    Args:
        direction: "to_fpga" or "from_fpga".

    Raises:
        ArgumentError: there is no such direction.
    """

    def __init__(self, direction: Direction | str) -> None:
        self.direction: Final = as_direction(direction)
        self._pending = 0
        self._pending_bits = 0

    @property
    def pending_bits(self) -> int:
        """Number of bits that wait for a full word, 0 .. 63; always 0 towards the FPGA."""
        return self._pending_bits

    def feed(self, messages: Iterable[Message]) -> Words:
        """Appends messages to the stream.

        Args:
            messages: messages of the direction of this encoder.

        Returns:
            The words completed so far, ``uint64[n]``.

        Raises:
            UTEncodeError: an object is no message of this direction; nothing of the call has then been taken.
        """
        checked = [self._check(i, message) for i, message in enumerate(messages)]
        words: list[int] = []
        for message in checked:
            self._pending = self._pending << message.message_bits | message.wire
            self._pending_bits += message.message_bits
            while self._pending_bits >= WORD_BITS:
                self._pending_bits -= WORD_BITS
                words.append(self._pending >> self._pending_bits)
                self._pending &= (1 << self._pending_bits) - 1
        return np.array(words, dtype=np.uint64)

    def flush(self) -> Words:
        """Completes a partially filled word: one word, or none if nothing is pending."""
        if self._pending_bits == 0:
            return np.empty(0, dtype=np.uint64)
        unused = WORD_BITS - self._pending_bits
        word = self._pending << unused | 1 << (unused - 1)
        self.reset()
        return np.array([word], dtype=np.uint64)

    def reset(self) -> None:
        """Forgets pending bits."""
        self._pending = self._pending_bits = 0

    def _check(self, index: int, message: object) -> Message:
        if not isinstance(message, Message) or message.direction is not self.direction:
            raise UTEncodeError(f"message {index} is {message!r}, which is no message {self.direction}")
        return message


def encode(messages: Iterable[Message], direction: Direction | str, flush_after: Iterable[int] | None = None) -> Words:
    """Encodes messages to a complete stream of words; the stream is flushed at its end.

    Args:
        messages: messages of one direction.
        direction: "to_fpga" or "from_fpga".
        flush_after: indices of messages behind which the stream is flushed as well, in any order.

    Returns:
        Words, ``uint64[n]``.

    Raises:
        UTEncodeError: an object is no message of this direction, or an index does not exist.
        ArgumentError: there is no such direction.
    """
    encoder = Encoder(direction)
    listed = list(messages)
    words: list[Words] = []
    start = 0
    for last in as_flush_indices(flush_after, len(listed)):
        words.append(encoder.feed(listed[start : last + 1]))
        words.append(encoder.flush())
        start = last + 1
    words.append(encoder.feed(listed[start:]))
    words.append(encoder.flush())
    return np.concatenate(words)


def as_flush_indices(flush_after: Iterable[int] | None, messages: int) -> list[int]:
    """Indices of messages behind which to flush, each once and in order.

    Args:
        flush_after: indices in any order; None: none.
        messages: number of messages.

    Raises:
        UTEncodeError: an index is no integer or does not exist.
    """
    indices = sorted({as_integer("encode", "flush_after", index) for index in flush_after or ()})
    if indices and not 0 <= indices[0] <= indices[-1] < messages:
        wrong = indices[0] if indices[0] < 0 else indices[-1]
        raise UTEncodeError(f"flush_after names message {wrong}, there are {messages} messages (0..{messages - 1})")
    return indices
