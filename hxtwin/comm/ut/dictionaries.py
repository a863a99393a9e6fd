"""Both instruction dictionaries, by direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hxtwin.comm.ut.direction import Direction, as_direction
from hxtwin.comm.ut.from_fpga import FROM_FPGA
from hxtwin.comm.ut.to_fpga import TO_FPGA

if TYPE_CHECKING:
    from hxtwin.comm.ut.dictionary import Dictionary

DICTIONARIES: Final = {Direction.TO_FPGA: TO_FPGA, Direction.FROM_FPGA: FROM_FPGA}
"""The dictionary of each direction."""


def dictionary(direction: Direction | str) -> Dictionary:
    """Returns the dictionary of a direction.

    Raises:
        ArgumentError: there is no such direction.
    """
    return DICTIONARIES[as_direction(direction)]
