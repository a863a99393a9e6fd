"""Plasticity as an experimenter sees it: drivers, correlation, adaptation (analog-model.md 3.6, 3.7, 5.3, 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from acceptance.bench import CELLS, Setting, Trace, chip_times, label
from scipy.optimize import curve_fit

from hxtwin import containers, coord
from hxtwin.comm import ut

if TYPE_CHECKING:
    from acceptance.bench import Bench
    from numpy.typing import NDArray

NEURON = 7
EVENT = ut.MessageArray.from_messages([ut.SpikePack1ToFPGA((label(0),))], "to_fpga")
STORE, RAMP = 35, 40
"""1 LSB in a pair, time constant 10 us."""


# --- short-term plasticity --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("target_set", "first", "last"), [(0, 0.28, 0.65), (1, 0.86, 0.51)])
def test_eight_events_10_us_apart_facilitate_or_depress(
    bench: Bench, target_set: int, first: float, last: float
) -> None:
    """Amplitudes in units of the full pulse: a fast membrane on a small capacitor shows each event on its own."""
    samples = 3300
    fast = {"i_bias_synin_exc_tau": 1022, "v_threshold": 1000}
    heights = []
    for plastic in (False, True):
        builder = bench.begin(fast, membrane_capacitor_size=4)
        setting = Setting(builder)
        setting.synapses(0, {NEURON: 40})
        setting.columns(
            containers.SynapseDriverConfig,
            [0],
            enable_receiver=True,
            row_mode_bottom=containers.SynapseRowMode.EXCITATORY,
            enable_stp=plastic,
            enable_recovery=True,
            utilization=7,
            recovery=7,
            offset=7,
            select_target_voltages=target_set,
        )
        recovery = containers.CommonSTPConfig(enable_recovery_clock=True, recovery_clock_speed=7)
        builder.write(coord.CommonSTPConfigOnDLS(0), recovery)
        setting.membrane_adc(NEURON, samples=samples)
        setting.neuron(NEURON, enable_readout=True, membrane_capacitor_size=4)
        setting.wait_us(2000)
        setting.record()
        setting.spikes(12 + 10 * np.arange(8), label(0))
        setting.wait_us(60)
        trace = Trace.of(bench.run(builder), samples=samples)
        rest = trace.volts[0]
        heights.append([trace.part(begin, begin + 9.5).volts.max() - rest for begin in range(12, 92, 10)])
    plain, plastic_heights = heights
    assert np.ptp(plain) < 2e-3
    assert plastic_heights[0] / plain[0] == pytest.approx(first, abs=0.03)
    assert plastic_heights[-1] / plain[-1] == pytest.approx(last, abs=0.03)


# --- correlation ------------------------------------------------------------------------------------------------------


def correlated(bench: Bench, delays_us: NDArray[np.float64], pairs: int, *, clear: bool = False) -> NDArray[np.int64]:
    """Reads below the baseline, causal and acausal, of columns whose neuron fires so long after an event on row 0."""
    columns = 2 * np.arange(len(delays_us))
    builder = bench.begin({"syn_i_bias_store": STORE, "syn_i_bias_ramp": RAMP, "v_leak": 500})
    setting = Setting(builder)
    setting.correlation_board()
    setting.silence()
    setting.columns(
        containers.ColumnCorrelationQuad, np.arange(128), enable_internal_causal=True, enable_internal_acausal=True
    )
    setting.synapses(0, dict.fromkeys(columns.tolist(), 0))
    builder.barrier(omnibus=True)
    baseline = builder.read(coord.CADCSampleRowOnDLS(0), containers.CADCSampleRow)
    builder.barrier(omnibus=True)
    middle = 120
    order = np.argsort(delays_us, kind="stable")
    for _ in range(pairs):
        setting.wait_us(300)
        builder.reset_timer()
        sent = False
        for column, delay in zip(columns[order].tolist(), delays_us[order].tolist(), strict=True):
            if delay > 0 and not sent:
                builder.wait_until(middle * 125)
                builder.append_spikes(EVENT)
                sent = True
            builder.wait_until(round((middle + delay) * 125))
            setting.reset_neuron(column)
        if not sent:
            builder.wait_until(middle * 125)
            builder.append_spikes(EVENT)
    if clear:
        builder.write(coord.CorrelationResetRowOnDLS(0), containers.CorrelationResetRow())
    builder.barrier(omnibus=True)
    after = builder.read(coord.CADCSampleRowOnDLS(0), containers.CADCSampleRow)
    bench.run(builder)

    fallen = [getattr(baseline.get(), kind).astype(int) - getattr(after.get(), kind) for kind in ("causal", "acausal")]
    return np.stack(fallen)[:, columns]


def test_causal_correlation_falls_with_the_delay(bench: Bench) -> None:
    delays = np.array([1.0, 3.0, 6.0, 10.0, 20.0])
    causal, _ = correlated(bench, delays, 40)
    expected = 40 * 35 / STORE * np.exp(-delays / (400 / RAMP))
    np.testing.assert_allclose(causal, expected, atol=1.2)


def test_acausal_correlation_is_that_of_a_fire_before_the_event(bench: Bench) -> None:
    delays = np.array([-1.0, -5.0, -15.0])
    causal, acausal = correlated(bench, delays, 40)
    np.testing.assert_allclose(acausal, 40 * np.exp(delays / 10), atol=1.2)
    assert np.all(causal < 2)


def test_a_correlation_reset_brings_the_baseline_back(bench: Bench) -> None:
    causal, acausal = correlated(bench, np.array([1.0, 3.0]), 20, clear=True)
    assert causal.tolist() == [0, 0]
    assert acausal.tolist() == [0, 0]


# --- adaptation and exponential term ----------------------------------------------------------------------------------


@pytest.mark.parametrize("later", range(0, 13, 3))
def test_a_spike_moves_the_adaptation_voltage_which_decays(bench: Bench, later: int) -> None:
    """Whatever part of a step the spike meets: 76 mV at b 200 and pulse scale 7; time constant 96 us with tau 100."""
    samples = 9000
    builder = bench.begin({"i_bias_adapt_tau": 100, "i_bias_adapt_b": 200, "v_adapt_leak": 300})
    setting = Setting(builder)
    setting.columns(
        containers.CommonNeuronBackendConfig, np.arange(2), clock_scale_slow=3, clock_scale_adaptation_pulse=7
    )
    setting.membrane_adc(NEURON, samples=samples)
    setting.neuron(NEURON, enable_readout=True, readout_source=3, enable_adaptation=True)
    setting.backend(NEURON, enable_adaptation_pulse=True)
    setting.wait_us(500)
    setting.record()
    builder.wait_for(1500 + later)
    setting.reset_neuron(NEURON)
    setting.wait_us(300)
    trace = Trace.of(bench.run(builder), samples=samples)
    moved = trace.volts - trace.volts[0]
    assert moved.max() == pytest.approx(0.076, abs=0.002)
    decay = trace.part(20, 290)
    (_, tau), _ = curve_fit(
        lambda t, a, tau: a * np.exp(-t / tau), decay.times, decay.volts - trace.volts[0], (0.07, 90)
    )
    assert tau == pytest.approx(2.7e-12 / 28e-9 * 1e6, rel=0.01)


NAMES = (
    "i_bias_leak",
    "v_leak",
    "v_reset",
    "v_exp",
    "i_bias_exp",
    "i_bias_adapt_tau",
    "i_bias_adapt_a",
    "i_bias_adapt_b",
)
PATTERNS = {
    "tonic": ((154, 680, 694, 778, 861, 121, 26, 431), True, 4, 347, 79),
    "adapting": ((112, 521, 584, 573, 767, 62, 11, 341), False, 7, 489, 16),
    "bursting": ((144, 700, 671, 593, 754, 37, 109, 350), True, 7, 109, 24),
    "transient": ((285, 607, 394, 602, 104, 20, 176, 241), True, 5, 384, 6),
}
"""Cells, leak division, scale of the adaptation pulse, code of the current step, spikes in 2 ms."""


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_of_the_adaptive_exponential_neuron(bench: Bench, name: str) -> None:
    """Response to a current step of 2 ms; another scheme has made the number of spikes of the table."""
    cells, division, scale, step, spikes = PATTERNS[name]
    own = np.arange(512) == NEURON
    codes = {cell: np.where(own, code, CELLS.get(cell, 0)) for cell, code in zip(NAMES, cells, strict=True)}
    codes["v_adapt_leak"] = np.where(own, cells[1] - 200, 500)
    codes["i_mem_offset"] = np.where(own, step, 0)
    builder = bench.begin({**codes, "v_threshold": 600})
    setting = Setting(builder)
    setting.columns(
        containers.CommonNeuronBackendConfig, np.arange(2), clock_scale_slow=3, clock_scale_adaptation_pulse=scale
    )
    setting.backend(NEURON, enable_adaptation_pulse=True, refractory_time=32)
    switches = {"enable_adaptation": True, "enable_exponential": True, "enable_pause": True}
    switches["enable_leak_division"] = division
    for current in (False, True, False):
        setting.neuron(NEURON, enable_membrane_offset=current, **switches)
        setting.wait_us(2000)
    times = chip_times(bench.run(builder), NEURON)
    intervals = np.diff(times)
    assert len(times) == pytest.approx(spikes, rel=0.15)
    match name:
        case "tonic":
            assert intervals[5:].std() < 0.05 * intervals[5:].mean()
        case "adapting":
            assert intervals[-1] > 1.5 * intervals[0]
        case "bursting":
            assert intervals.max() > 10 * intervals.min()
        case _:
            assert times[-1] - times[0] < 1000
