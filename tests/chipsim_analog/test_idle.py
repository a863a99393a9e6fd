"""Jumps over stretches without input (analog-model.md 9, 13.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.chipsim.analog.discretisation import discretise, initial_state
from hxtwin.chipsim.analog.idle import EPOCH_STEPS, fixed_point, integrate_idle, jumpable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.chipsim_analog.experiment import Experiment, Make

EFFICACY = np.zeros((512, 256), dtype=np.float32)
LABELS = np.zeros((512, 256), dtype=np.uint8)


def idle(e: Experiment, steps: int, integrated: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    c = discretise(e.parameters, e.gain, noise_key=3, integrated=integrated)
    state = initial_state(e.parameters, c)
    integrate_idle(0, steps, state, c, EFFICACY, LABELS)
    return state.v


def test_fixed_point_is_where_integration_ends(experiment: Make) -> None:
    e = experiment({"i_bias_synin_exc_shift": 330, "i_mem_offset": 100}, {"enable_membrane_offset": True})
    e.run(300)
    assert e.state is not None
    assert e.coefficients is not None
    np.testing.assert_allclose(e.state.v, fixed_point(e.state, e.coefficients), atol=2e-5)


def test_noise_after_a_jump_has_its_closed_form_variance(experiment: Make) -> None:
    e = experiment()
    v = np.stack([idle(e, k * EPOCH_STEPS) for k in (1, 2, 100)])
    assert (v - e.parameters.leak_potential).std(axis=1) == pytest.approx([2e-3] * 3, rel=0.1)
    assert abs(np.corrcoef(v[0], v[1]).ravel()[1]) < 0.2


def test_jumps_do_not_depend_on_which_circuits_are_integrated(experiment: Make) -> None:
    spiking = np.where(np.arange(512) == 5, 800, 574)
    e = experiment({"v_leak": spiking})
    some = np.isin(np.arange(512), [7, 300])
    whole = idle(e, 2 * EPOCH_STEPS)
    np.testing.assert_array_equal(idle(e, 2 * EPOCH_STEPS, some), whole[some])


def test_circuits_that_may_fire_do_not_jump(experiment: Make) -> None:
    code = np.full(512, 574)
    code[:4] = [800, 746, 740, 700]  # over threshold, just below it, within the noise, far below
    e = experiment({"v_leak": code})
    c = discretise(e.parameters, e.gain, noise_key=3)
    assert jumpable(initial_state(e.parameters, c), c)[:4].tolist() == [False, False, False, True]
