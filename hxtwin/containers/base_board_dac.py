"""Digital-to-analog converter of the base board (DAC6573)."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import uint
from hxtwin.containers.layout import Backend, Target, leaf
from hxtwin.coord import DAC6573ChannelOnBoard, DAC6573ChannelOnDAC6573

(channel,) = variables("channel")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DAC6573ChannelConfig(Container):
    """Channel of the 10-bit DAC of the newer base board."""

    layout = leaf(
        coordinate=DAC6573ChannelOnBoard,
        components={"channel": DAC6573ChannelOnDAC6573},
        address=channel,
        backends=(Backend.I2C_DAC6573_RW_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
        notes=(
            "I2C device 0x4c; command byte 0x10 + (channel<<1), then the code left shifted by 6 as two "
            "bytes, high byte first. channels: v_reset 0, i_ref_board 1, v_res_meas 2, v_readout 3."
        ),
    )
    value: int = uint("DAC code.", at(0, 0, 10), maximum=1023)
