"""Switches between the columns of a synapse array and neurons or CADC, four columns in a quad.

The quad numbers are those of `SynapseQuadColumnOnDLS`.

Source: reference coordinates.md, section 3.4.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import composite, ranged

TOPIC = Topic(
    "column_switches",
    __doc__,
    (
        ranged(
            "ColumnCorrelationQuadOnSynram",
            64,
            "Four switches of the correlation readout, on a synapse array.",
            axis="x",
            to={"SynapseQuadColumnOnDLS": "e"},
        ),
        composite(
            "ColumnCorrelationQuadOnDLS",
            "ColumnCorrelationQuadOnSynram",
            "SynramOnDLS",
            "Four switches of the correlation readout.",
            container=True,
        ),
        ranged(
            "ColumnCurrentQuadOnSynram",
            64,
            "Four switches of the synaptic current, on a synapse array.",
            axis="x",
            to={"SynapseQuadColumnOnDLS": "e"},
        ),
        composite(
            "ColumnCurrentQuadOnDLS",
            "ColumnCurrentQuadOnSynram",
            "SynramOnDLS",
            "Four switches of the synaptic current.",
            container=True,
        ),
    ),
)
