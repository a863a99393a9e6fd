"""Fits of exponential decays against their closed form, and against a fit of every single trace."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit

from hxtwin.calib.errors import CalibNotSuccessful
from hxtwin.calib.exponential_fit import FitBounds, fit_decays, fit_reads

INTERVAL_S = 34e-9
BOUNDS = FitBounds(tau_s=(0.1e-6, 2000e-6))


def _decays(count: int, samples: int, noise: float, seed: int = 3) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    tau = np.exp(rng.uniform(np.log(0.5e-6), np.log(20e-6), count))
    offset, amplitude = rng.uniform(200, 400, count), rng.uniform(50, 200, count)
    time = np.arange(samples) * INTERVAL_S
    clean = offset[:, None] + amplitude[:, None] * np.exp(-time / tau[:, None])
    return tau, offset, amplitude, clean + rng.normal(0, noise, clean.shape)


def test_time_constants_of_noisy_decays_are_found() -> None:
    tau, offset, amplitude, traces = _decays(64, 2600, 1.3)
    whole = np.full(64, traces.shape[1])
    fit = fit_decays(traces, INTERVAL_S, np.zeros(64, int), whole, traces[:, -10:].mean(axis=1), BOUNDS)
    assert np.abs(fit.tau_s / tau - 1).max() < 0.04
    assert np.abs(fit.offset - offset).max() < 1
    assert np.abs(fit.amplitude / amplitude - 1).max() < 0.05
    assert fit.usable.all()


def test_the_fit_of_all_traces_is_the_fit_of_each() -> None:
    _, _, amplitude, traces = _decays(4, 2400, 1.3)
    fit = fit_decays(traces, INTERVAL_S, np.zeros(4, int), np.full(4, 2400), traces[:, -10:].mean(axis=1), BOUNDS)
    time = np.arange(2400) * INTERVAL_S
    for i in range(4):
        end = traces[i, -10:].mean()
        guess = (end, amplitude[i], 4e-6)
        limits = ([end - 10, -np.inf, 0.1e-6], [end + 10, np.inf, 2e-3])
        single, _ = curve_fit(
            lambda t, o, a, k: o + a * np.exp(-t / k), time, traces[i], p0=guess, bounds=limits, x_scale=guess
        )
        assert fit.tau_s[i] == pytest.approx(single[2], rel=4e-3)


def test_only_the_chosen_part_of_a_trace_counts() -> None:
    tau, _, _, traces = _decays(8, 1500, 0.0)
    traces[:, :100], traces[:, 1400:] = 1000.0, 0.0
    end = traces[:, 1390:1400].mean(axis=1)
    fit = fit_decays(traces, INTERVAL_S, np.full(8, 100), np.full(8, 1400), end, BOUNDS)
    assert np.abs(fit.tau_s / tau - 1).max() < 1e-3


def test_a_trace_without_decay_is_not_usable() -> None:
    flat = np.full((2, 400), 300.0) + np.random.default_rng(0).normal(0, 1.3, (2, 400))
    fit = fit_decays(flat, INTERVAL_S, np.zeros(2, int), np.full(2, 400), np.full(2, 300.0), BOUNDS)
    assert not fit.usable.any()
    with pytest.raises(CalibNotSuccessful, match="2 traces, the first of neuron 0, are too short"):
        fit_decays(flat, INTERVAL_S, np.full(2, 396), np.full(2, 400), np.full(2, 300.0), BOUNDS)


def test_bounds_of_the_amplitude_are_kept() -> None:
    _, _, _, traces = _decays(3, 400, 0.5)
    bounds = FitBounds(tau_s=(0.1e-6, 2e-3), amplitude=(-1023.0, 0.0))
    fit = fit_decays(traces, INTERVAL_S, np.zeros(3, int), np.full(3, 400), traces[:, -10:].mean(axis=1), bounds)
    assert (fit.amplitude <= 0).all()


def test_few_reads_at_times_of_their_own_tell_the_time_constant() -> None:
    rng = np.random.default_rng(5)
    tau, end = rng.uniform(5e-6, 20e-6, 32), rng.uniform(90, 130, 32)
    time = np.array([1, 4, 8, 12, 18]) * 1e-6 + rng.uniform(0, 2e-6, (32, 1))
    values = end[:, np.newaxis] - 50 * np.exp(-time / tau[:, np.newaxis])
    bounds = FitBounds(tau_s=(0.1e-6, 2000e-6), amplitude=(-255.0, 0.0), offset_freedom=0.0)
    fit = fit_reads(time, values, end, bounds)
    assert np.abs(fit.tau_s / tau - 1).max() < 1e-3
    assert np.abs(fit.amplitude + 50).max() < 0.1
    assert np.array_equal(fit.offset, end)
    assert fit.usable.all()
