"""Sections: where in a program, and in its responses, a stretch of instructions has come to lie.

A ticket knows its position relative to the section of the builder that issued it. Merging builders hangs one section
into another with an offset; finishing a program names the program at the root. So a merge costs the same for one ticket
and for a million. Reference: runtime.md 2 (ticket positions under merges) and 2.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.runtime.response_queue import NO_RESPONSES

if TYPE_CHECKING:
    from hxtwin.runtime.program import PlaybackProgram
    from hxtwin.runtime.response_queue import ResponseCounts


class Section:
    """A stretch of instructions built in one go."""

    __slots__ = ("_offset", "_parent", "_program")

    def __init__(self) -> None:
        self._parent: Section | None = None
        self._offset = NO_RESPONSES
        self._program: PlaybackProgram | None = None

    def lie_in(self, parent: Section, offset: ResponseCounts) -> None:
        """Becomes part of another section, behind `offset` responses of it."""
        self._parent, self._offset = parent, offset

    def belong_to(self, program: PlaybackProgram) -> None:
        """Becomes the root of a finished program."""
        self._program = program

    def place(self) -> tuple[PlaybackProgram | None, ResponseCounts]:
        """The program, None while it is being built, and the responses that come before this section in it."""
        chain = []
        node = self
        while node._parent is not None:
            chain.append(node)
            node = node._parent
        root, offset = node, node._offset
        for item in reversed(chain):  # shortens the chain for the next look-up
            offset = offset.plus(item._offset)
            item._parent, item._offset = root, offset
        return root._program, offset
