"""Commands with a time, and where their instructions come to lie once they are in order.

A command is a stretch of recorded instructions. In order, each is preceded by a wait if it is due later than it could
be executed; one stretch may stand for many commands. Reference: runtime.md 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.runtime.source_map import ENTRY_DTYPE, NONE, Access, SourceMap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime.program import PlaybackProgram


@attrs.frozen(eq=False)
class TimedCommands:
    """Commands as arrays.

    Attributes:
        times: time of each command, FPGA cycles of 8 ns, ``int64[n]``.
        starts: its first instruction in `recorded`, ``int64[n]``.
        lengths: number of its instructions, ``int64[n]``.
        recorded: the instructions.
    """

    times: NDArray[np.int64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    recorded: PlaybackProgram


class CommandPlacement:
    """Where recorded instructions come to lie.

    Attributes:
        begins: first instruction of each command in its new order, its wait included, ``int64[n]``.
        size: number of all instructions.
    """

    def __init__(self, starts: NDArray[np.int64], lengths: NDArray[np.int64], waits: NDArray[np.bool_]) -> None:
        self._starts = starts
        self._lengths = lengths
        self._waits = waits
        ends = np.cumsum(lengths + waits)
        self.begins = ends - lengths - waits
        self.size = int(ends[-1]) if len(ends) else 0

    def messages(self, recorded: ut.MessageArray, times: NDArray[np.int64]) -> ut.MessageArray:
        """Waits and recorded instructions in their new order."""
        codes = np.empty(self.size, dtype=np.uint8)
        payloads = np.empty(self.size, dtype=np.uint64)
        waiting = self.begins[self._waits]
        codes[waiting] = ut.WaitUntil.code
        payloads[waiting] = (times[self._waits] - 1).astype(np.uint64)
        target, source = self.begins + self._waits, self._starts
        if (self._lengths != 1).any():
            inner = np.arange(int(self._lengths.sum())) - np.repeat(
                np.cumsum(self._lengths) - self._lengths, self._lengths
            )
            target, source = (inner + np.repeat(begin, self._lengths) for begin in (target, source))
        codes[target] = recorded.codes[source]
        payloads[target] = recorded.payloads[source]
        return ut.MessageArray(ut.Direction.TO_FPGA, codes, payloads)

    def sources(self, recorded: PlaybackProgram) -> SourceMap:
        """Sources in the new order; a wait belongs to its command, neighbouring spikes share an entry."""
        known = recorded.sources.entries
        if not len(known):
            known = np.array([(0, Access.MESSAGES, NONE, NONE, 0)], dtype=ENTRY_DTYPE)
        numbers = np.searchsorted(known["start"], self._starts, side="right") - 1
        spikes = (known["access"] == Access.SPIKES)[numbers]
        kept = self._lengths + self._waits > 0
        kept[1:] &= ~(spikes[1:] & spikes[:-1])
        entries = known[numbers[kept]]
        entries["start"] = self.begins[kept]
        empty = self._lengths[kept] == 0  # a differential write without differences: only its wait is left
        for name, value in (("access", Access.MESSAGES), ("container", NONE), ("backend", NONE), ("coordinate", 0)):
            entries[name][empty] = value
        return SourceMap(entries, recorded.sources.containers, recorded.sources.places, self.size)
