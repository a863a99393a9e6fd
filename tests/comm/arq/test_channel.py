from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm.arq.channel import Channel, ChannelModel, udp_checksum
from hxtwin.comm.errors import ArgumentError


def carry(model: ChannelModel, count: int, seed: int = 1) -> list[list[tuple[int, bytes]]]:
    channel = Channel(model, seed)
    return [channel.carry(number.to_bytes(4, "big"), 1000 * number) for number in range(count)]


def test_a_good_network_only_delays() -> None:
    assert carry(ChannelModel(delay_ns=7), 3) == [
        [(7, b"\0\0\0\0")],
        [(1007, b"\0\0\0\1")],
        [(2007, b"\0\0\0\2")],
    ]


@pytest.mark.parametrize("loss", [0.001, 0.01, 0.1, 0.3])
def test_the_share_of_lost_datagrams_is_as_asked(loss: float) -> None:
    count = 200_000
    lost = sum(not copies for copies in carry(ChannelModel(loss=loss), count))
    # bursts of up to 3 (mean square 14/3) widen the scatter
    sigma = (count * loss * 14 / 3 / 2) ** 0.5
    assert abs(lost - count * loss) < 4 * sigma


def test_bursts_of_loss_have_1_to_3_datagrams() -> None:
    got = np.array([bool(copies) for copies in carry(ChannelModel(loss=0.3), 50_000)])
    edges = np.flatnonzero(np.diff(np.concatenate([[True], got, [True]]).astype(int)))
    lengths = edges[1::2] - edges[::2]
    assert set(lengths.tolist()) == {1, 2, 3}


def test_the_same_seed_is_the_same_network() -> None:
    model = ChannelModel(loss=0.1, duplication=0.1, reordering=0.2, corruption=0.1)
    assert carry(model, 500, seed=5) == carry(model, 500, seed=5)
    assert carry(model, 500, seed=5) != carry(model, 500, seed=6)


def test_duplication_reordering_and_delay_stay_within_the_jitter() -> None:
    model = ChannelModel(duplication=0.1, reordering=0.25, delay_ns=100, jitter_ns=5000)
    copies = carry(model, 20_000)
    assert 0.09 < sum(len(each) == 2 for each in copies) / 20_000 < 0.11
    delays = np.array([time - 1000 * number for number, each in enumerate(copies) for time, _ in each])
    assert delays.min() == 100
    assert 5000 < delays.max() < 5100
    late = np.mean([each[0][0] - 1000 * number > 100 for number, each in enumerate(copies)])
    assert 0.23 < late < 0.27


def test_nothing_passes_in_a_black_out() -> None:
    copies = carry(ChannelModel(blackouts=((2000, 5000),)), 8)
    assert [bool(each) for each in copies] == [True, True, False, False, False, True, True, True]


def test_a_frame_of_180_words_occupies_a_gigabit_line_for_12_us() -> None:
    assert Channel.line_ns(1452) == (1452 + 66) * 8
    assert Channel.line_ns(4) == 84 * 8


def test_checksum_is_that_of_rfc_1071() -> None:
    assert udp_checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2
    assert udp_checksum(b"\x12") == 0x1200


@given(data=st.binary(min_size=20, max_size=100), first=st.integers(0, 10_000), pattern=st.integers(0, 2**14 - 1))
@settings(derandomize=True, max_examples=200)
def test_the_checksum_catches_every_burst_of_up_to_15_bits(data: bytes, first: int, pattern: int) -> None:
    bits = 8 * len(data)
    number = int.from_bytes(data, "big") ^ ((pattern << 1 | 1) << first % (bits - 15))
    assert udp_checksum(number.to_bytes(len(data), "big")) != udp_checksum(data)


def test_damage_is_dropped_by_the_checksum_or_changes_the_length() -> None:
    channel = Channel(ChannelModel(corruption=0.5), 3)
    original = bytes(range(200))
    seen = [copy for number in range(2000) for _, copy in channel.carry(original, number)]
    assert channel.corrupted > 900
    assert channel.caught > 0.7 * channel.corrupted
    assert all(copy == original or len(copy) != len(original) for copy in seen)


@pytest.mark.parametrize("probability", [-0.1, 0.51, float("nan")])
def test_impossible_probabilities_are_refused_by_name(probability: float) -> None:
    with pytest.raises(ArgumentError, match="loss"):
        ChannelModel(loss=probability)
    with pytest.raises(ArgumentError, match="duplication"):
        ChannelModel(duplication=probability)
    with pytest.raises(ArgumentError, match="reordering"):
        ChannelModel(reordering=probability)
    with pytest.raises(ArgumentError, match="corruption"):
        ChannelModel(corruption=probability)
