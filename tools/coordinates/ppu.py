"""Embedded processors (PPU) and their memories of 4096 words of 32 bit.

Word w of processor p is word ``4096 * p + w`` on the chip.

Source: reference coordinates.md, section 3.7.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import composite, handwritten, hemisphere, interval, ranged

WORDS = 4096

TOPIC = Topic(
    "ppu",
    __doc__,
    (
        hemisphere("PPUOnDLS", "Embedded processor of a hemisphere.", container=False),
        hemisphere("PPUMemoryOnDLS", "The whole memory of a processor.", explicit=True, named=False),
        hemisphere("PPUControlRegisterOnDLS", "Control register of a processor.", explicit=True, named=False),
        hemisphere("PPUStatusRegisterOnDLS", "Status register of a processor.", explicit=True, named=False),
        ranged(
            "PPUMemoryWordOnPPU",
            WORDS,
            "Word of the memory of a processor. A finished program leaves its return value in ``return_code``.",
            constants={"return_code": 3071},
        ),
        composite("PPUMemoryWordOnDLS", "PPUMemoryWordOnPPU", "PPUOnDLS", "Word of PPU memory.", container=True),
        ranged("PPUMemoryBlockSize", WORDS, "Number of words of a memory block.", first=1),
        interval(
            "PPUMemoryBlockOnPPU",
            "PPUMemoryWordOnPPU",
            "PPUMemoryBlockSize",
            "Block of words of a processor. ``mailbox`` is deprecated.",
            intervals={"mailbox": (3072, 4095)},
        ),
        handwritten("PPUMemoryBlockOnDLS", "memory_block_on_dls"),
    ),
)
