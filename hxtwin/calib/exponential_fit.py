"""Fits of exponential decays to many traces at once.

::

    y(t) = offset + amplitude exp(-t / tau)

For a given tau the best offset and amplitude are linear in the data; what remains is one search in log tau for every
trace, done for all of them at the same time by `scipy.optimize.elementwise.find_minimum`. The result is that of a
bounded least-squares fit of each trace. Reference: calibration.md 3.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
from scipy.optimize import elementwise

from hxtwin.calib.errors import CalibNotSuccessful

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SINGLE: Final = 64
_BINS: Final = 160
_GRID: Final = 28
_LEAST_SAMPLES: Final = 8
_OFFSET_FREEDOM: Final = 10.0


@attrs.frozen(eq=False)
class ExponentialFit:
    """Fits of n traces; every array is ``float64[n]``.

    Attributes:
        tau_s: time constant, seconds.
        amplitude: excursion at the begin of the fit, LSB.
        offset: end value, LSB.
        residual: root mean square of what the fit leaves of the means that it is made of, LSB.
        usable: ``bool[n]``, fits that neither end at a bound of tau nor miss the trace.
    """

    tau_s: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    offset: NDArray[np.float64]
    residual: NDArray[np.float64]
    usable: NDArray[np.bool_]


@attrs.frozen(kw_only=True)
class FitBounds:
    """Bounds of a fit.

    Attributes:
        tau_s: smallest and largest time constant.
        amplitude: smallest and largest amplitude, LSB.
        offset_freedom: largest deviation of the offset from the guess, LSB.
    """

    tau_s: tuple[float, float]
    amplitude: tuple[float, float] = (-np.inf, np.inf)
    offset_freedom: float = _OFFSET_FREEDOM


def fit_decays(
    traces: NDArray[np.float64],
    interval_s: float,
    first: NDArray[np.int64],
    stop: NDArray[np.int64],
    offset_guess: NDArray[np.float64],
    bounds: FitBounds,
) -> ExponentialFit:
    """Fits the part ``first .. stop - 1`` of every trace; time 0 is its first sample.

    Args:
        traces: ``float64[n, m]``, LSB.
        interval_s: time between samples.
        first, stop: ``int64[n]``.
        offset_guess: expected end values, ``float64[n]``.
        bounds: bounds of the parameters.

    Raises:
        CalibNotSuccessful: a part holds fewer than 8 samples.
    """
    lengths = stop - first
    if lengths.min(initial=_LEAST_SAMPLES) < _LEAST_SAMPLES:
        short = np.flatnonzero(lengths < _LEAST_SAMPLES)
        raise CalibNotSuccessful(f"{len(short)} traces, the first of neuron {short[0]}, are too short for a fit")
    centre, mean, count = _binned(traces, first, stop)
    time = np.broadcast_to(centre * interval_s, mean.shape)
    return _fit(_Problem(time, mean, count, guess=offset_guess, bounds=bounds), bounds)


def fit_reads(
    time_s: NDArray[np.float64],
    values: NDArray[np.float64],
    offset: NDArray[np.float64],
    bounds: FitBounds,
) -> ExponentialFit:
    """Fits few values of every instance, each at a time of its own.

    Args:
        time_s: ``float64[n, m]``, seconds.
        values: ``float64[n, m]``, LSB.
        offset: expected end values, ``float64[n]``.
        bounds: bounds of the parameters; without freedom of the offset it is taken as it is.
    """
    return _fit(_Problem(time_s, values, np.ones_like(values), guess=offset, bounds=bounds), bounds)


def _fit(problem: _Problem, bounds: FitBounds) -> ExponentialFit:
    """Scans the time constants, then narrows down the best one of each instance."""
    instances = len(problem.count)
    lower, upper = np.log(bounds.tau_s)
    grid = np.linspace(lower, upper, _GRID)
    every = np.arange(instances)
    scan = np.stack([problem.misfit(np.full(instances, point), every) for point in grid])
    best = np.clip(np.argmin(scan, axis=0), 1, _GRID - 2)
    found = elementwise.find_minimum(
        problem.misfit,
        (grid[best - 1], grid[best], grid[best + 1]),
        args=(every,),
        tolerances={"xatol": 1e-4, "xrtol": 0, "fatol": 0, "frtol": 1e-9},
        maxiter=60,
    )
    # without a minimum between three grid points the smallest of the scan, which lies at a bound, remains
    inside = np.isin(found.status, (0, -2)) & np.isfinite(found.x)
    log_tau = np.where(inside, found.x, grid[np.argmin(scan, axis=0)])
    amplitude, offset, square = problem.solve(log_tau, every)
    residual = np.sqrt(square / problem.count)
    return ExponentialFit(np.exp(log_tau), amplitude, offset, residual, inside & (residual < np.abs(amplitude)))


def _binned(
    traces: NDArray[np.float64], first: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Means over bins that grow with time: sample positions, values, and the number of samples in each bin.

    The first samples stand alone, so that decays much shorter than the trace are seen in full.
    """
    length = int((stop - first).max())
    growing = np.geomspace(_SINGLE, max(length, _SINGLE), _BINS).astype(np.int64)
    edges = np.unique(np.concatenate([np.arange(min(_SINGLE, length)), growing[growing < length]]))
    position = first[:, np.newaxis] + np.arange(length)
    valid = position < stop[:, np.newaxis]
    values = np.where(valid, np.take_along_axis(traces, np.minimum(position, traces.shape[1] - 1), axis=1), 0.0)
    count = np.add.reduceat(valid, edges, axis=1, dtype=np.float64)
    filled = np.maximum(count, 1)
    return edges + (filled - 1) / 2, np.add.reduceat(values, edges, axis=1) / filled, count


class _Problem:
    """Weighted least squares of all traces for given time constants."""

    def __init__(
        self,
        time: NDArray[np.float64],
        mean: NDArray[np.float64],
        count: NDArray[np.float64],
        *,
        guess: NDArray[np.float64],
        bounds: FitBounds,
    ) -> None:
        self._time, self._mean, self._weight = time, mean, count
        self._guess, self._bounds = guess, bounds
        self.count = count.sum(axis=1)

    def misfit(self, log_tau: NDArray[np.float64], trace: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sum of squares of the best fit of each trace at its time constant."""
        return self.solve(log_tau, trace)[2]

    def solve(
        self, log_tau: NDArray[np.float64], trace: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Amplitude, offset and sum of squares, each of the shape of `trace`."""
        index = np.asarray(trace, dtype=np.int64)
        y, w = self._mean[index], self._weight[index]
        e = np.exp(-self._time[index] / np.exp(log_tau)[..., np.newaxis])
        n, se, see = w.sum(-1), (w * e).sum(-1), (w * e * e).sum(-1)
        sy, sye, syy = (w * y).sum(-1), (w * y * e).sum(-1), (w * y * y).sum(-1)
        determinant = np.maximum(n * see - se * se, 1e-30)
        guess, freedom = self._guess[index], self._bounds.offset_freedom
        offset = np.clip((sy * see - sye * se) / determinant, guess - freedom, guess + freedom)
        amplitude = np.clip((sye - offset * se) / np.maximum(see, 1e-30), *self._bounds.amplitude)
        # offset again: the amplitude may sit at its bound
        offset = np.clip((sy - amplitude * se) / n, guess - freedom, guess + freedom)
        square = syy - 2 * (offset * sy + amplitude * sye) + offset**2 * n + 2 * offset * amplitude * se
        return amplitude, offset, np.maximum(square + amplitude**2 * see, 0.0)
