"""The chip: registers, event network and readout, advanced together in chip cycles of 4 ns.

Order within a chip cycle (rule 28): events first, in the order neuron, background, link; then register accesses, which
act at the end of their cycle. Reference: simulator-decisions.md 1, 7, 15, 26-34, 38.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import containers
from hxtwin.chipsim.elaborate.neurons import BACKEND_OF_CIRCUIT
from hxtwin.chipsim.lockstep import BURST_CYCLES, Lockstep
from hxtwin.chipsim.observers import HOLD_CYCLES, Conversion, Observers
from hxtwin.chipsim.options import DEFAULT_OPTIONS
from hxtwin.chipsim.parameters import NEVER
from hxtwin.chipsim.readout.cadc import CadcTiming
from hxtwin.chipsim.readout.triggers import conversion_trigger, correlation_reset
from hxtwin.chipsim.registers.access_kernel import READ
from hxtwin.chipsim.registers.cell_map import SYNAPSE_WINDOWS, SYNAPSE_WINDOWS_MASK, WATCH_ALWAYS, WATCH_BUSY
from hxtwin.chipsim.registers.register_file import Accesses, Latches, Reads, RegisterFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.events.network import EventNetwork
    from hxtwin.chipsim.once_log import OnceLog
    from hxtwin.chipsim.options import TwinOptions
    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.probe import Probe
    from hxtwin.chipsim.readout.board_voltages import BoardVoltages
    from hxtwin.chipsim.readout.madc import MadcSamples
    from hxtwin.chipsim.readout.triggers import ConversionTrigger

_RESETS: Final = containers.CommonNeuronBackendConfig
_WATCHED_UNITS: Final = (
    containers.BackgroundSpikeSource,
    containers.PADIEvent,
    _RESETS,
    containers.NeuronReset,
    containers.BlockPostPulse,
    containers.SpikeCounterReset,
    containers.PPUControlRegister,
    containers.CommonPhyConfigChip,
    containers.ADPLL,
    containers.MADCControl,
)
_HEMISPHERE_BIT: Final = 24
CIRCUIT_OF_BACKEND: Final = np.argsort(BACKEND_OF_CIRCUIT)
_NEURON_RESET_ROW: Final = 256


class Chip:
    """One chip. All times are chip cycles.

    Attributes:
        registers: the register file.
        link_written: (cycle, address) of writes that concern the links, for the owner to take.
    """

    def __init__(
        self,
        parameters: Parameters,
        log: OnceLog,
        options: TwinOptions = DEFAULT_OPTIONS,
        probe: Probe | None = None,
    ) -> None:
        self._log = log
        self.registers: Final = RegisterFile(probe)
        self._lockstep = Lockstep(self.registers, parameters, options, probe)
        self._observers = Observers(self.registers, parameters, options, self._lockstep)
        self.cadc: Final = CadcTiming(parameters)
        self._accesses = Accesses.none()
        self._reads: list[Reads] = []
        self._unit_of_cell = self._unit_table()
        self._reset_cells = {
            address: self.registers.map.cell(address) for address in _RESETS.addresses_of(np.arange(2)).ravel().tolist()
        }
        self.link_written: list[tuple[int, int]] = []
        self._last_write = -NEVER
        self._words_to_be: dict[int, int] = {}
        self._conversion_steps: list[tuple[int, int, int, bool, Conversion]] = []

    # --- what arrives ---------------------------------------------------------------------------------------------

    def take_accesses(self, accesses: Accesses) -> None:
        """Accesses over the link, in the order of their arrival."""
        if not (accesses.flags & READ).all():
            self._words_to_be.clear()
        self._accesses = self._accesses.joined(accesses)

    def take_link_events(self, cycles: NDArray[np.int64], labels: NDArray[np.uint16]) -> None:
        """Labels over the link and the chip cycles in which they reach the crossbar."""
        self._lockstep.events.take_link_events(cycles, labels)

    def word_to_be(self, address: int) -> int:
        """Word of a register once all accesses under way have been made."""
        if address not in self._words_to_be:
            pending = self._accesses
            written = np.flatnonzero((pending.addresses == address) & ((pending.flags & READ) == 0))
            known = int(pending.words[written[-1]]) if len(written) else self.registers.read(address)
            self._words_to_be[address] = known
        return self._words_to_be[address]

    @property
    def pending_accesses(self) -> Accesses:
        """Accesses that have not arrived yet."""
        return self._accesses

    # --- what leaves ----------------------------------------------------------------------------------------------

    def take_reads(self) -> Reads:
        """Words read over the link since the last call."""
        reads, self._reads = self._reads, []
        if not reads:
            return Reads(np.empty(0, np.int64), np.empty(0, np.uint32))
        return Reads(np.concatenate([part.numbers for part in reads]), np.concatenate([part.words for part in reads]))

    def take_recorded(self) -> NDArray[np.int64]:
        """Spikes on their way to the FPGA: chip cycle, FPGA cycle of arrival, label; ``int64[n, 3]``."""
        return self._lockstep.take_recorded()

    def take_samples(self) -> list[MadcSamples]:
        """Samples of the membrane ADC on their way to the FPGA."""
        return self._observers.take_samples()

    @property
    def board(self) -> BoardVoltages:
        """Voltages that the board puts on the chip; call `board_changed` after a change."""
        return self._observers.board

    def board_changed(self, cycle: int) -> None:
        """The board's voltages have changed in a cycle."""
        self.advance(cycle, complete=True)
        self._observers.board_changed()

    def set_madc_clock(self, cycle: int, hertz: float) -> None:
        """The clock of the membrane ADC has a frequency from a cycle on that is not before the present."""
        self._observers.set_madc_clock(cycle, hertz)

    @property
    def events(self) -> EventNetwork:
        """Crossbar, buses and background sources."""
        return self._lockstep.events

    # --- time -----------------------------------------------------------------------------------------------------

    def reset(self, cycle: int) -> None:
        """Chip reset in a cycle: registers and units as in rules 1 and 7; what was under way is lost."""
        self.advance(cycle, complete=True)
        self.registers.reset()
        self._words_to_be.clear()
        self._conversion_steps.clear()
        self._lockstep.reset(cycle)
        self._observers.reset()
        reads = (self._accesses.flags & READ) != 0  # their answers are promised: they read the state after the reset
        self._accesses = self._accesses.part(reads)

    @property
    def session_cycles(self) -> int:
        """Sessions begin at multiples of so many cycles."""
        return self._lockstep.analog.session_cycles

    def start_session(self, cycle: int) -> None:
        """A connection begins in a cycle up to which the chip has been advanced: noise counts from here (rule 6)."""
        self._lockstep.start_session(cycle)
        self._observers.start_session(cycle)

    def advance(self, until: int, *, complete: bool = False) -> None:
        """Makes all accesses, conversions and events up to and including a cycle.

        Args:
            until: last cycle.
            complete: accesses that wait for the event network are made early, too, not with the next call. The program
                alone must determine `until` then, and not how it is cut into calls.
        """
        while True:
            due = self._next_step
            if due > until:
                if self._advance_accesses(until, complete=complete):
                    break
            elif self._conversion_steps and self._conversion_steps[0][0] == due:
                self._make_conversion_step(until)
            elif self._advance_accesses(due - 1, complete=True):
                self._lockstep.advance(due)
                self._observers.end_observation(due)
        self._lockstep.advance(until)

    @property
    def _next_step(self) -> int:
        """Next cycle in which a conversion begins or ends, or an observation ends."""
        conversion = self._conversion_steps[0][0] if self._conversion_steps else NEVER
        return min(conversion, self._observers.observation_end)

    def _make_conversion_step(self, until: int) -> None:
        """Begin or end of a conversion; as long as nothing disturbs, many of them at once."""
        cycle, _, _, is_end, conversion = self._conversion_steps[0]
        observers, lockstep = self._observers, self._lockstep
        undisturbed = not lockstep.is_stale and cycle <= self._undisturbed_until
        if is_end and undisturbed and observers.may_run_ahead:
            self._make_conversions(until)
            return
        seen_on = not is_end and undisturbed and observers.sees(conversion.hemisphere)
        if not seen_on and not self._advance_accesses(cycle - 1, complete=True):
            return
        heapq.heappop(self._conversion_steps)
        if not is_end:
            if not seen_on:
                lockstep.advance(cycle)
            observers.begin_conversion(conversion)
            return
        if lockstep.reached <= cycle:
            lockstep.advance(cycle)
        self.registers.cadc[conversion.hemisphere] = observers.finish_conversions([conversion])[0]

    @property
    def _undisturbed_until(self) -> int:
        """Last cycle before settings may change: before the first access that matters, or cells are looked at."""
        return min(self.registers.quiet_until(self._accesses), self._lockstep.settled_cycle - 1)

    def _make_conversions(self, until: int) -> None:
        """The end of a conversion, and all conversions that follow closely before a write or an unknown hemisphere.

        The lockstep runs ahead over all of them. The accesses on the way are reads that concern nobody else.
        """
        observers, lockstep = self._observers, self._lockstep
        last = min(until, self._undisturbed_until)
        seen = self._conversion_steps[0][0]
        ended: list[Conversion] = []
        begun: list[Conversion] = []
        while self._conversion_steps:
            step, _, _, is_end, conversion = self._conversion_steps[0]
            if step > last or step > seen + HOLD_CYCLES or not (is_end or observers.sees(conversion.hemisphere)):
                break
            heapq.heappop(self._conversion_steps)
            seen = step
            (ended if is_end else begun).append(conversion)
        lockstep.advance(max(seen, lockstep.reached))
        for conversion in begun:
            if conversion.end > seen:
                observers.begin_conversion(conversion)
        latches = Latches(
            np.array([conversion.end for conversion in ended]),
            np.array([conversion.hemisphere for conversion in ended]),
            observers.finish_conversions(ended),
        )
        done, answers, unmapped, _ = self.registers.apply(self._accesses, 0, seen, WATCH_BUSY, latches)
        self._account(answers, unmapped)
        self._accesses = self._accesses.part(slice(done, None))

    def schedule_conversion(self, hemisphere: int, row: int, begin: int, end: int) -> None:
        """A CADC conversion will begin and end in cycles that have not been passed; its results are then latched.

        Args:
            hemisphere: 0 top, 1 bottom.
            row: synapse row that the read addressed, 0..255.
            begin: first cycle.
            end: cycle in which the results are latched.
        """
        conversion = Conversion(hemisphere, row, begin, end)
        heapq.heappush(self._conversion_steps, (begin, hemisphere, begin, False, conversion))
        heapq.heappush(self._conversion_steps, (end, hemisphere, begin, True, conversion))

    def _start_conversion(self, cycle: int, trigger: ConversionTrigger) -> None:
        """A trigger that does not come over the link: it starts a conversion and reads what was latched before."""
        config, common = (self.registers.read(address) for address in self.cadc.addresses(trigger.hemisphere))
        duration = self.cadc.duration(config, common)
        if duration is not None:
            self.schedule_conversion(trigger.hemisphere, trigger.row, cycle + 1, cycle + 1 + duration)

    def _advance_accesses(self, until: int, *, complete: bool) -> bool:
        """Makes accesses up to a cycle; those that wait for the event network only if `complete`.

        Returns:
            False: one of them has begun or ended an observation, and further ones have not been made.
        """
        lockstep = self._lockstep
        planned = self._next_step
        while len(self._accesses) and self._accesses.cycles[0] <= until:
            if self._next_step != planned:
                return False
            first = int(self._accesses.cycles[0])
            if lockstep.refresh_cycle <= first:
                lockstep.advance(lockstep.refresh_cycle)  # a burst is over, or cells have settled
                continue
            reads = self._leading_reads()
            quiet = lockstep.next_cycle
            due = self._accesses
            if quiet > first and not lockstep.looking:  # who looks sees every write at once, not bursts
                last = max(first, min(self._burst_end(), lockstep.settled_cycle - 1))
                last, level = min(until, quiet - 1, last), WATCH_ALWAYS
            elif reads:
                due, last, level = due.part(slice(reads)), until, WATCH_BUSY
            else:
                if not self._make_moving(until, complete=complete):
                    break
                continue
            done, answers, unmapped, watched = self.registers.apply(due, 0, last, level)
            self._account(answers, unmapped)
            self._note_writes(done)
            self._accesses = self._accesses.part(slice(done, None))
            if not watched:
                continue
            if level == WATCH_ALWAYS:
                self._make_watched(until)
            elif not self._make_moving(until, complete=complete):
                break
        return self._next_step == planned

    def _make_moving(self, until: int, *, complete: bool) -> bool:
        """Makes accesses while events move, each in its turn, up to a cycle or to one that concerns another unit.

        Returns:
            Whether further ones may be due; False: those up to the cycle are made, or wait.
        """
        done, answers, unmapped, is_concern = self._lockstep.make_accesses(self._accesses, until, complete=complete)
        self._account(answers, unmapped)
        self._note_writes(done)
        self._accesses = self._accesses.part(slice(done, None))
        if is_concern:
            self._make_watched(until)
        return is_concern

    def _leading_reads(self) -> int:
        """How many reads stand in front of the first write."""
        writes = (self._accesses.flags & READ) == 0
        return int(np.argmax(writes)) if writes.any() else len(writes)

    def _burst_end(self) -> int:
        """Cycle of the last access before the first pause between writes."""
        writes = np.flatnonzero((self._accesses.flags & READ) == 0)
        cycles = self._accesses.cycles[writes]
        if self._lockstep.is_stale:
            cycles = np.concatenate([[self._last_write], cycles])
        pauses = np.flatnonzero(np.diff(cycles) > BURST_CYCLES)
        return int(cycles[pauses[0] + 1]) - 1 if len(pauses) else NEVER

    def _note_writes(self, done: int) -> None:
        writes = np.flatnonzero((self._accesses.flags[:done] & READ) == 0)
        if len(writes):
            self._last_write = int(self._accesses.cycles[writes[-1]])
            self._lockstep.written(self._last_write)

    def access(self, cycle: int, address: int, word: int, *, is_read: bool) -> int:
        """An access that does not come over the link: advances to the cycle, makes it, returns the word read or 0."""
        self._words_to_be.clear()
        self.advance(cycle, complete=True)
        trigger = conversion_trigger(address) if is_read else None
        if trigger is not None:
            self._start_conversion(cycle, trigger)
        reads, unmapped = self._make_one(Accesses.of(cycle, address, word, READ | 15 if is_read else 15))
        self._report(unmapped)
        return int(reads.words[0]) if is_read else 0

    @property
    def busy(self) -> bool:
        """Whether anything moves or may move without a further access."""
        return self._lockstep.next_cycle < NEVER or self._observers.recording

    def _account(self, reads: Reads, unmapped: list[int]) -> None:
        if len(reads):
            self._reads.append(reads)
        self._report(unmapped)

    def _report(self, unmapped: list[int]) -> None:
        for address in unmapped:
            self._log.once(f"unmapped {address}", f"access to chip address {address:#010x}, where nothing is mapped")

    def _make_watched(self, until: int) -> None:
        """Makes an access that concerns another unit; of those that reset neurons all up to the cycle they act in."""
        self._lockstep.advance(int(self._accesses.cycles[0]))
        together = self._acting_together(until)
        if together:
            self._reset_neurons(self._accesses.part(slice(together)))
        else:
            self._account(*self._make_one(self._accesses.part(slice(1))))
        self._accesses = self._accesses.part(slice(max(together, 1), None))

    def _acting_together(self, until: int) -> int:
        """How many accesses stand in front that hold neurons or release them, all before the first of them acts."""
        accesses = self._accesses
        last = min(until, self._lockstep.prompt_cycle(int(accesses.cycles[0])) - 1)
        for place, address in enumerate(accesses.addresses.tolist()):
            if address not in self._reset_cells or accesses.cycles[place] > last:
                return place
        return len(accesses)

    def _reset_neurons(self, accesses: Accesses) -> None:
        """Makes accesses that stand in front; neurons follow soon after the first that changes anything."""
        changes = -1
        for place, address in enumerate(accesses.addresses.tolist()):
            access = accesses.part(slice(place, place + 1))
            is_write = not access.flags[0] & READ
            if is_write and int(access.words[0]) == int(self.registers.cells[self._reset_cells[address]]):
                continue  # most of them: two words of four do not change
            reads, unmapped, _ = self.registers.apply(access, 0, int(access.cycles[0]))[1:]
            self._account(reads, unmapped)
            if is_write and changes < 0 and self._lockstep.is_stale:
                changes = int(access.cycles[0])
        self._note_writes(len(accesses))
        if changes >= 0:
            self._lockstep.written_promptly(changes)

    def _make_one(self, accesses: Accesses) -> tuple[Reads, list[int]]:
        """Makes the single access, and what it causes elsewhere."""
        cycle, address = int(accesses.cycles[0]), int(accesses.addresses[0])
        _, reads, unmapped, _ = self.registers.apply(accesses, 0, cycle)
        is_write = not accesses.flags[0] & READ
        if is_write:
            self._last_write = cycle
            self._lockstep.written(cycle)
        if is_write and accesses.flags[0] & 15 and self.registers.watch(accesses, 0) == WATCH_ALWAYS:
            self._written(cycle, address, int(accesses.words[0]))
        return reads, unmapped

    # --- writes that concern other units --------------------------------------------------------------------------

    def _unit_table(self) -> dict[int, tuple[type[containers.Container], int]]:
        table: dict[int, tuple[type[containers.Container], int]] = {}
        for unit in _WATCHED_UNITS:
            cells = self.registers.map.cells_of(unit)
            for place, row in enumerate(cells.tolist()):
                table.update(dict.fromkeys(row, (unit, place)))
        return table

    def _written(self, cycle: int, address: int, word: int) -> None:
        lockstep = self._lockstep
        if address & SYNAPSE_WINDOWS_MASK == SYNAPSE_WINDOWS:
            self._synapses_written(cycle, address, word)
            return
        unit, place = self._unit_of_cell[self.registers.map.cell(address)]
        match unit.__name__:
            case "BackgroundSpikeSource":
                lockstep.events.source_written(cycle, self.registers.map.cell(address))
            case "PADIEvent":
                lockstep.inject(cycle, place, word)
            case "SpikeCounterReset":
                lockstep.outputs.reset_counter(place)
            case "CommonNeuronBackendConfig":
                lockstep.written_promptly(cycle)
            case "NeuronReset":
                lockstep.fire(cycle + 1, CIRCUIT_OF_BACKEND[[place]])
            case "BlockPostPulse":
                lockstep.post(cycle, CIRCUIT_OF_BACKEND[256 * place : 256 * (place + 1)])
            case "PPUControlRegister":
                if word & 1:
                    self._log.once("ppu", f"embedded processor not simulated: run bit of processor {place} was set")
            case "MADCControl":
                self._observers.control_madc(cycle, word)
            case _:
                self.link_written.append((cycle, address))

    def _synapses_written(self, cycle: int, address: int, word: int) -> None:
        if address >> 6 & 0x3FF == _NEURON_RESET_ROW:
            self._reset_quad(cycle, address)
        cleared = correlation_reset(address, word)
        if cleared is not None:
            self._lockstep.clear_correlation(cycle, cleared)

    def _reset_quad(self, cycle: int, address: int) -> None:
        row, quad = address >> _HEMISPHERE_BIT & 1, address & 0x3F
        columns = 8 * (quad % 32) + 2 * np.arange(4) + quad // 32
        self._lockstep.fire(cycle + 1, 256 * row + columns)
