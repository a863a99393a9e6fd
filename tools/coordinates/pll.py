"""Clock generation on the chip.

Source: reference coordinates.json.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import ranged, unique

TOPIC = Topic(
    "pll",
    __doc__,
    (
        ranged("ADPLLOnDLS", 2, "All-digital phase-locked loop.", container=True),
        ranged(
            "PLLClockOutputOnDLS",
            4,
            "Clock output.",
            constants={"serdes_ser_send_clk": 0, "phy_ref_clk": 1, "ppu_clk": 2, "madc_clk": 3},
        ),
        unique("PLLClockOutputBlockOnDLS", "All clock outputs."),
        unique("PLLSelfTestOnDLS", "Control of the self test of the clock generation."),
        unique("PLLSelfTestStatusOnDLS", "Result of the self test of the clock generation."),
    ),
)
