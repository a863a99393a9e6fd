"""What the readout amplifiers of the neurons show."""

from __future__ import annotations

import numpy as np
import pytest

from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.readout.neuron_output import NeuronOutput

from .written_registers import READOUT_CELLS, cells_with, neuron_columns, shown


def test_membrane_and_adaptation_are_shown_as_they_are() -> None:
    output = shown(readout_source=np.arange(512) % 2 * 3)
    raw = np.linspace(0.15, 1.1, 512)
    np.testing.assert_allclose(output.volts(np.arange(512), raw), raw)


@pytest.mark.parametrize("source", [1, 2])
def test_a_line_rests_at_630_mv_and_dips_by_its_soft_deflection(source: int) -> None:
    output = shown(readout_source=source)
    deflection = np.array([0.0, 0.034, 0.3, 3.0])
    expected = 1.2 - 0.57 - 0.3 * np.tanh(deflection / 0.3)
    np.testing.assert_allclose(output.volts([0, 1, 300, 511], deflection / 0.3), expected)


@pytest.mark.parametrize(
    ("fields", "cells"),
    [
        ({"enable_readout_amplifier": 0}, READOUT_CELLS),
        ({"enable_readout_amplifier": 1}, READOUT_CELLS | {"neuron_i_bias_readout_amp": 0}),
        ({"enable_readout_amplifier": 1, "readout_source": 2}, READOUT_CELLS | {"neuron_i_bias_synin_drop": 0}),
    ],
)
def test_an_amplifier_without_switch_or_bias_shows_0_v(fields: dict[str, int], cells: dict[str, int]) -> None:
    output = NeuronOutput.of(neuron_columns(**fields), cells_with(**cells))
    assert not output.volts(np.arange(512), np.full(512, 0.5)).any()


def test_bias_counts_for_its_own_quadrant() -> None:
    output = NeuronOutput.of(
        neuron_columns(enable_readout_amplifier=1), cells_with(neuron_i_bias_readout_amp=[0, 110, 0, 0])
    )
    assert np.flatnonzero(output.shown).tolist() == list(range(128, 256))


def test_readout_lines_are_those_of_a_row_and_a_column_parity() -> None:
    connected = np.zeros(512)
    connected[[2, 5, 254, 256 + 7, 511]] = 1
    output = shown(enable_readout=connected)
    assert [output.on_line(row, parity).tolist() for row in (0, 1) for parity in (0, 1)] == [
        [2, 254],
        [5],
        [],
        [263, 511],
    ]


def test_a_missing_or_short_column_is_refused() -> None:
    columns = neuron_columns()
    with pytest.raises(TwinArgumentError, match=r"shape \(3,\)"):
        NeuronOutput.of(columns | {"readout_source": np.zeros(3)}, cells_with())
    del columns["enable_readout"]
    with pytest.raises(TwinArgumentError, match="enable_readout"):
        NeuronOutput.of(columns, cells_with())
