"""Message arrays: the same streams as objects, by compiled kernels."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm import ut
from hxtwin.comm.ut.columns import columns

if TYPE_CHECKING:
    from collections.abc import Callable

deterministic = settings(derandomize=True, deadline=None, max_examples=60)


def test_array_words_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    messages = [getattr(ut, m["name"])(**m["fields"]) for m in case["messages"]]
    fillers = set(case["filler_word_index"])
    words = [int(word, 16) for i, word in enumerate(case["words"]) if i not in fillers]
    array = ut.MessageArray.from_messages(messages, case["direction"])
    assert ut.encode_array(array, case["flush_after"]).tolist() == words


def test_array_messages_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    array = ut.decode_array([int(word, 16) for word in case["words"]], case["direction"])
    assert array.codes.tolist() == [m["header"] for m in case["messages"]]
    payloads = [int(low) | int(high) << 64 for low, high in zip(array.payloads, array.payloads_high, strict=True)]
    assert payloads == [int(m["payload"], 16) for m in case["messages"]]


@given(data=st.data(), direction=st.sampled_from(ut.Direction))
@deterministic
def test_objects_words_and_arrays_hold_the_same(data: st.DataObject, direction: str, messages_of: Any) -> None:
    messages = data.draw(messages_of(direction))
    flushes = data.draw(st.lists(st.integers(0, len(messages) - 1), max_size=6)) if messages else []
    array = ut.MessageArray.from_messages(messages, direction)
    words = ut.encode(messages, direction, flushes)
    assert ut.encode_array(array, flushes).tolist() == words.tolist()
    assert ut.decode_array(words, direction) == array
    assert array.to_messages() == list(array) == messages


@given(data=st.data(), direction=st.sampled_from(ut.Direction), positions=st.lists(st.integers(0, 100), max_size=6))
@deterministic
def test_portions_of_an_array_encode_as_the_whole(
    data: st.DataObject, direction: str, positions: list[int], messages_of: Any
) -> None:
    array = ut.MessageArray.from_messages(data.draw(messages_of(direction)), direction)
    encoder = ut.ArrayEncoder(direction)
    borders = [0, *sorted(position % (len(array) + 1) for position in positions), len(array)]
    words = [encoder.feed(array[i:j]) for i, j in itertools.pairwise(borders)]
    assert np.concatenate([*words, encoder.flush()]).tolist() == ut.encode_array(array).tolist()
    assert encoder.pending_bits == 0


def attempt(decoder: ut.Decoder | ut.ArrayDecoder, words: np.ndarray) -> tuple[list[ut.Message], tuple[object, ...]]:
    """Messages that a decoder gives, and the arguments of the error that it raises."""
    try:
        return list(decoder.feed(words)), ()
    except ut.UTDecodeError as error:
        return [], error.args


@given(
    data=st.data(),
    direction=st.sampled_from(ut.Direction),
    positions=st.lists(st.integers(0, 100), max_size=6),
)
@deterministic
def test_portions_of_hostile_words_decode_as_the_objects_do(
    data: st.DataObject,
    direction: str,
    positions: list[int],
    hostile_words: st.SearchStrategy[list[int]],
    cut: Callable[..., list[np.ndarray]],
) -> None:
    words = np.array(data.draw(hostile_words), dtype=np.uint64)
    objects, arrays = ut.Decoder(direction), ut.ArrayDecoder(direction)
    for portion in cut(words, positions):
        expected, refused = attempt(objects, portion)
        decoded, also_refused = attempt(arrays, portion)
        assert also_refused == refused
        assert decoded == expected
        assert refused or (arrays.words, arrays.pending_bits) == (objects.words, objects.pending_bits)


def test_random_words_never_raise_anything_else() -> None:
    rng = np.random.default_rng(20240611)
    lengths = []
    for _ in range(300):
        words = rng.integers(0, 1 << 64, 64, dtype=np.uint64) >> np.uint64(rng.integers(0, 8))
        for direction in ut.Direction:
            with pytest.raises(ut.UTDecodeError) as caught:
                ut.decode_array(np.concatenate([words, [np.uint64(0x7F << 56)] * 2]), direction)
            lengths.append(caught.value.word_index)
    assert min(lengths) == 0
    assert max(lengths) > 8


@pytest.mark.parametrize(
    ("direction", "code", "payload", "high", "problem"),
    [
        ("to_fpga", 16, 0, 0, "message 1: unknown UT message header 0x10: to_fpga has the codes 0..15"),
        ("from_fpga", 13, 0, 0, "message 1: unknown UT message header 0x0d"),
        ("to_fpga", 5, 1 << 32, 0, r"message 1: WaitUntil: payload 0x100000000 has bits that belong to no field"),
        ("to_fpga", 3, 33 << 40 | 1 << 33, 0, "message 1: JTAGData: payload .* has bits that belong to no field"),
        ("to_fpga", 3, 2 << 40, 0, r"message 1: JTAGData: num_bits = 2 is out of range, allowed are 3\.\.33"),
        ("from_fpga", 11, 0, 1, "message 1: SpikePack2FromFPGA: payload .* has bits that belong to no field"),
        ("from_fpga", 9, 0xC000, 0, "message 1: MADCSamplePack3FromFPGA: payload 0xc000 has bits"),
    ],
)
def test_arrays_that_break_the_dictionary_are_not_encoded(
    direction: str, code: int, payload: int, high: int, problem: str
) -> None:
    array = ut.MessageArray(
        direction,
        np.array([4, code], dtype=np.uint8),
        np.array([0, payload], dtype=np.uint64),
        np.array([0, high], dtype=np.uint8) if high else None,
    )
    encoder = ut.ArrayEncoder(direction)
    with pytest.raises(ut.UTEncodeError, match=problem):
        encoder.feed(array)
    assert encoder.pending_bits == 0


def test_encoder_refuses_messages_of_the_other_direction() -> None:
    with pytest.raises(ut.UTEncodeError, match="messages to_fpga cannot be sent from_fpga"):
        ut.ArrayEncoder("from_fpga").feed(ut.MessageArray.empty("to_fpga"))


def test_every_column_of_every_message_makes_what_its_field_makes(message_class: type[ut.Message]) -> None:
    rng = np.random.default_rng(7)
    for name, column in columns(message_class).items():
        bounds = column.slices[0]
        rows = rng.integers(bounds.minimum, bounds.maximum, (5, len(column.slices)), dtype=np.uint64, endpoint=True)
        rows[0], rows[1] = bounds.minimum, bounds.maximum
        given_values = rows if column.is_pack else rows[:, 0]
        built = ut.MessageArray.of(message_class, **{name: given_values})
        for message, row in zip(built, rows, strict=True):
            inserted = sum(int(value) << part.lsb for value, part in zip(row, column.slices, strict=True))
            others = ~sum(part.mask for part in column.slices) & message_class().payload
            assert message == message_class.from_payload(inserted | others)
        assert built.column(message_class, name).tolist() == given_values.tolist()
        assert ut.decode_array(ut.encode_array(built), message_class.direction) == built


def test_single_values_are_repeated_and_missing_columns_have_their_default() -> None:
    built = ut.MessageArray.of(ut.JTAGData, payload=[1, 2, 3], keep_response=1)
    assert list(built) == [ut.JTAGData(payload=i, keep_response=1) for i in (1, 2, 3)]
    assert list(ut.MessageArray.of(ut.TimerSetup)) == [ut.TimerSetup()]
    assert list(ut.MessageArray.of(ut.SpikePack2ToFPGA, spikes=[7, 8])) == [ut.SpikePack2ToFPGA([7, 8])]
    assert len(ut.MessageArray.of(ut.WaitUntil, value=[])) == 0


@pytest.mark.parametrize(
    ("given_columns", "problem"),
    [
        ({"value": [1, 2, -3]}, r"message 2, WaitUntil: value = -3 is out of range, allowed are 0\.\.4294967295"),
        ({"value": [1 << 32]}, "message 0, WaitUntil: value = 4294967296 is out of range"),
        ({"value": [1.5]}, "holds no integers"),
        ({"value": [1 << 70]}, "holds no integers"),
        ({"value": [[1, 2]]}, r"has shape \(1, 2\), it must be \(n,\) or \(\)"),
        ({"time": [1]}, r"WaitUntil: column 'time' does not exist, the columns are \['value'\]"),
    ],
)
def test_wrong_columns_are_refused(given_columns: dict[str, Any], problem: str) -> None:
    with pytest.raises(ut.UTEncodeError, match=problem):
        ut.MessageArray.of(ut.WaitUntil, **given_columns)


def test_columns_of_different_lengths_and_packs_of_another_size_are_refused() -> None:
    with pytest.raises(ut.UTEncodeError, match=r"columns of different lengths \{'address': 2, 'is_read': 3\}"):
        ut.MessageArray.of(ut.OmnibusAddress, address=[1, 2], is_read=[0, 0, 1])
    with pytest.raises(ut.UTEncodeError, match=r"has shape \(4, 2\), it must be \(n, 3\) or \(3,\)"):
        ut.MessageArray.of(ut.SpikePack3ToFPGA, spikes=np.zeros((4, 2), int))
    with pytest.raises(ut.UTEncodeError, match=r"message 1, SpikePack2FromFPGA: spikes\[1\]\.timestamp = 256"):
        ut.MessageArray.of(ut.SpikePack2FromFPGA, timestamp=[[0, 0], [255, 256]])


def numbers(*values: int) -> ut.MessageArray:
    return ut.MessageArray.of(ut.WaitUntil, value=values)


def test_concatenation_and_selection() -> None:
    joined = ut.MessageArray.concatenate([numbers(1, 2), numbers(3)])
    assert joined == numbers(1, 2, 3)
    assert joined[1:] == numbers(2, 3)
    assert joined[joined.codes == ut.WaitUntil.code] == joined
    assert joined[np.array([2, 0])] == numbers(3, 1)
    assert joined[-1] == joined[np.int64(2)] == ut.WaitUntil(3)
    assert numbers(1) != numbers(2)
    assert joined != 3
    with pytest.raises(IndexError):
        joined[3]


def test_interleaving_takes_one_message_of_each_array_in_turn() -> None:
    setup = ut.MessageArray.of(ut.TimerSetup)
    mixed = ut.MessageArray.interleave(numbers(1, 2), setup, numbers(3, 4))
    expected = [ut.WaitUntil(1), ut.TimerSetup(), ut.WaitUntil(3), ut.WaitUntil(2), ut.TimerSetup(), ut.WaitUntil(4)]
    assert list(mixed) == expected
    assert list(ut.MessageArray.interleave(setup, setup)) == [ut.TimerSetup()] * 2
    assert len(ut.MessageArray.interleave(numbers(), setup)) == 0
    with pytest.raises(ut.UTEncodeError, match=r"lengths \[2, 3\] cannot be interleaved"):
        ut.MessageArray.interleave(numbers(1, 2), numbers(1, 2, 3))


def test_insertion_puts_messages_before_positions_in_order() -> None:
    assert numbers(1, 2).insert([2, 0, 0], numbers(7, 8, 9)) == numbers(8, 9, 1, 2, 7)
    assert numbers(1, 2).insert([], numbers()) == numbers(1, 2)
    with pytest.raises(ut.UTEncodeError, match=r"positions 0\.\.3 are not all in 0\.\.2"):
        numbers(1, 2).insert([0, 3], numbers(1, 1))
    with pytest.raises(ut.UTEncodeError, match="cannot be inserted"):
        numbers(1, 2).insert([0], numbers(1, 1))
    with pytest.raises(ut.UTEncodeError, match="cannot be inserted"):
        numbers(1, 2).insert([0], ut.MessageArray.of(ut.Systime))
    with pytest.raises(ut.UTEncodeError, match="positions are integers"):
        numbers(1, 2).insert([0.5], numbers(1))


@given(
    values=st.lists(st.integers(0, 9), max_size=8),
    inserted=st.lists(st.tuples(st.integers(0, 8), st.integers(10, 19)), max_size=8),
)
@deterministic
def test_insertion_is_that_of_a_list(values: list[int], inserted: list[tuple[int, int]]) -> None:
    within = [(position, value) for position, value in inserted if position <= len(values)]
    expected = [
        value
        for i in range(len(values) + 1)
        for value in [*(value for position, value in within if position == i), *values[i : i + 1]]
    ]
    result = numbers(*values).insert([position for position, _ in within], numbers(*(value for _, value in within)))
    assert result == numbers(*expected)


def test_arrays_of_both_directions_cannot_be_joined() -> None:
    with pytest.raises(ut.UTEncodeError, match="one direction"):
        ut.MessageArray.concatenate([ut.MessageArray.empty("to_fpga"), ut.MessageArray.empty("from_fpga")])
    with pytest.raises(ut.UTEncodeError, match="one direction"):
        ut.MessageArray.concatenate([])
    with pytest.raises(ut.UTEncodeError, match="which is no message from_fpga"):
        ut.MessageArray.from_messages([ut.Loopback()], "from_fpga")


def test_masks_and_columns_are_those_of_one_class() -> None:
    mixed = ut.MessageArray.interleave(numbers(1, 2), ut.MessageArray.of(ut.SpikePack2ToFPGA, spikes=[[3, 4], [5, 6]]))
    assert mixed.is_a(ut.WaitUntil).tolist() == [True, False, True, False]
    assert mixed.column(ut.WaitUntil, "value").tolist() == [1, 2]
    assert mixed.column(ut.SpikePack2ToFPGA, "spikes").tolist() == [[3, 4], [5, 6]]
    with pytest.raises(ut.UTEncodeError, match="Systime goes from_fpga, these messages go to_fpga"):
        mixed.is_a(ut.Systime)
    with pytest.raises(ut.UTEncodeError, match="column 'time' does not exist"):
        mixed.column(ut.WaitUntil, "time")


def test_a_message_array_is_read_only() -> None:
    codes = np.array([4], dtype=np.uint8)
    array = ut.MessageArray("to_fpga", codes, np.zeros(1, np.uint64))
    with pytest.raises(ValueError, match="read-only"):
        array.codes[0] = 5
    codes[0] = 4
    assert repr(array) == "<1 messages to_fpga: TimerSetup()>"
    assert repr(numbers(1, 2, 3, 4)).endswith("WaitUntil(value=3), ...>")


@pytest.mark.parametrize(
    ("codes", "payloads", "problem"),
    [
        ([4], np.zeros(1, np.uint64), r"codes must be an array uint8\[n\], not list"),
        (np.zeros(1, np.int64), np.zeros(1, np.uint64), r"codes must be an array uint8\[n\], not int64 of shape"),
        (np.zeros((1, 1), np.uint8), np.zeros(1, np.uint64), "codes must be an array"),
        (np.zeros(1, np.uint8), np.zeros(2, np.uint64), "payloads has 2 entries for 1 codes"),
        (np.zeros(1, np.uint8), np.zeros(1, np.int64), r"payloads must be an array uint64\[n\]"),
    ],
)
def test_arrays_of_another_type_or_length_are_refused(codes: Any, payloads: Any, problem: str) -> None:
    with pytest.raises(ut.UTEncodeError, match=problem):
        ut.MessageArray("to_fpga", codes, payloads)


def test_strided_and_read_only_arrays_encode_as_others_do() -> None:
    array = numbers(*range(100))
    backwards = array[::-1]
    assert backwards.payloads.strides == (-8,)
    assert ut.encode_array(backwards).tolist() == ut.encode_array(array).tolist()[::-1]
    frozen = np.frombuffer(ut.encode_array(array).tobytes(), dtype=np.uint64)
    assert ut.decode_array(frozen, "to_fpga") == array
