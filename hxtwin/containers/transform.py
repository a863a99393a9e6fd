"""Stored forms of a value that are not plain binary.

=====================  ==============================================================
transform              stored form of value x
=====================  ==============================================================
`Offset`               x + offset
`Thermometer`          2**x - 1 in the bits from `low_bits` on; decoded by bit length
`OneHotReversed`       the single bit number ``top - x``
`TwosComplement`       x modulo 2**width
`SignAndLow12`         power monitor: bit 15 sign, bits 11..0 magnitude
`Mapped`               an arbitrary table
`AnyBit`               true if the whole word is not zero
=====================  ==============================================================

All functions work on whole ``int64`` arrays.
"""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


class Transform:
    """A bijection between the values of a field and the numbers stored for them."""

    #: What the value is decoded from: the pieces of the field, or a whole word.
    whole_word: int | None = None

    def store(self, value: IntArray) -> IntArray:
        """Stored numbers of values."""
        raise NotImplementedError

    def load(self, stored: IntArray) -> IntArray:
        """Values of stored numbers; may lie outside the field range, which the codec checks."""
        raise NotImplementedError

    def describe(self) -> str:
        """A few words for bit tables."""
        raise NotImplementedError


@attrs.frozen
class Offset(Transform):
    """Stored = value + offset."""

    offset: int

    def store(self, value: IntArray) -> IntArray:  # noqa: D102
        return value + self.offset

    def load(self, stored: IntArray) -> IntArray:  # noqa: D102
        return stored - self.offset

    def describe(self) -> str:  # noqa: D102
        return f"stored = value {'+' if self.offset > 0 else '-'} {abs(self.offset)}"


def _bit_length(number: IntArray) -> IntArray:
    # exact for the few bits concerned: frexp of an integer below 2**53 gives its bit length as exponent
    return np.frexp(number.astype(np.float64))[1].astype(np.int64)


@attrs.frozen
class Thermometer(Transform):
    """The bits above `low_bits` are stored as a thermometer code (n is stored as 2**n - 1)."""

    low_bits: int

    def store(self, value: IntArray) -> IntArray:  # noqa: D102
        low = value & ((1 << self.low_bits) - 1)
        high: IntArray = (np.int64(1) << (value >> self.low_bits)) - 1
        return low | (high << self.low_bits)

    def load(self, stored: IntArray) -> IntArray:  # noqa: D102
        low = stored & ((1 << self.low_bits) - 1)
        return low | (_bit_length(stored >> self.low_bits) << self.low_bits)

    def describe(self) -> str:  # noqa: D102
        return f"bits from {self.low_bits} on in thermometer code"


@attrs.frozen
class OneHotReversed(Transform):
    """Value x is stored as the single bit ``top - x``; on decode the highest set bit counts."""

    top: int

    def store(self, value: IntArray) -> IntArray:  # noqa: D102
        return np.int64(1) << (self.top - value)

    def load(self, stored: IntArray) -> IntArray:  # noqa: D102
        return self.top - (_bit_length(stored) - 1)

    def describe(self) -> str:  # noqa: D102
        return f"one hot: bit {self.top} - value"


@attrs.frozen
class TwosComplement(Transform):
    """Two's complement of `width` bits."""

    width: int

    def store(self, value: IntArray) -> IntArray:  # noqa: D102
        return value & ((1 << self.width) - 1)

    def load(self, stored: IntArray) -> IntArray:  # noqa: D102
        return np.where(stored >> (self.width - 1) != 0, stored - (1 << self.width), stored)

    def describe(self) -> str:  # noqa: D102
        return "two's complement"


@attrs.frozen
class SignAndLow12(Transform):
    """Shunt voltage of the power monitor (reference: containers-a.json, INA219Status).

    With m = bits 11..0: value = m if bit 15 is clear, else -((4096 - m) & 0xfff). Bits 14..12 are ignored on decode
    and repeat the sign on encode.
    """

    def store(self, value: IntArray) -> IntArray:  # noqa: D102
        return value & 0xFFFF

    def load(self, stored: IntArray) -> IntArray:  # noqa: D102
        magnitude = stored & 0xFFF
        return np.where(stored >> 15 != 0, -((4096 - magnitude) & 0xFFF), magnitude)

    def describe(self) -> str:  # noqa: D102
        return "bit 15 sign, bits 11..0 magnitude"


@attrs.frozen
class Mapped(Transform):
    """Value x is stored as ``table[x]``; other stored numbers are invalid and decode to -1."""

    table: tuple[int, ...]

    def store(self, value: IntArray) -> IntArray:  # noqa: D102
        return np.asarray(self.table, dtype=np.int64)[value]

    def load(self, stored: IntArray) -> IntArray:  # noqa: D102
        inverse = np.full(max(self.table) + 1, -1, dtype=np.int64)
        inverse[list(self.table)] = np.arange(len(self.table))
        return np.where(stored < inverse.size, inverse[np.minimum(stored, inverse.size - 1)], -1)

    def describe(self) -> str:  # noqa: D102
        return "stored = " + ", ".join(f"{stored} for {value}" for value, stored in enumerate(self.table))


@attrs.frozen
class AnyBit(Transform):
    """A switch that reads as on if any bit of word 0 is set; stored by its pieces, if it has any."""

    whole_word = 0

    def store(self, value: IntArray) -> IntArray:  # noqa: D102
        return value

    def load(self, stored: IntArray) -> IntArray:  # noqa: D102
        on: IntArray = (stored != 0).astype(np.int64)
        return on

    def describe(self) -> str:  # noqa: D102
        return "on if word 0 is not 0"
