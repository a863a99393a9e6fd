"""Analog readout: pads, multiplexers, MADC, current DAC.

Source: reference coordinates.json.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import ranged, unique

TOPIC = Topic(
    "readout",
    __doc__,
    (
        unique("ReadoutChainOnDLS", "The whole analog readout chain."),
        unique("ReadoutSourceSelectionOnDLS", "Selection of the source the MADC digitises."),
        ranged("SourceMultiplexerOnReadoutSourceSelection", 2, "Multiplexer in front of the MADC."),
        ranged("PadMultiplexerConfigOnDLS", 2, "Multiplexer in front of an analog pad.", container=True),
        ranged("PadOnDLS", 2, "Analog readout pad.", container=True),
        unique("MADCControlOnDLS", "State machine of the MADC."),
        unique("MADCConfigOnDLS", "Settings of the MADC."),
        unique("CurrentDACOnDLS", "Current source of the readout chain."),
    ),
)
