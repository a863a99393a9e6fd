"""Down the seam: from a section of modules to a network of the graph layer.

==================  ===========================================
module              entity of the network
==================  ===========================================
input, plain data   external source
population          population, and its recordings
projection          signed projection, dense or sparse
==================  ===========================================

Reference: frontend-torch.md A1, A2, A6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.containers import NeuronReadoutSource
from hxtwin.coord import AtomicNeuronOnDLS, ExecutionInstanceID
from hxtwin.frontend.torch.recording import spikes_to_events
from hxtwin.frontend.torch.sparse_synapse import SparseSynapse
from hxtwin.graph import network as nw
from hxtwin.graph.execution import InputSpikes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import torch

    from hxtwin.frontend.torch.chip_section import ChipProjection, ChipSection
    from hxtwin.frontend.torch.execution_instance import ExecutionInstance
    from hxtwin.frontend.torch.neuron import AELIF, ReadoutSource

_READOUT: Final[Mapping[ReadoutSource, NeuronReadoutSource]] = {
    "voltage": NeuronReadoutSource.MEMBRANE,
    "adaptation": NeuronReadoutSource.ADAPTATION,
}


def structure_of(section: ChipSection) -> tuple[object, ...]:
    """Everything that a network depends on, besides weights: values, not only names.

    Two sections with equal structure can use the same placement, routing and calibration.
    """
    inputs = tuple((i.name, i.spikes.shape[2], _key(i.execution_instance)) for i in section.inputs)
    populations = tuple((p.name, *_population_key(p.module)) for p in section.populations)
    projections = tuple(
        (p.name, p.source, p.target, _connections(p).tobytes() if isinstance(p.module, SparseSynapse) else None)
        for p in section.projections
    )
    return inputs, populations, projections, _key(section.default_instance)


def _key(instance: ExecutionInstance | None) -> tuple[object, ...] | None:
    return None if instance is None else instance.key()


def _population_key(module: AELIF) -> tuple[object, ...]:
    anchors = module.placement_constraint
    structure = module.neuron_structure
    return (
        module.size,
        module.fire,
        (structure.size, structure.expand_horizontally),
        None if anchors is None else tuple(anchors),
        _key(module.execution_instance),
        module.chip_coordinate,
        module.enable_spike_recording,
        module.enable_cadc_recording and module.cadc_readout_source,
        module.enable_madc_recording and (module.record_neuron_id, module.madc_readout_source),
        module.params.hardware_key(),
    )


def network_of(
    section: ChipSection,
    weights: Mapping[str, npt.NDArray[np.int32]],
    settings: dict[ExecutionInstanceID, ExecutionInstance],
) -> nw.Network:
    """The network that a section asks for.

    Args:
        section: inputs, populations and projections.
        weights: of every projection, see `weights_of`.
        settings: filled with the settings of the execution instances that the user gave.

    Raises:
        hxtwin.graph.NetworkError: it contradicts itself; the text names the module.
    """
    entities: list[nw.Entity] = [
        nw.ExternalSource(
            name=i.name, size=i.spikes.shape[2], execution_instance=_instance(i.execution_instance, settings)
        )
        for i in section.inputs
    ]
    for population in section.populations:
        module = population.module
        structure = module.neuron_structure
        shape = nw.single_compartment(structure.size, expand_horizontally=structure.expand_horizontally)
        anchors = module.placement_constraint
        entities.append(
            nw.Population(
                name=population.name,
                size=module.size,
                shape=shape,
                spiking=module.fire,
                anchors=None if anchors is None else tuple(AtomicNeuronOnDLS.from_plain(anchor) for anchor in anchors),
                execution_instance=_instance(module.execution_instance, settings),
                chip=module.chip_coordinate,
            )
        )
        if module.enable_spike_recording:
            entities.append(nw.SpikeRecording(population=population.name))
        if module.enable_cadc_recording:
            entities.append(nw.CADCRecording(population=population.name, source=_READOUT[module.cadc_readout_source]))
        if module.enable_madc_recording and module.record_neuron_id is not None:
            source = _READOUT[module.madc_readout_source]
            entities.append(nw.MADCRecording(population=population.name, neuron=module.record_neuron_id, source=source))
    for projection in section.projections:
        sparse = isinstance(projection.module, SparseSynapse)
        entities.append(
            nw.Projection(
                name=projection.name,
                source=projection.source,
                target=projection.target,
                weights=weights[projection.name],
                connections=_connections(projection) if sparse else None,
                receptor=nw.Receptor.SIGNED,
            )
        )
    return nw.Network.of(*entities)


def _instance(
    given: ExecutionInstance | None, settings: dict[ExecutionInstanceID, ExecutionInstance]
) -> ExecutionInstanceID | None:
    """Number of an execution instance of the user; None is left to the partition."""
    if given is None:
        return None
    number = ExecutionInstanceID(given.id)
    settings[number] = given
    return number


def _connections(projection: ChipProjection) -> npt.NDArray[np.int64]:
    assert isinstance(projection.module, SparseSynapse)
    return np.argwhere(projection.module.connections.numpy()).astype(np.int64)


def weights_of(projection: ChipProjection) -> npt.NDArray[np.int32]:
    """Weights of the chip: (in, out), or one per connection; zero behind neurons that dropout masks."""
    weights: npt.NDArray[np.int32] = projection.module.hardware_weight().T.astype(np.int32)
    if projection.enabled is not None:
        weights[~projection.enabled.numpy()] = 0
    if isinstance(projection.module, SparseSynapse):
        source, target = _connections(projection).T
        weights = weights[source, target]
    return weights


def input_spikes(spikes: torch.Tensor, dt: float) -> InputSpikes:
    """Events of dense spikes (time, batch, neuron) with steps of ``dt`` seconds."""
    events = spikes_to_events(spikes, dt)
    return InputSpikes(entries=events.batch, times_us=events.time * 1e6, neurons=events.neuron)
