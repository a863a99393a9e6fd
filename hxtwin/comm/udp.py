"""Connection over Host-ARQ and UDP: to the lab's FPGA, or to a twin behind a socket."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hxtwin.comm.arq.frame import WORD_BYTES
from hxtwin.comm.arq.settings import (
    DATA_PORT,
    HICANN_X_SETTINGS,
    RESET_PORT,
    SECOND,
    ArqSettings,
    ArqTiming,
    HostLimits,
)
from hxtwin.comm.arq.udp_host import UdpHost
from hxtwin.comm.connection import HARDWARE, ConnectionInfo
from hxtwin.comm.endpoint_claim import EndpointClaim
from hxtwin.comm.errors import HaltTimeoutError
from hxtwin.comm.single_connection import HALT_LIMIT_S, SingleConnection
from hxtwin.comm.time_info import TimeInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hxtwin.comm.arq.counters import ArqCounters


class UDPConnection(SingleConnection):
    """Runs programs on a device behind UDP; opening it resets the FPGA.

    Args:
        host: name or IPv4 address of the device.
        data_port: its data port, 1 .. 65535.
        reset_port: its reset port, 1 .. 65535.
        local_port: port of this side, 0 lets the operating system choose.
        limit_s: longest wait for the end of a program, s, unless `run` is told otherwise.
        settings: what the device must run with.
        timing: retransmission times.
        limits: how long to wait for what while connecting, and when a device counts as dead.
        loopback: send a word to the loop-back of the FPGA before the connection counts as open.
        require_information: refuse a device without usable bitfile information.
        supported_until: largest ``compatible_until`` of the bitfile that is accepted, ``None`` for any.
        exclusive: refuse an endpoint that another process of this machine or another connection of this process uses;
            otherwise it is taken over.

    Raises:
        ArgumentError: address, port or limit cannot be used.
        EndpointTakenError: the endpoint is in use; the message names by whom if known.
        NoAnswerError: nobody answers.
        SettingsMismatchError: the device runs with other settings.
        ResetFailedError: the device answers, but the set-up does not complete.
        BitfileError: the device's information is unusable.
    """

    def __init__(
        self,
        host: str,
        data_port: int = DATA_PORT,
        reset_port: int = RESET_PORT,
        *,
        local_port: int = 0,
        limit_s: float = HALT_LIMIT_S,
        settings: ArqSettings = HICANN_X_SETTINGS,
        timing: ArqTiming | None = None,
        limits: HostLimits | None = None,
        loopback: bool = True,
        require_information: bool = True,
        supported_until: int | None = None,
        exclusive: bool = True,
    ) -> None:
        super().__init__(limit_s)
        self._link = UdpHost(
            host,
            data_port,
            reset_port,
            local_port=local_port,
            settings=settings,
            timing=timing,
            limits=limits,
            loopback=loopback,
            require_information=require_information,
            supported_until=supported_until,
        )
        self._claim = EndpointClaim(self._link.name) if exclusive else None
        try:
            self._link.open()
        except BaseException:
            self._release()
            raise
        bitfile = self._link.information
        self._info = ConnectionInfo(
            endpoint=self._link.name,
            identifier=str(bitfile.entries.get("identifier", self._link.name)),
            targets=frozenset({HARDWARE}),
            bitfile=bitfile,
        )

    @property
    def info(self) -> ConnectionInfo:
        """What is known about the device."""
        return self._info

    @property
    def counters(self) -> ArqCounters:
        """Counters of the link since it was opened."""
        return self._link.counters

    @property
    def local_address(self) -> tuple[str, int]:
        """Address and port of this side.

        Raises:
            LinkClosedError: the connection is closed.
        """
        return self._link.local_address

    def _run(self, words: NDArray[np.uint64], limit_ns: int) -> tuple[NDArray[np.uint64], TimeInfo]:
        link = self._link
        start_ns = time.monotonic_ns()
        link.queue(words)
        encoded_ns = time.monotonic_ns()
        decode_ns = 0
        answer = None
        while answer is None:
            received = link.receive(max(start_ns + limit_ns - time.monotonic_ns(), 0), watch=True)
            received_ns = time.monotonic_ns()
            if not len(received) and received_ns - start_ns >= limit_ns:
                raise HaltTimeoutError(self._timeout(len(words), limit_ns))
            answer = self._cutter.feed(received)
            decode_ns += time.monotonic_ns() - received_ns
        link.acknowledge()
        spent = TimeInfo(
            encode_ns=encoded_ns - start_ns,
            send_ns=max(link.sent_ns - encoded_ns, 0),
            execute_ns=time.monotonic_ns() - start_ns,
            decode_ns=decode_ns,
        )
        return answer, spent

    def _timeout(self, words: int, limit_ns: int) -> str:
        unsent = self._link.unsent_bytes // WORD_BYTES
        return (
            f"the program of {words} words did not end on {self._link.name} within {limit_ns / SECOND:.1f} s: "
            f"{self._cutter.words} words came back without the halt, {unsent} words could not be sent yet; "
            f"give a longer limit_s if the program needs it"
        )

    def _release(self) -> None:
        self._link.close()
        if self._claim is not None:
            self._claim.release()
