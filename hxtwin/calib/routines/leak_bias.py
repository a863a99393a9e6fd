"""Leak bias from the noise of the membrane: as little leak as the wanted noise allows.

The observable is the standard deviation of reads 30 us behind a reset, 5 ms apart. It is made worse where the mean
strays: by 1 if it lies more than 15 CADC values from the wanted rest, or from reads without a reset, by 10 if more than
30. Reference: calibration.md 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.calib import cadc_read
from hxtwin.calib.calib import ParameterCalibResult
from hxtwin.calib.constants import NEURONS, cycles
from hxtwin.calib.neuron_code import NeuronCodeCalib
from hxtwin.calib.routines.potentials import mean_rest
from hxtwin.calib.stimulus import reset_neurons
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

_READS: Final = 60
_AFTER_RESET_S: Final = 30e-6
_PAUSE_S: Final = 5e-3
_PENALTIES: Final = ((15.0, 1.0), (30.0, 9.0))
_ACCEPTED: Final = 0.8


class LeakBias(NeuronCodeCalib):
    """Leak bias of all neurons.

    Args:
        target: wanted noise, CADC values; feasible 1.0..2.5.
        rest: wanted resting potential; measured unless given.
    """

    def __init__(self, target: ArrayLike = 1.2, *, rest: ArrayLike | None = None) -> None:
        super().__init__("leak.i_bias", inverted=True, target=target)
        self._rest = None if rest is None else np.broadcast_to(np.asarray(rest, dtype=np.float64), NEURONS)

    def prelude(self, connection: StatefulConnection) -> None:
        """Measures the rest if it is not given."""
        if self._rest is None:
            self._rest = mean_rest(connection, 10, _PAUSE_S)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Noise, made worse where the mean strays."""
        assert self._rest is not None
        tickets = []
        for _ in range(_READS):
            reset_neurons(builder)
            builder.barrier(omnibus=True)
            builder.wait_for(cycles(_AFTER_RESET_S))
            tickets.append(cadc_read.read_chip(builder))
            builder.barrier(omnibus=True)
            builder.wait_for(cycles(_PAUSE_S))
        free = cadc_read.read_chip(builder)
        connection.run(builder)
        reads = np.stack([cadc_read.neurons(ticket) for ticket in tickets])
        mean, unreset = reads.mean(axis=0), cadc_read.neurons(free)
        strays = np.maximum(np.abs(mean - self._rest), np.abs(mean - unreset))
        noise: NDArray[np.float64] = reads.std(axis=0)
        for limit, penalty in _PENALTIES:
            noise = noise + np.where(strays > limit, penalty, 0.0)
        return noise

    def postlude(self, connection: StatefulConnection) -> None:
        """Success is what the final noise says."""
        assert self.result is not None
        final = self.measure_results(connection, PlaybackProgramBuilder())
        self.result = ParameterCalibResult(self.result.calibrated_parameters, final <= self.wanted() + _ACCEPTED)
