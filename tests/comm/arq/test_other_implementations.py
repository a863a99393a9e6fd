"""Both ends against stand-ins for the lab's host library and for a plain FPGA, written from the protocol's description.

The lab's host acknowledges only when data arrives, at most every 500 us and never by a timer; it opens its window by
one frame per acknowledgement it processes, ignores repeated acknowledgements, repeats frames at multiples of 756 us,
and takes any packet id but 0x0010 for fatal. Everything happens in steps of 100 us; a datagram takes one step.
Reference: host-arq.md 5 and 6.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.comm.arq import FpgaArq, HostArq, HostState, information_text
from hxtwin.comm.arq.frame import RESET_FRAME

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = ("192.0.2.1", 50_000)
STEP_NS = 100_000
N, W, WORDS = 256, 128, 180
FRAME_BYTES = 12 + 8 * WORDS


class LabHost:
    """The sending and receiving rules of the lab's host library."""

    def __init__(self) -> None:
        self.status = "waitreset"
        self.low = self.high = 0
        self.frames: dict[int, tuple[int, int, int, bytes]] = {}
        self.waiting: list[tuple[int, bytes]] = []
        self.receive_low = 0
        self.slots: dict[int, tuple[int, bytes]] = {}
        self.delivered: list[tuple[int, bytes]] = []
        self.last_request_us = 0
        self.requested = False
        self.last_ack: int | None = None
        self.window, self.threshold, self.flag = FRAME_BYTES, W * FRAME_BYTES // 2, False
        self.resent = 0

    @property
    def in_flight(self) -> int:
        return (self.high - self.low) % N

    def receive(self, datagram: bytes, now_us: int) -> None:
        if len(datagram) <= 4:
            if len(datagram) == 4:
                self.acknowledged(struct.unpack(">I", datagram)[0])
            return
        ack, seq, pid, length = struct.unpack_from(">IIHH", datagram)
        if len(datagram) != 12 + 8 * length:
            return
        assert seq < N, "this would write outside the slot table"
        if self.status == "waitreset":
            if pid != 0x8002:
                return
            assert struct.unpack_from(">3Q", datagram, 12) == (N, W, WORDS)
            self.status = "normal"
        self.acknowledged(ack)
        if (seq - self.receive_low) % N < W and seq not in self.slots:
            self.slots[seq] = (pid, datagram[12:])
            while (ready := self.slots.pop(self.receive_low, None)) is not None:
                self.delivered.append(ready)
                self.receive_low = (self.receive_low + 1) % N
        if now_us >= self.last_request_us + 500:
            self.last_request_us = now_us
            self.requested = True

    def acknowledged(self, ack: int) -> None:
        if ack == self.last_ack:
            return
        self.last_ack = ack
        count = (ack + 1 - self.low) % N
        if not 1 <= count <= self.in_flight:
            return
        for _ in range(count):
            del self.frames[self.low]
            self.low = (self.low + 1) % N
        if self.flag:
            if not self.frames:
                self.threshold, self.window, self.flag = self.window // 2, FRAME_BYTES, False
        elif self.window < self.threshold:
            self.window += FRAME_BYTES
        else:
            self.window += (100 - self.window * 100 // (W * FRAME_BYTES)) * FRAME_BYTES // 100
        self.window = min(self.window, W * FRAME_BYTES)

    def frame(self, seq: int) -> bytes:
        _, _, pid, payload = self.frames[seq]
        self.requested = False
        return struct.pack(">IIHH", (self.receive_low - 1) % N, seq, pid, len(payload) // 8) + payload

    def tick(self, now_us: int) -> list[bytes]:
        sent = []
        if now_us % 800 == 0:
            for seq, (first, count, pid, payload) in sorted(
                self.frames.items(), key=lambda item: (item[0] - self.low) % N
            ):
                if (now_us - first) // 756 >= count:
                    self.frames[seq] = (first, count + 1, pid, payload)
                    self.flag = True
                    self.resent += 1
                    sent.append(self.frame(seq))
        while self.waiting and not self.flag and self.in_flight < self.window // FRAME_BYTES:
            self.frames[self.high] = (now_us, 1, *self.waiting.pop(0))
            sent.append(self.frame(self.high))
            self.high = (self.high + 1) % N
        if self.requested:
            self.requested = False
            sent.append(struct.pack(">I", (self.receive_low - 1) % N))
        return sent


class Bench:
    """The lab's host and our FPGA."""

    def __init__(self, loss: float = 0.0, duplication: float = 0.0) -> None:
        self.host = LabHost()
        self.fpga = FpgaArq(information_text(version=1, note="x" * 3000))
        self.numbers = np.random.default_rng(11)
        self.loss, self.duplication = loss, duplication
        self.now_us = 0
        self.echo = False

    def step(self) -> None:
        to_fpga = self.host.tick(self.now_us)
        to_host = []
        now_ns = 1000 * self.now_us
        while (datagram := self.fpga.transmit(now_ns)) is not None:
            to_host.append(datagram)
        self.now_us += 100
        for datagram in to_fpga:
            for _ in range(self.copies(0.0)):
                self.fpga.receive_from(datagram, HOST, now_ns + STEP_NS)
        for datagram in to_host:
            for _ in range(self.copies(self.duplication)):
                self.host.receive(datagram, self.now_us)
        if self.echo and self.fpga.backlog_bytes:
            self.fpga.send_words(self.fpga.take_words())

    def copies(self, duplication: float) -> int:
        if self.numbers.random() < self.loss:
            return 0
        return 1 + (self.numbers.random() < duplication)

    def until(self, done: Callable[[], bool], limit_us: int) -> None:
        end = self.now_us + limit_us
        while not done():
            assert self.now_us < end, "not within the time the lab's host would wait"
            self.step()

    def connect(self) -> None:
        """The set-up of the lab's host: answer within 2 s, information, loop-back within 400 ms."""
        self.fpga.receive_reset(RESET_FRAME, HOST, 0)
        self.until(lambda: self.host.status == "normal", 2_000_000)
        wanted = 4 + 3000 // 8
        self.until(lambda: sum(len(payload) // 8 for _, payload in self.host.delivered) > wanted, 1_000_000)
        text = b"".join(payload for _, payload in self.host.delivered)[32:]
        assert {pid for pid, _ in self.host.delivered} == {0x8002}
        assert b"\0" in text
        assert text.startswith(b"version: 1\ncompatible_until: 0\n")
        self.host.delivered.clear()
        self.host.waiting.append((0x8001, b"looped!!"))
        self.until(lambda: bool(self.host.delivered), 400_000)
        assert self.host.delivered == [(0x8001, b"looped!!")]
        self.host.delivered.clear()


@pytest.mark.parametrize(("loss", "duplication"), [(0.0, 0.0), (0.1, 0.0), (0.0, 0.3), (0.1, 0.3)])
def test_the_labs_host_is_served(loss: float, duplication: float) -> None:
    bench = Bench(loss, duplication)
    bench.connect()
    words = np.arange(180 * 400, dtype=np.uint64)
    wire = words.astype(">u8").tobytes()
    bench.echo = True
    bench.host.waiting += [(0x10, wire[start : start + 1440]) for start in range(0, len(wire), 1440)]
    bench.until(lambda: sum(len(payload) for _, payload in bench.host.delivered) >= len(wire), 60_000_000)
    assert {pid for pid, _ in bench.host.delivered} == {0x0010}
    assert b"".join(payload for _, payload in bench.host.delivered) == wire
    bench.until(lambda: bench.fpga.idle, 5_000_000)


def test_the_labs_host_reaches_its_full_window_because_every_frame_is_acknowledged() -> None:
    bench = Bench()
    bench.connect()
    bench.host.waiting += [(0x10, b"\0" * 1440)] * 20_000
    bench.until(lambda: bench.host.window >= 64 * FRAME_BYTES, 1_000_000)
    assert bench.host.resent == 0


def test_the_last_words_reach_the_labs_host_although_it_acknowledges_late() -> None:
    bench = Bench()
    bench.connect()
    for _ in range(50):
        bench.fpga.send_words(np.arange(3, dtype=np.uint64))
        bench.step()
    bench.until(lambda: sum(len(payload) for _, payload in bench.host.delivered) == 50 * 24, 100_000)
    bench.until(lambda: bench.fpga.idle, 1_000_000)


def test_the_labs_host_resets_in_mid_session_from_the_same_port() -> None:
    bench = Bench()
    bench.connect()
    bench.fpga.send_words(np.zeros(50_000, np.uint64))
    bench.host.waiting += [(0x10, b"\0" * 1440)] * 50
    bench.until(lambda: bench.now_us % 30_000 == 0, 100_000)
    bench.host = LabHost()
    bench.host.last_request_us = bench.now_us
    bench.fpga.receive_reset(RESET_FRAME, HOST, 1000 * bench.now_us)
    bench.until(lambda: bench.host.status == "normal", 2_000_000)
    bench.until(lambda: sum(len(payload) // 8 for _, payload in bench.host.delivered) > 379, 1_000_000)
    bench.host.delivered.clear()
    bench.host.waiting.append((0x8001, b"looped!!"))
    bench.until(lambda: bool(bench.host.delivered), 400_000)
    assert bench.host.delivered == [(0x8001, b"looped!!")]
    assert len(bench.fpga.take_words()) == 0


class PlainFpga:
    """An FPGA that does the least: one frame in flight, repeated every 2 ms, one acknowledgement per data frame."""

    def __init__(self) -> None:
        self.queue: list[tuple[int, bytes]] = []
        self.seq = self.receive_low = 0
        self.sent_us = -(10**9)
        self.words = b""

    def reset(self) -> None:
        answer = struct.pack(">4Q", N, W, WORDS, 5) + b"version: 0\ncompatible_until: 0\n".ljust(40, b"\0")
        self.__init__()  # type: ignore[misc]
        self.queue = [(0x8002, answer)]

    def step(self, datagrams: list[bytes], now_us: int) -> list[bytes]:
        sent = []
        for datagram in datagrams:
            ack = struct.unpack_from(">I", datagram)[0]
            if self.queue and ack == self.seq:
                self.queue.pop(0)
                self.seq = (self.seq + 1) % N
                self.sent_us = -(10**9)
            if len(datagram) > 4:
                _, seq, pid, _ = struct.unpack_from(">IIHH", datagram)
                if seq == self.receive_low:
                    self.receive_low = (seq + 1) % N
                    self.words += datagram[12:] if pid == 0x10 else b""
                    if pid in {0x10, 0x8001}:
                        self.queue.append((pid, datagram[12:]))
                sent.append(struct.pack(">I", (self.receive_low - 1) % N))
        if self.queue and now_us - self.sent_us >= 2000:
            self.sent_us = now_us
            pid, payload = self.queue[0]
            sent.append(struct.pack(">IIHH", (self.receive_low - 1) % N, self.seq, pid, len(payload) // 8) + payload)
        return sent


@pytest.mark.parametrize("loss", [0.0, 0.1, 0.3])
def test_a_plain_fpga_that_keeps_nothing_out_of_order_is_enough_for_our_host(loss: float) -> None:
    host, fpga = HostArq(), PlainFpga()
    numbers = np.random.default_rng(5)
    words = np.arange(180 * 60, dtype=np.uint64)
    now_us, to_host, queued = 0, list[bytes](), False
    got: list[int] = []
    host.connect(0)
    while len(got) < len(words):
        assert now_us < 60_000_000, host.error
        now_us += 100
        if host.reset_frame(1000 * now_us) is not None and numbers.random() >= loss:
            fpga.reset()
        for datagram in to_host:
            if numbers.random() >= loss:
                host.receive(datagram, 1000 * now_us)
        to_fpga = []
        while (sent := host.transmit(1000 * now_us)) is not None:
            to_fpga.append(sent)
        to_host = fpga.step([datagram for datagram in to_fpga if numbers.random() >= loss], now_us)
        if host.state is HostState.READY and not queued:
            queued = True
            host.send_words(words)
        got += host.take_words().tolist()
    assert got == words.tolist()
    assert fpga.words == words.astype(">u8").tobytes()
