"""Experiments in mock mode: what modules describe is what runs."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING, Any

import pytest
import torch

from hxtwin.frontend.errors import ModelError, ModelTypeError
from hxtwin.frontend.torch import (
    AELIF,
    LI,
    LIF,
    BatchDropout,
    ExecutionInstance,
    Experiment,
    HXModuleWrapper,
    HXTransformedModelParameter,
    InputNeuron,
    LIFObservables,
    LIObservables,
    MixedHXModelParameter,
    ModelParameter,
    Neuron,
    ReadoutNeuron,
    SingleCompartmentNeuron,
    SparseSynapse,
    Synapse,
    SynapseHandle,
    TensorHandle,
    functional,
    module_wrapper,
    run,
)
from hxtwin.frontend.torch import (
    experiment as experiment_module,
)

if TYPE_CHECKING:
    from hxtwin.frontend.torch.functional import Measured, NeuronOutput

UNIT: dict[str, Any] = {
    "leak": 0.0,
    "reset": 0.0,
    "threshold": 1.0,
    "tau_mem": 6e-6,
    "tau_syn": 6e-6,
    "membrane_capacitance": 6e-6,
}


@pytest.fixture
def software() -> Experiment:
    return Experiment(mock=True)


def spikes(steps: int = 20, batch: int = 3, neurons: int = 4) -> torch.Tensor:
    return (torch.rand(steps, batch, neurons) < 0.3).float()


def test_handles_are_empty_until_the_run_and_filled_after_it(software: Experiment) -> None:
    observables = LIF(2, software, **UNIT)(Synapse(4, 2, software)(spikes()))
    assert not observables.filled
    run(software, 20)
    for value in (observables.spikes, observables.membrane_cadc, observables.current):
        assert value is not None
        assert value.shape == (20, 3, 2)
    assert observables.membrane_madc is None


def test_software_run_equals_the_functional(software: Experiment) -> None:
    synapse, neuron = Synapse(4, 2, software), LIF(2, software, **UNIT)
    torch.nn.init.constant_(synapse.weight, 0.6)
    given = spikes()
    observables = neuron(synapse(TensorHandle(given)))
    run(software)
    result = functional.cuba_lif_integration(given @ synapse.weight.t(), neuron.dynamics())
    assert observables.spikes is not None
    assert float(observables.spikes.detach().sum()) > 0
    torch.testing.assert_close(observables.spikes, result.spikes)
    torch.testing.assert_close(observables.membrane_cadc, result.membrane)


def test_gradients_reach_the_weights_through_two_layers(software: Experiment) -> None:
    first, hidden = Synapse(4, 5, software), LIF(5, software, **UNIT)
    second, readout = Synapse(5, 2, software), LI(2, software, **UNIT)
    torch.nn.init.constant_(first.weight, 0.6)
    observables = readout(second(hidden(first(spikes()))))
    run(software, 20)
    assert isinstance(observables, LIObservables)
    assert observables.membrane_cadc is not None
    observables.membrane_cadc.sum().backward()
    assert first.weight.grad is not None
    assert second.weight.grad is not None
    assert bool(first.weight.grad.abs().sum() > 0)
    assert bool(second.weight.grad.abs().sum() > 0)


def test_inputs_of_several_projections_are_summed(software: Experiment) -> None:
    one, other, neuron = Synapse(4, 2, software), Synapse(4, 2, software), LI(2, software, **UNIT)
    given = spikes()
    observables = neuron(one(given), other(given))
    run(software, 20)
    both = functional.cuba_li_integration(given @ (one.weight + other.weight).t(), neuron.dynamics())
    torch.testing.assert_close(observables.membrane_cadc, both.membrane)


def test_order_of_calls_does_not_matter(software: Experiment) -> None:
    first, hidden, second, readout = (
        Synapse(4, 3, software),
        LIF(3, software, **UNIT),
        Synapse(3, 2, software),
        LI(2, software, **UNIT),
    )
    between = LIFObservables()
    observables = readout(second(between))
    hidden(first(spikes()), output=between)
    run(software, 20)
    assert observables.membrane_cadc is not None
    assert between.spikes is not None


def test_input_neurons_hand_spikes_on(software: Experiment) -> None:
    given = spikes()
    handle = InputNeuron(4, software)(given)
    run(software, 20)
    assert handle.tensor is not None
    assert torch.equal(handle.tensor, given)


def test_dropout_silences_the_same_neurons_in_the_whole_batch(software: Experiment) -> None:
    synapse, neuron, dropout = Synapse(4, 50, software), LIF(50, software, **UNIT), BatchDropout(50, 0.5, software)
    torch.nn.init.constant_(synapse.weight, 1.0)
    kept = dropout(neuron(synapse(spikes())))
    run(software, 20)
    assert kept.spikes is not None
    active = kept.spikes.flatten(0, 1).sum(0) > 0
    assert torch.equal(active, dropout.mask)
    assert 10 < int(active.sum()) < 40
    first = dropout.mask
    dropout(neuron(synapse(spikes())))
    run(software, 20)
    assert not torch.equal(first, dropout.mask)
    dropout.eval()
    kept = dropout(neuron(synapse(spikes())))
    run(software, 20)
    assert bool(dropout.mask.all())


def test_recurrence_runs_in_a_wrapper(software: Experiment) -> None:
    outside, inside, neuron = Synapse(4, 3, software), Synapse(3, 3, software), LIF(3, software, **UNIT)
    torch.nn.init.constant_(outside.weight, 0.6)

    def evaluate(inputs: tuple[torch.Tensor, ...], measured: tuple[Measured, ...]) -> tuple[torch.Tensor, NeuronOutput]:
        result = functional.cuba_aelif_integration(
            inputs[0], neuron.dynamics(), measured[1], feedback=lambda z: z @ inside.weight.t()
        )
        assert result.spikes is not None
        return result.spikes @ inside.weight.t(), result

    HXModuleWrapper(software, [inside, neuron], evaluate)
    loop = LIFObservables()
    neuron(outside(spikes()), inside(loop), output=loop)
    run(software, 20)
    assert loop.spikes is not None
    loop.spikes.sum().backward()
    assert inside.weight.grad is not None
    assert bool(inside.weight.grad.abs().sum() > 0)


def test_loop_without_wrapper_is_refused_by_name(software: Experiment) -> None:
    inside, neuron, loop = Synapse(3, 3, software), LIF(3, software), LIFObservables()
    neuron(inside(loop), output=loop)
    with pytest.raises(ModelError, match=r"loop: .*LIF\(size=3\).*HXModuleWrapper"):
        run(software, 20)


def test_wrappers_cannot_overlap(software: Experiment) -> None:
    neuron = LIF(3, software)
    HXModuleWrapper(software, [neuron], lambda inputs, measured: ())
    with pytest.raises(ModelError, match=r"LIF\(size=3\) is in another wrapper"):
        HXModuleWrapper(software, [neuron], lambda inputs, measured: ())


def test_wrapper_checks_what_its_function_returns(software: Experiment) -> None:
    synapse, neuron = Synapse(4, 3, software), LIF(3, software)
    HXModuleWrapper(software, [neuron], lambda inputs, measured: ())
    neuron(synapse(spikes()))
    with pytest.raises(ModelError, match="0 results for 1 modules"):
        run(software, 20)


def test_wrapped_module_without_its_partner_is_refused(software: Experiment) -> None:
    synapse, neuron = Synapse(3, 3, software), LIF(3, software)
    HXModuleWrapper(software, [synapse, neuron], lambda inputs, measured: ())
    synapse(spikes(neurons=3))
    with pytest.raises(ModelError, match=r"LIF\(size=3\) was not called"):
        run(software, 20)


def test_module_called_twice_is_refused(software: Experiment) -> None:
    synapse = Synapse(4, 3, software)
    synapse(spikes())
    with pytest.raises(ModelError, match=r"Synapse\(4 -> 3\) is called twice"):
        synapse(spikes())


def test_run_forgets_what_was_described(software: Experiment) -> None:
    Synapse(4, 3, software)(spikes())
    run(software, 20)
    with pytest.raises(ModelError, match="nothing to run"):
        run(software, 20)


def test_clear_forgets_what_was_described(software: Experiment) -> None:
    synapse = Synapse(4, 3, software)
    synapse(spikes())
    software.clear()
    synapse(spikes())
    run(software, 20)


def test_description_with_an_error_does_not_stay(software: Experiment) -> None:
    synapse = Synapse(4, 3, software)
    synapse(spikes(neurons=5))
    with pytest.raises(ModelError, match=r"Synapse\(4 -> 3\): input has 5 neurons, 4 are wanted"):
        run(software, 20)
    synapse(spikes())
    run(software, 20)


def test_module_of_another_experiment_is_refused(software: Experiment) -> None:
    handle = Synapse(4, 3, Experiment(mock=True))(spikes())
    neuron = LIF(3, software)
    neuron(handle)
    with pytest.raises(ModelError, match="empty, and no module of this experiment fills it"):
        run(software, 20)


def test_input_without_layout_is_refused_by_module(software: Experiment) -> None:
    Synapse(4, 3, software)(torch.zeros(20, 4))
    with pytest.raises(ModelError, match=r"Synapse\(4 -> 3\): spikes have shape \(20, 4\)"):
        run(software, 20)


def test_population_into_population_is_refused(software: Experiment) -> None:
    first, second = LIF(3, software), LIF(3, software)
    second(first(Synapse(4, 3, software)(spikes())))
    with pytest.raises(ModelTypeError, match="put a Synapse in between"):
        run(software, 20)


def test_weighted_spikes_into_synapse_are_refused(software: Experiment) -> None:
    Synapse(3, 2, software)(Synapse(4, 3, software)(spikes()))
    with pytest.raises(ModelTypeError, match=r"Synapse\(3 -> 2\): input is SynapseHandle"):
        run(software, 20)


def test_dropout_behind_anything_but_spikes_is_refused(software: Experiment) -> None:
    with pytest.raises(ModelTypeError, match="a population that fires is wanted"):
        BatchDropout(3, 0.1, software)(LIFObservables())


def test_population_without_input_is_refused(software: Experiment) -> None:
    with pytest.raises(ModelError, match="called without input"):
        LIF(3, software)()
    with pytest.raises(ModelError, match="called without input"):
        LI(3, software)()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tau_mem": 0.0}, "tau_mem"),
        ({"tau_syn": -1e-6}, "tau_syn"),
        ({"leak": float("nan")}, "leak is NaN"),
        ({"threshold": [1.0, 2.0]}, "threshold has 2 entries"),
        ({"placement_constraint": [0, 1]}, "placement_constraint lists 2"),
        ({"interpolation_mode": "cubic"}, "interpolation_mode 'cubic'"),
        ({"enable_madc_recording": True}, "record_neuron_id is None"),
        ({"enable_madc_recording": True, "record_neuron_id": 3}, "record_neuron_id is 3"),
        ({"cadc_readout_source": "current"}, "readout source 'current'"),
        ({"method": "sigmoid"}, "method 'sigmoid'"),
        ({"tau": 1.0}, "unknown option 'tau'"),
    ],
)
def test_impossible_options_are_refused_by_module(options: dict[str, Any], message: str, software: Experiment) -> None:
    with pytest.raises(ModelError, match=message):
        AELIF(3, software, **options)


def test_empty_population_is_refused(software: Experiment) -> None:
    with pytest.raises(ModelError, match="0 neurons"):
        LIF(0, software)


@pytest.mark.parametrize("dt", [0.0, -1e-6, 2.0, float("nan")])
def test_impossible_time_step_is_refused(dt: float) -> None:
    with pytest.raises(ModelError, match="dt = "):
        Experiment(mock=True, dt=dt)


def test_former_names_still_work() -> None:
    assert Neuron is LIF
    assert ReadoutNeuron is LI


def test_adaptive_neurons_report_their_adaptation(software: Experiment) -> None:
    neuron = AELIF(3, software, subthreshold_adaptation=True, **UNIT)
    observables = neuron(Synapse(4, 3, software)(spikes()))
    run(software, 20)
    assert observables.adaptation is not None
    assert observables.adaptation.shape == (20, 3, 3)


def test_plain_values_are_the_same_in_model_and_chip(software: Experiment) -> None:
    neuron = LIF(3, software, leak=70, threshold=MixedHXModelParameter(1.0, 120), alpha=20.0)
    assert neuron.params.leak.hardware_value == 70
    assert neuron.params.threshold.model_value == 1.0
    assert neuron.params.threshold.hardware_value == 120
    assert neuron.dynamics().alpha == 20.0


def test_default_capacitance_is_full_on_the_chip(software: Experiment) -> None:
    params = LIF(3, software).params
    assert params.membrane_capacitance.model_value == 10e-6
    assert params.hardware_value("membrane_capacitance") == pytest.approx([63.0])


def test_model_parameters_have_no_value_on_the_chip(software: Experiment) -> None:
    neuron = LIF(3, software, holdoff_time=ModelParameter(1.0))
    assert neuron.params.hardware_value("holdoff_time") is None
    doubled = HXTransformedModelParameter(3.0, lambda value: 2 * torch.as_tensor(value))
    assert LIF(3, software, leak=doubled).params.hardware_value("leak") == pytest.approx([6.0])


def test_trainable_parameter_belongs_to_its_module_and_gets_a_gradient(software: Experiment) -> None:
    threshold = MixedHXModelParameter(1.0, 120)
    learned = threshold.make_trainable()
    synapse, neuron = Synapse(4, 3, software), LIF(3, software, **{**UNIT, "threshold": threshold})
    torch.nn.init.constant_(synapse.weight, 0.6)
    assert dict(neuron.named_parameters())["threshold"] is learned
    observables = neuron(synapse(spikes()))
    run(software, 20)
    assert observables.spikes is not None
    observables.spikes.sum().backward()
    assert learned.grad is not None
    assert float(learned.grad) < 0


def test_parameter_of_the_chip_alone_cannot_be_learned() -> None:
    with pytest.raises(ModelError, match="no value in the model"):
        ModelParameter.__mro__[1](None, 3.0).make_trainable()


def test_handles_refuse_fields_that_they_do_not_have() -> None:
    with pytest.raises(ModelError, match="no field 'spikes'"):
        LIObservables().put(spikes=torch.zeros(1))
    with pytest.raises(ModelError, match="2 values given"):
        SynapseHandle().put(torch.zeros(1), torch.zeros(1))


def test_handles_show_shapes() -> None:
    assert repr(SynapseHandle(torch.zeros(2, 3))) == "SynapseHandle(graded_spikes=(2, 3))"


@pytest.mark.parametrize("size", [0, 65])
def test_number_of_circuits_is_limited(size: int) -> None:
    with pytest.raises(ModelError, match="1..64"):
        SingleCompartmentNeuron(size)


def test_execution_instances_are_numbered_and_name_missing_files() -> None:
    first, second = ExecutionInstance(), ExecutionInstance()
    assert second.id == first.id + 1
    with pytest.raises(ModelError, match="nowhere.calib does not exist"):
        first.load_calib("nowhere.calib")


def test_sparse_synapse_runs_in_software(software: Experiment) -> None:
    synapse = SparseSynapse(torch.eye(4, dtype=torch.bool), software)
    torch.nn.init.constant_(synapse.weight, 2.0)
    given = spikes()
    handle = synapse(given)
    run(software)
    assert handle.graded_spikes is not None
    torch.testing.assert_close(handle.graded_spikes, 2 * given)


@pytest.mark.parametrize("module", [experiment_module, module_wrapper])
def test_examples_in_docstrings_run(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
