from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm import ut
from hxtwin.comm.errors import ArgumentError, UTDecodeError
from hxtwin.comm.single_connection import AnswerCutter, check_limit, check_program

HALT = ut.LoopbackResponse(ut.HALT)
TICK = ut.LoopbackResponse(ut.TICK)
SPIKES = ut.SpikePack3FromFPGA()
WORD = ut.OmnibusResponse()


def cut(words: np.ndarray[tuple[int], np.dtype[np.uint64]], sizes: list[int]) -> list[list[int]]:
    """Feeds words in pieces of the given sizes, cyclically; returns the answers."""
    cutter, answers, start, turn = AnswerCutter(), [], 0, 0
    while start < len(words):
        size = sizes[turn % len(sizes)]
        turn += 1
        answer = cutter.feed(words[start : start + size])
        start += size
        while answer is not None:
            answers.append(answer.tolist())
            answer = cutter.feed(words[:0])
    return answers


def test_an_answer_ends_with_the_word_that_completes_the_halt() -> None:
    words = ut.encode([SPIKES, HALT], "from_fpga")
    assert [f"{word:016x}" for word in words][2] == "0000800000000000"
    assert cut(words, [10]) == [words.tolist()]


@given(
    programs=st.lists(st.lists(st.sampled_from([SPIKES, WORD, TICK]), max_size=12), min_size=1, max_size=5),
    sizes=st.lists(st.integers(1, 20), min_size=1, max_size=4),
)
@settings(derandomize=True, max_examples=80, deadline=None)
def test_answers_do_not_depend_on_how_words_arrive(programs: list[list[ut.Message]], sizes: list[int]) -> None:
    answers = [ut.encode([*messages, HALT], "from_fpga").tolist() for messages in programs]
    words = np.array([word for answer in answers for word in answer], np.uint64)
    assert cut(words, sizes) == answers


def test_messages_directly_behind_a_halt_belong_to_the_next_answer() -> None:
    words = ut.encode([SPIKES, HALT, SPIKES, HALT], "from_fpga")
    first, second = cut(words, [1])
    assert [*first, *second] == words.tolist()
    decoder = ut.Decoder("from_fpga")
    assert decoder.feed(np.array(first, np.uint64)) == [SPIKES, HALT]
    assert decoder.feed(np.array(second, np.uint64)) == [SPIKES, HALT]


def test_a_tick_ends_nothing() -> None:
    assert cut(ut.encode([TICK, TICK], "from_fpga"), [1]) == []


def test_what_is_no_message_is_an_error() -> None:
    with pytest.raises(UTDecodeError):
        AnswerCutter().feed(np.array([0x7F << 56], np.uint64))


def halt_word() -> int:
    return int(ut.encode([ut.Loopback(ut.HALT)], "to_fpga")[0])


def test_a_program_ends_with_its_only_halt() -> None:
    words = np.array([0x04 << 56, halt_word()], np.uint64)
    assert check_program(words) is words
    with pytest.raises(ArgumentError, match="2 words without a halt at its end"):
        check_program(words[::-1])
    with pytest.raises(ArgumentError, match="0 words without a halt"):
        check_program(words[:0])
    with pytest.raises(ArgumentError, match="halt at word 1 of 4"):
        check_program(np.concatenate((words, words)))


def test_a_tick_is_no_halt() -> None:
    with pytest.raises(ArgumentError, match="without a halt"):
        check_program(ut.encode([ut.Loopback(ut.TICK)], "to_fpga"))


def test_a_halt_with_unused_bits_set_is_one_too() -> None:
    words = np.array([halt_word() | 0xFF00, halt_word()], np.uint64)
    with pytest.raises(ArgumentError, match="halt at word 0"):
        check_program(words)


@pytest.mark.parametrize("limit", [0, -1, 1e-6, 1e9, float("nan"), float("inf"), True, "5", None])
def test_limits_that_are_no_time_are_refused(limit: object) -> None:
    with pytest.raises(ArgumentError, match="one week"):
        check_limit(limit)
