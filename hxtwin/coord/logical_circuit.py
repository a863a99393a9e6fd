"""Neighbours of a neuron circuit in the shape of a logical neuron."""

from __future__ import annotations

from typing import Literal, Self

from hxtwin.coord.errors import CoordinateError, CoordinateTypeError, shown
from hxtwin.coord.grid import Grid

__all__ = ["LogicalCircuit"]


class LogicalCircuit(Grid):
    """Circuit of a grid of columns and two rows that knows the circuits beside it."""

    __slots__ = ()

    def get_neighbor(self, side: Literal["left", "right", "opposite_row"]) -> Self:
        """Return the circuit beside this one: column - 1, column + 1, or the same column in the other row.

        Raises:
            CoordinateError: the neighbour lies beyond the border.
        """
        columns = self._axes()[0]
        x, y = self._split(self._index)
        if side == "opposite_row":
            return self._of(self._join(x, 1 - y))
        if side not in ("left", "right"):
            raise CoordinateTypeError(f"there is no neighbour {shown(side)}; give 'left', 'right' or 'opposite_row'")
        column = x - 1 if side == "left" else x + 1
        if not columns.min <= column <= columns.max:
            raise CoordinateError(f"{self} lies on the border: it has no neighbour on the {side}")
        return self._of(self._join(column, y))
