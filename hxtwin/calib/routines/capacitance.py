"""Intrinsic capacitance: what a circuit brings along beside its capacitance code.

The time constant is linear in the code, ``tau = (C + C_i) / g``. Measured at five codes with long time constants, a
straight line gives C_i in codes; merged circuits subtract it from the code of their master. Reference: calibration.md
5.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.calib.constants import NEURONS
from hxtwin.calib.madc_recording import MADCRecorder
from hxtwin.calib.measurement_chip import NEURON, every
from hxtwin.calib.routines.membrane_time_constant import (
    fit_recovery,
    reset_stimulus,
)
from hxtwin.calib.stateful_connection import settle
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

_TAU_S: Final = 100e-6
_CODES: Final = np.rint(np.linspace(10, 63, 5)).astype(np.int64)
_DIVISION_BIAS: Final = 134
_SAMPLING_TAUS: Final = 6
_CAPACITANCE: Final = f"{NEURON}membrane_capacitance.capacitance"
_REST_CODE: Final = 700
_RESET_CODE: Final = 560


@attrs.frozen(eq=False)
class CapacitanceResult:
    """Intrinsic capacitances.

    Attributes:
        codes: capacitance of each circuit beside its code, in codes, ``float64[512]``.
        success: fits that describe their points, ``bool[512]``.
    """

    codes: NDArray[np.float64]
    success: NDArray[np.bool_]


def measure_capacitance(connection: StatefulConnection) -> CapacitanceResult:
    """Measures the intrinsic capacitance of all circuits; the configuration is restored."""
    paths = (
        f"{NEURON}leak.i_bias",
        f"{NEURON}leak.v_leak",
        f"{NEURON}reset.v_reset",
        f"{NEURON}leak.enable_division",
        f"{NEURON}leak.enable_multiplication",
        f"{NEURON}threshold.enable",
        f"{NEURON}excitatory_input.enable",
        f"{NEURON}inhibitory_input.enable",
        _CAPACITANCE,
    )
    before = connection.columns(*paths)
    builder = PlaybackProgramBuilder()
    connection.configure(
        builder,
        {
            f"{NEURON}leak.i_bias": connection.spread(_DIVISION_BIAS),
            f"{NEURON}leak.v_leak": connection.spread(_REST_CODE),
            f"{NEURON}reset.v_reset": connection.spread(_RESET_CODE),
            f"{NEURON}leak.enable_division": every(1),
            f"{NEURON}leak.enable_multiplication": every(0),
            f"{NEURON}threshold.enable": every(0),
            f"{NEURON}excitatory_input.enable": every(0),
            f"{NEURON}inhibitory_input.enable": every(0),
        },
    )
    settle(builder)
    connection.run(builder)
    taus, usable = np.empty((len(_CODES), NEURONS)), np.ones(NEURONS, dtype=bool)
    recorder = MADCRecorder(sampling_s=_SAMPLING_TAUS * _TAU_S, fires=True)
    for i, code in enumerate(_CODES):
        builder = PlaybackProgramBuilder()
        connection.configure(builder, {_CAPACITANCE: every(int(code))})
        settle(builder)
        fit = fit_recovery(recorder.record(connection, builder, reset_stimulus))
        taus[i], usable = fit.tau_s, usable & fit.usable
    builder = PlaybackProgramBuilder()
    connection.configure(builder, before)
    settle(builder)
    connection.run(builder)
    intercept, slope = np.polynomial.polynomial.polyfit(_CODES, taus, 1)
    return CapacitanceResult(intercept / slope, usable & (slope > 0))
