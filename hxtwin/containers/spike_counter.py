"""Spike counters in the neuron backends: read, and reset by any write."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import select, variables
from hxtwin.containers.fields import flag, uint
from hxtwin.containers.layout import leaf
from hxtwin.coord import (
    SpikeCounterReadBlockOnDLS,
    SpikeCounterReadOnDLS,
    SpikeCounterReadOnSpikeCounterReadBlock,
    SpikeCounterResetBlockOnDLS,
    SpikeCounterResetOnDLS,
    SpikeCounterResetOnSpikeCounterResetBlock,
)

block, neuron = variables("block", "neuron")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpikeCounterRead(Container):
    """Read-only spike rate counter of one neuron."""

    layout = leaf(
        coordinate=SpikeCounterReadOnDLS,
        components={"block": SpikeCounterReadBlockOnDLS, "neuron": SpikeCounterReadOnSpikeCounterReadBlock},
        read=select((0x122800, 0x12A800), block) + 4 * neuron,
        notes="Base is the neuron reset base ORed with 0x800.",
    )
    count: int = uint("Number of spikes since the last counter reset (8 bit).", at(0, 0, 8), maximum=255, access="ro")
    overflow: bool = flag("Set when the counter overflowed.", at(0, 8), access="ro")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpikeCounterReset(Container):
    """Write-only trigger: clear the spike counter of one neuron."""

    layout = leaf(
        coordinate=SpikeCounterResetOnDLS,
        components={"block": SpikeCounterResetBlockOnDLS, "neuron": SpikeCounterResetOnSpikeCounterResetBlock},
        write=select((0x122C00, 0x12AC00), block) + 4 * neuron,
        notes="Value irrelevant, 0 is written. Base is the neuron reset base ORed with 0xc00.",
    )
