"""Bad field values: each is refused with an error of the right family that names container, field, value and range."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.containers import (
    ContainerError,
    FieldRangeError,
    FieldShapeError,
    FieldTypeError,
    UnknownFieldError,
)
from hxtwin.containers.fields import FieldSpec
from hxtwin.containers.memory_block import MemoryBlock
from hxtwin.containers.record import members
from hxtwin.errors import HxtwinError

from .field_values import ways_in

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
every_scalar = pytest.mark.parametrize(("name", "field"), _SCALARS)
every_array = pytest.mark.parametrize(("name", "field"), _ARRAYS)
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
        for way in ways_in(cls, field, value):
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
    message = rf"^{name}\.{field}: nan is a float, wanted .*{_range_text(_spec(name, field))}"
    for way in ways_in(cls, field, float("nan")):
        with pytest.raises(FieldTypeError, match=message):
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
            for way in ways_in(cls, field, given):
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
        for way in ways_in(cls, field, given):
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
    for way in ways_in(_TYPES[name], field, None):
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
        for way in ways_in(cls, field, given):
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
