"""Routed networks on the ideal twin: one source after the other sends a spike over the bus, and neurons answer.

Neurons are in bypass: every pulse on the line that the bypass listens to makes them spike, whatever its weight.
"""

from __future__ import annotations

import numpy as np
import pytest

import hxtwin
from hxtwin.containers import Chip
from hxtwin.graph.configuration import place_and_route
from hxtwin.graph.execution import Conductor, Device, Hooks, InstanceTask, LabelledSpikes, RealtimeRequest
from hxtwin.graph.network import ExternalSource, Network, Population, Projection, SpikeRecording, single_compartment

SLOT = 1500
"""FPGA cycles between spikes of two sources: longer than refractory periods and the way through two layers."""


def network() -> Network:
    """30 inputs to 300 neurons in both hemispheres (sparse, signed), which drive 8 neurons; 4 of the inputs also do."""
    rng = np.random.default_rng(3)
    one = single_compartment(1)
    pairs = np.argwhere(rng.random((30, 300)) < 0.1)
    onward = np.argwhere(rng.random((300, 8)) < 0.2)
    weights = rng.choice([-63, -1, 0, 1, 63], len(pairs))
    return Network.of(
        ExternalSource(name="in", size=30),
        Population(name="middle", size=300, shape=one),
        Population(name="out", size=8, shape=one),
        Projection(name="first", source="in", target="middle", connections=pairs, weights=weights),
        Projection(
            name="second",
            source="middle",
            target="out",
            connections=onward,
            weights=rng.choice([0, 63], len(onward)),
            receptor="excitatory",
        ),
        Projection(name="third", source="in", target="out", connections=[(i, i) for i in range(4)], weights=[-9] * 4),
        SpikeRecording(population="middle"),
        SpikeRecording(population="out"),
        SpikeRecording(population="in"),
    )


def expected(net: Network, line: str) -> dict[int, set[tuple[str, int]]]:
    """Neurons that answer to each input, if they listen to one line only."""
    sign = 1 if line == "excitatory" else -1
    found: dict[int, set[tuple[str, int]]] = {i: {("in", i)} for i in range(30)}
    for name in ("first", "third"):
        projection = net.projection(name)
        for (source, target), weight in zip(projection.pairs.tolist(), projection.weights.tolist(), strict=True):
            if sign * weight > 0:
                found[source].add((projection.target, target))
    if line == "excitatory":
        second = net.projection("second")
        for (source, target), weight in zip(second.pairs.tolist(), second.weights.tolist(), strict=True):
            for answers in found.values():
                if weight and ("middle", source) in answers:
                    answers.add(("out", target))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("line", ["excitatory", "inhibitory"])
def test_events_reach_exactly_the_wanted_neurons_on_the_twin(line: str) -> None:
    other = {"excitatory": "inhibitory", "inhibitory": "excitatory"}[line]
    base = Chip.default_neuron_bypass().with_columns(
        {f"neuron_block.atomic_neurons.event_routing.enable_bypass_{other}": np.zeros(512, dtype=bool)}
    )
    net = network()
    instance = place_and_route(net, base=base)
    times, labels = instance.inputs.encode("in", np.arange(30), SLOT * np.arange(1, 31))
    spikes = LabelledSpikes.in_order(np.zeros(len(times), dtype=np.int64), times, labels.astype(np.int64))
    task = InstanceTask(
        instance=0,
        device=0,
        predecessors=frozenset(),
        chip=instance.chip,
        request=RealtimeRequest(runtime=SLOT * 32),
        entries=1,
        stimulus=lambda _: spikes,
        hooks=Hooks(),
    )
    with hxtwin.connect("sim://?chip=ideal&noise=0&settle=instant") as connection:
        seen = Conductor([task], [Device(connection)]).run()[0].record.spikes
    population, neuron, _ = instance.outputs.decode(seen.labels)
    answers: dict[int, set[tuple[str, int]]] = {i: set() for i in range(30)}
    for time, who, number in zip(seen.times.tolist(), population.tolist(), neuron.tolist(), strict=True):
        answers[time // SLOT - 1].add((instance.outputs.populations[who], number))
    assert answers == expected(net, line)
