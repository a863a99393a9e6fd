"""Membranes and synaptic inputs against closed forms (analog-model.md 3, 4, 13.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from hxtwin.chipsim.analog.constants import CYCLE_S, NOMINAL
from hxtwin.chipsim.elaborate.potentials import volts_to_cadc, volts_to_madc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.elaborate.neurons import NeuronParameters
    from tests.chipsim_analog.experiment import Make, Stimulus


SILENT = {"enable_threshold_comparator": False}


def psp(
    t: NDArray[np.float64], tau_mem: float, tau_syn: float, current: float, capacitance: float
) -> NDArray[np.float64]:
    """Difference of exponentials."""
    t = np.maximum(t, 0.0)
    difference: NDArray[np.float64] = np.exp(-t / tau_mem) - np.exp(-t / tau_syn)
    return difference * (current / capacitance / (1 / tau_syn - 1 / tau_mem))


@pytest.mark.parametrize(("leak", "tau_code"), [(168, 92), (168, 400), (297, 161), (60, 92), (1022, 1022)])
@pytest.mark.parametrize("lines", [1, 2])
@pytest.mark.parametrize("step", [25.0, 12.5])
def test_psp_is_a_difference_of_exponentials(
    experiment: Make, events: Stimulus, leak: float, tau_code: float, lines: int, step: float
) -> None:
    cells = {"i_bias_leak": leak, "i_bias_synin_exc_tau": tau_code, "i_bias_synin_inh_tau": tau_code}
    e = experiment(cells, SILENT)
    e.weights[0] = 1
    at = 1013
    span = e.run(60, events([at], lines=lines), probes=(0,), step_cycles=step)
    p = e.parameters
    t = ((np.arange(len(span.trace), dtype=np.float64) + 1) * step - at) * CYCLE_S
    expected = psp(t, p.capacitance[0] / p.leak[0], p.line_tau[0, 0], p.gm[0, 0] * e.gain[0, 0] / 63, p.capacitance[0])
    measured = (span.trace[:, 0] - p.leak_potential[0]) * (1 if lines == 1 else -1)
    assert abs(measured.max() / expected.max() - 1) < 0.01
    assert np.abs(measured - expected).max() < 0.01 * expected.max()


def test_psp_of_one_weight_at_the_default_operating_point(experiment: Make, events: Stimulus) -> None:
    e = experiment(switches=SILENT)
    e.weights[0] = 1
    trace = e.run(60, events([1000]), probes=(0,)).trace[:, 0]
    assert (trace.max() - trace[0]) / NOMINAL.madc_lsb == pytest.approx(1.00, abs=0.01)
    assert (trace.max() - trace[0]) / 4.5e-3 == pytest.approx(0.334, abs=0.002)


@pytest.mark.parametrize(("weight", "events_at_once", "gain"), [(63, 2, 1.003), (48, 6, 1.21)])
def test_large_psps_grow_because_the_leak_saturates(
    experiment: Make, events: Stimulus, weight: int, events_at_once: int, gain: float
) -> None:
    e = experiment(switches=SILENT)
    e.weights[:events_at_once] = weight
    trace = e.run(60, events([1000] * events_at_once, rows=np.arange(events_at_once)), probes=(0,)).trace[:, 0]
    per_weight = (trace.max() - trace[0]) / (weight * events_at_once)
    assert per_weight / 1.5052e-3 == pytest.approx(gain, abs=0.02)


def test_time_constants_follow_the_programmed_law(experiment: Make, events: Stimulus) -> None:
    code = np.full(512, 168)
    code[:8] = [20, 63, 150, 168, 297, 400, 600, 1022]
    e = experiment({"i_bias_leak": code}, SILENT)
    tau = e.parameters.capacitance / e.parameters.leak
    table = [78.4, 25.4, 11.1, 10.0, 6.01, 4.66, 3.37, 2.3]
    np.testing.assert_allclose(tau[:8] * 1e6, table, rtol=0.005)
    e.run(0)
    assert e.state is not None
    e.state.v[:] += 5e-3  # small signal
    trace = e.go_on(0, 300, probes=tuple(range(8))).trace
    for k in range(8):
        fall = np.log((trace[0, k] - e.parameters.leak_potential[0]) / (trace[9, k] - e.parameters.leak_potential[0]))
        assert 9 * 25 * CYCLE_S / fall == pytest.approx(tau[k], rel=0.01)


@pytest.mark.parametrize(
    ("code", "high", "small", "tau_us"),
    [
        (511, False, False, 0.3),
        (407, False, True, 0.32),
        (613, True, False, 1.5),
        (161, True, False, 5.7),
        (31, True, False, 30),
    ],
)
def test_synaptic_time_constant_follows_the_programmed_law(
    experiment: Make, events: Stimulus, code: float, high: bool, small: bool, tau_us: float
) -> None:
    switches = {
        "enable_synaptic_input_excitatory_high_resistance": high,
        "enable_synaptic_input_excitatory_small_capacitance": small,
    }
    e = experiment({"i_bias_synin_exc_tau": code}, {**SILENT, **switches})
    e.weights[0] = 63
    trace = e.run(3, events([0]), probes=(512,)).trace[:, 0]
    measured = 9 * 25 * CYCLE_S / np.log(trace[0] / trace[9])
    assert measured == pytest.approx(e.parameters.line_tau[0, 0], rel=0.01)
    assert measured * 1e6 == pytest.approx(tau_us, rel=0.02)


def saturating(u: float) -> float:
    clipped = min(max(u, -1.25), 1.25)
    return float(clipped - 0.08192 * clipped**5)


def period_us(p: NeuronParameters) -> float:
    """Inter-spike interval of a leak-over-threshold neuron from the equations."""
    leak, reset = (
        (p.leak_potential[0], p.capacitance[0] / p.leak[0]),
        (p.reset_potential[0], p.capacitance[0] / p.reset[0]),
    )

    def slope(v: float, target: float, tau: float) -> float:
        return float(0.28 * saturating((target - v) / 0.28) / tau)

    def flow(v: float, seconds: float, target: float, tau: float) -> float:
        def derivative(_: float, y: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.array([slope(float(y[0]), target, tau)])

        return float(solve_ivp(derivative, (0, seconds), [v], rtol=1e-9, atol=1e-12).y[0, -1])

    delay = NOMINAL.comparator_delay + 0.5 * CYCLE_S  # rounded up to a cycle: half a cycle in the mean
    v = flow(p.threshold[0], delay, *leak)
    v = flow(v, p.reset_cycles[0] * CYCLE_S, *reset)
    rise = quad(lambda v: 1 / slope(v, *leak), v, p.threshold[0])[0]
    return float(delay + p.reset_cycles[0] * CYCLE_S + rise) * 1e6


@pytest.mark.parametrize("v_leak", [760, 780, 850, 930])
@pytest.mark.parametrize("step", [25.0, 12.5])
def test_rate_of_a_leak_over_threshold_neuron(experiment: Make, v_leak: float, step: float) -> None:
    e = experiment({"v_leak": v_leak})
    span = e.run(400, step_cycles=step)
    cycles = span.fires.cycles[span.fires.circuits == 0]
    assert np.diff(cycles)[1:].mean() * CYCLE_S * 1e6 == pytest.approx(period_us(e.parameters), rel=0.01)


def test_rates_of_the_worked_table(experiment: Make) -> None:
    # leak 124, 126, 130, 140, 150, 160 CADC LSB with threshold 125: 0, 24, 38, 59, 74, 85 kHz
    volts = 0.15 + (np.array([124, 126, 130, 140, 150, 160]) - 20) * 4.5e-3
    code = np.full(512, 400.0)
    code[:6] = (volts_to_madc(volts) + 150) / 0.79
    threshold = (volts_to_madc(0.15 + 105 * 4.5e-3) - 92) / 1.02
    e = experiment({"v_leak": code, "v_threshold": threshold}, backend={"refractory_time": 32})
    fires = e.run(1000).fires
    rates = np.bincount(fires.circuits, minlength=512)[:6]
    # the table was made with the leak still on during reset, which is up to 5 % faster
    np.testing.assert_allclose(rates, [0, 24, 38, 59, 74, 85], rtol=0.05)


def test_constant_current_over_rheobase(experiment: Make) -> None:
    code = np.full(512, 0.0)
    code[:4] = [400, 600, 800, 1000]
    e = experiment({"i_mem_offset": code}, {"enable_membrane_offset": True})
    rates = np.bincount(e.run(1000).fires.circuits, minlength=512)[:4]
    np.testing.assert_allclose(rates, [0, 40, 73, 91], atol=4)


@pytest.mark.parametrize(("invert", "cadc"), [(False, 231), (True, 20)])
def test_strong_currents_drive_the_membrane_to_its_rails(experiment: Make, invert: bool, cadc: float) -> None:
    switches = {**SILENT, "enable_membrane_offset": True, "invert_membrane_offset": invert}
    trace = experiment({"i_mem_offset": 1000}, switches).run(100, probes=(0,)).trace
    assert volts_to_cadc(trace[-1, 0]) == pytest.approx(cadc, abs=0.5)


def test_line_dip_of_five_sources(experiment: Make, events: Stimulus) -> None:
    e = experiment(switches=SILENT)
    e.weights[:5] = 63
    u = e.run(1, events([0] * 5, rows=np.arange(5)), probes=(512,)).trace[:, 0].max()
    dip = NOMINAL.line_saturation * np.tanh(u) / NOMINAL.madc_lsb
    assert dip == pytest.approx(25, abs=0.5)


def test_membrane_without_leak_floats(experiment: Make) -> None:
    e = experiment({"i_bias_leak": 0}, SILENT)
    e.run(0)
    assert e.state is not None
    e.state.v[:] = 0.5
    assert e.go_on(0, 1000, probes=(0,)).trace[-1, 0] == pytest.approx(0.5, abs=1e-6)


def test_conductance_mode_scales_the_amplitude_linearly(experiment: Make, events: Stimulus) -> None:
    amplitudes = []
    for v_leak in (500, 574, 640):
        cells = {"v_leak": v_leak, "i_bias_synin_exc_coba": 60, "e_synin_exc_rev": 574}
        e = experiment(cells, {**SILENT, "enable_synaptic_input_excitatory_coba_mode": True})
        e.weights[0] = 1
        trace = e.run(60, events([1000]), probes=(0,)).trace[:, 0]
        amplitudes.append((trace.max() - trace[0]) / 1.5052e-3)
    volts = (np.array([500, 574, 640]) - 574) * 0.79 * 1.5e-3
    np.testing.assert_allclose(amplitudes, 1 - volts / 0.7, atol=0.005)


def test_shift_code_moves_the_rest_by_its_offset_current(experiment: Make) -> None:
    e = experiment({"i_bias_synin_exc_shift": 311}, SILENT)
    trace = e.run(100, probes=(0,)).trace[:, 0]
    assert (trace[-1] - trace[0] + e.parameters.leak_potential[0] - trace[-1]) * 1e3 > 0  # falls
    assert e.parameters.leak_potential[0] - trace[-1] == pytest.approx(2e-9 / e.parameters.leak[0], rel=0.01)


def test_results_of_a_circuit_do_not_depend_on_which_others_are_integrated(experiment: Make, events: Stimulus) -> None:
    e = experiment({"v_leak": 780})
    e.weights[0] = 20
    stimulus = events(np.arange(1000, 20000, 333))
    everything = e.run(100, stimulus, probes=(7,), noise_key=3)
    some = np.zeros(512, dtype=bool)
    some[[7, 300]] = True
    alone = e.run(100, stimulus, probes=(0,), integrated=some, noise_key=3)
    np.testing.assert_allclose(alone.trace, everything.trace, atol=1e-6)
    np.testing.assert_array_equal(
        alone.fires.cycles[alone.fires.circuits == 7], everything.fires.cycles[everything.fires.circuits == 7]
    )


def test_halving_the_step_moves_spikes_by_less_than_20_ns(experiment: Make, events: Stimulus) -> None:
    e = experiment()
    rng = np.random.default_rng(3)
    e.weights[:64] = rng.integers(0, 6, (64, 256))
    stimulus = events(rng.integers(0, 75_000, 900), rows=rng.integers(0, 64, 900))
    spans = [e.run(300, stimulus, step_cycles=step).fires for step in (25.0, 12.5)]
    moved = []
    for circuit in range(256):
        a, b = (fires.cycles[fires.circuits == circuit] for fires in spans)
        both = min(len(a), len(b))
        assert both > 1
        assert max(len(a), len(b)) - both <= 1  # one may fall on the end
        moved.append(np.abs(a[:both] - b[:both]))
    assert np.mean(np.concatenate(moved)) * 4 < 5
    assert np.quantile(np.concatenate(moved), 0.97) * 4 < 20  # the rest graze the threshold
