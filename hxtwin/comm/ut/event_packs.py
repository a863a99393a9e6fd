"""Events as arrays to packs of one to three of them, in either direction.

Element 0 of a pack is the first event of it. Reference: fpga-instructions.md 1.3, 1.4 and 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm.errors import UTEncodeError
from hxtwin.comm.ut.columns import LOW_BITS
from hxtwin.comm.ut.fields import ELEMENT_BITS, LABEL_BITS, SAMPLE_BITS, TIMESTAMP_BITS, TIMESTAMP_LSB
from hxtwin.comm.ut.from_fpga import MADCSamplePack1FromFPGA, SpikePack1FromFPGA
from hxtwin.comm.ut.message_array import MessageArray
from hxtwin.comm.ut.to_fpga import SpikePack1ToFPGA

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.comm.ut.message import Message

LARGEST_PACK: Final = 3
"""Most events that one message holds."""


def pack_sizes(keys: ArrayLike, largest: int = LARGEST_PACK) -> NDArray[np.intp]:
    """Sizes of packs that hold as many consecutive events of equal key as possible.

    Args:
        keys: key of each event, for instance its time, n of them; events of equal key that are to share packs stand
            next to each other.
        largest: most events of a pack, 1 .. 3.

    Returns:
        Sizes 1 .. ``largest``, in order; their sum is n.

    Raises:
        UTEncodeError: ``keys`` has not one dimension, or ``largest`` is out of range.
    """
    array = np.asarray(keys)
    if array.ndim != 1:
        raise UTEncodeError(f"keys are an array of one dimension, not of shape {array.shape}")
    if largest not in range(1, LARGEST_PACK + 1):
        raise UTEncodeError(f"a pack holds up to {LARGEST_PACK} events: largest = {largest} must be 1..{LARGEST_PACK}")
    n = len(array)
    starts = np.flatnonzero(np.concatenate([np.ones(min(n, 1), dtype=np.bool_), array[1:] != array[:-1]]))
    run_start = np.repeat(starts, np.diff(starts, append=n))
    first = np.flatnonzero((np.arange(n) - run_start) % largest == 0)
    return np.diff(first, append=n)


def spike_packs_to_fpga(labels: ArrayLike, sizes: ArrayLike) -> MessageArray:
    """Spike packs towards the FPGA.

    Args:
        labels: 16-bit label of each spike, n of them.
        sizes: number of spikes of each pack, 1 .. 3, m of them with sum n; see `pack_sizes`.

    Returns:
        m messages `SpikePack1ToFPGA` .. `SpikePack3ToFPGA`.

    Raises:
        UTEncodeError: a label or size is out of range, or the sum of sizes is not n.
    """
    return _pack(SpikePack1ToFPGA, _numbers("label", labels, LABEL_BITS), sizes, LABEL_BITS)


def spike_packs_from_fpga(labels: ArrayLike, timestamps: ArrayLike, sizes: ArrayLike) -> MessageArray:
    """Spike packs from the FPGA.

    Args:
        labels: 16-bit label of each spike, n of them.
        timestamps: 8-bit timestamp of each spike, n of them.
        sizes: number of spikes of each pack, 1 .. 3, m of them with sum n; see `pack_sizes`.

    Returns:
        m messages `SpikePack1FromFPGA` .. `SpikePack3FromFPGA`.

    Raises:
        UTEncodeError: a label, timestamp or size is out of range, or the numbers of them do not fit.
    """
    return _pack(SpikePack1FromFPGA, _elements("label", labels, LABEL_BITS, timestamps), sizes, ELEMENT_BITS)


def madc_sample_packs_from_fpga(values: ArrayLike, timestamps: ArrayLike, sizes: ArrayLike) -> MessageArray:
    """MADC sample packs from the FPGA.

    Args:
        values: 14-bit value of each sample (0..9 sample, 10 channel), n of them.
        timestamps: 8-bit timestamp of each sample, n of them.
        sizes: number of samples of each pack, 1 .. 3, m of them with sum n; see `pack_sizes`.

    Returns:
        m messages `MADCSamplePack1FromFPGA` .. `MADCSamplePack3FromFPGA`.

    Raises:
        UTEncodeError: a value, timestamp or size is out of range, or the numbers of them do not fit.
    """
    return _pack(MADCSamplePack1FromFPGA, _elements("value", values, SAMPLE_BITS, timestamps), sizes, ELEMENT_BITS)


def _elements(name: str, numbers: ArrayLike, bits: int, timestamps: ArrayLike) -> NDArray[np.uint64]:
    elements = _numbers(name, numbers, bits)
    times = _numbers("timestamp", timestamps, TIMESTAMP_BITS)
    if len(elements) != len(times):
        raise UTEncodeError(f"{len(elements)} events need as many timestamps, not {len(times)}")
    return elements | (times << np.uint64(TIMESTAMP_LSB))


def _numbers(name: str, values: ArrayLike, bits: int) -> NDArray[np.uint64]:
    array: NDArray[np.integer] = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "ui"):
        raise UTEncodeError(f"{name}: an array of integers is needed, not {array.dtype} of shape {array.shape}")
    wrong = (array < 0) | (array >= 1 << bits)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise UTEncodeError(f"event {i}: {name} = {array[i]} is out of range, allowed are 0..{(1 << bits) - 1}")
    return array.astype(np.uint64)


def _pack(single: type[Message], elements: NDArray[np.uint64], sizes: ArrayLike, width: int) -> MessageArray:
    """Packs elements of ``width`` bits; ``single`` is the pack of one, whose code precedes those of two and three."""
    counts: NDArray[np.integer] = np.asarray(sizes)
    if counts.ndim != 1 or (counts.size and counts.dtype.kind not in "ui"):
        raise UTEncodeError(f"sizes: an array of integers is needed, not {counts.dtype} of shape {counts.shape}")
    wrong = (counts < 1) | (counts > LARGEST_PACK)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise UTEncodeError(f"pack {i} has {counts[i]} events, allowed are 1..{LARGEST_PACK}")
    counts = counts.astype(np.intp)
    if int(counts.sum()) != len(elements):
        raise UTEncodeError(f"the packs hold {int(counts.sum())} events, {len(elements)} are given")
    first = np.cumsum(counts) - counts
    low = elements[first]
    high = np.zeros(len(counts), dtype=np.uint8)
    for i in range(1, LARGEST_PACK):
        larger = counts > i
        top = low[larger]
        if width * LARGEST_PACK > LOW_BITS and i == LARGEST_PACK - 1:
            high[larger] = (top >> np.uint64(LOW_BITS - width)).astype(np.uint8)
        low[larger] = (top << np.uint64(width)) | elements[first[larger] + i]
    codes = (single.code + counts - 1).astype(np.uint8)
    return MessageArray(single.direction, codes, low, high)
