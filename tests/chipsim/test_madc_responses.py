"""Samples of the membrane ADC on their way through the FPGA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.chipsim.fpga.response_stream import Answers, ResponseStream
from hxtwin.chipsim.parameters import DEFAULTS
from hxtwin.comm import ut

if TYPE_CHECKING:
    from numpy.typing import NDArray

WAY = DEFAULTS.crossbar_to_link // 2
"""FPGA cycles from the chip."""


@pytest.fixture
def stream() -> ResponseStream:
    """A stream whose system time is its cycle."""
    found = ResponseStream(DEFAULTS)
    found.synchronise(0, 0)
    return found


def take(stream: ResponseStream, *cycles: int, first: int = 0) -> None:
    """Samples at chip cycles; their values count up."""
    n = len(cycles)
    values = (first + np.arange(n)).astype(np.uint16)
    stream.take_madc_samples(np.array(cycles, np.int64), values, (values & 1).astype(np.uint8))


def answers(stream: ResponseStream, first: int, last: int) -> None:
    """An answer of the omnibus in each FPGA cycle."""
    times = np.arange(first, last)
    codes = np.full(times.size, ut.OmnibusResponse.code, np.uint8)
    stream.take_answers(Answers(times, codes, times.astype(np.uint64), np.full(times.size, -1)))


def sent(stream: ResponseStream, until: int) -> list[ut.Message]:
    stream.emit(until)
    stream.end_program(until)
    messages = list(ut.Decoder("from_fpga").feed(stream.take_words()))
    return [message for message in messages[:-1] if not isinstance(message, ut.Systime | ut.Sysdelta)]


def numbers(message: ut.Message) -> list[int]:
    """Numbers of the samples of a pack, from values and channel bits."""
    assert isinstance(message, ut.MADCSamplePack1FromFPGA | ut.MADCSamplePack2FromFPGA | ut.MADCSamplePack3FromFPGA)
    for sample in message.samples:
        assert sample.value >> 10 == sample.value & 1
    return [sample.value & 0x3FF for sample in message.samples]


def test_samples_that_arrive_one_by_one_are_sent_one_by_one(stream: ResponseStream) -> None:
    take(stream, *range(1000, 1085, 17))
    stream.arrive(600, recorded=True)
    assert [numbers(message) for message in sent(stream, 700)] == [[0], [1], [2], [3], [4]]


def test_samples_of_one_cycle_share_a_pack_of_at_most_three(stream: ResponseStream) -> None:
    take(stream, 1000, 1000, 1001, 1001, 1002)
    stream.arrive(600, recorded=True)
    assert [numbers(message) for message in sent(stream, 700)] == [[0, 1, 2], [3, 4]]


def test_answers_go_first_then_spikes_then_samples(stream: ResponseStream) -> None:
    answers(stream, 500 + WAY, 510 + WAY)
    stream.take_spikes(np.array([[1004, 502 + WAY, 77]], np.int64))
    take(stream, 1000, 1001, 1003)
    stream.arrive(600, recorded=True)
    names = [type(message).__name__ for message in sent(stream, 700)]
    assert names == ["OmnibusResponse"] * 10 + ["SpikePack1FromFPGA", "MADCSamplePack3FromFPGA"]


def test_a_sample_that_waits_too_long_goes_before_answers(stream: ResponseStream) -> None:
    answers(stream, 500, 900)
    take(stream, 1000)
    stream.arrive(900, recorded=True)
    messages = sent(stream, 1000)
    place = next(i for i, message in enumerate(messages) if isinstance(message, ut.MADCSamplePack1FromFPGA))
    assert place == DEFAULTS.event_urgency


def test_without_event_recording_samples_are_lost_when_they_arrive(stream: ResponseStream) -> None:
    take(stream, 1000, 1100, 1200)
    stream.arrive(550 + WAY, recorded=False)
    stream.arrive(700, recorded=True)
    assert [numbers(message) for message in sent(stream, 800)] == [[2]]


def test_samples_under_way_are_lost_with_the_link(stream: ResponseStream) -> None:
    take(stream, 1000, 1100)
    stream.arrive(500 + WAY, recorded=True)
    under_way = [stream.spikes_in_flight]
    stream.lose_spikes()
    under_way.append(stream.spikes_in_flight)
    assert under_way == [True, False]
    stream.arrive(700, recorded=True)
    assert [numbers(message) for message in sent(stream, 800)] == [[0]]


@given(
    gaps=st.lists(st.integers(0, 60), min_size=1, max_size=200),
    spikes=st.lists(st.integers(0, 4000), max_size=60),
    zero=st.integers(0, 400),
    piece=st.integers(10, 500),
)
@settings(max_examples=15, deadline=None, derandomize=True)
def test_all_samples_come_out_with_the_chip_time_at_which_they_were_taken(
    gaps: list[int], spikes: list[int], zero: int, piece: int
) -> None:
    stream = ResponseStream(DEFAULTS)
    stream.synchronise(zero, 0)
    cycles = 1000 + np.cumsum(gaps)
    values = np.arange(cycles.size).astype(np.uint16)
    spike_cycles = 1000 + np.sort(np.array(spikes, np.int64))
    rows = np.stack([spike_cycles, spike_cycles // 2 + WAY, np.arange(spike_cycles.size)], axis=1)
    words: list[NDArray[np.uint64]] = []
    for begin in range(0, 16_000, 2 * piece):
        chosen = (cycles >= begin) & (cycles < begin + 2 * piece)
        stream.take_madc_samples(cycles[chosen], values[chosen], (values[chosen] & 1).astype(np.uint8))
        stream.take_spikes(rows[(spike_cycles >= begin) & (spike_cycles < begin + 2 * piece)])
        stream.arrive(begin // 2 + piece, recorded=True)
        stream.emit(begin // 2 + piece - 1)
        words.append(stream.take_words())
    stream.end_program(8200)
    words.append(stream.take_words())
    found = ut.decode_responses(np.concatenate(words))
    np.testing.assert_array_equal(found.madc_samples["value"], values)
    np.testing.assert_array_equal(found.madc_samples["channel"], values & 1)
    np.testing.assert_array_equal(found.madc_samples["chip_time"], (cycles - 2 * zero) // 2)
    assert (found.madc_samples["fpga_time"] >= found.madc_samples["chip_time"] + WAY).all()
    assert len(found.spikes) == len(spikes)
