"""Voltages of the adapter board: what its DACs and its shift register connect to the chip.

=====================  ====================================================================================
SPI transfer           meaning
=====================  ====================================================================================
``0ccc vvvv vvvv...``  channel c of a DAC gets the 12-bit value v; 2.5 V or 1.2 V full scale
``110.....``, value    power-down bits of the eight channels: 0 V
other control words    no effect on the voltages
shift register         24 bits, most significant byte first: multiplexers 1 (pad) and 2 (source)
=====================  ====================================================================================

The line of correlation reset ``v_reset`` hangs on channel ``mux_dac_25``. A pad is driven when multiplexers 1 and 2
connect it with ``v_reset`` or ``mux_dac_25``, or by ``enable_dac_to_readout``. Reference: containers-a.md 8,
analog-model.md 6 and 7.3, fpga-instructions.md 4.1.
"""

from __future__ import annotations

from typing import Final

from hxtwin.containers.shift_register import AnalogReadoutMux1Input, AnalogReadoutMux2Input

V_RESET: Final = 0
"""Channels of DAC 0."""
V_RES_MEAS: Final = 1
ANA_READOUT_DEBUG_0: Final = 5
MUX_DAC_25: Final = 7
_FULL_SCALE: Final = (1.2, 1.2, 1.2, 1.2, 2.5, 2.5, 2.5, 2.5)
"""Volts for code 4095, channels of DAC 0."""
_LARGEST_CODE: Final = 4095
_SHIFT_REGISTER: Final = 1
_DAC_0: Final = 2
_CONTROL: Final = 0x80
_POWER_DOWN: Final = 0xC0
_SHIFT_BYTES: Final = 3
_READOUT_CHAINS: Final = (AnalogReadoutMux1Input.READOUT_CHAIN_0, AnalogReadoutMux1Input.READOUT_CHAIN_1)
_ON_MUX_DAC_25: Final = (AnalogReadoutMux2Input.V_RESET, AnalogReadoutMux2Input.MUX_DAC_25)
_DAC_TO_READOUT_LSB: Final = 8


class BoardVoltages:
    """State of the DACs and multiplexers of the board; a chip reset leaves it alone."""

    def __init__(self) -> None:
        self._codes: dict[int, int] = {}
        self._power_down = 0
        self._shift_register = 0

    def transferred(self, offset: int, sent: bytes) -> None:
        """A complete SPI transfer.

        Args:
            offset: address of the device - 0x88007000: 1 shift register, 2 DAC 0.
            sent: bytes in the order in which they were sent.
        """
        if offset == _SHIFT_REGISTER and len(sent) >= _SHIFT_BYTES:
            self._shift_register = int.from_bytes(sent[-_SHIFT_BYTES:], "big")
        elif offset == _DAC_0 and len(sent) == 2:
            first, second = sent
            if first == _POWER_DOWN:
                self._power_down = second
            elif not first & _CONTROL:
                self._codes[first >> 4] = (first & 0xF) << 8 | second

    def volts(self, channel: int) -> float | None:
        """Voltage of a channel of DAC 0; None if nothing was ever written to it."""
        if channel not in self._codes:
            return None
        if self._power_down >> channel & 1:
            return 0.0
        return self._codes[channel] / _LARGEST_CODE * _FULL_SCALE[channel]

    @property
    def correlation_reset(self) -> float | None:
        """Voltage to which correlation storage is reset; None if it was never set."""
        return self.volts(MUX_DAC_25)

    @property
    def res_meas(self) -> float | None:
        """Voltage ``v_res_meas`` of the correlation sensors; None if it was never set."""
        return self.volts(V_RES_MEAS)

    def pad(self, pad: int) -> float | None:
        """What the board drives onto a pad, V; None if it does not."""
        if self._shift_register >> (_DAC_TO_READOUT_LSB + pad) & 1:
            return self.volts(ANA_READOUT_DEBUG_0 + pad)
        mux_1, mux_2 = self._shift_register & 3, self._shift_register >> 2 & 3
        if mux_1 == _READOUT_CHAINS[pad] and mux_2 in _ON_MUX_DAC_25:
            return self.volts(MUX_DAC_25)
        return None
