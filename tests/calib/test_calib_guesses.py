"""Guesses and estimates without a chip: where searches begin, what sensors tell, targets by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hxtwin.calib.calib import ParameterRange
from hxtwin.calib.correlation_target import CorrelationCalibTarget
from hxtwin.calib.errors import CalibNotSupported
from hxtwin.calib.operating_points import OperatingPoint, operating_point
from hxtwin.calib.routines.correlation import _median
from hxtwin.calib.routines.correlation_measurement import _estimate
from hxtwin.calib.routines.synaptic_time_constant import codes_of
from hxtwin.calib.search import ProportionalSearch
from hxtwin.calib.target import SpikingCalibTarget

if TYPE_CHECKING:
    from hxtwin.calib.stateful_connection import StatefulConnection


def test_a_search_begins_where_the_calibration_guesses(synthetic: Any, nowhere: StatefulConnection) -> None:
    calib = synthetic(lambda p: 1000.0 / p, ParameterRange(0, 1022), 4, inverted=True, target=5.0)
    calib.start = np.array([100, 200, 300, 2000])
    found = ProportionalSearch(measurements=3).run(nowhere, calib)
    assert calib.tested[0].tolist() == [100, 200, 300, 1022]
    assert found.tolist() == [200, 200, 200, 200]


def test_codes_are_inverse_to_time_constants_and_largest_where_nothing_is_known() -> None:
    charge = np.array([1e-3, 2e-3, np.inf, 1e-9])
    assert codes_of(charge, 10e-6).tolist() == [100, 200, 1022, 1]


def test_delays_tell_amplitude_and_time_constant_of_sensors() -> None:
    delays = np.array([1.0, 2.5, 5.0, 10.0]) * 1e-6
    amplitude = np.linspace(0.4, 0.8, 16)
    lowered = np.broadcast_to(
        140 * amplitude * np.exp(-delays / 5e-6)[:, np.newaxis, np.newaxis], (2, len(delays), 4, 16)
    )
    found = _estimate(lowered, delays, 140)
    assert found.tau_s == pytest.approx(np.full((2, 4, 16), 5e-6))
    assert found.amplitude == pytest.approx(np.broadcast_to(amplitude, (2, 4, 16)))
    assert _median(found.amplitude) == pytest.approx(np.full(4, 0.6))


def test_sensors_that_read_nothing_are_undetermined() -> None:
    found = _estimate(np.zeros((2, 4, 4, 16)), np.array([1.0, 2.5, 5.0, 10.0]) * 1e-6, 140)
    assert np.isnan(_median(found.amplitude)).all()


def test_a_correlation_target_without_time_is_refused() -> None:
    with pytest.raises(CalibNotSupported, match="larger than 0"):
        CorrelationCalibTarget(time_constant=0)


def test_operating_points_are_targets_that_can_be_changed() -> None:
    assert operating_point("lif").neuron.gm == SpikingCalibTarget().neuron.gm == (500, 500)
    hidden = operating_point(OperatingPoint.MNIST_HIDDEN, tau_mem=8e-6).neuron
    assert hidden.gm == (800, 800)
    assert float(hidden.tau_mem) == 8e-6
    assert float(hidden.tau_syn) == 5.7e-6
    assert operating_point("mnist-readout").neuron.gm == (400, 400)
    with pytest.raises(ValueError, match="lifo"):
        operating_point("lifo")
