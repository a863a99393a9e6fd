"""Words of 64 bits as arrays: the form in which streams cross the borders of `hxtwin.comm.ut`."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from hxtwin.comm.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words: TypeAlias = NDArray[np.uint64]
    """Words of a stream, ``uint64[n]``."""
    WordsLike: TypeAlias = NDArray[np.unsignedinteger] | NDArray[np.signedinteger] | Sequence[int]
    """What is accepted as words: an array of integers, none negative, or a sequence of ints."""

_T = TypeVar("_T", bound=np.generic)


def as_words(words: WordsLike) -> Words:
    """Returns the words as a contiguous, read-only ``uint64[n]``, without a copy where possible.

    Args:
        words: array of one dimension of an integer type, or a sequence of ints; each 0 .. 2**64 - 1.

    Raises:
        ArgumentError: another type or shape, or a number out of range.
    """
    array = _from_array(words) if isinstance(words, np.ndarray) else _from_sequence(words)
    return kernel_input(array)


def kernel_input(array: NDArray[_T]) -> NDArray[_T]:
    """Contiguous, read-only view or copy: the one form in which kernels take inputs, so that each is compiled once."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _from_array(words: NDArray[np.generic]) -> Words:
    if words.ndim != 1 or words.dtype.kind not in "ui":
        raise ArgumentError(f"words are uint64[n], not {words.dtype} of shape {words.shape}")
    if words.dtype.kind == "i" and words.size and int(words.min()) < 0:
        raise ArgumentError(f"word {int(np.argmin(words))} is negative: words are 0 .. 2**64 - 1")
    return words.astype(np.uint64, copy=False)


def _from_sequence(words: object) -> Words:
    if not isinstance(words, Sequence) or isinstance(words, str | bytes | bytearray | memoryview):
        raise ArgumentError(f"words are an array of uint64 or a sequence of ints, not {type(words).__name__}")
    try:
        return np.array([operator.index(word) for word in words], dtype=np.uint64)
    except (TypeError, OverflowError) as error:
        raise ArgumentError(f"words are integers 0 .. 2**64 - 1: {error}") from None
