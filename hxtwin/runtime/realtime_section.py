"""Real-time sections in a row: the same commands in each of them, and spikes of its own.

==========================================  =======================================================================
`RealtimeSectionBuilder`                    collects the commands of every section
``write(t, at, container)``                 a write at time t of every section
``write_words(times, addresses, words)``    many writes, array-wise
``read_words(times, addresses)``            many reads, array-wise
``tick(t)``                                 a marker: its answer tells the FPGA time at t
``behind``                                  builder of what follows each section, without time
``done()``                                  the `RealtimeSection`; it may be repeated any number of times
``section.repeat(n, entries, ...)``         n sections with spikes: a builder, and tickets of all reads
==========================================  =======================================================================

::

    timer := 0, [wait t - 1, command at t] ..., what follows,   timer := 0, [wait ...] ...
    |------------- section 0 ------------------------------|   |---- section 1 ------ ...

Times count from the timer reset that opens each section, in FPGA cycles of 8 ns. Commands of equal time keep the order
in which they were given; spikes come behind them. Every instruction takes one cycle (reference: runtime.md 4, 13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.coord import SpikeLabel
from hxtwin.runtime.absolute_time_builder import AbsoluteTimePlaybackProgramBuilder
from hxtwin.runtime.access_check import LAST_TIME, check_time
from hxtwin.runtime.batch_ticket import BatchTicket
from hxtwin.runtime.command_placement import TimedCommands
from hxtwin.runtime.errors import MergeError, TimeError
from hxtwin.runtime.program import PlaybackProgram
from hxtwin.runtime.program_builder import PlaybackProgramBuilder
from hxtwin.runtime.response_queue import Queue, ResponseCounts, answered
from hxtwin.runtime.section import Section
from hxtwin.runtime.section_kernel import lay_out_sections
from hxtwin.runtime.source_map import ENTRY_DTYPE, NONE, Access, SourceMap
from hxtwin.runtime.spike_train import LARGEST_PACK, SpikeTrainError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from hxtwin.containers import Container
    from hxtwin.coord import Coordinate

SPIKES_PER_CYCLE: Final = 2
"""Labels that the link to the chip takes per FPGA cycle (reference: containers-b.md 2.11): packs of so many never
queue there."""
_MOST_SECTIONS: Final = 1 << 21


@attrs.frozen(eq=False)
class SectionReads:
    """Reads that stand in every section; `RealtimeBatch.ticket` gives their answers.

    Attributes:
        commands: numbers of the commands, ``int64[n]``.
        queue: where the answers arrive.
        what: name for messages.
    """

    commands: NDArray[np.int64]
    queue: Queue
    what: str


class RealtimeSectionBuilder:
    """Collects the commands of every section."""

    def __init__(self) -> None:
        self._recorded = PlaybackProgramBuilder()
        self._times: list[NDArray[np.int64]] = []
        self._starts: list[NDArray[np.int64]] = []
        self._commands = 0
        self.behind = PlaybackProgramBuilder()
        """What follows each section once its last command was executed."""

    def write(self, time: int, at: Coordinate, container: Container, base: Container | None = None) -> None:
        """Writes a container at a time of every section; errors as of `PlaybackProgramBuilder.write`.

        Raises:
            TimeError: a time that the timer cannot hold.
        """
        self._at(check_time(time))
        self._recorded.write(at, container, base)

    def write_words(self, times: ArrayLike, addresses: ArrayLike, words: ArrayLike) -> None:
        """Writes words over the omnibus, one command for each.

        Args:
            times: one for each word, or one for all, FPGA cycles of 8 ns.
            addresses, words: ``uint32[n]`` each.

        Raises:
            TimeError: other times than that, or one that the timer cannot hold.
            PlacementError: as of `PlaybackProgramBuilder.write_words`.
        """
        self._each(times, np.size(addresses), 2)
        self._recorded.write_words(addresses, words)

    def read_words(self, times: ArrayLike, addresses: ArrayLike) -> SectionReads:
        """Reads words over the omnibus, one command for each.

        Args:
            times: one for each word, or one for all, FPGA cycles of 8 ns.
            addresses: ``uint32[n]``, at least one.

        Raises:
            TimeError: other times than that, or one that the timer cannot hold.
            PlacementError: as of `PlaybackProgramBuilder.read_words`.
        """
        size = np.size(addresses)
        self._each(times, size, 1)
        self._recorded.read_words(addresses)
        return SectionReads(np.arange(self._commands - size, self._commands), Queue.OMNIBUS, f"{size} words")

    def tick(self, time: int) -> SectionReads:
        """A marker at a time of every section.

        Raises:
            TimeError: a time that the timer cannot hold.
        """
        self._at(check_time(time))
        self._recorded.append(ut.MessageArray.from_messages([ut.Loopback(value=ut.TICK)], "to_fpga"))
        return SectionReads(np.array([self._commands - 1]), Queue.LOOPBACK, "marker")

    def merge(self, builder: AbsoluteTimePlaybackProgramBuilder, delay: int = 0) -> None:
        """Copies the commands of an absolute-time builder into every section; it stays as it is.

        Args:
            builder: commands without reads.
            delay: added to their times, FPGA cycles.

        Raises:
            MergeError: there are reads: one ticket cannot be in many sections.
            TimeError: a time that the timer cannot hold.
        """
        if not isinstance(builder, AbsoluteTimePlaybackProgramBuilder):
            raise MergeError(
                f"a {type(builder).__name__} has no times; an AbsoluteTimePlaybackProgramBuilder is wanted"
            )
        commands = builder.commands()
        if len(commands.times):
            self._starts.append(commands.starts + len(self._recorded))
            self._times.append(_times(commands.times + delay))
            self._commands += len(commands.times)
            self._recorded.append_program(commands.recorded)

    def done(self) -> RealtimeSection:
        """The section; this builder must not be used any more."""
        times, starts = (np.concatenate([np.empty(0, np.int64), *parts]) for parts in (self._times, self._starts))
        lengths = np.diff(np.append(starts, len(self._recorded)))
        commands = TimedCommands(times, starts, lengths, self._recorded.done())
        return RealtimeSection(commands, self.behind.done())

    def _at(self, time: int) -> None:
        self._each(time, 1, 1)

    def _each(self, times: ArrayLike, count: int, instructions: int) -> None:
        """Announces commands of so many instructions each."""
        due = np.asarray(times)
        if due.shape not in {(), (count,)}:
            raise TimeError(f"times of shape {due.shape} for {count} commands: give one for each, or one for all")
        self._times.append(np.broadcast_to(_times(due), (count,)))
        self._starts.append(len(self._recorded) + instructions * np.arange(count, dtype=np.int64))
        self._commands += count


def _times(times: NDArray[np.integer]) -> NDArray[np.int64]:
    """Times that the timer can hold, ``int64[n]``."""
    if times.size and times.dtype.kind not in "iu":
        raise TimeError(f"times are integers, FPGA cycles of 8 ns, not {times.dtype}")
    if times.size and not 0 <= int(times.min()) <= int(times.max()) <= LAST_TIME:
        raise TimeError(f"times {times.min()}..{times.max()}: the timer counts 0..{LAST_TIME} FPGA cycles of 8 ns")
    return times.astype(np.int64)


@attrs.frozen(eq=False)
class RealtimeBatch:
    """Sections in a row, ready to be merged into a program.

    Attributes:
        builder: the instructions.
        entries: number of sections.
        largest_delay: delay of the command that is executed latest after its time, FPGA cycles; 0: all are in time.
        late: number of spike packs that are executed after their time.
    """

    builder: PlaybackProgramBuilder
    entries: int
    largest_delay: int
    late: int
    _section: Section
    _positions: Mapping[Queue, NDArray[np.int64]]
    _strides: ResponseCounts

    def ticket(self, reads: SectionReads) -> BatchTicket:
        """The answers to reads of all sections; valid once the program has run."""
        positions = self._positions[reads.queue][reads.commands]
        stride = self._strides.of(reads.queue)
        what = f"{reads.what} of {self.entries} real-time sections"
        return BatchTicket(self._section, reads.queue, positions, stride, self.entries, what)


class RealtimeSection:
    """Commands of a real-time section, to be repeated with different spikes.

    Args:
        commands: commands with their times.
        behind: what follows each section.
    """

    def __init__(self, commands: TimedCommands, behind: PlaybackProgram) -> None:
        setup = PlaybackProgramBuilder()
        setup.reset_timer()
        recorded = PlaybackProgramBuilder()
        for program in (commands.recorded, setup.done(), behind):
            recorded.append_program(program)
        own = len(commands.recorded)
        order = np.argsort(commands.times, kind="stable")
        # in time order, framed by the reset of the timer and by what follows
        self._times = np.concatenate([[0], commands.times[order], [LAST_TIME]])
        self._starts = np.concatenate([[own], commands.starts[order], [own + 1]])
        self._lengths = np.concatenate([[1], commands.lengths[order], [len(behind)]])
        self._recorded: Final = recorded.done()
        self._positions: Final = {queue: self._ranks(queue, order) for queue in (Queue.OMNIBUS, Queue.LOOPBACK)}
        self._strides: Final = self._recorded.expected

    @property
    def largest_size(self) -> int:
        """Most instructions that a section without spikes can have, waits included."""
        return int(self._lengths.sum()) + len(self._times)

    def _ranks(self, queue: Queue, order: NDArray[np.int64]) -> NDArray[np.int64]:
        """Responses of a section before those of each command, in the order in which the commands were given."""
        before = np.concatenate([[0], np.cumsum(answered(self._recorded.messages, queue))])
        counts = before[self._starts + self._lengths] - before[self._starts]
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = (np.cumsum(counts) - counts)[1:-1]
        return ranks

    def repeat(
        self,
        sections: int,
        spike_sections: ArrayLike = (),
        spike_times: ArrayLike = (),
        spike_labels: ArrayLike = (),
        *,
        largest_pack: int = SPIKES_PER_CYCLE,
    ) -> RealtimeBatch:
        """Sections in a row.

        Args:
            sections: their number, 1 .. 2**21.
            spike_sections: section of each spike, ``int64[n]``, ascending.
            spike_times: time of each spike in its section, FPGA cycles of 8 ns, ascending in each section.
            spike_labels: 16-bit label of each spike.
            largest_pack: most labels that are sent at once, 1 .. 3; more than two of them queue on their way.

        Returns:
            The instructions and their tickets.

        Raises:
            SpikeTrainError: spikes out of order, labels of more than 16 bits, or arrays of different lengths.
            TimeError: no such number of sections, or a time that the timer cannot hold.
        """
        if not 1 <= sections <= _MOST_SECTIONS:
            raise TimeError(f"{sections} real-time sections in a program: give 1..{_MOST_SECTIONS}")
        if largest_pack not in range(1, LARGEST_PACK + 1):
            raise SpikeTrainError(f"packs of up to {largest_pack} spikes do not exist, give 1..{LARGEST_PACK}")
        where, due, labels = _spikes(sections, spike_sections, spike_times, spike_labels)
        room = sections * self.largest_size + 2 * len(due)
        codes, payloads = np.empty(room, dtype=np.uint8), np.empty(room, dtype=np.uint64)
        begins, commands = np.empty((2, sections * len(self._times) + len(due)), dtype=np.int64)
        recorded = self._recorded.messages
        size, entries, largest_delay, late = lay_out_sections(
            sections,
            self._times,
            self._starts,
            self._lengths,
            recorded.codes,
            recorded.payloads,
            where,
            due,
            labels,
            largest_pack,
            ut.WaitUntil.code,
            ut.SpikePack1ToFPGA.code,
            codes,
            payloads,
            begins,
            commands,
        )
        messages = ut.MessageArray(ut.Direction.TO_FPGA, codes[:size].copy(), payloads[:size].copy())
        sources = self._sources(begins[:entries], commands[:entries], size)
        counts = ResponseCounts(*(sections * count for count in self._strides))
        program = PlaybackProgram(messages, sources, self._recorded.restrictions, expected=counts)
        section = Section()
        builder = PlaybackProgramBuilder()
        builder.append_program(program, {section: ResponseCounts()})
        return RealtimeBatch(
            builder=builder,
            entries=sections,
            largest_delay=largest_delay,
            late=late,
            section=section,
            positions=self._positions,
            strides=self._strides,
        )

    def _sources(self, begins: NDArray[np.int64], commands: NDArray[np.int64], size: int) -> SourceMap:
        """What the instructions belong to; a wait belongs to its command, neighbouring spikes share an entry."""
        known = self._recorded.sources.entries
        spikes = np.array([(0, Access.SPIKES, NONE, NONE, 0)], dtype=ENTRY_DTYPE)
        numbers = np.searchsorted(known["start"], self._starts, side="right") - 1
        own = np.concatenate([known[numbers], spikes])  # the last one stands for spikes
        own["access"][:-1][self._lengths == 0] = Access.MESSAGES
        last = commands == len(self._times) - 1
        entries = own[commands[~last]]
        entries["start"] = begins[~last]
        behind = known[known["start"] >= self._starts[-1]]  # what follows a section consists of several accesses
        repeated = np.tile(behind, np.count_nonzero(last))
        repeated["start"] = np.add.outer(begins[last], behind["start"] - self._starts[-1]).reshape(-1)
        entries = np.concatenate([entries, repeated])
        entries = entries[np.argsort(entries["start"], kind="stable")]
        kept = np.diff(entries["start"], append=size) > 0
        return SourceMap(entries[kept], self._recorded.sources.containers, self._recorded.sources.places, size)


def _spikes(
    sections: int, spike_sections: ArrayLike, spike_times: ArrayLike, spike_labels: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint16]]:
    """Checked sections, times and labels of spikes."""
    where, when, labels = (np.asarray(given) for given in (spike_sections, spike_times, spike_labels))
    if where.ndim != 1 or not where.shape == when.shape == labels.shape:
        raise SpikeTrainError(
            f"sections {where.shape}, times {when.shape}, labels {labels.shape}: one of each per spike is needed"
        )
    if not where.size:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint16)
    if any(array.dtype.kind not in "iu" for array in (where, when, labels)):
        raise SpikeTrainError(f"integers are wanted, not {where.dtype}, {when.dtype}, {labels.dtype}")
    if not 0 <= int(where.min()) <= int(where.max()) < sections:
        raise SpikeTrainError(f"spikes of sections {where.min()}..{where.max()}, there are 0..{sections - 1}")
    if not 0 <= int(labels.min()) <= int(labels.max()) <= SpikeLabel.max:
        raise SpikeTrainError(f"a label of {labels.min()}..{labels.max()}, allowed are 0..{SpikeLabel.max}")
    chosen, due = where.astype(np.int64), _times(when)
    wrong = (chosen[1:] < chosen[:-1]) | ((chosen[1:] == chosen[:-1]) & (due[1:] < due[:-1]))
    if wrong.any():
        i = int(np.argmax(wrong)) + 1
        raise SpikeTrainError(f"spike {i} lies before spike {i - 1}: sort the spikes by section, then by time")
    return chosen, due, labels.astype(np.uint16)
