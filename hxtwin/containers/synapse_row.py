"""Synapse rows: everything, only weights, only labels, or only correlation trims of one row.

All arrays are indexed by synapse column; a row expands to its 64 quads in ascending order.
"""

from __future__ import annotations

import attrs

from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import UIntArray, like
from hxtwin.containers.layout import child, for_each, tree
from hxtwin.containers.quads import row_fields
from hxtwin.containers.synapse_quad import (
    SynapseCorrelationCalibQuad,
    SynapseLabelQuad,
    SynapseQuad,
    SynapseWeightQuad,
)
from hxtwin.coord import (
    SynapseCorrelationCalibRowOnDLS,
    SynapseLabelRowOnDLS,
    SynapseOnSynapseRow,
    SynapseQuadColumnOnDLS,
    SynapseRowOnDLS,
    SynapseRowOnSynram,
    SynapseWeightRowOnDLS,
    SynramOnDLS,
)

synram, row, q = variables("synram", "row", "q")
_HERE = {"synram": synram, "row": row, "quad": q}
_QUADS = {q: SynapseQuadColumnOnDLS.size}
_COMPONENTS = {"synram": SynramOnDLS, "row": SynapseRowOnSynram}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseRow(Container):
    """All parameters of one synapse row."""

    layout = tree(
        coordinate=SynapseRowOnDLS,
        components=_COMPONENTS,
        differential=True,
        children=(
            for_each(
                _QUADS,
                child(SynapseQuad, at=_HERE, fields=row_fields("weights", "labels", "time_calibs", "amp_calibs")),
            ),
        ),
    )
    weights: UIntArray = like(SynapseQuad, "weights", index=SynapseOnSynapseRow, meaning="Synaptic weights.")
    labels: UIntArray = like(SynapseQuad, "labels", index=SynapseOnSynapseRow)
    time_calibs: UIntArray = like(SynapseQuad, "time_calibs", index=SynapseOnSynapseRow)
    amp_calibs: UIntArray = like(SynapseQuad, "amp_calibs", index=SynapseOnSynapseRow)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseWeightRow(Container):
    """Weights of one synapse row."""

    layout = tree(
        coordinate=SynapseWeightRowOnDLS,
        components=_COMPONENTS,
        differential=True,
        children=(for_each(_QUADS, child(SynapseWeightQuad, at=_HERE, fields=row_fields("values"))),),
    )
    values: UIntArray = like(SynapseWeightQuad, "values", index=SynapseOnSynapseRow, meaning="Synaptic weights.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseLabelRow(Container):
    """Labels of one synapse row."""

    layout = tree(
        coordinate=SynapseLabelRowOnDLS,
        components=_COMPONENTS,
        differential=True,
        children=(for_each(_QUADS, child(SynapseLabelQuad, at=_HERE, fields=row_fields("values"))),),
    )
    values: UIntArray = like(SynapseLabelQuad, "values", index=SynapseOnSynapseRow)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseCorrelationCalibRow(Container):
    """Correlation trims of one synapse row."""

    layout = tree(
        coordinate=SynapseCorrelationCalibRowOnDLS,
        components=_COMPONENTS,
        differential=True,
        children=(
            for_each(
                _QUADS, child(SynapseCorrelationCalibQuad, at=_HERE, fields=row_fields("time_calibs", "amp_calibs"))
            ),
        ),
    )
    time_calibs: UIntArray = like(SynapseCorrelationCalibQuad, "time_calibs", index=SynapseOnSynapseRow)
    amp_calibs: UIntArray = like(SynapseCorrelationCalibQuad, "amp_calibs", index=SynapseOnSynapseRow)
