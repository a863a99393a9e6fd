"""FPGA time in a stream of messages: reading it, and writing the timing messages that carry it.

For every message T := T + 1; then Systime v sets T := v, Sysdelta d sets T := T + d, every other message is stamped
with T. To stamp a message with time t: nothing if t = T + 1, Sysdelta(t - T - 2) if that is 0..255, else
Systime(t - 1). All modulo 2**43. Reference: fpga-instructions.md 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm.ut.kernels.compiler import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_1: Final = np.uint64(1)
_2: Final = np.uint64(2)
_TIME_MASK: Final = np.uint64((1 << 43) - 1)
_LARGEST_DELTA: Final = np.uint64(255)


@kernel
def stamp_messages(
    codes: NDArray[np.uint8],
    lows: NDArray[np.uint64],
    time: np.uint64,
    systime: int,
    sysdelta: int,
    times: NDArray[np.uint64],
) -> np.uint64:
    """Computes T at every message.

    Args:
        codes: codes of the messages.
        lows: their payloads.
        time: T before the first message.
        systime: code of Systime.
        sysdelta: code of Sysdelta.
        times: receives T at each message.

    Returns:
        T behind the last message.
    """
    for i in range(codes.size):
        time = (time + _1) & _TIME_MASK
        if codes[i] == systime:
            time = lows[i] & _TIME_MASK
        elif codes[i] == sysdelta:
            time = (time + lows[i]) & _TIME_MASK
        times[i] = time
    return time


@kernel
def insert_timing(
    codes: NDArray[np.uint8],
    lows: NDArray[np.uint64],
    highs: NDArray[np.uint8],
    times: NDArray[np.uint64],
    time: np.uint64,
    systime: int,
    sysdelta: int,
    codes_out: NDArray[np.uint8],
    lows_out: NDArray[np.uint64],
    highs_out: NDArray[np.uint8],
) -> tuple[int, np.uint64]:
    """Copies messages, each behind the timing message that it needs; timing messages among them are copied as they are.

    Args:
        codes: codes of the messages.
        lows: bits 0..63 of their payloads.
        highs: bits 64..71.
        times: time of each message.
        time: T before the first message.
        systime: code of Systime.
        sysdelta: code of Sysdelta.
        codes_out: receives codes; at least twice as long as ``codes``, as are the following.
        lows_out: receives bits 0..63 of the payloads.
        highs_out: receives bits 64..71.

    Returns:
        Number of messages written; T behind the last one.
    """
    n = 0
    for i in range(codes.size):
        if codes[i] == systime:
            time = lows[i] & _TIME_MASK
        elif codes[i] == sysdelta:
            time = (time + _1 + lows[i]) & _TIME_MASK
        else:
            wanted = times[i]
            delta = (wanted - time - _2) & _TIME_MASK
            if delta != _TIME_MASK:  # -1: the message follows in the next cycle
                small = delta <= _LARGEST_DELTA
                codes_out[n] = sysdelta if small else systime
                lows_out[n] = delta if small else (wanted - _1) & _TIME_MASK
                highs_out[n] = 0
                n += 1
            time = wanted
        codes_out[n] = codes[i]
        lows_out[n] = lows[i]
        highs_out[n] = highs[i]
        n += 1
    return n, time
