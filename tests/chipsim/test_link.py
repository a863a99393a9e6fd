"""Bring-up of the high-speed link, its loss, system time, and the JTAG chain."""

from __future__ import annotations

import pytest

from hxtwin.comm import ut

from .client import Client, bring_up, jtag_read, jtag_write, phy_setup, pll_write, read, reset_pulse, stamped, write

TIMER = 0x8800000C


def ups(messages: list[ut.Message]) -> list[int]:
    return [m.payload >> 5 for m in messages if isinstance(m, ut.HighspeedLinkNotification) and m.payload & 0x10]


def downs(messages: list[ut.Message]) -> list[int]:
    return [m.payload >> 5 for m in messages if isinstance(m, ut.HighspeedLinkNotification) and not m.payload & 0x10]


def test_identification_code_of_a_v3_chip(client: Client) -> None:
    assert client.jtag(ut.JTAGInit(), ut.JTAGIns(1), ut.JTAGData(num_bits=32, keep_response=1)) == [0x348580AF]


def test_identification_is_selected_after_a_tap_reset(client: Client) -> None:
    assert client.jtag(ut.JTAGIns(127), ut.JTAGInit(), ut.JTAGData(num_bits=32, keep_response=1)) == [0x348580AF]


@pytest.mark.parametrize("bits", [3, 17, 33])
def test_bypass_returns_the_shifted_bits_one_late(client: Client, bits: int) -> None:
    sent = 0x155555555 & ((1 << bits) - 1)
    (got,) = client.jtag(ut.JTAGIns(127), ut.JTAGData(payload=sent, num_bits=bits, keep_response=1))
    assert got == (sent << 1) & ((1 << bits) - 1)


def test_jtag_reaches_the_chip_without_a_link(client: Client) -> None:
    assert client.jtag(reset_pulse(), ut.JTAGInit(), jtag_write(0x00140007, 0xFFFF), jtag_read(0x00140007)) == [0x3FF]


def test_jtag_keeps_the_word_of_the_last_read_for_a_further_shift(client: Client) -> None:
    program = [ut.JTAGInit(), *jtag_read(0x00080001)]
    assert client.jtag(program) == [0xC0CBF200 & 0xFFFFFFFF]


def test_a_jtag_shift_takes_its_bits_and_protocol_clocks(client: Client) -> None:
    program = [ut.JTAGScaler(3), ut.TimerSetup(), ut.JTAGIns(1), ut.JTAGData(num_bits=32), ut.Barrier(jtag=1)]
    assert client.words(program, read(TIMER)) == [((7 + 5) + (32 + 5)) * 5 + 1]


def test_the_executor_does_not_wait_for_the_jtag_shifter(client: Client) -> None:
    assert client.words(ut.TimerSetup(), ut.JTAGIns(1), ut.JTAGData(num_bits=32), read(TIMER)) == [2]


def test_pll_registers_written_over_jtag_are_not_seen_over_the_omnibus(client: Client) -> None:
    program = [ut.JTAGInit(), *pll_write(0, 0x12345), *jtag_read(0x00080000)]
    assert client.jtag(program) == [0x2A20A902]


def test_bring_up_notifies_each_link_once_in_order(client: Client) -> None:
    assert ups(client.run(bring_up())) == list(range(8))
    assert ups(client.run(read(0x0))) == []


def test_bring_up_of_some_links_is_enough(client: Client) -> None:
    program = [*reset_pulse(), *phy_setup(fpga_mask=0b00001100), *write(0x0, 0x1234), *read(0x0), ut.Barrier(omnibus=1)]
    answers = client.run(program)
    assert ups(answers) == [2, 3]
    assert ut.OmnibusResponse(0x1234) in answers


def test_enables_of_the_chip_count_in_reverse(client: Client) -> None:
    assert ups(client.run(reset_pulse(), phy_setup(chip_mask=0b10000000), read(0x0), ut.Barrier(omnibus=1))) == [0]


def test_links_need_common_enables(client: Client) -> None:
    answers = client.run(reset_pulse(), phy_setup(fpga_mask=1, chip_mask=1), read(0x0), ut.Barrier(omnibus=1))
    assert [type(m) for m in answers] == [ut.TimeoutNotification]


def test_links_need_the_plls(client: Client) -> None:
    answers = client.run(reset_pulse(), phy_setup(), pll_write(3, 0), read(0x0), ut.Barrier(omnibus=1))
    assert [type(m) for m in answers] == [ut.TimeoutNotification]


def test_links_come_up_within_80_us(client: Client) -> None:
    program = [*reset_pulse(), *phy_setup(), ut.Barrier(jtag=1), ut.TimerSetup(), *read(0x0), ut.Barrier(omnibus=1)]
    (_, cycles) = client.words(program, read(TIMER))
    assert 5000 <= cycles <= 80 * 125


def test_accesses_before_the_link_wait_for_it_and_keep_their_order(client: Client) -> None:
    early = [*write(0x0, 0x11), *read(0x0), *read(0x88000009), *write(0x0, 0x22), *read(0x0)]
    assert client.words(reset_pulse(), phy_setup(), early, ut.Barrier(omnibus=1)) == [0x11, 1_250_000, 0x22]


def test_an_access_without_link_times_out_at_the_barrier_with_its_index(client: Client) -> None:
    answers = client.run(reset_pulse(), ut.Loopback(ut.TICK), write(0x0, 1), ut.Barrier(omnibus=1))
    assert answers == [ut.LoopbackResponse(ut.TICK), ut.TimeoutNotification(instruction=9)]


def test_an_access_without_link_times_out_at_the_halt(client: Client) -> None:
    assert client.run(read(0x0), ut.Loopback(ut.TICK)) == [
        ut.LoopbackResponse(ut.TICK),
        ut.TimeoutNotification(instruction=2, omnibus_reads_in_flight=1),
    ]


def test_the_53rd_read_without_link_times_out(client: Client) -> None:
    assert client.run(read(0x0) * 60) == [ut.TimeoutNotification(instruction=52, omnibus_reads_in_flight=52)]


def test_the_65th_write_without_link_times_out(client: Client) -> None:
    assert client.run(write(0x0, 0) * 70) == [ut.TimeoutNotification(instruction=129)]


def test_events_without_link_are_dropped(client: Client) -> None:
    spikes = [ut.SpikePack1ToFPGA((i,)) for i in range(100)]
    assert client.run(write(0x88000005, 1), spikes, ut.WaitUntil(10_000)) == []


def test_a_chip_reset_takes_the_links_down_silently(linked: Client) -> None:
    answers = [m for _, m in stamped(linked.run(ut.Reset(1), ut.Reset(0), read(0x0), ut.Barrier(omnibus=1)))]
    assert [type(m) for m in answers] == [ut.TimeoutNotification]


def test_a_chip_reset_restores_registers_and_leaves_the_fpga_alone(linked: Client) -> None:
    linked.run(write(0x00140000, 77), write(0x80000000, 78), ut.Barrier(omnibus=1))
    linked.run(bring_up())
    assert linked.words(read(0x00140000), read(0x80000000)) == [0, 78]


def test_dropping_an_enable_takes_that_link_down_with_a_notification(unstamped: Client) -> None:
    answers = unstamped.run(write(0x88004000, 0xFE), ut.WaitUntil(0), read(0x00080000), ut.Barrier(omnibus=1))
    assert downs(answers) == [0]
    assert ut.OmnibusResponse(0x2A20A902) in answers
    answers = unstamped.run(write(0x88004000, 0x00), read(0x00080000), ut.Barrier(omnibus=1))
    assert downs(answers) == [1, 2, 3, 4, 5, 6, 7]
    assert isinstance(answers[-1], ut.TimeoutNotification)


def test_a_link_that_is_enabled_again_comes_back(unstamped: Client) -> None:
    program = [*write(0x88004000, 0), *write(0x88004000, 0x10), *read(0x00080000), ut.Barrier(omnibus=1)]
    answers = unstamped.run(program)
    assert downs(answers) == list(range(8))
    assert ups(answers) == [4]
    assert answers[-1] == ut.OmnibusResponse(0x2A20A902)


def test_chip_side_enables_can_be_written_over_the_link_that_they_take_down(unstamped: Client) -> None:
    answers = unstamped.run(write(0x00040000, 0), ut.Barrier(omnibus=1), read(0x00080000), ut.Barrier(omnibus=1))
    assert downs(answers) == list(range(8))
    assert isinstance(answers[-1], ut.TimeoutNotification)


def test_online_time_counts_while_the_link_is_up(unstamped: Client) -> None:
    first = unstamped.read(0x8800400C)
    second = unstamped.read(0x8800400C)
    assert 12_500 <= second - first < 13_000


# --- system time ------------------------------------------------------------------------------------------------------


def test_without_synchronisation_no_timing_messages_are_sent(unstamped: Client) -> None:
    answers = unstamped.run(ut.Loopback(ut.TICK), ut.WaitUntil(2**20), ut.Loopback(ut.TICK))
    assert answers == [ut.LoopbackResponse(ut.TICK)] * 2


def test_systime_barrier_waits_for_120_cycles(unstamped: Client) -> None:
    program = [ut.TimerSetup(), ut.SystimeInit(1), ut.Barrier(systime=1), ut.OmnibusAddress(address=TIMER, is_read=1)]
    answers = [m for _, m in stamped(unstamped.run(program))]
    assert answers == [ut.OmnibusResponse(121)]


def test_first_answer_of_a_program_carries_the_whole_time(linked: Client) -> None:
    assert isinstance(linked.run(ut.Loopback(ut.TICK))[0], ut.Systime)


def test_system_time_starts_from_the_base_of_the_chip(unstamped: Client) -> None:
    base = 0x3_0000_1000
    program = [*write(0x0, base & 0xFFFFFFFF), *write(0x1, base >> 32), ut.Barrier(omnibus=1)]
    answers = unstamped.run(program, ut.SystimeInit(1), ut.Barrier(systime=1), ut.Loopback(ut.TICK))
    ((time, _),) = stamped(answers)
    assert time == base + 1


def test_last_round_trip_and_chip_time_can_be_read(linked: Client) -> None:
    assert linked.words(*(read(0x88002000 + i) for i in range(6))) == [3, 0, 50, 0, 25, 0]


def test_systime_without_synchronisation_is_zero_and_sends_one_message(client: Client) -> None:
    assert client.run(ut.SystimeInit(0)) == [ut.Systime(0)]


def test_systime_request_gives_the_present_time(linked: Client) -> None:
    (systime,) = [m for m in linked.run(ut.SystimeInit(0)) if isinstance(m, ut.Systime)]
    (tick,) = stamped(linked.run(ut.Loopback(ut.TICK)))
    assert tick[0] - systime.payload == 12_500 + 1


def test_systime_before_the_link_times_out_at_its_barrier(client: Client) -> None:
    assert client.run(ut.SystimeInit(1), ut.Barrier(systime=1)) == [ut.TimeoutNotification(instruction=1)]


def test_system_time_survives_a_chip_reset(linked: Client) -> None:
    ((first, _),) = stamped(linked.run(ut.Loopback(ut.TICK)))
    answers = stamped(linked.run(reset_pulse(), ut.Loopback(ut.TICK)))
    assert answers[-1][0] > first
