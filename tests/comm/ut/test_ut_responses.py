"""Responses: words straight to arrays with FPGA time and chip time."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm import ut
from hxtwin.comm.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

deterministic = settings(derandomize=True, deadline=None, max_examples=60)

CYCLE_43 = 1 << 43
TIMES = {"fpga_time", "chip_time"}


def in_words_of_the_reference(messages: list[ut.Message], time: int = 0) -> dict[str, list[Any]]:
    """Responses of messages by the rules of the reference (fpga-instructions.md 5), one message after the other."""
    found: dict[str, list[Any]] = {name: [] for name in ("jtag", "omnibus", "ticks", "halts", "links", "timeouts")}
    found |= {"spikes": [], "samples": []}

    def chip_time(timestamp: int) -> int:
        cycles = time >> 7 << 7 | timestamp >> 1
        return cycles if cycles <= time else (cycles - 128) % CYCLE_43

    for message in messages:
        time = (time + 1) % CYCLE_43
        fields: dict[str, Any] = dict(message.fields)
        match message:
            case ut.Systime():
                time = message.value
            case ut.Sysdelta():
                time = (time + message.value) % CYCLE_43
            case ut.JTAGResponse():
                found["jtag"].append((message.value, time))
            case ut.OmnibusResponse():
                found["omnibus"].append((message.value, time))
            case ut.LoopbackResponse():
                found["ticks" if message.value else "halts"].append(time)
            case ut.HighspeedLinkNotification():
                found["links"].append((message.payload, time))
            case ut.TimeoutNotification():
                found["timeouts"].append((*fields.values(), time))
            case _:
                for label, timestamp in fields.get("spikes", ()):
                    found["spikes"].append((label, time, chip_time(timestamp)))
                for value, timestamp in fields.get("samples", ()):
                    found["samples"].append((value & 0x3FF, value >> 10 & 1, time, chip_time(timestamp)))
    return found


def as_lists(responses: ut.Responses) -> dict[str, list[Any]]:
    return {
        "jtag": responses.jtag.tolist(),
        "omnibus": responses.omnibus.tolist(),
        "ticks": responses.ticks.tolist(),
        "halts": responses.halts.tolist(),
        "links": responses.highspeed_link_notifications.tolist(),
        "timeouts": responses.timeouts.tolist(),
        "spikes": responses.spikes.tolist(),
        "samples": responses.madc_samples.tolist(),
    }


def test_responses_are_those_of_the_vectors(response: dict[str, Any]) -> None:
    decoded = ut.decode_responses([int(word, 16) for word in response["words"]])
    assert [list(row) for row in decoded.jtag.tolist()] == response["jtag"]
    assert [list(row) for row in decoded.omnibus.tolist()] == response["omnibus"]
    assert decoded.ticks.tolist() == response["ticks"]
    assert decoded.spikes[["label", "chip_time", "fpga_time"]].tolist() == [tuple(row) for row in response["spikes"]]
    samples = decoded.madc_samples[["value", "channel", "chip_time", "fpga_time"]]
    assert samples.tolist() == [tuple(row) for row in response["madc_samples"]]
    links = decoded.highspeed_link_notifications.tolist()
    assert [list(row) for row in links] == response["highspeed_link_notifications"]
    assert [list(row) for row in decoded.timeouts.tolist()] == response["timeouts"]
    assert decoded.spike_pack_counts.tolist() == response["spike_pack_counts"]
    assert decoded.madc_sample_pack_counts.tolist() == response["madc_sample_pack_counts"]


def test_a_spike_takes_18_bytes_and_a_sample_19() -> None:
    assert (ut.SPIKE_DTYPE.itemsize, ut.MADC_SAMPLE_DTYPE.itemsize) == (18, 19)
    assert ut.SPIKE_DTYPE.names == ("label", "fpga_time", "chip_time")
    assert ut.MADC_SAMPLE_DTYPE.names == ("value", "channel", "fpga_time", "chip_time")


def test_without_timing_messages_time_counts_messages() -> None:
    words = ut.encode([ut.OmnibusResponse(5), ut.LoopbackResponse(ut.TICK), ut.LoopbackResponse(ut.HALT)], "from_fpga")
    decoded = ut.decode_responses(words)
    assert decoded.omnibus.tolist() == [(5, 1)]
    assert (decoded.ticks.tolist(), decoded.halts.tolist()) == ([2], [3])
    assert (decoded.messages, decoded.fpga_time) == (3, 3)


def test_systime_sets_time_and_sysdelta_adds_to_the_cycle_of_its_own() -> None:
    messages = [ut.Systime(1000), ut.OmnibusResponse(1), ut.Sysdelta(10), ut.OmnibusResponse(2)]
    assert ut.decode_responses(ut.encode(messages, "from_fpga")).omnibus["fpga_time"].tolist() == [1001, 1013]


@pytest.mark.parametrize(("timestamp", "chip_time"), [(200, 996), (220, 878)])
def test_chip_time_is_at_most_127_cycles_before_fpga_time(timestamp: int, chip_time: int) -> None:
    spike = ut.SpikePack1FromFPGA([ut.Spike(7, timestamp)])
    decoded = ut.decode_responses(ut.encode([ut.Systime(999), spike], "from_fpga"))
    assert decoded.spikes.tolist() == [(7, 1000, chip_time)]
    assert int(ut.chip_times(1000, timestamp)) == chip_time


def test_time_wraps_at_43_bits() -> None:
    messages = [ut.Systime(CYCLE_43 - 1), ut.LoopbackResponse(ut.TICK), ut.Systime(CYCLE_43 - 2), ut.Sysdelta(7)]
    decoded = ut.decode_responses(ut.encode([*messages, ut.LoopbackResponse(ut.TICK)], "from_fpga"))
    assert decoded.ticks.tolist() == [0, 7]
    early = ut.decode_responses(ut.encode([ut.SpikePack1FromFPGA([ut.Spike(1, 255)])], "from_fpga"))
    assert early.spikes["chip_time"].tolist() == [CYCLE_43 - 1]


def test_a_notification_names_phy_and_state_through_its_message() -> None:
    notification = ut.HighspeedLinkNotification(phy=5, link_up=1)
    decoded = ut.decode_responses(ut.encode([notification], "from_fpga"))
    value = int(decoded.highspeed_link_notifications["value"][0])
    assert ut.HighspeedLinkNotification.from_payload(value) == notification


@given(data=st.data())
@deterministic
def test_responses_are_those_of_the_messages(data: st.DataObject, messages_of: Any) -> None:
    messages = data.draw(messages_of("from_fpga"))
    decoded = ut.decode_responses(ut.encode(messages, "from_fpga"))
    assert as_lists(decoded) == in_words_of_the_reference(messages)
    assert decoded.messages == len(messages)
    classes = [type(message).__name__ for message in messages]
    spike_packs = [classes.count(f"SpikePack{n}FromFPGA") for n in (1, 2, 3)]
    assert decoded.spike_pack_counts.tolist() == spike_packs
    assert decoded.madc_sample_pack_counts.tolist() == [classes.count(f"MADCSamplePack{n}FromFPGA") for n in (1, 2, 3)]


@given(data=st.data(), positions=st.lists(st.integers(0, 100), max_size=8))
@deterministic
def test_portions_of_a_stream_give_the_responses_of_the_whole(
    data: st.DataObject, positions: list[int], messages_of: Any, cut: Callable[..., list[np.ndarray]]
) -> None:
    words = ut.encode(data.draw(messages_of("from_fpga")), "from_fpga")
    decoder = ut.ResponseDecoder()
    parts = [decoder.feed(portion) for portion in cut(words, positions)]
    decoder.end()
    whole = ut.decode_responses(words)
    assert ut.Responses.concatenate(parts) == whole
    assert (decoder.words, decoder.fpga_time) == (len(words), whole.fpga_time)


def attempt(feed: Callable[[np.ndarray], object], words: np.ndarray) -> tuple[object, ...]:
    """Arguments of the decode error that a decoder raises, if any."""
    try:
        feed(words)
    except ut.UTDecodeError as error:
        return error.args
    return ()


@given(data=st.data(), positions=st.lists(st.integers(0, 100), max_size=8))
@deterministic
def test_hostile_words_are_refused_where_the_object_decoder_refuses_them(
    data: st.DataObject,
    positions: list[int],
    hostile_words: st.SearchStrategy[list[int]],
    cut: Callable[..., list[np.ndarray]],
) -> None:
    words = np.array(data.draw(hostile_words), dtype=np.uint64)
    objects, responses = ut.Decoder("from_fpga"), ut.ResponseDecoder()
    for portion in cut(words, positions):
        assert attempt(responses.feed, portion) == attempt(objects.feed, portion)
    if not attempt(objects.feed, words[:0]):
        assert responses.pending_bits == objects.pending_bits


def test_decoder_repeats_its_error_until_reset_and_then_starts_anew() -> None:
    decoder = ut.ResponseDecoder()
    decoder.feed(ut.encode([ut.Systime(77)], "from_fpga"))
    for words in ([1 << 56, 13 << 56], []):
        with pytest.raises(ut.UTDecodeError, match=r"word 2 \(0x0d00000000000000\): unknown UT message header 0x0d"):
            decoder.feed(words)
    assert decoder.words == 1
    decoder.reset()
    assert decoder.feed([2 << 56]).halts.tolist() == [1]


def test_a_new_run_starts_at_time_0_and_keeps_a_message_in_progress() -> None:
    spikes = ut.SpikePack3FromFPGA([ut.Spike(i, 2) for i in (1, 2, 3)])
    first, second = ut.encode([spikes], "from_fpga").tolist()
    decoder = ut.ResponseDecoder()
    assert decoder.feed([0x0500000000001000, first]).fpga_time == 0x1000
    assert decoder.pending_bits == 64
    decoder.begin_run()
    assert decoder.feed([second]).spikes.tolist() == [(1, 1, 1), (2, 1, 1), (3, 1, 1)]


def test_a_stream_that_ends_inside_a_message_is_refused() -> None:
    with pytest.raises(ut.UTDecodeError, match="word 1: the stream ends inside a SpikePack3FromFPGA"):
        ut.decode_responses([0x0C << 56])


def test_wrong_words_are_refused() -> None:
    with pytest.raises(ArgumentError, match="not float64"):
        ut.ResponseDecoder().feed(np.zeros(3))  # type: ignore[arg-type]  # the point of the test


def test_nothing_cannot_be_joined() -> None:
    with pytest.raises(ArgumentError, match="no responses to join"):
        ut.Responses.concatenate([])


def test_responses_that_differ_in_any_array_are_unequal() -> None:
    some = ut.decode_responses(ut.encode([ut.OmnibusResponse(5)], "from_fpga"))
    assert some == attrs.evolve(some)
    assert some != attrs.evolve(some, fpga_time=2)
    assert some != ut.decode_responses(ut.encode([ut.OmnibusResponse(6)], "from_fpga"))
    assert some != 1


def test_decoding_takes_less_than_three_times_the_memory_of_its_result() -> None:
    n = 200_000
    packs = ut.spike_packs_from_fpga(np.arange(n) & 0xFFFF, np.arange(n) & 0xFF, np.full(n // 2, 2))
    words = ut.encode_array(ut.MessageArray.interleave(ut.MessageArray.of(ut.Sysdelta, value=3), packs))
    tracemalloc.start()
    try:
        decoded = ut.decode_responses(words)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(decoded.spikes) == n
    assert decoded.spikes.nbytes <= peak < 1.5 * decoded.spikes.nbytes
