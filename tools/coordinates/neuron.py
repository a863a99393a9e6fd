"""Neuron circuits, their digital backends, resets, spike counters and event outputs.

One circuit of column c = 0..255 and row r (0 top, 1 bottom) has several indices:

======================================  ======================================================
atomic neuron, neuron settings          ``256 * r + c``
backend, reset, spike counter           ``256 * (c // 128) + 128 * r + c % 128``
event output, crossbar input            ``c // 32``, both rows share it
reset quad, column switch quads         ``64 * r + quad column``
settings block, CapMem block            ``2 * r + c // 128``
======================================  ======================================================

The second line is the first with bits 7 and 8 exchanged, so the same formula leads back.

Source: reference coordinates.md, section 3.2.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import (
    composite,
    grid,
    handwritten,
    hemisphere,
    label,
    ranged,
    same_index,
    unique,
)
from coordinates.generator.formula import Many

BACKEND_ORDER = "256 * ((e // 128) % 2) + 128 * (e // 256) + e % 128"
SWITCH_QUAD = "64 * (e // 256) + 32 * (e % 2) + (e // 8) % 32"
QUAD_COLUMN = "32 * (e % 2) + (e // 8) % 32"
ENTRY = "(e // 2) % 4"
HALF = "(e // 128) % 2"

TOPIC = Topic(
    "neuron",
    __doc__,
    (
        unique("NeuronBlockOnDLS", "All 512 neuron circuits with backends and column switches.", explicit=False),
        # -- circuits -------------------------------------------------------------------------------------------
        ranged(
            "NeuronColumnOnDLS",
            256,
            "Column of neuron circuits from left to right; the same number as the synapse and CADC column.",
            axis="x",
            to={
                "CapMemColumnOnCapMemBlock": "e % 128",
                "NeuronEventOutputOnDLS": "e // 32",
                "SynapseOnSynapseRow": "e",
            },
        ),
        hemisphere("NeuronRowOnDLS", "Row of neuron circuits, one per hemisphere.", container=False, axis="y"),
        grid(
            "AtomicNeuronOnDLS",
            "NeuronColumnOnDLS",
            "NeuronRowOnDLS",
            "Neuron circuit: 256 columns x 2 rows.",
            container=True,
            to={
                "CapMemBlockOnDLS": "e // 128",
                "CapMemColumnOnCapMemBlock": "e % 128",
                "ColumnCorrelationQuadOnDLS": SWITCH_QUAD,
                "ColumnCurrentQuadOnDLS": SWITCH_QUAD,
                "NeuronBackendConfigOnDLS": BACKEND_ORDER,
                "NeuronConfigOnDLS": "e",
                "NeuronResetOnDLS": BACKEND_ORDER,
                "SpikeCounterReadOnDLS": BACKEND_ORDER,
                "SpikeCounterResetOnDLS": BACKEND_ORDER,
                "SynapseQuadColumnOnDLS": QUAD_COLUMN,
                "SynramOnDLS": "e // 256",
            },
            added={
                "CommonNeuronBackendConfigOnDLS": HALF,
                "CrossbarInputOnDLS": "(e % 256) // 32",
                "EntryOnQuad": ENTRY,
                "HemisphereOnDLS": "e // 256",
                "NeuronBackendConfigBlockOnDLS": HALF,
                "NeuronConfigBlockOnDLS": "e // 128",
                "NeuronEventOutputOnDLS": "(e % 256) // 32",
                "NeuronResetQuadOnDLS": SWITCH_QUAD,
                "SynapseOnSynapseRow": "e % 256",
            },
        ),
        # -- logical neurons --------------------------------------------------------------------------------------
        ranged("NeuronColumnOnLogicalNeuron", 128, "Column in the shape of a logical neuron.", axis="x"),
        ranged("NeuronRowOnLogicalNeuron", 2, "Row in the shape of a logical neuron.", axis="y"),
        grid(
            "AtomicNeuronOnLogicalNeuron",
            "NeuronColumnOnLogicalNeuron",
            "NeuronRowOnLogicalNeuron",
            "Neuron circuit in the shape of a logical neuron: 128 columns x 2 rows, as in one backend half.",
            mixin="logical_circuit.LogicalCircuit",
        ),
        ranged(
            "CompartmentOnLogicalNeuron",
            255,
            "Compartment of a logical neuron. A neuron of both rows of a half has at most 255 of them, because one "
            "compartment has to join the rows.",
        ),
        handwritten("LogicalNeuronCompartments", "logical_neuron"),
        handwritten("LogicalNeuronOnDLS", "logical_neuron"),
        # -- settings -----------------------------------------------------------------------------------------------
        ranged(
            "NeuronConfigOnNeuronConfigBlock",
            128,
            "Settings of a neuron circuit in its quadrant.",
            to={"CapMemColumnOnCapMemBlock": "e"},
        ),
        ranged(
            "NeuronConfigBlockOnDLS",
            4,
            "Neuron settings of a quadrant: 0 top left, 1 top right, 2 bottom left, 3 bottom right. The reset and "
            "counter blocks it converts to are halves (0 left, 1 right), not quadrants.",
            container=True,
            to={
                "CapMemBlockOnDLS": "e",
                "NeuronResetBlockOnDLS": "e % 2",
                "SpikeCounterReadBlockOnDLS": "e % 2",
                "SpikeCounterResetBlockOnDLS": "e % 2",
            },
        ),
        composite(
            "NeuronConfigOnDLS",
            "NeuronConfigOnNeuronConfigBlock",
            "NeuronConfigBlockOnDLS",
            "Digital settings of a neuron circuit; the same number as the circuit.",
            container=True,
            to={
                "AtomicNeuronOnDLS": "e",
                "ColumnCorrelationQuadOnDLS": SWITCH_QUAD,
                "ColumnCurrentQuadOnDLS": SWITCH_QUAD,
                "CommonNeuronBackendConfigOnDLS": HALF,
                "EntryOnQuad": ENTRY,
                "NeuronBackendConfigBlockOnDLS": HALF,
                "NeuronBackendConfigOnDLS": BACKEND_ORDER,
                "NeuronBackendConfigOnNeuronBackendConfigBlock": "128 * (e // 256) + e % 128",
                "NeuronResetOnDLS": BACKEND_ORDER,
                "NeuronRowOnDLS": "e // 256",
                "SpikeCounterReadOnDLS": BACKEND_ORDER,
                "SpikeCounterResetOnDLS": BACKEND_ORDER,
                "SynapseOnSynapseRow": "e % 256",
                "SynapseQuadColumnOnDLS": QUAD_COLUMN,
                "SynramOnDLS": "e // 256",
            },
        ),
        ranged("NeuronSRAMTimingConfigOnDLS", 4, "Memory access timing of the settings of a quadrant.", container=True),
        # -- backends -----------------------------------------------------------------------------------------------
        ranged(
            "NeuronBackendConfigOnNeuronBackendConfigBlock",
            256,
            "Digital backend in its half: 0..127 top row, 128..255 bottom row of the same columns.",
            to={"NeuronEventOutputOnNeuronBackendBlock": "(e // 32) % 4"},
        ),
        ranged(
            "NeuronBackendConfigBlockOnDLS",
            2,
            "Half of the digital backends: 0 columns 0..127, 1 columns 128..255, both rows.",
            container=True,
            to=same_index(("BlockPostPulseOnDLS", "CommonNeuronBackendConfigOnDLS")),
        ),
        composite(
            "NeuronBackendConfigOnDLS",
            "NeuronBackendConfigOnNeuronBackendConfigBlock",
            "NeuronBackendConfigBlockOnDLS",
            "Digital backend of a neuron circuit.",
            container=True,
            to={
                "AtomicNeuronOnDLS": BACKEND_ORDER,
                "CommonNeuronBackendConfigOnDLS": "e // 256",
                "NeuronColumnOnDLS": "128 * (e // 256) + e % 128",
                "NeuronConfigBlockOnDLS": "2 * ((e // 128) % 2) + e // 256",
                "NeuronConfigOnDLS": BACKEND_ORDER,
                "NeuronRowOnDLS": HALF,
                "SpikeCounterReadOnDLS": "e",
                "SpikeCounterResetOnDLS": "e",
                "SynramOnDLS": HALF,
            },
        ),
        ranged(
            "CommonNeuronBackendConfigOnDLS",
            2,
            "Settings common to a half of the digital backends.",
            container=True,
            to={"NeuronBackendConfigBlockOnDLS": "e"},
        ),
        label("NeuronBackendAddressOut", 8, "Label a digital backend gives its spikes, bits 0..7 of the spike label."),
        ranged(
            "NeuronBackendSRAMTimingConfigOnDLS", 2, "Memory access timing of a half of the backends.", container=True
        ),
        ranged(
            "BlockPostPulseOnDLS",
            2,
            "Post pulse to all neuron circuits of a half.",
            container=True,
            to={"NeuronBackendConfigBlockOnDLS": "e"},
        ),
        # -- resets -------------------------------------------------------------------------------------------------
        ranged("NeuronResetOnNeuronResetBlock", 256, "Reset of a neuron circuit in its half, in backend order."),
        ranged("NeuronResetBlockOnDLS", 2, "Resets of a half: 0 left, 1 right.", container=True),
        composite(
            "NeuronResetOnDLS",
            "NeuronResetOnNeuronResetBlock",
            "NeuronResetBlockOnDLS",
            "Reset of a neuron circuit, in backend order.",
            container=True,
            added={"AtomicNeuronOnDLS": BACKEND_ORDER},
        ),
        composite(
            "NeuronResetQuadOnDLS",
            "SynapseQuadColumnOnDLS",
            "SynramOnDLS",
            "Reset of the four neuron circuits of a quad column at once.",
            container=True,
            to={
                "NeuronResetOnDLS": Many(
                    "256 * ((e % 32) // 16) + 128 * (e // 64) + 8 * (e % 16) + 2 * i + (e % 64) // 32", 4, "EntryOnQuad"
                )
            },
        ),
        # -- spike counters -----------------------------------------------------------------------------------------
        ranged("SpikeCounterReadOnSpikeCounterReadBlock", 256, "Spike counter in its half, in backend order."),
        ranged("SpikeCounterReadBlockOnDLS", 2, "Spike counters of a half: 0 left, 1 right.", container=True),
        composite(
            "SpikeCounterReadOnDLS",
            "SpikeCounterReadOnSpikeCounterReadBlock",
            "SpikeCounterReadBlockOnDLS",
            "Spike counter of a neuron circuit, to be read.",
            container=True,
            added={"AtomicNeuronOnDLS": BACKEND_ORDER},
        ),
        ranged("SpikeCounterResetOnSpikeCounterResetBlock", 256, "Spike counter reset in its half, in backend order."),
        ranged("SpikeCounterResetBlockOnDLS", 2, "Spike counter resets of a half: 0 left, 1 right.", container=True),
        composite(
            "SpikeCounterResetOnDLS",
            "SpikeCounterResetOnSpikeCounterResetBlock",
            "SpikeCounterResetBlockOnDLS",
            "Spike counter of a neuron circuit, to be reset.",
            container=True,
            added={"AtomicNeuronOnDLS": BACKEND_ORDER},
        ),
        # -- event outputs ------------------------------------------------------------------------------------------
        ranged(
            "NeuronEventOutputOnNeuronBackendBlock",
            4,
            "Event output of a half: serves 32 columns x 2 rows of circuits.",
        ),
        composite(
            "NeuronEventOutputOnDLS",
            "NeuronEventOutputOnNeuronBackendBlock",
            "NeuronBackendConfigBlockOnDLS",
            "Event output of the neurons, from left to right; the crossbar input of the same number.",
            container=True,
            to={"CrossbarInputOnDLS": "e"},
        ),
    ),
)
