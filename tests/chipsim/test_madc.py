"""The membrane ADC: states, times, channels, values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.chipsim.elaborate.cap_mem import SHAPE, CellValues
from hxtwin.chipsim.parameters import NEVER
from hxtwin.chipsim.personality import Personality
from hxtwin.chipsim.readout.madc import Madc, MadcSamples, MadcState
from hxtwin.chipsim.readout.madc_clock import madc_clock_hz
from hxtwin.chipsim.readout.sources import Mixture
from hxtwin.chipsim.registers.register_file import RegisterFile
from hxtwin.containers import ADPLL, MADCConfig, MADCControl, PLLClockOutputBlock

from .written_registers import write

if TYPE_CHECKING:
    from numpy.typing import NDArray

VALID = 2000
"""Chip cycles from the start of a recording to its first valid sample."""
POWERED = CellValues(np.full(SHAPE, 500.0))


def seen(*circuits: int, constant: float = 0.0) -> Mixture:
    return Mixture(np.array(circuits, np.int64), np.full(len(circuits), 1.0 / max(len(circuits), 1)), constant)


class Recorder:
    """A converter that is fed with the voltage 0.1 V + 1 mV * circuit, and keeps all samples."""

    def __init__(self, *, noise: bool = False, personality: Personality | None = None, **config: Any) -> None:
        self.registers = RegisterFile()
        self.madc = Madc(self.registers, personality, noise=noise)
        self.madc.connect((seen(320), seen(520)), POWERED)
        self.parts: list[MadcSamples] = []
        self.configure(0, **config)

    def voltage(self, circuit: int, times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(times.size, 0.1 + 1e-3 * circuit)

    def take(self, until: int) -> None:
        self.parts.append(self.madc.take(until, self.voltage))

    def configure(self, cycle: int, **config: Any) -> None:
        self.take(cycle)
        write(self.registers, MADCConfig(**config))
        self.madc.configured(cycle)

    def control(self, cycle: int, *bits: str) -> None:
        self.take(cycle)
        names = dict.fromkeys(bits, True)
        (word,) = MADCControl(**names).encode().tolist()
        self.madc.written(cycle, word)

    def record(self, first: int, last: int, *bits: str) -> None:
        """Wakes the converter up long before `first`; continuous recording, stopped at `last`."""
        self.control(max(first - 1000, 0), "wake_up", "enable_pre_amplifier")
        self.control(first, "start_recording", "enable_continuous_sampling", "enable_pre_amplifier")
        self.control(last, "stop_recording", "enable_continuous_sampling", *bits)
        self.take(last + 10_000)

    @property
    def cycles(self) -> NDArray[np.int64]:
        return np.concatenate([part.cycles for part in self.parts])

    @property
    def values(self) -> NDArray[np.int64]:
        return np.concatenate([part.values for part in self.parts]).astype(np.int64)

    @property
    def channels(self) -> NDArray[np.int64]:
        return np.concatenate([part.channels for part in self.parts]).astype(np.int64)


def code(voltage: float) -> int:
    return round((voltage + 0.035) / 1.5e-3)


# --- times --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "clocks"),
    [
        ({}, 17),
        ({"sample_duration_adjust": 0}, 12),
        ({"sample_duration_adjust": 7}, 19),
        ({"conversion_cycles_offset": 3}, 17),
        ({"madc_clock_scale_value": 4}, 17),
        ({"enable_madc_clock_scaling": True, "madc_clock_scale_value": 4}, 170),
    ],
)
def test_samples_are_12_clocks_plus_the_adjustment_apart(config: dict[str, Any], clocks: int) -> None:
    recorder = Recorder(**config)
    recorder.record(5000, 9000)
    expected = 5000 + clocks * np.arange(len(recorder.cycles)) // 2  # two clocks in a chip cycle
    np.testing.assert_array_equal(recorder.cycles, expected)
    assert len(recorder.cycles) == 4000 * 2 // clocks + 1


def test_the_default_rate_is_29_41_million_samples_a_second() -> None:
    recorder = Recorder()
    recorder.record(1000, 1000 + 250_000)
    assert len(recorder.cycles) / 1e-3 == pytest.approx(500e6 / 17, rel=1e-4)


def test_recording_ends_after_the_sample_in_progress() -> None:
    recorder = Recorder(number_of_samples=100)
    recorder.control(0, "wake_up")
    recorder.control(1000, "start_recording")
    recorder.control(1000 + 21, "stop_recording")  # samples at 0, 8.5, 17
    recorder.take(50_000)
    assert recorder.cycles.tolist() == [1000, 1008, 1017]
    assert recorder.madc.state is MadcState.READY


def test_a_changed_configuration_acts_from_the_next_sample() -> None:
    recorder = Recorder()
    recorder.control(0, "wake_up")
    recorder.control(1000, "start_recording", "enable_continuous_sampling")
    recorder.configure(1010, sample_duration_adjust=1)  # 6.5 cycles; the next sample comes at 17 as before
    recorder.take(1031)
    assert recorder.cycles.tolist() == [1000, 1008, 1017, 1023, 1030]


# --- states -------------------------------------------------------------------------------------------------------


def test_waking_up_takes_the_configured_number_of_clocks() -> None:
    recorder = Recorder(powerup_wait_value=500)
    recorder.control(100, "wake_up")
    states = []
    for cycle in (100, 349, 350):
        recorder.take(cycle)
        states.append(recorder.madc.state)
    assert states == [MadcState.WAKE_UP, MadcState.WAKE_UP, MadcState.READY]


def test_a_start_while_waking_up_is_remembered_as_long_as_its_bit_stays() -> None:
    recorder = Recorder(powerup_wait_value=500)
    recorder.control(100, "wake_up", "start_recording", "enable_continuous_sampling")
    assert recorder.madc.next_sample_cycle == 350
    recorder.take(360)
    assert recorder.cycles.tolist() == [350, 358]
    forgotten = Recorder(powerup_wait_value=500)
    forgotten.control(100, "wake_up", "start_recording", "enable_continuous_sampling")
    forgotten.control(200, "enable_continuous_sampling")
    forgotten.take(10_000)
    assert not len(forgotten.cycles)
    assert forgotten.madc.state is MadcState.READY
    assert forgotten.madc.next_sample_cycle == NEVER


def test_a_converter_that_is_off_records_nothing() -> None:
    recorder = Recorder(number_of_samples=10)
    recorder.control(100, "start_recording", "enable_continuous_sampling")
    recorder.take(10_000)
    assert not len(recorder.cycles)
    assert recorder.madc.state is MadcState.OFF


def test_wake_up_is_a_trigger_and_has_no_effect_later() -> None:
    recorder = Recorder(number_of_samples=3)
    recorder.control(0, "wake_up")
    recorder.control(1000, "wake_up", "start_recording")
    recorder.control(1010, "wake_up")
    recorder.take(5000)
    assert recorder.cycles.tolist() == [1000, 1008, 1017]
    assert recorder.madc.state is MadcState.READY


def test_a_recording_has_the_configured_number_of_samples_and_none_for_0() -> None:
    for number in (0, 1, 7):
        recorder = Recorder(number_of_samples=number)
        recorder.control(0, "wake_up")
        recorder.control(1000, "start_recording")
        recorder.control(1001)
        recorder.take(50_000)
        assert len(recorder.cycles) == number


def test_a_start_bit_that_stays_set_starts_the_next_recording() -> None:
    recorder = Recorder(number_of_samples=2)
    recorder.control(0, "wake_up")
    recorder.control(1000, "start_recording")
    recorder.take(1060)
    assert recorder.cycles.tolist() == [1000, 1008, 1017, 1025, 1034, 1042, 1051, 1059]
    assert recorder.madc.next_sample_cycle == 1068


def test_power_down_after_sampling_needs_a_new_wake_up() -> None:
    recorder = Recorder(number_of_samples=2)
    recorder.control(0, "wake_up")
    recorder.control(1000, "start_recording", "enable_power_down_after_sampling")
    recorder.take(5000)
    assert len(recorder.cycles) == 2
    assert recorder.madc.state is MadcState.OFF
    recorder.control(5000, "start_recording")
    recorder.take(9000)
    assert len(recorder.cycles) == 2


def test_stop_with_power_down_switches_off() -> None:
    recorder = Recorder()
    recorder.record(1000, 2000, "enable_power_down_after_sampling")
    assert recorder.madc.state is MadcState.OFF


def test_a_chip_reset_switches_off() -> None:
    recorder = Recorder()
    recorder.control(0, "wake_up")
    recorder.control(1000, "start_recording", "enable_continuous_sampling")
    recorder.registers.reset()
    recorder.madc.reset()
    recorder.take(5000)
    assert recorder.madc.state is MadcState.OFF
    assert not recorder.madc.observed(5000).size


# --- channels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "length", "sources", "bits"),
    [
        (0, 0, "000000", "000000"),
        (1, 0, "111111", "111111"),
        (0, 1, "010101", "101010"),
        (1, 1, "101010", "010101"),
        (0, 2, "001100", "100110"),
        (1, 3, "111000", "011100"),
    ],
)
def test_inputs_alternate_and_the_channel_bit_lags(first: int, length: int, sources: str, bits: str) -> None:
    recorder = Recorder(active_mux_initially_selected_input=first, active_mux_input_select_length=length)
    recorder.record(1000, 1000 + VALID + 1000)
    period = 2 * length if length else 1
    valid = -(-VALID * 2 // 17 // period) * period + period
    values = recorder.values[valid : valid + 6]
    assert values.tolist() == [code(0.42) if source == "0" else code(0.62) for source in sources]
    assert recorder.channels[:6].tolist() == [int(bit) for bit in bits]


def test_only_the_inputs_in_use_are_observed() -> None:
    recorder = Recorder()
    recorder.control(0, "wake_up")
    assert not recorder.madc.observed(10_000).size
    recorder.control(1000, "start_recording", "enable_continuous_sampling")
    assert recorder.madc.observed(2000).tolist() == [320]
    recorder.configure(1500, active_mux_input_select_length=1)
    assert recorder.madc.observed(2000).tolist() == [320, 520]
    recorder.configure(1600, active_mux_initially_selected_input=1)
    assert recorder.madc.observed(2000).tolist() == [520]


# --- values -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voltage", "expected"), [(0.15, 123), (0.42, 303), (0.6225, 438), (1.1, 757), (0.0, 23), (5.0, 823)]
)
def test_codes_of_the_anchors_of_the_reference(voltage: float, expected: int) -> None:
    recorder = Recorder()
    recorder.madc.connect((seen(constant=voltage), seen()), POWERED)
    recorder.record(1000, 1000 + VALID + 200)
    assert set(recorder.values[-10:].tolist()) == {expected}


def test_samples_of_the_first_8_us_approach_the_true_value() -> None:
    recorder = Recorder()
    recorder.record(1000, 1000 + 4000)
    elapsed = 8.5 * np.arange(len(recorder.cycles))
    factor = np.where(elapsed < VALID, 1 - np.exp(-elapsed / 500), 1.0)
    np.testing.assert_allclose(recorder.values, factor * 455 / 1.5, atol=0.51)


def test_gain_and_offset_are_those_of_the_chip() -> None:
    chip = Personality.draw(11)
    recorder = Recorder(personality=chip)
    recorder.record(1000, 1000 + VALID + 200)
    expected = (0.42 + 0.035) / 1.5e-3 * float(chip.madc_gain[0]) + float(chip.madc_offset[0])
    assert recorder.values[-1] == round(expected)


def test_noise_has_the_given_spread_and_no_memory() -> None:
    recorder = Recorder(noise=True)
    recorder.record(1000, 1000 + 400_000)
    values = recorder.values[500:] - 455 / 1.5
    assert values.std() == pytest.approx(np.sqrt(1.3**2 + 1 / 12), rel=0.02)
    assert abs(values.mean()) < 0.03
    assert abs(np.mean(values[1:] * values[:-1])) < 0.03


def test_noise_is_that_of_the_time_since_the_origin() -> None:
    first, later = Recorder(noise=True), Recorder(noise=True)
    later.madc.origin = 1 << 33
    first.record(5000, 9000)
    later.record((1 << 33) + 5000, (1 << 33) + 9000)
    np.testing.assert_array_equal(first.values, later.values)
    other = Recorder(noise=True)
    other.record(5001, 9001)
    assert (other.values != first.values).any()


def test_several_circuits_on_an_input_give_their_mean() -> None:
    recorder = Recorder()
    recorder.madc.connect((seen(100, 300), seen()), POWERED)
    recorder.record(1000, 1000 + VALID + 200)
    assert recorder.values[-1] == code(0.3)


@pytest.mark.parametrize(
    "config",
    [
        {"enable_active_mux_amplifiers": False},
        {"signal_selection_connect_active_mux": False},
        {"signal_selection_connect_preamp": False},
        {"connect_preamp_to_madc": False},
    ],
)
def test_a_broken_path_converts_0_v(config: dict[str, Any]) -> None:
    recorder = Recorder(**config)
    recorder.record(1000, 1000 + VALID + 200)
    assert recorder.values[-1] == 23


def test_without_pre_amplifier_or_biases_0_v_is_converted() -> None:
    recorder = Recorder()
    recorder.control(0, "wake_up")
    recorder.control(100, "start_recording", "enable_continuous_sampling")
    recorder.take(100 + VALID + 200)
    assert recorder.values[-1] == 23
    unbiased = Recorder()
    unbiased.madc.connect((seen(320), seen()), CellValues(np.zeros(SHAPE)))
    unbiased.record(1000, 1000 + VALID + 200)
    assert unbiased.values[-1] == 23


def test_dummy_data_count_samples() -> None:
    recorder = Recorder(enable_dummy_data=True)
    recorder.record(1000, 1000 + 10_000)
    np.testing.assert_array_equal(recorder.values, np.arange(len(recorder.values)) % 1024)


# --- clock --------------------------------------------------------------------------------------------------------


def registers_of_pll(first: ADPLL | None = None, outputs: PLLClockOutputBlock | None = None) -> list[int]:
    parts = [first or ADPLL(), ADPLL(), outputs or PLLClockOutputBlock()]
    words: list[int] = []
    for part in parts:
        words += part.encode().tolist()
    return words


def test_the_clock_follows_the_pll() -> None:
    assert madc_clock_hz(registers_of_pll()) == 500e6
    assert madc_clock_hz(registers_of_pll(ADPLL(loop_div_n=8))) == 400e6
    assert madc_clock_hz(registers_of_pll(ADPLL(pre_div_p2=4))) == 250e6
    assert madc_clock_hz(registers_of_pll(ADPLL(enable=False))) == 0
    assert madc_clock_hz(registers_of_pll(ADPLL(enable_output_clock=False))) == 0
    *pll, outputs = registers_of_pll()
    assert madc_clock_hz([*pll, outputs | 1 << 25]) == 50e6  # bypass
    assert madc_clock_hz([*pll, outputs & ~(1 << 24)]) == 0
    core_1_of_second = outputs & ~(7 << 26) | 1 << 26 | 1 << 27
    assert madc_clock_hz([*pll, core_1_of_second]) == 250e6


def test_another_clock_changes_the_rate_and_a_stopped_one_takes_no_samples() -> None:
    recorder = Recorder()
    recorder.madc.set_clock(0, 250e6)
    recorder.control(0, "wake_up")
    recorder.control(1000, "start_recording", "enable_continuous_sampling")
    recorder.take(1040)
    assert recorder.cycles.tolist() == [1000, 1017, 1034]
    recorder.madc.set_clock(1040, 0.0)
    recorder.take(100_000)
    assert len(recorder.cycles) <= 4
    n = len(recorder.cycles)
    recorder.madc.set_clock(100_000, 500e6)
    recorder.take(100_100)
    assert len(recorder.cycles) > n + 5


# --- however time is cut ------------------------------------------------------------------------------------------

CONTROLS = st.lists(st.tuples(st.integers(1, 3000), st.integers(0, 0x7F)), min_size=1, max_size=8)


@given(
    controls=CONTROLS,
    cuts=st.lists(st.integers(0, 30_000), max_size=12),
    number=st.integers(0, 9),
    length=st.integers(0, 3),
    scaled=st.booleans(),
)
@settings(max_examples=15, deadline=None, derandomize=True)
def test_samples_do_not_depend_on_the_calls_that_take_them(
    controls: list[tuple[int, int]], cuts: list[int], number: int, length: int, scaled: bool
) -> None:
    config: dict[str, Any] = {
        "number_of_samples": number,
        "active_mux_input_select_length": length,
        "enable_madc_clock_scaling": scaled,
        "powerup_wait_value": 100,
    }
    whole, cut = Recorder(noise=True, **config), Recorder(noise=True, **config)
    cycle = 0
    for pause, word in [(1, 1), *controls]:
        cycle += pause
        for recorder in (whole, cut):
            for stop in sorted(cuts) if recorder is cut else []:
                if recorder.madc.next_sample_cycle <= stop < cycle:
                    recorder.take(stop)
            recorder.take(cycle)
            recorder.madc.written(cycle, word)
    for stop in sorted(cuts):
        if stop > cycle:
            cut.take(stop)
    end = max([cycle, *cuts]) + 3000
    whole.take(end)
    cut.take(end)
    assert (np.diff(whole.cycles) >= 0).all()
    np.testing.assert_array_equal(whole.cycles, cut.cycles)
    np.testing.assert_array_equal(whole.values, cut.values)
    np.testing.assert_array_equal(whole.channels, cut.channels)


@given(number=st.integers(1, 5), until=st.integers(0, 3000))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_next_sample_cycle_is_the_first_that_has_a_sample(number: int, until: int) -> None:
    recorder = Recorder(number_of_samples=number)
    recorder.control(0, "wake_up")
    recorder.control(1000, "start_recording")
    recorder.take(1000 + until)
    n, following = len(recorder.cycles), recorder.madc.next_sample_cycle
    recorder.take(following - 1)
    assert len(recorder.cycles) == n
    recorder.take(following)
    assert len(recorder.cycles) == n + 1


def test_recordings_of_one_sample_over_a_second_of_chip_time_take_no_longer_than_others() -> None:
    recorder = Recorder(number_of_samples=1, enable_madc_clock_scaling=True, madc_clock_scale_value=49)
    recorder.control(0, "wake_up")
    recorder.control(1000, "start_recording")
    recorder.take(25_000_000)
    assert len(recorder.cycles) == pytest.approx(25_000_000 / 850, rel=1e-3)


def test_whatever_is_written_samples_come_in_order_and_when_announced() -> None:
    rng = np.random.default_rng(1)
    for _ in range(25):
        recorder, cycle = Recorder(noise=True), 0
        words = recorder.registers.map.cells_of(MADCConfig)[0]
        recorder.madc.written(0, 1)
        for action in rng.integers(0, 4, 20).tolist():
            cycle += int(rng.integers(0, 3000))
            recorder.take(cycle)
            if action == 0:
                recorder.madc.written(cycle, int(rng.integers(0, 128)))
            elif action == 1:
                recorder.registers.cells[words] = rng.integers(0, 1 << 16, 10) & recorder.registers.map.masks[words]
                recorder.registers.cells[words[3]] &= 7  # number of samples
                recorder.madc.configured(cycle)
            elif action == 2:
                recorder.madc.set_clock(cycle, float(rng.choice([0, 50e6, 500e6, 6.2e9])))
            n, following = len(recorder.cycles), recorder.madc.next_sample_cycle
            if cycle < following < cycle + 1_000_000:
                recorder.take(following - 1)
                assert len(recorder.cycles) == n
                cycle = following
                recorder.take(cycle)
                assert len(recorder.cycles) > n
        assert (np.diff(recorder.cycles) >= 0).all()
