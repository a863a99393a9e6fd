"""Tickets of reads that stand in every section of a batch (see `hxtwin.runtime.realtime_section`).

==================  ======================================================
``get()``           words, ``uint32[entries, n]``
``fpga_times()``    FPGA times of the answers, ``int64[entries, n]``
==================  ======================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.containers import Backend
from hxtwin.runtime.response_queue import NO_RESPONSES, Queue, ResponseCounts
from hxtwin.runtime.ticket import Ticket

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime.section import Section


class BatchTicket(Ticket):
    """Responses to the same reads in many sections.

    Args:
        section: where the batch lies.
        queue: where the responses arrive.
        positions: position of each read among the responses of one section, ``int64[n]``.
        stride: responses of one section.
        entries: number of sections.
        what: name of the reads for messages.
    """

    __slots__ = ("entries", "positions", "stride")

    def __init__(
        self, section: Section, queue: Queue, positions: NDArray[np.int64], stride: int, entries: int, what: str
    ) -> None:
        expected = ResponseCounts(**{str(queue): stride * entries})
        backend = Backend.NULL_PAYLOAD_READABLE if queue is Queue.LOOPBACK else Backend.OMNIBUS_CHIP
        super().__init__(section, NO_RESPONSES, expected, backend, np.empty(0, dtype=np.uint32), what)
        self.positions = positions
        self.stride = stride
        self.entries = entries

    def get(self) -> NDArray[np.uint32]:
        """The words, ``uint32[entries, n]``.

        Raises:
            TicketError: the data are not there.
        """
        return self._chosen(self.payloads()).astype(np.uint32)

    def fpga_times(self) -> NDArray[np.int64]:
        """FPGA times of the answers, FPGA cycles of 8 ns, ``int64[entries, n]``.

        Raises:
            TicketError: the data are not there.
        """
        program, start = self._ready()
        responses = program.result.responses
        times = responses.ticks if self.queue is Queue.LOOPBACK else responses.omnibus["fpga_time"]
        return self._chosen(times[start : start + self.stride * self.entries]).astype(np.int64)

    def _chosen(self, stretch: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return stretch.reshape(self.entries, self.stride)[:, self.positions]
