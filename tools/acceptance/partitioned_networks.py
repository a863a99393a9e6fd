"""A network that fits a chip as it is and also cut into execution instances: both must give the same spikes.

=========================  =========================================================================================
network                    20 sources, 12 neurons, 6 neurons, all leaky integrate-and-fire, dense, signed
whole                      one execution instance
cut                        instances of at most 8 circuits: two for the first layer, one for the second
chip                       ideal, without noise, neurons set up by the closed laws, a step of 8 ns
recording resolution       8 ns
=========================  =========================================================================================

Volleys of input spikes, 40 us apart, each make a neuron spike at most once: a long refractory time keeps the last digit
of a recorded time from growing along a spike train. A replayed spike reaches the second layer later than one that stays
on the chip, by a time that neurons in bypass measure exactly; it is taken off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

import hxtwin
from hxtwin.calib.nominal import nominal_calibration
from hxtwin.calib.target import NeuronCalibTarget, SpikingCalibTarget
from hxtwin.containers import Chip
from hxtwin.graph.configuration import place_and_route
from hxtwin.graph.execution import Executor, InputSpikes, RecordedSpikes, RunResult
from hxtwin.graph.network import (
    ExternalSource,
    Network,
    Population,
    Projection,
    SpikeRecording,
    single_compartment,
    with_relays,
)
from hxtwin.graph.partition import Limits, partition

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.runtime import Connection

ENDPOINT: Final = "sim://?chip=ideal&noise=0&settle=instant&step_ns=8"
LAYERS: Final = (20, 12, 6)
CIRCUITS: Final = 8
ENTRIES: Final = 2
_VOLLEYS, _VOLLEY_US, _VOLLEY_SIZE, _SPACING_US = 5, 40.0, 10, 0.2
_RUNTIME_US: Final = _VOLLEYS * _VOLLEY_US
_NEURON: Final = NeuronCalibTarget(tau_mem=10e-6, tau_syn=2e-6, refractory_time=15e-6)


@attrs.frozen(eq=False)
class Comparison:
    """Recorded spikes of the network, whole and cut.

    Attributes:
        spikes: number of spikes of each layer when the network is whole.
        missing: neurons and batch entries whose number of spikes differs.
        first, second: what is left of the differences of the times, FPGA cycles of 8 ns, ``int64[n]``.
        latency: by how much later replayed spikes arrive, FPGA cycles.
        instances: execution instances of the cut network.
    """

    spikes: tuple[int, int]
    missing: int
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    latency: int
    instances: int


def compare(seed: int) -> Comparison:
    """Run the network of a seed whole and cut."""
    network, inputs = layers(seed), {"in": volleys(seed)}
    base = nominal_calibration(SpikingCalibTarget(neuron=_NEURON)).to_chip(Chip())
    usable = np.zeros(512, dtype=bool)
    usable[:CIRCUITS] = True
    parts = partition(network, limits=Limits.of_circuits(usable)).network
    with hxtwin.connect(ENDPOINT) as connection:
        latency = replay_latency(connection)
        whole, cut = (_run(connection, each, base, inputs, ENTRIES, _RUNTIME_US) for each in (network, parts))
    missing, differences = 0, []
    for name in ("first", "second"):
        one, other = _by_neuron(whole.spikes[name]), _by_neuron(cut.spikes[name])
        same = [key for key in one if len(one[key]) == len(other.get(key, ()))]
        missing += len(one.keys() | other.keys()) - len(same)
        differences.append(
            np.concatenate([np.empty(0, dtype=np.int64), *(np.subtract(other[key], one[key]) for key in same)])
        )
    return Comparison(
        spikes=(len(whole.spikes["first"]), len(whole.spikes["second"])),
        missing=missing,
        first=differences[0],
        second=differences[1] - latency,
        latency=latency,
        instances=len(parts.execution_instances),
    )


def layers(seed: int) -> Network:
    """The network, not assigned to execution instances."""
    rng = np.random.default_rng(seed)
    first, second = rng.integers(-20, 127, LAYERS[:2]), rng.integers(-40, 253, LAYERS[1:])
    one = single_compartment(1)
    return Network.of(
        ExternalSource(name="in", size=LAYERS[0]),
        Population(name="first", size=LAYERS[1], shape=one),
        Population(name="second", size=LAYERS[2], shape=one),
        Projection(name="in-first", source="in", target="first", weights=first, max_weight=126),
        Projection(name="first-second", source="first", target="second", weights=second, max_weight=252),
        SpikeRecording(population="first"),
        SpikeRecording(population="second"),
    )


def volleys(seed: int) -> InputSpikes:
    """Input spikes; those of a volley follow each other at a distance, so that none waits for another."""
    rng = np.random.default_rng(seed)
    number = ENTRIES * _VOLLEYS
    begins = 1 + _VOLLEY_US * (np.arange(number) % _VOLLEYS)[:, np.newaxis]
    times = begins + _SPACING_US * (np.arange(_VOLLEY_SIZE) + rng.uniform(0, 0.5, (number, _VOLLEY_SIZE)))
    who = np.concatenate([rng.choice(LAYERS[0], _VOLLEY_SIZE, replace=False) for _ in range(number)])
    entries = np.repeat(np.arange(ENTRIES), _VOLLEYS * _VOLLEY_SIZE)
    return InputSpikes(entries=entries, times_us=times.reshape(-1), neurons=who)


def replay_latency(connection: Connection) -> int:
    """How much longer a replayed spike takes to the next neuron than one that stays on the chip, FPGA cycles."""
    delays = []
    for places in ((0, 0), (0, 1)):
        network = Network.of(
            ExternalSource(name="in", size=1),
            *(Population(name=str(n), size=1, execution_instance=place) for n, place in enumerate(places)),
            *(
                Projection(name=f"to {target}", source=source, target=target, weights=[[63]], receptor="excitatory")
                for source, target in (("in", "0"), ("0", "1"))
            ),
            *(SpikeRecording(population=name) for name in ("0", "1")),
        )
        spike = InputSpikes(entries=[0], times_us=[2.0], neurons=[0])
        found = _run(connection, network, Chip.default_neuron_bypass(), {"in": spike}, 1, 10.0).spikes
        delays.append(int(found["1"].times[0] - found["0"].times[0]))
    return delays[1] - delays[0]


def _run(
    connection: Connection,
    network: Network,
    base: Chip,
    inputs: dict[str, InputSpikes],
    entries: int,
    runtime_us: float,
) -> RunResult:
    explicit = with_relays(network)
    instances = {number: place_and_route(explicit.local(number), base=base) for number in explicit.execution_instances}
    result = Executor(connection).run(network, instances, inputs, entries=entries, runtime_us=runtime_us)
    if result.problems:
        raise RuntimeError("; ".join(map(str, result.problems)))
    return result


def _by_neuron(spikes: RecordedSpikes) -> dict[tuple[int, int], list[int]]:
    """Times of each entry and neuron, ascending."""
    found: dict[tuple[int, int], list[int]] = {}
    for entry, neuron, time in zip(
        spikes.entries.tolist(), spikes.neurons.tolist(), spikes.times.tolist(), strict=True
    ):
        found.setdefault((entry, neuron), []).append(time)
    return found
