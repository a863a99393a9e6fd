"""Single fields of a container in the register file, without decoding the rest of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.containers.record import schema

if TYPE_CHECKING:
    from hxtwin.chipsim.registers.register_file import RegisterFile
    from hxtwin.containers import Container


class RegisterFields:
    """Fields of one container class outside the synapse arrays, as they are stored.

    Args:
        registers: where they stand.
        container: a class whose fields have one piece of bits for each element, none of them inverted.
    """

    def __init__(self, registers: RegisterFile, container: type[Container]) -> None:
        self._words = registers.cells
        self._cells: list[list[int]] = registers.map.cells_of(container).tolist()
        self._bits: dict[str, list[tuple[int, int, int]]] = {}
        for column in schema(container):
            pieces = sorted(column.pieces, key=lambda piece: piece[0])
            self._bits[column.path] = [
                (piece.word, piece.lsb, piece.mask) for _, piece in pieces if isinstance(piece.lsb, int)
            ]

    def get(self, path: str, place: int = 0, element: int = 0) -> int:
        """Bits of one element of a field.

        Args:
            path: dotted path of the field, e.g. ``buffer.neuron_odd``.
            place: number of the container.
            element: place in the flattened array of the field.
        """
        word, lsb, mask = self._bits[path][element]
        return int(self._words[self._cells[place][word]]) >> lsb & mask

    def elements(self, path: str, place: int = 0) -> list[int]:
        """All elements of a field, in the order of the flattened array."""
        return [self.get(path, place, element) for element in range(len(self._bits[path]))]

    def words(self, place: int = 0) -> list[int]:
        """All words of a container."""
        return [int(self._words[cell]) for cell in self._cells[place]]
