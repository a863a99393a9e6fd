"""The three queues in which an FPGA answers, and which instructions put an answer into them.

==========  ============================================  ============================
queue       instruction that is answered                  entry
==========  ============================================  ============================
jtag        JTAGData with ``keep_response``               33 bits, FPGA time
omnibus     OmnibusAddress with ``is_read``               32 bits, FPGA time
loopback    Loopback tick                                 FPGA time
==========  ============================================  ============================

Within a queue the answers come in the order of the instructions; between queues there is no order.
Reference: runtime.md 1.1 and 2, fpga-instructions.md 2.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hxtwin.comm import ut
from hxtwin.runtime import access

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.containers import Backend


class Queue(StrEnum):
    """A queue of responses."""

    JTAG = "jtag"
    OMNIBUS = "omnibus"
    LOOPBACK = "loopback"


class ResponseCounts(NamedTuple):
    """Number of responses in each queue; also a position in all of them."""

    jtag: int = 0
    omnibus: int = 0
    loopback: int = 0

    def plus(self, other: ResponseCounts) -> ResponseCounts:
        """The sums, queue by queue."""
        return ResponseCounts(self.jtag + other.jtag, self.omnibus + other.omnibus, self.loopback + other.loopback)

    def of(self, queue: Queue) -> int:
        """The number of one queue."""
        return self[_POSITIONS[queue]]

    @property
    def total(self) -> int:
        """Number of responses in all queues."""
        return sum(self)

    @property
    def only_queue(self) -> Queue | None:
        """The queue if exactly one has responses."""
        used = [queue for queue in Queue if self.of(queue)]
        return used[0] if len(used) == 1 else None


NO_RESPONSES: Final = ResponseCounts()
"""Nothing is answered; also the start of all queues."""
# the instruction that is answered, and the bit of its payload that asks for the answer
_ASKING: Final[dict[Queue, tuple[type[ut.ToFPGA], np.uint64]]] = {
    Queue.JTAG: (ut.JTAGData, np.uint64(ut.JTAGData(keep_response=1).payload ^ ut.JTAGData().payload)),
    Queue.OMNIBUS: (ut.OmnibusAddress, np.uint64(ut.OmnibusAddress(is_read=1).payload ^ ut.OmnibusAddress().payload)),
    Queue.LOOPBACK: (ut.Loopback, np.uint64(ut.Loopback(value=ut.TICK).payload)),
}
_QUEUES: Final[dict[type[ut.FromFPGA], Queue]] = {
    ut.JTAGResponse: Queue.JTAG,
    ut.OmnibusResponse: Queue.OMNIBUS,
    ut.LoopbackResponse: Queue.LOOPBACK,
}
_POSITIONS: Final = {queue: position for position, queue in enumerate(Queue)}


def answered(messages: ut.MessageArray, queue: Queue) -> NDArray[np.bool_]:
    """Mask of the instructions that put an answer into a queue, ``bool[n]``."""
    message, flag = _ASKING[queue]
    found: NDArray[np.bool_] = messages.is_a(message) & ((messages.payloads & flag) != 0)
    return found


def count_responses(messages: ut.MessageArray) -> ResponseCounts:
    """Number of answers that instructions ask for."""
    return ResponseCounts(*(int(np.count_nonzero(answered(messages, queue))) for queue in Queue))


def expected_responses(backend: Backend, addresses: NDArray[np.uint32]) -> ResponseCounts:
    """Number of answers to a read of addresses over a backend."""
    queue = _QUEUES[access.response_message(backend)]
    return NO_RESPONSES._replace(**{str(queue): access.response_count(backend, addresses)})


def responses_before(messages: ut.MessageArray, instructions: NDArray[np.int64]) -> list[ResponseCounts]:
    """For each of some instructions, the number of responses to the instructions before it."""
    if not len(instructions):
        return []
    before = [np.searchsorted(np.flatnonzero(answered(messages, queue)), instructions).tolist() for queue in Queue]
    return [ResponseCounts(*counts) for counts in zip(*before, strict=True)]
