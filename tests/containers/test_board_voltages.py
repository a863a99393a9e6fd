"""Voltages of the boards: codes of the DAC channels, and the presets of the regulators."""

from __future__ import annotations

import pytest

from hxtwin import containers, coord
from hxtwin.containers import CoordinateMismatchError, FieldRangeError
from hxtwin.coord import DACChannelOnBoard

_FULL_SCALE = {
    "i_ref_board": 2.5,
    "ana_readout_debug_0": 2.5,
    "ana_readout_debug_1": 2.5,
    "mux_dac_25": 2.5,
    "v_reset": 1.2,
    "v_res_meas": 1.2,
    "mux_rfu_0": 1.2,
    "mux_rfu_1": 1.2,
}


def test_six_hundred_millivolt_on_v_reset_is_code_2047() -> None:
    block = containers.DACChannelBlock().set_voltage(DACChannelOnBoard.v_reset, 0.6)
    assert int(block.value[DACChannelOnBoard.v_reset]) == 2047


@pytest.mark.parametrize(("name", "volts"), list(_FULL_SCALE.items()))
def test_codes_are_truncated_fractions_of_full_scale(name: str, volts: float) -> None:
    channel = getattr(DACChannelOnBoard, name)
    for fraction in (0.0, 0.1, 0.3333, 0.999, 1.0):
        block = containers.DACChannelBlock().set_voltage(channel, fraction * volts)
        assert int(block.value[channel]) == int(fraction * volts / volts * 4095)
        assert int(block.value.sum()) == int(block.value[channel])
    for wrong in (-0.001, volts * 1.001, float("nan"), float("inf")):
        with pytest.raises(FieldRangeError, match=rf"allowed: 0\.\.{volts}"):
            containers.DACChannelBlock().set_voltage(channel, wrong)


def test_supply_channels_have_no_voltage_scale() -> None:
    for index in range(8, 16):
        with pytest.raises(FieldRangeError, match="no voltage scale"):
            containers.DACChannelBlock().set_voltage(DACChannelOnBoard(index), 0.5)
    with pytest.raises(CoordinateMismatchError, match="DACChannelOnBoard"):
        containers.DACChannelBlock().set_voltage(coord.DACOnBoard(0), 0.5)  # type: ignore[arg-type]


def test_presets_of_the_regulators() -> None:
    supplies = slice(8, 14)  # vdd25_digital, vdd12_digital, vdd25_analog, vdd12_analog, vdd12_madc, vdd12_pll
    assert containers.DACChannelBlock.default_ldo_1().value[supplies].tolist() == [275, 315, 275, 315, 440, 440]
    assert containers.DACChannelBlock.default_ldo_2().value[supplies].tolist() == [608, 2090, 608, 1630, 440, 440]
    for block in (containers.DACChannelBlock.default_ldo_1(), containers.DACChannelBlock.default_ldo_2()):
        assert not block.value[:8].any()
        assert not block.value[14:].any()
