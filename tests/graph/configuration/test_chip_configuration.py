"""From routing to chip: what is switched on, what stays of the base chip, and how weights change."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from hxtwin.containers import Chip, LogicalNeuron, Morphology, NeuronReadoutSource
from hxtwin.coord import AtomicNeuronOnLogicalNeuron, NeuronColumnOnLogicalNeuron, NeuronRowOnLogicalNeuron
from hxtwin.graph.configuration import RoutedInstance, check_connections, place_and_route
from hxtwin.graph.errors import InputDataError, MappingError, NetworkError
from hxtwin.graph.network import (
    BackgroundSource,
    CADCRecording,
    ExternalSource,
    MADCRecording,
    Network,
    NeuronShape,
    Population,
    Projection,
    SpikeRecording,
    single_compartment,
)

RNG = np.random.default_rng(0)
WEIGHTS = RNG.integers(-63, 64, (20, 6))
NEURONS = "neuron_block.atomic_neurons."


def network(shape: int = 1) -> Network:
    return Network.of(
        ExternalSource(name="in", size=20),
        BackgroundSource(name="noise", size=8, period=77, rate=12, seed=99),
        Population(name="hidden", size=6, shape=single_compartment(shape)),
        Population(name="out", size=2, spiking=False),
        Projection(name="a", source="in", target="hidden", weights=WEIGHTS),
        Projection(name="b", source="hidden", target="out", weights=np.full((6, 2), 100), max_weight=200),
        Projection(name="c", source="noise", target="hidden", connections=[(7, 0)], weights=[9], receptor="excitatory"),
        SpikeRecording(population="hidden"),
        SpikeRecording(population="in", neurons=[3, 5]),
        CADCRecording(population="out", source=NeuronReadoutSource.EXC_SYNIN),
        MADCRecording(population="hidden", neuron=1),
        MADCRecording(population="hidden", neuron=2),
    )


@pytest.fixture(scope="module")
def instance() -> RoutedInstance:
    return place_and_route(network())


def test_weights_change_without_routing(instance: RoutedInstance) -> None:
    new = -WEIGHTS
    changed = instance.weights_changed({"a": new})
    assert changed.routing is instance.routing
    direct = place_and_route(network().with_weights({"a": new}))
    assert np.array_equal(changed.chip.encode(), direct.chip.encode())
    with pytest.raises(NetworkError, match="no projection"):
        instance.weights_changed({"z": new})


def test_large_weights_fill_the_synapses_of_a_connection_one_after_the_other(instance: RoutedInstance) -> None:
    synapses = instance.routing.synapses
    block = next(block for block in instance.problem.projections if block.name == "b")
    mine = synapses.connection >= block.first
    mine &= synapses.connection < block.first + len(block.index)
    weights = instance.chip.columns()["synapse_blocks.matrix.weights"].reshape(-1)
    found = weights[(instance.routing.row * 256 + instance.routing.column)[mine & (synapses.receptor == 0)]]
    assert sorted(found.tolist()) == sorted([63, 37, 0, 0] * 12)


def test_input_spikes_become_labels_and_recorded_labels_become_neurons(instance: RoutedInstance) -> None:
    times, labels = instance.inputs.encode("in", [3, 4, 3], [10, 11, 12])
    assert times.tolist() == [10, 11, 12]
    assert labels[0] == labels[2] != labels[1]
    population, neuron, compartment = instance.outputs.decode(labels)
    assert [instance.outputs.populations[p] if p >= 0 else None for p in population] == ["in", None, "in"]
    assert neuron.tolist() == [3, -1, 3]
    assert compartment.tolist() == [0, -1, 0]
    circuit = int(instance.placement.of("hidden").circuits[4, 0])
    output = circuit % 256 // 32
    sent = output % 4 << 14 | output << 8 | int(instance.routing.internal_address[circuit])
    population, neuron, _ = instance.outputs.decode([sent])
    assert (instance.outputs.populations[population[0]], neuron[0]) == ("hidden", 4)


def test_bad_input_spikes_are_refused(instance: RoutedInstance) -> None:
    for source, neurons, times in (("out", [0], [0]), ("in", [20], [0]), ("in", [-1], [0]), ("in", [0, 1], [0])):
        with pytest.raises(InputDataError, match=source):
            instance.inputs.encode(source, neurons, times)


def test_recorded_traces_are_connected(instance: RoutedInstance) -> None:
    columns = instance.chip.columns()
    out = instance.placement.of("out").circuits[:, 0]
    assert instance.cadc.neuron.tolist() == [0, 1]
    assert (256 * instance.cadc.hemisphere + instance.cadc.column).tolist() == out.tolist()
    assert columns[NEURONS + "readout.source"][out].tolist() == [1, 1]
    assert columns[NEURONS + "readout.enable_amplifier"][out].all()
    assert columns["cadc_readout_chains.channels_causal.enable_connect_neuron"].reshape(-1)[out].all()
    assert columns["cadc_readout_chains.channels_causal.enable_connect_neuron"].sum() == 2
    assert sorted(source.multiplexer for source in instance.madc) == [0, 1]
    for source in instance.madc:
        assert source.circuit % 2 == source.multiplexer
        assert columns[NEURONS + "readout.enable_buffered_access"][source.circuit]
        line = "neuron_odd" if source.circuit % 2 else "neuron_even"
        assert columns["readout_chain.input_mux." + line][source.multiplexer, source.circuit // 256]
    assert columns["readout_chain.dynamic_mux.input_select_length"] == 1


def test_background_sources_are_programmed(instance: RoutedInstance) -> None:
    sources = instance.chip.background_spike_sources.columns()
    (unit,) = np.flatnonzero(sources["enable"]).tolist()
    assert (sources["period"][unit], sources["rate"][unit], sources["seed"][unit]) == (77, 12, 99)
    assert (sources["mask"][unit], sources["enable_random"][unit]) == (7, True)


def test_analog_settings_of_the_base_chip_stay() -> None:
    leak = np.arange(512) % 1000
    base = Chip().with_columns({NEURONS + "leak.v_leak": leak})
    chip = place_and_route(network(), base=base).chip
    assert np.array_equal(chip.columns()[NEURONS + "leak.v_leak"], leak)


def test_events_of_the_base_chip_are_silenced() -> None:
    base = Chip().with_columns(
        {
            NEURONS + "event_routing.enable_digital": np.ones(512, dtype=bool),
            NEURONS + "multicompartment.connect_right": np.ones(512, dtype=bool),
            "synapse_blocks.matrix.weights": np.full((2, 256, 256), 63),
            "synapse_driver_blocks.synapse_drivers.enable_receiver": np.ones((2, 128), dtype=bool),
            "background_spike_sources.enable": np.ones(8, dtype=bool),
        }
    )
    quiet = place_and_route(network(), base=base).chip
    assert np.array_equal(quiet.encode(), place_and_route(network()).chip.encode())


def test_merged_circuits_share_one_membrane() -> None:
    base = Chip().with_columns(
        {NEURONS + "leak.i_bias": np.full(512, 100), NEURONS + "membrane_capacitance.capacitance": np.full(512, 63)}
    )
    instance = place_and_route(network(shape=4), base=base)
    circuits = instance.placement.of("hidden").circuits
    columns = instance.chip.columns()
    assert (columns[NEURONS + "leak.i_bias"][circuits] == [100, 0, 0, 0]).all()
    assert (columns[NEURONS + "membrane_capacitance.capacitance"][circuits] == [63, 0, 0, 0]).all()
    assert (columns[NEURONS + "threshold.enable"][circuits] == [1, 0, 0, 0]).all()
    assert columns[NEURONS + "multicompartment.connect_vertical"][circuits].all()
    assert (columns[NEURONS + "multicompartment.connect_right"][circuits] == [1, 1, 0, 0]).all()


def test_parameters_of_a_population_are_taken_and_its_shape_kept() -> None:
    shape = single_compartment(2)
    parameters = shape.structure.with_columns({"atomic_neurons.leak.v_leak": [321, 123]})
    assert isinstance(parameters, LogicalNeuron)
    described = network()
    hidden = attrs.evolve(described.population("hidden"), shape=shape, parameters=(parameters,))
    described = attrs.evolve(described, populations=(hidden, described.population("out")))
    instance = place_and_route(described)
    circuits = instance.placement.of("hidden").circuits
    columns = instance.chip.columns()
    assert (columns[NEURONS + "leak.v_leak"][circuits] == [321, 123]).all()
    assert columns[NEURONS + "multicompartment.connect_vertical"][circuits].all()


def test_projections_reach_and_leave_the_compartments_they_name() -> None:
    morphology = Morphology()
    morphology.create_compartment([AtomicNeuronOnLogicalNeuron(0), AtomicNeuronOnLogicalNeuron(128)])
    morphology.create_compartment([AtomicNeuronOnLogicalNeuron(1)])
    for circuit, connect in ((0, morphology.connect_to_soma), (1, morphology.connect_resistor_to_soma)):
        connect(AtomicNeuronOnLogicalNeuron(circuit))
    line = NeuronColumnOnLogicalNeuron(0), NeuronColumnOnLogicalNeuron(1), NeuronRowOnLogicalNeuron(0)
    morphology.connect_soma_line(*line)
    shape = NeuronShape(morphology.done()[1], {0: 1, 1: 0})
    instance = place_and_route(
        Network.of(
            ExternalSource(name="in", size=5),
            Population(name="n", size=3, shape=shape),
            Projection(name="tip", source="in", target="n", weights=np.ones((5, 3)), target_compartment=1),
            Projection(
                name="back", source="n", target="n", weights=np.ones((3, 3)), source_compartment=1, target_compartment=0
            ),
            SpikeRecording(population="n"),
        )
    )
    placed, synapses = instance.placement.of("n"), instance.routing.synapses
    tip = instance.problem.projections[0]
    in_tip = np.isin(synapses.connection, tip.first + np.arange(len(tip.index)))
    assert set(synapses.circuit[in_tip].tolist()) == set(placed.compartment(1).reshape(-1).tolist())
    assert set(synapses.circuit[~in_tip].tolist()) <= set(placed.compartment(0).reshape(-1).tolist())
    sending = np.flatnonzero(instance.routing.internal_address >= 0)
    senders = [placed.sender(0), placed.sender(1)]
    assert sorted(sending.tolist()) == sorted(int(c) for sender in senders if sender is not None for c in sender)
    conductance = instance.chip.columns()[NEURONS + "multicompartment.enable_conductance"]
    assert np.flatnonzero(conductance).tolist() == sorted(placed.compartment(1).reshape(-1).tolist())


@pytest.mark.parametrize("what", ["label", "row_mode", "driver_mask", "internal_address", "node_target"])
def test_a_wrong_routing_does_not_pass_the_check(instance: RoutedInstance, what: str) -> None:
    from hxtwin.graph.configuration import configure
    from hxtwin.graph.configuration.synapse_weights import wanted_weights

    array = getattr(instance.routing, what).copy()
    if what == "label":
        array[0] ^= 1
    elif what == "row_mode":
        array[array == 1] = 2
    elif what == "driver_mask":
        array[array >= 0] ^= 31
    elif what == "internal_address":
        array[np.flatnonzero(array >= 0)[0]] ^= 1
    else:
        array[array == 0] = 1
    wrong = attrs.evolve(instance.routing, **{what: array})
    weights = wanted_weights(instance.network, instance.problem, wrong)
    chip = configure(Chip(), instance.network, instance.placement, wrong, weights)
    with pytest.raises(MappingError):
        check_connections(instance.problem.problem, wrong, chip)


def test_reports_name_circuits_rows_and_labels(instance: RoutedInstance) -> None:
    label = int(instance.inputs.sources["in"].of(3)[0])
    assert hex(label) in instance.neuron_report("in", 3)
    assert f"circuits: [{instance.placement.of('hidden').circuits[2, 0]}]" in instance.neuron_report("hidden", 2)
    assert "generators: " in instance.neuron_report("noise", 7)
    assert "sends no spikes" in instance.neuron_report("out", 0)
    assert "of 32 drivers" in str(instance)


def test_picture_shows_every_population_and_projection(instance: RoutedInstance) -> None:
    texts = [text.get_text() for text in instance.picture().legends[0].get_texts()]
    names = ["neurons of hidden", "neurons of out", "synapses of a", "synapses of b", "synapses of c"]
    assert texts == names
