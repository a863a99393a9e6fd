"""The SPI master of the FPGA: shift register and DACs of the cube board.

==================  ===================================================  ==============================================
register            address                                              bytes, each one omnibus write
==================  ===================================================  ==============================================
shift register      0                                                    at 0x88007001: bits 23..16, 15..8, 7..0 + stop
DAC data            8 d + channel                                        at 0x88007002 + 2 d: 16 channel + (value >> 8),
                                                                         value & 0xff + stop; then ldac := 2
DAC control         4 d + r (0 gain and reference, 1 ldac,               at 0x88007002 + 2 d: 0x80 + 32 r, value + stop
                    2 power down, 3 reset)
==================  ===================================================  ==============================================

The write with bit 31 set (stop) ends a transfer. The value of a control register is 13 bits wide and sent undivided in
the last write. Nothing can be read. Reference: fpga-instructions.md 4.1, runtime.md 14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.containers import Backend
from hxtwin.runtime.access import omnibus
from hxtwin.runtime.access.bus import Bus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.comm import ut

SHIFT_REGISTER: Final = 0x88007001
"""Omnibus address of the shift register."""
DAC: Final = 0x88007002
"""Omnibus address of DAC 0; DAC 1 follows at `DAC_STEP`."""
DAC_STEP: Final = 2
"""Distance of the omnibus addresses of two DACs."""
STOP: Final = 0x80000000
"""Data bit that ends a transfer."""
CHANNELS: Final = 8
"""Channels of a DAC."""
CONTROL_REGISTERS: Final = 4
"""Control registers of a DAC."""
LDAC: Final = 1
"""Control register that makes channels take over their values."""
LDAC_ONCE: Final = 2
"""Value of `LDAC` that follows every value of a channel."""
DACS: Final = 2
"""DACs of the board."""

_CONTROL = 0x80
_BYTE = 0xFF


@attrs.frozen(kw_only=True, eq=False)
class ShiftRegisterBus(Bus):
    """The shift register of the board, 24 bits."""

    word_bits: int = 24

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None = None
    ) -> ut.MessageArray:
        """6 n instructions."""
        data = np.stack([words >> 16, words >> 8 & _BYTE, words & _BYTE | STOP], axis=1)
        return _transfer(np.full(len(words), SHIFT_REGISTER, dtype=np.uint32), data)


@attrs.frozen(kw_only=True, eq=False)
class DACDataBus(Bus):
    """The channels of the DACs, 12 bits each; every value is taken over at once."""

    size: int = DACS * CHANNELS
    word_bits: int = 12

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None = None
    ) -> ut.MessageArray:
        """8 n instructions."""
        dacs, channels = np.divmod(addresses, CHANNELS)
        value = np.stack([channels << 4 | words >> 8, words & _BYTE | STOP], axis=1)
        ldac = _control(np.full_like(words, LDAC), np.full_like(words, LDAC_ONCE))
        return _transfer(DAC + DAC_STEP * dacs, np.concatenate([value, ldac], axis=1))


@attrs.frozen(kw_only=True, eq=False)
class DACControlBus(Bus):
    """The control registers of the DACs, 13 bits each."""

    size: int = DACS * CONTROL_REGISTERS
    word_bits: int = 13

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None = None
    ) -> ut.MessageArray:
        """4 n instructions."""
        dacs, registers = np.divmod(addresses, CONTROL_REGISTERS)
        return _transfer(DAC + DAC_STEP * dacs, _control(registers, words))


def _control(registers: NDArray[np.uint32], values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Data of writes to control registers, ``uint32[n, 2]``."""
    return np.stack([registers << 5 | _CONTROL, values | STOP], axis=1)


def _transfer(devices: NDArray[np.uint32], data: NDArray[np.uint32]) -> ut.MessageArray:
    """Omnibus writes of ``data[i]`` to ``devices[i]``, row after row."""
    return omnibus.FPGA.write(np.repeat(devices, data.shape[1]), data.reshape(-1))


SPI_BUSES: Final = (
    ShiftRegisterBus(backend=Backend.SPI_SHIFT_REGISTER),
    DACDataBus(backend=Backend.SPI_DAC_DATA_REGISTER),
    DACControlBus(backend=Backend.SPI_DAC_CONTROL_REGISTER),
)
"""The buses of this room."""
