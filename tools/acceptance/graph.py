"""Topic: networks: partition, placement and routing, execution.

======================================================  =============================================
784-256-10, 784-300-10                                  5 and 6 execution instances
receptive fields of 12288 inputs, 128, 10               10 with the rate limit of the link, 3 without
too large recurrent populations                         refused by name
place, route and check 256-246-10, signed               2 s
configuration and programs of one instance, warm        60 ms
new weights: chip, difference, words                    30 ms
everything but the chip in a batch of 100 entries       50 ms
ten neurons sampled by the column ADC                   2.6 us, one pass
random networks on the ideal twin                       each spike reaches exactly the wanted neurons
whole and cut networks on the ideal twin                spike times within the recording resolution
======================================================  =============================================

Running times are measured in `acceptance.graph_times`.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Final

import numpy as np

import hxtwin
from acceptance import check, graph_times, partitioned_networks, random_networks
from acceptance.figure import Figure, at_most, exactly, reported
from acceptance.graph_times import IDEAL, RUNTIME_US
from acceptance.layered_networks import SEED, layers, receptive_fields
from acceptance.piece import Piece, Topic
from hxtwin.graph.configuration import place_and_route
from hxtwin.graph.errors import PartitionError
from hxtwin.graph.execution import Executor
from hxtwin.graph.network import Network, Population, Projection, with_relays
from hxtwin.graph.partition import Limits, partition

if TYPE_CHECKING:
    from collections.abc import Iterable

NETWORKS: Final = 100
CUT_NETWORKS: Final = 8

# --- partition --------------------------------------------------------------------------------------------------------


def _partition() -> Iterable[Figure]:
    for sizes, wanted, first in (((784, 256, 10), 5, 4), ((784, 300, 10), 6, 5)):
        found = partition(layers(*sizes), chips=1).network
        name = "-".join(map(str, sizes))
        slices = sum(population.origin.population == "layer 1" for population in found.populations)
        yield exactly(f"execution instances of {name}", len(found.execution_instances), wanted, "")
        yield exactly(f"of these with a part of the hidden layer, {name}", slices, first, "")
    for title, rate, wanted, first in (("with", 250e6, 10, 8), ("without", math.inf, 3, 1)):
        found = partition(receptive_fields(), limits=Limits(input_event_rate_hz=rate)).network
        slices = sum(population.origin.population == "fields" for population in found.populations)
        yield exactly(
            f"instances of receptive fields {title} the rate limit", len(found.execution_instances), wanted, ""
        )
        yield exactly(f"of these with receptive fields, {title} the rate limit", slices, first, "")
    yield _refused()


def _refused() -> Figure:
    """A recurrent population of 300 neurons with 300 signed inputs each does not fit."""
    loop = Network.of(
        Population(name="recurrent one", size=300),
        Projection(name="loop", source="recurrent one", target="recurrent one", weights=np.zeros((300, 300))),
    )
    try:
        partition(loop)
    except PartitionError as error:
        return exactly("refused by name", int("'recurrent one'" in str(error)), 1, "", str(error)[:160])
    return exactly("refused by name", 0, 1, "", "it was not refused")


def _places(chips: int = 1) -> Iterable[Figure]:
    """Every execution instance of cut networks finds a routing; the words of the chip are checked by that."""
    for sizes in ((784, 256, 10), (784, 300, 10)):
        network = with_relays(partition(layers(*sizes), chips=chips).network)
        routed = [place_and_route(network.local(number)) for number in network.execution_instances]
        unrouted = len(network.execution_instances) - len(routed)
        yield exactly("instances of " + "-".join(map(str, sizes)) + " without a routing", unrouted, 0, "")


# --- on the twin ------------------------------------------------------------------------------------------------------


def _column_adc() -> Iterable[Figure]:
    """Ten readout neurons of the usual shapes."""
    with hxtwin.connect(IDEAL) as connection:
        for inputs in (100, 246):
            network = layers(inputs, 10)
            (number,) = with_relays(network).execution_instances
            instance = place_and_route(network, base=graph_times.base())
            result = Executor(connection).run(network, {number: instance}, entries=1, runtime_us=RUNTIME_US)
            (traces,) = result.cadc["layer 1"]
            title = f"ten neurons of {instance.placement.of('layer 1').circuits.shape[1]} circuits"
            yield at_most(f"interval of the column ADC, {title}", traces.interval_us, 2.6, "us")
            yield exactly(f"passes over the batch, {title}", traces.passes, 1, "")


def _random_networks(number: int = NETWORKS) -> Iterable[Figure]:
    wrong, spikes, answers, neurons = [], 0, 0, 0
    with hxtwin.connect(random_networks.ENDPOINT) as connection:
        for seed in range(SEED, SEED + number):
            network = random_networks.random_network(seed)
            line = random_networks.LINES[seed % 2]
            wanted = random_networks.wanted_answers(network, line)
            if random_networks.seen_answers(network, line, connection) != wanted:
                wrong.append(seed)
            spikes += len(wanted)
            answers += sum(map(len, wanted.values()))
            neurons += sum(population.size for population in network.populations)
    yield reported("networks", number, "", f"{neurons} neurons, {spikes} single spikes, {answers} recorded spikes")
    yield exactly(
        "networks in which a spike reached other neurons", len(wrong), 0, "", f"seeds {wrong}" if wrong else ""
    )


def _whole_and_cut(number: int = CUT_NETWORKS) -> Iterable[Figure]:
    found = [partitioned_networks.compare(SEED + place) for place in range(number)]
    first, second = (sum(each.spikes[layer] for each in found) for layer in range(2))
    yield reported("networks", number, "", f"{first} and {second} spikes in the two layers")
    yield exactly("fewest execution instances of a cut network", min(each.instances for each in found), 3, "")
    yield exactly("trains with another number of spikes", sum(each.missing for each in found), 0, "")
    largest = [max(int(np.abs(getattr(each, layer)).max()) for each in found) for layer in ("first", "second")]
    yield at_most("largest difference of times in the first layer", largest[0], 1, "cycles of 8 ns")
    latency = f"replayed spikes arrive {found[0].latency} cycles later, which is taken off"
    yield at_most("largest difference of times behind a replay", largest[1], 1, "cycles of 8 ns", latency)


_DIGESTS = """
import hashlib, sys
import numpy as np
import hxtwin
sys.path.insert(0, "tools")
from acceptance import partitioned_networks as networks
from hxtwin.calib.nominal import nominal_calibration
from hxtwin.containers import Chip
from hxtwin.graph.configuration import place_and_route
from hxtwin.graph.execution import Executor
from hxtwin.graph.network import with_relays
network = with_relays(networks.layers(1))
base = nominal_calibration().to_chip(Chip())
routed = {number: place_and_route(network.local(number), base=base) for number in network.execution_instances}
print(hashlib.sha256(b"".join(each.chip.encode().tobytes() for each in routed.values())).hexdigest())
with hxtwin.connect("sim://?chip=7&noise_seed=3&settle=instant") as connection:
    result = Executor(connection).run(network, routed, {"in": networks.volleys(1)}, entries=2, runtime_us=200.0)
spikes = [getattr(each, name) for each in result.spikes.values() for name in ("entries", "times", "neurons")]
print(len(spikes[1]), hashlib.sha256(np.concatenate(spikes).tobytes()).hexdigest())
"""


def _reproducible(runs: int = 3) -> Iterable[Figure]:
    """The same network, chip and seed in new processes with other hashes of strings."""
    outputs = []
    try:
        for hash_seed in range(runs):
            os.environ["PYTHONHASHSEED"] = str(hash_seed)
            done = check.python("-c", _DIGESTS)
            if done.returncode:
                raise RuntimeError(check.last_words(done.stderr[-400:]))
            outputs.append(done.stdout.split())
    finally:
        os.environ.pop("PYTHONHASHSEED", None)
    yield exactly(f"different placements and routings in {runs} processes", len({each[0] for each in outputs}), 1, "")
    spikes = f"chip 7 with noise, {outputs[0][1]} spikes in the first layer"
    yield exactly(f"different results in {runs} processes", len({each[2] for each in outputs}), 1, "", spikes)


TOPIC = Topic(
    "graph",
    "Networks: partition, placement, routing, execution",
    (
        Piece("partition", "Numbers of execution instances", _partition),
        Piece("mapping", "Routings of cut networks", _places, SEED),
        Piece(
            "hard-routing",
            "Networks that defeat first fit",
            lambda: check.tests(
                "networks nearly as full as they can be", ["tests/graph/routing/test_hard_groupings.py"]
            ),
        ),
        Piece("mapping-time", "Time to place and route", graph_times.mapping, SEED),
        Piece("configuration-time", "Time to configure", graph_times.configuration, SEED),
        Piece("executor-time", "Time of the executor", graph_times.executor, SEED),
        Piece("column-adc", "Interval of the column ADC", _column_adc, SEED),
        Piece("random-networks", "Random networks on the ideal twin", _random_networks, SEED),
        Piece("whole-and-cut", "Whole and cut networks on the ideal twin", _whole_and_cut, SEED),
        Piece("reproducible", "The same network, chip and seed", _reproducible),
        Piece("graph-tests", "Networks", lambda: check.tests("networks", ["tests/graph"])),
    ),
)
