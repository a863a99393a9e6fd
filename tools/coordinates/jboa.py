"""jBOA adapter board: potentiometers, DAC, I/O expander and I2C multiplexer.

Source: reference coordinates.md, section 3.8.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import (
    Declaration,
    composite,
    enumerated,
    ranged,
    same_index,
    unique,
)

SUPPLIES = ("vdd_25digital", "vdd_12digital", "vdd_12pll", "vdd_12madc", "vdd_12analog", "vdd_25analog")
EXPANDER = ("TCA9554OnBoard", "TCA9554InputsOnBoard", "TCA9554ConfigOnBoard")
POTENTIOMETER_CHANNELS = (
    "AD5252ChannelOnBoard",
    "AD5252ChannelConfigOnBoard",
    "AD5252ChannelConfigPersistentOnBoard",
)


def potentiometer_channel(name: str, doc: str) -> Declaration:
    """Declare one of the views of the potentiometer channels; the constants name the supply they set."""
    return composite(
        name,
        "AD5252ChannelOnAD5252",
        "AD5252OnBoard",
        doc,
        container=True,
        constants=enumerated(SUPPLIES),
        to=same_index(POTENTIOMETER_CHANNELS, name),
    )


TOPIC = Topic(
    "jboa",
    __doc__,
    (
        unique("TCA9554OnBoard", "I/O expander.", to=same_index(EXPANDER, "TCA9554OnBoard")),
        unique("TCA9554InputsOnBoard", "Inputs of the expander.", to=same_index(EXPANDER, "TCA9554InputsOnBoard")),
        unique("TCA9554ConfigOnBoard", "Settings of the expander.", to=same_index(EXPANDER, "TCA9554ConfigOnBoard")),
        ranged(
            "TCA9554ChannelOnBoard",
            8,
            "Pin of the I/O expander.",
            container=True,
            explicit=True,
            constants=enumerated(
                (
                    "disable_vdd25_digital",
                    "disable_vdd12_digital",
                    "disable_vdd12_pll",
                    "disable_vdd12_madc",
                    "disable_vdd25_analog",
                    "disable_vdd12_analog",
                    "disable_led",
                    "disable_power",
                )
            ),
            to={"TCA9554OnBoard": "0"},
        ),
        ranged(
            "AD5252OnBoard",
            3,
            "Digital potentiometer; each sets two supplies.",
            container=True,
            explicit=True,
            constants=enumerated(("vdd_25digital_12digital", "vdd_12pll_12madc", "vdd_12analog_25analog")),
        ),
        ranged(
            "AD5252ChannelOnAD5252",
            2,
            "Channel of a potentiometer: index 0 is channel 1 of the data sheet, index 1 is channel 3.",
            explicit=True,
            constants=enumerated(("channel_1", "channel_3")),
        ),
        potentiometer_channel("AD5252ChannelOnBoard", "Potentiometer channel of a supply."),
        potentiometer_channel("AD5252ChannelConfigOnBoard", "Volatile setting of a potentiometer channel."),
        potentiometer_channel("AD5252ChannelConfigPersistentOnBoard", "Stored setting of a potentiometer channel."),
        unique("DAC6573OnBoard", "DAC with four channels."),
        ranged("DAC6573ChannelOnDAC6573", 4, "Channel of the DAC.", explicit=True),
        composite(
            "DAC6573ChannelOnBoard",
            "DAC6573ChannelOnDAC6573",
            "DAC6573OnBoard",
            "DAC channel of the board.",
            container=True,
            constants=enumerated(("v_reset", "i_ref_board", "v_res_meas", "v_readout")),
        ),
        unique("TCA9546OnBoard", "I2C multiplexer."),
        ranged(
            "TCA9546ChannelOnBoard",
            4,
            "Channel of the I2C multiplexer.",
            container=True,
            explicit=True,
            to={"TCA9546OnBoard": "0"},
        ),
    ),
)
