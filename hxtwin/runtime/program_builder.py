"""The program builder: accesses in the order in which they are executed.

==================================  ==========================================================================
``write(at, container)``            all words of a container, in the order of its bus accesses
``write(at, container, base)``      only the words that differ from those of `base`
``read(at)``                        a read of every word; returns a ticket
``block_until(at, condition)``      waits for the timer, for a barrier, or for a polled word
``merge_back(other)``               moves everything of `other` behind; `other` is empty then
``copy_back(other)``                copies `other`, which must be write-only
``done()``                          hands out the program; the builder is empty then
==================================  ==========================================================================

Nothing is reordered, merged, left out or waited for unasked. To be sure that reads are answered before the program
ends, put the barrier of their bus behind them. Reference: runtime.md 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np

from hxtwin.comm import ut
from hxtwin.containers import Backend, Container, Timer
from hxtwin.runtime import access
from hxtwin.runtime.access_check import (
    CONDITIONS,
    addressed,
    check_backend,
    check_condition,
    check_pair,
    check_readable,
    check_write,
    readable_at,
)
from hxtwin.runtime.differential_write import changed_words
from hxtwin.runtime.errors import AccessRefusedError, MergeError, PlacementError
from hxtwin.runtime.program_recorder import ProgramRecorder
from hxtwin.runtime.program_writer import ProgramWriter
from hxtwin.runtime.response_queue import count_responses, expected_responses
from hxtwin.runtime.source_map import Access
from hxtwin.runtime.spike_train import LARGEST_PACK, pack_spike_train
from hxtwin.runtime.ticket import ColumnsTicket, ContainerTicket, WordTicket
from hxtwin.runtime.volume_check import as_columns, as_indices, as_words, lanes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from hxtwin.coord import Coordinate
    from hxtwin.runtime.access_check import Condition
    from hxtwin.runtime.program import PlaybackProgram
    from hxtwin.runtime.response_queue import ResponseCounts
    from hxtwin.runtime.section import Section

ContainerT = TypeVar("ContainerT", bound=Container)


class PlaybackProgramBuilder(ProgramWriter):
    """Builds a `PlaybackProgram` access by access."""

    def __init__(self) -> None:
        self._recorder = ProgramRecorder()

    # --- accesses -------------------------------------------------------------------------------------------------

    def write(
        self,
        at: Coordinate,
        container: Container,
        base: Container | None = None,
        *,
        backend: Backend | None = None,
    ) -> None:
        """Writes a container.

        Args:
            at: where it lives.
            container: what is written.
            base: configuration that is there already; then only the words that differ from it are written, none if
                nothing differs (reference: runtime.md 2.2).
            backend: way of travel, by default the first of the container's `backends`.

        Raises:
            PlacementError: container and coordinate do not belong together.
            AccessRefusedError: the container is read-only, or a condition.
            BackendError: the container does not travel that way.
            DifferenceError: `base` is of another type, or the type does not support differential writes.
        """
        place, checked = check_write(at, container)
        cls = type(checked)
        way = check_backend(cls, backend, read=False)
        if base is None:
            addresses, words = cls.write_addresses(place, addressed(cls, way, read=False)), checked.encode(place)
            messages = access.write_messages(way, addresses, words, checked.byte_enables(place))
        else:
            changed = changed_words(place, checked, base, way)
            if not len(changed):
                return
            messages = access.write_messages(way, changed.addresses, changed.words)
        self._recorder.add(messages, Access.WRITE, cls, place, way)

    @overload
    def read(
        self, at: Coordinate, container: type[ContainerT], *, backend: Backend | None = None
    ) -> ContainerTicket[ContainerT]: ...
    @overload
    def read(
        self, at: Coordinate, container: None = None, *, backend: Backend | None = None
    ) -> ContainerTicket[Container]: ...
    def read(
        self, at: Coordinate, container: type[Any] | None = None, *, backend: Backend | None = None
    ) -> ContainerTicket[Any]:
        """Reads a container.

        Args:
            at: where it lives; this tells which container it is.
            container: its class, for type checkers and readers; checked if given.
            backend: way of travel, by default the first of the container's `read_backends`.

        Returns:
            The ticket that gives the container once the program has run.

        Raises:
            PlacementError: no container lives there, or another one than `container`.
            AccessRefusedError: the container is write-only.
            BackendError: the container cannot be read that way.
        """
        cls = readable_at(at) if container is None else check_readable(container)
        place = check_pair(at, cls)
        way = check_backend(cls, backend, read=True)
        addresses = cls.read_addresses(place, addressed(cls, way, read=True))
        messages, expected = access.read_messages(way, addresses), expected_responses(way, addresses)
        ticket: ContainerTicket[Any] = ContainerTicket.issue(
            self._recorder.section, self._recorder.expected, expected, cls, place, way
        )
        self._recorder.restrict_reads(cls)
        self._recorder.add(messages, Access.READ, cls, place, way, expected)
        return ticket

    def block_until(self, at: Coordinate, condition: Condition) -> None:
        """Waits until a condition holds.

        Args:
            at: coordinate of the condition: ``TimerOnDLS()``, ``BarrierOnFPGA()``, ``PollingOmnibusBlockOnFPGA()``.
            condition: `TimerValue` (or a number of FPGA cycles of 8 ns), `Barrier` or `PollingOmnibusBlock`. A time
                that has passed does not block; everything but the timer is subject to the instruction timeout.

        Raises:
            PlacementError: they do not belong together.
            TimeError: a time that the timer cannot hold.
        """
        place, checked = check_condition(at, condition)
        way = type(checked).default_backend
        messages = access.write_messages(way, type(checked).write_addresses(place, way), checked.encode(place), None)
        self._recorder.add(messages, Access.BLOCK, type(checked), place, way)

    # --- volume ---------------------------------------------------------------------------------------------------

    def write_columns(
        self,
        container: type[Container],
        indices: ArrayLike,
        columns: Mapping[str, ArrayLike],
        *,
        backend: Backend | None = None,
    ) -> None:
        """Writes many containers of one class.

        Args:
            container: their class.
            indices: linear indices of their coordinates, ``int64[n]``.
            columns: fields by dotted path, the first axis counts the containers; others have their defaults. Values out
                of range are refused.
            backend: as of `write`.

        Raises:
            PlacementError: an index is none of the coordinates.
            AccessRefusedError, BackendError: as of `write`.
        """
        if issubclass(container, (Timer, *CONDITIONS)) or not container.is_writable():
            raise AccessRefusedError(f"{container.__name__} cannot be written in columns")
        way = check_backend(container, backend, read=False)
        where = as_indices(container, indices)
        if not len(where):
            return
        complete = as_columns(container, columns, len(where))
        words = container.encode_columns(complete, where)
        addresses = container.addresses_of(where, backend=addressed(container, way, read=False))
        lanes = lanes_of(container, complete, where)
        messages = access.write_messages(
            way, addresses.reshape(-1), words.reshape(-1), None if lanes is None else lanes.reshape(-1)
        )
        self._recorder.add_many(messages, Access.WRITE, container, where, way)

    def read_columns(
        self, container: type[ContainerT], indices: ArrayLike, *, backend: Backend | None = None
    ) -> ColumnsTicket[ContainerT]:
        """Reads many containers of one class.

        Args:
            container: their class.
            indices: linear indices of their coordinates, ``int64[n]``, at least one.
            backend: as of `read`.

        Returns:
            The ticket that gives all fields as arrays once the program has run.

        Raises:
            PlacementError: no index, or one that is none of the coordinates.
            AccessRefusedError, BackendError: as of `read`.
        """
        check_readable(container)
        way = check_backend(container, backend, read=True)
        where = as_indices(container, indices)
        if not len(where):
            raise PlacementError(f"no {container.__name__} to read: give at least one index")
        addresses = container.addresses_of(where, read=True, backend=addressed(container, way, read=True)).reshape(-1)
        messages, expected = access.read_messages(way, addresses), expected_responses(way, addresses)
        ticket: ColumnsTicket[ContainerT] = ColumnsTicket(
            self._recorder.section,
            self._recorder.expected,
            expected,
            way,
            addresses,
            f"read of {len(where)} {container.__name__}",
        )
        ticket.container, ticket.indices = container, where
        self._recorder.restrict_reads(container)
        self._recorder.add_many(messages, Access.READ, container, where, way, expected)
        return ticket

    def write_words(
        self,
        addresses: ArrayLike,
        words: ArrayLike,
        *,
        byte_enables: NDArray[np.uint8] | None = None,
        backend: Backend = Backend.OMNIBUS_CHIP,
    ) -> None:
        """Writes words to addresses of a backend: the way down past the containers.

        Args:
            addresses, words: ``uint32[n]`` each.
            byte_enables: byte lanes of each word, ``uint8[n]``, bit 0 = data bits 7..0; by default all.
            backend: way of travel.

        Raises:
            PlacementError: the lengths differ, or a number does not fit 32 bits.
        """
        where, what = as_words("addresses", addresses), as_words("words", words)
        lengths = {len(where), len(what), *([] if byte_enables is None else [len(byte_enables)])}
        if len(lengths) != 1:
            raise PlacementError(
                f"addresses, words and byte enables of lengths {sorted(lengths)}: one for each is wanted"
            )
        if not len(where):
            return
        messages = access.write_messages(backend, where, what, byte_enables)
        self._recorder.add(messages, Access.WRITE, backend=backend)

    def read_words(self, addresses: ArrayLike, *, backend: Backend = Backend.OMNIBUS_CHIP) -> WordTicket:
        """Reads the words at addresses of a backend.

        Raises:
            PlacementError: no address, or a number that does not fit 32 bits.
        """
        where = as_words("addresses", addresses)
        if not len(where):
            raise PlacementError("no word to read: give at least one address")
        messages = access.read_messages(backend, where)
        expected = expected_responses(backend, where)
        what = f"read of {len(where)} words from {int(where[0]):#x} on"
        ticket = WordTicket(self._recorder.section, self._recorder.expected, expected, backend, where, what)
        self._recorder.add(messages, Access.READ, backend=backend, expected=expected)
        return ticket

    def write_spike_train(
        self, times: ArrayLike, labels: ArrayLike, *, start: int = 0, largest_pack: int = LARGEST_PACK
    ) -> int:
        """Sends spikes at times of the playback timer.

        Args:
            times: time of each spike in FPGA cycles of 8 ns, ascending, ``int64[n]``; those of equal time share packs.
            labels: label of each spike, 16 bits, ``uint16[n]``.
            start: value of the timer when the first instruction can be executed; 0 right behind its reset.
            largest_pack: most labels of a pack, 1 .. 3.

        Returns:
            First cycle in which the next instruction can be executed.

        Raises:
            TimeError: times that are not ascending, before `start`, or beyond the timer.
            SpikeTrainError: no arrays of integers of one length, a label out of range, or no such size of packs.
        """
        packed = pack_spike_train(times, labels, start=start, largest_pack=largest_pack)
        self.append_spikes(packed.messages)
        return packed.end

    def append(self, messages: ut.MessageArray) -> None:
        """Appends instructions as they are; responses to reads in them have no ticket.

        Raises:
            MergeError: messages from the FPGA, or a halt, which is appended when the program runs.
        """
        if messages.direction is not ut.Direction.TO_FPGA:
            raise MergeError(f"messages {messages.direction} are no instructions")
        if (messages.is_a(ut.Loopback) & (messages.payloads == ut.HALT)).any():
            raise MergeError("a halt ends a program: it is appended when the program runs")
        if not len(messages):
            return
        self._recorder.add(messages, Access.MESSAGES, expected=count_responses(messages))

    def append_spikes(self, messages: ut.MessageArray) -> None:
        """Appends packs of spikes and waits between them, as `hxtwin.runtime.pack_spike_train` gives them.

        Raises:
            MergeError: other instructions.
        """
        kinds = (ut.SpikePack1ToFPGA, ut.SpikePack2ToFPGA, ut.SpikePack3ToFPGA, ut.WaitUntil)
        if not np.isin(messages.codes, [kind.code for kind in kinds]).all() or messages.direction != "to_fpga":
            raise MergeError("packs of spikes towards the FPGA and waits are wanted; use append for other messages")
        if len(messages):
            self._recorder.add(messages, Access.SPIKES)

    def append_program(self, program: PlaybackProgram, tickets: Mapping[Section, ResponseCounts] | None = None) -> None:
        """Appends the instructions of a program, e.g. one read from an archive.

        Args:
            program: the program; it stays as it is.
            tickets: sections of tickets that shall refer to these reads, with the responses that come before each in
                the program; none by default.
        """
        self._recorder.add_program(program, tickets or {})

    # --- merging --------------------------------------------------------------------------------------------------

    def merge_back(self, other: PlaybackProgramBuilder) -> None:
        """Moves everything of another builder behind; its tickets stay valid, it is empty afterwards.

        Raises:
            MergeError: `other` is this builder, or none.
        """
        self._check_other(other)
        self._recorder.move(other._recorder)
        other._recorder = ProgramRecorder()

    def merge_front(self, other: PlaybackProgramBuilder) -> None:
        """Moves everything of another builder in front; all tickets stay valid, it is empty afterwards.

        Raises:
            MergeError: `other` is this builder, or none.
        """
        self._check_other(other)
        joined = ProgramRecorder()
        joined.move(other._recorder)
        joined.move(self._recorder)
        self._recorder, other._recorder = joined, ProgramRecorder()

    def copy_back(self, other: PlaybackProgramBuilder) -> None:
        """Copies another builder, which must be write-only; it stays as it is.

        Raises:
            MergeError: `other` is this builder, none, or holds reads: their tickets cannot be in two programs.
        """
        self._check_other(other)
        if not other.is_write_only():
            raise MergeError("a builder with reads cannot be copied, its tickets would be in two programs; merge it")
        self._recorder.copy(other._recorder)

    def _check_other(self, other: object) -> None:
        if not isinstance(other, PlaybackProgramBuilder):
            raise MergeError(f"a {type(other).__name__} cannot be merged; a PlaybackProgramBuilder is wanted")
        if other is self:
            raise MergeError("a builder cannot be merged with itself")

    # --- state and end --------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._recorder.size

    def size_to_fpga(self) -> int:
        """Number of instructions so far."""
        return self._recorder.size

    def size_from_fpga(self) -> int:
        """Number of responses that the reads so far ask for."""
        return self._recorder.expected.total

    def empty(self) -> bool:
        """Whether there are no instructions."""
        return not self._recorder.size

    def is_write_only(self) -> bool:
        """Whether nothing is read."""
        return not self._recorder.expected.total

    def done(self) -> PlaybackProgram:
        """The finished program; the builder is empty afterwards.

        A program that exceeds the playback memory is logged here and refused by `hxtwin.runtime.run`.
        """
        program = self._recorder.finish()
        self._recorder = ProgramRecorder()
        return program

    def __repr__(self) -> str:
        return f"<builder with {self.size_to_fpga()} instructions, {self.size_from_fpga()} responses asked for>"
