"""Spikes of a batch as arrays: what is sent to a chip, what comes back, and replay into later instances.

=============  ========  ===============================================================================
array          dtype     content
=============  ========  ===============================================================================
``entries``    int64     batch entry
``times``      int64     FPGA cycles of 8 ns since the begin of the real-time section of the entry
``labels``     uint16    label on the wire: bits 15..14 SPL1 address, 13..0 neuron label
=============  ========  ===============================================================================

Reference: execution.md 6 and 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CYCLES_PER_US: Final = 125
"""FPGA clock cycles of 8 ns in a microsecond."""
_LARGEST_SHORT: Final = 0xFFFF


@attrs.frozen(eq=False)
class LabelledSpikes:
    """Spikes of a batch with their labels, ordered by entry, then by time.

    Attributes:
        entries: batch entry, ``int64[n]``.
        times: FPGA cycles since the begin of the entry's real-time section, ``int64[n]``.
        labels: ``uint16[n]``.
    """

    entries: NDArray[np.int64]
    times: NDArray[np.int64]
    labels: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.times)

    @classmethod
    def none(cls) -> LabelledSpikes:
        """No spikes."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint16))

    @classmethod
    def in_order(
        cls, entries: NDArray[np.integer], times: NDArray[np.integer], labels: NDArray[np.integer]
    ) -> LabelledSpikes:
        """Spikes brought into order; those of equal entry and time keep their order."""
        # most trains come sorted by time already, which a stable sort sees; few entries are sorted by their digits
        order = np.argsort(times, kind="stable")
        within = entries[order]
        if len(within) and within.min() >= 0 and within.max() <= _LARGEST_SHORT:
            within = within.astype(np.uint16)
        order = order[np.argsort(within, kind="stable")]
        return cls(
            entries[order].astype(np.int64, copy=False),
            times[order].astype(np.int64, copy=False),
            labels[order].astype(np.uint16, copy=False),
        )

    @classmethod
    def merged(cls, parts: Sequence[LabelledSpikes]) -> LabelledSpikes:
        """The spikes of several trains in one; those of equal entry and time stand in the order of the trains."""
        filled = [part for part in parts if len(part)]
        if not filled:
            return cls.none()
        if len(filled) == 1:
            return filled[0]
        return cls.in_order(
            np.concatenate([part.entries for part in filled]),
            np.concatenate([part.times for part in filled]),
            np.concatenate([part.labels for part in filled]),
        )

    def of_entries(self, first: int, stop: int) -> LabelledSpikes:
        """The spikes of the entries ``first .. stop - 1``, counted from 0 again."""
        begin, end = np.searchsorted(self.entries, (first, stop))
        return LabelledSpikes(self.entries[begin:end] - first, self.times[begin:end], self.labels[begin:end])

    def within(self, runtime: int) -> tuple[LabelledSpikes, int]:
        """Those before the end of the real-time section, and the number of the others.

        Args:
            runtime: length of the section, FPGA cycles.
        """
        kept = self.times < runtime
        left_out = len(kept) - int(np.count_nonzero(kept))
        if not left_out:
            return self, 0
        return LabelledSpikes(self.entries[kept], self.times[kept], self.labels[kept]), left_out
