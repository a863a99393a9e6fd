"""Bits of single synapses: the choice between the combinations, the order of the columns, and a twin with mismatch."""

from __future__ import annotations

import numpy as np
import pytest

import hxtwin
from hxtwin.calib.correlation_target import CorrelationCalibOptions, CorrelationCalibTarget
from hxtwin.calib.measurement_chip import configure_chip
from hxtwin.calib.routines import correlation, correlation_synapses
from hxtwin.calib.routines.cadc import calibrate_cadc
from hxtwin.calib.routines.correlation import calibrate_correlation
from hxtwin.calib.routines.correlation_measurement import GROUPS, SensorEstimate, sensor_columns
from hxtwin.calib.routines.correlation_synapses import choose, gain, measured_synapses, score
from hxtwin.calib.stateful_connection import StatefulConnection

TARGET = CorrelationCalibTarget(amplitude=1.0, time_constant=10e-6)


def test_the_groups_are_all_columns_each_once() -> None:
    columns = np.concatenate([sensor_columns(group) for group in range(GROUPS)])
    assert sorted(columns.tolist()) == list(range(256))
    assert all((sensor_columns(group)[:16] < 128).all() for group in range(GROUPS))


@pytest.mark.parametrize(("priority", "wanted"), [(0.0, 0.25), (1.0, 0.01), (0.3, 0.7 * 0.25 + 0.3 * 0.01)])
def test_the_score_weighs_relative_deviations(priority: float, wanted: float) -> None:
    found = SensorEstimate(np.full((2, 4, 16), 1.5), np.full((2, 4, 16), 9e-6))
    options = CorrelationCalibOptions(time_constant_priority=priority)
    assert score(found, TARGET, options) == pytest.approx(np.full((4, 16), wanted))


def test_bits_are_chosen_along_both_axes_independently() -> None:
    scores = np.ones((4, 4, 3))
    scores[2, :, 0] = 0.5  # synapse 0: amplitude bits 2 are best on the mean, time constant bits 1
    scores[:, 1, 0] = 0.5
    scores[:, :, 1] = np.nan  # synapse 1: nothing is known
    scores[:, :, 2] = np.arange(16).reshape(4, 4)
    scores[0, 0, 2] = np.nan  # synapse 2: the best combination is undetermined
    amp, time = choose(scores, 1, 3)
    assert amp.tolist() == [2, 1, 0]
    assert time.tolist() == [1, 3, 1]


def test_the_gain_compares_what_was_chosen_with_the_bits_of_all() -> None:
    scores = np.full((4, 4, 1, 4, 2), 1.0)
    scores[2, 3, 0, :, 0] = 0.5
    scores[0, 0, 0, 1, 1] = np.nan  # without a score for the bits of all a synapse does not count
    scores[0, 0, 0, 3] = np.nan
    chosen = np.full((1, 4, 2), 2, dtype=np.uint8), np.full((1, 4, 2), 3, dtype=np.uint8)
    found = gain(scores, chosen, CorrelationCalibOptions())
    assert found[0, :3].tolist() == [1.0, 1.0, 1.0]
    assert found[1, :3].tolist() == [0.75, 0.5, 0.75]
    assert np.isnan(found[:, 3]).all()


def test_the_measured_synapses_are_the_first_rows_of_the_groups() -> None:
    assert not measured_synapses(CorrelationCalibOptions()).any()
    some = measured_synapses(CorrelationCalibOptions(calibrate_synapses=True, synapse_rows=8, synapse_groups=1))
    assert some.sum() == 512
    assert np.flatnonzero(some.any(axis=1)).tolist() == [*range(8), *range(256, 264)]
    assert sorted(sensor_columns(0).tolist()) == np.flatnonzero(some[0]).tolist()
    assert measured_synapses(CorrelationCalibOptions(calibrate_synapses=True)).all()


@pytest.mark.slow
def test_bits_of_the_measured_synapses_differ_and_all_others_keep_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    # few pairs and delays: the order of synapses is looked at, not how good the bits are
    delays = np.array([1, 2.5, 5]) * 1e-6
    monkeypatch.setattr(correlation_synapses, "_DELAYS_S", delays)
    monkeypatch.setattr(correlation, "_TAU_DELAYS_S", delays)
    monkeypatch.setattr(correlation, "_TAU_EVENTS", 35)
    options = CorrelationCalibOptions(calibrate_synapses=True, synapse_rows=2, synapse_groups=1)
    with hxtwin.connect("sim://?chip=7") as connection:
        device = StatefulConnection(connection)
        calibrate_cadc(device)
        configure_chip(device)
        before = device.chip
        parts: list[tuple[int, int]] = []
        result = calibrate_correlation(
            device, CorrelationCalibTarget(amplitude=2.0), options, on_part=lambda *part: parts.append(part)
        )
        assert parts == [(done, 16) for done in range(17)]
        same = before.synapse_blocks["matrix.amp_calibs"]
        assert np.array_equal(device.chip.synapse_blocks["matrix.amp_calibs"], same), "the chip is restored"
    measured = np.ix_(np.array([0, 1, 256, 257]), sensor_columns(0))
    for bits in (result.amp_calib, result.time_calib):
        assert len(np.unique(bits[measured])) > 1
        others = np.array(bits)
        others[measured] = 0
        assert not others.any()
    columns = result.columns()
    assert columns["synapse_blocks.matrix.amp_calibs"].shape == (2, 256, 256)
    assert np.array_equal(columns["synapse_blocks.matrix.amp_calibs"][1, 1], result.amp_calib[257])
