"""Synapse drivers: each receives the events of one PADI bus and drives two synapse rows.

Driver d = 0..127 of hemisphere h:

==============================  =============================================================
on the chip                     ``128 * h + d``
rows of the array               2 d + 1 (top) and 2 d (bottom)
PADI bus of the hemisphere      ``d % 4``
number on its PADI bus          ``d // 4``, compared with the row select address of an event
CapMem block of its parameters  ``2 * h + d % 2``
==============================  =============================================================

Source: reference coordinates.md, section 3.3.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import composite, hemisphere, ranged
from coordinates.generator.formula import Many

BUS = "4 * (e // 128) + e % 4"

TOPIC = Topic(
    "synapse_driver",
    __doc__,
    (
        hemisphere("SynapseDriverBlockOnDLS", "All synapse drivers of a hemisphere."),
        hemisphere("CommonSynapseDriverConfigOnDLS", "Settings common to the drivers of a hemisphere.", explicit=True),
        hemisphere("SynapseDriverSRAMTimingConfigOnDLS", "Memory access timing of the drivers of a hemisphere."),
        ranged(
            "SynapseDriverOnSynapseDriverBlock",
            128,
            "Synapse driver of a hemisphere; neighbours listen to different PADI buses.",
            to={
                "PADIBusOnPADIBusBlock": "e % 4",
                "SynapseDriverOnPADIBus": "e // 4",
                "SynapseRowOnSynram": Many("2 * e + 1 - i", 2, "SynapseRowOnSynapseDriver"),
            },
        ),
        ranged(
            "SynapseDriverOnPADIBus",
            32,
            "Number of a driver on its PADI bus: what is compared with the row select address of an event.",
            to={"SynapseDriverOnSynapseDriverBlock": Many("4 * e + i", 4, "PADIBusOnPADIBusBlock")},
        ),
        composite(
            "SynapseDriverOnDLS",
            "SynapseDriverOnSynapseDriverBlock",
            "SynapseDriverBlockOnDLS",
            "Synapse driver. Its rows on the chip come in ascending order (bottom, top), those on the array as "
            "(top, bottom).",
            container=True,
            to={
                "CapMemBlockOnDLS": "2 * (e // 128) + e % 2",
                "SynapseRowOnDLS": Many("2 * e + i", 2, "position in ascending order"),
            },
            added={"CrossbarOutputOnDLS": BUS, "PADIBusOnDLS": BUS},
        ),
    ),
)
