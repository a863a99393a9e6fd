"""Spike thresholds.

=======================  =============================================  =============================================
calibration              observable                                     target
=======================  =============================================  =============================================
`ThresholdCADC`          largest of many reads while neurons spike      CADC value, default 125
`ThresholdMADC`          largest sample of a trace of a spiking neuron  MADC value
`NeuronThreshold`        spikes in 2 ms of a neuron at its leak         30 spikes, then 40 codes above
`LeakOverThreshold`      spike rate of a neuron at its leak             rate, default 100 kHz
=======================  =============================================  =============================================

Reference: calibration.md 4.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hxtwin.calib import cadc_read
from hxtwin.calib.constants import CODE_NOISE, LARGEST_CODE, NEURONS, cycles
from hxtwin.calib.errors import TargetShapeError
from hxtwin.calib.madc_recording import MADCRecorder
from hxtwin.calib.measurement_chip import NEURON, every, synaptic_inputs
from hxtwin.calib.neuron_code import NeuronCodeCalib
from hxtwin.calib.routines.potentials import LONG_RESET, read_reset
from hxtwin.calib.search import SecantSearch
from hxtwin.calib.spike_counters import OVERFLOW, counts, read_counters, reset_counters
from hxtwin.calib.stateful_connection import settle
from hxtwin.calib.stimulus import reset_neurons
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.madc_recording import RecordedNeurons
    from hxtwin.calib.stateful_connection import StatefulConnection

_log = logging.getLogger(__name__)

_GOLDEN: Final = 0.6180339887498949
_PATH: Final = "threshold.v_threshold"
_COMPARATOR: Final = f"{NEURON}threshold.enable"
_OFFSET: Final = f"{NEURON}constant_current.i_offset"
_OFFSET_ON: Final = f"{NEURON}constant_current.enable"
_LEAK_BIAS: Final = f"{NEURON}leak.i_bias"
_RESET: Final = f"{NEURON}reset.v_reset"


class _Temporary(NeuronCodeCalib):
    """A threshold calibration that changes other settings while it runs."""

    def __init__(self, *, inverted: bool = False, target: ArrayLike | None = None) -> None:
        super().__init__(_PATH, inverted=inverted, target=target)
        self._before: dict[str, Any] = {}

    def change(self, connection: StatefulConnection, changes: dict[str, Any]) -> None:
        """Writes settings that `postlude` takes back."""
        self._before = {**connection.columns(*changes), **self._before}
        builder = PlaybackProgramBuilder()
        connection.configure(builder, changes)
        settle(builder)
        connection.run(builder)

    def postlude(self, connection: StatefulConnection) -> None:
        """Restores the settings."""
        builder = PlaybackProgramBuilder()
        connection.configure(builder, self._before)
        settle(builder)
        connection.run(builder)
        self._before = {}


class ThresholdCADC(_Temporary):
    """Threshold of all neurons in CADC values: they spike regularly by a constant current.

    Comparators are on only while neurons are read, not while codes settle; the leak stays, since the current is much
    larger.

    Args:
        target: wanted reads.
        reads: conversions of which the largest counts.
        start: codes to begin with, for searches that take them; those of the typical law unless given.
    """

    SLOPE: Final = 0.34
    """Change of the read with a step of the code, for `hxtwin.calib.search.SecantSearch`."""
    _ZERO_CODE: Final = -28.0

    _CURRENT: Final = 300
    _CHARGING_S: Final = 60e-6
    _LONGEST_PAUSE_S: Final = 45e-6

    def __init__(self, target: ArrayLike = 125, *, reads: int = 100, start: NDArray[np.int64] | None = None) -> None:
        super().__init__(target=target)
        self._reads, self._given = reads, start

    def prelude(self, connection: StatefulConnection) -> None:
        """Prepares regular spiking of all neurons."""
        if self._given is None:
            typical = self._ZERO_CODE + self.wanted() / self.SLOPE
            noise = connection.rng.integers(-CODE_NOISE, CODE_NOISE + 1, NEURONS)
            self.start = np.rint(np.clip(typical, 0, LARGEST_CODE)).astype(np.int64) + noise
        else:
            self.start = self._given
        self.change(
            connection,
            {
                _OFFSET: connection.spread(self._CURRENT),
                _OFFSET_ON: every(1),
                _RESET: every(0),
                _COMPARATOR: every(0),
                f"{NEURON}leak.enable_division": every(1),
                **synaptic_inputs(connection, excitatory=0, inhibitory=0),
            },
        )

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Largest of many reads."""
        connection.configure(builder, {_COMPARATOR: every(1)})
        reset_neurons(builder)
        builder.barrier(omnibus=True)
        builder.wait_for(cycles(self._CHARGING_S))
        tickets = []
        for k in range(self._reads):
            tickets.append(cadc_read.read_causal(builder))
            builder.barrier(omnibus=True)
            # neurons fire as regularly as reads would follow each other: pauses of a golden-ratio sequence keep the
            # reads from meeting every sawtooth at the same place
            builder.wait_for(cycles(self._LONGEST_PAUSE_S * (k * _GOLDEN % 1)) + 1)
        connection.configure(builder, {_COMPARATOR: every(0)})
        connection.run(builder)
        largest: NDArray[np.float64] = np.max([cadc_read.causal_neurons(ticket) for ticket in tickets], axis=0)
        return largest


class ThresholdMADC(_Temporary):
    """Threshold of all neurons in MADC values, from traces of neurons that spike by a constant current.

    Args:
        target: wanted MADC values.
    """

    _CURRENT: Final = 250
    _SAMPLING_S: Final = 200e-6
    _CUT: Final = 200

    def __init__(self, target: ArrayLike) -> None:
        super().__init__(target=target)

    def prelude(self, connection: StatefulConnection) -> None:
        """Prepares the current; it is switched on for the recorded neuron only."""
        self.change(
            connection,
            {
                _OFFSET: connection.spread(self._CURRENT),
                _OFFSET_ON: every(0),
                _COMPARATOR: every(0),
                _LEAK_BIAS: every(0),
                _RESET: every(0),
                **synaptic_inputs(connection, excitatory=0, inhibitory=0),
            },
        )

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Largest sample of the trace without its ends."""
        recording = MADCRecorder(sampling_s=self._SAMPLING_S, fires=True).record(connection, builder, _spike)
        largest: NDArray[np.float64] = recording.samples[:, self._CUT : -self._CUT].max(axis=1)
        return largest


def _spike(neuron: RecordedNeurons) -> None:
    neuron.switch({"constant_current.enable": True, "threshold.enable": True})


class NeuronThreshold(_Temporary):
    """Threshold just above the rest: noise makes the neuron spike 30 times in 2 ms, then a margin is added.

    Args:
        target: spikes.
        safe_margin: codes added at the end.
    """

    _ACCUMULATION_S: Final = 2000e-6
    _CAPACITANCE: Final = 4
    _CHECK_S: Final = 1.0
    _CHECKED_MARGIN: Final = 10
    _MOST_SPIKES: Final = 50

    def __init__(self, target: ArrayLike = 30, *, safe_margin: int = 40) -> None:
        super().__init__(inverted=True, target=target)
        self._margin = safe_margin

    def prelude(self, connection: StatefulConnection) -> None:
        """Small capacitors, comparators on, reset far below."""
        self.change(
            connection,
            {
                f"{NEURON}membrane_capacitance.capacitance": every(self._CAPACITANCE),
                _COMPARATOR: every(1),
                _RESET: every(0),
            },
        )

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Spikes in 2 ms."""
        return count_spikes(connection, builder, self._ACCUMULATION_S)

    def postlude(self, connection: StatefulConnection) -> None:
        """Adds the margin, and reports neurons that still spike."""
        assert self.result is not None
        codes = np.clip(self.result.calibrated_parameters + self._margin, 0, LARGEST_CODE)
        self.result.calibrated_parameters[:] = codes
        self.write(connection, codes)
        if self._margin >= self._CHECKED_MARGIN:
            spikes = count_spikes(connection, PlaybackProgramBuilder(), self._CHECK_S)
            loud = int(np.sum(spikes > self._MOST_SPIKES))
            if loud:
                _log.warning("%d neurons spike more than %d times in a second at rest", loud, self._MOST_SPIKES)
        super().postlude(connection)


class LeakOverThreshold(_Temporary):
    """Threshold that lets a neuron whose leak lies above it spike at a rate.

    Codes below the reset potential silence a neuron; they are reported as a rate that is too high.

    Args:
        rate_hz: wanted rates, one or 512; neurons of rate 0 keep their threshold.

    Raises:
        TargetShapeError: negative rates, or all of them 0.
    """

    _COUNTS: Final = 204
    _LARGEST_RATIO: Final = 10.0

    def __init__(self, rate_hz: ArrayLike = 100e3) -> None:
        rates = np.broadcast_to(np.asarray(rate_hz, dtype=np.float64), NEURONS)
        if rates.min() < 0 or not rates.any():
            raise TargetShapeError("leak over threshold: rates are not negative, and at least one is larger than 0")
        spikes = rates[rates > 0]
        if spikes.max() > self._LARGEST_RATIO * spikes.min():
            _log.warning("rates spread by more than a factor of 10, the small ones will be coarse")
        self._rates, self._accumulation_s = rates, self._COUNTS / spikes.max()
        super().__init__(inverted=True, target=np.where(rates > 0, rates, spikes.max()) * self._accumulation_s)
        self._at_reset = np.zeros(NEURONS, dtype=np.int64)
        self._tested = np.zeros(NEURONS, dtype=np.int64)
        self._thresholds = np.zeros(NEURONS, dtype=np.int64)

    def prelude(self, connection: StatefulConnection) -> None:
        """Finds the threshold that lies at the reset potential: the lower limit of the search."""
        self._thresholds = np.array(connection.columns(self.path)[self.path], dtype=np.int64)
        before = connection.columns(*LONG_RESET)
        builder = PlaybackProgramBuilder()
        connection.configure(builder, LONG_RESET)
        reset = read_reset(connection, builder)
        builder = PlaybackProgramBuilder()
        connection.configure(builder, before)
        connection.run(builder)
        calib = ThresholdCADC(reset)
        self._at_reset = calib.run(connection, SecantSearch(calib.SLOPE)).calibrated_parameters
        self.change(connection, {_COMPARATOR: every(1)})

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the codes."""
        self._tested = parameters
        super().configure_parameters(connection, builder, parameters)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Spikes in the accumulation time."""
        spikes = count_spikes(connection, builder, self._accumulation_s)
        return np.where(self._tested < self._at_reset, float(OVERFLOW), spikes)

    def postlude(self, connection: StatefulConnection) -> None:
        """Restores the thresholds of neurons of rate 0."""
        assert self.result is not None
        codes = np.where(self._rates > 0, self.result.calibrated_parameters, self._thresholds)
        self.result.calibrated_parameters[:] = codes
        self.write(connection, codes)
        super().postlude(connection)


def count_spikes(
    connection: StatefulConnection, builder: PlaybackProgramBuilder, duration_s: float
) -> NDArray[np.float64]:
    """Spikes of all neurons in a time, ``float64[512]``; 255^2 where the counter has overflown."""
    builder.wait_for(cycles(100e-6))
    reset_counters(builder)
    builder.wait_for(cycles(duration_s))
    ticket = read_counters(builder)
    connection.run(builder)
    return counts(ticket)
