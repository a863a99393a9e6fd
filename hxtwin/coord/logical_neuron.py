"""Logical neurons: several neuron circuits that act as compartments of one neuron.

============================  ===========================================================================
`LogicalNeuronCompartments`   shape on a grid of 128 columns x 2 rows: compartment -> neuron circuits
`LogicalNeuronOnDLS`          that shape put on the chip, its top-left corner on an anchor circuit
============================  ===========================================================================

A logical neuron crosses neither the border of the chip nor the line between columns 127 and 128.
Source: reference coordinates.md, section 3.2, and the notes of coordinates.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from hxtwin.coord import neuron
from hxtwin.coord.errors import CoordinateError, CoordinateTypeError, shown
from hxtwin.coord.tuples import Tupled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hxtwin.coord.grid import Grid

__all__ = ["LogicalNeuronCompartments", "LogicalNeuronOnDLS"]

_MOST_CIRCUITS = 256  # circuits of one backend half: 128 columns x 2 rows

G = TypeVar("G", bound="Grid")


class LogicalNeuronCompartments(Tupled):
    """Shape of a logical neuron: which circuits make up each compartment.

    Built from a mapping of `CompartmentOnLogicalNeuron` to sequences of `AtomicNeuronOnLogicalNeuron`. Compartments
    are kept in ascending number, circuits in the given order. No circuit may appear twice.
    """

    __slots__ = ()

    _key: tuple[tuple[neuron.CompartmentOnLogicalNeuron, tuple[neuron.AtomicNeuronOnLogicalNeuron, ...]], ...]

    def __new__(
        cls,
        compartments: Mapping[
            neuron.CompartmentOnLogicalNeuron, Sequence[neuron.AtomicNeuronOnLogicalNeuron]
        ] = MappingProxyType({}),
    ) -> Self:
        """Build from the circuits of each compartment.

        Raises:
            CoordinateTypeError: another type of compartment or circuit.
            CoordinateError: a circuit that is used twice.
        """
        if not isinstance(compartments, Mapping):
            raise CoordinateTypeError(
                f"{cls.__qualname__} cannot be made from {shown(compartments)}; "
                f"give a mapping of CompartmentOnLogicalNeuron to sequences of AtomicNeuronOnLogicalNeuron"
            )
        entries = []
        for compartment, circuits in compartments.items():
            if type(compartment) is not neuron.CompartmentOnLogicalNeuron:
                raise CoordinateTypeError(f"{cls.__qualname__}: {shown(compartment)} is no CompartmentOnLogicalNeuron")
            entries.append((compartment, _circuits(cls, circuits, neuron.AtomicNeuronOnLogicalNeuron)))
        every = [circuit for _, circuits in entries for circuit in circuits]
        if len(set(every)) != len(every):
            twice = next(circuit for position, circuit in enumerate(every) if circuit in every[:position])
            raise CoordinateError(f"{cls.__qualname__}: {twice} is used twice; each circuit belongs to one place only")
        return cls._with_key(tuple(sorted(entries)))

    def get_compartments(
        self,
    ) -> Mapping[neuron.CompartmentOnLogicalNeuron, tuple[neuron.AtomicNeuronOnLogicalNeuron, ...]]:
        """Return the circuits of each compartment, compartments in ascending number."""
        return MappingProxyType(dict(self._key))

    def get_atomic_neurons(self) -> tuple[neuron.AtomicNeuronOnLogicalNeuron, ...]:
        """Return all circuits, compartment by compartment in ascending number."""
        return tuple(circuit for _, circuits in self._key for circuit in circuits)

    def _bounding_box(self) -> tuple[int, int, int, int]:
        """Return leftmost and rightmost column, topmost and bottommost row."""
        every = self.get_atomic_neurons()
        if not every:
            raise CoordinateError(f"{type(self).__qualname__} without circuits has no extent; add a circuit")
        columns = [int(circuit.to_neuron_column_on_logical_neuron()) for circuit in every]
        rows = [int(circuit.to_neuron_row_on_logical_neuron()) for circuit in every]
        return min(columns), max(columns), min(rows), max(rows)

    def get_leftmost_column(self) -> neuron.NeuronColumnOnLogicalNeuron:
        """Return the smallest column of all circuits."""
        return neuron.NeuronColumnOnLogicalNeuron(self._bounding_box()[0])

    def get_rightmost_column(self) -> neuron.NeuronColumnOnLogicalNeuron:
        """Return the largest column of all circuits."""
        return neuron.NeuronColumnOnLogicalNeuron(self._bounding_box()[1])

    def get_topmost_row(self) -> neuron.NeuronRowOnLogicalNeuron:
        """Return the smallest row of all circuits."""
        return neuron.NeuronRowOnLogicalNeuron(self._bounding_box()[2])

    def get_bottommost_row(self) -> neuron.NeuronRowOnLogicalNeuron:
        """Return the largest row of all circuits."""
        return neuron.NeuronRowOnLogicalNeuron(self._bounding_box()[3])

    def _mirrored(self, columns: bool) -> Self:
        if not self._key:
            return self
        left, right, top, bottom = self._bounding_box()
        mirrored = {}
        for compartment, circuits in self._key:
            pairs = [circuit._split(int(circuit)) for circuit in circuits]
            mirrored[compartment] = [
                neuron.AtomicNeuronOnLogicalNeuron(
                    neuron_column_on_logical_neuron=left + right - column if columns else column,
                    neuron_row_on_logical_neuron=row if columns else top + bottom - row,
                )
                for column, row in pairs
            ]
        return type(self)(mirrored)

    def flip_x(self) -> Self:
        """Return the shape mirrored left to right inside its bounding box: column c -> left + right - c."""
        return self._mirrored(columns=True)

    def flip_y(self) -> Self:
        """Return the shape mirrored top to bottom inside its bounding box: row r -> top + bottom - r."""
        return self._mirrored(columns=False)

    def to_plain(self) -> list[list[int | list[int]]]:
        """Return ``[[compartment, [circuit, ...]], ...]`` with linear indices."""
        return [[int(compartment), [int(circuit) for circuit in circuits]] for compartment, circuits in self._key]

    @classmethod
    def from_plain(cls, plain: object) -> Self:
        """Return the shape of ``[[compartment, [circuit, ...]], ...]``.

        Raises:
            CoordinateError: ``plain`` has another shape, an index out of range or a circuit twice.
        """
        return cls(_compartments_from_plain(cls, plain, neuron.AtomicNeuronOnLogicalNeuron))

    def __str__(self) -> str:
        return _text(type(self).__name__, self._key)


class LogicalNeuronOnDLS(Tupled):
    """Logical neuron on the chip: compartments placed with the top-left corner of their shape on an anchor.

    Equality, order and hash are those of the placed circuits.
    """

    __slots__ = ()

    _key: tuple[tuple[neuron.CompartmentOnLogicalNeuron, tuple[neuron.AtomicNeuronOnDLS, ...]], ...]

    container_coordinate: ClassVar[bool] = True

    def __new__(cls, compartments: LogicalNeuronCompartments, anchor: neuron.AtomicNeuronOnDLS) -> Self:
        """Put the top-left corner of the bounding box of a shape on a circuit.

        Raises:
            CoordinateTypeError: arguments of another type.
            CoordinateError: no circuits, or a place beyond the border or across the middle of the chip.
        """
        if type(compartments) is not LogicalNeuronCompartments or type(anchor) is not neuron.AtomicNeuronOnDLS:
            raise CoordinateTypeError(
                f"{cls.__qualname__} cannot be made from ({shown(compartments)}, {shown(anchor)}); "
                f"give (LogicalNeuronCompartments, AtomicNeuronOnDLS)"
            )
        left, right, top, bottom = compartments._bounding_box()
        column, row = anchor._split(int(anchor))
        border = 127 if column <= 127 else 255
        if row + bottom - top > 1 or column + right - left > border:
            raise CoordinateError(
                f"{cls.__qualname__}: a shape of {right - left + 1} columns x {bottom - top + 1} rows does not fit "
                f"with its top-left corner on column {column}, row {row}; it has to stay within columns "
                f"{border - 127}..{border} and rows 0..1"
            )
        placed = []
        for compartment, circuits in compartments._key:
            pairs = [circuit._split(int(circuit)) for circuit in circuits]
            circuits_on_dls = tuple(
                neuron.AtomicNeuronOnDLS._of(neuron.AtomicNeuronOnDLS._join(column + x - left, row + y - top))
                for x, y in pairs
            )
            placed.append((compartment, circuits_on_dls))
        return cls._with_key(tuple(placed))

    def get_placed_compartments(
        self,
    ) -> Mapping[neuron.CompartmentOnLogicalNeuron, tuple[neuron.AtomicNeuronOnDLS, ...]]:
        """Return the circuits of each compartment, compartments in ascending number."""
        return MappingProxyType(dict(self._key))

    def get_atomic_neurons(self) -> tuple[neuron.AtomicNeuronOnDLS, ...]:
        """Return all circuits, compartment by compartment in ascending number."""
        return tuple(circuit for _, circuits in self._key for circuit in circuits)

    def to_plain(self) -> list[list[int | list[int]]]:
        """Return ``[[compartment, [circuit, ...]], ...]`` with linear indices of the placed circuits."""
        return [[int(compartment), [int(circuit) for circuit in circuits]] for compartment, circuits in self._key]

    @classmethod
    def from_plain(cls, plain: object) -> Self:
        """Return the logical neuron of ``[[compartment, [circuit, ...]], ...]``.

        Raises:
            CoordinateError: ``plain`` has another shape, an index out of range, a circuit twice, or does not stay on
                one side of the chip.
        """
        placed = _compartments_from_plain(cls, plain, neuron.AtomicNeuronOnDLS)
        pairs = [circuit._split(int(circuit)) for circuits in placed.values() for circuit in circuits]
        if not pairs:
            raise CoordinateError(f"{cls.__qualname__} needs at least one neuron circuit, got {shown(plain)}")
        left = min(column for column, _ in pairs)
        top = min(row for _, row in pairs)
        if max(column for column, _ in pairs) - left > 127:
            raise CoordinateError(f"{cls.__qualname__}: {shown(plain)} spans more than the 128 columns of one side")
        shape = {
            compartment: [
                neuron.AtomicNeuronOnLogicalNeuron(
                    neuron_column_on_logical_neuron=column - left, neuron_row_on_logical_neuron=row - top
                )
                for column, row in (circuit._split(int(circuit)) for circuit in circuits)
            ]
            for compartment, circuits in placed.items()
        }
        anchor = neuron.AtomicNeuronOnDLS(neuron_column_on_dls=left, neuron_row_on_dls=top)
        return cls(LogicalNeuronCompartments(shape), anchor)

    def __str__(self) -> str:
        return _text(type(self).__name__, self._key)


def _circuits(owner: type[Tupled], circuits: object, kind: type[G]) -> tuple[G, ...]:
    if not isinstance(circuits, (list, tuple)):
        raise CoordinateTypeError(f"{owner.__qualname__}: {shown(circuits)} is no sequence of {kind.__qualname__}")
    for circuit in circuits:
        if type(circuit) is not kind:
            raise CoordinateTypeError(f"{owner.__qualname__}: {shown(circuit)} is no {kind.__qualname__}")
    return tuple(circuits)


def _compartments_from_plain(
    owner: type[Tupled], plain: object, kind: type[G]
) -> dict[neuron.CompartmentOnLogicalNeuron, list[G]]:
    """Return compartments of nested lists ``[[compartment, [circuit, ...]], ...]``, bounded in number."""
    if not isinstance(plain, list) or len(plain) > neuron.CompartmentOnLogicalNeuron.size:
        raise CoordinateTypeError(
            f"{owner.__qualname__} is stored as a list of at most {neuron.CompartmentOnLogicalNeuron.size} "
            f"[compartment, [circuit, ...]], got {shown(plain)}"
        )
    compartments: dict[neuron.CompartmentOnLogicalNeuron, list[G]] = {}
    for entry in plain:
        if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[1], list):
            raise CoordinateTypeError(f"{owner.__qualname__}: {shown(entry)} is not [compartment, [circuit, ...]]")
        if len(entry[1]) > _MOST_CIRCUITS:
            raise CoordinateError(
                f"{owner.__qualname__}: {len(entry[1])} circuits in a compartment, at most {_MOST_CIRCUITS} exist"
            )
        compartment = neuron.CompartmentOnLogicalNeuron.from_plain(entry[0])
        if compartment in compartments:
            raise CoordinateError(f"{owner.__qualname__}: {compartment} is listed twice")
        compartments[compartment] = [kind.from_plain(circuit) for circuit in entry[1]]
    return compartments


def _text(name: str, compartments: tuple[tuple[object, tuple[object, ...]], ...]) -> str:
    lines = [f"{name}("]
    for compartment, circuits in compartments:
        lines.append(f"\t{compartment}")
        lines.extend(f"\t\t{circuit}" for circuit in circuits)
    return "\n".join([*lines, ")"])
