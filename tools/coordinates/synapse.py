"""Synapse arrays: rows, quads, single synapses and what is configured along with them.

A word of the bus carries a quad: four columns of equal parity at distance two.

========================  ==================================================================
column of entry i         ``8 * (q % 32) + 2 * i + q // 32`` for quad column q
quad column               ``32 * (column % 2) + column // 8``
entry on the quad         ``(column // 2) % 4``
rows of driver d          2 d + 1 = top, 2 d = bottom
quad on the chip          ``16384 * hemisphere + 64 * row + quad column``
synapse on the chip       ``65536 * hemisphere + 256 * row + column``
========================  ==================================================================

Source: reference coordinates.md, sections 3.3 and 3.4.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import (
    Alternative,
    Declaration,
    composite,
    grid,
    hemisphere,
    ranged,
    same_index,
    unique,
)
from coordinates.generator.formula import Formula, Many

ROWS = ("SynapseRowOnDLS", "SynapseWeightRowOnDLS", "SynapseLabelRowOnDLS", "SynapseCorrelationCalibRowOnDLS")
QUADS = ("SynapseQuadOnDLS", "SynapseWeightQuadOnDLS", "SynapseLabelQuadOnDLS", "SynapseCorrelationCalibQuadOnDLS")


def row(name: str, doc: str, added: dict[str, Formula] | None = None) -> Declaration:
    """Declare one of the views of a synapse row on the chip; they all have the same index."""
    return composite(
        name, "SynapseRowOnSynram", "SynramOnDLS", doc, container=True, to=same_index(ROWS, name), added=added or {}
    )


def quad(name: str, doc: str) -> Declaration:
    """Declare one of the views of a synapse quad on the chip; they all have the same index."""
    settings_block: dict[str, Formula] = {"NeuronConfigBlockOnDLS": "2 * (e // 16384) + (e % 32) // 16"}
    return composite(
        name, "SynapseQuadOnSynram", "SynramOnDLS", doc, container=True, to=same_index(QUADS, name) | settings_block
    )


TOPIC = Topic(
    "synapse",
    __doc__,
    (
        hemisphere("SynramOnDLS", "Synapse array: 256 rows x 256 columns."),
        hemisphere("CommonSynramConfigOnDLS", "Memory access timing of a synapse array."),
        hemisphere("SynapseBlockOnDLS", "Weights, labels, calibration bits and biases of a synapse array."),
        hemisphere("SynapseWeightMatrixOnDLS", "All weights of a synapse array."),
        hemisphere("SynapseLabelMatrixOnDLS", "All labels of a synapse array."),
        hemisphere("SynapseCorrelationCalibMatrixOnDLS", "All correlation calibration bits of a synapse array."),
        hemisphere("ColumnCorrelationRowOnDLS", "The 64 quads of correlation readout switches below a synapse array."),
        hemisphere("ColumnCurrentRowOnDLS", "The 64 quads of synaptic current switches below a synapse array."),
        hemisphere("CommonCorrelationConfigOnDLS", "Settings of all correlation sensors of a synapse array."),
        unique("SynapseBiasSelectionOnDLS", "Switches that select the bias sources of the synapse arrays."),
        ranged("EntryOnQuad", 4, "Position of a column in its quad."),
        ranged(
            "SynapseQuadColumnOnDLS",
            64,
            "Column of quads: 0..31 hold the even columns from left to right, 32..63 the odd ones.",
            axis="x",
            to={
                **same_index(("ColumnCorrelationQuadOnSynram", "ColumnCurrentQuadOnSynram")),
                "NeuronColumnOnDLS": Many("8 * (e % 32) + 2 * i + e // 32", 4, "EntryOnQuad"),
            },
        ),
        ranged(
            "SynapseRowOnSynapseDriver",
            2,
            "The two rows of a synapse driver. Top is the odd row 2 d + 1 of the array, bottom the even row 2 d.",
            constants={"top": 0, "bottom": 1},
        ),
        ranged(
            "SynapseRowOnSynram",
            256,
            "Row of a synapse array.",
            axis="y",
            to={"SynapseDriverOnSynapseDriverBlock": "e // 2", "SynapseRowOnSynapseDriver": "1 - e % 2"},
        ),
        ranged(
            "SynapseOnSynapseRow",
            256,
            "Column of a synapse array; the same number as the neuron and CADC column.",
            axis="x",
            to={
                **same_index(("CADCChannelColumnOnSynram", "NeuronColumnOnDLS")),
                "EntryOnQuad": "(e // 2) % 4",
                "SynapseQuadColumnOnDLS": "32 * (e % 2) + e // 8",
            },
            alternative=Alternative(
                {"EntryOnQuad": "i", "SynapseQuadColumnOnDLS": "q"}, "8 * (q % 32) + 2 * i + q // 32", 2
            ),
        ),
        ranged(
            "SynapticInputOnNeuron",
            2,
            "Sign of a synaptic input of a neuron circuit.",
            constants={"excitatory": 0, "inhibitory": 1},
        ),
        row("SynapseRowOnDLS", "Synapse row with weights and labels.", {"SynapseDriverOnDLS": "e // 2"}),
        row("SynapseWeightRowOnDLS", "Weights of a synapse row."),
        row("SynapseLabelRowOnDLS", "Labels of a synapse row."),
        row("SynapseCorrelationCalibRowOnDLS", "Correlation calibration bits of a synapse row."),
        composite(
            "CorrelationResetRowOnDLS",
            "SynapseRowOnSynram",
            "SynramOnDLS",
            "Reset of the correlation sensors of a synapse row.",
            container=True,
        ),
        grid(
            "SynapseQuadOnSynram",
            "SynapseQuadColumnOnDLS",
            "SynapseRowOnSynram",
            "Four synapses of one row, on a synapse array.",
        ),
        quad("SynapseQuadOnDLS", "Four synapses of one row."),
        quad("SynapseWeightQuadOnDLS", "Weights of a synapse quad."),
        quad("SynapseLabelQuadOnDLS", "Labels of a synapse quad."),
        quad("SynapseCorrelationCalibQuadOnDLS", "Correlation calibration bits of a synapse quad."),
        composite(
            "CorrelationResetOnDLS",
            "SynapseQuadOnSynram",
            "SynramOnDLS",
            "Reset of the correlation sensors of a synapse quad.",
            container=True,
        ),
        grid("SynapseOnSynram", "SynapseOnSynapseRow", "SynapseRowOnSynram", "Single synapse of a synapse array."),
        composite(
            "SynapseOnDLS",
            "SynapseOnSynram",
            "SynramOnDLS",
            "Single synapse. Containers address synapses by quad or row.",
            added={
                "SynapseDriverOnDLS": "e // 512",
                "SynapseQuadOnDLS": "64 * (e // 256) + 32 * (e % 2) + (e % 256) // 8",
                "SynapseRowOnDLS": "e // 256",
            },
        ),
    ),
)
