"""Leak and reset potentials, as the column ADC sees them.

===================  ==============  ===========================================================  ====================
calibration          parameter       observable                                                   target
===================  ==============  ===========================================================  ====================
`LeakPotential`      v_leak          one read at rest                                             given, or the median
`ResetPotential`     v_reset         one read 10 us after the begin of a reset of 65 us           given, or the rest
===================  ==============  ===========================================================  ====================

Reference: calibration.md 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hxtwin.calib import cadc_read
from hxtwin.calib.constants import cycles
from hxtwin.calib.measurement_chip import NEURON, every
from hxtwin.calib.neuron_code import NeuronCodeCalib
from hxtwin.calib.stimulus import reset_neurons
from hxtwin.containers import RefractoryClock
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

# both hemispheres are converted at once, 65 us are long enough; the 1.04 ms of the reference serve reads of one after
# the other
LONG_RESET = {
    "neuron_block.backends.clock_scale_slow": [5, 5],
    "neuron_block.backends.clock_scale_fast": [5, 5],
    f"{NEURON}refractory_period.refractory_time": every(255),
    f"{NEURON}refractory_period.reset_holdoff": every(15),
    f"{NEURON}refractory_period.input_clock": every(RefractoryClock.FAST),
}
_AFTER_RESET_S = 10e-6
_RESET_END_S = 70e-6
_NOISE_READS = 200
_NOISE_PAUSE_S = 5e-3


def read_rest(connection: StatefulConnection) -> NDArray[np.float64]:
    """One read of all membranes, ``float64[512]``."""
    builder = PlaybackProgramBuilder()
    ticket = cadc_read.read_chip(builder)
    connection.run(builder)
    return cadc_read.neurons(ticket)


def mean_rest(connection: StatefulConnection, reads: int, pause_s: float) -> NDArray[np.float64]:
    """Mean of many reads of all membranes, ``float64[512]``."""
    builder = PlaybackProgramBuilder()
    tickets = cadc_read.read_often(builder, reads, cycles(pause_s))
    connection.run(builder)
    mean: NDArray[np.float64] = np.mean([cadc_read.neurons(ticket) for ticket in tickets], axis=0)
    return mean


def read_reset(connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
    """Resets all neurons and reads their membranes while they are held, ``float64[512]``."""
    reset_neurons(builder)
    builder.wait_for(cycles(_AFTER_RESET_S))
    ticket = cadc_read.read_chip(builder)
    builder.barrier(omnibus=True)
    builder.wait_for(cycles(_RESET_END_S))
    connection.run(builder)
    return cadc_read.neurons(ticket)


class LeakPotential(NeuronCodeCalib):
    """Leak potential of all neurons in CADC values.

    Args:
        target: wanted reads, one or 512; the median of a first read if not given.
    """

    def __init__(self, target: ArrayLike | None = None) -> None:
        super().__init__("leak.v_leak", target=target)

    def prelude(self, connection: StatefulConnection) -> None:
        """Measures the target if there is none."""
        if self.target is None:
            self.set_target(int(np.median(read_rest(connection))))

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """One read at rest."""
        ticket = cadc_read.read_chip(builder)
        connection.run(builder)
        return cadc_read.neurons(ticket)


class ResetPotential(NeuronCodeCalib):
    """Reset potential of all neurons in CADC values.

    Args:
        target: wanted reads, one or 512; the resting potential if not given.
        high_noise: average 200 reads, 5 ms apart, for that target.
    """

    def __init__(self, target: ArrayLike | None = None, *, high_noise: bool = False) -> None:
        super().__init__("reset.v_reset", target=target)
        self._high_noise = high_noise
        self._before: dict[str, Any] = {}

    def prelude(self, connection: StatefulConnection) -> None:
        """Measures the target if there is none, and makes resets long."""
        if self.target is None:
            reads = _NOISE_READS if self._high_noise else 1
            self.set_target(mean_rest(connection, reads, _NOISE_PAUSE_S if self._high_noise else 0.0))
        self._before = connection.columns(*LONG_RESET)
        builder = PlaybackProgramBuilder()
        connection.configure(builder, LONG_RESET)
        connection.run(builder)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """One read during a reset."""
        return read_reset(connection, builder)

    def postlude(self, connection: StatefulConnection) -> None:
        """Restores the refractory settings."""
        builder = PlaybackProgramBuilder()
        connection.configure(builder, self._before)
        connection.run(builder)
