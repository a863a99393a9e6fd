"""What a network says about itself."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from hxtwin.graph.errors import NetworkError, PartitionError
from hxtwin.graph.network import (
    BackgroundSource,
    CADCRecording,
    ExecutionInstanceID,
    ExternalSource,
    Network,
    NeuronShape,
    Population,
    Projection,
    Receptor,
    SpikeRecording,
    circuits_for_fan_in,
    compartment_circuits,
    recorded_neurons,
    single_compartment,
    synapses_per_neuron,
    used_neurons,
    with_shapes,
)


def net(*sizes: int, receptor: str = "signed", max_weight: int = 63) -> Network:
    """Input and dense layers l0, l1, ..."""
    names = ["in", *(f"l{number}" for number in range(len(sizes) - 1))]
    populations = [Population(name=name, size=size) for name, size in zip(names[1:], sizes[1:], strict=True)]
    projections = [
        Projection(
            name=f"p{number}",
            source=names[number],
            target=names[number + 1],
            weights=np.zeros((sizes[number], sizes[number + 1])),
            receptor=Receptor(receptor),
            max_weight=max_weight,
        )
        for number in range(len(sizes) - 1)
    ]
    return Network.of(ExternalSource(name="in", size=sizes[0]), *populations, *projections)


def test_arrays_of_a_network_cannot_be_changed() -> None:
    projection = net(4, 3).projections[0]
    with pytest.raises(ValueError, match="read-only"):
        projection.weights[0, 0] = 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        projection.name = "other"  # type: ignore[misc]  # that is the point


def test_weights_given_are_copied() -> None:
    weights = np.ones((1, 1))
    projection = Projection(name="p", source="a", target="b", weights=weights)
    weights[0, 0] = 5
    assert projection.weights[0, 0] == 1


def test_equal_descriptions_are_equal_and_other_weights_are_not() -> None:
    one, other = net(4, 3, 2), net(4, 3, 2)
    assert one == other
    changed = one.with_weights({"p0": np.full((4, 3), 7)})
    assert changed != one
    assert changed.same_structure(one)
    assert changed.projection("p0").weights.tolist() == [[7] * 3] * 4
    assert changed.projection("p1") is one.projection("p1")


def test_other_connections_are_another_structure() -> None:
    def sparse(target: int) -> Network:
        return Network.of(
            ExternalSource(name="in", size=2),
            Population(name="out", size=2),
            Projection(name="p", source="in", target="out", weights=[1], connections=[(0, target)]),
        )

    assert sparse(0).same_structure(sparse(0))
    assert not sparse(0).same_structure(sparse(1))


def test_new_weights_keep_the_shape_and_the_name() -> None:
    network = net(4, 3)
    with pytest.raises(NetworkError, match="no projection 'q'"):
        network.with_weights({"q": [[1]]})
    with pytest.raises(NetworkError, match="wanted \\(4, 3\\)"):
        network.with_weights({"p0": np.zeros((3, 4))})


def test_without_assignment_everything_runs_in_instance_zero() -> None:
    assert net(4, 3, 2).execution_instances == (ExecutionInstanceID(0),)


def test_instances_come_in_topological_order_then_by_number() -> None:
    populations = [
        Population(name=name, size=1, execution_instance=instance, chip=instance % 2)
        for name, instance in (("late", 0), ("early", 5), ("alone", 3))
    ]
    forward = Projection(name="p", source="early", target="late", weights=[[1]])
    network = Network.of(*populations, forward)
    assert [int(instance) for instance in network.execution_instances] == [3, 5, 0]
    assert network.dependencies[ExecutionInstanceID(0)] == {ExecutionInstanceID(5)}
    assert network.chip_of(ExecutionInstanceID(5)) == 1
    with pytest.raises(NetworkError, match="no execution instance 9"):
        network.chip_of(ExecutionInstanceID(9))


def test_a_local_network_holds_just_what_one_instance_needs() -> None:
    network = Network.of(
        ExternalSource(name="in", size=2),
        ExternalSource(name="other", size=2),
        BackgroundSource(name="noise", size=4, period=99, execution_instance=1),
        Population(name="a", size=2, execution_instance=0),
        Population(name="b", size=2, execution_instance=1),
        Projection(name="pa", source="in", target="a", weights=np.zeros((2, 2))),
        Projection(name="pb", source="other", target="b", weights=np.zeros((2, 2))),
        SpikeRecording(population="a"),
        CADCRecording(population="b", neurons=[1]),
    )
    local = network.local(ExecutionInstanceID(1))
    assert [source.name for source in local.sources.values()] == ["b", "other", "noise"]
    assert [projection.name for projection in local.projections] == ["pb"]
    assert [recording.population for recording in local.recordings] == ["b"]
    assert recorded_neurons(local.recordings[0], 2).tolist() == [1]
    assert not network.local(ExecutionInstanceID(0)).background_sources
    with pytest.raises(NetworkError, match="no execution instance 2"):
        network.local(ExecutionInstanceID(2))


def test_local_refuses_projections_from_elsewhere() -> None:
    network = Network.of(
        Population(name="a", size=1, execution_instance=0),
        Population(name="b", size=1, execution_instance=1),
        Projection(name="p", source="a", target="b", weights=[[1]]),
    )
    with pytest.raises(NetworkError, match="Projection 'p' comes from another execution instance"):
        network.local(ExecutionInstanceID(1))


def test_pairs_of_a_dense_projection_go_with_its_flattened_weights() -> None:
    projection = Projection(name="p", source="a", target="b", weights=[[1, 2, 3], [4, 5, 6]])
    assert [projection.weights[tuple(pair)] for pair in projection.pairs] == projection.weights.ravel().tolist()


@pytest.mark.parametrize(("max_weight", "synapses"), [(1, 1), (63, 1), (64, 2), (126, 2), (127, 3)])
def test_large_weights_take_several_synapses(max_weight: int, synapses: int) -> None:
    projection = Projection(name="p", source="a", target="b", weights=[[1]], max_weight=max_weight)
    assert projection.synapses_per_connection == synapses


@pytest.mark.parametrize(
    ("inputs", "receptor", "max_weight", "circuits"),
    [
        (128, "signed", 63, 1),
        (129, "signed", 63, 2),
        (784, "signed", 63, 7),
        (500, "signed", 63, 4),
        (256, "excitatory", 63, 1),
        (257, "inhibitory", 63, 2),
        (128, "signed", 126, 2),
        (1, "signed", 63, 1),
    ],
)
def test_circuits_follow_from_the_fan_in(inputs: int, receptor: str, max_weight: int, circuits: int) -> None:
    network = net(inputs, 3, receptor=receptor, max_weight=max_weight)
    assert circuits_for_fan_in(network, "l0") == circuits
    shape = with_shapes(network).population("l0").shape
    assert shape is not None
    assert shape.circuits == circuits


def test_fan_in_counts_each_neuron_by_itself() -> None:
    network = Network.of(
        ExternalSource(name="in", size=3),
        Population(name="out", size=3),
        Projection(name="p", source="in", target="out", weights=[1, 1, 1], connections=[(0, 0), (1, 0), (2, 2)]),
        Projection(name="q", source="in", target="out", weights=np.ones((3, 3)), receptor=Receptor.EXCITATORY),
    )
    assert synapses_per_neuron(network, "out", Receptor.EXCITATORY).tolist() == [5, 3, 4]
    assert synapses_per_neuron(network, "out", Receptor.INHIBITORY).tolist() == [2, 0, 1]
    assert used_neurons(network, "in").all()


def test_a_given_shape_is_kept() -> None:
    shape = single_compartment(3)
    network = Network.of(Population(name="a", size=1, shape=shape), Population(name="b", size=1))
    found = with_shapes(network)
    assert found.population("a").shape is shape
    assert with_shapes(found) is found


def test_a_fan_in_beyond_the_largest_neuron_is_refused_with_numbers() -> None:
    with pytest.raises(PartitionError, match=r"'l0': .*needed: 257, available: 256") as caught:
        with_shapes(net(128 * 257, 1))
    assert (caught.value.needed, caught.value.available) == (257, 256)


@pytest.mark.parametrize("circuits", [1, 2, 7, 8, 256])
def test_a_single_compartment_fills_columns_first(circuits: int) -> None:
    places = compartment_circuits(single_compartment(circuits), 0)
    columns = [int(place.to_neuron_column_on_logical_neuron()) for place in places]
    rows = [int(place.to_neuron_row_on_logical_neuron()) for place in places]
    assert columns == [number // 2 for number in range(circuits)]
    assert rows == [number % 2 for number in range(circuits)]


def test_a_horizontal_compartment_lies_in_one_row() -> None:
    shape = single_compartment(5, expand_horizontally=True)
    assert [int(place) for place in compartment_circuits(shape, 0)] == [0, 1, 2, 3, 4]
    assert shape.circuits == 5
    with pytest.raises(NetworkError, match="compartment 1 given"):
        compartment_circuits(shape, 1)


def test_compartments_that_are_not_listed_send_no_spikes() -> None:
    silent = NeuronShape(single_compartment(1).structure, {})
    with pytest.raises(NetworkError, match="compartment 0 of Population 'a' sends no spikes"):
        Network.of(Population(name="a", size=1, shape=silent), SpikeRecording(population="a"))


@pytest.mark.parametrize(("size", "rate_hz"), [(64, 10e3), (1, 1e6), (256, 900e3)])
def test_poisson_sources_hit_their_rate(size: int, rate_hz: float) -> None:
    assert BackgroundSource.poisson("b", size, rate_hz).rate_hz == pytest.approx(rate_hz, rel=0.12)


def test_a_poisson_source_is_programmed_as_in_the_worked_example() -> None:
    """Reference frontend-pynn.md: 64 neurons of 10 kHz give rate 1 and period 2."""
    source = BackgroundSource.poisson("b", 64, 10e3)
    assert (source.rate, source.period) == (1, 2)


def test_texts_say_what_there_is() -> None:
    network = net(4, 3)
    assert repr(network) == "Network(1 populations, 1 external_sources, 1 projections)"
    assert "Projection 'p0': in -> l0, 12 connections, signed" in str(network)
