"""Bad nested records, names and paths: each is refused with an error that says what was wanted."""

from __future__ import annotations

import re
from typing import Any

import attrs
import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.containers import ArrayOf, FieldRangeError, FieldShapeError, FieldTypeError, UnknownFieldError
from hxtwin.containers.fields import FieldSpec
from hxtwin.containers.memory_block import MemoryBlock
from hxtwin.containers.record import Column, members, schema

from .field_values import ways_in

_TYPES = {name: cls for name, cls in containers.types().items() if name != "LogicalNeuron"}

_PARTS = [
    ("ReadoutSourceSelection", "buffer"),
    ("PLLClockOutputBlock", "clock_output"),
    ("AtomicNeuron", "leak"),
    ("MemoryTiming", "capmem"),
    ("CapMem", "blocks"),
    ("CapMem", "reference_generator"),
    ("Crossbar", "nodes"),
    ("Chip", "neuron_block"),
]

every_part = pytest.mark.parametrize(("name", "field"), _PARTS)
every_container = pytest.mark.parametrize("name", list(_TYPES))


# --- nested records --------------------------------------------------------------------------------------------------


@every_part
def test_parts_of_another_class_are_refused(name: str, field: str) -> None:
    cls: Any = _TYPES[name]
    for value in (containers.SpikeFromChip(), 1, "x", b"x", 1.0, True, coord.SynramOnDLS(1), cls, object()):
        with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: "):
            cls(**{field: value})
        with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: "):
            attrs.evolve(cls(), **{field: value})


@every_part
def test_none_is_no_part(name: str, field: str) -> None:
    cls: Any = _TYPES[name]
    with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: "):
        cls(**{field: None})
    with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: "):
        attrs.evolve(cls(), **{field: None})


@every_part
def test_arrays_of_records_have_their_size_and_class(name: str, field: str) -> None:
    cls, spec = _TYPES[name], members(_TYPES[name])[field]
    assert not isinstance(spec, FieldSpec)
    if spec.size is None:
        return
    items = list(getattr(cls(), field))
    assert getattr(cls(**{field: items}), field) == getattr(cls(), field)
    for wrong in (items[:-1], [*items, items[0]], []):
        with pytest.raises(FieldShapeError, match=rf"^{name}\.{field}: {len(wrong)} records given, wanted {spec.size}"):
            cls(**{field: wrong})
    with pytest.raises(FieldTypeError, match="is a SpikeFromChip"):
        cls(**{field: [*items[:-1], containers.SpikeFromChip()]})
    for other in (containers.CapMem().blocks, containers.MemoryTiming().capmem):
        if other.record is not spec.record:
            with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: array of {other.record.__name__} given"):
                cls(**{field: other})


def test_arrays_of_records_of_another_size_are_refused() -> None:
    two = containers.MemoryTiming().synapse_driver
    four: ArrayOf[Any] = ArrayOf(two.record, 4, {k: np.resize(v, 4) for k, v in two.columns().items()})
    with pytest.raises(FieldShapeError, match=r"MemoryTiming\.synapse_driver: 4 records given, wanted 2"):
        containers.MemoryTiming(synapse_driver=four)


def test_arrays_of_records_are_indexed_by_numbers_and_their_coordinate() -> None:
    nodes = containers.Crossbar().nodes
    assert nodes[75] == nodes[-1] == nodes[coord.CrossbarNodeOnDLS(75)] == containers.CrossbarNode()
    for index in (76, -77, 10**20):
        with pytest.raises(IndexError, match="CrossbarNode"):
            nodes[index]
    with pytest.raises(FieldTypeError, match="CrossbarNodeOnDLS"):
        nodes[coord.CrossbarInputOnDLS(3)]
    with pytest.raises(UnknownFieldError, match="CrossbarNode: no field 'masks'; fields are: mask, target"):
        nodes["masks"]
    with pytest.raises(TypeError):
        nodes[0] = containers.CrossbarNode()  # type: ignore[index]


@pytest.mark.parametrize("index", [1.0, 1.7, float("nan"), None, (1, 2), b"1"])
def test_arrays_of_records_are_not_indexed_by_anything_else(index: Any) -> None:
    with pytest.raises((TypeError, IndexError)):
        containers.Crossbar().nodes[index]


def test_elements_of_arrays_of_records_are_replaced_by_their_class_only() -> None:
    nodes = containers.Crossbar().nodes
    changed = nodes.replace(
        {3: containers.CrossbarNode(mask=5), coord.CrossbarNodeOnDLS(4): containers.CrossbarNode(mask=6)}
    )
    assert changed["mask"][:6].tolist() == [0, 0, 0, 5, 6, 0]
    with pytest.raises(FieldTypeError, match="CrossbarNode: element 3 is a Leak"):
        nodes.replace({3: containers.Leak()})  # type: ignore[dict-item]
    with pytest.raises(IndexError, match="76"):
        nodes.replace({76: containers.CrossbarNode()})


def test_columns_of_arrays_of_records_are_checked() -> None:
    nodes = containers.Crossbar().nodes
    assert nodes.with_columns({"mask": range(76)})["mask"].tolist() == list(range(76))
    with pytest.raises(UnknownFieldError, match="CrossbarNode: no field 'masks'"):
        nodes.with_columns({"masks": [0] * 76})
    with pytest.raises(FieldRangeError, match=r"CrossbarNode\.mask\[75\]: 16384 is out of range; allowed: 0\.\.16383"):
        nodes.with_columns({"mask": [0] * 75 + [16384]})
    with pytest.raises(FieldShapeError, match=r"CrossbarNode\.mask"):
        nodes.with_columns({"mask": [0] * 75})
    with pytest.raises(FieldTypeError, match=r"CrossbarNode\.mask"):
        nodes.with_columns({"mask": [0.0] * 76})


# --- names -----------------------------------------------------------------------------------------------------------


@every_container
def test_unknown_fields_are_refused_and_the_known_ones_listed(name: str) -> None:
    cls = _TYPES[name]
    known = next(iter(members(cls)), "")
    for way in ways_in(cls, "no_such_field", 1):
        with pytest.raises(UnknownFieldError, match=rf"^{name}: .*'no_such_field'.*fields? (is|are): .*{known}"):
            way()


@every_container
def test_fields_are_given_by_keyword_only(name: str) -> None:
    with pytest.raises(UnknownFieldError, match=rf"^{name}: .*keyword"):
        _TYPES[name](1)  # type: ignore[call-arg]


def test_unknown_fields_are_type_and_attribute_errors_too() -> None:
    with pytest.raises(TypeError):
        containers.CADCConfig(enabel=True)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        containers.CADCConfig().enabel  # type: ignore[attr-defined]  # noqa: B018


_PATHS = [
    ("ReadoutSourceSelection", "buffer[2].debug_plus", FieldRangeError),
    ("ReadoutSourceSelection", "buffer[0][0].debug_plus", FieldRangeError),
    ("ReadoutSourceSelection", "buffer[-1].debug_plus", UnknownFieldError),
    ("ReadoutSourceSelection", "buffer[x].debug_plus", UnknownFieldError),
    ("ReadoutSourceSelection", "buffer[99999999999].debug_plus", (FieldRangeError, UnknownFieldError)),
    ("ReadoutSourceSelection", "buf[0]fer.debug_plus", UnknownFieldError),
    ("ReadoutSourceSelection", "[0]buffer.debug_plus", UnknownFieldError),
    ("ReadoutSourceSelection", "buffer.debug[0]_plus", UnknownFieldError),
    ("ReadoutSourceSelection", "buffer", UnknownFieldError),
    ("ReadoutSourceSelection", "", UnknownFieldError),
    ("ReadoutSourceSelection", ".buffer[0].debug_plus", UnknownFieldError),
    ("ReadoutSourceSelection", "buffer[0].debug_plus.", UnknownFieldError),
    ("ReadoutSourceSelection", "buffer[0].DEBUG_PLUS", UnknownFieldError),
    ("SynapseQuad", "weights[4]", FieldRangeError),
    ("SynapseQuad", "weights[0][0]", FieldRangeError),
    ("AtomicNeuron", "leak.v_lek", UnknownFieldError),
    ("AtomicNeuron", "v_leak", UnknownFieldError),
    ("CADCConfig", "enable[0]", FieldRangeError),
    ("CADCConfig", 1, UnknownFieldError),
    ("CADCConfig", None, UnknownFieldError),
]


@pytest.mark.parametrize(("name", "path", "error"), _PATHS)
def test_paths_that_lead_nowhere_are_refused(name: str, path: Any, error: Any) -> None:
    with pytest.raises(error, match=name):
        _TYPES[name]().with_columns({path: 1})


def test_elements_are_addressed_by_number() -> None:
    quad = containers.SynapseQuad().with_columns({"weights[2]": 5})
    assert quad.weights.tolist() == [0, 0, 5, 0]
    with pytest.raises(FieldRangeError, match=r"SynapseQuad\.weights\[2\]: 64 is out of range; allowed: 0\.\.63"):
        quad.with_columns({"weights[2]": 64})
    with pytest.raises(FieldTypeError, match=r"SynapseQuad\.weights\[2\]: "):
        quad.with_columns({"weights[2]": True})


@pytest.mark.parametrize("name", [name for name, cls in _TYPES.items() if cls.layout.children and schema(cls)])
def test_values_deep_inside_trees_are_checked(name: str) -> None:
    cls = _TYPES[name]
    if issubclass(cls, MemoryBlock):
        return
    column: Column = schema(cls)[-1]
    where = re.escape(f"{name}.{column.path}")
    with pytest.raises(FieldRangeError, match=where):
        cls().with_columns(
            {column.path: np.full(column.shape, column.spec.maximum + 1) if column.shape else column.spec.maximum + 1}
        )
    with pytest.raises(FieldTypeError, match=where):
        cls().with_columns({column.path: np.full(column.shape, 1.0) if column.shape else 1.0})
    if column.shape:
        with pytest.raises(FieldShapeError, match=where):
            cls().with_columns({column.path: np.zeros((*column.shape, 2), dtype=np.int64)})


# --- blocks of memory ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [cls for cls in _TYPES.values() if issubclass(cls, MemoryBlock)])
def test_blocks_refuse_bad_data(cls: type[MemoryBlock]) -> None:
    spec, field = schema(cls)[0].spec, rf"^{cls.__name__}\.{cls.data_field}"
    with pytest.raises(FieldShapeError, match=field):
        cls.of(np.zeros(0, dtype=np.int64))
    if spec.shape[0] < 1 << 20:
        with pytest.raises(FieldShapeError, match=rf"{field}: .*1\.\.{spec.shape[0]}"):
            cls.of(np.zeros(spec.shape[0] + 1, dtype=np.int64))
    for value in (-1, spec.maximum + 1):
        with pytest.raises(
            FieldRangeError, match=rf"{field}\[1\]: {value} is out of range; allowed: 0\.\.{spec.maximum}"
        ):
            cls.of([0, value])
    bad: list[Any] = [[1.0], [True], ["1"], [None], "abc", b"abc"]
    for data in bad:
        with pytest.raises(FieldTypeError, match=field):
            cls.of(data)
    for shape in ((2, 2), (1, 1)):
        with pytest.raises(FieldShapeError, match=field):
            cls.of(np.zeros(shape, dtype=np.int64))


@pytest.mark.parametrize("data", [None, 1, 1.0, True, np.array(3), {1}, {1: 2}, (i for i in range(3))])
def test_blocks_refuse_what_is_no_array(data: Any) -> None:
    with pytest.raises((FieldTypeError, FieldShapeError), match=r"^PPUMemoryBlock\.words: "):
        containers.PPUMemoryBlock.of(data)
