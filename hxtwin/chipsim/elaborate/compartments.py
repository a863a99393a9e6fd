"""Multi-compartment neurons: from switches between circuits to merged membranes and resistors.

===================  =========================================================================
switch               joins
===================  =========================================================================
connect_right        membrane with the membrane of column + 1, same row
connect_bottom       membrane with that of the other row, same column; both circuits must set it
connect_soma         membrane with its segment of the somatic line
connect_soma_right   segment with the segment of column + 1
conductance          membrane with its segment, through the inter-compartment conductance
===================  =========================================================================

Closed switches are ideal: what they join is one node, named after its first circuit, the *root*. A somatic line
without a directly connected membrane is eliminated by the star-mesh rule. Left and right halves of the chip (columns
0..127, 128..255) are not connected. Reference: containers-a.md 3.4, analog-model.md 3.9.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hxtwin.chipsim.personality import CIRCUITS, COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF: Final = COLUMNS // 2


@attrs.frozen(eq=False)
class Compartments:
    """Nodes and resistors.

    Attributes:
        root: first circuit of the node of each circuit, ``int64[512]``; a circuit alone is its own root.
        resistor_ends: roots of both ends, ``int64[n, 2]``.
        resistor_conductance: ``float64[n]``, S.
        neuron: number of the electrically connected group of each circuit, ``int64[512]``.
    """

    root: NDArray[np.int64]
    resistor_ends: NDArray[np.int64]
    resistor_conductance: NDArray[np.float64]
    neuron: NDArray[np.int64]

    @classmethod
    def separate(cls) -> Compartments:
        """All circuits alone."""
        alone = np.arange(CIRCUITS, dtype=np.int64)
        return cls(alone, np.empty((0, 2), np.int64), np.empty(0), alone)


def join(
    connect_right: NDArray[np.bool_],
    connect_bottom: NDArray[np.bool_],
    connect_soma: NDArray[np.bool_],
    connect_soma_right: NDArray[np.bool_],
    conductance: NDArray[np.float64],
) -> Compartments:
    """Nodes and resistors of a setting of the switches.

    Args:
        connect_right: ``bool[512]``.
        connect_bottom: ``bool[512]``.
        connect_soma: ``bool[512]``.
        connect_soma_right: ``bool[512]``.
        conductance: inter-compartment conductance, 0 where it is not enabled, ``float64[512]``, S.
    """
    switches = np.stack([connect_right, connect_bottom, connect_soma, connect_soma_right, conductance > 0])
    if not switches.any():
        return Compartments.separate()
    wiring = _wiring(np.packbits(switches).tobytes())
    direct = conductance[wiring.direct]
    total = np.bincount(wiring.star_of, conductance[wiring.starred])
    star = conductance[wiring.first] * conductance[wiring.second] / total[wiring.star]
    return Compartments(wiring.root, wiring.ends, np.concatenate([direct, star]), wiring.neuron)


@attrs.frozen(eq=False)
class _Wiring:
    """What the switches alone determine.

    Attributes:
        root: as in `Compartments`, and so is ``neuron``.
        ends: of all resistors, the direct ones first, ``int64[n, 2]``.
        direct: circuits whose conductance leads to another membrane, ``int64[d]``.
        starred: circuits whose conductance leads to a segment without a membrane, ``int64[s]``.
        star_of: number of that segment, counted from 0, ``int64[s]``.
        first: circuits of the pairs of a star, ``int64[n - d]``, and so are ``second``.
        star: number of the star of each pair, ``int64[n - d]``.
    """

    root: NDArray[np.int64]
    neuron: NDArray[np.int64]
    ends: NDArray[np.int64]
    direct: NDArray[np.int64]
    starred: NDArray[np.int64]
    star_of: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    star: NDArray[np.int64]


@functools.lru_cache(maxsize=8)
def _wiring(packed: bytes) -> _Wiring:
    """Wiring of packed switches ``bool[5, 512]``: the four connections, and where there is a conductance."""
    bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8)).reshape(5, CIRCUITS).astype(np.bool_)
    connect_right, connect_bottom, connect_soma, connect_soma_right, conducts = bits
    circuits = np.arange(CIRCUITS)
    has_right = circuits % _HALF != _HALF - 1
    right = circuits[connect_right & has_right]
    both = circuits[:COLUMNS][connect_bottom[:COLUMNS] & connect_bottom[COLUMNS:]]
    soma = circuits[connect_soma]
    line = circuits[connect_soma_right & has_right] + CIRCUITS
    switched = [(right, right + 1), (both, both + COLUMNS), (soma, soma + CIRCUITS), (line, line + 1)]
    node = _first_of_group(np.concatenate([np.stack(pair, 1) for pair in switched]), 2 * CIRCUITS)
    root = node[:CIRCUITS]

    resistors = circuits[conducts]
    segments = node[resistors + CIRCUITS]
    ends_at_membrane = segments < CIRCUITS
    direct = resistors[ends_at_membrane]
    direct_ends = np.stack([node[direct], segments[ends_at_membrane]], 1)
    real = direct_ends[:, 0] != direct_ends[:, 1]
    direct, direct_ends = direct[real], direct_ends[real]

    starred = resistors[~ends_at_membrane]
    _, star_of = np.unique(segments[~ends_at_membrane], return_inverse=True)
    order = np.argsort(star_of, kind="stable")
    starred, star_of = starred[order], star_of[order].astype(np.int64)
    # each member pairs with all later members of its star
    behind = np.searchsorted(star_of, star_of, side="right") - np.arange(star_of.size) - 1
    first = np.repeat(np.arange(star_of.size), behind)
    second = first + 1 + np.arange(first.size) - np.repeat(np.cumsum(behind) - behind, behind)
    star_ends = np.stack([node[starred[first]], node[starred[second]]], 1)
    real = star_ends[:, 0] != star_ends[:, 1]
    first, second, star_ends = first[real], second[real], star_ends[real]

    ends = np.concatenate([direct_ends, star_ends]).astype(np.int64)
    neuron = _first_of_group(np.concatenate([np.stack([circuits, root], 1), ends]), CIRCUITS)
    return _Wiring(
        root=root,
        neuron=neuron,
        ends=ends,
        direct=direct,
        starred=starred,
        star_of=star_of,
        first=starred[first],
        second=starred[second],
        star=star_of[first],
    )


def _first_of_group(ends: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Smallest member of the connected group of each of n things, ``int64[n]``."""
    graph = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(n, n))
    _, group = connected_components(graph, directed=False)
    first = np.full(int(group.max()) + 1, n, dtype=np.int64)
    np.minimum.at(first, group, np.arange(n, dtype=np.int64))
    return first[group]
