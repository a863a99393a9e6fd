"""Correlation sensors (analog-model.md 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.chipsim.analog.arrays import Fires
from hxtwin.chipsim.analog.correlation_kernel import correlate
from hxtwin.chipsim.elaborate.cap_mem import SHAPE, SHARED_CELLS, CellValues
from hxtwin.chipsim.elaborate.correlation import elaborate_correlation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.elaborate.correlation import CorrelationParameters
    from tests.chipsim_analog.experiment import Stimulus


ZEROS = np.zeros((512, 256), dtype=np.uint8)


def sensors(
    store: float = 70, ramp: float = 80, amp: float = 0, time: float = 0, v_res_meas: float = 0.9
) -> CorrelationParameters:
    codes = np.zeros(SHAPE)
    for name, value in {"syn_i_bias_store": store, "syn_i_bias_ramp": ramp}.items():
        row, column = SHARED_CELLS[name]
        codes[:, row, column] = value
    return elaborate_correlation(ZEROS + np.uint8(amp), ZEROS + np.uint8(time), CellValues.of(codes), v_res_meas)


def run(
    events: Stimulus,
    pre: list[float],
    post: list[float],
    parameters: CorrelationParameters,
    circuit: int = 260,
    row: int = 300,
) -> NDArray[np.float32]:
    """Storage of one synapse after pre pulses to its row and post pulses of its column, in us."""
    storage = np.zeros((2, 512, 256), dtype=np.float32)
    never = np.full((512, 256), -1, dtype=np.int64)
    cycles = np.round(np.asarray(post, dtype=float) * 250).astype(np.int64)
    posts = Fires(cycles, np.full(len(cycles), circuit, dtype=np.int64))
    stimulus = events(np.round(np.asarray(pre, dtype=float) * 250).astype(np.int64), rows=row)
    correlate(stimulus, posts, ZEROS, parameters, never, np.full(512, -1, dtype=np.int64), storage)
    return storage


@pytest.mark.parametrize("dt", [0.5, 2, 5, 20])
def test_causal_curve(events: Stimulus, dt: float) -> None:
    storage = run(events, [10], [10 + dt], sensors())
    assert storage[0, 300, 4] == pytest.approx(0.5 * np.exp(-dt / 5), rel=1e-3)
    assert np.count_nonzero(storage) == 1


@pytest.mark.parametrize("dt", [0.5, 2, 5, 20])
def test_acausal_curve(events: Stimulus, dt: float) -> None:
    storage = run(events, [10 + dt], [10], sensors())
    assert storage[1, 300, 4] == pytest.approx(0.5 * np.exp(-dt / 5), rel=1e-3)
    assert np.count_nonzero(storage) == 1


def test_only_nearest_pairs_count(events: Stimulus) -> None:
    storage = run(events, [0, 10], [12, 14], sensors())
    assert storage[0, 300, 4] == pytest.approx(0.5 * np.exp(-2 / 5), rel=1e-3)
    assert storage[1, 300, 4] == 0


@pytest.mark.parametrize(
    ("setting", "amplitude", "tau_us"),
    [
        ({"store": 175}, 0.2, 5),
        ({"store": 17.5}, 2.0, 5),
        ({"ramp": 200}, 0.5, 2),
        ({"ramp": 400 / 30}, 0.5, 30),
        ({"v_res_meas": 0.95, "store": 70 * np.e}, 0.5, 5),
        ({"amp": 1}, 0.625, 5),
        ({"amp": 2, "time": 3}, 0.625, 8.75),
    ],
)
def test_laws(events: Stimulus, setting: dict[str, float], amplitude: float, tau_us: float) -> None:
    p = sensors(**setting)
    assert p.amplitude[0, 0, 0] == pytest.approx(amplitude, rel=1e-3)
    assert 4e-3 / p.rate[1, 0, 0] == pytest.approx(tau_us, rel=1e-3)
