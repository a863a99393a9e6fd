"""Cube board (xBoard): DACs, supplies, power sensors, LEDs, ADC, temperature sensor.

============  =============  =============  ============  ============  ==========  =========
supply        vdd25_digital  vdd12_digital  vdd25_analog  vdd12_analog  vdd12_madc  vdd12_pll
============  =============  =============  ============  ============  ==========  =========
VDDOnBoard    0              1              2             3             4           5
DAC channel   8              9              10            11            12          13
INA219        1              0              3             2             4           5
============  =============  =============  ============  ============  ==========  =========

Power sensors count in an order of their own; do not mix their index with that of the supplies.

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

SUPPLIES = ("vdd25_digital", "vdd12_digital", "vdd25_analog", "vdd12_analog", "vdd12_madc", "vdd12_pll")
SENSED_SUPPLIES = ("vdd12_digital", "vdd25_digital", "vdd12_analog", "vdd25_analog", "vdd12_madc", "vdd12_pll")
SENSORS = ("INA219OnBoard", "INA219ConfigOnBoard", "INA219StatusOnBoard")


def sensor(name: str, doc: str) -> Declaration:
    """Declare one of the views of the power sensors."""
    return ranged(
        name,
        6,
        doc,
        container=True,
        explicit=True,
        constants=enumerated(SENSED_SUPPLIES),
        to=same_index(SENSORS, name),
    )


TOPIC = Topic(
    "cube_board",
    __doc__,
    (
        ranged("DACOnBoard", 2, "DAC of the board: 0 references and debug voltages, 1 supplies.", container=True),
        ranged("DACChannelOnDAC", 8, "Channel of a DAC."),
        composite(
            "DACChannelOnBoard",
            "DACChannelOnDAC",
            "DACOnBoard",
            "DAC channel of the board; only the channels 8..13 have a supply.",
            container=True,
            constants=enumerated(
                (
                    "v_reset",
                    "v_res_meas",
                    "mux_rfu_0",
                    "mux_rfu_1",
                    "i_ref_board",
                    "ana_readout_debug_0",
                    "ana_readout_debug_1",
                    "mux_dac_25",
                    *SUPPLIES,
                    "general_purpose_0",
                    "general_purpose_1",
                )
            ),
            to={"VDDOnBoard": "e - 8 if 8 <= e < 14 else ERROR"},
        ),
        unique("DACControlBlockOnBoard", "Control registers of all DACs."),
        unique("DACChannelBlockOnBoard", "All DAC channels."),
        ranged(
            "VDDOnBoard",
            6,
            "Supply voltage of the chip.",
            constants=enumerated(SUPPLIES),
            to={"DACChannelOnBoard": "e + 8"},
        ),
        sensor("INA219OnBoard", "Power sensor of a supply."),
        sensor("INA219ConfigOnBoard", "Settings of a power sensor."),
        sensor("INA219StatusOnBoard", "Measured values of a power sensor."),
        unique("ShiftRegisterOnBoard", "Shift register that switches supplies, multiplexers and LEDs."),
        unique("ADCOnBoard", "ADC of the board.", container=False),
        ranged(
            "ADCSourceOnBoard",
            10,
            "Input of the board's ADC.",
            constants=enumerated(
                (
                    "readout_chain_0",
                    "readout_chain_1",
                    "mux_rfu_0",
                    "v_reset",
                    "vdd_res_meas",
                    "mux_dac_25",
                    "i_ref",
                    "mux_rfu_1",
                    "mux_rfu_2",
                    "none",
                )
            ),
        ),
        ranged(
            "LEDOnBoard",
            6,
            "LED free for the user; the board has no LED 5 and 6.",
            constants=enumerated(("led_1", "led_2", "led_3", "led_4", "led_7", "led_8")),
        ),
        unique("TMP112StatusOnBoard", "Temperature sensor of the chip carrier."),
    ),
)
