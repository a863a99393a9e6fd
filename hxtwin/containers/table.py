"""Bit tables and field tables: what people read, derived from the declarations.

`field_rows` describes the fields of a class, `child_rows` what a composite expands to, `html_table` shows an object
in a notebook.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.containers.check import allowed
from hxtwin.containers.codec import word_count
from hxtwin.containers.fields import FieldSpec
from hxtwin.containers.record import ArrayOf, Column, Record, members, schema

if TYPE_CHECKING:
    from hxtwin.containers.bits import Bits
    from hxtwin.containers.container import Container
    from hxtwin.containers.layout import Child, Group

#: Elements of an array whose bits are listed one by one.
_LISTED = 12
#: Changed values shown of one object in a notebook.
_SHOWN = 200


@attrs.frozen
class FieldRow:
    """One line of a bit table.

    Attributes:
        path: dotted path of the field.
        bits: where it is stored, e.g. ``w0[7:2]``; ``~`` = complemented, ``=v[5:3]`` = these bits of the value.
        allowed: allowed values.
        default: default value(s).
        unit: unit, empty if none.
        meaning: what it does, and how it is stored if not plain binary.
    """

    path: str
    bits: str
    allowed: str
    default: str
    unit: str
    meaning: str


def field_rows(cls: type[Record]) -> list[FieldRow]:
    """The bit table of a class, in order of declaration."""
    return [_field_row(column) for column in schema(cls)]


def _field_row(column: Column) -> FieldRow:
    spec = column.spec
    path = column.path
    if column.shape:
        axes = "][".join(str(size) for size in column.shape)
        path += f"[{axes}]"
    meaning = spec.meaning
    if column.shape and spec.index:
        meaning += f" Index: {' x '.join(type_.__name__ for type_ in spec.index)}."
    if spec.transform is not None:
        meaning += f" Form: {spec.transform.describe()}."
    if spec.only_if is not None:
        meaning += f" Stored only if {spec.only_if}."
    if spec.access != "rw":
        meaning += " Read only." if spec.access == "ro" else " Write only."
    return FieldRow(path, _bits(column), allowed(spec), _default(column), spec.unit, meaning)


def _default(column: Column) -> str:
    values = np.unique(column.default)
    if values.size == 1:
        value = int(values[0])
        return column.spec.enum(value).name.lower() if column.spec.enum is not None else str(value)
    if column.default.size <= _LISTED:
        return str(column.default.astype(int).tolist())
    return f"{values.size} different values"


def _bits(column: Column) -> str:
    by_element: dict[int, list[Bits]] = {}
    for position, piece in column.pieces:
        by_element.setdefault(position, []).append(piece)
    if not by_element:
        return ""
    if not column.shape:
        return ", ".join(_piece(piece, len(by_element[0])) for piece in by_element[0])
    texts = [
        f"{_position(position, column.shape)}: {', '.join(_piece(piece, len(pieces)) for piece in pieces)}"
        for position, pieces in by_element.items()
    ]
    if len(texts) > _LISTED:
        texts = [*texts[:2], "...", texts[-1]]
    return "\n".join(texts)


def _position(position: int, shape: tuple[int, ...]) -> str:
    return ",".join(str(int(i)) for i in np.unravel_index(position, shape))


def _piece(piece: Bits, of: int) -> str:
    lsb = piece.lsb
    if isinstance(lsb, int):
        place = f"[{lsb + piece.width - 1}:{lsb}]" if piece.width > 1 else f"[{lsb}]"
    else:
        place = f"[{piece.width} from {lsb}]"
    text = f"w{piece.word}{place}{'~' if piece.inverted else ''}"
    if of > 1:
        top = piece.value_lsb + piece.width - 1
        text += f"=v[{top}:{piece.value_lsb}]" if piece.width > 1 else f"=v[{piece.value_lsb}]"
    return text


@attrs.frozen
class ChildRow:
    """One line of the composition of a composite.

    Attributes:
        container: class name of the child.
        repeated: loops around it, e.g. ``row 0..1, column 0..255``.
        place: its coordinate as expressions of the composite's.
        words: number of words of all repetitions.
        fields: which fields of the composite it carries.
    """

    container: str
    repeated: str
    place: str
    words: int
    fields: str


def child_rows(cls: type[Container]) -> list[ChildRow]:
    """What a composite expands to, in the order of bus accesses; empty for leaves."""
    return [_child_row(group, member) for group in cls.layout.children for member in group.children]


def _child_row(group: Group, member: Child) -> ChildRow:
    loops = ", ".join(f"{variable} {values.start}..{values.stop - 1}" for variable, values in group.loops)
    place = ", ".join(f"{name} = {expression}" for name, expression in member.at.items())
    sources = [source if isinstance(source, str) else source.path for source in member.fields.values()]
    shown = member.of or ", ".join(dict.fromkeys(sources))
    words = word_count(member.container) * group.repeats
    return ChildRow(member.container.__name__, loops, place, words, shown)


def html_table(record: Record) -> str:
    """An object as HTML table: its fields with value, range, unit and meaning; changed ones in bold.

    Composites show only what differs from the default, at most 200 fields.
    """
    head = "".join(f"<th>{title}</th>" for title in ("field", "value", "allowed", "unit", "meaning"))
    flat = all(isinstance(spec, FieldSpec) for spec in members(type(record)).values())
    rows = _html_rows(record, everything=flat)
    note = ""
    if not flat:
        shown = "no field differs from its default" if not rows else "fields that differ from their defaults"
        note = f"<caption>{html.escape(type(record).__name__)}: {shown}</caption>"
    if len(rows) > _SHOWN:
        rows = [*rows[:_SHOWN], f'<tr><td colspan="5">... and {len(rows) - _SHOWN} more</td></tr>']
    title = "" if note else f"<caption>{html.escape(type(record).__name__)}</caption>"
    return f"<table>{note}{title}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def html_array(array: ArrayOf[Record]) -> str:
    """An array of records as HTML table: one row for each record that differs from the default, at most 200."""
    columns = array.columns()
    known = {column.path: column for column in schema(array.record)}
    changed = {path: _rows_changed(values, known[path].default) for path, values in columns.items()}
    paths = [path for path, rows in changed.items() if rows.any()]
    rows = np.flatnonzero(np.logical_or.reduce([changed[path] for path in paths])) if paths else np.empty(0, dtype=int)
    note = f"{len(array)} x {array.record.__name__}, {rows.size or 'none'} different from the default"
    head = "".join(f"<th>{html.escape(title)}</th>" for title in ("index", *paths))
    body = ""
    for row in rows[:_SHOWN]:
        texts = [str(row), *(_value(known[path], columns[path][row]) for path in paths)]
        body += "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in texts) + "</tr>"
    if rows.size > _SHOWN:
        body += f'<tr><td colspan="{len(paths) + 1}">... and {rows.size - _SHOWN} more</td></tr>'
    return f"<table><caption>{html.escape(note)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _rows_changed(values: npt.NDArray[Any], default: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = (values != default).reshape(len(values), -1).any(axis=1)
    return found


def _html_rows(record: Record, *, everything: bool) -> list[str]:
    columns = record.columns()
    rows = []
    for column in schema(type(record)):
        value = columns[column.path]
        # blocks of memory may be shorter than their declaration
        changed = value.shape != column.default.shape or not np.array_equal(value, column.default)
        if everything or changed:
            cells = (column.path, _value(column, value), allowed(column.spec), column.spec.unit, column.spec.meaning)
            texts = [html.escape(text) for text in cells]
            if changed:
                texts[1] = f"<b>{texts[1]}</b>"
            rows.append("<tr>" + "".join(f"<td>{text}</td>" for text in texts) + "</tr>")
    return rows


def _value(column: Column, value: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
    if value.ndim == 0:
        number = int(value)
        return column.spec.enum(number).name.lower() if column.spec.enum is not None else str(number)
    if value.size <= _LISTED:
        return str(value.astype(int).tolist())
    shape = "x".join(map(str, value.shape))
    return f"{shape} values, {int(value.min())}..{int(value.max())}"
