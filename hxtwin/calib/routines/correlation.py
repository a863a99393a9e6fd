"""Correlation sensors: amplitude and time constant of the four quadrants.

======================  =================  ========================================  ==============================
calibration             parameter          observable                                delays
======================  =================  ========================================  ==============================
`CorrelationAmplitude`  syn_i_bias_store   accumulated by a pair at zero delay       1, 2.5, 5, 10 us
`CorrelationTau`        syn_i_bias_ramp    time constant of the decay with delay     0.5, 1, 2.5, 5, 10, 20, 30, 50
======================  =================  ========================================  ==============================

Pairs of a row event and a fire, in both orders, lower the storage of a sensor. The delays give time constant and
amplitude without a fit: neighbouring delays tell tau = dt / ln(ratio), and that extrapolates to zero delay. Medians of
16 synapses of the first row count for each quadrant. Both observables are inverse to their bias. Reference:
calibration.md 5.4.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from hxtwin import coord
from hxtwin.calib.calib import Calib, ParameterRange
from hxtwin.calib.constants import COLUMNS, LARGEST_CODE, QUADRANTS
from hxtwin.calib.correlation_target import (
    FULL_SCALE_V,
    Branches,
    CorrelationCalibOptions,
    CorrelationCalibTarget,
)
from hxtwin.calib.errors import CalibNotSuccessful
from hxtwin.calib.measurement_chip import NEURON, drivers, synapse_rows
from hxtwin.calib.neuron_sequence import NeuronSequence
from hxtwin.calib.search import ProportionalSearch
from hxtwin.calib.stateful_connection import settle, wait
from hxtwin.calib.stimulus import send_event
from hxtwin.containers import (
    AnalogOutput,
    CADCSampleRow,
    CorrelationResetRow,
    DACChannel,
    NeuronResetQuad,
    SynapseRowMode,
)
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

_log = logging.getLogger(__name__)

_CHAIN: Final = "cadc_readout_chains."
_STORE, _RAMP, _OUTPUT = (f"{_CHAIN}correlation.i_bias_{name}" for name in ("store", "ramp", "corout"))
_START_RAMP, _START_STORE, _OUTPUT_BIAS = 80, 70, 600
_LEAST_STORE: Final = 50
_LEAST_BASELINE: Final = 120
_DAC_RANGE: Final = {
    coord.DACChannelOnBoard.mux_dac_25: FULL_SCALE_V["v_reset"],
    coord.DACChannelOnBoard.v_res_meas: FULL_SCALE_V["v_res_meas"],
}
_DAC_STEPS: Final = 4095
_QUADS: Final = np.add.outer([0, 16], [0, 4, 8, 12])  # side, quad
_MIDDLE_S: Final = 60e-6
_PAUSE_S: Final = 500e-6
_RELIABLE: Final = (8.0, 160.0)
_OUTLIER: Final = (0.2, 5.0)
_AMPLITUDE_DELAYS_S: Final = np.array([1, 2.5, 5, 10]) * 1e-6
_TAU_DELAYS_S: Final = np.array([0.5, 1, 2.5, 5, 10, 20, 30, 50]) * 1e-6
_ACCUMULATED: Final = 70.0
_TAU_EVENTS: Final = 100
_VERIFIED: Final = 50.0
_LEAST_AMPLITUDE: Final = 0.05
_MEASUREMENTS: Final = 2
_WORD_S: Final = 16e-9


@attrs.frozen(eq=False)
class CorrelationCalibResult:
    """What was found, for the quadrants.

    Attributes:
        i_bias_ramp: ``int64[4]``.
        i_bias_store: ``int64[4]``.
        amplitude: measured at the end, CADC values, ``float64[4]``.
        time_constant: the same, seconds, ``float64[4]``.
        success: ``bool[4]``.
        options: voltages of the board and bits of the synapses that belong to it.
    """

    i_bias_ramp: NDArray[np.int64]
    i_bias_store: NDArray[np.int64]
    amplitude: NDArray[np.float64]
    time_constant: NDArray[np.float64]
    success: NDArray[np.bool_]
    options: CorrelationCalibOptions

    def columns(self) -> dict[str, Any]:
        """Columns of `Chip` by dotted path."""
        return {
            _RAMP: self.i_bias_ramp.reshape(2, 2),
            _STORE: self.i_bias_store.reshape(2, 2),
            _OUTPUT: np.full((2, 2), _OUTPUT_BIAS),
            **_bits(self.options),
        }

    def write_board(self, builder: PlaybackProgramBuilder) -> None:
        """Appends the writes of the voltages of the board."""
        _write_board(builder, self.options)


@attrs.frozen(eq=False)
class SensorEstimate:
    """Amplitude and time constant of the sensors of the quadrants, causal and acausal.

    Attributes:
        amplitude: read of one pair at zero delay, CADC values, ``float64[2, 4, 16]``; nan: undetermined.
        tau_s: seconds, ``float64[2, 4, 16]``; nan: undetermined.
    """

    amplitude: NDArray[np.float64]
    tau_s: NDArray[np.float64]


def calibrate_correlation(
    connection: StatefulConnection,
    target: CorrelationCalibTarget | None = None,
    options: CorrelationCalibOptions | None = None,
) -> CorrelationCalibResult:
    """Calibrates the sensors; the configuration of neurons and synapses is restored.

    Args:
        connection: a chip with calibrated column ADC in the measurement configuration.
        target, options: defaults unless given.
    """
    wanted = CorrelationCalibTarget() if target is None else target
    chosen = CorrelationCalibOptions() if options is None else options
    before = _prepare(connection, chosen)
    search = ProportionalSearch(measurements=_MEASUREMENTS)
    amplitude = CorrelationAmplitude(wanted.amplitude, chosen.branches)
    time_constant = CorrelationTau(wanted.time_constant, chosen.branches)
    store, ramp = amplitude.run(connection, search), time_constant.run(connection, search)
    if (store.calibrated_parameters < _LEAST_STORE).any():
        _log.warning("store biases below %d are not reliable; raise v_res_meas", _LEAST_STORE)
    builder = PlaybackProgramBuilder()
    connection.configure(builder, before)
    settle(builder)
    connection.run(builder)
    return CorrelationCalibResult(
        i_bias_ramp=ramp.calibrated_parameters,
        i_bias_store=store.calibrated_parameters,
        amplitude=amplitude.best,
        time_constant=time_constant.best,
        success=ramp.success & store.success & np.isfinite(time_constant.best) & (amplitude.best > 0),
        options=chosen,
    )


def measure_calibrated(connection: StatefulConnection, result: CorrelationCalibResult) -> SensorEstimate:
    """Measures calibrated sensors with a number of pairs that the searches do not use.

    The configuration of neurons and synapses is restored, that of the sensors is the calibrated one afterwards.
    """
    before = _prepare(connection, result.options)
    builder = PlaybackProgramBuilder()
    connection.configure(builder, result.columns())
    settle(builder)
    typical = max(float(np.median(result.amplitude)), _LEAST_AMPLITUDE)
    found = measure_sensors(connection, builder, _AMPLITUDE_DELAYS_S, max(1, int(_VERIFIED / typical)))
    builder = PlaybackProgramBuilder()
    connection.configure(builder, before)
    settle(builder)
    connection.run(builder)
    return found


class _SensorBias(Calib):
    """A bias of the four quadrants.

    Attributes:
        best: measured value of each quadrant that is nearest to the target, ``float64[4]``.
    """

    def __init__(self, path: str, start: int, target: float, branches: Branches) -> None:
        super().__init__(ParameterRange(0, LARGEST_CODE), QUADRANTS, inverted=True, target=target)
        self._path, self._start, self._branches = path, start, branches
        self.best = np.full(QUADRANTS, np.inf)

    def medians(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Median of each quadrant over the chosen branches and the measured synapses, ``float64[4]``."""
        chosen = {Branches.CAUSAL: slice(0, 1), Branches.ACAUSAL: slice(1, 2), Branches.BOTH: slice(0, 2)}
        return _median(values[chosen[self._branches]])

    def keep(self, found: NDArray[np.float64]) -> NDArray[np.float64]:
        """Remembers what is nearest to the target; gives the values back."""
        nearer = np.abs(found - self.wanted()) <= np.abs(self.best - self.wanted())
        self.best = np.where(nearer, found, self.best)
        return found

    def prelude(self, connection: StatefulConnection) -> None:
        """Begins where the bias stands."""
        present = np.array(connection.columns(self._path)[self._path], dtype=np.int64).reshape(QUADRANTS)
        self.start = np.where(present > 0, present, self._start)

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        """Writes the biases and waits until they have settled."""
        connection.configure(builder, {self._path: parameters.reshape(2, 2)})
        settle(builder)


class CorrelationAmplitude(_SensorBias):
    """Store bias from the amplitude at zero delay; an undetermined one counts as too small."""

    def __init__(self, target: float, branches: Branches = Branches.BOTH) -> None:
        super().__init__(_STORE, _START_STORE, target, branches)
        self._events = max(1, int(_ACCUMULATED / target))

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Median amplitude of the quadrants."""
        found = measure_sensors(connection, builder, _AMPLITUDE_DELAYS_S, self._events)
        return self.keep(np.nan_to_num(self.medians(found.amplitude), nan=0.0))


class CorrelationTau(_SensorBias):
    """Ramp bias from the time constant; an undetermined one counts as too long."""

    def __init__(self, target: float, branches: Branches = Branches.BOTH) -> None:
        super().__init__(_RAMP, _START_RAMP, target, branches)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        """Median time constant of the quadrants."""
        found = measure_sensors(connection, builder, _TAU_DELAYS_S, _TAU_EVENTS)
        return self.keep(np.nan_to_num(self.medians(found.tau_s), nan=np.inf))


def measure_sensors(
    connection: StatefulConnection, builder: PlaybackProgramBuilder, delays_s: NDArray[np.float64], events: int
) -> SensorEstimate:
    """Measures the sensors of the first row at all delays, in both orders of the pair.

    Raises:
        CalibNotSuccessful: the baseline of the sensors is too low to be lowered.
    """
    tickets = []
    for delay in [*delays_s, *-delays_s]:
        for row in _rows():
            builder.write(coord.CorrelationResetRowOnDLS(row), CorrelationResetRow())
        wait(builder, _PAUSE_S)
        before = [builder.read(coord.CADCSampleRowOnDLS(row), CADCSampleRow) for row in _rows()]
        builder.barrier(omnibus=True)
        _pairs(delay, events).append_to(builder)
        wait(builder, _PAUSE_S)
        after = [builder.read(coord.CADCSampleRowOnDLS(row), CADCSampleRow) for row in _rows()]
        builder.barrier(omnibus=True)
        tickets.append((before, after))
    connection.run(builder)
    lowered = np.empty((2, len(delays_s), QUADRANTS, _sensors()))
    for i, (before, after) in enumerate(tickets):
        branch, number = divmod(i, len(delays_s))
        name = ("causal", "acausal")[branch]
        reads = np.stack([[getattr(ticket.get(), name) for ticket in part] for part in (before, after)]).astype(float)
        if np.median(reads[0]) < _LEAST_BASELINE:
            raise CalibNotSuccessful(
                f"correlation sensors read {np.median(reads[0]):.0f} after a reset, at least {_LEAST_BASELINE} are "
                "wanted; check v_reset of the board"
            )
        lowered[branch, number] = _of_quadrants(reads[0] - reads[1])
    return _estimate(lowered, delays_s, events)


def _estimate(lowered: NDArray[np.float64], delays_s: NDArray[np.float64], events: int) -> SensorEstimate:
    """Time constants from neighbouring delays, amplitudes from the first reliable delays.

    Args:
        lowered: reads below the baseline, ``float64[2, delays, 4, 16]``.
        delays_s: ascending.
        events: pairs that were sent.
    """
    trusted = (lowered > _RELIABLE[0]) & (lowered < _RELIABLE[1])
    values = np.where(trusted, lowered, np.nan)
    distance = np.diff(delays_s)[:, np.newaxis, np.newaxis]
    ratio = values[:, :-1] / values[:, 1:]
    tau = _mean(np.where(ratio > 1, distance / np.log(np.where(ratio > 1, ratio, 2)), np.nan))
    typical = np.nanmedian(tau) if np.isfinite(tau).any() else np.nan
    tau = np.where((tau < _OUTLIER[0] * typical) | (tau > _OUTLIER[1] * typical), typical, tau)
    at_zero = values * np.exp(delays_s[:, np.newaxis, np.newaxis] / tau[:, np.newaxis])
    return SensorEstimate(_mean(at_zero[:, :2]) / events, tau)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the delays without missing values; nan where all are missing."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis=1)
    count = known.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each quadrant over branches and synapses; nan where fewer than half of them are known."""
    by_quadrant = values.swapaxes(0, 1).reshape(QUADRANTS, -1)
    known = np.isfinite(by_quadrant)
    found = np.array(
        [np.median(row[mask]) if mask.any() else np.nan for row, mask in zip(by_quadrant, known, strict=True)]
    )
    return np.where(known.mean(axis=1) >= 0.5, found, np.nan)


def _prepare(connection: StatefulConnection, options: CorrelationCalibOptions) -> dict[str, Any]:
    """Connects the sensors to the column ADC; gives the columns to restore."""
    columns = np.ones((2, 256), dtype=bool)
    fires = np.zeros((2, 256), dtype=bool)
    fires[:, _columns()] = True
    changes: dict[str, Any] = {
        **synapse_rows(1, 0),
        **_bits(options),
        **drivers(SynapseRowMode.EXCITATORY),
        f"{NEURON}readout.enable_amplifier": np.zeros(512, dtype=bool),
        f"{NEURON}event_routing.analog_output": np.where(
            fires.reshape(-1), int(AnalogOutput.NORMAL), int(AnalogOutput.OFF)
        ),
        **{f"{_CHAIN}{kind}.enable_connect_correlation": columns for kind in ("channels_causal", "channels_acausal")},
        **{f"{_CHAIN}{kind}.enable_connect_neuron": ~columns for kind in ("channels_causal", "channels_acausal")},
    }
    before = connection.columns(*changes)
    biases = {
        _RAMP: np.full((2, 2), _START_RAMP),
        _STORE: np.full((2, 2), _START_STORE),
        _OUTPUT: np.full((2, 2), _OUTPUT_BIAS),
    }
    builder = PlaybackProgramBuilder()
    _write_board(builder, options)
    connection.configure(builder, {**changes, **biases})
    settle(builder)
    connection.run(builder)
    return before


def _bits(options: CorrelationCalibOptions) -> dict[str, Any]:
    shape = (2, COLUMNS, COLUMNS)
    return {
        "synapse_blocks.matrix.amp_calibs": np.full(shape, options.amp_calib),
        "synapse_blocks.matrix.time_calibs": np.full(shape, options.time_calib),
    }


def _write_board(builder: PlaybackProgramBuilder, options: CorrelationCalibOptions) -> None:
    volts = {
        coord.DACChannelOnBoard.mux_dac_25: options.v_reset,
        coord.DACChannelOnBoard.v_res_meas: options.v_res_meas,
    }
    for channel, value in volts.items():
        builder.write(channel, DACChannel(value=int(value / _DAC_RANGE[channel] * _DAC_STEPS)))


def _pairs(delay_s: float, events: int) -> NeuronSequence:
    """Pairs of an event on the first row and fires; negative delays: the fire comes first."""
    sequence = NeuronSequence(events)
    quads = [int(64 * hemisphere + quad) for quad in _QUADS.reshape(-1) for hemisphere in range(2)]
    fire_s = _MIDDLE_S + delay_s - len(quads) / 2 * _WORD_S
    sequence.reset_timer()
    if delay_s > 0:
        sequence.wait_until(_MIDDLE_S)
        send_event(sequence)
    sequence.wait_until(fire_s)
    for quad in quads:
        sequence.write(coord.NeuronResetQuadOnDLS(quad), NeuronResetQuad())
    if delay_s < 0:
        sequence.wait_until(_MIDDLE_S)
        send_event(sequence)
    sequence.wait_until(_MIDDLE_S + _PAUSE_S)
    return sequence


def _rows() -> tuple[int, int]:
    """The first row of both hemispheres."""
    return 0, 256


def _sensors() -> int:
    return int(4 * _QUADS.shape[1])


def _columns() -> NDArray[np.int64]:
    """Columns that are measured, ``int64[32]``: west, east."""
    first = 8 * (_QUADS.reshape(-1) % 32)
    found: NDArray[np.int64] = (first[:, np.newaxis] + 2 * np.arange(4)).reshape(-1)
    return found


def _of_quadrants(reads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measured columns of both hemispheres sorted by quadrant, ``float64[4, 16]``."""
    return reads[:, _columns()].reshape(QUADRANTS, -1)
