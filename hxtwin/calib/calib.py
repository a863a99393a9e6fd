"""A calibration: parameters of many equal instances, chosen such that an observable meets a target.

==========================  ===================================================================================
`Calib.parameter_range`     inclusive range of the parameter
`Calib.n_instances`         instances calibrated at the same time: 4 quadrants, 512 neurons, 1024 channels ..
`Calib.inverted`            whether a larger parameter gives a smaller observable
`Calib.target`              wanted observable, an array or a number; `prelude` may set it
`Calib.prelude`             fixed configuration, measurement of the target
`Calib.configure_parameters`  writes parameters and waits until they are effective
`Calib.measure_results`     runs the program; one observable for each instance
`Calib.postlude`            restores, reports, may overwrite the success
`Calib.run`                 all of it with a search, see `hxtwin.calib.search`
==========================  ===================================================================================

An instance whose parameter ends at a bound of its range, or beyond, is not successful. Reference: calibration.md 1.1.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

import attrs
import numpy as np

from hxtwin.calib.errors import AlgorithmError, MissingTargetError, TargetShapeError
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

_log = logging.getLogger(__name__)
_NAMED = 12


@attrs.frozen
class ParameterRange:
    """Inclusive range of integer parameters.

    Raises:
        AlgorithmError: it does not span at least one step.
    """

    lower: int
    upper: int

    def __attrs_post_init__(self) -> None:
        if self.upper - self.lower < 1:
            raise AlgorithmError(f"a range {self.lower}..{self.upper} leaves nothing to search; two values are needed")

    @property
    def size(self) -> int:
        """Number of values."""
        return self.upper - self.lower + 1

    def clip(self, parameters: NDArray[np.int64]) -> NDArray[np.int64]:
        """Parameters moved into the range."""
        return np.clip(parameters, self.lower, self.upper)


@attrs.frozen(eq=False)
class ParameterCalibResult:
    """What a calibration found.

    Attributes:
        calibrated_parameters: ``int64[n]``, inside the range.
        success: ``bool[n]``.
    """

    calibrated_parameters: NDArray[np.int64]
    success: NDArray[np.bool_]


class Algorithm(Protocol):
    """Chooses parameters by measuring; stateless, so that one object serves many calibrations."""

    def run(self, connection: StatefulConnection, calib: Calib) -> NDArray[np.int64]:
        """Finds the parameters of all instances, ``int64[n]``, and leaves them on the chip."""
        ...


class Calib(ABC):
    """One calibration; see the table of this module.

    Args:
        parameter_range: range of the parameter.
        n_instances: number of instances.
        inverted: whether a larger parameter gives a smaller observable.
        target: wanted observable, a number or one for each instance; None if `prelude` measures it.
        errors: messages for instances at the lower and at the upper bound; ``{0}`` stands for their indices, ``{1}``
            for the bound.

    Attributes:
        achieved: what the chosen parameters gave when they were measured, ``float64[n]``; None before a search.
        trusted: whether the fit of that measurement can be trusted, ``bool[n]``; None where nothing is fitted.
        start: where `prelude` expects the parameters, ``int64[n]``; a guess that `ProportionalSearch` begins with.
    """

    def __init__(
        self,
        parameter_range: ParameterRange,
        n_instances: int,
        *,
        inverted: bool = False,
        target: ArrayLike | None = None,
        errors: tuple[str, str] = ("lower bound {1} reached by {0}", "upper bound {1} reached by {0}"),
    ) -> None:
        self.parameter_range = parameter_range
        self.n_instances = n_instances
        self.inverted = inverted
        self.errors = errors
        self.target: NDArray[np.float64] | None = None
        self.start: NDArray[np.int64] | None = None
        self.achieved: NDArray[np.float64] | None = None
        self.trusted: NDArray[np.bool_] | None = None
        self._fits: list[tuple[NDArray[np.int64], NDArray[np.bool_]]] = []
        self.result: ParameterCalibResult | None = None
        if target is not None:
            self.set_target(target)

    # --- what a calibration says --------------------------------------------------------------------------------

    def prelude(self, connection: StatefulConnection) -> None:  # noqa: B027  # most calibrations need none
        """Prepares the chip; may measure the target."""

    @abstractmethod
    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Appends the writes of the parameters ``int64[n]`` and the wait until they are effective."""

    @abstractmethod
    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Appends the measurement, runs the program, and returns one observable for each instance, ``float64[n]``."""

    def usable_fits(self) -> NDArray[np.bool_] | None:
        """Which fits of the last measurement can be trusted, ``bool[n]``; None: nothing was fitted."""
        return None

    def postlude(self, connection: StatefulConnection) -> None:  # noqa: B027  # most calibrations need none
        """Restores what `prelude` changed; may replace the success in `result`."""

    # --- what is done with it -----------------------------------------------------------------------------------

    def run(
        self, connection: StatefulConnection, algorithm: Algorithm, target: ArrayLike | None = None
    ) -> ParameterCalibResult:
        """Calibrates all instances.

        Args:
            connection: the chip.
            algorithm: how parameters are chosen.
            target: replaces the target of the calibration.

        Returns:
            Parameters and success.

        Raises:
            MissingTargetError: there is no target, and `prelude` does not set one.
            TargetShapeError: a target of another shape.
            CalibError: the measurement failed.
        """
        if target is not None:
            self.set_target(target)
        self.prelude(connection)
        self.wanted()
        self._fits.clear()
        found = algorithm.run(connection, self)
        self.trusted = self._trusted(found)
        self.result = self._checked(found)
        self.postlude(connection)
        return self.result

    def set_target(self, target: ArrayLike) -> None:
        """Takes a target: a finite number, or one for each instance.

        Raises:
            TargetShapeError: another shape, or no finite numbers.
        """
        array = np.asarray(target, dtype=np.float64)
        if array.shape not in ((), (self.n_instances,)) or not np.isfinite(array).all():
            raise TargetShapeError(
                f"{type(self).__name__}: a target of shape {array.shape} given; a finite number or "
                f"{self.n_instances} of them are wanted"
            )
        self.target = array

    def wanted(self) -> NDArray[np.float64]:
        """The target of every instance, ``float64[n]``.

        Raises:
            MissingTargetError: there is none.
        """
        if self.target is None:
            raise MissingTargetError(f"{type(self).__name__}: no target; give one, its prelude does not measure it")
        return np.broadcast_to(self.target, (self.n_instances,))

    def evaluate(self, connection: StatefulConnection, parameters: NDArray[np.int64]) -> NDArray[np.float64]:
        """Writes parameters and measures once.

        Raises:
            AlgorithmError: the measurement returned another number of results than there are instances.
        """
        builder = PlaybackProgramBuilder()
        self.configure_parameters(connection, builder, parameters)
        results = np.asarray(self.measure_results(connection, builder), dtype=np.float64)
        if results.shape != (self.n_instances,):
            raise AlgorithmError(
                f"{type(self).__name__}: {results.shape} results measured for {self.n_instances} instances"
            )
        if (usable := self.usable_fits()) is not None:
            self._fits.append((np.array(parameters), usable))
        return results

    def write(self, connection: StatefulConnection, parameters: NDArray[np.int64]) -> None:
        """Writes parameters without a measurement."""
        builder = PlaybackProgramBuilder()
        self.configure_parameters(connection, builder, parameters)
        connection.run(builder)

    def _trusted(self, found: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """Sanity of the fits that belong to the parameters, of the most recent ones where they were measured often."""
        if not self._fits:
            return None
        trusted = self._fits[-1][1]
        for parameters, usable in self._fits:
            trusted = np.where(parameters == found, usable, trusted)
        if not trusted.all():
            _log.warning("%s: fits of %s cannot be trusted", type(self).__name__, _indices(~trusted))
        return trusted

    def _checked(self, found: NDArray[np.int64]) -> ParameterCalibResult:
        allowed = self.parameter_range
        low, high = found <= allowed.lower, found >= allowed.upper
        for reached, message, bound in zip((low, high), self.errors, (allowed.lower, allowed.upper), strict=True):
            if reached.any():
                _log.warning("%s: %s", type(self).__name__, message.format(_indices(reached), bound))
        parameters = allowed.clip(found)
        success = ~(low | high)
        return ParameterCalibResult(parameters, success)


def _indices(mask: NDArray[np.bool_]) -> str:
    """Indices for a message, the first ones if there are many."""
    indices = np.flatnonzero(mask)
    text = ", ".join(map(str, indices[:_NAMED].tolist()))
    return text if len(indices) <= _NAMED else f"{text}, .. ({len(indices)} of {len(mask)})"
