"""Whatever a client sends, the twin keeps running, answers every halt, and does not depend on how words are cut."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.chipsim import Twin
from hxtwin.comm import ut

from .client import bring_up

if TYPE_CHECKING:
    from collections.abc import Iterator

HALT: Final = 0x0A00000000000000
ADDRESSES: Final = [
    0x0,
    0x00040000,
    0x00080001,
    0x00110000,
    0x00110001,
    0x00122000,
    0x00122800,
    0x00130000,
    0x00130001,
    0x00130004,
    0x00130019,
    0x00140000,
    0x001A1000,
    0x02401000,
    0x02A00000,
    0x02C00000,
    0x02C80000,
    0x02C90000,
    0x02E80000,
    0x02CF0000,
    0x03C80000,
    0x05000000,
    0x80000000,
    0x84000000,
    0x88000000,
    0x88000005,
    0x88000006,
    0x8800000C,
    0x88004000,
    0x88006000,
    0x88007001,
    0x88007840,
    0x880078C0,
    0x88020000,
    0xFFFFFFFF,
]

addresses = st.sampled_from(ADDRESSES) | st.integers(0, 2**32 - 1)
words32 = st.sampled_from([0, 1, 0xFF, 0xFFFFFFFF]) | st.integers(0, 2**32 - 1)
accesses = st.one_of(
    st.builds(lambda a: [ut.OmnibusAddress(address=a, is_read=1)], addresses),
    st.builds(
        lambda a, w, e: [ut.OmnibusAddress(address=a, byte_enables=e), ut.OmnibusData(w)],
        addresses,
        words32,
        st.integers(0, 15),
    ),
)
labels = st.integers(0, 0xFFFF)
others = st.one_of(
    st.builds(lambda: [ut.JTAGInit()]),
    st.builds(lambda v: [ut.JTAGScaler(v)], st.integers(0, 255)),
    st.builds(lambda v: [ut.JTAGIns(v)], st.sampled_from([1, 3, 4, 5, 6, 7, 0x44, 0x7C, 127])),
    st.builds(
        lambda v, n, k: [ut.JTAGData(payload=v & ((1 << n) - 1), num_bits=n, keep_response=k)],
        st.integers(0, 2**33 - 1),
        st.integers(3, 33),
        st.integers(0, 1),
    ),
    st.builds(lambda: [ut.TimerSetup()]),
    st.builds(lambda v: [ut.WaitUntil(v)], st.integers(0, 20_000)),
    st.builds(lambda v: [ut.SystimeInit(v)], st.integers(0, 1)),
    st.builds(lambda v: [ut.Barrier(value=v)], st.integers(0, 31)),
    st.builds(lambda v: [ut.PollingOmnibusBlock(v)], st.integers(0, 1)),
    st.builds(lambda v: [ut.Reset(v)], st.integers(0, 1)),
    st.builds(lambda v: [ut.Loopback(v)], st.integers(0, 1)),
    st.builds(lambda a: [ut.SpikePack1ToFPGA((a,))], labels),
    st.builds(lambda a, b, c: [ut.SpikePack3ToFPGA((a, b, c))], labels, labels, labels),
)
programs = st.lists(accesses | others, max_size=40).map(lambda parts: [m for part in parts for m in part])


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    log = logging.getLogger("hxtwin.chipsim")
    before = log.level
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(before)


def prepared(*, with_link: bool) -> Twin:
    twin = Twin()
    program = [*bring_up(), ut.Loopback(ut.HALT)] if with_link else [ut.Loopback(ut.HALT)]
    twin.feed(ut.encode([ut.OmnibusAddress(address=0x88000009), ut.OmnibusData(20_000), *program], "to_fpga"))
    return twin


def halts(words: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> int:
    """Number of halts in a stream; decoding it is part of the test."""
    messages = ut.decode(words, "from_fpga")
    return sum(1 for m in messages if m == ut.LoopbackResponse(ut.HALT))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(program=programs, with_link=st.booleans())
def test_every_program_is_answered_by_its_halts(program: list[ut.ToFPGA], with_link: bool) -> None:
    twin = prepared(with_link=with_link)
    stream = ut.encode([*program, ut.Loopback(ut.HALT)], "to_fpga")
    wanted = 1 + sum(1 for m in program if m == ut.Loopback(ut.HALT))
    assert halts(twin.feed(stream)) == wanted


@settings(max_examples=30, deadline=None, derandomize=True)
@given(program=programs, cuts=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_answers_do_not_depend_on_how_words_are_cut(program: list[ut.ToFPGA], cuts: list[int]) -> None:
    stream = ut.encode([*program, ut.Loopback(ut.HALT), *program, ut.Loopback(ut.HALT)], "to_fpga")
    whole = prepared(with_link=True).feed(stream)
    twin, pieces, position, i = prepared(with_link=True), [], 0, 0
    while position < len(stream):
        n = cuts[i % len(cuts)]
        pieces.append(twin.feed(stream[position : position + n]))
        position, i = position + n, i + 1
    assert np.concatenate(pieces).tolist() == whole.tolist()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(words=st.lists(st.integers(0, 2**64 - 1), max_size=60), with_link=st.booleans())
def test_random_words_never_stop_the_twin(words: list[int], with_link: bool) -> None:
    twin = prepared(with_link=with_link)
    stream = np.array([*words, HALT], dtype=np.uint64)
    assert halts(twin.feed(stream)) >= 1
    assert halts(twin.feed(np.array([HALT], dtype=np.uint64))) == 1


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    words=st.lists(
        st.builds(lambda code, low: code << 56 | low, st.integers(0, 15), st.integers(0, 2**53 - 1)), max_size=60
    )
)
def test_random_payloads_never_stop_the_twin(words: list[int]) -> None:
    twin = prepared(with_link=True)
    kept = [word for word in words if word >> 56 != ut.WaitUntil.code]
    assert halts(twin.feed(np.array([*kept, HALT], dtype=np.uint64))) >= 1


@settings(max_examples=20, deadline=None, derandomize=True)
@given(program=programs, at=st.integers(0, 40))
def test_a_reset_in_the_middle_leaves_a_working_device(program: list[ut.ToFPGA], at: int) -> None:
    twin = prepared(with_link=True)
    twin.feed(ut.encode(program, "to_fpga")[:at])
    twin.reset()
    read = [ut.OmnibusAddress(address=0x88000009, is_read=1), ut.Loopback(ut.HALT)]
    assert ut.decode(twin.feed(ut.encode(read, "to_fpga")), "from_fpga")[-2:] == [
        ut.OmnibusResponse(1_250_000),
        ut.LoopbackResponse(ut.HALT),
    ]
