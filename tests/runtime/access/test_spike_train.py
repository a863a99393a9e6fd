"""Spike trains: packs of spikes of equal time, one instruction in each cycle, waits only where they are needed."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.runtime.errors import TimeError
from hxtwin.runtime.spike_train import SpikeTrainError, pack_spike_train, schedule

deterministic = settings(derandomize=True, deadline=None, max_examples=150)

trains = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 0xFFFF)), max_size=60).map(
    lambda spikes: sorted(spikes, key=lambda spike: spike[0])
)


def by_the_rules(wire: Any, spikes: list[tuple[int, int]], start: int, largest: int) -> tuple[list[int], int, int]:
    """Words of a train, its end and largest delay, command by command (reference: runtime.md 4)."""
    words, current, delay = [], start, 0
    for due, same in itertools.groupby(spikes, key=lambda spike: spike[0]):
        labels = [label for _, label in same]
        for first in range(0, len(labels), largest):
            if due > current:
                current = due
                words.append(wire.wait_until(current - 1))
            delay = max(delay, current - due)
            words.append(wire.spikes(*labels[first : first + largest]))
            current += 1
    return words, current, delay


@given(spikes=trains, start=st.integers(0, 30), largest=st.integers(1, 3))
@deterministic
def test_a_train_is_what_command_by_command_gives(
    wire: Any, spikes: list[tuple[int, int]], start: int, largest: int
) -> None:
    spikes = [spike for spike in spikes if spike[0] >= start]
    times, labels = [spike[0] for spike in spikes], [spike[1] for spike in spikes]
    packed = pack_spike_train(times, labels, start=start, largest_pack=largest)
    words, end, delay = by_the_rules(wire, spikes, start, largest)
    assert wire.of(packed.messages) == words
    assert (packed.end, packed.largest_delay) == (end, delay)
    assert packed.packs == sum(word >> 56 >= 0x0D for word in words)


def test_a_spike_at_time_t_waits_until_the_cycle_before(wire: Any) -> None:
    assert wire.of(pack_spike_train([5], [7]).messages) == [wire.wait_until(4), wire.spikes(7)]


def test_a_spike_that_is_due_at_once_needs_no_wait(wire: Any) -> None:
    assert wire.of(pack_spike_train([0], [7]).messages) == [wire.spikes(7)]
    assert wire.of(pack_spike_train([9], [7], start=9).messages) == [wire.spikes(7)]


def test_spikes_in_consecutive_cycles_need_one_wait(wire: Any) -> None:
    messages = pack_spike_train([10, 11, 12], [1, 2, 3]).messages
    assert wire.of(messages) == [wire.wait_until(9), wire.spikes(1), wire.spikes(2), wire.spikes(3)]


def test_four_spikes_of_one_time_take_two_cycles_and_delay_the_next(wire: Any) -> None:
    packed = pack_spike_train([10, 10, 10, 10, 11, 20], [1, 2, 3, 4, 5, 6])
    assert wire.of(packed.messages) == [
        wire.wait_until(9), wire.spikes(1, 2, 3), wire.spikes(4), wire.spikes(5), wire.wait_until(19), wire.spikes(6),
    ]  # fmt: skip
    assert (packed.largest_delay, packed.end) == (1, 21)


def test_pairs_can_be_wanted_instead_of_triples(wire: Any) -> None:
    messages = pack_spike_train([3] * 5, [1, 2, 3, 4, 5], largest_pack=2).messages
    assert wire.of(messages) == [wire.wait_until(2), wire.spikes(1, 2), wire.spikes(3, 4), wire.spikes(5)]


def test_no_spikes_are_no_instructions() -> None:
    packed = pack_spike_train([], [], start=12)
    assert (len(packed.messages), packed.end, packed.packs, packed.largest_delay) == (0, 12, 0, 0)


def test_the_timer_holds_the_last_time(wire: Any) -> None:
    last = (1 << 32) - 1
    assert wire.of(pack_spike_train([last], [0xFFFF]).messages) == [wire.wait_until(last - 1), wire.spikes(0xFFFF)]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.int64, np.uint64])
def test_times_of_every_integer_type_are_accepted(wire: Any, dtype: type[np.integer]) -> None:
    times = np.array([0, 3, 100], dtype=dtype)
    labels = np.array([1, 2, 3], dtype=np.uint16)
    assert wire.of(pack_spike_train(times, labels).messages) == by_the_rules(wire, [(0, 1), (3, 2), (100, 3)], 0, 3)[0]


def test_known_good_waits_of_the_absolute_time_rule() -> None:
    times = np.sort(np.array([38, 7, 15, 26, 4, 30, 5, 20, 9, 5]))
    cycles, waits = schedule(times)
    assert cycles.tolist() == [4, 5, 6, 7, 9, 15, 20, 26, 30, 38]
    assert (times[waits] - 1).tolist() == [3, 8, 14, 19, 25, 29, 37]


def test_late_packs_are_counted_as_the_absolute_time_rule_does(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        packed = pack_spike_train([0] * 1500 + [3], [1] * 1501, largest_pack=1)
    assert len(packed.messages) == 1501
    assert packed.largest_delay == 1499
    assert [record.getMessage()[:70] for record in caplog.records] == [
        "250 of 1501 spike packs leave more than 1250 FPGA cycles (10 us) late,"
    ]


def test_a_burst_that_is_late_by_ten_microseconds_gives_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert pack_spike_train([0] * 1251, [1] * 1251, largest_pack=1).largest_delay == 1250
    assert not caplog.records


@pytest.mark.parametrize("offset", [0, 1 << 31])
def test_times_out_of_order_name_the_spike(offset: int) -> None:
    times = np.array([5, 9, 8, 7], dtype=np.uint32) + np.uint32(offset)
    with pytest.raises(TimeError, match=rf"spike 2 is due at {8 + offset}, before spike 1 at {9 + offset}: sort"):
        pack_spike_train(times, [0] * 4)


def test_times_in_the_past_are_refused() -> None:
    with pytest.raises(TimeError, match="spike 0 is due at 3, before the start at 5: 2 spikes lie in the past"):
        pack_spike_train([3, 4, 5], [0, 0, 0], start=5)
    with pytest.raises(TimeError, match="spike 0 is due at -1, before the start at 0: 1 spikes lie in the past"):
        pack_spike_train([-1, 4], [0, 0])


@pytest.mark.parametrize("beyond", [1 << 32, (1 << 64) - 1])
def test_times_beyond_the_timer_are_refused(beyond: int) -> None:
    times = np.array([1, beyond], dtype=np.uint64)
    with pytest.raises(TimeError, match=rf"spike 1 is due at {beyond}: the playback timer counts 0..4294967295"):
        pack_spike_train(times, [0, 0])


@pytest.mark.parametrize("start", [-1, 1 << 32])
def test_a_start_beyond_the_timer_is_refused(start: int) -> None:
    with pytest.raises(TimeError, match=f"start = {start}"):
        pack_spike_train([], [], start=start)


@pytest.mark.parametrize("label", [-1, 1 << 16])
def test_labels_of_more_than_sixteen_bits_are_refused(label: int) -> None:
    with pytest.raises(SpikeTrainError, match=rf"spike 1 has the label {label}, allowed are 0..65535"):
        pack_spike_train([0, 0, 0], [5, label, 7])


@pytest.mark.parametrize(
    ("times", "labels", "message"),
    [
        ([0, 1], [0], "2 times and 1 labels"),
        ([0.5], [0], r"times must be integers of shape \(n,\), not float64"),
        ([0], ["a"], r"labels must be integers of shape \(n,\)"),
        ([[0]], [0], r"times must be integers of shape \(n,\), not int64 of shape \(1, 1\)"),
    ],
)
def test_what_is_no_train_is_refused(times: Any, labels: Any, message: str) -> None:
    with pytest.raises(SpikeTrainError, match=message):
        pack_spike_train(times, labels)


@pytest.mark.parametrize("largest", [0, 4])
def test_packs_of_another_size_do_not_exist(largest: int) -> None:
    with pytest.raises(SpikeTrainError, match=f"packs of up to {largest} spikes do not exist, give 1..3"):
        pack_spike_train([0], [0], largest_pack=largest)


def test_a_million_spikes_keep_their_order_and_times(wire: Any) -> None:
    rng = np.random.default_rng(1)
    times = np.sort(rng.integers(0, 50_000_000, 1_000_000))
    labels = rng.integers(0, 1 << 16, len(times)).astype(np.uint16)
    packed = pack_spike_train(times, labels)
    codes, payloads = packed.messages.codes, packed.messages.payloads
    sizes = codes[codes >= 0x0D].astype(np.int64) - 0x0C
    assert sizes.sum() == len(times)
    packs = payloads[codes >= 0x0D]
    first = np.cumsum(sizes) - sizes
    assert np.array_equal(packs >> (16 * (sizes - 1)).astype(np.uint64), labels[first].astype(np.uint64))
    assert np.array_equal(packs & np.uint64(0xFFFF), labels[first + sizes - 1].astype(np.uint64))
    waits = payloads[codes == 0x05]
    assert np.all(np.diff(waits.astype(np.int64)) > 0)
    assert packed.end >= times[-1] + 1
