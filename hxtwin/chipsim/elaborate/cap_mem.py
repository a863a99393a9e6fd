"""CapMem cells: what a code means, and how a cell settles after a write.

======================  ============================================================================
code                    value that the cell approaches
======================  ============================================================================
0..1022, rows 0..7      18.8 mV + 1.875 mV * code, at most the rail; mismatch added
0..1022, rows 8..23     1 nA * code, 0 exactly off; mismatch multiplied
1023                    none: refresh off, the cell holds and drifts towards 0
======================  ============================================================================

Approach: ``exp(-t / 3.5 ms)`` from the moment of the write, in closed form. Values are kept in units of codes, so that
one law serves both kinds. Reference: analog-model.md 2, simulator-decisions.md 16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.chipsim.analog import noise_kernel
from hxtwin.chipsim.analog.constants import CYCLE_S, NOMINAL
from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.personality import CELL_COLUMNS, CELL_ROWS, QUADRANTS, Personality

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants

SHAPE: Final = (QUADRANTS, CELL_ROWS, CELL_COLUMNS)
VOLTAGE_ROWS: Final = 8
NEURON_COLUMNS: Final = 128
REFRESH_OFF: Final = 1023
LARGEST_CODE: Final = 1023
SETTLED_CODES: Final = 0.1
"""Distance from its target, in codes, below which a cell counts as settled."""
REWRITE_SIGMA_V: Final = 1e-3
"""Trial-to-trial standard deviation of a written voltage; V, inferred (analog-model.md 9)."""
REWRITE_SPREAD: Final = 0.02
"""Relative trial-to-trial standard deviation of the strength of a synaptic input; inferred (analog-model.md 9)."""
_REWRITE: Final = 16
"""Kind of the numbers of `hxtwin.chipsim.analog.noise_kernel` that rewriting takes."""

#: Shared cells that the analog core reads: name -> (row, column); all quadrants have them.
SHARED_CELLS: Final = {
    "stp_v_charge_0": (0, 128),
    "stp_v_charge_1": (1, 128),
    "stp_v_recover_0": (2, 128),
    "stp_v_recover_1": (3, 128),
    "cadc_v_ramp_offset": (4, 128),
    "cadc_v_bias_ramp_buffer": (5, 128),
    "syn_i_bias_dac": (8, 128),
    "syn_i_bias_ramp": (9, 128),
    "syn_i_bias_store": (10, 128),
    "syn_i_bias_corout": (11, 128),
    "stp_i_bias_comparator": (12, 128),
    "stp_i_ramp": (13, 128),
    "stp_i_calib": (14, 128),
    "cadc_i_ramp_slope": (15, 128),
    "cadc_i_bias_comparator": (16, 128),
    "neuron_i_bias_readout_amp": (18, 128),
    "neuron_i_bias_leak_source_follower": (19, 128),
    "neuron_i_bias_spike_comparator": (20, 128),
    "hagen_i_bias_dac": (22, 128),
    "neuron_i_bias_synin_drop": (23, 129),
}

#: Stands for all cells of the shared columns, those without a name here included.
ANY_SHARED: Final = "any shared cell"

#: Cells of a neuron circuit: name -> row.
NEURON_CELLS: Final = {
    "v_leak": 0,
    "v_reset": 1,
    "v_threshold": 2,
    "e_synin_exc_rev": 3,
    "e_synin_inh_rev": 4,
    "v_adapt_leak": 5,
    "v_exp": 6,
    "v_adapt_ref": 7,
    "i_bias_leak": 8,
    "i_bias_reset": 9,
    "i_bias_synin_exc_tau": 10,
    "i_bias_synin_exc_coba": 11,
    "i_bias_synin_exc_shift": 12,
    "i_bias_synin_exc_gm": 13,
    "i_bias_synin_inh_tau": 14,
    "i_bias_synin_inh_coba": 15,
    "i_bias_synin_inh_shift": 16,
    "i_bias_synin_inh_gm": 17,
    "i_bias_adapt_tau": 18,
    "i_bias_adapt_a": 19,
    "i_bias_adapt_b": 20,
    "i_bias_exp": 21,
    "i_mem_offset": 22,
    "i_bias_nmda": 23,
}
_STRENGTH_ROWS: Final = (NEURON_CELLS["i_bias_synin_exc_gm"], NEURON_CELLS["i_bias_synin_inh_gm"])


@attrs.frozen(eq=False)
class CapMemState:
    """What the cells hold, as the start of one exponential for each cell; all arrays are ``[4, 24, 130]``.

    Attributes:
        code: what was written, int64; `REFRESH_OFF` where the cell holds its value.
        start: value at ``since``, in codes, float64.
        target: value that is approached, in codes, float64: the code, and what this write of it added.
        since: chip cycle of the last write, int64.
    """

    code: NDArray[np.int64]
    start: NDArray[np.float64]
    target: NDArray[np.float64]
    since: NDArray[np.int64]

    @classmethod
    def after_reset(cls, cycle: int = 0) -> CapMemState:
        """All cells at code 0."""
        return cls(np.zeros(SHAPE, np.int64), np.zeros(SHAPE), np.zeros(SHAPE), np.full(SHAPE, cycle, np.int64))

    @classmethod
    def settled(cls, codes: ArrayLike, cycle: int = 0) -> CapMemState:
        """All cells at their codes."""
        code = _codes(codes)
        target = np.where(code == REFRESH_OFF, 0.0, code)
        return cls(code, target, target.copy(), np.full(SHAPE, cycle, np.int64))

    @property
    def refreshed(self) -> NDArray[np.bool_]:
        """False where the cell holds its value, ``bool[4, 24, 130]``."""
        return np.asarray(self.code != REFRESH_OFF, dtype=np.bool_)

    def written(
        self,
        codes: ArrayLike,
        cycle: int,
        *,
        enable: ArrayLike = True,
        noise: RewriteNoise | None = None,
        constants: AnalogConstants = NOMINAL,
    ) -> CapMemState:
        """State after cells got codes; cells whose code does not change go on as they do.

        Args:
            codes: ``int[4, 24, 130]``, 0..1023.
            cycle: chip cycle of the write.
            enable: ``enable_capmem`` of the quadrants, ``bool[4]``.
            noise: what differs from write to write; None for nothing.
            constants: time constants.

        Returns:
            The new state, or the same object if no code differs.

        Raises:
            TwinArgumentError: a code does not fit 10 bits or the shape is wrong.
        """
        on = np.broadcast_to(np.asarray(enable, dtype=np.bool_), (QUADRANTS,))[:, None, None]
        code = np.where(on, _codes(codes), REFRESH_OFF)
        cells = np.flatnonzero(code != self.code)
        if not cells.size:
            return self
        new = code.ravel()[cells]
        held = new == REFRESH_OFF
        target = new.astype(np.float64)
        if noise is not None:
            target += noise.codes(cells, new, cycle, constants)
        start, targets, since = self.start.copy(), self.target.copy(), self.since.copy()
        start.flat[cells] = self._values(cells, cycle, constants)
        targets.flat[cells] = np.where(held, 0.0, target)
        since.flat[cells] = cycle
        return CapMemState(code, start, targets, since)

    def at_once(self) -> CapMemState:
        """The same state, but cells are where they shall go; those that hold their value stay."""
        return attrs.evolve(self, start=np.where(self.refreshed, self.target, self.start))

    def values(self, cycle: int, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
        """What the cells hold at a chip cycle, in codes, ``float64[4, 24, 130]``.

        Refreshed cells that are closer than `SETTLED_CODES` to their target count as settled.
        """
        values = self.target.copy()
        moving = np.flatnonzero(self.start != self.target)
        if moving.size:
            values.flat[moving] = self._values(moving, cycle, constants)
        return values

    def _values(self, cells: NDArray[np.intp], cycle: int, constants: AnalogConstants) -> NDArray[np.float64]:
        target = self.target.ravel()[cells]
        elapsed = np.maximum(cycle - self.since.ravel()[cells], 0) * CYCLE_S
        refreshed = self.code.ravel()[cells] != REFRESH_OFF
        tau = np.where(refreshed, constants.cell_settling_s, constants.cell_hold_s)
        residue = (self.start.ravel()[cells] - target) * np.exp(-elapsed / tau)
        residue[refreshed & (np.abs(residue) < SETTLED_CODES)] = 0.0
        return target + residue

    def distance(self, values: NDArray[np.float64]) -> float:
        """Largest distance of refreshed cells from their targets, codes.

        Args:
            values: of `values`.
        """
        return float(np.max(np.abs(values - self.target), initial=0.0, where=self.refreshed))

    def unsettled(self, cycle: int, constants: AnalogConstants = NOMINAL) -> NDArray[np.bool_]:
        """Quadrants with refreshed cells that have not reached their targets, ``bool[4]``."""
        moving = self.refreshed & (self.values(cycle, constants) != self.target)
        return np.asarray(moving.any(axis=(1, 2)), dtype=np.bool_)


@attrs.frozen
class RewriteNoise:
    """What differs from write to write of the same code: voltages, and the strength of synaptic inputs.

    Reference: analog-model.md 9, trial-to-trial; the amplitude is taken to be that of the bias of the synaptic OTA.

    Attributes:
        key: of the personality's noise, 64 bit.
        origin: chip cycle from which time is counted, so that the same words lead to the same numbers.
    """

    key: int
    origin: int = 0

    def codes(
        self, cells: NDArray[np.intp], codes: NDArray[np.int64], cycle: int, constants: AnalogConstants = NOMINAL
    ) -> NDArray[np.float64]:
        """What is added to cells that are written in a chip cycle.

        Args:
            cells: their numbers in ``[4, 24, 130]``, ``int[n]``.
            codes: what is written, ``int[n]``.
            cycle: of the write.
            constants: laws.

        Returns:
            In codes, ``float64[n]``.
        """
        numbers = np.zeros(cells.size, dtype=np.float32)
        key, sources = np.uint64(self.key), cells.astype(np.uint32)
        noise_kernel.add(numbers, np.float32(1.0), sources, key, _REWRITE, cycle - self.origin)
        row, column = cells // CELL_COLUMNS % CELL_ROWS, cells % CELL_COLUMNS
        of_voltage = REWRITE_SIGMA_V / constants.cell_voltage_per_code
        of_strength = np.where(np.isin(row, _STRENGTH_ROWS) & (column < NEURON_COLUMNS), REWRITE_SPREAD * codes, 0.0)
        scale = np.where(row < VOLTAGE_ROWS, of_voltage, of_strength)
        return numbers.astype(np.float64) * scale


@attrs.frozen(eq=False)
class CellValues:
    """Effective values of all cells with mismatch, ``float64[4, 24, 130]`` in codes.

    Voltage cells carry their mismatch in codes of the nominal slope, current cells as a factor, so that the laws of the
    circuits, which are given in codes, need no second set of numbers.
    """

    codes: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        values: ArrayLike,
        personality: Personality | None = None,
        constants: AnalogConstants = NOMINAL,
    ) -> CellValues:
        """Adds mismatch.

        Args:
            values: values in codes, ``[4, 24, 130]``, as of `CapMemState.values` or plain codes.
            personality: None for the ideal chip.
            constants: laws.
        """
        codes = np.array(values, dtype=np.float64)
        if codes.shape != SHAPE:
            raise TwinArgumentError(f"values of CapMem cells have shape {codes.shape}, expected {SHAPE}")
        if personality is not None:
            per_code = constants.cell_voltage_per_code
            shift = personality.cell_voltage + personality.quadrant_voltage[:, None, None]
            gain = personality.cell_current * personality.quadrant_current[:, None, None]
            codes[:, :VOLTAGE_ROWS] += shift[:, :VOLTAGE_ROWS] / per_code
            codes[:, VOLTAGE_ROWS:] *= gain[:, VOLTAGE_ROWS:]
        return cls(codes)

    def neuron(self, name: str) -> NDArray[np.float64]:
        """A cell of all 512 neuron circuits, in codes, ``float64[512]``; see `NEURON_CELLS`."""
        return self.codes[:, NEURON_CELLS[name], :NEURON_COLUMNS].reshape(-1)

    def shared(self, name: str) -> NDArray[np.float64]:
        """A shared cell of the four quadrants, in codes, ``float64[4]``; see `SHARED_CELLS`."""
        row, column = SHARED_CELLS[name]
        return self.codes[:, row, column]

    def moved(self, old: CellValues) -> frozenset[str]:
        """Names of the cells, see `NEURON_CELLS` and `SHARED_CELLS`, that differ anywhere from old values.

        `ANY_SHARED` is among them if any shared cell does, named or not.
        """
        differs = (self.codes != old.codes).any(axis=0)
        rows, columns = np.array(list(SHARED_CELLS.values())).T
        shared = zip(SHARED_CELLS, differs[rows, columns].tolist(), strict=True)
        neuron = zip(NEURON_CELLS, differs[:, :NEURON_COLUMNS].any(axis=1).tolist(), strict=True)
        every = (ANY_SHARED, bool(differs[:, NEURON_COLUMNS:].any()))
        return frozenset(name for name, is_moved in (*shared, *neuron, every) if is_moved)


def volts(codes: NDArray[np.float64], constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Voltage of voltage cells; V."""
    law = constants.cell_voltage_zero + constants.cell_voltage_per_code * codes
    return np.clip(law, 0.0, constants.cell_voltage_rail)


def amperes(codes: NDArray[np.float64], constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Current of current cells; A."""
    return np.maximum(codes, 0.0) * constants.cell_current_per_code


def _codes(codes: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(codes)
    if array.shape != SHAPE:
        raise TwinArgumentError(f"codes of CapMem cells have shape {array.shape}, expected {SHAPE}")
    if array.size and (array.min() < 0 or array.max() > LARGEST_CODE):
        raise TwinArgumentError(f"codes of CapMem cells must lie in 0..{LARGEST_CODE}")
    return array.astype(np.int64)
