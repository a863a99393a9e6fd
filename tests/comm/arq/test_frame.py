from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm.arq.frame import (
    DataFrame,
    check_words,
    decode,
    encode_ack,
    encode_data,
    wire_to_words,
    words_to_wire,
)
from hxtwin.comm.arq.settings import HICANN_X_SETTINGS, ArqSettings
from hxtwin.comm.errors import ArgumentError, FrameError

HX = HICANN_X_SETTINGS


def test_example_of_the_reference_is_reproduced_byte_for_byte() -> None:
    words = np.array([0x0A00_0000_0000_0000], dtype=np.uint64)
    datagram = encode_data(DataFrame(1, 1, 0x0010, words_to_wire(words)), HX)
    assert datagram.hex() == "000000010000000100100001" + "0a00000000000000"
    assert decode(datagram, HX) == DataFrame(1, 1, 0x0010, bytes.fromhex("0a00000000000000"))


def test_words_travel_big_endian_word_0_first() -> None:
    words = np.array([1, 0xFFEE_DDCC_BBAA_9988], dtype=np.uint64)
    assert words_to_wire(words).hex() == "0000000000000001" + "ffeeddccbbaa9988"
    assert wire_to_words(words_to_wire(words)).tolist() == words.tolist()
    assert wire_to_words(b"").dtype == np.uint64


def test_an_acknowledge_frame_has_4_bytes() -> None:
    assert encode_ack(255) == b"\x00\x00\x00\xff"
    assert decode(b"\x00\x00\x00\xff", HX) == 255


@given(
    ack=st.integers(0, 255),
    seq=st.integers(0, 255),
    pid=st.integers(0, 0xFFFF),
    words=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=180),
)
@settings(derandomize=True, max_examples=100)
def test_data_frames_survive_the_wire(ack: int, seq: int, pid: int, words: list[int]) -> None:
    payload = words_to_wire(np.array(words, dtype=np.uint64))
    datagram = encode_data(DataFrame(ack, seq, pid, payload), HX)
    assert len(datagram) == 12 + 8 * len(words)
    assert decode(datagram, HX) == DataFrame(ack, seq, pid, payload)
    assert decode(memoryview(datagram), HX) == DataFrame(ack, seq, pid, payload)


@given(datagram=st.binary(max_size=1500))
@settings(derandomize=True, max_examples=300)
def test_any_bytes_are_a_frame_or_a_frame_error(datagram: bytes) -> None:
    try:
        frame = decode(datagram, HX)
    except FrameError:
        return
    if isinstance(frame, int):
        assert len(datagram) == 4
        assert frame <= 255
    else:
        assert len(datagram) == 12 + len(frame.payload)
        assert max(frame.seq, frame.ack) <= 255


def _raw(ack: int, seq: int, length: int, payload_bytes: int) -> bytes:
    return struct.pack(">IIHH", ack, seq, 0x10, length) + b"\x11" * payload_bytes


@pytest.mark.parametrize(
    ("datagram", "why"),
    [
        (b"", "0 bytes"),
        (b"\0\0\0", "3 bytes"),
        (b"\0\0\0\1\0\0\0\0", "8 bytes"),  # a padded acknowledge frame
        (_raw(0, 0, 0, 0), "12 bytes"),
        (_raw(0, 0, 0, 8), "LEN 0"),  # the original's padding of an empty frame
        (_raw(0, 0, 2, 8), "LEN 2"),
        (_raw(0, 0, 1, 16), "LEN 1"),
        (_raw(0, 0, 1, 9), "LEN 1"),
        (_raw(0, 0, 181, 181 * 8), "LEN 181"),
        (_raw(0, 0, 0xFFFF, 1440), "LEN 65535"),
        (_raw(0, 256, 1, 8), "SEQ 256"),
        (_raw(256, 0, 1, 8), "ACK 256"),
        (b"\0\0\1\0", "ACK 256"),
        (b"\xab\xab\xab\xab", "ACK"),  # a reset frame at the data port
    ],
)
def test_malformed_datagrams_are_refused_with_the_reason(datagram: bytes, why: str) -> None:
    with pytest.raises(FrameError, match=why):
        decode(datagram, HX)


def test_surplus_bytes_are_tolerated_only_when_asked_for() -> None:
    padded = _raw(3, 4, 1, 8) + b"\x77" * 680
    with pytest.raises(FrameError, match="LEN 1"):
        decode(padded, HX)
    assert decode(padded, HX, allow_surplus=True) == DataFrame(3, 4, 0x10, b"\x11" * 8)
    with pytest.raises(FrameError, match="LEN 2"):
        decode(_raw(3, 4, 2, 8), HX, allow_surplus=True)
    with pytest.raises(FrameError, match="LEN 1"):
        decode(padded + b"\0" * 1000, HX, allow_surplus=True)


@pytest.mark.parametrize("seq", [-1, 256, 300])
def test_a_sequence_number_of_256_or_more_is_never_encoded(seq: int) -> None:
    with pytest.raises(FrameError, match="255"):
        encode_data(DataFrame(0, seq, 0x10, b"\0" * 8), HX)


@pytest.mark.parametrize("payload", [b"", b"\0" * 7, b"\0" * 8 * 181])
def test_only_1_to_180_whole_words_are_encoded(payload: bytes) -> None:
    with pytest.raises(FrameError, match="180"):
        encode_data(DataFrame(0, 0, 0x10, payload), HX)


def test_frame_size_follows_the_settings() -> None:
    small = ArqSettings(frame_words=4)
    with pytest.raises(FrameError, match="allowed is 1 .. 4"):
        decode(_raw(0, 0, 5, 40), small)


@pytest.mark.parametrize(
    "words", [[1, 2], np.zeros(3, np.int64), np.zeros((2, 2), np.uint64), np.zeros(2, ">u8"), None, 7]
)
def test_only_arrays_of_native_uint64_are_words(words: object) -> None:
    with pytest.raises(ArgumentError, match=r"uint64\[n\]"):
        check_words(words)


def test_a_broken_word_is_no_payload() -> None:
    with pytest.raises(ArgumentError, match="9 bytes"):
        wire_to_words(b"\0" * 9)
