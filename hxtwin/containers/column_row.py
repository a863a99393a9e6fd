"""Column switches of a whole row of 256 columns; the arrays are indexed by synapse column."""

from __future__ import annotations

import attrs

from hxtwin.containers.column_switches import ColumnCorrelationQuad, ColumnCurrentQuad
from hxtwin.containers.container import Container
from hxtwin.containers.correlation import CorrelationReset
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import BoolArray, like
from hxtwin.containers.layout import child, for_each, tree
from hxtwin.containers.quads import row_fields
from hxtwin.coord import (
    ColumnCorrelationRowOnDLS,
    ColumnCurrentRowOnDLS,
    CorrelationResetRowOnDLS,
    SynapseOnSynapseRow,
    SynapseQuadColumnOnDLS,
    SynapseRowOnSynram,
    SynramOnDLS,
)

row, synram, q = variables("row", "synram", "q")
_QUADS = {q: SynapseQuadColumnOnDLS.size}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ColumnCorrelationRow(Container):
    """Switches for correlation readout of all 256 columns of a hemisphere."""

    layout = tree(
        coordinate=ColumnCorrelationRowOnDLS,
        components={"row": ColumnCorrelationRowOnDLS},
        differential=True,
        children=(
            for_each(
                _QUADS,
                child(
                    ColumnCorrelationQuad,
                    at={"synram": row, "quad": q},
                    fields=row_fields(
                        "enable_internal_causal",
                        "enable_internal_acausal",
                        "enable_debug_causal",
                        "enable_debug_acausal",
                        "enable_cadc_neuron_readout_causal",
                        "enable_cadc_neuron_readout_acausal",
                    ),
                ),
            ),
        ),
    )
    enable_internal_causal: BoolArray = like(ColumnCorrelationQuad, "enable_internal_causal", index=SynapseOnSynapseRow)
    enable_internal_acausal: BoolArray = like(
        ColumnCorrelationQuad, "enable_internal_acausal", index=SynapseOnSynapseRow
    )
    enable_debug_causal: BoolArray = like(ColumnCorrelationQuad, "enable_debug_causal", index=SynapseOnSynapseRow)
    enable_debug_acausal: BoolArray = like(ColumnCorrelationQuad, "enable_debug_acausal", index=SynapseOnSynapseRow)
    enable_cadc_neuron_readout_causal: BoolArray = like(
        ColumnCorrelationQuad, "enable_cadc_neuron_readout_causal", index=SynapseOnSynapseRow
    )
    enable_cadc_neuron_readout_acausal: BoolArray = like(
        ColumnCorrelationQuad, "enable_cadc_neuron_readout_acausal", index=SynapseOnSynapseRow
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ColumnCurrentRow(Container):
    """Switches of the synaptic current lines of all 256 columns of a hemisphere."""

    layout = tree(
        coordinate=ColumnCurrentRowOnDLS,
        components={"row": ColumnCurrentRowOnDLS},
        differential=True,
        children=(
            for_each(
                _QUADS,
                child(
                    ColumnCurrentQuad,
                    at={"synram": row, "quad": q},
                    fields=row_fields(
                        "enable_synaptic_current_excitatory",
                        "enable_synaptic_current_inhibitory",
                        "enable_debug_excitatory",
                        "enable_debug_inhibitory",
                    ),
                ),
            ),
        ),
    )
    enable_synaptic_current_excitatory: BoolArray = like(
        ColumnCurrentQuad, "enable_synaptic_current_excitatory", index=SynapseOnSynapseRow
    )
    enable_synaptic_current_inhibitory: BoolArray = like(
        ColumnCurrentQuad, "enable_synaptic_current_inhibitory", index=SynapseOnSynapseRow
    )
    enable_debug_excitatory: BoolArray = like(ColumnCurrentQuad, "enable_debug_excitatory", index=SynapseOnSynapseRow)
    enable_debug_inhibitory: BoolArray = like(ColumnCurrentQuad, "enable_debug_inhibitory", index=SynapseOnSynapseRow)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CorrelationResetRow(Container):
    """Correlation reset of all synapses of a row."""

    layout = tree(
        coordinate=CorrelationResetRowOnDLS,
        components={"synram": SynramOnDLS, "row": SynapseRowOnSynram},
        children=(for_each(_QUADS, child(CorrelationReset, at={"synram": synram, "row": row, "quad": q})),),
    )
