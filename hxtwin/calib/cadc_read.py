"""Reads of the column ADC as part of a program.

======================  ===========================================================================================
`read_chip`             both hemispheres nearly at the same time
`read_causal`           the same of the causal channels only, in half the time
`channels`              all 1024 channels: top causal, top acausal, bottom causal, bottom acausal
`neurons`               512 neurons: mean of the causal and the acausal channel of a neuron's column
======================  ===========================================================================================

Channels are CADC values 0..255. Reference: calibration.md header, containers-a.md 6.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin import coord
from hxtwin.calib.constants import CADC_CHANNELS, COLUMNS, NEURONS, QUADRANTS
from hxtwin.containers import CADCSampleQuad, CADCSamples
from hxtwin.coord import SynapseQuadColumnOnDLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime import ColumnsTicket, ContainerTicket, PlaybackProgramBuilder

    Ticket = ContainerTicket[CADCSamples]


def _causal_quads() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Linear indices of the quads of a fast read, both triggers first, and the neurons of their entries."""
    quads = SynapseQuadColumnOnDLS.size
    hemisphere, quad = np.divmod(np.arange(2 * quads), quads)
    order = np.lexsort((hemisphere, quad > 0))
    hemisphere, quad = hemisphere[order], quad[order]
    readout = np.where(quad == 0, int(coord.CADCReadoutType.trigger_read), int(coord.CADCReadoutType.buffered))
    sizes = (2, coord.CADCReadoutType.size, coord.CADCChannelType.size, coord.SynapseRowOnSynram.size, quads)
    causal = np.full(len(quad), int(coord.CADCChannelType.causal))
    index = np.ravel_multi_index((hemisphere, readout, causal, np.zeros_like(quad), quad), sizes)
    columns = 8 * (quad % 32)[:, np.newaxis] + 2 * np.arange(4) + (quad // 32)[:, np.newaxis]
    return index, hemisphere[:, np.newaxis] * COLUMNS + columns


_CAUSAL_QUADS, _CAUSAL_NEURONS = _causal_quads()


def read_chip(builder: PlaybackProgramBuilder) -> Ticket:
    """Appends a conversion of all channels of both hemispheres and the read of its results (some 100 us)."""
    return builder.read(coord.CADCSamplesOnDLS(), CADCSamples)


def read_often(builder: PlaybackProgramBuilder, count: int, pause_cycles: int = 0) -> list[Ticket]:
    """Appends reads that follow each other after a pause in FPGA cycles."""
    tickets = []
    for _ in range(count):
        tickets.append(read_chip(builder))
        builder.barrier(omnibus=True)
        if pause_cycles:
            builder.wait_for(pause_cycles)
    return tickets


def read_causal(builder: PlaybackProgramBuilder) -> ColumnsTicket[CADCSampleQuad]:
    """Appends a conversion of both hemispheres of which only the causal channels are read: half the time."""
    return builder.read_columns(CADCSampleQuad, _CAUSAL_QUADS)


def causal_neurons(ticket: ColumnsTicket[CADCSampleQuad]) -> NDArray[np.float64]:
    """Values of the causal channel of all neurons, ``float64[512]``."""
    found = np.empty(NEURONS)
    found[_CAUSAL_NEURONS] = ticket.get()["sample"]
    return found


def channels(ticket: Ticket) -> NDArray[np.float64]:
    """Values of all channels, ``float64[1024]``."""
    samples = ticket.get()
    both = np.stack([samples.causal, samples.acausal], axis=1)  # hemisphere, kind, column
    return both.astype(np.float64).reshape(CADC_CHANNELS)


def neurons(ticket: Ticket) -> NDArray[np.float64]:
    """Values of all neurons, ``float64[512]``."""
    samples = ticket.get()
    mean = (samples.causal.astype(np.float64) + samples.acausal) / 2
    return mean.reshape(NEURONS)


def by_quadrant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of channels ``[1024]`` or neurons ``[512]`` sorted by quadrant, ``float64[4, n]``."""
    kinds = values.size // NEURONS
    half = COLUMNS // 2
    # hemisphere, kind, side, column -> hemisphere, side, kind, column
    sorted_ = values.reshape(2, kinds, 2, half).swapaxes(1, 2)
    return sorted_.reshape(QUADRANTS, -1)


def per_channel(quadrant_values: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Values of quadrants ``[4]`` handed to their channels, ``[1024]``."""
    sides = np.repeat(quadrant_values.reshape(2, 1, 2), 2, axis=1)
    return np.repeat(sides, COLUMNS // 2, axis=2).reshape(CADC_CHANNELS)
