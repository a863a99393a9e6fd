"""What the two converters read for known voltages: a straight line of every channel.

=====================  ============================  ==============================  ===========================
function               voltages                      path                            at each voltage
=====================  ============================  ==============================  ===========================
`characterise_cadc`    0.2..1.0 V in 15 steps        pad 0, debug lines, columns     5 conversions, 1 ms settling
`characterise_madc`    0.1..1.0 V in 10 steps        pad 0, debug line, first input  a recording of 10 us
=====================  ============================  ==============================  ===========================

The DAC ``mux_dac_25`` of the board drives pad 0. The line is ``V = slope * value + intercept``; routing, multiplexers
and DAC are given back afterwards. Reference: calibration.md 2, "ADC characterisation".
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from hxtwin import coord
from hxtwin.calib import cadc_read
from hxtwin.calib.constants import COLUMNS, cycles
from hxtwin.calib.errors import CalibNotSupported, TooFewSamplesError
from hxtwin.calib.madc_recording import INITIAL_WAIT_S, INVALID_S, LEAST_FRACTION
from hxtwin.calib.stateful_connection import settle, wait
from hxtwin.containers import (
    AnalogReadoutMux1Input,
    AnalogReadoutMux2Input,
    DACChannel,
    MADCConfig,
    MADCControl,
    ReadoutSourceSelection,
    ShiftRegister,
)
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

_log = logging.getLogger(__name__)

CADC_VOLTAGES: Final = (0.2, 1.0, 15)
"""Smallest and largest voltage of the sweep of the column ADC, V, and steps."""
MADC_VOLTAGES: Final = (0.1, 1.0, 10)
"""The same of the membrane ADC."""
_FULL_SCALE_V: Final = 2.5
_DAC_STEPS: Final = 4095
_MOST_STEPS: Final = 1000
_READS: Final = 5
_SETTLING_S: Final = 1e-3
_RECORDING_S: Final = 10e-6
_LARGEST_NOISE: Final = 2.0
_CLIPPED: Final = {"cadc": (0, 255), "madc": (0, 1023)}
_CHAIN: Final = "cadc_readout_chains."
_PAD: Final = "readout_chain.pad_mux."
_ON_PAD_0: Final = np.array([True, False])


@attrs.frozen(eq=False)
class ADCCharacterisation:
    """Straight lines of n channels.

    Attributes:
        slope: V per LSB, ``float64[n]``.
        intercept: V at value 0, ``float64[n]``.
        residual: root mean square of what the line leaves, in LSB, ``float64[n]``.
        voltages: of the sweep, V, ``float64[m]``.
        values: means at these voltages, LSB, ``float64[m, n]``.
    """

    slope: NDArray[np.float64]
    intercept: NDArray[np.float64]
    residual: NDArray[np.float64]
    voltages: NDArray[np.float64]
    values: NDArray[np.float64]

    def volts(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Voltages of values whose last axis is the channel."""
        return self.slope * values + self.intercept


def characterise_cadc(
    connection: StatefulConnection,
    start_v: float = CADC_VOLTAGES[0],
    stop_v: float = CADC_VOLTAGES[1],
    steps: int = CADC_VOLTAGES[2],
) -> ADCCharacterisation:
    """Lines of all 1024 channels of the column ADC, in the order of `hxtwin.calib.cadc_read.channels`.

    Args:
        connection: a chip with calibrated column ADC.
        start_v, stop_v: smallest and largest voltage, 0 .. 2.5 V.
        steps: voltages, 2 .. 1000.

    Raises:
        CalibNotSupported: voltages that the DAC does not have, or another number of steps.
    """
    voltages, codes = _sweep(start_v, stop_v, steps)
    columns = np.ones((2, COLUMNS), dtype=bool)
    routing: dict[str, Any] = {
        f"{_PAD}{name}": _ON_PAD_0
        for name in (
            "synapse_intermediate_mux_to_pad",
            "cadc_debug_causal_to_synapse_intermediate_mux",
            "cadc_debug_acausal_to_synapse_intermediate_mux",
        )
    }
    for kind in ("channels_causal", "channels_acausal"):
        routing[f"{_CHAIN}{kind}.enable_connect_debug"] = columns
        routing[f"{_CHAIN}{kind}.enable_connect_correlation"] = ~columns
        routing[f"{_CHAIN}{kind}.enable_connect_neuron"] = ~columns
    before = connection.columns(*routing)
    builder = PlaybackProgramBuilder()
    connection.configure(builder, routing)
    _connect_board(builder)
    settle(builder)
    tickets = []
    for code in codes:
        _drive(builder, code)
        tickets += cadc_read.read_often(builder, _READS)
    _disconnect_board(builder)
    connection.configure(builder, before)
    settle(builder)
    connection.run(builder)
    reads = np.stack([cadc_read.channels(ticket) for ticket in tickets])
    return _lines(voltages, reads.reshape(steps, _READS, -1).mean(axis=1), "cadc")


def characterise_madc(
    connection: StatefulConnection,
    start_v: float = MADC_VOLTAGES[0],
    stop_v: float = MADC_VOLTAGES[1],
    steps: int = MADC_VOLTAGES[2],
) -> ADCCharacterisation:
    """Line of the membrane ADC; arrays of the result have one channel.

    Args:
        connection: the chip.
        start_v, stop_v: smallest and largest voltage, 0 .. 2.5 V.
        steps: voltages, 2 .. 1000.

    Raises:
        CalibNotSupported: voltages that the DAC does not have, or another number of steps.
        TooFewSamplesError: samples were lost.
    """
    voltages, codes = _sweep(start_v, stop_v, steps)
    rate = MADCConfig().sample_rate_hz()
    wanted = int((INVALID_S + _RECORDING_S) * rate)
    routing: dict[str, Any] = {
        f"{_PAD}debug_to_pad": _ON_PAD_0,
        "readout_chain.input_mux.debug_plus": _ON_PAD_0,
        "readout_chain.dynamic_mux.initially_selected_input": 0,
        "readout_chain.dynamic_mux.input_select_length": 0,
        "readout_chain.madc.number_of_samples": wanted,
        "readout_chain.madc.enable_madc_clock_scaling": False,
        "readout_chain.madc.clock_scale_value": 0,
    }
    before = connection.columns(*routing)
    builder = PlaybackProgramBuilder()
    connection.configure(builder, routing)
    _connect_board(builder)
    builder.write(coord.MADCControlOnDLS(), MADCControl(wake_up=True, enable_pre_amplifier=True))
    wait(builder, INITIAL_WAIT_S)
    for code in codes:
        _drive(builder, code)
        builder.reset_timer()
        builder.write(coord.MADCControlOnDLS(), MADCControl(start_recording=True, enable_pre_amplifier=True))
        builder.write(coord.MADCControlOnDLS(), MADCControl(enable_pre_amplifier=True))
        builder.wait_until(cycles(INVALID_S + _RECORDING_S + _SETTLING_S))
    _disconnect_board(builder)
    connection.configure(builder, before)
    builder.write(coord.ReadoutSourceSelectionOnDLS(), ReadoutSourceSelection())
    settle(builder)
    samples = connection.run(builder).madc_samples
    values = _recorded(samples, steps, wanted, first=int(np.ceil(INVALID_S * rate)))
    noise = float(values.std(axis=1).max())
    if noise >= _LARGEST_NOISE:
        _log.warning("the membrane ADC varies by %.1f LSB at a constant voltage, less than 2 are expected", noise)
    return _lines(voltages, values.mean(axis=1)[:, np.newaxis], "madc")


def _sweep(start_v: float, stop_v: float, steps: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Voltages that the DAC really gives, and their codes."""
    if not 0 <= start_v < stop_v <= _FULL_SCALE_V or not 2 <= steps <= _MOST_STEPS:
        raise CalibNotSupported(
            f"a sweep from {start_v:g} V to {stop_v:g} V in {steps} steps; wanted: 0 <= start < stop <= "
            f"{_FULL_SCALE_V:g} V in 2..{_MOST_STEPS} steps"
        )
    codes = (np.linspace(start_v, stop_v, steps) / _FULL_SCALE_V * _DAC_STEPS).astype(np.int64)
    return codes / _DAC_STEPS * _FULL_SCALE_V, codes


def _connect_board(builder: PlaybackProgramBuilder) -> None:
    builder.write(
        coord.ShiftRegisterOnBoard(),
        ShiftRegister(
            select_analog_readout_mux_1_input=AnalogReadoutMux1Input.READOUT_CHAIN_0,
            select_analog_readout_mux_2_input=AnalogReadoutMux2Input.MUX_DAC_25,
        ),
    )


def _disconnect_board(builder: PlaybackProgramBuilder) -> None:
    builder.barrier(omnibus=True)
    builder.write(coord.DACChannelOnBoard.mux_dac_25, DACChannel(value=0))
    builder.write(coord.ShiftRegisterOnBoard(), ShiftRegister())


def _drive(builder: PlaybackProgramBuilder, code: int) -> None:
    builder.write(coord.DACChannelOnBoard.mux_dac_25, DACChannel(value=int(code)))
    wait(builder, _SETTLING_S)


def _recorded(samples: NDArray[np.void], count: int, wanted: int, first: int) -> NDArray[np.float64]:
    """Valid samples of every recording, ``float64[count, n]``; recordings are half a settling time apart."""
    gaps = np.flatnonzero(np.diff(samples["chip_time"].astype(np.int64)) > cycles(_SETTLING_S / 2)) + 1
    bounds = np.concatenate([[0], gaps, [len(samples)]])
    lengths = np.diff(bounds)
    if len(lengths) != count or lengths.min() < LEAST_FRACTION * wanted:
        raise TooFewSamplesError(
            f"the membrane ADC sent {len(samples)} samples in {len(lengths)} recordings, the shortest of "
            f"{int(lengths.min())}; {count} recordings of {wanted} samples are wanted"
        )
    index = bounds[:-1, np.newaxis] + np.arange(first, int(lengths.min()))
    return samples["value"][index].astype(np.float64)


def _lines(voltages: NDArray[np.float64], values: NDArray[np.float64], kind: str) -> ADCCharacterisation:
    """Least-squares lines of all channels; values at the ends of the range of the converter are left out.

    Args:
        voltages: ``float64[m]``.
        values: ``float64[m, n]``, means of reads.
        kind: converter.
    """
    lowest, highest = _CLIPPED[kind]
    weight = ((values > lowest) & (values < highest)).astype(np.float64)
    count = np.maximum(weight.sum(axis=0), 1)
    mean_value, mean_volts = (
        (weight * values).sum(axis=0) / count,
        (weight * voltages[:, np.newaxis]).sum(axis=0) / count,
    )
    centred = weight * (values - mean_value)
    square = (centred * (values - mean_value)).sum(axis=0)
    known = square > 0
    slope = (centred * (voltages[:, np.newaxis] - mean_volts)).sum(axis=0) / np.where(known, square, np.nan)
    intercept = mean_volts - slope * mean_value
    left = weight * (voltages[:, np.newaxis] - intercept - slope * values) / slope
    return ADCCharacterisation(slope, intercept, np.sqrt((left**2).sum(axis=0) / count), voltages, values)
