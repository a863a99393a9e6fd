"""The program in the making: instructions, their sources, and what their reads expect.

A recorder only grows. Builders put accesses into it; it keeps arrays, not objects, and hangs the tickets of another
recorder into its own section when it takes that one over (see `hxtwin.runtime.section`).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from hxtwin.comm import ut
from hxtwin.runtime.program import PLAYBACK_MEMORY_MESSAGES, PlaybackProgram
from hxtwin.runtime.response_queue import NO_RESPONSES
from hxtwin.runtime.section import Section
from hxtwin.runtime.source_map import SourceRecorder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hxtwin.containers import Backend, Container, Target
    from hxtwin.coord import Coordinate
    from hxtwin.runtime.response_queue import ResponseCounts
    from hxtwin.runtime.source_map import Access, SourceMap

_log = logging.getLogger(__name__)


class ProgramRecorder:
    """Collects instructions.

    Attributes:
        size: number of instructions.
        expected: responses that they ask for.
        section: the section that their tickets belong to.
    """

    def __init__(self) -> None:
        self.size = 0
        self.expected = NO_RESPONSES
        self.section = Section()
        self._chunks: list[ut.MessageArray] = []
        self._sources = SourceRecorder()
        self._restrictions: dict[Target, frozenset[str]] = {}

    def add(
        self,
        messages: ut.MessageArray,
        access: Access,
        container: type[Container] | None = None,
        at: Coordinate | None = None,
        backend: Backend | None = None,
        expected: ResponseCounts = NO_RESPONSES,
    ) -> None:
        """Adds one access: its instructions, what it is, and the responses it asks for."""
        self._sources.add(self.size, access, container, at, backend)
        self._append(messages, expected)

    def add_many(
        self,
        messages: ut.MessageArray,
        access: Access,
        container: type[Container],
        indices: NDArray[np.int64],
        backend: Backend,
        expected: ResponseCounts = NO_RESPONSES,
    ) -> None:
        """Adds accesses to containers of one class, all of the same number of instructions."""
        each = len(messages) // len(indices)
        starts = self.size + each * np.arange(len(indices), dtype=np.int64)
        self._sources.add_many(starts, access, container, indices, backend)
        self._append(messages, expected)

    def add_program(self, program: PlaybackProgram, tickets: Mapping[Section, ResponseCounts]) -> None:
        """Adds instructions that were put together in another way.

        Args:
            program: instructions, sources, restrictions and expected responses.
            tickets: sections of the tickets, with the responses that come before each in the program.
        """
        for section, position in tickets.items():
            section.lie_in(self.section, self.expected.plus(position))
        self._sources.extend(program.sources, self.size)
        self.restrict(program.restrictions)
        self._append(program.messages, program.expected)

    def restrict_reads(self, container: type[Container]) -> None:
        """Notes on which targets the reads of a container are refused."""
        self.restrict(dict.fromkeys(container.unsupported_read_targets, frozenset({container.__name__})))

    def restrict(self, restrictions: Mapping[Target, frozenset[str]]) -> None:
        """Notes containers whose reads are refused, by target."""
        for target, names in restrictions.items():
            self._restrictions[target] = self._restrictions.get(target, frozenset()) | names

    def move(self, other: ProgramRecorder) -> None:
        """Takes over everything of another recorder, which must not be used any more."""
        other.section.lie_in(self.section, self.expected)
        self.copy(other)

    def copy(self, other: ProgramRecorder) -> None:
        """Copies everything of another recorder but its tickets."""
        self._sources.extend(other.sources(), self.size)
        self.restrict(other._restrictions)
        self._chunks += other._chunks
        self.size += other.size
        self.expected = self.expected.plus(other.expected)

    def sources(self) -> SourceMap:
        """Sources of all instructions so far."""
        return self._sources.finish(self.size)

    def messages(self) -> ut.MessageArray:
        """All instructions so far."""
        return ut.MessageArray.concatenate([ut.MessageArray.empty("to_fpga"), *self._chunks])

    def finish(self) -> PlaybackProgram:
        """The program; the recorder must not be used any more."""
        if self.size > PLAYBACK_MEMORY_MESSAGES:
            _log.warning(
                "program of %d instructions exceeds the playback memory of %d: it has no guaranteed timing",
                self.size,
                PLAYBACK_MEMORY_MESSAGES,
            )
        return PlaybackProgram(self.messages(), self.sources(), self._restrictions, self.section, self.expected)

    def _append(self, messages: ut.MessageArray, expected: ResponseCounts) -> None:
        self._chunks.append(messages)
        self.size += len(messages)
        self.expected = self.expected.plus(expected)
