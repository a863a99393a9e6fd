"""Whose readout amplifier shows a recorded neuron.

=============================  ==================================================================================
recording                      circuit
=============================  ==================================================================================
with a circuit                 that one
CADC, membrane, none given     any of the compartment: they share the membrane. Taken is one in a quad that is read
                               anyway, else one in the hemisphere with fewer quads so far
all others                     the first of the compartment
=============================  ==================================================================================

The hemispheres are sampled side by side, so that the fuller one decides about the interval (see
`hxtwin.graph.execution.cadc_schedule`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hxtwin.containers import NeuronReadoutSource
from hxtwin.coord import AtomicNeuronOnDLS, SynapseQuadColumnOnDLS, convert_indices
from hxtwin.graph.network import CADCRecording, SpikeRecording, recorded_neurons
from hxtwin.graph.routing.geometry import COLUMNS, HEMISPHERES

if TYPE_CHECKING:
    from hxtwin.graph.network import Network, Recording
    from hxtwin.graph.placement import Placement


def observed_circuits(network: Network, placement: Placement) -> tuple[npt.NDArray[np.int64], ...]:
    """Circuits whose amplifiers the recordings of a network use.

    Returns:
        For each recording, in their order, one circuit for each of its neurons, ``int64[neurons]``; none for
        recordings of spikes.
    """
    quads: list[set[int]] = [set() for _ in range(HEMISPHERES)]
    found = []
    for candidates in (_candidates(network, placement, recording) for recording in network.recordings):
        of_candidates = convert_indices(candidates, AtomicNeuronOnDLS, SynapseQuadColumnOnDLS)
        chosen = np.empty(len(candidates), dtype=np.int64)
        for neuron, (circuits, theirs) in enumerate(zip(candidates.tolist(), of_candidates.tolist(), strict=True)):
            places = [(circuit // COLUMNS, quad) for circuit, quad in zip(circuits, theirs, strict=True)]
            best = min(range(len(circuits)), key=lambda n: _cost(*places[n], quads))
            chosen[neuron] = circuits[best]
            quads[places[best][0]].add(places[best][1])
        found.append(chosen)
    return tuple(found)


def _cost(hemisphere: int, quad: int, quads: list[set[int]]) -> int:
    """Quads of a hemisphere that are read if one more is; 0: it is read anyway."""
    return 0 if quad in quads[hemisphere] else 1 + len(quads[hemisphere])


def _candidates(network: Network, placement: Placement, recording: Recording) -> npt.NDArray[np.int64]:
    """Circuits from which one is taken for each recorded neuron, ``int64[neurons, n]``."""
    if isinstance(recording, SpikeRecording):
        return np.empty((0, 1), dtype=np.int64)
    compartment = placement.of(recording.population).compartment(recording.compartment)
    circuits = compartment[recorded_neurons(recording, len(compartment))]
    if recording.circuit is not None:
        return circuits[:, [recording.circuit]]
    return circuits if _is_free(network, recording) else circuits[:, :1]


def _is_free(network: Network, recording: Recording) -> bool:
    """Whether any circuit of a compartment will do: its amplifier has one source, which another recording may set."""
    return (
        isinstance(recording, CADCRecording)
        and recording.source is NeuronReadoutSource.MEMBRANE
        and all(
            other.source is NeuronReadoutSource.MEMBRANE
            for other in network.recordings
            if not isinstance(other, SpikeRecording) and other.population == recording.population
        )
    )
