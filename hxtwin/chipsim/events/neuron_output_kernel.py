"""Digital backend of the neurons: from fires to spike counters and to events at the crossbar.

========================  =================================================================================
step                      rule (simulator-decisions.md)
========================  =================================================================================
spike counter             8 bit, wraps and sets the overflow bit (33)
request                   one for each neuron; a second fire merges with a waiting one (29)
event output              one request per chip cycle, round robin over its 64 neurons (29)
crossbar                  4 chip cycles after the grant (26)
========================  =================================================================================

Neurons are numbered as in the backend: ``256 (column // 128) + column % 128 + 128 row``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.compiled import inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEVER: Final = 1 << 62
EVENT_OUTPUTS: Final = 8
NEURONS_OF_OUTPUT: Final = 64
_NEURONS: Final = 512
_NO_REQUEST: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_MASK: Final = 63


def turns_of_neurons() -> NDArray[np.int64]:
    """Output and turn of each neuron as ``64 * output + turn``, ``int64[512]``."""
    neuron = np.arange(_NEURONS)
    block, row, column = neuron // 256, neuron // 128 % 2, neuron % 128
    return (NEURONS_OF_OUTPUT * (4 * block + column // 32) + 32 * row + column % 32).astype(np.int64)


@inner_kernel
def _first_from(requests: np.uint64, turn: int) -> int:
    """Lowest set bit at or after a turn, else the lowest of all; one is set."""
    later = (requests >> np.uint64(turn)) << np.uint64(turn)
    bits = later if later != _NO_REQUEST else requests
    low = bits & (~bits + _ONE)
    found = 0
    for shift in (32, 16, 8, 4, 2, 1):
        if low >> np.uint64(shift) != _NO_REQUEST:
            low >>= np.uint64(shift)
            found += shift
    return found


@inner_kernel
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
    requests: NDArray[np.uint64],
    turns: NDArray[np.int64],
    turn_of: NDArray[np.int64],
    neuron_of: NDArray[np.int64],
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
        waiting: number of requests.
        counts_fires: neurons whose fires are taken at all, ``bool[512]``.
        sends: neurons that send events, ``bool[512]``.
        labels: 11-bit label of each neuron, ``int64[512]``.
        counter_cells: cell of the spike counter of each neuron.
        cells: words of the register file; counters are changed.
        requests: that wait, bit i of output k for the neuron with turn ``64 * k + i``, ``uint64[8]``; changed, as is
            `turns` (``int64[8]``), the turn of each output that is asked first.
        turn_of: see `turns_of_neurons`; `neuron_of` is its inverse, both ``int64[512]``.
        to_crossbar: chip cycles from grant to crossbar.
        event_cycles: receives chip cycles at the crossbar, `event_labels` the labels; room for 8 in each cycle of
            activity, that is for one event for each fire and request.

    Returns:
        Number of events, next chip cycle, number of requests.
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
            if sends[neuron]:
                output = turn_of[neuron] // NEURONS_OF_OUTPUT
                request = _ONE << np.uint64(turn_of[neuron] & _MASK)
                if requests[output] & request == _NO_REQUEST:
                    requests[output] |= request
                    waiting += 1
        for output in range(EVENT_OUTPUTS):
            if requests[output] == _NO_REQUEST:
                continue
            turn = _first_from(requests[output], turns[output])
            requests[output] ^= _ONE << np.uint64(turn)
            waiting -= 1
            turns[output] = (turn + 1) & _MASK
            event_cycles[n] = cycle + to_crossbar
            event_labels[n] = output << 8 | (labels[neuron_of[NEURONS_OF_OUTPUT * output + turn]] & 0xFF)
            n += 1
        cycle += 1
    return n, max(cycle, until + 1) if waiting == 0 else cycle, waiting
