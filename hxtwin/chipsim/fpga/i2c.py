"""I2C master of the FPGA and the devices of the boards.

===========================  =============================================================================
address bits from the base   meaning
===========================  =============================================================================
6..0                         device
7                            stop after this byte
8                            forced repeated start
9 (0x88007a00)               prescaler
===========================  =============================================================================

The first byte written after a start is the register number (the multiplexer 0x70 has none); further bytes are data,
most significant first. A device that does not exist does not acknowledge: bit 31 of the answer is set. The readings of
sensors are constants. Reference: fpga-instructions.md 4.2.
"""

from __future__ import annotations

from typing import Final

import attrs

MISSING_ACKNOWLEDGE: Final = 1 << 31
_STOP: Final = 0x80
_REPEATED_START: Final = 0x100
_PRESCALER: Final = 0x200
_DEVICE: Final = 0x7F
_MULTIPLEXER: Final = 0x70
_BOARD_ID: Final = 0x48585457
_ROOM_TEMPERATURE: Final = 0x1900
_INA219_CONFIG: Final = 0x399F


@attrs.define
class _Device:
    """Registers of `size` bytes each; not `numbered`: a single one, which is not addressed."""

    size: int
    values: dict[int, int] = attrs.field(factory=dict)
    read_only: frozenset[int] = frozenset()
    numbered: bool = True


def board_devices() -> dict[int, _Device]:
    """The devices of the boards at power-up, by 7-bit address."""
    devices = {
        0x50: _Device(4, {0xFC: _BOARD_ID}, frozenset({0xFC})),
        0x48: _Device(2, {0: _ROOM_TEMPERATURE}, frozenset({0})),
        _MULTIPLEXER: _Device(1, numbered=False),
    }
    devices |= {0x40 + i: _Device(2, {0: _INA219_CONFIG}, frozenset({1, 2, 3, 4})) for i in range(8)}
    devices |= {0x38 + i: _Device(1, {1: 0xFF, 3: 0xFF}, frozenset({0})) for i in range(8)}
    devices |= {0x2C + i: _Device(1, {1: 0x80, 3: 0x80, 0x21: 0x80, 0x23: 0x80}) for i in range(3)}
    devices |= {0x4C + i: _Device(2) for i in range(4)}
    return devices


class I2CMaster:
    """The master with its devices; one transfer at a time."""

    def __init__(self) -> None:
        self._devices = board_devices()
        self._prescaler = 0
        self._device: int | None = None
        self._register: int | None = None
        self._position = 0
        self._shifted = 0

    def write(self, offset: int, word: int) -> None:
        """Sends the lowest byte of a word; `offset` = address - 0x88007800."""
        if offset & _PRESCALER:
            self._prescaler = word
            return
        self._begin(offset, reading=False)
        device = self._devices.get(offset & _DEVICE)
        byte = word & 0xFF
        if device is not None:
            if device.numbered and self._register is None:
                self._register, self._position, self._shifted = byte, 0, 0
            else:
                register = self._register or 0
                self._shifted = self._shifted << 8 | byte
                self._position += 1
                if self._position == device.size:
                    if register not in device.read_only:
                        device.values[register] = self._shifted
                    self._position, self._shifted = 0, 0
        self._end(offset)

    def read(self, offset: int) -> int:
        """Receives a byte: bits 7..0, bit 31 if nobody acknowledged."""
        if offset & _PRESCALER:
            return self._prescaler
        self._begin(offset, reading=True)
        device = self._devices.get(offset & _DEVICE)
        if device is None:
            self._end(offset)
            return MISSING_ACKNOWLEDGE
        value = device.values.get(self._register or 0, 0)
        byte = value >> 8 * (device.size - 1 - self._position % device.size) & 0xFF
        self._position += 1
        self._end(offset)
        return byte

    def _begin(self, offset: int, *, reading: bool) -> None:
        wanted = offset & _DEVICE
        if self._device != wanted or offset & _REPEATED_START:
            if not reading or self._device != wanted:
                self._register = None
            self._position, self._shifted = 0, 0
        self._device = wanted

    def _end(self, offset: int) -> None:
        if offset & _STOP:
            self._device, self._register, self._position, self._shifted = None, None, 0, 0
