from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.comm.arq import ArqSettings, ArqTiming, HostLimits, HostState
from hxtwin.comm.arq.frame import DataFrame, decode, encode_ack, encode_data, words_to_wire
from hxtwin.comm.errors import ArgumentError, DeviceDiedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.comm.arq.conftest import Pair

HX = ArqSettings()
HOST = ("192.0.2.1", 50_000)
MS = 1_000_000
SECOND = 1_000_000_000


def numbers(count: int, start: int = 0) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.arange(start, start + count, dtype=np.uint64)


def data(ack: int, seq: int, *values: int) -> bytes:
    return encode_data(DataFrame(ack, seq, 0x10, words_to_wire(np.array(values, dtype=np.uint64))), HX)


def test_words_pass_both_ways(pair: Pair) -> None:
    pair.host.send_words(numbers(10_000))
    pair.fpga.send_words(numbers(20_000, 7))
    pair.settle()
    assert np.array_equal(pair.fpga.take_words(), numbers(10_000))
    assert np.array_equal(pair.host.take_words(), numbers(20_000, 7))
    assert pair.host.idle
    assert pair.fpga.idle


def test_full_frames_hold_180_words_and_the_rest_follows_at_once(pair: Pair) -> None:
    pair.host.send_words(numbers(400))
    pair.collect()
    assert [(len(datagram) - 12) // 8 for datagram in pair.to_fpga] == [180, 180, 40]


def test_short_pieces_that_wait_share_a_frame(pair: Pair) -> None:
    for number in range(200):
        pair.host.send_words(numbers(3, 3 * number))
    pair.collect()
    assert [(len(datagram) - 12) // 8 for datagram in pair.to_fpga] == [180, 180, 180, 60]
    pair.settle()
    assert np.array_equal(pair.fpga.take_words(), numbers(600))


def test_words_are_copied_when_they_are_queued(pair: Pair) -> None:
    words = numbers(10)
    pair.host.send_words(words)
    words[:] = 0
    pair.settle()
    assert np.array_equal(pair.fpga.take_words(), numbers(10))


def test_the_fpga_returns_the_loop_back_words_in_order(pair: Pair) -> None:
    pair.host.queue(0x8001, words_to_wire(numbers(500)))
    pair.collect()
    pair.deliver()
    pair.collect()
    frames = [frame for frame in (decode(datagram, HX) for datagram in pair.to_host) if isinstance(frame, DataFrame)]
    assert {frame.pid for frame in frames} == {0x8001}
    assert b"".join(frame.payload for frame in frames) == words_to_wire(numbers(500))


def test_a_data_frame_without_answer_is_acknowledged_by_a_4_byte_frame(pair: Pair) -> None:
    pair.host.send_words(numbers(1))
    pair.collect()
    pair.to_host.clear()
    pair.deliver()
    pair.collect()
    assert pair.to_host == [encode_ack(1)]


def test_several_frames_received_together_are_acknowledged_together(pair: Pair) -> None:
    pair.host.send_words(numbers(1800))
    pair.collect()
    pair.deliver()
    pair.collect()
    assert pair.to_host == [encode_ack(10)]


def test_an_acknowledgement_rides_on_data(pair: Pair) -> None:
    pair.host.send_words(numbers(1))
    pair.collect()
    pair.deliver()
    pair.fpga.send_words(numbers(1))
    pair.collect()
    assert pair.to_host == [data(1, 2, 0)]


def test_duplicates_are_acknowledged_again_and_delivered_once(pair: Pair) -> None:
    pair.host.send_words(numbers(1))
    pair.collect()
    copy = list(pair.to_fpga)
    pair.deliver()
    pair.settle()
    for _ in range(3):
        pair.to_fpga = list(copy)
        pair.deliver()
        pair.collect()
        assert pair.to_host == [encode_ack(1)]
        pair.deliver()
    assert pair.fpga.take_words().tolist() == [0]
    assert pair.fpga.counters.out_of_window == 3


def test_a_stored_frame_that_comes_again_counts_as_duplicate(pair: Pair) -> None:
    for _ in range(2):
        pair.fpga.receive_from(data(1, 5, 55), HOST, pair.now)
    assert pair.fpga.counters.duplicate == 1
    assert pair.fpga.transmit(pair.now) == encode_ack(0)


def test_lost_frames_are_repeated_unchanged_with_the_present_acknowledgement(pair: Pair) -> None:
    pair.host.send_words(numbers(200))
    pair.collect()
    first = [decode(datagram, HX) for datagram in pair.to_fpga]
    pair.to_fpga.clear()
    pair.fpga.send_words(numbers(1))
    pair.collect()
    pair.deliver()
    pair.to_fpga.clear()
    pair.collect()
    pair.to_fpga.clear()
    pair.wait(2 * MS)
    pair.collect()
    again = [decode(datagram, HX) for datagram in pair.to_fpga]
    for before, after in zip(first, again, strict=True):
        assert isinstance(before, DataFrame)
        assert isinstance(after, DataFrame)
        assert before[1:] == after[1:]
        assert (before.ack, after.ack) == (1, 2)
    assert pair.host.counters.resent == 2
    pair.settle()
    assert np.array_equal(pair.fpga.take_words(), numbers(200))


def test_frames_out_of_order_are_delivered_in_order(pair: Pair) -> None:
    pair.host.send_words(numbers(3600))
    pair.collect()
    pair.to_fpga.reverse()
    pair.deliver()
    assert np.array_equal(pair.fpga.take_words(), numbers(3600))


def test_no_more_frames_are_in_flight_than_the_own_limit(make_pair: Callable[..., Pair]) -> None:
    for limit, expected in ((64, 64), (128, 128)):
        pair = make_pair(timing=ArqTiming(in_flight=limit))
        pair.connect()
        pair.host.send_words(numbers(180 * 300))
        pair.collect()
        assert len(pair.to_fpga) == expected
        pair.settle()
        assert np.array_equal(pair.fpga.take_words(), numbers(180 * 300))


def test_a_receiver_that_nobody_empties_drops_and_recovers(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(receive_limit=128 * 1452)
    pair.connect()
    pair.host.send_words(numbers(180 * 200))
    for _ in range(5):
        pair.collect()
        pair.deliver()
        pair.wait(100 * MS)
    assert pair.fpga.counters.dropped > 0
    assert pair.fpga.backlog_bytes <= 128 * 1452 + 1440
    got = [pair.fpga.take_words()]
    while len(got[-1]) or not pair.host.idle:
        pair.wait(100 * MS)
        pair.settle()
        got.append(pair.fpga.take_words())
    assert np.array_equal(np.concatenate(got), numbers(180 * 200))


def test_a_receive_limit_below_one_window_is_refused(make_pair: Callable[..., Pair]) -> None:
    with pytest.raises(ArgumentError, match="at least one window"):
        make_pair(receive_limit=1000)


def test_a_loop_back_flood_without_acknowledgements_stays_bounded(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(receive_limit=128 * 1452)
    pair.connect()
    payload = words_to_wire(numbers(180))
    for number in range(1, 2000):
        frame = encode_data(DataFrame(1, number % 256, 0x8001, payload), HX)
        pair.fpga.receive_from(frame, HOST, pair.now)
    assert pair.fpga.queued_bytes <= 128 * 1452 + 1440
    assert pair.fpga.counters.dropped > 0


def test_malformed_frames_leave_no_trace_but_a_count(pair: Pair) -> None:
    good = data(1, 1, 42)
    for bad in (good[:-1], good + b"\0" * 2000, good[:12], b"\0\0\0\1" * 2, b"\0\0\1\0", b"", b"\xff" * 100):
        pair.fpga.receive_from(bad, HOST, pair.now)
        pair.host.receive(bad, pair.now)
    assert pair.fpga.counters.malformed == pair.host.counters.malformed == 7
    assert pair.host.transmit(pair.now) is None
    assert pair.fpga.transmit(pair.now) is None
    pair.host.send_words(numbers(2))
    pair.settle()
    assert pair.fpga.take_words().tolist() == [0, 1]


def test_an_acknowledgement_in_a_frame_of_wrong_size_does_not_count(pair: Pair) -> None:
    pair.fpga.send_words(numbers(1))
    pair.collect()
    pair.fpga.receive_from(data(2, 1, 42)[:-1], HOST, pair.now)
    assert pair.fpga.in_flight == 1


def test_surplus_bytes_behind_the_payload_are_tolerated_by_the_fpga_only(pair: Pair) -> None:
    pair.fpga.receive_from(data(1, 1, 42) + b"\x77" * 600, HOST, pair.now)
    assert pair.fpga.take_words().tolist() == [42]
    pair.host.receive(data(0, 2, 42) + b"\x77" * 600, pair.now)
    assert pair.host.counters.malformed == 1


def test_every_datagram_is_counted_under_one_heading(pair: Pair) -> None:
    pair.host.send_words(numbers(5000))
    pair.fpga.send_words(numbers(5000))
    pair.settle()
    pair.fpga.receive_from(b"x", HOST, pair.now)
    pair.fpga.receive_from(b"\0\0\0\0", ("203.0.113.1", 1), pair.now)
    pair.fpga.fail("broken", pair.now)
    notice = pair.fpga.transmit_notice()
    assert notice is not None
    pair.host.receive(notice[1], pair.now)
    parts = ("acks_received", "accepted", "duplicate", "out_of_window", "dropped", "malformed", "stale", "refused")
    for counters, resets in ((pair.host.counters, 0), (pair.fpga.counters, 1)):
        assert counters.received > 30
        assert sum(getattr(counters, part) for part in parts) + counters.notices + resets == counters.received


def test_bytes_are_counted_with_headers(pair: Pair) -> None:
    before = pair.host.counters.bytes_sent
    pair.host.send_words(numbers(181))
    pair.settle()
    assert pair.host.counters.bytes_sent - before == (12 + 1440) + (12 + 8)
    assert pair.fpga.counters.payload_bytes_accepted == 8 + 181 * 8


def test_a_device_that_answers_nothing_any_more_is_dead_after_the_limit(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(limits=HostLimits(silence_ns=5 * SECOND))
    pair.connect()
    pair.host.send_words(numbers(1000))
    start = pair.now
    while pair.host.state is HostState.READY:
        pair.host.transmit(pair.now)
        pair.wait(10 * MS)
    assert 5 * SECOND <= pair.now - start <= 5 * SECOND + 50 * MS
    assert isinstance(pair.host.error, DeviceDiedError)
    assert "udp://192.0.2.7:1234" in str(pair.host.error)
    assert "5.0 s" in str(pair.host.error)
    assert "6 frames are unacknowledged" in str(pair.host.error)


def test_a_device_that_drops_because_it_is_full_is_not_dead(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(receive_limit=128 * 1452, limits=HostLimits(silence_ns=2 * SECOND))
    pair.connect()
    pair.host.send_words(numbers(180 * 300))
    for _ in range(1000):
        pair.collect()
        pair.deliver()
        pair.wait(10 * MS)
    assert pair.fpga.counters.dropped > 0
    assert pair.host.state is HostState.READY


def test_time_without_service_does_not_count_as_silence(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair(limits=HostLimits(silence_ns=2 * SECOND))
    pair.connect()
    pair.host.send_words(numbers(1))
    pair.host.transmit(pair.now)
    pair.wait(3600 * SECOND)
    pair.host.unattended(3600 * SECOND)
    pair.host.transmit(pair.now)
    assert pair.host.state is HostState.READY


def test_an_idle_link_is_silent(pair: Pair) -> None:
    pair.wait(3600 * SECOND)
    pair.collect()
    assert pair.to_fpga == []
    assert pair.to_host == []
    assert pair.host.next_deadline() is None
    assert pair.fpga.next_deadline() is None


def test_a_watched_device_is_asked_for_a_sign_of_life_and_answers(pair: Pair) -> None:
    pair.host.send_words(numbers(1))
    pair.settle()
    pair.host.watch(pair.now, on=True)
    for _ in range(30):
        deadline = pair.host.next_deadline()
        assert deadline is not None
        pair.now = deadline
        pair.settle()
    assert pair.host.state is HostState.READY
    assert pair.host.counters.resent == 30
    assert pair.fpga.counters.out_of_window == 30
    assert pair.fpga.take_words().tolist() == [0]
    pair.host.watch(pair.now, on=False)
    assert pair.host.next_deadline() is None


def test_a_watched_device_that_vanished_is_noticed(pair: Pair) -> None:
    pair.host.send_words(numbers(1))
    pair.settle()
    pair.host.watch(pair.now, on=True)
    start = pair.now
    while pair.host.state is HostState.READY:
        pair.now = max(pair.now + 1, pair.host.next_deadline() or 0)
        pair.host.transmit(pair.now)
    assert pair.now - start == 11 * SECOND
    assert isinstance(pair.host.error, DeviceDiedError)


def test_a_closed_port_ends_a_session_but_not_a_set_up(pair: Pair) -> None:
    pair.host.refused()
    assert "data port is closed" in str(pair.host.error)
    pair.host.connect(pair.now)
    pair.host.refused()
    assert pair.host.state is HostState.RESETTING


def test_closing_sends_a_flush_frame_with_one_zero_word_behind_the_data(pair: Pair) -> None:
    pair.host.send_words(numbers(2))
    pair.host.close(pair.now)
    pair.collect()
    flush = encode_data(DataFrame(1, 2, 0x8000, b"\0" * 8), HX)
    assert pair.to_fpga == [data(1, 1, 0, 1), flush]
    pair.settle()
    assert pair.host.state is HostState.CLOSED
    assert pair.fpga.flushes == 1
    assert pair.fpga.take_words().tolist() == [0, 1]


def test_a_vanished_host_costs_little_and_the_next_reset_starts_afresh(pair: Pair) -> None:
    pair.fpga.send_words(numbers(100_000))
    sent = 0
    for _ in range(6000):
        while pair.fpga.transmit(pair.now) is not None:
            sent += 1
        pair.wait(10 * MS)
    # a window, some full repetitions, then four probes per second
    assert sent < 64 * 6 + 60 * 5
    assert pair.fpga.receive_reset(b"\xab" * 4, ("192.0.2.1", 50_007), pair.now)
    datagram = pair.fpga.transmit(pair.now)
    assert datagram is not None
    frame = decode(datagram, HX)
    assert isinstance(frame, DataFrame)
    assert (frame.seq, frame.ack, frame.pid) == (0, 255, 0x8002)
    assert pair.fpga.queued_bytes == 0


def test_an_fpga_without_host_sends_nothing(make_pair: Callable[..., Pair]) -> None:
    pair = make_pair()
    pair.fpga.send_words(numbers(5))
    pair.fpga.receive_from(data(0, 0, 1), HOST, pair.now)
    assert pair.fpga.transmit(pair.now) is None
    assert len(pair.fpga.take_words()) == 0
