"""The chip: registers, event network and readout, advanced together in chip cycles of 4 ns.

Order within a chip cycle (rule 28): events first, in the order neuron, background, link; then register accesses, which
act at the end of their cycle. Reference: simulator-decisions.md 1, 7, 15, 26-34, 38.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin import containers
from hxtwin.chipsim.events.network import EventNetwork
from hxtwin.chipsim.events.neuron_outputs import NeuronOutputs
from hxtwin.chipsim.events.synaptic_events import NoAnalogCore, SynapticEvents, Triggers
from hxtwin.chipsim.readout.cadc import CadcTiming, NoVoltages
from hxtwin.chipsim.registers.access_kernel import READ, TRIGGERS_CONVERSION, reads_of_cadc
from hxtwin.chipsim.registers.cell_map import SYNAPSE_WINDOWS, SYNAPSE_WINDOWS_MASK, WATCH_ALWAYS, WATCH_BUSY
from hxtwin.chipsim.registers.register_file import Accesses, Reads, RegisterFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.events.synaptic_events import AnalogCore
    from hxtwin.chipsim.once_log import OnceLog
    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.readout.cadc import ConversionSource

_WATCHED_UNITS: Final = (
    containers.BackgroundSpikeSource,
    containers.PADIEvent,
    containers.NeuronReset,
    containers.BlockPostPulse,
    containers.SpikeCounterReset,
    containers.PPUControlRegister,
    containers.CommonPhyConfigChip,
    containers.ADPLL,
    containers.MADCControl,
)
_HEMISPHERE_BIT: Final = 24
_NEURON_RESET_ROW: Final = 256


class Chip:
    """One chip. All times are chip cycles.

    Attributes:
        registers: the register file.
        events: the event network.
        link_written: (cycle, address) of writes that concern the links, for the owner to take.
    """

    def __init__(
        self,
        parameters: Parameters,
        log: OnceLog,
        analog: AnalogCore | None = None,
        conversions: ConversionSource | None = None,
    ) -> None:
        self._parameters = parameters
        self._log = log
        self.registers: Final = RegisterFile()
        self.events: Final = EventNetwork(self.registers, parameters)
        self._neurons = NeuronOutputs(self.registers, parameters)
        self._analog: AnalogCore = analog if analog is not None else NoAnalogCore(log)
        self._conversions: ConversionSource = conversions if conversions is not None else NoVoltages(log)
        self.cadc: Final = CadcTiming(parameters)
        self._accesses = Accesses.none()
        self._reads: list[Reads] = []
        self._recorded: list[NDArray[np.int64]] = []
        self._synaptic = np.empty((0, 5), dtype=np.int64)
        self._unit_of_cell = self._unit_table()
        #: Crossbar input to synapse takes so many cycles: the analog core may be that far ahead of the crossbar.
        self._synapse_slack = parameters.crossbar_cycles + parameters.padi_to_synapse
        self._routed = -1
        self._integrated = -1
        self.link_written: list[tuple[int, int]] = []
        self._conversion_steps: list[tuple[int, int, int, int]] = []

    # --- what arrives ---------------------------------------------------------------------------------------------

    def take_accesses(self, accesses: Accesses) -> None:
        """Accesses over the link, in the order of their arrival."""
        self._accesses = self._accesses.joined(accesses)

    def take_link_events(self, cycles: NDArray[np.int64], labels: NDArray[np.uint16]) -> None:
        """Labels over the link and the chip cycles in which they reach the crossbar."""
        self.events.take_link_events(cycles, labels)

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
        recorded, self._recorded = self._recorded, []
        return np.concatenate(recorded) if recorded else np.empty((0, 3), dtype=np.int64)

    # --- time -----------------------------------------------------------------------------------------------------

    def reset(self, cycle: int) -> None:
        """Chip reset in a cycle: registers and units as in rules 1 and 7; what was under way is lost."""
        self.advance(cycle)
        self.registers.reset()
        self.events.reset(cycle + 1)
        self._neurons.reset()
        self._synaptic = self._synaptic[:0]
        self._analog.reset(cycle)
        self._conversion_steps.clear()
        reads = (self._accesses.flags & READ) != 0  # their answers are promised: they read the state after the reset
        self._accesses = self._accesses.part(reads)

    def advance(self, until: int) -> None:
        """Makes all accesses, conversions and events up to and including a cycle."""
        while self._conversion_steps and self._conversion_steps[0][0] <= until:
            cycle, hemisphere, begin, is_end = heapq.heappop(self._conversion_steps)
            self._advance_accesses(cycle - 1)
            self._run(cycle)
            if is_end:
                self.registers.cadc[hemisphere] = self._conversions.finish(hemisphere, begin, cycle)
            else:
                self._conversions.begin(hemisphere, begin)
        self._advance_accesses(until)
        self._run(until)

    def schedule_conversion(self, hemisphere: int, begin: int, end: int) -> None:
        """A CADC conversion will begin and end in cycles that have not been passed; its results are then latched."""
        heapq.heappush(self._conversion_steps, (begin, hemisphere, begin, 0))
        heapq.heappush(self._conversion_steps, (end, hemisphere, begin, 1))

    def _start_conversion(self, cycle: int, hemisphere: int) -> None:
        """A trigger that does not come over the link: it starts a conversion and reads what was latched before."""
        config, common = (self.registers.read(address) for address in self.cadc.addresses(hemisphere))
        duration = self.cadc.duration(config, common)
        if duration is not None:
            self.schedule_conversion(hemisphere, cycle + 1, cycle + 1 + duration)

    def _advance_accesses(self, until: int) -> None:
        while len(self._accesses) and self._accesses.cycles[0] <= until:
            quiet = self._quiet_before > self._accesses.cycles[0]
            last = min(until, self._quiet_before - 1) if quiet else until
            level = WATCH_ALWAYS if quiet else WATCH_BUSY
            done, reads, unmapped, watched = self.registers.apply(self._accesses, 0, last, level)
            self._account(reads, unmapped)
            self._accesses = self._accesses.part(slice(done, None))
            if watched:
                self._make_watched()

    def access(self, cycle: int, address: int, word: int, *, is_read: bool) -> int:
        """An access that does not come over the link: advances to the cycle, makes it, returns the word read or 0."""
        self.advance(cycle)
        if is_read and reads_of_cadc(address) == TRIGGERS_CONVERSION:
            self._start_conversion(cycle, address >> _HEMISPHERE_BIT & 1)
        reads, unmapped = self._make_one(Accesses.of(cycle, address, word, READ | 15 if is_read else 15))
        self._report(unmapped)
        return int(reads.words[0]) if is_read else 0

    @property
    def _quiet_before(self) -> int:
        """No event moves before this cycle, so that accesses up to it concern no other unit."""
        if not isinstance(self._analog, NoAnalogCore):
            return -1
        return min(self.events.next_cycle, self._neurons.next_cycle)

    @property
    def busy(self) -> bool:
        """Whether anything moves or may move without a further access."""
        return self.events.busy or self._neurons.busy or not isinstance(self._analog, NoAnalogCore)

    def _account(self, reads: Reads, unmapped: list[int]) -> None:
        if len(reads):
            self._reads.append(reads)
        self._report(unmapped)

    def _report(self, unmapped: list[int]) -> None:
        for address in unmapped:
            self._log.once(f"unmapped {address}", f"access to chip address {address:#010x}, where nothing is mapped")

    def _make_watched(self) -> None:
        accesses = self._accesses.part(slice(0, 1))
        self._accesses = self._accesses.part(slice(1, None))
        self._run(int(accesses.cycles[0]))
        self._account(*self._make_one(accesses))

    def _make_one(self, accesses: Accesses) -> tuple[Reads, list[int]]:
        """Makes the single access, and what it causes elsewhere."""
        cycle, address = int(accesses.cycles[0]), int(accesses.addresses[0])
        _, reads, unmapped, _ = self.registers.apply(accesses, 0, cycle)
        is_write = not accesses.flags[0] & READ
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
        if address & SYNAPSE_WINDOWS_MASK == SYNAPSE_WINDOWS:
            if address >> 6 & 0x3FF == _NEURON_RESET_ROW:
                self._reset_quad(cycle, address)
            self._trigger(cycle, address, word)
            return
        unit, place = self._unit_of_cell[self.registers.map.cell(address)]
        match unit.__name__:
            case "BackgroundSpikeSource":
                self.events.source_written(cycle, self.registers.map.cell(address))
            case "PADIEvent":
                self.events.inject(cycle, place, word)
            case "SpikeCounterReset":
                self._neurons.reset_counter(place)
            case "NeuronReset":
                self._fire(cycle, [place])
                self._trigger(cycle, address, word)
            case "BlockPostPulse":
                self._trigger(cycle, address, word)
            case "PPUControlRegister":
                if word & 1:
                    self._log.once("ppu", f"embedded processor not simulated: run bit of processor {place} was set")
            case "MADCControl":
                if word:
                    self._log.once("madc", "the membrane ADC is not simulated: it sends no samples")
            case _:
                self.link_written.append((cycle, address))

    def _reset_quad(self, cycle: int, address: int) -> None:
        row, quad = address >> _HEMISPHERE_BIT & 1, address & 0x3F
        columns = 8 * (quad % 32) + 2 * np.arange(4) + quad // 32
        self._fire(cycle, (256 * (columns // 128) + columns % 128 + 128 * row).tolist())

    def _fire(self, cycle: int, neurons: list[int]) -> None:
        self._neurons.fire(np.full(len(neurons), cycle + 1, dtype=np.int64), np.array(neurons, dtype=np.int64))

    def _trigger(self, cycle: int, address: int, word: int) -> None:
        self._analog.trigger(
            Triggers(np.array([cycle]), np.array([address], dtype=np.uint32), np.array([word], dtype=np.uint32))
        )

    # --- events ---------------------------------------------------------------------------------------------------

    def _run(self, until: int) -> None:
        """Event network and analog core up to a cycle; neither gets further ahead than events take."""
        while self._routed < until or self._integrated < until:
            alone = isinstance(self._analog, NoAnalogCore)
            ahead = until if alone else self._integrated + self._parameters.fire_to_crossbar
            self._routed = max(self._routed, min(until, ahead))
            self.events.take_neuron_events(*self._neurons.advance(self._routed))
            recorded, synaptic = self.events.advance(self._routed)
            if len(recorded):
                self._recorded.append(recorded)
            self._synaptic = np.concatenate([self._synaptic, synaptic]) if len(synaptic) else self._synaptic
            self._integrated = until if alone else min(until, self._routed + self._synapse_slack)
            self._deliver(self._integrated)
            self._neurons.fire(*self._analog.advance(self._integrated))

    def _deliver(self, until: int) -> None:
        if not len(self._synaptic):
            return
        due = self._synaptic[:, 0] <= until
        rows = self._synaptic[due]
        if len(rows):
            self._synaptic = self._synaptic[~due]
            self._analog.deliver(SynapticEvents.of_rows(rows[np.argsort(rows[:, 0], kind="stable")]))
