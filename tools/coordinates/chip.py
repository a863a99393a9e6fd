"""The chip, its two hemispheres and what concerns it as a whole.

=================  ==============================================================================
hemisphere         0 = top, 1 = bottom: synapse array, drivers, neuron row, embedded processor
quadrant           2 * hemisphere + (column // 128): CapMem block, neuron settings block
=================  ==============================================================================

Source: reference coordinates.md, sections 2, 3.1 and 4.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import composite, hemisphere, ranged, unique

TOPIC = Topic(
    "chip",
    __doc__,
    (
        unique("ChipOnDLS", "The whole chip, as one configuration."),
        hemisphere(
            "HemisphereOnDLS", "Top or bottom half of the chip, each with its own synapse array.", container=False
        ),
        ranged("DLSGlobal", 255, "Number of a chip; nothing in the system uses it."),
        composite("HemisphereGlobal", "HemisphereOnDLS", "DLSGlobal", "Hemisphere of a numbered chip."),
        unique("ResetChipOnDLS", "Reset line of the chip, driven by the FPGA."),
        unique("MemoryTimingOnDLS", "Access timing of all configuration memories of the chip."),
    ),
)
