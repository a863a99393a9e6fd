"""Placement: given anchors and shapes are kept, failed circuits left out, recorded neurons put into few quads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.containers import Morphology, NeuronReadoutSource
from hxtwin.coord import AtomicNeuronOnDLS, AtomicNeuronOnLogicalNeuron
from hxtwin.graph.configuration.chip_configuration import recorded_columns
from hxtwin.graph.errors import PlacementError
from hxtwin.graph.network import (
    CADCRecording,
    MADCRecording,
    Network,
    NeuronShape,
    Population,
    compact_shape,
    single_compartment,
)
from hxtwin.graph.placement import Strategy, place

if TYPE_CHECKING:
    from hxtwin.graph.network.network import Entity


def network(*entities: Entity) -> Network:
    return Network.of(*entities)


def population(name: str = "n", size: int = 4, circuits: int = 1, **options: bool) -> Population:
    return Population(name=name, size=size, shape=single_compartment(circuits, **options))


def test_neurons_take_the_first_free_anchors_in_the_order_of_the_network() -> None:
    placed = place(network(population("a", 3), population("b", 2, 2), population("c", 1)))
    assert placed.of("a").circuits.tolist() == [[0], [1], [2]]
    assert placed.of("b").circuits.tolist() == [[3, 259], [4, 260]]
    assert placed.of("c").circuits.tolist() == [[5]]


def test_shapes_do_not_cross_the_middle_of_the_chip() -> None:
    placed = place(network(population("wide", 40, 6, expand_horizontally=True)))
    columns = placed.of("wide").circuits % 256
    assert (columns.min(axis=1) // 128 == columns.max(axis=1) // 128).all()
    assert 126 not in columns


def test_given_anchors_are_kept_and_others_go_around_them() -> None:
    fixed = Population(
        name="fixed", size=2, shape=single_compartment(2), anchors=(AtomicNeuronOnDLS(1), AtomicNeuronOnDLS(5))
    )
    placed = place(network(population("free", 3), fixed))
    assert placed.of("fixed").circuits.tolist() == [[1, 257], [5, 261]]
    assert placed.of("free").circuits.tolist() == [[0], [2], [3]]


@pytest.mark.parametrize(
    ("anchors", "reason"), [((0, 0), "twice"), ((127, 0), "cross"), ((0, 1), "overlaps"), ((256, 300), "leave")]
)
def test_impossible_anchors_are_refused(anchors: tuple[int, int], reason: str) -> None:
    shape = single_compartment(4)  # two columns, two rows
    places = tuple(AtomicNeuronOnDLS(anchor) for anchor in anchors)
    with pytest.raises(Exception, match=reason):
        place(network(Population(name="n", size=2, shape=shape, anchors=places)))


def test_failed_circuits_are_left_out_while_others_are_free() -> None:
    usable = np.ones(512, dtype=bool)
    usable[[1, 2, 260]] = False
    placed = place(network(population("a", 10), population("b", 3, 2)), usable)
    used = np.concatenate([p.circuits.reshape(-1) for p in placed.populations])
    assert not np.isin([1, 2, 260], used).any()
    assert placed.unusable_circuits_used.size == 0


def test_failed_circuits_are_used_when_nothing_else_is_left_and_reported() -> None:
    usable = np.ones(512, dtype=bool)
    usable[[7, 300]] = False
    placed = place(network(population("all", 512)), usable)
    assert placed.unusable_circuits_used.tolist() == [7, 300]
    assert "failed circuits in use: [7, 300]" in str(placed)


@pytest.mark.parametrize("circuits", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("other", [0, 200])
def test_ten_neurons_recorded_by_the_cadc_lie_in_two_quads_of_each_hemisphere(circuits: int, other: int) -> None:
    entities: list[Entity] = [population("hidden", other, 2)] if other else []
    shape = compact_shape(circuits)
    described = network(*entities, Population(name="out", size=10, shape=shape), CADCRecording(population="out"))
    placed = place(described)
    columns = recorded_columns(described, placed)
    assert max(len(columns.quads(0)), len(columns.quads(1))) <= 2
    circuit = 256 * columns.hemisphere + columns.column
    assert (placed.of("out").circuits == circuit[:, np.newaxis]).any(axis=1).all()


def test_a_circuit_that_is_asked_for_is_observed() -> None:
    for circuit in (0, 1):
        recording = CADCRecording(population="out", circuit=circuit)
        described = network(population("out", 10, 2), recording)
        assert set(recorded_columns(described, place(described)).hemisphere.tolist()) == {circuit}
    other = CADCRecording(population="out", source=NeuronReadoutSource.EXC_SYNIN)
    described = network(population("out", 10, 2), other)
    assert set(recorded_columns(described, place(described)).hemisphere.tolist()) == {0}


def test_only_recorded_neurons_of_a_population_are_gathered() -> None:
    recorded = np.array([90, 3, 50, 77])
    placed = place(network(population("n", 100), CADCRecording(population="n", neurons=recorded)))
    columns = placed.of("n").circuits[recorded, 0]
    assert np.unique(32 * (columns % 2) + columns // 8).size == 1


def test_two_neurons_recorded_by_the_madc_lie_on_columns_of_different_parity() -> None:
    recordings = [MADCRecording(population="n", neuron=neuron) for neuron in (0, 2)]
    placed = place(network(population("n", 5), *recordings))
    assert (placed.of("n").circuits[0, 0] - placed.of("n").circuits[2, 0]) % 2 == 1
    fixed = Population(
        name="n", size=2, shape=single_compartment(1), anchors=(AtomicNeuronOnDLS(0), AtomicNeuronOnDLS(2))
    )
    with pytest.raises(PlacementError, match="parity"):
        place(network(fixed, *(MADCRecording(population="n", neuron=neuron) for neuron in (0, 1))))


def test_compartments_of_a_given_shape_are_placed_as_drawn() -> None:
    morphology = Morphology()
    one, two = (AtomicNeuronOnLogicalNeuron(i) for i in (0, 1)), (AtomicNeuronOnLogicalNeuron(3),)
    morphology.create_compartment(list(one))
    morphology.create_compartment(list(two))
    from hxtwin.coord import NeuronColumnOnLogicalNeuron, NeuronRowOnLogicalNeuron

    morphology.connect_to_soma(AtomicNeuronOnLogicalNeuron(1))
    morphology.connect_resistor_to_soma(AtomicNeuronOnLogicalNeuron(3))
    morphology.connect_soma_line(
        NeuronColumnOnLogicalNeuron(1), NeuronColumnOnLogicalNeuron(3), NeuronRowOnLogicalNeuron(0)
    )
    shape = NeuronShape(morphology.done()[1], {0: 0, 1: 0})
    placed = place(network(Population(name="n", size=2, shape=shape))).of("n")
    assert placed.compartment(0).tolist() == [[0, 1], [4, 5]]
    assert placed.compartment(1).tolist() == [[3], [7]]
    sender = placed.sender(1)
    assert sender is not None
    assert sender.tolist() == [3, 7]


def test_strategies_differ_and_all_place_everything() -> None:
    entities = [population("a", 40), population("b", 40)]
    found = {strategy: place(network(*entities), strategy=strategy) for strategy in Strategy}
    assert {p.of("b").circuits[0, 0] for p in found.values()} == {40, 256, 40 % 8 * 32 + 40 // 8}


def test_the_error_tells_lack_of_circuits_from_lack_of_room() -> None:
    with pytest.raises(PlacementError) as refused:
        place(network(population("n", 65, 8)))
    assert (refused.value.needed, refused.value.available) == (520, 512)
    with pytest.raises(PlacementError, match="not in this shape"):
        place(network(population("n", 5, 100, expand_horizontally=True)))
