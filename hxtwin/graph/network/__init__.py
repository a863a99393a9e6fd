"""Network: what an experiment consists of, as immutable data.

>>> import numpy as np
>>> from hxtwin.graph import network as nw
>>> net = nw.Network.of(
...     nw.ExternalSource(name="pixels", size=784, rate_hz=30e3),
...     nw.BackgroundSource.poisson("noise", size=64, rate_hz=10e3),
...     nw.Population(name="hidden", size=64, shape=nw.single_compartment(8), execution_instance=0),
...     nw.Population(name="output", size=10, spiking=False, execution_instance=1),
...     nw.Projection(name="in", source="pixels", target="hidden", weights=np.zeros((784, 64))),
...     nw.Projection(name="jitter", source="noise", target="hidden", receptor="excitatory",
...                   connections=[(0, 0), (1, 2)], weights=[10, 63]),
...     nw.Projection(name="out", source="hidden", target="output", weights=np.zeros((64, 10)), delay_us=0.5),
...     nw.SpikeRecording(population="hidden"),
...     nw.CADCRecording(population="output"),
...     nw.MADCRecording(population="hidden", neuron=3),
... )
>>> [int(instance) for instance in net.execution_instances]
[0, 1]
>>> explicit = nw.with_relays(net)
>>> [(relay.source, relay.target, relay.delay_us) for relay in explicit.inter_execution]
[('hidden', 'hidden@1', 0.5)]
>>> explicit.local(nw.ExecutionInstanceID(1))
Network(1 populations, 1 external_sources, 1 projections, 1 recordings)
>>> nw.from_bytes(nw.to_bytes(net)) == net
True

=====================  ==================================  ==========================================
who                    takes                               uses
=====================  ==================================  ==========================================
partition              any network                         gives one with execution instances
placement, routing     ``with_relays(net).local(i)``       one instance at a time, no relays inside
executor               ``with_relays(net)``                `execution_instances`, `dependencies`, `inter_execution`
new weights            ``net.with_weights({...})``         `same_structure`: routing stays valid
=====================  ==================================  ==========================================

References between entities go by name, neurons are counted from 0 within their population. Source: reference
graph.md 5, 6.1, 6.7.
"""

from hxtwin.coord import ExecutionInstanceID
from hxtwin.graph.network.fan_in import (
    circuits_for_fan_in,
    compact_shape,
    shape_for_fan_in,
    synapses_per_neuron,
    with_shapes,
)
from hxtwin.graph.network.network import Entity, Network, used_neurons
from hxtwin.graph.network.neuron_shape import MOST_CIRCUITS, NeuronShape, compartment_circuits, single_compartment
from hxtwin.graph.network.population import Population, PopulationPart
from hxtwin.graph.network.projection import (
    SYNAPSE_WEIGHT,
    InterExecutionProjection,
    Projection,
    Receptor,
    used_sources,
)
from hxtwin.graph.network.recording import (
    CADCRecording,
    MADCRecording,
    Recording,
    SpikeRecording,
    described_recording,
    recorded_neurons,
)
from hxtwin.graph.network.relays import with_relays
from hxtwin.graph.network.serialization import from_bytes, to_bytes
from hxtwin.graph.network.sources import BackgroundSource, ExternalSource, Source

__all__ = [
    "MOST_CIRCUITS",
    "SYNAPSE_WEIGHT",
    "BackgroundSource",
    "CADCRecording",
    "Entity",
    "ExecutionInstanceID",
    "ExternalSource",
    "InterExecutionProjection",
    "MADCRecording",
    "Network",
    "NeuronShape",
    "Population",
    "PopulationPart",
    "Projection",
    "Receptor",
    "Recording",
    "Source",
    "SpikeRecording",
    "circuits_for_fan_in",
    "compact_shape",
    "compartment_circuits",
    "described_recording",
    "from_bytes",
    "recorded_neurons",
    "shape_for_fan_in",
    "single_compartment",
    "synapses_per_neuron",
    "to_bytes",
    "used_neurons",
    "used_sources",
    "with_relays",
    "with_shapes",
]
