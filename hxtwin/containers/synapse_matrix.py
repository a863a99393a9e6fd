"""Synapse arrays: everything, only weights, only labels, or only correlation trims of one hemisphere.

Arrays are ``[row, column]``; an array expands to its quads row by row.
"""

from __future__ import annotations

import attrs

from hxtwin.containers.capmem_cell import shared_cell
from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import UIntArray, cells, like, part
from hxtwin.containers.layout import child, for_each, tree
from hxtwin.containers.quads import matrix_fields
from hxtwin.containers.synapse_quad import (
    SynapseCorrelationCalibQuad,
    SynapseLabelQuad,
    SynapseQuad,
    SynapseWeightQuad,
)
from hxtwin.coord import (
    CapMemBlockOnHemisphere,
    CapMemCellOnCapMemBlock,
    SynapseBlockOnDLS,
    SynapseCorrelationCalibMatrixOnDLS,
    SynapseLabelMatrixOnDLS,
    SynapseOnSynapseRow,
    SynapseQuadColumnOnDLS,
    SynapseRowOnSynram,
    SynapseWeightMatrixOnDLS,
    SynramOnDLS,
)

synram, hemisphere, side, r, q = variables("synram", "hemisphere", "side", "r", "q")
_HERE = {"synram": synram, "row": r, "quad": q}
_QUADS = {r: SynapseRowOnSynram.size, q: SynapseQuadColumnOnDLS.size}
_AXES = (SynapseRowOnSynram, SynapseOnSynapseRow)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseMatrix(Container):
    """All synapses of one hemisphere."""

    layout = tree(
        coordinate=SynramOnDLS,
        components={"synram": SynramOnDLS},
        differential=True,
        children=(
            for_each(
                _QUADS,
                child(SynapseQuad, at=_HERE, fields=matrix_fields("weights", "labels", "time_calibs", "amp_calibs")),
            ),
        ),
    )
    weights: UIntArray = like(SynapseQuad, "weights", index=_AXES, meaning="Synaptic weights.")
    labels: UIntArray = like(SynapseQuad, "labels", index=_AXES)
    time_calibs: UIntArray = like(SynapseQuad, "time_calibs", index=_AXES)
    amp_calibs: UIntArray = like(SynapseQuad, "amp_calibs", index=_AXES)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseWeightMatrix(Container):
    """All weights of one hemisphere."""

    layout = tree(
        coordinate=SynapseWeightMatrixOnDLS,
        components={"synram": SynapseWeightMatrixOnDLS},
        differential=True,
        children=(for_each(_QUADS, child(SynapseWeightQuad, at=_HERE, fields=matrix_fields("values"))),),
    )
    values: UIntArray = like(SynapseWeightQuad, "values", index=_AXES, meaning="Synaptic weights.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseLabelMatrix(Container):
    """All labels of one hemisphere."""

    layout = tree(
        coordinate=SynapseLabelMatrixOnDLS,
        components={"synram": SynapseLabelMatrixOnDLS},
        differential=True,
        children=(for_each(_QUADS, child(SynapseLabelQuad, at=_HERE, fields=matrix_fields("values"))),),
    )
    values: UIntArray = like(SynapseLabelQuad, "values", index=_AXES)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseCorrelationCalibMatrix(Container):
    """All correlation trims of one hemisphere."""

    layout = tree(
        coordinate=SynapseCorrelationCalibMatrixOnDLS,
        components={"synram": SynapseCorrelationCalibMatrixOnDLS},
        differential=True,
        children=(
            for_each(
                _QUADS,
                child(SynapseCorrelationCalibQuad, at=_HERE, fields=matrix_fields("time_calibs", "amp_calibs")),
            ),
        ),
    )
    time_calibs: UIntArray = like(SynapseCorrelationCalibQuad, "time_calibs", index=_AXES)
    amp_calibs: UIntArray = like(SynapseCorrelationCalibQuad, "amp_calibs", index=_AXES)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseBlock(Container):
    """Synapses of a hemisphere and their weight DAC bias."""

    layout = tree(
        coordinate=SynapseBlockOnDLS,
        components={"hemisphere": SynapseBlockOnDLS},
        children=(
            child(SynapseMatrix, at={"synram": hemisphere}, of="matrix"),
            for_each(
                {side: CapMemBlockOnHemisphere.size},
                shared_cell(CapMemCellOnCapMemBlock.syn_i_bias_dac, "i_bias_dac", block=2 * hemisphere + side),
            ),
        ),
    )
    matrix: SynapseMatrix = part(SynapseMatrix, "Synapses.")
    i_bias_dac: UIntArray = cells(
        "Bias current of the synapse DAC, the global weight scale: west and east half.",
        index=CapMemBlockOnHemisphere,
        default=1022,
    )
