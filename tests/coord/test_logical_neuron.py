"""Logical neurons: shapes of compartments and their place on the chip."""

from __future__ import annotations

from typing import Any

import pytest

from hxtwin import coord
from hxtwin.coord import CoordinateError, CoordinateTypeError

Compartment = coord.CompartmentOnLogicalNeuron
Circuit = coord.AtomicNeuronOnLogicalNeuron


def circuit(column: int, row: int) -> coord.AtomicNeuronOnLogicalNeuron:
    return Circuit(neuron_column_on_logical_neuron=column, neuron_row_on_logical_neuron=row)


def on_dls(column: int, row: int) -> coord.AtomicNeuronOnDLS:
    return coord.AtomicNeuronOnDLS(neuron_column_on_dls=column, neuron_row_on_dls=row)


SHAPE = coord.LogicalNeuronCompartments(
    {
        Compartment(1): [circuit(4, 1)],
        Compartment(0): [circuit(3, 0), circuit(2, 0)],
    }
)


def test_compartments_are_sorted_and_circuits_keep_their_order() -> None:
    assert list(SHAPE.get_compartments()) == [Compartment(0), Compartment(1)]
    assert SHAPE.get_atomic_neurons() == (circuit(3, 0), circuit(2, 0), circuit(4, 1))


def test_extent() -> None:
    assert (int(SHAPE.get_leftmost_column()), int(SHAPE.get_rightmost_column())) == (2, 4)
    assert (int(SHAPE.get_topmost_row()), int(SHAPE.get_bottommost_row())) == (0, 1)


def test_the_bounding_box_is_put_on_the_anchor() -> None:
    placed = coord.LogicalNeuronOnDLS(SHAPE, on_dls(10, 0))
    assert placed.get_atomic_neurons() == (on_dls(11, 0), on_dls(10, 0), on_dls(12, 1))
    assert placed.get_placed_compartments()[Compartment(1)] == (on_dls(12, 1),)


@pytest.mark.parametrize(("column", "row"), [(125, 0), (253, 0), (0, 0), (128, 0)])
def test_a_shape_fits_up_to_the_border(column: int, row: int) -> None:
    assert len(coord.LogicalNeuronOnDLS(SHAPE, on_dls(column, row)).get_atomic_neurons()) == 3


@pytest.mark.parametrize(("column", "row"), [(126, 0), (127, 0), (254, 0), (0, 1), (255, 1)])
def test_a_shape_crosses_neither_border_nor_middle(column: int, row: int) -> None:
    with pytest.raises(CoordinateError, match="does not fit"):
        coord.LogicalNeuronOnDLS(SHAPE, on_dls(column, row))


def test_placed_neurons_are_equal_if_their_circuits_are() -> None:
    moved = coord.LogicalNeuronCompartments(
        {
            Compartment(0): [circuit(13, 0), circuit(12, 0)],
            Compartment(1): [circuit(14, 1)],
        }
    )
    assert moved != SHAPE
    here, there = (coord.LogicalNeuronOnDLS(shape, on_dls(10, 0)) for shape in (SHAPE, moved))
    assert here == there
    assert hash(here) == hash(there)
    assert here < coord.LogicalNeuronOnDLS(SHAPE, on_dls(11, 0))


def test_no_circuit_is_used_twice() -> None:
    with pytest.raises(CoordinateError, match="is used twice"):
        coord.LogicalNeuronCompartments({Compartment(0): [circuit(0, 0)], Compartment(1): [circuit(0, 0)]})


def test_an_empty_shape_has_no_extent_and_no_place() -> None:
    empty = coord.LogicalNeuronCompartments()
    assert empty.get_atomic_neurons() == ()
    assert empty.flip_x() == empty
    with pytest.raises(CoordinateError, match="no extent"):
        empty.get_leftmost_column()
    with pytest.raises(CoordinateError, match="no extent"):
        coord.LogicalNeuronOnDLS(empty, on_dls(0, 0))


@pytest.mark.parametrize(
    "compartments",
    [
        None,
        [(0, [0])],
        {0: [circuit(0, 0)]},
        {Compartment(0): [0]},
        {Compartment(0): circuit(0, 0)},
        {Compartment(0): [on_dls(0, 0)]},
        {coord.CompartmentOnNeuron(0): [circuit(0, 0)]},
    ],
)
def test_compartments_of_other_types_are_refused(compartments: Any) -> None:
    with pytest.raises(CoordinateTypeError):
        coord.LogicalNeuronCompartments(compartments)


@pytest.mark.parametrize("anchor", [0, circuit(0, 0), coord.NeuronColumnOnDLS(0), None])
def test_the_anchor_is_a_circuit_of_the_chip(anchor: Any) -> None:
    with pytest.raises(CoordinateTypeError):
        coord.LogicalNeuronOnDLS(SHAPE, anchor)


def test_text_lists_compartments_and_circuits() -> None:
    lines = str(SHAPE).split("\n")
    assert lines[0] == "LogicalNeuronCompartments("
    assert lines[1] == "\tCompartmentOnLogicalNeuron(0)"
    assert lines[2] == f"\t\t{circuit(3, 0)}"
    assert lines[-1] == ")"
    assert str(coord.LogicalNeuronOnDLS(SHAPE, on_dls(10, 0))).split("\n")[2] == f"\t\t{on_dls(11, 0)}"


def test_neighbours_of_a_circuit() -> None:
    assert circuit(5, 0).get_neighbor("left") == circuit(4, 0)
    assert circuit(5, 0).get_neighbor("right") == circuit(6, 0)
    assert circuit(5, 0).get_neighbor("opposite_row") == circuit(5, 1)
    assert circuit(5, 1).get_neighbor("opposite_row") == circuit(5, 0)


@pytest.mark.parametrize(("column", "side"), [(0, "left"), (127, "right")])
@pytest.mark.parametrize("row", [0, 1])
def test_no_neighbour_beyond_the_border(column: int, row: int, side: Any) -> None:
    with pytest.raises(CoordinateError, match="border"):
        circuit(column, row).get_neighbor(side)


def test_an_unknown_side_is_refused() -> None:
    side: Any = "up"
    with pytest.raises(CoordinateTypeError, match="opposite_row"):
        circuit(3, 0).get_neighbor(side)


def test_execution_instances_are_ordered_by_instance_first() -> None:
    def instance(i: int, j: int) -> coord.ExecutionInstanceOnExecutor:
        return coord.ExecutionInstanceOnExecutor(coord.ExecutionInstanceID(i), coord.ConnectionOnExecutor(j))

    assert sorted([instance(1, 0), instance(0, 2), instance(0, 1)]) == [instance(0, 1), instance(0, 2), instance(1, 0)]
    assert instance(3, 2).to_execution_instance_id() == coord.ExecutionInstanceID(3)
    assert instance(3, 2).to_connection_on_executor() == coord.ConnectionOnExecutor(2)
    assert str(instance(3, 2)) == "ExecutionInstanceOnExecutor(ExecutionInstanceID(3), ConnectionOnExecutor(2))"
    assert coord.ExecutionInstanceOnExecutor() == instance(0, 0)
    assert coord.ExecutionInstanceOnExecutor(coord.ExecutionInstanceID(3)) == instance(3, 0)
    assert coord.ExecutionInstanceOnExecutor(execution_instance_id=3, connection_on_executor=2) == instance(3, 2)
