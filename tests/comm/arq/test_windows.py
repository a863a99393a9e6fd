from __future__ import annotations

import pytest

from hxtwin.comm.arq.frame import DataFrame
from hxtwin.comm.arq.receive_window import Placement, ReceiveWindow
from hxtwin.comm.arq.round_trip import RoundTrip
from hxtwin.comm.arq.send_window import SendWindow
from hxtwin.comm.arq.settings import MILLISECOND, ArqSettings, ArqTiming

SETTINGS = ArqSettings()
TIMING = ArqTiming(in_flight=128)


def frame(seq: int) -> DataFrame:
    return DataFrame(0, seq, 0x10, b"\0" * 8)


def fill(window: SendWindow, count: int, now: int = 0) -> None:
    for _ in range(count):
        window.add(0x10, b"\0" * 8, now)


# receiving


def test_frames_in_order_are_delivered_at_once() -> None:
    window = ReceiveWindow(SETTINGS)
    assert window.ack == 255
    assert window.store(frame(0)) == [frame(0)]
    assert window.ack == 0


def test_frames_out_of_order_wait_for_the_gap_to_close() -> None:
    window = ReceiveWindow(SETTINGS)
    assert window.store(frame(2)) == []
    assert window.store(frame(1)) == []
    assert window.ack == 255
    assert window.store(frame(0)) == [frame(0), frame(1), frame(2)]
    assert (window.ack, window.delivered) == (2, 3)


@pytest.mark.parametrize("low", [0, 100, 200, 255])
def test_the_receive_window_holds_128_numbers_from_low_on(low: int) -> None:
    window = ReceiveWindow(SETTINGS)
    for seq in range(low):
        window.store(frame(seq))
    inside = {(low + offset) % 256 for offset in range(128)}
    for seq in range(256):
        assert window.place(seq) is (Placement.STORED if seq in inside else Placement.OUTSIDE)


def test_a_stored_frame_is_a_duplicate_the_second_time() -> None:
    window = ReceiveWindow(SETTINGS)
    window.store(frame(5))
    assert window.place(5) is Placement.DUPLICATE
    window.store(frame(0))
    assert window.place(0) is Placement.OUTSIDE


def test_the_receive_window_wraps() -> None:
    window = ReceiveWindow(SETTINGS)
    for number in range(1000):
        assert window.place(number % 256) is Placement.STORED
        assert window.store(frame(number % 256))
    assert window.ack == 999 % 256


# sending


def test_sequence_numbers_count_modulo_256() -> None:
    window = SendWindow(SETTINGS, TIMING)
    numbers = []
    for _ in range(600):
        numbers.append(window.add(0x10, b"\0" * 8, 0).seq)
        window.acknowledge(numbers[-1], 0)
    assert numbers == [number % 256 for number in range(600)]


def test_at_most_128_frames_are_in_flight() -> None:
    window = SendWindow(SETTINGS, TIMING)
    fill(window, 128)
    assert not window.has_room
    assert window.acknowledge(0, 0) == 1
    assert window.has_room


def test_an_own_limit_keeps_fewer_frames_in_flight() -> None:
    window = SendWindow(SETTINGS, ArqTiming(in_flight=64))
    fill(window, 64)
    assert not window.has_room


def test_acknowledgements_are_cumulative() -> None:
    window = SendWindow(SETTINGS, TIMING)
    fill(window, 10)
    assert window.acknowledge(6, 0) == 7
    assert window.in_flight == 3


@pytest.mark.parametrize("ack", [9, 5, 255])
def test_old_and_repeated_acknowledgements_release_nothing(ack: int) -> None:
    window = SendWindow(SETTINGS, TIMING)
    fill(window, 10)
    window.acknowledge(9, 0)
    fill(window, 5)
    assert window.acknowledge(ack, 0) == 0
    assert window.in_flight == 5


@pytest.mark.parametrize("ack", [15, 16, 200, 254])
def test_an_acknowledgement_of_what_was_never_sent_is_recognised(ack: int) -> None:
    window = SendWindow(SETTINGS, TIMING)
    fill(window, 15)
    window.acknowledge(9, 0)
    assert window.acknowledge(ack, 0) is None
    assert window.in_flight == 5


def test_an_acknowledgement_of_a_past_lap_is_only_old() -> None:
    window = SendWindow(SETTINGS, TIMING)
    for number in range(300):
        window.add(0x10, b"\0" * 8, 0)
        window.acknowledge(number % 256, 0)
    for ack in range(256):
        assert window.acknowledge(ack, 0) == 0


def test_unacknowledged_frames_are_repeated_lowest_number_first() -> None:
    window = SendWindow(SETTINGS, TIMING)
    fill(window, 3)
    later = TIMING.retransmit_start_ns
    assert window.next_due(later - 1) is None
    repeated = [window.next_due(later) for _ in range(4)]
    assert [frame.seq if frame else None for frame in repeated] == [0, 1, 2, None]


def test_nothing_is_repeated_while_acknowledgements_make_progress() -> None:
    window = SendWindow(SETTINGS, ArqTiming(retransmit_max_ns=5 * MILLISECOND))
    fill(window, 50)
    for number in range(40):
        now = 4 * MILLISECOND * (number + 1)
        assert window.next_due(now) is None
        window.acknowledge(number, now)


def test_a_frame_acknowledged_before_its_turn_is_not_repeated() -> None:
    window = SendWindow(SETTINGS, TIMING)
    fill(window, 3)
    first = window.next_due(window.retransmit_ns)
    assert first is not None
    assert first.seq == 0
    window.acknowledge(1, window.retransmit_ns)
    second = window.next_due(window.retransmit_ns)
    assert second is not None
    assert second.seq == 2


def test_a_silent_peer_is_probed_with_one_frame_ever_more_rarely() -> None:
    timing = ArqTiming()
    window = SendWindow(SETTINGS, timing)
    fill(window, 60)
    now, times = 0, []
    while now < 10_000 * MILLISECOND:
        deadline = window.next_deadline()
        assert deadline is not None
        now = max(now + 1, deadline)
        while (due := window.next_due(now)) is not None:
            times.append((now, due.seq))
    late = [(time, seq) for time, seq in times if time > 1000 * MILLISECOND]
    assert {seq for _, seq in late} == {0}
    assert len(late) <= 9_000 * MILLISECOND // timing.quiet_max_ns + 1
    assert len(late) >= 30


def test_a_sign_of_life_ends_the_quiet() -> None:
    window = SendWindow(SETTINGS, ArqTiming())
    fill(window, 10)
    now = 0
    while now < 5_000 * MILLISECOND:
        now = max(now + 1, window.next_deadline() or 0)
        while window.next_due(now) is not None:
            pass
    window.acknowledge(0, now)
    now += window.retransmit_ns
    assert window.next_deadline() is not None
    repeated = []
    while (due := window.next_due(now)) is not None:
        repeated.append(due.seq)
    assert repeated == list(range(1, 10))


def test_an_empty_window_has_no_deadline() -> None:
    window = SendWindow(SETTINGS, TIMING)
    assert window.next_deadline() is None
    fill(window, 2)
    assert window.next_deadline() == window.retransmit_ns
    window.acknowledge(1, 5)
    assert window.next_deadline() is None


# round trip


def test_retransmission_time_follows_the_round_trip_between_its_limits() -> None:
    timing = ArqTiming()
    estimate = RoundTrip(timing)
    assert estimate.retransmit_ns == timing.retransmit_start_ns
    for _ in range(50):
        estimate.measure(100_000)
    assert estimate.retransmit_ns == timing.retransmit_min_ns
    for _ in range(200):
        estimate.measure(20 * MILLISECOND)
    assert 20 * MILLISECOND <= estimate.retransmit_ns <= 25 * MILLISECOND
    for _ in range(50):
        estimate.measure(1000 * MILLISECOND)
    assert estimate.retransmit_ns == timing.retransmit_max_ns


def test_repeated_frames_give_no_round_trip() -> None:
    window = SendWindow(SETTINGS, ArqTiming())
    fill(window, 2)
    before = window.retransmit_ns
    assert window.next_due(before) is not None
    window.acknowledge(1, 90 * MILLISECOND)
    assert window.retransmit_ns == before
