"""The register file: what was written is all that is known of the chip.

================  ==========================================  ==================================================
state             shape                                       content
================  ==========================================  ==================================================
``cells``         ``uint32[n]``                               every mapped word outside the synapse arrays
``synapses``      ``uint32[2, 258, 64, 2]``                   hemisphere, row, quad, (weight bytes, label bytes)
``cadc``          ``uint8[2, 2, 256]``                        latched CADC results, filled by the readout
changes           one bit per consumer                        blocks and synapse rows changed since `take_changes`
================  ==========================================  ==================================================

Rows 256 and 257 of the synapse memory are the column switches. Reference: omnibus-map.md 1 and 2,
simulator-decisions.md 1, 9-12.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.chipsim.parameters import NEVER
from hxtwin.chipsim.registers import access_kernel
from hxtwin.chipsim.registers.cell_map import SYNAPSE_WINDOWS, SYNAPSE_WINDOWS_MASK, CellMap, chip_cells

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from hxtwin import containers
    from hxtwin.chipsim.probe import Probe

SYNAPSE_ROWS: Final = 258
"""256 rows of synapses and two of column switches."""
QUADS: Final = 64
"""Words of a row in one half."""
MOST_UNMAPPED: Final = 64
"""Unmapped addresses that are told of at a time."""
_NO_STOP: Final = 3


@attrs.frozen(eq=False)
class Accesses:
    """Accesses to the chip in the order in which they are made.

    Attributes:
        cycles: chip cycle at the register, ascending, ``int64[n]``.
        addresses: ``uint32[n]``.
        words: words of the writes, ``uint32[n]``.
        flags: byte enables in bits 3..0, read in bit 4, ``uint8[n]``.
        numbers: number of each read, by which its answer finds its place; -1 for writes; ``int64[n]``.
    """

    cycles: NDArray[np.int64]
    addresses: NDArray[np.uint32]
    words: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.cycles)

    @property
    def listed(self) -> access_kernel.AccessList:
        """As the kernels take them."""
        return access_kernel.AccessList(self.cycles, self.addresses, self.words, self.flags, self.numbers)

    @classmethod
    def of(cls, cycle: int, address: int, word: int, flags: int) -> Accesses:
        """One access."""
        return cls(
            np.array([cycle], np.int64),
            np.array([address], np.uint32),
            np.array([word], np.uint32),
            np.array([flags], np.uint8),
            np.array([-1], np.int64),
        )

    @classmethod
    def none(cls) -> Accesses:
        """No access."""
        nothing = np.empty(0, np.uint32)
        return cls(np.empty(0, np.int64), nothing, nothing, np.empty(0, np.uint8), np.empty(0, np.int64))

    def joined(self, later: Accesses) -> Accesses:
        """These accesses and `later` issued ones, by ascending cycle."""
        if not len(later):
            return self
        both = Accesses(
            np.concatenate([self.cycles, later.cycles]),
            np.concatenate([self.addresses, later.addresses]),
            np.concatenate([self.words, later.words]),
            np.concatenate([self.flags, later.flags]),
            np.concatenate([self.numbers, later.numbers]),
        )
        if np.any(both.cycles[1:] < both.cycles[:-1]):  # reads of CADC results wait for their turn
            return both.part(np.argsort(both.cycles, kind="stable"))
        return both

    def part(self, selection: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Accesses:
        """Some of the accesses."""
        return Accesses(
            self.cycles[selection],
            self.addresses[selection],
            self.words[selection],
            self.flags[selection],
            self.numbers[selection],
        )


@attrs.frozen(eq=False)
class Latches:
    """Results of CADC conversions and when they are latched.

    Attributes:
        cycles: chip cycles, ascending, ``int64[n]``; accesses in the cycle read the new results.
        hemispheres: ``int64[n]``.
        results: causal and acausal, ``uint8[n, 2, 256]``.
    """

    cycles: NDArray[np.int64]
    hemispheres: NDArray[np.int64]
    results: NDArray[np.uint8]


_NO_LATCHES: Final = Latches(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 2, 256), np.uint8))


class Consumer(IntEnum):
    """Who asks for changes; each has a memory of its own."""

    ELABORATION = 0
    NEURON_OUTPUTS = 1


@attrs.frozen(eq=False)
class Reads:
    """Words that were read.

    Attributes:
        numbers: numbers of the reads, ``int64[n]``.
        words: ``uint32[n]``.
    """

    numbers: NDArray[np.int64]
    words: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.words)


@attrs.frozen(eq=False)
class Changes:
    """What was written since the last look.

    Attributes:
        blocks: ``bool[blocks]``, see `CellMap.block_names`.
        synapse_rows: ``bool[2, 258]``.
    """

    blocks: NDArray[np.bool_]
    synapse_rows: NDArray[np.bool_]


class RegisterFile:
    """All registers and memories of one chip."""

    def __init__(self, probe: Probe | None = None) -> None:
        self._probe = probe
        self.map: Final[CellMap] = chip_cells()
        self.cells: Final = np.empty_like(self.map.resets)
        self.synapses: Final = np.empty((2, SYNAPSE_ROWS, QUADS, 2), dtype=np.uint32)
        self.cadc: Final = np.zeros((2, 2, 256), dtype=np.uint8)
        self._changed = np.empty(len(self.map.block_names), dtype=np.uint8)
        self._changed_rows = np.empty((2, SYNAPSE_ROWS), dtype=np.uint8)
        self._concerns = np.full(len(self.map.block_names), (1 << len(Consumer)) - 1, dtype=np.uint8)
        self._marks = np.zeros(1, dtype=np.int64)
        self._taken = dict.fromkeys(Consumer, -1)
        self._unmapped = np.empty(MOST_UNMAPPED, dtype=np.int64)
        self._cells_of: dict[type[containers.Container], NDArray[np.int64]] = {}
        cells = self.map
        self.tables: Final = access_kernel.Registers(
            cells.pages,
            cells.masks,
            cells.kinds,
            cells.watches,
            cells.blocks,
            self.cells,
            self._concerns,
            self._changed,
            self.synapses,
            self._changed_rows,
            self._marks,
            self.cadc,
        )
        self.reset()

    def reset(self) -> None:
        """Every word takes its value after a chip reset (rule 1); everything counts as changed."""
        self.cells[:] = self.map.resets
        self.synapses[:] = 0
        self.cadc[:] = 0
        self._changed[:] = 0xFF
        self._changed_rows[:] = 0xFF
        self._marks += 1

    def concern(self, consumer: Consumer, classes: Collection[str]) -> None:
        """From now on only changes of containers of these classes, and of synapse rows, concern a consumer."""
        bit = np.uint8(1 << consumer)
        concerned = np.array([name.split("@")[0] in classes for name in self.map.block_names])
        self._concerns[concerned] |= bit
        self._concerns[~concerned] &= ~bit

    def has_changes(self, consumer: Consumer) -> bool:
        """Whether `take_changes` would give any."""
        if self._taken[consumer] == self._marks[0]:
            return False
        bit = np.uint8(1 << consumer)
        changed = bool((self._changed & bit).any() or (self._changed_rows & bit).any())
        if not changed:
            self._taken[consumer] = int(self._marks[0])
        return changed

    def take_changes(self, consumer: Consumer) -> Changes:
        """What changed since the last call for the same consumer, or since the last reset."""
        bit = np.uint8(1 << consumer)
        found = Changes((self._changed & bit) != 0, (self._changed_rows & bit) != 0)
        self._changed &= ~bit
        self._changed_rows &= ~bit
        self._taken[consumer] = int(self._marks[0])
        return found

    def watch(self, accesses: Accesses, index: int) -> int:
        """How much one access concerns other units, see `access_kernel.watch_of`."""
        return int(
            access_kernel.watch_of(
                int(accesses.addresses[index]), int(accesses.flags[index]), self.map.pages, self.map.watches
            )
        )

    def quiet_until(self, accesses: Accesses) -> int:
        """Last cycle before the first access that is a write or concerns other units; `NEVER` if there is none."""
        index = int(access_kernel.first_concern(accesses.addresses, accesses.flags, self.map.pages, self.map.watches))
        return int(accesses.cycles[index]) - 1 if index < len(accesses) else NEVER

    def apply(
        self,
        accesses: Accesses,
        first: int,
        last_cycle: int,
        stop_at_watch: int = _NO_STOP,
        latches: Latches = _NO_LATCHES,
    ) -> tuple[int, Reads, list[int], bool]:
        """Makes accesses from `first` up to a cycle, or to one whose watch reaches `stop_at_watch`.

        Args:
            accesses: in the order in which they are made.
            first: index of the first one.
            last_cycle: last chip cycle to cover.
            stop_at_watch: see `access_kernel.watch_of`; 3: never.
            latches: CADC results that are latched on the way, none after the last cycle.

        Returns:
            Index behind the last access made, words read, unmapped addresses, whether a watched access stands next.
        """
        index, reads, unmapped, stop = self._apply(accesses, first, last_cycle, stop_at_watch, latches)
        if self._probe is not None:
            self._probe.accesses(accesses.part(slice(first, index)), reads.words)
        return index, reads, unmapped, stop

    def _apply(
        self,
        accesses: Accesses,
        first: int,
        last_cycle: int,
        stop_at_watch: int,
        latches: Latches = _NO_LATCHES,
    ) -> tuple[int, Reads, list[int], bool]:
        due = int(np.searchsorted(accesses.cycles, last_cycle, side="right"))
        room = max(due - first, 0)
        found = access_kernel.Found(np.empty(room, np.uint32), np.empty(room, np.int64), self._unmapped)
        index, n_answers, n_unmapped, stop = access_kernel.apply_accesses(
            accesses.listed,
            first,
            len(accesses),
            last_cycle,
            stop_at_watch,
            self.tables,
            latches.cycles,
            latches.hemispheres,
            latches.results,
            found,
            0,
            0,
        )
        unmapped: list[int] = self._unmapped[:n_unmapped].tolist()
        reads = Reads(found.numbers[:n_answers], found.words[:n_answers])
        return int(index), reads, unmapped, stop == access_kernel.WATCHED

    def read(self, address: int) -> int:
        """Word at an address, without any side effect; 0 if there is none."""
        _, reads, _, _ = self._apply(Accesses.of(0, address, 0, access_kernel.READ), 0, 0, _NO_STOP)
        return int(reads.words[0])

    def is_mapped(self, address: int) -> bool:
        """Whether something lies at an address of the chip."""
        if address & SYNAPSE_WINDOWS_MASK == SYNAPSE_WINDOWS:
            return bool(access_kernel.synapse_window(address & ~SYNAPSE_WINDOWS_MASK & 0x3FFFFF) >= 0)
        return self.map.cell(address) >= 0

    def words_of(self, container: type[containers.Container]) -> NDArray[np.uint32]:
        """Words of all containers of a class outside the synapse arrays, ``uint32[coordinates, words]``."""
        if container not in self._cells_of:
            self._cells_of[container] = self.map.cells_of(container)
        return self.cells[self._cells_of[container]]
