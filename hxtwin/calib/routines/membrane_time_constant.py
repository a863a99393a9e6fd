"""Membrane time constants: ways to measure them, one parameter, the leak bias.

=========================  ==================================================  ========================================
calibration                observable                                          used
=========================  ==================================================  ========================================
`MembraneTimeConstCADC`    CADC read one time constant after a reset           as preparation
`MembraneTimeConstRead`    the time constant that this read tells              as preparation, in few steps
`MembraneTimeConstReset`   fit of the MADC trace behind a reset                targets below 3 us
`MembraneTimeConstOffset`  fit of the trace behind an offset current           targets of 3 us and more that differ
`MembraneTimeConstDecay`   fit of CADC reads of all neurons behind a reset     targets of 3 us and more, much faster
=========================  ==================================================  ========================================

The leak division makes a neuron slow, the multiplication fast; both fits find out first who needs them. Reference:
calibration.md 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hxtwin.calib import cadc_read
from hxtwin.calib.constants import (
    BACKEND_CLOCK_HZ,
    CODE_NOISE,
    LARGEST_CODE,
    NEURONS,
    RELIABLE_CADC,
    TAU_MEM_RANGE_S,
    cycles,
)
from hxtwin.calib.errors import CalibNotSuccessful
from hxtwin.calib.exponential_fit import FitBounds, fit_decays
from hxtwin.calib.madc_recording import BEFORE_STIMULUS_S, INVALID_S, MADCRecorder
from hxtwin.calib.measurement_chip import NEURON, every
from hxtwin.calib.neuron_code import NeuronCodeCalib
from hxtwin.calib.routines.decay_reads import DecayReads
from hxtwin.calib.routines.potentials import LeakPotential, ResetPotential, read_rest
from hxtwin.calib.search import NoisyBinarySearch
from hxtwin.calib.stateful_connection import settle
from hxtwin.calib.stimulus import CADC_SAMPLING_DELAY_S, reset_delays, reset_neurons
from hxtwin.containers import NeuronReset
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.calib.exponential_fit import ExponentialFit
    from hxtwin.calib.madc_recording import RecordedNeurons, Recording
    from hxtwin.calib.stateful_connection import StatefulConnection

_LEAST_SAMPLING_S: Final = 70e-6
_SAMPLING_TAUS: Final = 8
_MARGIN: Final = 63
_OFFSET_ON_S: Final = 100e-6
_OFFSET_CODE: Final = 1000
_LEAST_FIT_SAMPLES: Final = 100
_TAIL: Final = 10
_FAST: Final = 4.0  # a membrane that is back at rest after one wanted time constant is at least that much too fast
_RESET_FIT_PART: Final = 0.95
_LARGEST_READ: Final = 1023.0
_CLEARLY: Final = 0.9  # who is hardly faster than wanted would end at the largest bias
_LEAK_SCALE: Final = 8.0  # of division and multiplication
_LEAK_BEND: Final = 2000.0  # codes; leak ~ code / (1 + code / bend) (reference: analog-model.md 3.2)
_DIVISION, _MULTIPLICATION = f"{NEURON}leak.enable_division", f"{NEURON}leak.enable_multiplication"


class MembraneTimeConstCADC(NeuronCodeCalib):
    """Leak bias from reads one time constant after a reset; every step finds the leak potential anew.

    All neurons of the chip are reset within 2 us and read at once; the target of each neuron takes its own time into
    account.

    Args:
        tau_s: wanted time constant.
        amplitude: distance of the reset potential below the rest, CADC values.
    """

    READS: Final = 5
    """Reads that are averaged."""
    _CLIPPED_PART: Final = 0.05
    _ABOVE_REST: Final = 5.0

    def __init__(self, tau_s: float = 60e-6, amplitude: float = 50.0) -> None:
        super().__init__("leak.i_bias")
        self._tau_s, self._amplitude = tau_s, amplitude
        self._rest = np.zeros(NEURONS)
        self._lost = np.zeros(NEURONS, dtype=bool)
        self._reset_s = 0.0

    def prelude(self, connection: StatefulConnection) -> None:
        """Reads the rest and calibrates the reset below it.

        Raises:
            CalibNotSuccessful: more than 5 % of the neurons rest too low for that.
        """
        self._rest = read_rest(connection)
        below = self._rest - self._amplitude
        if np.mean(below < RELIABLE_CADC[0]) > self._CLIPPED_PART:
            raise CalibNotSuccessful(
                f"{int(np.sum(below < RELIABLE_CADC[0]))} neurons rest less than {self._amplitude:g} above the "
                f"smallest reliable read {RELIABLE_CADC[0]}; raise the leak potential"
            )
        reset = np.maximum(below, RELIABLE_CADC[0])
        ResetPotential(reset).run(connection, NoisyBinarySearch())
        self._reset_s = reset_duration_s(connection)
        delay = reset_delays()
        passed = self._tau_s + delay.mean() - delay
        self.set_target(self._rest - (self._rest - reset) * np.exp(-passed / self._tau_s))

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the bias and finds the leak potential for it."""
        super().configure_parameters(connection, builder, parameters)
        connection.run(builder)
        self._lost = ~LeakPotential(self._rest).run(connection, NoisyBinarySearch()).success

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Mean of reads one time constant behind the end of the reset; 0 for neurons without a rest."""
        # from the first reset of the burst to the trigger of the conversion
        read_at = reset_delays().mean() + self._reset_s + self._tau_s - CADC_SAMPLING_DELAY_S
        tickets = []
        for _ in range(self.READS):
            builder.reset_timer()
            reset_neurons(builder)
            builder.wait_until(cycles(read_at))
            tickets.append(cadc_read.read_chip(builder))
            builder.barrier(omnibus=True)
        connection.run(builder)
        reads = np.mean([cadc_read.neurons(ticket) for ticket in tickets], axis=0)
        return np.where(self._lost | (reads > self._rest + self._ABOVE_REST), 0.0, reads)


class MembraneTimeConstRead(MembraneTimeConstCADC):
    """The same from the time constant that the read tells: a law that `ProportionalSearch` can follow."""

    def __init__(self, tau_s: float = 60e-6, amplitude: float = 50.0) -> None:
        super().__init__(tau_s, amplitude)
        self.inverted = True
        self._passed_s, self._reset = np.zeros(NEURONS), np.zeros(NEURONS)

    def prelude(self, connection: StatefulConnection) -> None:
        """As of `MembraneTimeConstCADC`; the target is the time constant."""
        super().prelude(connection)
        self._passed_s = self._tau_s + reset_delays().mean() - reset_delays()
        self._reset = np.maximum(self._rest - self._amplitude, RELIABLE_CADC[0])
        self.set_target(self._tau_s)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Time constants, seconds; infinite where the membrane has not moved or has no rest."""
        reads = super().measure_results(connection, builder)
        left = (self._rest - reads) / (self._rest - self._reset)
        trusted = (left > 0) & (left < 1) & (reads > 0)
        decay = -np.log(np.where(trusted, left, 0.5))
        return np.where(trusted, self._passed_s / decay, np.where(left <= 0, self._tau_s / _FAST, np.inf))


class MembraneTimeConstReset(NeuronCodeCalib):
    """Leak bias from fits of the recovery from a reset.

    Args:
        target: wanted time constants, seconds.
    """

    def __init__(self, target: ArrayLike) -> None:
        super().__init__("leak.i_bias", inverted=True, target=target)
        self.sampling_s = max(_LEAST_SAMPLING_S, _SAMPLING_TAUS * float(self.wanted().max()))
        self.fit: ExponentialFit | None = None

    def prelude(self, connection: StatefulConnection) -> None:
        """Chooses division and multiplication by measurements at both ends of the bias."""
        self._configure(
            connection,
            {
                f"{NEURON}reset.v_reset": connection.spread(520),
                f"{NEURON}leak.v_leak": connection.spread(880),
                _DIVISION: every(0),
                _MULTIPLICATION: every(0),
            },
        )
        slowest = self.evaluate(connection, connection.spread(_MARGIN))
        division = slowest < self.wanted()
        fastest = self.evaluate(connection, connection.spread(LARGEST_CODE - _MARGIN))
        multiplication = (fastest > self.wanted()) & ~division
        self._configure(connection, {_DIVISION: division, _MULTIPLICATION: multiplication})

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Time constant of every neuron."""
        recording = MADCRecorder(sampling_s=self.sampling_s, fires=True).record(connection, builder, reset_stimulus)
        self.fit = fit_recovery(recording)
        return self.fit.tau_s

    def usable_fits(self) -> NDArray[np.bool_] | None:
        """Fits that follow the traces, ``bool[512]``."""
        return None if self.fit is None else self.fit.usable

    @staticmethod
    def _configure(connection: StatefulConnection, changes: dict[str, Any]) -> None:
        builder = PlaybackProgramBuilder()
        connection.configure(builder, changes)
        settle(builder)
        connection.run(builder)


class MembraneTimeConstOffset(NeuronCodeCalib):
    """Leak bias from fits of the decay behind an offset current.

    Args:
        target: wanted time constants, seconds.
    """

    def __init__(self, target: ArrayLike) -> None:
        super().__init__("leak.i_bias", inverted=True, target=target)
        self.sampling_s = max(_LEAST_SAMPLING_S, _SAMPLING_TAUS * float(self.wanted().max())) + _OFFSET_ON_S
        self.fit: ExponentialFit | None = None

    def prelude(self, connection: StatefulConnection) -> None:
        """Keeps the division where the largest bias with it is still too fast."""
        builder = PlaybackProgramBuilder()
        connection.configure(
            builder,
            {
                f"{NEURON}constant_current.i_offset": connection.spread(_OFFSET_CODE),
                _DIVISION: every(1),
                _MULTIPLICATION: every(0),
            },
        )
        connection.run(builder)
        codes = connection.spread(LARGEST_CODE - 5)
        fastest = self.evaluate(connection, codes)
        division = fastest < _CLEARLY * self.wanted()
        builder = PlaybackProgramBuilder()
        connection.configure(builder, {_DIVISION: division})
        connection.run(builder)
        self.start = bias_for(codes, fastest / self.wanted() / np.where(division, 1, _LEAK_SCALE))

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Time constant of every neuron."""
        recording = MADCRecorder(sampling_s=self.sampling_s).record(connection, builder, _offset_stimulus)
        self.fit = fit_decay(recording)
        return self.fit.tau_s

    def usable_fits(self) -> NDArray[np.bool_] | None:
        """Fits that follow the traces, ``bool[512]``."""
        return None if self.fit is None else self.fit.usable

    def postlude(self, connection: StatefulConnection) -> None:
        """Switches the offset current off."""
        builder = PlaybackProgramBuilder()
        connection.configure(builder, {f"{NEURON}constant_current.i_offset": every(0)})
        settle(builder)
        connection.run(builder)


class MembraneTimeConstDecay(NeuronCodeCalib):
    """Leak bias from reads of the column ADC at several delays behind a reset of all neurons.

    Args:
        target: wanted time constants, seconds, see `hxtwin.calib.routines.decay_reads.serves`.
        repeats: reads that are averaged for each delay; 6 give time constants to 2 %.
    """

    _REST_CODE, _RESET_CODE = 700, 400
    _LEAST_READ: Final = 10.0

    def __init__(self, target: ArrayLike, *, repeats: int = 6) -> None:
        super().__init__("leak.i_bias", inverted=True, target=target)
        wanted, self._repeats = self.wanted(), repeats
        self._tau_s = float(np.sqrt(wanted.min() * wanted.max()))
        self.fit: ExponentialFit | None = None
        self._told: NDArray[np.bool_] | None = None

    def prelude(self, connection: StatefulConnection) -> None:
        """Lets neurons rest some 60 CADC values above their reset, and chooses who needs the division.

        The largest bias with the division tells: who is faster than wanted keeps it.
        """
        self._configure(
            connection,
            {
                f"{NEURON}reset.v_reset": connection.spread(self._RESET_CODE),
                f"{NEURON}leak.v_leak": connection.spread(self._REST_CODE),
                _DIVISION: every(1),
                _MULTIPLICATION: every(0),
            },
        )
        codes = connection.spread(LARGEST_CODE - CODE_NOISE)
        fastest = self.evaluate(connection, codes)
        division = fastest < _CLEARLY * self.wanted()
        self._configure(connection, {_DIVISION: division})
        self.start = bias_for(codes, fastest / self.wanted() / np.where(division, 1, _LEAK_SCALE))

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Time constant of every neuron; a quarter of the expected one where there is nothing to see any more."""
        held, delays = reset_duration_s(connection), reset_delays()
        reads = DecayReads(
            tau_s=self._tau_s,
            repeats=self._repeats,
            least_delay_s=float(delays.max()) + held,
            bounds=FitBounds(tau_s=TAU_MEM_RANGE_S, amplitude=(-255.0, 0.0)),
        )
        self.fit = reads.measure(connection, builder, reset_neurons, delays + held)
        told = self.fit.usable & (self.fit.amplitude < -self._LEAST_READ)
        self._told = told
        # nothing is left of the excursion of a membrane that is much too fast
        return np.where(told, self.fit.tau_s, self._tau_s / _FAST)

    def usable_fits(self) -> NDArray[np.bool_] | None:
        """Fits that follow the reads of membranes that have moved, ``bool[512]``."""
        return self._told

    @staticmethod
    def _configure(connection: StatefulConnection, changes: dict[str, Any]) -> None:
        builder = PlaybackProgramBuilder()
        connection.configure(builder, changes)
        settle(builder)
        connection.run(builder)


def bias_for(codes: NDArray[np.int64], factor: NDArray[np.float64]) -> NDArray[np.int64]:
    """Leak biases that give a multiple of the conductance of other biases: it grows less than in proportion."""
    leak = codes / (1 + codes / _LEAK_BEND) * factor
    return np.rint(np.clip(leak / np.maximum(1 - leak / _LEAK_BEND, 0.1), 1, LARGEST_CODE)).astype(np.int64)


def fit_recovery(recording: Recording) -> ExponentialFit:
    """Fit of the way back from a reset, from half of it on."""
    traces = recording.samples
    last = int(_RESET_FIT_PART * recording.count)
    end, lowest = _end_values(traces[:, :last]), traces.min(axis=1)
    first = _last_where(traces[:, :last] < ((end + lowest) / 2)[:, np.newaxis])
    first = np.where(last - first < _LEAST_FIT_SAMPLES, np.argmin(traces, axis=1), first)
    first = np.minimum(first, last - _LEAST_FIT_SAMPLES)
    bounds = FitBounds(tau_s=TAU_MEM_RANGE_S, amplitude=(-_LARGEST_READ, 0.0))
    return fit_decays(traces, recording.interval_s, first, np.full(NEURONS, last), end, bounds)


def fit_decay(recording: Recording) -> ExponentialFit:
    """Fit of the decay of an excursion, from half of it on."""
    traces = recording.samples
    off = round((BEFORE_STIMULUS_S + _OFFSET_ON_S) / recording.interval_s)
    end = _end_values(traces)
    half = (end + traces[:, :off].max(axis=1)) / 2
    first = np.maximum(_last_where(traces > half[:, np.newaxis]), off)
    first = np.where(recording.count - first < _LEAST_FIT_SAMPLES, off, first)
    bounds = FitBounds(tau_s=TAU_MEM_RANGE_S, amplitude=(0.0, _LARGEST_READ), offset_freedom=_LARGEST_READ)
    return fit_decays(traces, recording.interval_s, first, np.full(NEURONS, recording.count), end, bounds)


def reset_stimulus(neuron: RecordedNeurons) -> None:
    """One artificial reset of the recorded neuron."""
    row, column = np.divmod(neuron.which.reshape(-1), 256)
    index = (column // 128) * 256 + column % 128 + 128 * row
    addresses = NeuronReset.addresses_of(index).astype(np.uint32).reshape(len(neuron.which), -1)
    neuron.sequence.write_each(addresses, np.zeros_like(addresses))


def _offset_stimulus(neuron: RecordedNeurons) -> None:
    """Offset current for 100 us."""
    neuron.switch({"constant_current.enable": True})
    neuron.sequence.wait_until(INVALID_S + BEFORE_STIMULUS_S + _OFFSET_ON_S)
    neuron.switch({"constant_current.enable": False})


def _end_values(traces: NDArray[np.float64]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = traces[:, -_TAIL:].mean(axis=1)
    return mean


def _last_where(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Index of the last True of every row; 0 without one."""
    count = mask.shape[1]
    return np.where(mask.any(axis=1), count - 1 - np.argmax(mask[:, ::-1], axis=1), 0)


def reset_duration_s(connection: StatefulConnection) -> float:
    """How long a reset of the present configuration holds the membrane: the counter without its holdoff."""
    neurons = connection.chip.neuron_block.atomic_neurons
    scale = connection.chip.neuron_block.backends["clock_scale_fast"][0]
    count = neurons["refractory_period.refractory_time"][0] - (31 - 2 * neurons["refractory_period.reset_holdoff"][0])
    return float(count * 2.0 ** (int(scale) + 1) / BACKEND_CLOCK_HZ)
