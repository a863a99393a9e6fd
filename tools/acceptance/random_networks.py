"""Random networks, and whether a routed one delivers every spike to exactly the wanted neurons of a twin.

Neurons are in bypass: a pulse on the line that the bypass listens to makes them spike, whatever its weight, so that one
external neuron after the other shows where its spikes go, over the bus and through all layers. Projections lead to
later populations only: in a loop of such neurons one spike would never end.

=====================  ==============================================================
`random_network`       a network from a seed
`wanted_answers`       what answers to each external neuron, from the description
`seen_answers`         what did so on the ideal twin
=====================  ==============================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

import hxtwin
from hxtwin.containers import Chip
from hxtwin.graph.configuration import place_and_route
from hxtwin.graph.execution import Executor, InputSpikes
from hxtwin.graph.network import (
    ExternalSource,
    Network,
    Population,
    Projection,
    Receptor,
    SpikeRecording,
    single_compartment,
    with_relays,
)

if TYPE_CHECKING:
    from hxtwin.graph.network import Entity
    from hxtwin.runtime import Connection

Neuron: TypeAlias = tuple[str, int]
Answers: TypeAlias = dict[Neuron, set[Neuron]]

ENDPOINT: Final = "sim://?chip=ideal&noise=0&settle=instant"
LINES: Final = (Receptor.EXCITATORY, Receptor.INHIBITORY)
_SLOT_US: Final = 5.0
"""Between spikes of two sources: longer than the way through all layers and the refractory period behind it."""
_MOST_POPULATIONS: Final = 3
_MOST_NEURONS: Final = 150
_MOST_SOURCES: Final = 40
_MOST_PROJECTIONS: Final = 6
_MOST_TARGETS: Final = 3
"""Mean number of targets of a neuron in a projection: more neurons that spike at once would fill the crossbar."""
_MOST_SOURCES_OF_ONE: Final = 4
"""Mean number of sources of a neuron in a projection: a neuron of one circuit has 256 synapses."""
_LARGEST_WEIGHTS: Final = (1, 63, 64, 200)


def random_network(seed: int) -> Network:
    """A network of external sources and populations that fits a chip; connections, weights and receptors are random."""
    rng = np.random.default_rng(seed)
    entities: list[Entity] = []
    sizes: dict[str, int] = {}
    for number in range(rng.integers(1, 3)):
        name = f"source {number}"
        sizes[name] = int(rng.integers(1, _MOST_SOURCES + 1))
        entities.append(ExternalSource(name=name, size=sizes[name]))
    targets = [f"population {number}" for number in range(rng.integers(1, _MOST_POPULATIONS + 1))]
    before: dict[str, list[str]] = {}
    for name in targets:
        before[name] = list(sizes)
        sizes[name] = int(rng.integers(1, _MOST_NEURONS + 1))
        entities.append(Population(name=name, size=sizes[name], shape=single_compartment(1)))
    for number in range(rng.integers(len(targets), _MOST_PROJECTIONS + 1)):
        target = targets[number % len(targets)]
        source = str(rng.choice(before[target]))
        receptor = list(Receptor)[rng.integers(len(Receptor))]
        most = min(_MOST_TARGETS * sizes[source], _MOST_SOURCES_OF_ONE * sizes[target])
        count = int(rng.integers(1, most + 1))
        largest = int(rng.choice(_LARGEST_WEIGHTS))
        entities.append(
            Projection(
                name=f"projection {number}",
                source=source,
                target=target,
                connections=np.stack([rng.integers(sizes[each], size=count) for each in (source, target)], axis=1),
                weights=rng.integers(-largest if receptor is Receptor.SIGNED else 0, largest + 1, size=count),
                receptor=receptor,
                max_weight=largest,
            )
        )
    return Network.of(*entities, *(SpikeRecording(population=name) for name in sizes))


def wanted_answers(network: Network, line: Receptor) -> Answers:
    """Neurons that spike when a neuron of an external source does, if pulses on one line make neurons spike.

    Args:
        network: its projections lead to later populations.
        line: excitatory or inhibitory.
    """
    reached: dict[Neuron, set[Neuron]] = {}
    for projection in network.projections:
        inhibitory = projection.receptor is Receptor.INHIBITORY
        weights = projection.weights.reshape(-1).tolist()
        for (source, target), weight in zip(projection.pairs.tolist(), weights, strict=True):
            if weight and ((inhibitory or weight < 0) == (line is Receptor.INHIBITORY)):
                reached.setdefault((projection.source, source), set()).add((projection.target, target))
    found: Answers = {}
    for external in network.external_sources:
        for neuron in range(external.size):
            answers: set[Neuron] = set()
            waiting = [(external.name, neuron)]
            while waiting:
                now = waiting.pop()
                answers.add(now)
                waiting.extend(reached.get(now, set()) - answers)
            found[external.name, neuron] = answers
    return found


def seen_answers(network: Network, line: Receptor, connection: Connection | None = None) -> Answers:
    """The same, seen on a chip whose neurons are in bypass.

    Args:
        network: every population and source is recorded.
        line: pulses on this line make neurons spike.
        connection: a chip; None: an ideal twin of its own.

    Raises:
        RuntimeError: the run had problems.
    """
    if connection is None:
        with hxtwin.connect(ENDPOINT) as opened:
            return seen_answers(network, line, opened)
    other = "inhibitory" if line is Receptor.EXCITATORY else "excitatory"
    base = Chip.default_neuron_bypass().with_columns(
        {f"neuron_block.atomic_neurons.event_routing.enable_bypass_{other}": np.zeros(512, dtype=bool)}
    )
    (number,) = with_relays(network).execution_instances
    instance = place_and_route(network, base=base)
    stimulated = [(external.name, neuron) for external in network.external_sources for neuron in range(external.size)]
    inputs = {}
    for external in network.external_sources:
        slots = np.array([slot for slot, (name, _) in enumerate(stimulated) if name == external.name])
        inputs[external.name] = InputSpikes(
            entries=np.zeros(len(slots), dtype=np.int64),
            times_us=_SLOT_US * (slots + 0.2),
            neurons=np.arange(len(slots)),
        )
    result = Executor(connection).run(
        network, {number: instance}, inputs, entries=1, runtime_us=_SLOT_US * (len(stimulated) + 1)
    )
    if result.problems:
        raise RuntimeError("; ".join(map(str, result.problems)))
    found: Answers = {who: set() for who in stimulated}
    for name, spikes in result.spikes.items():
        slots = (spikes.times_us / _SLOT_US).astype(np.int64)
        for slot, neuron in zip(slots.tolist(), spikes.neurons.tolist(), strict=True):
            found[stimulated[slot]].add((name, neuron))
    return found
