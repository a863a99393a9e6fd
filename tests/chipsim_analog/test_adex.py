"""Adaptation and exponential term (analog-model.md 3.6, 3.7, 13.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.chipsim.analog.arrays import Fires

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.chipsim_analog.experiment import Make


#: leak bias, division, v_leak, v_reset, v_exp, i_bias_exp, adapt tau, a, b, pulse scale, step code, spikes
PATTERNS = {
    "tonic": (154, True, 680, 694, 778, 861, 121, 26, 431, 4, 347, 79),
    "adapting": (112, False, 521, 584, 573, 767, 62, 11, 341, 7, 489, 16),
    "bursting": (144, True, 700, 671, 593, 754, 37, 109, 350, 7, 109, 24),
    "transient": (285, True, 607, 394, 602, 104, 20, 176, 241, 5, 384, 6),
}


def step_response(experiment: Make, pattern: str) -> NDArray[np.floating]:
    leak, division, v_leak, v_reset, v_exp, i_exp, tau, a, b, scale, current, _ = PATTERNS[pattern]
    cells = {
        "i_bias_leak": leak,
        "v_leak": v_leak,
        "v_reset": v_reset,
        "v_exp": v_exp,
        "i_bias_exp": i_exp,
        "v_threshold": 600,
        "v_adapt_ref": 500,
        "v_adapt_leak": v_leak - 200,
        "i_bias_adapt_tau": tau,
        "i_bias_adapt_a": a,
        "i_bias_adapt_b": b,
        "i_mem_offset": current,
    }
    switches = {
        "enable_leak_division": division,
        "enable_adaptation": True,
        "enable_exponential": True,
        "enable_membrane_offset": True,
        "enable_pause": True,
    }
    e = experiment(
        cells,
        switches,
        {"enable_adaptation_pulse": True, "refractory_time": 32},
        {"clock_scale_adaptation_pulse": scale},
    )
    only = np.arange(512) == 0
    quiet = experiment({**cells, "i_mem_offset": 0}, switches)
    quiet.run(1000, integrated=only)
    assert quiet.state is not None
    e.run(0, integrated=only)
    assert e.state is not None
    np.copyto(e.state.v, quiet.state.v)
    np.copyto(e.state.w, quiet.state.w)
    return e.go_on(10000, 30000).fires.cycles * 4e-3


def test_tonic_spiking_is_regular(experiment: Make) -> None:
    intervals = np.diff(step_response(experiment, "tonic"))
    assert len(intervals) + 1 == pytest.approx(PATTERNS["tonic"][-1], abs=3)
    assert intervals[5:].std() < 0.05 * intervals[5:].mean()


def test_adapting_intervals_grow(experiment: Make) -> None:
    spikes = step_response(experiment, "adapting")
    intervals = np.diff(spikes)
    assert len(spikes) == pytest.approx(PATTERNS["adapting"][-1], abs=2)
    assert intervals[-1] > 1.5 * intervals[0]


def test_transient_spiking_ends(experiment: Make) -> None:
    spikes = step_response(experiment, "transient")
    assert len(spikes) == pytest.approx(PATTERNS["transient"][-1], abs=2)
    assert spikes[-1] < 1500  # the step goes on to 3000


def test_bursts_have_short_and_long_intervals(experiment: Make) -> None:
    intervals = np.diff(step_response(experiment, "bursting"))
    assert len(intervals) > 10
    assert intervals.max() > 10 * intervals.min()


def test_adaptation_time_constant_and_gain(experiment: Make) -> None:
    cells = {
        "i_bias_adapt_tau": 100,
        "i_bias_adapt_a": 107,
        "v_leak": 640,
        "v_adapt_leak": 374,
        "i_bias_leak": 1022,  # holds the membrane against the adaptation current
    }
    e = experiment(
        cells, {"enable_threshold_comparator": False, "enable_adaptation": True, "enable_leak_multiplication": True}
    )
    p = e.parameters
    e.run(0)
    assert e.state is not None
    trace = e.go_on(0, 8000, probes=(3 * 512,)).trace[:, 0]
    reference = p.adaptation_reference[0]
    rise = (trace - reference) / (trace[-1] - reference)
    tau = (np.argmax(rise > 1 - np.exp(-1)) + 1) * 0.1
    assert tau == pytest.approx(2.7e-12 / 28e-9 * 1e6, rel=0.02)
    step = p.leak_potential[0] - p.adaptation_leak[0]
    assert (trace[-1] - reference) / step == pytest.approx(110 / 144, rel=0.02)


def test_one_spike_moves_the_adaptation_voltage_by_its_pulse(experiment: Make) -> None:
    e = experiment(
        {"i_bias_adapt_tau": 0, "i_bias_adapt_b": 200},
        {"enable_threshold_comparator": False, "enable_adaptation": True, "invert_adaptation_b": np.arange(512) == 1},
        {"enable_adaptation_pulse": True},
        {"clock_scale_adaptation_pulse": 7},
    )
    fires = Fires(np.array([13, 13]), np.array([0, 1]))
    trace = e.run(10, artificial=fires, probes=(1536, 1537)).trace
    move = trace[-1] - e.parameters.adaptation_reference[0]
    np.testing.assert_allclose(move, [76e-3, -76e-3], rtol=0.01)


@pytest.mark.parametrize(("current", "spikes"), [(40, False), (150, True)])
def test_exponential_demo_decides_with_the_current(experiment: Make, current: float, spikes: bool) -> None:
    cells = {
        "v_leak": 480,
        "i_bias_leak": 150,
        "v_threshold": 600,
        "v_reset": 500,
        "i_bias_exp": 100,
        "v_exp": 580,
        "i_mem_offset": current,
    }
    switches = {
        "enable_leak_division": True,
        "enable_exponential": True,
        "enable_pause": True,
        "enable_membrane_offset": True,
    }
    fires = experiment(cells, switches, {"refractory_time": 255}).run(1200).fires
    assert bool(fires.cycles.size) == spikes
