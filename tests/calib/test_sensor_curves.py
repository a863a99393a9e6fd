"""Curves of correlation sensors: fits against their closed form, and criteria on a twin with mismatch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import pytest

import hxtwin
from hxtwin.calib import spiking
from hxtwin.calib.cache import Cache
from hxtwin.calib.correlation_target import CorrelationCalibTarget
from hxtwin.calib.routines.correlation import CorrelationCalibResult
from hxtwin.calib.routines.correlation_synapses import SynapseBits
from hxtwin.calib.sensor_curves import fit_curves, percentiles
from hxtwin.calib.spiking_steps import steps_of
from hxtwin.calib.target import SpikingCalibTarget
from hxtwin.calib.verification import verify

if TYPE_CHECKING:
    from hxtwin.calib.spiking_result import SpikingCalibrationResult

TARGET = CorrelationCalibTarget(amplitude=1.5, time_constant=10e-6)
DELAYS_S = np.array([1, 2, 5, 10, 20, 40]) * 1e-6


def test_curves_give_amplitude_and_time_constant_of_every_sensor() -> None:
    rng = np.random.default_rng(2)
    amplitude, tau = rng.uniform(0.5, 2, (2, 4, 5)), rng.uniform(3e-6, 20e-6, (2, 4, 5))
    decay = np.exp(-DELAYS_S[:, np.newaxis, np.newaxis] / tau[:, np.newaxis])
    found = fit_curves(40 * amplitude[:, np.newaxis] * decay + 3, DELAYS_S, 40)
    assert found.amplitude == pytest.approx(amplitude, rel=1e-3)
    assert found.tau_s == pytest.approx(tau, rel=1e-3)


def test_sensors_without_reads_are_unknown() -> None:
    lowered = np.full((2, 6, 4, 2), np.nan)
    found = fit_curves(lowered, DELAYS_S, 40)
    assert np.isnan(found.amplitude).all()
    assert np.isnan(percentiles(found.tau_s)).all()


def test_percentiles_are_those_of_the_worst_quadrants() -> None:
    values = np.ones((2, 4, 10))
    values[:, 1], values[:, 3] = 0.4, 2.5
    values[0, 1, 0] = 100
    values[0, 0, :9] = np.nan
    assert percentiles(values) == (0.4, 2.5)
    values[1, 0, :2] = np.nan
    assert np.isnan(percentiles(values)).all(), "most of a quadrant is unknown"


@pytest.mark.slow
def test_sensors_meet_their_criteria_or_miss_them_with_other_biases(monkeypatch: pytest.MonkeyPatch) -> None:
    first = steps_of
    monkeypatch.setattr(spiking, "steps_of", lambda flow: first(flow)[:2])
    with hxtwin.connect("sim://?chip=8") as connection:
        plain = spiking.calibrate(connection, cache=Cache.off())
        nominal = _with_sensors(plain, store=35 / 1.5, ramp=400 / 10)
        assert verify(connection, nominal, quantities=("correlation",)).passed
        missed = verify(connection, _with_sensors(plain, store=4 * 35 / 1.5, ramp=4 * 40), quantities=("correlation",))
        assert any(name.startswith("correlation amplitude: smallest") for name in missed.missed)
        assert any(name.startswith("correlation time constant: smallest") for name in missed.missed)
        assert verify(connection, plain, quantities=("correlation",)).criteria[-1].name == "usable circuits"


def _with_sensors(plain: SpikingCalibrationResult, store: float, ramp: float) -> SpikingCalibrationResult:
    """A calibration with given biases of the sensors: amplitude and time constant are inverse to them."""
    bits = SynapseBits.uniform(plain.options.correlation)
    sensors = CorrelationCalibResult(
        i_bias_ramp=np.full(4, round(ramp)),
        i_bias_store=np.full(4, round(store)),
        amplitude=np.full(4, TARGET.amplitude),
        time_constant=np.full(4, TARGET.time_constant),
        success=np.ones(4, dtype=bool),
        amp_calib=bits.amp_calib,
        time_calib=bits.time_calib,
        synapse_score=bits.score,
        options=plain.options.correlation,
    )
    target = SpikingCalibTarget(correlation=TARGET)
    return attrs.evolve(plain, target=target, correlation=sensors)
