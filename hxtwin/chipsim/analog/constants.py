"""All numbers of the analog laws, with their provenance, in one place; a lab refits them here.

===  =========================================================================================
tag  meaning
===  =========================================================================================
S    stated in the public software of the platform
D    read off a figure or a parameter value of the public demonstrations
P    stated in one of the founding papers
I    inferred, so that the others are reproduced together; free to be re-tuned, self-consistent
===  =========================================================================================

The section numbers are those of reference: analog-model.md. Spreads (``*_spread``, ``*_sigma``) are one standard
deviation of the uncalibrated chip; a relative spread is that of a log-normal factor of median 1.
"""

# declarations call field functions in class bodies
from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Final

import attrs

from hxtwin.chipsim.errors import TwinArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

TAGS: Final = ("S", "D", "P", "I")
CYCLE_S: Final = 4e-9
"""One chip cycle; s."""


def _law(value: float, tag: str, section: str, unit: str = "1") -> float:
    """Declares one number with its tag, the section of the reference and its unit."""
    metadata = {"tag": tag, "section": section, "unit": unit}
    return attrs.field(default=value, metadata=metadata, converter=float)


@attrs.frozen(kw_only=True)
class AnalogConstants:
    """Constants of the analog laws; each field carries ``tag``, ``section`` and ``unit`` in its metadata."""

    # --- CapMem (section 2) ---
    cell_voltage_zero: float = _law(0.0188, "S", "2", "V")
    cell_voltage_per_code: float = _law(1.875e-3, "S", "2", "V")
    cell_voltage_rail: float = _law(1.85, "I", "2", "V")
    cell_current_per_code: float = _law(1e-9, "I", "2", "A")
    cell_settling_s: float = _law(3.5e-3, "I", "1", "s")
    cell_hold_s: float = _law(10.0, "I", "simulator-decisions 16", "s")
    cell_current_spread: float = _law(0.03, "I", "2")
    cell_voltage_sigma: float = _law(2e-3, "I", "2", "V")
    quadrant_current_spread: float = _law(0.05, "I", "2")
    quadrant_voltage_sigma: float = _law(5e-3, "I", "2", "V")

    # --- membrane (3.2 - 3.4) ---
    capacitance_full: float = _law(2.2e-12, "S", "3.2", "F")
    capacitance_parasitic: float = _law(0.13e-12, "I", "3.2", "F")
    capacitance_parasitic_sigma: float = _law(0.02e-12, "I", "3.2", "F")
    capacitance_spread: float = _law(0.015, "I", "3.2")
    leak_per_code: float = _law(1.5e-9, "I", "3.3", "S")
    leak_bend_code: float = _law(2000.0, "I", "3.3")
    leak_spread: float = _law(0.20, "I", "3.3")
    conductance_scale: float = _law(8.0, "S", "3.3")
    degeneration_factor: float = _law(2.0, "I", "3.3 (direction only)")
    reset_time_constant: float = _law(0.5e-6, "S", "3.3", "s")
    reset_reference_code: float = _law(1012.0, "S", "3.3")
    reset_spread: float = _law(0.20, "I", "3.3")
    ota_range: float = _law(0.28, "I", "3.1", "V")
    reset_shares_leak_ota: float = _law(1.0, "S", "containers-a 3.1")
    v_leak_slope: float = _law(0.79, "D", "3.4", "MADC LSB")
    v_leak_offset: float = _law(-150.0, "I", "3.4", "MADC LSB")
    v_leak_low_code: float = _law(350.0, "I", "3.4")
    v_leak_high_code: float = _law(930.0, "I", "3.4")
    v_leak_rounding_codes: float = _law(60.0, "I", "3.4")
    v_leak_sigma: float = _law(25e-3, "I", "3.4", "V")
    v_leak_bias_shift_sigma: float = _law(4e-3, "I", "3.4", "V")
    v_leak_bias_reference: float = _law(200.0, "I", "3.4")
    v_reset_slope: float = _law(0.77, "I", "3.4", "MADC LSB")
    v_reset_offset: float = _law(-60.0, "I", "3.4", "MADC LSB")
    v_reset_sigma: float = _law(30e-3, "I", "3.4", "V")
    v_threshold_slope: float = _law(1.02, "I", "3.4", "MADC LSB")
    v_threshold_offset: float = _law(92.0, "I", "3.4", "MADC LSB")
    v_threshold_sigma: float = _law(20e-3, "I", "3.4", "V")
    membrane_low_rail: float = _law(0.15, "I", "3.4", "V")
    membrane_high_rail: float = _law(1.1, "I", "3.4", "V")
    drift_sigma: float = _law(5e-12, "I", "9", "A")
    noise_diffusion: float = _law(0.8, "I", "9: 0.8 mV^2/us", "V^2/s")

    # --- spikes (3.5) ---
    comparator_delay: float = _law(20e-9, "I", "3.5", "s")

    # --- exponential (3.6) ---
    v_exp_slope: float = _law(0.8, "I", "3.6", "MADC LSB")
    v_exp_offset: float = _law(-30.0, "I", "3.6", "MADC LSB")
    v_exp_sigma: float = _law(20e-3, "I", "3.6", "V")
    exponential_slope: float = _law(25e-3, "I", "3.6", "V")
    exponential_per_code: float = _law(5e-12, "I", "3.6", "A")
    exponential_limit: float = _law(1e-6, "I", "3.1", "A")
    exponential_spread: float = _law(0.15, "I", "3.6")

    # --- adaptation (3.7) ---
    adaptation_capacitance: float = _law(2.7e-12, "I", "3.7", "F")
    adaptation_tau_per_code: float = _law(0.28e-9, "I", "3.7", "S")
    adaptation_a_per_code: float = _law(0.2e-9, "I", "3.7", "S")
    adaptation_b_per_code: float = _law(1e-9, "I", "3.7", "A")
    adaptation_output: float = _law(50e-9, "I", "3.7", "S")
    adaptation_low_rail: float = _law(0.0, "I", "supply", "V")
    adaptation_high_rail: float = _law(1.85, "I", "supply", "V")
    adaptation_spread: float = _law(0.20, "I", "3.7")
    v_adapt_ref_slope: float = _law(0.8, "I", "3.4", "MADC LSB")
    v_adapt_ref_offset: float = _law(-20.0, "I", "3.4", "MADC LSB")
    v_adapt_leak_slope: float = _law(0.79, "I", "3.4", "MADC LSB")
    v_adapt_leak_offset: float = _law(8.0, "I", "3.4", "MADC LSB")
    v_adapt_sigma: float = _law(20e-3, "I", "as v_exp")

    # --- constant current (3.8) ---
    offset_per_code: float = _law(88e-12, "I", "3.8", "A")
    offset_linear_codes: float = _law(800.0, "D", "3.8")
    offset_upper_slope: float = _law(0.7, "I", "3.8")
    offset_spread: float = _law(0.10, "I", "3.8")

    # --- compartments (3.9) ---
    compartment_per_code: float = _law(3e-9, "I", "3.9", "S")
    compartment_bend_code: float = _law(2000.0, "I", "3.9")
    compartment_scale: float = _law(4.0, "S", "3.9")
    compartment_spread: float = _law(0.20, "I", "3.9")

    # --- synaptic lines (4.1, 4.2) ---
    line_step: float = _law(7.5e-3, "I", "4.1", "V")
    line_step_code: float = _law(600.0, "I", "4.1")
    line_small_capacitance: float = _law(0.85, "I", "4.1")
    line_saturation: float = _law(0.30, "I", "4.1", "V")
    line_rest: float = _law(1.2, "S", "4.1", "V")
    line_read_offset: float = _law(-0.57, "I", "4.1", "V")
    line_tau_full: float = _law(0.15e-6, "I", "4.2", "s")
    line_tau_full_code: float = _law(1022.0, "I", "4.2")
    line_high_resistance: float = _law(6.0, "I", "4.2")
    line_tau_spread: float = _law(0.25, "I", "4.2")
    dac_quadrant_spread: float = _law(0.08, "I", "4.1")
    synapse_spread: float = _law(0.05, "I", "4.1")

    # --- synaptic OTA (4.3, 4.4) ---
    ota_gm_per_code: float = _law(16e-9, "I", "4.3", "S")
    ota_limit_per_code: float = _law(1.5e-9, "I", "4.3", "A")
    ota_gm_spread: float = _law(0.08, "I", "4.3")
    ota_shift_per_code: float = _law(0.25e-3, "I", "4.3", "V")
    ota_shift_centre: float = _law(310.0, "S", "4.3")
    ota_offset_sigma: float = _law(15e-3, "I", "4.3", "V")
    coba_span: float = _law(0.7, "I", "4.4", "V")
    coba_span_code: float = _law(60.0, "I", "4.4")
    coba_spread: float = _law(0.20, "I", "4.4")
    coba_reference_sigma: float = _law(25e-3, "I", "4.4", "V")

    # --- synapse drivers (5) ---
    pulse_full: float = _law(4e-9, "I", "5.1", "s")
    pulse_full_code: float = _law(50.0, "I", "5.1")
    pulse_zero_code: float = _law(450.0, "I", "5.1")
    pulse_ramp_code: float = _law(600.0, "I", "5.1")
    pulse_offset_step: float = _law(0.06, "I", "5.1")
    pulse_offset_centre: float = _law(7.0, "I", "5.1")
    pulse_extension: float = _law(0.5, "I", "5.1")
    driver_sigma: float = _law(0.12, "I", "5.1")
    utilization_centre: float = _law(0.2, "S", "5.3")
    utilization_limit: float = _law(0.4, "I", "5.3")
    utilization_spread: float = _law(0.05, "I", "5.3")
    recovery_per_code: float = _law(1 / 64, "I", "5.3")
    recovery_spread: float = _law(0.10, "I", "5.3")
    recovery_prescaler: float = _law(16.0, "I", "5.3")
    hagen_step: float = _law(12e-3, "I", "5.2", "V")
    hagen_offset_step: float = _law(4e-3, "I", "5.2", "V")
    hagen_range: float = _law(0.9, "S", "5.2")
    hagen_offset_centre: float = _law(31.0, "I", "5.2")

    # --- correlation sensors (6) ---
    correlation_amplitude: float = _law(35.0, "I", "6", "CADC LSB")
    correlation_tau: float = _law(400e-6, "I", "6", "s")
    correlation_v_res_meas: float = _law(0.9, "S", "6", "V")
    correlation_v_res_scale: float = _law(0.05, "I", "6", "V")
    correlation_trim_step: float = _law(0.25, "I", "6")
    correlation_amplitude_spread: float = _law(0.30, "I", "6")
    correlation_tau_spread: float = _law(0.30, "I", "6")
    correlation_asymmetry_spread: float = _law(0.25, "I", "6")
    correlation_dead_share: float = _law(0.03, "I", "6")
    correlation_baseline: float = _law(198.0, "I", "6", "CADC LSB")

    # --- converters (7) ---
    cadc_offset_sigma: float = _law(12.0, "I", "7.1", "CADC LSB")
    cadc_noise_sigma: float = _law(0.8, "I", "7.1", "CADC LSB")
    madc_lsb: float = _law(1.5e-3, "I", "7.2", "V")
    madc_zero: float = _law(-35e-3, "I", "7.2", "V")
    madc_gain_spread: float = _law(0.10, "D", "7.2")
    madc_offset_sigma: float = _law(30.0, "D", "7.2", "MADC LSB")
    madc_noise_sigma: float = _law(1.3, "D", "7.2", "MADC LSB")

    def __attrs_post_init__(self) -> None:
        for name, value in self.values().items():
            if not math.isfinite(value):
                raise TwinArgumentError(f"analog constant {name} = {value!r} is not a finite number")

    def values(self) -> dict[str, float]:
        """All numbers by name."""
        return {field.name: float(getattr(self, field.name)) for field in attrs.fields(AnalogConstants)}

    def content_hash(self) -> str:
        """SHA-256 of all numbers, 64 hexadecimal digits; goes into logs so that a result names its laws."""
        return hashlib.sha256(json.dumps(self.values(), sort_keys=True).encode()).hexdigest()

    def refitted(self, values: Mapping[str, float]) -> AnalogConstants:
        """Constants with some numbers replaced.

        Args:
            values: new numbers by name.

        Raises:
            TwinArgumentError: a name does not exist or a value is not finite.
        """
        unknown = sorted(set(values) - set(self.values()))
        if unknown:
            raise TwinArgumentError(f"no analog constants named {unknown}; see AnalogConstants for the names")
        return attrs.evolve(self, **values)


NOMINAL: Final = AnalogConstants()
"""The numbers of analog-model.md."""
