"""Tickets: what a read will have brought, once its program has run.

===================  ====================================================================================
``valid()``          the data are there
``get()``            the data: a container, words, or columns
``fpga_time``        FPGA time of the last response of the read, in FPGA cycles of 8 ns
===================  ====================================================================================

A ticket knows its queue and its position in it, relative to a section of the program; it refers to the last run of the
program that the read has ended up in. Reference: runtime.md 2.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from hxtwin.containers import Container
from hxtwin.runtime import access
from hxtwin.runtime.access_check import addressed
from hxtwin.runtime.errors import ProgramError, TicketError
from hxtwin.runtime.response_queue import Queue

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    from hxtwin.containers import Backend
    from hxtwin.containers.record import Columns
    from hxtwin.coord import Coordinate
    from hxtwin.runtime.program import PlaybackProgram
    from hxtwin.runtime.response_queue import ResponseCounts
    from hxtwin.runtime.section import Section

ContainerT = TypeVar("ContainerT", bound=Container)


class Ticket:
    """Responses to one read.

    Args:
        section: the section of the program in which the read stands.
        position: responses that come before it in the section.
        expected: responses that it asks for, all in one queue.
        backend: way of travel.
        addresses: addresses read, ``uint32[n]``.
        what: name of the read for messages.

    Attributes:
        queue: where the responses arrive; the others are those given.
    """

    __slots__ = ("_count", "_position", "addresses", "backend", "queue", "section", "what")

    def __init__(
        self,
        section: Section,
        position: ResponseCounts,
        expected: ResponseCounts,
        backend: Backend,
        addresses: NDArray[np.uint32],
        what: str,
    ) -> None:
        queue = expected.only_queue
        if queue is None:
            raise ProgramError(f"{what}: a read over {backend} asks for {expected}, one queue of responses is wanted")
        self.section = section
        self.queue = queue
        self._position = position.of(queue)
        self._count = expected.of(queue)
        self.backend = backend
        self.addresses = addresses
        self.what = what

    def valid(self) -> bool:
        """Whether the program has run and answered this read."""
        program, start = self.place()
        return program is not None and program.has_run and self._trouble(program, start) is None

    @property
    def fpga_time(self) -> int:
        """FPGA time of the last response, in FPGA cycles of 8 ns.

        Without synchronised systime this is a running number of messages (reference: runtime.md 6.1).

        Raises:
            TicketError: the data are not there.
        """
        program, start = self._ready()
        last = start + self._count - 1
        responses = program.result.responses
        if self.queue is Queue.LOOPBACK:
            return int(responses.ticks[last])
        return int((responses.omnibus if self.queue is Queue.OMNIBUS else responses.jtag)["fpga_time"][last])

    def payloads(self) -> NDArray[np.uint64]:
        """Payloads of the responses, ``uint64[m]``.

        Raises:
            TicketError: the data are not there.
        """
        program, start = self._ready()
        responses = program.result.responses
        if self.queue is Queue.LOOPBACK:
            return np.ones(self._count, dtype=np.uint64)
        queue = responses.omnibus if self.queue is Queue.OMNIBUS else responses.jtag
        return queue["value"][start : start + self._count].astype(np.uint64)

    def words(self) -> NDArray[np.uint32]:
        """Words read, ``uint32[n]``, one for each address.

        Raises:
            TicketError: the data are not there.
            ProgramError: a device on the board did not acknowledge.
        """
        return access.response_words(self.backend, self.addresses, self.payloads())

    def place(self) -> tuple[PlaybackProgram | None, int]:
        """The program that the read is in, None until it is finished, and the position of its first response there."""
        program, before = self.section.place()
        return program, before.of(self.queue) + self._position

    def _ready(self) -> tuple[PlaybackProgram, int]:
        program, start = self.place()
        if program is None:
            raise TicketError(
                f"{self.what}: its program is not finished; call done() on the builder and run the program"
            )
        if not program.has_run:
            raise TicketError(f"{self.what}: the program has not run yet; give it to hxtwin.runtime.run")
        trouble = self._trouble(program, start)
        if trouble is not None:
            raise TicketError(f"{self.what}: {trouble}")
        return program, start

    def _trouble(self, program: PlaybackProgram, start: int) -> str | None:
        """Why a result does not hold the data; answers come in order, so a queue that is too short begins rightly."""
        responses = program.result.responses
        queues = {Queue.JTAG: responses.jtag, Queue.OMNIBUS: responses.omnibus, Queue.LOOPBACK: responses.ticks}
        there, wanted = len(queues[self.queue]), program.expected.of(self.queue)
        if there > wanted:
            return (
                f"the last run brought {there} {self.queue} responses, the program asked for {wanted}; "
                "which ones are its own cannot be told"
            )
        if start + self._count > there:
            return (
                f"the last run did not answer it: it needs {self.queue} responses {start}..{start + self._count - 1}, "
                f"{there} of {wanted} came"
            )
        return None

    def __repr__(self) -> str:
        return f"<ticket of {self.what}, {'valid' if self.valid() else 'no data'}>"


class ContainerTicket(Ticket, Generic[ContainerT]):
    """Ticket of the read of one container.

    Attributes:
        container: container class.
        coordinate: where it was read.
    """

    __slots__ = ("container", "coordinate")

    container: type[ContainerT]
    coordinate: Coordinate

    @classmethod
    def issue(
        cls,
        section: Section,
        position: ResponseCounts,
        expected: ResponseCounts,
        container: type[ContainerT],
        coordinate: Coordinate,
        backend: Backend,
    ) -> Self:
        """The ticket of a read of `container` at `coordinate`; for the rest see `Ticket`."""
        addresses = container.read_addresses(coordinate, addressed(container, backend, read=True))
        ticket = cls(section, position, expected, backend, addresses, f"read of {container.__name__} at {coordinate}")
        ticket.container, ticket.coordinate = container, coordinate
        return ticket

    def get(self) -> ContainerT:
        """The container as it was read in the last run.

        Raises:
            TicketError: the data are not there.
            ProgramError: a device on the board did not acknowledge.
            DecodeError: the words are not the encoding of such a container.
        """
        return self.container.decode(self.words(), self.coordinate)


class WordTicket(Ticket):
    """Ticket of a read of words by their addresses."""

    __slots__ = ()

    def get(self) -> NDArray[np.uint32]:
        """The words, ``uint32[n]``, in the order of the addresses; errors as of `words`."""
        return self.words()


class ColumnsTicket(Ticket, Generic[ContainerT]):
    """Ticket of a read of many containers of one class.

    Attributes:
        container: container class.
        indices: linear indices of their coordinates, ``int64[n]``.
    """

    __slots__ = ("container", "indices")

    container: type[ContainerT]
    indices: NDArray[np.int64]

    def get(self) -> Columns:
        """All fields as arrays by dotted path; the first axis counts the containers.

        Raises:
            TicketError: the data are not there.
            DecodeError: the words are not the encoding of such containers.
        """
        words = self.words().reshape(len(self.indices), -1)
        return self.container.decode_columns(words, self.indices)
