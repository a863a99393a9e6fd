"""The playback executor: one instruction in each FPGA cycle unless it blocks.

==================  =========================================================================================
instruction         executed in cycle t
==================  =========================================================================================
TimerSetup          timer is 0 in cycle t + 1 (rule 21)
WaitUntil v         released in the first cycle with timer >= v
Barrier omnibus     released when all accesses are completed
Loopback tick       answered at t
OmnibusAddress      read: issued at t, answered 60 cycles later by the chip, 2 by the FPGA; at most 52 in flight
OmnibusData         write: issued at t
SpikePackN          N labels into the queue of the link, which drains two labels in a cycle (rule 22)
==================  =========================================================================================

Everything else, and whatever depends on the state of links and registers, is left to the caller: the kernel stops in
front of it. Rules: simulator-decisions.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.compiled import kernel
from hxtwin.chipsim.parameters import CHIP_CYCLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.compiled import Integer

# --- why the kernel stopped ---
END: Final = 0
"""All instructions have been executed."""
SPECIAL: Final = 1
"""The next instruction is for the caller."""
FULL: Final = 2
"""The output arrays must be emptied first."""

# --- places in the state, int64[STATE_SIZE] ---
CYCLE: Final = 0
"""FPGA cycle in which the next instruction executes."""
TIMER_ZERO: Final = 1
"""Cycle in which the timer was 0."""
INDEX: Final = 2
"""Index of the next instruction in the program."""
LAST_ANSWER: Final = 3
"""Time of the last answer in the omnibus queue."""
LAST_DONE: Final = 4
"""Time at which all accesses issued so far are completed."""
LINK_SLOT: Final = 5
"""Chip cycle in which the link to the chip is free again."""
PENDING_ADDRESS: Final = 6
"""Address of a write whose data word has not come yet, -1 if none."""
PENDING_LANES: Final = 7
"""Its byte enables."""
READS: Final = 8
"""Number of reads issued since the start."""
TIMEOUT: Final = 9
"""Instruction timeout in cycles."""
LINK_UP: Final = 10
"""1: chip accesses and events travel."""
LINK_UNTIL: Final = 11
"""First cycle in which that may be different."""
WAITING: Final = 12
"""Number of accesses that wait for a link."""
CADC_FREE: Final = 13
"""Cycle from which the results of each hemisphere can be read; two places."""
MALFORMED: Final = 15
"""Number of malformed pairs of address and data."""
N_ACCESSES: Final = 16
"""Accesses in the output arrays."""
N_EVENTS: Final = 17
"""Labels to the chip in the output arrays."""
N_ANSWERS: Final = 18
"""Answers in the output arrays."""
DROPPED: Final = 19
"""Labels dropped in front of a link that is up."""
TABLES_WRITTEN: Final = 20
"""1: a table of the FPGA was written since the caller looked."""
ANSWERS_WRITES: Final = 21
"""1: writes are answered too; they are left to the caller."""
CADC_DURATION: Final = 22
"""Chip cycles of a conversion on each hemisphere, two places; 0: switched off, `UNKNOWN`: left to the caller."""
N_CONVERSIONS: Final = 24
"""CADC conversions in the output array."""
STATE_SIZE: Final = 25

# --- places in the numbers, int64[NUMBERS_SIZE], from Parameters ---
TO_CHIP: Final = 0
ANSWER: Final = 1
FPGA_ACCESS: Final = 2
MOST_READS: Final = 3
LINK_QUEUE: Final = 4
TO_CROSSBAR: Final = 5
CADC_READ: Final = 6
COUNTER_READ: Final = 7
NUMBERS_SIZE: Final = 8

LOOPBACK_RESPONSE: Final = 2
OMNIBUS_RESPONSE: Final = 1
UNKNOWN: Final = -1
"""A write may have changed the duration of conversions."""
KNOWN: Final = -1
"""In place of the number of a read: the word of this answer is known."""
_READ: Final = 0x10
_TRIGGERS: Final = 2
_SPECIAL_CHIP_END: Final = 0x000C0000
_U32: Final = 0xFFFFFFFF


@kernel
def memory_place(address: Integer, regions: NDArray[np.int64]) -> tuple[int, int]:
    """Region of an FPGA address and place in the memory, (-1, 0) if no memory lies there."""
    for region in range(regions.shape[0]):
        offset = address - regions[region, 0]
        if 0 <= offset < regions[region, 1]:
            return region, regions[region, 2] + offset
    return -1, 0


@kernel
def reads_of_cadc(address: Integer) -> int:
    """As `hxtwin.chipsim.registers.access_kernel.reads_of_cadc`: kernels call those of their own file alone."""
    if address & 0xFEC00000 != 0x02C00000:
        return 0
    window = (address >> 16) & 0x1F
    if window not in (8, 12) or address & 0xFFFF >= 256 * 64:
        return 0
    return 1 if address & 0x200000 else 2


@kernel
def put_access(
    state: NDArray[np.int64],
    cycle: Integer,
    address: Integer,
    word: Integer,
    flags: Integer,
    number: Integer,
    access_cycles: NDArray[np.int64],
    access_addresses: NDArray[np.uint32],
    access_words: NDArray[np.uint32],
    access_flags: NDArray[np.uint8],
    access_numbers: NDArray[np.int64],
) -> None:
    """Sends an access to the chip, where it is made in an FPGA cycle; `number` tells reads apart."""
    n = state[N_ACCESSES]
    access_cycles[n] = CHIP_CYCLES * cycle
    access_addresses[n] = np.uint32(address & _U32)
    access_words[n] = np.uint32(word & _U32)
    access_flags[n] = np.uint8(flags)
    access_numbers[n] = number
    state[N_ACCESSES] = n + 1
    if flags & _READ == 0:
        state[CADC_DURATION] = UNKNOWN
        state[CADC_DURATION + 1] = UNKNOWN


@kernel
def put_answer(
    state: NDArray[np.int64],
    time: Integer,
    code: Integer,
    word: Integer,
    number: Integer,
    answer_times: NDArray[np.int64],
    answer_codes: NDArray[np.uint8],
    answer_words: NDArray[np.uint64],
    answer_numbers: NDArray[np.int64],
) -> None:
    """Puts an answer into the output arrays; the chip gives the word of the read `number`, unless it is `KNOWN`."""
    n = state[N_ANSWERS]
    answer_times[n] = time
    answer_codes[n] = np.uint8(code)
    answer_words[n] = np.uint64(word)
    answer_numbers[n] = number
    state[N_ANSWERS] = n + 1


@kernel
def omnibus_answer_time(state: NDArray[np.int64], ring: NDArray[np.int64], earliest: Integer) -> Integer:
    """Time of the next answer in the one ordered queue of all reads; counts the read as issued."""
    time: Integer = max(earliest, state[LAST_ANSWER] + 1)
    ring[state[READS] % ring.size] = time
    state[READS] += 1
    state[LAST_ANSWER] = time
    state[LAST_DONE] = max(state[LAST_DONE], time)
    return time


@kernel
def read_service(state: NDArray[np.int64], numbers: NDArray[np.int64], issue: Integer, address: Integer) -> Integer:
    """FPGA cycle in which a read of the chip that triggers nothing is made; CADC results are occupied by it."""
    arrival: Integer = issue + numbers[TO_CHIP]
    if reads_of_cadc(address):
        hemisphere = (address >> 24) & 1
        done: Integer = max(arrival, state[CADC_FREE + hemisphere]) + numbers[CADC_READ]
        state[CADC_FREE + hemisphere] = done
        return done
    return arrival


@kernel
def trigger_conversion(
    state: NDArray[np.int64],
    numbers: NDArray[np.int64],
    arrival: Integer,
    address: Integer,
    conversions: NDArray[np.int64],
) -> Integer:
    """Starts a CADC conversion of known duration (rule 27); FPGA cycle in which the read behind it is made."""
    hemisphere = (address >> 24) & 1
    start: Integer = max(arrival, state[CADC_FREE + hemisphere])
    done: Integer = start + numbers[CADC_READ]
    duration = state[CADC_DURATION + hemisphere]
    if duration > 0:
        end = CHIP_CYCLES * start + duration
        done = max(done, (end + CHIP_CYCLES - 1) // CHIP_CYCLES)
        n = state[N_CONVERSIONS]
        conversions[n, 0] = hemisphere
        conversions[n, 1] = (address >> 6) & 0xFF
        conversions[n, 2] = CHIP_CYCLES * start
        conversions[n, 3] = end
        state[N_CONVERSIONS] = n + 1
    state[CADC_FREE + hemisphere] = done
    return done


@kernel
def answer_delay(numbers: NDArray[np.int64], address: Integer) -> Integer:
    """FPGA cycles from a read of the chip to its answer; spike counters take their time."""
    delay: Integer = numbers[ANSWER]
    if address & 0xFFFF7C00 == 0x00122800:
        delay += numbers[COUNTER_READ]
    return delay


@kernel
def execute(
    codes: NDArray[np.uint8],
    payloads: NDArray[np.uint64],
    first: int,
    state: NDArray[np.int64],
    numbers: NDArray[np.int64],
    ring: NDArray[np.int64],
    regions: NDArray[np.int64],
    memory: NDArray[np.uint32],
    dram: NDArray[np.uint32],
    access_cycles: NDArray[np.int64],
    access_addresses: NDArray[np.uint32],
    access_words: NDArray[np.uint32],
    access_flags: NDArray[np.uint8],
    access_numbers: NDArray[np.int64],
    event_cycles: NDArray[np.int64],
    event_labels: NDArray[np.uint16],
    answer_times: NDArray[np.int64],
    answer_codes: NDArray[np.uint8],
    answer_words: NDArray[np.uint64],
    answer_numbers: NDArray[np.int64],
    conversions: NDArray[np.int64],
) -> tuple[int, int]:
    """Executes instructions until one needs the caller.

    Args:
        codes: codes of the instructions.
        payloads: their payloads.
        first: first instruction to execute.
        state: see the places above; changed.
        numbers: latencies and depths.
        ring: answer times of the last reads, as many as may be in flight; changed.
        regions: memories of the FPGA, ``int64[k, 4]``: first address, words, place in `memory` (or in `dram` for the
            last region), mask of stored bits.
        memory: words of the memories but the last.
        dram: words of the last memory.
        access_cycles: receives chip cycles of accesses at the register; `access_addresses`, `access_words`,
            `access_flags` and `access_numbers` likewise.
        event_cycles: receives chip cycles of labels at the crossbar, `event_labels` the labels.
        answer_times: receives times of answers, FPGA cycles; `answer_codes`, `answer_words` and `answer_numbers`
            likewise.
        conversions: receives hemisphere, row, first chip cycle and end of CADC conversions, ``int64[m, 4]``.

    Returns:
        Index of the first instruction not executed; `END`, `SPECIAL` or `FULL`.
    """
    i = first
    while i < codes.size:
        if (
            state[N_ACCESSES] == access_cycles.size
            or state[N_EVENTS] + 3 > event_cycles.size
            or state[N_ANSWERS] == answer_times.size
            or state[N_CONVERSIONS] == conversions.shape[0]
        ):
            return i, FULL
        code = codes[i]
        payload = payloads[i]
        t = state[CYCLE]
        next_cycle = t + 1
        if state[PENDING_ADDRESS] >= 0 and code != 12:
            state[PENDING_ADDRESS] = -1
            state[MALFORMED] += 1
        if code >= 13:  # spike pack
            if t >= state[LINK_UNTIL]:
                return i, SPECIAL
            if state[LINK_UP] == 1:
                n = np.int64(code) - 12
                slot = max(state[LINK_SLOT], 2 * t)
                for k in range(n):
                    if slot - 2 * t > numbers[LINK_QUEUE] + 1:
                        state[DROPPED] += n - k
                        break
                    event_cycles[state[N_EVENTS]] = slot + numbers[TO_CROSSBAR]
                    event_labels[state[N_EVENTS]] = np.uint16(
                        (payload >> np.uint64(16 * (n - 1 - k))) & np.uint64(0xFFFF)
                    )
                    state[N_EVENTS] += 1
                    slot += 1
                state[LINK_SLOT] = slot
        elif code == 11:
            address = np.int64(payload & np.uint64(_U32))
            if (payload >> np.uint64(36)) & np.uint64(1):
                oldest = state[READS] - numbers[MOST_READS]
                issue = t
                if oldest >= 0:
                    issue = max(t, ring[state[READS] % ring.size])
                if state[WAITING] > 0 or issue - t > state[TIMEOUT]:
                    return i, SPECIAL
                if address >> 31:
                    region, place = memory_place(address, regions)
                    if region < 0:
                        return i, SPECIAL
                    word = dram[place] if region == regions.shape[0] - 1 else memory[place]
                    time = omnibus_answer_time(state, ring, issue + numbers[FPGA_ACCESS])
                    put_answer(
                        state,
                        time,
                        OMNIBUS_RESPONSE,
                        word,
                        KNOWN,
                        answer_times,
                        answer_codes,
                        answer_words,
                        answer_numbers,
                    )
                else:
                    if issue >= state[LINK_UNTIL] or state[LINK_UP] == 0:
                        return i, SPECIAL
                    number = state[READS]
                    if reads_of_cadc(address) != _TRIGGERS:
                        service = read_service(state, numbers, issue, address)
                    elif state[CADC_DURATION + ((address >> 24) & 1)] != UNKNOWN:
                        service = trigger_conversion(state, numbers, issue + numbers[TO_CHIP], address, conversions)
                    else:
                        return i, SPECIAL
                    time = omnibus_answer_time(state, ring, service + answer_delay(numbers, address))
                    put_answer(
                        state,
                        time,
                        OMNIBUS_RESPONSE,
                        0,
                        number,
                        answer_times,
                        answer_codes,
                        answer_words,
                        answer_numbers,
                    )
                    put_access(
                        state,
                        service,
                        address,
                        0,
                        _READ | 15,
                        number,
                        access_cycles,
                        access_addresses,
                        access_words,
                        access_flags,
                        access_numbers,
                    )
                next_cycle = issue + 1
            else:
                state[PENDING_ADDRESS] = address
                state[PENDING_LANES] = np.int64((payload >> np.uint64(32)) & np.uint64(15))
        elif code == 12:
            address = state[PENDING_ADDRESS]
            word = np.int64(payload & np.uint64(_U32))
            lanes = state[PENDING_LANES]
            if address < 0:
                state[MALFORMED] += 1
            elif state[ANSWERS_WRITES]:
                return i, SPECIAL
            elif address >> 31:
                region, place = memory_place(address, regions)
                if region < 0:
                    return i, SPECIAL
                mask = np.int64(0)
                for lane in range(4):
                    if (lanes >> lane) & 1:
                        mask |= 0xFF << (8 * lane)
                mask &= regions[region, 3]
                if region == regions.shape[0] - 1:
                    dram[place] = np.uint32((np.int64(dram[place]) & ~mask) | (word & mask))
                else:
                    if region > 0:
                        state[TABLES_WRITTEN] = 1
                    memory[place] = np.uint32((np.int64(memory[place]) & ~mask) | (word & mask))
                state[LAST_DONE] = max(state[LAST_DONE], t + numbers[FPGA_ACCESS])
            else:
                if t >= state[LINK_UNTIL] or state[LINK_UP] == 0 or state[WAITING] > 0 or address < _SPECIAL_CHIP_END:
                    return i, SPECIAL
                put_access(
                    state,
                    t + numbers[TO_CHIP],
                    address,
                    word,
                    lanes,
                    KNOWN,
                    access_cycles,
                    access_addresses,
                    access_words,
                    access_flags,
                    access_numbers,
                )
                state[LAST_DONE] = max(state[LAST_DONE], t + numbers[TO_CHIP] + numbers[ANSWER])
            state[PENDING_ADDRESS] = -1
        elif code == 5:
            timer = (t - state[TIMER_ZERO]) & _U32
            value = np.int64(payload & np.uint64(_U32))
            next_cycle = t + 1 + max(value - timer, 0)
        elif code == 4:
            state[TIMER_ZERO] = t + 1
        elif code == 7 and payload & np.uint64(31) == 1:
            release = max(t, state[LAST_DONE])
            if state[WAITING] > 0 or release - t > state[TIMEOUT]:
                return i, SPECIAL
            next_cycle = release + 1
        elif code == 10 and payload & np.uint64(1):
            put_answer(state, t, LOOPBACK_RESPONSE, 1, KNOWN, answer_times, answer_codes, answer_words, answer_numbers)
        else:
            return i, SPECIAL
        state[CYCLE] = next_cycle
        state[INDEX] += 1
        i += 1
    return i, END
