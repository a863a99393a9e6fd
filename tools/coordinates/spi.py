"""SPI registers of the cube board: addresses of the transport, not of containers.

Source: reference coordinates.md, section 3.8.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import composite, enumerated, ranged, unique

TOPIC = Topic(
    "spi",
    __doc__,
    (
        unique("SPIShiftRegisterOnBoard", "Shift register of the board.", container=False),
        ranged("SPIDACDataRegisterOnDAC", 8, "Data register of a DAC, one per channel."),
        ranged(
            "SPIDACControlRegisterOnDAC",
            4,
            "Control register of a DAC.",
            constants=enumerated(("gain_reference", "ldac", "power_down", "reset")),
        ),
        composite(
            "SPIDACControlRegisterOnBoard",
            "SPIDACControlRegisterOnDAC",
            "DACOnBoard",
            "Control register of one of the board's DACs.",
        ),
        composite(
            "SPIDACDataRegisterOnBoard",
            "SPIDACDataRegisterOnDAC",
            "DACOnBoard",
            "Data register of one of the board's DACs.",
        ),
    ),
)
