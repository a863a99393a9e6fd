"""Populations of neurons: AELIF with all switches, and the usual LIF, LI and EventPropLIF.

===============  ======================================================================================
module           switches
===============  ======================================================================================
`LIF`            leaky, fires
`LI`             leaky
`AELIF`          all free: leaky, fire, exponential, subthreshold and spike-triggered adaptation
`EventPropLIF`   as LIF; gradients through the times of spikes
===============  ======================================================================================

The former names ``Neuron``, ``NeuronExp`` (LIF) and ``ReadoutNeuron``, ``ReadoutNeuronExp`` (LI) still work.

Reference: frontend-torch.md A2, A3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, TypedDict, Unpack

import torch

from hxtwin.frontend.errors import ModelError, ModelTypeError
from hxtwin.frontend.torch.functional import (
    Measured,
    NeuronDynamics,
    NeuronOutput,
    cuba_aelif_integration,
    cuba_li_integration,
    cuba_lif_integration,
    eventprop_neuron,
)
from hxtwin.frontend.torch.functional.neuron_dynamics import NOTHING_MEASURED
from hxtwin.frontend.torch.handle import Handle, LIFObservables, LIObservables, SynapseHandle
from hxtwin.frontend.torch.module import Population
from hxtwin.frontend.torch.neuron_parameters import NeuronParameters, ParameterOptions
from hxtwin.frontend.torch.neuron_structure import SingleCompartmentNeuron
from hxtwin.frontend.torch.recording import (
    INTERPOLATION_MODES,
    InterpolationMode,
    PopulationRecording,
    events_to_spikes,
    samples_to_trace,
    to_model_units,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hxtwin.frontend.torch.execution_instance import ExecutionInstance
    from hxtwin.frontend.torch.experiment import Experiment

ReadoutSource: TypeAlias = Literal["voltage", "adaptation"]


class RecordingOptions(TypedDict, total=False):
    """What is recorded, where the population runs, and how traces come back.

    Args:
        execution_instance: where it runs; None: the graph layer decides.
        chip_coordinate: position of its chip in the list of connections.
        mock: True: in software also in an experiment on the chip; None: as the experiment.
        enable_spike_recording: default True.
        enable_cadc_recording: record membranes of all neurons with the column ADC, default True.
        enable_cadc_recording_placement_in_dram: long records; mixing both in one instance is refused.
        enable_madc_recording: record one neuron with the fast ADC, default False; one recording per instance.
        record_neuron_id: which neuron.
        cadc_readout_source, madc_readout_source: "voltage" or "adaptation".
        placement_constraint: circuits to use, one anchor per neuron.
        neuron_structure: circuits per neuron, default a single one.
        trace_offset: measured resting potential, LSB, default 0; a number or one entry per neuron.
        trace_scale: units of the model per LSB, default 1; a number or one entry per neuron.
        cadc_time_shift: steps by which traces are early, default 0.
        shift_cadc_to_first: subtract the first sample instead of the offset.
        interpolation_mode: "linear" (default), "nearest neighbour" or "raw".
    """

    execution_instance: ExecutionInstance | None
    chip_coordinate: int
    mock: bool | None
    enable_spike_recording: bool
    enable_cadc_recording: bool
    enable_cadc_recording_placement_in_dram: bool
    enable_madc_recording: bool
    record_neuron_id: int | None
    cadc_readout_source: ReadoutSource
    madc_readout_source: ReadoutSource
    placement_constraint: Sequence[int] | None
    neuron_structure: SingleCompartmentNeuron
    trace_offset: float | torch.Tensor
    trace_scale: float | torch.Tensor
    cadc_time_shift: int
    shift_cadc_to_first: bool
    interpolation_mode: InterpolationMode


class NeuronOptions(ParameterOptions, RecordingOptions, total=False):
    """Options of `LIF` and `LI`: parameters and recording.

    Args:
        method: surrogate of the gradient, only "superspike".
        alpha: steepness of the surrogate, default 50.
    """

    method: Literal["superspike"]
    alpha: float


class AELIFOptions(NeuronOptions, total=False):
    """Options of `AELIF`: those of `LIF` and the switches, all off by default but ``leaky`` and ``fire``."""

    leaky: bool
    fire: bool
    exponential: bool
    subthreshold_adaptation: bool
    spike_triggered_adaptation: bool


class AELIF(Population):
    """Population of adaptive exponential leaky integrate-and-fire neurons.

    Args:
        size: number of neurons.
        experiment: the experiment that it belongs to.
        options: see `AELIFOptions`, `ParameterOptions` and `RecordingOptions`.

    Raises:
        ModelError: an option is unknown or out of range.
    """

    @staticmethod
    def integrate(graded_spikes: torch.Tensor, dynamics: NeuronDynamics, measured: Measured) -> NeuronOutput:
        """The model of the population, see `hxtwin.frontend.torch.functional`."""
        return cuba_aelif_integration(graded_spikes, dynamics, measured)

    #: Switches that differ from the defaults of `AELIFOptions`.
    _switches: ClassVar[dict[str, bool]] = {}

    def __init__(self, size: int, experiment: Experiment, **options: Unpack[AELIFOptions]) -> None:
        given: dict[str, object] = dict(options)
        super().__init__(
            size,
            experiment,
            options.get("execution_instance"),
            options.get("chip_coordinate", 0),
            options.get("mock"),
        )
        known = AELIFOptions.__annotations__.keys()
        unknown = given.keys() - known
        if unknown:
            raise ModelError(f"{type(self).__name__}: unknown option {sorted(unknown)[0]!r}; known: {', '.join(known)}")
        self.params = NeuronParameters.from_options(options)
        self.alpha = options.get("alpha", 50.0)
        if options.get("method", "superspike") != "superspike":
            raise ModelError(f"{self.label}: method {options['method']!r} is unknown; known: 'superspike'")
        self.leaky = options.get("leaky", True)
        self.fire = self._switches.get("fire", options.get("fire", True))
        self.exponential = options.get("exponential", False)
        self.subthreshold_adaptation = options.get("subthreshold_adaptation", False)
        self.spike_triggered_adaptation = options.get("spike_triggered_adaptation", False)
        self.enable_spike_recording = self.fire and options.get("enable_spike_recording", True)
        self.enable_cadc_recording = options.get("enable_cadc_recording", True)
        self.enable_cadc_recording_placement_in_dram = options.get("enable_cadc_recording_placement_in_dram", False)
        self.enable_madc_recording = options.get("enable_madc_recording", False)
        self.record_neuron_id = options.get("record_neuron_id")
        self.cadc_readout_source: ReadoutSource = options.get("cadc_readout_source", "voltage")
        self.madc_readout_source: ReadoutSource = options.get("madc_readout_source", "voltage")
        self.neuron_structure = options.get("neuron_structure", SingleCompartmentNeuron())
        constraint = options.get("placement_constraint")
        self.placement_constraint = None if constraint is None else tuple(constraint)
        self.trace_offset = options.get("trace_offset", 0.0)
        self.trace_scale = options.get("trace_scale", 1.0)
        self.cadc_time_shift = options.get("cadc_time_shift", 0)
        self.shift_cadc_to_first = options.get("shift_cadc_to_first", False)
        self.interpolation_mode: InterpolationMode = options.get("interpolation_mode", "linear")
        self._check()
        for name, parameter in self.params.named().items():
            if parameter.trainable:
                self.register_parameter(name, parameter.make_trainable(parameter.setter))

    def _check(self) -> None:
        if self.interpolation_mode not in INTERPOLATION_MODES:
            raise ModelError(
                f"{self.label}: interpolation_mode {self.interpolation_mode!r} is unknown; "
                f"known: {', '.join(INTERPOLATION_MODES)}"
            )
        for source in (self.cadc_readout_source, self.madc_readout_source):
            if source not in ("voltage", "adaptation"):
                raise ModelError(f"{self.label}: readout source {source!r} is unknown; known: voltage, adaptation")
        if self.placement_constraint is not None and len(self.placement_constraint) != self.size:
            raise ModelError(
                f"{self.label}: placement_constraint lists {len(self.placement_constraint)} neurons; one entry per "
                f"neuron is wanted, {self.size}"
            )
        if self.enable_madc_recording and (self.record_neuron_id is None or not 0 <= self.record_neuron_id < self.size):
            raise ModelError(
                f"{self.label}: record_neuron_id is {self.record_neuron_id}; the MADC records one neuron, "
                f"0..{self.size - 1}"
            )
        for name, parameter in self.params.named().items():
            for value in (parameter.model_value, parameter.hardware_value):
                self._check_value(name, value)

    def _check_value(self, name: str, value: object) -> None:
        if value is None:
            return
        tensor = torch.as_tensor(value).detach()
        # one entry per receptor is allowed for the settings of synapses, see `NeuronParameters.per_receptor`
        widths = (
            (1, 2, self.size)
            if name in ("i_synin_gm", "synapse_dac_bias", "clock_scale_adaptation_pulse")
            else (
                1,
                self.size,
            )
        )
        if tensor.numel() not in widths:
            raise ModelError(f"{self.label}: {name} has {tensor.numel()} entries; one, or one per neuron, is wanted")
        if not bool(torch.isfinite(tensor.float()).all()):
            raise ModelError(f"{self.label}: {name} is NaN or infinite")
        if name in ("tau_mem", "tau_syn", "tau_adap", "membrane_capacitance") and bool((tensor <= 0).any()):
            raise ModelError(f"{self.label}: {name} = {value!r} has to be positive")

    def dynamics(self) -> NeuronDynamics:
        """Constants of the model, with the time step of the experiment."""
        return self.params.dynamics(
            dt=self.experiment.dt,
            alpha=self.alpha,
            leaky=self.leaky,
            fire=self.fire,
            exponential=self.exponential,
            subthreshold_adaptation=self.subthreshold_adaptation,
            spike_triggered_adaptation=self.spike_triggered_adaptation,
        )

    def forward(
        self, *graded_spikes: Handle | torch.Tensor, output: LIFObservables | LIObservables | None = None
    ) -> LIFObservables:
        """Register the population.

        Args:
            graded_spikes: output of one or more projections, (time, batch, neuron); they are summed.
            output: handle to be filled, where it had to be there before (recurrence); None makes one.
        """
        if not graded_spikes:
            raise ModelError(f"{self.label}: called without input; give the handle of at least one projection")
        return self._connect(graded_spikes, LIFObservables, output)

    def graded_spikes(self, inputs: tuple[Handle, ...]) -> torch.Tensor:
        """Sum of the inputs.

        Raises:
            ModelTypeError: an input is no `SynapseHandle` and no plain tensor.
            ModelError: an input is empty or has another width.
        """
        total: torch.Tensor | None = None
        for handle in inputs:
            if isinstance(handle, LIObservables):
                raise ModelTypeError(f"{self.label}: input is {type(handle).__name__}; put a Synapse in between")
            value = handle.graded_spikes if isinstance(handle, SynapseHandle) else getattr(handle, "tensor", None)
            if value is None:
                raise ModelError(f"{self.label}: its input {handle!r} is empty")
            self.check_width(value, self.size)
            if total is not None and value.shape != total.shape:
                raise ModelError(
                    f"{self.label}: inputs of shapes {tuple(total.shape)} and {tuple(value.shape)} cannot be added"
                )
            total = value if total is None else total + value
        if total is None:
            raise ModelError(f"{self.label}: no input")
        return total

    def exec_forward(self, inputs: tuple[Handle, ...], output: Handle, measured: Measured = NOTHING_MEASURED) -> None:
        """Integrate the population; measurements replace the model's values, gradients stay the model's."""
        if measured.membrane is not None and measured.membrane.dim() != 3:  # raw samples cannot be injected
            output.put(membrane_cadc=measured.membrane)
            measured = measured._replace(membrane=None)
        self.publish(output, self.integrate(self.graded_spikes(inputs), self.dynamics(), measured))

    @staticmethod
    def publish(output: Handle, result: NeuronOutput) -> None:
        """Put the result of an integration into the handle; fields that are filled already are kept."""
        assert isinstance(output, LIObservables)
        found: dict[str, torch.Tensor | None] = {"current": result.current, "adaptation": result.adaptation}
        if output.membrane_cadc is None:
            found["membrane_cadc"] = result.membrane
        if isinstance(output, LIFObservables):
            found["spikes"] = result.spikes
        output.put(**found)

    def post_process(self, recording: PopulationRecording, runtime: int, dt: float) -> Measured:
        """Spikes on the grid, traces on the grid and in units of the model."""
        spikes = trace = None
        if recording.spikes is not None:
            spikes = events_to_spikes(recording.spikes, runtime, dt, recording.batch_size, recording.size)
        if recording.cadc is not None:
            trace = samples_to_trace(recording.cadc, runtime, dt, self.interpolation_mode)
            if self.interpolation_mode == "raw":
                trace[1] = to_model_units(trace[1], 0, self.shift_cadc_to_first, self.trace_offset, self.trace_scale)
            else:
                trace = to_model_units(
                    trace, self.cadc_time_shift, self.shift_cadc_to_first, self.trace_offset, self.trace_scale
                )
        if self.cadc_readout_source == "adaptation":
            return Measured(spikes=spikes, adaptation=trace)
        return Measured(spikes=spikes, membrane=trace)


class LIF(AELIF):
    """Population of leaky integrate-and-fire neurons.

    Args:
        size: number of neurons.
        experiment: the experiment that it belongs to.
        options: see `NeuronOptions`, `ParameterOptions` and `RecordingOptions`.
    """

    @staticmethod
    def integrate(graded_spikes: torch.Tensor, dynamics: NeuronDynamics, measured: Measured) -> NeuronOutput:
        """The model of the population, see `cuba_lif_integration`."""
        return cuba_lif_integration(graded_spikes, dynamics, measured)

    def __init__(self, size: int, experiment: Experiment, **options: Unpack[NeuronOptions]) -> None:
        super().__init__(size, experiment, **options)


class LI(AELIF):
    """Population of leaky integrators, which do not fire.

    Args:
        size: number of neurons.
        experiment: the experiment that it belongs to.
        options: see `NeuronOptions`, `ParameterOptions` and `RecordingOptions`.
    """

    @staticmethod
    def integrate(graded_spikes: torch.Tensor, dynamics: NeuronDynamics, measured: Measured) -> NeuronOutput:
        """The model of the population, see `cuba_li_integration`."""
        return cuba_li_integration(graded_spikes, dynamics, measured)

    _switches: ClassVar[dict[str, bool]] = {"fire": False}

    def __init__(self, size: int, experiment: Experiment, **options: Unpack[NeuronOptions]) -> None:
        super().__init__(size, experiment, **options)

    def forward(  # type: ignore[override]  # integrators have no spikes, so their handle has fewer fields
        self, *graded_spikes: Handle | torch.Tensor, output: LIObservables | None = None
    ) -> LIObservables:
        """Register the population; as `AELIF.forward`."""
        if not graded_spikes:
            raise ModelError(f"{self.label}: called without input; give the handle of at least one projection")
        return self._connect(graded_spikes, LIObservables, output)


class EventPropLIF(LIF):
    """Population of leaky integrate-and-fire neurons with EventProp gradients, behind an `EventPropSynapse`."""

    @staticmethod
    def integrate(graded_spikes: torch.Tensor, dynamics: NeuronDynamics, measured: Measured) -> NeuronOutput:
        """The model of the population, see `eventprop_neuron`."""
        return eventprop_neuron(graded_spikes, dynamics, measured)


Neuron = LIF
NeuronExp = LIF
ReadoutNeuron = LI
ReadoutNeuronExp = LI
