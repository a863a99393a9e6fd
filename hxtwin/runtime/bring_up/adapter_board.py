"""Adapter boards: supplies and references of the chip, by the kind of machine.

=======  ==============================================================================  =======================
board    sequence                                                                        reference
=======  ==============================================================================  =======================
cube     shift register, 16 DAC channels, enables of both DACs, 1 ms                     runtime.md 9.1, 2..22
jBOA     I2C multiplexer, 6 potentiometers, I/O expander, barrier omnibus, 3 ms, 0.5 ms  runtime.md 9.2
=======  ==============================================================================  =======================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from hxtwin.containers import (
    AD5252ChannelConfig,
    DACChannelBlock,
    DACControlBlock,
    ShiftRegister,
    TCA9546ChannelConfig,
    TCA9554Config,
)
from hxtwin.coord import (
    AD5252ChannelConfigOnBoard,
    DACChannelBlockOnBoard,
    DACControlBlockOnBoard,
    ShiftRegisterOnBoard,
    TCA9546OnBoard,
    TCA9554ConfigOnBoard,
)
from hxtwin.runtime.bring_up.errors import BringUpError

if TYPE_CHECKING:
    from hxtwin.runtime.program_writer import ProgramWriter

CUBE_DAC_SETTLING: Final = 125_000
"""Settling of the DACs of the cube board: 1 ms, in FPGA cycles of 8 ns."""
JBOA_POWER_UP: Final = 375_000
"""Power-up of the supplies on the jBOA: 3 ms, in FPGA cycles of 8 ns."""
JBOA_DAC_SETTLING: Final = 62_500
"""Settling of the DACs on the jBOA: 0.5 ms, in FPGA cycles of 8 ns."""

_MULTIPLEXER_CHANNELS = [True, True, True, False]
_POTENTIOMETERS = (0xA7, 0x93, 0xA8, 0xA8, 0xA8, 0xA7)  # 2.5 V: 0xa7, 1.2 V digital: 0x93, other 1.2 V: 0xa8


def _default_multiplexer() -> TCA9546ChannelConfig:
    return TCA9546ChannelConfig().with_columns({"enable_channels": _MULTIPLEXER_CHANNELS})


def _default_potentiometers() -> tuple[AD5252ChannelConfig, ...]:
    return tuple(AD5252ChannelConfig(value=code) for code in _POTENTIOMETERS)


@attrs.frozen(kw_only=True)
class CubeBoardInit:
    """Adapter board of a cube ("xBoard").

    Attributes:
        shift_register: supply enables, multiplexers, LEDs.
        dac_channel_block: values of the DAC channels, among them the supply voltages.
        dac_control_block: enables of the DAC channels.
    """

    shift_register: ShiftRegister = attrs.field(factory=ShiftRegister)
    dac_channel_block: DACChannelBlock = attrs.field(factory=DACChannelBlock.default_ldo_2)
    dac_control_block: DACControlBlock = attrs.field(factory=DACControlBlock)

    def write_to(self, writer: ProgramWriter) -> None:
        """Writes the sequence."""
        writer.write(ShiftRegisterOnBoard(), self.shift_register)
        writer.write(DACChannelBlockOnBoard(), self.dac_channel_block)
        writer.write(DACControlBlockOnBoard(), self.dac_control_block)
        writer.wait_for(CUBE_DAC_SETTLING)


@attrs.frozen(kw_only=True)
class JboaBoardInit:
    """Adapter board of a jBOA.

    Attributes:
        multiplexer: channels of the I2C multiplexer, by default 0, 1 and 2.
        potentiometers: settings of the supply voltages by `AD5252ChannelConfigOnBoard`, six of them.
        io_expander: lines that switch the supplies off; by default all outputs, all low.
    """

    multiplexer: TCA9546ChannelConfig = attrs.field(factory=_default_multiplexer)
    potentiometers: tuple[AD5252ChannelConfig, ...] = attrs.field(factory=_default_potentiometers)
    io_expander: TCA9554Config = attrs.field(factory=TCA9554Config)

    def __attrs_post_init__(self) -> None:
        if len(self.potentiometers) != AD5252ChannelConfigOnBoard.size:
            raise BringUpError(
                f"{len(self.potentiometers)} potentiometers are given, the jBOA has {AD5252ChannelConfigOnBoard.size}"
            )

    def write_to(self, writer: ProgramWriter) -> None:
        """Writes the sequence."""
        writer.write(TCA9546OnBoard(), self.multiplexer)
        for place, potentiometer in zip(AD5252ChannelConfigOnBoard.all(), self.potentiometers, strict=True):
            writer.write(place, potentiometer)
        writer.write(TCA9554ConfigOnBoard(), self.io_expander)
        writer.barrier(omnibus=True)
        writer.wait_for(JBOA_POWER_UP)
        writer.wait_for(JBOA_DAC_SETTLING)
