"""A small FPGA with a chip behind it: decodes words, keeps registers, answers reads, waits, times out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hxtwin.comm import ut
from hxtwin.comm.in_process import InProcessConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

EVENT_RECORDING = 0x88000005
POLLING = 0x88000006
INSTRUCTION_TIMEOUT = 0x88000009
TIMER = 0x8800000C
ID_CODE = 0x348580AF
READ_LATENCY = 20
EVENT_LATENCY = 10


class RegisterDevice:
    """Executes one instruction in each cycle.

    A read is answered `READ_LATENCY` cycles later; what is not answered when the halt comes is lost. Spikes come back
    with their label after `EVENT_LATENCY` cycles while events are recorded. Accesses to the chip stall while the links
    are down.
    """

    def __init__(self, *, links_up: bool = True) -> None:
        self.links_up = links_up
        self.registers: dict[int, int] = {}
        self.pll_registers: dict[int, int] = {}
        self.spikes_received: list[tuple[int, tuple[int, ...]]] = []
        self.writes: list[tuple[int, int]] = []
        self.reset_line = 0
        self.cycle = 1_000_000
        self._timer_origin = 0
        self._synchronised = False
        self._decoder = ut.Decoder("to_fpga")
        self._jtag: dict[int, int] = {}
        self._instruction = 1
        self._start_of_program()

    def _start_of_program(self) -> None:
        self._index = 0
        self._stopped = False
        self._address: ut.OmnibusAddress | None = None
        self._outgoing: list[tuple[int, ut.Message]] = []
        self._reads: list[tuple[int | None, ut.Message]] = []  # cycle in which it is answered; None: never

    @property
    def timer(self) -> int:
        return self.cycle - self._timer_origin

    def reset(self) -> None:
        self._decoder.reset()
        self._start_of_program()

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        answers: list[ut.Message] = []
        for message in self._decoder.feed(words):
            if message == ut.Loopback(value=ut.HALT):
                answers += self._halt()
            elif not self._stopped:
                self._execute(message)
            self._index += 1
            self.cycle += 1
            if message == ut.Loopback(value=ut.HALT):
                self._start_of_program()
        return ut.encode(answers, "from_fpga")

    # --- instructions ---------------------------------------------------------------------------------------------

    def _execute(self, message: ut.Message) -> None:
        if isinstance(message, ut.OmnibusAddress):
            self._on_address(message)
        elif isinstance(message, ut.OmnibusData):
            self._on_data(message)
        elif isinstance(message, ut.TimerSetup):
            self._timer_origin = self.cycle
        elif isinstance(message, ut.WaitUntil):
            self.cycle = max(self.cycle, self._timer_origin + message.value)
        elif isinstance(message, ut.Barrier):
            self._barrier(message)
        elif isinstance(message, ut.PollingOmnibusBlock):
            word, target, mask = (self.registers.get(POLLING + i, 0) for i in (0, 1, 2))
            if ((self.registers.get(word, 0) & mask) == target) != bool(message.value):
                self._time_out()
        elif isinstance(message, ut.SystimeInit):
            self._synchronised = self._synchronised or bool(message.value)
        elif isinstance(message, ut.Reset):
            self.reset_line = message.value
        elif isinstance(message, ut.Loopback):
            self._outgoing.append((self.cycle, ut.LoopbackResponse(value=ut.TICK)))
        elif isinstance(message, ut.JTAGIns):
            self._instruction = message.value
        elif isinstance(message, ut.JTAGData):
            self._on_jtag(message)
        elif isinstance(message, ut.SpikePack1ToFPGA | ut.SpikePack2ToFPGA | ut.SpikePack3ToFPGA):
            self._on_spikes(tuple(message.spikes))

    def _on_address(self, message: ut.OmnibusAddress) -> None:
        if not message.is_read:
            self._address = message
            return
        stalled = not message.address >> 31 and not self.links_up
        word = self.timer if message.address == TIMER else self.registers.get(message.address, 0)
        ready = None if stalled else self.cycle + READ_LATENCY
        self._reads.append((ready, ut.OmnibusResponse(value=word)))

    def _on_data(self, message: ut.OmnibusData) -> None:
        assert self._address is not None
        self._write(self._address.address, message.value, self._address.byte_enables)
        self._address = None

    def _write(self, address: int, word: int, lanes: int = 0xF) -> None:
        mask = sum(0xFF << 8 * lane for lane in range(4) if lanes >> lane & 1)
        self.registers[address] = (self.registers.get(address, 0) & ~mask) | (word & mask)
        self.writes.append((address, word))

    def _on_jtag(self, message: ut.JTAGData) -> None:
        shifted = int(message.data)
        if self._instruction == 7:
            address = self._jtag.get(5, 0)
            if address >> 32:
                self._jtag[6] = self.registers.get(address & 0xFFFFFFFF, 0)
            else:
                self._write(address, self._jtag.get(6, 0))
        elif self._instruction == 4:
            self.pll_registers[self._jtag.get(3, 0)] = shifted
        if message.keep_response:
            word = ID_CODE if self._instruction == 1 else self._jtag.get(self._instruction, 0)
            self._reads.append((self.cycle + READ_LATENCY, ut.JTAGResponse(value=word)))
        elif self._instruction in {3, 5, 6}:
            self._jtag[self._instruction] = shifted

    def _on_spikes(self, labels: tuple[int, ...]) -> None:
        self.spikes_received.append((self.timer, labels))
        if not self.registers.get(EVENT_RECORDING, 0):
            return
        pack = (ut.SpikePack1FromFPGA, ut.SpikePack2FromFPGA, ut.SpikePack3FromFPGA)[len(labels) - 1]
        timestamp = (self.cycle & 0x7F) << 1
        spikes = [ut.Spike(label, timestamp) for label in labels]
        self._outgoing.append((self.cycle + EVENT_LATENCY, pack(spikes=spikes)))

    # --- barriers, timeouts, the end --------------------------------------------------------------------------------

    def _barrier(self, message: ut.Barrier) -> None:
        kinds = tuple(
            kind
            for kind, selected in ((ut.OmnibusResponse, message.omnibus), (ut.JTAGResponse, message.jtag))
            if selected
        )
        waited = [read for read in self._reads if isinstance(read[1], kinds)]
        if any(ready is None for ready, _ in waited):
            self._time_out()
            return
        self.cycle = max([self.cycle, *(ready for ready, _ in waited if ready is not None)])

    def _time_out(self) -> None:
        self.cycle += self.registers.get(INSTRUCTION_TIMEOUT, 1_250_000)
        in_flight = min(52, sum(ready is None for ready, _ in self._reads))
        notification = ut.TimeoutNotification(instruction=self._index, omnibus_reads_in_flight=in_flight)
        self._outgoing.append((self.cycle, notification))
        self._stopped = True

    def _halt(self) -> list[ut.Message]:
        answered = [(ready, read) for ready, read in self._reads if ready is not None and ready <= self.cycle]
        everything = sorted([*self._outgoing, *answered], key=lambda item: item[0])
        in_time = [item for item in everything if item[0] <= self.cycle]
        return list(self._annotated([*in_time, (self.cycle, ut.LoopbackResponse(value=ut.HALT))]))

    def _annotated(self, messages: list[tuple[int, ut.Message]]) -> Iterator[ut.Message]:
        now = 0
        for time, message in messages:
            if self._synchronised and time > now + 1:
                delta = time - now - 2
                yield ut.Sysdelta(value=delta) if delta <= 0xFF else ut.Systime(value=time - 1)
                now = time - 1
            now += 1
            yield message


@pytest.fixture
def device() -> RegisterDevice:
    return RegisterDevice()


@pytest.fixture
def connection(device: RegisterDevice) -> Iterator[InProcessConnection]:
    with InProcessConnection(device) as opened:
        yield opened


@pytest.fixture
def broken_links() -> Iterator[InProcessConnection]:
    with InProcessConnection(RegisterDevice(links_up=False), endpoint="sim://broken-links") as opened:
        yield opened


def _vectors(name: str) -> Any:
    root = Path(__file__).parents[2]
    shared = root.parent / "shared" / "vectors" / name
    return json.loads((shared if shared.exists() else root / "tests" / "data" / name).read_text())


@pytest.fixture(scope="session")
def runtime_vectors() -> dict[str, dict[str, Any]]:
    return {vector["id"]: vector for vector in _vectors("runtime.json")}


@pytest.fixture(scope="session")
def ut_vectors() -> dict[str, Any]:
    found: dict[str, Any] = _vectors("ut.json")
    return found
