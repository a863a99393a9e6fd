"""What a partition keeps together, what it refuses, and what it takes from the user."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.graph.errors import PartitionError, RoutingError
from hxtwin.graph.network import (
    BackgroundSource,
    CADCRecording,
    ExecutionInstanceID,
    ExternalSource,
    InterExecutionProjection,
    MADCRecording,
    Network,
    Population,
    Projection,
    single_compartment,
    with_relays,
)
from hxtwin.graph.partition import Limits, Partition, Slice, cut, partition

DETERMINISTIC = settings(derandomize=True, max_examples=25, deadline=None)


def dense(source: str, target: str, size: int, width: int, delay_us: float = 0.0) -> Projection:
    return Projection(
        name=f"{source}->{target}", source=source, target=target, weights=np.zeros((size, width)), delay_us=delay_us
    )


def recurrent(size: int) -> Network:
    return Network.of(
        ExternalSource(name="in", size=10),
        Population(name="excited", size=size),
        Population(name="calm", size=size // 4),
        dense("in", "excited", 10, size),
        dense("excited", "calm", size, size // 4),
        dense("calm", "excited", size // 4, size),
    )


def test_a_recurrent_component_stays_whole() -> None:
    found = partition(recurrent(100))
    assert len(found.plan.instances) == 1
    assert "recurrent component 'excited', 'calm': 125 circuits, kept whole" in found.explain()


def test_a_recurrent_component_that_is_too_large_is_refused_by_name() -> None:
    with pytest.raises(
        PartitionError, match=r"recurrent component 'excited', 'calm': not enough neuron circuits .*available: 512"
    ) as caught:
        partition(recurrent(400))
    assert caught.value.needed == 400 * 1 + 100 * 4


def test_a_population_that_projects_onto_itself_stays_whole() -> None:
    def looped(size: int) -> Network:
        return Network.of(
            Population(name="loop", size=size, shape=single_compartment(4)), dense("loop", "loop", size, size)
        )

    assert len(partition(looped(128)).plan.instances) == 1
    with pytest.raises(PartitionError, match=r"recurrent component 'loop': .*needed: 516, available: 512"):
        partition(looped(129))


def test_a_delay_on_a_cycle_is_refused_by_name() -> None:
    network = Network.of(
        Population(name="a", size=1),
        Population(name="b", size=1),
        dense("a", "b", 1, 1, delay_us=1.0),
        dense("b", "a", 1, 1),
    )
    with pytest.raises(PartitionError, match="'a' and 'b'.*delayed"):
        partition(network)


def test_a_delayed_projection_opens_another_instance() -> None:
    network = Network.of(
        Population(name="a", size=1), Population(name="b", size=1), dense("a", "b", 1, 1, delay_us=1.0)
    )
    found = partition(network)
    assert len(found.plan.instances) == found.plan.lower_bound == 2
    assert found.plan.replayed == 1


def test_explicit_relays_stay_between_instances() -> None:
    network = Network.of(
        Population(name="a", size=600),
        ExternalSource(name="again", size=1),
        Population(name="b", size=1),
        dense("again", "b", 1, 1),
        InterExecutionProjection(name="r", source="a", target="again", neurons=[599]),
    )
    with pytest.raises(PartitionError, match="'a'.*needed: 600"):
        partition(network)
    small = Network.of(
        Population(name="a", size=600 - 88),
        *list(network.external_sources),
        network.populations[1],
        network.projections[0],
        InterExecutionProjection(name="r", source="a", target="again", neurons=[9]),
    )
    assert len(partition(small).plan.instances) == 2


def test_assigned_populations_keep_their_instance_and_chip() -> None:
    network = Network.of(
        ExternalSource(name="in", size=4),
        Population(name="a", size=3),
        Population(name="b", size=3, execution_instance=0, chip=1),
        Population(name="c", size=3),
        dense("in", "a", 4, 3),
        dense("a", "b", 3, 3),
        dense("b", "c", 3, 3),
    )
    found = partition(network).network
    places = {p.name: (int(found.instance_of(p.name)), p.chip) for p in found.populations}
    assert places == {"a": (1, 0), "b": (0, 1), "c": (2, 0)}
    assert [int(instance) for instance in found.execution_instances] == [1, 0, 2]


def test_an_assigned_instance_that_is_too_large_is_refused_by_name() -> None:
    network = Network.of(Population(name="a", size=513, execution_instance=3))
    with pytest.raises(PartitionError, match=r"execution instance 3 with 'a': .*needed: 513, available: 512"):
        partition(network)


def test_targets_of_an_assigned_source_join_its_instance() -> None:
    network = Network.of(
        BackgroundSource(name="noise", size=4, period=99, execution_instance=3, chip=1),
        Population(name="a", size=4),
        dense("noise", "a", 4, 4),
    )
    found = partition(network).network
    assert (int(found.instance_of("a")), found.population("a").chip) == (3, 1)
    both = Network.of(
        *network.background_sources,
        ExternalSource(name="in", size=1, execution_instance=2),
        *network.populations,
        *network.projections,
        dense("in", "a", 1, 4),
    )
    with pytest.raises(PartitionError, match="Population 'a'.*'noise' and 'in' are assigned to different ones"):
        partition(both)


def test_a_cycle_through_an_assigned_instance_is_refused_by_name() -> None:
    network = Network.of(
        Population(name="a", size=1, execution_instance=1),
        Population(name="b", size=1),
        dense("a", "b", 1, 1),
        dense("b", "a", 1, 1),
    )
    with pytest.raises(PartitionError, match="execution instance 1 with 'a'.*'b'"):
        partition(network)


def test_a_shape_with_too_few_rows_is_refused_with_numbers() -> None:
    network = Network.of(
        ExternalSource(name="in", size=300),
        Population(name="a", size=2, shape=single_compartment(2)),
        dense("in", "a", 300, 2),
    )
    with pytest.raises(PartitionError, match=r"'a'.*needed: 600, available: 512.*3 circuits"):
        partition(network)


def test_a_single_neuron_beyond_the_input_rate_is_refused() -> None:
    network = Network.of(
        ExternalSource(name="in", size=100, rate_hz=1e6), Population(name="a", size=2), dense("in", "a", 100, 2)
    )
    with pytest.raises(PartitionError, match=r"'a'.*input event rate.*for a single neuron"):
        partition(network, limits=Limits(input_event_rate_hz=99e6))


def test_more_background_sources_than_generators_are_spread() -> None:
    sources = [BackgroundSource(name=f"s{number}", size=1, period=99) for number in range(5)]
    network = Network.of(
        *sources,
        *(Population(name=f"n{number}", size=2) for number in range(5)),
        *(dense(f"s{number}", f"n{number}", 1, 2) for number in range(5)),
    )
    found = partition(network)
    assert [instance.demand.background_sources for instance in found.plan.instances] == [4, 1]


def test_three_madc_recordings_are_spread_over_two_instances() -> None:
    network = Network.of(
        Population(name="a", size=9), *(MADCRecording(population="a", neuron=neuron) for neuron in (0, 4, 8))
    )
    found = partition(network)
    assert len(found.plan.instances) == 2
    assert sorted(instance.demand.madc_channels for instance in found.plan.instances) == [1, 2]


def test_failed_circuits_leave_less_room() -> None:
    usable = np.ones(512, dtype=bool)
    usable[:100] = False
    limits = Limits.of_circuits(usable)
    assert limits.circuits == 412
    network = Network.of(Population(name="a", size=412), Population(name="b", size=1))
    assert len(partition(network, limits=limits).plan.instances) == 2
    # pairs of circuits in one column: 156 columns are whole
    pairs = Network.of(Population(name="a", size=157, shape=single_compartment(2)))
    assert [len(instance.slices) for instance in partition(pairs, limits=limits).plan.instances] == [1, 1]
    with pytest.raises(PartitionError, match="512"):
        Limits.of_circuits([True])


def test_wide_neurons_do_not_cross_the_middle_of_the_chip() -> None:
    """Two rows of 65 columns: one for each half, though 512 circuits would be enough for three."""
    network = Network.of(Population(name="a", size=3, shape=single_compartment(130)))
    found = partition(network)
    assert [len(i.slices) for i in found.plan.instances] == [1, 1]
    assert "the first 2 would fit" in found.explain()


def test_independent_layers_share_the_last_instance() -> None:
    """Two layers of 1.5 chips each: three instances, not four."""
    network = Network.of(
        ExternalSource(name="in", size=10),
        Population(name="a", size=768),
        Population(name="b", size=768),
        dense("in", "a", 10, 768),
        dense("in", "b", 10, 768),
    )
    assert len(partition(network).plan.instances) == 3


def test_replay_is_avoided_where_the_number_of_instances_allows() -> None:
    """b may stand beside a or alone; beside a nothing is replayed to it."""
    network = Network.of(
        ExternalSource(name="in", size=10),
        Population(name="x", size=300),
        Population(name="a", size=300),
        Population(name="b", size=200, shape=single_compartment(1)),
        dense("in", "x", 10, 300),
        dense("in", "a", 10, 300),
        Projection(name="ab", source="a", target="b", connections=[(i, i) for i in range(200)], weights=np.zeros(200)),
    )
    found = partition(network)
    assert len(found.plan.instances) == 2
    assert found.plan.replayed == 0
    assert found.network.instance_of("a") == found.network.instance_of("b")


def test_independent_instances_are_dealt_out_to_chips() -> None:
    network = Network.of(
        ExternalSource(name="in", size=10),
        Population(name="a", size=1500),
        Population(name="out", size=3),
        dense("in", "a", 10, 1500),
        Projection(name="o", source="a", target="out", connections=[(0, 0), (700, 1), (1400, 2)], weights=[1, 1, 1]),
    )
    found = partition(network, chips=2)
    assert [instance.chip for instance in found.plan.instances] == [0, 1, 0, 0]
    with pytest.raises(PartitionError, match="chips"):
        partition(network, chips=0)


def test_an_instance_that_cannot_be_routed_gets_shorter_slices() -> None:
    def check(local: Network) -> None:
        for population in local.populations:
            if population.size > 50:
                raise RoutingError(population.name, "synapse rows", population.size, 50)

    network = Network.of(ExternalSource(name="in", size=10), Population(name="a", size=120), dense("in", "a", 10, 120))
    found = partition(network, check=check)
    assert [population.size for population in found.network.populations] == [40, 40, 40]
    assert "at least 1 are needed" in found.explain()


def test_populations_that_cannot_be_routed_together_are_separated() -> None:
    def check(local: Network) -> None:
        if len(local.populations) > 1:
            raise RoutingError("a", "drivers", 33, 32)

    network = Network.of(Population(name="a", size=5), Population(name="b", size=5), dense("a", "b", 5, 5))
    assert len(partition(network).plan.instances) == 1
    assert len(partition(network, check=check).plan.instances) == 2


def test_what_cannot_be_made_smaller_keeps_the_error_of_the_router() -> None:
    def check(local: Network) -> None:
        raise RoutingError("a", "drivers", 33, 32)

    with pytest.raises(RoutingError, match="33"):
        partition(Network.of(Population(name="a", size=4)), check=check)


def test_a_network_without_populations_has_no_instances() -> None:
    assert partition(Network()).plan.instances == ()


def test_the_same_network_gives_the_same_plan() -> None:
    assert partition(recurrent(90)).explain() == partition(recurrent(90)).explain()


# --- every partition keeps the network ---------------------------------------------------------------------------


def connections(network: Network) -> dict[tuple[str, str, int, int], int]:
    """(source, target, source neuron, target neuron) -> sum of weights, in terms of the uncut network."""
    found: dict[tuple[str, str, int, int], int] = {}
    origins = {population.name: population.origin for population in network.populations}
    for projection in network.projections:
        pairs = projection.pairs.copy()
        names = []
        for end, name in enumerate((projection.source, projection.target)):
            names.append(origins[name].population if name in origins else name)
            if name in origins:
                pairs[:, end] = origins[name].neurons[pairs[:, end]]
        for (before, after), weight in zip(pairs.tolist(), projection.weights.ravel().tolist(), strict=True):
            key = (names[0], names[1], before, after)
            found[key] = found.get(key, 0) + weight
    return found


@st.composite
def feed_forward(draw: st.DrawFn) -> Network:
    """Layers of 1..700 neurons, each fed by the input or by earlier layers, dense or sparse."""
    count = draw(st.integers(1, 4))
    random = np.random.default_rng(draw(st.integers(0, 9999)))
    sizes = [draw(st.integers(1, 700)) for _ in range(count)]
    populations = [Population(name=f"l{number}", size=size) for number, size in enumerate(sizes)]
    projections = []
    for number, size in enumerate(sizes):
        for name, width in [("in", 20), *((f"l{k}", sizes[k]) for k in range(number))]:
            if draw(st.booleans()):
                pairs = np.unique(
                    np.stack([random.integers(0, width, 300), random.integers(0, size, 300)], axis=1), axis=0
                )
                projections.append(
                    Projection(
                        name=f"{name}->l{number}",
                        source=name,
                        target=f"l{number}",
                        connections=pairs,
                        weights=random.integers(-63, 64, len(pairs)),
                    )
                )
    recordings = [CADCRecording(population=f"l{count - 1}")]
    return Network.of(ExternalSource(name="in", size=20), *populations, *projections, *recordings)


@DETERMINISTIC
@given(feed_forward())
def test_a_partition_keeps_every_neuron_and_connection(network: Network) -> None:
    found = partition(network)
    check_partition(network, found)


def check_partition(network: Network, found: Partition) -> None:
    covered: dict[str, list[int]] = {}
    for population in found.network.populations:
        covered.setdefault(population.origin.population, []).extend(population.origin.neurons.tolist())
    assert covered == {p.name: list(range(p.size)) for p in network.populations}
    assert connections(found.network) == connections(network)
    assert len(found.plan.instances) == len(found.network.execution_instances) >= found.plan.lower_bound
    explicit = with_relays(found.network)
    assert sum(relay.neurons.size for relay in explicit.inter_execution) >= found.plan.replayed
    for instance in found.plan.instances:
        assert instance.demand.shortage(Limits()) is None
        local = explicit.local(instance.execution_instance)
        assert instance.demand.circuits == sum(p.size * p.shape.circuits for p in local.populations if p.shape)


@DETERMINISTIC
@given(feed_forward(), st.integers(0, 99))
def test_new_weights_reach_the_slices(network: Network, seed: int) -> None:
    random = np.random.default_rng(seed)
    found = partition(network)
    weights = {p.name: random.integers(-63, 64, p.weights.shape) for p in network.projections}
    assert connections(found.with_weights(weights)) == connections(network.with_weights(weights))


def test_a_projection_is_wholly_on_the_chip_or_wholly_replayed() -> None:
    """A slice of a layer never runs beside the layer behind it, even where there is room."""
    network = Network.of(
        ExternalSource(name="in", size=10),
        Population(name="a", size=600),
        Population(name="b", size=4, shape=single_compartment(4)),
        dense("in", "a", 10, 600),
        Projection(name="ab", source="a", target="b", connections=[(i, i % 4) for i in range(600)], weights=[1] * 600),
    )
    found = partition(network)
    before = {int(found.network.instance_of(p.name)) for p in found.network.populations if p.name != "b"}
    assert int(found.network.instance_of("b")) not in before


# --- cutting by hand ---------------------------------------------------------------------------------------------


def test_cut_by_hand_names_slices_and_assigns_them() -> None:
    network = Network.of(
        ExternalSource(name="in", size=2),
        Population(name="a", size=4),
        dense("in", "a", 2, 4),
        CADCRecording(population="a", neurons=[3, 0]),
        MADCRecording(population="a", neuron=2),
    )
    pieces = [Slice(start=0, stop=1, execution_instance=5), Slice(start=1, stop=4, execution_instance=2, chip=1)]
    found, origins = cut(network, {"a": pieces})
    assert [(p.name, p.size, int(found.instance_of(p.name)), p.chip) for p in found.populations] == [
        ("a[0:1]", 1, 5, 0),
        ("a[1:4]", 3, 2, 1),
    ]
    assert [projection.name for projection in found.projections] == ["in->a[->0:1]", "in->a[->1:4]"]
    assert [origin.of for origin in origins] == ["in->a", "in->a"]
    cadc = [recording for recording in found.recordings if isinstance(recording, CADCRecording)]
    assert [(r.population, [] if r.neurons is None else r.neurons.tolist()) for r in cadc] == [
        ("a[0:1]", [0]),
        ("a[1:4]", [2]),
    ]
    madc = [recording for recording in found.recordings if isinstance(recording, MADCRecording)]
    assert [(recording.population, recording.neuron) for recording in madc] == [("a[1:4]", 1)]
    assert found.execution_instances == (ExecutionInstanceID(2), ExecutionInstanceID(5))


def test_a_cut_of_a_cut_still_knows_its_origin() -> None:
    network = Network.of(Population(name="a", size=4))
    once, _ = cut(
        network, {"a": [Slice(start=0, stop=2, execution_instance=0), Slice(start=2, stop=4, execution_instance=1)]}
    )
    twice, _ = cut(
        once, {"a[2:4]": [Slice(start=0, stop=1, execution_instance=1), Slice(start=1, stop=2, execution_instance=2)]}
    )
    last = twice.population("a[2:4][1:2]")
    assert (last.origin.population, last.origin.neurons.tolist()) == ("a", [3])


@pytest.mark.parametrize("edges", [[(0, 3)], [(0, 2), (3, 4)], [(0, 2), (2, 2), (2, 4)], [(2, 4), (0, 2)], []])
def test_slices_have_to_cover_the_population(edges: list[tuple[int, int]]) -> None:
    pieces = [Slice(start=start, stop=stop, execution_instance=i) for i, (start, stop) in enumerate(edges)]
    with pytest.raises(ValueError, match="Population 'a'"):
        cut(Network.of(Population(name="a", size=4)), {"a": pieces})
