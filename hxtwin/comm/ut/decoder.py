"""Words to messages, object by object.

============================  ==================================================================================
state                         next word
============================  ==================================================================================
no message in progress        a word with bit 63 set is a filler and dropped; else its top 8 bits are a header
message in progress           its bits are appended; bit 63 means nothing
message complete              if the next bit is 1 (comma), the rest of the word is dropped; else a header follows
============================  ==================================================================================

Reference: fpga-instructions.md 1.2. For volume use `hxtwin.comm.ut.decode_array` and `hxtwin.comm.ut.ResponseDecoder`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hxtwin.comm.errors import UTDecodeError, UTEncodeError
from hxtwin.comm.ut.dictionaries import dictionary
from hxtwin.comm.ut.direction import HEADER_BITS, WORD_BITS, Direction, as_direction
from hxtwin.comm.ut.word_array import as_words

if TYPE_CHECKING:
    from hxtwin.comm.ut.message import Message
    from hxtwin.comm.ut.word_array import WordsLike


class Decoder:
    """Streaming decoder: keeps a message in progress from call to call, so words may be fed in any portions.

    After an error every call raises the same error until `reset`.

    Args:
        direction: "to_fpga" or "from_fpga".

    Raises:
        ArgumentError: there is no such direction.
    """

    def __init__(self, direction: Direction | str) -> None:
        self.direction: Final = as_direction(direction)
        self._dictionary = dictionary(self.direction)
        self.reset()

    def reset(self) -> None:
        """Forgets a message in progress, an error and the count of words."""
        self._buffer = 0
        self._bits = 0
        self._message: type[Message] | None = None
        self._words = 0
        self._error: UTDecodeError | None = None

    @property
    def words(self) -> int:
        """Number of words taken since the start or the reset."""
        return self._words

    @property
    def pending_bits(self) -> int:
        """Number of bits of a message in progress; 0: the stream may end here."""
        return self._bits

    def feed(self, words: WordsLike) -> list[Message]:
        """Appends words to the stream.

        Args:
            words: ``uint64[n]`` or a sequence of ints.

        Returns:
            The messages completed by these words, in order.

        Raises:
            UTDecodeError: unknown header, or a field outside a range that is checked on reception.
            ArgumentError: ``words`` is no array of words.
        """
        if self._error is not None:
            raise UTDecodeError(self._error.word_index, self._error.reason, self._error.word)
        messages: list[Message] = []
        for word in as_words(words).tolist():
            try:
                self._take(word, messages)
            except UTEncodeError as refused:
                self._error = UTDecodeError(self._words, str(refused), word)
                raise self._error from None
            self._words += 1
        return messages

    def end(self) -> None:
        """Declares the stream ended.

        Raises:
            UTDecodeError: a message is in progress.
        """
        if self._message is not None:
            raise UTDecodeError(self._words, truncated(self._message, self._bits))

    def _take(self, word: int, messages: list[Message]) -> None:
        if self._bits == 0 and word >> (WORD_BITS - 1):
            return
        self._buffer = self._buffer << WORD_BITS | word
        self._bits += WORD_BITS
        while self._bits >= HEADER_BITS:
            if self._message is None:
                self._message = self._dictionary.of_header(self._buffer >> (self._bits - HEADER_BITS))
            if self._bits < self._message.message_bits:
                return
            self._complete(self._message, messages)

    def _complete(self, message: type[Message], messages: list[Message]) -> None:
        rest = self._bits - message.message_bits
        payload = (self._buffer >> rest) & ((1 << message.payload_bits) - 1)
        messages.append(message.from_payload(payload))
        self._message = None
        comma = rest > 0 and self._buffer >> (rest - 1) & 1
        self._bits = rest - rest % WORD_BITS if comma else rest
        self._buffer &= (1 << self._bits) - 1


def decode(words: WordsLike, direction: Direction | str) -> list[Message]:
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
    decoder = Decoder(direction)
    messages = decoder.feed(words)
    decoder.end()
    return messages


def truncated(message: type[Message], bits: int) -> str:
    """Reason why a stream cannot end with ``bits`` bits of ``message``."""
    return (
        f"the stream ends inside a {message.__name__}: {bits} of {message.message_bits} bits are there; "
        f"a streaming decoder takes streams in portions"
    )
