"""Counters of the link, the performance test, and answers to writes."""

from __future__ import annotations

import pytest

from hxtwin.comm import ut

from .client import Client, read, write

ARQ = 0x8800C010
TEST = 0x88008000
FILTER = 0x88000000
ONLINE = 0x8800400C
SYSTIME = 0x88007C06
BARRIER = ut.Barrier(omnibus=1)


def arq(client: Client) -> tuple[int, ...]:
    """Words written, transmitted, received, read."""
    return tuple(client.words(*(read(ARQ + i) for i in range(4)), BARRIER))


def phys(client: Client) -> tuple[list[int], list[int]]:
    """Words sent and received over each PHY."""
    words = client.words(*(read(0x8800C000 + i) for i in range(16)), BARRIER)
    return words[::2], words[1::2]


@pytest.mark.parametrize("count", [1, 7, 60])
def test_each_word_read_over_the_link_counts_once_on_both_sides(unstamped: Client, count: int) -> None:
    before = arq(unstamped)
    unstamped.run(*(read(0x02C04000) for _ in range(count)), BARRIER)
    after = arq(unstamped)
    assert [b - a for a, b in zip(before, after, strict=True)] == [count] * 4


def test_a_read_counts_on_the_chip_when_it_has_been_answered(unstamped: Client) -> None:
    write_0, _, _, read_0 = arq(unstamped)
    # the chip answers after 60 cycles; the counters answer behind it, but are read at once
    _, written, read_back = unstamped.words(read(0x02C04000), read(ARQ), read(ARQ + 3), BARRIER)
    assert (written - write_0, read_back - read_0) == (1, 0)


def test_accesses_to_the_fpga_do_not_count(unstamped: Client) -> None:
    before = arq(unstamped)
    unstamped.run(write(0x88000006, 1), read(0x88000006), write(0x80000000, 1), BARRIER)
    assert arq(unstamped) == before


def test_words_take_turns_on_the_phys(unstamped: Client) -> None:
    sent_0, received_0 = phys(unstamped)
    unstamped.run(*(read(0x02C04000) for _ in range(80)), BARRIER)
    sent, received = phys(unstamped)
    assert [b - a for a, b in zip(sent_0, sent, strict=True)] == [10] * 8
    assert [b - a for a, b in zip(received_0, received, strict=True)] == [10] * 8


def test_labels_count_as_words_on_both_ways(unstamped: Client) -> None:
    sent_0, received_0 = phys(unstamped)
    unstamped.run(*(ut.SpikePack1ToFPGA((7,)) for _ in range(8)), ut.TimerSetup(), ut.WaitUntil(500))
    sent, received = phys(unstamped)
    assert sum(sent) - sum(sent_0) == 8
    assert sum(received) - sum(received_0) == 8


def test_a_host_arq_reset_clears_the_counters_and_leaves_the_link_up(unstamped: Client) -> None:
    unstamped.run(read(0x02C04000), BARRIER)
    unstamped.twin.reset()
    client = Client(unstamped.twin)
    assert arq(client) == (0, 0, 0, 0)
    assert phys(client) == ([0] * 8, [0] * 8)
    (online,) = client.words(ut.TimerSetup(), ut.WaitUntil(1000), read(ONLINE), BARRIER)
    assert 1000 < online < 100_000


@pytest.mark.parametrize(("mask", "links"), [(0x01, 1), (0x07, 3), (0x1F, 5), (0xFF, 5)])
def test_performance_test_reaches_595_mbit_per_second_and_link_up_to_five(
    unstamped: Client, mask: int, links: int
) -> None:
    duration_us = 1000
    unstamped.run(write(0x88004000, mask))
    start = [*write(TEST, 1), ut.TimerSetup(), ut.WaitUntil(125 * duration_us), *write(TEST, 0)]
    status = [message for i in range(1, 5) for message in read(TEST + i)]
    sent, received, in_order, error = unstamped.words(start, ut.TimerSetup(), ut.WaitUntil(1250), status, BARRIER)
    assert received * 59 / duration_us == pytest.approx(595 * links, rel=0.01)
    assert sent == received == in_order
    assert error == 0


def test_performance_test_starts_from_zero(unstamped: Client) -> None:
    start = [*write(TEST, 1), ut.TimerSetup(), ut.WaitUntil(1000), *write(TEST, 0)]
    first, second = (unstamped.words(start, read(TEST + 1), BARRIER)[0] for _ in range(2))
    assert first == second > 0


# --- answers to writes ------------------------------------------------------------------------------------------------


def test_writes_are_answered_in_order_once_the_filter_is_off(unstamped: Client) -> None:
    program = [*write(0x88000006, 5), *read(0x88000006), *write(0x02C04000, 9), *read(0x02C04000), BARRIER]
    assert unstamped.words(program) == [5, 9]
    assert unstamped.words(write(FILTER, 0), program, write(FILTER, 1), program) == [0, 5, 0, 9, 0, 5, 9]


def test_answered_writes_to_memories_of_the_fpga_are_made(unstamped: Client) -> None:
    words = unstamped.words(
        write(FILTER, 0),
        write(0x80000010, 0xAABBCCDD),
        write(0x80000010, 0x11223344, lanes=0b0101),
        read(0x80000010),
        write(0x84000001, 7),
        read(0x84000001),
        BARRIER,
    )
    assert words == [0, 0, 0xAA22CC44, 0, 7]


def test_writes_that_wait_for_a_link_are_answered_when_it_is_up(client: Client) -> None:
    from .client import bring_up

    program = bring_up(systime=False)
    assert client.words(write(FILTER, 0), write(0x0, 1), read(0x0), program, BARRIER)


def test_a_reset_of_the_transport_switches_answers_to_writes_off(unstamped: Client) -> None:
    unstamped.run(write(FILTER, 0))
    unstamped.twin.reset()
    assert Client(unstamped.twin).words(write(0x88000006, 5), read(0x88000006), BARRIER) == [5]


def test_the_event_switch_shows_the_system_time(linked: Client) -> None:
    high, low = linked.words(read(SYSTIME), read(SYSTIME + 1), BARRIER)
    assert high == 0
    assert low > 0
