"""Blocking UDP client: the host's end of a link on a real network.

One IPv4 socket is bound to a local port and connected to the data port of the FPGA. The reset frame leaves from the
same socket, to the reset port: the FPGA learns the address of the host from it, and the kernel delivers only what comes
from the FPGA's data port. Reference: host-arq.md 2.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import time
from typing import TYPE_CHECKING, Final, Self

from hxtwin.comm.arq.frame import MAX_FRAME_BYTES
from hxtwin.comm.arq.host import HostArq, HostState
from hxtwin.comm.arq.settings import (
    DATA_PORT,
    HICANN_X_SETTINGS,
    MILLISECOND,
    RESET_PORT,
    SOCKET_BUFFER_BYTES,
    ArqSettings,
    ArqTiming,
    HostLimits,
)
from hxtwin.comm.errors import ArgumentError, LinkClosedError

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from hxtwin.comm.arq.bitfile import BitfileInformation
    from hxtwin.comm.arq.counters import ArqCounters

_log = logging.getLogger(__name__)

CLOSE_NS: Final = 500 * MILLISECOND
"""Longest wait for the acknowledgement of the flush frame when a link is closed."""

_BATCH = 32
"""Datagrams received before the next transmission, and the other way round."""


def resolve(host: object) -> str:
    """Returns the IPv4 address of ``host`` (name or dotted address).

    Raises:
        ArgumentError: ``host`` is no name, or the name has no IPv4 address.
    """
    if not isinstance(host, str) or not host:
        raise ArgumentError(f"host {host!r}: give a name or an IPv4 address")
    try:
        addresses = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise ArgumentError(f"host {host!r} has no IPv4 address: {error}") from error
    return str(addresses[0][4][0])


def check_port(name: str, port: object, *, lowest: int = 1) -> int:
    """Returns ``port``; ``name`` is the parameter it was given for.

    Raises:
        ArgumentError: it is no integer in ``lowest`` .. 65535.
    """
    if isinstance(port, bool) or not isinstance(port, int) or not lowest <= port <= 65535:
        raise ArgumentError(f"{name} = {port!r}: give an integer in {lowest} .. 65535")
    return port


class UdpHost:
    """A host's link to one FPGA; not to be used by two threads at a time.

    Args:
        host: name or IPv4 address of the FPGA.
        data_port: its data port, 1 .. 65535.
        reset_port: its reset port, 1 .. 65535.
        local_port: port of this side, 0 lets the operating system choose (recommended: leftovers of earlier sessions
            then cannot reach the new one).
        settings: what the device must run with.
        timing: retransmission times.
        limits: how long to wait for what.
        loopback: send a word to the loop-back before the session counts as ready.
        require_information: refuse a device without usable bitfile information.
        supported_until: largest ``compatible_until`` of the bitfile, ``None`` for any.

    Raises:
        ArgumentError: address or port cannot be used.
    """

    def __init__(
        self,
        host: str,
        data_port: int = DATA_PORT,
        reset_port: int = RESET_PORT,
        *,
        local_port: int = 0,
        settings: ArqSettings = HICANN_X_SETTINGS,
        timing: ArqTiming | None = None,
        limits: HostLimits | None = None,
        loopback: bool = True,
        require_information: bool = True,
        supported_until: int | None = None,
    ) -> None:
        self.address = resolve(host)
        self.name = f"udp://{self.address}:{check_port('data_port', data_port)}"
        self._data_port = data_port
        self._reset_port = check_port("reset_port", reset_port)
        self._local_port = check_port("local_port", local_port, lowest=0)
        self._arq = HostArq(
            self.name,
            settings=settings,
            timing=timing,
            limits=limits,
            loopback=loopback,
            require_information=require_information,
            supported_until=supported_until,
        )
        self._buffer = bytearray(MAX_FRAME_BYTES + 1)
        self._view = memoryview(self._buffer)
        self._socket: socket.socket | None = None
        self._poll = select.poll()
        self._held: bytes | None = None
        self._left_ns = 0
        self._sent_ns = 0

    @property
    def state(self) -> HostState:
        """State of the session."""
        return self._arq.state

    @property
    def information(self) -> BitfileInformation:
        """What the device says about itself."""
        return self._arq.information

    @property
    def counters(self) -> ArqCounters:
        """Counters of this side since the object was created."""
        return self._arq.counters

    @property
    def local_address(self) -> tuple[str, int]:
        """Address and port of this side.

        Raises:
            LinkClosedError: the link is not open.
        """
        address, port = self._open_socket().getsockname()
        return str(address), int(port)

    @property
    def unsent_bytes(self) -> int:
        """Payload that waits to be sent for the first time."""
        return self._arq.queued_bytes

    @property
    def sent_ns(self) -> int:
        """Time (`time.monotonic_ns`) at which the last words queued were handed to the network."""
        return self._sent_ns

    def open(self) -> None:
        """Connects: resets the FPGA and waits until the session is ready.

        Raises:
            ArgumentError: the local port cannot be bound.
            NoAnswerError: nobody answers within ``limits.reset_ns``.
            SettingsMismatchError: the device runs with other settings.
            ResetFailedError: the device answers, but the set-up does not complete.
            BitfileError: the information of the device is unusable.
            EndpointTakenError: another host took the device over meanwhile.
        """
        self.close()
        self._socket = self._connect()
        self._poll.register(self._socket, select.POLLIN)
        self._left_ns = time.monotonic_ns()
        self._arq.connect(self._left_ns)
        try:
            while self._arq.state is not HostState.READY:
                self._turn(None)
                if self._arq.error is not None:
                    raise self._arq.error
        except BaseException:
            self._drop()
            raise

    def close(self) -> None:
        """Sends what is queued and a flush frame, waits at most 0.5 s for their acknowledgement; never raises."""
        if self._socket is None:
            return
        end_ns = time.monotonic_ns() + CLOSE_NS
        with contextlib.suppress(OSError):
            self._arq.close(time.monotonic_ns())
            while self._arq.state is HostState.CLOSING and time.monotonic_ns() < end_ns:
                self._turn(end_ns)
        self._drop()

    def queue(self, words: NDArray[np.uint64]) -> None:
        """Queues UT words (uint64[n], copied); they leave while `receive` or `send` serves the link.

        Raises:
            ArgumentError: ``words`` is no one-dimensional array of uint64.
            LinkError: the link is closed or broken.
        """
        self._open_socket()
        self._arq.send_words(words)

    def send(self, words: NDArray[np.uint64]) -> None:
        """Queues UT words (uint64[n], copied) and sends the first of them at once.

        Raises:
            ArgumentError: ``words`` is no one-dimensional array of uint64.
            LinkError: the link is closed or broken.
        """
        self.queue(words)
        self._turn(0)

    def receive(self, limit_ns: int, *, watch: bool = False) -> NDArray[np.uint64]:
        """Serves the link until words arrive.

        Args:
            limit_ns: longest wait in ns; 0 takes what is there.
            watch: ask an idle device for a sign of life meanwhile (see `HostArq.watch`).

        Returns:
            The UT words (uint64[n]) received in order; n = 0 when the time is over.

        Raises:
            LinkError: the link is closed or broken.
        """
        self._open_socket()
        arq = self._arq
        end_ns = time.monotonic_ns() + limit_ns
        if watch:
            arq.watch(time.monotonic_ns(), on=True)
        try:
            while True:
                self._turn(end_ns)
                if arq.backlog_bytes:
                    return arq.take_words()
                arq.check()
                if time.monotonic_ns() >= end_ns:
                    return arq.take_words()
        finally:
            arq.watch(time.monotonic_ns(), on=False)

    def acknowledge(self) -> None:
        """Sends the acknowledgements that are due; to be called before the link is left alone."""
        self._turn(0)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            if self._arq.error is not None:
                raise LinkClosedError(f"the link to {self.name} broke earlier: {self._arq.error}") from self._arq.error
            raise LinkClosedError(f"the link to {self.name} is closed: open it first")
        return self._socket

    def _connect(self) -> socket.socket:
        link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            link.setblocking(False)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
            link.bind(("0.0.0.0", self._local_port))  # noqa: S104 - the protocol binds all interfaces
            link.connect((self.address, self._data_port))
        except OSError as error:
            link.close()
            raise ArgumentError(f"cannot reach {self.name} from local port {self._local_port}: {error}") from error
        return link

    def _drop(self) -> None:
        if self._socket is not None:
            self._poll.unregister(self._socket)
            self._socket.close()
            self._socket = None
            self._held = None

    def _turn(self, until_ns: int | None) -> None:
        """Receives and sends what is possible; if that was nothing, waits for the network or a deadline."""
        self._arq.unattended(time.monotonic_ns() - self._left_ns)
        self._serve(until_ns)
        self._left_ns = time.monotonic_ns()

    def _serve(self, until_ns: int | None) -> None:
        received = self._receive_batch()
        sent = self._send_batch()
        if received or sent or self._arq.error is not None:
            return
        deadlines = [time_ns for time_ns in (until_ns, self._arq.next_deadline()) if time_ns is not None]
        wait_ns = min(deadlines) - time.monotonic_ns() if deadlines else None
        if wait_ns is None or wait_ns > 0:
            link = self._open_socket()
            self._poll.modify(link, select.POLLIN if self._held is None else select.POLLIN | select.POLLOUT)
            self._poll.poll(None if wait_ns is None else wait_ns / MILLISECOND)

    def _receive_batch(self) -> int:
        link, arq, view = self._open_socket(), self._arq, self._view
        for count in range(_BATCH):
            try:
                size = link.recv_into(self._buffer)
            except BlockingIOError:
                return count
            except ConnectionRefusedError:
                arq.refused()
                return count
            except OSError as error:
                _log.debug("%s: receive failed: %s", self.name, error)
                return count
            arq.receive(view[:size], time.monotonic_ns())
        return _BATCH

    def _send_batch(self) -> int:
        arq = self._arq
        reset = arq.reset_frame(time.monotonic_ns())
        if reset is not None:
            self._send(reset, self._reset_port)
        waiting = arq.queued_bytes > 0
        sent = self._send_data(arq)
        if waiting and not arq.queued_bytes:
            self._sent_ns = time.monotonic_ns()
        return sent

    def _send_data(self, arq: HostArq) -> int:
        for count in range(_BATCH):
            datagram, self._held = self._held or arq.transmit(time.monotonic_ns()), None
            if datagram is None:
                return count
            if not self._send(datagram, self._data_port):
                self._held = datagram
                return count
        return _BATCH

    def _send(self, datagram: bytes, port: int) -> bool:
        """Sends one datagram; returns ``False`` if it has to wait for the socket."""
        try:
            self._open_socket().sendto(datagram, (self.address, port))
        except BlockingIOError:
            return False
        except ConnectionRefusedError:
            self._arq.refused()
        except OSError as error:
            # as good as lost on the way: it is repeated in time, and silence has its limit
            _log.debug("%s: send failed: %s", self.name, error)
        return True
