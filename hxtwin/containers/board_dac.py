"""Digital-to-analog converters of the cube board."""

from __future__ import annotations

import attrs
import numpy as np

from hxtwin.containers.bits import along, at
from hxtwin.containers.container import Container
from hxtwin.containers.errors import CoordinateMismatchError, FieldRangeError
from hxtwin.containers.expression import WORD, select, variables
from hxtwin.containers.fields import BoolArray, UIntArray, flags, like, uint
from hxtwin.containers.layout import Backend, Constant, child, for_each, leaf, take, tree
from hxtwin.coord import DACChannelBlockOnBoard, DACChannelOnBoard, DACChannelOnDAC, DACControlBlockOnBoard, DACOnBoard

dac, channel = variables("dac", "channel")

#: Largest code of a channel.
DAC_MAXIMUM = 4095

_BY_DAC = np.arange(DACChannelOnBoard.size).reshape(DACOnBoard.size, DACChannelOnDAC.size)

# full-scale voltages by channel (reference: containers-a.md 8.2)
_VOLTS = {
    DACChannelOnBoard.i_ref_board: 2.5,
    DACChannelOnBoard.ana_readout_debug_0: 2.5,
    DACChannelOnBoard.ana_readout_debug_1: 2.5,
    DACChannelOnBoard.mux_dac_25: 2.5,
    DACChannelOnBoard.v_reset: 1.2,
    DACChannelOnBoard.v_res_meas: 1.2,
    DACChannelOnBoard.mux_rfu_0: 1.2,
    DACChannelOnBoard.mux_rfu_1: 1.2,
}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DACChannel(Container):
    """Value of one channel of a board DAC."""

    layout = leaf(
        coordinate=DACChannelOnBoard,
        components={"dac": DACOnBoard, "channel": DACChannelOnDAC},
        write=dac * 8 + channel,
        backends=(Backend.SPI_DAC_DATA_REGISTER,),
        differential=True,
        notes=(
            "Sent over SPI (FPGA omnibus 0x88007002 + 2 * dac) as two bytes and followed by a write that "
            "makes the DAC take the value over. Channels of DAC 0: v_reset 0, v_res_meas 1, mux_rfu_0 2, "
            "mux_rfu_1 3, i_ref_board 4, ana_readout_debug_0 5, ana_readout_debug_1 6, mux_dac_25 7. DAC 1: "
            "vdd25_digital 0, vdd12_digital 1, vdd25_analog 2, vdd12_analog 3, vdd12_madc 4, vdd12_pll 5, "
            "general_purpose_0 6, general_purpose_1 7. Addresses are register numbers of the DACs."
        ),
    )
    value: int = uint("12-bit DAC code.", at(0, 0, 12), maximum=DAC_MAXIMUM)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DACControl(Container):
    """Channel enables of one board DAC."""

    layout = leaf(
        coordinate=DACOnBoard,
        components={"dac": DACOnBoard},
        words=2,
        write=select((dac * 4 + 0, dac * 4 + 2), WORD),
        backends=(Backend.SPI_DAC_CONTROL_REGISTER,),
        differential=True,
        constants=(Constant(0, 0, 13, 12),),
        notes=(
            "Word 0 is the constant of the gain register, word 1 the power-down register. Sent over SPI "
            "(FPGA omnibus 0x88007002 + 2 * dac). Addresses are register numbers of the DACs."
        ),
    )
    enable_channel: BoolArray = flags(
        "Power-up of channel i (stored inverted as power-down bit).",
        along(at(1, 0, inverted=True), 8, 1),
        index=DACChannelOnDAC,
        default=True,
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DACChannelBlock(Container):
    """Values of all 16 DAC channels of the board."""

    layout = tree(
        coordinate=DACChannelBlockOnBoard,
        backends=(Backend.SPI_DAC_DATA_REGISTER,),
        children=(
            for_each(
                {dac: DACOnBoard.size, channel: DACChannelOnDAC.size},
                child(
                    DACChannel,
                    at={"dac": dac, "channel": channel},
                    fields={"value": take("value", _BY_DAC)},
                ),
            ),
        ),
    )
    value: UIntArray = like(DACChannel, "value", index=DACChannelOnBoard)

    @classmethod
    def default_ldo_1(cls) -> DACChannelBlock:
        """Supply voltages of boards with the first kind of regulators (reference: containers-a.md 8.2)."""
        return cls()._supplies(vdd25_digital=275, vdd25_analog=275, vdd12_digital=315, vdd12_analog=315)

    @classmethod
    def default_ldo_2(cls) -> DACChannelBlock:
        """Supply voltages of boards with the second kind of regulators (reference: containers-a.md 8.2)."""
        return cls()._supplies(vdd25_digital=608, vdd25_analog=608, vdd12_digital=2090, vdd12_analog=1630)

    def _supplies(self, **codes: int) -> DACChannelBlock:
        codes |= {"vdd12_madc": 440, "vdd12_pll": 440}
        return self.with_columns(
            {f"value[{int(getattr(DACChannelOnBoard, name))}]": code for name, code in codes.items()}
        )

    def set_voltage(self, channel: DACChannelOnBoard, volts: float) -> DACChannelBlock:
        """A copy with a channel set to a voltage: code = trunc(volts / reference voltage * 4095).

        Args:
            channel: one of the channels of the first DAC.
            volts: 0 .. 2.5 V for i_ref_board, ana_readout_debug_0/1 and mux_dac_25; 0 .. 1.2 V for v_reset,
                v_res_meas and
                mux_rfu_0/1. Source: reference, containers-a.md 8.2.

        Raises:
            CoordinateMismatchError: not a `DACChannelOnBoard`.
            FieldRangeError: the channel has no voltage scale, or the voltage is outside its range.
        """
        if not isinstance(channel, DACChannelOnBoard):
            raise CoordinateMismatchError(f"a DACChannelOnBoard is wanted, got {channel!r}")
        reference = _VOLTS.get(channel)
        if reference is None:
            raise FieldRangeError(f"{channel} has no voltage scale; set its code in `value` instead")
        if not 0.0 <= volts <= reference:
            raise FieldRangeError(f"{channel}: {volts} V is out of range; allowed: 0..{reference} V")
        return self.with_columns({f"value[{int(channel)}]": int(volts / reference * DAC_MAXIMUM)})


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DACControlBlock(Container):
    """Enables of all 16 DAC channels of the board."""

    layout = tree(
        coordinate=DACControlBlockOnBoard,
        backends=(Backend.SPI_DAC_CONTROL_REGISTER,),
        children=(
            for_each(
                {dac: DACOnBoard.size},
                child(DACControl, at={"dac": dac}, fields={"enable_channel": take("enable", _BY_DAC)}),
            ),
        ),
    )
    enable: BoolArray = like(DACControl, "enable_channel", index=DACChannelOnBoard)
