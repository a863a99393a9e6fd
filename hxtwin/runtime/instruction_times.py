"""The earliest time at which each instruction of a program can be executed.

Each instruction takes one cycle; a wait lasts until its time; nothing else is taken to block. Times count from the last
reset of the timer to 0 (reference: runtime.md 3 and 13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm import ut

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EPOCH: Final = 1 << 40


def instruction_times(messages: ut.MessageArray) -> NDArray[np.int64]:
    """Value of the playback timer at each instruction, in FPGA cycles of 8 ns.

    Args:
        messages: instructions.

    Returns:
        ``int64[n]``; 0 where the timer is set, -1 before that happened for the first time.
    """
    is_setup = messages.is_a(ut.TimerSetup)
    epoch = np.cumsum(is_setup)
    number = np.arange(len(messages), dtype=np.int64)
    since = number - np.maximum.accumulate(np.where(is_setup, number + 1, 0))
    ahead = np.zeros(len(messages), dtype=np.int64)
    is_wait = messages.is_a(ut.WaitUntil)
    ahead[is_wait] = np.maximum(messages.payloads[is_wait].astype(np.int64) - since[is_wait], 0)
    # One running maximum for all epochs: each starts above everything that an earlier one can reach.
    reached = np.maximum.accumulate(np.concatenate([[0], ahead + epoch * _EPOCH]))[:-1] - epoch * _EPOCH
    times: NDArray[np.int64] = np.where(epoch > 0, since + np.maximum(reached, 0), -1)
    times[is_setup] = 0
    return times
