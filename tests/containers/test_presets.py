"""Named settings and conversions to physical units."""

from __future__ import annotations

import pytest

from hxtwin.containers import (
    ADPLL,
    AD5252ChannelConfig,
    ADPLLOutput,
    AnalogOutput,
    Barrier,
    CrossbarNode,
    EventRouting,
    INA219Status,
    MADCConfig,
    TCA9546ChannelConfig,
    TimerValue,
    TMP112Status,
)


@pytest.mark.parametrize("position", range(5))
def test_named_barriers_wait_for_one_thing(position: int) -> None:
    names = ["omnibus", "jtag", "systime", "multi_fpga", "systime_correction"]
    barrier: Barrier = getattr(Barrier, names[position])
    assert barrier.encode().tolist() == [1 << position]


def test_drop_all_passes_no_label() -> None:
    node = CrossbarNode.drop_all
    assert all((label & node.mask) != node.target for label in range(1 << 14))


def test_default_mux_enables_the_first_three_channels() -> None:
    assert TCA9546ChannelConfig.default_mux.encode().tolist() == [0b0111]


def test_potentiometer_presets() -> None:
    presets = AD5252ChannelConfig.default_pot_25, AD5252ChannelConfig.default_pot_12
    assert [preset.value for preset in presets] == [0xA7, 0xA8]
    assert AD5252ChannelConfig.default_pot_12_digital.value == 0x93


def test_event_routing_presets() -> None:
    assert EventRouting.disabled == EventRouting()
    assert EventRouting.enabled.analog_output is AnalogOutput.NORMAL
    assert EventRouting.enabled.enable_digital
    assert EventRouting.bypass_excitatory == EventRouting(enable_bypass_excitatory=True)
    assert EventRouting.bypass_inhibitory == EventRouting(enable_bypass_inhibitory=True)


def test_timer_counts_125_cycles_in_a_microsecond() -> None:
    assert TimerValue.fpga_clock_cycles_per_us == 125


@pytest.mark.parametrize(("raw", "celsius"), [(0, 0.0), (0x1900, 25.0), (0x190F, 25.0), (-16, -0.0625), (-15, 0.0)])
def test_temperature_is_the_upper_12_bits_in_sixteenths_of_a_degree(raw: int, celsius: float) -> None:
    assert TMP112Status(temperature=raw).celsius == celsius


def test_power_is_bus_voltage_times_shunt_voltage_over_the_shunt() -> None:
    status = INA219Status(bus_voltage=300, shunt_voltage=-270)
    assert status.bus_volts == pytest.approx(1.2)
    assert status.shunt_volts == pytest.approx(-2.7e-3)
    assert status.amperes == pytest.approx(-0.1)
    assert status.watts == pytest.approx(-0.12)


def test_default_pll_runs_at_1_ghz_and_gives_500_250_and_500_mhz() -> None:
    pll = ADPLL()
    assert pll.f_dco_hz == 1e9
    assert [pll.frequency_hz(output) for output in ADPLLOutput] == [500e6, 250e6, 500e6]


def test_default_madc_takes_29_41_million_samples_a_second() -> None:
    assert MADCConfig().sample_rate_hz() == pytest.approx(500e6 / 17)


def test_clock_scaling_divides_the_sample_rate() -> None:
    scaled = MADCConfig(enable_madc_clock_scaling=True, madc_clock_scale_value=4, sample_duration_adjust=0)
    assert scaled.sample_rate_hz() == pytest.approx(500e6 / 10 / 12)
