"""Fixtures of the calibration tests: measured functions in closed form, and connections without a chip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.calib.calib import Calib, ParameterRange
from hxtwin.calib.stateful_connection import StatefulConnection
from hxtwin.comm import ZeroMockConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray

    from hxtwin.runtime import PlaybackProgramBuilder


class SyntheticCalib(Calib):
    """A calibration whose observable is a function of the parameter."""

    def __init__(
        self,
        function: Callable[[NDArray[np.int64]], NDArray[np.float64]],
        parameter_range: ParameterRange,
        n_instances: int,
        *,
        inverted: bool = False,
        target: ArrayLike | None = None,
    ) -> None:
        super().__init__(parameter_range, n_instances, inverted=inverted, target=target)
        self.function = function
        self.tested: list[NDArray[np.int64]] = []

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        self.tested.append(np.array(parameters))

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        return self.function(self.tested[-1])


@pytest.fixture(name="synthetic")
def _synthetic() -> type[SyntheticCalib]:
    return SyntheticCalib


@pytest.fixture(name="nowhere")
def _nowhere() -> Iterator[StatefulConnection]:
    """A connection to nothing: every read is 0."""
    with ZeroMockConnection() as connection:
        yield StatefulConnection(connection, seed=1)
