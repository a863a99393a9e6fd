"""Composite coordinates: an inner coordinate on an outer one, e.g. a synapse row on a synapse array.

==================  ===========================================================================
linear index        ``outer * inner_size + inner``
construction        ``T()``, ``T(5)``, ``T(Enum(5))``, ``T(inner)``, ``T(inner, outer)``, or by keyword (snake case
                    of the component's type, integers allowed); without outer part its default is taken
text                ``T(<inner>, <outer>)``
==================  ===========================================================================

A composite inherits the conversions of its inner part, which are relative to the outer part.
Source: reference coordinates.md, sections 1, 1.1, 1.2 and 1.7.
"""

from __future__ import annotations

from typing import ClassVar, Self

from hxtwin.coord.components import named_pair, positional_components, refuse_components
from hxtwin.coord.coordinate import Indexed, unchecked

__all__ = ["Composite"]


class Composite(Indexed):
    """Inner coordinate on an outer coordinate."""

    __slots__ = ()

    _keywords: ClassVar[tuple[str, str]]
    _types: ClassVar[tuple[type[Indexed], type[Indexed]] | None] = None

    @classmethod
    def _parts(cls) -> tuple[type[Indexed], type[Indexed]]:
        """Return the types of the inner and the outer part."""
        raise NotImplementedError

    def __new__(cls, *parts: object, **named: object) -> Self:
        """Build from a linear index, from inner and outer part by position, or from both by keyword."""
        types = cls._types or cls._remember_types()
        if not named:
            if len(parts) == 1:
                index = parts[0]
                if type(index) is int and cls.min <= index <= cls.max:
                    return unchecked(cls, index)
            elif len(parts) == 2:
                inner_part, outer_part = parts
                if type(inner_part) is types[0] and type(outer_part) is types[1]:
                    return unchecked(cls, outer_part._index * types[0].size + inner_part._index)
            elif not parts:
                return cls._of(cls.default)
        if named:
            if parts:
                raise refuse_components(cls, parts, "all components by position or all by keyword")
            inner, outer = named_pair(cls, types, cls._keywords, named, 1)
        elif len(parts) != 1 or type(parts[0]) is types[0]:
            inner, outer = positional_components(cls, types, parts, 1)
        else:
            return cls._from_index(parts[0])
        return cls._of(outer * types[0].size + inner)

    @classmethod
    def _remember_types(cls) -> tuple[type[Indexed], type[Indexed]]:
        """Keep the types of the parts at hand; their classes may be defined after this one."""
        cls._types = cls._parts()
        return cls._types

    @classmethod
    def _other_forms(cls) -> str:
        inner, outer = cls._parts()
        return (
            f" of {cls.min}..{cls.max}, an Enum, the components ({inner.__qualname__}, {outer.__qualname__}), "
            f"or {' and '.join(cls._keywords)} by keyword"
        )

    def __str__(self) -> str:
        inner_type, outer_type = self._parts()
        outer, inner = divmod(self._index, inner_type.size)
        return f"{type(self).__name__}({inner_type._of(inner)}, {outer_type._of(outer)})"
