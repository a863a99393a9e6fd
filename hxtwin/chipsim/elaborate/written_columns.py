"""Fields of all containers of a class as columns, kept up to date with what is written.

Only containers whose words changed are decoded again. Values that no container would accept are taken as they stand: a
register holds whatever its bits hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hxtwin.chipsim.elaborate.recent import Recent
from hxtwin.containers.codec import unchecked_column
from hxtwin.containers.record import schema

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from hxtwin import containers
    from hxtwin.chipsim.registers.register_file import RegisterFile
    from hxtwin.containers.record import Column, Columns


class WrittenColumns:
    """Columns of one container class outside the synapse arrays.

    Args:
        registers: where the words are.
        container: class of the containers; its coordinates give the order of the columns.

    Attributes:
        columns: one array for each field, by name; `follow` changes or replaces them.
    """

    def __init__(self, registers: RegisterFile, container: type[containers.Container]) -> None:
        self._registers = registers
        self._container = container
        self._cells = registers.map.cells_of(container)
        self._words = registers.cells[self._cells]
        # most fields are single bits, which are decoded all at a time
        self._flags = [column for column in schema(container) if _is_flag(column)]
        self._others = [column for column in schema(container) if not _is_flag(column)]
        pieces = [column.pieces[0][1] for column in self._flags]
        self._flag_words = np.array([piece.word for piece in pieces], dtype=np.intp)
        self._flag_masks = np.array([1 << int(piece.lsb) for piece in pieces], dtype=np.uint32)  # type: ignore[arg-type]  # see `_is_flag`
        self._recent: Recent[Columns] = Recent()
        self._is_kept = False
        self.columns: Columns = self._decode(self._words)

    @property
    def words(self) -> bytes:
        """The words that are decoded, to tell settings apart."""
        return self._words.tobytes()

    def follow(self, written: Collection[str]) -> None:
        """Takes over what is written, if the class is among those `written`."""
        if self._container.__name__ not in written:
            return
        words = self._registers.cells[self._cells]
        changed = np.flatnonzero((words != self._words).any(axis=1))
        self._words = words
        if changed.size == len(words):  # some go to and fro
            self.columns = self._recent.get(words.tobytes(), lambda: self._decode(words))
            self._is_kept = True
        elif changed.size:
            if self._is_kept:
                self.columns = {name: column.copy() for name, column in self.columns.items()}
                self._is_kept = False
            for name, column in self._decode(words[changed]).items():
                self.columns[name][changed] = column

    def _decode(self, words: NDArray[np.uint32]) -> Columns:
        flags = (words.T[self._flag_words] & self._flag_masks[:, None]) != 0
        columns: Columns = {column.path: flags[i] for i, column in enumerate(self._flags)}
        for column in self._others:
            values = unchecked_column(self._container, column, words, None)
            columns[column.path] = values.astype(column.spec.dtype)
        return columns


def _is_flag(column: Column) -> bool:
    """Whether a field is one bit at a fixed place, not inverted."""
    if column.shape or column.spec.dtype != np.bool_ or column.spec.transform is not None or len(column.pieces) != 1:
        return False
    piece = column.pieces[0][1]
    return isinstance(piece.lsb, int) and piece.mask == 1 and not piece.inverted and not piece.value_lsb
