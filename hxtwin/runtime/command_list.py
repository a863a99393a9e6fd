"""Lists of (coordinate, container): what a dumper gives and a builder can replay.

=========================================  ===========================================================================
`convert_to_builder`, `convert_to_dumper`  replay a list
`convert_to_list`                          the containers that a program writes, decoded from its instructions
`remove_block_until`                       without conditions
`squash`                                   the last container of each coordinate, sorted by coordinate
=========================================  ===========================================================================

Reference: runtime.md 5.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final, SupportsIndex

import numpy as np

from hxtwin.comm import ut
from hxtwin.containers import (
    Container,
    ContainerError,
    SpikePack1ToChip,
    SpikePack2ToChip,
    SpikePack3ToChip,
    TimerValue,
)
from hxtwin.coord import SpikePack1ToChipOnDLS, SpikePack2ToChipOnDLS, SpikePack3ToChipOnDLS, TimerOnDLS
from hxtwin.runtime.access_check import CONDITIONS, addressed
from hxtwin.runtime.dumper import Command, Dumper, replay
from hxtwin.runtime.errors import ConversionError
from hxtwin.runtime.program_builder import PlaybackProgramBuilder
from hxtwin.runtime.source_map import Access
from hxtwin.runtime.word_recovery import recover_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hxtwin.coord import Coordinate
    from hxtwin.runtime.program import PlaybackProgram
    from hxtwin.runtime.source_map import Source

_PACKS: Final[dict[type[ut.Message], tuple[type[Container], Coordinate]]] = {
    ut.SpikePack1ToFPGA: (SpikePack1ToChip, SpikePack1ToChipOnDLS()),
    ut.SpikePack2ToFPGA: (SpikePack2ToChip, SpikePack2ToChipOnDLS()),
    ut.SpikePack3ToFPGA: (SpikePack3ToChip, SpikePack3ToChipOnDLS()),
}


def convert_to_builder(commands: Iterable[Command]) -> PlaybackProgramBuilder:
    """A builder that writes the containers over their default backends and waits for the conditions, in order."""
    builder = PlaybackProgramBuilder()
    for at, container in commands:
        replay(builder, at, container)
    return builder


def convert_to_dumper(commands: Iterable[Command]) -> Dumper:
    """A dumper that holds the commands."""
    dumper = Dumper()
    dumper.extend(commands)
    return dumper


def remove_block_until(commands: Iterable[Command]) -> list[Command]:
    """The commands without the conditions."""
    return [(at, container) for at, container in commands if not isinstance(container, CONDITIONS)]


def squash(commands: Iterable[Command]) -> list[Command]:
    """The last command of each coordinate, sorted by type and index of the coordinate.

    The order between coordinates of different types is not kept, and a condition on the timer takes the place of an
    earlier write to it: meant for configuration, not for programs that depend on their order.
    """
    return sorted(dict(commands).items(), key=lambda command: _order(command[0]))


def _order(at: Coordinate) -> tuple[str, int, str]:
    """Sort key: type, linear index, and the text of coordinates that have none."""
    return (
        (type(at).__name__, operator.index(at), "")
        if isinstance(at, SupportsIndex)
        else (type(at).__name__, 0, str(at))
    )


def convert_to_list(program: PlaybackProgram) -> list[Command]:
    """The containers and conditions of a write-only program, decoded from its instructions.

    Raises:
        ConversionError: the program reads, an instruction belongs to no container, or only a part of a container is
            written (a differential write).
    """
    if not program.is_write_only():
        raise ConversionError(f"a program with {program.size_from_fpga()} reads is no list of writes")
    sources = program.sources
    return [command for entry in range(len(sources)) for command in _decoded(program, sources.source(entry))]


def _decoded(program: PlaybackProgram, source: Source) -> Iterator[Command]:
    messages = program.messages[source.first : source.stop]
    if source.access is Access.SPIKES:
        yield from map(_spikes, messages)
        return
    cls, at, backend = source.container, source.coordinate, source.backend
    if cls is None or at is None or backend is None:
        raise ConversionError(f"instruction {source.first}: {source} belongs to no container")
    if cls is not TimerValue and isinstance(messages[0], ut.WaitUntil):  # a time given to the absolute-time builder
        yield _waited(messages[0])
        messages = messages[1:]
    try:
        words = recover_words(backend, cls.write_addresses(at, addressed(cls, backend, read=False)), messages)
        yield at, cls.decode(words, at)
    except (ContainerError, ConversionError) as error:
        raise ConversionError(f"instruction {source.first}, {source}: {error}") from error


def _spikes(message: ut.Message) -> Command:
    if isinstance(message, ut.WaitUntil):
        return _waited(message)
    if not isinstance(message, ut.SpikePack1ToFPGA | ut.SpikePack2ToFPGA | ut.SpikePack3ToFPGA):
        raise ConversionError(f"{message} stands among spikes, it belongs to no container")
    container, at = _PACKS[type(message)]
    return at, container.decode(np.array(message.spikes, dtype=np.uint32))


def _waited(message: ut.WaitUntil) -> Command:
    return TimerOnDLS(), TimerValue(value=message.value)
