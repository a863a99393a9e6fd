"""Synapse drivers and short-term plasticity (analog-model.md 5, 13.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import containers
from hxtwin.chipsim.analog import drivers
from hxtwin.chipsim.elaborate.cap_mem import SHAPE, SHARED_CELLS, CellValues
from hxtwin.chipsim.elaborate.drivers import elaborate_drivers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from hxtwin.chipsim.analog.arrays import RowEvents
    from hxtwin.chipsim.elaborate.drivers import DriverParameters


CELLS = {
    "stp_v_charge_0": 100,
    "stp_v_recover_0": 400,
    "stp_v_charge_1": 330,
    "stp_v_recover_1": 50,
    "stp_i_ramp": 600,
    "stp_i_calib": 600,
    "stp_i_bias_comparator": 1022,
    "hagen_i_bias_dac": 820,
}


def parameters(cells: Mapping[str, float] | None = None, extension: int = 0, **config: ArrayLike) -> DriverParameters:
    codes = np.zeros(SHAPE)
    for cell, code in {**CELLS, **(cells or {})}.items():
        row, column = SHARED_CELLS[cell]
        codes[:, row, column] = code
    columns = dict(containers.SynapseDriverConfig.default_columns(256))
    settings: dict[str, ArrayLike] = {
        "enable_receiver": True,
        "row_mode_bottom": 1,
        "row_mode_top": 2,
        "offset": 7,
        "enable_address_out": True,
    }
    for name, value in {**settings, **config}.items():
        assert name in columns
        columns[name] = np.broadcast_to(np.asarray(value), (256,))
    stp: dict[str, ArrayLike] = {"enable_recovery_clock": [True, True], "recovery_clock_speed": [7, 7]}
    return elaborate_drivers(columns, stp, np.zeros((2, 4)) + np.asarray(extension), CellValues.of(codes))


def send(
    p: DriverParameters,
    cycles: ArrayLike,
    address: int = 5,
    hemisphere: int = 0,
    bus: int = 1,
    mask: int = 1,
    state: drivers.DriverState | None = None,
) -> RowEvents:
    n = np.size(cycles)
    state = drivers.DriverState.recovered(p) if state is None else state
    return drivers.drive(
        np.asarray(cycles),
        np.full(n, hemisphere),
        np.full(n, bus),
        np.full(n, mask),
        np.full(n, address),
        state,
        p,
    )


def test_an_event_drives_the_two_rows_of_each_reacting_driver() -> None:
    rows = send(parameters(), [7], hemisphere=1, bus=2, mask=0b101)
    assert rows.rows.tolist() == [256 + 4, 256 + 5, 256 + 20, 256 + 21]
    assert rows.lines.tolist() == [1, 2, 1, 2]
    assert rows.addresses.tolist() == [5] * 4
    assert rows.cycles.tolist() == [7] * 4
    np.testing.assert_allclose(rows.amplitudes, 1.0)


def test_without_address_output_only_the_highest_bit_is_sent() -> None:
    assert send(parameters(enable_address_out=False), [0], address=0b100101).addresses.tolist() == [32, 32]


def test_extension_lengthens_pulses() -> None:
    np.testing.assert_allclose(send(parameters(extension=3), [0]).amplitudes, 2.5)


@pytest.mark.parametrize(("charge_set", "first", "last"), [(0, 0.28, 0.65), (1, 0.86, 0.51)])
def test_eight_events_facilitate_or_depress(charge_set: int, first: float, last: float) -> None:
    p = parameters(enable_stp=True, enable_recovery=True, utilization=7, recovery=7, select_target_voltages=charge_set)
    amplitudes = send(p, np.arange(8) * 2500).amplitudes[::2]
    assert amplitudes[0] == pytest.approx(first, abs=0.01)
    assert amplitudes[-1] == pytest.approx(last, abs=0.02)
    assert (np.sign(np.diff(amplitudes[:7])) == np.sign(last - first)).all()


def test_recovery_time_constant() -> None:
    p = parameters(enable_stp=True, enable_recovery=True, recovery=7)
    # r = 1/8 in each tick of 16.4 us: 131 us
    assert p.tick_cycles[0] * 4e-3 / 0.125 == pytest.approx(131, abs=0.2)
    state = drivers.DriverState.recovered(p)
    state.v[:] = 100
    state.adopt(p, int(131e3 / 4))
    assert (400 - state.v[0]) / 300 == pytest.approx(0.875**7)


def test_recovery_does_not_depend_on_how_time_is_cut() -> None:
    p = parameters(enable_stp=True, enable_recovery=True)
    state = drivers.DriverState.recovered(p)
    send(p, [10], state=state)
    state.adopt(p, 50_000)
    state.adopt(p, 90_000)
    whole = drivers.DriverState.recovered(p)
    send(p, [10], state=whole)
    whole.adopt(p, 90_000)
    np.testing.assert_allclose(state.v, whole.v, rtol=1e-12)


def width_at(v: float, cells: Mapping[str, float] | None = None, offset: int = 7) -> float:
    p = parameters(cells, enable_stp=True, offset=offset)
    state = drivers.DriverState.recovered(p)
    state.v[:] = v
    return float(send(p._replace(utilization=np.zeros(256)), [0], state=state).amplitudes[0])


def test_width_falls_linearly_with_the_voltage() -> None:
    np.testing.assert_allclose([width_at(v) for v in (50, 150, 250, 450, 600)], [1, 0.75, 0.5, 0, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("cells", "offset", "sign"),
    [({}, 8, -1), ({"stp_i_ramp": 700, "stp_i_calib": 700}, 7, 1)],
)
def test_signs_of_offset_and_ramp(cells: dict[str, float], offset: int, sign: float) -> None:
    assert np.sign(width_at(250, cells, offset=offset) - width_at(250)) == sign


def test_hagen_width_is_proportional_to_the_activation() -> None:
    hagen: dict[str, ArrayLike] = {
        "enable_stp": True,
        "enable_hagen_dac": True,
        "enable_hagen_modulation": True,
        "hagen_dac_offset": 31,
    }
    widths = [send(parameters(None, 0, **hagen), [0], address=32 - a).amplitudes[0] for a in (1, 10, 31)]
    np.testing.assert_allclose(widths, 0.9 * np.array([1, 10, 31]) / 31, rtol=1e-5)
    less = {**hagen, "hagen_dac_offset": 40}
    assert send(parameters(None, 0, **less), [0], address=1).amplitudes[0] < widths[-1]
    assert send(parameters(None, 0, **hagen), [0], address=32).amplitudes[0] == 0  # activation 0
