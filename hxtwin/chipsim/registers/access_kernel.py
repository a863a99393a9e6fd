"""Accesses to the registers and memories of the chip, many at a time.

====================  =====================================================================================
address               answered by
====================  =====================================================================================
bits 25, 23, 22 set   the synapse array of hemisphere ``bit 24``: one memory, five windows, CADC latches
page table entry      a cell: masked word, read-only word, or trigger
anything else         nothing: writes are ignored, reads give 0, the address is reported (rule 9)
====================  =====================================================================================

Windows of a synapse array, offset o from its base (reference: omnibus-map.md 2): o >> 16 = 0 low 6 bits of the weight
bytes, 1 their top 2 bits, 2 top 2 bits of the label bytes, 4 low 6 bits of the label bytes, 8 and 0xc CADC results,
9 correlation and neuron resets, 0xf raw bytes. Byte enables select quad entries in all of them (rule 12).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hxtwin.chipsim.compiled import inner_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.compiled import Integer

LANES: Final = 0x0F
"""Byte enables in the flags of an access."""
READ: Final = 0x10
"""Flag of a read."""

TRIGGERS_CONVERSION: Final = 2
"""A read of this kind starts a CADC conversion, see `reads_of_cadc`."""

DONE: Final = 0
"""All accesses that are due have been made."""
WATCHED: Final = 1
"""The next access concerns another unit."""

_SYNAPSE_MASK: Final = 0xFEC00000
_SYNAPSE_BASE: Final = 0x02C00000
_ROWS: Final = 258
_QUADS: Final = 64
_LOW_6: Final = np.uint32(0x3F3F3F3F)
_TOP_2: Final = np.uint32(0x03030303)
_6: Final = np.uint32(6)
_0: Final = np.uint32(0)


@inner_kernel
def lanes_to_mask(lanes: Integer) -> np.uint32:
    """Bits of the enabled byte lanes, ``uint32``."""
    mask = 0
    for lane in range(4):
        if (lanes >> lane) & 1:
            mask |= 0xFF << (8 * lane)
    return np.uint32(mask)


@inner_kernel
def synapse_window(offset: Integer) -> Integer:
    """Window of an offset in a synapse array: its number, or -1 if nothing lies there."""
    window = (offset >> 16) & 0x1F
    buffered = (offset >> 21) & 1
    index = offset & 0xFFFF
    if window in (8, 12):
        return window if index < 256 * _QUADS else -1
    if buffered:
        return -1
    if window in (0, 1, 2, 4):
        return window if index < _ROWS * _QUADS else -1
    if window == 9:
        return window if index < 257 * _QUADS else -1
    if window == 15:
        return window if index < _ROWS * 2 * _QUADS else -1
    return -1


@inner_kernel
def reads_of_cadc(address: Integer) -> int:
    """1: address of a buffered CADC result; 2: of one that triggers a conversion; 0: neither."""
    if address & _SYNAPSE_MASK != _SYNAPSE_BASE or synapse_window(address & 0x3FFFFF) not in (8, 12):
        return 0
    return 1 if address & 0x200000 else TRIGGERS_CONVERSION


@inner_kernel
def watch_of(address: Integer, flags: Integer, pages: NDArray[np.int32], watches: NDArray[np.uint8]) -> int:
    """How much an access concerns other units: 0 not at all, 1 while events run, 2 always."""
    if address & _SYNAPSE_MASK == _SYNAPSE_BASE:
        window = synapse_window(address & 0x3FFFFF)
        return 2 if window == 9 and not flags & READ else 0
    if address >> 26:
        return 0
    first = pages[address >> 8]
    return 0 if first < 0 else int(watches[first + (address & 0xFF)])


@inner_kernel
def first_concern(
    addresses: NDArray[np.uint32], flags: NDArray[np.uint8], pages: NDArray[np.int32], watches: NDArray[np.uint8]
) -> int:
    """Index of the first access that is a write or concerns other units while events run; their number if none."""
    for i in range(flags.size):
        if flags[i] & READ == 0 or watch_of(np.int64(addresses[i]), np.int64(flags[i]), pages, watches) > 0:
            return i
    return int(flags.size)


class AccessList(NamedTuple):
    """Accesses in the order in which they are made.

    Attributes:
        cycles: chip cycle of each, ascending, ``int64[n]``.
        addresses: word addresses, ``uint32[n]``.
        words: of the writes, ``uint32[n]``.
        flags: byte enables, and `READ`, ``uint8[n]``.
        numbers: of the reads, ``int64[n]``.
    """

    cycles: NDArray[np.int64]
    addresses: NDArray[np.uint32]
    words: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    numbers: NDArray[np.int64]


class Registers(NamedTuple):
    """What accesses read and change.

    Attributes:
        pages: page table, as are `masks`, `kinds`, `watches`, `blocks` parts of the `CellMap`.
        masks: bits that exist.
        kinds: 1 stored, 2 read-only, 3 trigger.
        watches: see `watch_of`.
        blocks: block of each cell.
        cells: words of the cells; changed.
        concerns: bit c of a block: its changes concern consumer c, ``uint8[blocks]``.
        changed: ``uint8[blocks]``; gets the bits of those whom a changed word concerns.
        synapses: ``uint32[2, 258, 64, 2]``, weight bytes and label bytes of each quad; changed.
        changed_rows: ``uint8[2, 258]``; 0xff where a word of the row changed.
        marks: number of changes that concern anybody, ``int64[1]``; changed.
        cadc: ``uint8[2, 2, 256]``: latched results by hemisphere, causal/acausal, column.
    """

    pages: NDArray[np.int32]
    masks: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    watches: NDArray[np.uint8]
    blocks: NDArray[np.int32]
    cells: NDArray[np.uint32]
    concerns: NDArray[np.uint8]
    changed: NDArray[np.uint8]
    synapses: NDArray[np.uint32]
    changed_rows: NDArray[np.uint8]
    marks: NDArray[np.int64]
    cadc: NDArray[np.uint8]


class Found(NamedTuple):
    """What accesses bring back.

    Attributes:
        words: that were read, ``uint32[n]``.
        numbers: of the reads, ``int64[n]``.
        unmapped: addresses that are not mapped; as many as fit, ``int64[m]``.
    """

    words: NDArray[np.uint32]
    numbers: NDArray[np.int64]
    unmapped: NDArray[np.int64]


@inner_kernel
def _latch(results: NDArray[np.uint8], cadc: NDArray[np.uint8]) -> None:
    for kind in range(results.shape[0]):
        for column in range(results.shape[1]):
            cadc[kind, column] = results[kind, column]


@inner_kernel
def apply_accesses(
    accesses: AccessList,
    first: int,
    end: int,
    last_cycle: int,
    watch_level: int,
    registers: Registers,
    latch_cycles: NDArray[np.int64],
    latch_hemispheres: NDArray[np.int64],
    latch_results: NDArray[np.uint8],
    found: Found,
    n_answers: int,
    n_unmapped: int,
) -> tuple[int, int, int, int]:
    """Makes accesses in order, up to a cycle or to one that concerns another unit.

    Args:
        accesses: all that are known.
        first: first access to make.
        end: index behind the last one.
        last_cycle: last chip cycle to cover.
        watch_level: stop in front of accesses whose watch reaches this level; 3 = never.
        registers: read and changed.
        latch_cycles: cycles in which results of conversions are latched, ascending, none after `last_cycle`;
            `latch_hemispheres` where, `latch_results` the results, ``uint8[n, 2, 256]``.
        found: receives what is read.
        n_answers: words read before, and unmapped addresses found before, `n_unmapped`.

    Returns:
        Index behind the last access made; number of answers; number of unmapped addresses; `DONE` or `WATCHED`.
    """
    cycles, addresses, words, flags = accesses.cycles, accesses.addresses, accesses.words, accesses.flags
    pages, kinds, cells, synapses = registers.pages, registers.kinds, registers.cells, registers.synapses
    answers, unmapped = found.words, found.unmapped
    latched = 0
    i = first
    while i < end and cycles[i] <= last_cycle:
        while latched < latch_cycles.size and latch_cycles[latched] <= cycles[i]:
            _latch(latch_results[latched], registers.cadc[latch_hemispheres[latched]])
            latched += 1
        address = np.int64(addresses[i])
        flag = np.int64(flags[i])
        if watch_level < 3 and watch_of(address, flag, pages, registers.watches) >= watch_level:
            return i, n_answers, n_unmapped, WATCHED
        lanes = lanes_to_mask(flag & LANES)
        is_read = flag & READ != 0
        answer = _0
        known: bool | np.bool_ = False
        if address & _SYNAPSE_MASK == _SYNAPSE_BASE:
            offset = address & 0x3FFFFF
            hemisphere = (address >> 24) & 1
            window = synapse_window(offset)
            index = offset & 0xFFFF
            known = window >= 0
            if window in (8, 12):
                kind = 0 if window == 8 else 1
                quad = index % _QUADS
                for entry in range(4):
                    column = 8 * (quad % 32) + 2 * entry + quad // 32
                    answer = np.uint32((np.int64(answer) << 8) | np.int64(registers.cadc[hemisphere, kind, column]))
            elif known and window != 9:
                row = index // (2 * _QUADS) if window == 15 else index // _QUADS
                quad = index % _QUADS
                half = (index // _QUADS) % 2 if window == 15 else window // 2 if window != 1 else 0
                half = 1 if half else 0
                old = synapses[hemisphere, row, quad, half]
                top = window in (1, 2)
                visible = _TOP_2 << _6 if top else _LOW_6 if window != 15 else np.uint32(0xFFFFFFFF)
                if is_read:
                    answer = old & visible
                    if top:
                        answer = answer >> _6
                else:
                    word = words[i]
                    if top:
                        word = (word & _TOP_2) << _6
                    enabled = lanes & visible
                    new = (old & ~enabled) | (word & enabled)
                    if new != old:
                        synapses[hemisphere, row, quad, half] = new
                        registers.changed_rows[hemisphere, row] = 0xFF
                        registers.marks[0] += 1
        elif address < 1 << 26 and pages[address >> 8] >= 0:
            cell = pages[address >> 8] + (address & 0xFF)
            kind_of_cell = kinds[cell]
            known = kind_of_cell != 0
            if is_read:
                answer = cells[cell]
            elif kind_of_cell == 1:
                new = ((cells[cell] & ~lanes) | (words[i] & lanes)) & registers.masks[cell]
                if new != cells[cell]:
                    cells[cell] = new
                    concerned = registers.concerns[registers.blocks[cell]]
                    registers.changed[registers.blocks[cell]] |= concerned
                    registers.marks[0] += concerned != 0
        if not known and n_unmapped < unmapped.size:
            unmapped[n_unmapped] = address
            n_unmapped += 1
        if is_read:
            answers[n_answers] = answer
            found.numbers[n_answers] = accesses.numbers[i]
            n_answers += 1
        i += 1
    while latched < latch_cycles.size:
        _latch(latch_results[latched], registers.cadc[latch_hemispheres[latched]])
        latched += 1
    return i, n_answers, n_unmapped, DONE
