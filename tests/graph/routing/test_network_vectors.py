"""Examples of the reference: what has to be routed is routed, and the chip then does what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pytest

from hxtwin.containers import Chip
from hxtwin.coord import AtomicNeuronOnDLS
from hxtwin.graph.configuration import configured
from hxtwin.graph.errors import RoutingError
from hxtwin.graph.network import BackgroundSource, ExternalSource, Network, Population, Projection, single_compartment
from hxtwin.graph.placement import place
from hxtwin.graph.routing import DriverRequest, DriverShape, allocate_drivers, problem_of, route
from hxtwin.graph.routing.crossbar_filters import external_label
from hxtwin.graph.routing.network_problem import split_weights

if TYPE_CHECKING:
    from hxtwin.graph.network.network import Entity

RECEPTORS = {"exc": "excitatory", "inh": "inhibitory", "signed": "signed"}


def network_of(case: dict[str, Any]) -> tuple[Network, list[int]]:
    """A network of the examples, and the buses of its background sources."""
    entities: list[Entity] = []
    buses = []
    sizes = {population["name"]: population["size"] for population in case["populations"]}
    for item in case["populations"]:
        name, size = item["name"], item["size"]
        if item["kind"] == "internal":
            given = item["anchors"]
            anchors = given if item["anchors_form"] == "list" else range(given[0], given[1] + 1)
            placed = [AtomicNeuronOnDLS(anchor) for anchor in anchors]
            entities.append(Population(name=name, size=size, shape=single_compartment(1), anchors=tuple(placed)))
        elif item["kind"] == "external":
            entities.append(ExternalSource(name=name, size=size))
        else:
            entities.append(BackgroundSource(name=name, size=size, period=100))
            buses.append(item["bus"])
    for number, item in enumerate(case["projections"]):
        dense = item["connectivity"] == "all_to_all"
        pairs = None if dense else np.array(item["connectivity"]["pairs"])
        shape = (sizes[item["source"]], sizes[item["target"]]) if pairs is None else (len(pairs),)
        entities.append(
            Projection(
                name=str(number),
                source=item["source"],
                target=item["target"],
                weights=np.ones(shape),
                connections=pairs,
                receptor=RECEPTORS[item["receptor"]],
                max_weight=item["max_weight"],
            )
        )
    return Network.of(*entities), buses


@pytest.mark.slow
def test_networks_that_the_reference_routes_are_routed_and_connected_as_asked(vectors: dict[str, Any]) -> None:
    for case in vectors["networks"]:
        network, buses = network_of(case)
        placement = place(network)
        found = problem_of(network, placement)
        found = attrs.evolve(found, problem=attrs.evolve(found.problem, generator_buses=np.array(buses, dtype=int)))
        routing = route(found.problem)
        configured(network, placement, found, routing, Chip())  # compares the words with the network
        if "drivers_used" in case:
            total = sum(case["drivers_used"]["top"]) + sum(case["drivers_used"]["bottom"])
            assert routing.drivers_used.sum() <= total, case["name"]


def test_two_event_outputs_fill_all_64_rows_of_their_bus(vectors: dict[str, Any]) -> None:
    """Separate drivers for the 31 and the 33 neurons would need 33 of 32; one group of 64 labels needs 32."""
    (case,) = (case for case in vectors["networks"] if case["name"].startswith("rounding"))
    network, _ = network_of(case)
    routing = route(problem_of(network, place(network)).problem)
    assert routing.drivers_used.tolist() == [[32, 0, 0, 0], [0, 0, 0, 0]]


def test_drivers_are_allocated_exactly_when_it_is_possible(vectors: dict[str, Any]) -> None:
    for case in vectors["single_bus_driver_allocation"]:
        requests = [
            DriverRequest((request["label"],), {0: [DriverShape(**shape) for shape in request["shapes"]]})
            for request in case["requests"]
        ]
        unavailable = case["unavailable_drivers"]
        if not case["solvable"]:
            with pytest.raises(RoutingError):
                allocate_drivers(requests, {0: unavailable})
            continue
        found = allocate_drivers(requests, {0: unavailable})
        owner: dict[int, int] = {}
        for number, (request, got) in enumerate(zip(requests, found, strict=True)):
            for shape, drivers in zip(request.shapes[0], got.drivers[0], strict=True):
                indices = [index for index, _ in drivers]
                assert len(indices) == shape.size
                if shape.contiguous and indices:
                    assert indices == list(range(indices[0], indices[0] + shape.size))
                for index, mask in drivers:
                    assert index not in owner
                    assert index not in unavailable
                    owner[index] = number
                    hears = [other for other in found if (other.label & mask) == (index & mask)]
                    assert hears == [got]


def test_weights_are_split_over_synapses(vectors: dict[str, Any]) -> None:
    for case in vectors["weight_split"]:
        parts = np.arange(case["synapses"])
        assert split_weights(np.full(len(parts), case["weight"]), parts).tolist() == case["expect"]


def test_spike_labels_have_the_bits_of_the_reference(vectors: dict[str, Any]) -> None:
    for case in vectors["spike_labels"]:
        label = external_label(
            case["spl1"],
            bottom=bool(case["bottom"]),
            recorded=bool(case["recorded"]),
            row_select=case["row_select"],
            synapse_label=case["synapse_label"],
        )
        assert label == case["value"]
