"""Networks on the twin: results by population, replay with delays, reports, provenance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import attrs
import numpy as np
import pytest

import hxtwin
from hxtwin import coord
from hxtwin.chipsim import Twin
from hxtwin.chipsim.options import TwinOptions
from hxtwin.comm.arq import UdpFpga
from hxtwin.containers import Chip
from hxtwin.graph.configuration import RoutedInstance, place_and_route
from hxtwin.graph.errors import ExecutionError, InputDataError
from hxtwin.graph.execution import Executor, Hooks, InputSpikes, ProblemKind, RunOptions
from hxtwin.graph.network import (
    CADCRecording,
    ExternalSource,
    InterExecutionProjection,
    MADCRecording,
    Network,
    Population,
    PopulationPart,
    Projection,
    SpikeRecording,
    single_compartment,
    with_relays,
)
from hxtwin.graph.routing.geometry import RECORDED
from hxtwin.runtime import AbsoluteTimePlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .conftest import WatchedConnection

    Instances = Mapping[coord.ExecutionInstanceID, RoutedInstance]

RUNTIME_US = 20.0
SIZE = 4
LATENCY = 100
"""Above the time from an input spike to the recorded spike that it causes, FPGA cycles."""


@pytest.fixture(scope="session")
def base() -> Chip:
    """A chip whose neurons fire whenever a synaptic pulse arrives; column ADC on."""
    bypass = Chip.default_neuron_bypass()
    return bypass.with_columns({"cadc_readout_chains.ramp.enable": [True, True]})


def identity(name: str, source: str, target: str, delay_us: float = 0.0) -> Projection:
    weights = 63 * np.eye(SIZE, dtype=int)
    return Projection(
        name=name, source=source, target=target, weights=weights, receptor="excitatory", delay_us=delay_us
    )


def chain(*, instances: tuple[int, int] = (0, 0), chips: tuple[int, int] = (0, 0), delay_us: float = 0.0) -> Network:
    """An external source, a population that repeats its spikes, and one that repeats those."""
    return Network.of(
        ExternalSource(name="in", size=SIZE),
        Population(name="first", size=SIZE, execution_instance=instances[0], chip=chips[0]),
        Population(name="second", size=SIZE, execution_instance=instances[1], chip=chips[1]),
        identity("in-first", "in", "first"),
        identity("first-second", "first", "second", delay_us),
        SpikeRecording(population="first"),
        SpikeRecording(population="second"),
    )


def routed(network: Network, base: Chip) -> Instances:
    explicit = with_relays(network)
    return {i: place_and_route(explicit.local(i), base=base) for i in explicit.execution_instances}


def inputs() -> InputSpikes:
    return InputSpikes(entries=[0, 0, 1, 2], times_us=[1.0, 4.0, 2.0, 8.0], neurons=[0, 3, 2, 1])


def test_results_are_arrays_by_population(connection: WatchedConnection, base: Chip) -> None:
    network = chain()
    result = Executor(connection).run(
        network, routed(network, base), {"in": inputs()}, entries=3, runtime_us=RUNTIME_US, seed=7
    )
    for name in ("first", "second"):
        spikes = result.spikes[name]
        assert spikes.entries.tolist() == [0, 0, 1, 2]
        assert spikes.neurons.tolist() == [0, 3, 2, 1]
        assert (0 < spikes.times - inputs().cycles).all()
        assert (spikes.times - inputs().cycles < LATENCY).all()
    assert (result.spikes["second"].times > result.spikes["first"].times).all()
    assert result.spikes["first"].of_entry(0).neurons.tolist() == [0, 3]
    assert result.problems == ()
    assert result.run_time.realtime == pytest.approx(3 * RUNTIME_US * 1e-6)
    assert "no problems" in str(result)


def test_a_twin_behind_a_network_gives_the_same(connection: WatchedConnection, base: Chip) -> None:
    network = chain(instances=(0, 1))
    instances, found = routed(network, base), []
    twin = Twin(options=TwinOptions(chip=7, noise=False, settle="instant"))
    with UdpFpga(twin, "127.0.0.1", 0, 0) as server:
        server.start()
        address = f"udp://127.0.0.1:{server.data_port}?reset_port={server.reset_port}"
        with hxtwin.connect(address) as remote:
            for each in (connection, remote):
                result = Executor(each).run(network, instances, {"in": inputs()}, entries=3, runtime_us=RUNTIME_US)
                assert result.problems == ()
                found.append(result.spikes["second"])
    assert found[0].times.tolist() == found[1].times.tolist()
    assert found[0].neurons.tolist() == found[1].neurons.tolist()


def test_spikes_are_replayed_in_later_instances_after_their_delay(connection: WatchedConnection, base: Chip) -> None:
    network = chain(instances=(5, 2), delay_us=3.0)
    result = Executor(connection).run(
        network, routed(network, base), {"in": inputs()}, entries=3, runtime_us=RUNTIME_US
    )
    first, second = result.spikes["first"], result.spikes["second"]
    assert list(result.run_times) == [5, 2]
    assert second.entries.tolist() == first.entries.tolist() == [0, 0, 1, 2]
    assert second.neurons.tolist() == first.neurons.tolist()
    latencies = second.times - first.times - 3 * 125
    assert ((latencies > 0) & (latencies < LATENCY)).all()


def test_one_recorded_spike_may_be_replayed_by_several_neurons(connection: WatchedConnection, base: Chip) -> None:
    network = Network.of(
        ExternalSource(name="in", size=SIZE),
        ExternalSource(name="again", size=3),
        Population(name="first", size=SIZE, execution_instance=0),
        Population(name="second", size=3, execution_instance=1),
        identity("in-first", "in", "first"),
        Projection(
            name="again-second", source="again", target="second", weights=np.diag([63] * 3), receptor="excitatory"
        ),
        InterExecutionProjection(name="relay", source="first", target="again", neurons=[2, 0, 2], delay_us=1.0),
        SpikeRecording(population="second"),
    )
    own = InputSpikes(entries=[1], times_us=[12.0], neurons=[1])  # adds to what is replayed
    result = Executor(connection).run(
        network, routed(network, base), {"in": inputs(), "again": own}, entries=3, runtime_us=RUNTIME_US
    )
    assert list(result.spikes) == ["second"]
    found = list(zip(result.spikes["second"].entries.tolist(), result.spikes["second"].neurons.tolist(), strict=True))
    assert sorted(found) == [(0, 1), (1, 0), (1, 1), (1, 2)]


def test_instances_on_two_chips_give_the_same_as_on_one(
    connection: WatchedConnection, other_connection: WatchedConnection, base: Chip
) -> None:
    results = []
    for chips, connections in (((0, 0), [connection]), ((0, 1), [connection, other_connection])):
        network = chain(instances=(0, 1), chips=chips)
        found = Executor(connections).run(
            network, routed(network, base), {"in": inputs()}, entries=3, runtime_us=RUNTIME_US
        )
        results.append(found.spikes["second"])
    assert other_connection.runs
    assert results[0].entries.tolist() == results[1].entries.tolist()
    assert results[0].neurons.tolist() == results[1].neurons.tolist()
    assert (np.abs(results[0].times - results[1].times) < LATENCY).all()  # chips differ a little


def test_replayed_spikes_behind_the_end_are_counted(connection: WatchedConnection, base: Chip) -> None:
    network = chain(instances=(0, 1), delay_us=13.0)
    result = Executor(connection).run(
        network, routed(network, base), {"in": inputs()}, entries=3, runtime_us=RUNTIME_US
    )
    (problem,) = result.problems
    assert (problem.kind, problem.instance, problem.count) == (ProblemKind.SPIKES_AFTER_END, 1, 1)
    assert len(result.spikes["second"]) == 3
    assert result.provenance.warnings == (str(problem),)


def test_parts_of_a_population_are_reported_as_the_population(connection: WatchedConnection, base: Chip) -> None:
    halves = [
        Population(
            name=f"hidden:{part}",
            size=2,
            execution_instance=part,
            part_of=PopulationPart(population="hidden", neurons=neurons),
        )
        for part, neurons in enumerate(([3, 0], [1, 2]))
    ]
    projections = [
        Projection(
            name=f"to {half.name}",
            source="in",
            target=half.name,
            connections=[(int(neuron), place) for place, neuron in enumerate(half.origin.neurons)],
            weights=[63, 63],
            receptor="excitatory",
        )
        for half in halves
    ]
    recordings = [SpikeRecording(population=half.name) for half in halves]
    network = Network.of(ExternalSource(name="in", size=SIZE), *halves, *projections, *recordings)
    result = Executor(connection).run(
        network, routed(network, base), {"in": inputs()}, entries=3, runtime_us=RUNTIME_US
    )
    assert list(result.spikes) == ["hidden"]
    assert result.spikes["hidden"].neurons.tolist() == [0, 3, 2, 1]
    assert result.spikes["hidden"].entries.tolist() == [0, 0, 1, 2]


def test_traces_have_the_neurons_of_their_recordings(connection: WatchedConnection, base: Chip) -> None:
    network = Network.of(
        ExternalSource(name="in", size=SIZE),
        Population(name="out", size=SIZE, spiking=False),
        identity("in-out", "in", "out"),
        CADCRecording(population="out", neurons=[3, 1]),
    )
    result = Executor(connection).run(
        network, routed(network, base), {"in": inputs()}, entries=3, runtime_us=RUNTIME_US
    )
    (traces,) = result.cadc["out"]
    assert traces.neurons.tolist() == [3, 1]
    assert traces.values.shape == traces.times_us.shape
    assert traces.values.shape[::2] == (3, 2)
    assert traces.interval_us <= 2.6
    assert (np.abs(np.diff(traces.times_us, axis=1) - traces.interval_us) < 0.52).all()
    assert not result.spikes


def test_a_trace_shows_the_potential_of_the_circuit_of_its_neuron(base: Chip) -> None:
    """Each circuit rests at a leak potential of its own; the ramp of the column ADC covers all of them."""
    codes = 330 + np.arange(512) * 37 % 380
    both = np.ones((2, 2), dtype=int)
    resting = base.with_columns(
        {
            "neuron_block.atomic_neurons.leak.v_leak": codes,
            "neuron_block.atomic_neurons.leak.i_bias": np.full(512, 800),
            "cadc_readout_chains.ramp.i_slope": 200 * both,
            "cadc_readout_chains.ramp.v_offset": 50 * both,
            "cadc_readout_chains.ramp.i_bias_comparator": 1022 * both,
            "cadc_readout_chains.ramp.i_bias_vreset_buffer": 1022 * both,
            "cadc_readout_chains.ramp.v_bias_buffer": 400 * both,
        }
    )
    size = 24
    network = Network.of(
        ExternalSource(name="in", size=1),
        Population(name="out", size=size, spiking=False),
        Projection(name="p", source="in", target="out", weights=np.ones((1, size)), receptor="excitatory"),
        CADCRecording(population="out"),
    )
    instances = routed(network, resting)
    with hxtwin.connect("sim://?chip=ideal&noise=0&settle=instant") as ideal:
        (traces,) = Executor(ideal).run(network, instances, entries=2, runtime_us=RUNTIME_US).cadc["out"]
    (instance,) = instances.values()
    potentials = codes[instance.placement.of("out").circuits[:, 0]]
    means = traces.values.mean(axis=(0, 1))
    assert traces.neurons.tolist() == list(range(size))
    assert np.corrcoef(potentials, means)[0, 1] > 0.98
    assert traces.values.std(axis=(0, 1)).max() < 3


def test_the_membrane_adc_samples_two_neurons_in_turn_and_tells_them_apart(
    connection: WatchedConnection, base: Chip
) -> None:
    network = Network.of(
        ExternalSource(name="in", size=SIZE),
        Population(name="out", size=SIZE, spiking=False),
        identity("in-out", "in", "out"),
        MADCRecording(population="out", neuron=0),
        MADCRecording(population="out", neuron=2),
    )
    even, odd = 300, 600  # leak potentials of the circuits in even and in odd columns
    leaks = np.where(np.arange(512) % 2 == 0, even, odd)
    leaky = base.with_columns(
        {
            "neuron_block.atomic_neurons.leak.v_leak": leaks,
            "neuron_block.atomic_neurons.leak.i_bias": np.full(512, 500),
        }
    )
    instances = routed(network, leaky)
    result = Executor(connection).run(network, instances, entries=2, runtime_us=RUNTIME_US)
    samples = result.madc["out"]
    assert [each.neuron for each in samples] == [0, 2]
    (instance,) = instances.values()
    means = {}
    for each in samples:
        assert each.rate_hz == pytest.approx(500e6 / 17 / 2)
        assert np.bincount(each.entries).tolist() == pytest.approx([RUNTIME_US * 1e-6 * each.rate_hz] * 2, abs=2)
        assert 0 <= each.times_us.min() <= each.times_us.max() < RUNTIME_US
        parity = int(instance.placement.of("out").circuits[each.neuron, 0]) % 2
        means[parity] = each.values.mean()
    assert means[1] > means[0] + 50
    assert not [problem for problem in result.problems if problem.kind is ProblemKind.SAMPLES_LOST]


def test_samples_at_the_ends_of_the_range_are_reported_by_circuit(connection: WatchedConnection, base: Chip) -> None:
    network = Network.of(
        ExternalSource(name="in", size=SIZE),
        Population(name="out", size=SIZE, spiking=False),
        identity("in-out", "in", "out"),
        CADCRecording(population="out", neurons=[2]),
    )
    flat = base.with_columns({"cadc_readout_chains.ramp.i_slope": np.zeros((2, 2), dtype=int)})
    instances = routed(network, flat)
    result = Executor(connection).run(network, instances, entries=2, runtime_us=RUNTIME_US)
    (problem,) = result.problems
    (instance,) = instances.values()
    assert problem.kind is ProblemKind.ADC_SATURATED
    assert problem.count == result.cadc["out"][0].values.size
    assert f"of circuit {instance.placement.of('out').circuits[2, 0]}" in problem.message


def test_new_weights_write_only_the_synapses_that_changed(connection: WatchedConnection, base: Chip) -> None:
    network = chain()
    instances = dict(routed(network, base))
    executor = Executor(connection)
    (number,) = instances
    executor.run(network, instances, {"in": inputs()}, entries=1 + 2, runtime_us=RUNTIME_US)
    weights = 63 * np.eye(SIZE, dtype=int)
    weights[0, 0] = 0
    changed = {number: instances[number].weights_changed({"in-first": weights})}
    result = executor.run(
        network.with_weights({"in-first": weights}), changed, {"in": inputs()}, entries=3, runtime_us=RUNTIME_US
    )
    assert result.provenance.instances[0].words_written == 1
    assert result.spikes["second"].neurons.tolist() == [3, 2, 1]


def test_the_same_network_on_the_same_chip_gives_the_same(base: Chip) -> None:
    network = chain(instances=(0, 1))
    instances, times = routed(network, base), []
    for _ in range(2):
        with hxtwin.connect("sim://?chip=7&settle=instant") as connection:
            found = Executor(connection).run(network, instances, {"in": inputs()}, entries=3, runtime_us=RUNTIME_US)
            times.append(found.spikes["second"].times.tolist())
    assert times[0] == times[1]
    assert len(times[0]) == 4


def test_provenance_tells_what_ran_where(connection: WatchedConnection, base: Chip) -> None:
    network = chain(instances=(0, 3))
    result = Executor(connection).run(
        network, routed(network, base), {"in": inputs()}, entries=3, runtime_us=RUNTIME_US, seed=11
    )
    record = json.loads(result.provenance.to_json())
    assert record["seed"] == 11
    assert record["entries"] == 3
    assert record["chips"][0]["endpoint"].startswith("sim://?chip=7")
    assert [each["instance"] for each in record["instances"]] == [0, 3]
    assert record["instances"][0]["words_written"] == 126_842
    assert record["instances"][1]["populations"] == [["second", SIZE]]
    assert dict(record["versions"]).keys() >= {"hxtwin", "numpy", "python"}
    assert "instance 3 on chip 0: second (4)" in str(result.provenance)


def test_what_was_not_recorded_is_named(connection: WatchedConnection, base: Chip) -> None:
    network = chain()
    result = Executor(connection).run(network, routed(network, base), entries=1, runtime_us=RUNTIME_US)
    with pytest.raises(InputDataError, match=r"'in': nothing of this kind was recorded.*\['first', 'second'\]"):
        result.spikes["in"]
    with pytest.raises(InputDataError, match="'first': nothing of this kind was recorded"):
        result.cadc["first"]
    assert result.spikes.get("in") is None
    assert "in" not in result.spikes


def test_events_with_labels_of_nobody_are_reported(connection: WatchedConnection, base: Chip) -> None:
    network = attrs.evolve(chain(), recordings=(SpikeRecording(population="in"),))
    instances = routed(network, base)
    (number,) = instances
    known = instances[number].outputs.known
    foreign = np.flatnonzero(~known & (np.arange(1 << 16) & RECORDED > 0))[:2]
    inside = AbsoluteTimePlaybackProgramBuilder()
    inside.write_spike_train([500, 700], foreign)
    result = Executor(connection).run(
        network,
        instances,
        {"in": inputs()},
        entries=3,
        runtime_us=RUNTIME_US,
        hooks={number: Hooks(inside_realtime=inside)},
    )
    (problem,) = result.problems
    assert (problem.kind, problem.count) == (ProblemKind.UNKNOWN_LABELS, 6)
    assert f"{foreign[0]:#06x}" in problem.message
    assert len(result.spikes["in"]) == len(inputs())


def test_dropped_events_are_reported_with_the_results(connection: WatchedConnection, base: Chip) -> None:
    network = chain()
    slow = base.with_columns({"crossbar.outputs.enable_slow": [True] * 4})
    number = 200
    burst = InputSpikes(
        entries=np.zeros(number, int), times_us=1 + 0.008 * np.arange(number), neurons=np.arange(number) % SIZE
    )
    loud = attrs.evolve(network, recordings=(SpikeRecording(population="in"),))
    result = Executor(connection).run(loud, routed(loud, slow), {"in": burst}, entries=1, runtime_us=RUNTIME_US)
    kinds = {problem.kind for problem in result.problems}
    assert ProblemKind.EVENTS_DROPPED in kinds
    assert len(result.spikes["in"]) < number
    assert "problem: execution instance 0: events dropped" in str(result)


def test_ten_readout_neurons_are_sampled_in_one_pass_every_2_6_us(connection: WatchedConnection, base: Chip) -> None:
    weights = np.zeros((SIZE, 10), dtype=int)
    for circuits in (1, 2):
        network = Network.of(
            ExternalSource(name="in", size=SIZE),
            Population(name="out", size=10, shape=single_compartment(circuits), spiking=False),
            Projection(name="p", source="in", target="out", weights=weights),
            CADCRecording(population="out"),
        )
        result = Executor(connection).run(network, routed(network, base), entries=1, runtime_us=RUNTIME_US)
        (traces,) = result.cadc["out"]
        assert traces.passes == 1
        assert traces.interval_us <= 2.6


def test_failed_circuits_in_use_are_reported(connection: WatchedConnection, base: Chip) -> None:
    network = chain()
    usable = np.zeros(512, dtype=bool)
    usable[8:] = True
    instance = with_relays(network).execution_instances[0]
    spared = place_and_route(with_relays(network).local(instance), base=base, usable=usable)
    none_left = place_and_route(with_relays(network).local(instance), base=base, usable=np.zeros(512, dtype=bool))
    executor = Executor(connection)
    assert executor.run(network, {instance: spared}, entries=1, runtime_us=RUNTIME_US).problems == ()
    (problem,) = executor.run(network, {instance: none_left}, entries=1, runtime_us=RUNTIME_US).problems
    assert (problem.kind, problem.count) == (ProblemKind.NOT_CALIBRATED, 2 * SIZE)


def test_neurons_are_reset_on_request_without_events_in_the_result(connection: WatchedConnection, base: Chip) -> None:
    network = chain()
    later = attrs.evolve(inputs(), times_us=inputs().times_us + 3)  # the reset itself starts a refractory period
    result = Executor(connection).run(
        network,
        routed(network, base),
        {"in": later},
        entries=3,
        runtime_us=RUNTIME_US,
        options=RunOptions(reset_neurons=True, relaxation_us=5, routing_between_entries=True),
    )
    assert result.spikes["first"].neurons.tolist() == [0, 3, 2, 1]


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"inputs": {"nobody": inputs()}}, r"input spikes of 'nobody': no external source of that name.*'in'"),
        ({"inputs": {"first": inputs()}}, "input spikes of 'first': no external source"),
        ({"entries": 2}, r"external source 'in': spike 3 of entry 2, there are 0\.\.1"),
        ({"runtime_us": 5.0}, r"'in': 1 spikes lie behind the end of the run at 5 us, the first \(spike 3\) at 8 us"),
        ({"runtime_us": float("nan")}, r"runtime_us: 0\.\."),
        ({"runtime_us": -1.0}, r"runtime_us: 0\.\."),
        ({"runtime_us": "20"}, "runtime_us: a number of microseconds"),
        ({"entries": 0}, "number of batch entries is at least 1"),
        ({"entries": 2.0}, "number of batch entries is at least 1"),
        ({"options": RunOptions(relaxation_us=-1)}, r"relaxation_us: 0\.\."),
        ({"hooks": {coord.ExecutionInstanceID(9): Hooks()}}, r"execution instances \[9\] are given hooks"),
    ],
)
def test_what_does_not_fit_the_network_is_refused_by_name(
    connection: WatchedConnection, base: Chip, given: dict[str, object], match: str
) -> None:
    network = chain()
    arguments: dict[str, object] = {"inputs": {"in": inputs()}, "entries": 3, "runtime_us": RUNTIME_US, **given}
    with pytest.raises(InputDataError, match=match):
        Executor(connection).run(network, routed(network, base), **arguments)  # type: ignore[arg-type]  # on purpose
    assert connection.runs == []


def test_instances_without_chip_or_routing_are_refused(connection: WatchedConnection, base: Chip) -> None:
    network = chain(instances=(0, 1), chips=(0, 1))
    instances = routed(network, base)
    with pytest.raises(InputDataError, match="execution instance 1 is on chip 1, the executor has 1 connections"):
        Executor(connection).run(network, instances, entries=1, runtime_us=RUNTIME_US)
    with pytest.raises(InputDataError, match=r"execution instances \[1\] of the network are not routed"):
        Executor(connection).run(
            network, {coord.ExecutionInstanceID(0): instances[coord.ExecutionInstanceID(0)]}, entries=1, runtime_us=1.0
        )
    with pytest.raises(InputDataError, match="nothing can run"):
        Executor(connection).run(Network(), {}, entries=1, runtime_us=1.0)
    with pytest.raises(InputDataError, match="2 connections: at least one is needed, each of them once"):
        Executor([connection, connection])


def test_a_chip_that_dies_is_named_with_the_instance(connection: WatchedConnection, base: Chip) -> None:
    network = chain(instances=(0, 1))
    connection.dies_in = 3  # bring-up, configuration, entries of 0, entries of 1 (in the same configuration)
    with pytest.raises(ExecutionError, match=r"execution instance 1 on sim://\?chip=7.*: the device fell silent"):
        Executor(connection).run(network, routed(network, base), entries=1, runtime_us=RUNTIME_US)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"times_us": [np.nan, 1.0]}, "input spike 0 at nan us"),
        ({"times_us": [1.0, -0.5]}, "input spike 1 at -0.5 us"),
        ({"times_us": [1.0]}, "one of each"),
        ({"times_us": ["a", "b"]}, "times of input spikes are numbers"),
        ({"neurons": [0.5, 1.0]}, "integers"),
    ],
)
def test_input_spikes_that_are_none_are_refused(fields: dict[str, object], match: str) -> None:
    whole: dict[str, object] = {"entries": [0, 1], "times_us": [1.0, 2.0], "neurons": [0, 1], **fields}
    with pytest.raises(InputDataError, match=match):
        InputSpikes(**whole)  # type: ignore[arg-type]  # what the test is about
