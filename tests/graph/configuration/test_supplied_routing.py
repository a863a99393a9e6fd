"""Routings written by hand are taken as they are, and checked."""

from __future__ import annotations

from typing import Any

import pytest

from hxtwin.coord import AtomicNeuronOnDLS
from hxtwin.graph.configuration import place_and_route
from hxtwin.graph.errors import MappingError, PlacementError, RoutingError
from hxtwin.graph.network import ExternalSource, Network, Population, Projection, SpikeRecording, single_compartment
from hxtwin.graph.placement import place
from hxtwin.graph.routing import RoutingTables, problem_of


def network() -> Network:
    """Two inputs to neuron a (circuit 0, signed), which drives b (circuit 1)."""
    one = single_compartment(1)
    return Network.of(
        ExternalSource(name="in", size=2),
        Population(name="a", size=1, shape=one, anchors=(AtomicNeuronOnDLS(0),)),
        Population(name="b", size=1, shape=one, anchors=(AtomicNeuronOnDLS(1),)),
        Projection(name="in-a", source="in", target="a", weights=[[5], [-7]]),
        Projection(name="a-b", source="a", target="b", weights=[[9]], receptor="excitatory"),
        SpikeRecording(population="a"),
    )


def tables(**changes: Any) -> RoutingTables:
    """Driver 0 (bus 0, top): exc row 1, inh row 0; external labels >= 32, internal ones < 32 on the same rows."""
    content: dict[str, Any] = {
        "connections": {"in-a": [[(1, 0, 32), (0, 0, 32)], [(9, 0, 33), (8, 0, 33)]], "a-b": [[(1, 1, 3)]]},
        "external_spike_labels": {"in": [[32], [33]]},
        "internal_neuron_labels": {("a", 0): [3]},
        "synapse_driver_compare_masks": {0: 0, 4: 0},
        "synapse_row_modes": {1: 1, 0: 2, 9: 1, 8: 2},
        # input 0 -> PADI bus 0 top and L2 output 0; channel 0 -> PADI bus 0 top
        "crossbar_nodes": {0: (0, 0), 2: (0, 0), 24: (0x2000, 0)},
    }
    return RoutingTables(**{**content, **changes})


def test_a_supplied_routing_is_used_as_it_is() -> None:
    placement = place(network())
    routing = tables().routing(problem_of(network(), placement))
    instance = place_and_route(network(), placement=placement, routing=routing)
    assert instance.routing is routing
    assert instance.inputs.sources["in"].labels.tolist() == [32, 33]
    weights = instance.chip.columns()["synapse_blocks.matrix.weights"][0]
    assert (weights[1, 0], weights[0, 0], weights[9, 0], weights[8, 0], weights[1, 1]) == (5, 0, 0, 7, 9)


@pytest.mark.parametrize(
    "changes",
    [
        {"external_spike_labels": {"in": [[32], [34]]}},
        {"internal_neuron_labels": {("a", 0): [32]}},
        {"synapse_driver_compare_masks": {0: 0}},
        {"crossbar_nodes": {0: (0, 0), 24: (0x2000, 0)}},
        {"crossbar_nodes": {0: (0, 1), 2: (0, 0), 24: (0x2000, 0)}},
        {"connections": {"in-a": [[(1, 0, 32), (0, 0, 32)], [(9, 0, 33), (8, 0, 33)]], "a-b": [[(1, 2, 3)]]}},
    ],
)
def test_a_supplied_routing_that_does_something_else_is_refused(changes: dict[str, Any]) -> None:
    placement = place(network())
    routing = tables(**changes).routing(problem_of(network(), placement))
    with pytest.raises(MappingError):
        place_and_route(network(), placement=placement, routing=routing)


@pytest.mark.parametrize(
    "changes",
    [
        {"connections": {"in-a": [], "a-b": [[(1, 1, 3)]]}},
        {"connections": {"in-a": [[(1, 0, 32)], [(9, 0, 33)]], "a-b": [[(1, 1, 3)]]}},
        {"synapse_row_modes": {1: 3}},
        {"synapse_driver_compare_masks": {256: 0}},
        {"external_spike_labels": {"in": [[32]]}},
        {"crossbar_nodes": {76: (0, 0)}},
    ],
)
def test_malformed_tables_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(RoutingError):
        tables(**changes).routing(problem_of(network(), place(network())))


def test_a_routing_without_its_placement_is_refused() -> None:
    routing = tables().routing(problem_of(network(), place(network())))
    with pytest.raises(PlacementError, match="placement"):
        place_and_route(network(), routing=routing)
