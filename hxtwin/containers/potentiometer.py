"""Digital potentiometers of the adapter board (AD5252): supply voltages."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import uint
from hxtwin.containers.layout import Backend, Target, leaf
from hxtwin.coord import (
    AD5252ChannelConfigOnBoard,
    AD5252ChannelConfigPersistentOnBoard,
    AD5252ChannelOnAD5252,
    AD5252OnBoard,
)

ad, channel = variables("ad", "channel")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class AD5252ChannelConfig(Container):
    """Digital potentiometer, volatile wiper register (RDAC)."""

    layout = leaf(
        coordinate=AD5252ChannelConfigOnBoard,
        components={"ad": AD5252OnBoard, "channel": AD5252ChannelOnAD5252},
        address=(ad * 2 + channel) * 2 + 0,
        backends=(Backend.I2C_AD5252_RW_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
        notes=(
            "I2C device 0x2c + ad; register number = (0x00 rdac | 0x20 eemem) + (0x01 for channel index 0 = "
            "channel_1, 0x03 for channel index 1 = channel_3). Channels: ad0: vdd_25digital, vdd_12digital; "
            "ad1: vdd_12pll, vdd_12madc; ad2: vdd_12analog, vdd_25analog. Named defaults (volatile container "
            "only): default_pot_25 = 0xA7, default_pot_12 = 0xA8, default_pot_12_digital = 0x93."
        ),
    )
    value: int = uint("Wiper setting.", at(0, 0, 8), maximum=255, default=144)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class AD5252ChannelConfigPersistent(Container):
    """Digital potentiometer, non-volatile wiper register (EEMEM)."""

    layout = leaf(
        coordinate=AD5252ChannelConfigPersistentOnBoard,
        components={"ad": AD5252OnBoard, "channel": AD5252ChannelOnAD5252},
        address=(ad * 2 + channel) * 2 + 1,
        backends=(Backend.I2C_AD5252_RW_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
        notes=(
            "I2C device 0x2c + ad; register number = (0x00 rdac | 0x20 eemem) + (0x01 for channel index 0 = "
            "channel_1, 0x03 for channel index 1 = channel_3). Channels: ad0: vdd_25digital, vdd_12digital; "
            "ad1: vdd_12pll, vdd_12madc; ad2: vdd_12analog, vdd_25analog. Named defaults (volatile container "
            "only): default_pot_25 = 0xA7, default_pot_12 = 0xA8, default_pot_12_digital = 0x93."
        ),
    )
    value: int = uint("Wiper setting.", at(0, 0, 8), maximum=255, default=144)
