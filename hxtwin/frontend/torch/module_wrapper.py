"""Wrapper: several modules evaluated by one function. Required where modules form a loop.

    >>> import torch
    >>> from hxtwin.frontend.torch import LIF, Experiment, HXModuleWrapper, LIFObservables, Synapse, functional, run
    >>> experiment = Experiment(mock=True)
    >>> outside, inside, neuron = Synapse(2, 4, experiment), Synapse(4, 4, experiment), LIF(4, experiment)
    >>> def evaluate(inputs, measured):  # weighted spikes from outside; one `Measured` per module
    ...     result = functional.cuba_aelif_integration(
    ...         inputs[0], neuron.dynamics(), measured[1], feedback=lambda spikes: spikes @ inside.weight.t()
    ...     )
    ...     return result.spikes @ inside.weight.t(), result
    >>> wrapper = HXModuleWrapper(experiment, [inside, neuron], evaluate)
    >>> loop = LIFObservables()  # there before anything fills it
    >>> _ = neuron(outside(torch.ones(20, 1, 2)), inside(loop), output=loop)
    >>> _ = run(experiment, 20)
    >>> loop.spikes.shape
    torch.Size([20, 1, 4])

Reference: frontend-torch.md A2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import torch

from hxtwin.frontend.errors import ModelError, ModelTypeError
from hxtwin.frontend.torch.functional.neuron_dynamics import Measured, NeuronOutput
from hxtwin.frontend.torch.handle import Handle, LIObservables, SynapseHandle
from hxtwin.frontend.torch.neuron import AELIF

if TYPE_CHECKING:
    from hxtwin.frontend.torch.experiment import Experiment
    from hxtwin.frontend.torch.module import HXModule

#: Result of one module: `NeuronOutput` of a population, the tensor of any other module.
Result: TypeAlias = NeuronOutput | torch.Tensor
#: Called with the tensors that come from outside, in the order in which the modules use them, and with one `Measured`
#: per module; returns one result per module.
WrappedFunction: TypeAlias = Callable[[tuple[torch.Tensor, ...], tuple[Measured, ...]], Sequence[Result]]


class HXModuleWrapper(torch.nn.Module):
    """Modules that one function evaluates.

    The modules are called as usual, which describes how they are connected; a handle that is needed before the module
    that fills it is called may be made beforehand and given as ``output``.

    Args:
        experiment: the experiment of the modules.
        modules: at least one module; none of them in another wrapper.
        func: evaluates all of them, see `WrappedFunction`.

    Raises:
        ModelError: no modules, or one of them is in another wrapper already.
    """

    def __init__(self, experiment: Experiment, modules: Sequence[HXModule], func: WrappedFunction) -> None:
        super().__init__()
        if not modules:
            raise ModelError("HXModuleWrapper: no modules given")
        for other in experiment.wrappers:
            shared = [module.label for module in modules if module in other.wrapped]
            if shared:
                raise ModelError(f"HXModuleWrapper: {shared[0]} is in another wrapper already; wrappers cannot overlap")
        #: The modules, in the order of the results.
        self.wrapped: tuple[HXModule, ...] = tuple(modules)
        self.func = func
        experiment.wrappers.append(self)

    def exec_forward(
        self, inputs: tuple[Handle, ...], outputs: tuple[Handle, ...], measured: tuple[Measured, ...]
    ) -> None:
        """Evaluate all modules.

        Args:
            inputs: filled handles from outside.
            outputs: handle of each module.
            measured: records of the chip for each module.

        Raises:
            ModelError: the function returned another number of results.
            ModelTypeError: a result is of the wrong kind.
        """
        results = self.func(tuple(content(handle) for handle in inputs), measured)
        if len(results) != len(self.wrapped):
            raise ModelError(f"HXModuleWrapper: {len(results)} results for {len(self.wrapped)} modules")
        for module, output, result in zip(self.wrapped, outputs, results, strict=True):
            if isinstance(result, NeuronOutput) and isinstance(output, LIObservables):
                AELIF.publish(output, result)
            elif isinstance(result, torch.Tensor) and not isinstance(output, LIObservables):
                output.put(result)
            else:
                raise ModelTypeError(
                    f"HXModuleWrapper: result of {module.label} is a {type(result).__name__}; "
                    "populations want a NeuronOutput, other modules a tensor"
                )


def content(handle: Handle) -> torch.Tensor:
    """What a handle hands on: weighted spikes, spikes, or plain data.

    Raises:
        ModelError: the handle is empty.
    """
    value = handle.graded_spikes if isinstance(handle, SynapseHandle) else getattr(handle, handle.fields[0])
    if not isinstance(value, torch.Tensor):
        raise ModelError(f"handle {handle!r} is empty")
    return value
