"""Where the bits of a field lie in the words of its container.

A field value is cut into pieces. A piece takes ``width`` bits of the value, counted from ``value_lsb``, and puts them
at bit ``lsb`` of word ``word``, complemented if ``inverted``::

    value     . . . v v v v .        at(word=1, lsb=4, width=4, value_lsb=1)
    word 1    v v v v . . . .

One-bit pieces express permutations. Arrays have one tuple of pieces for each element (`along`, `elements`, `entries`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from hxtwin.containers.expression import Expression


@attrs.frozen
class Bits:
    """One piece of a field.

    Attributes:
        word: number of the word in the container, 0-based.
        lsb: lowest bit in the word; an `Expression` of the coordinate components where the position depends on it.
        width: number of bits.
        value_lsb: lowest bit of the value that the piece carries.
        inverted: the bits are stored complemented.
    """

    word: int
    lsb: int | Expression
    width: int = 1
    value_lsb: int = 0
    inverted: bool = False

    def moved(self, words: int, bits: int) -> Bits:
        """The same piece, `words` words and `bits` bits higher."""
        return attrs.evolve(self, word=self.word + words, lsb=self.lsb + bits)

    @property
    def mask(self) -> int:
        """Ones in the width of the piece."""
        return (1 << self.width) - 1


Pieces = tuple[Bits, ...]


def at(word: int, lsb: int | Expression, width: int = 1, *, value_lsb: int = 0, inverted: bool = False) -> Bits:
    """A piece of a field: `width` bits from bit `lsb` of word `word` upwards."""
    return Bits(word, lsb, width, value_lsb, inverted)


def reversed_bits(word: int, lsb: int, width: int) -> Pieces:
    """Pieces that store `width` bits in opposite order: value bit 0 at the highest of the bit positions."""
    return tuple(Bits(word, lsb + width - 1 - i, 1, i) for i in range(width))


def elements(*positions: Bits | Pieces) -> tuple[Pieces, ...]:
    """Pieces of an array field, element by element."""
    return tuple(position if isinstance(position, tuple) else (position,) for position in positions)


def along(first: Bits, count: int, step: int) -> tuple[Pieces, ...]:
    """Pieces of `count` elements at a regular distance of `step` bits (negative: downwards) in one word."""
    return tuple((first.moved(0, i * step),) for i in range(count))


def entries(*pieces: Bits) -> tuple[Pieces, ...]:
    """Pieces of the four entries of a quad, given those within a byte: entry 0 lies in the most significant byte."""
    return tuple(tuple(piece.moved(0, 24 - 8 * entry) for piece in pieces) for entry in range(4))
