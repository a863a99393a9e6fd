"""Omnibus: word addresses on the bus and the instruction that polls a word.

Source: reference coordinates.json.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import label, unique

TOPIC = Topic(
    "omnibus",
    __doc__,
    (
        label("OmnibusAddress", 32, "Word address on the bus of chip and FPGA.", wraps=True),
        label("OmnibusChipOverJTAGAddress", 32, "Word address on the bus of the chip, through JTAG.", wraps=True),
        unique("PollingOmnibusBlockOnFPGA", "Instruction that waits until a word of the bus has a value."),
        unique("PollingOmnibusBlockConfigOnFPGA", "Address, mask and value the polling instruction waits for."),
    ),
)
