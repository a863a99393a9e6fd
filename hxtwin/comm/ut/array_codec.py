"""Messages to words and back, as arrays: `encode_array`, `decode_array` and their streaming forms.

The rules are those of `hxtwin.comm.ut.encoder` and `hxtwin.comm.ut.decoder`; the work is done by compiled kernels.
Reference: fpga-instructions.md 1.1 and 1.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm.errors import UTEncodeError
from hxtwin.comm.ut.columns import LOW_BITS
from hxtwin.comm.ut.direction import WORD_BITS, Direction, as_direction
from hxtwin.comm.ut.encoder import as_flush_indices
from hxtwin.comm.ut.kernel_tables import kernel_tables, refusal
from hxtwin.comm.ut.kernels import decode_kernel, encode_kernel
from hxtwin.comm.ut.message_array import MessageArray
from hxtwin.comm.ut.stream_position import StreamPosition
from hxtwin.comm.ut.word_array import as_words, kernel_input

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hxtwin.comm.ut.word_array import Words, WordsLike


class ArrayEncoder:
    """Streaming encoder of message arrays: keeps the bits of a partially filled word from call to call.

    Args:
        direction: "to_fpga" or "from_fpga".

    Raises:
        ArgumentError: there is no such direction.
    """

    def __init__(self, direction: Direction | str) -> None:
        self.direction: Final = as_direction(direction)
        self.reset()

    def reset(self) -> None:
        """Forgets pending bits."""
        self._pending = np.uint64(0)
        self._filled = np.uint64(0)

    @property
    def pending_bits(self) -> int:
        """Number of bits that wait for a full word: 0, 16, 32 or 48; always 0 towards the FPGA."""
        return int(self._filled)

    def feed(self, messages: MessageArray, flush_after: Iterable[int] | None = None) -> Words:
        """Appends messages to the stream.

        Args:
            messages: messages of the direction of this encoder.
            flush_after: indices of messages behind which the stream is flushed, in any order.

        Returns:
            The words completed so far, ``uint64[n]``.

        Raises:
            UTEncodeError: another direction; a code that is in no dictionary; a payload with bits that belong to no
                field or a checked field out of range; an index that does not exist. Nothing has then been taken.
        """
        if messages.direction is not self.direction:
            raise UTEncodeError(f"messages {messages.direction} cannot be sent {self.direction}")
        flushes = np.array(as_flush_indices(flush_after, len(messages)), dtype=np.int64)
        long_messages = self.direction is Direction.FROM_FPGA
        room = len(messages) + (len(messages) // 4 + 1 + len(flushes) if long_messages else 0)
        words = np.empty(room, dtype=np.uint64)
        tables = kernel_tables(self.direction)
        highs = messages.payloads_high if long_messages else _NO_HIGHS
        taken, n, pending, filled = encode_kernel.encode_messages(
            kernel_input(messages.codes),
            kernel_input(messages.payloads),
            kernel_input(highs),
            flushes,
            self._pending,
            self._filled,
            *tables,
            words,
        )
        if taken < len(messages):
            payload = int(messages.payloads_high[taken]) << LOW_BITS | int(messages.payloads[taken])
            raise UTEncodeError(f"message {taken}: {refusal(self.direction, int(messages.codes[taken]), payload)}")
        self._pending, self._filled = np.uint64(pending), np.uint64(filled)
        return words[:n]

    def flush(self) -> Words:
        """Completes a partially filled word: one word, or none if nothing is pending."""
        if not self._filled:
            return np.empty(0, dtype=np.uint64)
        unused = WORD_BITS - int(self._filled)
        word = int(self._pending) << unused | 1 << (unused - 1)
        self.reset()
        return np.array([word], dtype=np.uint64)


class ArrayDecoder:
    """Streaming decoder to message arrays: keeps a message in progress from call to call.

    After an error every call raises the same error until `reset`.

    Args:
        direction: "to_fpga" or "from_fpga".

    Raises:
        ArgumentError: there is no such direction.
    """

    def __init__(self, direction: Direction | str) -> None:
        self.direction: Final = as_direction(direction)
        self._position = StreamPosition(self.direction)

    def reset(self) -> None:
        """Forgets a message in progress, an error and the count of words."""
        self._position.reset()

    @property
    def words(self) -> int:
        """Number of words taken since the start or the reset."""
        return self._position.words

    @property
    def pending_bits(self) -> int:
        """Number of bits of a message in progress; 0: the stream may end here."""
        return int(self._position.filled)

    def feed(self, words: WordsLike) -> MessageArray:
        """Appends words to the stream.

        Args:
            words: ``uint64[n]`` or a sequence of ints.

        Returns:
            The messages completed by these words, in order.

        Raises:
            UTDecodeError: unknown header, or a field outside a range that is checked on reception.
            ArgumentError: ``words`` is no array of words.
        """
        position = self._position
        position.check_usable()
        taken = as_words(words)
        codes = np.empty(len(taken), dtype=np.uint8)
        lows = np.empty(len(taken), dtype=np.uint64)
        highs = np.empty(len(taken), dtype=np.uint8) if self.direction is Direction.FROM_FPGA else _NO_HIGHS
        done, n, pending, filled, code, payload = decode_kernel.decode_messages(
            taken, position.pending, position.filled, *kernel_tables(self.direction), codes, lows, highs
        )
        if done < len(taken):
            raise position.refuse(taken, done, int(code), int(payload))
        position.advance(done, pending, filled)
        return MessageArray(self.direction, codes[:n], lows[:n], highs[:n] if len(highs) else None)

    def end(self) -> None:
        """Declares the stream ended.

        Raises:
            UTDecodeError: a message is in progress.
        """
        self._position.check_complete()


def encode_array(messages: MessageArray, flush_after: Iterable[int] | None = None) -> Words:
    """Encodes messages to a complete stream of words; the stream is flushed at its end.

    Args:
        messages: messages of one direction.
        flush_after: indices of messages behind which the stream is flushed as well, in any order.

    Returns:
        Words, ``uint64[n]``; towards the FPGA one for each message.

    Raises:
        UTEncodeError: a code that is in no dictionary, a payload with bits that belong to no field or a checked field
            out of range, or an index that does not exist.
    """
    encoder = ArrayEncoder(messages.direction)
    words = encoder.feed(messages, flush_after)
    rest = encoder.flush()
    return np.concatenate([words, rest]) if len(rest) else words


def decode_array(words: WordsLike, direction: Direction | str) -> MessageArray:
    """Decodes a complete stream of words.

    Args:
        words: ``uint64[n]`` or a sequence of ints.
        direction: "to_fpga" or "from_fpga".

    Returns:
        The messages, in order.

    Raises:
        UTDecodeError: unknown header, a field outside a range that is checked on reception, or an end inside a message.
        ArgumentError: ``words`` is no array of words, or there is no such direction.
    """
    decoder = ArrayDecoder(direction)
    messages = decoder.feed(words)
    decoder.end()
    return messages


_NO_HIGHS: Final = np.empty(0, dtype=np.uint8)
