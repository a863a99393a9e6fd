"""The structure of a logical neuron: its circuits, their places, and the switches that join them.

======================  ================================================================
`MorphologyCircuit`     one circuit: compartment, relative place, five structural switches
`in_normal_form`        all circuits of a neuron, checked, top-left corner at column 0, row 0
`mirrored`              the structure mirrored left to right or top to bottom
======================  ================================================================

A switch to the right is carried by the left one of two neighbours, so mirroring left to right hands it to the other.
A vertical connection is carried by both. Source: reference containers-a.md, sections 3.4 and 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.containers.atomic_neuron import MultiCompartment
from hxtwin.containers.errors import MorphologyError
from hxtwin.containers.fields import like, uint
from hxtwin.containers.record import ArrayOf, Record, build_array
from hxtwin.coord import AtomicNeuronOnLogicalNeuron, CompartmentOnLogicalNeuron, NeuronColumnOnLogicalNeuron

if TYPE_CHECKING:
    from hxtwin.coord import LogicalNeuronOnDLS

#: Switches that make up the structure of a logical neuron: fields of `MorphologyCircuit` and of `MultiCompartment`.
STRUCTURAL_SWITCHES = ("connect_soma", "connect_soma_right", "connect_right", "connect_vertical", "enable_conductance")

_TO_THE_RIGHT = ("connect_soma_right", "connect_right")
_COLUMNS = NeuronColumnOnLogicalNeuron.size
_PLACES = AtomicNeuronOnLogicalNeuron.size


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MorphologyCircuit(Record):
    """What is fixed about one neuron circuit of a logical neuron: compartment, place and structural switches."""

    compartment: int = uint(
        "Compartment that the circuit belongs to.",
        maximum=CompartmentOnLogicalNeuron.max,
        coordinate=CompartmentOnLogicalNeuron,
    )
    circuit: int = uint(
        "Place relative to the top-left corner of the logical neuron: 128 * row + column.",
        maximum=AtomicNeuronOnLogicalNeuron.max,
        coordinate=AtomicNeuronOnLogicalNeuron,
    )
    connect_soma: bool = like(MultiCompartment, "connect_soma")
    connect_soma_right: bool = like(MultiCompartment, "connect_soma_right")
    connect_right: bool = like(MultiCompartment, "connect_right")
    connect_vertical: bool = like(MultiCompartment, "connect_vertical")
    enable_conductance: bool = like(MultiCompartment, "enable_conductance")


def in_normal_form(given: ArrayOf[MorphologyCircuit]) -> ArrayOf[MorphologyCircuit]:
    """The structure with its top-left corner at column 0, row 0.

    Raises:
        MorphologyError: the compartments are not ascending, or a place is taken twice.
    """
    if not len(given):
        return given
    columns = given.columns()
    numbers, places = columns["compartment"], columns["circuit"]
    if (numbers[1:] < numbers[:-1]).any():
        raise MorphologyError(
            f"circuits of a logical neuron have to be in ascending compartments, got compartments {numbers.tolist()}"
        )
    taken, counts = np.unique(places, return_counts=True)
    if (counts > 1).any():
        twice = AtomicNeuronOnLogicalNeuron(int(taken[counts > 1][0]))
        raise MorphologyError(f"{twice} is used twice in a logical neuron; each circuit belongs to one compartment")
    row, column = np.divmod(places, _COLUMNS)
    columns["circuit"] = (row - row.min()) * _COLUMNS + column - column.min()
    return build_array(MorphologyCircuit, columns, len(given))


def mirror(places: npt.NDArray[Any], *, left_right: bool, top_bottom: bool) -> npt.NDArray[Any]:
    """Relative places mirrored inside their bounding box, whose top-left corner is at 0."""
    row, column = np.divmod(places, _COLUMNS)
    if left_right and column.size:
        column = column.max() - column
    if top_bottom and row.size:
        row = row.max() - row
    found: npt.NDArray[Any] = row * _COLUMNS + column
    return found


def mirrored(
    structure: ArrayOf[MorphologyCircuit], *, left_right: bool, top_bottom: bool
) -> ArrayOf[MorphologyCircuit]:
    """A structure in normal form, mirrored inside its bounding box.

    Raises:
        MorphologyError: a switch to the right leads out of the structure, so that no circuit of it can take it over.
    """
    columns = structure.columns()
    places = columns["circuit"].astype(np.int64)
    columns["circuit"] = mirror(columns["circuit"], left_right=left_right, top_bottom=top_bottom)
    if left_right:
        positions = np.full(_PLACES + 1, -1, dtype=np.int64)
        positions[places] = np.arange(len(structure))
        for name in _TO_THE_RIGHT:
            left = places[columns[name]]
            right = np.where(left % _COLUMNS < _COLUMNS - 1, positions[left + 1], -1)
            if (right < 0).any():
                outside = AtomicNeuronOnLogicalNeuron(int(left[right < 0][0]))
                raise MorphologyError(
                    f"{name} of {outside} leads out of the logical neuron, which therefore has no mirror image; "
                    f"place it as it was built"
                )
            columns[name] = np.zeros(len(structure), dtype=np.bool_)
            columns[name][right] = True
    return build_array(MorphologyCircuit, columns, len(structure))


def chip_indices(at: LogicalNeuronOnDLS) -> npt.NDArray[np.int64]:
    """Linear indices of the circuits on the chip, in the order of the bus accesses, ``int64[circuits]``."""
    return np.array([int(place) for place in at.get_atomic_neurons()], dtype=np.int64)


def shape_of(at: LogicalNeuronOnDLS) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Compartment and relative place of each circuit of a placed neuron, ``uint8[circuits]`` each."""
    placed = at.get_placed_compartments()
    numbers = np.array([int(number) for number, circuits in placed.items() for _ in circuits], dtype=np.uint8)
    row, column = np.divmod(chip_indices(at), 2 * _COLUMNS)
    places = (row - row.min()) * _COLUMNS + column - column.min()
    return numbers, places.astype(np.uint8)
