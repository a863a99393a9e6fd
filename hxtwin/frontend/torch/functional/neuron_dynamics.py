"""Parameters and results of the integration of neurons.

Reference: frontend-torch.md A3, A4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import attrs
import torch

from hxtwin.frontend.errors import ModelError

if TYPE_CHECKING:
    from hxtwin.frontend.torch.parameter import Value


@attrs.frozen(kw_only=True)
class NeuronDynamics:
    """Constants of the model of a neuron. Each value is a number or one entry per neuron.

    Args:
        dt: time step, seconds.
        leak, reset, threshold: potentials, units of the model.
        tau_mem, tau_syn: time constants, seconds.
        membrane_capacitance: leak conductance is ``membrane_capacitance / tau_mem``; equal values make it 1.
        refractory_time: seconds.
        alpha: steepness of the surrogate.
        leaky, fire, exponential, subthreshold_adaptation, spike_triggered_adaptation: which terms there are.
        exponential_slope, exponential_threshold: of the exponential term, units of the model.
        subthreshold_adaptation_strength, spike_triggered_adaptation_increment: of the adaptation.
        tau_adap: time constant of the adaptation, seconds.
        leak_adaptation: potential that the adaptation refers to; None for ``leak``.
    """

    dt: float
    leak: Value = 80.0
    reset: Value = 80.0
    threshold: Value = 125.0
    tau_mem: Value = 10e-6
    tau_syn: Value = 10e-6
    membrane_capacitance: Value = 10e-6
    refractory_time: Value = 1e-6
    alpha: float = 50.0
    leaky: bool = True
    fire: bool = True
    exponential: bool = False
    subthreshold_adaptation: bool = False
    spike_triggered_adaptation: bool = False
    exponential_slope: Value = 50e-3
    exponential_threshold: Value = 110.0
    subthreshold_adaptation_strength: Value = 1.0
    spike_triggered_adaptation_increment: Value = 1.0
    tau_adap: Value = 100e-6
    leak_adaptation: Value | None = None

    @property
    def adaptive(self) -> bool:
        """Whether there is an adaptation current."""
        return self.subthreshold_adaptation or self.spike_triggered_adaptation

    @property
    def learns(self) -> bool:
        """Whether the gradient of any constant is wanted."""
        return any(isinstance(value, torch.Tensor) and value.requires_grad for value in self._values())

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, field.name) for field in attrs.fields(NeuronDynamics))


class Measured(NamedTuple):
    """What the chip recorded of a population, on the grid of the model; None where nothing was recorded.

    All of layout (time, batch, neuron), units of the model.
    """

    spikes: torch.Tensor | None = None
    membrane: torch.Tensor | None = None
    adaptation: torch.Tensor | None = None


class NeuronOutput(NamedTuple):
    """Result of an integration, all of layout (time, batch, neuron) and units of the model.

    Args:
        spikes: 0 or 1; None for integrators that do not fire.
        membrane: after spike and reset of the step.
        current: synaptic current after the input of the step.
        adaptation: adaptation current; None without adaptation.
    """

    spikes: torch.Tensor | None
    membrane: torch.Tensor
    current: torch.Tensor
    adaptation: torch.Tensor | None = None


NOTHING_MEASURED = Measured()


def common_length(graded_spikes: torch.Tensor, measured: Measured) -> tuple[torch.Tensor, Measured]:
    """Cut input and measurements to the same number of steps, the shortest.

    Raises:
        ModelError: not (time, batch, neuron), or batch and neurons of the two disagree.
    """
    if graded_spikes.dim() != 3:
        raise ModelError(
            f"input of a neuron has shape {tuple(graded_spikes.shape)}; the layout (time, batch, neuron) is wanted"
        )
    steps = graded_spikes.shape[0]
    for name, value in measured._asdict().items():
        if value is None:
            continue
        if value.dim() != 3 or value.shape[1:] != graded_spikes.shape[1:]:
            raise ModelError(
                f"measured {name} have shape {tuple(value.shape)}, the input has {tuple(graded_spikes.shape)}; "
                "batch and number of neurons have to agree"
            )
        steps = min(steps, value.shape[0])
    cut = Measured(*(None if value is None else value[:steps] for value in measured))
    return graded_spikes[:steps], cut


def stepwise_tau(tau: float, dt: float) -> float:
    """Time constant with which the steps of the model decay as fast as ``exp(-t / tau)`` does.

    A step multiplies with ``1 - dt / tau``: with tau = 6 dt that is as fast as a decay with 5.5 dt, so that responses
    of the model would come earlier than those of the chip.

    Args:
        tau: time constant of the chip, seconds.
        dt: time step, seconds.

    Raises:
        ModelError: one of them is not positive.
    """
    if tau <= 0 or dt <= 0:
        raise ModelError(f"time constant {tau!r} s and time step {dt!r} s: both have to be positive")
    return -dt / math.expm1(-dt / tau)
