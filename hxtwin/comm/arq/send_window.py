"""Sending half of the sliding window.

Window [low, high) of frames in flight, at most W or a smaller limit of our own. An acknowledgement inside the window
releases every frame up to it; frames whose time is over are repeated, lowest number first.
Reference: host-arq.md 5.1 and 5.4.

The original repeats at multiples of one fixed time and for ever. Here the time follows the round trip, nothing is
repeated while acknowledgements make progress (a slow peer is no lossy one), and a peer of which nothing was heard for
four of these times is probed with its oldest frame only, ever more rarely.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from hxtwin.comm.arq.round_trip import RoundTrip

if TYPE_CHECKING:
    from hxtwin.comm.arq.frame import Bytes
    from hxtwin.comm.arq.settings import ArqSettings, ArqTiming

_QUIET_AFTER: Final = 4
"""Retransmission times without a sign of life after which a peer counts as quiet."""
_SCANS_PER_TIME: Final = 8
"""A full window is searched for frames to repeat at most so often per retransmission time."""


class FrameInFlight:
    """A frame that was sent and not yet acknowledged; times in ns."""

    __slots__ = ("due_ns", "first_ns", "last_ns", "payload", "pid", "queued", "seq", "transmissions")

    def __init__(self, seq: int, pid: int, payload: Bytes, now_ns: int, due_ns: int) -> None:
        self.seq = seq
        self.pid = pid
        self.payload = payload
        self.first_ns = now_ns
        self.last_ns = now_ns
        self.due_ns = due_ns
        self.transmissions = 1
        self.queued = False


class SendWindow:
    """Frames in flight in one direction.

    Args:
        settings: N and W.
        timing: limit of frames in flight, retransmission times.
    """

    __slots__ = (
        "_due",
        "_in_flight",
        "_limit",
        "_modulus",
        "_progress_ns",
        "_quiet",
        "_round_trip",
        "_scan_ns",
        "_silent_since_ns",
        "_timing",
        "newest_released",
        "released",
    )

    def __init__(self, settings: ArqSettings, timing: ArqTiming) -> None:
        self._modulus = settings.sequence_numbers
        self._limit = min(settings.window, timing.in_flight)
        self._timing = timing
        self._round_trip = RoundTrip(timing)
        self.reset()

    def reset(self) -> None:
        """Forgets all frames and starts again at sequence number 0."""
        self._in_flight: deque[FrameInFlight] = deque()
        self._due: deque[FrameInFlight] = deque()
        self._scan_ns: int | None = None
        self._progress_ns = 0
        self._silent_since_ns = 0
        self._quiet = False
        self._round_trip.reset()
        self.released = 0
        self.newest_released: FrameInFlight | None = None

    @property
    def in_flight(self) -> int:
        """Number of frames sent and not acknowledged, 0 .. 128."""
        return len(self._in_flight)

    @property
    def has_room(self) -> bool:
        """Whether a new frame may be sent."""
        return len(self._in_flight) < self._limit

    @property
    def sent(self) -> int:
        """Number of frames sent since the reset, repetitions not counted."""
        return self.released + len(self._in_flight)

    @property
    def retransmit_ns(self) -> int:
        """Present retransmission time in ns, for a peer that is heard."""
        return self._round_trip.retransmit_ns

    def add(self, pid: int, payload: Bytes, now_ns: int) -> FrameInFlight:
        """Takes a new frame into the window, which must have room; returns it with its sequence number."""
        if not self._in_flight:
            self._silent_since_ns = self._progress_ns = now_ns
        due_ns = now_ns + self._round_trip.retransmit_ns
        frame = FrameInFlight(self.sent % self._modulus, pid, payload, now_ns, due_ns)
        self._in_flight.append(frame)
        if self._scan_ns is None:
            self._scan_ns = due_ns
        return frame

    def acknowledge(self, ack: int, now_ns: int) -> int | None:
        """Applies an acknowledgement heard from the peer.

        Args:
            ack: the ACK field, 0 .. N-1.
            now_ns: time of arrival.

        Returns:
            Number of frames released (0 for a repeated or old value), or ``None`` for a number that was never sent
            since the reset: the frame that carries it is a leftover of another session.
        """
        in_flight = self._in_flight
        count = (ack + 1 - self.released) % self._modulus
        if count > len(in_flight):
            if self.released + count < self._modulus:
                return None
            count = 0
        self._silent_since_ns = now_ns
        if self._quiet:
            self._end_quiet()
        if not count:
            return 0
        repeated = False
        for _ in range(count):
            frame = in_flight.popleft()
            frame.queued = False
            repeated = repeated or frame.transmissions > 1
        self._progress_ns = now_ns
        self.released += count
        self.newest_released = frame
        if not repeated:
            self._round_trip.measure(now_ns - frame.first_ns)
        if not in_flight:
            self._scan_ns = None
            self._due.clear()
        return count

    def next_due(self, now_ns: int) -> FrameInFlight | None:
        """Returns the next frame to repeat now, marked as sent at ``now_ns``, or ``None``."""
        if self._scan_ns is not None and now_ns >= self._scan_ns:
            self._scan(now_ns)
        while self._due:
            frame = self._due.popleft()
            if frame.queued:
                frame.queued = False
                frame.last_ns = now_ns
                frame.transmissions += 1
                return frame
        return None

    def next_deadline(self) -> int | None:
        """Returns the time in ns at which `next_due` has to be asked again, ``None`` for never."""
        return 0 if self._due else self._scan_ns

    def _scan(self, now_ns: int) -> None:
        pause = self._round_trip.retransmit_ns
        if now_ns < self._progress_ns + pause:
            self._scan_ns = self._progress_ns + pause
            return
        silence = now_ns - self._silent_since_ns
        self._quiet = silence >= _QUIET_AFTER * pause
        due = [frame for frame in self._in_flight if frame.due_ns <= now_ns and not frame.queued]
        if self._quiet:
            pause = min(silence // 2, self._timing.quiet_max_ns)
            self._repeat(due[:1])
        else:
            self._repeat(due)
        for frame in due:
            frame.due_ns = now_ns + pause
        earliest = min(frame.due_ns for frame in self._in_flight)
        self._scan_ns = max(earliest, now_ns + pause // _SCANS_PER_TIME)

    def _repeat(self, frames: list[FrameInFlight]) -> None:
        for frame in frames:
            frame.queued = True
        self._due.extend(frames)

    def _end_quiet(self) -> None:
        self._quiet = False
        pause = self._round_trip.retransmit_ns
        for frame in self._in_flight:
            frame.due_ns = min(frame.due_ns, frame.last_ns + pause)
        self._scan_ns = self._silent_since_ns + pause if self._in_flight else None
