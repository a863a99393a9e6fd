"""Memories of the FPGA: plain words behind omnibus addresses.

===========================  ============  ===========  ===========================
memory                       address       words        after power-up
===========================  ============  ===========  ===========================
external PPU memory          0x80000000    32 768       0
SpikeIO output routing       0x88020000    65 536       silent (container default)
SpikeIO input routing        0x88030000    256          silent
SpikeIO configuration        0x88038000    1            silent
multi-chip input routing     0x880c0000    32 768       silent
multi-chip output routing    0x880d0000    65 536       silent
external DRAM                0x84000000    67 108 864   0
===========================  ============  ===========  ===========================

The DRAM occupies the addresses that other FPGA designs give to the vector generators. Its pages take memory of the host
when they are first written. Reference: fpga-instructions.md 4, simulator-decisions.md 2 and 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import containers
from hxtwin.chipsim.fpga.executor_kernel import memory_place
from hxtwin.chipsim.registers.cell_map import stored_bits

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAM_WORDS: Final = 0x04000000
"""Words of the external DRAM."""
_TABLES: Final = (
    containers.SpikeIOOutputRoute,
    containers.SpikeIOInputRoute,
    containers.SpikeIOConfig,
    containers.InputRoutingTableEntry,
    containers.OutputRoutingTableEntry,
)


class Memories:
    """Words of all memories of the FPGA.

    Attributes:
        regions: ``int64[k, 4]``: first address, words, place in `words`, bits that exist; the last is the DRAM.
        words: ``uint32[n]``, all but the DRAM.
        dram: ``uint32[2**26]``.
    """

    def __init__(self) -> None:
        rows = [(0x80000000, 0x8000, 0, 0xFFFFFFFF)]
        place = 0x8000
        self._tables: list[tuple[int, NDArray[np.uint32]]] = []
        self._places: dict[str, tuple[int, int]] = {}
        for table in _TABLES:
            size = table.coordinate_type.size  # type: ignore[attr-defined]  # places of tables are numbered
            first = int(table.addresses_of(np.arange(1))[0, 0])
            rows.append((first, size, place, int(stored_bits(table)[0])))
            self._tables.append((place, table.encode_columns(table.default_columns(size), np.arange(size))[:, 0]))
            self._places[table.__name__] = (place, size)
            place += size
        rows.append((0x84000000, DRAM_WORDS, 0, 0xFFFFFFFF))
        self.regions: Final = np.array(rows, dtype=np.int64)
        self.words: Final = np.zeros(place, dtype=np.uint32)
        self.dram: Final = np.zeros(DRAM_WORDS, dtype=np.uint32)
        self.reset_tables()

    def reset_tables(self) -> None:
        """Routing tables and SpikeIO as at power-up; the external memories keep their words."""
        for place, words in self._tables:
            self.words[place : place + len(words)] = words

    def is_mapped(self, address: int) -> bool:
        """Whether an address lies in a memory."""
        return memory_place(address, self.regions)[0] >= 0

    def write(self, address: int, word: int, lanes: int) -> bool:
        """Writes the byte lanes of a word; False if no memory lies there."""
        region, place = memory_place(address, self.regions)
        if region < 0:
            return False
        mask = sum(0xFF << 8 * lane for lane in range(4) if lanes >> lane & 1) & int(self.regions[region, 3])
        memory = self.dram if region == len(self.regions) - 1 else self.words
        memory[place] = int(memory[place]) & ~mask | word & mask
        return True

    def table(self, container: type[containers.Container]) -> NDArray[np.uint32]:
        """Words of one of the tables, a view."""
        place, size = self._places[container.__name__]
        return self.words[place : place + size]
