"""Power monitors of the board (INA219)."""

from __future__ import annotations

from enum import IntEnum

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, select, variables
from hxtwin.containers.fields import choice, flag, sint, uint
from hxtwin.containers.layout import Backend, Constant, Target, leaf
from hxtwin.containers.transform import SignAndLow12
from hxtwin.coord import INA219ConfigOnBoard, INA219StatusOnBoard

(ina,) = variables("ina")

#: Steps of the readings, and the shunt that the current flows through (reference: containers-a.md 8.3).
BUS_VOLTS = 4e-3
SHUNT_VOLTS = 10e-6
SHUNT_OHMS = 0.027


class INA219AdcMode(IntEnum):
    """Resolution, or number of averaged samples, of a conversion."""

    BITS9 = 0
    BITS10 = 1
    BITS11 = 2
    BITS12 = 3
    BITS12_SAMPLES1 = 4
    BITS12_SAMPLES2 = 5
    BITS12_SAMPLES4 = 6
    BITS12_SAMPLES8 = 7
    BITS12_SAMPLES16 = 8
    BITS12_SAMPLES32 = 9
    BITS12_SAMPLES64 = 10
    BITS12_SAMPLES128 = 11


@attrs.frozen(kw_only=True, eq=False, repr=False)
class INA219Config(Container):
    """Power monitor configuration."""

    layout = leaf(
        coordinate=INA219ConfigOnBoard,
        components={"ina": INA219ConfigOnBoard},
        address=ina * 2 + 0,
        backends=(Backend.I2C_INA219_RW_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
        constants=(
            Constant(0, 0, 3, 7),
            Constant(0, 11, 2, 0),
            Constant(0, 13, 1, 0),
            Constant(0, 15, 1, 0),
        ),
        notes=(
            "Constants: mode 0b111 (shunt and bus, continuous), shunt range 0 (+-40 mV), bus range 0 (16 V), "
            "reset 0. Enumerators are written as plain numbers (0..11), which differs from the device data "
            "sheet codes for the averaging modes (there averaging starts at 8). ina order: vdd12_digital 0, "
            "vdd25_digital 1, vdd12_analog 2, vdd25_analog 3, vdd12_madc 4, vdd12_pll 5. I2C device 0x40 + "
            "ina; register numbers config 0, calibration 5."
        ),
    )
    shunt_adc_mode: INA219AdcMode = choice(
        "Resolution/averaging of the shunt ADC.", at(0, 3, 4), of=INA219AdcMode, default=INA219AdcMode.BITS12
    )
    bus_adc_mode: INA219AdcMode = choice(
        "Resolution/averaging of the bus ADC.", at(0, 7, 4), of=INA219AdcMode, default=INA219AdcMode.BITS12
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class INA219Status(Container):
    """Power monitor readings (read only)."""

    layout = leaf(
        coordinate=INA219StatusOnBoard,
        components={"ina": INA219StatusOnBoard},
        words=2,
        read=select((ina * 4 + 1, ina * 4 + 0), WORD),
        backends=(Backend.I2C_INA219_RO_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
        notes=(
            "Read order: bus register first, then shunt register. Device register numbers are register+1. "
            "uncalibrated power [W] = bus[V]*shunt[V]/0.027."
        ),
    )
    bus_voltage: int = uint("Bus voltage, LSB 4 mV.", at(0, 3, 13), maximum=4000, access="ro")
    bus_voltage_overflow: bool = flag("Overflow flag.", at(0, 0), access="ro")
    shunt_voltage: int = sint(
        "Shunt voltage, LSB 10 uV. Decode: m = raw & 0xfff; if bit 15 is clear value = m, else value = "
        "-((4096 - m) & 0xfff). Bits 12..14 are ignored. Results outside +-4000 are rejected.",
        at(1, 0, 16),
        minimum=-4000,
        maximum=4000,
        access="ro",
        transform=SignAndLow12(),
    )

    @property
    def bus_volts(self) -> float:
        """Bus voltage in V."""
        return self.bus_voltage * BUS_VOLTS

    @property
    def shunt_volts(self) -> float:
        """Shunt voltage in V."""
        return self.shunt_voltage * SHUNT_VOLTS

    @property
    def amperes(self) -> float:
        """Current in A, not calibrated."""
        return self.shunt_volts / SHUNT_OHMS

    @property
    def watts(self) -> float:
        """Power in W, not calibrated."""
        return self.bus_volts * self.amperes
