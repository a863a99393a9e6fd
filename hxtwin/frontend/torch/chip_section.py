"""The part of an experiment that runs on the chip at once: the seam between modules and the graph layer.

==================  ===================================================================================
`ChipInput`         spikes from the host
`ChipPopulation`    a population module
`ChipProjection`    a synapse module between an input or population and a population
`ChipSection`       all of them with run time, step and batch size: what a run of the chip is asked for
`ChipResult`        recordings by population, and what is known about the run: what it answers
`Hardware`          whoever turns the one into the other
==================  ===================================================================================

Reference: frontend-torch.md A1.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Protocol

import attrs
import torch

from hxtwin.frontend.errors import ModelError, ModelTypeError, SaturationWarning
from hxtwin.frontend.torch.batch_dropout import BatchDropout
from hxtwin.frontend.torch.handle import Handle, SynapseHandle, spikes_of
from hxtwin.frontend.torch.input_neuron import InputNeuron
from hxtwin.frontend.torch.neuron import AELIF
from hxtwin.frontend.torch.synapse import Synapse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hxtwin.frontend.torch.description import Call, Description
    from hxtwin.frontend.torch.execution_info import ExecutionInfo
    from hxtwin.frontend.torch.execution_instance import ExecutionInstance
    from hxtwin.frontend.torch.recording import PopulationRecording


@attrs.frozen(eq=False)
class ChipInput:
    """Spikes from the host.

    Args:
        name: unique in the section.
        spikes: 0 or 1, (time, batch, neuron).
        execution_instance: the only one that it may have targets in; None: any.
    """

    name: str
    spikes: torch.Tensor
    execution_instance: ExecutionInstance | None = None


@attrs.frozen(eq=False)
class ChipPopulation:
    """A population on the chip.

    Args:
        name: unique in the section, the same in every run of the same description.
        module: parameters, size, recordings, placement.
    """

    name: str
    module: AELIF


@attrs.frozen(eq=False)
class ChipProjection:
    """A projection on the chip.

    Args:
        name: unique in the section.
        source: name of an input or a population.
        target: name of a population.
        module: weights.
        enabled: source neurons that are not masked by dropout, boolean (in); None: all.
    """

    name: str
    source: str
    target: str
    module: Synapse
    enabled: torch.Tensor | None = None


@attrs.frozen(eq=False)
class ChipSection:
    """What a run of the chip is asked for.

    Args:
        inputs, populations, projections: the network.
        runtime: steps.
        dt: length of a step, seconds.
        batch_size: number of batch entries.
        inter_batch_entry_wait: least pause between batch entries, FPGA cycles; None: the default of the graph layer.
        default_instance: settings of modules that have no execution instance.
    """

    inputs: tuple[ChipInput, ...]
    populations: tuple[ChipPopulation, ...]
    projections: tuple[ChipProjection, ...]
    runtime: int
    dt: float
    batch_size: int
    inter_batch_entry_wait: int | None = None
    default_instance: ExecutionInstance | None = None


@attrs.frozen(eq=False)
class ChipResult:
    """What a run of the chip answers.

    Args:
        recordings: name of the population -> what was recorded.
        info: times and counts.
    """

    recordings: Mapping[str, PopulationRecording]
    info: ExecutionInfo


class Hardware(Protocol):
    """Runs sections on chips."""

    def run(self, section: ChipSection) -> ChipResult:
        """Run a section and return what was recorded."""
        ...

    def close(self) -> None:
        """Give the chips back."""
        ...


def chip_section(
    description: Description,
    calls: Sequence[Call],
    runtime: int,
    dt: float,
    inter_batch_entry_wait: int | None = None,
    default_instance: ExecutionInstance | None = None,
) -> ChipSection:
    """The section of those calls that run on the chip at the same level.

    Args:
        description: everything that was described.
        calls: calls of this run of the chip.
        runtime: steps.
        dt: length of a step, seconds.
        inter_batch_entry_wait: FPGA cycles, or None.
        default_instance: settings of modules that have no execution instance.

    Raises:
        ModelError: a projection without exactly one target, a population without projection, or inputs of different
            batch sizes.
        ModelTypeError: a module that cannot be on a chip.
    """
    number = {id(call): index for index, call in enumerate(description.calls)}
    here = {id(call) for call in calls}
    name = {id(call): f"{number[id(call)]} {call.module.label}" for call in calls}
    inputs: dict[int, ChipInput] = {}
    populations = []
    projections = []
    for call in calls:
        if isinstance(call.module, BatchDropout | InputNeuron):
            continue
        if isinstance(call.module, AELIF):
            _check_driven(description, call, here)
            populations.append(ChipPopulation(name[id(call)], call.module))
        elif isinstance(call.module, Synapse):
            target = _target(description, call, here)
            source, enabled = _source(description, call, here)
            if isinstance(source, Handle):
                spikes = inputs.setdefault(id(source), _input(description, source, len(inputs), call, runtime))
                source_name = spikes.name
                call.module.check_width(spikes.spikes, call.module.in_features)
            else:
                source_name = name[id(source)]
            projections.append(ChipProjection(name[id(call)], source_name, name[id(target)], call.module, enabled))
        else:
            raise ModelTypeError(f"{call.module.label} cannot run on the chip; give it mock=True")
    batch_sizes = {value.spikes.shape[1] for value in inputs.values()}
    if len(batch_sizes) != 1:
        raise ModelError(
            f"inputs of the chip have batch sizes {sorted(batch_sizes)}; all inputs of a run need the same"
            if batch_sizes
            else "no input reaches the chip, so that the batch size is unknown; connect at least one input"
        )
    return ChipSection(
        tuple(inputs.values()),
        tuple(populations),
        tuple(projections),
        runtime,
        dt,
        batch_sizes.pop(),
        inter_batch_entry_wait,
        default_instance,
    )


def _check_driven(description: Description, call: Call, here: set[int]) -> None:
    for handle in call.inputs:
        producer = description.producer(handle)
        if not isinstance(handle, SynapseHandle) or producer is None or id(producer) not in here:
            raise ModelError(f"{call.module.label}: on the chip every input has to come from a Synapse on the chip")


def _target(description: Description, call: Call, here: set[int]) -> Call:
    targets = [found for found in description.consumers(call.output) if id(found) in here]
    if len(targets) != 1:
        raise ModelError(f"{call.module.label}: has {len(targets)} target populations; a projection has exactly one")
    return targets[0]


def _source(description: Description, call: Call, here: set[int]) -> tuple[Call | Handle, torch.Tensor | None]:
    """Where a projection starts: a population of the same run, or a handle with spikes; and the mask of dropout."""
    (handle,) = call.inputs
    producer = description.producer(handle)
    enabled = None
    if producer is not None and isinstance(producer.module, BatchDropout) and id(producer) in here:
        enabled = producer.module.mask
        (before,) = producer.inputs
        producer = description.producer(before)
    if producer is not None and isinstance(producer.module, AELIF) and id(producer) in here:
        return producer, enabled
    return handle, None


def _input(description: Description, handle: Handle, index: int, call: Call, runtime: int) -> ChipInput:
    spikes = spikes_of(handle)
    if spikes is None or spikes.dim() != 3:
        raise ModelError(f"{call.module.label}: its input {handle!r} has no spikes of layout (time, batch, neuron)")
    late = int(torch.count_nonzero(spikes[runtime:]))
    if late:
        warnings.warn(
            f"{call.module.label}: {late} input spikes lie after the run time of {runtime} steps and are not sent",
            SaturationWarning,
            stacklevel=2,
        )
    producer = description.producer(handle)
    instance = None if producer is None else producer.module.execution_instance
    return ChipInput(f"input {index}", spikes[:runtime].detach(), instance)
