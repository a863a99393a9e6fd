"""Replay: input spikes of an execution instance, from the user and from instances that ran before.

A recorded spike of neuron ``neurons[i]`` becomes a spike of neuron i of an external source, at its time plus the delay;
one spike may become several. Times keep their origin, entry by entry. Source: reference execution.md 7, graph.md 6.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.graph.execution.population_results import spikes_of
from hxtwin.graph.execution.spike_trains import CYCLES_PER_US, LabelledSpikes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hxtwin.graph.configuration.routed_instance import RoutedInstance
    from hxtwin.graph.execution.input_spikes import InputSpikes
    from hxtwin.graph.execution.instance_record import InstanceRecord
    from hxtwin.graph.network import InterExecutionProjection


@attrs.define(eq=False)
class Stimulus:
    """Input spikes of one instance; called once its predecessors have run.

    Attributes:
        routed: the instance.
        inputs: spikes from the user, by external source.
        relays: what it replays, with the number of the instance that each comes from.
        instances: all instances by number.
        runtime: length of the real-time section, FPGA cycles.
        after_end: number of events that came to lie behind it and were left out; set by the call.
    """

    routed: RoutedInstance
    inputs: Mapping[str, InputSpikes]
    relays: tuple[tuple[int, InterExecutionProjection], ...]
    instances: Mapping[int, RoutedInstance]
    runtime: int
    after_end: int = 0

    def __call__(self, records: Mapping[int, InstanceRecord]) -> LabelledSpikes:
        """The spikes as labels, in order."""
        trains = [self._encoded(name, spikes.entries, spikes.cycles, spikes.neurons) for name, spikes in self._given()]
        for number, relay in self.relays:
            spikes = spikes_of(self.instances[number], records[number], relay.source, relay.source_compartment)
            place, target = _replayed(spikes.neurons, relay.neurons)
            delay = round(relay.delay_us * CYCLES_PER_US)
            trains.append(self._encoded(relay.target, spikes.entries[place], spikes.times[place] + delay, target))
        merged, self.after_end = LabelledSpikes.merged(trains).within(self.runtime)
        return merged

    def _given(self) -> list[tuple[str, InputSpikes]]:
        here = self.routed.inputs.sources
        return [(name, spikes) for name, spikes in self.inputs.items() if name in here]

    def _encoded(
        self, source: str, entries: NDArray[np.int64], times: NDArray[np.int64], neurons: NDArray[np.int64]
    ) -> LabelledSpikes:
        spike, labels = self.routed.inputs.encode(source, neurons, np.arange(len(neurons)))
        return LabelledSpikes.in_order(entries[spike], times[spike], labels)


def _replayed(neurons: NDArray[np.int64], listed: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which spikes are replayed, and as which neuron: position of the spike and position in the list, ``int64[n]``."""
    order = np.argsort(listed, kind="stable")
    first = np.searchsorted(listed[order], neurons, side="left")
    counts = np.searchsorted(listed[order], neurons, side="right") - first
    place = np.repeat(np.arange(len(neurons)), counts)
    within = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
    return place, order[np.repeat(first, counts) + within]
