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
    BRANCH_PARTS,
    FULL_SCALE_V,
    Branches,
    CorrelationCalibOptions,
    CorrelationCalibTarget,
)
from hxtwin.calib.measurement_chip import NEURON, drivers, synapse_rows
from hxtwin.calib.routines.correlation_measurement import SensorEstimate, measure_sensors, read_sensors, sensor_columns
from hxtwin.calib.routines.correlation_synapses import SynapseBits, calibrate_synapses
from hxtwin.calib.search import ProportionalSearch
from hxtwin.calib.stateful_connection import settle
from hxtwin.containers import (
    AnalogOutput,
    DACChannel,
    SynapseRowMode,
)
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

_log = logging.getLogger(__name__)

_CHAIN: Final = "cadc_readout_chains."
_STORE, _RAMP, _OUTPUT = (f"{_CHAIN}correlation.i_bias_{name}" for name in ("store", "ramp", "corout"))
_START_RAMP, _START_STORE, _OUTPUT_BIAS = 80, 70, 600
_LEAST_STORE: Final = 50
_DAC_RANGE: Final = {
    coord.DACChannelOnBoard.mux_dac_25: FULL_SCALE_V["v_reset"],
    coord.DACChannelOnBoard.v_res_meas: FULL_SCALE_V["v_res_meas"],
}
_DAC_STEPS: Final = 4095
_AMPLITUDE_DELAYS_S: Final = np.array([1, 2.5, 5, 10]) * 1e-6
_TAU_DELAYS_S: Final = np.array([0.5, 1, 2.5, 5, 10, 20, 30, 50]) * 1e-6
_ACCUMULATED: Final = 70.0
_TAU_EVENTS: Final = 100
_VERIFIED: Final = 50.0
_LEAST_AMPLITUDE: Final = 0.05
_MEASUREMENTS: Final = 2


@attrs.frozen(eq=False)
class CorrelationCalibResult:
    """What was found, for the quadrants.

    Attributes:
        i_bias_ramp: ``int64[4]``.
        i_bias_store: ``int64[4]``.
        amplitude: measured at the end, CADC values, ``float64[4]``.
        time_constant: the same, seconds, ``float64[4]``.
        success: ``bool[4]``.
        amp_calib: amplitude bits of all synapses, ``uint8[512, 256]``, 0 .. 3; rows of hemisphere 0 first.
        time_calib: time constant bits, the same.
        synapse_score: what the bits of single synapses gain, `SynapseBits.score`, ``float64[2, 4]``.
        options: voltages of the board that belong to it.
    """

    i_bias_ramp: NDArray[np.int64]
    i_bias_store: NDArray[np.int64]
    amplitude: NDArray[np.float64]
    time_constant: NDArray[np.float64]
    success: NDArray[np.bool_]
    amp_calib: NDArray[np.uint8]
    time_calib: NDArray[np.uint8]
    synapse_score: NDArray[np.float64]
    options: CorrelationCalibOptions

    def columns(self) -> dict[str, Any]:
        """Columns of `Chip` by dotted path."""
        return {
            _RAMP: self.i_bias_ramp.reshape(2, 2),
            _STORE: self.i_bias_store.reshape(2, 2),
            _OUTPUT: np.full((2, 2), _OUTPUT_BIAS),
            **_bits(self.amp_calib, self.time_calib),
        }

    def write_board(self, builder: PlaybackProgramBuilder) -> None:
        """Appends the writes of the voltages of the board."""
        _write_board(builder, self.options)


def calibrate_correlation(
    connection: StatefulConnection,
    target: CorrelationCalibTarget | None = None,
    options: CorrelationCalibOptions | None = None,
    *,
    on_part: Callable[[int, int], None] | None = None,
) -> CorrelationCalibResult:
    """Calibrates the sensors; the configuration of neurons and synapses is restored.

    Args:
        connection: a chip with calibrated column ADC in the measurement configuration.
        target, options: defaults unless given.
        on_part: told how many measurements of bits of single synapses are done, and of how many.
    """
    wanted = CorrelationCalibTarget() if target is None else target
    chosen = CorrelationCalibOptions() if options is None else options
    rows, groups = (chosen.synapse_rows, chosen.synapse_groups) if chosen.calibrate_synapses else (1, 1)
    before = _prepare(connection, chosen)
    search = ProportionalSearch(measurements=_MEASUREMENTS)
    amplitude = CorrelationAmplitude(wanted.amplitude, chosen.branches)
    time_constant = CorrelationTau(wanted.time_constant, chosen.branches)
    store, ramp = amplitude.run(connection, search), time_constant.run(connection, search)
    if (store.calibrated_parameters < _LEAST_STORE).any():
        _log.warning("store biases below %d are not reliable; raise v_res_meas", _LEAST_STORE)
    bits = SynapseBits.uniform(chosen)
    if chosen.calibrate_synapses:
        _widen(connection, rows, groups)
        bits = calibrate_synapses(connection, wanted, chosen, on_part)
    _restore(connection, before)
    return CorrelationCalibResult(
        i_bias_ramp=ramp.calibrated_parameters,
        i_bias_store=store.calibrated_parameters,
        amplitude=amplitude.best,
        time_constant=time_constant.best,
        success=ramp.success & store.success & np.isfinite(time_constant.best) & (amplitude.best > 0),
        amp_calib=bits.amp_calib,
        time_calib=bits.time_calib,
        synapse_score=bits.score,
        options=chosen,
    )


def measure_calibrated(
    connection: StatefulConnection, result: CorrelationCalibResult, *, rows: int = 1
) -> SensorEstimate:
    """Measures calibrated sensors of the first rows with a number of pairs that the searches do not use.

    The configuration of neurons and synapses is restored, that of the sensors is the calibrated one afterwards.
    """
    before, builder = _calibrated(connection, result, rows)
    typical = max(float(np.median(result.amplitude)), _LEAST_AMPLITUDE)
    found = measure_sensors(connection, builder, _AMPLITUDE_DELAYS_S, max(1, int(_VERIFIED / typical)), rows=rows)
    _restore(connection, before)
    return found


def read_calibrated(
    connection: StatefulConnection,
    result: CorrelationCalibResult,
    delays_s: NDArray[np.float64],
    events: int,
    *,
    rows: int = 1,
) -> NDArray[np.float64]:
    """Reads of calibrated sensors of the first rows below their baseline, ``float64[2, delays, 4, n]``.

    The configuration of neurons and synapses is restored, that of the sensors is the calibrated one afterwards.
    """
    before, builder = _calibrated(connection, result, rows)
    found = read_sensors(connection, builder, delays_s, events, rows=rows)
    _restore(connection, before)
    return found


def _calibrated(
    connection: StatefulConnection, result: CorrelationCalibResult, rows: int
) -> tuple[dict[str, Any], PlaybackProgramBuilder]:
    """Calibrated sensors of the first rows in the measurement configuration: columns to restore, and a program."""
    before = _prepare(connection, result.options)
    _widen(connection, rows, 1)
    builder = PlaybackProgramBuilder()
    connection.configure(builder, result.columns())
    settle(builder)
    return before, builder


def _restore(connection: StatefulConnection, before: dict[str, Any]) -> None:
    builder = PlaybackProgramBuilder()
    connection.configure(builder, before)
    settle(builder)
    connection.run(builder)


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
        return _median(values[BRANCH_PARTS[self._branches]])

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
    uniform = SynapseBits.uniform(options)
    columns = np.ones((2, 256), dtype=bool)
    fires = np.zeros((2, 256), dtype=bool)
    fires[:, sensor_columns(0)] = True
    changes: dict[str, Any] = {
        **synapse_rows(1, 0),
        **_bits(uniform.amp_calib, uniform.time_calib),
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


def _widen(connection: StatefulConnection, rows: int, groups: int) -> None:
    """Lets more rows see events and more columns fire."""
    fires = np.zeros((2, COLUMNS), dtype=bool)
    fires[:, np.concatenate([sensor_columns(group) for group in range(groups)])] = True
    outputs = np.where(fires.reshape(-1), int(AnalogOutput.NORMAL), int(AnalogOutput.OFF))
    builder = PlaybackProgramBuilder()
    connection.configure(builder, {**synapse_rows(rows, 0), f"{NEURON}event_routing.analog_output": outputs})
    connection.run(builder)


def _bits(amp_calib: NDArray[np.uint8], time_calib: NDArray[np.uint8]) -> dict[str, Any]:
    shape = (2, COLUMNS, COLUMNS)
    return {
        "synapse_blocks.matrix.amp_calibs": amp_calib.reshape(shape),
        "synapse_blocks.matrix.time_calibs": time_calib.reshape(shape),
    }


def _write_board(builder: PlaybackProgramBuilder, options: CorrelationCalibOptions) -> None:
    volts = {
        coord.DACChannelOnBoard.mux_dac_25: options.v_reset,
        coord.DACChannelOnBoard.v_res_meas: options.v_res_meas,
    }
    for channel, value in volts.items():
        builder.write(channel, DACChannel(value=int(value / _DAC_RANGE[channel] * _DAC_STEPS)))
