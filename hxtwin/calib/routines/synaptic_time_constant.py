"""Synaptic time constants from the decay of the synaptic line.

=======================  ==================================================  ======================================
calibration              observable                                          used
=======================  ==================================================  ======================================
`SynTimeConstant`        fit of the MADC trace of each line                  any target
`SynTimeConstantRead`    fit of CADC reads of all lines at several delays    targets of 3 us and more, much faster
=======================  ==================================================  ======================================

One event on 8 rows of weight 50 pulls the line down, the same charge as the five events of weight 10 of the reference;
the membrane ADC records how it recovers. Neurons that are too fast at a large bias get the high resistance. Reference:
calibration.md 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hxtwin.calib.constants import CODE_NOISE, LARGEST_CODE, NEURONS, TAU_SYN_RANGE_S
from hxtwin.calib.exponential_fit import FitBounds, fit_decays
from hxtwin.calib.madc_recording import MADCRecorder
from hxtwin.calib.measurement_chip import (
    ACTIVE_ROWS,
    INPUTS,
    NEURON,
    ROW_WEIGHT,
    drivers,
    every,
    synapse_rows,
    synaptic_inputs,
)
from hxtwin.calib.neuron_code import NeuronCodeCalib
from hxtwin.calib.routines.decay_reads import DecayReads
from hxtwin.calib.stimulus import send_event
from hxtwin.containers import NeuronReadoutSource, SynapseRowMode
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.exponential_fit import ExponentialFit
    from hxtwin.calib.madc_recording import RecordedNeurons, Recording
    from hxtwin.calib.stateful_connection import StatefulConnection

_LEAST_SAMPLING_S: Final = 50e-6
_SAMPLING_TAUS: Final = 8
_EVENTS: Final = 5
_BEFORE_EVENTS_S: Final = 5e-6
_DROPPED: Final = 100
_LEAST_AMPLITUDE: Final = 10.0
_LEAST_READ: Final = 4.0
_PULSE_S: Final = 0.5e-6
_TAIL: Final = 100
_LEAST_FIT: Final = 50
_RESISTANCE: Final = 6.0
"""About how much slower the high resistance makes an input."""

MODES: Final = {"excitatory": SynapseRowMode.EXCITATORY, "inhibitory": SynapseRowMode.INHIBITORY}
SOURCES: Final = {"excitatory": NeuronReadoutSource.EXC_SYNIN, "inhibitory": NeuronReadoutSource.INH_SYNIN}


class SynTimeConstant(NeuronCodeCalib):
    """Time constant of one synaptic input of all neurons.

    Args:
        kind: ``"excitatory"`` or ``"inhibitory"``.
        target: wanted time constants, seconds.

    Attributes:
        charge: code times time constant with high resistance, as `prelude` measures it: code seconds, ``float64[512]``.
    """

    def __init__(self, kind: str, target: ArrayLike) -> None:
        super().__init__(f"{kind}_input.i_bias_tau", inverted=True, target=target)
        self._kind = kind
        self.sampling_s = max(_LEAST_SAMPLING_S, _SAMPLING_TAUS * float(self.wanted().max()))
        self.charge = np.full(NEURONS, np.inf)
        self.fit: ExponentialFit | None = None
        self._before: dict[str, Any] = {}

    def prelude(self, connection: StatefulConnection) -> None:
        """Disconnects the inputs from the membranes, and chooses the resistance."""
        resistance = f"{INPUTS[self._kind]}enable_high_resistance"
        rows = synapse_rows(ACTIVE_ROWS, _EVENTS * ROW_WEIGHT)
        self._before = connection.columns(*rows)
        builder = PlaybackProgramBuilder()
        connection.configure(
            builder,
            {
                **synaptic_inputs(connection, excitatory=0, inhibitory=0),
                **drivers(MODES[self._kind]),
                **rows,
                resistance: every(1),
            },
        )
        connection.run(builder)
        codes = connection.spread(round(0.9 * LARGEST_CODE))
        fastest = self.evaluate(connection, codes)
        high = fastest <= self.wanted()
        builder = PlaybackProgramBuilder()
        connection.configure(builder, {resistance: high})
        connection.run(builder)
        self.charge = codes * fastest
        self.start = codes_of(np.where(high, self.charge, self.charge / _RESISTANCE), self.wanted())

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Time constant of every neuron; infinite where the line does not move."""
        recorder = MADCRecorder(
            sampling_s=self.sampling_s, before_stimulus_s=_BEFORE_EVENTS_S, source=SOURCES[self._kind]
        )
        self.fit = fit_line(recorder.record(connection, builder, _event))
        return np.where(np.abs(self.fit.amplitude) < _LEAST_AMPLITUDE, np.inf, self.fit.tau_s)

    def usable_fits(self) -> NDArray[np.bool_] | None:
        """Fits that follow the traces, ``bool[512]``."""
        return None if self.fit is None else self.fit.usable

    def postlude(self, connection: StatefulConnection) -> None:
        """Restores the weights."""
        builder = PlaybackProgramBuilder()
        connection.configure(builder, self._before)
        connection.run(builder)


class SynTimeConstantRead(NeuronCodeCalib):
    """Time constant of one synaptic input of all neurons from reads of the column ADC.

    The lines get the high resistance: without it they are faster than 3 us but for the smallest codes. The line bends
    from 0.1 V on, so that the event is kept as small as the noise of the reads allows.

    Args:
        kind: ``"excitatory"`` or ``"inhibitory"``.
        target: wanted time constants, seconds, see `hxtwin.calib.routines.decay_reads.serves`.

    Attributes:
        charge: code times time constant with high resistance, ``float64[512]``, once the search is over.
    """

    _REPEATS: Final = 16
    _WEIGHT: Final = 63
    _NOMINAL_CHARGE_S: Final = 0.15e-6 * LARGEST_CODE * _RESISTANCE

    def __init__(self, kind: str, target: ArrayLike) -> None:
        super().__init__(f"{kind}_input.i_bias_tau", inverted=True, target=target)
        self._kind = kind
        wanted = self.wanted()
        self._reads = DecayReads(
            tau_s=float(np.sqrt(wanted.min() * wanted.max())),
            repeats=self._REPEATS,
            least_delay_s=_PULSE_S,
            bounds=FitBounds(tau_s=TAU_SYN_RANGE_S, amplitude=(-255.0, 0.0)),
        )
        self.charge = np.full(NEURONS, self._NOMINAL_CHARGE_S)
        self.fit: ExponentialFit | None = None
        self._tested: NDArray[np.int64] = np.ones(NEURONS, dtype=np.int64)
        self._before: dict[str, Any] = {}

    def prelude(self, connection: StatefulConnection) -> None:
        """Connects the lines to the column ADC in the place of the membranes."""
        temporary: dict[str, Any] = {
            **synapse_rows(ACTIVE_ROWS, self._WEIGHT),
            f"{NEURON}readout.source": every(SOURCES[self._kind]),
        }
        self._before = connection.columns(*temporary)
        builder = PlaybackProgramBuilder()
        connection.configure(
            builder,
            {
                **temporary,
                **synaptic_inputs(connection, excitatory=0, inhibitory=0),
                **drivers(MODES[self._kind]),
                f"{INPUTS[self._kind]}enable_high_resistance": every(1),
            },
        )
        connection.run(builder)
        noise = connection.rng.integers(-CODE_NOISE, CODE_NOISE + 1, NEURONS)
        self.start = codes_of(self.charge, self.wanted()) + noise

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the codes."""
        self._tested = parameters
        super().configure_parameters(connection, builder, parameters)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Time constant of every neuron; infinite where the line does not move."""
        self.fit = self._reads.measure(connection, builder, send_event, np.zeros(NEURONS))
        found = np.where(self.fit.usable & (self.fit.amplitude < -_LEAST_READ), self.fit.tau_s, np.inf)
        self.charge = np.where(np.isfinite(found), self._tested * found, self.charge)
        return found

    def usable_fits(self) -> NDArray[np.bool_] | None:
        """Fits that follow the traces, ``bool[512]``."""
        return None if self.fit is None else self.fit.usable

    def postlude(self, connection: StatefulConnection) -> None:
        """Restores readout and weights."""
        builder = PlaybackProgramBuilder()
        connection.configure(builder, self._before)
        connection.run(builder)


def codes_of(charge: NDArray[np.float64], tau_s: ArrayLike) -> NDArray[np.int64]:
    """Codes for time constants: they are inverse to each other; the largest code where nothing was measured."""
    expected = np.where(np.isfinite(charge), charge, np.inf) / tau_s
    return np.rint(np.clip(expected, 1, LARGEST_CODE)).astype(np.int64)


def fit_line(recording: Recording) -> ExponentialFit:
    """Fit of the recovery of a synaptic line, from its lowest point on."""
    traces = recording.samples
    last = recording.count - _DROPPED
    end = traces[:, last - _TAIL : last].mean(axis=1)
    first = np.minimum(np.argmin(traces[:, :last], axis=1), last - _LEAST_FIT)
    bounds = FitBounds(tau_s=TAU_SYN_RANGE_S, amplitude=(-1023.0, 0.0), offset_freedom=30.0)
    return fit_decays(traces, recording.interval_s, first, np.full(NEURONS, last), end, bounds)


def _event(neuron: RecordedNeurons) -> None:
    neuron.send_event()
