"""Round trips of every container - to words, to bytes, to plain values, and back - and that objects never change."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hxtwin import containers, coord
from hxtwin.containers import ArrayOf, Columns, Container, Record, from_bytes, to_bytes
from hxtwin.containers.memory_block import MemoryBlock
from hxtwin.containers.record import Column, members, schema

if TYPE_CHECKING:
    from collections.abc import Callable

#: Containers whose size or shape is a matter of their content have round trips of their own.
_OWN_SHAPE = ("LogicalNeuron", "PPUMemoryBlock", "ExternalPPUMemoryBlock", "ExternalPPUDRAMMemoryBlock")
_LARGE = 5000  # fields
_SIZES = {
    name: sum(int(np.prod(column.shape, dtype=int)) for column in schema(cls))
    for name, cls in containers.types().items()
    if name not in _OWN_SHAPE
}
_SMALL = [name for name, size in _SIZES.items() if size <= _LARGE]
_HUGE = [name for name, size in _SIZES.items() if size > 100 * _LARGE]

every_container = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in _HUGE else []) for name in _SIZES]
)

_WORDS_WITHOUT = {"ExternalPPUMemoryQuad.enables", "ExternalPPUDRAMMemoryQuad.enables"}


def _examples(name: str) -> settings:
    return settings(
        derandomize=True,
        deadline=None,
        database=None,
        max_examples=6 if name in _SMALL else 2,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def _columns(draw: st.DrawFn, cls: type[Container]) -> Columns:
    """Valid columns: short ones value by value, long ones from a seed."""
    found: Columns = {}
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for column in schema(cls):
        low, high, size = column.spec.minimum, column.spec.maximum, int(np.prod(column.shape, dtype=int))
        if size <= 4 and _SIZES[cls.__name__] <= 100:
            values = draw(st.lists(st.integers(low, high), min_size=size, max_size=size))
        else:
            values = rng.integers(low, high, size, dtype=np.int64, endpoint=True).tolist()
        found[column.path] = np.array(values, dtype=column.spec.dtype).reshape(column.shape)
    return found


def _objects(name: str) -> st.SearchStrategy[Any]:
    cls = containers.by_name(name)
    return _columns(cls).map(cls.from_columns)


def _gate(cls: type[Container], column: Column) -> str | None:
    """Path of the switch without which a field is not transported."""
    if column.spec.only_if is None:
        return None
    paths, prefix = {other.path for other in schema(cls)}, column.path
    while "." in prefix:
        prefix = prefix.rpartition(".")[0]
        candidate = f"{prefix.rpartition('.')[0]}.{column.spec.only_if}".removeprefix(".")
        if candidate in paths:
            return candidate
    raise AssertionError(f"{cls.__name__}.{column.path}: no field {column.spec.only_if}")


def _after_transport(container: Container) -> Container:
    """What a read gives back: defaults for what no bit carries, and behind closed switches."""
    cls = type(container)
    columns = container.columns()
    for column in schema(cls):
        gate = _gate(cls, column)
        if gate is not None:
            columns[column.path] = np.where(columns[gate], columns[column.path], column.default)
        if f"{cls.__name__}.{column.path}" in _WORDS_WITHOUT:
            columns[column.path] = column.default
    return cls.from_columns(columns)


def _place(cls: type[Container]) -> coord.Coordinate:
    """The last place of a container, where all components of the coordinate count."""
    kind = cls.coordinate_type
    assert issubclass(kind, coord.Indexed)
    return kind.from_plain(kind.max)


@every_container
def test_written_and_read_words_decode_to_the_fields(name: str) -> None:
    at = _place(containers.by_name(name))

    @_examples(name)
    @given(_objects(name))
    def check(container: Container) -> None:
        cls = type(container)
        if cls.is_writable() and not cls.layout.writes_zero:
            words = container.encode(at)
            assert words.dtype == np.uint32
            assert words.shape == (cls.write_word_count(),)
            assert cls.decode(words, at) == _after_transport(container)
        if cls.is_readable():
            words = container.encode_read(at)
            assert words.shape == (cls.read_word_count(),)
            assert cls.decode(words, at) == _after_transport(container)
            assert cls.decode(words.tolist(), at) == _after_transport(container)

    check()


@every_container
def test_bytes_give_back_an_equal_object(name: str) -> None:
    @_examples(name)
    @given(_objects(name))
    def check(container: Container) -> None:
        data = to_bytes(container)
        assert type(data) is bytes
        found = from_bytes(data)
        assert type(found) is type(container)
        assert found == container
        assert hash(found) == hash(container)
        assert to_bytes(found) == data

    check()


@every_container
def test_plain_fields_give_back_an_equal_object(name: str) -> None:
    if _SIZES[name] > 4 * _LARGE:
        return  # plain lists of a hundred thousand fields say nothing that the parts do not say

    @_examples(name)
    @given(_objects(name))
    def check(container: Container) -> None:
        fields = container.to_fields()
        assert all(type(value) in {int, bool, list} for value in fields.values())
        assert type(container).from_fields(fields) == container

    check()


@every_container
def test_equality_and_hash_go_with_every_field(name: str) -> None:
    cls = containers.by_name(name)

    @_examples(name)
    @given(_columns(cls))
    def check(columns: Columns) -> None:
        container, again = cls.from_columns(columns), cls.from_columns(columns)
        assert container is not again
        assert container == again
        assert hash(container) == hash(again)
        assert container != columns
        for column in schema(cls)[:: max(1, len(schema(cls)) // 8)]:
            low, high = column.spec.minimum, column.spec.maximum
            other = np.array(columns[column.path])
            last = tuple(size - 1 for size in column.shape)
            other[last] = high if other[last] == low else low
            changed = container.with_columns({column.path: other if column.shape else other[()].item()})
            assert changed != container
            assert again == container

    check()


@every_container
def test_a_changed_copy_leaves_the_original_alone(name: str) -> None:
    cls = containers.by_name(name)

    @_examples(name)
    @given(_objects(name), _objects(name))
    def check(before: Any, other: Any) -> None:
        kept = to_bytes(before)
        for field in list(members(cls))[:: max(1, len(members(cls)) // 6)]:
            changed = attrs.evolve(before, **{field: getattr(other, field)})
            assert _same(getattr(changed, field), getattr(other, field))
            for rest in members(cls).keys() - {field}:
                assert _same(getattr(changed, rest), getattr(before, rest))
        assert attrs.evolve(before) == before
        assert to_bytes(before) == kept

    check()


def _same(one: Any, other: Any) -> bool:
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else bool(one == other)


@every_container
def test_nothing_of_an_object_can_be_changed_in_place(name: str) -> None:
    cls = containers.by_name(name)
    for container in (cls(), cls.from_columns(cls().columns()), from_bytes(to_bytes(cls()))):
        for field in members(cls):
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                setattr(container, field, getattr(container, field))
            with pytest.raises(attrs.exceptions.FrozenInstanceError):
                delattr(container, field)
        _assert_arrays_are_read_only(container)


def _assert_arrays_are_read_only(record: Record) -> None:
    for path, array in record.columns().items():
        if array.ndim:
            assert not array.flags.writeable, path
            with pytest.raises(ValueError, match="read-only"):
                array[(0,) * array.ndim] = 0
    for field in members(type(record)):
        value = getattr(record, field)
        if isinstance(value, ArrayOf):
            _assert_arrays_are_read_only(value[0])
            _assert_arrays_are_read_only(value[-1])
        elif isinstance(value, Record):
            _assert_arrays_are_read_only(value)


@every_container
def test_decoded_objects_are_read_only_and_do_not_share_memory_with_the_words(name: str) -> None:
    cls = containers.by_name(name)
    at = _place(cls)
    words = np.array(cls().encode_read(at) if cls.is_readable() else cls().encode(at))
    container = cls.decode(words, at)
    _assert_arrays_are_read_only(container)
    kept = cls.decode(words, at)
    words[:] = ~words
    assert container == kept


_COPIES = {"shallow": copy.copy, "deep": copy.deepcopy, "pickled": lambda obj: pickle.loads(pickle.dumps(obj))}


@pytest.mark.parametrize("copied", list(_COPIES.values()), ids=list(_COPIES))
@pytest.mark.parametrize("name", ["SynapseQuad", "ReadoutSourceSelection", "NeuronBlock", "PPUMemoryBlock"])
def test_copies_of_any_kind_are_equal_and_read_only(name: str, copied: Callable[[Container], Container]) -> None:
    container = containers.by_name(name)()
    found = copied(container)
    assert type(found) is type(container)
    assert found == container
    assert hash(found) == hash(container)
    _assert_arrays_are_read_only(found)


def test_given_arrays_are_copied() -> None:
    given_array = np.zeros(256, dtype=np.uint8)
    row = containers.SynapseWeightRow(values=given_array)
    other = row.with_columns({"values": given_array})
    given_array[:] = 63
    assert not row.values.any()
    assert not other.values.any()


@every_container
def test_representation_names_the_class_and_changed_fields_only(name: str) -> None:
    cls = containers.by_name(name)
    assert repr(cls()) == f"{name}()"
    for column in schema(cls)[:10]:
        low, high = column.spec.minimum, column.spec.maximum
        value = np.where(np.asarray(column.default) == low, high, low)
        changed = cls().with_columns({column.path: value if column.shape else value.item()})
        text = repr(changed)
        assert text.startswith(f"{name}(")
        assert column.path.split(".")[0] in text
        assert len(text) < 2000


def test_representation_of_a_small_container_can_be_typed_in_again() -> None:
    config = containers.CADCConfig(enable=True, reset_wait=22)
    assert repr(config) == "CADCConfig(enable=True, reset_wait=22)"
    assert eval(repr(config), {"CADCConfig": containers.CADCConfig}) == config


# --- records that are no containers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cls", [containers.SpikeFromChip, containers.MADCSampleFromChip, containers.HighspeedLinkNotification]
)
def test_event_records_survive_bytes(cls: type[Record]) -> None:
    record = cls.from_fields({column.path: column.spec.maximum for column in schema(cls)})
    assert from_bytes(to_bytes(record)) == record
    assert from_bytes(to_bytes(record)) != cls()


def test_a_whole_chip_takes_less_than_two_megabytes() -> None:
    assert len(to_bytes(containers.Chip())) < 2_000_000


@attrs.frozen
class _Setting:
    """A data class of another layer that holds containers and coordinates."""

    config: containers.CADCConfig
    at: coord.CADCConfigOnDLS
    block: coord.PPUMemoryBlockOnPPU
    text: str


def test_data_classes_with_containers_survive_the_converter() -> None:
    block = coord.PPUMemoryBlockOnPPU.from_plain([3, 7])
    setting = _Setting(containers.CADCConfig(reset_wait=22), coord.CADCConfigOnDLS.bottom, block, "x")
    plain = containers.converter.unstructure(setting)
    assert plain == {"config": {"enable": 0, "reset_wait": 22, "dead_time": 20}, "at": 1, "block": [3, 7], "text": "x"}
    assert containers.converter.structure(plain, _Setting) == setting


def test_parts_of_containers_have_no_serialised_form() -> None:
    with pytest.raises(containers.ContainerError, match="Leak has no serialised form"):
        to_bytes(containers.Leak())


# --- blocks of memory -------------------------------------------------------------------------------------------------

_BLOCKS = [cls for cls in containers.types().values() if issubclass(cls, MemoryBlock)]
_FEW = settings(derandomize=True, deadline=None, database=None, max_examples=25)


@st.composite
def _blocks(draw: st.DrawFn, cls: type[MemoryBlock]) -> tuple[MemoryBlock, coord.Coordinate]:
    """A block of up to 40 elements and a coordinate of its size, anywhere in the memory."""
    spec = schema(cls)[0].spec
    data = draw(st.lists(st.integers(0, spec.maximum), min_size=1, max_size=40))
    first = draw(st.integers(0, spec.shape[0] - len(data)))
    ends = [first, first + len(data) - 1]
    on_ppu = cls is containers.PPUMemoryBlock
    return cls.of(data), cls.coordinate_type.from_plain([ends, draw(st.integers(0, 1))] if on_ppu else ends)


@pytest.mark.parametrize("cls", _BLOCKS)
def test_blocks_survive_words_bytes_and_fields(cls: type[MemoryBlock]) -> None:
    @_FEW
    @given(_blocks(cls))
    def check(pair: tuple[MemoryBlock, coord.Coordinate]) -> None:
        block, at = pair
        assert cls.decode(block.encode(at), at) == block
        found = from_bytes(to_bytes(block))
        assert type(found) is cls
        assert found == block
        assert hash(found) == hash(block)
        assert cls.from_fields(block.to_fields()) == block
        assert from_bytes(to_bytes(at)) == at
        assert repr(block) == f"{cls.__name__}(<{len(block)} {cls.data_field}>)"

    check()


@pytest.mark.parametrize("cls", _BLOCKS)
def test_parts_of_blocks_can_be_taken_and_replaced(cls: type[MemoryBlock]) -> None:
    block = cls.of(range(10, 20))
    middle = block.get_subblock(3, 4)
    assert middle.data.tolist() == [13, 14, 15, 16]
    assert block.set_subblock(0, middle).data.tolist() == [13, 14, 15, 16, 14, 15, 16, 17, 18, 19]
    assert block.data.tolist() == list(range(10, 20))
    for begin, length in ((-1, 2), (8, 3), (0, 0), (10, 1)):
        with pytest.raises(containers.FieldShapeError, match=cls.__name__):
            block.get_subblock(begin, length)
    with pytest.raises(containers.FieldShapeError, match=cls.__name__):
        block.set_subblock(7, middle)


@pytest.mark.parametrize("cls", _BLOCKS)
def test_data_of_blocks_is_read_only(cls: type[MemoryBlock]) -> None:
    block = cls.of([1, 2, 3])
    with pytest.raises(ValueError, match="read-only"):
        block.data[0] = 5
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(block, cls.data_field, [1])


# --- batches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in _SMALL if schema(containers.by_name(name))])
def test_batches_encode_and_decode_like_single_objects(name: str) -> None:
    cls = containers.by_name(name)
    kind = cls.coordinate_type
    assert issubclass(kind, coord.Indexed)
    rng = np.random.default_rng(len(name))
    indices = rng.integers(kind.min, kind.max, 5, endpoint=True)
    columns: Columns = {
        column.path: rng.integers(
            column.spec.minimum, column.spec.maximum, (5, *column.shape), endpoint=True, dtype=np.int64
        ).astype(column.spec.dtype)
        for column in schema(cls)
    }
    words = cls.encode_columns(columns, indices)
    decoded = cls.decode_columns(words, indices)
    for i, index in enumerate(indices.tolist()):
        at = kind.from_plain(index)
        container = cls.from_columns({path: array[i] for path, array in columns.items()})
        single = container.encode(at) if cls.is_writable() else container.encode_read(at)
        np.testing.assert_array_equal(words[i], single)
        found = cls.from_columns({path: array[i] for path, array in decoded.items()})
        assert found == cls.decode(words[i], at)
