"""Bad field values: each is refused with an error of the right family that names container, field, value and range."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.containers import (
    ArrayOf,
    ContainerError,
    FieldRangeError,
    FieldShapeError,
    FieldTypeError,
    UnknownFieldError,
)
from hxtwin.containers.fields import FieldSpec
from hxtwin.containers.memory_block import MemoryBlock
from hxtwin.containers.record import Column, members, schema
from hxtwin.errors import HxtwinError

_TYPES = {name: cls for name, cls in containers.types().items() if name != "LogicalNeuron"}


def _fields(name: str) -> list[tuple[str, FieldSpec]]:
    return [(field, spec) for field, spec in members(_TYPES[name]).items() if isinstance(spec, FieldSpec)]


def _scalars(name: str) -> list[tuple[str, FieldSpec]]:
    return [(field, spec) for field, spec in _fields(name) if not spec.shape]


def _arrays(name: str) -> list[tuple[str, FieldSpec]]:
    if issubclass(_TYPES[name], MemoryBlock):
        return []
    return [(field, spec) for field, spec in _fields(name) if spec.shape and np.prod(spec.shape) < 1000]


#: One field of each kind and of each remarkable range.
_SCALARS = [
    ("CADCConfig", "enable"),
    ("CADCConfig", "reset_wait"),
    ("ADPLL", "loop_div_n"),
    ("ADPLL", "pre_div_p0"),
    ("PPUMemoryWord", "value"),
    ("SystimeSyncBase", "value"),
    ("FPGADeviceDNA", "value"),
    ("CADCChannelConfig", "offset"),
    ("TMP112Status", "temperature"),
    ("CurrentDAC", "sign"),
    ("INA219Config", "shunt_adc_mode"),
    ("CapMemCell", "value"),
    ("SynapseDriverBlock", "hagen_i_bias_dac"),
]
_ARRAYS = [
    ("SynapseBiasSelection", "enable_internal_dac_bias"),
    ("SynapseWeightQuad", "values"),
    ("ReferenceGeneratorConfig", "capmem_slope"),
    ("NeuronBlock", "v_bias_casc_n"),
    ("SpikePack3ToChip", "labels"),
    ("ColumnCurrentRow", "enable_debug_excitatory"),
    ("CADCSamples", "causal"),
]
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

every_scalar = pytest.mark.parametrize(("name", "field"), _SCALARS)
every_array = pytest.mark.parametrize(("name", "field"), _ARRAYS)
every_part = pytest.mark.parametrize(("name", "field"), _PARTS)
every_container = pytest.mark.parametrize("name", list(_TYPES))


class _Other(IntEnum):
    NOTHING = 0


def _spec(name: str, field: str) -> FieldSpec:
    spec = members(_TYPES[name])[field]
    assert isinstance(spec, FieldSpec)
    return spec


def _range_text(spec: FieldSpec) -> str:
    """What a message must say about the range."""
    if spec.kind == "bool":
        return "0/1"
    if spec.enum is not None:
        return re.escape(f"{spec.enum(spec.maximum).name} ({spec.maximum})")
    return re.escape(f"{spec.minimum}..{1022 if spec.kind == 'capmem_value' else spec.maximum}")


def _ways(cls: Any, field: str, value: object) -> list[Any]:
    """The ways on which a value gets into a container."""
    return [
        lambda: cls(**{field: value}),
        lambda: attrs.evolve(cls(), **{field: value}),
        lambda: cls().with_columns({field: value}),
        lambda: cls.from_fields({field: value}),
    ]


# --- scalars ---------------------------------------------------------------------------------------------------------


@every_container
def test_numbers_outside_the_range_are_refused_on_both_sides(name: str) -> None:
    cls = _TYPES[name]
    for field, spec in _scalars(name):
        for value in (spec.minimum - 1, spec.maximum + 1):
            with pytest.raises(FieldRangeError, match=rf"^{name}\.{field}: {value} .*allowed: .*{_range_text(spec)}"):
                cls(**{field: value})


@every_scalar
def test_numbers_far_outside_the_range_are_refused_on_every_way(name: str, field: str) -> None:
    spec, cls = _spec(name, field), _TYPES[name]
    for value in (spec.minimum - 1, spec.maximum + 1, -(10**30), 10**30, np.int64(spec.minimum - 1)):
        message = rf"^{name}\.{field}: {value} .*allowed: .*{_range_text(spec)}"
        for way in _ways(cls, field, value):
            with pytest.raises(FieldRangeError, match=message):
                way()


@every_container
def test_the_ends_of_the_range_are_taken(name: str) -> None:
    cls = _TYPES[name]
    for field, spec in _scalars(name):
        for value in (spec.minimum, spec.maximum):
            assert int(getattr(cls(**{field: value}), field)) == value
            if spec.maximum < 1 << 31:
                assert int(getattr(cls(**{field: np.int32(value)}), field)) == value


_NO_NUMBERS = [
    1.0, 0.5, float("nan"), float("inf"), np.float64(1), np.float32("nan"), Decimal(1), Fraction(1), 1 + 0j,
    None, "1", "", b"1", bytearray(b"1"), [1], (1,), {1}, {}, np.array(1), np.array([1]), object(), int,
    coord.PPUMemoryWordOnPPU(1),
]  # fmt: skip


@every_scalar
def test_what_is_no_integer_is_refused(name: str, field: str) -> None:
    cls = _TYPES[name]
    for value in _NO_NUMBERS:
        with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: .* is a {type(value).__name__}, wanted"):
            cls(**{field: value})
    for way in _ways(cls, field, float("nan")):
        with pytest.raises(
            FieldTypeError, match=rf"^{name}\.{field}: nan is a float, wanted .*{_range_text(_spec(name, field))}"
        ):
            way()


@every_scalar
def test_bools_are_taken_by_switches_only(name: str, field: str) -> None:
    spec, cls = _spec(name, field), _TYPES[name]
    for value in (True, False, np.True_):
        if spec.kind == "bool":
            assert getattr(cls(**{field: value}), field) is bool(value)
            assert getattr(cls(**{field: int(value)}), field) is bool(value)
        else:
            with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: .* is a bool"):
                cls(**{field: value})


@every_container
def test_enumerations_take_their_members_and_values_only(name: str) -> None:
    cls = _TYPES[name]
    for field, spec in _scalars(name):
        if spec.enum is None:
            continue
        for member in spec.enum:
            assert getattr(cls(**{field: member}), field) is member
            assert getattr(cls(**{field: member.value}), field) is member
        for odd, message in ((member.name, "is a str"), (_Other.NOTHING, "belongs to another enumeration")):
            with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: .* {message}"):
                cls(**{field: odd})


def test_labels_take_their_coordinate_and_no_other() -> None:
    assert containers.SpikeFromChip(label=coord.SpikeLabel(7)).label == 7  # type: ignore[arg-type]
    with pytest.raises(FieldTypeError, match=r"SpikeFromChip\.label: .*wanted an int or a SpikeLabel"):
        containers.SpikeFromChip(label=coord.NeuronLabel(7))  # type: ignore[arg-type]
    assert containers.SpikePack2ToChip.from_fields({"labels": [coord.SpikeLabel(7), 8]}).labels.tolist() == [7, 8]
    with pytest.raises(FieldTypeError, match=r"SpikePack2ToChip\.labels"):
        containers.SpikePack2ToChip.from_fields({"labels": [coord.NeuronLabel(7), 8]})


@pytest.mark.parametrize("value", ["x" * 10**6, list(range(10**5)), 10**5000], ids=["text", "list", "number"])
def test_long_values_do_not_make_long_messages(value: object) -> None:
    for name, field in (("CADCConfig", "reset_wait"), ("CurrentDAC", "sign"), ("SynapseWeightQuad", "values")):
        with pytest.raises(ContainerError) as info:
            _TYPES[name].from_fields({field: value})
        assert len(str(info.value)) < 2000


# --- arrays ----------------------------------------------------------------------------------------------------------


def _filled(spec: FieldSpec, value: Any, dtype: Any = None) -> np.ndarray[Any, Any]:
    return np.full(spec.shape, value, dtype=dtype)


@every_container
def test_elements_outside_the_range_are_named(name: str) -> None:
    cls = _TYPES[name]
    for field, spec in _arrays(name):
        last = tuple(size - 1 for size in spec.shape)
        place = re.escape(", ".join(map(str, last)))
        for value in (spec.minimum - 1, spec.maximum + 1):
            array = _filled(spec, spec.minimum, np.int64)
            array[last] = value
            message = rf"^{name}\.{field}\[{place}\]: {value} is out of range; allowed: {_range_text(spec)}"
            with pytest.raises(FieldRangeError, match=message):
                cls(**{field: array})


@every_array
def test_elements_outside_the_range_are_refused_on_every_way(name: str, field: str) -> None:
    spec, cls = _spec(name, field), _TYPES[name]
    for value in (spec.minimum - 1, spec.maximum + 1):
        array = _filled(spec, spec.minimum, np.int64)
        array[(0,) * array.ndim] = value
        for given in (array, array.tolist()):
            for way in _ways(cls, field, given):
                with pytest.raises(FieldRangeError, match=rf"^{name}\.{field}\[0.*\]: {value} is out of range"):
                    way()


@every_array
def test_numbers_beyond_machine_integers_are_refused(name: str, field: str) -> None:
    spec, cls = _spec(name, field), _TYPES[name]
    for value in (1 << 63, 1 << 64, 1 << 200, -(1 << 63) - 1):
        if value > spec.maximum:
            with pytest.raises((FieldRangeError, FieldTypeError), match=rf"^{name}\.{field}"):
                cls(**{field: _filled(spec, value, object).tolist()})


@every_array
def test_arrays_of_other_types_are_refused(name: str, field: str) -> None:
    spec, cls = _spec(name, field), _TYPES[name]
    bad: list[Any] = [
        _filled(spec, 1.0), _filled(spec, np.nan), _filled(spec, 1, np.float32), _filled(spec, 1, complex),
        _filled(spec, "1"), _filled(spec, b"1"), _filled(spec, None), _filled(spec, 1, object),
        _filled(spec, 0, "datetime64[s]"), _filled(spec, 1.0).tolist(), _filled(spec, None).tolist(),
    ]  # fmt: skip
    bad += [] if spec.kind == "bool" else [_filled(spec, True), _filled(spec, True).tolist()]
    for given in bad:
        for way in _ways(cls, field, given):
            with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: .*{_range_text(spec)}"):
                way()


@every_array
def test_one_float_or_bool_among_integers_is_refused(name: str, field: str) -> None:
    spec, cls = _spec(name, field), _TYPES[name]
    if len(spec.shape) > 1 or spec.shape[0] < 2:
        return
    mixed = [1.0, float("nan"), None, "1", [1]] + ([] if spec.kind == "bool" else [True])
    for odd in mixed:
        given = [spec.minimum] * (spec.shape[0] - 1) + [odd]
        with pytest.raises((FieldTypeError, FieldShapeError), match=rf"^{name}\.{field}: "):
            cls(**{field: given})


@every_array
def test_what_is_no_array_is_refused(name: str, field: str) -> None:
    cls = _TYPES[name]
    size = int(np.prod(_spec(name, field).shape))
    bad: list[Any] = [
        1, True, 1.0, "1" * size, b"1" * size, bytearray(size), object(), (i for i in range(size)), iter(range(size)),
        set(range(size)), dict.fromkeys(range(size), 0), coord.SynramOnDLS(1), int,
    ]  # fmt: skip
    for given in bad:
        with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: "):
            cls(**{field: given})


@every_array
def test_none_is_no_array(name: str, field: str) -> None:
    for way in _ways(_TYPES[name], field, None):
        with pytest.raises(FieldTypeError, match=rf"^{name}\.{field}: None"):
            way()


@every_array
def test_arrays_of_other_shapes_are_refused(name: str, field: str) -> None:
    spec, cls = _spec(name, field), _TYPES[name]
    size, low = int(np.prod(spec.shape)), spec.minimum
    shapes: list[tuple[int, ...]] = [(0,), (size + 1,), (1, size), (size, 1), (1, *spec.shape), (*spec.shape, 1)]
    shapes += [(size - 1,)] if size > 1 else []
    for shape in {shape for shape in shapes if shape != spec.shape}:
        given = np.full(shape, low, dtype=np.int64)
        for way in _ways(cls, field, given):
            with pytest.raises(
                FieldShapeError, match=rf"^{name}\.{field}: array of shape {re.escape(str(shape))} given"
            ):
                way()


@every_array
def test_ragged_lists_are_refused(name: str, field: str) -> None:
    for given in ([[1], [1, 0]], [1, [0]], [[], [0]]):
        with pytest.raises(FieldShapeError, match=rf"^{name}\.{field}: a ragged sequence"):
            _TYPES[name](**{field: given})


@every_array
def test_integer_arrays_of_any_width_are_taken(name: str, field: str) -> None:
    spec, cls = _spec(name, field), _TYPES[name]
    for dtype in (np.int8, np.uint8, np.int64, np.uint64, ">i4"):
        found = getattr(cls(**{field: _filled(spec, max(spec.minimum, 0), dtype)}), field)
        assert found.dtype == spec.dtype
        assert found.shape == spec.shape
        assert (found == max(spec.minimum, 0)).all()
    reverse = getattr(cls(**{field: _filled(spec, 1, np.int64)[::-1]}), field)
    assert reverse.tolist() == _filled(spec, 1, spec.dtype).tolist()


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
    for way in _ways(cls, "no_such_field", 1):
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


# --- the family ------------------------------------------------------------------------------------------------------


def test_all_errors_are_of_one_family_and_of_the_builtin_kind_that_users_expect() -> None:
    for error, kinds in {
        FieldRangeError: (ValueError,),
        FieldTypeError: (TypeError,),
        FieldShapeError: (ValueError,),
        UnknownFieldError: (TypeError, AttributeError),
        containers.CoordinateMismatchError: (TypeError,),
        containers.AccessError: (),
        containers.DecodeError: (ValueError,),
        containers.MorphologyError: (ValueError,),
        containers.ProgramFileError: (ValueError,),
    }.items():
        assert issubclass(error, (ContainerError, *kinds))
        assert issubclass(error, HxtwinError)
        assert all(issubclass(error, kind) for kind in kinds)
