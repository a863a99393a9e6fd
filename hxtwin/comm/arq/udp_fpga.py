"""UDP server: the FPGA's end of a link, with a device behind it.

=============  =====================================================================================================
thread         work
=============  =====================================================================================================
transport      both sockets, all timers; acknowledges and repeats while the device is busy
device         `Device.reset` and `Device.feed`, in the order in which words arrive
=============  =====================================================================================================

One host is served at a time; a reset from another address takes over. A device that is busy when that happens ends its
piece of work, the answers are thrown away, and it is reset before it sees words of the new session. A host that
vanished costs a datagram now and then until somebody else resets. Reference: host-arq.md 2 and 6.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from hxtwin.comm.arq.bitfile import information_text
from hxtwin.comm.arq.fpga import FpgaArq
from hxtwin.comm.arq.frame import MAX_FRAME_BYTES, check_words
from hxtwin.comm.arq.settings import (
    DATA_PORT,
    HICANN_X_SETTINGS,
    MILLISECOND,
    RESET_PORT,
    SOCKET_BUFFER_BYTES,
    ArqSettings,
    ArqTiming,
)
from hxtwin.comm.arq.udp_host import check_port, resolve
from hxtwin.comm.errors import ArgumentError

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

    from hxtwin.comm.arq.counters import ArqCounters
    from hxtwin.comm.device import Device

_log = logging.getLogger(__name__)

_BATCH = 32
"""Datagrams received before the next transmission, and the other way round."""
_JOB_LIMIT_WORDS = 8 << 20
"""Words that may wait for the device before the transport stops taking more."""
STOP_LIMIT_S: Final = 10.0
"""Longest wait for a device at work when the server is stopped, unless told otherwise; s."""


class _DeviceThread:
    """Feeds a device with the words of the newest session and collects its answers."""

    def __init__(self, device: Device, wake: socket.socket, stop_limit_s: float) -> None:
        self._device = device
        self._stop_limit_s = stop_limit_s
        self._wake = wake
        self._condition = threading.Condition()
        self._jobs: deque[NDArray[np.uint64]] = deque()
        self._session = 0
        self._served = 0
        self._failed = 0
        self._stopping = False
        self._answers: deque[tuple[int, NDArray[np.uint64] | str]] = deque()
        self._thread = threading.Thread(target=self._run, name="hxtwin-device", daemon=True)
        self.waiting_words = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join(self._stop_limit_s)
        if self._thread.is_alive():
            _log.warning("the device is still at work after %.0f s; it is left behind", self._stop_limit_s)

    def begin(self, session: int) -> None:
        """Forgets the words of the session before; the device is reset when it is free."""
        with self._condition:
            self._session = session
            self._jobs.clear()
            self.waiting_words = 0
            self._condition.notify()

    def put(self, words: NDArray[np.uint64]) -> None:
        with self._condition:
            self._jobs.append(words)
            self.waiting_words += len(words)
            self._condition.notify()

    def answers(self) -> list[tuple[int, NDArray[np.uint64] | str]]:
        """Returns session and answer words, or the reason of a failure, since the last call."""
        found = []
        with contextlib.suppress(IndexError):
            while True:
                found.append(self._answers.popleft())
        return found

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._stopping and self._served == self._session and not self._jobs:
                    self._condition.wait()
                if self._stopping:
                    return
                session, jobs = self._session, list(self._jobs)
                self._jobs.clear()
                self.waiting_words = 0
            if session != self._failed:
                self._work(session, jobs)

    def _work(self, session: int, jobs: list[NDArray[np.uint64]]) -> None:
        try:
            if session != self._served:
                self._served = session
                self._device.reset()
            if not jobs:
                return
            words = check_words(self._device.feed(jobs[0] if len(jobs) == 1 else np.concatenate(jobs)))
        except Exception as error:
            self._failed = session
            _log.exception("the device failed in session %d", session)
            self._answers.append((session, f"{type(error).__name__}: {error}"))
        else:
            self._answers.append((session, words))
        with contextlib.suppress(OSError):
            self._wake.send(b"\0")


class UdpFpga:
    """Serves a device over UDP, to one host at a time.

    Args:
        device: what executes the words.
        host: name or IPv4 address to listen at.
        data_port: data port, 0 lets the operating system choose.
        reset_port: reset port, 0 lets the operating system choose.
        information: bitfile information, YAML text; empty for none, ``None`` for that of a plain twin.
        settings: what this device runs with.
        timing: retransmission times.
        stop_limit_s: longest wait for a device at work when the server is stopped, s.

    Raises:
        ArgumentError: the address cannot be used, or a port is in use.
    """

    def __init__(
        self,
        device: Device,
        host: str = "127.0.0.1",
        data_port: int = DATA_PORT,
        reset_port: int = RESET_PORT,
        *,
        information: str | None = None,
        settings: ArqSettings = HICANN_X_SETTINGS,
        timing: ArqTiming | None = None,
        stop_limit_s: float = STOP_LIMIT_S,
    ) -> None:
        self.address = resolve(host)
        if information is None:
            information = information_text(version=0, compatible_until=0, setup="hxtwin")
        self._arq = FpgaArq(information, settings=settings, timing=timing)
        self._data = _bind(self.address, check_port("data_port", data_port, lowest=0))
        try:
            self._reset = _bind(self.address, check_port("reset_port", reset_port, lowest=0))
        except BaseException:
            self._data.close()
            raise
        self._wake, wake_end = socket.socketpair()
        self._wake.setblocking(False)
        wake_end.setblocking(False)
        self._wake_end = wake_end
        self._device = _DeviceThread(device, wake_end, stop_limit_s)
        self._buffer = bytearray(MAX_FRAME_BYTES + 1)
        self._view = memoryview(self._buffer)
        self._held: bytes | None = None
        self._stopping = False
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def data_port(self) -> int:
        """The data port in use."""
        return int(self._data.getsockname()[1])

    @property
    def reset_port(self) -> int:
        """The reset port in use."""
        return int(self._reset.getsockname()[1])

    @property
    def peer(self) -> tuple[str, int] | None:
        """Address and port of the host that is served, ``None`` before the first reset."""
        return self._arq.peer

    @property
    def session(self) -> int:
        """Number of sessions begun."""
        return self._arq.session

    @property
    def counters(self) -> ArqCounters:
        """Counters of this side since the object was created."""
        return self._arq.counters

    def start(self) -> None:
        """Serves in a thread of its own until `close`."""
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self.serve, name="hxtwin-udp-fpga", daemon=True)
            self._thread.start()

    def serve(self) -> None:
        """Serves in the calling thread until `stop` is called by another one."""
        poll = select.poll()
        for link in (self._data, self._reset, self._wake):
            poll.register(link, select.POLLIN)
        self._device.start()
        try:
            while not self._stopping:
                if not self._turn():
                    self._wait(poll)
        finally:
            self._device.stop()

    def stop(self) -> None:
        """Lets `serve` return; may be called from any thread or from a signal handler."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._wake_end.send(b"\0")

    def close(self) -> None:
        """Stops serving and closes the ports; a device at work is waited for, see `stop_limit_s`."""
        if self._closed:
            return
        self._closed = True
        self.stop()
        if self._thread is not None:
            self._thread.join()
        for link in (self._data, self._reset, self._wake, self._wake_end):
            link.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _turn(self) -> bool:
        """Does what can be done without waiting; returns whether that was anything."""
        moved = self._receive_resets()
        moved |= self._receive_data()
        moved |= self._exchange_words()
        return self._send_batch() or moved

    def _wait(self, poll: select.poll) -> None:
        deadline_ns = self._arq.next_deadline()
        wait_ms = None if deadline_ns is None else max(deadline_ns - time.monotonic_ns(), 0) / MILLISECOND
        poll.modify(self._data, select.POLLIN if self._held is None else select.POLLIN | select.POLLOUT)
        poll.poll(wait_ms)
        with contextlib.suppress(BlockingIOError):
            self._wake.recv(4096)

    def _receive_resets(self) -> bool:
        moved = False
        for _ in range(_BATCH):
            try:
                size, sender = self._reset.recvfrom_into(self._buffer)
            except OSError:
                break
            moved = True
            if self._arq.receive_reset(bytes(self._view[:size]), sender, time.monotonic_ns()):
                self._held = None
                self._device.begin(self._arq.session)
                _log.info("session %d with %s:%d", self._arq.session, *sender)
        return moved

    def _receive_data(self) -> bool:
        arq, view, link, buffer = self._arq, self._view, self._data, self._buffer
        for count in range(_BATCH):
            try:
                size, sender = link.recvfrom_into(buffer)
            except OSError:
                return count > 0
            arq.receive_from(view[:size], sender, time.monotonic_ns())
        return True

    def _exchange_words(self) -> bool:
        arq, device = self._arq, self._device
        moved = False
        if arq.backlog_bytes and device.waiting_words < _JOB_LIMIT_WORDS:
            device.put(arq.take_words())
            moved = True
        for session, answer in device.answers():
            moved = True
            if session != arq.session:
                continue
            if isinstance(answer, str):
                arq.fail(answer, time.monotonic_ns())
            else:
                arq.send_words(answer)
        return moved

    def _send_batch(self) -> bool:
        arq = self._arq
        while (notice := arq.transmit_notice()) is not None:
            with contextlib.suppress(OSError):
                self._data.sendto(notice[1], notice[0])
        if arq.peer is None:
            return False
        for count in range(_BATCH):
            datagram, self._held = self._held or arq.transmit(time.monotonic_ns()), None
            if datagram is None:
                return count > 0
            try:
                self._data.sendto(datagram, arq.peer)
            except BlockingIOError:
                self._held = datagram
                return count > 0
            except OSError as error:
                # as good as lost on the way: it is repeated in time
                _log.debug("send to %s:%d failed: %s", *arq.peer, error)
        return True


def _bind(address: str, port: int) -> socket.socket:
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        link.setblocking(False)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
        link.bind((address, port))
    except OSError as error:
        link.close()
        raise ArgumentError(f"cannot listen at {address}:{port}: {error}") from error
    return link
