"""Random networks: whatever is routed does on the chip what was asked for, read from the words of the chip.

`place_and_route` compares the connections that an independent reader finds in the encoded words with those of the
network and raises `MappingError` on any difference; here the reader is used once more by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hxtwin.containers import Chip
from hxtwin.graph.configuration import ChipReader, RoutedInstance, place_and_route
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

SLOW = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def networks(draw: st.DrawFn) -> Network:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    entities: list[Entity] = []
    sizes: dict[str, int] = {}
    for number in range(draw(st.integers(1, 3))):
        name, circuits = f"population {number}", draw(st.sampled_from([None, 1, 1, 2, 3, 4]))
        sizes[name] = draw(st.integers(1, 120 // (circuits or 2)))
        shape = None if circuits is None else single_compartment(circuits, expand_horizontally=draw(st.booleans()))
        entities.append(Population(name=name, size=sizes[name], shape=shape))
        if draw(st.booleans()):
            entities.append(SpikeRecording(population=name))
    targets = list(sizes)
    for number in range(draw(st.integers(0, 2))):
        name = f"external {number}"
        sizes[name] = draw(st.integers(1, 200))
        entities.append(ExternalSource(name=name, size=sizes[name]))
        if draw(st.booleans()):
            entities.append(SpikeRecording(population=name))
    for number in range(draw(st.integers(0, 3))):
        name = f"background {number}"
        sizes[name] = 2 ** draw(st.integers(0, 8))
        entities.append(BackgroundSource(name=name, size=sizes[name], period=100))
    for number in range(draw(st.integers(1, 5))):
        source, target = draw(st.sampled_from(list(sizes))), draw(st.sampled_from(targets))
        receptor = draw(st.sampled_from(Receptor))
        count = draw(st.integers(1, 300))
        pairs = np.stack([rng.integers(sizes[source], size=count), rng.integers(sizes[target], size=count)], axis=1)
        largest = draw(st.sampled_from([1, 63, 64, 200]))
        low = -largest if receptor is Receptor.SIGNED else 0
        entities.append(
            Projection(
                name=f"projection {number}",
                source=source,
                target=target,
                connections=pairs,
                weights=rng.integers(low, largest + 1, size=count),
                receptor=receptor,
                max_weight=largest,
            )
        )
    return Network.of(*entities)


def asked_for(network: Network) -> dict[tuple[str, int, str, int, int], int]:
    """Sum of weights by (source, neuron, target, neuron, line), without zeros."""
    found: dict[tuple[str, int, str, int, int], int] = {}
    for projection in network.projections:
        weights = projection.weights.reshape(-1).tolist()
        for (source, target), weight in zip(projection.pairs.tolist(), weights, strict=True):
            line = int(projection.receptor is Receptor.INHIBITORY or weight < 0)
            key = (projection.source, source, projection.target, target, line)
            if weight:
                found[key] = found.get(key, 0) + abs(weight)
    return found


def on_chip(instance: RoutedInstance) -> dict[tuple[str, int, str, int, int], int]:
    """The same, from the words of the chip and the labels of the input."""
    reader = ChipReader(Chip.write_addresses(), instance.chip.encode())
    owner: dict[int, tuple[str, int]] = {}
    senders: dict[int, tuple[str, int]] = {}
    for population in instance.placement.populations:
        for neuron, circuits in enumerate(population.circuits.tolist()):
            owner.update(dict.fromkeys(circuits, (population.name, neuron)))
        sender = population.sender(0)
        assert sender is not None
        senders.update({circuit: (population.name, neuron) for neuron, circuit in enumerate(sender.tolist())})
    events: list[tuple[tuple[str, int], int, int]] = []
    for source in instance.network.external_sources:
        for neuron in range(source.size):
            for label in instance.inputs.sources[source.name].of(neuron).tolist():
                events.append(((source.name, neuron), 8 + (label >> 14), label & 0x3FFF))
    for circuit, who in senders.items():
        address = int(reader.sent_address[circuit])
        if address >= 0:
            output = circuit % 256 // 32
            events.append((who, output, output << 8 | address))
    for unit in np.flatnonzero(reader.generator_label >= 0).tolist():
        name = instance.network.background_sources[int(instance.routing.generator_source[unit])].name
        mask = int(reader.generator_mask[unit])
        for drawn in range(mask + 1):
            events.append(((name, drawn), 12 + unit, int(reader.generator_label[unit]) & ~mask | drawn))
    seen = reader.deliveries([event[1] for event in events], [event[2] for event in events])
    found: dict[tuple[str, int, str, int, int], int] = {}
    columns = (seen.event.tolist(), seen.circuit.tolist(), seen.receptor.tolist(), seen.weight.tolist())
    for event, circuit, line, weight in zip(*columns, strict=True):
        key = (*events[event][0], *owner[circuit], line)
        found[key] = found.get(key, 0) + weight
    return found


@pytest.mark.slow
@SLOW
@given(networks())
def test_every_source_reaches_exactly_the_wanted_neurons_with_the_wanted_weights(network: Network) -> None:
    outcome = attempt(network)
    if isinstance(outcome, RoutedInstance):
        assert on_chip(outcome) == asked_for(network)
    else:
        assert outcome.needed is None or outcome.needed > (outcome.available or 0)


def attempt(network: Network) -> RoutedInstance | PlacementError | RoutingError:
    try:
        return place_and_route(network)
    except (PlacementError, RoutingError) as error:
        return error


@pytest.mark.slow
def test_moderate_random_networks_are_never_refused() -> None:
    rng = np.random.default_rng(1)
    for _ in range(5):
        recurrent = np.argwhere(rng.random((256, 256)) < 0.15)
        inputs = np.argwhere(rng.random((200, 256)) < 0.2)
        network = Network.of(
            ExternalSource(name="inputs", size=200),
            Population(name="neurons", size=256, shape=single_compartment(1)),
            Projection(name="in", source="inputs", target="neurons", connections=inputs, weights=np.ones(len(inputs))),
            Projection(
                name="recurrent",
                source="neurons",
                target="neurons",
                connections=recurrent,
                weights=np.ones(len(recurrent)),
                receptor="inhibitory",
            ),
        )
        instance = place_and_route(network)
        assert on_chip(instance) == asked_for(network)


def test_equal_networks_get_equal_chips() -> None:
    def instance() -> RoutedInstance:
        rng = np.random.default_rng(5)
        pairs = np.argwhere(rng.random((300, 100)) < 0.1)
        return place_and_route(
            Network.of(
                ExternalSource(name="a", size=300),
                Population(name="b", size=100),
                Projection(name="c", source="a", target="b", connections=pairs, weights=np.ones(len(pairs))),
            )
        )

    assert np.array_equal(instance().chip.encode(), instance().chip.encode())
