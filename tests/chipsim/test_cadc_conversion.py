"""The column ADC: ramp, switches, offsets, noise, moving voltages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import containers
from hxtwin.chipsim.elaborate.cap_mem import CellValues
from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.personality import Personality
from hxtwin.chipsim.readout import cadc_kernel
from hxtwin.chipsim.readout.cadc_conversion import CadcCells, CadcConverter
from hxtwin.chipsim.readout.triggers import conversion_trigger, correlation_reset
from hxtwin.chipsim.registers.register_file import RegisterFile
from hxtwin.containers import (
    CADCSampleQuad,
    ColumnCorrelationQuad,
    ColumnCorrelationRow,
    CorrelationReset,
    NeuronResetQuad,
)
from hxtwin.coord import (
    CADCChannelConfigOnDLS,
    CADCConfigOnDLS,
    CADCSampleQuadOnDLS,
    ColumnCorrelationQuadOnDLS,
    ColumnCorrelationRowOnDLS,
    CommonCorrelationConfigOnDLS,
    CorrelationResetOnDLS,
    NeuronResetQuadOnDLS,
)

from .written_registers import cells_with, shown, write

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BIASES = {"cadc_i_bias_comparator": 1022, "syn_i_bias_corout": 600}
SPIKING = BIASES | {"cadc_v_ramp_offset": 65, "cadc_i_ramp_slope": 350}
NO_STORAGE = np.zeros((2, 256, 256), dtype=np.float32)
BEGIN = 10_000


def volts_of(code: float) -> float:
    return 0.0188 + 1.875e-3 * code


class Readout:
    """A converter without noise whose columns are all connected alike."""

    def __init__(
        self,
        *,
        noise: bool = False,
        personality: Personality | None = None,
        source: int = 0,
        cells: dict[str, int] | CellValues = SPIKING,
        **switches: int,
    ) -> None:
        self.registers = RegisterFile()
        self.connect(**(switches or {"internal": 1, "cadc_neuron_readout": 1}))
        self.converter = CadcConverter(self.registers, personality, noise=noise)
        self.cells = CadcCells.of(cells if isinstance(cells, CellValues) else cells_with(**cells))
        self.output = shown(readout_source=source)

    def connect(self, **switches: int) -> None:
        row = ColumnCorrelationRow().with_columns(
            {
                f"enable_{name}_{kind}": np.full(256, on, dtype=np.bool_)
                for name, on in switches.items()
                for kind in ("causal", "acausal")
            }
        )
        for hemisphere in (0, 1):
            write(self.registers, row, ColumnCorrelationRowOnDLS(hemisphere))

    def at(self, voltages: ArrayLike, **others: Any) -> NDArray[np.uint8]:
        """Results for constant voltages of the columns."""
        level = np.broadcast_to(np.asarray(voltages, dtype=np.float32), (1, 256))
        return self.convert(level, BEGIN, 1.0, **others)

    def convert(
        self, trace: NDArray[np.float32], first: float, step: float, hemisphere: int = 0, **others: Any
    ) -> NDArray[np.uint8]:
        arguments: dict[str, Any] = {"storage": NO_STORAGE} | others
        results: NDArray[np.uint8] = self.converter.convert(
            hemisphere,
            [arguments.pop("row", 0)],
            [arguments.pop("begin", BEGIN)],
            first_border_cycle=first,
            step_cycles=step,
            trace=trace,
            cells=self.cells,
            output=self.output,
            **arguments,
        )
        only: NDArray[np.uint8] = results[0]
        return only


CONNECTED = Readout()
"""For tests of many examples, which set the cells they need."""


def test_codes_70_and_550_read_20_and_220_with_the_codes_of_the_worked_example() -> None:
    readout = Readout()
    reads = readout.at(np.where(np.arange(256) % 2, volts_of(550), volts_of(70)))
    assert np.abs(reads[:, 0::2].astype(int) - 20).max() <= 1
    assert np.abs(reads[:, 1::2].astype(int) - 220).max() <= 1


@given(
    offset=st.integers(0, 300),
    slope=st.integers(100, 1022),
    voltage=st.floats(0.0, 1.05),
    hemisphere=st.sampled_from([0, 1]),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_read_is_the_distance_from_the_start_of_the_ramp_in_steps_of_it(
    offset: int, slope: int, voltage: float, hemisphere: int
) -> None:
    CONNECTED.cells = CadcCells.of(cells_with(**BIASES, cadc_v_ramp_offset=offset, cadc_i_ramp_slope=slope))
    voltage = float(np.float32(voltage))
    count = (voltage - (volts_of(offset) - 0.080)) / (4.5e-3 * slope / 350)
    expected = int(np.clip(np.floor(count + 0.5), 0, 255))
    reads = CONNECTED.at(voltage, hemisphere=hemisphere)
    assert (reads == expected).all() or abs(count % 1 - 0.5) < 1e-6


def test_reads_fall_with_the_ramp_offset_and_with_the_ramp_slope() -> None:
    start = Readout(cells=SPIKING).at(0.8)
    assert (Readout(cells=SPIKING | {"cadc_v_ramp_offset": 100}).at(0.8) < start).all()
    assert (Readout(cells=SPIKING | {"cadc_i_ramp_slope": 400}).at(0.8) < start).all()


def test_the_ramp_bends_above_its_calibrated_range_and_ends_at_1_2_v() -> None:
    readout = Readout(cells=SPIKING | {"cadc_i_ramp_slope": 420})
    linear = (1.15 - (volts_of(65) - 0.080)) / (4.5e-3 * 420 / 350)
    bent = int(readout.at(1.15)[0, 0])
    assert linear + 2 < bent < 255
    assert (readout.at(1.2) == 255).all()
    near = readout.at(np.linspace(1.0, 1.2, 256))[0].astype(int)
    assert (np.diff(near) >= 0).all()


def test_without_comparator_bias_the_counter_runs_to_its_end() -> None:
    readout = Readout(cells=SPIKING | {"cadc_i_bias_comparator": 0})
    assert (readout.at(0.42) == 255).all()


def test_quadrants_differ_by_their_cells() -> None:
    codes = cells_with(**SPIKING).codes.copy()
    codes[1, 15, 128] = 700  # slope of the upper right quadrant
    readout = Readout(cells=CellValues(codes))
    reads = readout.at(0.6)
    assert (reads[:, :128] == reads[0, 0]).all()
    assert (reads[:, 128:] == reads[0, 128]).all()
    assert reads[0, 128] == pytest.approx(reads[0, 0] / 2, abs=1)
    assert (readout.at(0.6, hemisphere=1) == reads[0, 0]).all()


@pytest.mark.parametrize("halves", [(0, 1), (1, 0), (1, 1), (0, 0)])
def test_the_start_of_the_ramp_comes_from_the_assigned_half(halves: tuple[int, int]) -> None:
    codes = cells_with(**SPIKING).codes.copy()
    codes[1, 4, 128] += 72  # the right half starts 30 LSB higher
    readout = Readout(cells=CellValues(codes))
    config = containers.CommonCorrelationConfig(cadc_v_offset_assignment=np.array(halves))
    write(readout.registers, config, CommonCorrelationConfigOnDLS(0))
    reads = readout.at(0.6)[0].astype(int)
    assert [reads[0], reads[255]] == [120 - 30 * half for half in halves]


@given(offset=st.integers(-128, 127), voltage=st.floats(0.0, 1.1), channel=st.integers(0, 1023))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_digital_offset_of_a_channel_is_added_to_its_count(offset: int, voltage: float, channel: int) -> None:
    readout = CONNECTED
    readout.registers.cells[:] = readout.registers.map.resets
    readout.cells = CadcCells.of(cells_with(**SPIKING))
    hemisphere, kind, column = channel // 512, channel // 256 % 2, channel % 256
    before = readout.at(voltage, hemisphere=hemisphere).astype(int)
    write(readout.registers, containers.CADCChannelConfig(offset=offset), CADCChannelConfigOnDLS(channel))
    expected = before.copy()
    expected[kind, column] = np.clip(before[kind, column] + offset, 0, 255)
    assert (readout.at(voltage, hemisphere=hemisphere) == expected).all()


# --- mismatch and noise -------------------------------------------------------------------------------------------


def test_channels_of_a_real_chip_are_off_by_their_own_offsets() -> None:
    chip = Personality.draw(7)
    readout = Readout(personality=chip)
    for hemisphere in (0, 1):
        count = (np.float32(0.42) - (volts_of(65) - 0.08)) / 4.5e-3 + chip.cadc_offset[hemisphere]
        assert np.abs(readout.at(0.42, hemisphere=hemisphere) - count).max() <= 0.5 + 1e-3
    assert chip.cadc_offset.std() == pytest.approx(12, rel=0.1)


def test_noise_is_that_of_the_constants_and_differs_between_channels_and_conversions() -> None:
    readout = Readout(noise=True)
    reads = np.stack([readout.at(0.42, begin=begin) for begin in range(0, 400, 2)]).astype(float)
    # the rounding of a count adds 1/12 to the variance
    assert reads.std(axis=0).mean() == pytest.approx(np.sqrt(0.8**2 + 1 / 12), rel=0.02)
    assert reads.std(axis=(1, 2)).min() > 0.7
    flat = (reads - reads.mean(axis=0)).reshape(len(reads), -1)
    assert abs(np.mean(flat[:-1] * flat[1:])) < 0.01
    assert abs(np.mean(flat[:, :-1] * flat[:, 1:])) < 0.01


def test_noise_depends_on_nothing_but_chip_channel_and_begin() -> None:
    first, second = Readout(noise=True), Readout(noise=True)
    second.at(0.3, begin=5)
    assert (first.at(0.42) == second.at(0.42)).all()
    assert (first.at(0.42) != first.at(0.42, begin=BEGIN + 1)).any()
    assert (first.at(0.42, hemisphere=1) != first.at(0.42)).any()


# --- moving voltages ----------------------------------------------------------------------------------------------


def test_the_ramp_begins_after_sense_delay_and_twice_the_reset_wait() -> None:
    readout = Readout()
    assert readout.converter.ramp(0, 1000) == (1000 + 1 + 2 * 100, 1000 + 201 + 128)
    write(readout.registers, containers.CADCConfig(enable=True, reset_wait=255), CADCConfigOnDLS(1))
    write(readout.registers, containers.CommonCorrelationConfig(sense_delay=77), CommonCorrelationConfigOnDLS(1))
    assert readout.converter.ramp(1, 1000) == (1000 + 77 + 510, 1000 + 587 + 128)


@given(
    level=st.floats(0.2, 1.0),
    slope=st.floats(-3e-3, 3e-3),
    step=st.sampled_from([1.0, 12.5, 25.0]),
    lead=st.floats(0.0, 30.0),
    borders=st.integers(2, 12),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_moving_voltage_is_read_where_the_ramp_meets_it(
    level: float, slope: float, step: float, lead: float, borders: int
) -> None:
    readout = CONNECTED
    readout.cells = CadcCells.of(cells_with(**SPIKING))
    first = readout.converter.ramp(0, BEGIN)[0] - lead
    times = first + step * np.arange(borders)
    trace = np.repeat(level + slope * (times - first)[:, None], 256, axis=1).astype(np.float32)
    # beyond the last border the line goes on, so that the borders do not matter
    at_start = level + slope * lead
    rate = 4.5e-3  # V in a count, half a cycle
    start = volts_of(65) - 0.080
    count = (at_start - start) / (rate - slope / 2)
    if at_start + slope * count / 2 > 1.0 or at_start < start:
        return
    expected = min(max(count, 0), 255)
    assert np.abs(readout.convert(trace, first, step).astype(float) - expected).max() <= 0.51


def test_a_spike_under_the_ramp_is_seen_at_its_first_meeting_only() -> None:
    readout = Readout()
    first, last = readout.converter.ramp(0, BEGIN)
    times = np.arange(first, last + 1)
    rising = np.where(times < first + 30, 0.3, 0.9)  # the ramp reaches 0.3 V after 27 cycles
    trace = np.repeat(rising[:, None], 256, axis=1).astype(np.float32)
    assert (readout.convert(trace, float(first), 1.0) == round((0.3 - (volts_of(65) - 0.08)) / 4.5e-3)).all()
    falling = np.repeat(np.where(times < first + 20, 0.9, 0.3)[:, None], 256, axis=1).astype(np.float32)
    assert (readout.convert(falling, float(first), 1.0) == round((0.3 - (volts_of(65) - 0.08)) / 4.5e-3)).all()


def test_a_line_is_read_through_its_follower() -> None:
    readout = Readout(source=1)
    reads = readout.at(np.array([0.0, 0.18] * 128))
    for column, deflection in ((0, 0.0), (1, 0.18)):
        voltage = 0.63 - 0.3 * np.tanh(deflection)
        expected = round((voltage - (volts_of(65) - 0.08)) / 4.5e-3)
        assert (reads[:, column] == expected).all()


# --- switches -----------------------------------------------------------------------------------------------------


def test_a_switch_connects_the_column_of_its_quad_entry() -> None:
    readout = Readout(internal=0)
    assert not readout.converter.uses_neurons(0).any()
    third = np.array([0, 0, 1, 0], dtype=np.bool_)
    quad = ColumnCorrelationQuad(enable_internal_causal=third, enable_cadc_neuron_readout_causal=third)
    write(readout.registers, quad, ColumnCorrelationQuadOnDLS(64 + 35))  # lower hemisphere, odd columns
    reads = readout.at(0.42, hemisphere=1)
    column = 8 * 3 + 2 * 2 + 1
    assert np.argwhere(reads == 80).tolist() == [[0, column]]
    assert np.flatnonzero(readout.converter.uses_neurons(1)).tolist() == [column]


def test_an_open_channel_reads_0_and_so_does_a_neuron_without_the_internal_switch() -> None:
    assert not Readout(internal=0).at(0.42).any()
    assert not Readout(cadc_neuron_readout=1).at(0.42).any()


def test_correlation_is_read_from_the_row_of_the_trigger_below_the_baseline() -> None:
    readout = Readout(internal=1)
    storage = np.zeros((2, 256, 256), dtype=np.float32)
    storage[0, 95] = np.arange(256) % 150
    storage[1, 95] = 10
    read = readout.at(0.42, storage=storage, row=95).astype(int)
    np.testing.assert_allclose(read[0], 198 - np.arange(256) % 150, atol=1)
    assert np.abs(read[1] - 188).max() <= 1
    assert np.abs(readout.at(0.42, storage=storage, row=94).astype(int) - 198).max() <= 1


def test_the_correlation_baseline_follows_v_reset_and_needs_its_output_buffer() -> None:
    readout = Readout(internal=1)
    usual = int(readout.at(0.0)[0, 0])
    assert int(readout.at(0.0, v_reset=1.85 - 0.45)[0, 0]) == pytest.approx(usual - 100, abs=1)
    assert not readout.at(0.0, v_reset=0.0).any()
    assert not Readout(internal=1, cells=SPIKING | {"syn_i_bias_corout": 0}).at(0.0).any()


def test_a_driven_debug_line_is_seen_by_all_columns_connected_to_it() -> None:
    readout = Readout(debug=1, internal=1, cadc_neuron_readout=1)
    reads = readout.at(0.42, debug=(volts_of(70), volts_of(550)))
    assert np.abs(reads[0].astype(int) - 20).max() <= 1
    assert np.abs(reads[1].astype(int) - 220).max() <= 1
    floating = readout.at(0.42)
    assert (floating == 80).all()


# --- addresses ----------------------------------------------------------------------------------------------------


def test_trigger_reads_name_hemisphere_and_row() -> None:
    for index in (0, 3 * 64 + 5, 131071 // 2, 65536 + 95 * 64, 131071):
        coordinate = CADCSampleQuadOnDLS(index)
        (address,) = CADCSampleQuad.read_addresses(coordinate).tolist()
        trigger = conversion_trigger(address)
        buffered = bool(address & 0x200000)
        assert (trigger is None) == buffered
        if trigger is not None:
            assert trigger.hemisphere == address >> 24 & 1
            assert trigger.row == (address & 0xFFFF) // 64 < 256
    assert conversion_trigger(0x02C80000 + 64 * 95 + 3) is not None
    assert conversion_trigger(0x02C00000) is None


def test_correlation_resets_name_the_sensors_of_a_quad() -> None:
    (address,) = CorrelationReset.write_addresses(CorrelationResetOnDLS(16384 + 236 * 64 + 42)).tolist()
    target = correlation_reset(address)
    assert target is not None
    assert target.row == 256 + 236
    assert target.columns.tolist() == [81, 83, 85, 87]


def test_resets_of_neurons_and_other_writes_reset_no_sensor() -> None:
    (address,) = NeuronResetQuad.write_addresses(NeuronResetQuadOnDLS(7)).tolist()
    assert correlation_reset(address) is None
    assert correlation_reset(0x02C10000) is None
    assert correlation_reset(0x02E90000) is None  # result-read bit set: nothing is mapped there
    assert correlation_reset(0x000C0000) is None


# --- refused input ------------------------------------------------------------------------------------------------


def test_traces_and_storage_of_a_wrong_shape_are_refused() -> None:
    readout = Readout()
    with pytest.raises(TwinArgumentError, match=r"float32\[n, 256\]"):
        readout.convert(np.zeros((0, 256), np.float32), BEGIN, 1.0)
    with pytest.raises(TwinArgumentError, match="float64"):
        readout.convert(np.zeros((2, 256)), BEGIN, 1.0)  # type: ignore[arg-type]  # what is refused
    with pytest.raises(TwinArgumentError, match="storage"):
        readout.at(0.3, storage=np.zeros((2, 255, 256), np.float32))


def test_a_ramp_never_meets_a_voltage_that_rises_faster() -> None:
    levels = np.array([10.0, 40.0])
    assert cadc_kernel.meeting(levels, 0.0, 0.0, 10.0, 2.0) > 255
    assert cadc_kernel.meeting(levels, -10.0, 0.0, 10.0, 2.0) == 0.0
