"""The two ends on real sockets of the loop-back interface."""

from __future__ import annotations

import contextlib
import logging
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.comm.arq import ArqSettings, HostLimits, HostState, UdpFpga, UdpHost, information_text
from hxtwin.comm.errors import (
    ArgumentError,
    DeviceDiedError,
    EndpointTakenError,
    LinkClosedError,
    LinkError,
    NoAnswerError,
    SettingsMismatchError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.comm.arq.conftest import ServerProcess

SECOND = 1_000_000_000
MS = 1_000_000
QUICK = HostLimits(reset_ns=300 * MS)
_CLIENT = Path(__file__).parent / "echo_client.py"


def link_to(server: UdpFpga | ServerProcess, **options: object) -> UdpHost:
    return UdpHost("127.0.0.1", server.data_port, server.reset_port, **options)  # type: ignore[arg-type]


def exchange(link: UdpHost, count: int, start: int = 0) -> None:
    words = np.arange(start, start + count, dtype=np.uint64)
    link.send(words)
    got: list[NDArray[np.uint64]] = []
    while sum(map(len, got)) < count:
        got.append(link.receive(10 * SECOND, watch=True))
        assert len(got[-1]), "no words within 10 s"
    assert np.array_equal(np.concatenate(got), words)


def drain(link: UdpHost) -> None:
    """Receives until nothing comes for 20 s."""
    while len(link.receive(20 * SECOND)):
        pass


class Silent:
    """A device that takes words and answers none."""

    def reset(self) -> None:
        pass

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return words[:0]


def test_words_come_back_over_udp(echo_server: UdpFpga) -> None:
    with link_to(echo_server) as link:
        assert link.information.entries["setup"] == "hxtwin"
        exchange(link, 1)
        exchange(link, 300_000)
        assert link.local_address == ("127.0.0.1", echo_server.peer[1] if echo_server.peer else 0)
        assert link.counters.payload_bytes_accepted >= 300_000 * 8
    assert link.state is HostState.CLOSED


def test_a_server_serves_one_host_after_the_other(echo_server: UdpFpga) -> None:
    for number in range(20):
        with link_to(echo_server) as link:
            exchange(link, 100, number)
    assert echo_server.session == 20


def test_the_device_is_reset_once_per_session() -> None:
    resets: list[int] = []

    class Device(Silent):
        def reset(self) -> None:
            resets.append(1)

        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            return words

    with UdpFpga(Device(), data_port=0, reset_port=0) as server:
        for _ in range(3):
            with link_to(server) as link:
                exchange(link, 10)
    assert len(resets) == 3


def test_a_fixed_local_port_can_be_used_again_and_again(echo_server: UdpFpga) -> None:
    with link_to(echo_server) as link:
        port = link.local_address[1]
        exchange(link, 1000)
    for number in range(3):
        with link_to(echo_server, local_port=port) as link:
            assert link.local_address[1] == port
            exchange(link, 1000, number)


def test_a_new_host_takes_over_and_the_old_one_is_told(echo_server: UdpFpga) -> None:
    with link_to(echo_server) as first, link_to(echo_server) as second:
        exchange(second, 1000)
        with pytest.raises(EndpointTakenError, match=f"taken over by 127.0.0.1:{second.local_address[1]}"):
            first.receive(10 * SECOND)
        exchange(second, 1000)


def test_words_of_a_displaced_session_do_not_reach_its_successor() -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Slow(Silent):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            if words[0] == 0xDEAD:
                entered.set()
                assert go_on.wait(10)
            return words

    with UdpFpga(Slow(), data_port=0, reset_port=0) as server, link_to(server) as first:
        first.send(np.full(100, 0xDEAD, np.uint64))
        assert entered.wait(10)
        with link_to(server) as second:
            second.send(np.array([1, 2, 3], np.uint64))
            go_on.set()
            assert second.receive(10 * SECOND).tolist() == [1, 2, 3]


def test_the_transport_answers_while_the_device_is_busy() -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Busy(Silent):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            entered.set()
            assert go_on.wait(20)
            return words

    limits = HostLimits(silence_ns=300 * MS, probe_ns=50 * MS)
    with UdpFpga(Busy(), data_port=0, reset_port=0) as server, link_to(server, limits=limits) as link:
        link.send(np.zeros(1, np.uint64))
        assert entered.wait(10)
        assert len(link.receive(700 * MS, watch=True)) == 0
        assert link.state is HostState.READY
        go_on.set()
        assert len(link.receive(10 * SECOND)) == 1


def test_a_device_that_fails_is_reported_and_served_again_after_a_reset(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Silent):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            if words[0] == 13:
                raise RuntimeError("unlucky word")
            return words

    with UdpFpga(Broken(), data_port=0, reset_port=0) as server:
        with link_to(server) as link, caplog.at_level(logging.CRITICAL):
            link.send(np.array([13], np.uint64))
            with pytest.raises(DeviceDiedError, match="RuntimeError: unlucky word"):
                link.receive(10 * SECOND)
            with pytest.raises(DeviceDiedError, match="unlucky word"):
                link.receive(10 * SECOND)
        with link_to(server) as link:
            exchange(link, 10, 100)


def test_a_device_that_returns_no_words_counts_as_failed(caplog: pytest.LogCaptureFixture) -> None:
    class Confused(Silent):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            return words.astype(np.float64)

    with (
        caplog.at_level(logging.CRITICAL),
        UdpFpga(Confused(), data_port=0, reset_port=0) as server,
        link_to(server) as link,
    ):
        link.send(np.zeros(1, np.uint64))
        with pytest.raises(DeviceDiedError, match="words must be a numpy array"):
            link.receive(10 * SECOND)


def test_a_server_with_a_stuck_device_can_be_closed(caplog: pytest.LogCaptureFixture) -> None:
    entered, go_on = threading.Event(), threading.Event()

    class Stuck(Silent):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            entered.set()
            go_on.wait(20)
            return words

    with UdpFpga(Stuck(), data_port=0, reset_port=0, stop_limit_s=0.05) as server, link_to(server) as link:
        link.send(np.zeros(1, np.uint64))
        assert entered.wait(10)
        server.close()
        assert "still at work" in caplog.text
        go_on.set()


def test_nobody_there_is_an_error_with_address_and_time() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        start = time.monotonic()
        with pytest.raises(NoAnswerError, match=rf"nobody answers at udp://127\.0\.0\.1:{port}: .* in 0\.3 s"):
            UdpHost("127.0.0.1", port, port, limits=QUICK).open()
        assert 0.3 <= time.monotonic() - start < 3


def test_other_settings_are_an_error_over_udp() -> None:
    with UdpFpga(Silent(), data_port=0, reset_port=0, settings=ArqSettings(window=32)) as server:
        with pytest.raises(SettingsMismatchError, match="window: expected 128, got 32"):
            link_to(server).open()
        with link_to(server, settings=ArqSettings(window=32)) as link:
            assert link.state is HostState.READY


def test_long_information_arrives_over_udp() -> None:
    text = information_text(version=1, note="x" * 20_000)
    with UdpFpga(Silent(), data_port=0, reset_port=0, information=text) as server, link_to(server) as link:
        assert link.information.text == text


def test_a_closed_link_says_so(echo_server: UdpFpga) -> None:
    link = link_to(echo_server)
    with pytest.raises(LinkClosedError, match="open it first"):
        link.send(np.zeros(1, np.uint64))
    link.open()
    link.close()
    link.close()
    with pytest.raises(LinkClosedError, match="open it first"):
        link.receive(0)


def test_waiting_ends_at_its_limit() -> None:
    with UdpFpga(Silent(), data_port=0, reset_port=0) as server, link_to(server) as link:
        start = time.monotonic()
        assert len(link.receive(100 * MS)) == 0
        assert 0.1 <= time.monotonic() - start < 2


@pytest.mark.parametrize("name", ["data_port", "reset_port", "local_port"])
@pytest.mark.parametrize("port", [-1, 65_536, True, "1234"])
def test_impossible_ports_are_refused_by_name(name: str, port: object) -> None:
    with pytest.raises(ArgumentError, match=name):
        UdpHost("127.0.0.1", **{name: port})  # type: ignore[arg-type]


def test_unusable_addresses_are_refused() -> None:
    with pytest.raises(ArgumentError, match="no IPv4 address"):
        UdpHost("no..host")
    with pytest.raises(ArgumentError, match="give a name"):
        UdpHost("")
    with UdpFpga(Silent(), data_port=0, reset_port=0) as server:
        with pytest.raises(ArgumentError, match=f"cannot listen at 127.0.0.1:{server.data_port}"):
            UdpFpga(Silent(), data_port=server.data_port, reset_port=0)
        with pytest.raises(ArgumentError, match=f"cannot listen at 127.0.0.1:{server.reset_port}"):
            UdpFpga(Silent(), data_port=0, reset_port=server.reset_port)
        with pytest.raises(ArgumentError, match=f"local port {server.data_port}"):
            link_to(server, local_port=server.data_port).open()


def test_garbage_at_both_ports_harms_nobody(echo_server: UdpFpga) -> None:
    numbers = np.random.default_rng(7)
    with link_to(echo_server) as link, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(300):
            garbage = numbers.bytes(int(numbers.integers(0, 1472)))
            stranger.sendto(garbage, ("127.0.0.1", (echo_server.data_port, echo_server.reset_port)[number % 2]))
        exchange(link, 10_000)
    assert echo_server.session == 1


def test_a_killed_server_ends_the_session_and_its_successor_is_usable(
    start_server: Callable[..., ServerProcess],
) -> None:
    server = start_server()
    with link_to(server, limits=HostLimits(probe_ns=50 * MS)) as link:
        exchange(link, 1000)
        server.kill()
        with pytest.raises(DeviceDiedError, match=f"udp://127.0.0.1:{server.data_port} died"):
            link.receive(20 * SECOND, watch=True)
        again = start_server(server.data_port, server.reset_port)
        link.open()
        exchange(link, 1000)
        assert again.process.poll() is None


def test_a_server_killed_in_mid_transfer_is_noticed(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server()
    with link_to(server) as link:
        link.send(np.zeros(2_000_000, np.uint64))
        assert len(link.receive(10 * SECOND))
        server.kill()
        with pytest.raises(DeviceDiedError):
            drain(link)


def test_a_server_that_comes_up_late_is_found(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server()
    server.kill()
    found: list[bool] = []

    def connect() -> None:
        with contextlib.suppress(LinkError), link_to(server, limits=HostLimits(reset_ns=20 * SECOND)) as link:
            exchange(link, 10)
            found.append(True)

    client = threading.Thread(target=connect)
    client.start()
    start_server(server.data_port, server.reset_port)
    client.join(25)
    assert found == [True]


def test_a_killed_host_leaves_the_server_usable(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server()
    for number in range(2):
        client = subprocess.Popen(
            [sys.executable, str(_CLIENT), str(server.data_port), str(server.reset_port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert client.stdout is not None
        assert client.stdout.readline() == "ready\n"
        client.kill()
        client.wait(timeout=10)
        client.stdout.close()
        with link_to(server) as link:
            exchange(link, 50_000, number)
    assert server.process.poll() is None
