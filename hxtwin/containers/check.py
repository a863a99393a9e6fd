"""Checks of field values: what a field takes, and the messages when it does not.

====================  =======================================  ==========================================
kind                  scalar                                   array
====================  =======================================  ==========================================
bool                  bool, 0 or 1                             bool or integer array of 0 and 1
uint, int             int (not bool)                           integer array
enum                  member, or its value                     -
capmem_value          0..1023                                  integer array
====================  =======================================  ==========================================

Never accepted: floats (also integral ones and NaN), text, None, arrays of another shape. Nothing is wrapped, clipped or
rounded.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hxtwin.containers.errors import FieldRangeError, FieldShapeError, FieldTypeError
from hxtwin.coord import Coordinate
from hxtwin.coord.errors import shown

if TYPE_CHECKING:
    from hxtwin.containers.fields import FieldSpec

_KIND_WORDS = {
    "bool": "a bool, 0 or 1",
    "uint": "an int",
    "int": "an int",
    "enum": "a member of the enumeration or its value",
    "capmem_value": "an int",
}


def allowed(spec: FieldSpec) -> str:
    """What a field takes, for messages and tables: ``0..63``, ``0/1`` or the members of its enumeration."""
    if spec.kind == "bool":
        return "0/1"
    if spec.enum is not None:
        return ", ".join(f"{member.name} ({member.value})" for member in spec.enum)
    if spec.kind == "capmem_value":
        return "0..1022 or 1023 (no refresh)"
    return f"{spec.minimum}..{spec.maximum}"


def scalar(spec: FieldSpec, value: object, where: str) -> Any:
    """The checked value of a scalar field: bool, int or enumeration member.

    Args:
        spec: declaration of the field.
        value: what the caller gave.
        where: container and field, for the message.

    Raises:
        FieldTypeError: the value is of a type that the field does not take.
        FieldRangeError: the value is outside the range.
    """
    number = _integer(spec, value, where)
    if not spec.minimum <= number <= spec.maximum:
        raise FieldRangeError(f"{where}: {shown(number)} is out of range; allowed: {allowed(spec)}")
    if spec.kind == "bool":
        return bool(number)
    if spec.enum is not None:
        try:
            return spec.enum(number)
        except ValueError:
            raise FieldRangeError(f"{where}: {number} is no member; allowed: {allowed(spec)}") from None
    return number


def _integer(spec: FieldSpec, value: object, where: str) -> int:
    if isinstance(value, IntEnum) and spec.enum is not None and not isinstance(value, spec.enum):
        raise FieldTypeError(f"{where}: {shown(value)} belongs to another enumeration; allowed: {allowed(spec)}")
    if isinstance(value, bool | np.bool_):
        if spec.kind != "bool":
            raise FieldTypeError(
                f"{where}: {shown(value)} is a bool, wanted {_KIND_WORDS[spec.kind]} in {allowed(spec)}"
            )
        return int(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if spec.coordinate is not None and isinstance(value, spec.coordinate):
        return int(value)
    hint = f" or a {spec.coordinate.__name__}" if spec.coordinate is not None else ""
    raise FieldTypeError(
        f"{where}: {shown(value)} is a {type(value).__name__}, wanted {_KIND_WORDS[spec.kind]}{hint} in {allowed(spec)}"
    )


def array(spec: FieldSpec, value: object, where: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The checked, read-only array of an array field, in the dtype of the field.

    Args:
        spec: declaration of the field.
        value: array or nested sequence; where the shape has several axes, a flat array of the same size (row-major)
            too.
        where: container and field, for the message.
        shape: wanted shape.

    Raises:
        FieldTypeError: not an array of integers (or bools for switches).
        FieldShapeError: the shape is another one.
        FieldRangeError: an element is outside the range; the message names the first such element.
    """
    given = _plain_array(spec, value, where)
    if given.shape != shape:
        if given.ndim == 1 and len(shape) > 1 and given.size == int(np.prod(shape)):
            given = given.reshape(shape)
        else:
            raise FieldShapeError(f"{where}: array of shape {given.shape} given, wanted {shape}{_axes(spec)}")
    if given.dtype.kind == "b":
        if spec.kind != "bool":
            raise FieldTypeError(f"{where}: array of bool given, wanted integers in {allowed(spec)}")
    elif given.dtype.kind not in "iu":
        raise FieldTypeError(f"{where}: array of {given.dtype} given, wanted integers in {allowed(spec)}")
    elif given.size:
        bad = (given < spec.minimum) | (given > spec.maximum)
        if bad.any():
            position = tuple(int(i) for i in np.argwhere(bad)[0])
            index = ", ".join(map(str, position))
            raise FieldRangeError(
                f"{where}[{index}]: {given[position]} is out of range; allowed: {allowed(spec)} "
                f"({int(bad.sum())} of {given.size} elements are outside)"
            )
    checked = np.array(given, dtype=spec.dtype)
    checked.flags.writeable = False
    return checked


def _plain_array(spec: FieldSpec, value: object, where: str) -> npt.NDArray[Any]:
    if isinstance(value, np.ndarray):
        return value
    if not _is_array_like(value):
        raise FieldTypeError(f"{where}: {shown(value)} is a {type(value).__name__}, wanted an array{_axes(spec)}")
    if isinstance(value, list | tuple) and any(isinstance(item, Coordinate) for item in value):
        if spec.coordinate is None or not all(isinstance(item, spec.coordinate | int) for item in value):
            raise FieldTypeError(f"{where}: elements must be integers in {allowed(spec)}, got {shown(value)}")
        return np.asarray([operator.index(item) for item in value], dtype=np.int64)
    if isinstance(value, list | tuple) and spec.kind != "bool" and any(isinstance(item, bool) for item in value):
        raise FieldTypeError(f"{where}: elements must be integers in {allowed(spec)}, not bools")
    try:
        return np.asarray(value)
    except (ValueError, OverflowError):
        raise FieldShapeError(f"{where}: a ragged sequence is not an array{_axes(spec)}") from None


def _is_array_like(value: object) -> bool:
    if isinstance(value, str | bytes | bytearray | memoryview | Coordinate | type):
        return False
    return isinstance(value, Sequence) or hasattr(value, "__array__")


def array_length(spec: FieldSpec, value: object, where: str) -> int:
    """Length of the first axis of what was given for an array field of any size; 0 if it has none.

    Raises:
        FieldTypeError: not an array.
    """
    given = _plain_array(spec, value, where)
    return len(given) if given.ndim else 0


def _axes(spec: FieldSpec) -> str:
    if not spec.index:
        return f" of shape {spec.shape}"
    return " indexed by " + " x ".join(f"{type_.__name__} (0..{type_.size - 1})" for type_ in spec.index)
