"""Neurons at rest are not integrated, and nobody can tell (analog-model.md 9, 13.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import pytest

from hxtwin.chipsim.analog import discretisation, layout, rest_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.arrays import Coefficients, Rest, State
    from tests.chipsim_analog.experiment import Experiment, Make

GAP = 1000
"""Steps, 100 us."""


@attrs.define(eq=False)
class Sleepers:
    """Circuits of an experiment in the state of a chip reset, and which of them sleep."""

    coefficients: Coefficients
    state: State
    rest: Rest

    @classmethod
    def of(cls, e: Experiment, integrated: NDArray[np.bool_] | None = None, noise_key: int | None = 3) -> Sleepers:
        c = discretisation.discretise(e.parameters, e.gain, noise_key=noise_key, integrated=integrated)
        return cls(c, discretisation.initial_state(e.parameters, c), discretisation.rest(c))

    def fall_asleep(self, step: int = 0) -> int:
        return int(rest_kernel.fall_asleep(step, self.state, self.coefficients, self.rest))

    def after(self, steps: int) -> NDArray[np.float32]:
        """Membranes of circuits that slept for some steps."""
        assert self.fall_asleep() == 0
        rest_kernel.wake_all(steps, self.state, self.coefficients, self.rest)
        return self.state.v


def test_the_fixed_point_is_where_integration_ends(experiment: Make) -> None:
    e = experiment({"i_bias_synin_exc_shift": 330, "i_mem_offset": 100}, {"enable_membrane_offset": True})
    e.run(300)
    assert e.state is not None
    sleepers = Sleepers.of(e, noise_key=None)
    sleepers.fall_asleep()
    np.testing.assert_allclose(e.state.v, sleepers.rest.point, atol=2e-5)


@pytest.mark.parametrize("start", [0.25, 0.35, 0.55])
def test_a_sleeping_membrane_relaxes_as_an_integrated_one_does(experiment: Make, start: float) -> None:
    e = experiment({"v_leak": 574, "i_bias_leak": np.linspace(50, 800, 512).astype(int)})
    e.run(0)
    assert e.state is not None
    e.state.v[:] = start
    sleepers = Sleepers.of(e, noise_key=None)
    sleepers.state.v[:] = start
    e.go_on(0, 100)
    np.testing.assert_allclose(sleepers.after(100), e.state.v, atol=5e-4)


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("code", [300, 700, 1000])
def test_a_sleeping_membrane_goes_where_a_strong_current_takes_it(experiment: Make, code: int, invert: bool) -> None:
    """From about 750 codes on the leak cannot hold the current, and the membrane ends at a rail."""
    cells = {"i_mem_offset": code, "v_threshold": 1022}
    switches = {"enable_membrane_offset": True, "invert_membrane_offset": invert, "enable_fire": False}
    for steps in (100, 400, 3000):
        e = experiment(cells, switches)
        e.run(steps / 10)
        assert e.state is not None
        np.testing.assert_allclose(Sleepers.of(e, noise_key=None).after(steps), e.state.v, atol=2e-3)


def test_noise_is_small_at_a_rail_that_a_strong_current_presses_against(experiment: Make) -> None:
    e = experiment({"i_mem_offset": 1000}, {"enable_membrane_offset": True, "enable_fire": False})
    v = Sleepers.of(e).after(10_000)
    assert v.max() == pytest.approx(1.1)
    assert v.min() > 1.099


def test_noise_after_a_gap_has_its_closed_form_variance(experiment: Make) -> None:
    """Diffusion 0.8 mV^2/us, tau 10 us: sigma^2 = 4 mV^2 (1 - exp(-2 T / tau))."""
    e = experiment()
    gaps = (10, 100, 100_000)
    v = np.stack([Sleepers.of(e).after(steps) for steps in gaps])
    expected = [2e-3 * np.sqrt(1 - np.exp(-2 * 0.1 * steps / 10)) for steps in gaps]
    assert (v - e.parameters.leak_potential).std(axis=1) == pytest.approx(expected, rel=0.1)
    assert abs(np.corrcoef(v[0], v[1]).ravel()[1]) < 0.15


def test_noise_after_a_gap_does_not_depend_on_which_circuits_are_integrated(experiment: Make) -> None:
    e = experiment()
    some = np.isin(np.arange(512), [7, 300])
    whole = Sleepers.of(e).after(GAP)
    np.testing.assert_array_equal(Sleepers.of(e, some).after(GAP), whole[some])


def test_a_neuron_that_can_cross_its_threshold_never_sleeps(experiment: Make) -> None:
    code = np.full(512, 574)
    code[:4] = [800, 746, 740, 700]  # over threshold, just below it, within the noise, far below
    sleepers = Sleepers.of(experiment({"v_leak": code}))
    assert sleepers.fall_asleep() == 3
    assert np.flatnonzero(~sleepers.rest.asleep).tolist() == [0, 1, 2]


def test_without_noise_a_neuron_sleeps_just_below_its_threshold(experiment: Make) -> None:
    code = np.full(512, 574)
    code[:2] = [800, 742]
    sleepers = Sleepers.of(experiment({"v_leak": code}), noise_key=None)
    assert sleepers.fall_asleep() == 1
    assert not sleepers.rest.asleep[0]


def test_a_neuron_that_passes_its_threshold_on_the_way_to_rest_stays_awake(experiment: Make) -> None:
    sleepers = Sleepers.of(experiment())
    sleepers.state.v[5] = 0.7
    sleepers.fall_asleep()
    assert not sleepers.rest.asleep[5]


def test_a_neuron_whose_line_is_moving_stays_awake(experiment: Make) -> None:
    sleepers = Sleepers.of(experiment())
    sleepers.state.x[512 + 9] = 0.01
    sleepers.fall_asleep()
    assert np.flatnonzero(~sleepers.rest.asleep).tolist() == [9]


@pytest.mark.parametrize(
    ("cells", "switch"),
    [({"i_bias_adapt_tau": 100}, "enable_adaptation"), ({"i_bias_exp": 300}, "enable_exponential")],
)
def test_neurons_with_further_dynamics_stay_awake(experiment: Make, cells: dict[str, int], switch: str) -> None:
    on = np.arange(512) == 11
    sleepers = Sleepers.of(experiment(cells, {switch: on}))
    sleepers.fall_asleep()
    assert np.flatnonzero(~sleepers.rest.asleep).tolist() == [11]


def test_a_neuron_in_its_refractory_period_stays_awake(experiment: Make) -> None:
    sleepers = Sleepers.of(experiment())
    sleepers.state.digital[4, layout.DIGITAL_PHASE] = layout.HOLDOFF
    sleepers.fall_asleep()
    assert np.flatnonzero(~sleepers.rest.asleep).tolist() == [4]


def test_a_watched_neuron_stays_awake_and_others_sleep(experiment: Make) -> None:
    sleepers = Sleepers.of(experiment())
    sleepers.rest.watched[7] = True
    assert sleepers.fall_asleep() == 1
    assert not sleepers.rest.asleep[7]
