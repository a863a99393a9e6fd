"""The hardware graph of an execution instance, read from the configuration of its chip.

A unit is in the graph if the configuration uses it:

=====================  ====================================================================
crossbar node          it lets some label pass, and its input and output are in use
background source      enabled
synapse driver         enabled, with a row that is not disabled
synapse array          rows of those drivers, columns with a synapse that has a weight
neurons                columns fed by synapses, recorded, or sending spikes
=====================  ====================================================================

Source: reference graph.md 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hxtwin.coord import (
    AtomicNeuronOnDLS,
    BackgroundSpikeSourceOnDLS,
    CrossbarNodeOnDLS,
    ExecutionInstanceID,
    NeuronColumnOnDLS,
    NeuronRowOnDLS,
    PADIBusOnDLS,
    SynapseDriverOnDLS,
    SynapseOnSynapseRow,
    SynapseRowOnSynram,
    SynramOnDLS,
)
from hxtwin.graph.signal_flow.analog import CADCMode, CADCView, MADCView, NeuronView, SynapseArrayView
from hxtwin.graph.signal_flow.events import (
    BackgroundVertex,
    ChipVertex,
    CrossbarL2Input,
    CrossbarL2Output,
    CrossbarNode,
    PADIBus,
    SynapseDriver,
)
from hxtwin.graph.signal_flow.graph import SignalFlowGraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hxtwin.containers import Chip
    from hxtwin.graph.signal_flow.graph import PlacedVertex

_ROWS = SynapseRowOnSynram.size
_COLUMNS = NeuronColumnOnDLS.size


def hardware_graph(
    chip: Chip,
    *,
    cadc: Sequence[AtomicNeuronOnDLS] = (),
    madc: Sequence[AtomicNeuronOnDLS] = (),
    cadc_mode: CADCMode = CADCMode.PERIODIC,
    execution_instance: ExecutionInstanceID | int = 0,
    chip_number: int = 0,
) -> SignalFlowGraph:
    """The units of a chip that its configuration uses, and the ways between them.

    Args:
        chip: its configuration.
        cadc: circuits whose samples are recorded by the column ADC.
        madc: the one or two circuits observed by the membrane ADC.
        cadc_mode: how the column ADC is used.
        execution_instance: number of the instance.
        chip_number: position in the list of chips of the executor.

    Raises:
        SignalFlowError: two MADC circuits in columns of equal parity.
    """
    return _Builder(chip, ExecutionInstanceID(execution_instance), chip_number).built(cadc, madc, cadc_mode)


class _Builder:
    """Adds the units in the order in which events meet them."""

    def __init__(self, chip: Chip, instance: ExecutionInstanceID, number: int) -> None:
        self._columns: dict[str, npt.NDArray[Any]] = chip.columns()
        self._graph = SignalFlowGraph()
        self._place = instance, number

    def built(
        self, cadc: Sequence[AtomicNeuronOnDLS], madc: Sequence[AtomicNeuronOnDLS], mode: CADCMode
    ) -> SignalFlowGraph:
        graph, place = self._graph, self._place
        graph.add(ChipVertex(), *place)
        observed = np.zeros(AtomicNeuronOnDLS.size, dtype=np.bool_)
        observed[[int(circuit) for circuit in (*cadc, *madc)]] = True
        arrays = self._arrays()
        neurons = self._neurons(arrays, observed.reshape(NeuronRowOnDLS.size, _COLUMNS))
        self._crossbar(arrays, neurons)
        for row, view in neurons.items():
            columns = tuple(circuit.to_neuron_column_on_dls() for circuit in cadc if int(_row(circuit)) == row)
            if columns:
                samples = graph.add(CADCView(synram=SynramOnDLS(row), columns=columns, mode=mode), *place)
                graph.connect(view, samples, channels=[(_channel(view, int(c)), i) for i, c in enumerate(columns)])
        if madc:
            adc = graph.add(MADCView(sources=tuple(madc)), *place)
            for position, circuit in enumerate(madc):
                view = neurons[int(_row(circuit))]
                column = int(circuit.to_neuron_column_on_dls())
                graph.connect(view, adc, channels=[(_channel(view, column), position)])
        return graph

    # --- analog part ---------------------------------------------------------------------------------------------

    def _arrays(self) -> dict[int, PlacedVertex]:
        """Synapse array in use on each hemisphere."""
        drivers = "synapse_driver_blocks.synapse_drivers."
        enabled = self._columns[drivers + "enable_receiver"]
        # row 2d of a driver is its bottom row, 2d + 1 its top row
        modes = np.stack([self._columns[drivers + "row_mode_bottom"], self._columns[drivers + "row_mode_top"]], axis=-1)
        used = (modes != 0) & enabled[..., np.newaxis]
        weights = self._columns["synapse_blocks.matrix.weights"]
        found = {}
        for synram in SynramOnDLS.all():
            rows = np.flatnonzero(used[int(synram)].reshape(_ROWS))
            columns = np.flatnonzero(weights[int(synram)][rows].any(axis=0))
            if rows.size and columns.size:
                view = SynapseArrayView(
                    synram=synram,
                    rows=tuple(SynapseRowOnSynram(row) for row in rows.tolist()),
                    columns=tuple(SynapseOnSynapseRow(column) for column in columns.tolist()),
                )
                found[int(synram)] = self._graph.add(view, *self._place)
        return found

    def _neurons(self, arrays: dict[int, PlacedVertex], observed: npt.NDArray[np.bool_]) -> dict[int, PlacedVertex]:
        """Neurons in use of each row, connected to their synapses."""
        used = observed | self._sending()
        for row, array in arrays.items():
            assert isinstance(array.vertex, SynapseArrayView)
            used[row, [int(column) for column in array.vertex.columns]] = True
        found = {}
        for neuron_row in NeuronRowOnDLS.all():
            row = int(neuron_row)
            columns = np.flatnonzero(used[row])
            if columns.size:
                view = NeuronView(row=neuron_row, columns=tuple(NeuronColumnOnDLS(c) for c in columns.tolist()))
                found[row] = self._graph.add(view, *self._place)
        for row, array in arrays.items():
            assert isinstance(array.vertex, SynapseArrayView)
            pairs = [(i, _channel(found[row], int(c))) for i, c in enumerate(array.vertex.columns)]
            self._graph.connect(array, found[row], channels=pairs)
        return found

    def _sending(self) -> npt.NDArray[np.bool_]:
        """Circuits whose spikes leave them, ``bool[row, column]``."""
        sending: npt.NDArray[np.bool_] = self._columns["neuron_block.atomic_neurons.event_routing.enable_digital"]
        return sending.reshape(NeuronRowOnDLS.size, _COLUMNS).copy()

    # --- event network -------------------------------------------------------------------------------------------

    def _crossbar(self, arrays: dict[int, PlacedVertex], neurons: dict[int, PlacedVertex]) -> None:
        graph, place = self._graph, self._place
        buses = self._buses(arrays)
        l2_input: PlacedVertex | None = None
        l2_output: PlacedVertex | None = None
        generators: dict[int, PlacedVertex] = {}
        for coordinate in self._open_nodes():
            vertex = CrossbarNode(coordinate=coordinate)
            to_bus = vertex.output_line < PADIBusOnDLS.size
            senders = self._senders(vertex.input_line, neurons)
            if (to_bus and vertex.output_line not in buses) or senders is None:
                continue
            node = graph.add(vertex, *place)
            for view, channels in senders:
                graph.connect(view, node, output=1, channels=channels)
            if 8 <= vertex.input_line < 12:
                l2_input = l2_input or graph.add(CrossbarL2Input(), *place)
                graph.connect(l2_input, node)
            elif vertex.input_line >= 12:
                source = BackgroundSpikeSourceOnDLS(vertex.input_line - 12)
                if int(source) not in generators:
                    generators[int(source)] = graph.add(BackgroundVertex(coordinate=source), *place)
                graph.connect(generators[int(source)], node)
            if to_bus:
                graph.connect(node, buses[vertex.output_line])
            else:
                l2_output = l2_output or graph.add(CrossbarL2Output(), *place)
                graph.connect(node, l2_output)

    def _open_nodes(self) -> list[CrossbarNodeOnDLS]:
        """Nodes that let some label pass: no bit of the target outside of the mask."""
        mask, target = self._columns["crossbar.nodes.mask"], self._columns["crossbar.nodes.target"]
        return [CrossbarNodeOnDLS(number) for number in np.flatnonzero((target & ~mask) == 0).tolist()]

    def _senders(
        self, line: int, neurons: dict[int, PlacedVertex]
    ) -> list[tuple[PlacedVertex, list[tuple[int, int]]]] | None:
        """Neuron views with their channels that feed a crossbar input; None if nothing does."""
        if 8 <= line < 12:
            return []
        if line >= 12:
            return [] if self._columns["background_spike_sources.enable"][line - 12] else None
        found = []
        sending = self._sending()
        for row, view in neurons.items():
            assert isinstance(view.vertex, NeuronView)
            channels = [
                (channel, 0)
                for channel, column in enumerate(view.vertex.columns)
                if int(column.to_neuron_event_output_on_dls()) == line and sending[row, int(column)]
            ]
            if channels:
                found.append((view, channels))
        return found or None

    def _buses(self, arrays: dict[int, PlacedVertex]) -> dict[int, PlacedVertex]:
        """PADI buses with drivers in use, connected down to the synapse rows; by crossbar output."""
        graph, place = self._graph, self._place
        buses: dict[int, PlacedVertex] = {}
        for synram, array in arrays.items():
            assert isinstance(array.vertex, SynapseArrayView)
            rows: dict[int, list[tuple[int, int]]] = {}
            for position, row in enumerate(array.vertex.rows):
                rows.setdefault(int(row) // 2, []).append((1 - int(row) % 2, position))
            for number, channels in rows.items():
                driver = SynapseDriverOnDLS(number + synram * (_ROWS // 2))
                bus = driver.to_padi_bus_on_dls()
                line = int(bus.to_crossbar_output_on_dls())
                if line not in buses:
                    buses[line] = graph.add(PADIBus(coordinate=bus), *place)
                vertex = graph.add(SynapseDriver(coordinate=driver), *place)
                graph.connect(buses[line], vertex)
                graph.connect(vertex, array, channels=channels)
        return buses


def _row(circuit: AtomicNeuronOnDLS) -> NeuronRowOnDLS:
    return circuit.to_neuron_row_on_dls()


def _channel(view: PlacedVertex, column: int) -> int:
    """Channel of a column in a neuron view."""
    assert isinstance(view.vertex, NeuronView)
    return view.vertex.columns.index(NeuronColumnOnDLS(column))
