"""References of the synaptic inputs: no current without input.

The offset current of an input moves the rest of the membrane away from where it is with the input off; the reference
shift brings it back. Raising the excitatory shift lowers the membrane, raising the inhibitory one lifts it. Reference:
calibration.md 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.calib import cadc_read
from hxtwin.calib.constants import NEURONS
from hxtwin.calib.madc_recording import BEFORE_STIMULUS_S, MADCRecorder
from hxtwin.calib.measurement_chip import NEURON, every
from hxtwin.calib.neuron_code import NeuronCodeCalib
from hxtwin.calib.routines.membrane_time_constant import reset_stimulus
from hxtwin.calib.stateful_connection import settle
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection


class SynReference(NeuronCodeCalib):
    """Reference shift of one synaptic input from the rest of the membrane.

    Args:
        kind: ``"excitatory"`` or ``"inhibitory"``.
        target: read at rest with the input off.
    """

    def __init__(self, kind: str, target: ArrayLike = 120) -> None:
        super().__init__(f"{kind}_input.i_shift_reference", inverted=kind == "excitatory", target=target)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """One read at rest."""
        ticket = cadc_read.read_chip(builder)
        connection.run(builder)
        return cadc_read.neurons(ticket)


class SynReferenceMADC(NeuronCodeCalib):
    """Reference shift from the slope of a membrane without leak, MADC LSB per us; the target is 0.

    Args:
        kind: ``"excitatory"`` or ``"inhibitory"``.
        runs: recordings that are averaged.
    """

    SAMPLING_S = 55e-6
    BETWEEN_S = 70e-6

    def __init__(self, kind: str, *, runs: int = 1) -> None:
        super().__init__(f"{kind}_input.i_shift_reference", inverted=kind == "excitatory", target=0)
        self._runs = runs

    def prelude(self, connection: StatefulConnection) -> None:
        """Switches the leak off."""
        builder = PlaybackProgramBuilder()
        connection.configure(builder, {f"{NEURON}leak.i_bias": every(0)})
        settle(builder)
        connection.run(builder)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Slope behind a reset, LSB per us."""
        slopes = np.zeros((self._runs, NEURONS))
        recorder = MADCRecorder(sampling_s=self.SAMPLING_S, between_s=self.BETWEEN_S, fires=True)
        for run in range(self._runs):
            recording = recorder.record(connection, builder, reset_stimulus)
            builder = PlaybackProgramBuilder()
            first = round((BEFORE_STIMULUS_S + 3e-6) / recording.interval_s)
            part = recording.samples[:, first : int(0.9 * recording.count)]
            time_us = np.arange(part.shape[1]) * recording.interval_s * 1e6
            slopes[run] = np.polynomial.polynomial.polyfit(time_us, part.T, 1)[1]
        mean: NDArray[np.float64] = slopes.mean(axis=0)
        return mean
