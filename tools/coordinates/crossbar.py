"""Event crossbar and background spike sources.

===============  ====================================================  =======================================
input y          what it is                                            connected outputs x
===============  ====================================================  =======================================
0..7             neuron event outputs                                  y % 4, 4 + y % 4, 8 + y % 4
8..11            L2 inputs from the FPGA, 8 + SPL1 address             0..7 and y
12..15           background sources 0..3                               y - 12 and y - 4
16..19           background sources 4..7                               y - 12 and y - 8
===============  ====================================================  =======================================

Outputs x: 0..3 top PADI buses, 4..7 bottom PADI buses, 8..11 L2 outputs to the FPGA. The 76 connected pairs are
the crossbar nodes, numbered input by input.

Source: reference coordinates.md, section 3.6.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import Holes, grid, ranged, unique

TOPIC = Topic(
    "crossbar",
    __doc__,
    (
        unique("CrossbarOnDLS", "All crossbar nodes."),
        unique("CrossbarOutputConfigOnDLS", "Enables and event counters of the crossbar outputs."),
        ranged(
            "CrossbarOutputOnDLS",
            12,
            "Crossbar output: 0..7 to the PADI buses, 8..11 to the FPGA.",
            container=True,
            axis="x",
            to={"CrossbarL2OutputOnDLS": "e - 8 if e >= 8 else None", "PADIBusOnDLS": "e if e < 8 else None"},
        ),
        ranged("CrossbarL2OutputOnDLS", 4, "Crossbar output to the FPGA.", to={"CrossbarOutputOnDLS": "e + 8"}),
        ranged(
            "CrossbarInputOnDLS",
            20,
            "Crossbar input: 0..7 from neurons, 8..11 from the FPGA, 12..19 from background sources.",
            container=True,
            axis="y",
            to={
                "NeuronEventOutputOnDLS": "e if e < 8 else None",
                "SPL1Address": "e - 8 if 8 <= e < 12 else None",
            },
            added={"BackgroundSpikeSourceOnDLS": "e - 12 if e >= 12 else None"},
        ),
        grid(
            "CrossbarNodeOnDLS",
            "CrossbarOutputOnDLS",
            "CrossbarInputOnDLS",
            "Connected pair of crossbar output and input; other pairs are refused.",
            container=True,
            holes=Holes(
                size=76,
                x=(
                    "4 * (e % 3) + (e // 3) % 4 if e < 24 "
                    "else 8 + (e - 24) // 9 if e < 60 and (e - 24) % 9 == 8 "
                    "else (e - 24) % 9 if e < 60 "
                    "else 8 + ((e - 60) // 2) % 4 if e % 2 == 1 "
                    "else (e - 60) // 2"
                ),
                y="e // 3 if e < 24 else 8 + (e - 24) // 9 if e < 60 else 12 + (e - 60) // 2",
                index={
                    "y < 8 and x % 4 == y % 4": "3 * y + x // 4",
                    "8 <= y < 12 and x < 8": "24 + 9 * (y - 8) + x",
                    "8 <= y < 12 and x == y": "24 + 9 * (y - 8) + 8",
                    "12 <= y < 16 and x == y - 12": "60 + 2 * (y - 12)",
                    "12 <= y < 16 and x == y - 4": "60 + 2 * (y - 12) + 1",
                    "16 <= y < 20 and x == y - 12": "68 + 2 * (y - 16)",
                    "16 <= y < 20 and x == y - 8": "68 + 2 * (y - 16) + 1",
                },
            ),
        ),
        ranged(
            "BackgroundSpikeSourceOnDLS",
            8,
            "Background spike source: reaches the PADI bus of the same number and one L2 output.",
            container=True,
            to={"CrossbarInputOnDLS": "e + 12", "CrossbarL2OutputOnDLS": "e % 4", "PADIBusOnDLS": "e"},
        ),
    ),
)
