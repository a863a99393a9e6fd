"""What one execution instance on one chip offers.

=============================  =========  ==========================================================
resource                       amount     from
=============================  =========  ==========================================================
neuron circuits                512        2 halves x 128 columns x 2 rows; no neuron crosses the middle
synapses of a circuit          256        rows of its hemisphere
sources on the buses           16384      2 hemispheres x 4 buses x 32 row selects x 64 labels
background sources             4          one pair of generators each
MADC channels                  2
input events                   250 MHz    the FPGA sends two per cycle of 125 MHz
=============================  =========  ==========================================================

Source: reference graph.md 6.1, 6.3; frontend-torch.md Part E (limit of the link).
"""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.coord import (
    AtomicNeuronOnDLS,
    BackgroundSpikeSourceOnDLS,
    NeuronColumnOnLogicalNeuron,
    NeuronRowOnDLS,
    PADIBusOnDLS,
)
from hxtwin.graph.errors import PartitionError

#: Columns of one half of the chip.
HALF = NeuronColumnOnLogicalNeuron.size
#: Row selects of a bus (5 bit) times synapse labels (6 bit).
LABELS_OF_BUS = 32 * 64


@attrs.frozen(kw_only=True)
class ColumnRun:
    """Neighbouring columns without failed circuits, on one half of the chip.

    Args:
        columns: how many.
        rows: 2: both circuits of each column are usable; 1: those of one row.
    """

    columns: int
    rows: int


def _whole_chip() -> tuple[ColumnRun, ...]:
    return (ColumnRun(columns=HALF, rows=2),) * 2


@attrs.frozen(kw_only=True)
class Limits:
    """Resources of one execution instance; the defaults are those of an undamaged chip.

    Args:
        runs: where neurons can be put.
        sources: neurons outside the chip whose events can be told apart.
        background_sources: populations played by generators.
        madc_channels: neurons observed by the MADC.
        input_event_rate_hz: events per second that the FPGA can send, ``math.inf`` for no limit. Counts only sources
            whose ``rate_hz`` is known.
    """

    runs: tuple[ColumnRun, ...] = attrs.field(factory=_whole_chip)
    sources: int = PADIBusOnDLS.size * LABELS_OF_BUS
    background_sources: int = BackgroundSpikeSourceOnDLS.size // 2
    madc_channels: int = 2
    input_event_rate_hz: float = 250e6

    def __attrs_post_init__(self) -> None:
        if not self.input_event_rate_hz > 0:
            raise PartitionError("limits", "input event rate in Hz", 1, self.input_event_rate_hz)

    @classmethod
    def of_circuits(cls, usable: npt.ArrayLike, *, input_event_rate_hz: float = 250e6) -> Self:
        """Limits of a chip with failed circuits.

        Args:
            usable: ``bool[512]``, in the order of `AtomicNeuronOnDLS`.
            input_event_rate_hz: as for the class.

        Raises:
            PartitionError: another shape.
        """
        array = np.asarray(usable, dtype=np.bool_)
        if array.shape != (AtomicNeuronOnDLS.size,):
            raise PartitionError("usable circuits", "entries", array.size, AtomicNeuronOnDLS.size, "give bool[512]")
        rows = array.reshape(NeuronRowOnDLS.size, 2, HALF)
        runs: list[ColumnRun] = []
        for half in range(2):
            both = np.logical_and(rows[0, half], rows[1, half])
            runs += [ColumnRun(columns=length, rows=2) for length in _run_lengths(both)]
            for row in range(NeuronRowOnDLS.size):
                runs += [ColumnRun(columns=length, rows=1) for length in _run_lengths(rows[row, half] & ~both)]
        return cls(runs=tuple(runs), input_event_rate_hz=input_event_rate_hz)

    @property
    def circuits(self) -> int:
        """Number of usable neuron circuits."""
        return sum(run.columns * run.rows for run in self.runs)


def _run_lengths(flags: npt.NDArray[np.bool_]) -> list[int]:
    """Lengths of the stretches of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    lengths: list[int] = (edges[1::2] - edges[::2]).tolist()
    return lengths
