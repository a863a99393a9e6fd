"""Modules on an ideal twin, with the calibration of a chip without mismatch: the chip does what the model does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pytest
import torch

import hxtwin
from hxtwin.calib import NeuronCalibTarget, SpikingCalibTarget
from hxtwin.calib.nominal import calibrate_nominally, nominal_calibration
from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch import (
    LI,
    LIF,
    ExecutionInstance,
    Experiment,
    LIFObservables,
    LIObservables,
    MixedHXModelParameter,
    Synapse,
    get_trace_scaling,
    get_weight_scaling,
    run,
)
from hxtwin.frontend.torch.weight_transform import linear_saturating

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hxtwin.runtime import Connection

STEPS = 40
#: Threshold over leak in LSB, and weight of the chip for weight 1 of the model (analog-model.md 13.1).
HEIGHT, WEIGHT_SCALE = 70, 77.0
OPTIONS: dict[str, Any] = {
    "leak": MixedHXModelParameter(0.0, 80),
    "reset": MixedHXModelParameter(0.0, 80),
    "threshold": MixedHXModelParameter(1.0, 80 + HEIGHT),
    "tau_mem": 6e-6,
    "tau_syn": 6e-6,
    "membrane_capacitance": MixedHXModelParameter(6e-6, 63),
    "synapse_dac_bias": 1000,
    "trace_offset": 80.0,
    "trace_scale": 1 / HEIGHT,
}
SPIKES_ONLY: dict[str, Any] = {**OPTIONS, "enable_cadc_recording": False}
TARGET = NeuronCalibTarget(
    leak=80, reset=80, threshold=150, tau_mem=6e-6, tau_syn=6e-6, refractory_time=1e-6, synapse_dac_bias=1000
)


@pytest.fixture(scope="module")
def twin() -> Iterator[Connection]:
    with hxtwin.connect("sim://?chip=ideal&noise=0&settle=instant") as connection:
        yield connection


def synapse(inputs: int, outputs: int, experiment: Experiment, weights: torch.Tensor) -> Synapse:
    """Whole weights of the chip, so that chip and model have the same ones."""
    made = Synapse(inputs, outputs, experiment, transform=partial(linear_saturating, scale=WEIGHT_SCALE))
    with torch.no_grad():
        made.weight.copy_(weights / WEIGHT_SCALE)
    return made


@attrs.frozen(eq=False)
class Both:
    """A network on the chip, the same in software, and its readout in software with the spikes of the chip."""

    hidden: LIFObservables
    readout: LIObservables
    model_hidden: LIFObservables
    model_readout: LIObservables


@pytest.fixture(scope="module")
def both(twin: Connection) -> Both:
    generator = torch.Generator().manual_seed(3)
    given = (torch.rand(STEPS, 4, 6, generator=generator) < 0.15).float()
    to_hidden = torch.randint(5, 40, (8, 6), generator=generator)
    to_readout = torch.randint(-25, 26, (3, 8), generator=generator)

    def network(experiment: Experiment) -> tuple[LIFObservables, LIObservables]:
        spikes = LIF(8, experiment, **SPIKES_ONLY)(synapse(6, 8, experiment, to_hidden)(given))
        traces = LI(3, experiment, **OPTIONS)(synapse(8, 3, experiment, to_readout)(spikes))
        run(experiment, STEPS)
        return spikes, traces

    with torch.no_grad():
        hidden, readout = network(Experiment(connections=twin, calibrate=calibrate_nominally))
        model_hidden, _ = network(software := Experiment(mock=True))
        assert hidden.spikes is not None
        model_readout = LI(3, software, **OPTIONS)(synapse(8, 3, software, to_readout)(hidden.spikes[:STEPS]))
        run(software, STEPS)
    return Both(hidden, readout, model_hidden, model_readout)


def values(tensor: torch.Tensor | None) -> np.ndarray[Any, np.dtype[np.float32]]:
    assert tensor is not None
    return tensor.detach().numpy()[:STEPS]


def test_hidden_neurons_spike_as_often_as_those_of_the_model(both: Both) -> None:
    on_chip, in_model = (values(each.spikes).sum(axis=(0, 1)) for each in (both.hidden, both.model_hidden))
    assert on_chip.sum() > 50
    assert on_chip.sum() == pytest.approx(in_model.sum(), rel=0.25)
    assert np.corrcoef(on_chip, in_model)[0, 1] > 0.9


def test_readout_follows_the_model_of_the_spikes_that_the_chip_sent(both: Both) -> None:
    on_chip, in_model = values(both.readout.membrane_cadc), values(both.model_readout.membrane_cadc)
    assert np.ptp(in_model) > 0.5
    assert np.corrcoef(on_chip.reshape(-1), in_model.reshape(-1))[0, 1] > 0.96
    assert float((on_chip * in_model).sum() / (in_model**2).sum()) == pytest.approx(1.0, abs=0.1)
    assert float(np.sqrt(np.mean((on_chip - in_model) ** 2))) < 0.06


def test_an_input_spike_acts_at_its_time_and_with_its_sign(twin: Connection) -> None:
    given = torch.zeros(STEPS, 2, 2)
    given[10, 0, 0] = given[20, 1, 1] = 1.0
    weights = torch.tensor([[60.0, 60.0], [-60.0, -60.0]])

    def trace(experiment: Experiment) -> np.ndarray[Any, np.dtype[np.float32]]:
        observables = LI(2, experiment, **OPTIONS)(synapse(2, 2, experiment, weights)(given))
        with torch.no_grad():
            run(experiment, STEPS)
        return values(observables.membrane_cadc)

    on_chip = trace(Experiment(connections=twin, calibrate=calibrate_nominally))
    in_model = trace(Experiment(mock=True))
    for entry, at in ((0, 10), (1, 20)):
        assert np.abs(on_chip[: at - 1, entry]).max() <= 1.01 / HEIGHT
        # equal time constants: the peak comes one of them later
        assert np.argmax(on_chip[:, entry, 0]) == pytest.approx(at + 6, abs=2)
        assert np.argmin(on_chip[:, entry, 1]) == pytest.approx(at + 6, abs=2)
    for neuron in range(2):
        peak = np.abs(in_model[:, 0, neuron]).max()
        assert np.abs(on_chip[:, 0, neuron]).max() == pytest.approx(peak, rel=0.15)


def test_measured_scaling_is_that_of_the_closed_laws(twin: Connection) -> None:
    experiment = Experiment(connections=twin, calibrate=calibrate_nominally)
    options: Any = OPTIONS
    # samples see the membrane a little below the threshold, and the model's steps make its response a little higher
    assert 1 / HEIGHT <= get_trace_scaling(experiment, options, size=2, batch_size=1) < 1.2 / HEIGHT
    measured = get_weight_scaling(experiment, options, HEIGHT, size=2, batch_size=1, weights=3)
    assert measured == pytest.approx(WEIGHT_SCALE, rel=0.15)


def counts(experiment: Experiment, instance: ExecutionInstance | None = None) -> int:
    """Spikes of a population under strong input."""
    given = torch.zeros(STEPS, 1, 4)
    given[5:20:5] = 1.0
    weights = torch.full((2, 4), 60.0)
    z = LIF(2, experiment, execution_instance=instance, **OPTIONS)(synapse(4, 2, experiment, weights)(given))
    with torch.no_grad():
        run(experiment, STEPS)
    return int(values(z.spikes).sum())


def test_an_instance_uses_the_calibration_that_it_is_given(twin: Connection, tmp_path: Path) -> None:
    def never(*_: object) -> Any:
        raise AssertionError("nothing is to be calibrated")

    low = nominal_calibration(SpikingCalibTarget(neuron=TARGET))
    high = nominal_calibration(
        SpikingCalibTarget(neuron=NeuronCalibTarget(threshold=219, tau_mem=1e-6, synapse_dac_bias=100))
    )
    (tmp_path / "high.calib").write_bytes(high.to_bytes())
    experiment, instance = Experiment(connections=twin, calibrate=never), ExecutionInstance()
    instance.load_calib(low)
    assert counts(experiment, instance) > 4
    instance.load_calib(tmp_path / "high.calib")
    assert counts(experiment, instance) == 0
    experiment.default_execution_instance.load_calib(low.to_chip())
    assert counts(experiment) > 4


def test_a_calibration_of_another_kind_is_refused() -> None:
    with pytest.raises(ModelError, match="a result of `hxtwin.calib`"):
        ExecutionInstance().load_calib(3)  # type: ignore[arg-type]  # what is refused


def test_first_layer_on_the_chip_and_readout_in_software(twin: Connection) -> None:
    experiment = Experiment(connections=twin, calibrate=calibrate_nominally)
    given = torch.zeros(STEPS, 2, 4)
    given[[5, 8, 11]] = 1.0
    first = synapse(4, 3, experiment, torch.full((3, 4), 50.0))
    z = LIF(3, experiment, **SPIKES_ONLY)(first(given))
    second = Synapse(3, 2, experiment, mock=True)
    y = LI(2, experiment, mock=True, **OPTIONS)(second(z))
    run(experiment, STEPS)
    assert values(z.spikes).sum() >= 6
    assert y.membrane_cadc is not None
    y.membrane_cadc.sum().backward()
    assert first.weight.grad is not None
    assert bool((first.weight.grad != 0).any())
