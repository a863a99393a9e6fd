"""Where a decoder of arrays stands in its stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.comm.errors import UTDecodeError
from hxtwin.comm.ut.decoder import truncated
from hxtwin.comm.ut.dictionaries import dictionary
from hxtwin.comm.ut.direction import HEADER_BITS, Direction
from hxtwin.comm.ut.kernel_tables import refusal

if TYPE_CHECKING:
    from hxtwin.comm.ut.word_array import Words


class StreamPosition:
    """State of a stream from word to word: bits of a message in progress, words taken, and the error that ended it.

    Attributes:
        pending: bits of the message in progress, right-aligned.
        filled: their number: 0, 16, 32, 48 or 64.
        words: number of words taken.
    """

    def __init__(self, direction: Direction) -> None:
        self._direction = direction
        self.reset()

    def reset(self) -> None:
        """Goes back to the start of a stream."""
        self.pending = np.uint64(0)
        self.filled = np.uint64(0)
        self.words = 0
        self._error: UTDecodeError | None = None

    def check_usable(self) -> None:
        """Raises the error that ended the stream, if there was one."""
        if self._error is not None:
            raise UTDecodeError(self._error.word_index, self._error.reason, self._error.word)

    def advance(self, words: int, pending: int | np.uint64, filled: int | np.uint64) -> None:
        """Moves on by a number of words, to the state behind them."""
        self.words += words
        self.pending = np.uint64(pending)
        self.filled = np.uint64(filled)

    def refuse(self, words: Words, index: int, code: int, payload: int) -> UTDecodeError:
        """Ends the stream.

        Args:
            words: words of the call.
            index: index of the offending one.
            code: code of the refused message.
            payload: bits 0..63 of the refused message.

        Returns:
            The error to raise.
        """
        self._error = UTDecodeError(self.words + index, refusal(self._direction, code, payload), int(words[index]))
        return self._error

    def check_complete(self) -> None:
        """Raises UTDecodeError if a message is in progress."""
        bits = int(self.filled)
        if bits:
            message = dictionary(self._direction).of_header(int(self.pending) >> (bits - HEADER_BITS))
            raise UTDecodeError(self.words, truncated(message, bits))
