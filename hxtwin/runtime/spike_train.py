"""Spike trains: timed labels as arrays to packs and waits.

====================================  ===============================================================================
rule                                  reference
====================================  ===============================================================================
spikes of one time share a pack       fpga-instructions.md 2: up to three labels in one instruction, in order
one instruction in each cycle         runtime.md 4: every command is assumed to take one cycle
more spikes than fit a pack           the rest follows in the next cycles, and delays what is due meanwhile
time t, free from cycle c on, t > c   runtime.md 4: wait until t - 1, then the pack; else the pack at once
more than 10 us late                  runtime.md 4: a warning in the log
====================================  ===============================================================================

All times are values of the playback timer in FPGA cycles of 8 ns. The FPGA hands two labels to the chip in each cycle
and holds a queue for bursts (reference: containers-b.md 2.11), so packs of three in every cycle lose spikes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.containers import SpikePack1ToChip, SpikePack2ToChip, SpikePack3ToChip
from hxtwin.coord import SpikeLabel, TimerValue
from hxtwin.runtime.errors import ProgramError, TimeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LARGEST_PACK: Final = max(pack.write_word_count() for pack in (SpikePack1ToChip, SpikePack2ToChip, SpikePack3ToChip))
"""Most labels that one instruction holds."""
LATE: Final = 1250
"""Largest delay without a warning: 10 us."""
_LAST_TIME = TimerValue.max

_log = logging.getLogger(__name__)


class SpikeTrainError(ProgramError, ValueError):
    """Arrays that are no spike train: wrong shape or type, or a label of more than 16 bits."""


@attrs.frozen(eq=False)
class PackedSpikeTrain:
    """A spike train as instructions.

    Attributes:
        messages: packs, and waits where they are needed.
        end: first cycle in which the next instruction can be executed.
        packs: number of packs.
        largest_delay: delay of the latest pack, in cycles; 0: every pack leaves in time.
    """

    messages: ut.MessageArray
    end: int
    packs: int
    largest_delay: int


def pack_spike_train(
    times: ArrayLike, labels: ArrayLike, *, start: int = 0, largest_pack: int = LARGEST_PACK
) -> PackedSpikeTrain:
    """Packs a spike train.

    Args:
        times: timer value at which each spike is due, ascending, n integers start .. 2**32 - 1; spikes of equal time
            keep their order.
        labels: label of each spike, n integers of 16 bits.
        start: value of the timer when the first instruction can be executed; 0 right behind its reset.
        largest_pack: most labels of a pack, 1 .. 3.

    Returns:
        The instructions; none for no spikes.

    Raises:
        TimeError: times that are not ascending, before `start`, or beyond the timer.
        SpikeTrainError: no arrays of integers of one length, a label out of range, or no such size of packs.
    """
    due, checked_labels = _check(times, labels, start, largest_pack)
    if not len(due):
        return PackedSpikeTrain(ut.MessageArray.empty(ut.Direction.TO_FPGA), start, 0, 0)
    sizes = ut.pack_sizes(due, largest_pack)
    packs = ut.spike_packs_to_fpga(checked_labels, sizes)
    pack_times = due[np.cumsum(sizes) - sizes]
    cycles, waits = schedule(pack_times, start)
    delays = cycles - pack_times
    largest_delay = int(delays.max())
    if largest_delay > LATE:
        late = np.count_nonzero(delays > LATE)
        _log.warning(
            "%d of %d spike packs leave more than %d FPGA cycles (10 us) late, at most %d: "
            "the spikes are too dense for one pack in each cycle",
            late,
            len(packs),
            LATE,
            largest_delay,
        )
    messages = _with_waits(packs, waits, pack_times)
    return PackedSpikeTrain(messages, int(cycles[-1]) + 1, len(packs), largest_delay)


def schedule(times: NDArray[np.int64], start: int = 0) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Cycles in which instructions of one cycle each are executed, and where a wait is needed.

    Each is executed when it is due, or in the cycle behind its predecessor if that is later:
    ``cycle[i] = max(time[i], cycle[i - 1] + 1)``.

    Args:
        times: when each instruction is due, ascending, ``int64[n]``.
        start: first cycle that is free.

    Returns:
        Cycles, ``int64[n]``, and a mask of the instructions in front of which stands a wait until ``time[i] - 1``,
        ``bool[n]``. Source: reference runtime.md 4.
    """
    ahead = np.arange(len(times), dtype=np.int64)
    cycles = np.maximum(times, start)
    cycles -= ahead
    np.maximum.accumulate(cycles, out=cycles)
    cycles += ahead
    free = np.empty_like(cycles)
    free[:1] = start
    free[1:] = cycles[:-1] + 1
    return cycles, times > free


def _with_waits(packs: ut.MessageArray, waits: NDArray[np.bool_], times: NDArray[np.int64]) -> ut.MessageArray:
    places = np.arange(len(packs)) + np.cumsum(waits)
    waiting = ut.MessageArray.of(ut.WaitUntil, value=times[waits] - 1)
    n = len(packs) + len(waiting)
    codes, payloads = np.empty(n, dtype=np.uint8), np.empty(n, dtype=np.uint64)
    for part, where in ((packs, places), (waiting, places[waits] - 1)):
        codes[where] = part.codes
        payloads[where] = part.payloads
    return ut.MessageArray(ut.Direction.TO_FPGA, codes, payloads)


def _check(
    times: ArrayLike, labels: ArrayLike, start: int, largest_pack: int
) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    due, numbers = _integers("times", times), _integers("labels", labels)
    if len(due) != len(numbers):
        raise SpikeTrainError(f"{len(due)} times and {len(numbers)} labels are given, each spike needs one of both")
    if not 1 <= largest_pack <= LARGEST_PACK:
        raise SpikeTrainError(f"packs of up to {largest_pack} spikes do not exist, give 1..{LARGEST_PACK}")
    if not 0 <= start <= _LAST_TIME:
        raise TimeError(f"start = {start}: the playback timer counts 0..{_LAST_TIME} FPGA cycles of 8 ns")
    if not len(due):
        return due.astype(np.int64), numbers.astype(np.uint16)
    if not 0 <= int(numbers.min()) <= int(numbers.max()) <= SpikeLabel.max:
        i = int(np.argmax((numbers < 0) | (numbers > SpikeLabel.max)))
        raise SpikeTrainError(f"spike {i} has the label {numbers[i]}, allowed are 0..{SpikeLabel.max}")
    descents = due[1:] < due[:-1]
    if descents.any():
        i = int(np.argmax(descents)) + 1
        raise TimeError(
            f"spike {i} is due at {due[i]}, before spike {i - 1} at {due[i - 1]}: sort the spikes by time "
            '(numpy.argsort with kind="stable" keeps the order of equal times)'
        )
    if int(due[0]) < start:
        late = int(np.searchsorted(due, start))
        raise TimeError(f"spike 0 is due at {due[0]}, before the start at {start}: {late} spikes lie in the past")
    if int(due[-1]) > _LAST_TIME:
        i = int(np.searchsorted(due, _LAST_TIME, side="right"))
        raise TimeError(f"spike {i} is due at {due[i]}: the playback timer counts 0..{_LAST_TIME} FPGA cycles of 8 ns")
    return due.astype(np.int64), numbers.astype(np.uint16)


def _integers(name: str, given: ArrayLike) -> NDArray[np.integer]:
    array: NDArray[np.integer] = np.asarray(given)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "ui"):
        raise SpikeTrainError(f"{name} must be integers of shape (n,), not {array.dtype} of shape {array.shape}")
    return array
