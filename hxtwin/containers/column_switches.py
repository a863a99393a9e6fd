"""Switches at the foot of the synapse columns: what is connected to the CADC, the neuron and the debug lines."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at, entries
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, select, variables
from hxtwin.containers.fields import BoolArray, flags
from hxtwin.containers.layout import leaf
from hxtwin.coord import (
    ColumnCorrelationQuadOnDLS,
    ColumnCurrentQuadOnDLS,
    EntryOnQuad,
    SynapseQuadColumnOnDLS,
    SynramOnDLS,
)

synram, quad = variables("synram", "quad")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ColumnCorrelationQuad(Container):
    """Column switches for correlation readout of four columns, stored in switch rows 256/257 below the synapse rows."""

    layout = leaf(
        coordinate=ColumnCorrelationQuadOnDLS,
        components={"synram": SynramOnDLS, "quad": SynapseQuadColumnOnDLS},
        words=4,
        address=select((0x02CF8080, 0x02CF80C0, 0x02C04000, 0x02C44000), WORD) + 0x01000000 * synram + quad,
        differential=True,
        notes=(
            "Entry e of quad q is column 8 * (q % 32) + 2 * e + q // 32, entry 0 in the most significant "
            "byte. Words 0 and 1 lie in the raw view (switch row 257: weight and label bytes), words 2 and 3 "
            "in the weight and label views (switch row 256). Neuron readout and correlation must not be "
            "connected to one CADC channel at the same time: an analog short."
        ),
    )
    enable_internal_causal: BoolArray = flags(
        "Connect the causal correlation line of the column to its causal CADC channel.",
        entries(at(0, 6)),
        index=EntryOnQuad,
    )
    enable_internal_acausal: BoolArray = flags(
        "Connect the acausal correlation line to the acausal CADC channel.", entries(at(0, 7)), index=EntryOnQuad
    )
    enable_debug_causal: BoolArray = flags(
        "Connect causal line / CADC channel input to the shared causal debug line.",
        entries(at(1, 6)),
        index=EntryOnQuad,
    )
    enable_debug_acausal: BoolArray = flags(
        "Connect acausal line to the shared acausal debug line.", entries(at(1, 7)), index=EntryOnQuad
    )
    enable_cadc_neuron_readout_causal: BoolArray = flags(
        "Connect the neuron's readout amplifier to the causal CADC channel.", entries(at(2, 5)), index=EntryOnQuad
    )
    enable_cadc_neuron_readout_acausal: BoolArray = flags(
        "Connect the neuron's readout amplifier to the acausal CADC channel.", entries(at(3, 5)), index=EntryOnQuad
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ColumnCurrentQuad(Container):
    """Column switches for the synaptic current lines of four columns."""

    layout = leaf(
        coordinate=ColumnCurrentQuadOnDLS,
        components={"synram": SynramOnDLS, "quad": SynapseQuadColumnOnDLS},
        words=2,
        address=select((0x02C14000, 0x02C24000), WORD) + 0x01000000 * synram + quad,
        differential=True,
        notes=(
            "Entry e of quad q is column 8 * (q % 32) + 2 * e + q // 32, entry 0 in the most significant "
            "byte. Without these switches no synaptic current reaches the neurons."
        ),
    )
    enable_synaptic_current_excitatory: BoolArray = flags(
        "Connect the excitatory line of the column to the neuron's excitatory synaptic input. Must be set for"
        " any excitatory input.",
        entries(at(0, 0)),
        index=EntryOnQuad,
    )
    enable_synaptic_current_inhibitory: BoolArray = flags(
        "Connect the inhibitory line of the column to the neuron's inhibitory synaptic input. Must be set for"
        " any inhibitory input.",
        entries(at(0, 1)),
        index=EntryOnQuad,
    )
    enable_debug_excitatory: BoolArray = flags(
        "Connect the excitatory line to the shared excitatory debug line.", entries(at(1, 0)), index=EntryOnQuad
    )
    enable_debug_inhibitory: BoolArray = flags(
        "Connect the inhibitory line to the shared inhibitory debug line.", entries(at(1, 1)), index=EntryOnQuad
    )
