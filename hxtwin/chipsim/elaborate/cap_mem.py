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


@attrs.frozen(eq=False)
class CapMemState:
    """What the cells hold, as the start of one exponential for each cell; all arrays are ``[4, 24, 130]``.

    Attributes:
        start: value at ``since``, in codes, float64.
        target: code that is approached, float64.
        since: chip cycle of the last write, int64.
        refreshed: False where the cell holds its value, bool.
    """

    start: NDArray[np.float64]
    target: NDArray[np.float64]
    since: NDArray[np.int64]
    refreshed: NDArray[np.bool_]

    @classmethod
    def after_reset(cls, cycle: int = 0) -> CapMemState:
        """All cells at code 0."""
        return cls(np.zeros(SHAPE), np.zeros(SHAPE), np.full(SHAPE, cycle, np.int64), np.ones(SHAPE, np.bool_))

    @classmethod
    def settled(cls, codes: ArrayLike, cycle: int = 0) -> CapMemState:
        """All cells at their codes."""
        target = _codes(codes)
        held = target == REFRESH_OFF
        target = np.where(held, 0.0, target)
        return cls(target.copy(), target, np.full(SHAPE, cycle, np.int64), ~held)

    def written(
        self,
        codes: ArrayLike,
        cycle: int,
        *,
        enable: ArrayLike = True,
        constants: AnalogConstants = NOMINAL,
    ) -> CapMemState:
        """State after the cells of a block, or of all, got codes; cells whose code does not change go on as they do.

        Args:
            codes: ``int[4, 24, 130]``, 0..1023.
            cycle: chip cycle of the write.
            enable: ``enable_capmem`` of the quadrants, ``bool[4]``.
            constants: time constants.

        Raises:
            TwinArgumentError: a code does not fit 10 bits or the shape is wrong.
        """
        target = _codes(codes)
        on = np.broadcast_to(np.asarray(enable, dtype=np.bool_), (QUADRANTS,))[:, None, None]
        refreshed: NDArray[np.bool_] = np.not_equal(target, REFRESH_OFF) & on
        differs: NDArray[np.bool_] = np.not_equal(refreshed, self.refreshed)
        moved: NDArray[np.bool_] = np.not_equal(target, self.target)
        changed = differs | (refreshed & moved)
        now = self.values(cycle, constants)
        return CapMemState(
            start=np.where(changed, now, self.start),
            target=np.where(refreshed, target, 0.0),
            since=np.where(changed, cycle, self.since),
            refreshed=refreshed,
        )

    def values(self, cycle: int, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
        """What the cells hold at a chip cycle, in codes, ``float64[4, 24, 130]``."""
        elapsed = np.maximum(cycle - self.since, 0) * CYCLE_S
        tau = np.where(self.refreshed, constants.cell_settling_s, constants.cell_hold_s)
        return self.target + (self.start - self.target) * np.exp(-elapsed / tau)

    def unsettled(self, cycle: int, codes: float = 0.25, constants: AnalogConstants = NOMINAL) -> NDArray[np.bool_]:
        """Which quadrants still move by more than a fraction of a code, ``bool[4]``."""
        distance = np.abs(self.values(cycle, constants) - self.target) * self.refreshed
        return np.asarray((distance > codes).any(axis=(1, 2)), dtype=np.bool_)


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


def volts(codes: NDArray[np.float64], constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Voltage of voltage cells; V."""
    law = constants.cell_voltage_zero + constants.cell_voltage_per_code * codes
    return np.clip(law, 0.0, constants.cell_voltage_rail)


def amperes(codes: NDArray[np.float64], constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Current of current cells; A."""
    return np.maximum(codes, 0.0) * constants.cell_current_per_code


def _codes(codes: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(codes, dtype=np.float64)
    if array.shape != SHAPE:
        raise TwinArgumentError(f"codes of CapMem cells have shape {array.shape}, expected {SHAPE}")
    if array.size and (array.min() < 0 or array.max() > LARGEST_CODE):
        raise TwinArgumentError(f"codes of CapMem cells must lie in 0..{LARGEST_CODE}")
    return array
