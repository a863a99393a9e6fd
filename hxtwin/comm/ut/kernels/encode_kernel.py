"""From messages to words.

``filled`` bits (0, 16, 32 or 48) of a partially filled word wait right-aligned in ``pending``. A message of 64 bits
gives one word and leaves as many bits over; one of 80 bits leaves 16 more, so that every fourth of them gives a second
word. Reference: fpga-instructions.md 1.1. The tables are those of `hxtwin.comm.ut.kernels.decode_kernel`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm.ut.kernels.compiler import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.comm.ut.kernels.decode_kernel import U8, U64, Flags

_0: Final = np.uint64(0)
_1: Final = np.uint64(1)
_16: Final = np.uint64(16)
_48: Final = np.uint64(48)
_56: Final = np.uint64(56)
_63: Final = np.uint64(63)
_64: Final = np.uint64(64)


@kernel
def encode_messages(
    codes: U8,
    lows: U64,
    highs: U8,
    flush_after: NDArray[np.int64],
    pending: np.uint64,
    filled: np.uint64,
    is_long: Flags,
    masks_low: U64,
    masks_high: U64,
    checked: Flags,
    checks: U64,
    words: U64,
) -> tuple[int, int, np.uint64, np.uint64]:
    """Encodes messages to words.

    Args:
        codes: codes.
        lows: bits 0..63 of the payloads.
        highs: bits 64..71; length 0 if no message is long.
        flush_after: ascending indices of messages behind which to flush.
        pending: bits of a partially filled word, right-aligned.
        filled: their number: 0, 16, 32 or 48.
        is_long: table.
        masks_low: table.
        masks_high: table.
        checked: table.
        checks: table.
        words: receives the words; at least ``codes.size * 5 // 4 + 1 + flush_after.size`` long.

    Returns:
        Messages taken; words; ``pending``; ``filled``. Fewer messages are taken than there are if the next one has a
        code that is in no dictionary, bits that belong to no field, or a checked field out of range.
    """
    n = 0
    flush = 0
    known = np.uint64(is_long.size)
    with_high = highs.size > 0
    for i in range(codes.size):
        code = np.uint64(codes[i])
        low = lows[i]
        if code >= known:
            return i, n, pending, filled
        high = np.uint64(highs[i]) if with_high else _0
        if low & ~masks_low[code] or high & ~masks_high[code]:
            return i, n, pending, filled
        if checked[code]:
            value = (low >> checks[code, 0]) & checks[code, 1]
            if value < checks[code, 2] or value > checks[code, 3]:
                return i, n, pending, filled
        if is_long[code]:
            first = (code << _56) | (high << _48) | (low >> _16)
            words[n] = first if filled == _0 else (pending << (_64 - filled)) | (first >> filled)
            n += 1
            # 80 bits: 64 - filled of them are in the word, the last filled + 16 remain
            filled += _16
            pending = low if filled == _64 else low & ((_1 << filled) - _1)
            if filled == _64:
                words[n] = pending
                n += 1
                pending = filled = _0
        else:
            whole = (code << _56) | low
            if filled == _0:
                words[n] = whole
            else:
                words[n] = (pending << (_64 - filled)) | (whole >> filled)
                pending = whole & ((_1 << filled) - _1)
            n += 1
        if flush < flush_after.size and flush_after[flush] == i:
            flush += 1
            if filled != _0:
                words[n] = (pending << (_64 - filled)) | (_1 << (_63 - filled))
                n += 1
                pending = filled = _0
    return codes.size, n, pending, filled
