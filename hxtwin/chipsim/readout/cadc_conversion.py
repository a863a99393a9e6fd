"""Column ADC: from voltages to the results of a conversion.

==================  ============================================================================================
step                law
==================  ============================================================================================
ramp                starts at V(v_ramp_offset) - 80 mV, rises by 4.5 mV * code(i_ramp_slope) / 350 in each count
begin of the ramp   begin of the conversion + sense_delay + 2 reset_wait chip cycles
count               where ramp and voltage meet first, + offset of the channel + noise, rounded, 0..255
result              count + digital offset, 0..255
==================  ============================================================================================

What is connected to a channel: the neuron (``internal`` and ``neuron_readout`` switch), else the correlation sensor of
the addressed row (``internal``), or the debug line of its kind if something drives that line. Nothing connected: 0 V.
Reference: analog-model.md 6 and 7.1, containers-a.md 6.3, containers-b.json ColumnCorrelationQuad,
simulator-decisions.md 27.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import containers
from hxtwin.chipsim.analog import noise_kernel
from hxtwin.chipsim.analog.constants import NOMINAL
from hxtwin.chipsim.elaborate.cap_mem import volts
from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.parameters import DEFAULTS
from hxtwin.chipsim.personality import COLUMNS, QUADRANTS, Personality
from hxtwin.chipsim.readout import cadc_kernel
from hxtwin.chipsim.readout.laws import READOUT, ReadoutLaws
from hxtwin.chipsim.readout.neuron_output import ON_CODE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.elaborate.cap_mem import CellValues
    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.readout.neuron_output import NeuronOutput
    from hxtwin.chipsim.registers.register_file import RegisterFile

_HALF: Final = COLUMNS // 2
_CHANNELS: Final = 2 * COLUMNS
_OFFSET_ZERO: Final = 128
_CALIBRATED_CODE: Final = 70.0
_CALIBRATED_READ: Final = 20.0
_SMALLEST_SLOPE: Final = 1e-9
_NEVER_MET: Final = -1e9
_NOT_DRIVEN: Final = (math.nan, math.nan)


@attrs.frozen(eq=False)
class CadcCells:
    """What CapMem cells tell the column ADC; one number for each quadrant.

    Attributes:
        offset: voltage of the offset cell, V, ``float64[4]``.
        slope: V in a count, ``float64[4]``.
        compares: the comparators have bias, ``bool[4]``; without, every count is 255.
        correlation: the output buffers of the correlation sensors have bias, ``bool[4]``; without, they show 0 V.
    """

    offset: NDArray[np.float64]
    slope: NDArray[np.float64]
    compares: NDArray[np.bool_]
    correlation: NDArray[np.bool_]

    @classmethod
    def of(cls, cells: CellValues, constants: AnalogConstants = NOMINAL, laws: ReadoutLaws = READOUT) -> CadcCells:
        """From CapMem cells with mismatch."""
        slope = laws.cadc_lsb * cells.shared("cadc_i_ramp_slope") / laws.cadc_slope_code
        return cls(
            offset=volts(cells.shared("cadc_v_ramp_offset"), constants),
            slope=np.maximum(slope, _SMALLEST_SLOPE),
            compares=np.greater_equal(cells.shared("cadc_i_bias_comparator"), ON_CODE),
            correlation=np.greater_equal(cells.shared("syn_i_bias_corout"), ON_CODE),
        )


class CadcConverter:
    """The two column ADCs of a chip. Cycles are chip cycles.

    Args:
        registers: switches, offsets and waits are read from here at each conversion.
        personality: offsets of the channels; None for the ideal chip.
        constants: laws.
        laws: laws of the readout.
        parameters: durations.
        noise: False switches temporal noise off.
    """

    def __init__(
        self,
        registers: RegisterFile,
        personality: Personality | None = None,
        constants: AnalogConstants = NOMINAL,
        laws: ReadoutLaws = READOUT,
        *,
        parameters: Parameters = DEFAULTS,
        noise: bool = True,
    ) -> None:
        chip = Personality.of(personality)
        self._registers = registers
        self._laws = laws
        self._parameters = parameters
        self._key = np.uint64(chip.noise_key)
        self._sigma = np.float32(constants.cadc_noise_sigma if noise else 0.0)
        self._shifts = chip.cadc_offset.astype(np.float32)
        self._sources = np.arange(2 * _CHANNELS, dtype=np.uint32).reshape(2, _CHANNELS)
        cells = registers.map
        self._offset_cells = cells.cells_of(containers.CADCChannelConfig).reshape(2, 2, COLUMNS)
        self._config_cells = cells.cells_of(containers.CADCConfig).reshape(2)
        self._common_cells = cells.cells_of(containers.CommonCorrelationConfig).reshape(2, 4)
        self._law = np.empty(cadc_kernel.LAW_SIZE)
        self._law[cadc_kernel.LINE_REST] = constants.line_rest + constants.line_read_offset
        self._law[cadc_kernel.LINE_SATURATION] = constants.line_saturation
        self._law[cadc_kernel.BEND] = laws.cadc_bend
        self._law[cadc_kernel.CURVATURE] = laws.cadc_bend_curvature
        self._law[cadc_kernel.RAMP_END] = laws.cadc_ramp_end
        self._law[cadc_kernel.COUNTS_PER_CYCLE] = laws.cadc_counts_per_cycle
        # the baseline is given as read of a converter calibrated to 20..220 for codes 70..550, i.e. of 0.15 V + 4.5 mV
        lowest = float(volts(np.array([_CALIBRATED_CODE]), constants)[0])
        self._baseline = lowest + laws.cadc_lsb * (constants.correlation_baseline - _CALIBRATED_READ)

    def ramp(self, hemisphere: int, begin: int) -> tuple[int, int]:
        """First and last cycle of the ramp of a conversion: the voltages of this time determine the results.

        Args:
            hemisphere: 0 top, 1 bottom.
            begin: first cycle of the conversion.
        """
        cells = self._registers.cells
        sense_delay = int(cells[self._common_cells[hemisphere, 0]]) & 0xFFF
        reset_wait = int(cells[self._config_cells[hemisphere]]) >> 4 & 0xFF
        first = begin + sense_delay + self._parameters.cadc_wait_scale * reset_wait
        return first, first + self._parameters.cadc_ramp_cycles

    def correlation_volts(
        self, storage: NDArray[np.float32], v_reset: float = READOUT.correlation_v_reset
    ) -> NDArray[np.float64]:
        """What correlation sensors show, V, never below 0.

        Args:
            storage: read below the baseline, in LSB of 4.5 mV, any shape.
            v_reset: board voltage to which storage is reset, V.
        """
        baseline = self._baseline + v_reset - self._laws.correlation_v_reset
        return np.maximum(baseline - self._laws.cadc_lsb * storage.astype(np.float64), 0.0)

    def uses_neurons(self, hemisphere: int, debug: tuple[float, float] = _NOT_DRIVEN) -> NDArray[np.bool_]:
        """Columns whose neuron is connected to a channel, ``bool[256]``: only these need a trace."""
        inputs = self._inputs(hemisphere, np.array(debug))
        return np.asarray((inputs == cadc_kernel.NEURON).any(axis=0), dtype=np.bool_)

    def convert(
        self,
        hemisphere: int,
        rows: Sequence[int],
        begins: Sequence[int],
        first_border_cycle: float,
        step_cycles: float,
        trace: NDArray[np.float32],
        storage: NDArray[np.float32],
        cells: CadcCells,
        output: NeuronOutput,
        *,
        ends: Sequence[int] | None = None,
        debug: tuple[float, float] = _NOT_DRIVEN,
        v_reset: float = READOUT.correlation_v_reset,
    ) -> NDArray[np.uint8]:
        """Results of conversions between which no setting has changed.

        A conversion sees its own part of the trace alone: its results do not depend on which others are made with it.

        Args:
            hemisphere: 0 top, 1 bottom.
            rows: row that each trigger read addressed, 0..255: its correlation sensors are connected.
            begins: first chip cycle of each conversion.
            first_border_cycle: chip cycle of the first border of `trace`.
            step_cycles: chip cycles between borders.
            trace: raw readout quantity (see `NeuronOutput`) of the circuit of each column of the hemisphere at the
                borders, ``float32[n, 256]``, n >= 1; linear in between and beyond.
            storage: of the correlation sensors of the hemisphere, causal and acausal, ``float32[2, 256, 256]``.
            cells: CapMem cells, see `CadcCells`.
            output: readout amplifiers.
            ends: cycle in which each conversion ends, which sees no border after the next cycle; None: all borders.
            debug: voltage of the causal and the acausal debug line, V; NaN where nothing drives them.
            v_reset: board voltage to which correlation storage is reset, V.

        Returns:
            ``uint8[conversions, 2, 256]``: causal, acausal.

        Raises:
            TwinArgumentError: a shape is wrong.
        """
        _check(trace, storage)
        lines = np.array(debug)
        inputs = self._inputs(hemisphere, lines)
        delay = self.ramp(hemisphere, 0)[0]
        foot, slope = self._ramps(hemisphere, cells)
        circuits = slice(COLUMNS * hemisphere, COLUMNS * (hemisphere + 1))
        buffered = cells.correlation[2 * hemisphere : 2 * hemisphere + 2].repeat(_HALF)
        sensors = {row: self.correlation_volts(storage[:, row], v_reset) * buffered for row in set(rows)}
        offsets = self._registers.cells[self._offset_cells[hemisphere]].astype(np.int64) - _OFFSET_ZERO
        borders = np.ascontiguousarray(trace)
        results = np.empty((len(begins), 2, COLUMNS), dtype=np.uint8)
        known = [len(borders)] * len(begins)
        if ends is not None:
            known = [int((end + 1 - first_border_cycle) // step_cycles) + 1 for end in ends]
        for k, (row, begin) in enumerate(zip(rows, begins, strict=True)):
            shifts = self._shifts[hemisphere].reshape(-1).copy()
            noise_kernel.add(shifts, self._sigma, self._sources[hemisphere], self._key, noise_kernel.CADC, begin)
            start = begin + delay - first_border_cycle
            place = max(min(int(start // step_cycles), known[k] - 2), 0)
            cadc_kernel.convert(
                inputs,
                borders[place : known[k]],
                float(start - place * step_cycles) / step_cycles,
                float(step_cycles),
                output.kind[circuits],
                output.shown[circuits],
                sensors[row],
                lines,
                foot,
                slope,
                self._law,
                shifts.reshape(2, COLUMNS),
                offsets,
                results[k],
            )
        return results

    def _inputs(self, hemisphere: int, debug: NDArray[np.float64]) -> NDArray[np.uint8]:
        return cadc_kernel.channel_inputs(self._registers.synapses[hemisphere, COLUMNS:], ~np.isnan(debug))

    def _ramps(self, hemisphere: int, cells: CadcCells) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Start and slope of the ramp of each column; V, ``float64[256]`` each."""
        assignment = int(self._registers.cells[self._common_cells[hemisphere, 3]])
        # bit 2 holds the half that feeds the left ramp, bit 1 the complement of that of the right one
        halves = np.array([assignment >> 2 & 1, ~assignment >> 1 & 1])
        own = 2 * hemisphere + np.arange(QUADRANTS // 2)
        start = cells.offset[2 * hemisphere + halves] + self._laws.cadc_ramp_shift
        start = np.where(cells.compares[own], start, _NEVER_MET)
        return start.repeat(_HALF), cells.slope[own].repeat(_HALF)


def _check(trace: NDArray[np.float32], storage: NDArray[np.float32]) -> None:
    if trace.ndim != 2 or trace.shape[1] != COLUMNS or not len(trace) or trace.dtype != np.float32:
        raise TwinArgumentError(
            f"a trace must be float32[n, {COLUMNS}] with n >= 1, not {trace.dtype} of shape {trace.shape}"
        )
    if storage.shape != (2, COLUMNS, COLUMNS):
        raise TwinArgumentError(f"storage has shape {storage.shape}, expected (2, {COLUMNS}, {COLUMNS})")
