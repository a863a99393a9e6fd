"""What both ends of a Host-ARQ link do alike: two sliding windows and the words that wait on either side.

A sans-I/O state machine: datagrams and the time go in, datagrams come out, nothing blocks and no clock is read. All
times are ns of one monotonic clock of the caller's choice.

=======================  ==========================================================================================
call                     effect
=======================  ==========================================================================================
`queue(pid, bytes)`      payload waits for room in the window
`receive(bytes, now)`    one datagram that arrived
`transmit(now)`          the next datagram to send, or ``None``; call until ``None``
`next_deadline()`        when to call `transmit` again if nothing arrives
`take()`                 payload received in order since the last call
=======================  ==========================================================================================

Every received data frame, duplicates and frames outside the window included, makes an acknowledgement due. It rides on
the next data frame; if `transmit` has none to send, it leaves as an acknowledge frame. A driver that hands in several
waiting datagrams before it transmits thus acknowledges them together. Reference: host-arq.md 5.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from hxtwin.comm.arq.counters import ArqCounters
from hxtwin.comm.arq.frame import (
    HEADER_BYTES,
    MAX_FRAME_BYTES,
    WORD_BYTES,
    Bytes,
    DataFrame,
    decode,
    encode_ack,
    encode_data,
)
from hxtwin.comm.arq.receive_window import Placement, ReceiveWindow
from hxtwin.comm.arq.send_window import FrameInFlight, SendWindow
from hxtwin.comm.errors import ArgumentError, FrameError

if TYPE_CHECKING:
    from hxtwin.comm.arq.settings import ArqSettings, ArqTiming

RECEIVE_LIMIT_BYTES: Final = 64 << 20
"""Payload received and not taken above which further data frames are dropped, byte."""


class ArqPeer:
    """One end of a link, in a session.

    Args:
        settings: window, sequence numbers and frame size.
        timing: retransmission times.
        allow_surplus: tolerate bytes behind the payload of a data frame.
        receive_limit: payload bytes that may wait to be taken before data frames are dropped (the other side repeats
            them), at least one window.

    Attributes:
        counters: what happened since the creation.
        backlog_bytes: payload received and not yet taken.
    """

    def __init__(
        self,
        settings: ArqSettings,
        timing: ArqTiming,
        *,
        allow_surplus: bool = False,
        receive_limit: int = RECEIVE_LIMIT_BYTES,
    ) -> None:
        if receive_limit < settings.window * MAX_FRAME_BYTES:
            raise ArgumentError(
                f"receive_limit = {receive_limit} bytes: give at least one window, {settings.window * MAX_FRAME_BYTES}"
            )
        self.settings = settings
        self.counters = ArqCounters()
        self._allow_surplus = allow_surplus
        self._receive_limit = receive_limit
        self._frame_bytes = settings.frame_words * WORD_BYTES
        self._sending = SendWindow(settings, timing)
        self._receiving = ReceiveWindow(settings)
        self._clear()

    def _clear(self) -> None:
        """Forgets the session: both windows, everything that waits."""
        self._sending.reset()
        self._receiving.reset()
        self._queue: deque[tuple[int, memoryview]] = deque()
        self._delivered: list[Bytes] = []
        self._ack_due = False
        self.backlog_bytes = 0
        self.queued_bytes = 0

    @property
    def in_flight(self) -> int:
        """Frames sent and not yet acknowledged, 0 .. W."""
        return self._sending.in_flight

    @property
    def idle(self) -> bool:
        """Whether everything queued was sent and acknowledged."""
        return not self._queue and not self._sending.in_flight

    @property
    def retransmit_ns(self) -> int:
        """Present retransmission time in ns."""
        return self._sending.retransmit_ns

    def queue(self, pid: int, payload: Bytes) -> None:
        """Queues payload for sending; the buffer must not change until it is acknowledged.

        Args:
            pid: packet id, 0 .. 0xffff.
            payload: whole big-endian words, any number of frames long; nothing is queued if empty.

        Raises:
            ArgumentError: the payload is no whole number of words, or the id has more than 16 bits.
        """
        if len(payload) % WORD_BYTES or not 0 <= pid <= 0xFFFF:
            raise ArgumentError(
                f"PID {pid:#x} with {len(payload)} bytes: whole 8-byte words and a 16-bit id are wanted"
            )
        if len(payload):
            self._queue.append((pid, memoryview(payload)))
            self.queued_bytes += len(payload)

    def receive(self, datagram: Bytes, now_ns: int) -> None:
        """Handles one datagram from the other end; a malformed one is counted and changes nothing else.

        Args:
            datagram: its bytes; they are copied where they are kept.
            now_ns: time of arrival.
        """
        counters = self.counters
        counters.received += 1
        try:
            frame = decode(datagram, self.settings, allow_surplus=self._allow_surplus)
        except FrameError:
            if not self._is_understood(datagram):
                counters.malformed += 1
            return
        if not self._open(now_ns):
            counters.refused += 1
        elif not isinstance(frame, int):
            self._receive_data(frame, now_ns)
        elif self._acknowledge(frame, now_ns) is None:
            counters.stale += 1
        else:
            counters.acks_received += 1

    def transmit(self, now_ns: int) -> bytes | None:
        """Returns the next datagram to send at ``now_ns``, ``None`` if there is none now.

        Repetitions go before new frames; an acknowledge frame is made only when no data frame carries the value.
        """
        counters = self.counters
        due = self._sending.next_due(now_ns)
        if due is not None:
            counters.resent += 1
            counters.bytes_resent += HEADER_BYTES + len(due.payload)
            return self._encode(due)
        if self._queue and self._sending.has_room:
            pid, payload = self._next_payload()
            counters.sent += 1
            counters.bytes_sent += HEADER_BYTES + len(payload)
            return self._encode(self._sending.add(pid, payload, now_ns))
        if self._ack_due:
            self._ack_due = False
            counters.acks_sent += 1
            return encode_ack(self._receiving.ack)
        return None

    def next_deadline(self) -> int | None:
        """Returns the time in ns at which `transmit` has something to do if nothing arrives, ``None`` for never."""
        return self._sending.next_deadline()

    def take(self) -> list[Bytes]:
        """Returns the payloads received in order since the last call, in order."""
        delivered = self._delivered
        self._delivered = []
        self.backlog_bytes = 0
        return delivered

    def _receive_data(self, frame: DataFrame, now_ns: int) -> None:
        counters = self.counters
        if not self._admit(frame, now_ns):
            counters.refused += 1
            return
        if self._acknowledge(frame.ack, now_ns) is None:
            counters.stale += 1
            return
        self._ack_due = True
        placement = self._receiving.place(frame.seq)
        if placement is Placement.OUTSIDE:
            counters.out_of_window += 1
        elif placement is Placement.DUPLICATE:
            counters.duplicate += 1
        elif self._full():
            counters.dropped += 1
        else:
            counters.accepted += 1
            counters.payload_bytes_accepted += len(frame.payload)
            for ready in self._receiving.store(frame):
                self._deliver(ready, now_ns)

    def _is_understood(self, datagram: Bytes) -> bool:
        """Handles a datagram that is no frame; returns whether it meant something."""
        return False

    def _open(self, now_ns: int) -> bool:
        """Decides whether any frame may enter the session now."""
        return True

    def _admit(self, frame: DataFrame, now_ns: int) -> bool:
        """Decides whether a data frame may enter the session at all."""
        return True

    def _full(self) -> bool:
        """Returns whether nothing more can be taken in."""
        return self.backlog_bytes >= self._receive_limit

    def _deliver(self, frame: DataFrame, now_ns: int) -> None:
        """Takes a frame that is in order."""
        self._delivered.append(frame.payload)
        self.backlog_bytes += len(frame.payload)

    def _acknowledge(self, ack: int, now_ns: int) -> int | None:
        """Applies an ACK field; ``None`` for a value that this session cannot have caused."""
        return self._sending.acknowledge(ack, now_ns)

    def _encode(self, frame: FrameInFlight) -> bytes:
        self._ack_due = False
        return encode_data(DataFrame(self._receiving.ack, frame.seq, frame.pid, frame.payload), self.settings)

    def _next_payload(self) -> tuple[int, Bytes]:
        """Cuts the payload of the next frame from the queue, joining short pieces of one packet id."""
        limit = self._frame_bytes
        pid, head = self._queue.popleft()
        if len(head) > limit:
            self._queue.appendleft((pid, head[limit:]))
            self.queued_bytes -= limit
            return pid, head[:limit]
        pieces, size = [head], len(head)
        while size < limit and self._queue and self._queue[0][0] == pid:
            _, piece = self._queue.popleft()
            if size + len(piece) > limit:
                self._queue.appendleft((pid, piece[limit - size :]))
                piece = piece[: limit - size]
            pieces.append(piece)
            size += len(piece)
        self.queued_bytes -= size
        return pid, head if len(pieces) == 1 else b"".join(pieces)
