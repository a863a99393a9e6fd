"""Connections that the chip does not have are refused, with both vertices and the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hxtwin.coord import (
    AtomicNeuronOnDLS,
    BackgroundSpikeSourceOnDLS,
    CrossbarInputOnDLS,
    CrossbarNodeOnDLS,
    CrossbarOutputOnDLS,
    NeuronColumnOnDLS,
    NeuronRowOnDLS,
    PADIBusOnDLS,
    PadOnDLS,
    SynapseDriverOnDLS,
    SynapseOnSynapseRow,
    SynapseRowOnSynram,
    SynramOnDLS,
)
from hxtwin.graph.errors import SignalFlowError
from hxtwin.graph.signal_flow import (
    Addition,
    ArgMax,
    BackgroundVertex,
    CADCMode,
    CADCView,
    ChipVertex,
    CrossbarL2Input,
    CrossbarL2Output,
    CrossbarNode,
    MADCView,
    NeuronView,
    PADIBus,
    PadView,
    SignalFlowGraph,
    SpikeIOVertex,
    SpikeRelay,
    SynapseArrayView,
    SynapseArrayViewSparse,
    SynapseDriver,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hxtwin.graph.signal_flow import Vertex


def node(line_in: int, line_out: int) -> CrossbarNode:
    return CrossbarNode(coordinate=CrossbarNodeOnDLS(CrossbarOutputOnDLS(line_out), CrossbarInputOnDLS(line_in)))


def neurons(*columns: int, row: int = 0) -> NeuronView:
    return NeuronView(row=NeuronRowOnDLS(row), columns=tuple(map(NeuronColumnOnDLS, columns)))


def array(rows: Sequence[int], columns: Sequence[int], synram: int = 0) -> SynapseArrayView:
    return SynapseArrayView(
        synram=SynramOnDLS(synram),
        rows=tuple(map(SynapseRowOnSynram, rows)),
        columns=tuple(map(SynapseOnSynapseRow, columns)),
    )


def circuit(column: int, row: int = 0) -> AtomicNeuronOnDLS:
    return AtomicNeuronOnDLS(NeuronColumnOnDLS(column), NeuronRowOnDLS(row))


def bus(number: int) -> PADIBus:
    return PADIBus(coordinate=PADIBusOnDLS(number))


def driver(number: int) -> SynapseDriver:
    return SynapseDriver(coordinate=SynapseDriverOnDLS(number))


def background(number: int) -> BackgroundVertex:
    return BackgroundVertex(coordinate=BackgroundSpikeSourceOnDLS(number))


def cadc(*columns: int, synram: int = 0) -> CADCView:
    return CADCView(synram=SynramOnDLS(synram), columns=tuple(map(NeuronColumnOnDLS, columns)))


Channels = list[tuple[int, int]] | None


@pytest.mark.parametrize(
    ("source", "output", "target", "channels"),
    [
        (background(5), 0, node(17, 5), None),
        (SpikeIOVertex(), 0, CrossbarL2Input(), None),
        (CrossbarL2Input(), 0, node(10, 6), None),
        (neurons(0, 31, 32), 1, node(0, 4), [(0, 0), (1, 0)]),
        (neurons(200), 1, node(6, 2), None),
        (node(10, 6), 0, bus(6), None),
        (node(2, 10), 0, CrossbarL2Output(), None),
        (bus(3), 0, driver(7), None),
        (bus(7), 0, driver(128 + 7), None),
        (driver(7), 0, array([14, 15], [0]), [(1, 0), (0, 1)]),
        (driver(129), 0, array([3], [0], synram=1), [(0, 0)]),
        (array([0], [9, 4], synram=1), 0, neurons(4, 9, row=1), [(0, 1), (1, 0)]),
        (neurons(4, 9, row=1), 0, cadc(9, synram=1), [(1, 0)]),
        (neurons(4, 9), 0, MADCView(sources=(circuit(9), circuit(4))), [(0, 1), (1, 0)]),
        (neurons(4, 9), 0, PadView(source=circuit(9), pad=PadOnDLS(1)), [(1, 0)]),
    ],
)
def test_ways_of_the_chip_are_legal(source: Vertex, output: int, target: Vertex, channels: Channels) -> None:
    graph = SignalFlowGraph()
    made = graph.connect(graph.add(source), graph.add(target), output=output, channels=channels)
    assert graph.connections == (made,)


@pytest.mark.parametrize(
    ("source", "output", "target", "channels", "rule"),
    [
        (background(5), 0, node(12, 0), None, "places agree: the generator is crossbar input 17, the node has 12"),
        (CrossbarL2Input(), 0, node(0, 0), None, "places agree: L2 inputs are crossbar inputs 8..11, the node has 0"),
        (neurons(32), 1, node(0, 0), None, "neuron column 32 has event output 1, the node crossbar input 0"),
        (node(10, 6), 0, bus(5), None, "the bus is crossbar output 5, the node has 6"),
        (node(10, 6), 0, CrossbarL2Output(), None, "L2 outputs are 8..11, the node has output 6"),
        (bus(2), 0, driver(7), None, "the driver hangs on PADI bus 3"),
        (bus(3), 0, driver(128 + 7), None, "the driver hangs on PADI bus 7"),
        (driver(7), 0, array([14], [0]), [(0, 0)], "row 14 belongs to channel 1 of driver 7"),
        (driver(7), 0, array([16], [0]), [(1, 0)], "row 16 belongs to channel 1 of driver 8"),
        (driver(7), 0, array([14], [0], synram=1), [(1, 0)], "different hemispheres"),
        (array([0], [4]), 0, neurons(5), None, "synapse column 4 on neuron column 5"),
        (array([0], [4]), 0, neurons(4, row=1), None, "different hemispheres"),
        (neurons(4), 0, cadc(4, synram=1), None, "different hemispheres"),
        (neurons(4), 0, cadc(5), None, "ADC column 5 on neuron column 4"),
        (neurons(4), 0, MADCView(sources=(circuit(5),)), None, "source 0 is"),
        (neurons(4), 0, PadView(source=circuit(4, 1), pad=PadOnDLS(0)), None, "the pad shows"),
        (neurons(4), 0, node(0, 0), None, "same signal on both ends: membrane voltage != crossbar input label"),
        (background(0), 0, node(12, 0), [(1, 0)], r"channels exist: \(1, 0\) given, source has 1"),
        (background(0), 0, node(12, 0), [], "no pair given"),
        (background(0), 0, node(12, 0), [(0, 0), (0, 0)], "a pair is given twice"),
        (neurons(1, 2), 0, cadc(1), None, "source has 2, target 1; name the pairs"),
        (background(0), 1, node(12, 0), None, "ports exist: output 1 given, there are 1"),
        (CrossbarL2Output(), 0, SpikeIOVertex(), None, "same signal"),
        (CrossbarL2Input(), 0, SpikeIOVertex(), None, "same signal"),
    ],
)
def test_other_ways_are_refused_with_the_rule(
    source: Vertex, output: int, target: Vertex, channels: Channels, rule: str
) -> None:
    graph = SignalFlowGraph()
    one, other = graph.add(source), graph.add(target)
    with pytest.raises(SignalFlowError, match=rule) as caught:
        graph.connect(one, other, output=output, channels=channels)
    assert str(one) in str(caught.value)
    assert str(other) in str(caught.value)
    assert not graph.connections


def test_same_signal_is_not_enough() -> None:
    graph = SignalFlowGraph()
    relay, chip_input = graph.add(SpikeRelay()), graph.add(CrossbarL2Input())
    graph.connect(relay, chip_input)
    other = graph.add(CrossbarL2Input(), 1)
    spike_io = graph.add(SpikeIOVertex(), 1)
    graph.connect(spike_io, other)
    sums = graph.add(Addition(number=2, size=3))
    with pytest.raises(SignalFlowError, match="same signal on both ends"):
        graph.connect(relay, sums)


def test_a_line_without_sum_takes_one_connection() -> None:
    graph = SignalFlowGraph()
    target = graph.add(driver(0))
    with pytest.raises(SignalFlowError, match="places agree"):
        graph.connect(graph.add(bus(1)), target)
    first, second = graph.add(bus(0)), graph.add(bus(0))
    graph.connect(first, target)
    with pytest.raises(SignalFlowError, match="one connection for each channel: input 0 cannot sum"):
        graph.connect(second, target)


def test_an_output_without_split_feeds_one_connection() -> None:
    graph = SignalFlowGraph()
    sender = graph.add(node(0, 8))
    graph.connect(sender, graph.add(CrossbarL2Output()))
    again = graph.add(CrossbarL2Output(), chip=1)
    with pytest.raises(SignalFlowError, match="output 0 cannot split crossbar output label|transition"):
        graph.connect(sender, again)
    one, other = graph.add(array([0], [4])), graph.add(neurons(4))
    graph.connect(one, other)
    with pytest.raises(SignalFlowError, match="output 0 cannot split synaptic input, its channel 0"):
        graph.connect(one, graph.add(neurons(4)))


def test_a_column_within_one_connection_is_not_split_either() -> None:
    graph = SignalFlowGraph()
    one, other = graph.add(array([0], [4])), graph.add(neurons(4))
    graph.connect(one, other)
    sparse = graph.add(
        SynapseArrayViewSparse(
            synram=SynramOnDLS(0),
            rows=(SynapseRowOnSynram(0),),
            columns=(SynapseOnSynapseRow(4),),
            synapses=((0, 0),),
        )
    )
    graph.connect(sparse, other)
    graph.connect(sparse, graph.add(neurons(4)))


def test_several_neuron_views_share_an_event_output_but_nothing_shares_other_lines() -> None:
    graph = SignalFlowGraph()
    target = graph.add(node(1, 1))
    graph.connect(graph.add(neurons(40)), target, output=1)
    graph.connect(graph.add(neurons(40, row=1)), target, output=1)
    generator = graph.add(node(12, 0))
    graph.connect(graph.add(background(0)), generator)
    with pytest.raises(SignalFlowError, match="cannot sum crossbar input label"):
        graph.connect(graph.add(background(0)), generator)


@pytest.mark.parametrize(
    "make",
    [
        ChipVertex,
        CrossbarL2Input,
        CrossbarL2Output,
        SpikeIOVertex,
        lambda: MADCView(sources=(circuit(3),)),
    ],
)
def test_a_chip_has_one_of_these(make: Callable[[], Vertex]) -> None:
    graph = SignalFlowGraph()
    graph.add(make(), 0)
    graph.add(make(), 0, chip=1)
    graph.add(make(), 1)
    with pytest.raises(SignalFlowError, match=r"at most 1 on a chip in an execution instance: there is .*instance 0"):
        graph.add(make(), 0)


def test_a_chip_has_one_cadc_mode() -> None:
    graph = SignalFlowGraph()
    graph.add(cadc(1))
    graph.add(CADCView(synram=SynramOnDLS(0), columns=(NeuronColumnOnDLS(2),), mode=CADCMode.HAGEN), 1)
    with pytest.raises(SignalFlowError, match="one CADC mode on a chip: hagen given"):
        graph.add(CADCView(synram=SynramOnDLS(1), columns=(NeuronColumnOnDLS(1),), mode=CADCMode.HAGEN))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (neurons, "NeuronView: columns is empty"),
        (lambda: neurons(1, 1), "columns contains .* twice"),
        (lambda: array([], [1]), "rows is empty"),
        (lambda: array([1, 1], [1]), "rows contains"),
        (cadc, "CADCView: columns is empty"),
        (lambda: MADCView(sources=()), "sources is empty"),
        (lambda: MADCView(sources=(circuit(1), circuit(3))), "columns 1 and 3 are both odd"),
        (lambda: MADCView(sources=(circuit(1), circuit(2), circuit(3))), "at most two circuits, got 3"),
        (lambda: SpikeIOVertex(data_rate_scaler=0), "at least 1, got 0"),
        (
            lambda: SynapseArrayViewSparse(
                synram=SynramOnDLS(0),
                rows=(SynapseRowOnSynram(0),),
                columns=(SynapseOnSynapseRow(0),),
                synapses=((0, 1),),
            ),
            r"synapse \(0, 1\) lies outside of 1 rows x 1 columns",
        ),
    ],
)
def test_vertices_check_their_parameters(make: Callable[[], Vertex], message: str) -> None:
    with pytest.raises(SignalFlowError, match=message):
        make()


def test_analog_signals_stay_in_their_instance() -> None:
    graph = SignalFlowGraph()
    with pytest.raises(SignalFlowError, match="transition between execution instances: .* does not support it"):
        graph.connect(graph.add(neurons(4), 0), graph.add(cadc(4), 1))
    with pytest.raises(SignalFlowError, match="transition between execution instances"):
        graph.connect(graph.add(neurons(5), 0), graph.add(cadc(5), 0, chip=1))


def test_instances_do_not_wait_for_each_other_in_a_cycle() -> None:
    graph = SignalFlowGraph()
    inputs = [graph.add(CrossbarL2Input(), instance) for instance in (0, 1)]
    outputs = [graph.add(CrossbarL2Output(), instance) for instance in (0, 1)]
    forward, backward = graph.add(SpikeRelay()), graph.add(SpikeRelay())
    graph.connect(outputs[0], forward)
    graph.connect(forward, inputs[1])
    graph.connect(outputs[1], backward)
    with pytest.raises(SignalFlowError, match="no cycle between execution instances"):
        graph.connect(backward, inputs[0])


def test_functions_run_on_the_host_between_instances() -> None:
    graph = SignalFlowGraph()
    sums, best = graph.add(Addition(number=2, size=3)), graph.add(ArgMax(size=3))
    graph.connect(graph.add(cadc(0, 1, 2), 0), sums, input=0)
    graph.connect(graph.add(cadc(0, 1, 2), 1), sums, input=1)
    graph.connect(sums, best)
    assert sums.execution_instance is None
    assert "host" in str(sums)
    with pytest.raises(SignalFlowError, match="runs on the host"):
        graph.add(Addition(), 0)


def test_vertices_of_another_graph_are_refused() -> None:
    one, other = SignalFlowGraph(), SignalFlowGraph()
    with pytest.raises(SignalFlowError, match="is not in this graph"):
        one.connect(other.add(bus(0)), one.add(driver(0)))


def test_open_inputs_and_results_are_listed() -> None:
    graph = SignalFlowGraph()
    link, recorded = graph.add(CrossbarL2Input()), graph.add(CrossbarL2Output())
    silent = graph.add(CrossbarL2Output(generates_data=False), 1)
    assert (link, 0) in graph.open_inputs()
    assert graph.results() == ((recorded, 0),)
    relay = graph.add(SpikeRelay())
    graph.connect(silent, relay)
    graph.connect(relay, link)
    assert (link, 0) not in graph.open_inputs()
