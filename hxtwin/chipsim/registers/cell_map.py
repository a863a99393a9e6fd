"""Which words the chip stores, how wide they are and what they hold after a reset: derived from the containers.

===========  =======================================================================================
array        content, one entry for each mapped word (*cell*)
===========  =======================================================================================
``masks``    bits that exist: union of the bits of all containers that own the word (rule 11)
``kinds``    `STORED`, `READ_ONLY` (writes are ignored), `TRIGGER` (acts on write, reads 0)
``resets``   word after a reset (rule 1)
``blocks``   number of the block that the cell belongs to, see `CellMap.block_names`
``watches``  `WATCH_NEVER`, `WATCH_BUSY`, `WATCH_ALWAYS`: does an access concern the event network?
===========  =======================================================================================

A page table over pages of 256 words leads from the address to the cell. The synapse arrays are a memory of their own
(`hxtwin.chipsim.registers.synapse_windows`) and have no cells. Rules: simulator-decisions.md.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import containers
from hxtwin.containers.layout import Backend
from hxtwin.containers.record import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

UNMAPPED: Final = 0
STORED: Final = 1
READ_ONLY: Final = 2
TRIGGER: Final = 3

WATCH_NEVER: Final = 0
WATCH_BUSY: Final = 1
WATCH_ALWAYS: Final = 2

PAGE_BITS: Final = 8
PAGE_WORDS: Final = 1 << PAGE_BITS
ADDRESS_BITS: Final = 26
"""Chip addresses in use lie below 2**26."""
BLOCK_SHIFT: Final = 15
"""Cells of one container class within an aligned window of 2**15 words form a block."""
SYNAPSE_WINDOWS: Final = 0x02C00000
"""Bits 25, 23 and 22 set: the synapse array of hemisphere `bit 24`."""
SYNAPSE_WINDOWS_MASK: Final = 0xFEC00000

_CHIP_WAYS: Final = frozenset({Backend.OMNIBUS_CHIP, Backend.OMNIBUS_CHIP_OVER_JTAG})
_TRIGGERS: Final = frozenset({"NeuronReset", "BlockPostPulse", "SpikeCounterReset", "PADIEvent"})
_CONCERN_RUNNING_EVENTS: Final = frozenset(
    {
        "CrossbarNode",
        "CrossbarOutputConfig",
        "CrossbarInputDropCounter",
        "CrossbarOutputEventCounter",
        "CommonPADIBusConfig",
        "SynapseDriverConfig",
        "SpikeCounterRead",
        "NeuronBackendConfig",
        "NeuronConfig",
    }
)
_CONCERN_ALWAYS: Final = _TRIGGERS | {
    "BackgroundSpikeSource",
    "CommonNeuronBackendConfig",
    "PPUControlRegister",
    "CommonPhyConfigChip",
    "ADPLL",
    "MADCControl",
}
_ZERO_AFTER_RESET: Final = frozenset({"CapMemCell", "CommonPhyConfigChip"})


@attrs.frozen(eq=False)
class CellMap:
    """The cells of the chip; all arrays are read-only.

    Attributes:
        pages: first cell of each page of 256 words, -1 where nothing is; ``int32[2**18]``.
        masks: ``uint32[n]``.
        kinds: ``uint8[n]``.
        watches: ``uint8[n]``.
        resets: ``uint32[n]``.
        blocks: ``int32[n]``.
        block_names: container class and first address of each block, e.g. "CapMemCell@0x00148000".
    """

    pages: NDArray[np.int32]
    masks: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    watches: NDArray[np.uint8]
    resets: NDArray[np.uint32]
    blocks: NDArray[np.int32]
    block_names: tuple[str, ...]

    def cell(self, address: int) -> int:
        """Cell of an address, -1 if the address is not mapped."""
        if not 0 <= address < 1 << ADDRESS_BITS:
            return -1
        first = int(self.pages[address >> PAGE_BITS])
        if first < 0 or self.kinds[first + address % PAGE_WORDS] == UNMAPPED:
            return -1
        return first + address % PAGE_WORDS

    def cells_of(self, container: type[containers.Container]) -> NDArray[np.int64]:
        """Cells of all words of all containers of a class, ``int64[number of coordinates, words]``."""
        addresses = _addresses(container)
        return cells_at(self.pages, addresses)


def cells_at(pages: NDArray[np.int32], addresses: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cells of mapped addresses, of the same shape."""
    cells: NDArray[np.int64] = pages[addresses >> PAGE_BITS].astype(np.int64) + addresses % PAGE_WORDS
    return cells


def chip_leaves() -> Iterator[type[containers.Container]]:
    """Container classes that own words on the chip's bus, those of the synapse arrays included."""
    for container in containers.types().values():
        if not container.layout.children and _CHIP_WAYS.intersection(container.backends):
            yield container


def stored_bits(container: type[containers.Container]) -> NDArray[np.uint32]:
    """Bits of each word of a leaf container that belong to a field or a constant, ``uint32[words]``."""
    bits = np.zeros(container.layout.words, dtype=np.uint32)
    for column in schema(container):
        for _, piece in column.pieces:
            assert isinstance(piece.lsb, int)
            bits[piece.word] |= np.uint32(piece.mask << piece.lsb)
    for constant in container.layout.constants:
        bits[constant.word] |= np.uint32(((1 << constant.width) - 1) << constant.lsb)
    if container.layout.gray_coded:  # the transformed word may use every bit up to the highest
        for word, mask in enumerate(bits.tolist()):
            bits[word] = (1 << mask.bit_length()) - 1
    return bits


@functools.cache
def chip_cells() -> CellMap:
    """The cells of the chip, made once in a process."""
    owners = [leaf for leaf in chip_leaves() if not _lies_in_synapse_array(leaf)]
    places = [(leaf, _addresses(leaf)) for leaf in owners]
    used = np.unique(np.concatenate([addresses.ravel() >> PAGE_BITS for _, addresses in places]))
    pages = np.full(1 << (ADDRESS_BITS - PAGE_BITS), -1, dtype=np.int32)
    pages[used] = np.arange(used.size) * PAGE_WORDS
    n = used.size * PAGE_WORDS
    masks, resets = np.zeros(n, np.uint32), np.zeros(n, np.uint32)
    kinds, watches = np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    blocks = np.full(n, -1, dtype=np.int32)
    names: list[str] = []
    for leaf, addresses in places:
        cells = cells_at(pages, addresses)
        name = leaf.__name__
        masks[cells] |= stored_bits(leaf)
        if name not in _ZERO_AFTER_RESET and leaf.is_readable():
            resets[cells] = _default_words(leaf, len(addresses))
        kinds[cells] = TRIGGER if name in _TRIGGERS else STORED if leaf.is_writable() else READ_ONLY
        watches[cells] = (
            WATCH_ALWAYS if name in _CONCERN_ALWAYS else WATCH_BUSY if name in _CONCERN_RUNNING_EVENTS else WATCH_NEVER
        )
        for window in np.unique(addresses >> BLOCK_SHIFT).tolist():
            inside = cells[(addresses >> BLOCK_SHIFT) == window]
            blocks[inside] = len(names)
            names.append(f"{name}@{window << BLOCK_SHIFT:#010x}")
    _overlay_default_chip(pages, resets, kinds)
    resets &= masks
    for array in (pages, masks, kinds, watches, resets, blocks):
        array.flags.writeable = False
    return CellMap(pages, masks, kinds, watches, resets, blocks, tuple(names))


def in_synapse_array(addresses: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether addresses lie in a window of a synapse array."""
    inside: NDArray[np.bool_] = np.equal(addresses.astype(np.int64) & SYNAPSE_WINDOWS_MASK, SYNAPSE_WINDOWS)
    return inside


def _lies_in_synapse_array(leaf: type[containers.Container]) -> bool:
    return bool(in_synapse_array(_addresses(leaf)[:1]).all())


def _addresses(leaf: type[containers.Container]) -> NDArray[np.int64]:
    way = next(way for way in leaf.backends if way in _CHIP_WAYS)
    size = leaf.coordinate_type.size  # type: ignore[attr-defined]  # places of leaves on a bus are numbered
    return leaf.addresses_of(np.arange(size), read=not leaf.is_writable(), backend=way).astype(np.int64)


def _default_words(leaf: type[containers.Container], n: int) -> NDArray[np.uint32]:
    return leaf.encode_columns(leaf.default_columns(n), np.arange(n))


def _overlay_default_chip(pages: NDArray[np.int32], resets: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> None:
    chip = containers.Chip
    addresses, words = chip.write_addresses().astype(np.int64), chip().encode()
    outside = ~in_synapse_array(addresses) & (addresses < 1 << ADDRESS_BITS)  # memory of the FPGA belongs to Chip too
    addresses, words = addresses[outside], words[outside]
    cells = cells_at(pages, addresses)
    cap_mem = (addresses >= 0x140000) & (addresses < 0x160000) & (addresses % 0x8000 < 0x2000)
    kept = ~cap_mem & (kinds[cells] == STORED)
    resets[cells[kept]] = words[kept]
