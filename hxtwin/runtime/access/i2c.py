"""The I2C master of the FPGA and the devices behind it.

======  ==================================================================================================
access  omnibus accesses at the base of the device, ``| STOP`` at the last one
======  ==================================================================================================
write   write of the register number; write of each byte, most significant first
read    write of the register number; read of each byte, answered by one OmnibusResponse each: bits 7..0
        the byte, bit 31 = 1: the device did not acknowledge
======  ==================================================================================================

=====================  ==========  ============================================  =====  ======  ====================
registers              base        address                                       bytes  access  register numbers
=====================  ==========  ============================================  =====  ======  ====================
temperature (TMP112)   0x88007848  0                                             2      r       0
INA219 readings        0x88007840  4 monitor + (shunt, bus, power, current)      2      r       1, 2, 3, 4
INA219 settings        0x88007840  2 monitor + (settings, calibration)           2      rw      0, 5
TCA9554 inputs         0x88007838  0                                             1      r       0
TCA9554 settings       0x88007838  outputs, polarity, mode                       1      rw      1, 2, 3
AD5252                 0x8800782c  4 device + 2 channel + (volatile, persist.)   1      rw      0x01, 0x21,
                                                                                                0x03, 0x23
DAC6573                0x8800784c  channel                                       2      rw      0x10, 0x12, 0x14,
                                                                                                0x16; value << 6
TCA9546                0x88007870  0                                             1      rw      none: see below
=====================  ==========  ============================================  =====  ======  ====================

Several devices of a kind have consecutive bases. The master inserts the repeated start between the register number and
a read by itself; `REPEATED_START` would force one and is not used. The TCA9546 has a single register: a write sends its
byte alone. Its read sends the byte 0 where other devices have their register number, as the lab's host does.
Reference: fpga-instructions.md 4.2, fpga-instructions.json ``fisch_i2c_containers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.comm import ut
from hxtwin.containers import Backend
from hxtwin.runtime.access import omnibus
from hxtwin.runtime.access.bus import Bus
from hxtwin.runtime.access.errors import MissingAcknowledgeError
from hxtwin.runtime.errors import AccessRefusedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MASTER: Final = 0x88007800
"""Omnibus address of the I2C master; the device address of 7 bits is added to it."""
STOP: Final = 0x80
"""Address bit: the transfer ends after this byte."""
REPEATED_START: Final = 0x100
"""Address bit: a start is sent before this byte although the direction stays the same."""
MISSING_ACKNOWLEDGE: Final = 1 << 31
"""Response bit: the device did not acknowledge."""

_BYTE = np.uint32(0xFF)
_STOP = np.uint32(STOP)


@attrs.frozen(kw_only=True, eq=False)
class I2CBus(Bus):
    """Registers of one kind of device.

    Attributes:
        device: I2C address of the first device; the next ones follow at distance 1.
        devices: number of devices.
        numbers: register numbers of a device, in the order of the addresses.
        bytes_per_word: number of bytes of a register.
        shift: the value stands this many bits left in the register.
        writable: whether the registers can be written.
        numbered_writes: whether a write begins with the register number.
    """

    device: int
    devices: int = 1
    numbers: tuple[int, ...]
    bytes_per_word: int = 1
    shift: int = 0
    writable: bool = True
    numbered_writes: bool = True
    response: type[ut.FromFPGA] | None = ut.OmnibusResponse
    size: int = attrs.field(init=False)
    word_bits: int = attrs.field(init=False)
    responses_per_read: int = attrs.field(init=False)

    @size.default
    def _size(self) -> int:
        return self.devices * len(self.numbers)

    @word_bits.default
    def _word_bits(self) -> int:
        return 8 * self.bytes_per_word - self.shift

    @responses_per_read.default
    def _responses_per_read(self) -> int:
        return self.bytes_per_word

    def write(
        self, addresses: NDArray[np.uint32], words: NDArray[np.uint32], byte_enables: NDArray[np.uint8] | None = None
    ) -> ut.MessageArray:
        """Two instructions for the register number and for each byte.

        Raises:
            AccessRefusedError: these registers are read-only.
        """
        if not self.writable:
            raise AccessRefusedError(f"{self.backend} is read-only: {len(words)} words cannot be written over it")
        bases, numbers = self._places(addresses)
        registers: NDArray[np.uint32] = words << np.uint32(self.shift)
        data = registers[:, np.newaxis] >> self._byte_positions & _BYTE
        if self.numbered_writes:
            data = np.concatenate([numbers[:, np.newaxis], data], axis=1)
        steps = np.repeat(bases[:, np.newaxis], data.shape[1], axis=1)
        steps[:, -1] |= _STOP
        return omnibus.FPGA.write(steps.reshape(-1), data.reshape(-1))

    def read(self, addresses: NDArray[np.uint32]) -> ut.MessageArray:
        """Two instructions for the register number, one for each byte."""
        bases, numbers = self._places(addresses)
        reads = [bases] * (self.bytes_per_word - 1) + [bases | _STOP]
        number = omnibus.FPGA.write(bases, numbers)
        return ut.MessageArray.interleave(number[0::2], number[1::2], *(omnibus.FPGA.read(base) for base in reads))

    def words(self, addresses: NDArray[np.uint32], payloads: NDArray[np.uint64]) -> NDArray[np.uint32]:
        """Words from their bytes.

        Raises:
            MissingAcknowledgeError: a device did not answer; the message names it.
        """
        silent = ((payloads & np.uint64(MISSING_ACKNOWLEDGE)) != 0).any(axis=1)
        if silent.any():
            base, number = (int(part[0]) for part in self._places(addresses[silent]))
            raise MissingAcknowledgeError(
                f"{self.backend}: the I2C device {base - MASTER:#04x} does not acknowledge the read of its register "
                f"{number:#04x} ({np.count_nonzero(silent)} of {len(addresses)} reads): does this board have it, and "
                "is it powered?"
            )
        data = (payloads.astype(np.uint32) & _BYTE) << self._byte_positions
        registers: NDArray[np.uint32] = np.bitwise_or.reduce(data, axis=1)
        found: NDArray[np.uint32] = registers >> np.uint32(self.shift)
        return found

    @property
    def _byte_positions(self) -> NDArray[np.uint32]:
        return np.arange(8 * (self.bytes_per_word - 1), -1, -8, dtype=np.uint32)

    def _places(self, addresses: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Omnibus addresses of the devices and register numbers."""
        devices, registers = np.divmod(addresses, len(self.numbers))
        return devices + np.uint32(MASTER + self.device), np.array(self.numbers, dtype=np.uint32)[registers]


I2C_BUSES: Final = (
    I2CBus(backend=Backend.I2C_TEMP_REGISTER, device=0x48, numbers=(0x00,), bytes_per_word=2, writable=False),
    I2CBus(
        backend=Backend.I2C_INA219_RO_REGISTER,
        device=0x40,
        devices=6,
        numbers=(0x01, 0x02, 0x03, 0x04),
        bytes_per_word=2,
        writable=False,
    ),
    I2CBus(backend=Backend.I2C_INA219_RW_REGISTER, device=0x40, devices=6, numbers=(0x00, 0x05), bytes_per_word=2),
    I2CBus(backend=Backend.I2C_TCA9554_RO_REGISTER, device=0x38, numbers=(0x00,), writable=False),
    I2CBus(backend=Backend.I2C_TCA9554_RW_REGISTER, device=0x38, numbers=(0x01, 0x02, 0x03)),
    I2CBus(backend=Backend.I2C_AD5252_RW_REGISTER, device=0x2C, devices=3, numbers=(0x01, 0x21, 0x03, 0x23)),
    I2CBus(
        backend=Backend.I2C_DAC6573_RW_REGISTER,
        device=0x4C,
        numbers=(0x10, 0x12, 0x14, 0x16),
        bytes_per_word=2,
        shift=6,
    ),
    I2CBus(backend=Backend.I2C_TCA9546_REGISTER, device=0x70, numbers=(0x00,), numbered_writes=False),
)
"""The buses of this room."""
