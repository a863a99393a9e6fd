"""Intrinsic capacitance: what a circuit brings along beside its capacitance code.

The time constant is linear in the code, ``tau = (C + C_i) / g``. Measured at five codes with long time constants, a
straight line gives C_i in codes; merged circuits subtract it from the code of their master. The time constants come
from reads of the column ADC behind a reset of all neurons. Reference: calibration.md 5.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.calib.constants import NEURONS, TAU_MEM_RANGE_S
from hxtwin.calib.exponential_fit import FitBounds
from hxtwin.calib.measurement_chip import NEURON, every
from hxtwin.calib.routines.decay_reads import DecayReads
from hxtwin.calib.routines.membrane_time_constant import reset_duration_s
from hxtwin.calib.stateful_connection import settle
from hxtwin.calib.stimulus import reset_delays, reset_neurons
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

_TAU_S: Final = 100e-6
_CODES: Final = np.rint(np.linspace(10, 63, 5)).astype(np.int64)
_DIVISION_BIAS: Final = 134
_REPEATS: Final = 4
_LARGEST: Final = 20.0  # codes; more is no capacitance but a fit that has gone wrong
_TYPICAL: Final = 4.0  # codes of a typical circuit, for delays and weights
_CAPACITANCE: Final = f"{NEURON}membrane_capacitance.capacitance"
_REST_CODE: Final = 700
_RESET_CODE: Final = 420


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
    held, delays = reset_duration_s(connection), reset_delays()
    for i, code in enumerate(_CODES):
        builder = PlaybackProgramBuilder()
        connection.configure(builder, {_CAPACITANCE: every(int(code))})
        settle(builder)
        reads = DecayReads(
            tau_s=_TAU_S * (code + _TYPICAL) / (_CODES[-1] + _TYPICAL),
            repeats=_REPEATS,
            least_delay_s=float(delays.max()) + held,
            bounds=FitBounds(tau_s=TAU_MEM_RANGE_S, amplitude=(-255.0, 0.0)),
        )
        fit = reads.measure(connection, builder, reset_neurons, delays + held)
        taus[i], usable = fit.tau_s, usable & fit.usable
    builder = PlaybackProgramBuilder()
    connection.configure(builder, before)
    settle(builder)
    connection.run(builder)
    # reads tell a part of a time constant, whatever its length
    weight = 1 / (_CODES + _TYPICAL)
    intercept, slope = np.polynomial.polynomial.polyfit(_CODES, taus, 1, w=weight)
    codes = intercept / slope
    return CapacitanceResult(codes, usable & (slope > 0) & (codes > 0) & (codes < _LARGEST))
