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
    if not (connect_right.any() or connect_bottom.any() or connect_soma.any() or (conductance > 0).any()):
        return Compartments.separate()
    circuits = np.arange(CIRCUITS)
    has_right = circuits % _HALF != _HALF - 1
    right = circuits[connect_right & has_right]
    both = circuits[:COLUMNS][connect_bottom[:COLUMNS] & connect_bottom[COLUMNS:]]
    soma = circuits[connect_soma]
    line = circuits[connect_soma_right & has_right] + CIRCUITS
    ends = np.concatenate(
        [
            np.stack([right, right + 1], 1),
            np.stack([both, both + COLUMNS], 1),
            np.stack([soma, soma + CIRCUITS], 1),
            np.stack([line, line + 1], 1),
        ]
    )
    node = _first_of_group(ends, 2 * CIRCUITS)
    resistors = circuits[conductance > 0]
    membranes, segments = node[resistors], node[resistors + CIRCUITS]
    values = conductance[resistors]
    direct = segments < CIRCUITS
    pairs = [np.stack([membranes[direct], segments[direct]], 1)]
    strengths = [values[direct]]
    for segment in np.unique(segments[~direct]).tolist():
        star = np.flatnonzero(segments == segment)
        first, second = np.triu_indices(star.size, 1)
        pairs.append(np.stack([membranes[star[first]], membranes[star[second]]], 1))
        strengths.append(values[star[first]] * values[star[second]] / values[star].sum())
    resistor_ends, strength = np.concatenate(pairs), np.concatenate(strengths)
    real = resistor_ends[:, 0] != resistor_ends[:, 1]
    resistor_ends, strength = resistor_ends[real], strength[real]
    root = node[:CIRCUITS]
    both_kinds = np.concatenate([np.stack([circuits, root], 1), resistor_ends])
    neuron = _first_of_group(both_kinds, CIRCUITS)
    return Compartments(root, resistor_ends.astype(np.int64), strength, neuron)


def _first_of_group(ends: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Smallest member of the connected group of each of n things, ``int64[n]``."""
    graph = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(n, n))
    _, group = connected_components(graph, directed=False)
    first = np.full(int(group.max()) + 1, n, dtype=np.int64)
    np.minimum.at(first, group, np.arange(n, dtype=np.int64))
    return first[group]
