"""Synapse DAC bias: the same charge per weight in all quadrants.

==================  ===========================================  ===================================================
calibration         observable                                   lines
==================  ===========================================  ===================================================
`DACBiasCalib`      CADC reads of all lines around one event     float, and are pulled back to rest behind each read
`DACBiasCalibMADC`  peak to peak of the MADC trace of each line  recover slowly by themselves
                    with three events
==================  ===========================================  ===================================================

Both send events to as many rows as give a reliable deflection, and match the medians of the quadrants to the smallest
one. Reference: calibration.md 5.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from hxtwin.calib import cadc_read
from hxtwin.calib.calib import Calib, ParameterRange
from hxtwin.calib.constants import LARGEST_CODE, QUADRANTS
from hxtwin.calib.errors import CalibNotSuccessful
from hxtwin.calib.madc_recording import BEFORE_STIMULUS_S, INVALID_S, MADCRecorder
from hxtwin.calib.measurement_chip import (
    INPUTS,
    NEURON,
    drivers,
    every,
    synapse_rows,
    synaptic_inputs,
)
from hxtwin.calib.stateful_connection import settle
from hxtwin.calib.stimulus import send_events
from hxtwin.containers import NeuronReadoutSource, SynapseRowMode
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.madc_recording import RecordedNeurons
    from hxtwin.calib.stateful_connection import StatefulConnection

DAC: Final = "synapse_blocks.i_bias_dac"
_WEIGHT: Final = 31
_ROWS: Final = 64
_MOST_ROWS: Final = 256
_ITERATIONS: Final = 30
_AFTER_EVENT_S: Final = 1e-6


class _DACBias(Calib):
    """Bias of the synapse DACs of the four quadrants, matched to the quadrant of the smallest deflection.

    The present code (see ``synapse_blocks.i_bias_dac``) is where the target is measured.
    """

    WINDOW: ClassVar[tuple[float, float]]
    """The smallest deflection lies between these values, once the number of rows is chosen."""
    UNIT: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(ParameterRange(0, LARGEST_CODE), QUADRANTS)
        self._before: dict[str, Any] = {}

    def lines(self) -> dict[str, Any]:
        """How the lines recover: columns of `Chip` by dotted path."""
        return {f"{prefix}i_bias_tau": every(0) for prefix in INPUTS.values()}

    def prelude(self, connection: StatefulConnection) -> None:
        """Disconnects the inputs from the membranes, shows the lines and finds the number of rows.

        Raises:
            CalibNotSuccessful: no number of rows gives a reliable deflection.
        """
        changes: dict[str, Any] = {
            **synaptic_inputs(connection, excitatory=0, inhibitory=0),
            **self.lines(),
            f"{NEURON}readout.source": every(NeuronReadoutSource.EXC_SYNIN),
            **drivers(SynapseRowMode.EXCITATORY),
        }
        weights = synapse_rows(0, 0)
        self._before = connection.columns(*changes, *weights)
        builder = PlaybackProgramBuilder()
        connection.configure(builder, changes)
        settle(builder)
        connection.run(builder)
        rows, (low, high) = _ROWS, self.WINDOW
        for _ in range(_ITERATIONS):
            builder = PlaybackProgramBuilder()
            connection.configure(builder, synapse_rows(rows, _WEIGHT))
            smallest = float(self.measure_results(connection, builder).min())
            if low < smallest < high:
                self.set_target(smallest)
                return
            rows = int(rows * 0.8) if smallest >= high else max(int(rows * 1.1), rows + 1)
            if not 1 <= rows <= _MOST_ROWS:
                break
        raise CalibNotSuccessful(
            f"no number of synapse rows deflects the lines by {low:g}..{high:g} {self.UNIT} values, the last try gave "
            f"{smallest:.1f}"
        )

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the codes and waits until they have settled."""
        connection.configure(builder, {DAC: parameters.reshape(2, 2)})
        settle(builder)

    def postlude(self, connection: StatefulConnection) -> None:
        """Restores inputs, drivers, readout and synapses."""
        builder = PlaybackProgramBuilder()
        connection.configure(builder, self._before)
        settle(builder)
        connection.run(builder)


class DACBiasCalib(_DACBias):
    """Bias of the synapse DACs from reads of the column ADC; see the docstring of this module."""

    WINDOW = (30.0, 40.0)
    UNIT = "CADC"

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Median deflection of the lines of each quadrant by one event, CADC values."""
        # floating lines are pulled back to rest between measurements by a short time constant
        before = cadc_read.read_chip(builder)
        builder.barrier(omnibus=True)
        send_events(builder, 1, _AFTER_EVENT_S)
        after = cadc_read.read_chip(builder)
        self._recover(connection, builder)
        connection.run(builder)
        return _medians(cadc_read.neurons(before) - cadc_read.neurons(after))

    def _recover(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> None:
        connection.configure(
            builder, {f"{prefix}i_bias_tau": connection.spread(LARGEST_CODE - 5) for prefix in INPUTS.values()}
        )
        settle(builder)
        connection.configure(builder, self.lines())
        settle(builder)


class DACBiasCalibMADC(_DACBias):
    """Bias of the synapse DACs from traces of the membrane ADC; see the docstring of this module.

    The lines are recorded one pair after the other and every event pulls down all of them, so that they must recover
    between recordings: they do not float, but have a time constant of some 90 us, during which three events in a row
    add up nearly without loss. The window of the deflection is three times that of the column ADC in number, the same
    in volts.

    Args:
        stride: only some of the lines count, see `MADCRecorder`: faster, with medians of fewer lines.
    """

    WINDOW = (90.0, 120.0)
    UNIT = "MADC"
    EVENTS: Final = 3
    SPACING_S: Final = 0.2e-6
    SAMPLING_S: Final = 50e-6
    BETWEEN_S: Final = 1000e-6
    TAU_CODE: Final = 10

    def __init__(self, *, stride: int = 1) -> None:
        super().__init__()
        self._recorder = MADCRecorder(
            sampling_s=self.SAMPLING_S,
            between_s=self.BETWEEN_S,
            source=NeuronReadoutSource.EXC_SYNIN,
            stride=stride,
        )

    def lines(self) -> dict[str, Any]:
        """Slow lines."""
        slow: dict[str, Any] = {}
        for prefix in INPUTS.values():
            slow |= {f"{prefix}i_bias_tau": every(self.TAU_CODE), f"{prefix}enable_high_resistance": every(1)}
        return slow

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Median peak to peak of the traces of the lines of each quadrant, MADC values."""
        recording = self._recorder.record(connection, builder, self._events)
        return _medians(np.ptp(recording.samples, axis=1))

    def _events(self, neuron: RecordedNeurons) -> None:
        start = INVALID_S + BEFORE_STIMULUS_S
        for k in range(self.EVENTS):
            neuron.sequence.wait_until(start + k * self.SPACING_S)
            neuron.send_event()


def _medians(deflection: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each quadrant of the values of all neurons, ``float64[4]``; nan: not measured."""
    median: NDArray[np.float64] = np.nanmedian(cadc_read.by_quadrant(deflection), axis=1)
    return median
