"""Access timing of the full-custom SRAM blocks.

==========  ===========================================================
word 0      bits 7..0 read delay
word 1      bits 3..0 address set-up time, bits 7..4 write width
==========  ===========================================================
"""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, select, variables
from hxtwin.containers.fields import uint, with_default
from hxtwin.containers.layout import Target, leaf
from hxtwin.coord import (
    CADCOffsetSRAMTimingConfigOnDLS,
    CapMemSRAMTimingConfigOnDLS,
    NeuronBackendSRAMTimingConfigOnDLS,
    NeuronSRAMTimingConfigOnDLS,
    SynapseDriverSRAMTimingConfigOnDLS,
)

(block,) = variables("block")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SRAMTimingConfig(Container):
    """What the timings of all SRAM blocks have in common; the defaults are the slowest settings."""

    read_delay: int = uint(
        "Cycles between enable and sampling of the read data.", at(0, 0, 8), maximum=255, default=255
    )
    address_setup_time: int = uint("Cycles between address valid and enable.", at(1, 0, 4), maximum=15, default=15)
    write_width: int = uint("Length of the enable pulse of a write, in cycles.", at(1, 4, 4), maximum=15, default=15)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NeuronSRAMTimingConfig(SRAMTimingConfig):
    """Timing of the full-custom SRAM controller of the neuron configuration blocks (nw, ne, sw, se)."""

    layout = leaf(
        coordinate=NeuronSRAMTimingConfigOnDLS,
        components={"block": NeuronSRAMTimingConfigOnDLS},
        words=2,
        address=0x160000 + 0x8000 * block + 0x402 + WORD,
        refuses_reads_on=(Target.SIMULATION,),
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NeuronBackendSRAMTimingConfig(SRAMTimingConfig):
    """Timing of the full-custom SRAM controller of the neuron backends (west, east)."""

    layout = leaf(
        coordinate=NeuronBackendSRAMTimingConfigOnDLS,
        components={"block": NeuronBackendSRAMTimingConfigOnDLS},
        words=2,
        address=select((0x1A1402, 0x1A9402), block) + WORD,
        refuses_reads_on=(
            Target.SIMULATION,
            Target.HARDWARE,
        ),
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CapMemSRAMTimingConfig(SRAMTimingConfig):
    """Timing of the full-custom SRAM controller of the CapMem cell SRAM (nw, ne, sw, se)."""

    layout = leaf(
        coordinate=CapMemSRAMTimingConfigOnDLS,
        components={"block": CapMemSRAMTimingConfigOnDLS},
        words=2,
        address=0x140000 + 0x8000 * block + 0x2800 + WORD,
        refuses_reads_on=(Target.SIMULATION,),
        gray_coded=True,
        notes=(
            "Both words are converted as a whole: the written word is the inverse Gray code of the packed "
            "word (word_on_bus = gray_to_binary(packed)), because the controller Gray-encodes what it "
            "stores; decoding applies binary_to_gray (x ^ x>>1). Other SRAM timing containers have no such "
            "conversion."
        ),
    )
    read_delay: int = with_default(SRAMTimingConfig, "read_delay", 8)
    address_setup_time: int = with_default(SRAMTimingConfig, "address_setup_time", 1)
    write_width: int = with_default(SRAMTimingConfig, "write_width", 1)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CADCOffsetSRAMTimingConfig(SRAMTimingConfig):
    """Timing of the full-custom SRAM controller of the CADC offset SRAM."""

    layout = leaf(
        coordinate=CADCOffsetSRAMTimingConfigOnDLS,
        components={"block": CADCOffsetSRAMTimingConfigOnDLS},
        words=2,
        address=select((0x02400902, 0x02400102, 0x03400902, 0x03400102), block) + WORD,
        notes=(
            "block order: 0 top-west, 1 top-east, 2 bottom-west, 3 bottom-east (the west SRAM has the higher address)."
        ),
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseDriverSRAMTimingConfig(SRAMTimingConfig):
    """Access timing of the synapse driver SRAM of one hemisphere."""

    layout = leaf(
        coordinate=SynapseDriverSRAMTimingConfigOnDLS,
        components={"block": SynapseDriverSRAMTimingConfigOnDLS},
        words=2,
        address=select((0x110602, 0x118602), block) + WORD,
        refuses_reads_on=(
            Target.HARDWARE,
            Target.SIMULATION,
        ),
        notes=(
            "Same layout as the other SRAM timing containers (neuron, neuron backend, CADC offset); default "
            "read_delay differs (192 instead of 255)."
        ),
    )
    read_delay: int = with_default(SRAMTimingConfig, "read_delay", 192)
