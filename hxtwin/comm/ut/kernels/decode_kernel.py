"""From words to messages and to records of responses.

State of a stream from word to word: ``filled`` bits (0, 16, 32, 48 or 64) of a message in progress, right-aligned in
``pending``. A message has 64 or 80 bits, so a word completes at most one message. Reference: fpga-instructions.md 1.

==============  =========  ====================================================================
argument        dtype      content
==============  =========  ====================================================================
``is_long``     bool[c]    the message of this code has 80 bits, not 64
``masks_low``   uint64[c]  bits 0..63 of the payload that belong to a field
``masks_high``  uint64[c]  bits 64..71
``checked``     bool[c]    a field is checked on reception: bits ``checks[c, 0]`` on, mask ``checks[c, 1]``,
``checks``      u64[c, 4]  smallest ``checks[c, 2]``, largest value ``checks[c, 3]``
==============  =========  ====================================================================

Time of responses: for every message T := T + 1; a Systime sets T, a Sysdelta adds to it, every other message is stamped
with T (43 bits, FPGA clock cycles of 8 ns). The chip time of an event with timestamp s is ``(T >> 7 << 7) | (s >> 1)``,
less 128 if that exceeds T. Reference: fpga-instructions.md 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.comm.ut.kernels.compiler import kernel

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    U8: TypeAlias = NDArray[np.uint8]
    U64: TypeAlias = NDArray[np.uint64]
    Flags: TypeAlias = NDArray[np.bool_]
    Records: TypeAlias = NDArray[np.void]

NOTHING: Final = 0
"""A word completed no message."""
MESSAGE: Final = 1
"""A word completed a message."""
BAD_HEADER: Final = 2
"""A word holds a header that is in no dictionary."""

_0: Final = np.uint64(0)
_1: Final = np.uint64(1)
_8: Final = np.uint64(8)
_16: Final = np.uint64(16)
_56: Final = np.uint64(56)
_63: Final = np.uint64(63)
_64: Final = np.uint64(64)
_80: Final = np.uint64(80)

# codes from the FPGA and positions within payloads; compared with the dictionary by a test
JTAG: Final = np.uint64(0)
OMNIBUS: Final = np.uint64(1)
LOOPBACK: Final = np.uint64(2)
LINK: Final = np.uint64(3)
SYSTIME: Final = np.uint64(5)
SYSDELTA: Final = np.uint64(6)
MADC_PACKS: Final = np.uint64(7)
SPIKE_PACKS: Final = np.uint64(10)

TIME_MASK: Final = np.uint64((1 << 43) - 1)
EPOCH: Final = np.uint64(128)
EPOCH_MASK: Final = np.uint64(127)
ELEMENT_BITS: Final = np.uint64(24)
SAMPLE_MASK: Final = np.uint64(0x3FF)
CHANNEL_BIT: Final = np.uint64(10)
BYTE_MASK: Final = np.uint64(0xFF)
JTAG_MASK: Final = np.uint64((1 << 33) - 1)
STALL_LSB: Final = np.uint64(32)
STALL_MASK: Final = np.uint64(0x7F)
READS_LSB: Final = np.uint64(39)
READS_MASK: Final = np.uint64(0x3F)


@kernel
def take_word(
    word: np.uint64, pending: np.uint64, filled: np.uint64, is_long: Flags
) -> tuple[int, np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]:
    """Appends a word to the stream.

    Returns:
        Event (nothing, message, bad header); code of the message or bad header; bits 0..63 of the message, header
        included if it fits; bits 64..71; new ``pending``; new ``filled``.
    """
    if filled == _0:
        return _start(word, is_long)
    code = pending >> (filled - _8)
    needed = (_80 if is_long[code] else _64) - filled
    rest = _64 - needed
    if rest == _0:
        return MESSAGE, code, word, pending, _0, _0
    low = (pending << needed) | (word >> rest)
    high = pending >> rest
    tail = word & ((_1 << rest) - _1)
    if tail >> (rest - _1):
        return MESSAGE, code, low, high, _0, _0
    following = tail >> (rest - _8)
    if following >= np.uint64(is_long.size):
        return BAD_HEADER, following, _0, _0, _0, _0
    return MESSAGE, code, low, high, tail, rest


@kernel
def _start(word: np.uint64, is_long: Flags) -> tuple[int, np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]:
    """`take_word` with no message in progress: a filler, a message of 64 bits, or the beginning of one of 80."""
    if word >> _63:
        return NOTHING, _0, _0, _0, _0, _0
    code = word >> _56
    if code >= np.uint64(is_long.size):
        return BAD_HEADER, code, _0, _0, _0, _0
    if is_long[code]:
        return NOTHING, code, _0, _0, word, _64
    return MESSAGE, code, word, _0, _0, _0


@kernel
def out_of_range(code: np.uint64, low: np.uint64, checks: U64) -> bool:
    """Whether the checked field of a message is out of its range."""
    value = (low >> checks[code, 0]) & checks[code, 1]
    return bool(value < checks[code, 2] or value > checks[code, 3])


@kernel
def decode_messages(
    words: U64,
    pending: np.uint64,
    filled: np.uint64,
    is_long: Flags,
    masks_low: U64,
    masks_high: U64,
    checked: Flags,
    checks: U64,
    codes: U8,
    lows: U64,
    highs: U8,
) -> tuple[int, int, np.uint64, np.uint64, np.uint64, np.uint64]:
    """Decodes words to messages.

    Args:
        words: words to take.
        pending: state of the stream.
        filled: state of the stream.
        is_long: table.
        masks_low: table.
        masks_high: table.
        checked: table.
        checks: table.
        codes: receives codes, at least as long as ``words``.
        lows: receives bits 0..63 of the payloads.
        highs: receives bits 64..71; length 0 if no message is long.

    Returns:
        Words taken, fewer than there are if one is refused; messages; ``pending``; ``filled``; code and bits 0..63 of
        the refused message.
    """
    n = 0
    with_high = highs.size > 0
    for i in range(words.size):
        event, code, low, high, pending, filled = take_word(words[i], pending, filled, is_long)
        if event == NOTHING:
            continue
        if event == BAD_HEADER or (checked[code] and out_of_range(code, low, checks)):
            return i, n, pending, filled, code, low
        codes[n] = code
        lows[n] = low & masks_low[code]
        if with_high:
            highs[n] = high & masks_high[code]
        n += 1
    return words.size, n, pending, filled, _0, _0


@kernel
def find_halt(
    words: U64, pending: np.uint64, filled: np.uint64, is_long: Flags, loopback: np.uint64
) -> tuple[int, int, np.uint64, np.uint64, np.uint64]:
    """Takes words up to the one that completes a loopback response of value 0.

    Args:
        words: words to take.
        pending: state of the stream.
        filled: state of the stream.
        is_long: table.
        loopback: code of the loopback response.

    Returns:
        Event: message if a halt was found, bad header, or nothing; words taken, the word of the halt included;
        ``pending``; ``filled``; offending code.
    """
    for i in range(words.size):
        event, code, low, _, pending, filled = take_word(words[i], pending, filled, is_long)
        if event == BAD_HEADER:
            return BAD_HEADER, i, pending, filled, code
        if event == MESSAGE and code == loopback and not low & _1:
            return MESSAGE, i + 1, pending, filled, code
    return NOTHING, words.size, pending, filled, _0


@kernel
def count_messages(
    words: U64,
    pending: np.uint64,
    filled: np.uint64,
    is_long: Flags,
    checked: Flags,
    checks: U64,
    counts: NDArray[np.int64],
) -> tuple[int, np.uint64, np.uint64]:
    """Counts messages and finds errors, before `fill_responses` takes the same words.

    Args:
        words: words to take.
        pending: state of the stream.
        filled: state of the stream.
        is_long: table.
        checked: table.
        checks: table.
        counts: ``int64[c, 2]``, receives the number of messages of each code with payload bit 0 clear and set.

    Returns:
        Words taken, fewer than there are if one is refused; code and bits 0..63 of the refused message.
    """
    for i in range(words.size):
        event, code, low, _, pending, filled = take_word(words[i], pending, filled, is_long)
        if event == NOTHING:
            continue
        if event == BAD_HEADER or (checked[code] and out_of_range(code, low, checks)):
            return i, code, low
        counts[code, low & _1] += 1
    return words.size, _0, _0


@kernel
def fill_responses(
    words: U64,
    pending: np.uint64,
    filled: np.uint64,
    time: np.uint64,
    is_long: Flags,
    jtag: Records,
    omnibus: Records,
    ticks: U64,
    halts: U64,
    link_notifications: Records,
    timeouts: Records,
    spikes: Records,
    samples: Records,
) -> tuple[np.uint64, np.uint64, np.uint64]:
    """Decodes words that hold no error to records of responses.

    Args:
        words: words to take.
        pending: state of the stream.
        filled: state of the stream.
        time: FPGA time T before the first message.
        is_long: table.
        jtag: receives JTAG responses; this and the following are of exact length.
        omnibus: receives omnibus responses.
        ticks: receives the times of ticks.
        halts: receives the times of halts.
        link_notifications: receives link notifications.
        timeouts: receives timeout notifications.
        spikes: receives spikes.
        samples: receives MADC samples.

    Returns:
        ``pending``; ``filled``; T.
    """
    n_jtag = n_omnibus = n_ticks = n_halts = n_links = n_timeouts = n_spikes = n_samples = 0
    for i in range(words.size):
        event, code, low, high, pending, filled = take_word(words[i], pending, filled, is_long)
        if event == NOTHING:
            continue
        time = (time + _1) & TIME_MASK
        if code >= SPIKE_PACKS:
            for place in range(int(code - SPIKE_PACKS), -1, -1):
                element = _element(low, high, place)
                spikes[n_spikes].label = np.uint16(element)
                spikes[n_spikes].fpga_time = time
                spikes[n_spikes].chip_time = _chip_time(time, element)
                n_spikes += 1
        elif code >= MADC_PACKS:
            for place in range(int(code - MADC_PACKS), -1, -1):
                element = _element(low, high, place)
                samples[n_samples].value = np.uint16(element & SAMPLE_MASK)
                samples[n_samples].channel = np.uint8((element >> CHANNEL_BIT) & _1)
                samples[n_samples].fpga_time = time
                samples[n_samples].chip_time = _chip_time(time, element)
                n_samples += 1
        elif code == SYSDELTA:
            time = (time + (low & BYTE_MASK)) & TIME_MASK
        elif code == SYSTIME:
            time = low & TIME_MASK
        elif code == OMNIBUS:
            omnibus[n_omnibus].value = np.uint32(low)
            omnibus[n_omnibus].fpga_time = time
            n_omnibus += 1
        elif code == JTAG:
            jtag[n_jtag].value = low & JTAG_MASK
            jtag[n_jtag].fpga_time = time
            n_jtag += 1
        elif code == LOOPBACK:
            if low & _1:
                ticks[n_ticks] = time
                n_ticks += 1
            else:
                halts[n_halts] = time
                n_halts += 1
        elif code == LINK:
            link_notifications[n_links].value = np.uint8(low)
            link_notifications[n_links].fpga_time = time
            n_links += 1
        else:
            timeouts[n_timeouts].instruction = np.uint32(low)
            timeouts[n_timeouts].trace_stall = np.uint8((low >> STALL_LSB) & STALL_MASK)
            timeouts[n_timeouts].omnibus_reads_in_flight = np.uint8((low >> READS_LSB) & READS_MASK)
            timeouts[n_timeouts].fpga_time = time
            n_timeouts += 1
    return pending, filled, time


@kernel
def _element(low: np.uint64, high: np.uint64, place: int) -> np.uint64:
    """Element of a pack, counted from the least significant one; of the third one 8 bits stand in ``high``."""
    element = low >> (ELEMENT_BITS * np.uint64(place))
    return element | (high << _16) if place == 2 else element


@kernel
def _chip_time(time: np.uint64, element: np.uint64) -> np.uint64:
    timestamp = (element >> _16) & BYTE_MASK
    chip_time = (time & ~EPOCH_MASK) | (timestamp >> _1)
    return chip_time if chip_time <= time else (chip_time - EPOCH) & TIME_MASK
