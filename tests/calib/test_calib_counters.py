"""Spike counters: 8 bits and an overflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from hxtwin.calib.spike_counters import OVERFLOW, counts

if TYPE_CHECKING:
    from hxtwin.containers import SpikeCounterRead
    from hxtwin.runtime import ColumnsTicket


class Answered:
    """A ticket whose answer has come: 8-bit counts, as they are decoded."""

    def get(self) -> dict[str, np.ndarray]:
        return {"count": np.array([0, 17, 255], dtype=np.uint8), "overflow": np.array([False, False, True])}


def test_a_counter_that_has_overflown_counts_more_than_any_other() -> None:
    ticket = cast("ColumnsTicket[SpikeCounterRead]", Answered())
    assert counts(ticket).tolist() == [0, 17, OVERFLOW]
