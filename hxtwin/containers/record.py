"""Records: immutable sets of named, checked values, alone or as structures of arrays.

A record class lists fields (`hxtwin.containers.fields`). Nested records and arrays of records make trees. Every
tree can be
seen as *columns*: one array for each leaf field, addressed by its dotted path::

    NeuronBlock.columns()["atomic_neurons.leak.v_leak"]    uint16[512]
    Chip.columns()["synapse_blocks.matrix.weights"]        uint8[2, 256, 256]

Columns are what the codecs work on. `ArrayOf` holds the columns of many records of one class; an element is a
record made on
demand.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.containers import check
from hxtwin.containers.errors import FieldRangeError, FieldShapeError, FieldTypeError, UnknownFieldError
from hxtwin.containers.fields import DEFAULT, SPEC, FieldSpec, PartSpec
from hxtwin.coord import Indexed
from hxtwin.coord.errors import shown

if TYPE_CHECKING:
    from typing import Self

    from hxtwin.containers.bits import Bits

#: One array for each leaf field of a tree, by dotted path; all share the leading axis of the batch.
Columns = dict[str, npt.NDArray[Any]]


@attrs.frozen(eq=False)
class Column:
    """One leaf field of a tree.

    Attributes:
        path: dotted path from the root.
        spec: declaration of the field.
        lead: sizes of the arrays of records on the way to it.
        pieces: (position in the flattened array, piece) of all its bits, for leaf containers.
        default: default of the full shape.
    """

    path: str
    spec: FieldSpec
    lead: tuple[int, ...]
    pieces: tuple[tuple[int, Bits], ...]
    default: npt.NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the field in one root object: arrays of records first, then the axes of the field."""
        return self.lead + self.spec.shape


class _RecordType(type):
    """Refuses unknown field names in constructor calls with an error of the family, naming the known ones."""

    if not TYPE_CHECKING:

        def __call__(cls, *args: Any, **fields: Any) -> Any:
            known = members(cls)
            unknown = fields.keys() - known.keys()
            if unknown or args:
                what = f"unknown field {shown(sorted(unknown)[0])}" if unknown else "fields are given by keyword only"
                raise UnknownFieldError(f"{cls.__name__}: {what}; fields are: {', '.join(known) or 'none'}")
            return super().__call__(**fields)


class Record(metaclass=_RecordType):
    """Base of all records. Immutable; a changed copy is made by ``attrs.evolve`` or `with_columns`."""

    @classmethod
    def __attrs_init_subclass__(cls) -> None:
        """Complete the docstring by the fields, so that ``help`` says what each of them does."""
        lines = [f"    {name}: {_describe(spec)}" for name, spec in members(cls).items()]
        if lines:
            cls.__doc__ = "\n".join([(cls.__doc__ or "").rstrip(), "", "Attributes:", *lines])

    if TYPE_CHECKING:
        #: Every subclass is an attrs class; says so to type checkers.
        __attrs_attrs__: ClassVar[Any]

    def __attrs_post_init__(self) -> None:
        for name, spec in members(type(self)).items():
            value = getattr(self, name)
            where = f"{type(self).__name__}.{name}"
            if isinstance(spec, FieldSpec):
                if not spec.shape:
                    checked = check.scalar(spec, value, where)
                elif value is DEFAULT:
                    checked = spec.default_array
                else:
                    checked = check.array(spec, value, where, spec.shape)
            else:
                checked = _checked_part(spec, value, where)
            object.__setattr__(self, name, checked)

    @classmethod
    def from_columns(cls, columns: Mapping[str, npt.NDArray[Any]]) -> Self:
        """The record with some columns given by dotted path (checked) and defaults for the rest."""
        return cls().with_columns(columns)

    def columns(self) -> Columns:
        """All leaf fields as read-only arrays by dotted path, each in the shape of its column."""
        found: Columns = {}
        for name, spec in members(type(self)).items():
            value = getattr(self, name)
            if isinstance(spec, FieldSpec):
                found[name] = np.asarray(value, dtype=spec.dtype)
            elif isinstance(value, ArrayOf):
                found.update({f"{name}.{path}": array for path, array in value.columns().items()})
            else:
                found.update({f"{name}.{path}": array for path, array in value.columns().items()})
        return found

    def with_columns(self, changes: Mapping[str, Any]) -> Self:
        """A copy with some columns replaced.

        Args:
            changes: new values by dotted path, e.g. ``{"leak.v_leak": 400}`` or, through arrays of records,
                ``{"atomic_neurons.leak.v_leak": array of 512}``. One element is addressed as
                ``"clock_output[2].enable_bypass"``.

        Raises:
            UnknownFieldError: a path does not exist.
            FieldTypeError, FieldShapeError, FieldRangeError: a value does not fit.
        """
        if not changes:
            return self
        cls = type(self)
        columns = self.columns()
        known = {column.path: column for column in schema(cls)}
        for path, value in changes.items():
            _change(cls, known, columns, path, value)
        return _build(cls, columns, "", ())

    def to_fields(self) -> dict[str, Any]:
        """All leaf fields by dotted path as int, bool or list; arrays of records are written out ``name[i].field``."""
        found: dict[str, Any] = {}
        for name, spec in members(type(self)).items():
            value = getattr(self, name)
            if isinstance(spec, FieldSpec):
                found[name] = value.tolist() if spec.shape else (bool(value) if spec.kind == "bool" else int(value))
            elif isinstance(value, ArrayOf):
                for i, item in enumerate(value):
                    found.update({f"{name}[{i}].{path}": plain for path, plain in item.to_fields().items()})
            else:
                found.update({f"{name}.{path}": plain for path, plain in value.to_fields().items()})
        return found

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """The record with some fields given by dotted path as in `to_fields`, and defaults for the rest."""
        return cls().with_columns(fields)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine, theirs = self.columns(), other.columns()
        return all(np.array_equal(array, theirs[path]) for path, array in mine.items())

    def __hash__(self) -> int:
        return hash((type(self), *(array.tobytes() for array in self.columns().values())))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # through the constructor functions, so that what comes back is checked and read-only again
        return type(self).from_columns, (self.columns(),)

    def __repr__(self) -> str:
        parts = []
        for name, spec in members(type(self)).items():
            value = getattr(self, name)
            if isinstance(spec, FieldSpec):
                if not np.array_equal(value, spec.default_array):
                    parts.append(f"{name}={_short(value)}")
            elif value != _default_part(spec):
                parts.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def _repr_html_(self) -> str:
        from hxtwin.containers.table import html_table

        return html_table(self)


def _describe(spec: FieldSpec | PartSpec) -> str:
    """Meaning, shape, range, default and unit of a field in one line."""
    if isinstance(spec, PartSpec):
        many = f"{spec.size} x " if spec.size is not None else ""
        by = f", indexed by {spec.index.__name__}" if spec.index is not None else ""
        return f"{spec.meaning} ({many}{spec.record.__name__}{by})"
    shape = f"{spec.dtype}[{', '.join(map(str, spec.shape))}], " if spec.shape else ""
    unit = f", {spec.unit}" if spec.unit else ""
    default = f", default {spec.default}" if isinstance(spec.default, int) else ""
    return f"{spec.meaning} ({shape}{check.allowed(spec)}{default}{unit})"


RecordT = TypeVar("RecordT", bound=Record)


class ArrayOf(Sequence[RecordT], Generic[RecordT]):
    """Many records of one class as a structure of arrays; immutable.

    Index by int or by a coordinate of the index type to get one record; by dotted path (text) to get the column of
    a field.
    """

    __slots__ = ("_columns", "_hash", "_index", "_record", "_size")

    def __init__(
        self,
        record: type[RecordT],
        size: int,
        columns: Mapping[str, npt.NDArray[Any]],
        index: type[Indexed] | None = None,
    ) -> None:
        """Take over `columns`, which must be complete and checked; users get arrays from containers and `replace`."""
        self._record = record
        self._size = size
        self._columns = dict(columns)
        self._index = index

    @property
    def record(self) -> type[RecordT]:
        """Class of the elements."""
        return self._record

    def __len__(self) -> int:
        return self._size

    def columns(self) -> Columns:
        """All leaf fields by dotted path; the first axis counts the records."""
        return dict(self._columns)

    @overload
    def __getitem__(self, key: int | Indexed) -> RecordT: ...
    @overload
    def __getitem__(self, key: str) -> npt.NDArray[Any]: ...
    @overload
    def __getitem__(self, key: slice) -> list[RecordT]: ...
    def __getitem__(self, key: int | Indexed | str | slice) -> RecordT | npt.NDArray[Any] | list[RecordT]:
        if isinstance(key, str):
            if key not in self._columns:
                raise UnknownFieldError(
                    f"{self._record.__name__}: no field {shown(key)}; fields are: {', '.join(self._columns)}"
                )
            return self._columns[key]
        if isinstance(key, slice):
            return [self[i] for i in range(*key.indices(self._size))]
        return _build(self._record, self._columns, "", (self._position(key),))

    def _position(self, key: int | Indexed) -> int:
        if isinstance(key, Indexed) and self._index is not None and not isinstance(key, self._index):
            raise FieldTypeError(f"array of {self._record.__name__}: indexed by {self._index.__name__}, not by {key}")
        position = operator.index(key)
        if position < 0 and not isinstance(key, Indexed):
            position += self._size
        if not 0 <= position < self._size:
            raise IndexError(
                f"array of {self._record.__name__}: index {operator.index(key)} is outside 0..{self._size - 1}"
            )
        return position

    def replace(self, items: Mapping[Any, RecordT]) -> ArrayOf[RecordT]:
        """A copy with some records replaced, given by index or coordinate."""
        columns = {path: np.array(array) for path, array in self._columns.items()}
        for key, item in items.items():
            if not isinstance(item, self._record):
                raise FieldTypeError(f"array of {self._record.__name__}: element {key} is a {type(item).__name__}")
            position = self._position(key)
            for path, array in item.columns().items():
                columns[path][position] = array
        return ArrayOf(self._record, self._size, _frozen(columns), self._index)

    def with_columns(self, changes: Mapping[str, Any]) -> ArrayOf[RecordT]:
        """A copy with whole columns replaced, e.g. ``{"leak.v_leak": array of one code for each neuron}``."""
        known = {column.path: column for column in schema(self._record)}
        columns = dict(self._columns)
        for path, value in changes.items():
            if path not in known:
                raise UnknownFieldError(
                    f"{self._record.__name__}: no field {shown(path)}; fields are: {', '.join(known)}"
                )
            where = f"{self._record.__name__}.{path}"
            columns[path] = check.array(known[path].spec, value, where, (self._size, *known[path].shape))
        return ArrayOf(self._record, self._size, columns, self._index)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ArrayOf):
            return NotImplemented
        return (
            self._record is other._record
            and self._size == other._size
            and all(np.array_equal(array, other._columns[path]) for path, array in self._columns.items())
        )

    def __hash__(self) -> int:
        return hash((self._record, *(array.tobytes() for array in self._columns.values())))

    def __copy__(self) -> ArrayOf[RecordT]:
        return self

    def __deepcopy__(self, memo: object) -> ArrayOf[RecordT]:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return build_array, (self._record, self._columns, self._size, self._index)

    def _repr_html_(self) -> str:
        from hxtwin.containers.table import html_array

        return html_array(self)  # type: ignore[arg-type]  # immutable, so as good as covariant

    def __repr__(self) -> str:
        default = default_columns(self._record)
        changed = np.zeros(self._size, dtype=bool)
        for path, array in self._columns.items():
            changed |= (array != default[path]).reshape(self._size, -1).any(axis=1)
        count = int(changed.sum())
        return f"<{self._size} x {self._record.__name__}, {count or 'none'} changed from default>"


def _short(value: object) -> str:
    if isinstance(value, np.ndarray):
        return str(value.tolist()) if value.size <= 16 else f"<{value.dtype} array of shape {value.shape}>"
    return getattr(value, "name", None) or repr(value)


@functools.cache
def members(cls: type[Record]) -> dict[str, FieldSpec | PartSpec]:
    """Declared fields of a record class by name, in order of declaration."""
    if not attrs.has(cls):
        return {}
    return {a.name: a.metadata[SPEC] for a in attrs.fields(cls) if SPEC in a.metadata}


@functools.cache
def schema(cls: type[Record]) -> tuple[Column, ...]:
    """Columns of a record class in order of declaration."""
    found: list[Column] = []
    for name, spec in members(cls).items():
        if isinstance(spec, FieldSpec):
            pieces = tuple((i, piece) for i, group in enumerate(spec.pieces) for piece in group)
            found.append(Column(name, spec, (), pieces, spec.default_array))
            continue
        for inner in schema(spec.record):
            found.append(_placed(name, spec, inner))
    return tuple(found)


def _placed(name: str, part: PartSpec, inner: Column) -> Column:
    path = f"{name}.{inner.path}"
    if part.size is None:
        return attrs.evolve(inner, path=path)
    per_item = int(np.prod(inner.shape, dtype=int))
    pieces = tuple(
        (i * per_item + position, piece.moved(part.word_step * i, part.lsb_step * i))
        for i in range(part.size if inner.pieces else 0)
        for position, piece in inner.pieces
    )
    default = np.broadcast_to(inner.default, (part.size, *inner.shape))
    if any(inner.path in override for override in part.defaults):
        default = np.array(default)
        for i, override in enumerate(part.defaults):
            default[i] = override.get(inner.path, default[i])
        default.flags.writeable = False
    return Column(path, inner.spec, (part.size, *inner.lead), pieces, default)


@functools.cache
def default_columns(cls: type[Record]) -> Columns:
    """Defaults of all columns of a record class."""
    return {column.path: column.default for column in schema(cls)}


@functools.cache
def _default_part(spec: PartSpec) -> Any:
    if spec.size is None:
        return spec.record()
    columns = {
        path: np.broadcast_to(array, (spec.size, *array.shape)) for path, array in default_columns(spec.record).items()
    }
    for i, override in enumerate(spec.defaults):
        for path, value in override.items():
            columns[path] = np.array(columns[path])
            columns[path][i] = value
    return ArrayOf(spec.record, spec.size, _frozen(columns), spec.index)


def _checked_part(spec: PartSpec, value: Any, where: str) -> Any:
    if value is DEFAULT:
        return _default_part(spec)
    if spec.size is None:
        if isinstance(value, spec.record):
            return value
        if isinstance(value, Mapping):
            return spec.record(**value)
        raise FieldTypeError(f"{where}: {shown(value)} is a {type(value).__name__}, wanted a {spec.record.__name__}")
    if isinstance(value, ArrayOf):
        if value.record is not spec.record:
            raise FieldTypeError(f"{where}: array of {value.record.__name__} given, wanted {spec.record.__name__}")
        if len(value) != spec.size:
            raise FieldShapeError(f"{where}: {len(value)} records given, wanted {spec.size}")
        return value
    if isinstance(value, Mapping):
        return _default_part(spec).replace(value)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        items = list(value)
        if len(items) != spec.size:
            raise FieldShapeError(f"{where}: {len(items)} records given, wanted {spec.size}")
        return _default_part(spec).replace(dict(enumerate(items)))
    raise FieldTypeError(
        f"{where}: {shown(value)} is a {type(value).__name__}, wanted {spec.size} x {spec.record.__name__}"
    )


_ELEMENT = re.compile(r"\[(\d{1,9})\]")
_NAME = r"[A-Za-z_]\w*(\[\d{1,9}\])*"
_PATH = re.compile(rf"{_NAME}(\.{_NAME})*", re.ASCII)


def _change(cls: type[Record], known: Mapping[str, Column], columns: Columns, path: object, value: Any) -> None:
    plain = _ELEMENT.sub("", path) if isinstance(path, str) and _PATH.fullmatch(path) else ""
    column = known.get(plain)
    if column is None:
        raise UnknownFieldError(f"{cls.__name__}: no field {shown(path)}; fields are: {', '.join(list(known)[:40])}")
    where = f"{cls.__name__}.{path}"
    position = tuple(int(number) for number in _ELEMENT.findall(str(path)))
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]  # columns of scalar fields are arrays without axes
    shape = column.shape[len(position) :]
    if len(position) > len(column.shape) or any(i >= n for i, n in zip(position, column.shape, strict=False)):
        raise FieldRangeError(f"{where}: index outside the shape {column.shape}")
    new = np.asarray(
        check.array(column.spec, value, where, shape) if shape else check.scalar(column.spec, value, where)
    )
    if position:
        whole = np.array(columns[plain])
        whole[position] = new
        new = whole
    columns[plain] = new.astype(column.spec.dtype, copy=False)


def _frozen(columns: Columns) -> Columns:
    for array in columns.values():
        array.flags.writeable = False
    return columns


def build(cls: type[RecordT], columns: Mapping[str, npt.NDArray[Any]], item: int) -> RecordT:
    """Record number `item` of a batch of complete, already checked columns."""
    return _build(cls, columns, "", (item,))


def build_array(
    cls: type[RecordT], columns: Mapping[str, npt.NDArray[Any]], size: int, index: type[Indexed] | None = None
) -> ArrayOf[RecordT]:
    """All records of a batch of complete, already checked columns."""
    return ArrayOf(cls, size, _frozen(dict(columns)), index)


def _build(cls: type[RecordT], columns: Mapping[str, npt.NDArray[Any]], prefix: str, item: tuple[int, ...]) -> RecordT:
    """The record whose columns stand under `prefix`, at position `item` of the leading axis (empty: no such axis)."""
    new = object.__new__(cls)
    for name, spec in members(cls).items():
        path = prefix + name
        if isinstance(spec, FieldSpec):
            value: Any = columns[path][item]
            if spec.shape:
                value = value.view()
                value.flags.writeable = False
            elif spec.enum is not None:
                value = spec.enum(int(value))
            else:
                value = value.item()
        elif spec.size is None:
            value = _build(spec.record, columns, f"{path}.", item)
        else:
            inner = {c.path: columns[f"{path}.{c.path}"][item] for c in schema(spec.record)}
            value = ArrayOf(spec.record, spec.size, _frozen(inner), spec.index)
        object.__setattr__(new, name, value)
    return new


def iter_paths(cls: type[Record]) -> Iterator[str]:
    """Dotted paths of all leaf fields of a record class."""
    return (column.path for column in schema(cls))
