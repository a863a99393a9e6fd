"""Predictions: the parameter is calculated from one measurement and a known law.

======================  =================================================================================
`PolynomialPrediction`  p = rint(f(target) + probe - f(result of the probe)), f: result -> parameter
`LinearPrediction`      f(r) = offset + slope r
======================  =================================================================================

Only the shape of f matters: the probe removes the offset of each instance. Reference: calibration.md 1.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.calib.errors import AlgorithmError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.calib import Calib
    from hxtwin.calib.stateful_connection import StatefulConnection


def _integers(given: ArrayLike) -> NDArray[np.int64]:
    return np.asarray(given, dtype=np.int64)


def _numbers(given: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(given, dtype=np.float64)


@attrs.frozen(eq=False)
class PolynomialPrediction:
    """Prediction by a polynomial.

    Args:
        probe_parameters: parameters of the measurement, a number or one for each instance.
        coefficients: of the polynomial from observable to parameter, lowest order first.
    """

    probe_parameters: NDArray[np.int64] = attrs.field(converter=_integers)
    coefficients: NDArray[np.float64] = attrs.field(converter=_numbers)

    @classmethod
    def from_data(cls, parameters: ArrayLike, results: ArrayLike, degree: int) -> PolynomialPrediction:
        """The polynomial that describes measured data.

        Args:
            parameters: tested parameters, ``[n]``; the probe is their median.
            results: observables, ``[n]`` or ``[n, instances]`` (then the mean over the instances counts).
            degree: degree of the polynomial.

        Raises:
            AlgorithmError: fewer data than coefficients, or different lengths.
        """
        x, y = np.asarray(parameters, dtype=np.float64), np.asarray(results, dtype=np.float64)
        if x.ndim != 1 or y.shape[:1] != x.shape or len(x) <= degree:
            raise AlgorithmError(
                f"{x.shape} parameters and {y.shape} results given; one result for each of at least {degree + 1} "
                "parameters is wanted"
            )
        observed = y.reshape(len(x), -1).mean(axis=1)
        return cls(int(np.median(x)), np.polynomial.polynomial.polyfit(observed, x, degree))

    def run(self, connection: StatefulConnection, calib: Calib) -> NDArray[np.int64]:
        """Measures once, predicts, clips and writes the parameters, ``int64[n]``."""
        probe = np.broadcast_to(self.probe_parameters, (calib.n_instances,))
        results = calib.evaluate(connection, probe)
        change = self._parameter(calib.wanted()) - self._parameter(results)
        wanted = np.rint(probe + np.where(np.isfinite(change), change, 0.0)).astype(np.int64)
        parameters = calib.parameter_range.clip(wanted)
        calib.write(connection, parameters)
        return parameters

    def _parameter(self, results: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.polynomial.polynomial.polyval(results, self.coefficients), dtype=np.float64)


def LinearPrediction(  # noqa: N802  # reads like the class that it makes
    probe_parameters: ArrayLike, offset: float = 0.0, slope: float = 1.0
) -> PolynomialPrediction:
    """Prediction by a straight line; with slope 1 the parameter moves by what the observable misses."""
    return PolynomialPrediction(probe_parameters, (offset, slope))
