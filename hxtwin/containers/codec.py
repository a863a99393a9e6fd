"""The one codec: columns to words and back, addresses and byte enables, for leaves and trees, whole batches at a time.

A batch of n containers of one class is a set of columns with a leading axis of length n. A leaf packs its fields into
``uint32[n, words]``. A tree selects the columns of its children from its own, lets them encode, and puts their
words side by
side in the order of the bus accesses. There is no loop over items; loops run over fields, pieces and children.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hxtwin.containers.check import allowed
from hxtwin.containers.errors import AccessError, ContainerError, DecodeError
from hxtwin.containers.layout import Backend, Child, Group, Lookup, Source, Take
from hxtwin.containers.record import Column, Columns, schema

if TYPE_CHECKING:
    from hxtwin.containers.container import Container
    from hxtwin.containers.expression import Expression

Words = npt.NDArray[np.uint32]
#: Components of the coordinates of a batch: one ``int64[n]`` array for each name; None if no coordinate was given.
Components = Mapping[str, npt.NDArray[np.int64]]

ALL_LANES = 0xF


@functools.cache
def word_count(cls: type[Container]) -> int:
    """Number of words of a container of fixed size."""
    layout = cls.layout
    if not layout.children:
        return layout.words
    return sum(group_word_count(group) for group in layout.children)


def group_word_count(group: Group) -> int:
    """Number of words of all repetitions of a group of children."""
    once = sum(word_count(member.container) for member in group.children)
    return once * group.repeats


# --- encode ----------------------------------------------------------------------------------------------------------


def encode(
    cls: type[Container],
    columns: Mapping[str, npt.NDArray[Any]],
    n: int,
    at: Components | None,
    *,
    answer: bool = False,
) -> Words:
    """Words of a batch.

    Args:
        cls: container class.
        columns: complete columns, each of shape (n, ...).
        n: size of the batch.
        at: components of the coordinates, needed only by containers whose layout depends on them.
        answer: the words that a read returns, rather than those of a write (which may be 0 whatever the fields are).

    Returns:
        ``uint32[n, word_count(cls)]``.
    """
    if not cls.layout.children:
        return _encode_leaf(cls, columns, n, at, answer=answer)
    parts = [encode_group(cls, group, columns, n, at, answer=answer) for group in cls.layout.children]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _encode_leaf(
    cls: type[Container], columns: Mapping[str, npt.NDArray[Any]], n: int, at: Components | None, *, answer: bool
) -> Words:
    layout = cls.layout
    words = np.zeros((n, layout.words), dtype=np.uint64 if _is_wide(cls) else np.uint32)
    if layout.writes_zero and not answer:
        return words.astype(np.uint32)
    for constant in layout.constants:
        words[:, constant.word] |= words.dtype.type(constant.value << constant.lsb)
    for column in schema(cls):
        if not column.pieces:
            continue
        stored = _stored(column, columns, n).astype(words.dtype, copy=False)
        for position, piece in column.pieces:
            part = stored[:, position]
            if piece.value_lsb:
                part = part >> words.dtype.type(piece.value_lsb)
            if piece.inverted:
                part = ~part
            words[:, piece.word] |= (part & words.dtype.type(piece.mask)) << _shift(cls, piece.lsb, words.dtype, at)
    packed = words.astype(np.uint32, copy=False)
    return _gray_to_binary(packed) if layout.gray_coded else packed


@functools.cache
def _is_wide(cls: type[Container]) -> bool:
    return any(column.spec.maximum > 0xFFFFFFFF for column in schema(cls))


def _stored(column: Column, columns: Mapping[str, npt.NDArray[Any]], n: int) -> npt.NDArray[Any]:
    spec = column.spec
    values = columns[column.path].reshape(n, -1)
    if spec.transform is not None:
        values = spec.transform.store(values.astype(np.int64))
    if spec.only_if is not None:
        values = np.where(columns[spec.only_if].reshape(n, -1), values, 0)
    return values


def _shift(cls: type[Container], lsb: int | Expression, dtype: np.dtype[Any], at: Components | None) -> Any:
    if isinstance(lsb, int):
        return dtype.type(lsb)
    if at is None:
        raise AccessError(f"{cls.__name__}: its bits depend on where it lives; give a {cls.layout.coordinate.__name__}")
    return np.asarray(lsb.evaluate(at)).astype(dtype)


def encode_group(
    cls: type[Container],
    group: Group,
    columns: Mapping[str, npt.NDArray[Any]],
    n: int,
    at: Components | None,
    *,
    answer: bool = False,
) -> Words:
    """Words of one group of children for a batch of n parents, ``uint32[n, group_word_count(group)]``."""
    repeats = group.repeats
    encoded = []
    for member in group.children:
        inner = child_columns(cls, group, member, columns, n)
        words = encode(member.container, inner, n * repeats, _places(group, member, at, n), answer=answer)
        encoded.append(words.reshape(n, repeats, -1))
    merged = encoded[0] if len(encoded) == 1 else np.concatenate(encoded, axis=2)
    return merged.reshape(n, -1)


@functools.cache
def sources(cls: type[Container], group: Group, member: Child) -> tuple[tuple[Column, Source | None], ...]:
    """Each column of a child with its source in the parent; None where the child keeps its default."""
    own = {column.path: column for column in schema(cls)}
    found: list[tuple[Column, Source | None]] = []
    used = set()
    for column in schema(member.container):
        source = _source_of(member, column.path)
        found.append((column, source))
        if source is None:
            continue
        used.add(_origin(member, column.path))
        path = source if isinstance(source, str) else source.path
        if path not in own:
            raise ContainerError(f"{cls.__name__}: child {member.container.__name__} takes unknown field {path!r}")
        wanted = group.counts + column.shape
        given = source.positions.shape if isinstance(source, Take) else own[path].shape
        if math.prod(given) != math.prod(wanted) or given[len(given) - len(column.shape) :] != column.shape:
            raise ContainerError(
                f"{cls.__name__}.{path}: shape {given}, its child {member.container.__name__} needs {wanted}"
            )
    if unused := set(member.fields) - used:
        raise ContainerError(f"{cls.__name__}: {member.container.__name__} has no fields {sorted(unused)}")
    return tuple(found)


def _origin(member: Child, path: str) -> str:
    """The key of `member.fields` that provides a child column: the path itself or a part that contains it."""
    if path in member.fields:
        return path
    head = path
    while "." in head:
        head = head.rpartition(".")[0]
        if head in member.fields:
            return head
    return path


def _source_of(member: Child, path: str) -> str | Lookup | Take | None:
    if member.of is not None:
        return f"{member.of}.{path}"
    origin = _origin(member, path)
    source = member.fields.get(origin)
    if isinstance(source, str) and origin != path:
        return source + path[len(origin) :]
    return source


def parent_paths(cls: type[Container], group: Group, member: Child) -> frozenset[str]:
    """The columns of a parent that a child is made of."""
    found = (source for _, source in sources(cls, group, member) if source is not None)
    return frozenset(source if isinstance(source, str) else source.path for source in found)


def child_columns(
    cls: type[Container], group: Group, member: Child, columns: Mapping[str, npt.NDArray[Any]], n: int
) -> Columns:
    """Columns of a child for a batch of n parents, each of shape (n * repeats, *shape of the child column)."""
    found: Columns = {}
    for column, source in sources(cls, group, member):
        shape = (n * group.repeats, *column.shape)
        if source is None:
            found[column.path] = np.broadcast_to(column.default, shape)
        elif isinstance(source, str):
            found[column.path] = columns[source].reshape(shape)
        elif isinstance(source, Lookup):
            found[column.path] = np.asarray(source.table, dtype=column.spec.dtype)[columns[source.path]].reshape(shape)
        else:
            flat = columns[source.path].reshape(n, -1)
            found[column.path] = np.take(flat, source.positions.ravel(), axis=1).reshape(shape)
    return found


def _places(group: Group, member: Child, at: Components | None, n: int) -> Components | None:
    """Components of the coordinates of a child, flattened to (n * repeats)."""
    if at is None:
        return None
    counts = group.counts
    axes = (1,) * len(counts)
    values: dict[str, Any] = {name: array.reshape(n, *axes) for name, array in at.items()}
    for axis, (variable, loop) in enumerate(group.loops):
        shape = [1] * (len(counts) + 1)
        shape[axis + 1] = len(loop)
        values[variable.name] = np.arange(loop.start, loop.stop, loop.step, dtype=np.int64).reshape(shape)
    found = {}
    for name, expression in member.at.items():
        value = np.asarray(expression.evaluate(values), dtype=np.int64)
        found[name] = np.ascontiguousarray(np.broadcast_to(value, (n, *counts))).reshape(-1)
    return found


# --- decode ----------------------------------------------------------------------------------------------------------


def decode(cls: type[Container], words: Words, at: Components | None) -> Columns:
    """Columns of a batch from its words, checked against the ranges of the fields.

    Args:
        cls: container class.
        words: ``uint32[n, word_count(cls)]``.
        at: components of the coordinates, needed only by containers whose layout depends on them.

    Raises:
        DecodeError: a field is out of range or constant bits differ; the message names both.
    """
    return _decode_tree(cls, words, at) if cls.layout.children else _decode_leaf(cls, words, at)


def _decode_leaf(cls: type[Container], words: Words, at: Components | None) -> Columns:
    layout = cls.layout
    n = words.shape[0]
    plain = _binary_to_gray(words) if layout.gray_coded else words
    for constant in layout.constants:
        found = (plain[:, constant.word] >> constant.lsb) & ((1 << constant.width) - 1)
        if (found != constant.value).any():
            wrong = int(found[found != constant.value][0])
            raise DecodeError(
                f"{cls.__name__}: bits {constant.lsb + constant.width - 1}..{constant.lsb} of word {constant.word} are "
                f"{wrong:#x}, must be {constant.value:#x}"
            )
    columns: Columns = {}
    for column in schema(cls):
        columns[column.path] = _decode_column(cls, column, plain, n, at)
    for column in schema(cls):
        gate = column.spec.only_if
        if gate is not None:
            columns[column.path] = np.where(columns[gate], columns[column.path], column.default.astype(np.int64))
    for column in schema(cls):
        _check_range(cls, column, columns[column.path])
        columns[column.path] = columns[column.path].astype(column.spec.dtype, copy=False)
    return columns


def _decode_column(
    cls: type[Container], column: Column, words: Words, n: int, at: Components | None
) -> npt.NDArray[Any]:
    spec = column.spec
    size = math.prod(column.shape)
    if spec.transform is not None and spec.transform.whole_word is not None:
        whole = words[:, spec.transform.whole_word].astype(np.int64)
        return spec.transform.load(whole).reshape(n, *column.shape)
    if not column.pieces:
        return np.broadcast_to(column.default, (n, *column.shape)).copy()
    dtype = np.dtype(np.uint64 if spec.maximum > 0xFFFFFFFF else np.uint32)
    stored = np.zeros((n, size), dtype=dtype)
    for position, piece in column.pieces:
        part = words[:, piece.word] >> _shift(cls, piece.lsb, np.dtype(np.uint32), at)
        if piece.inverted:
            part = ~part
        part = part & np.uint32(piece.mask)
        if piece.value_lsb:
            part = part.astype(dtype, copy=False) << dtype.type(piece.value_lsb)
        stored[:, position] |= part
    if spec.transform is not None:
        return spec.transform.load(stored.astype(np.int64)).reshape(n, *column.shape)
    return stored.reshape(n, *column.shape)


def unchecked_column(cls: type[Container], column: Column, words: Words, at: Components | None) -> npt.NDArray[Any]:
    """One column of a batch of leaf containers as its bits say, without checks of ranges and constant bits."""
    plain = _binary_to_gray(words) if cls.layout.gray_coded else words
    return _decode_column(cls, column, plain, words.shape[0], at)


def _check_range(cls: type[Container], column: Column, values: npt.NDArray[Any]) -> None:
    spec = column.spec
    if spec.transform is None and spec.minimum == 0 and spec.maximum == (1 << _width(column)) - 1:
        return
    bad = (values < spec.minimum) | (values > spec.maximum)
    if bad.any():
        raise DecodeError(
            f"{cls.__name__}.{column.path}: decoded value {values[bad][0]} is out of range; allowed: {allowed(spec)}"
        )


def _width(column: Column) -> int:
    return max((piece.value_lsb + piece.width for _, piece in column.pieces), default=0)


def _decode_tree(cls: type[Container], words: Words, at: Components | None) -> Columns:
    n = words.shape[0]
    columns: Columns = {}
    for column in schema(cls):
        columns[column.path] = np.empty((n, *column.shape), dtype=column.spec.dtype)
    lookups: dict[str, list[tuple[Lookup, npt.NDArray[Any]]]] = {}
    start = 0
    for group in cls.layout.children:
        repeats = group.repeats
        block = words[:, start : start + group_word_count(group)].reshape(n, repeats, -1)
        start += group_word_count(group)
        offset = 0
        for member in group.children:
            width = word_count(member.container)
            own = np.ascontiguousarray(block[:, :, offset : offset + width]).reshape(n * repeats, width)
            offset += width
            inner = decode(member.container, own, _places(group, member, at, n))
            for column, source in sources(cls, group, member):
                values = inner[column.path]
                if isinstance(source, str):
                    columns[source][...] = values.reshape(columns[source].shape)
                elif isinstance(source, Take):
                    flat = columns[source.path].reshape(n, -1)
                    flat[:, source.positions.ravel()] = values.reshape(n, -1)
                elif isinstance(source, Lookup):
                    lookups.setdefault(source.path, []).append((source, values))
    for path, found in lookups.items():
        columns[path][...] = _inverted(found).reshape(columns[path].shape)
    return columns


def _inverted(found: list[tuple[Lookup, npt.NDArray[Any]]]) -> npt.NDArray[Any]:
    """The parent values of look-ups: the first value all of whose table entries were read, else the fallback."""
    first = found[0][0]
    result = np.full(found[0][1].shape, first.otherwise, dtype=np.uint8)
    for value in reversed(range(len(first.table))):
        agrees = np.logical_and.reduce([read == lookup.table[value] for lookup, read in found])
        result[agrees] = value
    return result


# --- addresses and byte enables
# ----------------------------------------------------------------------------------------


def addresses(cls: type[Container], at: Components, n: int, backend: Backend | None, *, read: bool) -> Words:
    """Addresses of the words of a batch, ``uint32[n, words]``; (n, 0) where the access does not exist.

    `backend` chooses among the address spaces of the container; None stands for its default for this access.
    """
    layout = cls.layout
    if not layout.children:
        expression = layout.address(backend, read=read)
        if expression is None:
            return np.empty((n, 0), dtype=np.uint32)
        values: dict[str, Any] = {name: array[:, np.newaxis] for name, array in at.items()}
        values["w"] = np.arange(layout.words, dtype=np.int64)[np.newaxis]
        return np.broadcast_to(np.asarray(expression.evaluate(values)), (n, layout.words)).astype(np.uint32)
    parts = []
    for group in layout.children:
        repeats = group.repeats
        found = []
        for member in group.children:
            places = _places(group, member, at, n)
            found.append(
                addresses(member.container, places or {}, n * repeats, backend, read=read).reshape(n, repeats, -1)
            )
        parts.append(np.concatenate(found, axis=2).reshape(n, -1))
    return np.concatenate(parts, axis=1)


@functools.cache
def has_byte_enables(cls: type[Container]) -> bool:
    """Whether any word of the container may be written with less than all byte lanes."""
    if cls.layout.byte_enables is not None:
        return True
    return any(has_byte_enables(member.container) for group in cls.layout.children for member in group.children)


def byte_enables(
    cls: type[Container], columns: Mapping[str, npt.NDArray[Any]], n: int, at: Components | None
) -> npt.NDArray[np.uint8]:
    """Byte enable masks of the words of a batch (bit 0 = data bits 7..0), ``uint8[n, words]``."""
    layout = cls.layout
    if not has_byte_enables(cls):
        return np.full((n, word_count(cls)), ALL_LANES, dtype=np.uint8)
    if layout.children:
        parts = []
        for group in layout.children:
            repeats = group.repeats
            found = []
            for member in group.children:
                inner = child_columns(cls, group, member, columns, n)
                masks = byte_enables(member.container, inner, n * repeats, _places(group, member, at, n))
                found.append(masks.reshape(n, repeats, -1))
            parts.append(np.concatenate(found, axis=2).reshape(n, -1))
        return np.concatenate(parts, axis=1)
    if isinstance(layout.byte_enables, str):
        lanes = columns[layout.byte_enables].reshape(n, 4).astype(np.uint8)
        return lane_masks(lanes)[:, np.newaxis]
    assert layout.byte_enables is not None
    if at is None:
        raise AccessError(
            f"{cls.__name__}: its byte lanes depend on where it lives; give a {layout.coordinate.__name__}"
        )
    return np.asarray(layout.byte_enables.evaluate(at)).astype(np.uint8)[:, np.newaxis]


def lane_masks(lanes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Byte enable masks of words from the enables of their bytes in memory order: ``uint8[n, 4]`` to ``uint8[n]``.

    Memory byte e of a word lies in lane 3 - e (bits 8 * (3 - e) and up).
    """
    masks: npt.NDArray[np.uint8] = (lanes << np.array([3, 2, 1, 0], dtype=np.uint8)).sum(axis=1, dtype=np.uint8)
    return masks


def _gray_to_binary(words: Words) -> Words:
    """Inverse Gray code of each word: b = g ^ (g >> 1) ^ (g >> 2) ^ ... (reference: containers-a.md 2.4)."""
    for shift in (1, 2, 4, 8, 16):
        words = words ^ (words >> np.uint32(shift))
    return words


def _binary_to_gray(words: Words) -> Words:
    """Gray code of each word: g = b ^ (b >> 1)."""
    return words ^ (words >> np.uint32(1))


def leaves(cls: type[Container]) -> Iterator[type[Container]]:
    """The leaf classes that a container expands to, without repetition."""
    seen: set[type[Container]] = set()
    waiting = [cls]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if not current.layout.children:
            yield current
        waiting.extend(member.container for group in current.layout.children for member in group.children)
