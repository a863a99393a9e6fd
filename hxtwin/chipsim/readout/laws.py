"""Numbers of the readout that are not in `hxtwin.chipsim.analog.constants`: laws of both converters.

Provenance tags as there; the section numbers are those of reference: analog-model.md.
"""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class ReadoutLaws:
    """Laws of column ADC, membrane ADC and correlation output."""

    # --- column ADC (7.1) ---
    cadc_lsb: float = 4.5e-3
    """Step of the ramp in one count at the reference code of the slope cell; V. [S]-derived."""
    cadc_slope_code: float = 350.0
    """Reference code of the slope cell. [I]"""
    cadc_ramp_shift: float = -80e-3
    """Start of the ramp above the voltage of the offset cell; V. [I]"""
    cadc_counts_per_cycle: float = 2.0
    """500 MHz counter, 250 MHz chip cycles. [S]"""
    cadc_bend: float = 1.05
    """The ramp is linear up to this voltage; V. [S] (end of the calibrated range)"""
    cadc_bend_curvature: float = 1.0
    """Above, it lags by curvature * (linear ramp - bend)**2; 1/V. [I]"""
    cadc_ramp_end: float = 1.2
    """The ramp ends here: higher inputs are never reached; V. [S]"""

    # --- correlation output (6) ---
    correlation_v_reset: float = 1.85
    """Voltage to which storage is reset, for the nominal baseline; V. [S]"""

    # --- membrane ADC (7.2) ---
    madc_knee: float = 1.1
    """Linear up to this voltage; V. [I], an anchor of 13.1"""
    madc_span: float = 0.1
    """Saturates at knee + span, softly; V. [I] ("saturating above ~1.2 V")"""
    madc_largest_code: int = 1023
    """10 bit. [S]"""
    madc_invalid_cycles: int = 2000
    """Samples of the first 8 us of a recording are invalid; chip cycles. [S]"""
    madc_start_up_cycles: float = 500.0
    """Time constant with which they approach the true value, 2 us; chip cycles. [I], rule 35"""


READOUT: Final = ReadoutLaws()
"""The numbers of the reference."""
