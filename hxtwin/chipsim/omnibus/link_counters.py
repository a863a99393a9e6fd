"""Counters of the high-speed link that the FPGA shows.

================  ==========================================================================================
counter           counts
================  ==========================================================================================
ARQ write, tx     accesses handed to the link; nothing is ever sent twice
ARQ rx, read      reads that the chip has answered
PHY tx            accesses and labels towards the chip, spread over the PHYs that are up
PHY rx            answers, spikes and samples from the chip, likewise
PHY online        time since it came up or since the counters were cleared
performance test  words of 59 bit at 595 Mbit/s for each PHY, five PHYs at most; none is lost
================  ==========================================================================================

There are no CRC errors and no dropped words. Cleared by a Host-ARQ reset, not by a chip reset. Reference: runtime.md
11, containers-b.md 5, simulator-decisions.md 2-4; that a write counts one word, and the spread, are inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.parameters import Parameters

_WORD: Final = 0xFFFFFFFF
_CYCLES_PER_MS: Final = 125_000


class LinkCounters:
    """Counts of what passes the link. All times are FPGA cycles, all counts 32 bit."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self.clear(0)

    def clear(self, cycle: int) -> None:
        """All counters 0 from a cycle on."""
        self.cleared = cycle
        self._sent = 0
        self._read = 0
        self._answers: list[NDArray[np.int64]] = []
        self._phy_sent = _Spread(self._parameters.phy_count)
        self._phy_received = _Spread(self._parameters.phy_count)
        self._test_since: int | None = None
        self._test_links = 0
        self._test_words = 0

    # --- what passes ----------------------------------------------------------------------------------------------

    def to_chip(self, accesses: int, labels: int, up: tuple[bool, ...]) -> None:
        """Accesses and labels were handed to the link, of whose PHYs some are up."""
        self._sent += accesses
        self._phy_sent.add(accesses + labels, up)

    def answers(self, times: NDArray[np.int64], up: tuple[bool, ...]) -> None:
        """Reads will have been answered by the chip in some cycles."""
        if len(times):
            self._read += len(times)
            self._answers.append(times)
            self._phy_received.add(len(times), up)

    def events(self, count: int, up: tuple[bool, ...]) -> None:
        """Spikes and samples left the chip."""
        self._phy_received.add(count, up)

    # --- what is shown --------------------------------------------------------------------------------------------

    def arq(self, cycle: int) -> tuple[int, int, int, int]:
        """Words written, transmitted, received, read; up to a cycle."""
        pending = np.concatenate(self._answers) if self._answers else np.empty(0, dtype=np.int64)
        pending = pending[pending > cycle]
        self._answers = [pending]
        read = self._read - len(pending)
        return self._sent & _WORD, self._sent & _WORD, read & _WORD, read & _WORD

    def phy(self, phy: int) -> tuple[int, int]:
        """Words sent and received over a PHY."""
        return int(self._phy_sent.counts[phy]) & _WORD, int(self._phy_received.counts[phy]) & _WORD

    # --- performance test -----------------------------------------------------------------------------------------

    def run_test(self, cycle: int, links: int, *, running: bool) -> None:
        """Starts, with all counts 0, or stops the performance test over some PHYs."""
        if running and self._test_since is None:
            self._test_since, self._test_links, self._test_words = cycle, links, 0
        elif not running and self._test_since is not None:
            self._test_words = self._words_since(cycle)
            self._test_since = None

    def test(self, cycle: int) -> tuple[int, int, int, int]:
        """Words sent, received, received in order, and the first wrong word, which there is none of."""
        sent = self._test_words if self._test_since is None else self._words_since(cycle)
        on_the_way = self._parameters.systime_round_trip if self._test_since is not None else 0
        received = sent if self._test_since is None else self._words_since(max(cycle - on_the_way, self._test_since))
        return sent & _WORD, received & _WORD, received & _WORD, 0

    def _words_since(self, cycle: int) -> int:
        assert self._test_since is not None
        parameters = self._parameters
        bits_per_ms = min(self._test_links, parameters.test_links) * parameters.test_bits_per_ms
        return (cycle - self._test_since) * bits_per_ms // (parameters.test_word_bits * _CYCLES_PER_MS)


class _Spread:
    """Words that take turns on the PHYs that are up.

    Attributes:
        counts: words over each PHY, ``int64[n]``.
    """

    def __init__(self, phys: int) -> None:
        self.counts = np.zeros(phys, dtype=np.int64)
        self._total = 0

    def add(self, words: int, up: tuple[bool, ...]) -> None:
        places = np.flatnonzero(up)
        if words and len(places):
            self.counts[places] += words // len(places)
            turns = (self._total + np.arange(words % len(places))) % len(places)
            self.counts[places[turns]] += 1
            self._total += words
