"""What a set of neurons needs of the execution instance that they run in.

=======================  ===========================================================================
neuron circuits          of all neurons, packed as boxes (`packing`)
sources                  neurons outside (host, or replayed from other instances) with a target inside
input events             the same neurons times their rates
background, MADC         sources with a target inside; recorded neurons inside
=======================  ===========================================================================

Needs only grow with the neurons. Source: reference graph.md 6.1, 6.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.errors import PartitionError
from hxtwin.graph.network import (
    BackgroundSource,
    MADCRecording,
    Network,
    Population,
    Projection,
    Receptor,
    synapses_per_neuron,
)
from hxtwin.graph.network.fan_in import ROWS
from hxtwin.graph.partition import packing
from hxtwin.graph.partition.experience import Content, Experience, Shortage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hxtwin.graph.network import NeuronShape
    from hxtwin.graph.partition.limits import Limits


@attrs.frozen(kw_only=True)
class Demand:
    """Resources that the neurons of an instance take.

    Args:
        neurons: logical neurons.
        circuits: neuron circuits.
        sources: neurons outside with a target inside.
        replayed: those of them that are replayed from other instances.
        replay_weight: the same, each times its rate; an unknown rate counts as the mean of the known ones.
        input_event_rate_hz: highest rate of all of them that have a known rate.
        background_sources: generators in use, in pairs.
        madc_channels: MADC recordings.
        unplaced: neurons for which no room is left.
    """

    neurons: int
    circuits: int
    sources: int
    replayed: int
    replay_weight: float
    input_event_rate_hz: float
    background_sources: int
    madc_channels: int
    unplaced: int

    def shortage(self, limits: Limits) -> Shortage | None:
        """The first resource that does not suffice, None if all do."""
        if self.circuits > limits.circuits:
            return Shortage(resource="neuron circuits", needed=self.circuits, available=limits.circuits)
        for resource, needed, available in (
            ("columns for neurons of this width", self.neurons, self.neurons - self.unplaced),
            ("source labels on the PADI buses", self.sources, limits.sources),
            ("input event rate in Hz", self.input_event_rate_hz, limits.input_event_rate_hz),
            ("background generators (pairs)", self.background_sources, limits.background_sources),
            ("MADC channels", self.madc_channels, limits.madc_channels),
        ):
            if needed > available:
                return Shortage(resource=resource, needed=needed, available=available)
        return None


class Estimator:
    """Computes demands of parts of one network.

    Args:
        network: with a shape for every population.
        limits: what an instance offers.
        experience: what could not be placed or routed before.

    Raises:
        PartitionError: a neuron has more synapses than its circuits have rows; cutting does not help.
    """

    def __init__(self, network: Network, limits: Limits, experience: Experience | None = None) -> None:
        self.experience = experience or Experience()
        self.network = network
        self.limits = limits
        self._shapes: dict[str, NeuronShape] = {}
        self._boxes: dict[str, packing.Boxes] = {}
        self._demands: dict[frozenset[tuple[str, tuple[int, int]]], Demand] = {}
        rates = [population.rate_hz for population in network.populations if population.rate_hz]
        self._weight_of_unknown = sum(rates) / len(rates) if rates else 1.0
        for population in network.populations:
            if population.shape is None:
                raise PartitionError(f"Population {population.name!r}", "information: it has no shape")
            self._shapes[population.name] = population.shape
            _check_fan_in(network, population, population.shape)
            self._boxes[population.name] = packing.Boxes.of(population.shape, 1)
        self._madc: Mapping[str, list[int]] = {
            population.name: [
                recording.neuron
                for recording in network.recordings
                if isinstance(recording, MADCRecording) and recording.population == population.name
            ]
            for population in network.populations
        }
        self._incoming = {name: network.projections_to(name) for name in self._shapes}

    def shape(self, population: str) -> NeuronShape:
        """Shape of the neurons of a population."""
        return self._shapes[population]

    def circuits(self, population: str) -> int:
        """Neuron circuits of a whole population."""
        return self.network.population(population).size * self.shape(population).circuits

    def demand(self, content: Content) -> Demand:
        """Resources that the neurons of an instance take; remembered, as a search asks for the same ones often."""
        key = frozenset(content.items())
        found = self._demands.get(key)
        if found is None:
            found = self._demands[key] = self._demand(content)
        return found

    def _demand(self, content: Content) -> Demand:
        used = self.used_sources(content)
        background = [name for name in used if isinstance(self.network.sources[name], BackgroundSource)]
        outside = {name: mask for name, mask in used.items() if name not in background and name not in content}
        sources = self.network.sources
        replayed = {name: int(mask.sum()) for name, mask in outside.items() if isinstance(sources[name], Population)}
        return Demand(
            neurons=sum(stop - start for start, stop in content.values()),
            circuits=sum((stop - start) * self._shapes[name].circuits for name, (start, stop) in content.items()),
            sources=sum(int(mask.sum()) for mask in outside.values()),
            replayed=sum(replayed.values()),
            replay_weight=sum(
                count * self._weight_of_unknown
                if sources[name].rate_hz is None
                else count * (sources[name].rate_hz or 0)
                for name, count in replayed.items()
            ),
            input_event_rate_hz=sum(int(mask.sum()) * (sources[name].rate_hz or 0.0) for name, mask in outside.items()),
            background_sources=len(background),
            madc_channels=sum(
                start <= neuron < stop for name, (start, stop) in content.items() for neuron in self._madc[name]
            ),
            unplaced=packing.missing(
                [attrs.evolve(self._boxes[name], count=stop - start) for name, (start, stop) in content.items()],
                self.limits.runs,
            ),
        )

    def used_sources(self, content: Content) -> dict[str, npt.NDArray[np.bool_]]:
        """Source -> which of its neurons have a target among the neurons of an instance, ``bool[size]``."""
        used: dict[str, npt.NDArray[np.bool_]] = {}
        for name, (start, stop) in content.items():
            for projection in self._incoming[name]:
                mask = used.get(projection.source)
                if mask is None:
                    mask = used[projection.source] = np.zeros(self.network.sources[projection.source].size, np.bool_)
                mask[_sources_of(projection, start, stop)] = True
        return {name: mask for name, mask in used.items() if mask.any()}

    def shortage(self, content: Content) -> Shortage | None:
        """The first resource that does not suffice for an instance with this content, None if all do."""
        return self.demand(content).shortage(self.limits) or self.experience.shortage(content)

    def fits(self, content: Content) -> bool:
        """Whether an instance can have this content."""
        return self.shortage(content) is None

    def longest_prefix(self, content: Content, population: str, start: int) -> int:
        """How many neurons of a population, from `start` on, fit beside the content of an instance."""
        low, high = 0, self.network.population(population).size - start
        # no more than one neuron per circuit: keeps the bisection short for large populations
        high = min(high, self.limits.circuits // self._shapes[population].circuits)
        while low < high:
            middle = (low + high + 1) // 2
            if self.fits({**content, population: (start, start + middle)}):
                low = middle
            else:
                high = middle - 1
        return low


def _sources_of(projection: Projection, start: int, stop: int) -> npt.NDArray[np.int64] | slice:
    """Source neurons with a connection to target neurons start..stop-1."""
    if projection.connections is None:
        return slice(None)
    targets = projection.connections[:, 1]
    found: npt.NDArray[np.int64] = projection.connections[(targets >= start) & (targets < stop), 0]
    return found


def _check_fan_in(network: Network, population: Population, shape: NeuronShape) -> None:
    for compartment, circuits in shape.compartment_sizes.items():
        rows = sum(
            int(synapses_per_neuron(network, population.name, receptor, compartment).max())
            for receptor in (Receptor.EXCITATORY, Receptor.INHIBITORY)
        )
        if rows > circuits * ROWS:
            raise PartitionError(
                f"Population {population.name!r}",
                f"synapses of compartment {compartment} of one neuron with {circuits} circuits",
                rows,
                circuits * ROWS,
                f"give it a shape with {-(-rows // ROWS)} circuits, or none",
            )
