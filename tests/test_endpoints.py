"""Endpoints: which URL opens which connection, and what a wrong one is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import hxtwin
from hxtwin.comm import UDPConnection, ZeroMockConnection, ut
from hxtwin.comm.arq import UdpFpga
from hxtwin.comm.zero_mock import ZeroMockDevice
from hxtwin.endpoints import ENVIRONMENT_VARIABLE, EndpointError, connect, connect_all

if TYPE_CHECKING:
    import numpy as np

PROGRAM = ut.encode([ut.Loopback(ut.TICK), ut.Loopback(ut.HALT)], "to_fpga")


def ticks(words: np.ndarray[tuple[int, ...], np.dtype[np.uint64]]) -> int:
    return sum(message == ut.LoopbackResponse(ut.TICK) for message in ut.decode(words, "from_fpga"))


def test_the_package_exports_connect() -> None:
    assert hxtwin.connect is connect


def test_zero_mock_answers_in_this_process() -> None:
    with connect("zeromock://") as connection:
        assert isinstance(connection, ZeroMockConnection)
        assert ticks(connection.run(PROGRAM)) == 1


def test_udp_reaches_a_device_at_its_two_ports() -> None:
    with UdpFpga(ZeroMockDevice(), "127.0.0.1", 0, 0) as server:
        server.start()
        data_port, reset_port = server.data_port, server.reset_port
        with connect(f"udp://127.0.0.1:{data_port}?reset_port={reset_port}") as connection:
            assert isinstance(connection, UDPConnection)
            assert ticks(connection.run(PROGRAM)) == 1


def test_the_environment_names_the_default_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "zeromock://")
    with connect() as connection:
        assert isinstance(connection, ZeroMockConnection)


def test_several_endpoints_become_one_multi_connection() -> None:
    with connect_all(["zeromock://", "zeromock://"]) as connections:
        assert len(connections) == 2


def test_a_failing_endpoint_closes_those_opened_before(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[ZeroMockConnection] = []

    def close(self: ZeroMockConnection) -> None:
        closed.append(self)

    monkeypatch.setattr(ZeroMockConnection, "close", close)
    with pytest.raises(EndpointError):
        connect_all(["zeromock://", "nowhere://"])
    assert len(closed) == 1


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("", "URL like"),
        ("127.0.0.1:1234", "URL like"),
        ("ftp://127.0.0.1", "kind 'ftp' is unknown; known: "),
        ("scheduler://host:1", "no client of the shared scheduler"),
        ("udp://", "an address is wanted"),
        ("udp://127.0.0.1:99999", "Port out of range"),
        ("udp://127.0.0.1:port", "Port could not be cast"),
        ("udp://127.0.0.1?reset_port=0", "no number in 1..65535"),
        ("udp://127.0.0.1?reset_port=many", "no number in 1..65535"),
        ("udp://127.0.0.1?speed=9", "option 'speed' is unknown; known: reset_port"),
        ("udp://127.0.0.1/path", "only kind, address, port and options"),
        ("udp://user@127.0.0.1", "only kind, address, port and options"),
        ("sim://127.0.0.1", "has no address"),
        ("sim://?chip=-1", "is no number"),
        ("zeromock://?chip=1", "option 'chip' is unknown; known: none"),
        ("udp://[::1", "Invalid IPv6"),
    ],
)
def test_a_malformed_endpoint_is_told_what_is_wanted(endpoint: str, message: str) -> None:
    with pytest.raises(EndpointError, match="endpoint") as error:
        connect(endpoint)
    assert message in str(error.value)
