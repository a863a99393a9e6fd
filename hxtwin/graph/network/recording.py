"""Recordings: what an experiment observes.

==================  =========================================================  ===========================
`SpikeRecording`    spikes of a population or an external source (loop-back)     times, neurons
`CADCRecording`     traces of any number of neurons, sampled in parallel       one source per neuron
`MADCRecording`     fast traces of one or two neurons of an instance           two: even and odd column
==================  =========================================================  ===========================

The readout amplifier of a circuit has one source: CADC and MADC of one circuit observe the same quantity.
Source: reference graph.md 4, 5.4; execution.md 5.
"""

from __future__ import annotations

import attrs
import numpy as np

from hxtwin.containers import NeuronReadoutSource
from hxtwin.graph.network.entity import (
    IndexArray,
    check_name,
    in_range,
    neuron_indices,
    optional_index_array,
    same_array,
    to_size,
)


def _take_neurons(recording: SpikeRecording | CADCRecording, owner: str) -> None:
    if recording.neurons is not None:
        object.__setattr__(recording, "neurons", neuron_indices(owner, recording.neurons))


@attrs.frozen(kw_only=True)
class SpikeRecording:
    """Record spikes.

    Args:
        population: name of a spiking population, or of an external source whose events shall come back.
        neurons: which, ``int64[n]``; None: all.
        compartment: compartment that sends the spikes.
    """

    population: str = attrs.field(validator=check_name)
    neurons: IndexArray | None = attrs.field(default=None, converter=optional_index_array, eq=same_array)
    compartment: int = attrs.field(default=0, converter=to_size, validator=in_range(0, 255))

    def __attrs_post_init__(self) -> None:
        _take_neurons(self, f"{described_recording(self)}: neurons")


@attrs.frozen(kw_only=True)
class CADCRecording:
    """Record traces with the column ADC.

    Args:
        population: name of the population.
        neurons: which, ``int64[n]``; None: all.
        source: quantity: membrane, excitatory or inhibitory synaptic input, adaptation.
        compartment: compartment that is observed.
        circuit: position in the compartment of the circuit whose amplifier is used; None: the first one, or, for the
            membrane that all of them share, the one with which fewest quads have to be read.
    """

    population: str = attrs.field(validator=check_name)
    neurons: IndexArray | None = attrs.field(default=None, converter=optional_index_array, eq=same_array)
    source: NeuronReadoutSource = attrs.field(default=NeuronReadoutSource.MEMBRANE, converter=NeuronReadoutSource)
    compartment: int = attrs.field(default=0, converter=to_size, validator=in_range(0, 255))
    circuit: int | None = attrs.field(
        default=None,
        converter=attrs.converters.optional(to_size),
        validator=attrs.validators.optional(in_range(0, 255)),
    )

    def __attrs_post_init__(self) -> None:
        _take_neurons(self, f"{described_recording(self)}: neurons")


@attrs.frozen(kw_only=True)
class MADCRecording:
    """Record the trace of one neuron with the membrane ADC; at most two in an execution instance.

    Args:
        population: name of the population.
        neuron: index of the neuron.
        source: quantity, as for `CADCRecording`.
        compartment: compartment that is observed.
        circuit: position in the compartment of the circuit whose amplifier is used.
    """

    population: str = attrs.field(validator=check_name)
    neuron: int = attrs.field(converter=to_size, validator=in_range(0, np.iinfo(np.int64).max))
    source: NeuronReadoutSource = attrs.field(default=NeuronReadoutSource.MEMBRANE, converter=NeuronReadoutSource)
    compartment: int = attrs.field(default=0, converter=to_size, validator=in_range(0, 255))
    circuit: int = attrs.field(default=0, converter=to_size, validator=in_range(0, 255))


Recording = SpikeRecording | CADCRecording | MADCRecording


def described_recording(recording: Recording) -> str:
    """Kind and population of a recording, for messages: ``CADCRecording of 'hidden'``."""
    return f"{type(recording).__name__} of {recording.population!r:.80}"


def recorded_neurons(recording: Recording, size: int) -> IndexArray:
    """Neurons that a recording observes, ``int64[n]``, in the order of its results."""
    if isinstance(recording, MADCRecording):
        return np.array([recording.neuron], dtype=np.int64)
    return np.arange(size, dtype=np.int64) if recording.neurons is None else recording.neurons
