"""Projections between instances become recorded and replayed spikes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.graph.network import (
    ExecutionInstanceID,
    ExternalSource,
    InterExecutionProjection,
    Network,
    Population,
    Projection,
    SpikeRecording,
    with_relays,
)


def two_instances(*projections: Projection, extra: tuple[ExternalSource, ...] = ()) -> Network:
    return Network.of(
        *extra,
        Population(name="a", size=4, execution_instance=0, rate_hz=5e3),
        Population(name="b", size=3, execution_instance=1, chip=2),
        Population(name="c", size=2, execution_instance=1, chip=2),
        *projections,
    )


def test_a_network_without_crossing_projections_stays_as_it_is() -> None:
    network = two_instances(Projection(name="p", source="b", target="c", weights=np.ones((3, 2))))
    assert with_relays(network) is network


def test_one_relay_serves_all_projections_of_a_population_into_an_instance() -> None:
    network = two_instances(
        Projection(name="ab", source="a", target="b", weights=np.ones((4, 3))),
        Projection(name="ac", source="a", target="c", weights=[1, 2], connections=[(3, 0), (1, 1)]),
    )
    explicit = with_relays(network)
    (relay,) = explicit.inter_execution
    assert (relay.source, relay.target, relay.neurons.tolist()) == ("a", "a@1", [0, 1, 2, 3])
    (source,) = explicit.external_sources
    assert (source.size, source.rate_hz, source.execution_instance, source.chip) == (4, 5e3, ExecutionInstanceID(1), 2)
    assert {projection.source for projection in explicit.projections} == {"a@1"}
    assert explicit.dependencies == network.dependencies


def test_only_connected_neurons_are_relayed_and_keep_their_targets() -> None:
    network = two_instances(Projection(name="ac", source="a", target="c", weights=[1, 2], connections=[(3, 0), (1, 1)]))
    explicit = with_relays(network)
    assert explicit.inter_execution[0].neurons.tolist() == [1, 3]
    connections = explicit.projection("ac").connections
    assert connections is not None
    assert connections.tolist() == [[1, 0], [0, 1]]


def test_other_delays_get_other_relays() -> None:
    network = two_instances(
        Projection(name="ab", source="a", target="b", weights=np.ones((4, 3)), delay_us=1.5),
        Projection(name="ac", source="a", target="c", weights=np.ones((4, 2))),
    )
    explicit = with_relays(network)
    assert [(relay.target, relay.delay_us) for relay in explicit.inter_execution] == [("a@1", 1.5), ("a@1#2", 0.0)]
    assert all(projection.delay_us == 0 for projection in explicit.projections)


def test_names_that_are_taken_are_not_taken_again() -> None:
    network = two_instances(
        Projection(name="ab", source="a", target="b", weights=np.ones((4, 3))),
        extra=(ExternalSource(name="a@1", size=1),),
    )
    assert [source.name for source in with_relays(network).external_sources] == ["a@1", "a@1#2"]


def test_spikes_for_other_instances_are_recorded_in_the_local_network() -> None:
    network = with_relays(
        two_instances(Projection(name="ac", source="a", target="c", weights=[1], connections=[(2, 0)]))
    )
    (recording,) = network.local(ExecutionInstanceID(0)).recordings
    assert isinstance(recording, SpikeRecording)
    assert recording.neurons is not None
    assert recording.neurons.tolist() == [2]
    assert not network.local(ExecutionInstanceID(1)).recordings


def test_explicit_inter_execution_projections_order_the_instances() -> None:
    network = Network.of(
        Population(name="a", size=2, execution_instance=4),
        ExternalSource(name="again", size=1),
        Population(name="b", size=1, execution_instance=1),
        Projection(name="p", source="again", target="b", weights=[[1]]),
        InterExecutionProjection(name="r", source="a", target="again", neurons=[1], delay_us=3.0),
    )
    assert [int(instance) for instance in network.execution_instances] == [4, 1]


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.data())
def test_relays_keep_every_connection(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 4))
    sizes = [data.draw(st.integers(1, 4)) for _ in range(count)]
    instances = [data.draw(st.integers(0, 2)) for _ in range(count)]
    order = sorted(range(count), key=instances.__getitem__)
    populations = [
        Population(name=f"n{number}", size=sizes[number], execution_instance=instances[number]) for number in order
    ]
    projections = []
    for position, source in enumerate(order):
        for target in order[position:]:
            pairs = data.draw(
                st.lists(st.tuples(st.integers(0, sizes[source] - 1), st.integers(0, sizes[target] - 1)), max_size=4)
            )
            if pairs:
                name = f"{source}-{target}"
                projections.append(
                    Projection(
                        name=name,
                        source=f"n{source}",
                        target=f"n{target}",
                        weights=list(range(1, len(pairs) + 1)),
                        connections=pairs,
                    )
                )
    network = Network.of(*populations, *projections)
    explicit = with_relays(network)
    relays = {relay.target: relay for relay in explicit.inter_execution}
    for projection in explicit.projections:
        before = network.projection(projection.name)
        pairs_found = projection.pairs.copy()
        source_name = projection.source
        if source_name in relays:
            relay = relays[source_name]
            source_name = relay.source
            pairs_found[:, 0] = relay.neurons[pairs_found[:, 0]]
        assert source_name == before.source
        assert pairs_found.tolist() == before.pairs.tolist()
    for instance in explicit.execution_instances:
        assert explicit.local(instance).populations
