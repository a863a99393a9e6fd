"""PADI buses: four per hemisphere, they carry events from the crossbar to the synapse drivers.

Bus 4 h + b of the chip is bus b of hemisphere h and crossbar output 4 h + b.

Source: reference coordinates.md, sections 3.3 and 3.6.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import composite, hemisphere, label, ranged

TOPIC = Topic(
    "padi",
    __doc__,
    (
        hemisphere("PADIBusBlockOnDLS", "The four PADI buses of a hemisphere.", container=False),
        hemisphere("CommonPADIBusConfigOnDLS", "Settings of the PADI buses of a hemisphere.", explicit=True),
        hemisphere("CommonSTPConfigOnDLS", "Short-term plasticity settings of a hemisphere.", explicit=True),
        hemisphere("PADIEventOnDLS", "Injection of a single event into the PADI buses of a hemisphere."),
        ranged("PADIBusOnPADIBusBlock", 4, "PADI bus of a hemisphere."),
        composite(
            "PADIBusOnDLS",
            "PADIBusOnPADIBusBlock",
            "PADIBusBlockOnDLS",
            "PADI bus: 0..3 top, 4..7 bottom.",
            to={"CrossbarOutputOnDLS": "e"},
        ),
        label("PADIRowSelectAddress", 5, "Driver number an event is meant for, bits 6..10 of its label."),
    ),
)
