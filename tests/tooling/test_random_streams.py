"""Random streams of the acceptance run: reproducible, valid where they should be, and answered by the twin."""

from __future__ import annotations

import numpy as np
import pytest
from acceptance import random_streams, twin

from hxtwin.comm import ut


@pytest.mark.parametrize("make", [random_streams.random_program, random_streams.random_words])
def test_a_seed_gives_the_same_words_and_another_one_others(make: twin.Make) -> None:
    one, same, other = (make(np.random.default_rng(seed)).tolist() for seed in (1, 1, 2))
    assert one == same != other


def test_random_programs_are_instructions_up_to_a_halt() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        program = random_streams.random_program(random)
        messages = ut.decode(program, "to_fpga")
        assert messages[-1] == ut.Loopback(ut.HALT)
        assert random_streams.halts(program) == sum(message == ut.Loopback(ut.HALT) for message in messages)
        writes = [i for i, message in enumerate(messages) if isinstance(message, ut.OmnibusData)]
        assert all(isinstance(messages[i - 1], ut.OmnibusAddress) for i in writes)


def test_random_words_hold_what_is_no_instruction() -> None:
    random = np.random.default_rng(4)
    headers = np.concatenate([random_streams.random_words(random) >> np.uint64(56) for _ in range(20)])
    assert (headers >= len(ut.TO_FPGA)).any()
    assert (headers < len(ut.TO_FPGA)).any()


@pytest.mark.parametrize("make", [random_streams.random_program, random_streams.random_words])
def test_the_twin_answers_some_random_streams(make: twin.Make) -> None:
    _, unanswered, _ = twin.fuzz(make, streams=5, seed=6)
    assert unanswered.measured == 0
