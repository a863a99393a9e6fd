"""How model and chip measure the same thing in different units: measured on the chip.

========================  ==================================================================================
function                  measures
========================  ==================================================================================
`get_dynamic_range`       resting, largest and smallest value of the column ADC
`get_trace_scaling`       units of the model per LSB: threshold of the model / threshold of the chip over rest
`get_weight_scaling`      weight on the chip that acts as weight 1 of the model does
========================  ==================================================================================

Meaning: weight 1 of the model is ``weight_scale`` on the chip; a measured trace times ``trace_scale`` is the voltage of
the model. Time is not scaled: the model runs at the chip's time.

The original drives neurons with a constant current of the chip; here strong input spikes do the same, so that nothing
beside modules is needed. The number of weights is an argument with a useful default.

Reference: frontend-torch.md A7.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
import torch

from hxtwin.frontend.errors import ModelError, SilenceWarning
from hxtwin.frontend.torch.experiment import Experiment, run
from hxtwin.frontend.torch.neuron import LI, LIF
from hxtwin.frontend.torch.synapse import Synapse

if TYPE_CHECKING:
    from hxtwin.frontend.torch.neuron import NeuronOptions

_STEPS: Final = 100
_SPIKE_AT: Final = 10
#: Input channels that drive a neuron to its limits, each one spike per step.
_STRONG: Final = 32
#: Weight with which the channels together just reach a threshold.
_WEAK: Final = 2.0


@attrs.frozen
class DynamicRange:
    """Values of the column ADC, LSB, means over neurons.

    Args:
        baseline: without input.
        upper, lower: under strong excitation and inhibition.
    """

    baseline: float
    upper: float
    lower: float


def _measured(
    experiment: Experiment,
    options: NeuronOptions,
    weight: float,
    spikes: torch.Tensor,
    size: int,
    *,
    fire: bool,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Trace in LSB (time, batch, neuron) and spikes of a population under the same inputs for all neurons."""
    raw: NeuronOptions = {**options, "trace_offset": 0.0, "trace_scale": 1.0, "enable_cadc_recording": True}
    synapse = Synapse(spikes.shape[2], size, experiment)
    torch.nn.init.constant_(synapse.weight, weight)
    population = LIF(size, experiment, **raw) if fire else LI(size, experiment, **raw)
    with torch.no_grad():
        observables = population(synapse(spikes))
        run(experiment, spikes.shape[0])
    assert observables.membrane_cadc is not None
    return observables.membrane_cadc, getattr(observables, "spikes", None)


def _check(experiment: Experiment) -> None:
    if experiment.mock:
        raise ModelError("scaling is measured on the chip; give an experiment with mock=False")


def get_dynamic_range(
    experiment: Experiment, options: NeuronOptions, size: int = 32, batch_size: int = 10
) -> DynamicRange:
    """Resting value and limits of the membranes, from the last fifth of 100 steps.

    Args:
        experiment: on the chip.
        options: parameters and structure of the neurons.
        size: neurons to average over.
        batch_size: runs to average over.

    Raises:
        ModelError: the experiment is in software.
    """
    _check(experiment)
    strong = torch.ones(_STEPS, batch_size, _STRONG)
    runs = ((0.0, torch.zeros_like(strong)), (63.0, strong), (-63.0, strong))
    means = [
        float(_measured(experiment, options, weight, spikes, size, fire=False)[0][-_STEPS // 5 :].mean())
        for weight, spikes in runs
    ]
    return DynamicRange(*means)


def get_trace_scaling(experiment: Experiment, options: NeuronOptions, size: int = 32, batch_size: int = 10) -> float:
    """Units of the model per LSB of the column ADC.

    Args:
        experiment: on the chip.
        options: parameters and structure; ``leak`` and ``threshold`` of the model give the wanted unit.
        size: neurons to average over.
        batch_size: runs to average over.

    Warns:
        SilenceWarning: neurons did not spike, so that their threshold is unknown; they are left out.

    Raises:
        ModelError: the experiment is in software, or no neuron spiked.
    """
    _check(experiment)
    # ever more channels spike in every step, so that the membrane rises slowly enough to be seen just below threshold
    channel = torch.arange(_STRONG).expand(_STEPS, batch_size, _STRONG)
    rising = (channel * _STEPS < torch.arange(_STEPS).view(-1, 1, 1) * _STRONG).float()
    rest, _ = _measured(experiment, options, 0.0, torch.zeros_like(rising), size, fire=False)
    trace, spikes = _measured(experiment, options, _WEAK, rising, size, fire=True)
    assert spikes is not None
    fired = (spikes > 0).flatten(0, 1).any(dim=0)
    if not bool(fired.all()):
        silent = int((~fired).sum())
        if silent == size:
            raise ModelError("no neuron spiked; the threshold of the chip cannot be measured")
        warnings.warn(f"{silent} of {size} neurons did not spike and are left out", SilenceWarning, stacklevel=2)
    height = (trace - rest.mean(dim=(0, 1))).max(dim=0).values.mean(dim=0)
    return _threshold(options) / float(height[fired].mean())


def get_weight_scaling(
    experiment: Experiment,
    options: NeuronOptions,
    hw_threshold: float,
    size: int = 32,
    batch_size: int = 10,
    weights: int = 9,
) -> float:
    """Weight on the chip that acts on its neurons as weight 1 does on those of the model.

    One input spike per run; the height of the response over the weight is fitted by a line through the origin.

    Args:
        experiment: on the chip.
        options: parameters and structure of the neurons.
        hw_threshold: threshold of the chip over its rest, LSB (threshold of the model / `get_trace_scaling`).
        size: neurons to average over.
        batch_size: runs to average over.
        weights: number of weights between -63 and 63.

    Raises:
        ModelError: the experiment is in software.
    """
    _check(experiment)
    one = torch.zeros(_STEPS, batch_size, 1)
    one[_SPIKE_AT] = 1.0
    on_chip = _slopes(experiment, options, one, np.rint(np.linspace(-63, 63, weights)), size)
    in_model = _slopes(Experiment(mock=True, dt=experiment.dt), options, one, np.linspace(-1, 1, 21), 1)
    factor = float(np.mean(in_model / on_chip))
    return factor * hw_threshold / _threshold(options)


def _slopes(
    experiment: Experiment, options: NeuronOptions, spikes: torch.Tensor, weights: np.ndarray, size: int
) -> np.ndarray:
    """Height of the response per weight, by neuron."""
    rest, _ = _measured(experiment, options, 0.0, torch.zeros_like(spikes), size, fire=False)
    heights = []
    for weight in weights:
        trace, _ = _measured(experiment, options, float(weight), spikes, size, fire=False)
        response = (trace - rest.mean(dim=(0, 1))).mean(dim=1)
        heights.append((response.max(dim=0) if weight >= 0 else response.min(dim=0)).values.numpy())
    slopes: np.ndarray = weights @ np.array(heights) / (weights @ weights)
    return slopes


def _threshold(options: NeuronOptions) -> float:
    """Threshold over leak of the model."""
    from hxtwin.frontend.torch.neuron_parameters import NeuronParameters

    parameters = NeuronParameters.from_options(options)
    threshold, leak = parameters.threshold.model_value, parameters.leak.model_value
    assert threshold is not None
    assert leak is not None
    return float(torch.as_tensor(threshold).float().mean() - torch.as_tensor(leak).float().mean())
