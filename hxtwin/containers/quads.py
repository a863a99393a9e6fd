"""Rows and matrices as quads: how arrays over synapse columns are cut into the words of a synapse array.

Arrays are indexed by column; the bus moves quads of four columns of equal parity. The maps come from the coordinates
(`SynapseQuadColumnOnDLS` -> its four columns), not from a second copy of the formula.
"""

from __future__ import annotations

import numpy as np

from hxtwin.containers.layout import Source, take
from hxtwin.coord import (
    NeuronColumnOnDLS,
    SynapseOnSynapseRow,
    SynapseQuadColumnOnDLS,
    SynapseRowOnSynram,
    convert_indices,
)

#: Columns of each quad, ``int64[64, 4]``.
QUAD_COLUMNS = convert_indices(np.arange(SynapseQuadColumnOnDLS.size), SynapseQuadColumnOnDLS, NeuronColumnOnDLS)

_ROWS = np.arange(SynapseRowOnSynram.size)[:, np.newaxis, np.newaxis]
_MATRIX = SynapseOnSynapseRow.size * _ROWS + QUAD_COLUMNS


def row_fields(*names: str, **renamed: str) -> dict[str, Source]:
    """Fields of the quads of a row, taken from arrays over its columns; ``child="parent.path"`` where names differ."""
    return {name: take(path, QUAD_COLUMNS) for name, path in ({name: name for name in names} | renamed).items()}


def matrix_fields(*names: str) -> dict[str, Source]:
    """Fields of the quads of an array, taken from arrays over rows and columns."""
    return {name: take(name, _MATRIX) for name in names}
