"""The base of all modules: calling one describes, `run` executes.

A module that is called registers itself with its experiment and returns a handle at once. `hxtwin.frontend.torch.run`
later calls `exec_forward` of all modules in topological order; records of the chip are injected there.

Reference: frontend-torch.md A2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import torch

from hxtwin.frontend.errors import ModelError, ModelTypeError
from hxtwin.frontend.torch.functional.neuron_dynamics import NOTHING_MEASURED, Measured
from hxtwin.frontend.torch.handle import Handle, LIFObservables, TensorHandle, spikes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hxtwin.frontend.torch.execution_instance import ExecutionInstance
    from hxtwin.frontend.torch.experiment import Experiment
    from hxtwin.frontend.torch.recording import PopulationRecording

AnyHandle = TypeVar("AnyHandle", bound=Handle)


class HXModule(torch.nn.Module):
    """Base of all modules.

    Args:
        experiment: the experiment that it belongs to.
        execution_instance: where it runs; None: the graph layer decides.
        mock: True: evaluated in software also in an experiment on the chip; None: as the experiment.
    """

    output_type: type[Handle] = TensorHandle

    def __init__(
        self, experiment: Experiment, execution_instance: ExecutionInstance | None = None, mock: bool | None = None
    ) -> None:
        super().__init__()
        self._experiment = [experiment]  # in a list, so that torch does not take it for a part of the module
        self.execution_instance = execution_instance
        self.mock = mock

    @property
    def experiment(self) -> Experiment:
        """The experiment that the module belongs to."""
        return self._experiment[0]

    def _connect(
        self, inputs: Sequence[Handle | torch.Tensor], kind: type[AnyHandle], output: Handle | None = None
    ) -> AnyHandle:
        """Register a call with the experiment and return the handle of its results."""
        handles = tuple(TensorHandle(value) if isinstance(value, torch.Tensor) else value for value in inputs)
        for handle in handles:
            if not isinstance(handle, Handle):
                raise ModelTypeError(f"{self.label}: called with {type(handle).__name__}; a handle or tensor is wanted")
        if output is None:
            output = kind()
        if not isinstance(output, kind):
            raise ModelTypeError(f"{self.label}: output is a {type(output).__name__}; {kind.__name__} is wanted")
        self.experiment.connect(self, handles, output)
        return output

    @property
    def label(self) -> str:
        """How messages name the module, for example ``LIF(size=256)``."""
        return f"{type(self).__name__}({self.extra_repr()})"

    def exec_forward(self, inputs: tuple[Handle, ...], output: Handle, measured: Measured = NOTHING_MEASURED) -> None:
        """Fill ``output`` from ``inputs``, with the records of the chip injected.

        Args:
            inputs: filled handles.
            output: handle that the call of the module has returned.
            measured: what the chip recorded of this module, on the grid of the model.

        Raises:
            NotImplementedError: this class leaves it to its subclasses.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it computes: override exec_forward")

    def post_process(self, recording: PopulationRecording, runtime: int, dt: float) -> Measured:
        """Bring what the chip recorded onto the grid and into the units of the model.

        Args:
            recording: spikes and samples with their times.
            runtime: steps.
            dt: length of a step, seconds.
        """
        del recording, runtime, dt
        return NOTHING_MEASURED

    def spikes(self, handle: Handle) -> torch.Tensor:
        """The spikes that an input handle carries.

        Raises:
            ModelTypeError: it is of a kind that carries none.
            ModelError: it is empty, or not of layout (time, batch, neuron).
        """
        if not isinstance(handle, TensorHandle | LIFObservables):
            raise ModelTypeError(
                f"{self.label}: input is {type(handle).__name__}; spikes are wanted (TensorHandle or LIFObservables)"
            )
        spikes = spikes_of(handle)
        if spikes is None:
            raise ModelError(f"{self.label}: its input has no spikes; was spike recording switched off before it?")
        if spikes.dim() != 3:
            raise ModelError(
                f"{self.label}: spikes have shape {tuple(spikes.shape)}; the layout (time, batch, neuron) is wanted"
            )
        return spikes

    def check_width(self, tensor: torch.Tensor, width: int) -> None:
        """Refuse tensors whose last dimension is not ``width``.

        Raises:
            ModelError: another width; the text names the module.
        """
        if tensor.shape[-1] != width:
            raise ModelError(f"{self.label}: input has {tensor.shape[-1]} neurons, {width} are wanted")


class Population(HXModule):
    """Base of the modules that are populations of neurons.

    Args:
        size: number of neurons.
        experiment, execution_instance, mock: see `HXModule`.
        chip_coordinate: position of its chip in the list of connections.

    Raises:
        ModelError: the size is not positive.
    """

    def __init__(
        self,
        size: int,
        experiment: Experiment,
        execution_instance: ExecutionInstance | None = None,
        chip_coordinate: int = 0,
        mock: bool | None = None,
    ) -> None:
        super().__init__(experiment, execution_instance, mock)
        if size < 1:
            raise ModelError(f"{type(self).__name__}: a population of {size} neurons; at least 1 is wanted")
        self.size = size
        self.chip_coordinate = chip_coordinate

    def extra_repr(self) -> str:
        """What distinguishes the module."""
        return f"size={self.size}"


class Projection(HXModule):
    """Base of the modules that connect populations."""

    in_features: int
    out_features: int

    def extra_repr(self) -> str:
        """What distinguishes the module."""
        return f"{self.in_features} -> {self.out_features}"
