"""Differences: the words that have to be written again, and the fields that a person wants to see.

`difference` works on words: only parts of a tree whose fields changed are encoded at all. `diff` works on fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.containers import codec
from hxtwin.containers.errors import ContainerError, FieldTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hxtwin.containers.container import Container
    from hxtwin.containers.record import Columns, Record
    from hxtwin.coord import Coordinate


@attrs.frozen(eq=False, repr=False)
class Writes(Sequence[tuple[int, int]]):
    """Words to write, in the order of the bus accesses: a sequence of (address, word) pairs, and the arrays behind it.

    Attributes:
        addresses: ``uint32[n]``.
        words: ``uint32[n]``.
    """

    addresses: npt.NDArray[np.uint32]
    words: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.words)

    @overload
    def __getitem__(self, position: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, position: slice) -> Writes: ...
    def __getitem__(self, position: int | slice) -> tuple[int, int] | Writes:
        if isinstance(position, slice):
            return Writes(self.addresses[position], self.words[position])
        return int(self.addresses[position]), int(self.words[position])

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.addresses.tolist(), self.words.tolist(), strict=True)

    def __repr__(self) -> str:
        shown = ", ".join(f"{address:#010x}: {word:#x}" for address, word in self[:4])
        return f"Writes({shown}{', ...' if len(self) > 4 else ''}; {len(self)} words)"


def difference(new: Container, old: Container, at: Coordinate | None = None) -> Writes:
    """The (address, word) pairs of `new` whose words differ from those of `old`.

    Args:
        new: wanted configuration.
        old: configuration that is there, of the same class (and size).
        at: where both live; may be left out where there is only one place.

    Returns:
        The pairs; their arrays are `Writes.addresses` and `Writes.words`. Empty if nothing
        changed.

    Raises:
        FieldTypeError: the containers are of different classes or sizes.
        ContainerError: words with disabled byte lanes cannot be compared; write such a container as a whole.
    """
    cls = type(new)
    if type(old) is not cls:
        raise FieldTypeError(f"a {cls.__name__} cannot be compared with a {type(old).__name__}")
    if not cls.layout.children or not cls.fixed_size:
        return _of_words(new, old, at)
    new_columns = {path: array[np.newaxis] for path, array in new.columns().items()}
    old_columns = {path: array[np.newaxis] for path, array in old.columns().items()}
    positions, words = _changed(cls, new_columns, old_columns, 1)
    order = np.argsort(positions, kind="stable")
    return Writes(cls.write_addresses(at)[positions[order]], words[order])


def _of_words(new: Container, old: Container, at: Coordinate | None) -> Writes:
    new_words, old_words = new.encode(at), old.encode(at)
    if new_words.shape != old_words.shape:
        raise FieldTypeError(f"{type(new).__name__}: {new_words.size} words cannot be compared with {old_words.size}")
    if any((item.byte_enables(at) != codec.ALL_LANES).any() for item in (new, old)):
        raise ContainerError(f"{type(new).__name__}: words with disabled byte lanes; write the container as a whole")
    changed = new_words != old_words
    return Writes(type(new).write_addresses(at)[changed], new_words[changed])


def _changed(
    cls: type[Container], new: Columns, old: Columns, n: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
    """Positions in the words of a batch, and values, of the words that differ; only changed items are encoded."""
    if not cls.layout.children:
        words = codec.encode(cls, new, n, None).reshape(-1)
        differs = words != codec.encode(cls, old, n, None).reshape(-1)
        return np.flatnonzero(differs), words[differs]
    same = {path for path, array in new.items() if array is old[path] or np.array_equal(array, old[path])}
    positions, found = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.uint32)]
    total, start = codec.word_count(cls), 0
    for group in cls.layout.children:
        repeats = group.repeats
        size = codec.group_word_count(group)
        offset = 0
        for member in group.children:
            width = codec.word_count(member.container)
            if not codec.parent_paths(cls, group, member) <= same:
                inner_new = codec.child_columns(cls, group, member, new, n)
                inner_old = codec.child_columns(cls, group, member, old, n)
                items = np.flatnonzero(_items_differ(inner_new, inner_old, n * repeats))
                inner, words = _changed(
                    member.container,
                    {path: array[items] for path, array in inner_new.items()},
                    {path: array[items] for path, array in inner_old.items()},
                    len(items),
                )
                item = items[inner // width]
                place = start + item % repeats * (size // repeats) + offset + inner % width
                positions.append(item // repeats * total + place)
                found.append(words)
            offset += width
        start += size
    return np.concatenate(positions), np.concatenate(found)


def _items_differ(new: Columns, old: Columns, count: int) -> npt.NDArray[np.bool_]:
    """Which items of a batch differ in any column, ``bool[count]``."""
    differs = np.zeros(count, dtype=bool)
    for path, array in new.items():
        unequal = array != old[path]
        differs |= unequal.reshape(count, -1).any(axis=1)
    return differs


@attrs.frozen
class FieldChange:
    """One field that differs between two objects.

    Attributes:
        path: dotted path, with the indices of the element in arrays: ``synapse_blocks.matrix.weights[0, 3, 5]``.
        before, after: values as ints.
    """

    path: str
    before: int
    after: int

    def __str__(self) -> str:
        return f"{self.path}: {self.before} -> {self.after}"


class Changes(tuple[FieldChange, ...]):
    """Changed fields; prints one to a line, at most `SHOWN` of them."""

    __slots__ = ()

    SHOWN = 40

    def __str__(self) -> str:
        if not self:
            return "no difference"
        lines = [str(change) for change in self[: self.SHOWN]]
        if len(self) > self.SHOWN:
            lines.append(f"... and {len(self) - self.SHOWN} more")
        return "\n".join(lines)


def diff(before: Record, after: Record) -> Changes:
    """The fields that differ between two objects of one class, in order of declaration.

    Raises:
        FieldTypeError: the objects are of different classes or sizes.
    """
    cls = type(before)
    if type(after) is not cls:
        raise FieldTypeError(f"a {cls.__name__} cannot be compared with a {type(after).__name__}")
    found = []
    old_columns, new_columns = before.columns(), after.columns()
    if old_columns.keys() != new_columns.keys():
        raise FieldTypeError(f"two {cls.__name__} of different composition cannot be compared")
    for path, old in old_columns.items():
        new = new_columns[path]
        if old.shape != new.shape:
            raise FieldTypeError(f"{cls.__name__}.{path}: shapes {old.shape} and {new.shape} cannot be compared")
        for position in np.argwhere(old != new):
            index = tuple(position.tolist())
            place = f"[{', '.join(map(str, index))}]" if index else ""
            found.append(FieldChange(path + place, int(old[index]), int(new[index])))
    return Changes(found)
