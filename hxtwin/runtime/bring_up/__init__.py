"""Bring-up: the sequences that make a chip usable after power-on, in the order in which `SystemInit` writes them.

===================  ================================================  ==============================
room                 sequence                                          reference: runtime.md
===================  ================================================  ==============================
`adapter_board`      supplies of the chip: cube board or jBOA          9.1 steps 2..22, 9.2
`chip_init`          reset, JTAG, clocks, references, memory timing    9.1 steps 23..33, 57..81
`highspeed_link`     links and system time                             9.1 steps 34..56
`minimal_chip_init`  reset and JTAG alone                              9.5
`setup_entry`        what the hardware database says of the machine    9, hwdb.md 4
===================  ================================================  ==============================

Every sequence is frozen data: containers to write and switches. ``write_to(writer)`` writes it into a program builder,
or into a dumper that keeps the containers.
"""

from __future__ import annotations

from hxtwin.runtime.bring_up.adapter_board import CubeBoardInit, JboaBoardInit
from hxtwin.runtime.bring_up.chip_init import ChipInit
from hxtwin.runtime.bring_up.errors import BringUpError
from hxtwin.runtime.bring_up.highspeed_link import HighspeedLinkInit
from hxtwin.runtime.bring_up.minimal_chip_init import MinimalChipInit
from hxtwin.runtime.bring_up.setup_entry import FPGAEntry, SetupEntry, SetupKind

__all__ = [
    "BringUpError",
    "ChipInit",
    "CubeBoardInit",
    "FPGAEntry",
    "HighspeedLinkInit",
    "JboaBoardInit",
    "MinimalChipInit",
    "SetupEntry",
    "SetupKind",
]
