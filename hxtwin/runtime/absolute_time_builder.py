"""The absolute-time builder: commands with a time, brought into order and separated by waits.

=====================================  ================================================================================
``write(t, at, container)``            a write at time t; times are values of the playback timer, FPGA cycles of 8 ns
``read(t, at)``                        a read at time t; returns a ticket
``append(times, messages)``            many instructions with a time each, e.g. spikes
``merge(other)``, ``copy(other)``      takes over, or copies, the commands of another builder
``b += dt``, ``b *= f``                moves or scales all times; ``b + dt``, ``b * f`` in a copy
``done()``                             an ordinary builder: timer := 0, then waits and commands; this one is empty then
=====================================  ================================================================================

Commands of equal time keep the order in which they were given. Nothing follows the last command: no wait, no barrier.

Corrected against the original: times scale exactly instead of in single precision, whether there are reads is known
after ``merge`` and forgotten by ``done`` (reference: runtime.md 4 and 14).
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

import numpy as np

from hxtwin import coord
from hxtwin.comm import ut
from hxtwin.comm.errors import UTEncodeError
from hxtwin.containers import Container, Timer
from hxtwin.runtime.access_check import LAST_TIME, check_time
from hxtwin.runtime.command_placement import CommandPlacement, TimedCommands
from hxtwin.runtime.errors import MergeError, PlacementError, TimeError
from hxtwin.runtime.program import PlaybackProgram
from hxtwin.runtime.program_builder import PlaybackProgramBuilder
from hxtwin.runtime.response_queue import responses_before
from hxtwin.runtime.spike_train import LARGEST_PACK, LATE, SpikeTrainError, schedule

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hxtwin.containers import Backend
    from hxtwin.coord import Coordinate
    from hxtwin.runtime.section import Section
    from hxtwin.runtime.ticket import ContainerTicket

_log = logging.getLogger(__name__)
ContainerT = TypeVar("ContainerT", bound=Container)


class AbsoluteTimePlaybackProgramBuilder:
    """Collects commands with a time."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._recorded = PlaybackProgramBuilder()  # all commands in the order in which they were given
        self._times: list[NDArray[np.int64]] = []
        self._starts: list[NDArray[np.int64]] = []  # first instruction of each command among the recorded ones
        self._reads: list[tuple[int, Section]] = []  # number of each command that reads, with the section of its ticket
        self._commands = 0

    # --- commands -------------------------------------------------------------------------------------------------

    def write(
        self,
        time: int,
        at: Coordinate,
        container: Container,
        base: Container | None = None,
        *,
        backend: Backend | None = None,
    ) -> None:
        """Writes a container at a time; the rest as of `PlaybackProgramBuilder.write`.

        Args:
            time: 0..2**32-1 FPGA cycles of 8 ns.
            at, container, base, backend: see there.

        Raises:
            TimeError: a time that the timer cannot hold.
            PlacementError: the timer, which belongs to `done`; or as of `PlaybackProgramBuilder.write`.
        """
        when = _time(time)
        if isinstance(at, coord.TimerOnDLS) or isinstance(container, Timer):
            raise PlacementError("the timer cannot be written at a time: it is what the times are counted with")
        start = len(self._recorded)
        self._recorded.write(at, container, base, backend=backend)
        self._add(np.array([when]), np.array([start]))

    @overload
    def read(
        self, time: int, at: Coordinate, container: type[ContainerT], *, backend: Backend | None = None
    ) -> ContainerTicket[ContainerT]: ...
    @overload
    def read(
        self, time: int, at: Coordinate, container: None = None, *, backend: Backend | None = None
    ) -> ContainerTicket[Container]: ...
    def read(
        self, time: int, at: Coordinate, container: type[Any] | None = None, *, backend: Backend | None = None
    ) -> ContainerTicket[Any]:
        """Reads a container at a time; the rest as of `PlaybackProgramBuilder.read`.

        Returns:
            The ticket; it holds nothing until `done` was called and the program ran.

        Raises:
            TimeError: a time that the timer cannot hold.
        """
        when = _time(time)
        single = PlaybackProgramBuilder()  # a section of its own: where the read ends up is known in `done`
        ticket = single.read(at, container, backend=backend)
        start, section = len(self._recorded), ticket.section
        self._recorded.merge_back(single)
        self._reads.append((self._commands, section))
        self._add(np.array([when]), np.array([start]))
        return ticket

    def append(self, times: ArrayLike, messages: ut.MessageArray) -> None:
        """Adds one command for each of many instructions.

        Args:
            times: times in FPGA cycles of 8 ns, one for each instruction, in any order, ``int64[n]``.
            messages: instructions that need no answer.

        Raises:
            TimeError: no integers, another number of them, or a time that the timer cannot hold.
            MergeError: messages from the FPGA, or reads.
        """
        block = PlaybackProgramBuilder()
        block.append(messages)
        if not block.is_write_only():
            raise MergeError("messages that read have no ticket; use read")
        self._add_block(times, block)

    def write_spike_train(self, times: ArrayLike, labels: ArrayLike, *, largest_pack: int = LARGEST_PACK) -> None:
        """Adds spikes: those of equal time share packs, each pack is one command.

        Args:
            times: time of each spike in FPGA cycles of 8 ns, in any order, ``int64[n]``.
            labels: label of each spike, 16 bits, ``uint16[n]``.
            largest_pack: most labels of a pack, 1 .. 3.

        Raises:
            TimeError: a time that the timer cannot hold.
            SpikeTrainError: no arrays of integers of one length, a label out of range, or no such size of packs.
        """
        when, names = np.asarray(times), np.asarray(labels)
        if when.ndim != 1 or when.shape != names.shape:
            raise SpikeTrainError(
                f"times of shape {when.shape} and labels of shape {names.shape}: one of each is needed"
            )
        order = np.argsort(when, kind="stable")
        try:
            sizes = ut.pack_sizes(when[order], largest_pack)
            packs = ut.spike_packs_to_fpga(names[order], sizes)
        except UTEncodeError as error:
            raise SpikeTrainError(str(error)) from error
        block = PlaybackProgramBuilder()
        block.append_spikes(packs)
        self._add_block(when[order][np.cumsum(sizes) - sizes], block)

    def _add_block(self, times: ArrayLike, block: PlaybackProgramBuilder) -> None:
        """Adds one command for each instruction of a builder."""
        when, size = np.asarray(times), len(block)
        if when.shape != (size,) or (when.size and when.dtype.kind not in "iu"):
            raise TimeError(f"times are {size} integers, one for each message, not {when.dtype} of shape {when.shape}")
        if not size:
            return
        check_time(int(when.min()))
        check_time(int(when.max()))
        start = len(self._recorded)
        self._recorded.merge_back(block)
        self._add(when.astype(np.int64), start + np.arange(size, dtype=np.int64))

    def _add(self, times: NDArray[np.int64], starts: NDArray[np.int64]) -> None:
        self._times.append(times)
        self._starts.append(starts)
        self._commands += len(times)

    # --- merging, moving, scaling ---------------------------------------------------------------------------------

    def merge(self, other: AbsoluteTimePlaybackProgramBuilder) -> None:
        """Takes over all commands of another builder behind the own ones; it is empty afterwards.

        Raises:
            MergeError: `other` is this builder, or none.
        """
        self._check_other(other)
        self._reads += [(self._commands + command, section) for command, section in other._reads]
        self._take(other)
        self._recorded.merge_back(other._recorded)
        other._clear()

    def copy(self, other: AbsoluteTimePlaybackProgramBuilder) -> None:
        """Copies all commands of another builder behind the own ones.

        Raises:
            MergeError: `other` is this builder, none, or contains reads: their tickets cannot be in two programs.
        """
        self._check_other(other)
        other._check_copy()
        self._take(other)
        self._recorded.copy_back(other._recorded)

    def _check_other(self, other: object) -> None:
        if not isinstance(other, AbsoluteTimePlaybackProgramBuilder):
            raise MergeError(f"a {type(other).__name__} has no times; an AbsoluteTimePlaybackProgramBuilder is wanted")
        if other is self:
            raise MergeError("a builder cannot be merged with itself")

    def _check_copy(self) -> None:
        if not self.is_write_only():
            raise MergeError("a builder with reads cannot be copied, its tickets would be in two programs")

    def _take(self, other: AbsoluteTimePlaybackProgramBuilder) -> None:
        self._times += other._times
        self._starts += [starts + len(self._recorded) for starts in other._starts]
        self._commands += other._commands

    def __iadd__(self, delay: int) -> Self:
        """Moves all commands by a number of FPGA cycles of 8 ns; TimeError if a time leaves the range of the timer."""
        if isinstance(delay, bool) or not isinstance(delay, int | np.integer):
            return NotImplemented
        return self._set_times(self._joined(self._times) + int(delay) if -LAST_TIME <= delay <= LAST_TIME else None)

    def __add__(self, delay: int) -> AbsoluteTimePlaybackProgramBuilder:
        """A copy with all commands moved; MergeError if there are reads."""
        return self._copied().__iadd__(delay)

    def __imul__(self, factor: float) -> Self:
        """Multiplies all times, rounded to the nearest cycle, halves up; TimeError if one leaves the timer's range."""
        if isinstance(factor, bool) or not isinstance(factor, int | float | np.integer | np.floating):
            return NotImplemented
        scale = float(factor)
        if not math.isfinite(scale) or scale < 0:
            raise TimeError(f"times cannot be multiplied by {scale}; give a finite factor that is not negative")
        times = self._joined(self._times)
        if times.size and int(times.max()) * scale > LAST_TIME + 0.5:
            return self._set_times(None)
        return self._set_times(np.floor(times * scale + 0.5).astype(np.int64))

    def __mul__(self, factor: float) -> AbsoluteTimePlaybackProgramBuilder:
        """A copy with all times multiplied; MergeError if there are reads."""
        return self._copied().__imul__(factor)

    def _copied(self) -> AbsoluteTimePlaybackProgramBuilder:
        self._check_copy()
        copied = AbsoluteTimePlaybackProgramBuilder()
        copied.copy(self)
        return copied

    def _set_times(self, times: NDArray[np.int64] | None) -> Self:
        """Replaces all times; None stands for times far out of range."""
        if times is None or (times.size and (times.min() < 0 or times.max() > LAST_TIME)):
            raise TimeError(
                "commands would come to lie before time 0 or beyond the timer, which counts "
                f"0..{LAST_TIME} FPGA cycles of 8 ns; nothing was changed"
            )
        self._starts = [self._joined(self._starts)]
        self._times = [times]
        return self

    @staticmethod
    def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
        return np.concatenate([np.empty(0, dtype=np.int64), *parts])

    # --- state and end --------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._commands

    def empty(self) -> bool:
        """Whether there are no commands."""
        return not self._commands

    def is_write_only(self) -> bool:
        """Whether nothing is read."""
        return not self._reads

    def done(self, *, refuse_late: bool = False) -> PlaybackProgramBuilder:
        """Brings the commands into order; the builder is empty afterwards.

        Commands that will be more than 10 us late are counted in a warning.

        Args:
            refuse_late: raise an error instead, and keep the commands.

        Returns:
            An ordinary builder with ``timer := 0``, then each command, behind a wait where needed.

        Raises:
            TimeError: a command is late and `refuse_late` is set.

        Source: reference runtime.md 4.
        """
        times = self._joined(self._times)
        order = np.argsort(times, kind="stable")
        cycles, waits = schedule(times[order])
        self._report_late(times[order], cycles - times[order], refuse_late)
        starts = self._joined(self._starts)
        size = len(self._recorded)
        recorded = self._recorded.done()
        lengths = np.diff(np.append(starts, size))
        placed = CommandPlacement(starts[order], lengths[order], waits)
        messages = placed.messages(recorded.messages, times[order])
        builder = PlaybackProgramBuilder()
        builder.reset_timer()
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        reads = rank[np.array([command for command, _ in self._reads], dtype=np.int64)]
        positions = responses_before(messages, placed.begins[reads])
        tickets = {section: position for (_, section), position in zip(self._reads, positions, strict=True)}
        ordered = PlaybackProgram(messages, placed.sources(recorded), recorded.restrictions, expected=recorded.expected)
        builder.append_program(ordered, tickets)
        self._clear()
        return builder

    def commands(self) -> TimedCommands:
        """All commands as arrays, in the order in which they were given; the builder stays as it is.

        Raises:
            MergeError: there are reads, whose tickets belong to one place in one program.
        """
        self._check_copy()
        recorded = PlaybackProgramBuilder()
        recorded.copy_back(self._recorded)
        starts = self._joined(self._starts)
        lengths = np.diff(np.append(starts, len(recorded)))
        return TimedCommands(self._joined(self._times), starts, lengths, recorded.done())

    def _report_late(self, times: NDArray[np.int64], delays: NDArray[np.int64], refuse: bool) -> None:
        late = int(np.count_nonzero(delays > LATE))
        if not late:
            return
        worst = int(np.argmax(delays))
        message = (
            f"{late} of {len(times)} commands are more than {LATE} cycles (10 us) late, "
            f"the one at {times[worst]} most: {delays[worst]} cycles; spread them over time"
        )
        if refuse:
            raise TimeError(message)
        _log.warning(message)

    def __repr__(self) -> str:
        return f"<absolute-time builder with {self._commands} commands>"


def _time(time: object) -> int:
    if isinstance(time, bool) or not isinstance(time, int | np.integer | coord.TimerValue):
        raise TimeError(f"{time!r:.80} is no time; give a number of FPGA cycles of 8 ns")
    return check_time(int(time))
