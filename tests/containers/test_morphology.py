"""Building multi-compartment neurons: which switches an operation closes, and what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import coord
from hxtwin.containers.errors import ContainerError, CoordinateMismatchError, MorphologyError
from hxtwin.containers.morphology import Morphology
from hxtwin.containers.morphology_circuit import STRUCTURAL_SWITCHES

from .reference_files import ABSENT, SHARED

if TYPE_CHECKING:
    from collections.abc import Callable

    from hxtwin.containers.logical_neuron import LogicalNeuron

COPY = Path(__file__).resolve().parents[1] / "data" / "logical_neuron.json"
EXAMPLES: list[dict[str, Any]] = json.loads(COPY.read_text())
BUILDS = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"anchor-{_anchor(example)}")


def _anchor(example: dict[str, Any]) -> int:
    return int(example["coordinate"]["components"]["anchor"])


def at(column: int, row: int = 0) -> coord.AtomicNeuronOnLogicalNeuron:
    return coord.AtomicNeuronOnLogicalNeuron(neuron_column_on_logical_neuron=column, neuron_row_on_logical_neuron=row)


def build(operations: list[dict[str, Any]]) -> Morphology:
    morphology = Morphology()
    for operation in operations:
        if operation["op"] == "create_compartment":
            morphology.create_compartment([at(*neuron) for neuron in operation["neurons"]])
        elif operation["op"] == "connect_soma_line":
            morphology.connect_soma_line(operation["start"], operation["end"], operation["row"])
        elif operation["op"] == "connect_to_soma":
            morphology.connect_to_soma(at(*operation["neuron"]))
        else:
            assert operation["op"] == "connect_resistor_to_soma"
            morphology.connect_resistor_to_soma(at(*operation["neuron"]))
    return morphology


def switches(neuron: LogicalNeuron, compartment: int) -> list[set[str]]:
    """Names of the closed switches of each circuit of a compartment."""
    circuits = neuron.compartments[coord.CompartmentOnLogicalNeuron(compartment)]
    return [{name for name in STRUCTURAL_SWITCHES if getattr(c.multicompartment, name)} for c in circuits]


def test_copy_of_the_examples_is_that_of_the_reference() -> None:
    vectors = SHARED / "vectors" / "containers.json"
    if not vectors.is_file():
        pytest.skip(ABSENT)
    original = [entry for entry in json.loads(vectors.read_text()) if entry["container"] == "LogicalNeuron"]
    assert [{key: entry[key] for key in stored} for entry, stored in zip(original, EXAMPLES, strict=True)] == EXAMPLES


@BUILDS
def test_examples_have_the_compartments_and_switches_of_the_reference(example: dict[str, Any]) -> None:
    shape, neuron = build(example["fields"]["operations"]).done()
    built = {}
    for number, places in shape.get_compartments().items():
        circuits = neuron.compartments[number]
        built[str(int(number))] = [
            {
                "column": int(place.to_neuron_column_on_logical_neuron()),
                "row": int(place.to_neuron_row_on_logical_neuron()),
                **{name: int(getattr(circuit.multicompartment, name)) for name in STRUCTURAL_SWITCHES},
            }
            for place, circuit in zip(places, circuits, strict=True)
        ]
    assert built == example["compartments"]


@BUILDS
def test_examples_are_placed_as_in_the_reference(example: dict[str, Any]) -> None:
    shape, _ = build(example["fields"]["operations"]).done()
    anchor = coord.AtomicNeuronOnDLS(_anchor(example))
    if example["error"] is not None:
        assert example["error"] == "placement"
        with pytest.raises(coord.CoordinateError, match="does not fit"):
            coord.LogicalNeuronOnDLS(shape, anchor)
        return
    placed = coord.LogicalNeuronOnDLS(shape, anchor).get_placed_compartments()
    assert {str(int(c)): [int(n) for n in circuits] for c, circuits in placed.items()} == example["placed"]


def test_worked_example_of_the_reference() -> None:
    morphology = Morphology()
    assert morphology.create_compartment([at(0), at(1)]) == coord.CompartmentOnLogicalNeuron(0)
    assert morphology.create_compartment([at(3)]) == coord.CompartmentOnLogicalNeuron(1)
    morphology.connect_soma_line(1, 3, 0)
    morphology.connect_to_soma(at(1))
    morphology.connect_resistor_to_soma(at(3))
    shape, neuron = morphology.done()
    assert switches(neuron, 0) == [{"connect_right"}, {"connect_soma", "connect_soma_right"}]
    assert switches(neuron, 1) == [{"enable_conductance"}]
    assert switches(neuron, 2) == [{"connect_soma_right"}]
    assert shape.get_compartments()[coord.CompartmentOnLogicalNeuron(2)] == (at(2),)


def test_vertical_neighbours_both_carry_the_switch() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(4, 1), at(4, 0)])
    _, neuron = morphology.done()
    assert switches(neuron, 0) == [{"connect_vertical"}, {"connect_vertical"}]


def test_last_column_of_a_row_is_no_neighbour_of_the_first_of_the_next() -> None:
    with pytest.raises(MorphologyError, match="not contiguous"):
        Morphology().create_compartment([at(127, 0), at(0, 1)])


def test_coordinates_and_ints_are_accepted_for_columns_and_rows() -> None:
    with_ints, with_coordinates = Morphology(), Morphology()
    for morphology in (with_ints, with_coordinates):
        morphology.create_compartment([at(0)])
        morphology.create_compartment([at(2)])
        morphology.connect_to_soma(at(0))
        morphology.connect_resistor_to_soma(at(2))
    with_ints.connect_soma_line(0, 2, 0)
    column = coord.NeuronColumnOnLogicalNeuron
    with_coordinates.connect_soma_line(column(0), column(2), coord.NeuronRowOnLogicalNeuron(0))
    assert with_ints.done() == with_coordinates.done()


def test_order_of_operations_does_not_matter() -> None:
    operations = EXAMPLES[1]["fields"]["operations"]
    creating = [operation for operation in operations if operation["op"] == "create_compartment"]
    connecting = [operation for operation in operations if operation["op"] != "create_compartment"]
    assert build([*reversed(connecting), *creating]).done() == build(operations).done()


def test_done_can_be_repeated_and_continued() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(0)])
    assert morphology.done() == morphology.done()
    morphology.connect_to_soma(at(0))
    morphology.connect_soma_line(0, 1, 0)
    assert len(morphology.done()[1]) == 2


def test_carriers_of_the_line_are_numbered_by_column_then_row() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(3, 0), at(3, 1)])
    morphology.connect_to_soma(at(3, 1))
    morphology.connect_soma_line(1, 3, 1)
    morphology.connect_resistor_to_soma(at(3, 0))
    morphology.connect_soma_line(2, 3, 0)
    shape, _ = morphology.done()
    bridges = [shape.get_compartments()[coord.CompartmentOnLogicalNeuron(number)] for number in (1, 2, 3)]
    assert bridges == [(at(1, 1),), (at(2, 0),), (at(2, 1),)]


def test_line_that_ends_at_an_unused_circuit_takes_it_in() -> None:
    # its segment is part of the line: another neuron on that circuit would be joined unseen
    morphology = Morphology()
    morphology.create_compartment([at(0)])
    morphology.connect_to_soma(at(0))
    morphology.connect_soma_line(0, 2, 0)
    shape, neuron = morphology.done()
    assert shape.get_rightmost_column() == coord.NeuronColumnOnLogicalNeuron(2)
    assert switches(neuron, 2) == [set()]


def test_line_of_one_segment_closes_no_switch() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(0)])
    morphology.connect_soma_line(0, 0, 0)
    _, neuron = morphology.done()
    assert switches(neuron, 0) == [set()]


def _with_two_compartments() -> Morphology:
    morphology = Morphology()
    morphology.create_compartment([at(0), at(1)])
    morphology.create_compartment([at(3)])
    morphology.connect_soma_line(1, 3, 0)
    morphology.connect_to_soma(at(1))
    morphology.connect_resistor_to_soma(at(3))
    return morphology


REFUSED: list[tuple[str, Callable[[Morphology], object]]] = [
    ("compartment 2 would be empty", lambda m: m.create_compartment([])),
    (r"neuron \(column 1, row 0\) is in compartment 0 already", lambda m: m.create_compartment([at(2), at(1)])),
    (r"neuron \(column 5, row 1\) is given twice", lambda m: m.create_compartment([at(5, 1), at(5, 1)])),
    (r"not contiguous: neuron \(column 7, row 0\)", lambda m: m.create_compartment([at(5), at(7)])),
    ("not contiguous", lambda m: m.create_compartment([at(5, 0), at(6, 1)])),
    (r"neuron \(column 1, row 0\) is connected .* directly", lambda m: m.connect_resistor_to_soma(at(1))),
    (r"neuron \(column 3, row 0\) is connected .* resistor", lambda m: m.connect_to_soma(at(3))),
    ("start column 5 lies right of end column 4; exchange", lambda m: m.connect_soma_line(5, 4, 0)),
    ("end column 128 is none of 0..127", lambda m: m.connect_soma_line(5, 128, 0)),
    ("start column -1 is none of 0..127", lambda m: m.connect_soma_line(-1, 3, 0)),
    ("row 2 is none of 0..1", lambda m: m.connect_soma_line(5, 7, 2)),
]


@pytest.mark.parametrize(("message", "operation"), REFUSED)
def test_refused_operation_says_why_and_changes_nothing(
    message: str, operation: Callable[[Morphology], object]
) -> None:
    morphology = _with_two_compartments()
    before = copy.deepcopy(vars(morphology))
    with pytest.raises(MorphologyError, match=message):
        operation(morphology)
    assert vars(morphology) == before


WRONG_TYPES: list[Callable[[Morphology], object]] = [
    lambda m: m.create_compartment([at(5), 6]),  # type: ignore[list-item]  # an int is no circuit
    lambda m: m.create_compartment(at(5)),  # type: ignore[arg-type]  # one circuit is no list
    lambda m: m.create_compartment([coord.AtomicNeuronOnDLS(5)]),  # type: ignore[list-item]  # circuit of the chip
    lambda m: m.connect_to_soma(coord.AtomicNeuronOnDLS(5)),  # type: ignore[arg-type]  # circuit of the chip
    lambda m: m.connect_resistor_to_soma(5),  # type: ignore[arg-type]  # an int is no circuit
    lambda m: m.connect_soma_line(coord.NeuronColumnOnDLS(1), 2, 0),  # type: ignore[arg-type]  # column of the chip
    lambda m: m.connect_soma_line(1, 2.0, 0),  # type: ignore[arg-type]  # a float is no column
    lambda m: m.connect_soma_line(1, 2, coord.NeuronRowOnDLS(0)),  # type: ignore[arg-type]  # row of the chip
]


@pytest.mark.parametrize("operation", WRONG_TYPES)
def test_coordinates_of_other_types_are_refused(operation: Callable[[Morphology], object]) -> None:
    morphology = _with_two_compartments()
    before = copy.deepcopy(vars(morphology))
    with pytest.raises(CoordinateMismatchError):
        operation(morphology)
    assert vars(morphology) == before


def test_neuron_without_circuits_is_refused() -> None:
    with pytest.raises(MorphologyError, match="at least one circuit"):
        Morphology().done()


def test_compartments_joined_without_resistor_are_refused() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(0)])
    morphology.create_compartment([at(2)])
    morphology.connect_soma_line(0, 2, 0)
    morphology.connect_to_soma(at(0))
    morphology.connect_to_soma(at(2))
    before = copy.deepcopy(vars(morphology))
    with pytest.raises(MorphologyError, match=r"compartment 0 is larger .*neuron \(column 2, row 0\)"):
        morphology.done()
    assert vars(morphology) == before


def test_compartment_joined_to_an_unnamed_membrane_is_refused() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(0)])
    morphology.connect_to_soma(at(0))
    morphology.connect_soma_line(0, 1, 0)
    morphology.connect_to_soma(at(1))
    with pytest.raises(MorphologyError, match="compartment 0 is larger than on construction"):
        morphology.done()


def test_compartment_may_be_joined_with_itself_over_the_line() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(0), at(1)])
    morphology.connect_to_soma(at(0))
    morphology.connect_to_soma(at(1))
    morphology.connect_soma_line(0, 1, 0)
    _, neuron = morphology.done()
    assert switches(neuron, 0) == [{"connect_right", "connect_soma", "connect_soma_right"}, {"connect_soma"}]


def test_unconnected_compartments_are_refused() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(0)])
    morphology.create_compartment([at(1)])
    with pytest.raises(MorphologyError, match="falls apart: compartment 1 is not connected"):
        morphology.done()


def test_line_connects_only_what_is_switched_to_it() -> None:
    # the line passes below compartment 1, whose membrane is connected to nothing
    morphology = Morphology()
    morphology.create_compartment([at(0)])
    morphology.create_compartment([at(2)])
    morphology.connect_soma_line(0, 2, 0)
    morphology.connect_to_soma(at(0))
    with pytest.raises(MorphologyError, match="falls apart: compartment 1"):
        morphology.done()


def test_line_connected_to_nothing_is_refused() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(0)])
    morphology.connect_soma_line(4, 6, 1)
    with pytest.raises(MorphologyError, match=r"falls apart: the somatic line at neuron \(column 4, row 1\)"):
        morphology.done()


def test_line_through_two_resistors_connects() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(0)])
    morphology.create_compartment([at(1)])
    morphology.connect_soma_line(0, 1, 0)
    morphology.connect_resistor_to_soma(at(0))
    morphology.connect_resistor_to_soma(at(1))
    _, neuron = morphology.done()
    assert switches(neuron, 0) == [{"connect_soma_right", "enable_conductance"}]


def _row_of_resistors(morphology: Morphology, row: int) -> None:
    morphology.connect_soma_line(0, 127, row)
    for column in range(128):
        morphology.connect_resistor_to_soma(at(column, row))


def test_255_compartments_fit() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(0, 0), at(0, 1)])
    _row_of_resistors(morphology, 0)
    _row_of_resistors(morphology, 1)
    shape, neuron = morphology.done()
    assert (len(shape.get_compartments()), len(neuron)) == (255, 256)


def test_256_compartments_are_refused() -> None:
    morphology = Morphology()
    for row in (0, 1):
        _row_of_resistors(morphology, row)
    with pytest.raises(MorphologyError, match="at most 255 compartments, this would be 256"):
        morphology.done()


OPERATIONS = st.one_of(
    st.builds(
        lambda neurons: ("create_compartment", ([at(*neuron) for neuron in neurons],)),
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), max_size=3),
    ),
    st.builds(
        lambda name, column, row: (name, (at(column, row),)),
        st.sampled_from(["connect_to_soma", "connect_resistor_to_soma"]),
        st.integers(0, 5),
        st.integers(0, 1),
    ),
    st.builds(
        lambda start, end, row: ("connect_soma_line", (start, end, row)),
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(0, 1),
    ),
)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.lists(OPERATIONS, max_size=10))
def test_any_sequence_of_operations_builds_a_placeable_neuron_or_is_refused(operations: list[tuple[str, Any]]) -> None:
    morphology = Morphology()
    for name, arguments in operations:
        before = copy.deepcopy(vars(morphology))
        try:
            getattr(morphology, name)(*arguments)
        except ContainerError:
            assert vars(morphology) == before
    try:
        shape, neuron = morphology.done()
    except MorphologyError:
        return
    place = coord.LogicalNeuronOnDLS(shape, coord.AtomicNeuronOnDLS(0))
    assert neuron.oriented(place) is neuron
    assert neuron.encode(place).size == neuron.write_addresses(place).size == 34 * len(shape.get_atomic_neurons())
