"""Two ends of Host-ARQ wired by hand, and servers on the loop-back interface."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hxtwin.comm.arq import ArqSettings, ArqTiming, FpgaArq, HostArq, HostLimits, UdpFpga, information_text
from hxtwin.comm.arq.frame import RESET_FRAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

HOST = ("192.0.2.1", 50_000)
_SERVER = Path(__file__).parent / "echo_server.py"


class Pair:
    """A host and an FPGA; every datagram passes through the hands of the test, 10 us per exchange."""

    def __init__(self, host: HostArq, fpga: FpgaArq) -> None:
        self.host = host
        self.fpga = fpga
        self.now = 1_000_000
        self.to_fpga: list[bytes] = []
        self.to_host: list[bytes] = []

    def collect(self) -> None:
        """Moves everything that both ends want to send into `to_fpga` and `to_host`."""
        while (datagram := self.host.transmit(self.now)) is not None:
            self.to_fpga.append(datagram)
        while (datagram := self.fpga.transmit(self.now)) is not None:
            self.to_host.append(datagram)

    def deliver(self) -> bool:
        """Hands over everything collected; returns whether there was anything."""
        self.now += 10_000
        for datagram in (to_fpga := self.to_fpga):
            self.fpga.receive_from(datagram, HOST, self.now)
        for datagram in (to_host := self.to_host):
            self.host.receive(datagram, self.now)
        self.to_fpga, self.to_host = [], []
        return bool(to_fpga or to_host)

    def settle(self) -> None:
        """Exchanges datagrams until both ends are quiet."""
        for _ in range(10_000):
            self.collect()
            if not self.deliver():
                return
        raise AssertionError("the two ends never become quiet")

    def reset(self) -> bool:
        """Lets the host send its reset; returns whether one was due."""
        frame = self.host.reset_frame(self.now)
        if frame is None:
            return False
        assert frame == RESET_FRAME
        self.fpga.receive_reset(frame, HOST, self.now)
        return True

    def connect(self) -> None:
        self.host.connect(self.now)
        self.reset()
        self.settle()

    def wait(self, duration_ns: int) -> None:
        self.now += duration_ns


@pytest.fixture
def make_pair() -> Callable[..., Pair]:
    """Makes a host and an FPGA that do not know each other yet."""

    def make(
        *,
        host_settings: ArqSettings | None = None,
        fpga_settings: ArqSettings | None = None,
        information: str | None = None,
        limits: HostLimits | None = None,
        timing: ArqTiming | None = None,
        loopback: bool = True,
        require_information: bool = True,
        receive_limit: int = 64 << 20,
    ) -> Pair:
        words = itertools.count(0x1234_5678_9ABC_DEF0)
        host = HostArq(
            "udp://192.0.2.7:1234",
            settings=host_settings or ArqSettings(),
            timing=timing,
            limits=limits,
            loopback=loopback,
            require_information=require_information,
            token=lambda: next(words),
            receive_limit=receive_limit,
        )
        text = information_text(version=1, compatible_until=0) if information is None else information
        fpga = FpgaArq(text, settings=fpga_settings or ArqSettings(), timing=timing, receive_limit=receive_limit)
        return Pair(host, fpga)

    return make


@pytest.fixture
def pair(make_pair: Callable[..., Pair]) -> Pair:
    """A host and an FPGA in a session."""
    made = make_pair()
    made.connect()
    made.host.check()
    return made


class Echo:
    """A device that returns every word."""

    def __init__(self) -> None:
        self.resets = 0

    def reset(self) -> None:
        self.resets += 1

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return words


@pytest.fixture
def echo_server() -> Iterator[UdpFpga]:
    """An echo device behind UDP, in threads of this process."""
    with UdpFpga(Echo(), data_port=0, reset_port=0) as server:
        yield server


class ServerProcess:
    """An echo device behind UDP, in a process of its own."""

    def __init__(self, data_port: int = 0, reset_port: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(_SERVER), str(data_port), str(reset_port)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        ready = self.process.stdout.readline().split()
        assert ready[:1] == ["ready"]
        self.data_port, self.reset_port = int(ready[1]), int(ready[2])

    def kill(self) -> None:
        """Kills the process with SIGKILL and waits for its end."""
        self.process.kill()
        self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def start_server() -> Iterator[Callable[..., ServerProcess]]:
    """Starts echo servers in processes of their own; all are killed at the end."""
    servers: list[ServerProcess] = []

    def start(data_port: int = 0, reset_port: int = 0) -> ServerProcess:
        servers.append(ServerProcess(data_port, reset_port))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.kill()
