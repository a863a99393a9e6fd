"""The halt finder stops at the word that completes a halt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm import ut

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

deterministic = settings(derandomize=True, deadline=None, max_examples=60)

SPIKES = ut.SpikePack3FromFPGA([ut.Spike(1, 0x10), ut.Spike(2, 0x20), ut.Spike(3, 0x30)])
HALT = ut.LoopbackResponse(ut.HALT)
TICK = ut.LoopbackResponse(ut.TICK)


def test_a_halt_that_starts_within_a_word_ends_in_the_next() -> None:
    words = ut.encode([SPIKES, HALT, TICK], "from_fpga", flush_after=[1])
    finder = ut.HaltFinder()
    assert finder.feed(words) == 3
    assert finder.feed(words[3:]) is None
    assert finder.words == len(words) == 4


def test_ticks_and_words_that_look_like_a_halt_are_none() -> None:
    words = [*ut.encode([TICK, ut.OmnibusResponse(0)], "from_fpga").tolist(), 0x0C << 56, 0x00000100 << 32 | 2 << 24]
    assert ut.HaltFinder().feed(words) is None


@given(data=st.data(), positions=st.lists(st.integers(0, 60), max_size=5))
@deterministic
def test_as_many_halts_are_found_as_are_sent_in_any_portions(
    data: st.DataObject, positions: list[int], messages_of: Any, cut: Callable[..., list[np.ndarray]]
) -> None:
    messages = data.draw(messages_of("from_fpga"))
    words = ut.encode(messages, "from_fpga")
    finder, ends = ut.HaltFinder(), []
    for portion in cut(words, positions):
        rest = portion
        while (taken := finder.feed(rest)) is not None:
            ends.append(finder.words)
            rest = rest[taken:]
    assert len(ends) == messages.count(HALT)
    for n, end in enumerate(ends, start=1):
        assert ut.Decoder("from_fpga").feed(words[:end]).count(HALT) == n
        assert ut.Decoder("from_fpga").feed(words[: end - 1]).count(HALT) == n - 1


def test_an_unknown_header_is_reported_until_reset() -> None:
    finder = ut.HaltFinder()
    for words in ([1 << 56, 0x20 << 56], []):
        with pytest.raises(ut.UTDecodeError, match=r"word 1 \(0x2000000000000000\): unknown UT message header 0x20"):
            finder.feed(words)
    finder.reset()
    assert finder.feed([2 << 56]) == 1
