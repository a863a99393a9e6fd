"""Both ends of Host-ARQ and a bad network between them, in virtual time.

The link owns the clock: it jumps from event to event (arrival of a datagram, end of a transmission, deadline of an
end), so seconds of a lossy line cost only the work of the frames. Nothing reads a real clock; the same seeds give the
same run. An end sends when its line is free, as a socket with a short queue lets it.
"""

from __future__ import annotations

import enum
import heapq
from typing import TYPE_CHECKING, Final

from hxtwin.comm.arq.channel import Channel, ChannelModel
from hxtwin.comm.arq.host import HostArq, HostState

if TYPE_CHECKING:
    from collections.abc import Callable

    from hxtwin.comm.arq.fpga import Address, FpgaArq

HOST_ADDRESS: Final[tuple[str, int]] = ("192.0.2.1", 50000)
"""Address of the host on the virtual link (a documentation network)."""


class Way(enum.Enum):
    """Where a datagram is going."""

    TO_DATA_PORT = enum.auto()
    TO_RESET_PORT = enum.auto()
    TO_HOST = enum.auto()


class VirtualLink:
    """Runs a host and an FPGA against each other.

    Args:
        host: the host's end.
        fpga: the FPGA's end.
        model: what the network does, in both directions.
        seed: gives the random numbers of the network.
        host_address: address of the host as the FPGA sees it.

    Attributes:
        now_ns: the virtual time.
        to_fpga: the channel from the host, with its counts.
        to_host: the channel from the FPGA.
        datagrams: datagrams sent by both ends.
        tap: called with every datagram that is sent, before anything happens to it.
    """

    def __init__(
        self,
        host: HostArq,
        fpga: FpgaArq,
        model: ChannelModel,
        seed: int,
        *,
        host_address: Address = HOST_ADDRESS,
    ) -> None:
        self.host = host
        self.fpga = fpga
        self.host_address = host_address
        self.now_ns = 0
        self.datagrams = 0
        self.tap: Callable[[Way, bytes], None] | None = None
        self.to_fpga = Channel(model, 2 * seed)
        self.to_host = Channel(model, 2 * seed + 1)
        self._arrivals: list[tuple[int, int, Way, bytes, Address]] = []
        self._number = 0
        self._host_free_ns = 0
        self._fpga_free_ns = 0
        self._host_due: int | None = 0
        self._fpga_due: int | None = None

    def connect(self, limit_ns: int = 60_000_000_000) -> bool:
        """Connects the host; returns whether the session is ready within ``limit_ns``."""
        self.host.connect(self.now_ns)
        self.poke()
        self.run(lambda: self.host.state in {HostState.READY, HostState.FAILED}, limit_ns)
        return self.host.state is HostState.READY

    def poke(self) -> None:
        """Tells the link that words were queued at an end since the last run."""
        self._host_due = max(self.now_ns, self._host_free_ns)
        self._fpga_due = max(self.now_ns, self._fpga_free_ns)

    def inject(self, way: Way, datagram: bytes, time_ns: int) -> None:
        """Lets a datagram arrive at ``time_ns`` as if the host (or, on the way to it, the FPGA) had sent it."""
        self._enter(way, datagram, max(time_ns, self.now_ns), self.host_address)

    def run(self, done: Callable[[], bool], limit_ns: int) -> bool:
        """Runs until ``done()``; returns whether that was within ``limit_ns`` of virtual time."""
        end_ns = self.now_ns + limit_ns
        while not done():
            time_ns = self._next_event()
            if time_ns is None or time_ns > end_ns:
                self.now_ns = end_ns
                return False
            self.now_ns = max(self.now_ns, time_ns)
            self._step()
        return True

    def _next_event(self) -> int | None:
        times = [time for time in (self._host_due, self._fpga_due) if time is not None]
        if self._arrivals:
            times.append(self._arrivals[0][0])
        return min(times, default=None)

    def _step(self) -> None:
        now = self.now_ns
        while self._arrivals and self._arrivals[0][0] <= now:
            _, _, way, datagram, sender = heapq.heappop(self._arrivals)
            if way is Way.TO_HOST:
                if sender == self.host_address:
                    self.host.receive(datagram, now)
                    self._host_due = max(now, self._host_free_ns)
            else:
                if way is Way.TO_RESET_PORT:
                    self.fpga.receive_reset(datagram, sender, now)
                else:
                    self.fpga.receive_from(datagram, sender, now)
                self._fpga_due = max(now, self._fpga_free_ns)
        if self._host_due is not None and now >= self._host_due:
            self._serve_host(now)
        if self._fpga_due is not None and now >= self._fpga_due:
            self._serve_fpga(now)

    def _serve_host(self, now: int) -> None:
        host = self.host
        datagram, way = host.reset_frame(now), Way.TO_RESET_PORT
        if datagram is None:
            datagram, way = host.transmit(now), Way.TO_DATA_PORT
        if datagram is None:
            deadline = host.next_deadline()
            self._host_due = None if deadline is None else max(deadline, now + 1, self._host_free_ns)
            return
        self._host_free_ns = self._host_due = now + Channel.line_ns(len(datagram))
        self._post(way, datagram, self.to_fpga, self._host_free_ns, self.host_address)

    def _serve_fpga(self, now: int) -> None:
        fpga = self.fpga
        notice = fpga.transmit_notice()
        address, datagram = notice if notice is not None else (fpga.peer, fpga.transmit(now))
        if datagram is None or address is None:
            deadline = fpga.next_deadline()
            self._fpga_due = None if deadline is None else max(deadline, now + 1, self._fpga_free_ns)
            return
        self._fpga_free_ns = self._fpga_due = now + Channel.line_ns(len(datagram))
        self._post(Way.TO_HOST, datagram, self.to_host, self._fpga_free_ns, address)

    def _post(self, way: Way, datagram: bytes, channel: Channel, sent_ns: int, address: Address) -> None:
        self.datagrams += 1
        if self.tap is not None:
            self.tap(way, datagram)
        for time_ns, copy in channel.carry(datagram, sent_ns):
            self._enter(way, copy, time_ns, address)

    def _enter(self, way: Way, datagram: bytes, time_ns: int, address: Address) -> None:
        self._number += 1
        heapq.heappush(self._arrivals, (time_ns, self._number, way, datagram, address))
