"""Playback programs: the instructions that depend on links, registers or time, and what happens when one blocks.

=====================  ======================================================================================
instruction            rule (simulator-decisions.md)
=====================  ======================================================================================
accesses without link  wait; the next barrier, the 53rd read, the 65th write or the halt blocks (19)
blocked instruction    after the timeout: one notification, the rest of the program is discarded (19, 20)
PollingOmnibusBlock    one read after the other (20)
Reset, SystimeInit     levels and clocks of the chip (1, 3, 25)
Loopback halt          all answers, then the halt; 12 500 cycles until the next program (5, 39, 44)
=====================  ======================================================================================
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
import numpy as np

from hxtwin.chipsim.fpga import executor_kernel as kernel
from hxtwin.chipsim.fpga import registers as addresses
from hxtwin.chipsim.parameters import CHIP_CYCLES, NEVER
from hxtwin.chipsim.registers.access_kernel import READ, TRIGGERS_CONVERSION, reads_of_cadc
from hxtwin.comm import ut

if TYPE_CHECKING:
    from collections.abc import Callable

    from hxtwin.chipsim.fpga.fpga import Fpga
    from hxtwin.chipsim.fpga.instruction_words import Instructions
    from hxtwin.chipsim.probe import Probe

_Execute: TypeAlias = "Callable[[Instructions, int], int]"
"""Executes instructions from a number on; gives the number of the next one."""
_FPGA_SPACE: Final = 31
_ADDRESS_MASK: Final = np.uint64(0xFFFFFFFF)
_IS_READ_LSB: Final = np.uint64(36)
_ANSWERED: Final = 0x20
"""Flag of a write that is answered."""
_ALL_LANES: Final = 0xF
_OMNIBUS: Final = 1
_JTAG: Final = 2
_SYSTIME: Final = 4
_READS_IN_FLIGHT_LSB: Final = 39
_MOST_INDEX: Final = 0xFFFFFFFF
_CONCERNS_LINK_BELOW: Final = 0x000C0000
_AUTO_CALIBRATING: Final = 1
_RESET_MODE_ADDRESS: Final = 0x02200003
_VOLATILE: Final = ((0x00122800, 0x00122BFF), (0x0012A800, 0x0012ABFF), (0x00130065, 0x00130084))


@attrs.frozen
class _Waiting:
    """An access that waits for a link; FPGA registers among them know their word already."""

    address: int
    word: int
    flags: int


class Playback:
    """Executes programs on an FPGA."""

    def __init__(self, fpga: Fpga) -> None:
        self._fpga = fpga
        self._state = fpga.state
        self._probe = fpga.probe if fpga.probe is not None and fpga.probe.wants("executor") else None
        self._waiting: list[_Waiting] = []
        self._discarding = False
        self._seen_malformed = 0
        playback = weakref.proxy(self)  # no circle, see `Fpga`
        fpga.on_link_up = lambda cycle: playback._release_waiting(cycle)  # noqa: PLW0108  # the method would hold on

    def reset(self) -> None:
        """Forgets the program in progress; what is under way to the chip gets there (rule 4)."""
        state = self._state
        cycle = max(state.cycle, int(state.registers[kernel.LAST_DONE])) + self._fpga.parameters.program_gap
        grid = -(-self._fpga.chip.session_cycles // CHIP_CYCLES)
        cycle = -(-cycle // grid) * grid
        self._waiting.clear()
        self._discarding = False
        self._fpga.cancel_systime()
        self._fpga.jtag.forget()
        state.registers[kernel.WAITING] = 0
        state.registers[kernel.PENDING_ADDRESS] = -1
        state.registers[kernel.INDEX] = 0
        state.forget_durations()
        self._fpga.discard_events_until(cycle - 1)
        self._fpga.advance(cycle)
        self._fpga.chip.start_session(CHIP_CYCLES * cycle)
        state.cycle = cycle
        state.registers[kernel.TIMER_ZERO] = cycle
        self._fpga.registers.reset()
        state.registers[kernel.TIMEOUT] = self._fpga.registers.word(addresses.TIMEOUT)
        state.registers[kernel.ANSWERS_WRITES] = 0
        self._fpga.counters.clear(cycle)
        self._fpga.memories.reset_tables()
        self._fpga.routing.look()
        self._fpga.responses.reset()

    def execute(self, instructions: Instructions) -> None:
        """Executes instructions of any number of programs."""
        execute: _Execute = self._execute_some
        if self._fpga.options.strict:
            execute = self._strictly(instructions)
        if self._probe is not None:
            execute = self._watched(execute, self._probe)
        i = 0
        while i < len(instructions):
            if self._discarding:
                i = self._skip_to_halt(instructions, i)
                if i == len(instructions):
                    break
            i = execute(instructions, i)
        self._fpga.advance(self._state.cycle)
        self._report_malformed()

    def _execute_some(self, instructions: Instructions, first: int) -> int:
        """Executes instructions from `first` on as far as possible at once; returns the next one."""
        self._fpga.refresh_link()
        i, why = self._state.run(instructions, first)
        if why == kernel.FULL:
            self._fpga.advance(self._state.cycle)
        elif why == kernel.SPECIAL and self._special(int(instructions.codes[i]), int(instructions.payloads[i])):
            self._state.registers[kernel.INDEX] += 1
            i += 1
        return i

    def _watched(self, execute: _Execute, probe: Probe) -> _Execute:
        """The same, one instruction at a time before the eyes of the probe."""

        def execute_one(instructions: Instructions, first: int) -> int:
            begin, index = self._state.cycle, int(self._state.registers[kernel.INDEX])
            i = execute(instructions.until(first + 1), first)
            if i > first:
                code, payload = int(instructions.codes[first]), int(instructions.payloads[first])
                probe.instruction(begin, self._state.cycle, index, code, payload)
            return i

        return execute_one

    def _strictly(self, instructions: Instructions) -> _Execute:
        """The same, but reads of addresses where nothing is get no answer (rule 9)."""
        is_read = (instructions.codes == ut.OmnibusAddress.code) & (instructions.payloads >> _IS_READ_LSB & 1 == 1)
        reads = np.flatnonzero(is_read)
        addresses_read, of_read = np.unique(instructions.payloads[reads] & _ADDRESS_MASK, return_inverse=True)
        mapped = np.array([self._fpga.is_mapped(address) for address in addresses_read.tolist()], dtype=np.bool_)
        silent = reads[~mapped[of_read]]

        def execute_to_silent_read(instructions: Instructions, first: int) -> int:
            place = np.searchsorted(silent, first)
            if place == len(silent) or silent[place] > first:
                stop = len(instructions) if place == len(silent) else min(int(silent[place]), len(instructions))
                return self._execute_some(instructions.until(stop), first)
            registers = self._state.registers
            if registers[kernel.PENDING_ADDRESS] >= 0:
                registers[kernel.PENDING_ADDRESS] = -1
                registers[kernel.MALFORMED] += 1
            self._fpga.advance(self._state.cycle)
            self._read(int(instructions.payloads[first]) & 0xFFFFFFFF)
            registers[kernel.INDEX] += 1
            return first + 1

        return execute_to_silent_read

    def _skip_to_halt(self, instructions: Instructions, first: int) -> int:
        rest = slice(first, None)
        halts = (instructions.codes[rest] == ut.Loopback.code) & (instructions.payloads[rest] & np.uint64(1) == 0)
        n = int(np.argmax(halts)) if halts.any() else len(halts)
        self._state.registers[kernel.INDEX] += n
        return first + n

    def _report_malformed(self) -> None:
        seen = int(self._state.registers[kernel.MALFORMED])
        if seen != self._seen_malformed:
            self._seen_malformed = seen
            self._fpga.undefined("program pairs", "a write address without its data word, or the reverse, was ignored")

    # --- instructions ---------------------------------------------------------------------------------------------

    def _special(self, code: int, payload: int) -> bool:
        """Executes one instruction that the kernel left; False: the kernel can execute it now."""
        if code == ut.OmnibusAddress.code and self._trigger_conversion(payload & 0xFFFFFFFF):
            return True
        self._state.forget_durations()
        self._fpga.advance(self._state.cycle)
        match code:
            case ut.OmnibusAddress.code:
                self._read(payload & 0xFFFFFFFF)
            case ut.OmnibusData.code:
                self._write(payload & 0xFFFFFFFF)
            case ut.Barrier.code:
                self._barrier(payload)
            case ut.PollingOmnibusBlock.code:
                self._poll(expect_equal=bool(payload & 1))
            case ut.Loopback.code:
                self._halt()
            case _ if code >= ut.SpikePack1ToFPGA.code:
                return False
            case _:
                self._hand_to_unit(self._state.cycle, code, payload)
                self._state.cycle += 1
        return True

    def _hand_to_unit(self, now: int, code: int, payload: int) -> None:
        """Instructions that another unit carries out and that never block."""
        fpga = self._fpga
        match code:
            case ut.JTAGInit.code:
                fpga.jtag.reset_tap(now)
            case ut.JTAGScaler.code:
                fpga.jtag.set_scaler(payload & 0xFF)
            case ut.JTAGIns.code:
                fpga.jtag.shift_instruction(now, payload & 0x7F)
            case ut.JTAGData.code:
                bits = payload >> 40 & 0xFF
                fpga.jtag.shift_data(now, payload & 0x1FFFFFFFF, bits, keep=bool(payload >> 48 & 1))
            case ut.SystimeInit.code if payload & 1:
                fpga.start_systime(now)
            case ut.SystimeInit.code:
                fpga.responses.answer(now, ut.Systime, fpga.responses.systime(now))
            case ut.Reset.code:
                fpga.set_chip_reset(now, active=bool(payload & 1))

    def _barrier(self, mask: int) -> None:
        def released() -> int:
            registers = self._state.registers
            cycle = self._state.cycle
            if mask & _OMNIBUS:
                cycle = NEVER if self._waiting else max(cycle, int(registers[kernel.LAST_DONE]))
            if mask & _JTAG:
                cycle = max(cycle, self._fpga.jtag.last_end)
            if mask & _SYSTIME and self._fpga.systime_pending:
                cycle = max(cycle, self._fpga.systime_done)
            return cycle

        cycle = self._block(released)
        if cycle is not None:
            self._state.cycle = cycle + 1

    def _poll(self, *, expect_equal: bool) -> None:
        fpga, state = self._fpga, self._state
        parameters = fpga.parameters
        address, target, mask = (
            fpga.registers.word(register)
            for register in (addresses.POLLING_ADDRESS, addresses.POLLING_TARGET, addresses.POLLING_MASK)
        )
        begin = state.cycle
        limit = begin + int(state.registers[kernel.TIMEOUT])
        on_chip = not address >> _FPGA_SPACE
        if on_chip and not fpga.link.up:
            cycle = self._block(lambda: state.cycle if fpga.link.up and not self._waiting else NEVER)
            if cycle is None:
                return
            begin = cycle
        to_register = parameters.request_cycles + parameters.bus_cycles if on_chip else 0
        back = parameters.answer_cycles if on_chip else parameters.fpga_register_cycles
        issue = begin
        while issue + to_register + back <= limit:
            at = issue + to_register
            fpga.advance(at)
            if on_chip:
                word = fpga.chip.access(CHIP_CYCLES * at, address, 0, is_read=True)
            else:
                word = self._fpga_word(at, address)
            if ((word & mask) == target) == expect_equal:
                state.cycle = at + back + 1
                return
            settled = not len(fpga.chip.pending_accesses) and fpga.next_change > limit
            if settled and self._is_constant(address):
                break
            issue = at + back
        self._time_out(limit)

    def _is_constant(self, address: int) -> bool:
        """Whether a word stays as it is as long as nobody writes it."""
        if address >> _FPGA_SPACE:
            return address not in {addresses.TIMER, addresses.ACTIVE} and address & 0xFFFFF000 != addresses.PHY_ENABLE
        return not any(first <= address <= last for first, last in _VOLATILE)

    def _halt(self) -> None:
        fpga, state = self._fpga, self._state

        def released() -> int:
            if self._waiting:
                return NEVER
            registers = state.registers
            return max(state.cycle, int(registers[kernel.LAST_DONE]), fpga.jtag.last_answer)

        halted = state.cycle
        cycle = None if self._discarding else self._block(released)
        if cycle is None:
            cycle = released()
        if fpga.options.strict:
            fpga.drop_answers(halted)
        fpga.advance(cycle, complete=True)
        fpga.responses.end_program(cycle)
        fpga.log.forget("program")
        self._discarding = False
        state.registers[kernel.INDEX] = -1
        state.cycle = cycle + fpga.parameters.program_gap
        fpga.discard_events_until(state.cycle - 1)

    # --- accesses -------------------------------------------------------------------------------------------------

    def _fpga_word(self, cycle: int, address: int) -> int:
        region, place = kernel.memory_place(address, self._fpga.memories.regions)
        if region < 0:
            return self._fpga.registers.read(cycle, address)
        memories = self._fpga.memories
        return int((memories.dram if region == len(memories.regions) - 1 else memories.words)[place])

    def _place_for_answer(self) -> int | None:
        """Waits until one more answer can be outstanding; cycle of that, None: the timeout came first."""
        state, most = self._state, self._fpga.parameters.reads_in_flight

        def free() -> int:
            places = most - sum(1 for waiting in self._waiting if waiting.flags & READ)
            return max(state.cycle, int(np.sort(state.ring)[-places])) if places > 0 else NEVER

        return self._block(free)

    def _read(self, address: int) -> None:
        issue = self._place_for_answer()
        if issue is None:
            return
        self._fpga.advance(issue)
        self._state.cycle = issue + 1
        if address >> _FPGA_SPACE:
            self._answer_of_fpga(issue, address, self._fpga_word(issue, address))
            return
        access = _Waiting(address, 0, READ | _ALL_LANES)
        if self._waiting or not self._fpga.link.up:
            self._fpga.check_reset()
            self._wait(access)
        else:
            self._send(issue, access)

    def _trigger_conversion(self, address: int) -> bool:
        """A read that starts a conversion, sent without a look at the rest; False if something may stand in its way.

        Nothing has to be advanced for it, so that many conversions are known when the chip comes to the first; those
        that follow without a write between them are left to the kernel.
        """
        fpga, state = self._fpga, self._state
        if address >> _FPGA_SPACE or reads_of_cadc(address) != TRIGGERS_CONVERSION:
            return False
        issue = max(state.cycle, int(state.ring.min()))
        certain = fpga.link.up and not self._waiting and fpga.next_change > issue
        if not certain or self._is_silent(address):
            return False
        state.cycle = issue + 1
        self._send(issue, _Waiting(address, 0, READ | _ALL_LANES))
        return True

    def _answer_of_fpga(self, issue: int, address: int, word: int) -> None:
        """Answers an access to the FPGA in the one queue of all answers."""
        if self._waiting or self._is_silent(address):
            self._wait(_Waiting(address, word, READ))
        else:
            self._state.put_omnibus_answer(issue + self._fpga.parameters.fpga_register_cycles, word)

    def _is_silent(self, address: int) -> bool:
        """Whether a read of an address is never answered (rule 9)."""
        return self._fpga.options.strict and not self._fpga.is_mapped(address)

    def _write(self, word: int) -> None:
        state, fpga = self._state, self._fpga
        registers = state.registers
        address, lanes = int(registers[kernel.PENDING_ADDRESS]), int(registers[kernel.PENDING_LANES])
        registers[kernel.PENDING_ADDRESS] = -1
        answered = bool(registers[kernel.ANSWERS_WRITES])
        if answered and self._place_for_answer() is None:
            return
        now = state.cycle
        if address >> _FPGA_SPACE:
            state.cycle = now + 1
            done = now + fpga.parameters.fpga_register_cycles
            registers[kernel.LAST_DONE] = max(int(registers[kernel.LAST_DONE]), done)
            fpga.write(now, address, word, lanes)
            if answered:
                self._answer_of_fpga(now, address, 0)
            return
        if self._waiting or not fpga.link.up:
            fpga.check_reset()
            most = fpga.parameters.writes_in_flight
            issue = self._block(
                lambda: NEVER if sum(1 for w in self._waiting if not w.flags & READ) >= most else state.cycle
            )
            if issue is None:
                return
            now = issue
        state.cycle = now + 1
        access = _Waiting(address, word, lanes | _ANSWERED if answered else lanes)
        if self._waiting or not fpga.link.up:
            self._wait(access)
        else:
            self._send(now, access)

    def _wait(self, access: _Waiting) -> None:
        self._waiting.append(access)
        self._state.registers[kernel.WAITING] = len(self._waiting)

    def _release_waiting(self, cycle: int) -> None:
        """The link is up: sends what has waited, one access in a cycle."""
        waiting, self._waiting = self._waiting, []
        for i, access in enumerate(waiting):
            if self._waiting:  # an access that never completes stands in front
                self._wait(access)
            elif access.address >> _FPGA_SPACE:
                self._state.put_omnibus_answer(cycle + i, access.word)
            else:
                self._send(cycle + i, access)
        self._state.registers[kernel.WAITING] = len(self._waiting)
        self._fpga.hand_over()

    def _send(self, issue: int, access: _Waiting) -> None:
        """Sends an access over the link."""
        state, parameters = self._state, self._fpga.parameters
        arrival = issue + parameters.request_cycles + parameters.bus_cycles
        if not access.flags & READ:
            state.put_access(arrival, access.address, access.word, access.flags & _ALL_LANES)
            done = arrival + parameters.answer_cycles
            state.registers[kernel.LAST_DONE] = max(int(state.registers[kernel.LAST_DONE]), done)
            if access.flags & _ANSWERED:
                state.put_omnibus_answer(done, 0)
            if access.address < _CONCERNS_LINK_BELOW:
                self._fpga.expect_link_write(arrival)
            return
        if self._is_silent(access.address):
            self._wait(access)
            return
        if reads_of_cadc(access.address) == TRIGGERS_CONVERSION:
            service = self._convert(arrival, access.address)
            if service is None:
                self._wait(access)
                return
        else:
            service = state.read_service(issue, access.address)
        number = int(state.registers[kernel.READS])
        state.put_access(service, access.address, 0, access.flags, number)
        state.put_omnibus_answer(service + state.answer_delay(access.address), 0, number)

    def _convert(self, arrival: int, address: int) -> int | None:
        """Starts a CADC conversion (rule 27); cycle in which the read behind it is made, None: never."""
        fpga, state = self._fpga, self._state
        if state.has_writes or not state.has_room_for_conversion:  # the duration may depend on writes
            fpga.hand_over()
        hemisphere = address >> 24 & 1
        config, common = (fpga.chip.word_to_be(wanted) for wanted in fpga.chip.cadc.addresses(hemisphere))
        if fpga.chip.word_to_be(_RESET_MODE_ADDRESS | hemisphere << 24) & _AUTO_CALIBRATING:
            fpga.log.once("auto calibrating", "a CADC read in mode auto_calibrating is never answered")
            return None
        return state.trigger_conversion(arrival, address, fpga.chip.cadc.duration(config, common))

    # --- blocking -------------------------------------------------------------------------------------------------

    def _block(self, released: Callable[[], int]) -> int | None:
        """Waits until `released` gives a cycle that has come; None: the timeout came first, the program is over."""
        limit = self._state.cycle + int(self._state.registers[kernel.TIMEOUT])
        while (cycle := released()) > limit:
            change = self._fpga.next_change
            if change > limit:
                self._time_out(limit)
                return None
            self._fpga.advance(change)
        return cycle

    def _time_out(self, cycle: int) -> None:
        """One notification; outstanding accesses are cancelled, the program is discarded up to its halt."""
        fpga, state = self._fpga, self._state
        fpga.advance(cycle)
        waiting_reads = sum(1 for waiting in self._waiting if waiting.flags & READ)
        in_flight = min(state.reads_in_flight(cycle) + waiting_reads, fpga.parameters.reads_in_flight)
        index = int(state.registers[kernel.INDEX]) & _MOST_INDEX
        fpga.responses.answer(cycle, ut.TimeoutNotification, index | in_flight << _READS_IN_FLIGHT_LSB)
        fpga.responses.cancel_answers(cycle)
        fpga.cancel_systime()
        self._waiting.clear()
        state.registers[kernel.WAITING] = 0
        self._discarding = True
        state.cycle = cycle + 1
