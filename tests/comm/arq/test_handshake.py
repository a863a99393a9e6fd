from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.comm.arq import ArqSettings, HostLimits, HostState, information_text
from hxtwin.comm.arq.frame import RESET_FRAME, DataFrame, decode, encode_data, words_to_wire
from hxtwin.comm.arq.notice import Notice, NoticeKind, encode_notice
from hxtwin.comm.errors import (
    BitfileError,
    DeviceDiedError,
    EndpointTakenError,
    LinkClosedError,
    LinkProtocolError,
    NoAnswerError,
    ResetFailedError,
    SettingsMismatchError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.comm.arq.conftest import Pair

HX = ArqSettings()
HOST = ("192.0.2.1", 50_000)
NAME = "udp://192.0.2.7:1234"
SECOND = 1_000_000_000


def words(*values: int) -> bytes:
    return words_to_wire(np.array(values, dtype=np.uint64))


def data(ack: int, seq: int, pid: int, *values: int) -> bytes:
    return encode_data(DataFrame(ack, seq, pid, words(*values)), HX)


def frames(datagrams: list[bytes]) -> list[DataFrame]:
    decoded = [decode(datagram, HX) for datagram in datagrams]
    return [frame for frame in decoded if isinstance(frame, DataFrame)]


def failure(pair: Pair) -> Exception:
    assert pair.host.state is HostState.FAILED
    assert pair.host.error is not None
    return pair.host.error


def test_the_answer_to_a_reset_is_frame_0_with_packet_id_8002(pair: Pair) -> None:
    pair.fpga.receive_reset(RESET_FRAME, ("192.0.2.2", 1), pair.now)
    datagram = pair.fpga.transmit(pair.now)
    assert datagram is not None
    frame = decode(datagram, HX)
    assert isinstance(frame, DataFrame)
    assert (frame.ack, frame.seq, frame.pid) == (255, 0, 0x8002)
    assert frame.payload[:24] == words(256, 128, 180)


def test_a_session_begins_with_reset_answer_and_loop_back(pair: Pair) -> None:
    assert pair.host.state is HostState.READY
    assert pair.host.information.version == 1
    assert pair.host.counters.resets == pair.fpga.counters.resets == 1
    assert pair.host.idle
    assert pair.fpga.idle


def test_the_loop_back_word_goes_out_with_packet_id_8001_after_the_answer(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair()
    pair.host.connect(pair.now)
    pair.reset()
    pair.collect()
    pair.deliver()
    pair.collect()
    assert frames(pair.to_fpga) == [DataFrame(0, 0, 0x8001, words(0x1234_5678_9ABC_DEF0))]
    pair.settle()
    assert pair.host.state is HostState.READY


def test_without_loop_back_the_session_is_ready_after_the_answer(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(loopback=False)
    pair.connect()
    assert pair.host.state is HostState.READY
    assert pair.host.counters.sent == 0


@pytest.mark.parametrize("length", [0, 1400, 1408, 5000, 60_000])
def test_information_of_several_frames_arrives(make_pair: Callable[..., Pair], length: int) -> None:
    text = information_text(version=2, note="n" * length)
    pair = make_pair(information=text)
    pair.connect()
    assert pair.host.information.text == text


def test_the_reset_is_repeated_until_it_is_answered(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair()
    pair.host.connect(pair.now)
    times = []
    for _ in range(5):
        deadline = pair.host.next_deadline()
        assert deadline is not None
        pair.now = max(pair.now, deadline)
        assert pair.host.reset_frame(pair.now) == RESET_FRAME
        assert pair.host.reset_frame(pair.now) is None
        times.append(pair.now)
    assert np.diff(times).tolist() == [100_000_000] * 4
    pair.wait(100_000_000)
    pair.reset()
    pair.settle()
    assert pair.host.state is HostState.READY


def test_repeated_resets_before_the_answer_do_no_harm(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair()
    pair.host.connect(pair.now)
    pair.reset()
    pair.collect()
    pair.fpga.receive_reset(RESET_FRAME, HOST, pair.now)
    pair.settle()
    assert pair.host.state is HostState.READY
    pair.host.send_words(np.arange(5, dtype=np.uint64))
    pair.settle()
    assert pair.fpga.take_words().tolist() == [0, 1, 2, 3, 4]


def test_a_reset_that_the_network_repeats_does_not_end_the_session(pair: Pair) -> None:
    assert not pair.fpga.receive_reset(RESET_FRAME, HOST, pair.now)
    pair.host.send_words(np.arange(5, dtype=np.uint64))
    pair.settle()
    assert len(pair.fpga.take_words()) == 5


@pytest.mark.parametrize("datagram", [b"", b"\xab\xab\xab", b"\xab\xab\xab\xac", b"\xab" * 5, b"\0" * 20])
def test_the_reset_port_obeys_nothing_but_a_reset_frame(pair: Pair, datagram: bytes) -> None:
    pair.wait(SECOND)
    assert not pair.fpga.receive_reset(datagram, HOST, pair.now)
    assert pair.fpga.session == 1
    assert pair.fpga.counters.malformed == 1


def test_silence_is_an_error_with_address_and_time(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(limits=HostLimits(reset_ns=3 * SECOND))
    pair.host.connect(pair.now)
    for _ in range(100):
        pair.host.reset_frame(pair.now)
        pair.wait(SECOND // 20)
    assert isinstance(failure(pair), NoAnswerError)
    assert str(failure(pair)).startswith(f"nobody answers at {NAME}: 30 resets sent in 3.0 s")
    with pytest.raises(NoAnswerError):
        pair.host.check()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ArqSettings(sequence_numbers=200, window=100),
            "sequence_numbers: expected 256, got 200; window: expected 128",
        ),
        (ArqSettings(window=32), "window: expected 128, got 32"),
        (ArqSettings(frame_words=126), "frame_words: expected 180, got 126"),
    ],
)
def test_other_settings_of_the_device_are_an_error(
    make_pair: Callable[..., Pair], settings: ArqSettings, message: str
) -> None:
    pair = make_pair(fpga_settings=settings)
    pair.connect()
    assert isinstance(failure(pair), SettingsMismatchError)
    assert NAME in str(failure(pair))
    assert message in str(failure(pair))


def test_both_ends_may_agree_on_other_settings(make_pair: Callable[..., Pair]) -> None:
    settings = ArqSettings(sequence_numbers=16, window=8, frame_words=4)
    pair = make_pair(host_settings=settings, fpga_settings=settings)
    pair.connect()
    pair.host.send_words(np.arange(1000, dtype=np.uint64))
    pair.settle()
    assert pair.fpga.take_words().tolist() == list(range(1000))


def test_unusable_information_is_an_error(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(information="")
    pair.connect()
    assert isinstance(failure(pair), BitfileError)
    pair = make_pair(information="", require_information=False)
    pair.connect()
    assert pair.host.state is HostState.READY


def test_an_incomplete_answer_is_retried_and_then_fails(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(limits=HostLimits(attempts=2))
    pair.host.connect(pair.now)
    for _ in range(2):
        assert pair.host.reset_frame(pair.now) == RESET_FRAME
        pair.host.receive(data(255, 0, 0x8002, 256, 128, 180, 9), pair.now)
        assert pair.host.state is HostState.CONFIGURING
        pair.wait(SECOND)
        pair.host.reset_frame(pair.now - 1)
    pair.host.reset_frame(pair.now)
    assert isinstance(failure(pair), ResetFailedError)
    assert "bitfile information did not arrive" in str(failure(pair))
    assert "attempt 2 of 2" in str(failure(pair))


def test_a_loop_back_that_stays_silent_fails_the_reset(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(limits=HostLimits(attempts=1))
    pair.host.connect(pair.now)
    pair.reset()
    pair.collect()
    pair.deliver()
    assert pair.host.state is HostState.FLUSHING
    pair.wait(400_000_000)
    pair.host.transmit(pair.now)
    assert isinstance(failure(pair), ResetFailedError)
    assert "loop-back" in str(failure(pair))


def test_a_device_that_answers_only_the_first_reset_failed_its_reset(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(limits=HostLimits(attempts=2))
    pair.host.connect(pair.now)
    pair.host.receive(data(255, 0, 0x8002, 256, 128, 180, 9), pair.now)
    for _ in range(100):
        pair.host.reset_frame(pair.now)
        pair.wait(SECOND // 20)
    assert isinstance(failure(pair), ResetFailedError)


def test_frames_of_other_packet_ids_are_dropped_before_the_answer(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair()
    pair.host.connect(pair.now)
    pair.host.receive(data(255, 0, 0x0010, 1), pair.now)
    pair.host.receive(data(255, 0, 0x8001, 1), pair.now)
    assert pair.host.state is HostState.RESETTING
    assert pair.host.counters.refused == 2
    pair.reset()
    pair.settle()
    pair.host.check()
    assert len(pair.host.take_words()) == 0


def test_a_loop_back_word_of_an_earlier_attempt_is_not_taken(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair()
    pair.host.connect(pair.now)
    pair.reset()
    pair.collect()
    pair.deliver()
    pair.collect()
    pair.host.receive(data(0, 1, 0x8001, 0xBAD), pair.now)
    assert pair.host.state is HostState.FLUSHING
    pair.settle()
    pair.host.check()


def test_a_frame_that_acknowledges_what_was_never_sent_is_of_another_session(pair: Pair) -> None:
    pair.host.receive(data(77, 2, 0x0010, 0xBAD), pair.now)
    pair.fpga.receive_from(data(99, 1, 0x0010, 0xBAD), HOST, pair.now)
    assert pair.host.counters.stale == pair.fpga.counters.stale == 1
    pair.host.send_words(np.array([1], np.uint64))
    pair.fpga.send_words(np.array([2], np.uint64))
    pair.settle()
    assert pair.fpga.take_words().tolist() == [1]
    assert pair.host.take_words().tolist() == [2]


def test_frames_right_after_a_reset_from_the_same_address_are_refused(pair: Pair) -> None:
    pair.wait(SECOND)
    leftover = data(1, 1, 0x0010, 0xBAD)
    assert pair.fpga.receive_reset(RESET_FRAME, HOST, pair.now)
    pair.fpga.receive_from(leftover, HOST, pair.now + 4_999_999)
    pair.fpga.receive_from(b"\0\0\0\0", HOST, pair.now + 4_999_999)
    assert pair.fpga.counters.refused == 2
    assert pair.fpga.in_flight == 0
    assert pair.fpga.transmit(pair.now) is not None


def test_a_host_from_another_address_is_served_at_once(pair: Pair) -> None:
    other = ("192.0.2.1", 50_001)
    assert pair.fpga.receive_reset(RESET_FRAME, other, pair.now)
    assert pair.fpga.transmit(pair.now) is not None
    pair.fpga.receive_from(data(0, 0, 0x0010, 5), other, pair.now)
    assert pair.fpga.take_words().tolist() == [5]


def test_a_displaced_host_is_told_by_whom(pair: Pair) -> None:
    pair.fpga.receive_reset(RESET_FRAME, ("192.0.2.99", 4711), pair.now)
    notice = pair.fpga.transmit_notice()
    assert notice is not None
    assert notice[0] == HOST
    pair.host.receive(notice[1], pair.now)
    assert isinstance(failure(pair), EndpointTakenError)
    assert "192.0.2.99:4711" in str(failure(pair))


def test_a_displaced_host_that_goes_on_sending_is_told_again_but_not_too_often(pair: Pair) -> None:
    pair.fpga.receive_reset(RESET_FRAME, ("192.0.2.99", 4711), pair.now)
    pair.fpga.transmit_notice()
    for _ in range(100):
        pair.wait(1_000_000)
        pair.fpga.receive_from(b"\0\0\0\0", HOST, pair.now)
    count = 0
    while pair.fpga.transmit_notice() is not None:
        count += 1
    assert count == 10


def test_strangers_get_no_answer(pair: Pair) -> None:
    pair.fpga.receive_from(data(0, 1, 0x0010, 0xBAD), ("203.0.113.5", 9), pair.now)
    assert pair.fpga.counters.refused == 1
    assert pair.fpga.transmit_notice() is None
    assert len(pair.fpga.take_words()) == 0


def test_a_host_that_closed_properly_is_not_told_of_its_successor(pair: Pair) -> None:
    pair.host.close(pair.now)
    pair.settle()
    assert pair.host.state is HostState.CLOSED
    assert pair.fpga.flushes == 1
    pair.fpga.receive_reset(RESET_FRAME, ("192.0.2.99", 4711), pair.now)
    assert pair.fpga.transmit_notice() is None


def test_a_failing_device_is_reported_with_its_reason(pair: Pair) -> None:
    pair.fpga.fail("ValueError: broken", pair.now)
    notice = pair.fpga.transmit_notice()
    assert notice is not None
    pair.host.receive(notice[1], pair.now)
    assert isinstance(failure(pair), DeviceDiedError)
    assert "ValueError: broken" in str(failure(pair))


def test_a_notice_of_the_past_does_not_stop_a_new_set_up(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair()
    pair.host.connect(pair.now)
    pair.host.receive(encode_notice(Notice(NoticeKind.TAKEN, "192.0.2.99:4711")), pair.now)
    pair.reset()
    pair.settle()
    assert pair.host.state is HostState.READY


@pytest.mark.parametrize("pid", [0x0000, 0x0002, 0x8000, 0x8001, 0x8004, 0xFFFF])
def test_other_packet_ids_in_a_session_are_a_protocol_error(pair: Pair, pid: int) -> None:
    pair.fpga.queue(pid, words(1))
    pair.settle()
    assert isinstance(failure(pair), LinkProtocolError)
    assert f"{pid:#06x}" in str(failure(pair))


@pytest.mark.parametrize("pid", [0x0000, 0x0002, 0x8002, 0x8003, 0x8006, 0x5000])
def test_the_fpga_acknowledges_and_ignores_debug_packets(pair: Pair, pid: int) -> None:
    pair.host.queue(pid, words(1, 2, 3))
    pair.host.send_words(np.array([7], np.uint64))
    pair.settle()
    assert pair.host.idle
    assert pair.fpga.counters.unknown_pid == 1
    assert pair.fpga.take_words().tolist() == [7]


def test_a_device_that_was_reset_under_a_session_is_noticed(pair: Pair) -> None:
    for _ in range(150):
        pair.fpga.send_words(np.array([1], np.uint64))
        pair.settle()
    pair.wait(SECOND)
    pair.fpga.receive_reset(RESET_FRAME, HOST, pair.now)
    pair.settle()
    assert isinstance(failure(pair), DeviceDiedError)
    assert "reset" in str(failure(pair))


def test_a_repeated_answer_at_the_begin_of_a_session_is_only_a_duplicate(pair: Pair) -> None:
    answer = data(255, 0, 0x8002, 256, 128, 180, 0)
    before = pair.host.counters.out_of_window
    pair.host.receive(answer, pair.now)
    assert pair.host.state is HostState.READY
    assert pair.host.counters.out_of_window == before + 1


def test_words_cannot_be_sent_outside_a_session(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair()
    with pytest.raises(LinkClosedError, match="connect first"):
        pair.host.send_words(np.zeros(1, np.uint64))
    pair.connect()
    pair.host.close(pair.now)
    with pytest.raises(LinkClosedError, match="connect first"):
        pair.host.send_words(np.zeros(1, np.uint64))


def test_a_failed_host_connects_again(pair: Pair) -> None:
    pair.fpga.fail("gone", pair.now)
    notice = pair.fpga.transmit_notice()
    assert notice is not None
    pair.host.receive(notice[1], pair.now)
    pair.wait(SECOND)
    pair.connect()
    pair.wait(6_000_000)
    pair.settle()
    for _ in range(20):
        pair.wait(10_000_000)
        pair.settle()
    assert pair.host.state is HostState.READY
