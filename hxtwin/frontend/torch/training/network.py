"""The network of both examples: input -> hidden LIF -> readout LI.

Scores are the largest membrane of each readout over time. On the chip they come from the column ADC alone; the hidden
layer records spikes only, its membrane is the model's with the measured spikes injected.

Reference: frontend-torch.md E.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import attrs
import torch

from hxtwin.frontend.torch.batch_dropout import BatchDropout
from hxtwin.frontend.torch.decoding import MaxOverTime
from hxtwin.frontend.torch.experiment import run
from hxtwin.frontend.torch.functional import stepwise_tau
from hxtwin.frontend.torch.neuron import LI, LIF
from hxtwin.frontend.torch.neuron_structure import SingleCompartmentNeuron
from hxtwin.frontend.torch.parameter import MixedHXModelParameter
from hxtwin.frontend.torch.synapse import Synapse
from hxtwin.frontend.torch.weight_transform import LARGEST_WEIGHT, linear_saturating

if TYPE_CHECKING:
    from hxtwin.frontend.torch.execution_info import ExecutionInfo
    from hxtwin.frontend.torch.experiment import Experiment
    from hxtwin.frontend.torch.neuron import NeuronOptions
    from hxtwin.frontend.torch.training.settings import LayerSettings, TrainingSettings


@attrs.frozen(eq=False)
class Observed:
    """What a run of the network gave.

    Args:
        scores: (batch, classes), units of the model.
        hidden_spikes: (time, batch, hidden).
        readout: membranes of the readout (time, batch, classes), units of the model.
        info: times and counts.
    """

    scores: torch.Tensor
    hidden_spikes: torch.Tensor
    readout: torch.Tensor
    info: ExecutionInfo


def _options(
    layer: LayerSettings, settings: TrainingSettings, trace_scale: float, *, record_membrane: bool
) -> NeuronOptions:
    tau_mem = stepwise_tau(layer.tau_mem, settings.dt)
    return {
        "leak": MixedHXModelParameter(0.0, layer.hw_leak),
        "reset": MixedHXModelParameter(layer.reset, layer.hw_reset),
        "threshold": MixedHXModelParameter(1.0, layer.hw_threshold),
        "tau_mem": MixedHXModelParameter(tau_mem, layer.hw_tau_mem),
        "tau_syn": MixedHXModelParameter(stepwise_tau(layer.tau_syn, settings.dt), layer.tau_syn),
        "membrane_capacitance": MixedHXModelParameter(tau_mem, 63),
        # the step in which the model resets is a part of its refractory time
        "refractory_time": MixedHXModelParameter(max(0.0, layer.refractory_time - settings.dt), layer.refractory_time),
        "i_synin_gm": layer.hw_synin_gm,
        "synapse_dac_bias": layer.hw_dac_bias,
        "alpha": settings.alpha,
        "enable_cadc_recording": record_membrane,
        "neuron_structure": SingleCompartmentNeuron(layer.circuits),
        "trace_offset": layer.hw_leak,
        "trace_scale": trace_scale,
    }


class Network(torch.nn.Module):
    """Two layers of synapses, hidden neurons, readout neurons.

    Args:
        inputs: number of input channels.
        settings: sizes, parameters, dropout.
        experiment: in software or on the chip.
    """

    def __init__(self, inputs: int, settings: TrainingSettings, experiment: Experiment) -> None:
        super().__init__()
        hidden, output = settings.hidden, settings.output
        self.experiment = experiment
        self.steps = settings.steps
        self.synapse_hidden = Synapse(
            inputs, hidden.size, experiment, transform=partial(linear_saturating, scale=hidden.weight_scale)
        )
        self.hidden = LIF(
            hidden.size, experiment, **_options(hidden, settings, hidden.trace_scale, record_membrane=False)
        )
        self.dropout = BatchDropout(hidden.size, settings.dropout, experiment)
        self.synapse_output = Synapse(
            hidden.size,
            output.size,
            experiment,
            transform=partial(linear_saturating, scale=output.weight_scale / settings.readout_scale),
        )
        self.readout = LI(
            output.size,
            experiment,
            **_options(output, settings, output.trace_scale * settings.readout_scale, record_membrane=True),
        )
        self._limits = (
            (self.synapse_hidden.weight, LARGEST_WEIGHT / hidden.weight_scale),
            (self.synapse_output.weight, LARGEST_WEIGHT / output.weight_scale * settings.readout_scale),
        )
        torch.nn.init.normal_(self.synapse_hidden.weight, hidden.weight_mean, hidden.weight_std)
        torch.nn.init.normal_(self.synapse_output.weight, output.weight_mean, output.weight_std)
        self.limit_weights()

    def limit_weights(self) -> int:
        """Bring weights back to what the chip can have: beyond, the model would learn from what the chip does not do.

        Returns:
            Number of weights that were beyond.
        """
        beyond = 0
        with torch.no_grad():
            for weight, limit in self._limits:
                beyond += int((weight.abs() > limit).sum())
                weight.clamp_(-limit, limit)
        return beyond

    def forward(self, spikes: torch.Tensor) -> Observed:
        """Run a batch.

        Args:
            spikes: (time, batch, inputs).
        """
        hidden = self.hidden(self.synapse_hidden(spikes))
        kept = self.dropout(hidden)
        readout = self.readout(self.synapse_output(kept))
        info = run(self.experiment, self.steps)
        assert readout.membrane_cadc is not None
        assert kept.spikes is not None
        return Observed(MaxOverTime()(readout.membrane_cadc), kept.spikes, readout.membrane_cadc, info)
