"""Experiments on a chip: what is sent, what is injected, and mixed experiments."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from hxtwin.frontend.errors import ModelError, SaturationWarning
from hxtwin.frontend.torch import (
    LI,
    LIF,
    BatchDropout,
    DynamicRange,
    Experiment,
    InputNeuron,
    MixedHXModelParameter,
    Synapse,
    get_dynamic_range,
    get_trace_scaling,
    get_weight_scaling,
    run,
)
from hxtwin.frontend.torch.weight_transform import linear_saturating

from .ideal_chip import LSB_PER_WEIGHT, IdealChip

#: Weight of the chip per weight of the model at which both do the same (threshold over leak is 40 LSB).
WEIGHT_SCALE = 40 / LSB_PER_WEIGHT

OPTIONS: dict[str, Any] = {
    "leak": MixedHXModelParameter(0.0, 80),
    "reset": MixedHXModelParameter(0.0, 80),
    "threshold": MixedHXModelParameter(1.0, 120),
    "tau_mem": 6e-6,
    "tau_syn": 5e-6,
    "membrane_capacitance": MixedHXModelParameter(6e-6, 63),
    "trace_offset": 80.0,
    "trace_scale": 1 / 40,
}


def network(
    experiment: Experiment, *, mock_hidden: bool | None = None, mock_readout: bool | None = None, **hidden_options: Any
) -> tuple[Synapse, LIF, Synapse, LI]:
    transform = partial(linear_saturating, scale=WEIGHT_SCALE)
    first = Synapse(6, 8, experiment, transform=transform)
    hidden = LIF(8, experiment, mock=mock_hidden, **{**OPTIONS, **hidden_options})
    second = Synapse(8, 3, experiment, transform=transform)
    readout = LI(3, experiment, mock=mock_readout, **OPTIONS)
    with torch.no_grad():
        # whole numbers on the chip, so that model and chip agree but for what is measured
        first.weight.copy_(torch.randint(5, 40, (8, 6)) / WEIGHT_SCALE)
        second.weight.copy_(torch.randint(-40, 40, (3, 8)) / WEIGHT_SCALE)
    return first, hidden, second, readout


def spikes(batch: int = 4) -> torch.Tensor:
    return (torch.rand(30, batch, 6) < 0.2).float()


def test_ideal_chip_and_software_give_the_same(chip: IdealChip) -> None:
    given = spikes()
    on_chip = Experiment(hardware=chip)
    first, hidden, second, readout = network(on_chip)
    z, y = (h := hidden(first(given))), readout(second(h))
    run(on_chip, 30)
    software = Experiment(mock=True)
    modules = network(software)
    for one, other in zip(modules, (first, hidden, second, readout), strict=True):
        one.load_state_dict(other.state_dict())
    z_soft = modules[1](modules[0](given))
    y_soft = modules[3](modules[2](z_soft))
    run(software, 30)
    assert z.spikes is not None
    assert float(z.spikes.detach().sum()) > 10
    assert torch.equal(z.spikes, z_soft.spikes) if z_soft.spikes is not None else False
    torch.testing.assert_close(y.membrane_cadc, y_soft.membrane_cadc, atol=1e-4, rtol=1e-4)


def test_section_has_the_network_and_its_sizes(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip, dt=2e-6)
    experiment.inter_batch_entry_wait = 125 * 50
    first, hidden, second, readout = network(experiment)
    readout(second(hidden(first(InputNeuron(6, experiment)(spikes())))))
    run(experiment, 30)
    (section,) = chip.sections
    assert [population.module for population in section.populations] == [hidden, readout]
    assert [projection.module for projection in section.projections] == [first, second]
    assert [value.spikes.shape for value in section.inputs] == [(30, 4, 6)]
    names = [population.name for population in section.populations]
    assert [(p.source, p.target) for p in section.projections] == [
        (section.inputs[0].name, names[0]),
        (names[0], names[1]),
    ]
    assert (section.runtime, section.dt, section.batch_size) == (30, 2e-6, 4)
    assert section.inter_batch_entry_wait == 6250


def test_names_are_the_same_in_every_run(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    first, hidden, second, readout = network(experiment)
    for _ in range(2):
        readout(second(hidden(first(spikes()))))
        run(experiment, 30)
    one, other = chip.sections
    assert [p.name for p in one.populations] == [p.name for p in other.populations]


def test_spikes_of_the_chip_replace_those_of_the_model(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    first, hidden, second, readout = network(experiment)
    h = hidden(first(spikes()))
    y = readout(second(h))
    chip.silent = {"1 LIF(size=8)"}
    run(experiment, 30)
    assert h.spikes is not None
    assert h.spikes.sum() == 0
    assert y.membrane_cadc is not None
    assert float(y.membrane_cadc.detach().abs().max()) < 1e-5


def test_only_spikes_recorded_means_the_membrane_is_the_models_with_measured_spikes(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    first, hidden, second, readout = network(experiment, enable_cadc_recording=False)
    h = hidden(first(spikes()))
    y = readout(second(h))
    chip.silent = {"1 LIF(size=8)"}
    run(experiment, 30)
    assert h.membrane_cadc is not None
    assert y.membrane_cadc is not None
    # no reset ever happens, so that the membrane of the model crosses the threshold and stays above it
    assert float(h.membrane_cadc.detach().max()) > 1.0
    y.membrane_cadc.sum().backward()
    assert first.weight.grad is not None
    assert bool((first.weight.grad != 0).any())


def test_gradients_flow_through_measured_spikes_and_traces(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    first, hidden, second, readout = network(experiment)
    y = readout(second(hidden(first(spikes()))))
    run(experiment, 30)
    assert y.membrane_cadc is not None
    y.membrane_cadc.max(dim=0).values.sum().backward()
    for synapse in (first, second):
        assert synapse.weight.grad is not None
        assert bool((synapse.weight.grad != 0).any())


def test_dropout_reaches_the_chip(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    first, hidden, second, readout = network(experiment)
    dropout = BatchDropout(8, 0.5, experiment)
    readout(second(dropout(hidden(first(spikes())))))
    run(experiment, 30)
    enabled = chip.sections[0].projections[1].enabled
    assert enabled is not None
    assert torch.equal(enabled, dropout.mask)


def test_first_layer_on_the_chip_and_rest_in_software(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    first, hidden, second, readout = network(experiment, mock_readout=True)
    h = hidden(first(spikes()))
    y = readout(second(h))
    run(experiment, 30)
    (section,) = chip.sections
    assert [population.module for population in section.populations] == [hidden]
    assert h.spikes is not None
    assert h.spikes.shape[0] == 30
    assert y.membrane_cadc is not None


def test_first_layer_in_software_and_rest_on_the_chip(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    first, hidden, second, readout = network(experiment, mock_hidden=True)
    h = hidden(first(spikes()))
    readout(second(h))
    run(experiment, 30)
    (section,) = chip.sections
    assert [population.module for population in section.populations] == [readout]
    assert h.spikes is not None
    assert torch.equal(section.inputs[0].spikes, h.spikes.detach())


def test_software_between_two_chip_layers_makes_two_runs(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    modules = [m for _ in range(3) for m in (Synapse(6, 6, experiment), LIF(6, experiment, **OPTIONS))]
    middle = modules[3]
    assert isinstance(middle, LIF)
    middle.mock = True
    handle: Any = spikes()
    for module in modules:
        handle = module(handle)
    info = run(experiment, 30)
    assert [len(section.populations) for section in chip.sections] == [1, 1]
    assert info.time["chip"] == 1.0


def test_projection_with_another_mode_than_its_target_is_refused(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    synapse, neuron = Synapse(6, 3, experiment, mock=True), LIF(3, experiment)
    neuron(synapse(spikes()))
    with pytest.raises(ModelError, match="choose the same mock"):
        run(experiment, 30)


@pytest.mark.parametrize("runtime", [None, 30.0, 0, -1, True, 40_000_000])
def test_impossible_run_times_are_refused(runtime: Any, chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    LIF(3, experiment)(Synapse(6, 3, experiment)(spikes()))
    with pytest.raises(ModelError, match="runtime is"):
        run(experiment, runtime)
    assert chip.sections == []


def test_inputs_of_different_batches_are_refused(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    neuron = LIF(3, experiment)
    neuron(Synapse(6, 3, experiment)(spikes(2)), Synapse(6, 3, experiment)(spikes(3)))
    with pytest.raises(ModelError, match=r"batch sizes \[2, 3\]"):
        run(experiment, 30)


def test_projection_to_two_populations_is_refused(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    handle = Synapse(6, 3, experiment)(spikes())
    LIF(3, experiment)(handle)
    LIF(3, experiment)(handle)
    with pytest.raises(ModelError, match="2 target populations"):
        run(experiment, 30)


def test_membrane_without_projection_is_refused(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    LIF(6, experiment)(spikes())
    with pytest.raises(ModelError, match="has to come from a Synapse"):
        run(experiment, 30)


def test_input_after_the_end_is_counted(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    LIF(3, experiment, **OPTIONS)(Synapse(6, 3, experiment)(torch.ones(30, 1, 6)))
    with pytest.warns(SaturationWarning, match="12 input spikes lie after the run time of 28 steps"):
        run(experiment, 28)


def test_counts_and_times_of_the_chip_are_reported(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    LIF(3, experiment, **OPTIONS)(Synapse(6, 3, experiment)(spikes()))
    info = run(experiment, 30)
    assert info.time["chip"] == 0.5
    assert info.health["spikes_received"] > 0
    assert experiment.last_info is info


def test_experiment_closes_what_it_has_opened(chip: IdealChip) -> None:
    with Experiment(hardware=chip):
        pass
    assert chip.closed


def test_raw_samples_come_with_their_times(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    y = LI(3, experiment, **{**OPTIONS, "interpolation_mode": "raw"})(Synapse(6, 3, experiment)(spikes()))
    run(experiment, 30)
    assert y.membrane_cadc is not None
    assert y.membrane_cadc.shape == (2, 30, 4, 3)
    assert float(y.membrane_cadc[0, 5, 0, 0]) == pytest.approx(5e-6)


def test_measured_scaling_makes_model_and_chip_agree(chip: IdealChip) -> None:
    experiment = Experiment(hardware=chip)
    options: Any = {**OPTIONS, "enable_cadc_recording": True}
    trace_scale = get_trace_scaling(experiment, options, size=2, batch_size=2)
    # the trace of the chip is seen after the reset, so that its largest value lies a little below the threshold
    assert 1 / 40 <= trace_scale < 1.2 / 40
    assert get_weight_scaling(experiment, options, 40.0, size=2, batch_size=2) == pytest.approx(WEIGHT_SCALE, rel=1e-3)


def test_dynamic_range_has_rest_and_both_ends(chip: IdealChip) -> None:
    found = get_dynamic_range(Experiment(hardware=chip), {**OPTIONS}, size=2, batch_size=2)  # type: ignore[typeddict-item]
    assert isinstance(found, DynamicRange)
    assert found.baseline == pytest.approx(80.0)
    assert found.lower < 80.0 < found.upper


def test_scaling_in_software_is_refused() -> None:
    with pytest.raises(ModelError, match="measured on the chip"):
        get_trace_scaling(Experiment(mock=True), {})
