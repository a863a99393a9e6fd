"""All declarations together: where each type stands, how large it is, and which conversions it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coordinates.generator.formula import Many
from coordinates.generator.naming import snake_case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coordinates.generator.declaration import Declaration
    from coordinates.generator.formula import Formula

__all__ = ["Catalogue", "Conversion", "Topic"]


@dataclass(frozen=True)
class Topic:
    """One module of the declaration table and of hxtwin.coord."""

    name: str
    doc: str
    types: Sequence[Declaration]


@dataclass(frozen=True)
class Conversion:
    """One conversion of a type: ``formula`` in e, the linear index (of the inner part if ``modulus`` is given)."""

    target: str
    formula: Formula
    doc: str
    modulus: int | None = None

    @property
    def method(self) -> str:
        """Return the name of the method."""
        return f"to_{snake_case(self.target)}"


class Catalogue:
    """The declarations of all topics by name."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self.topics = topics
        self.declarations: Mapping[str, Declaration] = {
            declaration.name: declaration for topic in topics for declaration in topic.types
        }
        self._module = {declaration.name: topic.name for topic in topics for declaration in topic.types} | {
            name: declaration.module for name, declaration in self.declarations.items() if declaration.module
        }
        if len(self.declarations) != sum(len(topic.types) for topic in topics):
            raise ValueError("a type is declared twice")

    def module(self, name: str) -> str:
        """Return the module of hxtwin.coord that holds a type."""
        return self._module[name]

    def family(self) -> list[Declaration]:
        """Return the members of the hemisphere family by name."""
        return sorted((one for one in self.declarations.values() if one.family), key=lambda one: one.name)

    def range(self, name: str) -> tuple[int, int]:
        """Return smallest and largest index of a type."""
        one = self.declarations[name]
        if one.holes:
            return 0, one.holes.size - 1
        if one.kind == "grid":
            return 0, self.size(one.x) * self.size(one.y) - 1
        if one.kind == "composite":
            return 0, self.size(one.inner) * self.size(one.outer) - 1
        if one.kind == "interval":
            return 0, self.size(one.bound) ** 2 - 1
        return one.min, one.max

    def size(self, name: str) -> int:
        """Return the number of indices of a type."""
        first, last = self.range(name)
        return last - first + 1

    def in_hemisphere_family(self, declaration: Declaration) -> bool:
        """Return whether a type converts to the hemisphere family, by itself or through its inner part."""
        return declaration.family or bool(declaration.inner and self.declarations[declaration.inner].family)

    def conversions(self, name: str) -> list[Conversion]:
        """Return the conversions of a type, hemisphere family excepted: components, own, added, inherited."""
        one = self.declarations[name]
        found: dict[str, Conversion] = {}

        def offer(conversions: Iterator[Conversion]) -> None:
            for conversion in sorted(conversions, key=lambda c: c.target):
                found.setdefault(conversion.target, conversion)

        offer(self._components(one))
        offer(Conversion(target, formula, _own_doc(target, formula)) for target, formula in one.to.items())
        offer(
            Conversion(target, formula, f"{_own_doc(target, formula)} (added)") for target, formula in one.added.items()
        )
        if one.inner:
            inner_size = self.size(one.inner)
            offer(_inherited(conversion, inner_size) for conversion in self.conversions(one.inner))
        return list(found.values())

    def _components(self, one: Declaration) -> Iterator[Conversion]:
        if one.holes:
            yield Conversion(one.x, one.holes.x, f"Return x, the `{one.x}` of the pair")
            yield Conversion(one.y, one.holes.y, f"Return y, the `{one.y}` of the pair")
        elif one.kind == "grid":
            width = self.size(one.x)
            yield Conversion(one.x, f"e % {width}", f"Return x: index ``e % {width}``")
            yield Conversion(one.y, f"e // {width}", f"Return y: index ``e // {width}``")
        if one.kind == "composite":
            count = self.size(one.inner)
            yield Conversion(one.inner, f"e % {count}", f"Return the inner part: index ``e % {count}``")
            yield Conversion(one.outer, f"e // {count}", f"Return the outer part: index ``e // {count}``")


def _own_doc(target: str, formula: Formula) -> str:
    if formula == "e":
        return f"Return the `{target}` of the same index"
    if isinstance(formula, Many):
        return f"Return the {formula.count} `{target}`, one per {formula.index}: index ``{formula.element}``"
    if formula.endswith("None"):
        return f"Return the `{target}`, if there is one: index ``{formula}``"
    if formula.endswith("ERROR"):
        return f"Return the `{target}`; an error if there is none: index ``{formula}``"
    return f"Return the `{target}`: index ``{formula}``"


def _inherited(conversion: Conversion, inner_size: int) -> Conversion:
    """Return the conversion of a composite that acts on its inner part only."""
    modulus = conversion.modulus or inner_size
    doc = f"Return the `{conversion.target}` of the inner part"
    digits = re.fullmatch(r"e % (\d+)", str(conversion.formula))
    if digits and modulus % int(digits[1]) == 0:
        return Conversion(conversion.target, conversion.formula, doc)
    return Conversion(conversion.target, conversion.formula, doc, modulus)
