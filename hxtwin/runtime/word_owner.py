"""Whose a word is: from an address inside an access to the container of that very word.

An access to a tree (a synapse matrix, a whole chip) writes the words of many containers. For each word of such an
access the leaf container, its coordinate and the number of the word in it are computed once, as arrays.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.containers import Container, Meaning
from hxtwin.containers.expression import solve
from hxtwin.coord import Indexed
from hxtwin.runtime.source_map import of_index

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hxtwin.containers.layout import Child, Group
    from hxtwin.coord import Coordinate


@attrs.frozen(eq=False)
class _Owners:
    """Leaf class (position in `leaves`), linear index and number of each word, ascending in their addresses."""

    addresses: NDArray[np.uint32]
    leaf: NDArray[np.int64]
    index: NDArray[np.int64]
    word: NDArray[np.int64]
    leaves: tuple[type[Container], ...]


def owner(container: type[Container], at: Coordinate, address: int, *, read: bool) -> Meaning | None:
    """The container of the word at an omnibus address, as part of an access to `container` at `at`.

    Returns:
        None if the access has no word there.
    """
    if not _is_plain(container):
        return _by_search(container, address, read=read)
    owners = _owners(container, at, read=read)
    position = int(np.searchsorted(owners.addresses, address))
    if position == len(owners.addresses) or owners.addresses[position] != address:
        return None
    leaf = owners.leaves[owners.leaf[position]]
    return _meaning(leaf, int(owners.index[position]), int(owners.word[position]), read=read)


def _is_plain(container: type[Container]) -> bool:
    """Whether the words of a container are those of its layout: blocks of any size and logical neurons are others."""
    own = (base for base in container.__mro__ if issubclass(base, Container) and base is not Container)
    return not any("write_addresses" in vars(base) for base in own)


def _meaning(leaf: type[Container], index: int, word: int, *, read: bool) -> Meaning:
    coordinate = of_index(leaf, index)
    assert isinstance(coordinate, Indexed)
    return Meaning(leaf, coordinate, word, leaf.layout.words, "read" if read else "write")


@functools.lru_cache(maxsize=32)
def _owners(container: type[Container], at: Coordinate, *, read: bool) -> _Owners:
    leaves: dict[type[Container], int] = {}
    place = container.components_of_indices(np.array([int(at)])) if isinstance(at, Indexed) else {}
    columns = _collect(container, place, 1, leaves, read=read)
    addresses = container.read_addresses(at) if read else container.write_addresses(at)
    order = np.argsort(addresses, kind="stable")
    leaf, index, word = (column[0][order] for column in columns)
    return _Owners(addresses[order], leaf, index, word, tuple(leaves))


def _collect(
    container: type[Container],
    places: Mapping[str, NDArray[np.int64]],
    n: int,
    leaves: dict[type[Container], int],
    *,
    read: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Leaf, linear index and word number of all words of n containers, ``int64[n, words]`` each."""
    layout = container.layout
    if not layout.children:
        words = layout.words if layout.address(None, read=read) is not None else 0
        number = leaves.setdefault(container, len(leaves))
        index = _linear(container, places, n)
        shape = (n, words)
        return (
            np.full(shape, number),
            np.broadcast_to(index[:, np.newaxis], shape),
            np.broadcast_to(np.arange(words), shape),
        )
    parts = []
    for group in layout.children:
        repeats = int(np.prod(group.counts, dtype=int))
        members = [
            _collect(member.container, _inner(group, member, places, n), n * repeats, leaves, read=read)
            for member in group.children
        ]
        joined = [np.concatenate([m[k].reshape(n, repeats, -1) for m in members], axis=2) for k in range(3)]
        parts.append([column.reshape(n, -1) for column in joined])
    leaf, index, word = (np.concatenate([part[k] for part in parts], axis=1) for k in range(3))
    return leaf, index, word


def _linear(container: type[Container], places: Mapping[str, NDArray[np.int64]], n: int) -> NDArray[np.int64]:
    """Linear indices from components, see `Container.components_of_indices`."""
    components = container.layout.components
    if not components:
        return np.full(n, getattr(container.coordinate_type, "min", 0), dtype=np.int64)
    index = np.zeros(n, dtype=np.int64)
    for name, kind in components.items():
        index = index * kind.size + places[name] - kind.min
    return index


def _inner(
    group: Group, member: Child, places: Mapping[str, NDArray[np.int64]], n: int
) -> dict[str, NDArray[np.int64]]:
    """Components of the coordinates of a child, ``int64[n * repeats]`` each."""
    axes = len(group.counts)
    values: dict[str, NDArray[np.int64]] = {name: array.reshape(n, *(1,) * axes) for name, array in places.items()}
    for axis, (variable, loop) in enumerate(group.loops):
        shape = [1] * (axes + 1)
        shape[axis + 1] = len(loop)
        values[variable.name] = np.arange(loop.start, loop.stop, loop.step, dtype=np.int64).reshape(shape)
    return {
        name: np.broadcast_to(np.asarray(expression.evaluate(values), dtype=np.int64), (n, *group.counts)).reshape(-1)
        for name, expression in member.at.items()
    }


def _by_search(container: type[Container], address: int, *, read: bool) -> Meaning | None:
    for leaf in _leaves(container):
        expression = leaf.layout.read if read else leaf.layout.write
        if expression is None:
            continue
        ranges = {name: (kind.min, kind.max) for name, kind in leaf.layout.components.items()}
        ranges["w"] = (0, leaf.layout.words - 1)
        for found in solve(expression, address, ranges):
            index = int(_linear(leaf, {name: np.array([value]) for name, value in found.items()}, 1)[0])
            return _meaning(leaf, index, found["w"], read=read)
    return None


@functools.cache
def _leaves(container: type[Container]) -> tuple[type[Container], ...]:
    from hxtwin.containers import codec

    return tuple(codec.leaves(container))
