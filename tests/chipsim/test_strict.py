"""A strict twin: what silicon leaves undefined is an error, or not answered (rules 8, 9, 39, 40)."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from hxtwin.chipsim import ChipSimError, Twin, TwinOptions
from hxtwin.chipsim.errors import UndefinedBehaviourError
from hxtwin.comm import ut
from hxtwin.comm.arq import UdpFpga
from hxtwin.comm.errors import DeviceDiedError
from hxtwin.endpoints import connect

from .client import Client, bring_up, jtag_read, phy_setup, read, write

UNMAPPED_CHIP = 0x01000000
UNMAPPED_FPGA = 0x88000001
SHORT_TIMEOUT = 10_000


def strict() -> Client:
    """A client of a strict twin whose links are up; instructions time out soon."""
    client = Client(Twin(options=TwinOptions(strict=True)))
    client.run(bring_up(systime=False), write(0x88000009, SHORT_TIMEOUT))
    return client


def test_a_program_that_is_well_defined_is_answered_as_by_a_generous_twin() -> None:
    program = [*read(0x02C04000), *read(0x88000009), ut.Barrier(omnibus=1), *jtag_read(0x0), ut.Barrier(jtag=1)]
    generous = Client()
    generous.run(bring_up(systime=False), write(0x88000009, SHORT_TIMEOUT))
    assert strict().run(program) == generous.run(program)


@pytest.mark.parametrize("address", [UNMAPPED_CHIP, UNMAPPED_FPGA, 0x02C50000])
def test_a_read_where_nothing_is_gets_no_answer_and_blocks_the_next_barrier(address: int) -> None:
    answers = strict().run(
        ut.Loopback(ut.TICK), read(0x88000009), read(address), read(0x88000009), ut.Barrier(omnibus=1)
    )
    tick, first, timeout = answers
    assert tick == ut.LoopbackResponse(ut.TICK)
    assert first == ut.OmnibusResponse(SHORT_TIMEOUT)
    assert isinstance(timeout, ut.TimeoutNotification)
    assert timeout.instruction == 4
    assert timeout.omnibus_reads_in_flight == 2


def test_a_write_where_nothing_is_is_ignored() -> None:
    assert strict().run(write(UNMAPPED_CHIP, 1), write(UNMAPPED_FPGA, 1), ut.Barrier(omnibus=1)) == []


def test_the_program_after_such_a_timeout_starts_normally() -> None:
    client = strict()
    client.run(read(UNMAPPED_CHIP), ut.Barrier(omnibus=1))
    assert client.words(read(0x88000009), ut.Barrier(omnibus=1)) == [SHORT_TIMEOUT]


def test_answers_that_are_not_there_at_the_halt_are_dropped() -> None:
    client = strict()
    assert client.run(read(0x02C04000)) == []
    assert client.run(jtag_read(0x0)) == []
    assert client.words(read(0x88000009), ut.Barrier(omnibus=1)) == [SHORT_TIMEOUT]
    generous = Client()
    generous.run(bring_up(systime=False))
    assert len(generous.run(read(0x02C04000))) == 1


def test_answers_that_came_before_the_halt_are_kept() -> None:
    assert strict().words(read(0x02C04000), ut.TimerSetup(), ut.WaitUntil(100)) == [0]


@pytest.mark.parametrize(
    "program",
    [[ut.OmnibusData(1)], [ut.OmnibusAddress(address=0x88000006), ut.TimerSetup()]],
    ids=["data without address", "address without data"],
)
def test_half_a_write_is_an_error(program: list[ut.ToFPGA], caplog: pytest.LogCaptureFixture) -> None:
    client = strict()
    with pytest.raises(UndefinedBehaviourError, match="without its data word"):
        client.run(program)
    assert [record.levelno for record in caplog.records if "data word" in record.message] == [logging.ERROR]


def test_a_word_that_is_no_instruction_is_an_error() -> None:
    with pytest.raises(ChipSimError, match="1 words that are no instructions"):
        strict().twin.feed(np.array([0x7F << 56], dtype=np.uint64))


@pytest.mark.parametrize("use", [[*read(0x0)], [*write(0x0, 1)], jtag_read(0x0), phy_setup()])
def test_using_the_chip_before_its_first_reset_is_an_error(use: list[ut.ToFPGA]) -> None:
    program = [*use, ut.TimerSetup(), ut.WaitUntil(20_000)]
    with pytest.raises(UndefinedBehaviourError, match="before its first reset"):
        Client(Twin(options=TwinOptions(strict=True))).run(program)
    Client().run(write(0x88000009, 1000), program)


def test_a_session_after_an_error_is_like_any_other() -> None:
    client = strict()
    with pytest.raises(UndefinedBehaviourError):
        client.run(ut.OmnibusData(1))
    client.twin.reset()
    client = Client(client.twin)
    assert client.words(read(0x88000009), ut.Barrier(omnibus=1)) == [1_250_000]


def test_a_host_over_udp_is_told(caplog: pytest.LogCaptureFixture) -> None:
    program = ut.encode([ut.OmnibusData(1), ut.Loopback(ut.HALT)], "to_fpga")
    with UdpFpga(Twin(options=TwinOptions(strict=True)), "127.0.0.1", 0, 0) as server:
        url = f"udp://127.0.0.1:{server.data_port}?reset_port={server.reset_port}"
        with connect(url) as connection, pytest.raises(DeviceDiedError, match="without its data word"):
            connection.run(program)
        with connect(url) as connection:
            assert len(connection.run(program[1:])) == 1
    assert "data word" in caplog.text
