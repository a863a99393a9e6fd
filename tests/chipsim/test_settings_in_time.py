"""Settings of the analog core while CapMem cells settle, hold and are rewritten (simulator-decisions.md 16)."""

from __future__ import annotations

import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.chipsim.analog.constants import CYCLE_S, NOMINAL
from hxtwin.chipsim.elaborate.cap_mem import RewriteNoise
from hxtwin.chipsim.elaborate.settings import Refreshed
from hxtwin.chipsim.parameters import NEVER

from .written_settings import Written

MS = round(1e-3 / CYCLE_S)
NOTHING = Refreshed()


def test_cells_settle_from_the_refresh_that_saw_the_write() -> None:
    written = Written(instant=False)
    written.cells({"i_bias_leak": 500})
    written.settings.refresh(1000)
    assert written.settings.cells.neuron("i_bias_leak")[3] == 0
    for ms in (1, 5, 20):
        written.settings.refresh(1000 + ms * MS)
        expected = 500 * (1 - np.exp(-ms / 3.5))
        np.testing.assert_allclose(written.settings.cells.neuron("i_bias_leak"), expected)


def test_unobserved_cells_are_looked_at_about_nine_times_until_they_have_settled() -> None:
    written = Written(instant=False)
    written.cells({"v_leak": 1000})
    written.settings.refresh(0)
    cycles = [written.settings.next_settling(0, observed=False)]
    while cycles[-1] != NEVER:
        assert written.settings.refresh(cycles[-1]).neurons
        cycles.append(written.settings.next_settling(cycles[-1], observed=False))
    assert 8 <= len(cycles) - 1 <= 10
    assert 30 * MS < cycles[-2] < 35 * MS
    assert (written.settings.cells.neuron("v_leak") == 1000).all()
    assert written.settings.refresh(100 * MS) == NOTHING


def test_observed_cells_are_looked_at_every_50_us_while_they_move() -> None:
    written = Written(instant=False)
    written.cells({"v_leak": 1000})
    written.settings.refresh(0)
    first = written.settings.next_settling(0, observed=True)
    assert first * CYCLE_S == pytest.approx(50e-6, rel=1e-3)
    written.settings.refresh(round(7 * 3.5 * MS))  # 0.9 codes are left
    pause = written.settings.next_settling(0, observed=True) - round(7 * 3.5 * MS)
    assert pause * CYCLE_S == pytest.approx(3.5e-3 * -np.log(1 - 0.1 / (1000 * np.exp(-7))), rel=1e-3)


def test_a_due_refresh_is_not_in_the_past() -> None:
    written = Written(instant=False)
    written.cells({"v_leak": 1000})
    written.settings.refresh(0)
    assert written.settings.next_settling(5 * MS, observed=True) == 5 * MS


def test_synapse_rows_are_refreshed_between_two_looks_at_moving_cells() -> None:
    written = Written(instant=False)
    written.cells({"v_leak": 1000})
    written.settings.refresh(0)
    written.one(containers.SynapseWeightQuad(values=np.array([63, 0, 0, 0])), coord.SynapseWeightQuadOnDLS(0))
    assert written.settings.refresh(100) == Refreshed(synapses=True)


@pytest.mark.parametrize("by_code", [True, False])
def test_cells_that_are_not_refreshed_hold_their_value(by_code: bool) -> None:
    written = Written(instant=False)
    written.cells({"v_leak": 600})
    written.settings.refresh(0)
    written.settings.refresh(40 * MS)
    if by_code:
        written.cells({"v_leak": 1023})
    else:
        for block in range(4):
            config = containers.CapMemBlockConfig(enable_capmem=False)
            written.one(config, coord.CapMemBlockConfigOnDLS(block))
        written.cells({"v_leak": 300})
    written.settings.refresh(40 * MS)
    assert written.settings.next_settling(40 * MS, observed=True) == NEVER
    written.cells({"v_reset": 1})
    written.settings.refresh(140 * MS)
    np.testing.assert_allclose(written.settings.cells.neuron("v_leak"), 600 * np.exp(-0.1 / 10.0))


def test_rewritten_voltages_vary_by_a_millivolt_and_amplitudes_by_two_percent() -> None:
    written = Written(noise=RewriteNoise(key=5))
    written.cells({"v_leak": 600, "i_bias_leak": 200, "i_bias_synin_exc_gm": 500, "syn_i_bias_dac": 600})
    written.settings.refresh(100)
    first = written.settings.cells.neuron("v_leak") - 600
    assert np.std(first) * NOMINAL.cell_voltage_per_code == pytest.approx(1e-3, rel=0.1)
    assert np.abs(np.mean(first)) * NOMINAL.cell_voltage_per_code < 2e-4
    assert np.std(written.settings.cells.neuron("i_bias_synin_exc_gm") / 500) == pytest.approx(0.02, rel=0.1)
    assert (written.settings.cells.neuron("i_bias_synin_inh_gm") == 0).all()
    assert (written.settings.cells.neuron("i_bias_leak") == 200).all()
    assert (written.settings.cells.shared("syn_i_bias_dac") == 600).all()
    written.cells({"v_leak": 500})
    written.settings.refresh(200)
    written.cells({"v_leak": 600})
    written.settings.refresh(300)
    second = written.settings.cells.neuron("v_leak") - 600
    assert np.abs(np.corrcoef(first, second)[0, 1]) < 0.15


def test_variation_of_rewriting_is_the_same_in_every_trial_from_the_same_origin() -> None:
    found = []
    for origin in (0, 777):
        written = Written(noise=RewriteNoise(key=5, origin=origin))
        written.cells({"v_leak": 600})
        written.settings.refresh(origin + 100)
        found.append(written.settings.cells.neuron("v_leak"))
    np.testing.assert_array_equal(found[0], found[1])
