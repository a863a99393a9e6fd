"""Time constants from reads of the column ADC at several moments behind a stimulus, all neurons at the same time.

::

    rest | stimulus, delay 1, read, recovery | stimulus, delay 2, read, recovery | .. | again

A conversion takes a voltage when the ramp crosses it, 2 ns later for each count: every value has a time of its own. The
end value is the read at rest. Two hemispheres are converted at nearly the same time; what they differ in, and what a
stimulus takes, shifts all delays of a neuron alike and does not change its time constant. Reference:
simulator-decisions.md 27, analog-model.md 7.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.calib import cadc_read
from hxtwin.calib.constants import NEURONS, cycles
from hxtwin.calib.exponential_fit import ExponentialFit, FitBounds, fit_reads

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection
    from hxtwin.runtime import PlaybackProgramBuilder

_COUNT_S: Final = 2e-9
_DELAYS: Final = (0.1, 0.5, 0.9, 1.3, 1.8)
"""Delays in time constants."""
_RECOVERY: Final = 8.0
"""From a stimulus to the next, in time constants, at least."""
LEAST_TAU_S: Final = 3e-6
"""Shorter time constants are too fast for reads."""
LARGEST_RATIO: Final = 2.0
"""Between the largest and the smallest time constant that the same delays serve."""


@attrs.frozen(kw_only=True)
class DecayReads:
    """How decays are read.

    Attributes:
        tau_s: expected time constants.
        repeats: reads that are averaged for each delay.
        least_delay_s: from the stimulus to the first moment at which the decay can be seen.
        bounds: of the fits.
    """

    tau_s: float
    repeats: int
    least_delay_s: float = 0.0
    bounds: FitBounds

    def measure(
        self,
        connection: StatefulConnection,
        builder: PlaybackProgramBuilder,
        stimulate: Callable[[PlaybackProgramBuilder], None],
        begin_s: NDArray[np.float64],
    ) -> ExponentialFit:
        """Appends the reads, runs the program, and fits the decays.

        Args:
            connection: the chip.
            builder: what comes before.
            stimulate: appends the stimulus of all neurons.
            begin_s: from the first instruction of the stimulus to the begin of the decay of each neuron, seconds,
                ``float64[512]``.
        """
        delays = self.least_delay_s + np.array(_DELAYS) * self.tau_s
        rest = cadc_read.read_often(builder, self.repeats)
        tickets = []
        for _ in range(self.repeats):
            for delay in delays:
                builder.reset_timer()
                stimulate(builder)
                builder.wait_until(cycles(delay))
                tickets.append(cadc_read.read_chip(builder))
                builder.barrier(omnibus=True)
                builder.wait_until(cycles(self.least_delay_s + _RECOVERY * self.tau_s))
        connection.run(builder)
        reads = np.stack([cadc_read.neurons(ticket) for ticket in tickets]).reshape(self.repeats, len(delays), NEURONS)
        values = reads.mean(axis=0).T
        end: NDArray[np.float64] = np.mean([cadc_read.neurons(ticket) for ticket in rest], axis=0)
        time = delays - begin_s[:, np.newaxis] + values * _COUNT_S
        return fit_reads(time, values, end, attrs.evolve(self.bounds, offset_freedom=0.0))


def serves(tau_s: NDArray[np.float64]) -> bool:
    """Whether reads can tell these wanted time constants."""
    return bool(tau_s.min() >= LEAST_TAU_S and tau_s.max() <= LARGEST_RATIO * tau_s.min())
