"""Potentials of the neuron circuits: CapMem code to membrane voltage.

================  =======================================================  ==================
cell              nominal law, MADC LSB                                    mismatch
================  =======================================================  ==================
v_leak            0.79 * code - 150, rounded off below 350, above 930      25 mV, bias shift
v_reset           0.77 * code - 60                                         30 mV
v_threshold       1.02 * code + 92                                         20 mV
v_exp             0.80 * code - 30                                         20 mV
v_adapt_ref       0.80 * code - 20                                         20 mV
v_adapt_leak      0.79 * code + 8                                          20 mV
e_synin_*_rev     as v_leak, the same source follower (inferred)           25 mV
================  =======================================================  ==================

Volts: 1.5 mV * MADC LSB - 35 mV. Reference: analog-model.md 3.4, 3.6, 4.4, 7.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.chipsim.analog.constants import NOMINAL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants


def madc_to_volts(lsb: ArrayLike, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Voltage of a nominal MADC reading; V."""
    return np.asarray(lsb, dtype=np.float64) * constants.madc_lsb + constants.madc_zero


def volts_to_madc(volts: ArrayLike, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Nominal MADC reading of a voltage; LSB, not rounded."""
    return (np.asarray(volts, dtype=np.float64) - constants.madc_zero) / constants.madc_lsb


def volts_to_cadc(volts: ArrayLike) -> NDArray[np.float64]:
    """Reading of a CADC with its default calibration (0.15 V: 20, 4.5 mV per LSB); LSB, not rounded."""
    return (np.asarray(volts, dtype=np.float64) - 0.15) / 4.5e-3 + 20.0


def leak_potential(codes: ArrayLike, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Potential of v_leak, and of the other references behind that source follower; V."""
    knee = constants.v_leak_rounding_codes
    code = np.asarray(codes, dtype=np.float64)
    inside = np.minimum(np.maximum(code, constants.v_leak_low_code), constants.v_leak_high_code)
    outside = code - inside
    effective = inside + np.copysign(knee * (1.0 - np.exp(-np.abs(outside) / knee)), outside)
    return madc_to_volts(constants.v_leak_slope * effective + constants.v_leak_offset, constants)


def reset_potential(codes: ArrayLike, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Potential of v_reset; V."""
    return madc_to_volts(constants.v_reset_slope * np.asarray(codes) + constants.v_reset_offset, constants)


def threshold_potential(codes: ArrayLike, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Potential of v_threshold; V."""
    return madc_to_volts(constants.v_threshold_slope * np.asarray(codes) + constants.v_threshold_offset, constants)


def exponential_potential(codes: ArrayLike, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Onset of the exponential current, from v_exp; V."""
    return madc_to_volts(constants.v_exp_slope * np.asarray(codes) + constants.v_exp_offset, constants)


def adaptation_reference(codes: ArrayLike, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Baseline of the adaptation state, from v_adapt_ref; V."""
    return madc_to_volts(constants.v_adapt_ref_slope * np.asarray(codes) + constants.v_adapt_ref_offset, constants)


def adaptation_leak(codes: ArrayLike, constants: AnalogConstants = NOMINAL) -> NDArray[np.float64]:
    """Potential that the membrane is compared with for sub-threshold adaptation, from v_adapt_leak; V."""
    return madc_to_volts(constants.v_adapt_leak_slope * np.asarray(codes) + constants.v_adapt_leak_offset, constants)
