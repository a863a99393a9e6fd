"""The FPGA's end of Host-ARQ: serves one host at a time, the one that reset it last.

=========================  ===========================================================================================
event                      effect
=========================  ===========================================================================================
reset frame                both windows and everything queued are forgotten, the answer is queued as frames 0, 1, ...
data frame, UT words       handed to the executor in order
data frame, loop-back      returned with the same packet id
data frame, flush          counted; nothing is ever held back, so there is nothing to flush
data frame, other ids      acknowledged and ignored
datagram of a stranger     counted and ignored; a host that was displaced is told so (`hxtwin.comm.arq.notice`)
=========================  ===========================================================================================

A network may deliver a reset frame twice. A repetition that arrives while the session has already begun, so soon after
the first that no host can mean it, is ignored. A reset from the same address and port as the last session starts with a
short quarantine in which all frames are refused (the host repeats what matters): they might be leftovers of that
session, which nothing in the frames could tell. Reference: host-arq.md 6, "FPGA side".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from hxtwin.comm.arq.config_answer import encode_config_answer
from hxtwin.comm.arq.frame import RESET_FRAME, Bytes, DataFrame, wire_to_words, words_to_wire
from hxtwin.comm.arq.notice import Notice, NoticeKind, encode_notice
from hxtwin.comm.arq.packet_id import CONFIG, FLUSH, LOOPBACK, UT_WORDS
from hxtwin.comm.arq.peer import RECEIVE_LIMIT_BYTES, ArqPeer
from hxtwin.comm.arq.settings import HICANN_X_SETTINGS, MILLISECOND, ArqSettings, ArqTiming

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Address: TypeAlias = tuple[str, int]
"""IP address and UDP port of a host."""

REPEATED_RESET_NS: Final = 20 * MILLISECOND
"""A reset frame from the same host so soon after the last one is a repetition by the network."""
QUARANTINE_NS: Final = 5 * MILLISECOND
"""Frames are refused so long after a reset from the address of the session before."""
NOTICE_DISTANCE_NS: Final = 10 * MILLISECOND
"""Smallest distance of two notices."""


class FpgaArq(ArqPeer):
    """The FPGA's end of a link; see `ArqPeer` for the calls that both ends share.

    Args:
        information: bitfile information, YAML text; empty for none.
        settings: what this device runs with.
        timing: retransmission times.
        receive_limit: payload bytes that may wait to be taken, or to be sent, before data frames are dropped.
        quarantine_ns: refusal of frames after a reset from the address of the session before.

    Attributes:
        peer: the host that is served, ``None`` before the first reset.
        session: number of resets obeyed; what was taken under another number belongs to a session that is gone.
        flushes: flush frames received in this session (a host sends one when it closes).
    """

    def __init__(
        self,
        information: str,
        *,
        settings: ArqSettings = HICANN_X_SETTINGS,
        timing: ArqTiming | None = None,
        receive_limit: int = RECEIVE_LIMIT_BYTES,
        quarantine_ns: int = QUARANTINE_NS,
    ) -> None:
        super().__init__(settings, timing or ArqTiming(), allow_surplus=True, receive_limit=receive_limit)
        self.peer: Address | None = None
        self.session = 0
        self.flushes = 0
        self._config_answer = encode_config_answer(settings, information)
        self._quarantine_ns = quarantine_ns
        self._quarantine_end_ns = 0
        self._reset_ns = 0
        self._failure: Notice | None = None
        self._displaced: Address | None = None
        self._notices: list[tuple[Address, bytes]] = []
        self._notice_ns = -NOTICE_DISTANCE_NS

    @property
    def begun(self) -> bool:
        """Whether the host has reacted to the answer to its reset."""
        return self._sending.released > 0 or self._receiving.delivered > 0

    def receive_reset(self, datagram: Bytes, sender: Address, now_ns: int) -> bool:
        """Handles a datagram that arrived at the *reset port*.

        Args:
            datagram: its bytes; anything but a reset frame is counted and ignored.
            sender: where it came from; all answers go there.
            now_ns: time of arrival.

        Returns:
            Whether a new session began.
        """
        self.counters.received += 1
        if datagram != RESET_FRAME:
            self.counters.malformed += 1
            return False
        same_peer = sender == self.peer
        if same_peer and self.begun and not self.flushes and now_ns - self._reset_ns < REPEATED_RESET_NS:
            self.counters.refused += 1
            return False
        if not same_peer:
            self._displaced = self.peer if self.peer is not None and not self.flushes else None
            if self._displaced is not None:
                self._notify(self._displaced, Notice(NoticeKind.TAKEN, f"{sender[0]}:{sender[1]}"), now_ns)
        elif self.begun:
            self._quarantine_end_ns = now_ns + self._quarantine_ns
        if not same_peer:
            self._quarantine_end_ns = now_ns
        self._clear()
        self.peer = sender
        self.session += 1
        self.flushes = 0
        self.counters.resets += 1
        self._reset_ns = now_ns
        self._failure = None
        self.queue(CONFIG, self._config_answer)
        return True

    def receive_from(self, datagram: Bytes, sender: Address, now_ns: int) -> None:
        """Handles a datagram that arrived at the *data port*; one from a stranger is counted and ignored."""
        if sender != self.peer:
            self.counters.received += 1
            self.counters.refused += 1
            if sender == self._displaced and self.peer is not None:
                self._notify(sender, Notice(NoticeKind.TAKEN, f"{self.peer[0]}:{self.peer[1]}"), now_ns)
        elif self._failure is not None:
            self.counters.received += 1
            self.counters.refused += 1
            self._notify(sender, self._failure, now_ns)
        else:
            self.receive(datagram, now_ns)

    def transmit_notice(self) -> tuple[Address, bytes] | None:
        """Returns the next notice to send from the data port, as address and datagram, ``None`` if there is none."""
        return self._notices.pop(0) if self._notices else None

    def fail(self, reason: str, now_ns: int) -> None:
        """Ends the session because the device cannot go on; the host is told, the next reset starts a new session."""
        self._clear()
        self._failure = Notice(NoticeKind.FAILED, reason)
        if self.peer is not None:
            self._notify(self.peer, self._failure, now_ns)

    def send_words(self, words: NDArray[np.uint64]) -> None:
        """Queues UT words (uint64[n], copied) for the host; short pieces that wait are joined into full frames.

        Raises:
            ArgumentError: ``words`` is no one-dimensional array of uint64.
        """
        if self.peer is not None and self._failure is None:
            self.queue(UT_WORDS, words_to_wire(words))

    def take_words(self) -> NDArray[np.uint64]:
        """Returns the UT words (uint64[n]) received in order since the last call."""
        return wire_to_words(b"".join(self.take()))

    def _notify(self, address: Address, notice: Notice, now_ns: int) -> None:
        if now_ns - self._notice_ns >= NOTICE_DISTANCE_NS:
            self._notice_ns = now_ns
            self._notices.append((address, encode_notice(notice)))

    def _open(self, now_ns: int) -> bool:
        return now_ns >= self._quarantine_end_ns

    def _full(self) -> bool:
        return super()._full() or self.queued_bytes >= self._receive_limit

    def _deliver(self, frame: DataFrame, now_ns: int) -> None:
        if frame.pid == UT_WORDS:
            super()._deliver(frame, now_ns)
        elif frame.pid == LOOPBACK:
            self.queue(LOOPBACK, frame.payload)
        elif frame.pid == FLUSH:
            self.flushes += 1
        else:
            self.counters.unknown_pid += 1
