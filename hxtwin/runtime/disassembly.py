"""Programs for people: what each instruction does, where, when and with which fields.

===========  ==========================================================================================================
column       content
===========  ==========================================================================================================
index        number of the instruction; a write over the omnibus takes two
time         earliest value of the playback timer, FPGA cycles of 8 ns; empty before the timer was set
instruction  the instruction in words
container    container class: of the word at this address where the access consists of several containers
coordinate   where it lives
fields       fields that the word carries
===========  ==========================================================================================================

Rows are made when they are looked at, so that a program of millions of instructions can be listed in part.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, overload

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.containers import Backend, ContainerError, TimerValue, explain
from hxtwin.coord import TimerOnDLS
from hxtwin.runtime.access_check import addressed
from hxtwin.runtime.errors import ConversionError
from hxtwin.runtime.instruction_text import instruction_text
from hxtwin.runtime.instruction_times import instruction_times
from hxtwin.runtime.source_map import Access
from hxtwin.runtime.word_owner import owner
from hxtwin.runtime.word_recovery import recover_words

if TYPE_CHECKING:
    from hxtwin.containers import Meaning
    from hxtwin.runtime.program import PlaybackProgram
    from hxtwin.runtime.source_map import Source

_IS_READ: Final = np.uint64(1 << 36)
_SHOWN: Final = 200
_ADDRESSED: Final = frozenset({Backend.OMNIBUS_CHIP, Backend.OMNIBUS_FPGA, Backend.OMNIBUS_CHIP_OVER_JTAG})
_SELECT_WORD: Final = 6  # JTAG instruction of the data register of the omnibus
_SELECT_ADDRESS: Final = 5
_WORD_MASK: Final = 0xFFFFFFFF


@attrs.frozen
class Row:
    """One line of a listing.

    Attributes:
        index: number of the instruction in its program.
        time: earliest value of the playback timer in FPGA cycles of 8 ns; None before the timer was set.
        instruction: the instruction in words.
        container: name of the container; empty for words and messages without one.
        coordinate: text of its coordinate; empty likewise.
        fields: fields and their values; empty for reads.
    """

    index: int
    time: int | None
    instruction: str
    container: str
    coordinate: str
    fields: str

    def __str__(self) -> str:
        time = "" if self.time is None else str(self.time)
        return _line(str(self.index), time, self.instruction, self.container, self.coordinate, self.fields)


def _line(index: str, time: str, instruction: str, container: str, coordinate: str, fields: str) -> str:
    return f"{index:>7}  {time:>10}  {instruction:<38}  {container:<26}  {coordinate}  {fields}".rstrip()


class Disassembly(Sequence[Row]):
    """Rows of a program, or of a part of it; prints as a table.

    Args:
        program: the program.
        start, stop: part of its instructions.
    """

    def __init__(self, program: PlaybackProgram, start: int = 0, stop: int | None = None) -> None:
        self._program = program
        messages = program.messages
        numbers = np.arange(len(messages))
        written = messages.is_a(ut.OmnibusAddress) & ((messages.payloads & _IS_READ) == 0)
        follows = np.zeros(len(messages), dtype=bool)
        follows[1:] = written[:-1] & messages.is_a(ut.OmnibusData)[1:]
        inside = np.zeros(len(messages), dtype=bool)
        inside[start:stop] = True
        self._rows = numbers[~follows & inside]

    @functools.cached_property
    def _times(self) -> list[int]:
        found: list[int] = instruction_times(self._program.messages)[self._rows].tolist()
        return found

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, position: int) -> Row: ...
    @overload
    def __getitem__(self, position: slice) -> list[Row]: ...
    def __getitem__(self, position: int | slice) -> Row | list[Row]:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        return self._row(int(self._rows[position]), self._times[position])

    def lines(self, limit: int | None = None) -> Iterator[str]:
        """Lines of the table, at most `limit` rows (by default all); a last line tells how many are left."""
        shown = len(self) if limit is None else min(limit, len(self))
        yield _line("index", "time", "instruction", "container", "coordinate", "fields")
        for i in range(shown):
            yield str(self[i])
        if shown < len(self):
            yield f"... {len(self) - shown} more of {len(self)} rows"

    def __str__(self) -> str:
        return "\n".join(self.lines(_SHOWN))

    def __repr__(self) -> str:
        return f"<listing of {len(self)} rows>"

    def _row(self, index: int, time: int) -> Row:
        messages = self._program.messages
        message = messages[index]
        data = None
        if isinstance(message, ut.OmnibusAddress) and not message.is_read and index + 1 < len(messages):
            following = messages[index + 1]
            data = following if isinstance(following, ut.OmnibusData) else None
        source = self._program.sources[index]
        container, coordinate, fields = self._subject(index, message, data, source)
        when = None if time < 0 else time
        return Row(index, when, instruction_text(message, data), container, coordinate, fields)

    def _subject(
        self, index: int, message: ut.Message, data: ut.OmnibusData | None, source: Source
    ) -> tuple[str, str, str]:
        """Container, coordinate and fields that an instruction is about."""
        if isinstance(message, ut.OmnibusAddress) and (source.container is None or source.backend in _ADDRESSED):
            return _at_address(message.address, None if data is None else data.value, source)
        if isinstance(message, ut.JTAGData):
            found = self._over_jtag(index, message, source)
            if found is not None:
                return found
        if isinstance(message, ut.WaitUntil):
            return TimerValue.__name__, str(TimerOnDLS()), f"value={message.value}"
        if source.container is None:
            return "", "", ""
        return source.container.__name__, str(source.coordinate), self._fields_of_access(index, source)

    def _fields_of_access(self, index: int, source: Source) -> str:
        """All fields of a write over another bus than the omnibus, beside its first instruction."""
        container, backend, messages = source.container, source.backend, self._program.messages
        if container is None or backend in _ADDRESSED or backend is None or source.access is Access.READ:
            return ""
        first = source.first + isinstance(messages[source.first], ut.WaitUntil) * (container is not TimerValue)
        if index != first:
            return ""
        addresses = container.write_addresses(source.coordinate, addressed(container, backend, read=False))
        try:
            words = recover_words(backend, addresses, messages[first : source.stop])
            fields = container.decode(words, source.coordinate).to_fields()
        except (ContainerError, ConversionError):
            return ""
        return ", ".join(f"{path}={value}" for path, value in fields.items())

    def _over_jtag(self, index: int, message: ut.JTAGData, source: Source) -> tuple[str, str, str] | None:
        """The subject of a data shift: the word of an omnibus access, or the address itself."""
        selected = self._selected(index)
        if selected == _SELECT_ADDRESS:
            return _at_address(int(message.data) & _WORD_MASK, None, source)
        if selected == _SELECT_WORD and not message.keep_response and self._selected(index - 2) == _SELECT_ADDRESS:
            address = self._program.messages[index - 2]
            assert isinstance(address, ut.JTAGData)
            return _at_address(int(address.data) & _WORD_MASK, int(message.data) & _WORD_MASK, source)
        return None

    def _selected(self, index: int) -> int | None:
        """The JTAG instruction directly in front of a data shift."""
        if index < 1:
            return None
        before = self._program.messages[index - 1]
        return before.value if isinstance(before, ut.JTAGIns) else None


class _Subject(NamedTuple):
    container: str
    coordinate: str
    fields: str


def _at_address(address: int, word: int | None, source: Source) -> _Subject:
    """What lives at an omnibus address, as seen by the access that it belongs to."""
    if source.container is None or source.coordinate is None:
        meanings = _explained(address)
    else:
        found = owner(source.container, source.coordinate, address, read=source.access is Access.READ)
        if found is None:
            return _Subject(source.container.__name__, str(source.coordinate), "")
        meanings = (found,)
    if not meanings:
        return _Subject("", "", "")
    names = " / ".join(meaning.container.__name__ for meaning in meanings)
    return _Subject(names, str(meanings[0].coordinate), "" if word is None else _fields(meanings[0], word))


@functools.lru_cache(maxsize=4096)
def _explained(address: int) -> tuple[Meaning, ...]:
    return tuple(explain(address))


def _fields(meaning: Meaning, word: int) -> str:
    return ", ".join(f"{field.path}={field.text}" for field in meaning.fields(word))
