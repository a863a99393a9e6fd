"""From a program, or a list of containers, to the chip object that it configures.

All writes on the omnibus are laid over the words of a previous or default chip, per byte, the last one on top. Left out
are conditions and containers without the omnibus (timer, spikes, PLLs over JTAG, SPI, I2C), and words that belong to no
chip object: initialisation, triggers, most of the FPGA. Reference: runtime.md 5.
"""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING

import numpy as np

from hxtwin.containers import Backend, Chip, Container, ContainerError, explain
from hxtwin.coord import ChipOnDLS
from hxtwin.runtime.access_check import addressed
from hxtwin.runtime.errors import ConversionError
from hxtwin.runtime.memory_map import WordWrites
from hxtwin.runtime.program import PlaybackProgram

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from hxtwin.coord import Coordinate
    from hxtwin.runtime.dumper import Command

_log = logging.getLogger(__name__)
_OMNIBUS = (Backend.OMNIBUS_CHIP, Backend.OMNIBUS_FPGA)
_NAMED = 5


def convert_to_chip(commands: PlaybackProgram | Iterable[Command], previous: Chip | None = None) -> Chip:
    """The chip object after a program, or after the commands of a list.

    Args:
        commands: a program, or (coordinate, container) pairs in the order of their execution.
        previous: configuration before; a default chip unless given.

    Raises:
        ConversionError: the words are no valid configuration of a chip.
    """
    if isinstance(commands, PlaybackProgram):
        writes = WordWrites.of_program(commands.messages)
    else:
        writes = WordWrites.concatenate([_writes(at, container) for at, container in commands])
    before = Chip() if previous is None else previous
    words, outside = writes.settled().applied_to(_chip_addresses(), before.encode())
    if len(outside):
        _warn_outside(outside)
    try:
        return Chip.decode(words)
    except ContainerError as error:
        raise ConversionError(f"the written words are no configuration of a chip: {error}") from error


def _writes(at: Coordinate, container: Container) -> WordWrites:
    """The words of a container on the omnibus; none if it does not travel there."""
    cls = type(container)
    way = next((backend for backend in cls.backends if backend in _OMNIBUS), None)
    if way is None or not cls.is_writable():
        return WordWrites.concatenate([])
    addresses = cls.write_addresses(at, addressed(cls, way, read=False))
    return WordWrites(addresses, container.encode(at), container.byte_enables(at))


@functools.cache
def _chip_addresses() -> NDArray[np.uint32]:
    """Addresses of the words of a chip; reads and writes must agree, and every address occurs once."""
    written, read = Chip.write_addresses(ChipOnDLS()), Chip.read_addresses(ChipOnDLS())
    if not np.array_equal(written, read) or len(np.unique(written)) < len(written):
        raise ConversionError("the chip object writes an address twice, or reads others than it writes")
    return written


def _warn_outside(addresses: NDArray[np.uint32]) -> None:
    names = sorted(
        {meaning.container.__name__ for address in addresses[:_NAMED].tolist() for meaning in explain(address)}
    )
    _log.warning(
        "%d written addresses are no part of a chip object and are left out, from %#x on (%s)",
        len(addresses),
        int(addresses[0]),
        ", ".join(names) or "unknown",
    )
