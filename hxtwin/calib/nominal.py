"""The calibration that a chip without mismatch would get: codes from the closed laws, nothing is measured.

=====================  ===================================================================================
cell                   code
=====================  ===================================================================================
``v_leak``             (303.3 MADC for 80 CADC + 150) / 0.79, and so on for reset and threshold
``leak.i_bias``        b / (1 - b / 2000) with b = C / tau_mem / 1.5 nS; divided or multiplied by 8 out of range
``i_bias_tau``         150 ns * 1022 / tau_syn, with high resistance 6 times that
``i_bias_gm``, DAC     the codes asked for; the references of the inputs stay in the middle, 310
column ADC             4.5 mV per LSB, 20 LSB at 0.15 V
=====================  ===================================================================================

For ideal twins, tests of networks without an hour of calibration, and a start of own calibrations. On a chip with
mismatch these codes are off by what a calibration removes. Reference: analog-model.md 2, 3.2-3.5, 4.1-4.3, 7.1, 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hxtwin import __version__
from hxtwin.calib.constants import CADC_CHANNELS, COLUMNS, LARGEST_CODE, NEURONS, QUADRANTS
from hxtwin.calib.errors import CalibNotSupported
from hxtwin.calib.measurement_chip import INPUTS, NEURON, every
from hxtwin.calib.provenance import Origin
from hxtwin.calib.routines.cadc import CADCCalibResult
from hxtwin.calib.routines.refractory import refractory_settings
from hxtwin.calib.spiking_result import SpikingCalibrationResult, settings_of
from hxtwin.calib.target import SpikingCalibOptions, SpikingCalibTarget
from hxtwin.containers import Chip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime import Connection

CADC_ZERO_V: Final = 0.06
"""Voltage at which the calibrated column ADC reads 0."""
CADC_LSB_V: Final = 4.5e-3
CADC_OFFSET_CODE: Final = 65
CADC_SLOPE_CODE: Final = 350
_MADC_ZERO_V, _MADC_LSB_V = -35e-3, 1.5e-3
_LEAK, _RESET, _THRESHOLD = (0.79, -150.0), (0.77, -60.0), (1.02, 92.0)  # MADC LSB per code, and at code 0
_CAPACITANCE_F, _PARASITIC_F, _LARGEST_CAPACITANCE = 2.2e-12, 0.13e-12, 63
_LEAK_S, _LEAK_BEND, _LEAK_SCALE = 1.5e-9, 2000.0, 8.0
_LINE_TAU_S, _HIGH_RESISTANCE = 0.15e-6 * LARGEST_CODE, 6.0
_LEAST_TAU_CODE: Final = 150
"""Below this code of a time constant the high resistance is used: codes are finer there."""
_SHIFT: Final = 310
_RESET_BIAS: Final = 1012


def nominal_calibration(
    target: SpikingCalibTarget | None = None, *, identity: int = 0, endpoint: str = ""
) -> SpikingCalibrationResult:
    """The codes of a chip without mismatch.

    Args:
        target: what neurons shall do; inputs are current based.
        identity: device DNA of the chip that it is for.
        endpoint: where that chip is, for the record.

    Raises:
        CalibNotSupported: conductance based inputs, conductances between compartments, another range of the column
            ADC, or values that no code reaches.
    """
    wanted = SpikingCalibTarget() if target is None else target
    neuron = wanted.neuron
    if neuron.e_coba_reversal is not None or neuron.tau_icc is not None:
        raise CalibNotSupported("the closed laws give current based inputs of single compartments; calibrate the chip")
    if wanted.cadc != SpikingCalibTarget().cadc:
        raise CalibNotSupported(f"the closed laws hold for the default range of the column ADC, not for {wanted.cadc}")
    on = np.ones((2, COLUMNS), dtype=bool)
    dac = int(neuron.synapse_dac_bias)
    changes: dict[str, Any] = {
        **_potential("leak.v_leak", neuron.of_neurons("leak"), _LEAK),
        **_potential("reset.v_reset", neuron.of_neurons("reset"), _RESET),
        **_potential("threshold.v_threshold", neuron.of_neurons("threshold"), _THRESHOLD),
        **_leak(neuron.of_neurons("tau_mem"), neuron.of_neurons("membrane_capacitance")),
        **_inputs(neuron.of_inputs("tau_syn"), neuron.of_inputs("i_synin_gm")),
        **refractory_settings(neuron.refractory_time, neuron.holdoff_time).columns(),
        f"{NEURON}reset.i_bias": every(_RESET_BIAS),
        f"{NEURON}reset.enable_multiplication": every(1),
        f"{NEURON}threshold.enable": every(1),
        f"{NEURON}readout.enable_amplifier": every(1),
        "synapse_blocks.i_bias_dac": np.full((2, 2), dac),
        "neuron_block.current_rows.enable_synaptic_current_excitatory": on,
        "neuron_block.current_rows.enable_synaptic_current_inhibitory": on,
    }
    return SpikingCalibrationResult(
        identity=identity,
        version=__version__,
        target=wanted,
        options=SpikingCalibOptions(),
        cadc=CADCCalibResult(
            v_ramp_offset=np.full(QUADRANTS, CADC_OFFSET_CODE),
            i_ramp_slope=np.full(QUADRANTS, CADC_SLOPE_CODE),
            channel_offset=np.zeros(CADC_CHANNELS, dtype=np.int64),
            success=np.ones(CADC_CHANNELS, dtype=bool),
        ),
        settings=settings_of(Chip().with_columns(changes)),
        success={},
        measured={},
        parasitics=np.full(NEURONS, _PARASITIC_F / _CAPACITANCE_F * _LARGEST_CAPACITANCE),
        origin=Origin.now(endpoint),
    )


def calibrate_nominally(connection: Connection, target: SpikingCalibTarget) -> SpikingCalibrationResult:
    """`nominal_calibration` in the place of `hxtwin.calib.calibrate_spiking`; the connection is not used."""
    return nominal_calibration(target, endpoint=connection.info.endpoint)


def cadc_voltage(reading: NDArray[np.float64]) -> NDArray[np.float64]:
    """Membrane voltage of a reading of the calibrated column ADC, V."""
    return CADC_ZERO_V + CADC_LSB_V * reading


def _potential(path: str, wanted: NDArray[np.float64], law: tuple[float, float]) -> dict[str, NDArray[np.int64]]:
    slope, zero = law
    madc = (cadc_voltage(wanted) - _MADC_ZERO_V) / _MADC_LSB_V
    return {NEURON + path: _codes(path, (madc - zero) / slope, least=0)}


def _leak(tau_s: NDArray[np.float64], capacitance: NDArray[np.float64]) -> dict[str, NDArray[np.int64]]:
    """Bias and scaling switches; capacitance in codes."""
    total = _CAPACITANCE_F * capacitance / _LARGEST_CAPACITANCE + _PARASITIC_F
    plain = total / tau_s / _LEAK_S

    def code(scale: float) -> NDArray[np.float64]:
        scaled = plain / scale
        return np.where(scaled < _LEAK_BEND, scaled / np.maximum(1e-9, 1 - scaled / _LEAK_BEND), np.inf)

    divided, normal, multiplied = code(1 / _LEAK_SCALE), code(1.0), code(_LEAK_SCALE)
    divide, multiply = divided <= LARGEST_CODE, normal > LARGEST_CODE
    bias = np.where(divide, divided, np.where(multiply, multiplied, normal))
    return {
        f"{NEURON}leak.i_bias": _codes("tau_mem", bias, least=1),
        f"{NEURON}leak.enable_division": divide.astype(np.int64),
        f"{NEURON}leak.enable_multiplication": multiply.astype(np.int64),
        f"{NEURON}membrane_capacitance.capacitance": capacitance.astype(np.int64),
    }


def _inputs(tau_s: NDArray[np.float64], gm: NDArray[np.float64]) -> dict[str, NDArray[np.int64]]:
    found: dict[str, NDArray[np.int64]] = {}
    for prefix, tau, strength in zip(INPUTS.values(), tau_s, gm, strict=True):
        low = _LINE_TAU_S / tau
        high = low < _LEAST_TAU_CODE
        found |= {
            f"{prefix}i_bias_tau": _codes("tau_syn", np.where(high, _HIGH_RESISTANCE * low, low), least=1),
            f"{prefix}enable_high_resistance": high.astype(np.int64),
            f"{prefix}i_bias_gm": _codes("i_synin_gm", strength, least=0),
            f"{prefix}i_shift_reference": every(_SHIFT),
            f"{prefix}i_bias_coba": every(0),
            f"{prefix}enable_small_capacitance": every(0),
            f"{prefix}enable": np.rint(strength) > 0,
        }
    return found


def _codes(name: str, exact: NDArray[np.float64], *, least: int) -> NDArray[np.int64]:
    """Rounded codes.

    Raises:
        CalibNotSupported: beyond the cells.
    """
    if not (np.rint(exact) >= least).all() or not (np.rint(exact) <= LARGEST_CODE).all():
        raise CalibNotSupported(
            f"{name}: codes {exact.min():.0f}..{exact.max():.0f} would be needed, cells hold {least}..{LARGEST_CODE}"
        )
    return np.rint(exact).astype(np.int64)
