"""State of the executor and the room for what it produces between two looks at the rest of the FPGA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.fpga import executor_kernel as kernel
from hxtwin.chipsim.fpga.response_stream import Answers
from hxtwin.chipsim.registers.access_kernel import READ
from hxtwin.chipsim.registers.register_file import Accesses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.fpga.instruction_words import Instructions
    from hxtwin.chipsim.fpga.memories import Memories
    from hxtwin.chipsim.parameters import Parameters

_ROOM: Final = 1 << 18
_MOST_CONVERSIONS: Final = 1 << 12
_FIRST_CYCLE: Final = 1000


class ExecutorState:
    """Registers of the executor, answer times of the reads in flight, and output arrays for one kernel run.

    Attributes:
        registers: ``int64[STATE_SIZE]``, see `executor_kernel`.
        ring: answer times of the last 52 reads, ``int64[52]``.
    """

    def __init__(self, parameters: Parameters, memories: Memories) -> None:
        self.registers: Final = np.zeros(kernel.STATE_SIZE, dtype=np.int64)
        self.registers[kernel.CYCLE] = _FIRST_CYCLE
        self.registers[kernel.PENDING_ADDRESS] = -1
        self.registers[kernel.TIMEOUT] = parameters.instruction_timeout
        self.ring: Final = np.zeros(parameters.reads_in_flight, dtype=np.int64)
        self._memories = memories
        self._numbers = np.array(
            [
                parameters.request_cycles + parameters.bus_cycles,
                parameters.answer_cycles,
                parameters.fpga_register_cycles,
                parameters.reads_in_flight,
                parameters.link_queue,
                parameters.link_to_crossbar,
                parameters.cadc_read_cycles,
                parameters.spike_counter_cycles,
            ],
            dtype=np.int64,
        )
        self._access_cycles = np.empty(_ROOM, np.int64)
        self._access_addresses = np.empty(_ROOM, np.uint32)
        self._access_words = np.empty(_ROOM, np.uint32)
        self._access_flags = np.empty(_ROOM, np.uint8)
        self._access_numbers = np.empty(_ROOM, np.int64)
        self._event_cycles = np.empty(_ROOM, np.int64)
        self._event_labels = np.empty(_ROOM, np.uint16)
        self._answer_times = np.empty(_ROOM, np.int64)
        self._answer_codes = np.empty(_ROOM, np.uint8)
        self._answer_words = np.empty(_ROOM, np.uint64)
        self._answer_numbers = np.empty(_ROOM, np.int64)
        self._conversions = np.empty((_MOST_CONVERSIONS, 4), np.int64)
        self.forget_durations()

    @property
    def cycle(self) -> int:
        """FPGA cycle in which the next instruction executes."""
        return int(self.registers[kernel.CYCLE])

    @cycle.setter
    def cycle(self, value: int) -> None:
        self.registers[kernel.CYCLE] = value

    def timer(self, cycle: int) -> int:
        """Value of the timer in a cycle."""
        return (cycle - int(self.registers[kernel.TIMER_ZERO])) & 0xFFFFFFFF

    def reads_in_flight(self, cycle: int) -> int:
        """Reads that have been issued and not been answered in a cycle."""
        return int(np.count_nonzero(self.ring > cycle))

    def run(self, instructions: Instructions, first: int) -> tuple[int, int]:
        """Executes from instruction `first`; returns the first one not executed, and why the kernel stopped."""
        index, why = kernel.execute(
            instructions.codes,
            instructions.payloads,
            first,
            self.registers,
            self._numbers,
            self.ring,
            self._memories.regions,
            self._memories.words,
            self._memories.dram,
            self._access_cycles,
            self._access_addresses,
            self._access_words,
            self._access_flags,
            self._access_numbers,
            self._event_cycles,
            self._event_labels,
            self._answer_times,
            self._answer_codes,
            self._answer_words,
            self._answer_numbers,
            self._conversions,
        )
        return int(index), int(why)

    def put_access(self, cycle: int, address: int, word: int, flags: int, number: int = kernel.KNOWN) -> None:
        """Sends an access to the chip, where it is made in an FPGA cycle; `number`: that of a read."""
        kernel.put_access(
            self.registers,
            cycle,
            address,
            word,
            flags,
            number,
            self._access_cycles,
            self._access_addresses,
            self._access_words,
            self._access_flags,
            self._access_numbers,
        )

    def put_omnibus_answer(self, earliest: int, word: int, number: int = kernel.KNOWN) -> None:
        """Answers a read in the ordered queue, not before a cycle; the chip gives the word of the read `number`."""
        time = kernel.omnibus_answer_time(self.registers, self.ring, earliest)
        kernel.put_answer(
            self.registers,
            time,
            kernel.OMNIBUS_RESPONSE,
            word,
            number,
            self._answer_times,
            self._answer_codes,
            self._answer_words,
            self._answer_numbers,
        )

    def read_service(self, issue: int, address: int) -> int:
        """FPGA cycle in which a read that triggers nothing is made; see the kernel."""
        return int(kernel.read_service(self.registers, self._numbers, issue, address))

    def answer_delay(self, address: int) -> int:
        """FPGA cycles from a read of the chip to its answer; see the kernel."""
        return int(kernel.answer_delay(self._numbers, address))

    def trigger_conversion(self, arrival: int, address: int, duration: int | None) -> int:
        """Starts a CADC conversion of a duration in chip cycles, None: switched off; the next ones are alike.

        Returns:
            FPGA cycle in which the read behind it is made.
        """
        self.registers[kernel.CADC_DURATION + (address >> 24 & 1)] = 0 if duration is None else duration
        return int(kernel.trigger_conversion(self.registers, self._numbers, arrival, address, self._conversions))

    @property
    def has_room_for_conversion(self) -> bool:
        """Whether one more conversion can be started before the next `take_conversions`."""
        return bool(self.registers[kernel.N_CONVERSIONS] < _MOST_CONVERSIONS)

    def forget_durations(self) -> None:
        """What is done now may change the duration of conversions."""
        self.registers[kernel.CADC_DURATION : kernel.CADC_DURATION + 2] = kernel.UNKNOWN

    def take_conversions(self) -> NDArray[np.int64]:
        """CADC conversions since the last call: hemisphere, row, first chip cycle, end; ``int64[n, 4]``."""
        n = int(self.registers[kernel.N_CONVERSIONS])
        self.registers[kernel.N_CONVERSIONS] = 0
        return self._conversions[:n].copy()

    @property
    def has_writes(self) -> bool:
        """Whether there is a write among the accesses since `take_accesses`."""
        flags = self._access_flags[: self.registers[kernel.N_ACCESSES]]
        return bool(np.any(flags & READ == 0))

    def take_accesses(self) -> Accesses:
        """Accesses to the chip since the last call."""
        n = int(self.registers[kernel.N_ACCESSES])
        self.registers[kernel.N_ACCESSES] = 0
        return Accesses(
            self._access_cycles[:n].copy(),
            self._access_addresses[:n].copy(),
            self._access_words[:n].copy(),
            self._access_flags[:n].copy(),
            self._access_numbers[:n].copy(),
        )

    def take_events(self) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
        """Labels to the chip since the last call: chip cycles at the crossbar, labels."""
        n = int(self.registers[kernel.N_EVENTS])
        self.registers[kernel.N_EVENTS] = 0
        return self._event_cycles[:n].copy(), self._event_labels[:n].copy()

    def take_answers(self) -> Answers:
        """Answers since the last call."""
        n = int(self.registers[kernel.N_ANSWERS])
        self.registers[kernel.N_ANSWERS] = 0
        return Answers(
            self._answer_times[:n].copy(),
            self._answer_codes[:n].copy(),
            self._answer_words[:n].copy(),
            self._answer_numbers[:n].copy(),
        )
