"""Fits of exponential decays against their closed form, and against a fit of every single trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import curve_fit

from hxtwin.calib.calib import Calib, ParameterRange
from hxtwin.calib.errors import CalibNotSuccessful
from hxtwin.calib.exponential_fit import ExponentialFit, FitBounds, fit_decays, fit_reads
from hxtwin.calib.routines.compartment_conductance import CompartmentConductance
from hxtwin.calib.routines.membrane_time_constant import MembraneTimeConstOffset, MembraneTimeConstReset
from hxtwin.calib.routines.synaptic_time_constant import SynTimeConstant, SynTimeConstantRead
from hxtwin.calib.search import BinarySearch
from hxtwin.calib.spiking_steps import Flow
from hxtwin.calib.target import SpikingCalibOptions, SpikingCalibTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection
    from hxtwin.runtime import PlaybackProgramBuilder

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


class FittedCalib(Calib):
    """Observable and parameter agree; fits of instance 0 are never trusted, of instance 1 only below 300."""

    def __init__(self) -> None:
        super().__init__(ParameterRange(0, 1022), 3, target=[400, 500, 600])
        self._tested = np.zeros(3, dtype=np.int64)

    def configure_parameters(
        self, connection: StatefulConnection, builder: PlaybackProgramBuilder, parameters: NDArray[np.int64]
    ) -> None:
        self._tested = np.array(parameters)

    def measure_results(self, connection: StatefulConnection, builder: PlaybackProgramBuilder) -> NDArray[np.float64]:
        return self._tested.astype(np.float64)

    def usable_fits(self) -> NDArray[np.bool_] | None:
        return np.array([False, self._tested[1] < 300, self._tested[2] == 600])


def test_fits_that_cannot_be_trusted_are_reported_by_neuron(
    nowhere: StatefulConnection, caplog: pytest.LogCaptureFixture
) -> None:
    calib = FittedCalib()
    result = calib.run(nowhere, BinarySearch())
    assert result.success.all()
    assert calib.trusted is not None
    assert calib.trusted.tolist() == [False, False, True], "as they were measured with the chosen parameters"
    assert "FittedCalib: fits of 0, 1 cannot be trusted" in caplog.text


def test_measured_values_of_such_fits_are_no_numbers(nowhere: StatefulConnection) -> None:
    flow = Flow(nowhere, SpikingCalibTarget(), SpikingCalibOptions())
    flow.note("fitted", FittedCalib(), BinarySearch())
    assert np.isnan(flow.measured["fitted"]).tolist() == [True, True, False]
    assert flow.measured["fitted"][2] == 600
    assert flow.success["fitted"].all()


def test_traces_without_decay_are_told_by_every_routine_that_fits() -> None:
    ones = np.ones(512)
    flat = ExponentialFit(ones, ones, ones, ones, usable=np.arange(512) > 5)
    for calib in (
        MembraneTimeConstReset(1e-6),
        MembraneTimeConstOffset(10e-6),
        SynTimeConstant("excitatory", 1e-6),
        SynTimeConstantRead("excitatory", 10e-6),
        CompartmentConductance(2e-6),
    ):
        assert calib.usable_fits() is None, "nothing is measured yet"
        calib.fit = flat
        usable = calib.usable_fits()
        assert usable is not None
        assert np.flatnonzero(~usable).tolist() == [0, 1, 2, 3, 4, 5]
