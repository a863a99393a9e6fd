"""Digital backend of the neurons: from fires to spike counters and to events at the crossbar.

========================  =================================================================================
step                      rule (simulator-decisions.md)
========================  =================================================================================
spike counter             8 bit, wraps and sets the overflow bit (33)
request latch             one for each neuron; a second fire merges with a waiting one (29)
event output              one request per chip cycle, round robin over its 64 neurons (29)
crossbar                  4 chip cycles after the grant (26)
========================  =================================================================================

Neurons are numbered as in the backend: ``256 (column // 128) + column % 128 + 128 row``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER: Final = 1 << 62
EVENT_OUTPUTS: Final = 8
NEURONS_OF_OUTPUT: Final = 64
_MEMBERS_OF_ROW: Final = 32


@kernel
def fire_neurons(
    until: int,
    now: int,
    fire_cycles: NDArray[np.int64],
    fire_neurons: NDArray[np.int64],
    first: int,
    last: int,
    waiting: int,
    counts_fires: NDArray[np.bool_],
    sends: NDArray[np.bool_],
    labels: NDArray[np.int64],
    counter_cells: NDArray[np.int64],
    cells: NDArray[np.uint32],
    latches: NDArray[np.bool_],
    turns: NDArray[np.int64],
    to_crossbar: int,
    event_cycles: NDArray[np.int64],
    event_labels: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Takes fires and grants requests up to and including a chip cycle.

    Args:
        until: last chip cycle.
        now: first chip cycle.
        fire_cycles: chip cycle of each fire, ascending; `fire_neurons` the neurons; `first` the first not taken,
            `last` their end.
        waiting: number of latches that are set.
        counts_fires: neurons whose fires are taken at all, ``bool[512]``.
        sends: neurons that send events, ``bool[512]``.
        labels: 11-bit label of each neuron, ``int64[512]``.
        counter_cells: cell of the spike counter of each neuron.
        cells: words of the register file; counters are changed.
        latches: requests that wait, ``bool[512]``; changed, as is `turns` (``int64[8]``).
        to_crossbar: chip cycles from grant to crossbar.
        event_cycles: receives chip cycles at the crossbar, `event_labels` the labels; room for 8 in each cycle of
            activity, that is for one event for each fire and latch.

    Returns:
        Number of events, next chip cycle, number of latches that are set.
    """
    n = 0
    cycle = now
    while True:
        if waiting == 0:
            if first >= last:
                break
            cycle = max(cycle, fire_cycles[first])
        if cycle > until:
            break
        while first < last and fire_cycles[first] <= cycle:
            neuron = fire_neurons[first]
            first += 1
            if not counts_fires[neuron]:
                continue
            cell = counter_cells[neuron]
            word = np.int64(cells[cell])
            count = (word & 0xFF) + 1
            cells[cell] = np.uint32((word & 0x100) | (count & 0xFF) | (0x100 if count > 0xFF else 0))
            if sends[neuron] and not latches[neuron]:
                latches[neuron] = True
                waiting += 1
        for output in range(EVENT_OUTPUTS):
            if waiting == 0:
                break
            for k in range(NEURONS_OF_OUTPUT):
                turn = (turns[output] + k) % NEURONS_OF_OUTPUT
                column = 32 * (output % 4) + turn % _MEMBERS_OF_ROW
                neuron = 256 * (output // 4) + column + 128 * (turn // _MEMBERS_OF_ROW)
                if latches[neuron]:
                    latches[neuron] = False
                    waiting -= 1
                    turns[output] = (turn + 1) % NEURONS_OF_OUTPUT
                    event_cycles[n] = cycle + to_crossbar
                    event_labels[n] = output << 8 | (labels[neuron] & 0xFF)
                    n += 1
                    break
        cycle += 1
    return n, max(cycle, until + 1) if waiting == 0 else cycle, waiting
