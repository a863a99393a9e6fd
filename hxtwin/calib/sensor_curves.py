"""Curves of calibrated correlation sensors: what pairs add up to, over their delay, and a fit of each.

====================  ==========================================================================================
`SensorCurves`        amplitude and time constant of every measured sensor from fits
`measure_curves`      reads calibrated sensors at delays and numbers of pairs that the searches do not use
`fit_curves`          ``n amplitude exp(-delay / tau) + offset``, each sensor and order of the pair on its own
====================  ==========================================================================================

The searches take amplitude and time constant from ratios of neighbouring delays, without a fit; this is to check them.
Reference: calibration.md 5.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
from scipy.optimize import curve_fit

from hxtwin.calib.constants import QUADRANTS
from hxtwin.calib.routines.correlation import read_calibrated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.routines.correlation import CorrelationCalibResult
    from hxtwin.calib.stateful_connection import StatefulConnection

_DELAYS: Final = np.array([0.15, 0.3, 0.6, 1.2, 2.4, 4.8])
"""In wanted time constants."""
_ACCUMULATED: Final = 60.0
_LARGEST_ROWS: Final = 8
_START: Final = (20.0, 5.0, 0.0)
"""Amplitude, time constant in us and offset."""
_LOWER, _UPPER = (0.0, 0.1, 0.0), (255.0, 100.0, 255.0)


@attrs.frozen(eq=False)
class SensorCurves:
    """Fits by order of the pair, causal and acausal, quadrant and sensor.

    Attributes:
        amplitude: read of one pair at zero delay, CADC values, ``float64[2, 4, n]``; nan: the fit failed.
        tau_s: seconds, ``float64[2, 4, n]``; nan: the fit failed.
    """

    amplitude: NDArray[np.float64]
    tau_s: NDArray[np.float64]


def measure_curves(
    connection: StatefulConnection, result: CorrelationCalibResult, amplitude: float, tau_s: float
) -> SensorCurves:
    """Measures calibrated sensors of the first rows; the configuration of neurons and synapses is restored.

    Args:
        connection: a chip with calibrated column ADC.
        result: the calibration of the sensors.
        amplitude, tau_s: what was asked for.

    Raises:
        CalibNotSuccessful: the sensors read too little after a reset.
    """
    options = result.options
    rows = min(options.synapse_rows, _LARGEST_ROWS) if options.calibrate_synapses else 1
    delays, events = _DELAYS * tau_s, max(1, int(_ACCUMULATED / amplitude))
    return fit_curves(read_calibrated(connection, result, delays, events, rows=rows), delays, events)


def fit_curves(lowered: NDArray[np.float64], delays_s: NDArray[np.float64], events: int) -> SensorCurves:
    """Fits of the reads of all sensors.

    Args:
        lowered: reads below the baseline, ``float64[2, delays, 4, n]``.
        delays_s: ascending, seconds.
        events: pairs that were sent.
    """
    curves = np.moveaxis(lowered, 1, -1)
    found = np.full((2, *curves.shape[:-1]), np.nan)
    for index in np.ndindex(curves.shape[:-1]):
        try:
            fitted, _ = curve_fit(_curve, delays_s * 1e6, curves[index], p0=_START, bounds=(_LOWER, _UPPER))
        except (RuntimeError, ValueError):
            continue
        found[(0, *index)], found[(1, *index)] = fitted[0] / events, fitted[1] * 1e-6
    return SensorCurves(found[0], found[1])


def _curve(delay: NDArray[np.float64], amplitude: float, tau: float, offset: float) -> NDArray[np.float64]:
    return amplitude * np.exp(-delay / tau) + offset


def percentiles(values: NDArray[np.float64]) -> tuple[float, float]:
    """Smallest 30th and largest 70th percentile of the quadrants; nan where most of a quadrant is unknown.

    Args:
        values: of the chosen orders of the pair, ``float64[k, 4, n]``.
    """
    by_quadrant = values.swapaxes(0, 1).reshape(QUADRANTS, -1)
    if (np.isfinite(by_quadrant).mean(axis=1) < 0.5).any():
        return float("nan"), float("nan")
    low, high = np.nanquantile(by_quadrant, [0.3, 0.7], axis=1)
    return float(low.min()), float(high.max())
