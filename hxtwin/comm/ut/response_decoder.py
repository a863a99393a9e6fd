"""Words from the FPGA straight to arrays of responses, with FPGA time and chip time.

FPGA time T starts at 0. For every message T := T + 1; then a Systime sets T, a Sysdelta adds to it, every other message
is stamped with T. Without synchronised system time there are no timing messages and T counts messages.
Reference: fpga-instructions.md 5, runtime.md 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.comm.ut.direction import Direction
from hxtwin.comm.ut.from_fpga import (
    FROM_FPGA,
    HighspeedLinkNotification,
    JTAGResponse,
    LoopbackResponse,
    MADCSamplePack1FromFPGA,
    MADCSamplePack3FromFPGA,
    OmnibusResponse,
    SpikePack1FromFPGA,
    SpikePack3FromFPGA,
    TimeoutNotification,
)
from hxtwin.comm.ut.kernel_tables import kernel_tables
from hxtwin.comm.ut.kernels import decode_kernel
from hxtwin.comm.ut.responses import (
    JTAG_DTYPE,
    LINK_NOTIFICATION_DTYPE,
    MADC_SAMPLE_DTYPE,
    OMNIBUS_DTYPE,
    SPIKE_DTYPE,
    TIMEOUT_DTYPE,
    Responses,
)
from hxtwin.comm.ut.stream_position import StreamPosition
from hxtwin.comm.ut.to_fpga import HALT, TICK
from hxtwin.comm.ut.word_array import as_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.comm.ut.word_array import Words, WordsLike

_PACK_SIZES = np.arange(1, 4)


class ResponseDecoder:
    """Streaming decoder of responses: keeps time and a message in progress from call to call.

    However a stream is cut into portions, their responses joined are the same. After an error every call raises the
    same error until `reset`. Memory: the arrays of the result and nothing that grows with the words.
    """

    def __init__(self) -> None:
        self._position = StreamPosition(Direction.FROM_FPGA)
        self._time = np.uint64(0)

    def reset(self) -> None:
        """Goes back to the start of a stream: forgets time, a message in progress, an error and the count of words."""
        self._position.reset()
        self._time = np.uint64(0)

    def begin_run(self) -> None:
        """Sets the FPGA time to 0, as at the begin of every run; a message in progress stays (reference: 1.2, 5)."""
        self._time = np.uint64(0)

    @property
    def words(self) -> int:
        """Number of words taken since the start or the reset."""
        return self._position.words

    @property
    def pending_bits(self) -> int:
        """Number of bits of a message in progress; 0: the stream may end here."""
        return int(self._position.filled)

    @property
    def fpga_time(self) -> int:
        """FPGA time T behind the last message, in FPGA clock cycles of 8 ns."""
        return int(self._time)

    def feed(self, words: WordsLike) -> Responses:
        """Appends words to the stream.

        Args:
            words: ``uint64[n]`` or a sequence of ints.

        Returns:
            The responses completed by these words.

        Raises:
            UTDecodeError: unknown header.
            ArgumentError: ``words`` is no array of words.
        """
        position = self._position
        position.check_usable()
        taken = as_words(words)
        counts = self._count(taken)
        decoded = _allocate(counts)
        pending, filled, time = decode_kernel.fill_responses(
            taken,
            position.pending,
            position.filled,
            self._time,
            kernel_tables(Direction.FROM_FPGA).is_long,
            decoded.jtag,
            decoded.omnibus,
            decoded.ticks,
            decoded.halts,
            decoded.highspeed_link_notifications,
            decoded.timeouts,
            decoded.spikes,
            decoded.madc_samples,
        )
        position.advance(len(taken), pending, filled)
        self._time = np.uint64(time)
        return attrs.evolve(decoded, fpga_time=int(time))

    def end(self) -> None:
        """Declares the stream ended.

        Raises:
            UTDecodeError: a message is in progress.
        """
        self._position.check_complete()

    def _count(self, words: Words) -> NDArray[np.int64]:
        """Number of messages of each code with payload bit 0 clear and set, ``int64[13, 2]``; raises UTDecodeError."""
        tables = kernel_tables(Direction.FROM_FPGA)
        counts = np.zeros((len(FROM_FPGA), 2), dtype=np.int64)
        position = self._position
        done, code, payload = decode_kernel.count_messages(
            words, position.pending, position.filled, tables.is_long, tables.checked, tables.checks, counts
        )
        if done < len(words):
            raise position.refuse(words, done, int(code), int(payload))
        return counts


def _allocate(counts: NDArray[np.int64]) -> Responses:
    """Arrays of exact length for messages that were counted."""
    totals = counts.sum(axis=1)
    loopbacks = counts[LoopbackResponse.code]
    spike_packs = totals[SpikePack1FromFPGA.code : SpikePack3FromFPGA.code + 1]
    sample_packs = totals[MADCSamplePack1FromFPGA.code : MADCSamplePack3FromFPGA.code + 1]
    return Responses(
        jtag=np.empty(totals[JTAGResponse.code], dtype=JTAG_DTYPE),
        omnibus=np.empty(totals[OmnibusResponse.code], dtype=OMNIBUS_DTYPE),
        ticks=np.empty(loopbacks[TICK], dtype=np.uint64),
        halts=np.empty(loopbacks[HALT], dtype=np.uint64),
        highspeed_link_notifications=np.empty(totals[HighspeedLinkNotification.code], dtype=LINK_NOTIFICATION_DTYPE),
        timeouts=np.empty(totals[TimeoutNotification.code], dtype=TIMEOUT_DTYPE),
        spikes=np.empty(spike_packs @ _PACK_SIZES, dtype=SPIKE_DTYPE),
        madc_samples=np.empty(sample_packs @ _PACK_SIZES, dtype=MADC_SAMPLE_DTYPE),
        spike_pack_counts=spike_packs,
        madc_sample_pack_counts=sample_packs,
        messages=int(totals.sum()),
        fpga_time=0,
    )


def decode_responses(words: WordsLike) -> Responses:
    """Decodes the complete response stream of one run.

    Args:
        words: ``uint64[n]`` or a sequence of ints.

    Returns:
        The responses.

    Raises:
        UTDecodeError: unknown header, or an end inside a message.
        ArgumentError: ``words`` is no array of words.
    """
    decoder = ResponseDecoder()
    decoded = decoder.feed(words)
    decoder.end()
    return decoded
