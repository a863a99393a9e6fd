"""Parameters of Host-ARQ: what both sides must agree on (table), and what each side may choose.

=====================  =======  =====================================================
agreed                 HX       meaning
=====================  =======  =====================================================
``sequence_numbers``   256      frames are numbered 0 .. N-1, then again from 0
``window``             128      frames in flight per direction, at most; 2 W <= N
``frame_words``        180      payload words of one frame, at most
=====================  =======  =====================================================

Reference: host-arq.md 1 and 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from hxtwin.comm.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable

DATA_PORT: Final = 1234
"""UDP port of the FPGA for data and acknowledge frames, both directions."""
RESET_PORT: Final = 45054
"""UDP port of the FPGA that receives reset frames."""
SOCKET_BUFFER_BYTES: Final = 10 << 20
"""Send and receive buffer asked of the operating system for each socket, byte."""

MICROSECOND: Final = 1_000
"""One microsecond in ns."""
MILLISECOND: Final = 1_000_000
"""One millisecond in ns."""
SECOND: Final = 1_000_000_000
"""One second in ns."""


def _in_range(low: int, high: int) -> Callable[[object, attrs.Attribute[int], object], None]:
    def check(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ArgumentError(
                f"{type(instance).__name__}.{attribute.name} = {value!r}: give an integer in {low} .. {high}"
            )

    return check


@attrs.frozen(kw_only=True)
class ArqSettings:
    """The settings that host and FPGA compare when they connect.

    Args:
        sequence_numbers: N, 2 .. 256. Frames carry SEQ 0 .. N-1; the receiver's slot table has N entries, so a larger
            SEQ must never be sent.
        window: W, frames in flight per direction, 1 .. N/2.
        frame_words: 64-bit words in one frame, 4 .. 180 (a larger frame does not fit an Ethernet packet).

    Raises:
        ArgumentError: a value is out of range, or 2 W > N.
    """

    sequence_numbers: int = attrs.field(default=256, validator=_in_range(2, 256))
    window: int = attrs.field(default=128, validator=_in_range(1, 128))
    frame_words: int = attrs.field(default=180, validator=_in_range(4, 180))

    def __attrs_post_init__(self) -> None:
        if 2 * self.window > self.sequence_numbers:
            raise ArgumentError(
                f"ArqSettings: window {self.window} with {self.sequence_numbers} sequence numbers cannot tell a new "
                f"frame from a repeated one: twice the window must not exceed the sequence numbers"
            )


HICANN_X_SETTINGS: Final = ArqSettings()
"""The settings of the HICANN-X cube and jBOA setups."""


@attrs.frozen(kw_only=True)
class ArqTiming:
    """What one side chooses for its own sending; all times in ns, 10 us .. 1 h.

    The retransmission time follows the measured round trip between the two limits. A peer of which nothing is heard is
    probed ever more rarely, with its oldest frame only.

    With N = 2 W a repeated frame that is overtaken on its way may look like a new one: a receiver whose window moved on
    by W since takes it for the frame one lap later. Keeping fewer than W frames in flight leaves W - ``in_flight``
    frames of room for such delays; 64 frames are 0.78 ms of a gigabit line.

    Args:
        in_flight: frames in flight, at most, 1 .. 128; W if that is less.
        retransmit_min_ns: shortest retransmission time.
        retransmit_start_ns: retransmission time before the first round trip is measured.
        retransmit_max_ns: longest retransmission time while the peer is heard.
        quiet_max_ns: longest time between two probes of a silent peer.

    Raises:
        ArgumentError: a time is out of range, or the order min <= start <= max <= quiet is broken.
    """

    in_flight: int = attrs.field(default=64, validator=_in_range(1, 128))
    retransmit_min_ns: int = attrs.field(default=1 * MILLISECOND, validator=_in_range(10_000, 3600 * SECOND))
    retransmit_start_ns: int = attrs.field(default=5 * MILLISECOND, validator=_in_range(10_000, 3600 * SECOND))
    retransmit_max_ns: int = attrs.field(default=100 * MILLISECOND, validator=_in_range(10_000, 3600 * SECOND))
    quiet_max_ns: int = attrs.field(default=250 * MILLISECOND, validator=_in_range(10_000, 3600 * SECOND))

    def __attrs_post_init__(self) -> None:
        times = (self.retransmit_min_ns, self.retransmit_start_ns, self.retransmit_max_ns, self.quiet_max_ns)
        if list(times) != sorted(times):
            raise ArgumentError(f"ArqTiming: min <= start <= max <= quiet is wanted, given {times} ns")


@attrs.frozen(kw_only=True)
class HostLimits:
    """How long a host waits for what; all times in ns, 1 ms .. 1 week.

    Args:
        reset_ns: time without any answer to the resets after which nobody is there.
        reset_repeat_ns: distance of two reset frames while there is no answer.
        config_frame_ns: wait for each further frame of the answer to a reset.
        loopback_ns: wait for the answer to the loop-back word.
        attempts: connection set-ups tried before the reset counts as failed, 1 .. 1000.
        silence_ns: silence of the device, while it owes an answer, after which it counts as dead.
        probe_ns: idle time after which a watched device is asked for a sign of life.

    Raises:
        ArgumentError: a value is out of range.
    """

    reset_ns: int = attrs.field(default=2 * SECOND, validator=_in_range(MILLISECOND, 604_800 * SECOND))
    reset_repeat_ns: int = attrs.field(default=100 * MILLISECOND, validator=_in_range(MILLISECOND, 604_800 * SECOND))
    config_frame_ns: int = attrs.field(default=1 * SECOND, validator=_in_range(MILLISECOND, 604_800 * SECOND))
    loopback_ns: int = attrs.field(default=400 * MILLISECOND, validator=_in_range(MILLISECOND, 604_800 * SECOND))
    attempts: int = attrs.field(default=3, validator=_in_range(1, 1000))
    silence_ns: int = attrs.field(default=10 * SECOND, validator=_in_range(MILLISECOND, 604_800 * SECOND))
    probe_ns: int = attrs.field(default=1 * SECOND, validator=_in_range(MILLISECOND, 604_800 * SECOND))
