"""An instruction dictionary: all messages of one direction, by code.

The codes are the positions in the dictionary; the header of 8 bits is the comma bit 0 and the code.
Reference: fpga-instructions.md 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.comm.errors import UTEncodeError
from hxtwin.comm.ut.direction import HEADER_BITS, Direction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hxtwin.comm.ut.message import Message


class Dictionary:
    """The messages of one direction.

    Args:
        direction: where they go.
        messages: message classes in the order of their codes.

    Raises:
        UTEncodeError: a class has another code or direction, or the codes do not fit the header.
    """

    def __init__(self, direction: Direction, messages: tuple[type[Message], ...]) -> None:
        for code, message in enumerate(messages):
            if message.code != code or message.direction is not direction:
                raise UTEncodeError(
                    f"{message.__name__} is declared {message.direction} {message.code}, not {direction} {code}"
                )
        comma_and_code_bits = 1 + (len(messages) - 1).bit_length()
        if 8 * -(-comma_and_code_bits // 8) != HEADER_BITS:
            raise UTEncodeError(f"{len(messages)} codes need another header than {HEADER_BITS} bits")
        self.direction = direction
        self.messages = messages
        self._by_name = {message.__name__: message for message in messages}

    def __len__(self) -> int:
        return len(self.messages)

    def __iter__(self) -> Iterator[type[Message]]:
        return iter(self.messages)

    def __getitem__(self, code_or_name: int | str) -> type[Message]:
        """Message class of a code or a name; KeyError if there is none."""
        if isinstance(code_or_name, str):
            return self._by_name[code_or_name]
        if not 0 <= code_or_name < len(self.messages):
            raise KeyError(code_or_name)
        return self.messages[code_or_name]

    def __repr__(self) -> str:
        return f"<dictionary {self.direction}: {len(self)} messages>"

    def describe(self) -> str:
        """The dictionary as a table, one row for each message."""
        return "\n".join(message.describe() for message in self.messages)

    def of_header(self, header: int) -> type[Message]:
        """Message class of a received header.

        Raises:
            UTEncodeError: no message has this header.
        """
        if not 0 <= header < len(self.messages):
            raise UTEncodeError(
                f"unknown UT message header {header:#04x}: {self.direction} has the codes 0..{len(self) - 1}"
            )
        return self.messages[header]
