"""Connection to a device in this process: no network, no waiting, the same words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hxtwin.comm.arq.bitfile import BitfileInformation
from hxtwin.comm.arq.frame import check_words
from hxtwin.comm.connection import TWIN, ConnectionInfo
from hxtwin.comm.endpoint_claim import EndpointClaim
from hxtwin.comm.errors import ArgumentError, DeviceDiedError, LinkProtocolError
from hxtwin.comm.single_connection import SingleConnection
from hxtwin.comm.time_info import TimeInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from hxtwin.comm.device import Device


class InProcessConnection(SingleConnection):
    """Runs programs on a device in the calling thread.

    The device is reset when the connection is opened. A program runs until the device returns, so no limit of time
    applies; a device that returns without having answered the halt is an error at once.

    Args:
        device: what executes the words; it serves one connection at a time.
        endpoint: name of the device in messages and in `info`.
        identifier: unique name of the setup, the endpoint by default.
        targets: targets that programs may be made for.
        bitfile: what the device says about itself.

    Raises:
        EndpointTakenError: another connection uses the device.
    """

    def __init__(
        self,
        device: Device,
        *,
        endpoint: str = "sim://",
        identifier: str | None = None,
        targets: Iterable[str] = (TWIN,),
        bitfile: BitfileInformation | None = None,
    ) -> None:
        super().__init__()
        self._device = device
        self._info = ConnectionInfo(
            endpoint=endpoint,
            identifier=identifier or endpoint,
            targets=frozenset(targets),
            bitfile=bitfile or BitfileInformation(),
        )
        self._claim = EndpointClaim(f"device {id(device):#x} ({endpoint})", across_processes=False)
        try:
            device.reset()
        except BaseException:
            self._claim.release()
            raise

    @property
    def info(self) -> ConnectionInfo:
        """What is known about the device."""
        return self._info

    def _run(self, words: NDArray[np.uint64], limit_ns: int) -> tuple[NDArray[np.uint64], TimeInfo]:
        del limit_ns
        start_ns = time.perf_counter_ns()
        returned = self._device.feed(words)
        executed_ns = time.perf_counter_ns()
        try:
            answer = self._cutter.feed(check_words(returned))
        except ArgumentError as error:
            raise LinkProtocolError(f"{self._info.endpoint} returns no words: {error}") from error
        if answer is None:
            raise DeviceDiedError(
                f"{self._info.endpoint} executed {len(words)} words and returned {len(returned)} "
                f"without answering the halt"
            )
        spent = TimeInfo(execute_ns=executed_ns - start_ns, decode_ns=time.perf_counter_ns() - executed_ns)
        return answer, spent

    def _release(self) -> None:
        self._claim.release()
