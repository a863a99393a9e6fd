"""What has been described: calls of modules, how they are connected, and the order in which they are evaluated.

==============  ==========================================================================================
`Call`          a module with its input handles and its output handle
`Step`          what is evaluated at once: one call, or all calls of a wrapper
level           0: before the chip runs; n: with the n-th run of the chip, or in software after it
==============  ==========================================================================================

In mixed experiments software and chip may alternate; each chip module runs at the lowest level at which its inputs
are known.

Reference: frontend-torch.md A1.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import attrs

from hxtwin.frontend.errors import ModelError, ModelTypeError
from hxtwin.frontend.torch.batch_dropout import BatchDropout
from hxtwin.frontend.torch.input_neuron import InputNeuron
from hxtwin.frontend.torch.module import Projection
from hxtwin.frontend.torch.neuron import AELIF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hxtwin.frontend.torch.handle import Handle
    from hxtwin.frontend.torch.module import HXModule
    from hxtwin.frontend.torch.module_wrapper import HXModuleWrapper


@attrs.frozen(eq=False)
class Call:
    """One call of a module."""

    module: HXModule
    inputs: tuple[Handle, ...]
    output: Handle


@attrs.frozen(eq=False)
class Step:
    """Calls that are evaluated at once.

    Args:
        calls: one, or all those of the wrapper in the order of its modules.
        wrapper: None for a single call.
    """

    calls: tuple[Call, ...]
    wrapper: HXModuleWrapper | None = None

    @property
    def outside(self) -> tuple[Handle, ...]:
        """Input handles that none of the calls fills, in the order of their use, each once."""
        inside = {id(call.output) for call in self.calls}
        return tuple({id(h): h for call in self.calls for h in call.inputs if id(h) not in inside}.values())


class Description:
    """Calls since the last run."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def add(self, module: HXModule, inputs: tuple[Handle, ...], output: Handle) -> None:
        """Register a call.

        Raises:
            ModelError: the module was called before, or another module fills the output already.
            ModelTypeError: dropout does not follow a population that fires.
        """
        for call in self.calls:
            if call.module is module:
                raise ModelError(
                    f"{module.label} is called twice in one run; a population or projection exists once on the chip. "
                    "Make a second module, or call `run` in between"
                )
            if call.output is output:
                raise ModelError(f"{module.label}: its output handle is filled by {call.module.label} already")
        if isinstance(module, BatchDropout):
            before = self.producer(inputs[0])
            if before is None or not isinstance(before.module, AELIF) or not before.module.fire:
                name = "plain data" if before is None else before.module.label
                raise ModelTypeError(f"{module.label}: input is {name}; a population that fires is wanted")
        self.calls.append(Call(module, inputs, output))

    def producer(self, handle: Handle) -> Call | None:
        """The call that fills a handle; None for plain data."""
        return next((call for call in self.calls if call.output is handle), None)

    def consumers(self, handle: Handle) -> list[Call]:
        """Calls that read a handle."""
        return [call for call in self.calls if any(value is handle for value in call.inputs)]

    def steps(self, wrappers: Sequence[HXModuleWrapper]) -> list[Step]:
        """Everything in topological order.

        Raises:
            ModelError: there is a loop outside wrappers, a wrapper is called in part, or an input is empty.
        """
        steps = _group(self.calls, wrappers)
        step_of = {id(call): index for index, step in enumerate(steps) for call in step.calls}
        producer = {id(call.output): step_of[id(call)] for call in self.calls}
        graph: dict[int, set[int]] = {}
        for index, step in enumerate(steps):
            for handle in step.outside:
                if id(handle) not in producer and not handle.filled:
                    raise ModelError(
                        f"{step.calls[0].module.label}: its input {type(handle).__name__} is empty, and no module of "
                        "this experiment fills it; was the module before it called since the last run?"
                    )
            graph[index] = {producer[id(handle)] for handle in step.outside if id(handle) in producer}
        try:
            return [steps[index] for index in TopologicalSorter(graph).static_order()]
        except CycleError as error:
            loop = " -> ".join(steps[index].calls[0].module.label for index in error.args[1])
            raise ModelError(f"modules form a loop: {loop}; put them into one HXModuleWrapper") from None

    def is_mock(self, call: Call, default: bool) -> bool:
        """Whether a call is evaluated in software.

        A projection without a choice of its own follows its target, anything else without one the experiment; dropout
        is evaluated in software, the population before it follows it on the chip.

        Raises:
            ModelError: a projection has another choice than its target population.
        """
        module = call.module
        if not isinstance(module, Projection):
            return default if module.mock is None else module.mock
        targets = [c.module for c in self.consumers(call.output) if isinstance(c.module, AELIF)]
        modes = {default if target.mock is None else target.mock for target in targets} or {default}
        if len(modes) > 1 or (module.mock is not None and module.mock not in modes):
            raise ModelError(f"{module.label}: runs in software or on the chip, like its target; choose the same mock")
        return modes.pop()

    def levels(self, steps: Sequence[Step], default: bool) -> dict[int, tuple[int, bool]]:
        """When a step is evaluated.

        Args:
            steps: in topological order.
            default: whether modules without a choice run in software.

        Returns:
            ``id(step)`` -> (level, whether it runs on the chip).

        Raises:
            ModelError: a wrapper runs partly in software and partly on the chip.
        """
        step_of = {id(call.output): step for step in steps for call in step.calls}
        found: dict[int, tuple[int, bool]] = {}
        for step in steps:
            modes = {
                not self.is_mock(call, default)
                for call in step.calls
                if not isinstance(call.module, BatchDropout | InputNeuron)
            }
            if len(modes) > 1:
                raise ModelError(
                    f"{step.calls[0].module.label}: its wrapper runs partly in software, partly on the chip"
                )
            on_chip = True in modes
            before = [found[id(step_of[id(handle)])] for handle in step.outside if id(handle) in step_of]
            if not modes:  # neither chip nor software: as what comes before
                level, on_chip = max(before, default=(0, False))
            elif on_chip:
                level = max([1, *(n if chip else n + 1 for n, chip in before)])
            else:
                level = max((n for n, _ in before), default=0)
            found[id(step)] = (level, on_chip)
        return found


def _group(calls: Sequence[Call], wrappers: Sequence[HXModuleWrapper]) -> list[Step]:
    """Single calls and wrapped groups, in the order of their first call."""
    wrapper_of = {id(module): wrapper for wrapper in wrappers for module in wrapper.wrapped}
    by_module = {id(call.module): call for call in calls}
    steps: list[Step] = []
    done: set[int] = set()
    for call in calls:
        wrapper = wrapper_of.get(id(call.module))
        if wrapper is None:
            steps.append(Step((call,)))
        elif id(wrapper) not in done:
            done.add(id(wrapper))
            missing = [module.label for module in wrapper.wrapped if id(module) not in by_module]
            if missing:
                raise ModelError(f"HXModuleWrapper: {missing[0]} was not called, but other modules of the wrapper were")
            steps.append(Step(tuple(by_module[id(module)] for module in wrapper.wrapped), wrapper))
    return steps
