"""Wires between the backends: circuits that fire together, sources of post pulses (containers-a.md 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.chipsim.elaborate.fire_wires import FireWires

if TYPE_CHECKING:
    from numpy.typing import NDArray


def wires(**circuits: list[int]) -> FireWires:
    """Wires of a default backend in which some flags are set, or cleared with the prefix ``no_``, for circuits."""
    columns: dict[str, NDArray[np.bool_]] = dict(containers.NeuronBackendConfig.default_columns(512))
    for name, members in circuits.items():
        places = [int(coord.AtomicNeuronOnDLS(c).to_neuron_backend_config_on_dls()) for c in members]
        flag = columns[name.removeprefix("no_")].copy()
        flag[places] = not name.startswith("no_")
        columns[name.removeprefix("no_")] = flag
    return FireWires.of(columns)


def test_circuits_are_separate_by_default() -> None:
    found = wires()
    assert found.separate
    assert found.followers.shape == (0, 2)
    np.testing.assert_array_equal(found.posts, np.stack([np.arange(512), np.arange(512)], 1))
    assert not found.operates.any()


def test_a_slave_fires_with_a_master_in_the_other_row() -> None:
    found = wires(enable_neuron_master=[5], enable_neuron_slave=[261], connect_fire_bottom=[5])
    assert not found.separate
    assert found.followers.tolist() == [[5, 261]]


def test_a_wire_without_connection_leads_nowhere() -> None:
    assert wires(enable_neuron_master=[5], enable_neuron_slave=[6, 261]).followers.shape == (0, 2)


def test_the_wire_forwards_to_the_right_alone() -> None:
    found = wires(enable_neuron_master=[10], enable_neuron_slave=[8, 9, 11, 12, 13], connect_fire_to_right=[9, 10, 11])
    assert found.followers.shape == (0, 2)  # column 9 drives the segment of column 10, and nobody drives that of 9
    found = wires(enable_neuron_master=[10], enable_neuron_slave=[8, 9, 11, 12, 13], connect_fire_to_right=[10, 11])
    assert found.followers.tolist() == [[10, 11], [10, 12]]


def test_a_driven_segment_overwrites_its_own_master() -> None:
    found = wires(enable_neuron_master=[10, 11], enable_neuron_slave=[12], connect_fire_to_right=[10, 11])
    assert found.followers.tolist() == [[10, 12]]


def test_the_middle_of_the_chip_and_the_defective_direction_are_not_crossed() -> None:
    found = wires(
        enable_neuron_master=[127, 200],
        enable_neuron_slave=[128, 199],
        connect_fire_to_right=[127],
        connect_fire_from_right=[199],
    )
    assert found.followers.shape == (0, 2)


def test_a_post_pulse_comes_from_the_wire_without_the_bayesian_module() -> None:
    found = wires(enable_neuron_master=[0], connect_fire_bottom=[256], no_enable_bayesian_extension=[0, 1, 256])
    assert found.posts[found.posts[:, 0] == 0].tolist() == [[0, 0], [0, 256]]
    assert 1 not in found.posts[:, 1]  # no master drives its segment
    assert 256 not in found.posts[:, 0]


def test_overwritten_post_pulses_do_not_come_from_fires() -> None:
    found = wires(post_overwrite=[7])
    assert 7 not in found.posts
    assert not found.separate


@pytest.mark.parametrize("bit", ["enable_bayesian_0", "enable_bayesian_1"])
def test_operations_of_the_bayesian_module_are_reported(bit: str) -> None:
    found = wires(**{bit: [3]})
    assert np.flatnonzero(found.operates).tolist() == [3]
    assert [3, 3] in found.posts.tolist()
