"""Builder of multi-compartment neurons.

================================  =====================================================================================
operation                         switches
================================  =====================================================================================
`create_compartment`              joins neighbours of the set: connect_right on the left one, connect_vertical on both
`connect_to_soma`                 connect_soma: membrane <-> own segment of the somatic line
`connect_resistor_to_soma`        enable_conductance: the same through the inter-compartment conductance
`connect_soma_line`               connect_soma_right: segments of a row from start to end are joined to one line
`done`                            checks everything and returns the shape and the `LogicalNeuron`
================================  =====================================================================================

::

    morphology = Morphology()
    soma = morphology.create_compartment([at(0, 0), at(1, 0)])
    dendrite = morphology.create_compartment([at(3, 0)])
    morphology.connect_soma_line(1, 3, row=0)
    morphology.connect_to_soma(at(1, 0))
    morphology.connect_resistor_to_soma(at(3, 0))
    shape, neuron = morphology.done()
    place = LogicalNeuronOnDLS(shape, AtomicNeuronOnDLS(20))

Places are relative: columns 0..127, rows 0..1. An operation that is refused changes nothing.
Source: reference containers-a.md, sections 3.4 and 10.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hxtwin.containers.errors import CoordinateMismatchError, MorphologyError
from hxtwin.containers.logical_neuron import LogicalNeuron
from hxtwin.containers.morphology_circuit import MorphologyCircuit
from hxtwin.coord import (
    AtomicNeuronOnLogicalNeuron,
    CompartmentOnLogicalNeuron,
    CoordinateError,
    LogicalNeuronCompartments,
    NeuronColumnOnLogicalNeuron,
    NeuronRowOnLogicalNeuron,
)

if TYPE_CHECKING:
    from collections.abc import Collection

_COLUMNS = NeuronColumnOnLogicalNeuron.size
#: Nodes of the circuit graph: membranes have the index of their neuron, segments of the somatic line lie behind them.
_SEGMENT = AtomicNeuronOnLogicalNeuron.size

Edges = dict[int, set[int]]


class Morphology:
    """Builder of a multi-compartment neuron; `done` may be called at any time and does not change the builder."""

    def __init__(self) -> None:
        self._compartments: list[tuple[int, ...]] = []
        self._to_soma: set[int] = set()
        self._through_resistor: set[int] = set()
        # left ends of the closed switches of the somatic line
        self._line: set[int] = set()

    def create_compartment(self, neurons: Iterable[AtomicNeuronOnLogicalNeuron]) -> CompartmentOnLogicalNeuron:
        """Join the membranes of neighbouring circuits to one compartment.

        Args:
            neurons: its circuits; their order is kept.

        Returns:
            Number of the compartment: 0, 1, ... in the order of creation.

        Raises:
            MorphologyError: no circuit, one that is used already, circuits that are not neighbours, or too many
                compartments.
            CoordinateMismatchError: an element is no `AtomicNeuronOnLogicalNeuron`.
        """
        number = len(self._compartments)
        if not isinstance(neurons, Iterable):
            raise CoordinateMismatchError(
                f"compartment {number}: {neurons!r} is no sequence of AtomicNeuronOnLogicalNeuron"
            )
        circuits = tuple(_index(neuron, f"compartment {number}") for neuron in neurons)
        if not circuits:
            raise MorphologyError(f"compartment {number} would be empty; give at least one neuron")
        for position, circuit in enumerate(circuits):
            if circuit in circuits[:position]:
                raise MorphologyError(f"compartment {number}: {_name(circuit)} is given twice; give each neuron once")
            owner = self._owner(circuit)
            if owner is not None:
                raise MorphologyError(
                    f"compartment {number}: {_name(circuit)} is in compartment {owner} already; give unused neurons"
                )
        apart = set(circuits) - _reachable(circuits[0], _membrane_edges([circuits]))
        if apart:
            raise MorphologyError(
                f"compartment {number} is not contiguous: {_names(apart)} cannot be reached from {_name(circuits[0])}; "
                f"all its neurons have to be neighbours in a row or a column"
            )
        _check_count(number + 1)
        self._compartments.append(circuits)
        return CompartmentOnLogicalNeuron(number)

    def connect_to_soma(self, neuron: AtomicNeuronOnLogicalNeuron) -> None:
        """Connect the membrane of a circuit directly to its segment of the somatic line.

        Raises:
            MorphologyError: it is connected through its resistor already.
        """
        circuit = _index(neuron, "connect_to_soma")
        if circuit in self._through_resistor:
            raise MorphologyError(
                f"{_name(circuit)} is connected to the somatic line through its resistor already; "
                f"only one of both is allowed"
            )
        self._to_soma.add(circuit)

    def connect_resistor_to_soma(self, neuron: AtomicNeuronOnLogicalNeuron) -> None:
        """Connect the membrane of a circuit to its segment of the somatic line through its conductance.

        Raises:
            MorphologyError: it is connected directly already.
        """
        circuit = _index(neuron, "connect_resistor_to_soma")
        if circuit in self._to_soma:
            raise MorphologyError(
                f"{_name(circuit)} is connected to the somatic line directly already; only one of both is allowed"
            )
        self._through_resistor.add(circuit)

    def connect_soma_line(
        self,
        start: NeuronColumnOnLogicalNeuron | int,
        end: NeuronColumnOnLogicalNeuron | int,
        row: NeuronRowOnLogicalNeuron | int,
    ) -> None:
        """Join the segments of the somatic line from column `start` to column `end` (both included) in a row.

        Raises:
            MorphologyError: `start` lies right of `end`, or a number is out of range.
            CoordinateMismatchError: a coordinate of another type.
        """
        first, last = _column(start, "start"), _column(end, "end")
        try:
            line = int(NeuronRowOnLogicalNeuron(row))
        except CoordinateError as error:
            raise _refused(error, f"connect_soma_line: row {row!r} is none of 0..1") from error
        if first > last:
            raise MorphologyError(
                f"connect_soma_line: start column {first} lies right of end column {last}; exchange them"
            )
        self._line.update(_COLUMNS * line + column for column in range(first, last))

    def done(self) -> tuple[LogicalNeuronCompartments, LogicalNeuron]:
        """Check the neuron and return its shape and the container.

        Circuits in no compartment that lie on the somatic line, or are connected to it, become compartments of their
        own, numbered behind the created ones by column, then row.

        Returns:
            The shape, to be placed by ``LogicalNeuronOnDLS(shape, anchor)``, and the neuron with default parameters.

        Raises:
            MorphologyError: no circuit; two compartments are joined without a resistor between them; a part is not
                connected to the rest; more than 255 compartments.
        """
        segments = self._line | {circuit + 1 for circuit in self._line}
        declared = {circuit for circuits in self._compartments for circuit in circuits}
        bridges = (segments | self._to_soma | self._through_resistor) - declared
        compartments = [*self._compartments, *((circuit,) for circuit in sorted(bridges, key=_column_then_row))]
        if not compartments:
            raise MorphologyError("a neuron needs at least one circuit; create a compartment first")
        _check_count(len(compartments))
        self._check_extent()
        membranes = declared | self._to_soma | self._through_resistor
        self._check_connection(membranes | {_SEGMENT + circuit for circuit in segments})
        shape = {
            CompartmentOnLogicalNeuron(number): tuple(AtomicNeuronOnLogicalNeuron(circuit) for circuit in circuits)
            for number, circuits in enumerate(compartments)
        }
        return LogicalNeuronCompartments(shape), LogicalNeuron.of(self._circuits(compartments))

    def _owner(self, circuit: int) -> int | None:
        return next((number for number, circuits in enumerate(self._compartments) if circuit in circuits), None)

    def _direct(self) -> Edges:
        """Connections without a resistor."""
        edges = _membrane_edges(self._compartments)
        for circuit in self._line:
            _join(edges, _SEGMENT + circuit, _SEGMENT + circuit + 1)
        for circuit in self._to_soma:
            _join(edges, circuit, _SEGMENT + circuit)
        return edges

    def _check_extent(self) -> None:
        """Check that no compartment is joined to more membranes than those it was made of."""
        edges = self._direct()
        for number, circuits in enumerate(self._compartments):
            reached = {node for node in _reachable(circuits[0], edges) if node < _SEGMENT}
            extra = reached - set(circuits)
            if extra:
                raise MorphologyError(
                    f"compartment {number} is larger than on construction: it is also joined to {_names(extra)} by the "
                    f"somatic line; connect one of both with connect_resistor_to_soma instead of connect_to_soma"
                )

    def _check_connection(self, nodes: set[int]) -> None:
        """Check that all membranes and pieces of the somatic line form one connected graph, conductances included."""
        edges = self._direct()
        for circuit in self._through_resistor:
            _join(edges, circuit, _SEGMENT + circuit)
        start = min(nodes) if not self._compartments else self._compartments[0][0]
        apart = nodes - _reachable(start, edges)
        if not apart:
            return
        membranes = {node for node in apart if node < _SEGMENT}
        owners = sorted({owner for owner in map(self._owner, membranes) if owner is not None})
        if owners:
            what = f"compartment {owners[0]}"
        elif membranes:
            what = _names(membranes)
        else:
            what = f"the somatic line at {_names({node - _SEGMENT for node in apart})}"
        raise MorphologyError(
            f"the neuron falls apart: {what} is not connected to {_name(start)}; join them by connect_soma_line "
            f"together with connect_to_soma or connect_resistor_to_soma on both sides"
        )

    def _circuits(self, compartments: Collection[tuple[int, ...]]) -> list[MorphologyCircuit]:
        right, vertical = _membrane_switches(self._compartments)
        return [
            MorphologyCircuit(
                compartment=number,
                circuit=circuit,
                connect_soma=circuit in self._to_soma,
                connect_soma_right=circuit in self._line,
                connect_right=circuit in right,
                connect_vertical=circuit in vertical,
                enable_conductance=circuit in self._through_resistor,
            )
            for number, circuits in enumerate(compartments)
            for circuit in circuits
        ]


def _index(neuron: object, where: str) -> int:
    if type(neuron) is not AtomicNeuronOnLogicalNeuron:
        raise CoordinateMismatchError(
            f"{where}: {neuron!r} is a {type(neuron).__name__}, wanted an AtomicNeuronOnLogicalNeuron"
        )
    return int(neuron)


def _column(column: NeuronColumnOnLogicalNeuron | int, end: str) -> int:
    try:
        return int(NeuronColumnOnLogicalNeuron(column))
    except CoordinateError as error:
        raise _refused(error, f"connect_soma_line: {end} column {column!r} is none of 0..{_COLUMNS - 1}") from error


def _refused(error: CoordinateError, message: str) -> CoordinateMismatchError | MorphologyError:
    """Error of this layer for a number out of range, or for a value of a wrong type."""
    return CoordinateMismatchError(message) if isinstance(error, TypeError) else MorphologyError(message)


def _check_count(count: int) -> None:
    if count > CompartmentOnLogicalNeuron.size:
        raise MorphologyError(
            f"a logical neuron has at most {CompartmentOnLogicalNeuron.size} compartments, this would be {count}"
        )


def _membrane_switches(compartments: Iterable[tuple[int, ...]]) -> tuple[set[int], set[int]]:
    """Circuits with connect_right, and those with connect_vertical."""
    right, vertical = set(), set()
    for circuits in compartments:
        members = set(circuits)
        for circuit in circuits:
            if circuit % _COLUMNS < _COLUMNS - 1 and circuit + 1 in members:
                right.add(circuit)
            if (circuit + _COLUMNS) % _SEGMENT in members:
                vertical.add(circuit)
    return right, vertical


def _membrane_edges(compartments: Iterable[tuple[int, ...]]) -> Edges:
    """Connections between the membranes of the circuits of each compartment."""
    right, vertical = _membrane_switches(compartments)
    edges: Edges = {}
    for circuit in right:
        _join(edges, circuit, circuit + 1)
    for circuit in vertical:
        _join(edges, circuit, (circuit + _COLUMNS) % _SEGMENT)
    return edges


def _join(edges: Edges, one: int, other: int) -> None:
    edges.setdefault(one, set()).add(other)
    edges.setdefault(other, set()).add(one)


def _reachable(start: int, edges: Edges) -> set[int]:
    found, waiting = {start}, [start]
    while waiting:
        new = edges.get(waiting.pop(), set()) - found
        found |= new
        waiting.extend(new)
    return found


def _column_then_row(circuit: int) -> tuple[int, int]:
    return circuit % _COLUMNS, circuit // _COLUMNS


def _name(circuit: int) -> str:
    return f"neuron (column {circuit % _COLUMNS}, row {circuit // _COLUMNS})"


def _names(circuits: Iterable[int]) -> str:
    """The first few neurons of a set."""
    ordered = sorted(circuits, key=_column_then_row)
    return ", ".join(map(_name, ordered[:4])) + (f" and {len(ordered) - 4} more" if len(ordered) > 4 else "")
