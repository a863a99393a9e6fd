"""The host's end of Host-ARQ: connection set-up, session, end.

=================  ===================================================================================================
state              what is awaited
=================  ===================================================================================================
``CLOSED``         `HostArq.connect`
``RESETTING``      the first frame of the answer to a reset; the reset frame is repeated meanwhile
``CONFIGURING``    the rest of the answer: settings (compared at once) and bitfile information
``FLUSHING``       one random word, sent to the loop-back and returned
``READY``          words both ways
``CLOSING``        the acknowledgement of the flush frame, best effort
``FAILED``         nothing; `HostArq.error` says why
=================  ===================================================================================================

What keeps the leftovers of an earlier session on the same pair of ports out: until the session is ready only the answer
to the reset and the word just sent to the loop-back are admitted, and a frame that acknowledges what this session never
sent is dropped as a whole. Reference: host-arq.md 6.

The original sends its reset once and gives up after 2 s; this host repeats it, and the whole set-up if a later step of
it fails.
"""

from __future__ import annotations

import enum
import secrets
import struct
from typing import TYPE_CHECKING, Final

from hxtwin.comm.arq.bitfile import BitfileInformation
from hxtwin.comm.arq.config_answer import ConfigAnswer, check_settings
from hxtwin.comm.arq.frame import RESET_FRAME, Bytes, DataFrame, first_payload, wire_to_words, words_to_wire
from hxtwin.comm.arq.notice import NoticeKind, decode_notice
from hxtwin.comm.arq.packet_id import CONFIG, FLUSH, LOOPBACK, UT_WORDS
from hxtwin.comm.arq.peer import RECEIVE_LIMIT_BYTES, ArqPeer
from hxtwin.comm.arq.receive_window import Placement
from hxtwin.comm.arq.settings import HICANN_X_SETTINGS, MILLISECOND, SECOND, ArqSettings, ArqTiming, HostLimits
from hxtwin.comm.errors import (
    DeviceDiedError,
    EndpointTakenError,
    LinkClosedError,
    LinkError,
    LinkProtocolError,
    NoAnswerError,
    ResetFailedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

_WORD = struct.Struct(">Q")
_NEVER: Final = 1 << 63
_LEFTOVER_NS: Final = 20 * MILLISECOND
"""Leftovers of an earlier session may still arrive so long after the answer to a reset."""


class HostState(enum.Enum):
    """State of the host's end of a link."""

    CLOSED = enum.auto()
    RESETTING = enum.auto()
    CONFIGURING = enum.auto()
    FLUSHING = enum.auto()
    READY = enum.auto()
    CLOSING = enum.auto()
    FAILED = enum.auto()


_SETTING_UP = frozenset({HostState.RESETTING, HostState.CONFIGURING, HostState.FLUSHING})
_SILENT = frozenset({HostState.CLOSED, HostState.FAILED})


def random_word() -> int:
    """Returns a random word, 0 .. 2**64 - 1, for the loop-back."""
    return secrets.randbits(64)


class HostArq(ArqPeer):
    """The host's end of a link; see `ArqPeer` for the calls that both ends share.

    Args:
        name: the endpoint as people call it; used in messages only.
        settings: what the device must run with.
        timing: retransmission times.
        limits: how long to wait for what.
        loopback: send a word to the loop-back before the session counts as ready.
        require_information: refuse a device without usable bitfile information.
        supported_until: largest ``compatible_until`` of the bitfile that the caller can serve, ``None`` for any.
        token: gives the word for the loop-back.
        receive_limit: payload bytes that may wait to be taken.

    Attributes:
        state: where the connection stands.
        error: why it failed, ``None`` if it did not.
        information: what the device said about itself; empty before the answer to the reset is complete.
    """

    def __init__(
        self,
        name: str = "the device",
        *,
        settings: ArqSettings = HICANN_X_SETTINGS,
        timing: ArqTiming | None = None,
        limits: HostLimits | None = None,
        loopback: bool = True,
        require_information: bool = True,
        supported_until: int | None = None,
        token: Callable[[], int] = random_word,
        receive_limit: int = RECEIVE_LIMIT_BYTES,
    ) -> None:
        self.name = name
        self.state = HostState.CLOSED
        self.error: LinkError | None = None
        self.information = BitfileInformation()
        self._limits = limits or HostLimits()
        self._loopback = loopback
        self._require_information = require_information
        self._supported_until = supported_until
        self._token = token
        self._attempt = 0
        self._resets = 0
        self._started_ns = 0
        self._answered_ns = 0
        self._reset_due_ns = 0
        self._deadline_ns: int | None = None
        self._answer = ConfigAnswer(settings)
        self._expected_word = b""
        self._watching = False
        self._probed_ns = 0
        self._heard_ns = 0
        self._owed_since_ns: int | None = None
        self._port_closed = False
        super().__init__(settings, timing or ArqTiming(), receive_limit=receive_limit)

    def connect(self, now_ns: int) -> None:
        """Starts the connection set-up, from any state; what was under way is forgotten."""
        self.error = None
        self.information = BitfileInformation()
        self._begin(now_ns, attempt=1)
        self.state = HostState.RESETTING

    def close(self, now_ns: int) -> None:
        """Ends a session: a flush frame follows what is queued; before the session is ready nothing is sent."""
        if self.state is HostState.READY:
            self.state = HostState.CLOSING
            self.queue(FLUSH, _WORD.pack(0))
            self._deadline_ns = now_ns + self._limits.silence_ns
        elif self.state is not HostState.FAILED:
            self.state = HostState.CLOSED

    def send_words(self, words: NDArray[np.uint64]) -> None:
        """Queues UT words (uint64[n], copied) for the device.

        Raises:
            ArgumentError: ``words`` is no one-dimensional array of uint64.
            LinkError: the session is not ready, or it failed.
        """
        self.check()
        self.queue(UT_WORDS, words_to_wire(words))

    def take_words(self) -> NDArray[np.uint64]:
        """Returns the UT words (uint64[n]) received in order since the last call."""
        return wire_to_words(b"".join(self.take()))

    def check(self) -> None:
        """Does nothing while the session is ready.

        Raises:
            LinkError: the failure of the session, or `LinkClosedError` if there is none.
        """
        if self.error is not None:
            raise self.error
        if self.state is not HostState.READY:
            raise LinkClosedError(f"no session with {self.name}: connect first (state {self.state.name.lower()})")

    def watch(self, now_ns: int, *, on: bool) -> None:
        """Switches the watch: whether an idle device is asked for a sign of life.

        While the watch is on and nothing is in flight, the newest acknowledged frame is repeated every
        ``limits.probe_ns``; a device acknowledges it as a duplicate, and if it does not, silence ends the session.
        """
        self._watching = on
        self._probed_ns = now_ns

    def unattended(self, duration_ns: int) -> None:
        """Notes that nobody served the link for a time, in ns: the device may have answered without being heard."""
        if self._owed_since_ns is not None:
            self._owed_since_ns += duration_ns

    def refused(self) -> None:
        """Notes that the network reports nobody at the data port: a running session ends, a set-up goes on."""
        self._port_closed = True
        if self.state is HostState.READY:
            self._fail(DeviceDiedError(f"{self.name} died: its data port is closed"))
        elif self.state is HostState.CLOSING:
            self.state = HostState.CLOSED

    def reset_frame(self, now_ns: int) -> bytes | None:
        """Returns the frame to send to the *reset port* at ``now_ns``, ``None`` if none is due."""
        self._check_time(now_ns)
        if self.state is not HostState.RESETTING or now_ns < self._reset_due_ns:
            return None
        self._reset_due_ns = now_ns + self._limits.reset_repeat_ns
        self._resets += 1
        self.counters.resets += 1
        return RESET_FRAME

    def receive(self, datagram: Bytes, now_ns: int) -> None:
        """Handles one datagram from the device's data port."""
        if self.state in _SILENT:
            return
        if self.state is not HostState.RESETTING or self._settings_agree(datagram):
            super().receive(datagram, now_ns)

    def transmit(self, now_ns: int) -> bytes | None:
        """Returns the next datagram for the device's *data port*, ``None`` if there is none now."""
        self._check_time(now_ns)
        if self.state in _SILENT:
            return None
        datagram = super().transmit(now_ns)
        if datagram is None and self._probe_due_ns() <= now_ns:
            self._probed_ns = now_ns
            newest = self._sending.newest_released
            assert newest is not None
            self.counters.resent += 1
            datagram = self._encode(newest)
            self.counters.bytes_resent += len(datagram)
            self._owes_answer(now_ns)
        elif self._owed_since_ns is None and self._sending.in_flight:
            self._owes_answer(now_ns)
        if self.state is HostState.CLOSING and self.idle:
            self.state = HostState.CLOSED
        return datagram

    def next_deadline(self) -> int | None:
        """Returns the time in ns at which `reset_frame` and `transmit` have to be asked again, ``None`` for never."""
        if self.state in _SILENT:
            return None
        deadlines = [self._deadline_ns, super().next_deadline()]
        if self.state is HostState.RESETTING:
            deadlines.append(self._reset_due_ns)
        if self.state is HostState.READY and self._owed_since_ns is not None:
            deadlines.append(self._owed_since_ns + self._limits.silence_ns)
        probe_ns = self._probe_due_ns()
        if probe_ns != _NEVER:
            deadlines.append(probe_ns)
        return min((time for time in deadlines if time is not None), default=None)

    def _begin(self, now_ns: int, *, attempt: int) -> None:
        self._clear()
        self._attempt = attempt
        self._started_ns = now_ns
        self._answered_ns = now_ns
        self._reset_due_ns = now_ns
        self._resets = 0
        self._deadline_ns = now_ns + self._limits.reset_ns
        self._answer = ConfigAnswer(self.settings)
        self._expected_word = b""
        self._watching = False
        self._probed_ns = now_ns
        self._heard_ns = now_ns
        self._owed_since_ns = None
        self._port_closed = False

    def _fail(self, error: LinkError) -> None:
        self.error = error
        self.state = HostState.FAILED

    def _check_time(self, now_ns: int) -> None:
        state = self.state
        if self._deadline_ns is not None and now_ns >= self._deadline_ns:
            if state is HostState.RESETTING and self._attempt == 1:
                self._fail(self._no_answer(now_ns))
            elif state is HostState.RESETTING:
                self._try_again(now_ns, "it does not answer another reset")
            elif state is HostState.CONFIGURING:
                self._try_again(now_ns, "the bitfile information did not arrive completely")
            elif state is HostState.FLUSHING:
                self._try_again(now_ns, "the word sent to the loop-back did not come back")
            elif state is HostState.CLOSING:
                self.state = HostState.CLOSED
        elif state is HostState.READY and self._owed_since_ns is not None:
            waited = now_ns - self._owed_since_ns
            if waited >= self._limits.silence_ns:
                self._fail(
                    DeviceDiedError(
                        f"{self.name} died: it answered nothing for {waited / SECOND:.1f} s, "
                        f"{self._sending.in_flight} frames are unacknowledged"
                    )
                )

    def _no_answer(self, now_ns: int) -> LinkError:
        waited = (now_ns - self._started_ns) / SECOND
        closed = " (its data port is closed)" if self._port_closed else ""
        return NoAnswerError(
            f"nobody answers at {self.name}{closed}: {self._resets} resets sent in {waited:.1f} s; "
            f"check address and ports, and that the device is switched on"
        )

    def _try_again(self, now_ns: int, reason: str) -> None:
        if self._attempt >= self._limits.attempts:
            waited = (now_ns - self._started_ns) / SECOND
            self._fail(
                ResetFailedError(
                    f"reset of {self.name} failed: the device answered, but {reason} within {waited:.1f} s "
                    f"(attempt {self._attempt} of {self._limits.attempts})"
                )
            )
        else:
            self._begin(now_ns, attempt=self._attempt + 1)
            self.state = HostState.RESETTING

    def _is_understood(self, datagram: Bytes) -> bool:
        notice = decode_notice(datagram)
        if notice is None:
            return False
        if self.state is HostState.RESETTING:
            self.counters.refused += 1
        elif notice.kind is NoticeKind.TAKEN:
            self.counters.notices += 1
            self._fail(EndpointTakenError(f"{self.name} was taken over by {notice.text or 'another host'}"))
        else:
            self.counters.notices += 1
            self._fail(DeviceDiedError(f"{self.name} failed: {notice.text}"))
        return True

    def _settings_agree(self, datagram: Bytes) -> bool:
        """Fails the set-up if ``datagram`` answers the reset with other settings than ours."""
        payload = first_payload(datagram, CONFIG)
        if payload is not None:
            try:
                check_settings(self.settings, payload)
            except LinkError as error:
                self._fail(type(error)(f"{self.name}: {error}"))
                return False
        return True

    def _acknowledge(self, ack: int, now_ns: int) -> int | None:
        released = super()._acknowledge(ack, now_ns)
        if released is not None:
            self._heard_ns = now_ns
            self._owed_since_ns = now_ns if self._sending.in_flight else None
        return released

    def _owes_answer(self, now_ns: int) -> None:
        if self._owed_since_ns is None:
            self._owed_since_ns = now_ns

    def _probe_due_ns(self) -> int:
        if not self._watching or self.state is not HostState.READY or not self.idle:
            return _NEVER
        if self._sending.newest_released is None:
            return _NEVER
        return max(self._heard_ns, self._probed_ns) + self._limits.probe_ns

    def _admit(self, frame: DataFrame, now_ns: int) -> bool:
        if self.state is HostState.RESETTING:
            if frame.pid != CONFIG or frame.ack != self._receiving.modulus - 1:
                return False
            self.state = HostState.CONFIGURING
            self._answered_ns = now_ns
            self._deadline_ns = now_ns + self._limits.config_frame_ns
            return True
        if frame.pid == CONFIG:
            return self.state in _SETTING_UP or not self._was_reset(frame)
        if self.state is HostState.FLUSHING:
            if frame.pid == LOOPBACK:
                return frame.payload == self._expected_word
            return now_ns - self._answered_ns >= _LEFTOVER_NS
        return self.state is not HostState.CONFIGURING

    def _was_reset(self, frame: DataFrame) -> bool:
        """Fails the session if ``frame``, part of an answer to a reset, cannot be a repetition from its beginning."""
        outside = self._receiving.place(frame.seq) is Placement.OUTSIDE
        if outside and self._receiving.delivered <= self.settings.window:
            return False
        self._fail(DeviceDiedError(f"{self.name} lost the session: somebody reset it"))
        return True

    def _deliver(self, frame: DataFrame, now_ns: int) -> None:
        state = self.state
        if state is HostState.CONFIGURING:
            self._read_answer(frame.payload, now_ns)
        elif state is HostState.FLUSHING:
            if frame.pid == LOOPBACK:
                self._ready()
        elif frame.pid == UT_WORDS:
            super()._deliver(frame, now_ns)
        elif state is HostState.READY:
            self.counters.unknown_pid += 1
            self._fail(LinkProtocolError(f"{self.name} sends packet id {frame.pid:#06x}; in a session only 0x0010 may"))

    def _read_answer(self, payload: Bytes, now_ns: int) -> None:
        try:
            self._answer.add(payload)
            self._deadline_ns = now_ns + self._limits.config_frame_ns
            if not self._answer.complete:
                return
            self.information = self._read_information(self._answer.text)
        except LinkError as error:
            self._fail(type(error)(f"{self.name}: {error}"))
            return
        if not self._loopback:
            self._ready()
            return
        self.state = HostState.FLUSHING
        self._deadline_ns = now_ns + self._limits.loopback_ns
        self._expected_word = _WORD.pack(self._token())
        self.queue(LOOPBACK, self._expected_word)

    def _read_information(self, text: str) -> BitfileInformation:
        if self._require_information:
            return BitfileInformation.from_text(text, supported_until=self._supported_until)
        return BitfileInformation(text=text)

    def _ready(self) -> None:
        self.state = HostState.READY
        self._deadline_ns = None
