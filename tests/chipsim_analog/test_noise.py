"""Temporal noise (analog-model.md 9, simulator-decisions.md 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.chipsim.analog import noise_kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from tests.chipsim_analog.experiment import Make


def noise(sources: ArrayLike, steps: int, key: int = 1) -> NDArray[np.float32]:
    values = np.zeros((steps, np.size(sources)), dtype=np.float32)
    for step in range(steps):
        noise_kernel.add(
            values[step],
            np.float32(1),
            np.asarray(sources, dtype=np.uint32),
            np.uint64(key),
            noise_kernel.MEMBRANE,
            step,
        )
    return values


def test_numbers_have_mean_0_and_variance_1_and_do_not_repeat() -> None:
    values = noise(np.arange(512), 400)
    n = values.size
    assert abs(values.mean()) < 4 / np.sqrt(n)
    assert values.var() == pytest.approx(1, abs=4 * np.sqrt(2 / n))
    along_time = np.corrcoef(values[:-1].ravel(), values[1:].ravel())[0, 1]
    along_sources = np.corrcoef(values[:, :-1].ravel(), values[:, 1:].ravel())[0, 1]
    assert max(abs(along_time), abs(along_sources)) < 4 / np.sqrt(n)


def test_a_number_depends_only_on_key_kind_source_and_time() -> None:
    values = noise(np.arange(512), 3)
    np.testing.assert_array_equal(noise([7, 300], 3), values[:, [7, 300]])
    assert not np.any(noise(np.arange(512), 3, key=2) == values, axis=0).all()


@pytest.mark.parametrize("step", [25.0, 12.5])
def test_membrane_noise_is_2_mv_at_10_us_and_grows_with_the_root_of_tau(experiment: Make, step: float) -> None:
    # 20, 168, 1022: 78.4, 10.0, 2.3 us
    leak = np.full(512, 168)
    leak[:128], leak[128:256] = 60, 1022
    e = experiment({"i_bias_leak": leak}, {"enable_threshold_comparator": False})
    e.run(200, noise_key=11, step_cycles=step)
    first = round(200e-6 / 4e-9 / step)
    trace = e.go_on(first, first + 2000, probes=tuple(range(512))).trace
    sigma = (trace - e.parameters.leak_potential[0]).reshape(2000, 4, 128).std(axis=(0, 2))
    tau = (e.parameters.capacitance / e.parameters.leak)[[0, 128, 256, 384]]
    np.testing.assert_allclose(sigma, 2e-3 * np.sqrt(tau / 10e-6), rtol=0.06)


def test_noise_of_a_free_membrane_grows_with_the_root_of_time(experiment: Make) -> None:
    e = experiment({"i_bias_leak": 0}, {"enable_threshold_comparator": False})
    e.run(0, noise_key=5)
    assert e.state is not None
    e.state.v[:] = 0.6
    trace = e.go_on(0, 1000, probes=tuple(range(512))).trace
    assert trace[-1].std() == pytest.approx(0.89e-3 * 10, rel=0.15)


def test_noise_of_merged_circuits_is_that_of_one(experiment: Make) -> None:
    joined = {"connect_membrane_right": np.arange(512) % 4 < 3, "enable_threshold_comparator": False}
    e = experiment(switches=joined)
    e.run(200, noise_key=11)
    trace = e.go_on(2000, 4000, probes=tuple(range(0, 512, 4))).trace
    assert trace.std() == pytest.approx(2e-3, rel=0.1)
