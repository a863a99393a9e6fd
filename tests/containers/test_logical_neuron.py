"""Logical neurons: a fixed structure, free parameters, and the words of their circuits at the place where they live."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import coord
from hxtwin.containers.atomic_neuron import AtomicNeuron, Leak, MultiCompartment
from hxtwin.containers.difference import diff, difference
from hxtwin.containers.errors import (
    AccessError,
    ContainerError,
    CoordinateMismatchError,
    DecodeError,
    FieldRangeError,
    FieldShapeError,
    FieldTypeError,
    MorphologyError,
    UnknownFieldError,
)
from hxtwin.containers.logical_neuron import LogicalNeuron
from hxtwin.containers.morphology import Morphology
from hxtwin.containers.morphology_circuit import STRUCTURAL_SWITCHES, MorphologyCircuit
from hxtwin.containers.serialization import from_bytes, to_bytes

COMPARTMENT = coord.CompartmentOnLogicalNeuron


def at(column: int, row: int = 0) -> coord.AtomicNeuronOnLogicalNeuron:
    return coord.AtomicNeuronOnLogicalNeuron(neuron_column_on_logical_neuron=column, neuron_row_on_logical_neuron=row)


def built() -> tuple[coord.LogicalNeuronCompartments, LogicalNeuron]:
    """Compartment 0 at columns 6, 7 of row 0 and 7 of row 1; compartment 1 at column 9; a bridge at column 8."""
    morphology = Morphology()
    morphology.create_compartment([at(7), at(6), at(7, 1)])
    morphology.create_compartment([at(9)])
    morphology.connect_soma_line(7, 9, 0)
    morphology.connect_to_soma(at(7))
    morphology.connect_resistor_to_soma(at(9))
    return morphology.done()


SHAPE, NEURON = built()
PLACE = coord.LogicalNeuronOnDLS(SHAPE, coord.AtomicNeuronOnDLS(20))
CHANGED = NEURON.with_columns({"atomic_neurons.leak.v_leak": [100, 200, 300, 400, 500]})


def structure(neuron: LogicalNeuron) -> list[list[bool]]:
    return [neuron.atomic_neurons[f"multicompartment.{name}"].tolist() for name in STRUCTURAL_SWITCHES]


def test_circuits_lie_by_compartment_then_in_the_given_order() -> None:
    assert NEURON.shape.get_compartments() == {
        COMPARTMENT(0): (at(1), at(0), at(1, 1)),
        COMPARTMENT(1): (at(3),),
        COMPARTMENT(2): (at(2),),
    }
    assert [len(circuits) for circuits in NEURON.compartments.values()] == [3, 1, 1]
    assert repr(NEURON) == "LogicalNeuron(<circuits of compartments {0: 3, 1: 1, 2: 1}>)"


def test_neuron_does_not_depend_on_where_its_shape_was_drawn() -> None:
    morphology = Morphology()
    morphology.create_compartment([at(1), at(0), at(1, 1)])
    morphology.create_compartment([at(3)])
    morphology.connect_soma_line(1, 3, 0)
    morphology.connect_to_soma(at(1))
    morphology.connect_resistor_to_soma(at(3))
    assert morphology.done()[1] == NEURON


def test_words_are_those_of_its_circuits() -> None:
    circuits = [circuit for circuits in CHANGED.compartments.values() for circuit in circuits]
    assert CHANGED.encode(PLACE).tolist() == [word for circuit in circuits for word in circuit.encode().tolist()]
    assert CHANGED.encode(PLACE).dtype == np.uint32


def test_addresses_are_those_of_its_circuits() -> None:
    places = PLACE.get_atomic_neurons()
    assert [int(place) for place in places] == [21, 20, 277, 23, 22]
    assert LogicalNeuron.write_addresses(PLACE).tolist() == [
        address for place in places for address in AtomicNeuron.write_addresses(place).tolist()
    ]
    assert LogicalNeuron.read_addresses(PLACE).tolist() == [
        address for place in places for address in AtomicNeuron.read_addresses(place).tolist()
    ]


def test_every_word_is_written_with_all_lanes() -> None:
    assert NEURON.byte_enables(PLACE).tolist() == [15] * 170


def test_readable_and_writable_over_both_ways_to_the_chip() -> None:
    assert LogicalNeuron.is_readable()
    assert LogicalNeuron.is_writable()
    assert LogicalNeuron.coordinate_type is coord.LogicalNeuronOnDLS
    assert LogicalNeuron.backends == AtomicNeuron.backends
    assert LogicalNeuron.default_backend == "omnibus_chip"


def test_decode_reverses_encode() -> None:
    assert LogicalNeuron.decode(CHANGED.encode(PLACE), PLACE) == CHANGED
    assert LogicalNeuron.decode(CHANGED.encode_read(PLACE).tolist(), PLACE) == CHANGED


def test_words_without_a_place_are_those_of_the_shape_as_built() -> None:
    assert CHANGED.encode().tolist() == CHANGED.encode(PLACE).tolist()


def test_equal_neurons_have_equal_hashes_and_changed_ones_differ() -> None:
    _, again = built()
    assert again == NEURON
    assert hash(again) == hash(NEURON)
    assert CHANGED != NEURON
    assert LogicalNeuron() != NEURON


# --- replacing parameters keeps the structure ----------------------------------------------------------------------

OTHER = AtomicNeuron(
    leak=Leak(v_leak=777),
    multicompartment=MultiCompartment(
        connect_soma=True, connect_soma_right=True, connect_right=True, connect_vertical=True, enable_conductance=True,
        i_bias_nmda=55, enable_conductance_division=True,
    ),
)  # fmt: skip


def test_with_neuron_replaces_everything_but_the_structural_switches() -> None:
    changed = NEURON.with_neuron(COMPARTMENT(0), 1, OTHER)
    circuit = changed.compartments[COMPARTMENT(0)][1]
    assert structure(changed) == structure(NEURON)
    assert circuit.leak.v_leak == 777
    assert circuit.multicompartment == MultiCompartment(
        connect_right=True, i_bias_nmda=55, enable_conductance_division=True
    )
    untouched = [position for position in range(5) if position != 1]
    assert all(changed.atomic_neurons[i] == NEURON.atomic_neurons[i] for i in untouched)


def test_with_compartment_keeps_the_structural_switches() -> None:
    changed = NEURON.with_compartment(0, [OTHER] * 3)
    assert structure(changed) == structure(NEURON)
    assert changed.atomic_neurons["leak.v_leak"].tolist() == [777, 777, 777, 0, 0]


def test_evolve_keeps_the_structural_switches() -> None:
    changed = attrs.evolve(NEURON, atomic_neurons=NEURON.atomic_neurons.replace(dict.fromkeys(range(5), OTHER)))
    assert structure(changed) == structure(NEURON)
    assert changed.atomic_neurons["leak.v_leak"].tolist() == [777] * 5
    assert attrs.evolve(NEURON) == NEURON


def test_with_columns_sets_one_circuit_or_all() -> None:
    changed = NEURON.with_columns({"atomic_neurons[3].leak.v_leak": 9, "atomic_neurons.reset.i_bias": [1, 2, 3, 4, 5]})
    assert changed.atomic_neurons["leak.v_leak"].tolist() == [0, 0, 0, 9, 0]
    assert changed.atomic_neurons["reset.i_bias"].tolist() == [1, 2, 3, 4, 5]
    assert NEURON.with_columns(NEURON.columns()) == NEURON


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"atomic_neurons.multicompartment.connect_right": [True] * 5}, MorphologyError),
        ({"atomic_neurons[0].multicompartment.enable_conductance": True}, MorphologyError),
        ({"morphology[0].circuit": 77}, MorphologyError),
        ({"morphology.compartment": [0, 0, 0, 1, 1]}, MorphologyError),
        ({"atomic_neurons[5].leak.v_leak": 1}, FieldRangeError),
        ({"atomic_neurons[0].leak.v_leak": 1024}, FieldRangeError),
        ({"atomic_neurons.leak.v_leak": [1] * 4}, FieldShapeError),
        ({"atomic_neurons.leak.v_leak": [1.0] * 5}, FieldTypeError),
        ({"atomic_neurons.leak.leak": [1] * 5}, UnknownFieldError),
        ({"atomic_neurons": 1}, UnknownFieldError),
        ({"leak.v_leak": 1}, UnknownFieldError),
    ],
)
def test_changes_that_do_not_fit_are_refused(changes: dict[str, Any], error: type[ContainerError]) -> None:
    with pytest.raises(error):
        NEURON.with_columns(changes)


def test_circuits_that_do_not_exist_are_refused() -> None:
    with pytest.raises(MorphologyError, match=r"no compartment 3; compartments are: \[0, 1, 2\]"):
        NEURON.with_neuron(3, 0, OTHER)
    with pytest.raises(MorphologyError, match=r"compartment 0 has circuits 0\.\.2, not 3"):
        NEURON.with_neuron(0, 3, OTHER)
    with pytest.raises(MorphologyError, match="compartment 1 has 1 circuits, 2 given"):
        NEURON.with_compartment(1, [OTHER, OTHER])
    with pytest.raises(FieldTypeError):
        NEURON.with_neuron(0, 0, Leak())  # type: ignore[arg-type]  # no atomic neuron
    with pytest.raises(CoordinateMismatchError):
        NEURON.with_neuron(coord.NeuronRowOnDLS(0), 0, OTHER)  # type: ignore[arg-type]  # no compartment


def test_objects_that_do_not_fit_are_refused() -> None:
    circuits = [MorphologyCircuit(compartment=0, circuit=0), MorphologyCircuit(compartment=1, circuit=1)]
    with pytest.raises(FieldShapeError, match="1 circuits given, the morphology has 2"):
        LogicalNeuron.of(circuits, [OTHER])
    with pytest.raises(MorphologyError, match="ascending compartments"):
        LogicalNeuron.of(reversed(circuits))
    with pytest.raises(MorphologyError, match="used twice"):
        LogicalNeuron.of([circuits[0], circuits[0]])
    with pytest.raises(FieldShapeError, match="more than 256"):
        LogicalNeuron.of([circuits[0]] * 257)
    with pytest.raises(FieldTypeError):
        LogicalNeuron.of([OTHER])  # type: ignore[list-item]  # parameters are no structure
    with pytest.raises(FieldTypeError):
        attrs.evolve(NEURON, atomic_neurons=3)  # type: ignore[arg-type]  # no neurons
    with pytest.raises(UnknownFieldError):
        LogicalNeuron(neurons=[OTHER])  # type: ignore[call-arg]  # no such field
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        NEURON.atomic_neurons = CHANGED.atomic_neurons  # type: ignore[misc]  # frozen


# --- mirrored places -----------------------------------------------------------------------------------------------


def test_on_a_mirrored_place_the_circuits_on_the_left_carry_the_switches() -> None:
    mirrored = coord.LogicalNeuronOnDLS(SHAPE.flip_x(), coord.AtomicNeuronOnDLS(20))
    there = LogicalNeuron.decode(NEURON.encode(mirrored), mirrored)
    # order of circuits: columns 7, 6, 7 of row 1, 9, and 8 of the drawing
    columns = there.morphology.columns()
    assert columns["circuit"].tolist() == [2, 3, 128 + 2, 0, 1]
    assert columns["connect_right"].tolist() == [True, False, False, False, False]
    assert columns["connect_soma_right"].tolist() == [False, False, False, True, True]
    assert columns["connect_soma"].tolist() == [True, False, False, False, False]
    assert columns["connect_vertical"].tolist() == [True, False, True, False, False]
    assert columns["enable_conductance"].tolist() == [False, False, False, True, False]
    assert there == NEURON.flip_x()


@pytest.mark.parametrize(("left_right", "top_bottom"), [(False, True), (True, False), (True, True)])
def test_mirrored_neurons_are_read_back_mirrored(left_right: bool, top_bottom: bool) -> None:
    shape, neuron = SHAPE, CHANGED
    if left_right:
        shape, neuron = shape.flip_x(), neuron.flip_x()
    if top_bottom:
        shape, neuron = shape.flip_y(), neuron.flip_y()
    place = coord.LogicalNeuronOnDLS(shape, coord.AtomicNeuronOnDLS(130))
    assert LogicalNeuron.decode(CHANGED.encode(place), place) == neuron
    assert neuron.encode(place).tolist() == CHANGED.encode(place).tolist()
    assert neuron != CHANGED


def test_mirroring_twice_changes_nothing() -> None:
    assert CHANGED.flip_x().flip_x() == CHANGED
    assert CHANGED.flip_y().flip_y() == CHANGED


def test_neuron_joined_to_the_outside_has_no_mirror_image() -> None:
    open_end = LogicalNeuron.of([MorphologyCircuit(compartment=0, circuit=0, connect_right=True)])
    with pytest.raises(MorphologyError, match=r"connect_right of .* leads out"):
        open_end.flip_x()
    last_column = [MorphologyCircuit(circuit=i, connect_soma_right=i == 127) for i in range(129)]
    with pytest.raises(MorphologyError, match=r"connect_soma_right of .* leads out"):
        LogicalNeuron.of(last_column).flip_x()


def test_place_of_another_shape_is_refused() -> None:
    other = coord.LogicalNeuronCompartments({COMPARTMENT(0): [at(i) for i in range(5)]})
    with pytest.raises(CoordinateMismatchError, match="another shape"):
        NEURON.encode(coord.LogicalNeuronOnDLS(other, coord.AtomicNeuronOnDLS(0)))
    with pytest.raises(CoordinateMismatchError, match="lives at a LogicalNeuronOnDLS"):
        NEURON.encode(coord.AtomicNeuronOnDLS(0))


def test_place_is_needed_to_find_the_addresses() -> None:
    for ask in (LogicalNeuron.write_addresses, LogicalNeuron.read_addresses, lambda: LogicalNeuron.decode([])):
        with pytest.raises(CoordinateMismatchError):
            ask()
    with pytest.raises(AccessError, match="have no index"):
        LogicalNeuron.addresses_of(np.array([0]))


@pytest.mark.parametrize("words", [[], [0] * 169, [0] * 171, [[0] * 34] * 5])
def test_wrong_number_of_words_is_refused(words: list[Any]) -> None:
    with pytest.raises(DecodeError, match="170 words wanted"):
        LogicalNeuron.decode(words, PLACE)


# --- differences and bytes -----------------------------------------------------------------------------------------


def test_difference_is_the_words_that_changed() -> None:
    changed = NEURON.with_columns({"atomic_neurons[3].leak.v_leak": 9})
    writes = difference(changed, NEURON, PLACE)
    cell = AtomicNeuron.write_addresses(coord.AtomicNeuronOnDLS(23)).tolist()
    assert writes.words.tolist() == [9]
    assert set(writes.addresses.tolist()) <= set(cell)
    assert [str(change) for change in diff(NEURON, changed)] == ["atomic_neurons.leak.v_leak[3]: 0 -> 9"]


def test_neurons_of_other_structure_differ_in_named_fields() -> None:
    paths = {change.path for change in diff(NEURON, NEURON.flip_x())}
    assert "morphology.circuit[0]" in paths
    assert "atomic_neurons.multicompartment.connect_soma_right[0]" in paths
    with pytest.raises(FieldTypeError):
        diff(NEURON, LogicalNeuron())


@pytest.mark.parametrize("neuron", [NEURON, CHANGED, LogicalNeuron()], ids=["default", "changed", "empty"])
def test_bytes_and_fields_are_read_back(neuron: LogicalNeuron) -> None:
    assert from_bytes(to_bytes(neuron)) == neuron
    assert LogicalNeuron._from_plain(neuron._to_plain()) == neuron
    assert LogicalNeuron.from_fields(neuron.to_fields()) == neuron


def test_empty_neuron_has_no_words() -> None:
    assert LogicalNeuron().encode().size == 0
    assert LogicalNeuron().compartments == {}
    assert repr(LogicalNeuron()) == "LogicalNeuron(<circuits of compartments {}>)"


def test_html_table_names_the_changed_parameters() -> None:
    assert "atomic_neurons.leak.v_leak" in CHANGED._repr_html_()


PLAIN = CHANGED._to_plain()
DAMAGED: list[object] = [
    None,
    [],
    {},
    {"compartments": PLAIN["compartments"]},
    {**PLAIN, "more": 1},
    {**PLAIN, "words": PLAIN["words"][:-1]},
    {**PLAIN, "words": list(PLAIN["words"])},
    {**PLAIN, "words": b"\xff" * len(PLAIN["words"])},
    {**PLAIN, "compartments": 3},
    {**PLAIN, "compartments": [[0, [1, 0, 129]], [1, [3]]]},
    {**PLAIN, "compartments": [[0, [1, 0, 129]], [1, [3]], [2, [3]]]},
    {**PLAIN, "compartments": [[0, [1, 0, 129]], [1, [3]], [2, [256]]]},
    {**PLAIN, "compartments": [[0, [2, 1, 130]], [1, [4]], [2, [3]]]},
    {**PLAIN, "compartments": [[1, [3]], [0, [1, 0, 129]], [2, [2]]]},
    {**PLAIN, "compartments": [[0, [1, 0, 129]], [1, [3]], [2, [2]], [3, []]]},
    {**PLAIN, "compartments": [[0, [True, 0, 129]], [1, [3]], [2, [2]]]},
    {"compartments": [], "words": b"\0" * 4},
]


@pytest.mark.parametrize("plain", DAMAGED)
def test_damaged_data_are_refused(plain: object) -> None:
    with pytest.raises(DecodeError):
        LogicalNeuron._from_plain(plain)


@settings(derandomize=True, max_examples=25, deadline=None)
@given(st.binary(min_size=680, max_size=680))
def test_any_words_decode_to_a_neuron_that_keeps_all_its_bits(data: bytes) -> None:
    neuron = LogicalNeuron.decode(np.frombuffer(data, dtype=np.uint32), PLACE)
    assert LogicalNeuron.decode(neuron.encode(PLACE), PLACE) == neuron
    assert from_bytes(to_bytes(neuron)) == neuron


@settings(derandomize=True, max_examples=30, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 5000))
def test_mutated_bytes_are_refused_or_read(noise: bytes, position: int) -> None:
    data = bytearray(to_bytes(CHANGED))
    position %= len(data)
    data[position : position + len(noise)] = noise
    try:
        found = from_bytes(bytes(data))
    except ContainerError:
        return
    assert to_bytes(found) == bytes(data)
