"""Random programs and random words for the twin, from a seed.

===================  ===================================================================================
kind                 what it is
===================  ===================================================================================
`random_program`     valid instructions at addresses where something is: every unit of FPGA and chip
`random_words`       words of any content: unknown headers, halves of writes, nonsense
===================  ===================================================================================

Waits are short, so that chip time does not grow without bound; instruction timeouts are for the caller to shorten.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from hxtwin import containers, runtime
from hxtwin.comm import ut

if TYPE_CHECKING:
    from numpy.typing import NDArray

Random: TypeAlias = np.random.Generator
Messages: TypeAlias = list[ut.ToFPGA]

HALT: Final = ut.encode([ut.Loopback(ut.HALT)], "to_fpga")
SHORT_TIMEOUT: Final = ut.encode([ut.OmnibusAddress(address=0x88000009), ut.OmnibusData(20_000)], "to_fpga")
_LONGEST_WAIT: Final = 5_000
_MOST_PARTS: Final = 40
_MOST_WORDS: Final = 80
_WAIT_HEADER: Final = ut.WaitUntil.code
_COORDINATES: Final = 64


def bring_up() -> NDArray[np.uint64]:
    """Words of the standard bring-up, with a short instruction timeout behind it."""
    builder, _ = runtime.generate(runtime.SystemInit())
    return np.concatenate([ut.encode_array(builder.done().messages), SHORT_TIMEOUT])


@functools.cache
def touch_external_memory() -> NDArray[np.uint64]:
    """Writes a word to every page of the external memory, which the system gives to a process only then."""
    first, words, page = 0x84000000, 1 << 26, 1024
    pairs = ((ut.OmnibusAddress(address=first + place), ut.OmnibusData(0)) for place in range(0, words, page))
    return ut.encode([message for pair in pairs for message in pair], "to_fpga")


def _addresses() -> list[int]:
    """Addresses of all kinds of containers; of large memories some."""
    found: set[int] = {0x88000000, 0x88000006, 0x88000007, 0x88000008, 0x8800000C, 0x88007C00, 0x88007C06}
    for container in containers.types().values():
        layout = container.layout
        if layout.children or (layout.write is None and layout.read is None):
            continue
        size = container.coordinate_type.size  # type: ignore[attr-defined]  # leaves have numbered places
        places = np.unique(np.linspace(0, size - 1, min(size, _COORDINATES)).astype(np.int64))
        try:
            rows = container.addresses_of(places)
        except (containers.ContainerError, TypeError):  # places that are no numbers: blocks of memory
            continue
        found.update(int(address) & 0xFFFFFFFF for address in rows.ravel())
    return sorted(found)


def _word(random: Random) -> int:
    return int(random.choice([0, 1, 0xFF, 0xFFFFFFFF, int(random.integers(1 << 32))]))


def _read(random: Random) -> Messages:
    return [ut.OmnibusAddress(address=int(random.choice(_addresses())), is_read=1)]


def _write(random: Random) -> Messages:
    lanes = int(random.choice([15, 15, 15, int(random.integers(16))]))
    address = int(random.choice(_addresses()))
    if address == 0x88000009:  # a long timeout is no error, but takes chip time
        return [ut.OmnibusAddress(address=address), ut.OmnibusData(int(random.integers(20_000)))]
    return [ut.OmnibusAddress(address=address, byte_enables=lanes), ut.OmnibusData(_word(random))]


def _spikes(random: Random) -> Messages:
    labels = random.integers(1 << 16, size=3).tolist()
    pack = [ut.SpikePack1ToFPGA(labels[:1]), ut.SpikePack2ToFPGA(labels[:2]), ut.SpikePack3ToFPGA(labels)]
    return [pack[int(random.integers(3))]]


def _jtag(random: Random) -> Messages:
    bits = int(random.integers(3, 34))
    instruction = int(random.choice([0, 1, 3, 4, 5, 6, 7, 0x44, 0x7C, 127]))
    payload = int(random.integers(1 << bits))
    keep = int(random.integers(2))
    return [ut.JTAGIns(instruction), ut.JTAGData(payload=payload, num_bits=bits, keep_response=keep)]


def _wait(random: Random) -> Messages:
    return [ut.TimerSetup(), ut.WaitUntil(int(random.integers(_LONGEST_WAIT)))]


_PARTS: Final[tuple[Callable[[Random], Messages], ...]] = (
    _read,
    _read,
    _write,
    _write,
    _write,
    _spikes,
    _spikes,
    _jtag,
    _wait,
    lambda random: [ut.Barrier(value=int(random.integers(32)))],
    lambda random: [ut.PollingOmnibusBlock(int(random.integers(2)))],
    lambda random: [ut.Reset(int(random.integers(8) == 0))],
    lambda random: [ut.SystimeInit(int(random.integers(2)))],
    lambda random: [ut.JTAGScaler(int(random.integers(8))), ut.JTAGInit()],
    lambda random: [ut.Loopback(ut.TICK)] if random.integers(4) else [ut.Loopback(ut.HALT)],
)


def random_program(random: Random) -> NDArray[np.uint64]:
    """Words of valid instructions, ``uint64[n]``; the last one is a halt, others may be."""
    messages: Messages = []
    for part in random.integers(len(_PARTS), size=random.integers(1, _MOST_PARTS)):
        messages.extend(_PARTS[part](random))
    return np.concatenate([ut.encode(messages, "to_fpga"), HALT])


def random_words(random: Random) -> NDArray[np.uint64]:
    """Words of any content, ``uint64[n]``, half of them with a header that exists; the last one is a halt."""
    words = random.integers(1 << 64, size=int(random.integers(1, _MOST_WORDS)), dtype=np.uint64)
    known = random.random(words.size) < 0.5
    headers = random.integers(16, size=words.size, dtype=np.uint64)
    words = np.where(known, words & np.uint64((1 << 53) - 1) | headers << np.uint64(56), words)
    waits = words >> np.uint64(56) == _WAIT_HEADER
    words[waits] &= ~np.uint64(0xFFFFF000)
    return np.concatenate([words, HALT])


def halts(words: NDArray[np.uint64]) -> int:
    """Number of halts in a stream of words towards the FPGA."""
    headers = words >> np.uint64(56)
    return int(np.count_nonzero((headers == ut.Loopback.code) & (words & np.uint64(1) == 0)))


def answered_halts(words: NDArray[np.uint64]) -> int:
    """Number of halts in a stream of words from the FPGA; decoding it is part of the test."""
    return sum(message == ut.LoopbackResponse(ut.HALT) for message in ut.decode(words, "from_fpga"))
