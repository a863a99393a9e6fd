"""The playback program: instructions as arrays, and what its last run brought back.

=======================================  ===========================================================================
`PlaybackProgram.messages`               the instructions, ``uint8[n]`` codes and ``uint64[n]`` payloads, read-only
`PlaybackProgram.expected`               responses per queue that its reads ask for
`PlaybackProgram.sources`                container and coordinate of every instruction
`PlaybackProgram.result`                 responses of the last run; a second run replaces them
=======================================  ===========================================================================

Programs come from `PlaybackProgramBuilder.done`. Reference: runtime.md 2 and 6, fpga-instructions.md 6.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.runtime.errors import TicketError
from hxtwin.runtime.response_queue import ResponseCounts, count_responses, responses_before
from hxtwin.runtime.section import Section
from hxtwin.runtime.source_map import Access
from hxtwin.runtime.ticket import ContainerTicket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hxtwin.comm import ut
    from hxtwin.containers import Container, Target
    from hxtwin.runtime.disassembly import Disassembly
    from hxtwin.runtime.result import ProgramResult
    from hxtwin.runtime.source_map import SourceMap

PLAYBACK_MEMORY_MESSAGES: Final = 1 << 22
"""Messages that the playback memory of 32 MiB holds (reference: runtime.md 7)."""
_DIGEST_BYTES: Final = 16


class PlaybackProgram:
    """A finished program.

    Args:
        messages: instructions.
        sources: what they belong to.
        restrictions: for each target on which some reads of the program are refused, the containers read.
        section: section of the tickets issued for its reads; a new one by default.
        expected: responses that the reads ask for, counted by default.
    """

    __slots__ = ("_digest", "_result", "expected", "messages", "restrictions", "section", "sources")

    def __init__(
        self,
        messages: ut.MessageArray,
        sources: SourceMap,
        restrictions: Mapping[Target, frozenset[str]],
        section: Section | None = None,
        expected: ResponseCounts | None = None,
    ) -> None:
        self.messages: Final = messages
        self.sources: Final = sources
        self.restrictions: Final = dict(restrictions)
        self.expected: Final = count_responses(messages) if expected is None else expected
        self.section: Final = section or Section()
        self.section.belong_to(self)
        self._result: ProgramResult | None = None
        self._digest: bytes | None = None

    # --- as instructions ------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.messages)

    def size_to_fpga(self) -> int:
        """Number of instructions, the halt that ends every run not counted."""
        return len(self.messages)

    def size_from_fpga(self) -> int:
        """Number of responses that the reads ask for; events and timing messages come on top."""
        return self.expected.total

    def empty(self) -> bool:
        """Whether there are no instructions."""
        return not len(self)

    def is_write_only(self) -> bool:
        """Whether nothing is read."""
        return not self.expected.total

    @property
    def digest(self) -> bytes:
        """16 bytes that tell programs of different instructions apart."""
        if self._digest is None:
            state = hashlib.blake2b(digest_size=_DIGEST_BYTES)
            for array in (self.messages.codes, self.messages.payloads.astype("<u8", copy=False)):
                state.update(np.ascontiguousarray(array).data)
            self._digest = state.digest()
        return self._digest

    def __eq__(self, other: object) -> bool:
        """Programs are equal if their instructions are."""
        if not isinstance(other, PlaybackProgram):
            return NotImplemented
        return self.messages == other.messages

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        ran = "has run" if self.has_run else "has not run"
        return f"<program of {len(self)} instructions, {self.expected.total} responses asked for, {ran}>"

    def disassemble(self, start: int = 0, stop: int | None = None) -> Disassembly:
        """The program for people: rows of time, instruction, container, coordinate and fields.

        Args:
            start, stop: part of the instructions, by default all.

        Returns:
            A sequence of rows that prints as a table; rows are made when they are looked at.
        """
        from hxtwin.runtime.disassembly import Disassembly

        return Disassembly(self, start, stop)

    def to_bytes(self) -> bytes:
        """The program as bytes, without results; `from_bytes` reads them."""
        from hxtwin.runtime.program_serialization import program_to_bytes

        return program_to_bytes(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> PlaybackProgram:
        """The program that `to_bytes` has written; `tickets` gives tickets of its reads.

        Raises:
            ProgramDecodeError: other bytes.
        """
        from hxtwin.runtime.program_serialization import program_from_bytes

        return program_from_bytes(data)

    # --- the last run ---------------------------------------------------------------------------------------------

    @property
    def has_run(self) -> bool:
        """Whether there is a result."""
        return self._result is not None

    @property
    def result(self) -> ProgramResult:
        """What the last run brought back, also of a run that failed.

        Raises:
            TicketError: the program has not run.
        """
        if self._result is None:
            raise TicketError("the program has not run: give it to hxtwin.runtime.run, or load an archived result")
        return self._result

    def attach(self, result: ProgramResult) -> None:
        """Takes a result as that of the last run; all tickets and events refer to it from now on."""
        self._result = result

    def result_to_bytes(self) -> bytes:
        """The result of the last run as bytes; `load_result` reads them.

        Raises:
            TicketError: the program has not run.
        """
        from hxtwin.runtime.result_serialization import result_to_bytes

        return result_to_bytes(self)

    def load_result(self, data: bytes) -> None:
        """Takes an archived result as that of the last run; all tickets and events refer to it from now on.

        Raises:
            ProgramDecodeError: bytes that `result_to_bytes` has not written.
            TicketError: the result belongs to another program.
        """
        from hxtwin.runtime.result_serialization import attach_result

        attach_result(self, data)

    def forget(self) -> None:
        """Drops the result: tickets and events hold nothing until the next run has ended."""
        self._result = None

    @property
    def spikes(self) -> NDArray[np.void]:
        """Spikes of the last run in the order of the stream (not sorted by chip time).

        Fields: label u2, fpga_time u8, chip_time u8, both in FPGA cycles of 8 ns (reference: runtime.md 6.2).
        """
        return self.result.responses.spikes

    @property
    def madc_samples(self) -> NDArray[np.void]:
        """MADC samples of the last run: value u2 (10 bits), channel u1, fpga_time u8, chip_time u8."""
        return self.result.responses.madc_samples

    @property
    def highspeed_link_notifications(self) -> NDArray[np.void]:
        """Link notifications of the last run: value u1 (bits as in `hxtwin.comm.ut`), fpga_time u8."""
        return self.result.responses.highspeed_link_notifications

    @property
    def timeout_notifications(self) -> NDArray[np.void]:
        """Timeout notifications of the last run, see `hxtwin.comm.ut.TIMEOUT_DTYPE`.

        A run that has any of them failed with `InstructionTimeoutError`.
        """
        return self.result.responses.timeouts

    @property
    def spikes_pack_counts(self) -> NDArray[np.int64]:
        """Number of packs of 1, 2 and 3 spikes in the last run, ``int64[3]``."""
        return self.result.responses.spike_pack_counts

    @property
    def madc_samples_pack_counts(self) -> NDArray[np.int64]:
        """Number of packs of 1, 2 and 3 MADC samples in the last run, ``int64[3]``."""
        return self.result.responses.madc_sample_pack_counts

    # --- tickets --------------------------------------------------------------------------------------------------

    def tickets(self) -> list[ContainerTicket[Container]]:
        """Tickets of all reads of containers, in order; also of a program that was restored from an archive."""
        entries = self.sources.entries
        reads = np.flatnonzero((entries["access"] == Access.READ) & (entries["container"] >= 0))
        positions = responses_before(self.messages, entries["start"][reads].astype(np.int64))
        found = []
        for entry, position in zip(reads.tolist(), positions, strict=True):
            source = self.sources.source(entry)
            assert source.container is not None
            assert source.coordinate is not None
            assert source.backend is not None
            expected = count_responses(self.messages[source.first : source.stop])
            found.append(
                ContainerTicket.issue(
                    self.section, position, expected, source.container, source.coordinate, source.backend
                )
            )
        return found
