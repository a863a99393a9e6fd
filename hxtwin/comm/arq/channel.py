"""A bad network in one direction, in virtual time: loss in bursts, duplication, reordering, corruption, delay.

=================  ==================================================================================================
property           model
=================  ==================================================================================================
line               125 bytes per us; each datagram occupies it for its size plus 66 bytes of UDP, IP and Ethernet
                   framing (preamble and gap included), 84 bytes at least
loss               runs of 1 .. 3 consecutive datagrams, uniform, never two runs without a survivor between them
delay              fixed, plus a random part for reordered datagrams and for second copies
corruption         a burst of up to 15 inverted bits, a cut tail or surplus bytes
UDP checksum       the real one (ones' complement sum of 16-bit words); what it catches is dropped like the kernel does
black-out          nothing that is sent in the given times arrives
=================  ==================================================================================================

The same seed gives the same network. A random delay must stay well below the time of W frames: a copy that is older
than one window cannot be told from a new frame by any receiver with N = 2 W sequence numbers.
"""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np

from hxtwin.comm.errors import ArgumentError

BYTES_PER_US: Final = 125
"""Line rate of gigabit Ethernet."""
FRAMING_BYTES: Final = 66
"""UDP 8, IP 20, Ethernet header 14 and check sequence 4, preamble 8, gap 12."""
SMALLEST_BYTES: Final = 84
"""Smallest Ethernet frame with preamble and gap."""

_MAX_BURST = 3
_MEAN_BURST = 2.0
_BLOCK = 4096


def _probability(instance: object, attribute: attrs.Attribute[float], value: float) -> None:
    if not 0.0 <= value <= 0.5:
        raise ArgumentError(f"{type(instance).__name__}.{attribute.name} = {value!r}: give a probability in 0 .. 0.5")


@attrs.frozen(kw_only=True)
class ChannelModel:
    """What a network does to datagrams.

    Args:
        loss: share of datagrams lost, 0 .. 0.5.
        duplication: probability that a datagram arrives twice, 0 .. 0.5.
        reordering: probability of an additional random delay, 0 .. 0.5.
        corruption: probability of damage, 0 .. 0.5.
        delay_ns: delay of every datagram, ns.
        jitter_ns: largest random delay of reordered datagrams and of second copies, ns.
        blackouts: times (start, end) in ns in which everything that is sent is lost.
    """

    loss: float = attrs.field(default=0.0, validator=_probability)
    duplication: float = attrs.field(default=0.0, validator=_probability)
    reordering: float = attrs.field(default=0.0, validator=_probability)
    corruption: float = attrs.field(default=0.0, validator=_probability)
    delay_ns: int = 50_000
    jitter_ns: int = 200_000
    blackouts: tuple[tuple[int, int], ...] = ()


class Channel:
    """One direction of a network; see the module's table.

    Args:
        model: what it does.
        seed: any integer, gives the random numbers.

    Attributes:
        blackouts: times (start, end) in ns in which everything that is sent is lost; may be changed.
        lost: datagrams lost by the loss model or in a black-out.
        duplicated: datagrams that arrived twice.
        corrupted: datagrams damaged.
        caught: damaged datagrams that the UDP checksum caught.
    """

    def __init__(self, model: ChannelModel, seed: int) -> None:
        self.model = model
        self.blackouts = model.blackouts
        self.lost = 0
        self.duplicated = 0
        self.corrupted = 0
        self.caught = 0
        self._random = np.random.default_rng(seed)
        self._numbers: list[float] = []
        self._burst_probability = model.loss / (_MEAN_BURST * (1.0 - model.loss))
        self._burst_left = 0
        self._after_burst = False

    @staticmethod
    def line_ns(size: int) -> int:
        """Returns the time in ns for which a datagram of ``size`` bytes occupies the line."""
        return max(size + FRAMING_BYTES, SMALLEST_BYTES) * 1000 // BYTES_PER_US

    def carry(self, datagram: bytes, now_ns: int) -> list[tuple[int, bytes]]:
        """Sends a datagram whose last byte leaves at ``now_ns``; returns time of arrival and bytes of each copy."""
        model = self.model
        if self._loses() or any(start <= now_ns < end for start, end in self.blackouts):
            self.lost += 1
            return []
        arrivals = [self._arrival(now_ns, late=model.reordering > 0.0 and self._draw() < model.reordering)]
        if model.duplication > 0.0 and self._draw() < model.duplication:
            self.duplicated += 1
            arrivals.append(self._arrival(now_ns, late=True))
        if model.corruption == 0.0:
            return [(time, datagram) for time in arrivals]
        received = [(time, self._damage(datagram)) for time in arrivals]
        return [(time, copy) for time, copy in received if copy is not None]

    def _draw(self) -> float:
        if not self._numbers:
            self._numbers = self._random.random(_BLOCK).tolist()
        return self._numbers.pop()

    def _loses(self) -> bool:
        if self._burst_left:
            self._burst_left -= 1
            self._after_burst = not self._burst_left
            return True
        if self._after_burst or self._burst_probability == 0.0:
            self._after_burst = False
            return False
        if self._draw() < self._burst_probability:
            self._burst_left = int(self._draw() * _MAX_BURST)
            self._after_burst = not self._burst_left
            return True
        return False

    def _arrival(self, now_ns: int, *, late: bool) -> int:
        extra = int(self._draw() * self.model.jitter_ns) if late else 0
        return now_ns + self.model.delay_ns + extra

    def _damage(self, datagram: bytes) -> bytes | None:
        """Returns the datagram, damaged or not; ``None`` if the receiving kernel drops it."""
        if self._draw() >= self.model.corruption:
            return datagram
        self.corrupted += 1
        kind = self._draw()
        if kind < 0.1:
            # a faulty switch or a hostile sender: wrong length under a right checksum
            return datagram[: int(self._draw() * len(datagram))]
        if kind < 0.2:
            return datagram + b"\x5a" * (1 + int(self._draw() * 24))
        damaged = bytearray(datagram)
        bits = 8 * len(damaged)
        first = int(self._draw() * bits)
        length = 1 + int(self._draw() * 15)
        pattern = 1 | int(self._draw() * (1 << length))
        for offset in range(length):
            if pattern >> offset & 1 and first + offset < bits:
                damaged[(first + offset) // 8] ^= 0x80 >> (first + offset) % 8
        if udp_checksum(bytes(damaged)) != udp_checksum(datagram):
            self.caught += 1
            return None
        return bytes(damaged)


def udp_checksum(payload: bytes) -> int:
    """Returns the ones' complement sum (0 .. 0xffff) of the 16-bit words of ``payload``, an odd byte padded with 0.

    Address, port and length take part in the checksum of a real datagram; they are the same before and after damage to
    the payload and are left out.
    """
    padded = payload + b"\0" * (len(payload) % 2)
    total = int(np.frombuffer(padded, dtype=">u2").sum(dtype=np.uint64))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
