"""Declaration of fields: what stands behind the equals sign in a container class.

::

    enable: bool = flag("Enable the CADC.", at(0, 0))
    reset_wait: int = uint("Wait after the ramp drop.", at(0, 4, 8), maximum=255, default=100, unit="PPU clock cycles")
    sample: UIntArray = uints("Result of quad entry i.", entries(at(0, 0, 8)), maximum=255, index=EntryOnQuad)

============================  ===================================  ==========================================
scalar                        array                                value
============================  ===================================  ==========================================
`flag`                        `flags`                              bool
`uint`                        `uints`                              unsigned integer
`sint`                        `sints`                              signed integer
`choice`                      -                                    member of an ``IntEnum``
`cell`                        `cells`                              10-bit analog cell: 0..1022, or 1023 =
`DISABLE_REFRESH`
`part`                        `parts`                              nested record(s) with fields of their own
============================  ===================================  ==========================================
"""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import IntEnum

    from hxtwin.containers.bits import Bits, Pieces
    from hxtwin.containers.record import Record
    from hxtwin.containers.transform import Transform
    from hxtwin.coord import Indexed

#: Array of unsigned or signed integers: any integer dtype is taken, the smallest that holds the range is kept.
UIntArray = npt.NDArray[np.integer[Any]]
SIntArray = npt.NDArray[np.integer[Any]]
BoolArray = npt.NDArray[np.bool_]

#: Code of an analog cell that shall not be refreshed .
DISABLE_REFRESH = 1023

Kind = Literal["bool", "uint", "int", "enum", "capmem_value"]
Access = Literal["rw", "ro", "wo"]

SPEC = "hxtwin.containers.spec"


class _Default(Enum):
    DEFAULT = "default"

    def __repr__(self) -> str:
        return "default"


#: What array fields and nested records have when nothing is given; None would hide a mistake.
DEFAULT = _Default.DEFAULT


@attrs.frozen(eq=False)
class FieldSpec:
    """Everything known about one field.

    Attributes:
        kind: sort of value.
        meaning: what the bits do, one or two sentences.
        minimum, maximum: allowed values, ends included.
        default: value(s) used when nothing is given; an int counts for every element of an array.
        pieces: for each element (one for scalars) the pieces that carry it; empty for fields of composites.
        index: coordinate types that index the array, outermost first; empty for scalars.
        shape: array shape, ``()`` for scalars.
        unit: physical unit or clock, empty if none.
        enum: the enumeration behind ``kind == "enum"``.
        transform: stored form other than plain binary.
        access: ``ro`` = only meaningful on reads, ``wo`` = only on writes.
        only_if: name of the gate field without which this field is neither stored nor decoded.
        coordinate: coordinate or label type whose values may be given instead of ints.
        names: names of the elements of an array.
    """

    kind: Kind
    meaning: str
    minimum: int
    maximum: int
    default: int | tuple[int, ...]
    pieces: tuple[Pieces, ...]
    index: tuple[type[Indexed], ...] = ()
    shape: tuple[int, ...] = ()
    unit: str = ""
    enum: type[IntEnum] | None = None
    transform: Transform | None = None
    access: Access = "rw"
    only_if: str | None = None
    coordinate: type[Indexed] | None = None

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """Smallest dtype that holds the range: bool, uint8..uint64 or int8..int64."""
        if self.kind == "bool":
            return np.dtype(np.bool_)
        if self.minimum < 0:
            return np.result_type(np.min_scalar_type(self.minimum), _signed(self.maximum))
        return np.min_scalar_type(self.maximum)

    @cached_property
    def default_array(self) -> npt.NDArray[Any]:
        """Default with the shape of the field, read-only."""
        value = np.asarray(self.default, dtype=self.dtype)
        if value.ndim and value.shape != self.shape:
            value = value.reshape(self.shape)
        return np.broadcast_to(value, self.shape)


def _signed(value: int) -> np.dtype[Any]:
    return np.min_scalar_type(-value - 1)


@attrs.frozen(eq=False)
class PartSpec:
    """A nested record, or an array of records, inside a record.

    Attributes:
        record: class of the nested record(s).
        meaning: what they are.
        size: number of records of an array, None for a single one.
        index: coordinate type that indexes the array.
        defaults: for arrays, one mapping of field name to default for each element that differs from the class.
        word, lsb: offset of the pieces of the first record.
        word_step, lsb_step: distance of the pieces of successive records.
    """

    record: type[Record]
    meaning: str
    size: int | None = None
    index: type[Indexed] | None = None
    defaults: tuple[dict[str, int], ...] = ()
    word_step: int = 0
    lsb_step: int = 0


def _field(spec: FieldSpec | PartSpec, default: Any) -> Any:
    return attrs.field(default=default, metadata={SPEC: spec})


def _one(bits: tuple[Bits | Pieces, ...]) -> tuple[Pieces, ...]:
    pieces: list[Bits] = []
    for item in bits:
        pieces.extend(item if isinstance(item, tuple) else (item,))
    return (tuple(pieces),)


def flag(
    meaning: str, *bits: Bits, default: bool = False, transform: Transform | None = None, access: Access = "rw"
) -> Any:
    """A switch, stored as one bit (in none for fields of composites)."""
    spec = FieldSpec("bool", meaning, 0, 1, int(default), _one(bits), transform=transform, access=access)
    return _field(spec, default)


def flags(
    meaning: str,
    pieces: tuple[Pieces, ...] = (),
    *,
    index: type[Indexed] | tuple[type[Indexed], ...],
    default: bool | Sequence[int] = False,
    access: Access = "rw",
    size: int | None = None,
) -> Any:
    """An array of switches, indexed by one or several coordinate types."""
    return _array("bool", meaning, 0, 1, _defaults(default), pieces, index, size, access=access)


def uint(
    meaning: str,
    *bits: Bits | Pieces,
    maximum: int,
    minimum: int = 0,
    default: int = 0,
    unit: str = "",
    transform: Transform | None = None,
    access: Access = "rw",
    only_if: str | None = None,
    coordinate: type[Indexed] | None = None,
) -> Any:
    """An unsigned integer in ``minimum..maximum``."""
    spec = FieldSpec(
        "uint", meaning, minimum, maximum, default, _one(bits),
        unit=unit, transform=transform, access=access, only_if=only_if, coordinate=coordinate,
    )  # fmt: skip
    return _field(spec, default)


def uints(
    meaning: str,
    pieces: tuple[Pieces, ...] = (),
    *,
    maximum: int,
    index: type[Indexed] | tuple[type[Indexed], ...] | None,
    minimum: int = 0,
    default: int | Sequence[int] = 0,
    unit: str = "",
    access: Access = "rw",
    size: int | None = None,
    coordinate: type[Indexed] | None = None,
) -> Any:
    """An array of unsigned integers in ``minimum..maximum``."""
    return _array("uint", meaning, minimum, maximum, _defaults(default), pieces, index, size,
                  unit=unit, access=access, coordinate=coordinate)  # fmt: skip


def sint(
    meaning: str,
    *bits: Bits,
    minimum: int,
    maximum: int,
    transform: Transform,
    default: int = 0,
    unit: str = "",
    access: Access = "rw",
) -> Any:
    """A signed integer in ``minimum..maximum``."""
    spec = FieldSpec(
        "int", meaning, minimum, maximum, default, _one(bits), unit=unit, transform=transform, access=access
    )
    return _field(spec, default)


def sints(
    meaning: str,
    *,
    minimum: int,
    maximum: int,
    index: type[Indexed] | tuple[type[Indexed], ...],
    default: int = 0,
    unit: str = "",
) -> Any:
    """An array of signed integers in ``minimum..maximum``."""
    return _array("int", meaning, minimum, maximum, default, (), index, None, unit=unit)


def choice(meaning: str, *bits: Bits, of: type[IntEnum], default: int = 0, transform: Transform | None = None) -> Any:
    """A member of an enumeration, given as member or by its value."""
    spec = FieldSpec("enum", meaning, min(of), max(of), int(default), _one(bits), enum=of, transform=transform)
    return _field(spec, of(default))


def cell(meaning: str, *bits: Bits, default: int = 0, unit: str = "CapMem code") -> Any:
    """The code of an analog cell: 0..1022, or `DISABLE_REFRESH`."""
    return _field(FieldSpec("capmem_value", meaning, 0, DISABLE_REFRESH, default, _one(bits), unit=unit), default)


def cells(
    meaning: str,
    *,
    index: type[Indexed] | tuple[type[Indexed], ...],
    default: int = 0,
    unit: str = "CapMem code",
) -> Any:
    """The codes of several analog cells: 0..1022, or `DISABLE_REFRESH`."""
    return _array("capmem_value", meaning, 0, DISABLE_REFRESH, default, (), index, None, unit=unit)


def part(record: type[Record], meaning: str) -> Any:
    """A nested record."""
    return _field(PartSpec(record, meaning), DEFAULT)


def parts(
    record: type[Record],
    meaning: str,
    *,
    index: type[Indexed],
    defaults: Sequence[dict[str, int]] = (),
    word_step: int = 0,
    lsb_step: int = 0,
) -> Any:
    """An array of nested records, indexed by a coordinate type and kept as a structure of arrays."""
    spec = PartSpec(record, meaning, index.size, index, tuple(defaults), word_step, lsb_step)
    return _field(spec, DEFAULT)


def _defaults(default: bool | int | Sequence[int]) -> int | tuple[int, ...]:
    return int(default) if isinstance(default, int) else tuple(int(value) for value in default)


def _array(
    kind: Kind,
    meaning: str,
    minimum: int,
    maximum: int,
    default: int | tuple[int, ...],
    pieces: tuple[Pieces, ...],
    index: type[Indexed] | tuple[type[Indexed], ...] | None,
    size: int | None,
    *,
    unit: str = "",
    access: Access = "rw",
    coordinate: type[Indexed] | None = None,
) -> Any:
    types = () if index is None else index if isinstance(index, tuple) else (index,)
    shape = (size,) if size is not None else tuple(type_.size for type_ in types)
    spec = FieldSpec(
        kind, meaning, minimum, maximum, default, pieces,
        index=types, shape=shape, unit=unit, access=access, coordinate=coordinate,
    )  # fmt: skip
    return _field(spec, DEFAULT)


def like(
    container: type[Record],
    name: str,
    *,
    index: type[Indexed] | tuple[type[Indexed], ...] | None = None,
    default: int | None = None,
    meaning: str | None = None,
) -> Any:
    """A field of a composite that is carried by a field of a container it expands to: same kind, range, unit, meaning.

    Args:
        container: class that declares the bits.
        name: its field.
        index: coordinate type(s) of an array, where the composite holds many; by default the axes of that field.
        default: default, if it differs.
        meaning: description, if it shall differ.
    """
    spec: FieldSpec = getattr(attrs.fields(container), name).metadata[SPEC]
    types = spec.index if index is None else index if isinstance(index, tuple) else (index,)
    own = attrs.evolve(
        spec,
        meaning=spec.meaning if meaning is None else meaning,
        default=spec.default if default is None else default,
        pieces=() if types else ((),),
        index=types,
        shape=spec.shape if index is None else tuple(type_.size for type_ in types),
        transform=None,
        only_if=None,
    )
    if own.shape:
        return _field(attrs.evolve(own, default=_uniform(own.default) if index is not None else own.default), DEFAULT)
    assert isinstance(own.default, int)
    if own.enum is not None:
        return _field(own, own.enum(own.default))
    return _field(own, bool(own.default) if own.kind == "bool" else own.default)


def _uniform(default: int | tuple[int, ...]) -> int:
    """The default shared by all elements; arrays that are regrouped must not depend on the position."""
    if isinstance(default, int):
        return default
    if len(set(default)) != 1:
        raise ValueError(f"defaults {default} differ between elements")
    return default[0]


def with_default(container: type[Record], name: str, default: int) -> Any:
    """A field inherited from `container`, bits and all, that has another default here."""
    spec: FieldSpec = getattr(attrs.fields(container), name).metadata[SPEC]
    return _field(attrs.evolve(spec, default=default), bool(default) if spec.kind == "bool" else default)
