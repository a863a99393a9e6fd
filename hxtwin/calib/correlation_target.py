"""What the correlation sensors shall do, and how they are measured.

=================  =======================  ==============  ============================================
field              default                  feasible        unit
=================  =======================  ==============  ============================================
amplitude          0.5                      0.2..2          CADC values for a pair at zero delay
time_constant      5e-6                     2e-6..30e-6     s
branches           both                                     causal, acausal, or the mean of both
v_res_meas         0.9                      0..1.2          V of the board, scales amplitudes
v_reset            1.85                     0..2.5          V of the board, baseline
amp_calib          0                        0..3            bits of all synapses, + 25 % amplitude each
time_calib         0                        0..3            bits of all synapses, + 25 % time constant each
calibrate_synapses no                                       finds bits for every synapse
time_constant_..   0.3                      0..1            weight of the time constant in that
synapse_rows       256                      1..256          rows of each hemisphere in that, the first ones
synapse_groups     8                        1..8            eighths of the columns in that
=================  =======================  ==============  ============================================

Reference: calibration.md 5.4.
"""

# fields are declared by calls in class bodies
from __future__ import annotations

import logging
import math
from enum import StrEnum
from typing import Any, Final

import attrs

from hxtwin.calib.errors import CalibNotSupported

_log = logging.getLogger(__name__)

FULL_SCALE_V: Final = {"v_reset": 2.5, "v_res_meas": 1.2}
"""Largest voltages of the DAC channels of the board."""
_FEASIBLE: Final = {"amplitude": (0.2, 2.0), "time_constant": (2e-6, 30e-6)}
_BITS: Final = 3
BIT_CODES: Final = _BITS + 1
"""Values of the bits of a synapse."""
_MOST: Final = {"synapse_rows": 256, "synapse_groups": 8}


class Branches(StrEnum):
    """Sensors that the searches look at."""

    CAUSAL = "causal"
    ACAUSAL = "acausal"
    BOTH = "both"


BRANCH_PARTS: Final = {Branches.CAUSAL: slice(0, 1), Branches.ACAUSAL: slice(1, 2), Branches.BOTH: slice(0, 2)}
"""Parts of arrays whose first axis is causal, acausal."""


@attrs.frozen(kw_only=True)
class CorrelationCalibTarget:
    """What the sensors shall do.

    Attributes:
        amplitude: read of one pair at zero delay, CADC values; feasible 0.2 .. 2.
        time_constant: seconds; feasible 2e-6 .. 30e-6.

    Raises:
        CalibNotSupported: no finite number larger than 0.
    """

    amplitude: float = attrs.field(default=0.5, converter=float)
    time_constant: float = attrs.field(default=5e-6, converter=float)

    def __attrs_post_init__(self) -> None:
        for name, (low, high) in _FEASIBLE.items():
            value = getattr(self, name)
            if not math.isfinite(value) or value <= 0:
                raise CalibNotSupported(f"{name} {value:g}: a finite number larger than 0 is wanted")
            if not low <= value <= high:
                _log.warning("%s: target %g is outside the feasible range %g..%g", name, value, low, high)


@attrs.frozen(kw_only=True)
class CorrelationCalibOptions:
    """How the sensors are measured.

    Attributes:
        branches: which sensors count.
        v_res_meas: voltage of the board that scales amplitudes, V.
        v_reset: voltage of the board to which the storage is reset, V.
        amp_calib, time_calib: bits of all synapses, 0 .. 3.
        calibrate_synapses: find bits for every synapse; takes long.
        time_constant_priority: weight of the time constant against the amplitude in that, 0 .. 1.
        synapse_rows: rows of each hemisphere whose synapses get bits of their own, the first ones, 1 .. 256.
        synapse_groups: eighths of the columns whose synapses get bits of their own, 1 .. 8.

    Raises:
        CalibNotSupported: voltages that the board does not have, or other numbers.
    """

    branches: Branches = attrs.field(default=Branches.BOTH, converter=Branches)
    v_res_meas: float = attrs.field(default=0.9, converter=float)
    v_reset: float = attrs.field(default=1.85, converter=float)
    amp_calib: int = 0
    time_calib: int = 0
    calibrate_synapses: bool = False
    time_constant_priority: float = attrs.field(default=0.3, converter=float)
    synapse_rows: int = 256
    synapse_groups: int = 8

    def __attrs_post_init__(self) -> None:
        for name, most in FULL_SCALE_V.items():
            value: Any = getattr(self, name)
            if not 0 <= value <= most:
                raise CalibNotSupported(f"{name} {value:g} V: the board has 0..{most:g} V")
        for name in ("amp_calib", "time_calib"):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= _BITS:
                raise CalibNotSupported(f"{name} {value!r}: an integer 0..{_BITS} is wanted")
        if not 0 <= self.time_constant_priority <= 1:
            raise CalibNotSupported(f"time_constant_priority {self.time_constant_priority:g}: 0..1 is wanted")
        for name, most in _MOST.items():
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= most:
                raise CalibNotSupported(f"{name} {value!r}: an integer 1..{most} is wanted")
