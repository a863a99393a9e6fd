from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.comm import ut
from hxtwin.comm.arq import HostLimits, UdpFpga, information_text
from hxtwin.comm.connection import Connection, ConnectionInfo
from hxtwin.comm.device import Device
from hxtwin.comm.errors import (
    ArgumentError,
    DeviceDiedError,
    EndpointTakenError,
    HaltTimeoutError,
    LinkClosedError,
    LinkError,
    LinkProtocolError,
    NoAnswerError,
    UTDecodeError,
)
from hxtwin.comm.in_process import InProcessConnection
from hxtwin.comm.multi_connection import MultiConnection
from hxtwin.comm.time_info import TimeInfo
from hxtwin.comm.udp import UDPConnection
from hxtwin.comm.zero_mock import ZeroMockConnection, ZeroMockDevice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from tests.comm.connection.conftest import Server

    Program = Callable[..., NDArray[np.uint64]]

MS = 1_000_000


class Mute:
    """A device that never answers; `garbage` is what it returns."""

    def __init__(self, garbage: object = None) -> None:
        self.garbage = np.empty(0, np.uint64) if garbage is None else garbage
        self.resets = 0

    def reset(self) -> None:
        self.resets += 1

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return self.garbage  # type: ignore[return-value]


@pytest.fixture
def server() -> Iterator[UdpFpga]:
    text = information_text(version=1, identifier="twin-7")
    with UdpFpga(ZeroMockDevice(), data_port=0, reset_port=0, information=text) as made:
        yield made


@pytest.fixture(params=["in process", "udp", "zero mock"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """One connection of each kind; the device behind answers with zeros."""
    if request.param == "in process":
        with InProcessConnection(ZeroMockDevice()) as made:
            yield made
    elif request.param == "zero mock":
        with ZeroMockConnection() as mock:
            yield mock
    else:
        server = request.getfixturevalue("server")
        with UDPConnection("127.0.0.1", server.data_port, server.reset_port) as link:
            yield link


# every connection


def test_all_connections_fulfil_the_protocol(connection: Connection) -> None:
    assert isinstance(connection, Connection)
    assert isinstance(connection.info, ConnectionInfo)
    assert isinstance(ZeroMockDevice(), Device)


@pytest.mark.parametrize("reads", [0, 1, 179, 180, 5000])
def test_a_program_is_answered_up_to_its_halt(connection: Connection, program: Program, reads: int) -> None:
    answer = connection.run(program(reads))
    assert answer.dtype == np.uint64
    messages = ut.decode(answer, "from_fpga")
    assert messages[-1] == ut.LoopbackResponse(ut.HALT)
    assert messages[:-1] == [ut.OmnibusResponse(value=0)] * reads


def test_programs_follow_each_other(connection: Connection, program: Program) -> None:
    for reads in range(20):
        assert len(connection.run(program(reads))) == reads + 1


def test_time_info_grows_with_every_run(connection: Connection, program: Program) -> None:
    assert connection.time_info == TimeInfo()
    connection.run(program(1000))
    first = connection.time_info
    connection.run(program(1000))
    spent = connection.time_info - first
    for info in (first, spent):
        assert info.execute_ns > 0
        assert info.decode_ns > 0
        assert 0 <= info.encode_ns + info.send_ns <= info.execute_ns
    assert first + spent == connection.time_info


def test_a_program_without_halt_is_refused_and_does_no_harm(connection: Connection, program: Program) -> None:
    with pytest.raises(ArgumentError, match="without a halt"):
        connection.run(program(3)[:-1])
    with pytest.raises(ArgumentError, match=r"uint64\[n\]"):
        connection.run(program(3).astype(np.int64))
    with pytest.raises(ArgumentError, match="one week"):
        connection.run(program(3), limit_s=0)
    assert connection.is_open
    assert len(connection.run(program(3))) == 4


def test_a_closed_connection_says_so(connection: Connection, program: Program) -> None:
    connection.close()
    connection.close()
    assert not connection.is_open
    with pytest.raises(LinkClosedError, match=r"closed: open a new one"):
        connection.run(program())


def test_threads_take_turns(connection: Connection, program: Program) -> None:
    lengths: list[int] = []
    threads = [threading.Thread(target=lambda n=n: lengths.append(len(connection.run(program(n))))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(lengths) == list(range(1, 9))


# zero mock


def test_the_zero_mock_answers_reads_loopbacks_and_kept_jtag_data_with_zeros() -> None:
    words = ut.encode(
        [
            ut.JTAGInit(),
            ut.JTAGData(payload=5, keep_response=1),
            ut.JTAGData(payload=5, keep_response=0),
            ut.OmnibusAddress(address=7, is_read=1),
            ut.OmnibusAddress(address=7, is_read=0),
            ut.OmnibusData(3),
            ut.Loopback(ut.TICK),
            ut.SpikePack3ToFPGA(),
            ut.Barrier(value=0x1F),
            ut.SystimeInit(1),
            ut.Loopback(ut.HALT),
        ],
        "to_fpga",
    )
    with ZeroMockConnection() as mock:
        assert ut.decode(mock.run(words), "from_fpga") == [
            ut.JTAGResponse(0),
            ut.OmnibusResponse(0),
            ut.LoopbackResponse(ut.TICK),
            ut.LoopbackResponse(ut.HALT),
        ]


def test_the_zero_mock_takes_8_ns_per_message(program: Program) -> None:
    with ZeroMockConnection() as mock:
        start = time.perf_counter_ns()
        mock.run(program(500_000))
        assert time.perf_counter_ns() - start >= 8 * 500_000


def test_the_zero_mock_is_called_zeromock_and_supports_every_target() -> None:
    with ZeroMockConnection() as mock:
        assert mock.info.identifier == mock.info.bitfile.text == "zeromock"
        assert mock.info.targets - {"hardware", "simulation"}


# in process


def test_opening_resets_the_device_once() -> None:
    device = Mute()
    InProcessConnection(device).close()
    assert device.resets == 1


def test_an_in_process_device_declares_a_target_of_its_own() -> None:
    with InProcessConnection(ZeroMockDevice()) as connection:
        assert connection.info.targets == {"twin"}
    with InProcessConnection(ZeroMockDevice(), targets={"hardware"}) as connection:
        assert connection.info.targets == {"hardware"}


def test_a_device_serves_one_connection_at_a_time(program: Program) -> None:
    device = ZeroMockDevice()
    with InProcessConnection(device) as connection:
        with pytest.raises(EndpointTakenError, match="taken by another connection of this process"):
            InProcessConnection(device)
        connection.run(program())
    InProcessConnection(device).close()


def test_a_device_that_does_not_answer_the_halt_is_noticed_at_once(program: Program) -> None:
    connection = InProcessConnection(Mute())
    with pytest.raises(DeviceDiedError, match=r"executed 4 words and returned 0 without answering the halt"):
        connection.run(program())
    assert not connection.is_open
    with pytest.raises(LinkClosedError, match="broke earlier, open a new one: .*without answering the halt"):
        connection.run(program())
    connection.close()


@pytest.mark.parametrize("garbage", [[1, 2], np.zeros(3), np.zeros((2, 2), np.uint64), b"12345678"])
def test_a_device_that_returns_no_words_is_named(garbage: object, program: Program) -> None:
    with (
        InProcessConnection(Mute(garbage), endpoint="sim://broken") as connection,
        pytest.raises(LinkProtocolError, match="sim://broken returns no words"),
    ):
        connection.run(program())


def test_a_device_that_speaks_nonsense_is_a_decode_error(program: Program) -> None:
    with (
        InProcessConnection(Mute(np.array([0x7F << 56], np.uint64))) as connection,
        pytest.raises(UTDecodeError),
    ):
        connection.run(program())


def test_an_error_of_the_device_reaches_the_caller_and_frees_the_device(program: Program) -> None:
    class Failing(Mute):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            raise ZeroDivisionError("in the twin")

    device = Failing()
    connection = InProcessConnection(device)
    with pytest.raises(ZeroDivisionError):
        connection.run(program())
    with pytest.raises(LinkClosedError, match="in the twin"):
        connection.run(program())
    InProcessConnection(device).close()


def test_a_device_that_fails_to_reset_is_not_claimed() -> None:
    class Failing(Mute):
        def reset(self) -> None:
            self.resets += 1
            if self.resets == 1:
                raise ZeroDivisionError

    device = Failing()
    with pytest.raises(ZeroDivisionError):
        InProcessConnection(device)
    InProcessConnection(device).close()


# UDP


def test_a_udp_connection_knows_what_the_device_says(server: UdpFpga) -> None:
    with UDPConnection("localhost", server.data_port, server.reset_port) as connection:
        assert connection.info.endpoint == f"udp://127.0.0.1:{server.data_port}"
        assert connection.info.identifier == "twin-7"
        assert connection.info.bitfile.version == 1
        assert connection.info.targets == {"hardware"}
        assert connection.local_address[0] == "127.0.0.1"


def test_a_large_program_is_carried_both_ways(server: UdpFpga, program: Program) -> None:
    with UDPConnection("127.0.0.1", server.data_port, server.reset_port) as connection:
        assert len(connection.run(program(400_000))) == 400_001
        assert connection.counters.payload_bytes_accepted >= 400_001 * 8
        assert connection.time_info.send_ns > 0


def test_a_second_connection_of_this_process_is_refused(server: UdpFpga, program: Program) -> None:
    with UDPConnection("127.0.0.1", server.data_port, server.reset_port) as connection:
        with pytest.raises(EndpointTakenError, match=rf"udp://127\.0\.0\.1:{server.data_port} is taken by another"):
            UDPConnection("127.0.0.1", server.data_port, server.reset_port)
        connection.run(program())
    with UDPConnection("127.0.0.1", server.data_port, server.reset_port) as connection:
        connection.run(program())


def test_a_connection_may_take_over_when_asked_to(server: UdpFpga, program: Program) -> None:
    with UDPConnection("127.0.0.1", server.data_port, server.reset_port) as first:
        with UDPConnection("127.0.0.1", server.data_port, server.reset_port, exclusive=False) as second:
            second.run(program())
            with pytest.raises(EndpointTakenError, match="taken over by 127.0.0.1"):
                first.run(program())
            second.run(program())
        assert not first.is_open


def test_a_failed_connection_leaves_the_endpoint_free(server: UdpFpga) -> None:
    limits = HostLimits(reset_ns=50 * MS)
    for _ in range(2):
        with pytest.raises(NoAnswerError, match="nobody answers"):
            UDPConnection("127.0.0.1", server.data_port, server.data_port, limits=limits)
    UDPConnection("127.0.0.1", server.data_port, server.reset_port).close()


def test_a_program_that_never_ends_runs_into_its_limit(program: Program) -> None:
    with UdpFpga(Mute(), data_port=0, reset_port=0) as mute:
        connection = UDPConnection("127.0.0.1", mute.data_port, mute.reset_port, limit_s=0.2)
        start = time.monotonic()
        with pytest.raises(HaltTimeoutError, match=r"4 words did not end on udp://.* within 0\.2 s: 0 words came back"):
            connection.run(program())
        assert 0.2 <= time.monotonic() - start < 5
        with pytest.raises(LinkClosedError, match="broke earlier"):
            connection.run(program())
        connection.close()
        with (
            UDPConnection("127.0.0.1", mute.data_port, mute.reset_port) as again,
            pytest.raises(HaltTimeoutError, match=r"0\.1 s"),
        ):
            again.run(program(), limit_s=0.1)


def test_a_device_killed_between_programs_is_noticed(server_process: Server, program: Program) -> None:
    limits = HostLimits(probe_ns=50 * MS)
    address = ("127.0.0.1", server_process.data_port, server_process.reset_port)
    with UDPConnection(*address, limits=limits) as connection:
        assert len(connection.run(program(10))) == 11
        server_process.kill()
        with pytest.raises(DeviceDiedError, match="died"):
            connection.run(program(10))


def test_a_device_that_fails_in_a_program_is_reported(program: Program, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Mute):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            raise ValueError("no such register")

    with (
        caplog.at_level("CRITICAL"),
        UdpFpga(Failing(), data_port=0, reset_port=0) as failing,
        UDPConnection("127.0.0.1", failing.data_port, failing.reset_port) as connection,
        pytest.raises(DeviceDiedError, match="ValueError: no such register"),
    ):
        connection.run(program())


def test_answers_of_an_interrupted_session_do_not_reach_the_next(program: Program) -> None:
    class Echo(Mute):
        """Answers each halt with as many omnibus responses as there were words."""

        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            value = int(words[0] & np.uint64(0xFF))
            return ut.encode([ut.OmnibusResponse(value)] * len(words) + [ut.LoopbackResponse(ut.HALT)], "from_fpga")

    with UdpFpga(Echo(), data_port=0, reset_port=0) as echo:
        for value in range(5):
            with UDPConnection("127.0.0.1", echo.data_port, echo.reset_port) as connection:
                words = program(1)
                words[0] = ut.encode([ut.OmnibusData(value)], "to_fpga")[0]
                first = ut.decode(connection.run(words), "from_fpga")[0]
                assert first == ut.OmnibusResponse(value)


# several at once


def test_several_connections_run_at_the_same_time(program: Program) -> None:
    barrier = threading.Barrier(3, timeout=10)

    class Meeting(ZeroMockDevice):
        def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
            barrier.wait()
            return super().feed(words)

    with MultiConnection([InProcessConnection(Meeting(), endpoint=f"sim://{n}") for n in range(3)]) as several:
        assert len(several) == len(several.connections) == 3
        assert [info.endpoint for info in several.infos] == ["sim://0", "sim://1", "sim://2"]
        answers = several.run([program(reads) for reads in (1, 2, 3)])
        assert [len(answer) for answer in answers] == [2, 3, 4]
        assert all(info.execute_ns > 0 for info in several.time_infos)
    assert not several.is_open
    with pytest.raises(LinkClosedError, match="closed"):
        several.run([program()] * 3)


def test_each_connection_needs_its_program(program: Program) -> None:
    with (
        MultiConnection([ZeroMockConnection()]) as several,
        pytest.raises(ArgumentError, match="2 programs for 1 connections"),
    ):
        several.run([program(), program()])


def test_no_connection_twice() -> None:
    with ZeroMockConnection() as mock:
        with pytest.raises(ArgumentError, match="only once"):
            MultiConnection([mock, mock])
        with pytest.raises(ArgumentError, match="at least one"):
            MultiConnection([])


def test_the_failing_connection_is_named_and_the_others_finish(program: Program) -> None:
    connections = [
        ZeroMockConnection(),
        InProcessConnection(Mute(), endpoint="sim://1"),
        InProcessConnection(Mute(), endpoint="sim://2"),
    ]
    with MultiConnection(connections) as several:
        with pytest.raises(DeviceDiedError) as raised:
            several.run([program()] * 3)
        notes = "\n".join(raised.value.__notes__)
        assert "connection 1 (sim://1)" in notes
        assert "connection 2 (sim://2)" in notes
        assert [connection.is_open for connection in connections] == [True, False, False]


def test_every_link_error_is_a_comm_error() -> None:
    from hxtwin.comm import CommError
    from hxtwin.errors import HxtwinError

    assert issubclass(LinkError, CommError)
    assert issubclass(CommError, HxtwinError)
