"""Time in the stream from the FPGA: stamping messages and inserting timing messages are inverse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm import ut

deterministic = settings(derandomize=True, deadline=None, max_examples=60)

LAST = (1 << 43) - 1


def responses(n: int) -> ut.MessageArray:
    return ut.MessageArray.of(ut.OmnibusResponse, value=np.arange(n))


@pytest.mark.parametrize(
    ("time", "timing"),
    [
        (101, []),
        (102, [ut.Sysdelta(0)]),
        (357, [ut.Sysdelta(255)]),
        (358, [ut.Systime(357)]),
        (100, [ut.Systime(99)]),
        (0, [ut.Systime(LAST)]),
        (LAST, [ut.Systime(LAST - 1)]),
    ],
)
def test_the_shortest_timing_message_is_sent(time: int, timing: list[ut.Message]) -> None:
    annotated, behind = ut.annotate(responses(1), [time], start=100)
    assert list(annotated) == [*timing, ut.OmnibusResponse(0)]
    assert behind == time
    assert ut.fpga_times(annotated, start=100)[-1] == time


def test_time_runs_on_across_the_end_of_43_bits() -> None:
    annotated, behind = ut.annotate(responses(2), [0, 5], start=LAST)
    assert list(annotated) == [ut.OmnibusResponse(0), ut.Sysdelta(3), ut.OmnibusResponse(1)]
    assert behind == 5


TIME = st.one_of(st.integers(0, LAST), st.integers(0, 600))


@given(times=st.lists(TIME, max_size=20), start=TIME, is_sorted=st.booleans())
@deterministic
def test_annotated_messages_are_stamped_with_their_times(times: list[int], start: int, is_sorted: bool) -> None:
    wanted = sorted(times) if is_sorted else times
    annotated, behind = ut.annotate(responses(len(wanted)), np.array(wanted, dtype=np.uint64), start)
    stamped = ut.fpga_times(annotated, start)[annotated.is_a(ut.OmnibusResponse)]
    assert stamped.tolist() == wanted
    assert behind == (wanted[-1] if wanted else start)
    assert ut.decode_array(ut.encode_array(annotated), "from_fpga") == annotated


def test_timing_messages_are_sent_as_they_are_and_set_the_time() -> None:
    messages = ut.MessageArray.from_messages([ut.Systime(500), ut.OmnibusResponse(1), ut.Sysdelta(4)], "from_fpga")
    annotated, behind = ut.annotate(messages, [0, 502, 0])
    assert list(annotated) == [ut.Systime(500), ut.Sysdelta(0), ut.OmnibusResponse(1), ut.Sysdelta(4)]
    assert behind == 507
    assert ut.fpga_times(annotated).tolist() == [500, 501, 502, 507]


def test_long_packs_keep_all_their_bits() -> None:
    packs = ut.spike_packs_from_fpga([1, 2, 3], [0xFF, 0xFE, 0xFD], [3])
    annotated, _ = ut.annotate(packs, [1000])
    assert list(annotated)[1] == packs[0]


@given(chip_time=TIME, delay=st.integers(0, 127), half=st.integers(0, 1))
@deterministic
def test_a_timestamp_gives_back_its_chip_time_within_128_cycles(chip_time: int, delay: int, half: int) -> None:
    timestamp = ut.timestamps(chip_time) | np.uint8(half)
    assert int(ut.chip_times((chip_time + delay) & LAST, timestamp)) == chip_time


def test_chip_times_are_those_of_the_response_decoder() -> None:
    stamps = np.arange(256)
    packs = ut.spike_packs_from_fpga(stamps, stamps, np.ones(256, int))
    for start in (0, 77, 1000, LAST):
        messages = ut.MessageArray.concatenate([ut.MessageArray.of(ut.Systime, value=start), packs])
        spikes = ut.decode_responses(ut.encode_array(messages)).spikes
        assert spikes["chip_time"].tolist() == ut.chip_times(spikes["fpga_time"], stamps).tolist()


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: ut.annotate(responses(2), [1]), r"2 messages need 2 times, not times of shape \(1,\)"),
        (lambda: ut.annotate(responses(1), [1 << 43]), r"time 8796093022208 is out of range, allowed are 0\.\."),
        (lambda: ut.annotate(responses(1), [-1]), "time -1 is out of range"),
        (lambda: ut.annotate(responses(1), [0.5]), "time: integers are needed, not float64"),
        (lambda: ut.annotate(responses(1), [1], start=-5), "start -5 is out of range"),
        (lambda: ut.annotate(ut.MessageArray.of(ut.Loopback), [1]), "messages towards the FPGA carry no time"),
        (lambda: ut.fpga_times(ut.MessageArray.of(ut.Loopback)), "messages towards the FPGA carry no time"),
        (lambda: ut.fpga_times(responses(1), start=1 << 43), "start 8796093022208 is out of range"),
        (lambda: ut.chip_times([5], [256]), r"timestamp 256 is out of range, allowed are 0\.\.255"),
        (lambda: ut.timestamps([-1]), "chip time -1 is out of range"),
    ],
)
def test_wrong_times_are_refused(call: Any, problem: str) -> None:
    with pytest.raises(ut.UTEncodeError, match=problem):
        call()
