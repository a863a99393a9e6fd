"""Membranes as an experimenter sees them: potentials, time constants, synaptic potentials (analog-model.md 3, 4, 13.1).

Closed forms of the ideal chip at 0.1 us steps; the membrane ADC rounds to 1.5 mV, the column ADC to 4.5 mV.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from acceptance.bench import CADC_LSB, Setting, Trace, cadc_volts, label
from scipy.optimize import curve_fit

from hxtwin import containers

if TYPE_CHECKING:
    from acceptance.bench import Bench
    from numpy.typing import NDArray

CODES = np.arange(512)
NEURON = 7
CAPACITANCE = 2.33e-12
BEGIN = 13.0
"""us: the membrane has left a reset at 10 us."""


def leak(code: float) -> float:
    """Leak conductance, S."""
    return 1.5e-9 * code / (1 + code / 2000)


def relaxation(t: NDArray[np.float64], low: float, tau: float, rest: float, begin: float = 13.0) -> NDArray[np.float64]:
    """Membrane below its rest, drawn by a leak of range 0.28 V: u' = (0.08192 u^5 - u) / tau."""
    growth = ((low / 0.28) ** -4 - 0.08192) * np.exp(4 * (t - begin) / tau)
    return rest - 0.28 * (0.08192 + growth) ** -0.25


def decaying(t: NDArray[np.float64], amplitude: float, tau: float) -> NDArray[np.float64]:
    """Exponential from time 0 on."""
    return np.asarray(amplitude * np.exp(-t / tau))


def psp(t: NDArray[np.float64], onset: float, current: float, tau_m: float, tau_s: float) -> NDArray[np.float64]:
    """Difference of exponentials; current in V/us, times in us."""
    late = np.maximum(t - onset, 0.0)
    return current * tau_m * tau_s / (tau_m - tau_s) * (np.exp(-late / tau_m) - np.exp(-late / tau_s))


# --- potentials -------------------------------------------------------------------------------------------------------


def test_leak_potentials_follow_the_code(bench: Bench) -> None:
    code = 400 + CODES
    builder = bench.begin({"v_leak": code, "v_threshold": 1000})
    ticket = Setting(builder).read_cadc()
    bench.run(builder)
    expected = 1.5e-3 * (0.79 * code - 150) - 35e-3
    for read in (ticket.get().causal, ticket.get().acausal):
        np.testing.assert_allclose(cadc_volts(read).ravel(), expected, atol=0.51 * CADC_LSB)


def test_neurons_held_in_reset_show_the_reset_potential(bench: Bench) -> None:
    """Fires that follow one another faster than the refractory period keep the reset asserted."""
    code = 300 + np.arange(512) // 2
    builder = bench.begin({"v_reset": code, "v_threshold": 0, "v_leak": 700})
    ticket = Setting(builder).read_cadc()
    bench.run(builder)
    np.testing.assert_allclose(
        cadc_volts(ticket.get().causal).ravel(), 1.5e-3 * (0.77 * code - 60) - 35e-3, atol=0.6 * CADC_LSB
    )


HELD_US = 0.9
"""Shorter than the 1 us for which writes of a burst may wait for others."""


def after_forced_reset(bench: Bench, **switches: bool) -> NDArray[np.float64]:
    """Voltages of all columns after the neurons of the left half have been held for a short time."""
    builder = bench.begin({"i_bias_leak": 10, "v_leak": 700, "v_reset": 400, "v_threshold": 1000}, **switches)
    setting = Setting(builder)
    for held in (True, False):
        setting.columns(containers.CommonNeuronBackendConfig, [0], clock_scale_slow=3, force_reset=held)
        setting.wait_us(HELD_US)
    if switches:
        setting.neuron(CODES)
    ticket = setting.read_cadc()
    bench.run(builder)
    return np.asarray(cadc_volts(ticket.get().causal))


@pytest.mark.parametrize(
    ("switches", "drawn_back"),
    [({}, 0.02), ({"enable_readout_amplifier": False}, 0.07)],
    ids=["observed", "unobserved"],
)
def test_short_forced_reset_draws_a_half_to_the_reset_potential(
    bench: Bench, switches: dict[str, bool], drawn_back: float
) -> None:
    """Within 0.5 us; until they are read, a slow leak draws the membranes back, from where they were left."""
    volts = after_forced_reset(bench, **switches)
    rest, reset = 1.5e-3 * (0.79 * 700 - 150) - 35e-3, 1.5e-3 * (0.77 * 400 - 60) - 35e-3
    assert volts[:, 128:] == pytest.approx(rest, abs=0.51 * CADC_LSB)
    assert volts[:, :128] == pytest.approx(reset + (rest - reset) * np.exp(-HELD_US / 0.5), abs=drawn_back)


@pytest.mark.parametrize("circuit", [NEURON, 256 + 130])
def test_both_converters_agree_on_a_resting_neuron(bench: Bench, circuit: int) -> None:
    builder = bench.begin()
    setting = Setting(builder)
    ticket = setting.read_cadc()
    setting.membrane_adc(circuit, samples=300)
    setting.record()
    setting.wait_us(20)
    trace = Trace.of(bench.run(builder), samples=300)
    assert cadc_volts(ticket.get().causal.ravel()[circuit]) == pytest.approx(0.42, abs=0.5 * CADC_LSB)
    assert trace.volts == pytest.approx(np.full(trace.volts.size, 0.4195), abs=0.8e-3)


def test_offset_currents_of_1000_codes_drive_the_membrane_to_its_rails(bench: Bench) -> None:
    builder = bench.begin({"i_mem_offset": 1000, "v_threshold": 1000}, enable_membrane_offset=True)
    Setting(builder).neuron(NEURON, enable_membrane_offset=True, invert_membrane_offset=True)
    Setting(builder).wait_us(300)
    ticket = Setting(builder).read_cadc()
    bench.run(builder)
    read = ticket.get().causal[0]
    assert int(read[0]) == pytest.approx(231, abs=1)
    assert int(read[NEURON]) == pytest.approx(20, abs=1)


# --- time constants ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "switch", "scale"),
    [(84, "", 1), (168, "", 1), (600, "", 1), (400, "division", 1 / 8), (40, "multiplication", 8)],
)
def test_membrane_time_constant_after_a_reset_follows_the_law(
    bench: Bench, code: int, switch: str, scale: float
) -> None:
    tau = CAPACITANCE / leak(code) / scale * 1e6
    switches = {f"enable_leak_{switch}": True} if switch else {}
    samples = 400 + int(6 * tau / 0.034)
    builder = bench.begin({"i_bias_leak": code, "v_leak": 700}, **switches)
    setting = Setting(builder)
    setting.membrane_adc(NEURON, samples=samples)
    setting.neuron(NEURON, enable_readout=True, **switches)
    setting.record()
    setting.wait_us(10)
    setting.reset_neuron(NEURON)
    setting.wait_us(20 + 7 * tau)
    trace = Trace.of(bench.run(builder), samples=samples)
    decay = trace.part(BEGIN, BEGIN + 5 * tau)
    (_, found, _), _ = curve_fit(relaxation, decay.times, decay.volts, p0=(0.19, tau, 0.569))
    assert found == pytest.approx(tau, rel=0.01)


@pytest.mark.parametrize(
    ("code", "high_resistance", "expected"), [(92, True, 9.9978), (300, True, 3.066), (50, False, 3.066)]
)
def test_synaptic_time_constant_is_read_from_the_line(
    bench: Bench, code: int, high_resistance: bool, expected: float
) -> None:
    samples = 2200
    builder = bench.begin({"i_bias_synin_exc_tau": code, "syn_i_bias_dac": 1022})
    setting = Setting(builder)
    for row in range(8):
        setting.synapses(8 * row, {NEURON: 63})
    setting.membrane_adc(NEURON, samples=samples)
    setting.neuron(
        NEURON,
        enable_synaptic_input_excitatory_high_resistance=high_resistance,
        enable_readout=True,
        readout_source=1,
        enable_threshold_comparator=False,
    )
    setting.record()
    setting.spikes(np.full(8, 10.0), [label(row, 0) for row in range(8)])
    setting.wait_us(80)
    trace = Trace.of(bench.run(builder), samples=samples)
    onset = trace.times[np.argmin(trace.volts)]
    decay = trace.part(onset + 0.3, onset + 3 * expected)
    deflection = 0.3 * np.arctanh((0.63 - decay.volts) / 0.3)
    (amplitude, found), _ = curve_fit(decaying, decay.times - onset, deflection, (0.1, expected))
    assert found == pytest.approx(expected, rel=0.01)
    assert amplitude == pytest.approx(8 * 7.5e-3 * 1022 / 600, rel=0.06)


def test_line_dip_of_five_sources(bench: Bench) -> None:
    builder = bench.begin()
    setting = Setting(builder)
    for row in range(5):
        setting.synapses(8 * row, {NEURON: 63})
    setting.membrane_adc(NEURON, samples=600, source=1)
    setting.record()
    setting.spikes(np.full(5, 10.0), [label(row, 0) for row in range(5)])
    setting.wait_us(30)
    trace = Trace.of(bench.run(builder), samples=600)
    assert (trace.volts[0] - trace.volts.min()) / 1.5e-3 == pytest.approx(25, abs=1.5)
    assert trace.volts.max() - trace.volts[0] == 0


# --- synaptic potentials ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sign", "row"), [(1, 0), (-1, 1)])
@pytest.mark.parametrize(("tau_m_code", "tau_s_code"), [(84, 92), (168, 200), (400, 92)])
def test_synaptic_potential_is_a_difference_of_exponentials(
    bench: Bench, sign: int, row: int, tau_m_code: int, tau_s_code: int
) -> None:
    tau_m, tau_s = CAPACITANCE / leak(tau_m_code) * 1e6, 0.9 * 1022 / tau_s_code
    current = sign * 500 * 16e-9 * 7.5e-3 / CAPACITANCE * 1e-6
    samples = 3500
    codes = {"i_bias_leak": tau_m_code, "v_leak": 620}
    codes |= {"i_bias_synin_exc_tau": tau_s_code, "i_bias_synin_inh_tau": tau_s_code}
    builder = bench.begin(codes)
    setting = Setting(builder)
    setting.synapses(row, {NEURON: 63})
    setting.membrane_adc(NEURON, samples=samples)
    setting.neuron(NEURON, enable_readout=True, enable_threshold_comparator=False)
    setting.record()
    setting.spikes(15, label(0, 0))
    setting.wait_us(130)
    trace = Trace.of(bench.run(builder), samples=samples)
    moved = trace.volts - (1.5e-3 * (0.79 * 620 - 150) - 35e-3)
    (onset,), _ = curve_fit(lambda t, onset: psp(t, onset, current, tau_m, tau_s), trace.times, moved, (15.5,))
    expected = psp(trace.times, float(onset), current, tau_m, tau_s)
    peak = np.abs(expected).max()
    assert np.abs(moved).max() == pytest.approx(peak, rel=0.01, abs=0.75e-3)
    assert np.sqrt(np.mean((moved - expected) ** 2)) < 0.01 * peak


def test_synaptic_potential_per_weight_grows_with_the_saturating_leak(bench: Bench) -> None:
    """1.00 MADC LSB per weight, +0.3 % at weight 126, +21 % at 288 (0.43 V)."""
    samples = 1500
    heights = []
    for weights in ([63], [63, 63], [63, 63, 63, 63, 36]):
        builder = bench.begin()
        setting = Setting(builder)
        for row, weight in enumerate(weights):
            setting.synapses(8 * row, {NEURON: weight})
        setting.membrane_adc(NEURON, samples=samples)
        setting.neuron(NEURON, enable_readout=True, enable_threshold_comparator=False)
        setting.record()
        setting.spikes(np.full(len(weights), 12.0), [label(row, 0) for row in range(len(weights))])
        setting.wait_us(60)
        volts = Trace.of(bench.run(builder), samples=samples).volts
        heights.append((volts.max() - volts[0]) / 1.5e-3 / sum(weights))
    assert heights[0] == pytest.approx(1.0, abs=0.02)
    assert heights[1] / heights[0] - 1 == pytest.approx(0.003, abs=0.012)  # half a step of the converter on 63 is 0.8 %
    assert heights[2] / heights[0] - 1 == pytest.approx(0.21, abs=0.02)


@pytest.mark.parametrize(("members", "factor"), [(2, 1.06), (4, 1.17), (6, 1.28), (8, 1.39)])
def test_merged_circuits_are_slower_by_their_parasitic_capacitance(bench: Bench, members: int, factor: float) -> None:
    """Leak and capacitor on one circuit only."""
    samples = 2200
    first = 16
    others = np.arange(first + 1, first + members)
    bias = np.where(np.isin(np.arange(512), others), 0, 168)
    builder = bench.begin({"i_bias_leak": bias, "v_leak": 700})
    setting = Setting(builder)
    setting.membrane_adc(first, samples=samples)
    setting.neuron(
        others,
        membrane_capacitor_size=0,
        connect_membrane_right=others < first + members - 1,
        enable_threshold_comparator=False,
        enable_synaptic_input_excitatory=False,
        enable_synaptic_input_inhibitory=False,
    )
    setting.neuron(first, enable_readout=True, connect_membrane_right=True)
    setting.record()
    setting.wait_us(10)
    setting.reset_neuron(first)
    setting.wait_us(90)
    decay = Trace.of(bench.run(builder), samples=samples).part(BEGIN, 70.0)
    (_, found, _), _ = curve_fit(relaxation, decay.times, decay.volts, p0=(0.19, 10.0, 0.569))
    assert found / (CAPACITANCE / leak(168) * 1e6) == pytest.approx(factor, abs=0.012)


def test_merged_circuits_add_their_synaptic_currents(bench: Bench) -> None:
    """The same weight on both of two merged circuits moves them as on one alone: current and capacitance double."""
    samples = 1500
    heights = []
    for weights in ({20: 40}, {16: 40, 17: 40}):
        builder = bench.begin()
        setting = Setting(builder)
        setting.synapses(0, weights)
        setting.membrane_adc(min(weights), samples=samples)
        setting.neuron(16, connect_membrane_right=True, enable_readout=16 in weights)
        setting.record()
        setting.spikes(12, label(0, 0))
        setting.wait_us(60)
        volts = Trace.of(bench.run(builder), samples=samples).volts
        heights.append(volts.max() - volts[0])
    assert heights[1] == pytest.approx(heights[0], abs=1.6e-3)
