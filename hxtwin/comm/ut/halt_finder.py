"""Where a program ends in the words from the FPGA, without decoding them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.comm.ut.direction import Direction
from hxtwin.comm.ut.from_fpga import LoopbackResponse
from hxtwin.comm.ut.kernel_tables import kernel_tables
from hxtwin.comm.ut.kernels import decode_kernel
from hxtwin.comm.ut.stream_position import StreamPosition
from hxtwin.comm.ut.word_array import as_words

if TYPE_CHECKING:
    from hxtwin.comm.ut.word_array import WordsLike


class HaltFinder:
    """Streaming search for halts: loopback responses of value 0, one at the end of every program.

    After an error every call raises the same error until `reset`.
    """

    def __init__(self) -> None:
        self._position = StreamPosition(Direction.FROM_FPGA)

    def reset(self) -> None:
        """Goes back to the start of a stream."""
        self._position.reset()

    @property
    def words(self) -> int:
        """Number of words taken since the start or the reset."""
        return self._position.words

    def feed(self, words: WordsLike) -> int | None:
        """Takes words up to the next halt.

        Args:
            words: ``uint64[n]`` or a sequence of ints.

        Returns:
            Number of words taken, the one that completes the halt included: the rest belongs to what follows and may be
            fed next. None: no halt, all words were taken.

        Raises:
            UTDecodeError: unknown header.
            ArgumentError: ``words`` is no array of words.
        """
        position = self._position
        position.check_usable()
        taken = as_words(words)
        event, done, pending, filled, code = decode_kernel.find_halt(
            taken,
            position.pending,
            position.filled,
            kernel_tables(Direction.FROM_FPGA).is_long,
            np.uint64(LoopbackResponse.code),
        )
        if event == decode_kernel.BAD_HEADER:
            raise position.refuse(taken, done, int(code), 0)
        position.advance(done, pending, filled)
        return done if event == decode_kernel.MESSAGE else None
