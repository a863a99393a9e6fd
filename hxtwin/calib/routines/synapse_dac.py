"""Synapse DAC bias: the same charge per weight in all quadrants.

`DACBiasCalib` lets the synaptic lines float (no time constant bias), sends one event to as many rows as give a reliable
deflection, and matches the medians of the quadrants to the smallest one. Reference: calibration.md 5.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hxtwin.calib import cadc_read
from hxtwin.calib.calib import Calib, ParameterRange
from hxtwin.calib.constants import LARGEST_CODE, QUADRANTS
from hxtwin.calib.errors import CalibNotSuccessful
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

    from hxtwin.calib.stateful_connection import StatefulConnection

DAC: Final = "synapse_blocks.i_bias_dac"
_WEIGHT: Final = 31
_ROWS: Final = 64
_MOST_ROWS: Final = 256
_WINDOW: Final = (30.0, 40.0)
_ITERATIONS: Final = 30
_AFTER_EVENT_S: Final = 1e-6


class DACBiasCalib(Calib):
    """Bias of the synapse DACs of the four quadrants; see the docstring of this module.

    The present code (see ``synapse_blocks.i_bias_dac``) is where the target is measured.
    """

    def __init__(self) -> None:
        super().__init__(ParameterRange(0, LARGEST_CODE), QUADRANTS)
        self._before: dict[str, Any] = {}

    def prelude(self, connection: StatefulConnection) -> None:
        """Makes the lines float and finds the number of rows.

        Raises:
            CalibNotSuccessful: no number of rows gives a reliable deflection.
        """
        changes: dict[str, Any] = {
            **synaptic_inputs(connection, excitatory=0, inhibitory=0),
            **{f"{prefix}i_bias_tau": every(0) for prefix in INPUTS.values()},
            f"{NEURON}readout.source": every(NeuronReadoutSource.EXC_SYNIN),
            **drivers(SynapseRowMode.EXCITATORY),
        }
        weights = synapse_rows(0, 0)
        self._before = connection.columns(*changes, *weights)
        builder = PlaybackProgramBuilder()
        connection.configure(builder, changes)
        settle(builder)
        connection.run(builder)
        rows = _ROWS
        for _ in range(_ITERATIONS):
            builder = PlaybackProgramBuilder()
            connection.configure(builder, synapse_rows(rows, _WEIGHT))
            smallest = float(self.measure_results(connection, builder).min())
            if _WINDOW[0] < smallest < _WINDOW[1]:
                self.set_target(smallest)
                return
            rows = int(rows * 0.8) if smallest >= _WINDOW[1] else max(int(rows * 1.1), rows + 1)
            if not 1 <= rows <= _MOST_ROWS:
                break
        raise CalibNotSuccessful(
            f"no number of synapse rows deflects the lines by {_WINDOW[0]:g}..{_WINDOW[1]:g} CADC values, the last "
            f"try gave {smallest:.1f}"
        )

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the codes and waits until they have settled."""
        connection.configure(builder, {DAC: parameters.reshape(2, 2)})
        settle(builder)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Median deflection of the lines of each quadrant by one event, CADC values."""
        # floating lines are pulled back to rest between measurements by a short time constant
        before = cadc_read.read_chip(builder)
        builder.barrier(omnibus=True)
        send_events(builder, 1, _AFTER_EVENT_S)
        after = cadc_read.read_chip(builder)
        self._recover(connection, builder)
        connection.run(builder)
        deflection = cadc_read.neurons(before) - cadc_read.neurons(after)
        median: NDArray[np.float64] = np.median(cadc_read.by_quadrant(deflection), axis=1)
        return median

    def postlude(self, connection: StatefulConnection) -> None:
        """Restores inputs, drivers, readout and synapses."""
        builder = PlaybackProgramBuilder()
        connection.configure(builder, self._before)
        settle(builder)
        connection.run(builder)

    @staticmethod
    def _recover(connection: StatefulConnection, builder: PlaybackProgramBuilder) -> None:
        floating = {f"{prefix}i_bias_tau": every(0) for prefix in INPUTS.values()}
        connection.configure(
            builder, {f"{prefix}i_bias_tau": connection.spread(LARGEST_CODE - 5) for prefix in INPUTS.values()}
        )
        settle(builder)
        connection.configure(builder, floating)
        settle(builder)
