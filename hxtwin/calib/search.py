"""Searches: they walk all instances of a calibration towards their targets, one measurement for all at a time.

======================  =====================================================================================
`BinarySearch`          halves the increments; the last three measurements are neighbours, the best one wins
`NoisyBinarySearch`     the same with noise on the start, so that neighbouring cells differ
`LinearSearch`          walks in equal steps until the target is crossed
`ProportionalSearch`    follows a power law; for observables that take long to measure
`SecantSearch`          follows a straight line; likewise
======================  =====================================================================================

With P = number of values of the parameter::

    measurements  n = max(3, ceil(log2 P) + 2)
    start             lower + P // 2
    increment k       ceil(P / 2^(k+2)),  k = 0 .. n-1

An update follows measurements 1 .. n-2, so that the last two increments of the list are never applied. With a and b
the values of measurements n-2 and n-1, measurement n tests the other neighbour of a, ``2 a - b``; where both sit at a
bound, the value next to it. Increments are rounded up, hence the odd ones at the end. Reference: calibration.md 1.4.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.calib.constants import CODE_NOISE
from hxtwin.calib.errors import AlgorithmError, ExcessiveNoiseError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.calib import Calib, ParameterRange
    from hxtwin.calib.stateful_connection import StatefulConnection

_BEST = 3
_LEAST_STEPS = 3
_LEAST_MEASUREMENTS = 2
_FACTOR = 4.0
_FACTORS = (1 / _FACTOR**2, _FACTOR**2)
_FAR = 0.1
_FAR_STEP = 25
_SMALLEST_EXPONENT, _LARGEST_EXPONENT = 0.4, 2.0


def increments(allowed: ParameterRange) -> list[int]:
    """Increments of a binary search over a range, one for each measurement; the last two are never applied."""
    steps = max(_LEAST_STEPS, math.ceil(math.log2(allowed.size)) + 2)
    return [math.ceil(allowed.size / 2 ** (k + 2)) for k in range(steps)]


def start_value(allowed: ParameterRange) -> int:
    """Where a binary search begins."""
    return allowed.lower + allowed.size // 2


@attrs.frozen
class BinarySearch:
    """Binary search; see the formulas of this module."""

    def run(self, connection: StatefulConnection, calib: Calib) -> NDArray[np.int64]:
        """The best of the last three tested parameters, ``int64[n]``; they are left on the chip."""
        allowed = calib.parameter_range
        start = np.full(calib.n_instances, start_value(allowed), dtype=np.int64)
        return _search(connection, calib, start, increments(allowed), _BEST)


@attrs.frozen
class NoisyBinarySearch:
    """Binary search that starts at different values, and takes one more step of the size of that noise.

    Args:
        noise_amplitude: largest deviation from the start value; uniform integers.

    Raises:
        AlgorithmError: no positive amplitude.
    """

    noise_amplitude: int = CODE_NOISE

    def __attrs_post_init__(self) -> None:
        if self.noise_amplitude < 1:
            raise AlgorithmError(f"noise amplitude {self.noise_amplitude}: at least 1 is wanted, else use BinarySearch")

    def run(self, connection: StatefulConnection, calib: Calib) -> NDArray[np.int64]:
        """The best of the last 3 + ceil(log2(noise)) tested parameters, ``int64[n]``; they are left on the chip.

        Raises:
            ExcessiveNoiseError: the noise exceeds the first increment.
        """
        allowed, noise = calib.parameter_range, self.noise_amplitude
        steps = increments(allowed)
        if noise > steps[0]:
            raise ExcessiveNoiseError(
                f"noise amplitude {noise} exceeds the first increment {steps[0]} of the range "
                f"{allowed.lower}..{allowed.upper}"
            )
        start = start_value(allowed) + connection.rng.integers(-noise, noise + 1, calib.n_instances)
        return _search(
            connection,
            calib,
            allowed.clip(start),
            sorted([*steps, noise], reverse=True),
            _BEST + math.ceil(math.log2(noise)),
        )


@attrs.frozen
class LinearSearch:
    """Walks every instance in equal steps towards the target until it is crossed.

    Args:
        initial: start value; the middle of the range by default.
        step_size: step, at least 1.
        max_steps: longest walk.

    Raises:
        AlgorithmError: a step below 1.
        TypeError: a step that is no integer.
    """

    initial: int | None = None
    step_size: int = 1
    max_steps: int = 50

    def __attrs_post_init__(self) -> None:
        if operator.index(self.step_size) < 1:
            raise AlgorithmError(f"step size {self.step_size}: at least 1 is wanted")

    def run(self, connection: StatefulConnection, calib: Calib) -> NDArray[np.int64]:
        """The better of the last two parameters tested for each instance, ``int64[n]``; they are left on the chip."""
        allowed, target = calib.parameter_range, calib.wanted()
        initial = (allowed.lower + allowed.upper) // 2 if self.initial is None else self.initial
        parameters = allowed.clip(np.full(calib.n_instances, initial, dtype=np.int64))
        deviation = calib.evaluate(connection, parameters) - target
        too_large = deviation > 0
        step = np.where(too_large ^ calib.inverted, -self.step_size, self.step_size)
        best, nearest = parameters, deviation
        active = np.ones(calib.n_instances, dtype=bool)
        for _ in range(self.max_steps):
            following = parameters + step
            active &= (following >= allowed.lower) & (following <= allowed.upper)
            if not active.any():
                break
            previous, previous_distance = parameters, np.abs(deviation)
            parameters = np.where(active, following, parameters)
            deviation = calib.evaluate(connection, parameters) - target
            nearer = np.abs(deviation) <= previous_distance
            best = np.where(active, np.where(nearer, parameters, previous), best)
            nearest = np.where(active & nearer, deviation, nearest)
            active &= (deviation > 0) == too_large
        calib.achieved = target + nearest
        calib.write(connection, best)
        return best


@attrs.frozen
class ProportionalSearch:
    """Follows a power law from the observable to the parameter; few measurements, for those that take long.

    ::

        p -> p (target / result) ^ (1 / exponent),    exponent = d ln(result) / d ln(parameter)

    The exponent is 1, or -1 for inverted calibrations, until two measurements tell it for each instance. The parameter
    with the smallest distance to the target of all measurements wins. No search of the reference: it replaces the
    binary one where a measurement records every neuron on its own.

    Args:
        initial: start value unless the calibration has guesses of its own; the middle of the range by default. The
            same noise as of `NoisyBinarySearch` is added.
        measurements: number of measurements.

    Raises:
        AlgorithmError: fewer than two measurements.
    """

    initial: int | None = None
    measurements: int = 5

    def __attrs_post_init__(self) -> None:
        if self.measurements < _LEAST_MEASUREMENTS:
            raise AlgorithmError(f"{self.measurements} measurements: at least {_LEAST_MEASUREMENTS} are wanted")

    def run(self, connection: StatefulConnection, calib: Calib) -> NDArray[np.int64]:
        """The best of all tested parameters, ``int64[n]``; they are left on the chip."""
        allowed, target = calib.parameter_range, calib.wanted()
        parameters = np.maximum(allowed.clip(self._start(connection, calib)), 1)
        exponent = np.full(calib.n_instances, -1.0 if calib.inverted else 1.0)
        best, distance = parameters, np.full(calib.n_instances, np.inf)
        achieved = np.full(calib.n_instances, np.nan)
        previous: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None
        for _ in range(self.measurements):
            results = calib.evaluate(connection, parameters)
            off = np.abs(results - target)
            achieved = np.where(off <= distance, results, achieved)
            best, distance = np.where(off <= distance, parameters, best), np.fmin(off, distance)
            if previous is not None:
                exponent = _exponent(parameters, results, *previous, exponent)
            previous = parameters, results
            # results without a law (infinite, none) move the parameter by the largest factor
            ratio = np.clip(np.where(results > 0, target / np.where(results > 0, results, 1), _FACTOR), *_FACTORS)
            following = np.rint(parameters * np.clip(ratio ** (1 / exponent), *_FACTORS)).astype(np.int64)
            parameters = np.maximum(allowed.clip(following), 1)
        calib.achieved = achieved
        calib.write(connection, best)
        return best

    def _start(self, connection: StatefulConnection, calib: Calib) -> NDArray[np.int64]:
        noise = connection.rng.integers(-CODE_NOISE, CODE_NOISE + 1, calib.n_instances)
        if calib.start is not None:
            return calib.start  # guesses of different instances differ as they are
        return noise + (start_value(calib.parameter_range) if self.initial is None else self.initial)


@attrs.frozen
class SecantSearch:
    """Follows a straight line from the observable to the parameter; few measurements, for those that take long.

    ::

        p -> p + (target - result) / slope

    The slope is the given one until two measurements tell it for each instance; at most a factor of two away from the
    given one is believed. The parameter with the smallest distance to the target of all measurements wins. No search
    of the reference.

    Args:
        slope: expected change of the observable with a step of the parameter; positive, inverted calibrations are
            known as such.
        measurements: number of measurements.

    Raises:
        AlgorithmError: fewer than two measurements, or no positive slope.
    """

    slope: float
    measurements: int = 5

    def __attrs_post_init__(self) -> None:
        if self.measurements < _LEAST_MEASUREMENTS:
            raise AlgorithmError(f"{self.measurements} measurements: at least {_LEAST_MEASUREMENTS} are wanted")
        if self.slope <= 0:
            raise AlgorithmError(f"a slope of {self.slope:g} leads nowhere; it is positive, also if inverted")

    def run(self, connection: StatefulConnection, calib: Calib) -> NDArray[np.int64]:
        """The best of all tested parameters, ``int64[n]``; they are left on the chip."""
        allowed, target = calib.parameter_range, calib.wanted()
        if calib.start is not None:
            parameters = allowed.clip(calib.start)
        else:
            noise = connection.rng.integers(-CODE_NOISE, CODE_NOISE + 1, calib.n_instances)
            parameters = allowed.clip(noise + start_value(allowed))
        sign = -1.0 if calib.inverted else 1.0
        slope = np.full(calib.n_instances, sign * self.slope)
        best, distance = parameters, np.full(calib.n_instances, np.inf)
        achieved = np.full(calib.n_instances, np.nan)
        previous: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None
        for _ in range(self.measurements):
            results = calib.evaluate(connection, parameters)
            off = np.abs(results - target)
            achieved = np.where(off <= distance, results, achieved)
            best, distance = np.where(off <= distance, parameters, best), np.fmin(off, distance)
            if previous is not None:
                step = parameters - previous[0]
                far = np.abs(step) >= _FAR_STEP
                told = (results - previous[1]) / np.where(far, step, 1)
                believed = np.clip(told * sign, self.slope / 2, 2 * self.slope) * sign
                slope = np.where(far & np.isfinite(told), believed, slope)
            previous = parameters, results
            following = np.rint(parameters + (target - results) / slope)
            parameters = allowed.clip(np.where(np.isfinite(following), following, parameters).astype(np.int64))
        calib.achieved = achieved
        calib.write(connection, best)
        return best


def _exponent(
    p: NDArray[np.int64],
    r: NDArray[np.float64],
    p_before: NDArray[np.int64],
    r_before: NDArray[np.float64],
    known: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Exponents of the law between two measurements; the known one where they are too close to tell."""
    far = np.abs(np.log(p / p_before)) > _FAR
    sane = far & np.isfinite(r) & np.isfinite(r_before) & (r > 0) & (r_before > 0)
    change = np.log(np.where(sane, r / np.where(sane, r_before, 1), 1))
    found = change / np.where(sane, np.log(p / p_before), 1)
    limits = np.abs(found).clip(_SMALLEST_EXPONENT, _LARGEST_EXPONENT) * np.sign(known)
    return np.where(sane & (np.sign(found) == np.sign(known)), limits, known)


def _search(
    connection: StatefulConnection, calib: Calib, start: NDArray[np.int64], steps: list[int], n_best: int
) -> NDArray[np.int64]:
    """Measures ``len(steps)`` times and keeps the best of the last `n_best` parameters."""
    allowed, n = calib.parameter_range, len(steps)
    tested, deviations = np.empty((n, len(start)), np.int64), np.empty((n, len(start)))
    parameters = start
    for k in range(n):
        if k == n - 1:
            parameters = _other_neighbour(tested[k - 2], tested[k - 1], allowed)
        tested[k] = parameters
        # the target may move with the parameters: it is asked for after the measurement
        deviations[k] = calib.evaluate(connection, parameters) - calib.wanted()
        if k < n - 2:
            down = (deviations[k] > 0) ^ calib.inverted
            parameters = allowed.clip(parameters + np.where(down, -steps[k], steps[k]))
    distance = np.abs(np.where(np.isnan(deviations), np.inf, deviations))[-n_best:]
    # ties: the most recent measurement wins
    latest_best = n_best - 1 - np.argmin(distance[::-1], axis=0)
    best: NDArray[np.int64] = np.take_along_axis(tested[-n_best:], latest_best[np.newaxis], axis=0)[0]
    calib.achieved = calib.wanted() + np.take_along_axis(deviations[-n_best:], latest_best[np.newaxis], axis=0)[0]
    calib.write(connection, best)
    return best


def _other_neighbour(a: NDArray[np.int64], b: NDArray[np.int64], allowed: ParameterRange) -> NDArray[np.int64]:
    """``2 a - b``; where both sit at a bound, the value next to it."""
    other = 2 * a - b
    other = np.where((a == allowed.lower) & (b == allowed.lower), allowed.lower + 1, other)
    other = np.where((a == allowed.upper) & (b == allowed.upper), allowed.upper - 1, other)
    return allowed.clip(other)
