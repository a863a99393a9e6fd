"""I2C multiplexer of the base board (TCA9546)."""

from __future__ import annotations

from typing import ClassVar

import attrs
import numpy as np

from hxtwin.containers.bits import along, at
from hxtwin.containers.container import Container
from hxtwin.containers.fields import BoolArray, flags
from hxtwin.containers.layout import Backend, Target, leaf
from hxtwin.coord import TCA9546ChannelOnBoard, TCA9546OnBoard


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TCA9546ChannelConfig(Container):
    """I2C multiplexer channel enables."""

    layout = leaf(
        coordinate=TCA9546OnBoard,
        address=0,
        backends=(Backend.I2C_TCA9546_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
        notes=(
            "I2C device 0x70, single register without register number: one write of the byte with stop. "
            "Exposed to Python as property channel_status."
            "2 only."
        ),
    )
    enable_channels: BoolArray = flags(
        "Enable downstream channel i.", along(at(0, 0), 4, 1), index=TCA9546ChannelOnBoard, default=True
    )

    #: Channels 0, 1 and 2 only.
    default_mux: ClassVar[TCA9546ChannelConfig]


TCA9546ChannelConfig.default_mux = TCA9546ChannelConfig(enable_channels=np.array([1, 1, 1, 0], dtype=bool))
