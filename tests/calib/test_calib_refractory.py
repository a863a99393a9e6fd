"""Refractory settings: a calculation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.calib.errors import CalibNotSupported, TargetShapeError
from hxtwin.calib.routines.refractory import period_s, refractory_settings


@pytest.mark.parametrize(
    ("time_us", "scale", "counter"), [(2, 3, 32), (1.5, 2, 47), (1, 2, 32), (10, 4, 79), (20, 4, 157)]
)
def test_uniform_times_give_the_examples_of_the_reference(time_us: float, scale: int, counter: int) -> None:
    found = refractory_settings(time_us * 1e-6)
    assert found.scale_fast == scale
    assert np.array_equal(found.refractory_time, [counter] * 512)
    assert np.array_equal(found.reset_holdoff, [15] * 512)
    assert found.fast.all()


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.floats(0.5e-6, 3e-6), st.floats(5e-6, 30e-6), st.floats(0.3e-6, 2e-6))
def test_times_are_met_within_a_clock_period(fast: float, slow: float, holdoff: float) -> None:
    times = np.where(np.arange(512) < 256, fast, slow)
    holdoffs = np.where(np.arange(512) < 256, 0, holdoff)
    found = refractory_settings(times, holdoffs)
    period = found.periods_s()
    assert np.abs(found.refractory_time * period - times).max() <= (1.1 * period).max()
    reached = (0x1F - 2 * found.reset_holdoff) * period
    assert (np.abs(reached - holdoffs) <= 2.1 * period).all()


def test_neurons_on_the_fast_clock_get_their_holdoff() -> None:
    holdoff = np.where(np.arange(512) % 2, 0.4e-6, 0.0)
    found = refractory_settings(2e-6, holdoff)
    assert found.fast.all()
    reached = (0x1F - 2 * found.reset_holdoff) * found.periods_s()
    assert np.abs(reached - holdoff).max() <= 2.1 * found.periods_s().max()


def test_a_long_holdoff_moves_neurons_to_the_slow_clock() -> None:
    holdoff = np.where(np.arange(512) < 10, 3e-6, 0)
    found = refractory_settings(2e-6, holdoff)
    assert not found.fast[:10].any()
    assert found.fast[10:].all()
    assert period_s(found.scale_slow) * 31 >= 3e-6


def test_impossible_times_are_refused() -> None:
    with pytest.raises(TargetShapeError, match=r"\(3,\)"):
        refractory_settings([1e-6, 2e-6, 3e-6])
    with pytest.raises(CalibNotSupported, match="not negative"):
        refractory_settings(-1e-6)
    with pytest.raises(CalibNotSupported, match="no clock is slow enough"):
        refractory_settings(0.1)
