"""Values of fields by the ranges of the reference files, and their way into and out of containers.

=====================  ======================================================================
`random_values`        valid values of a container, nested containers included
`telling_values`       for one field element: values that together show where every bit goes
`flat`                 nested values as dotted paths that `Record.from_fields` takes
`columns_of`           a list of values as a batch of columns
`values_of`            values of item i of a batch of columns
`ways_in`              all ways on which a value gets into a field
=====================  ======================================================================
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from hxtwin import containers

from .reference_files import ENTRIES, Entry
from .slow_codec import Values, default, is_array

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from hxtwin.containers import Columns, Container

_NESTED = re.compile(r"(?:array<)?(?:container<)?(\w+)>*")
_INDEX = re.compile(r"\[(\d+)\]")


def random_values(name: str, rng: random.Random, extra: Mapping[str, int] | None = None) -> Values:
    """Random valid values of a container; what a closed gate hides keeps its default.

    Args:
        name: container.
        rng: source of randomness.
        extra: components of the coordinate, for sizes that depend on them.
    """
    entry = ENTRIES[name]
    values: Values = {}
    for field in entry["fields"]:
        size = field.get("size")
        if isinstance(size, str):
            assert extra is not None
            size = extra["max"] - extra["min"] + 1
        if "min" not in field:
            inner = nested(field)
            single = size is None
            values[field["name"]] = (
                random_values(inner, rng) if single else [random_values(inner, rng) for _ in range(size)]
            )
        elif is_array(field):
            values[field["name"]] = [rng.randint(field["min"], field["max"]) for _ in range(size)]
        else:
            values[field["name"]] = rng.randint(field["min"], field["max"])
    for field in entry["fields"]:
        if "only_if" in field and not values[field["only_if"]]:
            values[field["name"]] = default(field)
    return values


def nested(field: Entry) -> str:
    """Name of the container that a field holds."""
    match = _NESTED.fullmatch(field["type"])
    assert match is not None, field["type"]
    assert match[1] in ENTRIES, field["type"]
    return match[1]


def telling_values(field: Entry) -> list[int]:
    """Values of one field element: all of a small range, else the ends, every power of two, and every single 0 bit."""
    low, high = field["min"], field["max"]
    if high - low < 24:
        return list(range(low, high + 1))
    powers = [1 << k for k in range(int(high).bit_length())]
    chosen = {low, high, *powers, *(high ^ power for power in powers)}
    if low < 0:
        chosen |= {-power for power in powers} | {-1}
    return sorted(value for value in chosen if low <= value <= high)


def flat(values: Values) -> dict[str, Any]:
    """Nested values as dotted paths; lists of nested values become one list for each of their fields."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found.update({f"{name}.{path}": inner for path, inner in flat(value).items()})
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            items = [flat(item) for item in value]
            for path in items[0]:
                found.update(_gathered(name, path, [item[path] for item in items]))
        else:
            found[name] = value
    return found


def _gathered(name: str, path: str, items: list[Any]) -> dict[str, Any]:
    """One field of many records, arrays in one row; where a field is named by element, one path for each record."""
    if _INDEX.search(path):
        return {f"{name}[{i}].{path}": item for i, item in enumerate(items)}
    return {f"{name}.{path}": [value for item in items for value in item] if isinstance(items[0], list) else items}


def plain_path(path: str) -> tuple[str, tuple[int, ...]]:
    """A flat name without its indices, and the indices: ``a[2].b`` becomes ``a.b`` and (2,)."""
    return _INDEX.sub("", path), tuple(int(number) for number in _INDEX.findall(path))


def columns_of(cls: type[Container], many: Sequence[Values]) -> Columns:
    """A batch of containers without nested values as columns."""
    columns = {path: np.array(array) for path, array in cls.default_columns(len(many)).items()}
    for i, values in enumerate(many):
        for name, value in values.items():
            path, position = plain_path(name)
            columns[path][(i, *position)] = value
    return columns


def values_of(columns: Columns, entry: Entry, i: int) -> Values:
    """Values of item i of a batch of columns."""
    found: Values = {}
    for field in entry["fields"]:
        path, position = plain_path(field["name"])
        value = columns[path][(i, *position)]
        found[field["name"]] = [int(x) for x in value] if is_array(field) else int(value)
    return found


def ways_in(cls: Any, field: str, value: object) -> list[Callable[[], Any]]:
    """The ways on which a value gets into a field: construction, and three kinds of changed copies."""
    return [
        lambda: cls(**{field: value}),
        lambda: attrs.evolve(cls(), **{field: value}),
        lambda: cls().with_columns({field: value}),
        lambda: cls.from_fields({field: value}),
    ]


def class_of(name: str) -> type[Container]:
    """Container class of an entry."""
    return containers.by_name(name)
