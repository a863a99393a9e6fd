"""Converters and the clock of the twin as a client sees them (analog-model.md 7, simulator-decisions.md 27, 35-37)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from acceptance.bench import INVALID_SAMPLES, SAMPLE_US, Bench, Setting, chip_times, label

from hxtwin import containers, coord
from hxtwin.chipsim import Probe, Twin, TwinOptions
from hxtwin.comm.in_process import InProcessConnection

EVEN, ODD = 8, 256 + 13


# --- membrane ADC -----------------------------------------------------------------------------------------------------


def test_samples_come_at_29_41_megahertz_and_the_first_8_us_are_invalid(bench: Bench) -> None:
    samples = 3000
    builder = bench.begin()
    setting = Setting(builder)
    setting.membrane_adc(EVEN, samples=samples)
    setting.record()
    setting.wait_us(110)
    found = bench.run(builder).madc_samples
    assert len(found) == samples
    times = found["chip_time"].astype(np.int64)
    assert (times[-1] - times[0]) * 8e-3 / (samples - 1) == pytest.approx(SAMPLE_US, rel=1e-4)
    assert set(np.diff(times).tolist()) == {4, 5}
    values = found["value"].astype(np.int64)
    assert np.all(values[INVALID_SAMPLES:] == values[-1])
    assert values[0] == 0
    assert np.all(np.diff(values[:INVALID_SAMPLES]) >= 0)
    assert values[INVALID_SAMPLES // 2] < values[-1] - 10


def test_two_channels_alternate_and_the_channel_bit_names_the_sample_before(bench: Bench) -> None:
    leak = np.full(512, 574)
    leak[EVEN], leak[ODD] = 550, 650
    samples = 600
    builder = bench.begin({"v_leak": leak})
    setting = Setting(builder)
    setting.membrane_adc(EVEN, ODD, samples=samples)
    setting.record()
    setting.wait_us(30)
    found = bench.run(builder).madc_samples[INVALID_SAMPLES:]
    values, channels = found["value"].astype(np.int64), found["channel"]
    expected = np.round([0.79 * 550 - 150, 0.79 * 650 - 150])
    first = INVALID_SAMPLES % 2
    np.testing.assert_allclose(values[first::2], expected[0], atol=1)
    np.testing.assert_allclose(values[1 - first :: 2], expected[1], atol=1)
    assert set(channels[first::2].tolist()) == {1}
    assert set(channels[1 - first :: 2].tolist()) == {0}


def test_a_spiking_neuron_is_seen_by_the_membrane_adc_at_the_time_of_its_spikes(bench: Bench) -> None:
    leak = np.where(np.arange(512) == EVEN, 800, 574)
    builder = bench.begin({"v_leak": leak})
    setting = Setting(builder)
    setting.membrane_adc(EVEN, samples=3000)
    setting.record()
    setting.wait_us(110)
    program = bench.run(builder)
    samples = program.madc_samples[INVALID_SAMPLES:]
    values, times = samples["value"].astype(np.int64), samples["chip_time"].astype(np.int64)
    spikes = program.spikes["chip_time"].astype(np.int64)
    inside = spikes[(spikes > times[0] + 200) & (spikes < times[-1] - 200)]
    assert len(inside) > 4
    for spike in inside.tolist():
        near = np.flatnonzero(np.abs(times - spike) < 200)
        peak = times[near[values[near] == values[near].max()][-1]]
        assert abs(peak - spike) <= 12 + 8  # 0.1 us of a step, and the way to the crossbar


# --- column ADC -------------------------------------------------------------------------------------------------------


def test_rows_of_the_two_halves_that_are_read_one_after_the_other_are_100_us_apart(bench: Bench) -> None:
    """Two slow membranes recover from a reset."""
    builder = bench.begin({"i_bias_leak": 30, "v_reset": 400})
    setting = Setting(builder)
    setting.neuron([EVEN, ODD], enable_leak_division=True, enable_threshold_comparator=False)
    setting.wait_us(3000)
    for circuit in (EVEN, ODD):
        setting.reset_neuron(circuit)
    setting.wait_us(3)
    tickets = []
    for row in (0, 256):
        tickets.append(builder.read(coord.CADCSampleRowOnDLS(row), containers.CADCSampleRow))
        builder.barrier(omnibus=True)
    bench.run(builder)
    top, bottom = (ticket.get().causal for ticket in tickets)
    tau = 2.33e-12 / (1.5e-9 * 30 / 1.015 / 8) * 1e6
    low = (1.5e-3 * (0.77 * 400 - 60) - 35e-3 - 0.060675) / 4.5e-3
    rest = (0.42019 - 0.060675) / 4.5e-3
    assert int(top[EVEN]) == pytest.approx(rest - (rest - low) * np.exp(-5 / tau), abs=1)
    assert int(bottom[ODD - 256]) == pytest.approx(rest - (rest - low) * np.exp(-105 / tau), abs=1)


# --- fast-forward -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settle", "noise", "most"), [("law", False, 40_000), ("law", True, 40_000), ("instant", True, 5_000)]
)
def test_a_wait_of_100_ms_at_rest_is_not_integrated(settle: Literal["law", "instant"], noise: bool, most: int) -> None:
    """A trace of a membrane has no values where all neurons sleep; 100 ms are a million steps.

    While cells settle, neurons wake at each look at them, for some microseconds.
    """
    probe = Probe(signals=(), circuits=(EVEN,))
    twin = Twin(options=TwinOptions(chip=None, noise=noise, settle=settle), probe=probe)
    with InProcessConnection(twin) as connection:
        bench = Bench(connection)
        builder = bench.begin()
        builder.wait_for(125 * 100_000)
        bench.run(builder)
    times, _ = probe.membrane(EVEN)
    assert times[-1] * 4e-6 > 100 or settle == "instant"
    assert 0 < len(times) < most


def test_events_after_a_long_wait_wake_their_neuron_alone(bench: Bench) -> None:
    builder = bench.begin()
    setting = Setting(builder)
    for row in range(3):
        setting.synapses(8 * row, {EVEN: 63})
    setting.wait_us(50_000)
    setting.spikes(np.full(3, 1.0), [label(row) for row in range(3)])
    setting.wait_us(50)
    times = chip_times(bench.run(builder), EVEN)
    assert len(times) == 1
    assert times[0] > 50_000
