from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm.arq.bitfile import MAX_INFORMATION_BYTES, BitfileInformation, information_text
from hxtwin.comm.arq.config_answer import ConfigAnswer, encode_config_answer
from hxtwin.comm.arq.frame import words_to_wire
from hxtwin.comm.arq.notice import Notice, NoticeKind, decode_notice, encode_notice
from hxtwin.comm.arq.settings import ArqSettings
from hxtwin.comm.errors import ArgumentError, BitfileError, LinkError, ResetFailedError, SettingsMismatchError

HX = ArqSettings()


def payload(*words: int) -> bytes:
    return words_to_wire(np.array(words, dtype=np.uint64))


def read(answer: bytes, frame_bytes: int = 1440) -> ConfigAnswer:
    reader = ConfigAnswer(HX)
    for start in range(0, len(answer), frame_bytes):
        reader.add(answer[start : start + frame_bytes])
    return reader


# answer to a reset


def test_the_answer_begins_with_the_three_settings_and_the_length() -> None:
    assert encode_config_answer(HX, "abcdefg")[:40] == payload(256, 128, 180, 1) + b"abcdefg\0"


def test_there_is_always_a_zero_byte_behind_the_text() -> None:
    assert encode_config_answer(HX, "12345678")[24:] == payload(2) + b"12345678" + b"\0" * 8


def test_no_text_means_length_zero() -> None:
    assert encode_config_answer(HX, "") == payload(256, 128, 180, 0)
    reader = read(encode_config_answer(HX, ""))
    assert (reader.complete, reader.text) == (True, "")


@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4000))
@settings(derandomize=True, max_examples=50)
def test_text_of_any_length_survives_the_frames(text: str) -> None:
    reader = read(encode_config_answer(HX, text))
    assert reader.complete
    assert reader.text == text


def test_text_ends_at_the_first_zero_byte() -> None:
    assert read(payload(256, 128, 180, 2) + b"one\0two\0three\0\0\0").text == "one"


@pytest.mark.parametrize(
    ("words", "name", "expected", "got"),
    [
        ((512, 128, 180, 0), "sequence_numbers", 256, 512),
        ((256, 32, 180, 0), "window", 128, 32),
        ((256, 128, 126, 0), "frame_words", 180, 126),
    ],
)
def test_other_settings_are_named_with_both_values(words: tuple[int, ...], name: str, expected: int, got: int) -> None:
    with pytest.raises(SettingsMismatchError, match=f"{name}: expected {expected}, got {got}"):
        ConfigAnswer(HX).add(payload(*words))


def test_all_differing_settings_are_named() -> None:
    with pytest.raises(SettingsMismatchError, match="sequence_numbers.*window.*frame_words"):
        ConfigAnswer(HX).add(payload(512, 32, 126, 0))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (payload(256, 128), "2 words"),
        (payload(256, 128, 180), "no length"),
        (payload(256, 128, 180, 1, 2, 3), "it announced 8"),
        (payload(256, 128, 180, 2**63), "announces"),
        (payload(256, 128, 180, 8193), "announces 8193 words"),
    ],
)
def test_malformed_answers_fail_the_reset(answer: bytes, why: str) -> None:
    with pytest.raises(ResetFailedError, match=why):
        ConfigAnswer(HX).add(answer)


def test_text_without_zero_byte_fails_the_reset() -> None:
    reader = read(payload(256, 128, 180, 1) + b"12345678")
    with pytest.raises(ResetFailedError, match="without a terminating zero"):
        _ = reader.text


@given(answer=st.binary(max_size=400).map(lambda raw: raw[: len(raw) // 8 * 8]))
@settings(derandomize=True, max_examples=200)
def test_any_answer_is_read_or_refused(answer: bytes) -> None:
    with contextlib.suppress(LinkError):
        read(payload(256, 128, 180) + answer)


@pytest.mark.parametrize("text", ["a\0b", "x" * MAX_INFORMATION_BYTES])
def test_a_device_cannot_be_given_text_that_no_host_could_read(text: str) -> None:
    with pytest.raises(ArgumentError, match="bitfile information"):
        encode_config_answer(HX, text)


# bitfile information


def test_information_has_version_compatibility_and_further_keys() -> None:
    text = information_text(version=3, compatible_until=2, setup="cube", serial=7)
    information = BitfileInformation.from_text(text)
    assert (information.version, information.compatible_until) == (3, 2)
    assert dict(information.entries) == {"version": 3, "compatible_until": 2, "setup": "cube", "serial": 7}
    assert information.text == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no bitfile information"),
        ("  \n", "no bitfile information"),
        ("version: 1", "compatible_until"),
        ("compatible_until: 1", "version"),
        ("version: x\ncompatible_until: 0", "'version' must be an integer"),
        ("version: true\ncompatible_until: 0", "'version' must be an integer"),
        ("version: 1.5\ncompatible_until: 0", "'version' must be an integer"),
        ("version: -1\ncompatible_until: 0", "too old"),
        ("[1, 2]", "mapping"),
        ("1: 2", "mapping with text keys"),
        ("version: [", "no YAML"),
        ("\x07", "no YAML"),
        ("version: !!python/object/apply:os.getcwd []\ncompatible_until: 0", "no YAML"),
        ("a: &x [1]\nb: *x\nversion: 1\ncompatible_until: 0", "alias"),
        ("[" * 5000, "nested deeper"),
        ("a: " + "{b: " * 40, "nested deeper"),
        ("x" * MAX_INFORMATION_BYTES, "allowed are 65536"),
        ("version: 1\ncompatible_until: 0\nwhen: 2024-99-99", "no YAML"),
    ],
)
def test_unusable_information_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(BitfileError, match=why):
        BitfileInformation.from_text(text)


def test_a_bitfile_for_a_newer_interface_is_refused_when_a_limit_is_given() -> None:
    text = information_text(version=1, compatible_until=5)
    assert BitfileInformation.from_text(text, supported_until=5).compatible_until == 5
    with pytest.raises(BitfileError, match="until 5, supported is at most 4"):
        BitfileInformation.from_text(text, supported_until=4)


# notices


def test_a_notice_breaks_the_size_rule_of_every_receiver() -> None:
    for kind in NoticeKind:
        datagram = encode_notice(Notice(kind, "x" * 2000))
        length = int.from_bytes(datagram[10:12], "big")
        assert len(datagram) != 12 + 8 * length
        assert 4 < len(datagram) < 12 + 8 * length


def test_a_notice_carries_its_kind_and_text() -> None:
    notice = Notice(NoticeKind.TAKEN, "192.0.2.9:4711")
    assert decode_notice(encode_notice(notice)) == notice


@given(datagram=st.binary(max_size=600))
@settings(derandomize=True, max_examples=100)
def test_other_datagrams_are_no_notices(datagram: bytes) -> None:
    assert decode_notice(datagram) is None
    assert decode_notice(b"\xff" * 8 + b"\0\x63\xff\xff" + datagram) is None


def test_control_characters_do_not_reach_the_terminal() -> None:
    notice = decode_notice(encode_notice(Notice(NoticeKind.FAILED, "a\x1b[31mb")))
    assert notice is not None
    assert notice.text == "a?[31mb"
