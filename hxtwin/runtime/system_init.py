"""`SystemInit`: everything between power-on and the first configuration of a chip.

=====================================  =====================  =======================================================
part                                   messages               switch (all on by default)
=====================================  =====================  =======================================================
instruction timeout                    2
adapter board, by the kind of machine  152 cube, 43 jBOA      `enable_asic_adapter_board`
chip                                   194                    `enable_chip`
.. high-speed link                     48 of these            ``chip.enable_highspeed_link``
.. .. system time                      7 of these             ``chip.highspeed_link.enable_systime``
.. reference currents                  39 of these            ``chip.enable_capmem``
=====================================  =====================  =======================================================

>>> from hxtwin.runtime.system_init import ChipInit, HighspeedLinkInit, SystemInit, generate
>>> without_time = SystemInit(chip=ChipInit(highspeed_link=HighspeedLinkInit(enable_systime=False)))
>>> builder, _ = generate(without_time)

Crossbar, neurons, synapses, analog parameters, processors and readout keep the values they have after the reset.
Reference: runtime.md 9, fpga-instructions.md 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs

from hxtwin.containers import InstructionTimeoutConfig
from hxtwin.coord import InstructionTimeoutConfigOnFPGA
from hxtwin.runtime.bring_up import (
    BringUpError,
    ChipInit,
    CubeBoardInit,
    FPGAEntry,
    HighspeedLinkInit,
    JboaBoardInit,
    MinimalChipInit,
    SetupEntry,
    SetupKind,
)
from hxtwin.runtime.program_builder import PlaybackProgramBuilder

if TYPE_CHECKING:
    from hxtwin.runtime.program_writer import ProgramWriter

__all__ = [
    "BringUpError",
    "ChipInit",
    "CubeBoardInit",
    "FPGAEntry",
    "HighspeedLinkInit",
    "JboaBoardInit",
    "MinimalChipInit",
    "Sequence",
    "SetupEntry",
    "SetupKind",
    "SystemInit",
    "generate",
]


class Sequence(Protocol):
    """Something that can write itself into a program."""

    def write_to(self, writer: ProgramWriter) -> None:
        """Writes the sequence."""


@attrs.frozen(kw_only=True)
class SystemInit:
    """Bring-up of a machine: adapter board and chip.

    Attributes:
        setup: the machine; None: a cube of which nothing else is known.
        instruction_timeout: time after which a blocked instruction is given up; 10 ms by default.
        enable_asic_adapter_board: whether the adapter board is set up.
        asic_adapter_board: how; by default as the kind of machine wants it.
        enable_chip: whether the chip is brought up.
        chip: how.
    """

    setup: SetupEntry | None = None
    instruction_timeout: InstructionTimeoutConfig = attrs.field(factory=InstructionTimeoutConfig)
    enable_asic_adapter_board: bool = True
    asic_adapter_board: CubeBoardInit | JboaBoardInit = attrs.field()
    enable_chip: bool = True
    chip: ChipInit = attrs.field(factory=ChipInit)

    @asic_adapter_board.default
    def _board_of_setup(self) -> CubeBoardInit | JboaBoardInit:
        is_jboa = self.setup is not None and self.setup.kind is SetupKind.JBOA
        return JboaBoardInit() if is_jboa else CubeBoardInit()

    def write_to(self, writer: ProgramWriter) -> None:
        """Writes the sequence."""
        writer.write(InstructionTimeoutConfigOnFPGA(), self.instruction_timeout)
        if self.enable_asic_adapter_board:
            self.asic_adapter_board.write_to(writer)
        if self.enable_chip:
            self._chip_of_setup().write_to(writer)

    def _chip_of_setup(self) -> ChipInit:
        """The chip, with the memory timing of the machine unless one is given."""
        if self.setup is None or self.chip.memory_timing is not None:
            return self.chip
        return attrs.evolve(self.chip, memory_timing=self.setup.memory_timing())


def generate(sequence: Sequence) -> tuple[PlaybackProgramBuilder, None]:
    """Generates the builder of a sequence.

    Args:
        sequence: `SystemInit` or a part of it.

    Returns:
        The builder, to be merged or finished, and the result of the sequence, of which there is none.
    """
    builder = PlaybackProgramBuilder()
    sequence.write_to(builder)
    return builder, None
