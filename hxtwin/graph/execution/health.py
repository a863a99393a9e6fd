"""Health of a run: what the counters of links and crossbar say was lost.

=======================  ==========================================================  =======
counter                  meaning                                                     bits
=======================  ==========================================================  =======
crossbar input drops     events lost in front of a node of the crossbar              16
crossbar output events   events that left; the L2 outputs lead to the FPGA           24
PHY errors, drops        words of a link that were damaged or thrown away            32
ARQ words                words of the reliable channel between FPGA and chip         32
=======================  ==========================================================  =======

Counters are read in front of and behind the batch entries of a program; differences wrap with the counters.
Reference: execution.md 9, containers-b.md 2.3. Events that left an L2 output and are not in the record are lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import coord
from hxtwin.containers import CrossbarInputDropCounter, CrossbarOutputEventCounter, HicannARQStatus, PhyStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime import PlaybackProgramBuilder

_PHYS: Final = np.arange(coord.PhyStatusOnFPGA.size)
_INPUTS: Final = np.arange(coord.CrossbarInputOnDLS.size)
_OUTPUTS: Final = np.arange(coord.CrossbarOutputOnDLS.size)
_FIRST_L2_OUTPUT: Final = coord.CrossbarOutputOnDLS.size - coord.CrossbarL2OutputOnDLS.size
_COUNTERS: Final = (  # container, places, bits of its words
    (CrossbarInputDropCounter, _INPUTS, 16),
    (CrossbarOutputEventCounter, _OUTPUTS, 24),
    (PhyStatus, _PHYS, 32),
    (HicannARQStatus, np.zeros(1, dtype=np.int64), 32),
)
_PARTS: Final = [
    counter.addresses_of(places, read=True).astype(np.uint32).reshape(-1) for counter, places, _ in _COUNTERS
]
_ADDRESSES: Final = np.concatenate(_PARTS)
_RANGES: Final = np.concatenate(
    [np.full(len(part), 1 << bits) for part, (_, _, bits) in zip(_PARTS, _COUNTERS, strict=True)]
)
_ENDS: Final = np.cumsum([len(part) for part in _PARTS])


@attrs.frozen(eq=False)
class ExecutionHealth:
    """What the counters counted while the entries ran.

    Attributes:
        input_drops: events lost at each input of the crossbar, ``int64[20]``.
        output_events: events that left each output of the crossbar, ``int64[12]``.
        phy_errors: damaged words of each link, ``int64[8]``.
        phy_drops: words of each link that were thrown away, ``int64[8]``.
        words_sent, words_received: words of the reliable channel to and from the chip.
    """

    input_drops: NDArray[np.int64]
    output_events: NDArray[np.int64]
    phy_errors: NDArray[np.int64]
    phy_drops: NDArray[np.int64]
    words_sent: int
    words_received: int

    @classmethod
    def none(cls) -> ExecutionHealth:
        """Nothing was counted."""
        inputs, outputs, phys = (np.zeros(len(which), dtype=np.int64) for which in (_INPUTS, _OUTPUTS, _PHYS))
        return cls(inputs, outputs, phys, phys, 0, 0)

    def __add__(self, other: ExecutionHealth) -> ExecutionHealth:
        return ExecutionHealth(
            self.input_drops + other.input_drops,
            self.output_events + other.output_events,
            self.phy_errors + other.phy_errors,
            self.phy_drops + other.phy_drops,
            self.words_sent + other.words_sent,
            self.words_received + other.words_received,
        )

    @property
    def sent_events(self) -> int:
        """Events that left for the FPGA."""
        return int(self.output_events[_FIRST_L2_OUTPUT:].sum())


class HealthReads:
    """Reads of all counters at one place of a program.

    Args:
        builder: where they are appended, with a barrier behind them.
    """

    def __init__(self, builder: PlaybackProgramBuilder) -> None:
        self._words = builder.read_words(_ADDRESSES)
        builder.barrier(omnibus=True)

    @property
    def fpga_time(self) -> int:
        """FPGA time of the last answer, FPGA cycles.

        Raises:
            TicketError: the program has not run.
        """
        return self._words.fpga_time

    def since(self, before: HealthReads) -> ExecutionHealth:
        """What was counted since an earlier place of the same program.

        Raises:
            TicketError: the program has not run.
        """
        counted = (self._words.get().astype(np.int64) - before._words.get()) % _RANGES
        drops, events, phys, arq = np.split(counted, _ENDS[:-1])
        status = phys.reshape(len(_PHYS), -1)  # errors, time online, drops, words sent and received of each
        return ExecutionHealth(
            input_drops=drops,
            output_events=events,
            phy_errors=status[:, 0],
            phy_drops=status[:, 2],
            words_sent=int(arq[1]),
            words_received=int(arq[2]),
        )
