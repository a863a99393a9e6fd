"""Shift register of the cube board: readout multiplexers, LEDs, supply enables."""

from __future__ import annotations

from enum import IntEnum

import attrs

from hxtwin.containers.bits import along, at, elements
from hxtwin.containers.container import Container
from hxtwin.containers.fields import BoolArray, choice, flag, flags
from hxtwin.containers.layout import Backend, leaf
from hxtwin.coord import LEDOnBoard, ShiftRegisterOnBoard, VDDOnBoard


class AnalogReadoutMux1Input(IntEnum):
    """Board ADC mux 1."""

    OFF = 0
    READOUT_CHAIN_0 = 1
    READOUT_CHAIN_1 = 2
    MUX_RFU_0 = 3


class AnalogReadoutMux2Input(IntEnum):
    """Board ADC mux 2."""

    OFF = 0
    V_RESET = 1
    VDD_RES_MEAS = 2
    MUX_DAC_25 = 3


class AnalogReadoutMux3Input(IntEnum):
    """Board ADC mux 3."""

    OFF = 0
    I_REF = 1
    MUX_RFU_1 = 2
    MUX_RFU_2 = 3


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ShiftRegister(Container):
    """Board shift register: analog readout muxes, LEDs, supply enables."""

    layout = leaf(
        coordinate=ShiftRegisterOnBoard,
        write=0,
        backends=(Backend.SPI_SHIFT_REGISTER,),
        differential=True,
        notes=(
            "24-bit register, write only. Address is the (unique) SPIShiftRegisterOnBoard(0). FPGA omnibus "
            "encoding: three writes to 0x88007001: bits 23..16, bits 15..8, then 0x80000000 | bits 7..0 "
            "(stop bit)."
        ),
    )
    select_analog_readout_mux_1_input: AnalogReadoutMux1Input = choice(
        "Board ADC mux 1.", at(0, 0, 2), of=AnalogReadoutMux1Input
    )
    select_analog_readout_mux_2_input: AnalogReadoutMux2Input = choice(
        "Board ADC mux 2.", at(0, 2, 2), of=AnalogReadoutMux2Input
    )
    select_analog_readout_mux_3_input: AnalogReadoutMux3Input = choice(
        "Board ADC mux 3.", at(0, 4, 2), of=AnalogReadoutMux3Input
    )
    enable_i_ref_board: bool = flag(
        "Connect the DAC that generates the CapMem reference current to the chip carrier.", at(0, 6), default=True
    )
    enable_measure_i_ref: bool = flag(
        "Connect the reference current through 2.2 MOhm to ground for a measurement.", at(0, 7)
    )
    enable_dac_to_readout_0: bool = flag("Connect a DAC to the Readout0 debug line.", at(0, 8))
    enable_dac_to_readout_1: bool = flag("Connect a DAC to the Readout1 debug line.", at(0, 9))
    enable_led: BoolArray = flags(
        "LEDs (led_1, led_2, led_3, led_4, led_7, led_8); stored inverted (disable bits).",
        elements(
            at(0, 10, inverted=True),
            at(0, 11, inverted=True),
            at(0, 12, inverted=True),
            at(0, 15, inverted=True),
            at(0, 22, inverted=True),
            at(0, 23, inverted=True),
        ),
        index=LEDOnBoard,
    )
    enable_adc_power_down: bool = flag("Board ADC power-down pin.", at(0, 13))
    enable_adc_reset: bool = flag("Board ADC reset pin.", at(0, 14))
    enable_vdd: BoolArray = flags("Supply enables.", along(at(0, 16), 6, 1), index=VDDOnBoard, default=True)
