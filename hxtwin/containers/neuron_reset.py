"""Write triggers that reset neurons or send them pulses; what is written does not matter."""

from __future__ import annotations

import attrs

from hxtwin.containers.container import Container
from hxtwin.containers.expression import select, variables
from hxtwin.containers.layout import leaf
from hxtwin.coord import (
    BlockPostPulseOnDLS,
    NeuronResetBlockOnDLS,
    NeuronResetOnDLS,
    NeuronResetOnNeuronResetBlock,
    NeuronResetQuadOnDLS,
    SynapseQuadColumnOnDLS,
    SynramOnDLS,
)

block, neuron, synram, quad = variables("block", "neuron", "synram", "quad")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NeuronReset(Container):
    """Write-only trigger: artificial spike/reset of a single neuron."""

    layout = leaf(
        coordinate=NeuronResetOnDLS,
        components={"block": NeuronResetBlockOnDLS, "neuron": NeuronResetOnNeuronResetBlock},
        write=select((0x122000, 0x12A000), block) + 4 * neuron,
        notes=(
            "The written value is irrelevant; the encoder writes 0. neuron = column%128 + 128*row, block = column//128."
        ),
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NeuronResetQuad(Container):
    """Write-only trigger: reset of four neurons of one row (through the synapse array controller)."""

    layout = leaf(
        coordinate=NeuronResetQuadOnDLS,
        components={"synram": SynramOnDLS, "quad": SynapseQuadColumnOnDLS},
        write=select((0x02C90000, 0x03C90000), synram) + 256 * 64 + quad,
        notes=(
            "The address is the correlation-reset page, one row beyond the last synapse row (row index 256). "
            "Value irrelevant, 0 is written. Quad q, entry e selects neuron column ((q%32)*4+e)*2 + q//32 of "
            "the row (synram 0 -> row 0 top). Documentation of the original says that the correlation of the "
            "quad in row 0 is reset as a side effect (fixed in v3 according to an issue reference; treat as "
            "no side effect, inferred)."
        ),
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BlockPostPulse(Container):
    """Write-only trigger: post pulse for all neurons of one half (west/east)."""

    layout = leaf(
        coordinate=BlockPostPulseOnDLS,
        components={"block": BlockPostPulseOnDLS},
        write=select((0x122400, 0x12A400), block),
        notes=(
            "Reaches the synapses only for neurons with post_overwrite set. Value irrelevant, 0 is written. "
            "Arrival time is not exact and differs between neurons of the block."
        ),
    )
