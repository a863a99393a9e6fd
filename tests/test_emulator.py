"""The emulator: a twin behind UDP, in a process of its own and in this one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import attrs
import numpy as np
import pytest

import hxtwin
from hxtwin import containers, coord, runtime
from hxtwin.chipsim import TwinOptions
from hxtwin.comm import ArgumentError, LinkError, UDPConnection, ut
from hxtwin.emulator import command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

LIMIT_S = 60


@attrs.frozen
class Daemon:
    """A running emulator."""

    process: subprocess.Popen[str]
    url: str

    @property
    def ports(self) -> tuple[int, int]:
        parts = urlsplit(self.url)
        assert parts.port is not None
        return parts.port, int(parse_qs(parts.query)["reset_port"][0])


def start(*arguments: str) -> Daemon:
    command = [sys.executable, "-m", "hxtwin.cli", "emulator", "--data-port", "0", "--reset-port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    ready, _, url = process.stdout.readline().strip().partition(" ")
    assert ready == "ready", process.communicate()[1]
    return Daemon(process, url)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A twin of chip 7 in a process of its own."""
    found = start("--chip", "7", "--no-noise")
    yield found
    if found.process.poll() is None:
        found.process.kill()
    found.process.communicate()


@pytest.fixture
def program() -> NDArray[np.uint64]:
    """Words of a program: bring-up, 20 spikes through the transparent crossbar, a cell read back."""
    builder, _ = runtime.generate(runtime.SystemInit())
    for label in range(0x100, 0x114):
        builder.write(coord.SpikePack1ToChipOnDLS(), containers.SpikePack1ToChip(labels=np.array([label])))
    builder.write(coord.CapMemCellOnDLS(5), containers.CapMemCell(value=123))
    builder.read(coord.CapMemCellOnDLS(5))
    builder.wait_for(1000)
    builder.barrier(omnibus=True)
    halt = ut.encode([ut.Loopback(ut.HALT)], "to_fpga")
    return np.concatenate([ut.encode_array(builder.done().messages), halt])


def test_answers_over_udp_are_those_in_process_word_for_word(daemon: Daemon, program: NDArray[np.uint64]) -> None:
    with hxtwin.connect(daemon.url) as remote, hxtwin.connect("sim://?chip=7&noise=0") as local:
        for _ in range(2):
            assert remote.run(program).tolist() == local.run(program).tolist()


def test_the_daemon_says_what_it_is(daemon: Daemon) -> None:
    with hxtwin.connect(daemon.url) as remote, hxtwin.connect("sim://?chip=7&noise=0") as local:
        assert remote.info.identifier == local.info.identifier == "hxcube100fpga0chip1007_1"
        assert remote.info.bitfile == local.info.bitfile


def test_a_reset_takes_over_and_the_displaced_host_is_told(daemon: Daemon, program: NDArray[np.uint64]) -> None:
    first = UDPConnection("127.0.0.1", *daemon.ports, exclusive=False)
    answer = first.run(program)
    with UDPConnection("127.0.0.1", *daemon.ports, exclusive=False) as second:
        with pytest.raises(LinkError, match="127.0.0.1"):
            first.run(program)
        assert len(second.run(program)) == len(answer)
    first.close()


def test_malformed_traffic_does_no_harm(daemon: Daemon, program: NDArray[np.uint64]) -> None:
    random = np.random.default_rng(5)
    with hxtwin.connect(daemon.url) as connection, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        connection.run(program)
        answer = connection.run(program)
        for port in daemon.ports:
            for size in (0, 1, 3, 4, 5, 12, 20, 1452, 1453, 9000):
                stranger.sendto(random.bytes(size), ("127.0.0.1", port))
        assert len(connection.run(program)) == len(answer)


def test_a_port_in_use_is_one_clear_line(daemon: Daemon) -> None:
    data_port, _ = daemon.ports
    with pytest.raises(ArgumentError, match=f"cannot listen at 127.0.0.1:{data_port}"):
        command.run(TwinOptions(), "127.0.0.1", data_port, 0)


def test_sigterm_in_the_middle_of_a_session_ends_the_daemon_with_status_0(daemon: Daemon) -> None:
    with hxtwin.connect(daemon.url):
        daemon.process.send_signal(signal.SIGTERM)
        _, log = daemon.process.communicate(timeout=LIMIT_S)
    assert daemon.process.returncode == 0
    assert "SIGTERM: stopping" in log
    assert "ready" in log
    assert "Traceback" not in log


# --- in this process --------------------------------------------------------------------------------------------------


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the kernels alone."""
    monkeypatch.setattr(command, "warm_up", lambda options: None)


@pytest.fixture
def when_ready(monkeypatch: pytest.MonkeyPatch, cold: None) -> Callable[[Callable[[str], None]], None]:
    """Does something with the line that the emulator prints when it is ready."""
    del cold
    return lambda action: monkeypatch.setattr("typer.echo", action)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_service_and_gives_the_ports_back(
    number: signal.Signals, when_ready: Callable[[Callable[[str], None]], None]
) -> None:
    lines: list[str] = []

    def stop(line: str) -> None:
        lines.append(line)
        os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    when_ready(stop)
    command.run(TwinOptions(), "127.0.0.1", 0, 0)
    assert signal.getsignal(number) is before
    port = urlsplit(lines[0].removeprefix("ready ")).port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", port))


def test_a_signal_before_the_service_ends_the_process_with_status_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "warm_up", lambda options: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit) as end:
        command.run(TwinOptions(), "127.0.0.1", 0, 0)
    assert end.value.code == 0


@pytest.mark.parametrize(("host", "warnings"), [("127.0.0.1", 0), ("localhost", 0), ("0.0.0.0", 1)])
def test_an_address_that_others_reach_is_warned_of(
    host: str,
    warnings: int,
    when_ready: Callable[[Callable[[str], None]], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    when_ready(lambda line: os.kill(os.getpid(), signal.SIGTERM))
    command.run(TwinOptions(), host, 0, 0)
    assert caplog.text.count("whoever reaches this address can use the twin") == warnings
