"""Comparator, refractory counter, reset and re-arming (analog-model.md 3.5, simulator-decisions.md 26, 41, 42)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.chipsim.analog.arrays import Fires
from hxtwin.chipsim.analog.constants import CYCLE_S
from hxtwin.chipsim.elaborate.refractory import refractory_cycles, reset_cycles

if TYPE_CHECKING:
    from tests.chipsim_analog.experiment import Make, Stimulus


@pytest.mark.parametrize(
    ("time", "holdoff", "scale", "refractory_us", "reset_us"),
    [(125, 12, 1, 2.0, 1.888), (32, 15, 3, 2.048, 1.984), (70, 15, 2, 2.24, 2.208), (255, 0, 9, 1044.48, 917.504)],
)
def test_refractory_time_is_counter_times_clock_period(
    time: int, holdoff: int, scale: int, refractory_us: float, reset_us: float
) -> None:
    assert refractory_cycles(time, scale) * CYCLE_S * 1e6 == pytest.approx(refractory_us)
    assert reset_cycles(time, holdoff, scale) * CYCLE_S * 1e6 == pytest.approx(reset_us)


def test_counter_settings_that_the_chip_does_not_define() -> None:
    assert refractory_cycles(0, 0) == 256 * 2
    assert reset_cycles(0, 15, 0) == 255 * 2
    assert reset_cycles(5, 0, 0) == refractory_cycles(5, 0)


def test_strongly_driven_neuron_fires_once_in_a_refractory_period(experiment: Make) -> None:
    # threshold within reach of one cycle: period = refractory period + comparator delay
    cells = {"v_leak": 900, "i_bias_leak": 1022, "v_threshold": 50, "v_reset": 200}
    e = experiment(cells, {"enable_leak_multiplication": True}, {"refractory_time": 100, "reset_holdoff": 0})
    fires = e.run(100).fires
    spacing = np.diff(fires.cycles[fires.circuits == 5])
    refractory = 100 * 16
    assert spacing[1:] == pytest.approx(refractory + 5, abs=1)


def test_threshold_below_reset_silences_a_neuron_until_it_is_raised(experiment: Make) -> None:
    e = experiment({"v_leak": 800, "v_threshold": 50, "v_reset": 433})
    fires = e.run(300).fires
    assert np.bincount(fires.circuits, minlength=512).max() == 1
    raised = experiment({"v_leak": 800, "v_threshold": 340, "v_reset": 433})
    raised.run(0)
    assert e.state is not None
    assert raised.coefficients is not None
    assert raised.state is not None
    np.copyto(raised.state.v, e.state.v)
    np.copyto(raised.state.digital[:, :6], e.state.digital[:, :6])
    np.copyto(raised.state.busy, e.state.busy)
    np.copyto(raised.state.due, e.state.due)
    again = raised.go_on(3000, 6000).fires
    assert np.bincount(again.circuits, minlength=512).min() > 10


def test_reset_releases_before_the_refractory_period_ends(experiment: Make) -> None:
    e = experiment({"v_leak": 780}, backend={"refractory_time": 60, "reset_holdoff": 5})
    span = e.run(30, probes=(0,), step_cycles=5.0)
    fire = span.fires.cycles[span.fires.circuits == 0][0]
    trace = span.trace[:, 0]
    lowest = (np.argmin(trace[: (fire + 1500) // 5]) + 1) * 5
    assert lowest - fire == pytest.approx((60 - 21) * 16, abs=5)


@pytest.mark.parametrize(
    ("after_us", "members", "cadc"), [(1.0, 1, 77.5), (2.04, 1, 71.0), (1.0, 8, 82.6), (2.04, 8, 73.2)]
)
def test_reset_from_125_to_70_lsb_takes_its_time(experiment: Make, after_us: float, members: int, cadc: float) -> None:
    switches = {"connect_membrane_right": np.arange(512) % 8 < members - 1}
    switches["membrane_capacitor_size"] = np.where(np.arange(512) % 8, 0, 63)
    leak = np.where(np.arange(512) % 8, 0, 168) if members > 1 else 168
    if members == 1:
        switches = {}
    e = experiment({"v_leak": 752, "i_bias_leak": leak}, {**switches, "enable_threshold_comparator": False})
    e.run(0)
    assert e.state is not None
    e.state.v[:] = 0.15 + 105 * 4.5e-3
    span = e.go_on(0, 100, probes=(0,), artificial=Fires(np.array([0]), np.array([0])))
    steps = after_us * 10
    low = int(steps)
    value = span.trace[low - 1, 0] + (span.trace[low, 0] - span.trace[low - 1, 0]) * (steps - low)
    assert (value - 0.15) / 4.5e-3 + 20 == pytest.approx(cadc, abs=1.0)


def test_artificial_fires_need_the_fire_output_and_respect_the_refractory_period(experiment: Make) -> None:
    enabled = np.ones(512, dtype=bool)
    enabled[1] = False
    e = experiment(switches={"enable_fire": enabled, "enable_threshold_comparator": False})
    cycles = np.array([100, 100, 300, 700])
    span = e.run(10, artificial=Fires(cycles, np.array([0, 1, 0, 0])))
    assert span.fires.cycles.tolist() == [100, 700]
    assert span.fires.circuits.tolist() == [0, 0]


def test_bypass_fires_for_each_event_outside_the_refractory_period(experiment: Make, events: Stimulus) -> None:
    bypass = np.zeros(512, dtype=bool)
    bypass[3] = True
    switches = {"enable_bypass_excitatory": bypass, "enable_threshold_comparator": False}
    e = experiment(switches=switches, backend={"refractory_time": 1}, common={"clock_scale_slow": 0})
    e.weights[10] = 1
    e.weights[11] = 0
    span = e.run(10, events([50, 51, 54, 60, 100, 111], rows=[10, 10, 10, 11, 10, 10], lines=[1, 1, 1, 1, 2, 1]))
    assert span.fires.cycles.tolist() == [50, 54, 111]
    assert set(span.fires.circuits.tolist()) == {3}


def test_pause_gates_synaptic_currents_during_reset(experiment: Make, events: Stimulus) -> None:
    lowest = []
    for pause in (False, True):
        e = experiment(
            {"v_reset": 433}, {"enable_pause": pause, "enable_threshold_comparator": False}, {"refractory_time": 255}
        )
        e.weights[0] = 63
        span = e.run(12, events([30]), artificial=Fires(np.array([0]), np.array([0])), probes=(0, 1))
        lowest.append(span.trace[:, 0].min())
        assert span.trace[-1, 1] > span.trace[0, 1] + 0.05  # the neighbour is not in reset
    assert lowest[1] == pytest.approx(e.parameters.reset_potential[0], abs=1e-3)
    assert lowest[0] > lowest[1] + 0.5e-3


def test_fires_do_not_depend_on_how_time_is_cut(experiment: Make, events: Stimulus) -> None:
    e = experiment({"v_leak": 760})
    rng = np.random.default_rng(4)
    e.weights[:64] = rng.integers(0, 40, (64, 256))
    stimulus = events(rng.integers(0, 50_000, 500), rows=rng.integers(0, 64, 500))
    whole = e.run(200, stimulus, probes=(0, 511), noise_key=9)
    pieces = e.run(200, stimulus, probes=(0, 511), noise_key=9, calls=37)
    np.testing.assert_array_equal(whole.trace, pieces.trace)
    np.testing.assert_array_equal(np.sort(whole.fires.cycles), np.sort(pieces.fires.cycles))
    np.testing.assert_array_equal(np.bincount(whole.fires.circuits), np.bincount(pieces.fires.circuits))
