"""I2C registers of the boards: addresses of the transport, not of containers.

===================  ============================================================
device               registers
===================  ============================================================
INA219               power sensor: four to read, two to write, for each of six
TCA9554              I/O expander: one to read, three to write
AD5252               potentiometer: volatile 0x00, persistent 0x20, per channel
DAC6573              DAC: one per channel, command 0x10 = update at once
TCA9546, TMP112      multiplexer and temperature sensor: one each
===================  ============================================================

Source: reference coordinates.json.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import composite, enumerated, ranged, unique

TOPIC = Topic(
    "i2c",
    __doc__,
    (
        unique("I2CIdRegisterOnBoard", "Identification register of the board.", container=False),
        unique("I2CTCA9546RegisterOnBoard", "Control register of the I2C multiplexer.", container=False),
        unique("I2CTempRegisterOnBoard", "Temperature register of the sensor.", container=False),
        ranged(
            "I2CINA219RoRegisterOnINA219",
            4,
            "Register of a power sensor to be read.",
            explicit=True,
            constants=enumerated(("shunt", "bus", "power", "current")),
        ),
        ranged(
            "I2CINA219RwRegisterOnINA219",
            2,
            "Register of a power sensor to be written.",
            explicit=True,
            constants=enumerated(("config", "calibration")),
        ),
        composite(
            "I2CINA219RoRegisterOnBoard",
            "I2CINA219RoRegisterOnINA219",
            "INA219OnBoard",
            "Register of one of the power sensors to be read.",
        ),
        composite(
            "I2CINA219RwRegisterOnBoard",
            "I2CINA219RwRegisterOnINA219",
            "INA219OnBoard",
            "Register of one of the power sensors to be written.",
        ),
        ranged(
            "I2CTCA9554RoRegisterOnTCA9554",
            1,
            "Register of the I/O expander to be read.",
            explicit=True,
            constants=enumerated(("inputs",)),
        ),
        ranged(
            "I2CTCA9554RwRegisterOnTCA9554",
            3,
            "Register of the I/O expander to be written.",
            explicit=True,
            constants=enumerated(("outputs", "polarity", "config")),
        ),
        composite(
            "I2CTCA9554RoRegisterOnBoard",
            "I2CTCA9554RoRegisterOnTCA9554",
            "TCA9554OnBoard",
            "Register of the board's I/O expander to be read.",
        ),
        composite(
            "I2CTCA9554RwRegisterOnBoard",
            "I2CTCA9554RwRegisterOnTCA9554",
            "TCA9554OnBoard",
            "Register of the board's I/O expander to be written.",
        ),
        ranged(
            "I2CAD5252RwRegisterOnAD5252Channel",
            2,
            "Register of a potentiometer channel.",
            explicit=True,
            constants=enumerated(("rdac_volatile", "eemem_persistent")),
        ),
        composite(
            "I2CAD5252RwRegisterOnBoard",
            "I2CAD5252RwRegisterOnAD5252Channel",
            "AD5252ChannelOnBoard",
            "Register of one of the board's potentiometer channels.",
            to={"AD5252ChannelOnAD5252": "(e // 2) % 2"},
        ),
        composite(
            "I2CDAC6573RwRegisterOnBoard",
            "DAC6573ChannelOnDAC6573",
            "DAC6573OnBoard",
            "Register of one of the channels of the jBOA's DAC.",
        ),
    ),
)
