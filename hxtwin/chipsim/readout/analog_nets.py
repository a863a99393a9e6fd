"""Shared analog lines of the chip: which are connected by pad multiplexers, and what drives them.

==========================  ==============================================================================
line                        connected by
==========================  ==============================================================================
CapMem multiplexer, pad p   ``capmem_v_out_mux`` (debug cell of a quadrant), to pad p
synapse multiplexer, pad p  lines of CADC and synaptic inputs (causal, acausal, exc., inh.), to pad p
pad 0 / pad 1               ``debug_plus`` / ``debug_minus``, direct neuron lines of the rows, board
==========================  ==============================================================================

Closed switches are ideal. A line has a voltage if something drives it: the mean of several sources. Readout buffers do
not appear as sources, since nothing on the chip listens to what they drive; see `hxtwin.chipsim.readout.sources`.
Reference: containers-a.md 6.1, analog-model.md 7.3, calibration.md 2.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import containers
from hxtwin.chipsim.analog.constants import NOMINAL
from hxtwin.chipsim.elaborate.cap_mem import SHAPE, VOLTAGE_ROWS, volts
from hxtwin.chipsim.personality import QUADRANTS
from hxtwin.chipsim.readout.register_fields import RegisterFields

if TYPE_CHECKING:
    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.elaborate.cap_mem import CellValues
    from hxtwin.chipsim.readout.board_voltages import BoardVoltages
    from hxtwin.chipsim.registers.register_file import RegisterFile

PADS: Final = 2
_CELL_ROWS: Final = SHAPE[1]
_CELL_COLUMNS: Final = SHAPE[2]


class Net(IntEnum):
    """Shared lines."""

    PAD_0 = 0
    PAD_1 = 1
    CAPMEM_MUX_0 = 2
    CAPMEM_MUX_1 = 3
    SYNAPSE_MUX_0 = 4
    SYNAPSE_MUX_1 = 5
    CADC_DEBUG_CAUSAL = 6
    CADC_DEBUG_ACAUSAL = 7
    SYNIN_DEBUG_EXCITATORY = 8
    SYNIN_DEBUG_INHIBITORY = 9
    NEURON_STIM_TOP = 10
    NEURON_STIM_BOTTOM = 11
    DEBUG_PLUS = 12
    DEBUG_MINUS = 13


_SYNAPSE_LINES: Final = (
    ("cadc_debug_causal", Net.CADC_DEBUG_CAUSAL),
    ("cadc_debug_acausal", Net.CADC_DEBUG_ACAUSAL),
    ("synin_debug_excitatory", Net.SYNIN_DEBUG_EXCITATORY),
    ("synin_debug_inhibitory", Net.SYNIN_DEBUG_INHIBITORY),
)


@attrs.frozen
class NetVoltages:
    """What drives the shared lines.

    Attributes:
        values: voltage of each `Net`, V; NaN where nothing drives it.
    """

    values: tuple[float, ...]

    def __getitem__(self, net: Net) -> float:
        return self.values[net]

    @property
    def cadc_debug(self) -> tuple[float, float]:
        """Causal and acausal debug line of the column ADCs, V; NaN where nothing drives them."""
        return self.values[Net.CADC_DEBUG_CAUSAL], self.values[Net.CADC_DEBUG_ACAUSAL]

    @property
    def synaptic_debug(self) -> tuple[float, float]:
        """Excitatory and inhibitory debug line of the synaptic inputs, V; NaN where nothing drives them.

        A column switch ``enable_debug`` pulls the synaptic line of its column to this voltage.
        """
        return self.values[Net.SYNIN_DEBUG_EXCITATORY], self.values[Net.SYNIN_DEBUG_INHIBITORY]


class AnalogNets:
    """The shared lines of a chip."""

    def __init__(self, registers: RegisterFile, constants: AnalogConstants = NOMINAL) -> None:
        self._constants = constants
        self._pads = RegisterFields(registers, containers.PadMultiplexerConfig)
        self._blocks = RegisterFields(registers, containers.CapMemBlockConfig)

    def voltages(self, cells: CellValues, board: BoardVoltages) -> NetVoltages:
        """What the lines are driven to.

        Args:
            cells: CapMem cells with mismatch.
            board: voltages of the board.
        """
        group = list(range(len(Net)))
        for first, second in self._closed_switches():
            old, new = group[second], group[first]
            group = [new if member == old else member for member in group]
        driven: dict[int, list[float]] = {}
        for net, voltage in self._sources(cells, board):
            driven.setdefault(group[net], []).append(voltage)
        means = {root: sum(sources) / len(sources) for root, sources in driven.items()}
        return NetVoltages(tuple(means.get(root, math.nan) for root in group))

    def _closed_switches(self) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for pad in range(PADS):
            get = self._pads.get
            if get("capmem_intermediate_mux_to_pad", pad):
                found.append((Net.PAD_0 + pad, Net.CAPMEM_MUX_0 + pad))
            if get("synapse_intermediate_mux_to_pad", pad):
                found.append((Net.PAD_0 + pad, Net.SYNAPSE_MUX_0 + pad))
            if get("debug_to_pad", pad):
                found.append((Net.PAD_0 + pad, Net.DEBUG_PLUS + pad))
            found += [
                (Net.SYNAPSE_MUX_0 + pad, net)
                for name, net in _SYNAPSE_LINES
                if get(f"{name}_to_synapse_intermediate_mux", pad)
            ]
            if get("neuron_i_stim_mux_to_pad", pad):
                found += [
                    (Net.PAD_0 + pad, Net.NEURON_STIM_TOP + row)
                    for row in range(2)
                    if get("neuron_i_stim_mux", pad, row)
                ]
        return found

    def _sources(self, cells: CellValues, board: BoardVoltages) -> list[tuple[int, float]]:
        found: list[tuple[int, float]] = []
        for pad in range(PADS):
            if self._pads.get("capmem_v_out_mux_to_capmem_intermediate_mux", pad):
                found += [
                    (Net.CAPMEM_MUX_0 + pad, self._debug_cell(quadrant, cells))
                    for quadrant in range(QUADRANTS)
                    if self._pads.get("capmem_v_out_mux", pad, quadrant)
                ]
            from_board = board.pad(pad)
            if from_board is not None:
                found.append((Net.PAD_0 + pad, from_board))
        return found

    def _debug_cell(self, quadrant: int, cells: CellValues) -> float:
        """Voltage of the cell that is selected for debug readout; 0 V for none and for current cells."""
        selected, column = self._blocks.words(quadrant)[:2]  # bit 23 - row; the highest counts
        row = _CELL_ROWS - selected.bit_length()
        if not selected or not 0 <= row < VOLTAGE_ROWS or column >= _CELL_COLUMNS:
            return 0.0
        return float(volts(np.array([cells.codes[quadrant, row, column]]), self._constants)[0])
