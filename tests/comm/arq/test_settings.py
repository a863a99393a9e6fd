from __future__ import annotations

from typing import Any

import pytest

from hxtwin.comm.arq.settings import DATA_PORT, HICANN_X_SETTINGS, RESET_PORT, ArqSettings, ArqTiming, HostLimits
from hxtwin.comm.errors import ArgumentError


def test_settings_and_ports_of_the_hicann_x_setups() -> None:
    assert HICANN_X_SETTINGS == ArqSettings(sequence_numbers=256, window=128, frame_words=180)
    assert (DATA_PORT, RESET_PORT) == (0x04D2, 0xAFFE)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"sequence_numbers": 257}, "sequence_numbers"),
        ({"sequence_numbers": 1}, "sequence_numbers"),
        ({"window": 0}, "window"),
        ({"frame_words": 181}, "frame_words"),
        ({"frame_words": True}, "frame_words"),
        ({"frame_words": 10.0}, "frame_words"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(given: dict[str, Any], name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"ArqSettings\.{name}"):
        ArqSettings(**given)


def test_a_window_of_more_than_half_the_sequence_numbers_is_refused() -> None:
    with pytest.raises(ArgumentError, match="twice the window"):
        ArqSettings(sequence_numbers=254, window=128)


def test_times_must_be_in_order() -> None:
    with pytest.raises(ArgumentError, match="min <= start"):
        ArqTiming(retransmit_min_ns=20_000_000)
    with pytest.raises(ArgumentError, match="quiet_max_ns"):
        ArqTiming(quiet_max_ns=-1)
    with pytest.raises(ArgumentError, match="HostLimits.reset_ns"):
        HostLimits(reset_ns=0)
