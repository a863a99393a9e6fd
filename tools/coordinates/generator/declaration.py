"""Vocabulary of the declaration table: one call per coordinate type.

==================  ==============================================================================================
`ranged`            integer of [min, max]
`unique`            something that exists once
`hemisphere`        one per hemisphere, converts to everything else that exists once per hemisphere
`label`             integer that is a value, of ``bits`` bits
`grid`              pair (x, y)
`composite`         inner part on outer part
`interval`          closed interval of a bound type
`handwritten`       a class that is written by hand in the module named
==================  ==============================================================================================

`enumerated` numbers the names of constants, `same_index` declares conversions that keep the index.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coordinates.generator.formula import Formula

__all__ = [
    "Alternative",
    "Declaration",
    "Field",
    "Holes",
    "Maker",
    "Predicate",
    "composite",
    "enumerated",
    "grid",
    "handwritten",
    "hemisphere",
    "interval",
    "label",
    "ranged",
    "same_index",
    "unique",
]

Kind = Literal["ranged", "label", "grid", "composite", "interval", "handwritten"]
_NONE: Mapping[str, int] = MappingProxyType({})
_NO_FORMULA: Mapping[str, Formula] = MappingProxyType({})


@dataclass(frozen=True)
class Field:
    """Bit field of a label: ``width`` bits from bit ``lsb`` on, seen as ``type``."""

    type: str
    lsb: int
    width: int


@dataclass(frozen=True)
class Alternative:
    """A further constructor: components (type -> name in ``index``), of which the first ``required`` are needed."""

    parts: Mapping[str, str]
    index: str
    required: int


@dataclass(frozen=True)
class Predicate:
    """A yes-or-no question about a value."""

    formula: str
    doc: str


@dataclass(frozen=True)
class Maker:
    """A class method that builds a value from a ``number``."""

    formula: str
    doc: str


@dataclass(frozen=True)
class Holes:
    """A grid of which only ``size`` pairs exist: x and y of an index, and index of a pair per condition in x and y."""

    size: int
    x: str
    y: str
    index: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """One coordinate type."""

    kind: Kind
    name: str
    doc: str
    min: int = 0
    max: int = 0
    default: int = 0
    container: bool = False
    implicit: bool = False
    family: bool = False
    constants: Mapping[str, int] = field(default_factory=dict)
    intervals: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    to: Mapping[str, Formula] = field(default_factory=dict)
    added: Mapping[str, Formula] = field(default_factory=dict)
    predicates: Mapping[str, Predicate] = field(default_factory=dict)
    makers: Mapping[str, Maker] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    alternative: Alternative | None = None
    role: str = ""
    axis: str = ""
    words: tuple[str, ...] = ()
    wraps: bool = False
    x: str = ""
    y: str = ""
    holes: Holes | None = None
    inner: str = ""
    outer: str = ""
    bound: str = ""
    length: str = ""
    mixin: str = ""
    module: str = ""


def ranged(
    name: str,
    size: int,
    doc: str,
    *,
    first: int = 0,
    container: bool = False,
    explicit: bool = False,
    axis: str = "",
    words: tuple[str, ...] = (),
    constants: Mapping[str, int] = _NONE,
    to: Mapping[str, Formula] = _NO_FORMULA,
    added: Mapping[str, Formula] = _NO_FORMULA,
    predicates: Mapping[str, Predicate] | None = None,
    makers: Mapping[str, Maker] | None = None,
    alternative: Alternative | None = None,
) -> Declaration:
    """Declare ``size`` values from ``first`` on.

    ``explicit``: a bare int does not stand for it; ``words``: constants that are also the text form.
    """
    return Declaration(
        kind="ranged",
        name=name,
        doc=doc,
        min=first,
        max=first + size - 1,
        default=first,
        container=container,
        implicit=not explicit,
        axis=axis,
        words=words,
        constants=constants or enumerated(words),
        to=to,
        added=added,
        predicates=predicates or {},
        makers=makers or {},
        alternative=alternative,
    )


def unique(
    name: str, doc: str, *, container: bool = True, explicit: bool = True, to: Mapping[str, Formula] = _NO_FORMULA
) -> Declaration:
    """Declare something that exists once: its only value is 0."""
    return ranged(name, 1, doc, container=container, explicit=explicit, to=to)


def hemisphere(
    name: str, doc: str, *, container: bool = True, explicit: bool = False, axis: str = "", named: bool = True
) -> Declaration:
    """Declare a member of the hemisphere family: 0 = top, 1 = bottom; ``named``: with constants top and bottom."""
    return Declaration(
        kind="ranged",
        name=name,
        doc=doc,
        max=1,
        container=container,
        implicit=not explicit,
        axis=axis,
        family=True,
        constants={"top": 0, "bottom": 1} if named else {},
    )


def label(
    name: str,
    bits: int,
    doc: str,
    *,
    wraps: bool = False,
    implicit: bool = True,
    role: str = "",
    numbers: Mapping[str, int] = _NONE,
    fields: Mapping[str, Field] | None = None,
    to: Mapping[str, Formula] = _NO_FORMULA,
    added: Mapping[str, Formula] = _NO_FORMULA,
) -> Declaration:
    """Declare a value of ``bits`` bits; ``wraps``: arithmetic wraps around instead of being checked."""
    return Declaration(
        kind="label",
        name=name,
        doc=doc,
        max=2**bits - 1,
        implicit=implicit,
        wraps=wraps,
        role=role,
        numbers=numbers,
        fields=fields or {},
        to=to,
        added=added,
    )


def grid(
    name: str,
    x: str,
    y: str,
    doc: str,
    *,
    container: bool = False,
    constants: Mapping[str, int] = _NONE,
    to: Mapping[str, Formula] = _NO_FORMULA,
    added: Mapping[str, Formula] = _NO_FORMULA,
    predicates: Mapping[str, Predicate] | None = None,
    holes: Holes | None = None,
    mixin: str = "",
) -> Declaration:
    """Declare a pair (x, y); ``mixin``: hand-written base class with further methods, as ``module.Class``."""
    return Declaration(
        kind="grid",
        name=name,
        doc=doc,
        x=x,
        y=y,
        holes=holes,
        container=container,
        constants=constants,
        to=to,
        added=added,
        predicates=predicates or {},
        mixin=mixin,
    )


def composite(
    name: str,
    inner: str,
    outer: str,
    doc: str,
    *,
    container: bool = False,
    constants: Mapping[str, int] = _NONE,
    to: Mapping[str, Formula] = _NO_FORMULA,
    added: Mapping[str, Formula] = _NO_FORMULA,
    alternative: Alternative | None = None,
) -> Declaration:
    """Declare ``inner`` on ``outer``; conversions to both and those of the inner part follow by themselves."""
    return Declaration(
        kind="composite",
        name=name,
        doc=doc,
        inner=inner,
        outer=outer,
        container=container,
        constants=constants,
        to=to,
        added=added,
        alternative=alternative,
    )


def interval(
    name: str,
    bound: str,
    length: str,
    doc: str,
    *,
    container: bool = False,
    intervals: Mapping[str, tuple[int, int]] | None = None,
) -> Declaration:
    """Declare a closed interval of ``bound``, whose length is counted by the type ``length``."""
    return Declaration(
        kind="interval", name=name, doc=doc, bound=bound, length=length, container=container, intervals=intervals or {}
    )


def handwritten(name: str, module: str) -> Declaration:
    """Declare a type whose class stands in ``hxtwin.coord.<module>``."""
    return Declaration(kind="handwritten", name=name, doc="", module=module)


def enumerated(names: Sequence[str]) -> dict[str, int]:
    """Return constants numbered from 0 on."""
    return {name: number for number, name in enumerate(names)}


def same_index(targets: Sequence[str], source: str = "") -> dict[str, Formula]:
    """Return conversions that keep the index, to all targets but the source itself."""
    return {target: "e" for target in targets if target != source}
