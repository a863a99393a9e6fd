"""The stream from the FPGA: answers and events in order of time, packed, annotated, encoded.

==================  ======================================================================================
annotation          messages are stamped once the system time has been synchronised (rule 25)
host clock          0 at the begin of each program
halt                never stamped; the word that holds it is completed (rule 44)
==================  ======================================================================================

Reference: fpga-instructions.md 1 and 5, runtime.md 6, simulator-decisions.md 23-25, 44.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.chipsim.fpga.event_queue import EventQueue
from hxtwin.chipsim.fpga.response_kernel import DISCARDED, schedule
from hxtwin.chipsim.parameters import CHIP_CYCLES
from hxtwin.comm import ut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.registers.register_file import Reads

TIME_MASK: Final = (1 << 43) - 1
"""Times in the stream have 43 bits."""
_KNOWN: Final = np.int64(-1)
_CHANNEL_LSB: Final = 10


@attrs.frozen(eq=False)
class Answers:
    """Answers that wait for their time.

    Attributes:
        times: FPGA cycle from which the answer waits, ``int64[n]``.
        codes: code of the message, ``uint8[n]``.
        words: payload, ``uint64[n]``.
        numbers: number of the read whose word has not come from the chip yet, else -1; ``int64[n]``.
    """

    times: NDArray[np.int64]
    codes: NDArray[np.uint8]
    words: NDArray[np.uint64]
    numbers: NDArray[np.int64]


class ResponseStream:
    """Collects what the FPGA says and turns it into words. Times are FPGA cycles unless named otherwise."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._encoder = ut.ArrayEncoder("from_fpga")
        self._zero = 0
        self._annotated = False
        self._host_time = 0
        self._free = 0
        self._words: list[NDArray[np.uint64]] = []
        self._spikes = EventQueue()
        self._samples = EventQueue()
        self._clear()

    def _clear(self) -> None:
        self._times = np.empty(0, dtype=np.int64)
        self._codes = np.empty(0, dtype=np.uint8)
        self._payloads = np.empty(0, dtype=np.uint64)
        self._numbers = np.empty(0, dtype=np.int64)
        self._spikes.clear()
        self._samples.clear()

    def reset(self) -> None:
        """Forgets everything; no annotation."""
        self._encoder.reset()
        self._annotated = False
        self._host_time = 0
        self._words = []
        self._clear()

    # --- system time ----------------------------------------------------------------------------------------------

    def systime(self, cycle: int) -> int:
        """System time in a cycle, 0 as long as it was never synchronised."""
        return (cycle - self._zero) & TIME_MASK if self._annotated else 0

    def synchronise(self, cycle: int, base: int) -> None:
        """The system time is `base` in this cycle; messages are stamped from now on."""
        self._zero = cycle - base
        self._annotated = True

    # --- what comes in --------------------------------------------------------------------------------------------

    def take_answers(self, answers: Answers) -> None:
        """Answers of the executor; those of the omnibus are in order."""
        if len(answers.times):
            self._times = np.concatenate([self._times, answers.times])
            self._codes = np.concatenate([self._codes, answers.codes])
            self._payloads = np.concatenate([self._payloads, answers.words])
            self._numbers = np.concatenate([self._numbers, answers.numbers])

    def answer(self, time: int, message: type[ut.FromFPGA], payload: int) -> None:
        """One answer."""
        self.take_answers(
            Answers(
                np.array([time], np.int64),
                np.array([message.code], np.uint8),
                np.array([payload], np.uint64),
                np.full(1, _KNOWN),
            )
        )

    def fill(self, reads: Reads) -> None:
        """Words that the chip gave for some reads."""
        if len(reads):
            waiting = np.flatnonzero(self._numbers >= 0)  # in the order of their numbers: one queue for all reads
            places = waiting[np.searchsorted(self._numbers[waiting], reads.numbers)]
            self._payloads[places] = reads.words
            self._numbers[places] = _KNOWN

    def take_spikes(self, rows: NDArray[np.int64]) -> None:
        """Spikes under way: chip cycle, FPGA cycle of arrival, label; ``int64[n, 3]``."""
        self._spikes.take(rows)

    def take_madc_samples(
        self, cycles: NDArray[np.int64], values: NDArray[np.uint16], channels: NDArray[np.uint8]
    ) -> None:
        """Samples of the membrane ADC under way, which take the time of a spike from the crossbar to the FPGA.

        Args:
            cycles: chip cycle of each sample, ascending, not below those of earlier calls, ``int64[n]``.
            values: 10 bits, ``uint16[n]``.
            channels: channel bit, ``uint8[n]``.
        """
        arrivals = (cycles + self._parameters.crossbar_to_link) // CHIP_CYCLES
        words = values.astype(np.int64) | channels.astype(np.int64) << _CHANNEL_LSB
        self._samples.take(np.stack([cycles, arrivals, words], axis=1))

    @property
    def spikes_in_flight(self) -> bool:
        """Whether spikes or samples are on their way from the chip."""
        return self._spikes.in_flight or self._samples.in_flight

    def arrive(self, until: int, *, recorded: bool) -> NDArray[np.int64]:
        """Spikes that reach the FPGA up to a cycle, ``int64[n, 3]``; they and samples are sent only if `recorded`."""
        self._samples.arrive(until, recorded=recorded)
        return self._spikes.arrive(until, recorded=recorded)

    def lose_spikes(self) -> None:
        """The link went down: spikes and samples under way are lost."""
        self._spikes.lose()
        self._samples.lose()

    def cancel_answers(self, after: int) -> None:
        """Answers of the omnibus later than a cycle are not sent."""
        late = (self._times > after) & (self._codes == ut.OmnibusResponse.code)
        self._codes[late] = DISCARDED

    # --- what goes out --------------------------------------------------------------------------------------------

    def emit(self, until: int) -> None:
        """Sends what can be sent in the cycles up to and including `until`."""
        due = self._times <= until
        if due.all():
            order = np.argsort(self._times, kind="stable")
        else:
            order = np.flatnonzero(due)[np.argsort(self._times[due], kind="stable")]
        self._free = self._send(until, order)

    def end_program(self, cycle: int) -> int:
        """Sends all that waits, then the halt; returns the cycle of the last message or of the halt."""
        self._free = self._send(cycle, np.argsort(self._times, kind="stable"), drain=True)
        halt = ut.MessageArray.from_messages([ut.LoopbackResponse(ut.HALT)], "from_fpga")
        self._words.append(self._encoder.feed(halt, [0]))
        self._host_time = 0
        return max(cycle, self._free)

    def take_words(self) -> NDArray[np.uint64]:
        """Words completed since the last call, ``uint64[n]``."""
        words, self._words = self._words, []
        return np.concatenate(words) if words else np.empty(0, dtype=np.uint64)

    def _send(self, until: int, order: NDArray[np.intp], *, drain: bool = False) -> int:
        """Schedules and encodes; `drain`: everything that has arrived, however long that takes."""
        n = len(order) + len(self._spikes) + len(self._samples)
        if not n:
            return self._free
        cycles, codes = np.empty(n, np.int64), np.empty(n, np.uint8)
        lows, highs = np.empty(n, np.uint64), np.empty(n, np.uint8)
        taken, spikes_taken, samples_taken, written, free = schedule(
            until + (n if drain else 0),
            self._free,
            self._parameters.event_urgency,
            self._times[order],
            self._codes[order],
            self._payloads[order],
            *self._spikes.elements(self._zero),
            *self._samples.elements(self._zero),
            ut.SpikePack1FromFPGA.code,
            ut.MADCSamplePack1FromFPGA.code,
            cycles,
            codes,
            lows,
            highs,
        )
        messages = ut.MessageArray("from_fpga", codes[:written], lows[:written], highs[:written])
        if self._annotated:
            times = (cycles[:written] - self._zero) & TIME_MASK
            messages, self._host_time = ut.annotate(messages, times, self._host_time)
        self._words.append(self._encoder.feed(messages))
        kept = np.ones(len(self._times), dtype=np.bool_)
        kept[order[:taken]] = False
        self._times, self._codes = self._times[kept], self._codes[kept]
        self._payloads, self._numbers = self._payloads[kept], self._numbers[kept]
        self._spikes.sent(spikes_taken)
        self._samples.sent(samples_taken)
        return int(free)
