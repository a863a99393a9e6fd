"""What an omnibus address, and a word on it, is.

Several containers may share an address: the synapse arrays are seen through five windows, the memories of the FPGA
by byte and by
word. All of them are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.containers.check import allowed
from hxtwin.containers.codec import unchecked_column
from hxtwin.containers.container import Container, types
from hxtwin.containers.errors import ContainerError
from hxtwin.containers.expression import Expression, solve
from hxtwin.containers.layout import Backend
from hxtwin.containers.record import Column, schema
from hxtwin.coord import Indexed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hxtwin.containers.fields import FieldSpec

_BUSES = frozenset({Backend.OMNIBUS_CHIP, Backend.OMNIBUS_CHIP_OVER_JTAG, Backend.OMNIBUS_FPGA})


@attrs.frozen
class FieldValue:
    """A field as far as one word tells.

    Attributes:
        path: field, with the index of the element in arrays.
        value: its value; the bits that the word carries if `complete` is False.
        complete: whether all bits of the field lie in this word.
        text: name of the value for enumerations, else the number.
        meaning: what the field does.
    """

    path: str
    value: int
    complete: bool
    text: str
    meaning: str


@attrs.frozen
class Meaning:
    """One thing that an address may be.

    Attributes:
        container: container class.
        coordinate: where the container lives.
        word: number of the word inside the container.
        words: number of words of the container.
        access: ``read``, ``write`` or ``read/write``.
    """

    container: type[Container]
    coordinate: Indexed
    word: int
    words: int
    access: str

    def fields(self, word: int) -> list[FieldValue]:
        """The fields that this word carries.

        Args:
            word: value of the word, 0..2**32-1.

        Raises:
            ContainerError: the word is out of range.
        """
        if not 0 <= word <= 0xFFFFFFFF:
            raise ContainerError(f"a word is in 0..0xffffffff, got {word:#x}")
        return list(_fields(self, word))

    def bits_without_meaning(self, word: int) -> list[int]:
        """Numbers of the bits that are set in `word` but belong to no field."""
        used = 0
        for column in schema(self.container):
            if column.spec.transform is not None and column.spec.transform.whole_word == self.word:
                used = 0xFFFFFFFF
            for _, piece in column.pieces:
                if piece.word == self.word:
                    lsb = piece.lsb if isinstance(piece.lsb, int) else int(piece.lsb.evaluate(self._components()))
                    used |= piece.mask << lsb
        for constant in self.container.layout.constants:
            if constant.word == self.word:
                used |= ((1 << constant.width) - 1) << constant.lsb
        return [bit for bit in range(32) if word & ~used & 1 << bit]

    def _components(self) -> dict[str, int]:
        found = self.container.components_of_indices(np.array([int(self.coordinate)]))
        return {name: int(values[0]) for name, values in found.items()}


def explain(address: int) -> list[Meaning]:
    """Everything that an omnibus address may be; empty if nothing is known to live there.

    Args:
        address: word address, 0..2**32-1; bit 31 tells FPGA from chip.

    Raises:
        ContainerError: the address is out of range.
    """
    if not 0 <= address <= 0xFFFFFFFF:
        raise ContainerError(f"an omnibus address is in 0..0xffffffff, got {address:#x}")
    found: list[Meaning] = []
    for cls in types().values():
        layout = cls.layout
        if layout.children or not _BUSES & {*layout.backends, *layout.read_backends}:
            continue
        places = {"read": _places(cls, layout.read, address), "write": _places(cls, layout.write, address)}
        for place in sorted({*places["read"], *places["write"]}):
            access = "/".join(name for name in ("read", "write") if place in places[name])
            found.append(Meaning(cls, _coordinate(cls, place[0]), place[1], layout.words, access))
    return found


def _places(cls: type[Container], expression: Expression | None, address: int) -> list[tuple[tuple[int, ...], int]]:
    """(components, word) of every place of a container that has this address."""
    if expression is None:
        return []
    ranges = {name: (type_.min, type_.max) for name, type_ in cls.layout.components.items()}
    ranges["w"] = (0, cls.layout.words - 1)
    return [
        (tuple(found[name] for name in cls.layout.components), found["w"])
        for found in solve(expression, address, ranges)
    ]


def _coordinate(cls: type[Container], components: tuple[int, ...]) -> Indexed:
    index = 0
    for digit, type_ in zip(components, cls.layout.components.values(), strict=True):
        index = index * type_.size + digit - type_.min
    place = cls.layout.coordinate
    assert issubclass(place, Indexed)
    return place.from_plain(index + (place.min if not components else 0))


def _fields(meaning: Meaning, word: int) -> Iterator[FieldValue]:
    cls = meaning.container
    words = np.zeros((1, meaning.words), dtype=np.uint32)
    words[0, meaning.word] = word
    place = cls.components_of_indices(np.array([int(meaning.coordinate)]))
    for column in schema(cls):
        for position in range(int(np.prod(column.shape, dtype=int))):
            pieces = [piece.word == meaning.word for at, piece in column.pieces if at == position]
            if not any(pieces):
                continue
            value = int(unchecked_column(cls, column, words, place).reshape(-1)[position])
            complete = all(pieces)
            valid = column.spec.minimum <= value <= column.spec.maximum
            text = _text(column.spec, value) if valid else f"{value} (not valid: {allowed(column.spec)})"
            yield FieldValue(_path(column, position), value, complete, text, column.spec.meaning)


def _path(column: Column, position: int) -> str:
    if not column.shape:
        return column.path
    index = np.unravel_index(position, column.shape)
    return f"{column.path}[{', '.join(str(int(i)) for i in index)}]"


def _text(spec: FieldSpec, value: int) -> str:
    return spec.enum(value).name.lower() if spec.enum is not None else str(value)
