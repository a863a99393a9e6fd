"""Correlation sensors: nearest pairs of presynaptic events and postsynaptic pulses.

=====================  ==========================================================================
pre, then post         causal storage += amplitude * exp(-dt / tau), once for the last pre pulse
post, then pre         acausal storage += amplitude * exp(-dt / tau), once for the last post pulse
same kind again        the trace starts anew: only the nearest pulse counts
=====================  ==========================================================================

Storage is in CADC LSB below the baseline. Reference: analog-model.md 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.arrays import Fires, RowEvents
    from hxtwin.chipsim.elaborate.correlation import CorrelationParameters

_COLUMNS = 256
_CAUSAL = 0
_ACAUSAL = 1


@numba.njit(cache=True)
def correlate(
    events: RowEvents,
    posts: Fires,
    labels: NDArray[np.uint8],
    parameters: CorrelationParameters,
    last_pre: NDArray[np.int64],
    last_post: NDArray[np.int64],
    storage: NDArray[np.float32],
) -> None:
    """Takes row events and post pulses, both by ascending chip cycle; at the same cycle the post pulse comes first.

    Args:
        events: pre pulses reach the sensors whose label matches.
        posts: post pulses of the columns, circuits 0..511.
        labels: ``uint8[512, 256]``.
        parameters: of the sensors.
        last_pre: cycle of the last pre pulse of each synapse, negative for none, ``int64[512, 256]``.
        last_post: cycle of the last post pulse of each circuit, negative for none, ``int64[512]``.
        storage: causal and acausal, ``float32[2, 512, 256]``.
    """
    e, p = 0, 0
    n, m = events.cycles.size, posts.cycles.size
    while e < n or p < m:
        if p < m and (e >= n or posts.cycles[p] <= events.cycles[e]):
            cycle, circuit = posts.cycles[p], posts.circuits[p]
            column = circuit % _COLUMNS
            first = circuit - column
            for row in range(first, first + _COLUMNS):
                pre = last_pre[row, column]
                if pre >= 0 and pre > last_post[circuit]:
                    fall = np.exp(-np.float32(cycle - pre) * parameters.rate[_CAUSAL, row, column])
                    storage[_CAUSAL, row, column] += parameters.amplitude[_CAUSAL, row, column] * fall
            last_post[circuit] = cycle
            p += 1
        else:
            cycle, row = events.cycles[e], events.rows[e]
            first = row // _COLUMNS * _COLUMNS
            for column in range(_COLUMNS):
                if labels[row, column] != events.addresses[e]:
                    continue
                post = last_post[first + column]
                if post >= 0 and post > last_pre[row, column]:
                    fall = np.exp(-np.float32(cycle - post) * parameters.rate[_ACAUSAL, row, column])
                    storage[_ACAUSAL, row, column] += parameters.amplitude[_ACAUSAL, row, column] * fall
                last_pre[row, column] = cycle
            e += 1
