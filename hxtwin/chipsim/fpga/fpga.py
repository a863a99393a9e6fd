"""The FPGA: everything between the words of the host and the chip, advanced together.

=================  ============================================================================================
part               what it does
=================  ============================================================================================
executor           instructions in order, one per cycle (`executor_kernel` the frequent ones, `Playback` the rest)
link, JTAG chain   the two ways to the chip (`hxtwin.chipsim.omnibus`)
registers          those of the FPGA that act; memories hold words
responses          the stream back
=================  ============================================================================================

`Fpga` owns time: `advance` brings all parts to an FPGA cycle, in the order in which things happen. Reference:
simulator-decisions.md 3-5, 13-25.
"""

from __future__ import annotations

import math
import weakref
from collections import deque
from typing import TYPE_CHECKING, Final

from hxtwin.chipsim.errors import UndefinedBehaviourError
from hxtwin.chipsim.fpga import executor_kernel as kernel
from hxtwin.chipsim.fpga import registers as addresses
from hxtwin.chipsim.fpga.executor_state import ExecutorState
from hxtwin.chipsim.fpga.memories import Memories
from hxtwin.chipsim.fpga.registers import FpgaRegisters
from hxtwin.chipsim.fpga.response_stream import ResponseStream
from hxtwin.chipsim.fpga.spike_routing import SpikeRouting
from hxtwin.chipsim.omnibus.jtag import JTAGChain
from hxtwin.chipsim.omnibus.link import Link
from hxtwin.chipsim.omnibus.link_counters import LinkCounters
from hxtwin.chipsim.parameters import CHIP_CYCLES, NEVER
from hxtwin.chipsim.readout.madc_clock import madc_clock_hz
from hxtwin.comm import ut

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from hxtwin.chipsim.chip import Chip
    from hxtwin.chipsim.once_log import OnceLog
    from hxtwin.chipsim.options import TwinOptions
    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.probe import Probe

PHY_ENABLE_OF_CHIP: Final = 0x00040000
PLL_FIRST: Final = 0x00080000
_PLL_REGISTERS: Final = 5
_PLL_ENABLE: Final = 1 << 30
"""Enable bit in the second word of each ADPLL."""
_SYSTIME_BASE: Final = (0x0, 0x1)
_STRETCH: Final = 1 << 18
"""FPGA cycles that the chip runs before what it sent is taken."""


class Fpga:
    """FPGA with the chip behind it. Times are FPGA cycles.

    Attributes:
        state: the executor.
        responses: the stream back.
        on_link_up: called with the cycle in which the link came up.
    """

    def __init__(
        self, parameters: Parameters, options: TwinOptions, log: OnceLog, chip: Chip, probe: Probe | None = None
    ) -> None:
        self.parameters: Final = parameters
        self.options: Final = options
        self.probe: Final = probe
        self.log: Final = log
        self.chip: Final = chip
        self.memories: Final = Memories()
        self.state: Final = ExecutorState(parameters, self.memories)
        self.routing: Final = SpikeRouting(parameters, self.memories)
        owner = weakref.proxy(self)  # no circle: the memory of a twin that is dropped is free at once
        self.registers: Final = FpgaRegisters(parameters, options, log, owner, probe)
        self.link: Final = Link(parameters)
        self.counters: Final = LinkCounters(parameters)
        self.jtag: Final = JTAGChain(parameters)
        self.responses: Final = ResponseStream(parameters)
        self.on_link_up: Callable[[int], None] = lambda cycle: None
        self.systime_done = 0
        self._chip_in_reset = False
        self._was_reset = False
        self._chip_at = self.state.cycle
        # what a step leads to is known when the step is over; it takes longer to the FPGA unless steps are long
        under_way = min(parameters.crossbar_to_link, CHIP_CYCLES * parameters.answer_cycles)
        self._lag = max(math.ceil((options.step_cycles - under_way) / CHIP_CYCLES), 0)
        self._discard_until = -1
        self._link_writes: deque[int] = deque()
        self._pll_shadow: dict[int, int] = {}
        self._look_at_clocks(self.state.cycle)

    # --- time -----------------------------------------------------------------------------------------------------

    @property
    def next_change(self) -> int:
        """Next cycle in which something happens by itself that the executor may wait for."""
        systime = self.systime_done if self.systime_pending else NEVER
        writes = self._link_writes[0] if self._link_writes else NEVER
        return min(self.jtag.next_end, self.link.next_change, systime, writes)

    @property
    def systime_pending(self) -> bool:
        """Whether a synchronisation of the system time is under way."""
        return self.systime_done > 0

    def advance(self, to: int, *, complete: bool = False) -> None:
        """Brings everything up to and including a cycle; sends what belongs to the cycles before it.

        Args:
            to: last cycle.
            complete: no access of the chip waits, see `Chip.advance`.
        """
        self.hand_over()
        while (now := self.next_change) <= to:
            self._advance_chip(now, complete=True)
            self._change(now)
        self._advance_chip(to, complete=complete)
        self.responses.emit(to - 1 - self._lag)
        self.refresh_link()

    def hand_over(self) -> None:
        """Gives to chip and stream what the executor has sent."""
        accesses, answers = self.state.take_accesses(), self.state.take_answers()
        event_cycles, event_labels = self.state.take_events()
        if len(accesses) or len(event_labels):
            up = self.link.phys_up
            self.counters.to_chip(len(accesses), len(event_labels), up)
            self.counters.answers(answers.times[answers.numbers >= 0], up)
        for conversion in self.state.take_conversions().tolist():
            self.chip.schedule_conversion(*conversion)
        self.chip.take_accesses(accesses)
        self.chip.take_link_events(event_cycles, event_labels)
        self.responses.take_answers(answers)

    def refresh_link(self) -> None:
        """Tells the executor the state of the link and how long that is certain."""
        self.state.registers[kernel.LINK_UP] = self.link.up
        self.state.registers[kernel.LINK_UNTIL] = self.next_change

    def _advance_chip(self, to: int, *, complete: bool) -> None:
        if self.state.registers[kernel.TABLES_WRITTEN]:
            self.state.registers[kernel.TABLES_WRITTEN] = 0
            self.routing.look()
        # long waits in pieces: what the chip sends is bounded, and what comes back to it comes in time
        stretch = self.parameters.routing_cycles if self.routing.active else _STRETCH
        while self._chip_at + stretch < to and (self.chip.busy or self.responses.spikes_in_flight):
            self._advance_stretch(self._chip_at + stretch, complete=False)
            self.responses.emit(self._chip_at - 1 - self._lag)
        self._advance_stretch(to, complete=complete)

    def _advance_stretch(self, to: int, *, complete: bool) -> None:
        self.chip.advance(CHIP_CYCLES * to, complete=complete)
        self._chip_at = max(self._chip_at, to)
        self.responses.fill(self.chip.take_reads())
        spikes = self.chip.take_recorded()
        if self.link.up:
            self.responses.take_spikes(spikes)
            for samples in self.chip.take_samples():
                self.responses.take_madc_samples(samples.cycles, samples.values, samples.channels)
            self.counters.events(len(spikes), self.link.phys_up)
        if self._discard_until >= 0:
            self._return(self.responses.arrive(min(to, self._discard_until), recorded=False))
            if to > self._discard_until:
                self._discard_until = -1
        if self._discard_until < 0:
            self._return(self.responses.arrive(to, recorded=bool(self.registers.word(addresses.RECORDING))))
        if self.chip.link_written:
            for cycle, _ in self.chip.link_written:
                self._look_at_chip_link_registers(-(-cycle // CHIP_CYCLES))
            self.chip.link_written.clear()

    def _return(self, spikes: NDArray[np.int64]) -> None:
        """Sends spikes back to the chip that a table leads there."""
        if self.routing.active and len(spikes):
            cycles, labels = self.routing.returns(spikes)
            self.chip.take_link_events(CHIP_CYCLES * cycles + self.parameters.link_to_crossbar, labels)

    def _change(self, now: int) -> None:
        """Makes what is due in this cycle."""
        while self._link_writes and self._link_writes[0] <= now:
            self._link_writes.popleft()
        while self.jtag.next_end <= now:
            out = self.jtag.complete_next(self)
            if out is not None:
                self.responses.answer(now, ut.JTAGResponse, out)
        was_up = self.link.up
        self.link.advance(now)
        self._notify()
        if self.link.up and not was_up:
            if self.systime_pending:
                self.systime_done = now + self.parameters.systime_cycles
            self.on_link_up(now)
        if self.systime_pending and self.systime_done <= now:
            self._complete_systime(now)

    def _notify(self) -> None:
        for time, value in self.link.notifications:
            self.responses.answer(time, ut.HighspeedLinkNotification, value)
        self.link.notifications.clear()
        if not self.link.up:
            self.responses.lose_spikes()

    # --- what instructions cause ----------------------------------------------------------------------------------

    def set_chip_reset(self, now: int, *, active: bool) -> None:
        """Level of the chip reset; rules 1 and 3."""
        if active and not self._chip_in_reset:
            self.chip.reset(CHIP_CYCLES * now)
            self.responses.fill(self.chip.take_reads())
            self._pll_shadow.clear()
            self._link_writes.clear()
            self.link.set_reset(now, active=True)
            self._was_reset = True
            self._look_at_clocks(now)
        elif not active and self._chip_in_reset:
            self.link.set_reset(now, active=False)
        self._chip_in_reset = active
        self._notify()
        self.refresh_link()

    def start_systime(self, now: int) -> None:
        """Begins a synchronisation of the system time; it ends when the link has been up long enough."""
        self.systime_done = now + self.parameters.systime_cycles if self.link.up else NEVER
        self.registers.active_until = self.systime_done
        self.refresh_link()

    def _complete_systime(self, now: int) -> None:
        self.responses.emit(now - 1)
        low, high = (self.chip.registers.read(address) for address in _SYSTIME_BASE)
        base = high << 32 | low
        self.responses.synchronise(now, base)
        self.registers.last_round_trip = self.parameters.systime_round_trip
        self.registers.last_chip_time = base + self.parameters.systime_one_way
        self.registers.active_until = now
        self.systime_done = 0

    def cancel_systime(self) -> None:
        """A synchronisation that waits is given up."""
        self.systime_done = 0
        self.registers.active_until = 0

    def expect_link_write(self, arrival: int) -> None:
        """A write under way over the link may change the link in a cycle."""
        self._link_writes.append(arrival)
        self.refresh_link()

    def discard_events_until(self, cycle: int) -> None:
        """Events that reach the FPGA up to a cycle are forgotten (rule 5)."""
        self._discard_until = cycle

    # --- what the registers show and do (RegisterOwner) -----------------------------------------------------------

    def timer(self, cycle: int) -> int:
        """Value of the timer in a cycle."""
        return self.state.timer(cycle)

    def online_cycles(self, phy: int, cycle: int) -> int:
        """Time for which a PHY has been up since the counters were cleared."""
        return min(self.link.online_cycles(phy, cycle), cycle - self.counters.cleared)

    def systime(self, cycle: int) -> int:
        """System time, 0 as long as it was never synchronised."""
        return self.responses.systime(cycle)

    def link_counter(self, cycle: int, place: int) -> int:
        """Transmitted and received words of each PHY, in turn, then the four counters of the reliable link."""
        phy, direction = divmod(place, 2)
        if phy < self.parameters.phy_count:
            return self.counters.phy(phy)[direction]
        return self.counters.arq(cycle)[place - 2 * self.parameters.phy_count]

    def test_counter(self, cycle: int, place: int) -> int:
        """Counters of the performance test: sent, received, in order, first wrong word."""
        return self.counters.test(cycle)[place]

    def register_written(self, cycle: int, address: int, word: int) -> None:
        """A register of the FPGA has got a new word."""
        phy = address - addresses.PHY_CONFIG
        if address == addresses.TIMEOUT:
            self.state.registers[kernel.TIMEOUT] = word
        elif address == addresses.PHY_ENABLE:
            self.link.enable_fpga_side(cycle, word)
        elif address == addresses.PERF_TEST:
            self.counters.run_test(cycle, sum(self.link.phys_up), running=bool(word))
        elif address == addresses.FILTER:
            self.state.registers[kernel.ANSWERS_WRITES] = not word
        elif 0 <= phy < self.parameters.phy_count:
            self.link.configure_fpga_side(cycle, phy)
        else:
            return
        self._notify()
        self.refresh_link()

    def write(self, cycle: int, address: int, word: int, lanes: int) -> None:
        """A write to a register or a memory of the FPGA."""
        if self.memories.write(address, word, lanes):
            self.routing.look()
        else:
            self.registers.write(cycle, address, word, lanes)

    def is_mapped(self, address: int) -> bool:
        """Whether something answers at an address of chip or FPGA."""
        if address >> 31:
            return self.memories.is_mapped(address) or self.registers.is_mapped(address)
        return self.chip.registers.is_mapped(address)

    # --- what silicon leaves undefined ----------------------------------------------------------------------------

    def undefined(self, subject: str, text: str) -> None:
        """A client did what silicon leaves undefined: said in the log, in a strict twin an error."""
        if self.options.strict:
            self.log.error(text)
            raise UndefinedBehaviourError(text)
        self.log.once(subject, text)

    def check_reset(self) -> None:
        """The chip is used: that is undefined before its first reset (rule 8)."""
        if self.options.strict and not self._was_reset:
            self.undefined("reset", "the chip was used before its first reset")

    def drop_answers(self, after: int) -> None:
        """Forgets answers of omnibus and JTAG that are not there in a cycle."""
        self.responses.cancel_answers(after)
        self.jtag.drop_answers()

    def spi_transferred(self, cycle: int, offset: int, sent: bytes) -> None:
        """A transfer to a device of the board is complete: DACs and multiplexers follow."""
        self.chip.board.transferred(offset, sent)
        self.chip.board_changed(CHIP_CYCLES * cycle)

    # --- what the JTAG chain does (JTAGTarget) --------------------------------------------------------------------

    def jtag_access(self, cycle: int, address: int, word: int, *, is_read: bool) -> int:
        """Makes an access to the bus of the chip."""
        self.check_reset()
        if self._chip_in_reset:
            return 0
        if address >> 31:
            self.log.once(f"jtag {address}", f"JTAG access to {address:#010x}: only the chip can be reached")
            return 0
        read = self.chip.access(CHIP_CYCLES * cycle, address, word, is_read=is_read)
        if not is_read:
            self._pll_shadow.pop(address - PLL_FIRST, None)
            self._look_at_chip_link_registers(cycle)
            self.chip.link_written.clear()
        return read

    def jtag_pll(self, cycle: int, register: int, word: int) -> None:
        """Writes a PLL register: a shadow that the omnibus does not show (rule 15)."""
        self.check_reset()
        if not self._chip_in_reset:
            self._pll_shadow[register] = word
            self._look_at_clocks(cycle)

    def jtag_phy(self, cycle: int, register: int, value: int) -> None:
        """Writes a PHY register; the chip counts in reverse."""
        self.check_reset()
        del value
        if not self._chip_in_reset:
            self.link.configure_chip_side(cycle, self.parameters.phy_count - 1 - register)
            self._notify()

    def _look_at_chip_link_registers(self, cycle: int) -> None:
        self.link.enable_chip_side(cycle, self.chip.registers.read(PHY_ENABLE_OF_CHIP))
        self._look_at_clocks(cycle)

    def _look_at_clocks(self, cycle: int) -> None:
        words = [
            self._pll_shadow.get(register, self.chip.registers.read(PLL_FIRST + register))
            for register in range(_PLL_REGISTERS)
        ]
        self.chip.set_madc_clock(CHIP_CYCLES * cycle, madc_clock_hz(words))
        self.link.set_clocks(cycle, running=all(word & _PLL_ENABLE for word in words[1:4:2]))
        self._notify()
