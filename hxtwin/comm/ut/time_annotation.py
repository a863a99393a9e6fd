"""FPGA time and chip time of messages from the FPGA, for both ends of a stream.

=====================  ===========================================================================================
time                   rule (all modulo 2**43, unit FPGA clock cycles of 8 ns)
=====================  ===========================================================================================
FPGA time T            T := T + 1 for every message; Systime v: T := v; Sysdelta d: T := T + d
chip time c            ``(T >> 7 << 7) | (s >> 1)`` for timestamp s, less 128 if that exceeds T
sent with time t       no timing message if t = T + 1; Sysdelta(t - T - 2) if that is 0..255; else Systime(t - 1)
timestamp s            ``(c & 0x7f) << 1``; valid if c <= T < c + 128
=====================  ===========================================================================================

Reference: fpga-instructions.md 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm.errors import UTEncodeError
from hxtwin.comm.ut.direction import Direction
from hxtwin.comm.ut.from_fpga import Sysdelta, Systime
from hxtwin.comm.ut.kernels import time_kernel
from hxtwin.comm.ut.message_array import MessageArray
from hxtwin.comm.ut.word_array import kernel_input

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TIME_BITS: Final = 43
"""Width of FPGA time and chip time."""
TIME_MASK: Final = (1 << TIME_BITS) - 1
"""Largest FPGA time."""
EPOCH_CYCLES: Final = 128
"""Cycles after which timestamps repeat: an event must reach the stream earlier than this."""


def chip_times(fpga_times: ArrayLike, timestamps: ArrayLike) -> NDArray[np.uint64]:
    """Chip times of events.

    Args:
        fpga_times: FPGA time T of each event, 0 .. 2**43 - 1.
        timestamps: timestamp of each event, 0 .. 255 (4 ns; the lowest bit is dropped).

    Returns:
        Chip times in FPGA clock cycles, ``uint64`` of the broadcast shape.

    Raises:
        UTEncodeError: a time or timestamp is no integer or out of range.
    """
    times = _integers("FPGA time", fpga_times, TIME_MASK)
    cycles = _integers("timestamp", timestamps, 0xFF) >> np.uint64(1)
    chip_time = (times & np.uint64(TIME_MASK - (EPOCH_CYCLES - 1))) | cycles
    one_epoch_earlier = (chip_time + np.uint64(TIME_MASK + 1 - EPOCH_CYCLES)) & np.uint64(TIME_MASK)
    return np.where(chip_time > times, one_epoch_earlier, chip_time)


def timestamps(chip_times: ArrayLike) -> NDArray[np.uint8]:
    """Timestamps of events at chip times in FPGA clock cycles, with half-cycle bit 0; ``uint8``.

    Raises:
        UTEncodeError: a time is no integer or out of range.
    """
    cycles = _integers("chip time", chip_times, TIME_MASK) & np.uint64(EPOCH_CYCLES - 1)
    return (cycles << np.uint64(1)).astype(np.uint8)


def fpga_times(messages: MessageArray, start: int = 0) -> NDArray[np.uint64]:
    """FPGA time T at every message.

    Args:
        messages: messages from the FPGA, n of them.
        start: T before the first one; 0 at the begin of a run.

    Returns:
        ``uint64[n]``.

    Raises:
        UTEncodeError: messages of the other direction, or ``start`` out of range.
    """
    _check_from_fpga(messages)
    times = np.empty(len(messages), dtype=np.uint64)
    time_kernel.stamp_messages(
        kernel_input(messages.codes),
        kernel_input(messages.payloads),
        np.uint64(int(_integers("start", start, TIME_MASK))),
        Systime.code,
        Sysdelta.code,
        times,
    )
    return times


def annotate(messages: MessageArray, times: ArrayLike, start: int = 0) -> tuple[MessageArray, int]:
    """Inserts the timing messages with which a receiver stamps every message with its time.

    Args:
        messages: messages from the FPGA, n of them. Timing messages among them are sent as they are.
        times: FPGA time of each message, n of them; those of timing messages are ignored.
        start: T of the receiver before the first message; 0 at the begin of a run.

    Returns:
        The messages with timing messages between them, and T of the receiver behind the last one.

    Raises:
        UTEncodeError: messages of the other direction, another number of times, or a time out of range.
    """
    _check_from_fpga(messages)
    wanted = _integers("time", times, TIME_MASK)
    n = len(messages)
    if wanted.shape != (n,):
        raise UTEncodeError(f"{n} messages need {n} times, not times of shape {wanted.shape}")
    codes = np.empty(2 * n, dtype=np.uint8)
    lows = np.empty(2 * n, dtype=np.uint64)
    highs = np.empty(2 * n, dtype=np.uint8)
    written, time = time_kernel.insert_timing(
        kernel_input(messages.codes),
        kernel_input(messages.payloads),
        kernel_input(messages.payloads_high),
        kernel_input(wanted),
        np.uint64(int(_integers("start", start, TIME_MASK))),
        Systime.code,
        Sysdelta.code,
        codes,
        lows,
        highs,
    )
    return MessageArray(Direction.FROM_FPGA, codes[:written], lows[:written], highs[:written]), int(time)


def _check_from_fpga(messages: MessageArray) -> None:
    if messages.direction is not Direction.FROM_FPGA:
        raise UTEncodeError("messages towards the FPGA carry no time: give messages from the FPGA")


def _integers(name: str, values: ArrayLike, largest: int) -> NDArray[np.uint64]:
    array: NDArray[np.integer] = np.asarray(values)
    if array.size and array.dtype.kind not in "ui":
        raise UTEncodeError(f"{name}: integers are needed, not {array.dtype}")
    wrong = (array < 0) | (array > largest)
    if np.any(wrong):
        raise UTEncodeError(f"{name} {array[wrong].flat[0]} is out of range, allowed are 0..{largest}")
    return array.astype(np.uint64)
