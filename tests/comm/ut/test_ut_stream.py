"""Streams of message objects: packing into words, commas, fillers, state, errors."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm import ut
from hxtwin.comm.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

deterministic = settings(derandomize=True, deadline=None, max_examples=60)

SPIKES = ut.SpikePack3FromFPGA([ut.Spike(1, 0x10), ut.Spike(2, 0x20), ut.Spike(3, 0x30)])
HALT = ut.LoopbackResponse(ut.HALT)
FILLER = 0x8000000000000000


def test_payload_of_every_message_is_that_of_the_vectors(case: dict[str, Any]) -> None:
    for reference in case["messages"]:
        cls = ut.dictionary(case["direction"])[reference["header"]]
        assert cls.__name__ == reference["name"]
        assert cls(**reference["fields"]).payload == int(reference["payload"], 16)


def test_words_decode_to_the_messages_of_the_vectors(case: dict[str, Any]) -> None:
    words = [int(word, 16) for word in case["words"]]
    decoded = ut.decode(words, case["direction"])
    assert [(m.code, m.payload) for m in decoded] == [(m["header"], int(m["payload"], 16)) for m in case["messages"]]


def test_messages_encode_to_the_words_of_the_vectors(case: dict[str, Any]) -> None:
    messages = [getattr(ut, m["name"])(**m["fields"]) for m in case["messages"]]
    fillers = set(case["filler_word_index"])
    words = [int(word, 16) for i, word in enumerate(case["words"]) if i not in fillers]
    assert ut.encode(messages, case["direction"], case["flush_after"]).tolist() == words


def test_worked_example_of_the_reference() -> None:
    words = ut.encode([SPIKES, HALT], "from_fpga")
    assert words.dtype == np.uint64
    assert words.tolist() == [0x0C10000120000230, 0x0003020000000000, 0x0000800000000000]


def test_towards_the_fpga_a_message_is_a_word_and_a_flush_adds_nothing() -> None:
    encoder = ut.Encoder("to_fpga")
    assert encoder.feed([ut.WaitUntil(10), ut.TimerSetup()]).tolist() == [0x050000000000000A, 4 << 56]
    assert encoder.pending_bits == 0
    assert len(encoder.flush()) == 0


def test_encoder_keeps_bits_from_call_to_call_until_flushed() -> None:
    encoder = ut.Encoder("from_fpga")
    assert encoder.feed([SPIKES]).tolist() == [0x0C10000120000230]
    assert encoder.pending_bits == 16
    assert encoder.feed([HALT]).tolist() == [0x0003020000000000]
    assert encoder.flush().tolist() == [0x0000800000000000]
    assert encoder.pending_bits == 0
    assert len(encoder.flush()) == 0


def test_encoder_forgets_pending_bits_at_reset() -> None:
    encoder = ut.Encoder("from_fpga")
    encoder.feed([SPIKES])
    encoder.reset()
    assert encoder.feed([HALT]).tolist() == [2 << 56]


def test_four_long_messages_fill_five_words_without_a_comma() -> None:
    words = ut.encode([SPIKES] * 4, "from_fpga")
    assert len(words) == 5
    assert ut.decode(words, "from_fpga") == [SPIKES] * 4


@pytest.mark.parametrize("long_messages", [0, 1, 2, 3, 4])
def test_comma_is_the_bit_behind_the_last_message(long_messages: int) -> None:
    words = ut.encode([SPIKES] * long_messages + [HALT], "from_fpga").tolist()
    used = 16 * (long_messages % 4)
    if used:
        assert words[-1] & ((1 << (64 - used)) - 1) == 1 << (63 - used)
    else:
        assert words[-1] & 0xFFFF == 0
    assert ut.decode(words, "from_fpga") == [SPIKES] * long_messages + [HALT]


def test_whatever_follows_a_comma_in_its_word_is_dropped() -> None:
    assert ut.decode([0x0C10000120000230, 0x0003FFFFFFFFFFFF, 2 << 56], "from_fpga") == [SPIKES, HALT]


def test_fillers_are_dropped_between_messages_but_not_within_one() -> None:
    spikes = ut.SpikePack3FromFPGA([ut.Spike(0, 0), ut.Spike(0, 0), ut.Spike(0x8000, 0)])
    first, second = ut.encode([spikes], "from_fpga").tolist()
    assert second == 0x8000_8000_0000_0000
    words = [FILLER, first, second, FILLER, (1 << 64) - 1, 2 << 56, FILLER]
    assert ut.decode(words, "from_fpga") == [spikes, HALT]


def test_no_words_are_no_messages() -> None:
    assert ut.decode([], "to_fpga") == []
    assert len(ut.encode([], "from_fpga")) == 0


@given(data=st.data(), direction=st.sampled_from(ut.Direction))
@deterministic
def test_decoding_inverts_encoding(data: st.DataObject, direction: str, messages_of: Any) -> None:
    messages = data.draw(messages_of(direction))
    flushes = data.draw(st.sets(st.integers(0, len(messages) - 1))) if messages else set()
    words = ut.encode(messages, direction, flushes)
    assert ut.decode(words, direction) == messages


@given(data=st.data(), direction=st.sampled_from(ut.Direction), positions=st.lists(st.integers(0, 100), max_size=5))
@deterministic
def test_portions_of_a_stream_decode_as_the_whole(
    data: st.DataObject, direction: str, positions: list[int], messages_of: Any, cut: Callable[..., list[np.ndarray]]
) -> None:
    messages = data.draw(messages_of(direction))
    decoder = ut.Decoder(direction)
    words = ut.encode(messages, direction)
    decoded = [message for portion in cut(words, positions) for message in decoder.feed(portion)]
    decoder.end()
    assert decoded == messages
    assert decoder.words == len(words)
    assert decoder.pending_bits == 0


@given(data=st.data(), direction=st.sampled_from(ut.Direction), positions=st.lists(st.integers(0, 100), max_size=5))
@deterministic
def test_portions_of_a_list_encode_as_the_whole(
    data: st.DataObject, direction: str, positions: list[int], messages_of: Any
) -> None:
    messages = data.draw(messages_of(direction))
    encoder = ut.Encoder(direction)
    borders = [0, *sorted(position % (len(messages) + 1) for position in positions), len(messages)]
    words = [encoder.feed(messages[i:j]) for i, j in itertools.pairwise(borders)]
    assert np.concatenate([*words, encoder.flush()]).tolist() == ut.encode(messages, direction).tolist()


def first_refused(words: list[int], direction: str) -> tuple[int, int | None]:
    """Index and value of the word that the decoder refuses; the number of words and None if it takes them all."""
    try:
        ut.decode(words, direction)
    except ut.UTDecodeError as error:
        return error.word_index, error.word
    return len(words), None


@given(data=st.data(), direction=st.sampled_from(ut.Direction))
@deterministic
def test_hostile_words_decode_or_raise_a_decode_error_at_a_word(
    data: st.DataObject, direction: str, hostile_words: st.SearchStrategy[list[int]]
) -> None:
    words = data.draw(hostile_words)
    index, word = first_refused(words, direction)
    assert 0 <= index <= len(words)
    assert word == (words[index] if index < len(words) else None)
    assert len(ut.Decoder(direction).feed(words[:index])) <= index


@pytest.mark.parametrize(
    ("words", "direction", "index", "reason"),
    [
        ([4 << 56, 0x10 << 56], "to_fpga", 1, "unknown UT message header 0x10: to_fpga has the codes 0..15"),
        ([2 << 56, FILLER, 13 << 56], "from_fpga", 2, "unknown UT message header 0x0d: from_fpga has the codes 0..12"),
        ([0x0C << 56, 0x00007F0000000000], "from_fpga", 1, "unknown UT message header 0x7f"),
        ([0x0C << 56, 0x0000000D00000000, 0], "from_fpga", 3, "the stream ends inside a JTAGResponse: 48 of 64 bits"),
        ([0x0C << 56], "from_fpga", 1, "the stream ends inside a SpikePack3FromFPGA: 64 of 80 bits"),
        ([3 << 56 | 34 << 40], "to_fpga", 0, r"JTAGData: num_bits = 34 is out of range, allowed are 3..33"),
    ],
)
def test_malformed_stream_is_reported_with_word_and_reason(
    words: list[int], direction: str, index: int, reason: str
) -> None:
    for decode in (ut.decode, ut.decode_array):
        with pytest.raises(ut.UTDecodeError) as caught:
            decode(words, direction)
        assert caught.value.word_index == index
        assert reason in caught.value.reason
        assert str(caught.value).startswith(f"word {index}")
        assert caught.value.word == (words[index] if index < len(words) else None)


@pytest.mark.parametrize("decoder_class", [ut.Decoder, ut.ArrayDecoder])
def test_decoder_repeats_its_error_until_reset_and_then_works(decoder_class: Any) -> None:
    decoder = decoder_class("from_fpga")
    assert len(decoder.feed([2 << 56, 0x0C << 56])) == 1
    for words in ([0x00007F0000000000], [2 << 56], []):
        with pytest.raises(ut.UTDecodeError, match=r"word 2 \(0x00007f0000000000\): unknown UT message header 0x7f"):
            decoder.feed(words)
    decoder.reset()
    assert (decoder.words, decoder.pending_bits) == (0, 0)
    assert list(decoder.feed([2 << 56])) == [HALT]


def test_refused_messages_leave_the_encoder_as_it_was() -> None:
    encoder = ut.Encoder("from_fpga")
    encoder.feed([SPIKES])
    wrong: Any = [HALT, ut.Loopback(0)]
    with pytest.raises(ut.UTEncodeError, match=r"message 1 is Loopback\(value=0\), which is no message from_fpga"):
        encoder.feed(wrong)
    assert encoder.pending_bits == 16
    assert encoder.feed([HALT]).tolist() == [0x0003020000000000]


@pytest.mark.parametrize("wrong", [5, "halt", None, ut.Loopback])
def test_what_is_no_message_is_not_encoded(wrong: Any) -> None:
    with pytest.raises(ut.UTEncodeError, match="message 0 is"):
        ut.encode([wrong], "to_fpga")


@pytest.mark.parametrize("index", [-1, 2, 10])
def test_flush_behind_a_message_that_does_not_exist_is_refused(index: int) -> None:
    with pytest.raises(ut.UTEncodeError, match=rf"flush_after names message {index}, there are 2 messages"):
        ut.encode([HALT, HALT], "from_fpga", [0, index])


def test_flush_indices_may_be_repeated_and_unordered() -> None:
    messages = [SPIKES, SPIKES, HALT]
    expected = ut.encode(messages, "from_fpga", [0, 1])
    assert ut.encode(messages, "from_fpga", [1, 0, 1]).tolist() == expected.tolist()
    assert len(expected) == 5


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (np.zeros((2, 2), np.uint64), "not uint64 of shape"),
        (np.zeros(2), "not float64"),
        (np.array([3, -1]), "word 1 is negative"),
        ([1 << 64], "integers 0"),
        ([-1], "integers 0"),
        ([1.5], "integers 0"),
        ("0a", "not str"),
        (b"\0" * 8, "not bytes"),
        (7, "not int"),
        (None, "not NoneType"),
    ],
)
def test_what_are_no_words_is_refused(words: Any, problem: str) -> None:
    for decode in (ut.decode, ut.decode_array):
        with pytest.raises(ArgumentError, match=problem):
            decode(words, "to_fpga")


@pytest.mark.parametrize("dtype", [np.uint64, np.int64, ">u8", "<u8"])
def test_words_of_any_integer_type_and_byte_order_are_taken(dtype: Any) -> None:
    words = np.array([4 << 56, 0x0500000000000003], dtype=dtype)
    for decode in (ut.decode, ut.decode_array):
        assert list(decode(words[::-1], "to_fpga")) == [ut.WaitUntil(3), ut.TimerSetup()]


@pytest.mark.parametrize("call", [ut.Encoder, ut.Decoder, ut.ArrayEncoder, ut.ArrayDecoder, ut.MessageArray.empty])
def test_unknown_direction_is_refused_everywhere(call: Any) -> None:
    with pytest.raises(ArgumentError, match="direction 'sideways' does not exist"):
        call("sideways")
