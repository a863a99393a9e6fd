"""The seam to the graph layer: which network a section becomes, and what its results become."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from hxtwin.containers import NeuronReadoutSource
from hxtwin.coord import ExecutionInstanceID
from hxtwin.frontend.errors import ModelError, SaturationWarning
from hxtwin.frontend.torch import (
    LI,
    LIF,
    BatchDropout,
    ExecutionInstance,
    Experiment,
    SingleCompartmentNeuron,
    SparseSynapse,
    Synapse,
    run,
)
from hxtwin.frontend.torch.hardware import GraphHardware
from hxtwin.frontend.torch.section_network import input_spikes, network_of, structure_of, weights_of
from hxtwin.frontend.torch.section_results import info_of, recording_of
from hxtwin.frontend.torch.weight_transform import linear_saturating
from hxtwin.graph.execution import (
    Problem,
    ProblemKind,
    RecordedSamples,
    RecordedSpikes,
    RecordedTraces,
    RunResult,
    RunTime,
)
from hxtwin.graph.network import CADCRecording, MADCRecording, Receptor, SpikeRecording
from hxtwin.graph.partition import partition

if TYPE_CHECKING:
    from hxtwin.frontend.torch.chip_section import ChipSection

    from .ideal_chip import IdealChip


def section_of(chip: IdealChip, *modules: Any, steps: int = 10, size: int = 6) -> ChipSection:
    """The section of a chain of modules."""
    experiment = modules[0].experiment
    handle: Any = torch.zeros(steps, 2, size)
    handle[3, 1, 4] = 1.0
    for module in modules:
        handle = module(handle)
    run(experiment, steps)
    return chip.sections[-1]


def network(section: ChipSection) -> Any:
    weights = {projection.name: weights_of(projection) for projection in section.projections}
    return network_of(section, weights, {})


def test_modules_become_populations_sources_projections_and_recordings(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    first = Synapse(6, 4, experiment, transform=partial(linear_saturating, scale=10.0))
    hidden = LIF(
        4,
        experiment,
        enable_cadc_recording=False,
        neuron_structure=SingleCompartmentNeuron(8),
        enable_madc_recording=True,
        record_neuron_id=2,
    )
    readout = LI(3, experiment, cadc_readout_source="adaptation", placement_constraint=[3, 5, 7])
    found = network(section_of(chip, first, hidden, Synapse(4, 3, experiment), readout))
    one, other = found.populations
    assert (one.size, one.spiking, one.shape.circuits, one.anchors) == (4, True, 8, None)
    assert (other.size, other.spiking, other.shape.circuits) == (3, False, 1)
    assert [int(anchor) for anchor in other.anchors] == [3, 5, 7]
    (source,) = found.external_sources
    assert source.size == 6
    assert [(p.source, p.target, p.receptor) for p in found.projections] == [
        (source.name, one.name, Receptor.SIGNED),
        (one.name, other.name, Receptor.SIGNED),
    ]
    assert found.projections[0].weights.tolist() == first.hardware_weight().T.tolist()
    spikes, madc, cadc = found.recordings
    assert isinstance(spikes, SpikeRecording)
    assert isinstance(madc, MADCRecording)
    assert isinstance(cadc, CADCRecording)
    assert (spikes.population, madc.neuron, cadc.population) == (one.name, 2, other.name)
    assert cadc.source is NeuronReadoutSource.ADAPTATION


def test_sparse_projection_has_the_connections_of_its_mask(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    synapse = SparseSynapse(
        torch.eye(6, dtype=torch.bool), experiment, transform=partial(linear_saturating, scale=10.0)
    )
    torch.nn.init.constant_(synapse.weight, 0.39)
    found = network(section_of(chip, synapse, LIF(6, experiment)))
    (projection,) = found.projections
    assert projection.connections.tolist() == [[k, k] for k in range(6)]
    assert projection.weights.tolist() == [3] * 6


def test_neurons_masked_by_dropout_have_no_weights(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    second = Synapse(40, 3, experiment)
    torch.nn.init.constant_(second.weight, 5.0)
    dropout = BatchDropout(40, 0.5, experiment)
    section = section_of(chip, Synapse(6, 40, experiment), LIF(40, experiment), dropout, second, LI(3, experiment))
    weights = weights_of(section.projections[1])
    assert np.array_equal((weights == 5).all(axis=1), dropout.mask.numpy())
    assert np.array_equal((weights == 0).all(axis=1), ~dropout.mask.numpy())


def test_execution_instances_of_the_user_are_kept(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    instance = ExecutionInstance()
    section = section_of(chip, Synapse(6, 4, experiment), LIF(4, experiment, execution_instance=instance))
    settings: dict[ExecutionInstanceID, ExecutionInstance] = {}
    found = network_of(section, {p.name: weights_of(p) for p in section.projections}, settings)
    number = ExecutionInstanceID(instance.id)
    assert found.populations[0].execution_instance == number
    assert settings == {number: instance}


def test_mnist_network_is_cut_into_five_instances(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    hidden = LIF(256, experiment, neuron_structure=SingleCompartmentNeuron(8))
    readout = LI(10, experiment, neuron_structure=SingleCompartmentNeuron(2))
    section = section_of(chip, Synapse(784, 256, experiment), hidden, Synapse(256, 10, experiment), readout, size=784)
    plan = partition(network(section)).plan
    assert len(plan.instances) == 5
    assert [sum(s.stop - s.start for s in i.slices.values()) for i in plan.instances] == [64, 64, 64, 64, 10]


def test_structure_depends_on_values_of_parameters_but_not_on_weights(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    threshold = torch.tensor(120.0)
    synapse, neuron = Synapse(6, 4, experiment), LIF(4, experiment, threshold=threshold)
    first = structure_of(section_of(chip, synapse, neuron))
    torch.nn.init.constant_(synapse.weight, 1.0)
    assert structure_of(section_of(chip, synapse, neuron)) == first
    threshold.fill_(125.0)
    assert structure_of(section_of(chip, synapse, neuron)) != first


def test_input_spikes_are_events_in_microseconds() -> None:
    spikes = torch.zeros(10, 2, 6)
    spikes[3, 1, 4] = 1.0
    events = input_spikes(spikes, 2e-6)
    assert (events.entries.tolist(), events.neurons.tolist()) == ([1], [4])
    assert events.times_us.tolist() == pytest.approx([6.0])


@pytest.fixture
def result() -> RunResult:
    """A result of the graph layer for a population of 3 neurons, cut into two parts, in 2 entries."""
    one = RecordedTraces(
        np.array([0, 2]), np.arange(8, dtype=np.uint8).reshape(2, 2, 2), np.full((2, 2, 2), 125.0), 2.0, 1, 0
    )
    other = RecordedTraces(np.array([1]), np.full((2, 1, 1), 9, np.uint8), np.full((2, 1, 1), 250.0), 2.0, 1, 1)
    spikes = RecordedSpikes(np.array([0, 1]), np.array([250, 375]), np.array([2, 1]), np.zeros(2, np.int64))
    madc = RecordedSamples(1, np.array([0, 0, 1]), np.array([0, 125, 250]), np.array([7, 8, 9], np.uint16), 3e7, 0)
    return RunResult(
        entries=2,
        spikes={"1 LIF(size=3)": spikes},
        cadc={"1 LIF(size=3)": (one, other)},
        madc={"1 LIF(size=3)": (madc,)},
        problems=(Problem(ProblemKind.ADC_SATURATED, 0, 4, "at the rail"),),
        health={},
        run_times={0: RunTime(chip=0.25), 1: RunTime(chip=0.5, compile=1.0)},
        duration=2.0,
        provenance=None,  # type: ignore[arg-type]  # not looked at
    )


def test_results_become_recordings_of_the_whole_population(chip: IdealChip, result: RunResult) -> None:
    experiment = Experiment(hardware=chip)
    neuron = LIF(3, experiment, enable_madc_recording=True, record_neuron_id=1)
    section = section_of(chip, Synapse(6, 3, experiment), neuron)
    recording = recording_of(section.populations[0], section, result)
    assert recording.spikes is not None
    assert recording.cadc is not None
    assert recording.madc is not None
    assert recording.spikes.time.tolist() == pytest.approx([2e-6, 3e-6])
    assert recording.cadc.value[0].tolist() == [[0.0, 9.0, 1.0], [2.0, 9.0, 3.0]]
    assert recording.cadc.time[1, :, 1].tolist() == pytest.approx([2e-6, 2e-6])
    assert recording.madc[1, :, 0].tolist() == [7.0, 8.0]
    assert recording.madc[0, 0, 1] == pytest.approx(2e-6)
    assert np.isnan(recording.madc[:, 1, 1]).all()


def test_info_has_times_counts_and_problems(result: RunResult) -> None:
    info = info_of(result, 2.5)
    assert info.time["chip"] == 0.75
    assert info.time["layout"] == pytest.approx(0.5)
    assert info.health["spikes_received"] == 2
    assert info.health["samples_received"] == 10
    assert info.health["ADC saturated"] == 4
    assert "at the rail" in info.notes[0]


def test_empty_list_of_connections_is_refused() -> None:
    with pytest.raises(ModelError, match="empty list of connections"):
        GraphHardware([])


def test_codes_beyond_the_range_are_limited_with_a_warning(chip: IdealChip) -> None:
    params = LIF(3, Experiment(hardware=chip), i_synin_gm=[500.0, 2000.0], synapse_dac_bias=599.6).params
    assert params.codes("synapse_dac_bias").tolist() == [600.0]
    with pytest.warns(SaturationWarning, match=r"i_synin_gm.*limited to 0..1022"):
        assert params.codes("i_synin_gm").tolist() == [500.0, 1022.0]
