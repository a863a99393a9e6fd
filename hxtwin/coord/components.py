"""Reading the components of grids and composites from constructor arguments.

Positional components must be coordinates of the proper type; by keyword (the component's type name in snake case)
integers are accepted too, because the keyword says what they count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.coord.errors import CoordinateTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hxtwin.coord.coordinate import Coordinate, Indexed

__all__ = ["alternative_components", "named_components", "named_pair", "positional_components", "refuse_components"]


def refuse_components(owner: type[Coordinate], given: object, forms: str) -> CoordinateTypeError:
    """Return the error of constructor arguments that fit none of the forms."""
    return CoordinateTypeError(f"{owner.__qualname__} cannot be made from {shown(given)}; give {forms}")


def positional_components(
    owner: type[Coordinate], types: Sequence[type[Indexed]], given: tuple[object, ...], required: int
) -> list[int]:
    """Return the indices of components given by position; missing optional ones are the default of their type.

    Raises:
        CoordinateTypeError: too few or too many components, or one of another type.
    """
    if required <= len(given) <= len(types):
        indices = []
        for value, part in zip(given, types, strict=False):
            if type(value) is not part:
                break
            indices.append(value._index)
        else:
            return indices if len(given) == len(types) else indices + [part.default for part in types[len(given) :]]
    names = ", ".join(part.__qualname__ for part in types)
    raise refuse_components(owner, given, f"a linear index, an Enum, or the components ({names}) in this order")


def named_pair(
    owner: type[Coordinate],
    types: tuple[type[Indexed], type[Indexed]],
    keywords: tuple[str, str],
    given: Mapping[str, object],
    required: int,
) -> tuple[int, int] | list[int]:
    """Return what `named_components` returns for two components, with a short way if both are given."""
    first, second = keywords
    if len(given) == 2 and first in given and second in given:
        return types[0]._index_of(given[first]), types[1]._index_of(given[second])
    return named_components(owner, types, keywords, given, required)


def named_components(
    owner: type[Coordinate],
    types: Sequence[type[Indexed]],
    keywords: Sequence[str],
    given: Mapping[str, object],
    required: int,
) -> list[int]:
    """Return the indices of components given by keyword, as coordinates or integers.

    Raises:
        CoordinateTypeError: an unknown or missing keyword, or a value of another type.
        CoordinateError: an integer outside the range of its component.
    """
    known = [name in given for name in keywords]
    if sum(known) < len(given):
        unknown = next(name for name in given if name not in keywords)
        raise CoordinateTypeError(
            f"{owner.__qualname__} has no component {unknown!r}; its components are {', '.join(keywords)}"
        )
    if not all(known[:required]):
        raise CoordinateTypeError(
            f"{owner.__qualname__} needs the components {', '.join(keywords[:required])}; given: {', '.join(given)}"
        )
    return [
        part._index_of(given[name]) if name in given else part.default
        for name, part in zip(keywords, types, strict=True)
    ]


def alternative_components(
    owner: type[Coordinate],
    types: Sequence[type[Indexed]],
    keywords: Sequence[str],
    parts: tuple[object, ...],
    named: Mapping[str, object],
    *,
    required: int,
) -> list[int] | None:
    """Return the indices of the components of a further constructor, None if the arguments are not meant for it.

    Its first component tells it from the other constructors: by type if given by position, else by keyword.
    """
    if parts and not named and type(parts[0]) is types[0]:
        return positional_components(owner, types, parts, required)
    if named and not parts and keywords[0] in named:
        return named_components(owner, types, keywords, named, required)
    return None
