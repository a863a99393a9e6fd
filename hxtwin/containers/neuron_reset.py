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
            "neuron = column % 128 + 128 * row, block = column // 128. The neuron needs enable_fire. The "
            "written value does not matter; 0 is sent."
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
            "One row beyond the last synapse row of the correlation reset window. Entry e of quad q is "
            "neuron column 8 * (q % 32) + 2 * e + q // 32; synram 0 is the top row. The neurons need "
            "enable_fire. The written value does not matter."
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
