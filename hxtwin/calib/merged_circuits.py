"""Merged circuits: which neuron circuits of a chip form one membrane, and which of them leads.

=======================  ==========================================================================================
membranes are joined by  connect_right; connect_vertical of both rows; connect_soma of both with closed soma line
the master is            the first circuit whose analog output is on; else the first circuit of the membrane
=======================  ==========================================================================================

Both are read from the configuration of the chip. Reference: containers-a.md 3.4, ARCHITECTURE section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hxtwin.calib.constants import COLUMNS, NEURONS
from hxtwin.containers import AnalogOutput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.containers import Chip

_LAST_OF_HALF = 127


def membranes(chip: Chip) -> NDArray[np.int64]:
    """Number of the membrane of every circuit, ``int64[512]``."""
    neurons = chip.neuron_block.atomic_neurons
    index = np.arange(NEURONS)
    inner = index % 128 != _LAST_OF_HALF  # the halves of the chip cannot be joined
    right = neurons["multicompartment.connect_right"].astype(bool) & inner
    vertical = neurons["multicompartment.connect_vertical"].astype(bool)
    vertical = vertical[:COLUMNS] & vertical[COLUMNS:]
    soma = neurons["multicompartment.connect_soma"].astype(bool)
    line = neurons["multicompartment.connect_soma_right"].astype(bool) & inner
    top = index[:COLUMNS][vertical]
    # nodes 0..511 are membranes, 512..1023 segments of the soma line
    edges = np.concatenate(
        [
            np.stack([index[right], index[right] + 1]),
            np.stack([top, top + COLUMNS]),
            np.stack([index[soma], index[soma] + NEURONS]),
            np.stack([index[line] + NEURONS, index[line] + NEURONS + 1]),
        ],
        axis=1,
    )
    graph = coo_array((np.ones(edges.shape[1]), edges), shape=(2 * NEURONS, 2 * NEURONS))
    _, labels = connected_components(graph, directed=False)
    _, numbers = np.unique(labels[:NEURONS], return_inverse=True)
    return numbers.astype(np.int64)


def masters(chip: Chip) -> NDArray[np.int64]:
    """The circuit that leads the membrane of every circuit, ``int64[512]``; a single circuit leads itself."""
    membrane = membranes(chip)
    output = chip.neuron_block.atomic_neurons["event_routing.analog_output"] != int(AnalogOutput.OFF)
    index = np.arange(NEURONS)
    first = np.full(membrane.max() + 1, 2 * NEURONS, dtype=np.int64)
    np.minimum.at(first, membrane, np.where(output, index, index + NEURONS))
    found: NDArray[np.int64] = first[membrane] % NEURONS
    return found
