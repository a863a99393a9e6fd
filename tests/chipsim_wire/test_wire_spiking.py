"""Spiking neurons as an experimenter sees them: recorded spikes, time stamps, counters (analog-model.md 3.5, 13.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from acceptance.bench import Setting, Trace, chip_times, label
from scipy.integrate import quad

from hxtwin import containers, coord

if TYPE_CHECKING:
    from acceptance.bench import Bench
    from numpy.typing import NDArray

NEURON = 7
CLOCK_US = 0.064
"""Period of the slow clock of the refractory counter."""
REFRACTORY_US = 33 * CLOCK_US
TAU_US = 2.33e-12 / (1.5e-9 * 168 / 1.084) * 1e6
COMPARATOR_US = 0.02
RESET_TAU_US = 0.5
RANGE = 0.28


def volts_of_leak(code: float) -> float:
    return 1.5e-3 * (0.79 * code - 150) - 35e-3


THRESHOLD = 1.5e-3 * (1.02 * 340 + 92) - 35e-3
RESET = 1.5e-3 * (0.77 * 433 - 60) - 35e-3


def saturating(u: float) -> float:
    return float(u - 0.08192 * u**5 if abs(u) <= 1.25 else np.sign(u))


def interval_us(rest: float, current: float = 0.0) -> float:
    """Time between fires of a neuron whose leak pulls to `rest` and that a current (V/us) pushes."""

    def rate(v: float) -> float:
        return RANGE * saturating((rest - v) / RANGE) / TAU_US + current

    overshoot = THRESHOLD + COMPARATOR_US * rate(THRESHOLD)
    reset_us = REFRACTORY_US - CLOCK_US  # the shortest holdoff is one count
    low = RESET + current * RESET_TAU_US
    clamped = low + (overshoot - low) * np.exp(-reset_us / RESET_TAU_US)
    rise, _ = quad(lambda v: 1 / rate(v), clamped, THRESHOLD)
    return reset_us + rise + COMPARATOR_US


def rate_khz(times_us: NDArray[np.float64]) -> float:
    """Rate behind the first 100 us."""
    intervals = np.diff(times_us[times_us > times_us[0] + 100]) if len(times_us) > 1 else np.empty(0)
    return float(1e3 / intervals.mean()) if len(intervals) else 0.0


# --- rates ------------------------------------------------------------------------------------------------------------


def test_interval_of_leak_over_threshold_neurons_in_time_stamps_and_counters(bench: Bench) -> None:
    codes = {40: 755, 41: 765, 42: 780, 43: 800, 44: 850, 45: 900}
    leak = np.full(512, 574)
    leak[list(codes)] = list(codes.values())
    builder = bench.begin({"v_leak": leak})
    places = [coord.SpikeCounterResetOnDLS(circuit) for circuit in codes]
    for place in places:
        builder.write(place, containers.SpikeCounterReset())
    builder.wait_for(125 * 1000)
    counters = [builder.read(coord.SpikeCounterReadOnDLS(circuit), containers.SpikeCounterRead) for circuit in codes]
    program = bench.run(builder)
    for (circuit, code), counter in zip(codes.items(), counters, strict=True):
        expected = interval_us(volts_of_leak(code))
        intervals = np.diff(chip_times(program, 1 << 14 | 1 << 8 | circuit))
        assert intervals.mean() == pytest.approx(expected, rel=0.01)
        assert np.abs(intervals[1:] - intervals[1:].mean()).max() < 0.02
        assert counter.get().count == pytest.approx(1000 / expected, abs=1.2)


@pytest.mark.parametrize(("leak_lsb", "kilohertz"), [(124, 0), (126, 24), (130, 38), (140, 59), (150, 74), (160, 85)])
def test_rates_of_the_table_of_leak_over_threshold(bench: Bench, leak_lsb: int, kilohertz: float) -> None:
    """Threshold 125, reset 70 LSB of the column ADC, tau 10 us, refractory period 2 us.

    The table was made with a leak that pulls during the reset, too, which makes it up to 6 % faster.
    """
    code = round(((0.060 + 4.5e-3 * leak_lsb + 35e-3) / 1.5e-3 + 150) / 0.79)
    builder = bench.begin({"v_leak": np.where(np.arange(512) == NEURON, code, 574)})
    builder.wait_for(125 * 500)
    assert rate_khz(chip_times(bench.run(builder), NEURON)) == pytest.approx(kilohertz, rel=0.06)


@pytest.mark.parametrize(("code", "kilohertz"), [(400, 0), (600, 40), (800, 73), (1000, 91)])
def test_rates_of_the_table_of_constant_currents(bench: Bench, code: int, kilohertz: float) -> None:
    """Threshold 0.2 V over the leak, tau 10 us; 88 pA a code, 0.7 of it above 800 codes."""
    builder = bench.begin({"i_mem_offset": code})
    Setting(builder).neuron(NEURON, enable_membrane_offset=True)
    builder.wait_for(125 * 600)
    rate = rate_khz(chip_times(bench.run(builder), NEURON))
    assert rate == pytest.approx(kilohertz, rel=0.05)
    if kilohertz:
        picoamperes = 88 * (min(code, 800) + 0.7 * max(code - 800, 0))
        assert rate == pytest.approx(1e3 / interval_us(volts_of_leak(574), picoamperes * 1e-6 / 2.33), rel=0.01)


def test_interval_of_the_leak_over_threshold_demo(bench: Bench) -> None:
    """Table: 10.3 us, minimum 260 LSB of the membrane ADC, with a leak that pulls in reset; silicon: 13 us and 231."""
    cells = {"v_leak": 1000, "v_threshold": 300, "v_reset": 400, "i_bias_leak": 150}
    samples = 3000
    builder = bench.begin({name: np.where(np.arange(512) == NEURON, code, 574) for name, code in cells.items()})
    setting = Setting(builder)
    setting.membrane_adc(NEURON, samples=samples)
    setting.record()
    setting.wait_us(110)
    program = bench.run(builder)
    assert np.diff(chip_times(program, NEURON)).mean() == pytest.approx(10.3, rel=0.06)
    lowest = Trace.of(program, samples=samples).volts.min()
    assert (lowest + 35e-3) / 1.5e-3 == pytest.approx(251, abs=2)


def test_a_neuron_whose_threshold_is_below_its_reset_is_silent(bench: Bench) -> None:
    builder = bench.begin({"v_threshold": 100, "v_leak": 700})
    builder.wait_for(125 * 100)
    assert len(bench.run(builder).spikes) == 0


# --- refractory period ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counter", [20, 100, 255])
def test_fires_by_bypass_are_a_refractory_period_apart(bench: Bench, counter: int) -> None:
    """Time stamps may be late by a step, since events reach the synapses in the step that they meet."""
    every, step = 0.08, 0.1
    builder = bench.begin()
    setting = Setting(builder)
    setting.synapses(0, {NEURON: 1})
    setting.neuron(NEURON, enable_bypass_excitatory=True, enable_threshold_comparator=False)
    setting.backend(NEURON, refractory_time=counter)
    setting.spikes(np.arange(800) * every, label(0))
    setting.wait_us(20)
    intervals = np.diff(chip_times(bench.run(builder), NEURON))
    assert len(intervals) > 2
    assert intervals.min() >= counter * CLOCK_US - step
    assert intervals.max() <= counter * CLOCK_US + every + step
    assert intervals.mean() == pytest.approx(np.ceil(counter * CLOCK_US / every) * every, abs=step)


def test_a_reset_neuron_fires_again_after_its_refractory_period_only(bench: Bench) -> None:
    builder = bench.begin()
    setting = Setting(builder)
    for gap_us in (1.9, 2.3):
        setting.wait_us(50)
        setting.reset_neuron(NEURON)
        setting.wait_us(gap_us)
        setting.reset_neuron(NEURON)
    setting.wait_us(50)
    program = bench.run(builder)
    assert len(chip_times(program, NEURON)) == 1 + 2


@pytest.mark.parametrize(("after_us", "lsb"), [(1.0, 77.4), (2.04, 70.9)])
def test_the_reset_is_finite(bench: Bench, after_us: float, lsb: float) -> None:
    """From 125 towards 70 LSB of the column ADC with 0.5 us; the leak shares the OTA and does not pull meanwhile."""
    samples = 900
    builder = bench.begin({"v_leak": np.where(np.arange(512) == NEURON, 800, 574)})
    setting = Setting(builder)
    setting.membrane_adc(NEURON, samples=samples)
    setting.backend(NEURON, refractory_time=round(after_us / CLOCK_US) + 1)
    setting.record()
    setting.wait_us(40)
    lowest = Trace.of(bench.run(builder), samples=samples).volts.min()
    assert (lowest - 0.060675) / 4.5e-3 == pytest.approx(lsb, abs=1.5)


# --- networks on the chip ---------------------------------------------------------------------------------------------


def test_a_chain_of_bypassed_neurons_passes_a_spike_on_in_40_ns_and_at_most_a_step(bench: Bench) -> None:
    """Fire to synapse 10 chip cycles (rule 26); the synapse is looked at in the step of 0.1 us that it meets."""
    chain = [3, 9, 20, 30]
    builder = bench.begin()
    setting = Setting(builder)
    for column in chain:
        setting.neuron(column, enable_bypass_excitatory=True, enable_threshold_comparator=False)
    setting.backend(chain, address_out=np.arange(len(chain)) + 1)
    values, labels = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    for place, column in enumerate(chain[1:]):
        values[column], labels[column] = 63, place + 1
    builder.write(coord.SynapseRowOnDLS(0), containers.SynapseRow(weights=values, labels=labels))
    setting.wait_us(10)
    setting.reset_neuron(chain[0])
    setting.wait_us(20)
    program = bench.run(builder)
    spikes = program.spikes[np.argsort(program.spikes["chip_time"], kind="stable")]
    assert spikes["label"].tolist() == [1, 2, 3, 4]
    latencies = np.diff(spikes["chip_time"].astype(np.int64)) * 8
    assert np.all(latencies >= 40)
    assert np.all(latencies <= 40 + 100 + 16)


def test_a_ring_of_neurons_keeps_a_spike_going(bench: Bench) -> None:
    """Two neurons excite one another as fast as their refractory periods allow."""
    builder = bench.begin({"syn_i_bias_dac": 1022, "i_bias_synin_exc_gm": 1000})
    setting = Setting(builder)
    ring = [3, 9]
    setting.backend(ring, address_out=np.array([1, 2]))
    values, labels = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    values[[3, 9]], labels[[3, 9]] = 63, [2, 1]
    builder.write(coord.SynapseRowOnDLS(0), containers.SynapseRow(weights=values, labels=labels))
    setting.wait_us(10)
    setting.reset_neuron(3)
    setting.wait_us(200)
    spikes = bench.run(builder).spikes
    spikes = spikes[np.argsort(spikes["chip_time"], kind="stable")]
    assert len(spikes) > 10
    assert np.all(np.diff(spikes["label"].astype(np.int64)) != 0)
    turns = np.diff(spikes["chip_time"][::2].astype(np.int64))[-20:] * 8e-3
    assert turns.std() < 0.02
    assert REFRACTORY_US < turns.mean() < 2 * REFRACTORY_US


def test_excitation_makes_a_neuron_fire_and_inhibition_prevents_it(bench: Bench) -> None:
    counts = []
    for inhibited in (False, True):
        builder = bench.begin()
        setting = Setting(builder)
        for row in range(3):
            setting.synapses(8 * row, {NEURON: 63})
            setting.synapses(8 * row + 1, {NEURON: 63 if inhibited else 0})
        for _ in range(5):
            setting.spikes(np.full(3, 5.0), [label(row) for row in range(3)])
            setting.wait_us(80)
        program = bench.run(builder)
        counts.append(len(chip_times(program, NEURON)))
    assert counts == [5, 0]


def test_a_poisson_source_drives_a_neuron(bench: Bench) -> None:
    """Source 0 reaches the first bus of the top half; each of its events fires the bypassed neuron."""
    builder = bench.begin()
    setting = Setting(builder)
    setting.synapses(0, {NEURON: 63}, address=5)
    setting.neuron(NEURON, enable_bypass_excitatory=True, enable_threshold_comparator=False)
    setting.backend(NEURON, refractory_time=2, reset_holdoff=15)
    bins, rate = 1000, 31
    source = containers.BackgroundSpikeSource(
        enable=True, enable_random=True, period=bins - 1, rate=rate, seed=1234, neuron_label=5, mask=0
    )
    builder.write(coord.BackgroundSpikeSourceOnDLS(0), source)
    milliseconds = 20
    builder.wait_for(125 * 1000 * milliseconds)
    builder.write(coord.BackgroundSpikeSourceOnDLS(0), containers.BackgroundSpikeSource())
    program = bench.run(builder)
    times = chip_times(program, NEURON)
    expected = milliseconds * 1e6 / 4 / bins * (rate + 1) / 256
    assert abs(len(times) - expected) < 5 * np.sqrt(expected)
    in_bins = np.diff(times) / (bins * 4e-3)
    assert np.abs(in_bins - np.round(in_bins)).max() < 0.05
    assert np.std(np.diff(times)) == pytest.approx(np.mean(np.diff(times)), rel=0.15)
