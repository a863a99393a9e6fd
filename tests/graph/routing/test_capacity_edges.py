"""Networks at the edge of the chip: the last that fits is found, the first that does not is refused with numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from hxtwin.coord import AtomicNeuronOnDLS
from hxtwin.graph.configuration import place_and_route
from hxtwin.graph.errors import PlacementError, RoutingError
from hxtwin.graph.network import (
    BackgroundSource,
    ExternalSource,
    Network,
    Population,
    Projection,
    Receptor,
    SpikeRecording,
    single_compartment,
)

if TYPE_CHECKING:
    from hxtwin.graph.network.network import Entity

ONE = single_compartment(1)


def dense(source: str, target: str, shape: tuple[int, int], receptor: str = "signed") -> Projection:
    weights = np.ones(shape)
    return Projection(
        name=f"{source} to {target}", source=source, target=target, weights=weights, receptor=Receptor(receptor)
    )


def at(columns: npt.ArrayLike, row: int = 0) -> tuple[AtomicNeuronOnDLS, ...]:
    return tuple(AtomicNeuronOnDLS(256 * row + int(column)) for column in np.asarray(columns).reshape(-1))


def neurons(name: str, columns: npt.ArrayLike, row: int = 0) -> Population:
    anchors = at(columns, row)
    return Population(name=name, size=len(anchors), shape=ONE, anchors=anchors)


def external(inputs: int, targets: int, receptor: str) -> Network:
    return Network.of(
        ExternalSource(name="in", size=inputs),
        Population(name="out", size=targets, shape=ONE),
        dense("in", "out", (inputs, targets), receptor),
    )


@pytest.mark.slow
def test_a_circuit_takes_256_unsigned_or_128_signed_inputs() -> None:
    place_and_route(external(256, 3, "excitatory"))
    place_and_route(external(128, 3, "signed"))
    with pytest.raises(RoutingError, match="synapses above one neuron circuit") as refused:
        place_and_route(external(257, 3, "excitatory"))
    assert (refused.value.needed, refused.value.available) == (257, 256)
    with pytest.raises(RoutingError) as refused:
        place_and_route(external(129, 3, "signed"))
    assert (refused.value.needed, refused.value.available) == (258, 256)
    assert "'out'" in refused.value.entity


def test_neurons_without_a_shape_get_the_circuits_that_their_inputs_need() -> None:
    for inputs, circuits in ((128, 1), (129, 2), (256, 2), (784, 7)):
        network = Network.of(
            ExternalSource(name="in", size=inputs),
            Population(name="out", size=10),
            dense("in", "out", (inputs, 10)),
        )
        assert place_and_route(network).placement.of("out").circuits.shape == (10, circuits)


def test_a_full_chip_of_two_layers_shares_rows_between_inputs_and_neurons() -> None:
    """256-246-10 signed: 512 circuits, all rows carry inputs of the hidden layer and spikes of it at once."""
    network = Network.of(
        ExternalSource(name="in", size=256),
        Population(name="hidden", size=246),
        Population(name="out", size=10, spiking=False),
        dense("in", "hidden", (256, 246)),
        dense("hidden", "out", (246, 10)),
    )
    instance = place_and_route(network)
    assert instance.placement.free_circuits.size == 0
    assert (instance.routing.drivers_used == 32).all()


@pytest.mark.slow
def test_receptive_fields_put_sources_of_64_neurons_into_the_same_rows() -> None:
    """64 neurons with 27 signed inputs of their own need 27 drivers, not 64 * 27; so 256 neurons fit a hemisphere."""
    pairs = np.array([(27 * neuron + i, neuron) for neuron in range(256) for i in range(27)])
    network = Network.of(
        ExternalSource(name="in", size=256 * 27),
        Population(name="out", size=256, shape=ONE),
        Projection(name="p", source="in", target="out", connections=pairs, weights=np.ones(len(pairs))),
    )
    assert place_and_route(network).routing.drivers_used.sum() == 4 * 27


@pytest.mark.slow
def test_12288_inputs_in_receptive_fields_of_484_neurons_fit_one_instance() -> None:
    pixels = np.arange(64 * 64 * 3).reshape(64, 64, 3)
    pairs = []
    for y in range(22):
        for x in range(22):
            patch = pixels[max(3 * y - 1, 0) : 3 * y + 2, max(3 * x - 1, 0) : 3 * x + 2]
            pairs += [(int(pixel), 22 * y + x) for pixel in patch.reshape(-1)]
    network = Network.of(
        ExternalSource(name="in", size=pixels.size),
        Population(name="out", size=484),
        Projection(name="p", source="in", target="out", connections=pairs, weights=np.ones(len(pairs))),
    )
    assert place_and_route(network).inputs.sources["in"].labels.size == pixels.size


def test_first_fit_grouping_is_not_enough() -> None:
    """All neurons of event output 0 drive one circuit, all of output 4 another one: 64 rows each if kept apart.

    A group for each event output needs 128 of 64 rows of the bus; two groups that mix both outputs need 32 rows each.
    """
    network = Network.of(
        *(neurons(f"a{row}", np.arange(32), row) for row in range(2)),
        *(neurons(f"b{row}", np.arange(128, 160), row) for row in range(2)),
        neurons("x", [64]),
        neurons("y", [65]),
        *(dense(f"a{row}", "x", (32, 1), "excitatory") for row in range(2)),
        *(dense(f"b{row}", "y", (32, 1), "excitatory") for row in range(2)),
    )
    routing = place_and_route(network).routing
    assert routing.drivers_used.tolist() == [[32, 0, 0, 0], [0, 0, 0, 0]]


def test_neurons_of_one_bus_beyond_64_rows_are_refused_by_name_of_the_bus() -> None:
    entities: list[Entity] = [
        *(neurons(f"a{row}", np.arange(32), row) for row in range(2)),
        neurons("b", [128]),
        neurons("x", [64]),
        *(dense(f"a{row}", "x", (32, 1), "excitatory") for row in range(2)),
    ]
    place_and_route(Network.of(*entities))
    with pytest.raises(RoutingError, match="PADI bus 0") as refused:
        place_and_route(Network.of(*entities, dense("b", "x", (1, 1), "excitatory")))
    assert (refused.value.needed, refused.value.available) == (65, 64)


def test_rows_have_one_polarity_for_all_columns() -> None:
    """200 excitatory inputs of one circuit and 57 inhibitory ones of another need 257 rows of their hemisphere."""
    entities: list[Entity] = [
        ExternalSource(name="p", size=200),
        ExternalSource(name="n", size=57),
        neurons("x", [0]),
        neurons("y", [1]),
        dense("p", "x", (200, 1), "excitatory"),
        dense("n", "y", (57, 1), "inhibitory"),
    ]
    with pytest.raises(RoutingError, match="top hemisphere") as refused:
        place_and_route(Network.of(*entities))
    assert (refused.value.needed, refused.value.available) == (257, 256)
    entities[3] = neurons("y", [1], row=1)
    place_and_route(Network.of(*entities))


def test_more_neurons_than_circuits_are_refused() -> None:
    place_and_route(Network.of(Population(name="all", size=512, shape=ONE)))
    with pytest.raises(PlacementError, match="'all'") as refused:
        place_and_route(Network.of(Population(name="all", size=513, shape=ONE)))
    assert (refused.value.needed, refused.value.available) == (513, 512)


def test_there_are_four_pairs_of_background_generators() -> None:
    def network(count: int) -> Network:
        sources = [BackgroundSource(name=f"s{i}", size=16, period=100) for i in range(count)]
        return Network.of(
            *sources,
            Population(name="x", size=4, shape=ONE),
            *(dense(source.name, "x", (16, 4), "excitatory") for source in sources),
        )

    place_and_route(network(4))
    with pytest.raises(RoutingError, match="background generators") as refused:
        place_and_route(network(5))
    assert (refused.value.needed, refused.value.available) == (5, 4)


def test_a_background_source_of_256_neurons_fills_one_bus_in_four_groups() -> None:
    pairs = [(i, i % 64) for i in range(256)]
    network = Network.of(
        BackgroundSource(name="noise", size=256, period=10),
        Population(name="x", size=64, shape=ONE),
        Projection(
            name="p", source="noise", target="x", connections=pairs, weights=np.ones(256), receptor="excitatory"
        ),
    )
    routing = place_and_route(network).routing
    assert routing.generator_mask[0] == 255
    assert routing.drivers_used.tolist() == [[4, 0, 0, 0], [0, 0, 0, 0]]


def test_a_source_with_targets_in_both_hemispheres_needs_one_event() -> None:
    network = Network.of(
        ExternalSource(name="in", size=100),
        neurons("top", np.arange(20)),
        neurons("bottom", np.arange(20), row=1),
        dense("in", "top", (100, 20)),
        dense("in", "bottom", (100, 20)),
    )
    assert place_and_route(network).inputs.sources["in"].labels.size == 100


def test_a_source_whose_targets_do_not_fit_one_bus_is_sent_on_several() -> None:
    """One source with 70 synapses on one circuit: more than the 64 rows of a bus."""
    pairs = [(0, 0)] * 70
    network = Network.of(
        ExternalSource(name="in", size=1),
        neurons("x", [0]),
        Projection(name="p", source="in", target="x", connections=pairs, weights=np.ones(70), receptor="excitatory"),
    )
    assert place_and_route(network).inputs.sources["in"].labels.size == 2


def test_events_of_8000_recorded_sources_without_targets_come_back() -> None:
    network = Network.of(
        ExternalSource(name="in", size=8000),
        Population(name="x", size=1, shape=ONE),
        SpikeRecording(population="in"),
    )
    instance = place_and_route(network)
    labels = instance.inputs.sources["in"].labels
    population, neuron, _ = instance.outputs.decode(labels)
    assert (population >= 0).all()
    assert np.array_equal(neuron, np.arange(8000))
