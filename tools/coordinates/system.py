"""Systems of chip and FPGA, and the routing tables of inter-chip events.

======================================  ==============================================================
`ChipAndSinglechipFPGAOnSystem`         cube board: chip with an FPGA of its own
`ChipAndMultichipJboaLeafFPGAOnSystem`  jBOA: chip with one of several FPGAs that exchange events
output routing table                    65536 entries: spike label of the chip -> inter-chip label
input routing table                     32768 entries: inter-chip label -> spike label to the chip
======================================  ==============================================================

Source: reference coordinates.md, section 4.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import ranged, unique

TOPIC = Topic(
    "system",
    __doc__,
    (
        unique("ChipAndSinglechipFPGAOnSystem", "Chip with a single-chip FPGA.", explicit=False),
        unique("FPGAOnChipAndSinglechipFPGA", "The FPGA of a chip with single-chip FPGA.", explicit=False),
        unique("ChipAndMultichipJboaLeafFPGAOnSystem", "Chip with a leaf FPGA of a multi-chip jBOA.", explicit=False),
        unique("FPGAOnChipAndMultichipJboaLeafFPGA", "The leaf FPGA of a chip on a jBOA.", explicit=False),
        unique("OutputRoutingTableOnFPGA", "The routing table of outgoing events.", explicit=False),
        unique("InputRoutingTableOnFPGA", "The routing table of incoming events.", explicit=False),
        ranged(
            "OutputRoutingTableEntryOnFPGA",
            65536,
            "Entry of the routing table of outgoing events, one per spike label of the chip.",
            container=True,
            to={"SpikeLabel": "e"},
        ),
        ranged(
            "InputRoutingTableEntryOnFPGA",
            32768,
            "Entry of the routing table of incoming events, one per 15-bit inter-chip label.",
            container=True,
        ),
    ),
)
