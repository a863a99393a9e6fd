"""JTAG access to the chip.

Source: reference coordinates.md, section 3.8.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import ranged, unique

TOPIC = Topic(
    "jtag",
    __doc__,
    (
        unique("ResetJTAGTapOnDLS", "Reset of the JTAG controller."),
        unique("JTAGClockScalerOnDLS", "Divider of the JTAG clock."),
        unique("JTAGIdCodeOnDLS", "Identification code of the chip."),
        ranged("JTAGPLLRegisterOnDLS", 8, "PLL register in the JTAG chain; an address of the transport."),
        ranged(
            "JTAGPhyRegisterOnDLS",
            8,
            "Register of a link lane in the JTAG chain; an address of the transport.",
            added={"PhyConfigChipOnDLS": "7 - e"},
        ),
    ),
)
