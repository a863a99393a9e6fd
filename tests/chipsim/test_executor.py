"""Timer, waits, barriers, ticks and the order of answers, seen through the stream alone."""

from __future__ import annotations

import numpy as np
import pytest

from hxtwin.chipsim import Twin, TwinArgumentError
from hxtwin.comm import Device, ut

from .client import Client, bring_up, read, stamped, write

TIMER = 0x8800000C


def test_the_twin_is_a_device() -> None:
    assert isinstance(Twin(), Device)


def test_an_empty_program_is_answered_by_the_halt_alone(client: Client) -> None:
    words = client.twin.feed(ut.encode([ut.Loopback(ut.HALT)], "to_fpga"))
    assert words.tolist() == [0x0200000000000000]


def test_halt_of_a_raw_word_program_ends_on_a_complete_word(linked: Client) -> None:
    words = linked.twin.feed(np.array([0x0D00000000000001, 0x0500000000002710, 0x0A00000000000000], dtype=np.uint64))
    assert linked.decode(words)[-1] == ut.LoopbackResponse(ut.HALT)


@pytest.mark.parametrize("wait", [0, 1, 10, 1000, 2**31])
def test_instruction_behind_a_wait_executes_one_cycle_after_its_release(client: Client, wait: int) -> None:
    assert client.words(ut.TimerSetup(), ut.WaitUntil(wait), read(TIMER)) == [wait + 1]


def test_a_wait_for_a_time_that_has_passed_does_not_block(client: Client) -> None:
    assert client.words(ut.TimerSetup(), ut.WaitUntil(500), ut.WaitUntil(100), read(TIMER)) == [502]


def test_timer_is_zero_in_the_cycle_after_its_setup(client: Client) -> None:
    assert client.words(ut.TimerSetup(), read(TIMER), read(TIMER)) == [0, 1]


def test_timer_wraps_at_32_bit(client: Client) -> None:
    top = 2**32 - 1
    assert client.words(ut.TimerSetup(), ut.WaitUntil(top), read(TIMER), read(TIMER)) == [0, 1]


def test_every_instruction_takes_one_cycle(client: Client) -> None:
    spikes = [ut.SpikePack1ToFPGA((1,))] * 7
    assert client.words(ut.TimerSetup(), spikes, write(0x80000000, 5), read(TIMER)) == [9]


def test_waits_are_exempt_from_the_instruction_timeout(client: Client) -> None:
    answers = client.run(write(0x88000009, 10), ut.TimerSetup(), ut.WaitUntil(100_000), ut.Loopback(ut.TICK))
    assert answers == [ut.LoopbackResponse(ut.TICK)]


def test_timer_runs_on_between_programs_for_12500_cycles(client: Client) -> None:
    client.run(ut.TimerSetup())
    assert client.read(TIMER) == 12_500


def test_a_tick_is_answered_in_the_cycle_of_its_execution(linked: Client) -> None:
    answers = linked.run(ut.TimerSetup(), ut.Loopback(ut.TICK), ut.WaitUntil(300), ut.Loopback(ut.TICK))
    (first, _), (second, _) = stamped(answers)
    assert second - first == 301


def test_a_tick_overtakes_the_answer_of_a_read_without_barrier(linked: Client) -> None:
    answers = [type(m) for _, m in stamped(linked.run(read(0x00140000), ut.Loopback(ut.TICK)))]
    assert answers == [ut.LoopbackResponse, ut.OmnibusResponse]


def test_a_tick_behind_an_omnibus_barrier_follows_the_answer(linked: Client) -> None:
    answers = stamped(linked.run(read(0x00140000), ut.Barrier(omnibus=1), ut.Loopback(ut.TICK)))
    assert [type(m) for _, m in answers] == [ut.OmnibusResponse, ut.LoopbackResponse]
    assert answers[1][0] - answers[0][0] == 1


def test_a_chip_read_answers_60_cycles_after_its_execution(linked: Client) -> None:
    (tick, _), (answer, _) = stamped(linked.run(ut.Loopback(ut.TICK), read(0x00140000)))
    assert answer - tick == 61


def test_a_read_of_a_register_of_the_fpga_answers_after_2_cycles(linked: Client) -> None:
    (tick, _), (answer, _) = stamped(linked.run(ut.Loopback(ut.TICK), read(0x88000009)))
    assert answer - tick == 3


def test_answers_of_chip_and_fpga_share_one_ordered_queue(linked: Client) -> None:
    words = linked.words(write(0x00140000, 0x155), read(0x00140000), read(0x88000009), read(0x00140000))
    assert words == [0x155, 1_250_000, 0x155]


def test_the_53rd_read_waits_until_one_has_returned(linked: Client) -> None:
    begin = stamped(linked.run(ut.Loopback(ut.TICK), read(0x00140000) * 53, ut.Loopback(ut.TICK)))
    times = [time for time, m in begin if isinstance(m, ut.LoopbackResponse)]
    assert times[1] - times[0] == 1 + 60 + 1 + 1  # the answer of the second read takes the cycle of the tick


def test_52_reads_do_not_wait(linked: Client) -> None:
    answers = stamped(linked.run(ut.Loopback(ut.TICK), read(0x00140000) * 52, ut.Loopback(ut.TICK)))
    times = [time for time, m in answers if isinstance(m, ut.LoopbackResponse)]
    assert times[1] - times[0] == 53


def test_reads_are_pipelined_one_answer_in_a_cycle(linked: Client) -> None:
    answers = stamped(linked.run(read(0x00140000) * 40))
    assert np.diff([time for time, _ in answers]).tolist() == [1] * 39


def test_barrier_of_nothing_takes_one_cycle(client: Client) -> None:
    assert client.words(ut.TimerSetup(), ut.Barrier(), ut.Barrier(multi_fpga=1), read(TIMER)) == [2]


def test_barrier_omnibus_waits_for_writes(linked: Client) -> None:
    first = linked.words(ut.TimerSetup(), write(0x00140000, 1), ut.Barrier(omnibus=1), read(TIMER))
    assert first == [1 + 60 + 1]


def test_polling_block_waits_for_equality_of_the_masked_word(client: Client) -> None:
    poll = [*write(0x88000006, TIMER), *write(0x88000007, 0x100), *write(0x88000008, 0xFFFFFF00)]
    (time,) = client.words(poll, ut.TimerSetup(), ut.PollingOmnibusBlock(1), read(TIMER))
    assert 0x100 <= time < 0x110


def test_polling_block_waits_for_inequality(client: Client) -> None:
    poll = [*write(0x88000006, TIMER), *write(0x88000007, 0), *write(0x88000008, 0xFFFFFF00)]
    (time,) = client.words(poll, ut.TimerSetup(), ut.PollingOmnibusBlock(0), read(TIMER))
    assert 0x100 <= time < 0x110


def test_polling_block_on_a_chip_register_gives_no_answers(linked: Client) -> None:
    poll = [*write(0x88000006, 0x00140000), *write(0x88000007, 0x2A), *write(0x88000008, 0x3FF)]
    assert linked.run(poll, write(0x00140000, 0x2A), ut.PollingOmnibusBlock(1)) == []


def test_polling_for_what_never_comes_ends_in_a_timeout_with_the_index_of_the_block(linked: Client) -> None:
    poll = [*write(0x88000006, 0x00140000), *write(0x88000007, 0x2A), *write(0x88000008, 0x3FF)]
    answers = [m for _, m in stamped(linked.run(poll, ut.PollingOmnibusBlock(1), ut.Loopback(ut.TICK)))]
    assert answers == [ut.TimeoutNotification(instruction=6)]


def test_a_timed_out_program_is_discarded_and_the_next_one_runs(client: Client) -> None:
    first = client.run(read(0x00140000), ut.Barrier(omnibus=1), ut.Loopback(ut.TICK), write(0x80000000, 7))
    assert first == [ut.TimeoutNotification(instruction=1, omnibus_reads_in_flight=1)]
    assert client.read(0x80000000) == 0


def test_timeout_register_counts_cycles_of_the_blocked_instruction(client: Client) -> None:
    program = [*write(0x88000009, 5000), ut.TimerSetup(), *read(0x00140000), ut.Barrier(omnibus=1)]
    client.run(program)
    assert client.read(TIMER) == 2 + 5000 + 1 + 12_500 - 1


def test_polling_a_timeout_takes_no_wall_time_per_poll(linked: Client) -> None:
    poll = [*write(0x88000009, 2**32 - 1), *write(0x88000006, 0x00140000), *write(0x88000008, 0), *write(0x88000007, 1)]
    answers = [m for _, m in stamped(linked.run(poll, ut.PollingOmnibusBlock(1)))]
    assert answers == [ut.TimeoutNotification(instruction=8)]


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 50])
def test_answers_do_not_depend_on_how_the_words_are_cut(cut: int) -> None:
    program = ut.encode(
        [
            *bring_up(),
            *write(0x00140000, 3),
            *read(0x00140000),
            ut.SpikePack3ToFPGA((1, 2, 3)),
            *read(0x02C80000),
            ut.Barrier(omnibus=1),
            ut.WaitUntil(30_000),
            ut.Loopback(ut.HALT),
            ut.SpikePack1ToFPGA((9,)),
            ut.WaitUntil(60_000),
            ut.Loopback(ut.HALT),
        ],
        "to_fpga",
    )
    whole = Twin().feed(program)
    twin = Twin()
    pieces = [twin.feed(program[i : i + cut]) for i in range(0, len(program), cut)]
    assert np.concatenate(pieces).tolist() == whole.tolist()
    assert len(whole) > 10


def test_same_words_give_the_same_answers_in_a_second_twin() -> None:
    program = ut.encode([*bring_up(), ut.SpikePack1ToFPGA((5,)), ut.WaitUntil(50_000), ut.Loopback(0)], "to_fpga")
    assert Twin().feed(program).tolist() == Twin().feed(program).tolist()


def test_reset_of_the_device_forgets_the_program_in_progress(linked: Client) -> None:
    linked.twin.feed(ut.encode([*write(0x80000001, 3), *write(0x00140000, 5), ut.OmnibusAddress(address=0)], "to_fpga"))
    linked.twin.reset()
    linked.decoder.reset()
    assert linked.run(ut.Loopback(ut.TICK)) == [ut.LoopbackResponse(ut.TICK)]
    assert linked.words(read(0x80000001), read(0x00140000)) == [3, 5]


def test_reset_of_the_device_switches_annotation_off_and_keeps_the_link(linked: Client) -> None:
    linked.twin.reset()
    linked.decoder.reset()
    assert linked.run(read(0x00080000)) == [ut.OmnibusResponse(0x2A20A902)]


@pytest.mark.parametrize(
    "words",
    [
        [0x7F00000000000000],
        [0x1000000000000000],
        [0x8000000000000000],
        [0x0C00000000000001],
        [0x0B00000F80000000],
        [0x0B00000F80000000, 0x0400000000000000, 0x0C00000000000001],
        [0x0300020000000000],
        [0x0300220000000000],
    ],
)
def test_malformed_words_are_ignored_and_the_halt_is_answered(client: Client, words: list[int]) -> None:
    stream = np.array([*words, 0x0A00000000000000], dtype=np.uint64)
    assert client.decode(client.twin.feed(stream)) == [ut.LoopbackResponse(ut.HALT)]
    assert client.read(0x80000000) == 0


def test_a_lone_write_address_is_replaced_by_the_next(client: Client) -> None:
    lone = ut.OmnibusAddress(address=0x80000000)
    assert client.words(lone, write(0x80000001, 8), read(0x80000000), read(0x80000001)) == [0, 8]


def test_words_of_another_type_are_refused() -> None:
    with pytest.raises(TwinArgumentError, match="uint64"):
        Twin().feed([1, 2])  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(TwinArgumentError, match=r"\(2, 2\)"):
        Twin().feed(np.zeros((2, 2), dtype=np.uint64))
