"""Personality and CapMem cells (analog-model.md 2, 3.4; simulator-decisions.md 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import pytest

from hxtwin.chipsim.analog.constants import NOMINAL, TAGS, AnalogConstants
from hxtwin.chipsim.elaborate.cap_mem import SHAPE, CapMemState, CellValues
from hxtwin.chipsim.elaborate.potentials import leak_potential, volts_to_cadc
from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.personality import Personality

if TYPE_CHECKING:
    from tests.chipsim_analog.experiment import Make


SETTLING = 3.5e-3 / 4e-9


def test_same_seed_same_chip_other_seed_other_chip() -> None:
    one, again, other = Personality.draw(7), Personality.draw(7), Personality.draw(8)
    for field in attrs.fields(Personality):
        a, b, c = (getattr(chip, field.name) for chip in (one, again, other))
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


@pytest.mark.parametrize(
    ("name", "constant"), [("leak", "leak_spread"), ("ota_gm", "ota_gm_spread"), ("synapse", "synapse_spread")]
)
def test_factors_are_log_normal_with_median_1(name: str, constant: str) -> None:
    logarithms = np.log(np.concatenate([getattr(Personality.draw(seed), name).ravel() for seed in range(4)]))
    spread = NOMINAL.values()[constant]
    assert logarithms.std() == pytest.approx(spread, rel=0.06)
    assert abs(logarithms.mean()) < 5 * spread / np.sqrt(logarithms.size)


def test_threshold_spread_in_cadc_units(experiment: Make) -> None:
    e = experiment(personality=Personality.draw(1))
    spread = volts_to_cadc(e.parameters.threshold).std()
    assert spread == pytest.approx(4.4, rel=0.15)


def test_ideal_chip_and_none_are_the_same(experiment: Make) -> None:
    ideal, none = experiment(personality=Personality.ideal()), experiment()
    for field in attrs.fields(type(none.parameters)):
        if field.name != "compartments":
            np.testing.assert_array_equal(getattr(ideal.parameters, field.name), getattr(none.parameters, field.name))


@pytest.mark.parametrize("seed", [-1, 1 << 64])
def test_seed_out_of_range(seed: int) -> None:
    with pytest.raises(TwinArgumentError, match="2\\*\\*64"):
        Personality.draw(seed)


def test_every_constant_has_a_provenance() -> None:
    for field in attrs.fields(AnalogConstants):
        assert field.metadata["tag"] in TAGS
        assert field.metadata["section"]


def test_content_hash_follows_the_numbers() -> None:
    refitted = NOMINAL.refitted({"line_step": 6.7e-3})
    assert refitted.line_step == 6.7e-3
    assert refitted.content_hash() != NOMINAL.content_hash()
    assert len(NOMINAL.content_hash()) == 64
    with pytest.raises(TwinArgumentError, match="line_stepp"):
        NOMINAL.refitted({"line_stepp": 1.0})


def test_cells_settle_exponentially() -> None:
    state = CapMemState.after_reset().written(np.full(SHAPE, 500), 1000)
    for elapsed in (0.0, 1.0, 5.0):
        value = state.values(1000 + round(elapsed * SETTLING))[0, 0, 0]
        assert value == pytest.approx(500 * (1 - np.exp(-elapsed)), abs=1e-3)
    assert state.unsettled(1000).all()
    assert not state.unsettled(1000 + round(9 * SETTLING)).any()


def test_rewriting_the_same_code_changes_nothing() -> None:
    first = CapMemState.after_reset().written(np.full(SHAPE, 500), 0)
    codes = np.full(SHAPE, 500)
    codes[2, 3, 4] = 600
    second = first.written(codes, round(SETTLING))
    later = round(3 * SETTLING)
    same = np.ones(SHAPE, dtype=bool)
    same[2, 3, 4] = False
    np.testing.assert_array_equal(second.values(later)[same], first.values(later)[same])
    assert second.values(later)[2, 3, 4] == pytest.approx(600 + (500 * (1 - np.exp(-1)) - 600) * np.exp(-2), abs=1e-3)


def test_code_1023_holds_the_value() -> None:
    state = CapMemState.settled(np.full(SHAPE, 400)).written(np.full(SHAPE, 1023), 0)
    assert state.values(round(20e-3 / 4e-9))[0, 0, 0] == pytest.approx(400, rel=0.003)
    disabled = CapMemState.settled(np.full(SHAPE, 400)).written(
        np.full(SHAPE, 500), 0, enable=[True, False, True, True]
    )
    values = disabled.values(round(50e-3 / 4e-9))
    assert values[0, 0, 0] == pytest.approx(500, abs=0.01)
    assert values[1, 0, 0] == pytest.approx(400, rel=0.006)


def test_current_cells_are_off_at_code_0() -> None:
    values = CellValues.of(np.zeros(SHAPE), Personality.draw(3))
    assert (values.neuron("i_bias_leak") == 0).all()
    assert (values.shared("syn_i_bias_dac") == 0).all()


def test_leak_potential_is_monotonic_and_rounded_at_its_ends() -> None:
    potential = leak_potential(np.arange(1023))
    assert (np.diff(potential) > 0).all()
    assert potential[1022] - potential[930] < 60 * 0.79 * 1.5e-3
