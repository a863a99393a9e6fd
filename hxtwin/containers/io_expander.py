"""I/O expander of the adapter board (TCA9554): disable lines of the supplies."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import along, at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD
from hxtwin.containers.fields import BoolArray, flags
from hxtwin.containers.layout import Backend, Target, leaf
from hxtwin.coord import TCA9554ChannelOnBoard, TCA9554ConfigOnBoard, TCA9554InputsOnBoard


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TCA9554Inputs(Container):
    """I/O expander inputs (read only)."""

    layout = leaf(
        coordinate=TCA9554InputsOnBoard,
        read=0,
        backends=(Backend.I2C_TCA9554_RO_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
        notes="I2C device 0x38, register 0.",
    )
    channel_input: BoolArray = flags("Input level.", along(at(0, 0), 8, 1), index=TCA9554ChannelOnBoard, access="ro")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TCA9554Config(Container):
    """I/O expander configuration."""

    layout = leaf(
        coordinate=TCA9554ConfigOnBoard,
        words=3,
        address=WORD,
        backends=(Backend.I2C_TCA9554_RW_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
        notes="I2C device 0x38, device registers 1, 2, 3.",
    )
    channel_output: BoolArray = flags("Output level.", along(at(0, 0), 8, 1), index=TCA9554ChannelOnBoard)
    channel_polarity: BoolArray = flags("0 normal, 1 inverted.", along(at(1, 0), 8, 1), index=TCA9554ChannelOnBoard)
    channel_mode: BoolArray = flags("0 output, 1 input.", along(at(2, 0), 8, 1), index=TCA9554ChannelOnBoard)
