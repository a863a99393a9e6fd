"""Digital potentiometers of the adapter board (AD5252): supply voltages."""

from __future__ import annotations

from typing import ClassVar

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
class AD5252Wiper(Container):
    """A wiper register of a potentiometer.

    I2C device 0x2c + ad; register number 0x01 for channel_1, 0x03 for channel_3, 0x20 more for the persistent copy.
    """

    value: int = uint("Wiper setting.", at(0, 0, 8), maximum=255, default=144)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class AD5252ChannelConfig(AD5252Wiper):
    """Digital potentiometer, volatile wiper register (RDAC)."""

    layout = leaf(
        coordinate=AD5252ChannelConfigOnBoard,
        components={"ad": AD5252OnBoard, "channel": AD5252ChannelOnAD5252},
        address=(ad * 2 + channel) * 2 + 0,
        backends=(Backend.I2C_AD5252_RW_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
    )

    #: Settings for the supplies: 2.5 V, 1.2 V, digital 1.2 V.
    default_pot_25: ClassVar[AD5252ChannelConfig]
    default_pot_12: ClassVar[AD5252ChannelConfig]
    default_pot_12_digital: ClassVar[AD5252ChannelConfig]


AD5252ChannelConfig.default_pot_25 = AD5252ChannelConfig(value=0xA7)
AD5252ChannelConfig.default_pot_12 = AD5252ChannelConfig(value=0xA8)
AD5252ChannelConfig.default_pot_12_digital = AD5252ChannelConfig(value=0x93)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class AD5252ChannelConfigPersistent(AD5252Wiper):
    """Digital potentiometer, non-volatile wiper register (EEMEM)."""

    layout = leaf(
        coordinate=AD5252ChannelConfigPersistentOnBoard,
        components={"ad": AD5252OnBoard, "channel": AD5252ChannelOnAD5252},
        address=(ad * 2 + channel) * 2 + 1,
        backends=(Backend.I2C_AD5252_RW_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
    )
