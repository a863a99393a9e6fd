"""High-speed link between FPGA and chip: eight serial lanes.

Lane n of the chip is register 7 - n of the JTAG chain.

Source: reference coordinates.md, section 3.6.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import ranged, unique

TOPIC = Topic(
    "link",
    __doc__,
    (
        unique("HicannARQStatusOnFPGA", "State of the reliable transport between FPGA and chip."),
        unique("PerfTestOnFPGA", "Control of the throughput test."),
        unique("PerfTestStatusOnFPGA", "Result of the throughput test."),
        ranged("PhyConfigFPGAOnDLS", 8, "Settings of a lane on the side of the FPGA.", container=True),
        ranged(
            "PhyConfigChipOnDLS",
            8,
            "Settings of a lane on the side of the chip; the JTAG registers count the other way round.",
            container=True,
            to={"JTAGPhyRegisterOnDLS": "7 - e"},
        ),
        ranged("PhyStatusOnFPGA", 8, "State of a lane on the side of the FPGA.", container=True),
        unique("CommonPhyConfigFPGAOnDLS", "Enables of the lanes on the side of the FPGA."),
        unique("CommonPhyConfigChipOnDLS", "Enables of the lanes on the side of the chip."),
    ),
)
