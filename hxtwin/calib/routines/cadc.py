"""The column ADC: ramps of the quadrants, digital offsets of the channels.

=====  ==========================  ========================  ====================================  ====================
part   parameter                   stimulus                  observable                            target
=====  ==========================  ========================  ====================================  ====================
1      cadc_v_ramp_offset (4)      lower test voltage        mean of the 256 channels              lower read, 20
2      cadc_i_ramp_slope (4)       upper test voltage        same                                  upper read, 220
3      channel offset (1024)       middle of both            one read of each channel              median of all
=====  ==========================  ========================  ====================================  ====================

The test voltage is the CapMem cell stp_v_charge_0 of block 0, which the debug output and the pad multiplexer bring to
the debug lines of all channels. Reference: calibration.md 2.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from hxtwin.calib import cadc_read
from hxtwin.calib.calib import Calib, ParameterRange
from hxtwin.calib.constants import CADC_CHANNELS, COLUMNS, LARGEST_CODE, QUADRANTS
from hxtwin.calib.prediction import LinearPrediction
from hxtwin.calib.search import BinarySearch
from hxtwin.calib.stateful_connection import settle, wait
from hxtwin.calib.target import CADCCalibOptions, CADCCalibTarget
from hxtwin.coord import CapMemCellOnCapMemBlock
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

_log = logging.getLogger(__name__)

_CHAIN: Final = "cadc_readout_chains."
_PRESET_SLOPE: Final = 350
_LONG_WAIT_S: Final = 100e-3
_EXPECTED_MIDDLE: Final = 128
_MIDDLE_FREEDOM: Final = 50
_LARGEST_SPREAD: Final = 3.0


@attrs.frozen(eq=False)
class CADCCalibResult:
    """Calibration of the column ADC.

    Attributes:
        v_ramp_offset, i_ramp_slope: codes of the quadrants, ``int64[4]``.
        channel_offset: digital offsets, ``int64[1024]``, in the order of `hxtwin.calib.cadc_read.channels`.
        success: ``bool[1024]``; a failed quadrant marks its channels.
    """

    v_ramp_offset: NDArray[np.int64]
    i_ramp_slope: NDArray[np.int64]
    channel_offset: NDArray[np.int64]
    success: NDArray[np.bool_]

    def columns(self) -> dict[str, Any]:
        """The columns of `Chip` that it sets."""
        offsets = self.channel_offset.reshape(2, 2, COLUMNS)
        return {
            **_fixed_cells(),
            f"{_CHAIN}ramp.v_offset": self.v_ramp_offset.reshape(2, 2),
            f"{_CHAIN}ramp.i_slope": self.i_ramp_slope.reshape(2, 2),
            f"{_CHAIN}channels_causal.offset": offsets[:, 0],
            f"{_CHAIN}channels_acausal.offset": offsets[:, 1],
        }


def calibrate_cadc(
    connection: StatefulConnection,
    target: CADCCalibTarget | None = None,
    options: CADCCalibOptions | None = None,
) -> CADCCalibResult:
    """Calibrates the column ADC and leaves the result on the chip.

    Args:
        connection: the chip.
        target: voltages and the reads that they shall give.
        options: whether channel offsets are calibrated.
    """
    wanted = CADCCalibTarget() if target is None else target
    chosen = CADCCalibOptions() if options is None else options
    before = connection.columns(*_routing())
    builder = PlaybackProgramBuilder()
    connection.configure(
        builder,
        {
            **_fixed_cells(),
            **_routing(),
            f"{_CHAIN}ramp.i_slope": np.full((2, 2), _PRESET_SLOPE),
            f"{_CHAIN}channels_causal.offset": np.zeros((2, COLUMNS), dtype=int),
            f"{_CHAIN}channels_acausal.offset": np.zeros((2, COLUMNS), dtype=int),
        },
    )
    settle(builder)
    connection.run(builder)
    (low, high), (low_read, high_read) = wanted.dynamic_range, wanted.read_range
    offset = _Ramp("v_offset", low, low_read).run(connection, BinarySearch())
    slope = _Ramp("i_slope", high, high_read).run(connection, BinarySearch())
    channel, success = np.zeros(CADC_CHANNELS, dtype=np.int64), np.ones(CADC_CHANNELS, dtype=bool)
    if chosen.calibrate_offsets:
        channels = _ChannelOffset((low + high) // 2).run(connection, LinearPrediction(0))
        channel, success = channels.calibrated_parameters, channels.success
    builder = PlaybackProgramBuilder()
    connection.configure(builder, before)
    settle(builder)
    connection.run(builder)
    return CADCCalibResult(
        offset.calibrated_parameters,
        slope.calibrated_parameters,
        channel,
        success & cadc_read.per_channel(offset.success & slope.success),
    )


def measure_channels(connection: StatefulConnection, target: CADCCalibTarget) -> NDArray[np.float64]:
    """Reads of all channels at the middle of the dynamic range, sorted by quadrant, ``float64[4, 256]``.

    The routing is restored.
    """
    before = connection.columns(*_routing())
    builder = PlaybackProgramBuilder()
    connection.configure(builder, {**_routing(), **_test_voltage(connection, sum(target.dynamic_range) // 2)})
    wait(builder, _LONG_WAIT_S)
    ticket = cadc_read.read_chip(builder)
    connection.configure(builder, before)
    settle(builder)
    connection.run(builder)
    return cadc_read.by_quadrant(cadc_read.channels(ticket))


def _fixed_cells() -> dict[str, Any]:
    return {
        f"{_CHAIN}ramp.enable": [True, True],
        f"{_CHAIN}ramp.v_bias_buffer": np.full((2, 2), 400),
        f"{_CHAIN}ramp.i_bias_comparator": np.full((2, 2), LARGEST_CODE),
        f"{_CHAIN}ramp.i_bias_vreset_buffer": np.full((2, 2), LARGEST_CODE),
    }


def _routing() -> dict[str, Any]:
    """All channels on the debug lines, and these through a pad on the test output of the analog memory."""
    cell = CapMemCellOnCapMemBlock.stp_v_charge_0
    on = np.ones((2, COLUMNS), dtype=bool)
    first, none = [True, False], np.zeros((2, QUADRANTS), dtype=bool)
    quadrant = none.copy()
    quadrant[0, 0] = True
    debug_cell = np.array([1, 0, 0, 0])
    found: dict[str, Any] = {
        "capmem.blocks.debug_readout_enable": debug_cell.astype(bool),
        "capmem.blocks.debug_capmem_coord.row": debug_cell * int(cell.to_cap_mem_row_on_cap_mem_block()),
        "capmem.blocks.debug_capmem_coord.column": debug_cell * int(cell.to_cap_mem_column_on_cap_mem_block()),
        "readout_chain.pad_mux.capmem_v_out_mux": quadrant,
        "readout_chain.pad_mux.capmem_v_out_mux_to_capmem_intermediate_mux": first,
        "readout_chain.pad_mux.capmem_intermediate_mux_to_pad": first,
        "readout_chain.pad_mux.cadc_debug_causal_to_synapse_intermediate_mux": first,
        "readout_chain.pad_mux.cadc_debug_acausal_to_synapse_intermediate_mux": first,
        "readout_chain.pad_mux.synapse_intermediate_mux_to_pad": first,
    }
    for kind in ("channels_causal", "channels_acausal"):
        found[f"{_CHAIN}{kind}.enable_connect_debug"] = on
        found[f"{_CHAIN}{kind}.enable_connect_correlation"] = ~on
        found[f"{_CHAIN}{kind}.enable_connect_neuron"] = ~on
    return found


def _test_voltage(connection: StatefulConnection, code: int) -> dict[str, Any]:
    present = connection.columns("synapse_driver_blocks.stp_v_charge_0")["synapse_driver_blocks.stp_v_charge_0"]
    voltages = np.array(present)
    voltages[0, 0] = code
    return {"synapse_driver_blocks.stp_v_charge_0": voltages}


class _Ramp(Calib):
    """Ramp of the quadrants at one test voltage."""

    def __init__(self, cell: str, voltage: int, read: float) -> None:
        super().__init__(ParameterRange(0, LARGEST_CODE), QUADRANTS, inverted=True, target=read)
        self._path, self._voltage = f"{_CHAIN}ramp.{cell}", voltage

    def prelude(self, connection: StatefulConnection) -> None:
        builder = PlaybackProgramBuilder()
        connection.configure(builder, _test_voltage(connection, self._voltage))
        wait(builder, _LONG_WAIT_S)
        connection.run(builder)

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        connection.configure(builder, {self._path: parameters.reshape(2, 2)})
        settle(builder)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        ticket = cadc_read.read_chip(builder)
        connection.run(builder)
        mean: NDArray[np.float64] = cadc_read.by_quadrant(cadc_read.channels(ticket)).mean(axis=1)
        return mean


class _ChannelOffset(Calib):
    """Digital offset of all channels."""

    def __init__(self, voltage: int) -> None:
        super().__init__(ParameterRange(-128, 127), CADC_CHANNELS)
        self._voltage = voltage

    def prelude(self, connection: StatefulConnection) -> None:
        builder = PlaybackProgramBuilder()
        connection.configure(builder, _test_voltage(connection, self._voltage))
        wait(builder, _LONG_WAIT_S)
        median = int(np.median(self.measure_results(connection, builder)))
        if abs(median - _EXPECTED_MIDDLE) > _MIDDLE_FREEDOM:
            _log.warning("CADC channels read %d at the middle of the range, about 128 is expected", median)
        self.set_target(median)

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        offsets = parameters.reshape(2, 2, COLUMNS)
        connection.configure(
            builder,
            {f"{_CHAIN}channels_causal.offset": offsets[:, 0], f"{_CHAIN}channels_acausal.offset": offsets[:, 1]},
        )

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        ticket = cadc_read.read_chip(builder)
        connection.run(builder)
        return cadc_read.channels(ticket)

    def postlude(self, connection: StatefulConnection) -> None:
        spread = float(np.std(self.measure_results(connection, PlaybackProgramBuilder())))
        if spread > _LARGEST_SPREAD:
            _log.warning("CADC channels still spread by %.1f LSB; less than 3 are expected", spread)
