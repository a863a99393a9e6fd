"""Spike counters of all neurons: 8 bits and an overflow flag.

Neuron n = 256 row + column is number ``column % 128 + 128 row`` of backend ``column // 128``. An overflow counts as
255^2. Reference: containers-a.md 2.1, 4.3; calibration.md 4, NeuronThreshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.calib.constants import NEURONS
from hxtwin.containers import SpikeCounterRead, SpikeCounterReset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime import ColumnsTicket, PlaybackProgramBuilder

OVERFLOW: Final = 255**2
"""Count of a neuron whose counter has overflown."""


def _counters() -> NDArray[np.int64]:
    """Linear index of the counter of every neuron."""
    row, column = np.divmod(np.arange(NEURONS), 256)
    counters: NDArray[np.int64] = (column // 128) * 256 + column % 128 + 128 * row
    return counters


_COUNTERS: Final = _counters()


def reset_counters(builder: PlaybackProgramBuilder) -> None:
    """Appends the reset of all counters, twice as the reference does."""
    for _ in range(2):
        builder.write_columns(SpikeCounterReset, _COUNTERS, {})
    builder.barrier(omnibus=True)


def read_counters(builder: PlaybackProgramBuilder) -> ColumnsTicket[SpikeCounterRead]:
    """Appends the read of all counters."""
    return builder.read_columns(SpikeCounterRead, _COUNTERS)


def counts(ticket: ColumnsTicket[SpikeCounterRead]) -> NDArray[np.float64]:
    """Spikes of all neurons, ``float64[512]``; 255^2 where the counter has overflown."""
    columns = ticket.get()
    # the count has 8 bits: it is widened first, else the replacement would be cut to them
    return np.where(columns["overflow"], float(OVERFLOW), columns["count"].astype(np.float64))
