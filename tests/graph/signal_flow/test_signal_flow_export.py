"""Graphs of networks and chips, and their texts and pictures."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter

import attrs
import numpy as np
import pytest

from hxtwin.containers import Chip
from hxtwin.coord import AtomicNeuronOnDLS, CrossbarNodeOnDLS
from hxtwin.graph.errors import NetworkError
from hxtwin.graph.network import ExternalSource, Network, Population, Projection, SpikeRecording
from hxtwin.graph.signal_flow import (
    CrossbarL2Input,
    CrossbarNode,
    NeuronView,
    SignalFlowGraph,
    SpikeRelay,
    SynapseArrayView,
    data_flow_graph,
    hardware_graph,
)

SVG = "{http://www.w3.org/2000/svg}"


def three_instances() -> Network:
    return Network.of(
        ExternalSource(name="in", size=2),
        *(Population(name=name, size=2, execution_instance=instance) for instance, name in enumerate("abc")),
        Projection(name="p", source="in", target="a", weights=np.ones((2, 2))),
        Projection(name="ab", source="a", target="b", weights=np.ones((2, 2))),
        Projection(name="ac", source="a", target="c", weights=np.ones((2, 2))),
        Projection(name="bc", source="b", target="c", weights=np.ones((2, 2)), delay_us=2.0),
        SpikeRecording(population="c"),
    )


def configured_chip() -> Chip:
    """Drivers 0..3 of the top block, two excitatory and two inhibitory rows, columns 0..7; a generator on bus 1."""
    chip = Chip()
    modes = np.zeros((2, 2, 128), dtype=np.uint8)
    modes[0, 0, :2] = 1
    modes[1, 0, 2:4] = 2
    enabled = np.zeros((2, 128), dtype=bool)
    enabled[0, :4] = True
    weights = np.zeros((2, 256, 256), dtype=np.uint8)
    weights[0, :8, :8] = 1
    sending = np.zeros(512, dtype=bool)
    sending[[0, 33]] = True
    mask, target = np.zeros(76, dtype=np.uint16), np.ones(76, dtype=np.uint16)  # every node drops everything
    for vertex in (CrossbarNode(coordinate=c) for c in CrossbarNodeOnDLS.all()):
        if (vertex.input_line, vertex.output_line) in {(8, 0), (0, 0), (0, 8), (13, 1), (9, 5), (1, 9)}:
            target[int(vertex.coordinate)] = 0
    generators = np.zeros(8, dtype=bool)
    generators[1] = True
    crossbar = attrs.evolve(chip.crossbar, nodes=chip.crossbar.nodes.with_columns({"mask": mask, "target": target}))
    drivers = "synapse_drivers."
    neurons = chip.neuron_block.atomic_neurons.with_columns({"event_routing.enable_digital": sending})
    return attrs.evolve(
        chip,
        crossbar=crossbar,
        background_spike_sources=chip.background_spike_sources.with_columns({"enable": generators}),
        synapse_driver_blocks=chip.synapse_driver_blocks.with_columns(
            {
                drivers + "row_mode_top": modes[0],
                drivers + "row_mode_bottom": modes[1],
                drivers + "enable_receiver": enabled,
            }
        ),
        synapse_blocks=chip.synapse_blocks.with_columns({"matrix.weights": weights}),
        neuron_block=attrs.evolve(chip.neuron_block, atomic_neurons=neurons),
    )


def kinds(graph: SignalFlowGraph) -> Counter[str]:
    return Counter(type(vertex.vertex).__name__ for vertex in graph.vertices)


def test_every_inter_execution_projection_is_a_relay_on_the_host() -> None:
    graph = data_flow_graph(three_instances())
    assert kinds(graph) == {"ChipVertex": 3, "CrossbarL2Input": 3, "CrossbarL2Output": 3, "SpikeRelay": 3}
    relays = [vertex.vertex for vertex in graph.vertices if isinstance(vertex.vertex, SpikeRelay)]
    assert sorted((relay.name, relay.delay_us) for relay in relays) == [("a", 0.0), ("a", 0.0), ("b", 2.0)]
    assert len(graph.connections) == 6


def test_only_instances_with_sources_of_their_own_wait_for_input_data() -> None:
    graph = data_flow_graph(three_instances())
    waiting = [int(v.execution_instance or 0) for v, _ in graph.open_inputs() if isinstance(v.vertex, CrossbarL2Input)]
    assert waiting == [0]
    inputs = [vertex.vertex for vertex in graph.vertices if isinstance(vertex.vertex, CrossbarL2Input)]
    assert [vertex.requires_data for vertex in inputs] == [True, False, False]


def test_a_half_assigned_network_has_no_data_flow_yet() -> None:
    network = Network.of(Population(name="a", size=1, execution_instance=0), Population(name="b", size=1))
    with pytest.raises(NetworkError, match="'b'"):
        data_flow_graph(network)


def test_the_hardware_graph_holds_what_the_configuration_uses() -> None:
    graph = hardware_graph(configured_chip(), cadc=[AtomicNeuronOnDLS(5)], madc=[AtomicNeuronOnDLS(0)])
    assert kinds(graph) == {
        "ChipVertex": 1,
        "CrossbarL2Input": 1,
        "CrossbarL2Output": 1,
        # 8 -> 0, 0 -> 0, 0 -> 8, 13 -> 1 and 1 -> 9; 9 -> 5 leads to no driver in use
        "CrossbarNode": 5,
        "BackgroundVertex": 1,
        "PADIBus": 4,
        "SynapseDriver": 4,
        "SynapseArrayView": 1,
        "NeuronView": 1,
        "CADCView": 1,
        "MADCView": 1,
    }
    (array,) = [vertex.vertex for vertex in graph.vertices if isinstance(vertex.vertex, SynapseArrayView)]
    assert [int(row) for row in array.rows] == [1, 3, 4, 6]
    assert [int(column) for column in array.columns] == list(range(8))
    (neurons,) = [vertex.vertex for vertex in graph.vertices if isinstance(vertex.vertex, NeuronView)]
    assert [int(column) for column in neurons.columns] == [*range(8), 33]


def test_a_chip_that_drops_every_event_has_no_event_network() -> None:
    chip = Chip()
    dropping = {"mask": np.zeros(76, np.uint16), "target": np.ones(76, np.uint16)}
    silent = attrs.evolve(chip, crossbar=attrs.evolve(chip.crossbar, nodes=chip.crossbar.nodes.with_columns(dropping)))
    assert kinds(hardware_graph(silent)) == {"ChipVertex": 1}


def test_json_holds_all_vertices_ports_and_connections() -> None:
    graph = hardware_graph(configured_chip())
    found = json.loads(graph.to_json())
    assert [vertex["number"] for vertex in found["vertices"]] == list(range(len(graph.vertices)))
    assert len(found["connections"]) == len(graph.connections)
    for connection in found["connections"]:
        source, target = found["vertices"][connection["source"]], found["vertices"][connection["target"]]
        signal = source["outputs"][connection["output"]]["signal"]
        assert signal == target["inputs"][connection["input"]]["signal"]
    assert graph.to_json() == hardware_graph(configured_chip()).to_json()


def test_dot_has_a_cluster_for_each_instance_and_quotes_names() -> None:
    graph = data_flow_graph(three_instances())
    graph.add(SpikeRelay(name='odd "name"\\'))
    text = graph.to_dot()
    assert text.count("subgraph cluster_") == 3
    assert text.count(" -> ") == len(graph.connections)
    assert '\\"name\\"\\\\' in text
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("graph", [data_flow_graph(three_instances()), hardware_graph(configured_chip())])
def test_the_picture_is_well_formed_and_its_boxes_do_not_overlap(graph: SignalFlowGraph) -> None:
    root = ET.fromstring(graph._repr_svg_())
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    corners = [(float(box.attrib["x"]), float(box.attrib["y"])) for box in root.iter(f"{SVG}rect")]
    boxes = {(float(box.attrib["width"]), float(box.attrib["height"])) for box in root.iter(f"{SVG}rect")}
    ((box_width, box_height),) = boxes
    assert len(set(corners)) == len(corners) > 1
    assert all(x + box_width <= width and y + box_height <= height for x, y in corners)
    for number, (x, y) in enumerate(corners):
        for other_x, other_y in corners[:number]:
            assert abs(x - other_x) >= box_width or abs(y - other_y) >= box_height
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert any("instance 0" in text for text in texts)


def test_the_picture_escapes_names() -> None:
    graph = SignalFlowGraph()
    graph.add(SpikeRelay(name="<a & b>"))
    assert "&lt;a &amp; b&gt;" in graph.to_svg()


def test_an_empty_graph_has_an_empty_picture() -> None:
    graph = SignalFlowGraph()
    assert list(ET.fromstring(graph.to_svg()).iter(f"{SVG}rect")) == []
    assert json.loads(graph.to_json()) == {"vertices": [], "connections": []}
