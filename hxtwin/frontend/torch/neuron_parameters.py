"""Parameters of a population of neurons.

The table of defaults, units and meaning is that of `ParameterOptions`; every one may be given as a number, a tensor
with one entry per neuron, or as a `hxtwin.frontend.torch.parameter.Parameter` with different values for model and chip.

Reference: frontend-torch.md A3.
"""

# ruff: noqa: RUF009  # fields are declared by calls in the class body
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypedDict

import attrs
import numpy as np
import numpy.typing as npt
import torch

from hxtwin.frontend.errors import SaturationWarning
from hxtwin.frontend.torch.functional.neuron_dynamics import NeuronDynamics
from hxtwin.frontend.torch.parameter import HXTransformedModelParameter, Parameter, Value, as_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

Given: TypeAlias = Parameter | Value

#: Largest code of an analog parameter.
LARGEST_CODE: Final = 1022
#: Capacitance of the model that corresponds to the full capacitance of the chip, code 63.
_FULL_CAPACITANCE: Final = 10e-6


class ParameterOptions(TypedDict, total=False):
    """Parameters of neurons.

    Args:
        leak, reset, threshold: potentials, default 80, 80, 125; on the chip LSB of the CADC.
        tau_mem, tau_syn: time constants, default 10e-6 s.
        i_synin_gm: strength of the synaptic inputs, code of the chip, default 500; or [excitatory, inhibitory].
        membrane_capacitance: default 10e-6 in the model (the leak conductance is this over tau_mem); code on the chip.
        refractory_time: default 1e-6 s.
        synapse_dac_bias: strength of all synapses, code of the chip, default 600.
        holdoff_time: time after the refractory period without effect of the exponential term, default 0 s.
        exponential_slope, exponential_threshold: default 50e-3, 110.
        subthreshold_adaptation_strength, spike_triggered_adaptation_increment: default 1, 1.
        clock_scale_adaptation_pulse: the pulse of the adaptation lasts 2^(n + 1) / 250e6 s, default (5, 5).
        tau_adap: time constant of the adaptation, default 100e-6 s.
        leak_adaptation: potential that the adaptation refers to; None: the leak.
    """

    leak: Given
    reset: Given
    threshold: Given
    tau_mem: Given
    tau_syn: Given
    i_synin_gm: Given
    membrane_capacitance: Given
    refractory_time: Given
    synapse_dac_bias: Given
    holdoff_time: Given
    exponential_slope: Given
    exponential_threshold: Given
    subthreshold_adaptation_strength: Given
    spike_triggered_adaptation_increment: Given
    clock_scale_adaptation_pulse: Given
    tau_adap: Given
    leak_adaptation: Given | None


def _code_of_capacitance(capacitance: Value) -> Value:
    if isinstance(capacitance, torch.Tensor):
        return capacitance / _FULL_CAPACITANCE * 63
    if isinstance(capacitance, float | int):
        return capacitance / _FULL_CAPACITANCE * 63
    return [value / _FULL_CAPACITANCE * 63 for value in capacitance]


def _parameter(default: Value) -> Any:
    return attrs.field(default=default, converter=as_parameter)


@attrs.frozen(kw_only=True, eq=False)
class NeuronParameters:
    """All parameters of a population, each a `Parameter`; see `ParameterOptions`."""

    leak: Parameter = _parameter(80)
    reset: Parameter = _parameter(80)
    threshold: Parameter = _parameter(125)
    tau_mem: Parameter = _parameter(10e-6)
    tau_syn: Parameter = _parameter(10e-6)
    i_synin_gm: Parameter = _parameter(500)
    membrane_capacitance: Parameter = attrs.field(
        factory=lambda: HXTransformedModelParameter(_FULL_CAPACITANCE, _code_of_capacitance), converter=as_parameter
    )
    refractory_time: Parameter = _parameter(1e-6)
    synapse_dac_bias: Parameter = _parameter(600)
    holdoff_time: Parameter = _parameter(0.0)
    exponential_slope: Parameter = _parameter(50e-3)
    exponential_threshold: Parameter = _parameter(110)
    subthreshold_adaptation_strength: Parameter = _parameter(1.0)
    spike_triggered_adaptation_increment: Parameter = _parameter(1.0)
    clock_scale_adaptation_pulse: Parameter = _parameter((5, 5))
    tau_adap: Parameter = _parameter(100e-6)
    leak_adaptation: Parameter | None = attrs.field(default=None, converter=attrs.converters.optional(as_parameter))

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """The parameters among the options of a module."""
        names = {field.name for field in attrs.fields(NeuronParameters)}
        given = {name: value for name, value in options.items() if name in names}
        return cls(**given)

    def named(self) -> dict[str, Parameter]:
        """Parameters by name, without those that are None."""
        values = ((field.name, getattr(self, field.name)) for field in attrs.fields(NeuronParameters))
        return {name: value for name, value in values if value is not None}

    def dynamics(
        self,
        *,
        dt: float,
        alpha: float,
        leaky: bool,
        fire: bool,
        exponential: bool,
        subthreshold_adaptation: bool,
        spike_triggered_adaptation: bool,
    ) -> NeuronDynamics:
        """Constants of the model, with the switches given."""
        wanted = {field.name for field in attrs.fields(NeuronDynamics)}
        values: dict[str, Value] = {
            name: parameter.model_value
            for name, parameter in self.named().items()
            if name in wanted and parameter.model_value is not None
        }
        return NeuronDynamics(
            dt=dt,
            alpha=alpha,
            leaky=leaky,
            fire=fire,
            exponential=exponential,
            subthreshold_adaptation=subthreshold_adaptation,
            spike_triggered_adaptation=spike_triggered_adaptation,
            **values,
        )

    def hardware_value(self, name: str) -> npt.NDArray[np.float64] | None:
        """Values of the chip of one parameter as one-dimensional array; None where the chip has none."""
        parameter = self.named().get(name)
        value = None if parameter is None else parameter.hardware_value
        if value is None:
            return None
        array: npt.NDArray[np.float64] = torch.as_tensor(value, dtype=torch.float64).detach().reshape(-1).numpy()
        return array

    def hardware_key(self) -> tuple[tuple[str, tuple[float, ...]], ...]:
        """All values of the chip, for comparison by value."""
        found = ((name, self.hardware_value(name)) for name in self.named())
        return tuple((name, tuple(value.tolist())) for name, value in found if value is not None)

    def codes(self, name: str) -> npt.NDArray[np.float64]:
        """Codes of an analog setting, one-dimensional, whole numbers 0..1022.

        Warns:
            SaturationWarning: a value was limited to 0..1022.
        """
        raw = self.hardware_value(name)
        if raw is None:
            return np.zeros(0)
        codes = np.clip(np.rint(raw), 0, LARGEST_CODE)
        if (codes != np.rint(raw)).any():
            warnings.warn(f"{name}: {raw.tolist()} is limited to 0..{LARGEST_CODE}", SaturationWarning, stacklevel=2)
        return codes
