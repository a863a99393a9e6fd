"""Placement: which circuits of a chip each logical neuron consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from hxtwin.graph.network import NeuronShape

Ints = npt.NDArray[np.int64]

COLUMNS = 256
HALF_COLUMNS = 128


@attrs.frozen(eq=False)
class ShapeGeometry:
    """Places of the circuits of a shape, relative to the top-left corner of its bounding box.

    Circuits are listed by compartment, then in the order of the compartment.

    Args:
        compartment: ``int64[n]``.
        row, column: ``int64[n]``, from 0.
    """

    compartment: Ints
    row: Ints
    column: Ints

    @classmethod
    def of(cls, shape: NeuronShape) -> ShapeGeometry:
        """Geometry of a shape."""
        compartments = shape.compartments.get_compartments()
        place = np.array([int(c) for circuits in compartments.values() for c in circuits], dtype=np.int64)
        number = np.repeat([int(c) for c in compartments], [len(circuits) for circuits in compartments.values()])
        row, column = place // HALF_COLUMNS, place % HALF_COLUMNS
        return cls(number.astype(np.int64), row - row.min(), column - column.min())

    def circuits(self, anchors: npt.ArrayLike) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Circuits of neurons at given anchors.

        Args:
            anchors: ``int[k]``, circuit (256 * row + column) of the top-left corner.

        Returns:
            ``int64[k, n]``, and whether each neuron lies on the chip and within one half (reference: coordinates.md
            3.2): ``bool[k]``. Circuits of those that do not are meaningless.
        """
        anchor = np.asarray(anchors, dtype=np.int64)[:, np.newaxis]
        row, column = anchor // COLUMNS + self.row, anchor % COLUMNS + self.column
        fits = (row < 2).all(axis=1) & (column // HALF_COLUMNS == anchor % COLUMNS // HALF_COLUMNS).all(axis=1)
        return COLUMNS * row + column, fits


@attrs.frozen(eq=False)
class PlacedPopulation:
    """Circuits of the neurons of one population.

    Args:
        name: of the population.
        shape: of its neurons.
        geometry: places of the circuits in the shape; order of the second axis of `circuits`.
        anchors: ``int64[size]``, top-left corner of each neuron.
        circuits: ``int64[size, n]``.
    """

    name: str
    shape: NeuronShape
    geometry: ShapeGeometry
    anchors: Ints
    circuits: Ints

    def compartment(self, compartment: int) -> Ints:
        """Circuits of one compartment of every neuron, ``int64[size, m]``."""
        return self.circuits[:, self.geometry.compartment == compartment]

    def sender(self, compartment: int) -> Ints | None:
        """Circuit that sends the spikes of a compartment, ``int64[size]``; None: the compartment sends none."""
        position = self.shape.spike_senders.get(compartment)
        return None if position is None else self.compartment(compartment)[:, position]


@attrs.frozen(eq=False)
class Placement:
    """Circuits of all neurons on one chip.

    Args:
        populations: placed populations, in the order of the network.
        unusable_circuits_used: ``int64[n]``, circuits that were marked as failed and had to be used all the same.
    """

    populations: tuple[PlacedPopulation, ...]
    unusable_circuits_used: Ints

    def of(self, name: str) -> PlacedPopulation:
        """The placed population of a name.

        Raises:
            KeyError: it is not on this chip.
        """
        for population in self.populations:
            if population.name == name:
                return population
        raise KeyError(name)

    @property
    def free_circuits(self) -> Ints:
        """Circuits that belong to no neuron, ``int64[n]``."""
        used = [population.circuits.reshape(-1) for population in self.populations]
        return np.setdiff1d(np.arange(2 * COLUMNS), np.concatenate([*used, np.empty(0, dtype=np.int64)]))

    def __str__(self) -> str:
        lines = [
            f"{p.name}: {len(p.anchors)} neurons of {p.circuits.shape[1]} circuits, "
            f"columns {int((p.circuits % COLUMNS).min())}..{int((p.circuits % COLUMNS).max())}, "
            f"rows {sorted(set((p.circuits // COLUMNS).reshape(-1).tolist()))}"
            for p in self.populations
        ]
        lines.append(f"free circuits: {len(self.free_circuits)}")
        if len(self.unusable_circuits_used):
            lines.append(f"failed circuits in use: {self.unusable_circuits_used.tolist()}")
        return "\n".join(lines)
