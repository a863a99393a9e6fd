"""Populations: equal logical neurons with a name.

A population states what its neurons are made of, where they run, and, if the user wants so, on which circuits. Shape,
anchors and parameters are optional: what is not given is computed, placed, or taken from the calibration.
Source: reference graph.md 2.7, 5.1, 6.2.
"""

from __future__ import annotations

import attrs
import numpy as np

from hxtwin.containers import LogicalNeuron
from hxtwin.coord import AtomicNeuronOnDLS, ExecutionInstanceID
from hxtwin.graph.errors import NetworkError
from hxtwin.graph.network.entity import (
    MOST_NEURONS,
    IndexArray,
    check_name,
    described,
    in_range,
    index_array,
    neuron_indices,
    not_negative,
    same_array,
    to_instance,
    to_size,
)
from hxtwin.graph.network.neuron_shape import NeuronShape

#: Most chips that an experiment may use.
MOST_CHIPS = 1 << 16


@attrs.frozen(kw_only=True)
class PopulationPart:
    """Says which neurons of the uncut network the neurons of a population are.

    Args:
        population: name in the uncut network; results are reported under it.
        neurons: index in that population of each neuron of the part, ``int64[size]``.
    """

    population: str = attrs.field(validator=check_name)
    neurons: IndexArray = attrs.field(converter=index_array, eq=same_array)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "neurons", neuron_indices(f"PopulationPart of {self.population!r}", self.neurons))


@attrs.frozen(kw_only=True)
class Population:
    """A population of equal logical neurons.

    Args:
        name: unique in the network.
        size: number of logical neurons, at least 1; it may exceed the chip until the network is partitioned.
        shape: circuits of each neuron, kept as given. None: one compartment of as many circuits as the fan-in needs.
        spiking: whether the neurons send spikes. Those that do not have no outgoing projections, no recorded spikes.
        parameters: analog parameters of the circuits. Empty: those of the (calibrated) chip that the executor is
            given; one `LogicalNeuron` for all, or one per neuron. Structural switches in it are those of `shape`.
        anchors: circuit of the top-left corner of each neuron, if the placement is given by the user.
        rate_hz: highest rate of spikes per neuron to be expected, for the limit of replayed events; None: unknown.
        execution_instance: where it runs; None: not assigned yet.
        chip: position in the list of chips of the executor.
        part_of: set by `hxtwin.graph.partition`: which neurons of the uncut network these are.

    Raises:
        NetworkError: empty, a bad name, or numbers of anchors or parameters other than the size.
    """

    name: str = attrs.field(validator=check_name)
    size: int = attrs.field(converter=to_size, validator=in_range(1, MOST_NEURONS))
    shape: NeuronShape | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.instance_of(NeuronShape))
    )
    spiking: bool = attrs.field(default=True, validator=attrs.validators.instance_of(bool))
    parameters: tuple[LogicalNeuron, ...] = ()
    anchors: tuple[AtomicNeuronOnDLS, ...] | None = None
    rate_hz: float | None = attrs.field(default=None, validator=not_negative)
    execution_instance: ExecutionInstanceID | None = attrs.field(default=None, converter=to_instance)
    chip: int = attrs.field(default=0, converter=to_size, validator=in_range(0, MOST_CHIPS - 1))
    part_of: PopulationPart | None = attrs.field(default=None)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "parameters", tuple(self.parameters))
        if self.anchors is not None:
            object.__setattr__(self, "anchors", tuple(self.anchors))
        _check_placement(self)
        _check_parameters(self)
        if self.part_of is not None and self.part_of.neurons.size != self.size:
            raise NetworkError(
                f"{described(self)}: part of {self.part_of.population!r} with {self.part_of.neurons.size} neurons, "
                f"but its size is {self.size}"
            )

    @property
    def origin(self) -> PopulationPart:
        """The neurons of the uncut network: those of `part_of`, or the population itself."""
        if self.part_of is not None:
            return self.part_of
        return PopulationPart(population=self.name, neurons=np.arange(self.size))


def _check_placement(population: Population) -> None:
    anchors = population.anchors
    if anchors is None:
        return
    if population.shape is None:
        raise NetworkError(f"{described(population)}: anchors are given without a shape; give the shape too")
    if len(anchors) != population.size:
        raise NetworkError(f"{described(population)}: {len(anchors)} anchors for {population.size} neurons")
    for anchor in anchors:
        if type(anchor) is not AtomicNeuronOnDLS:
            raise NetworkError(f"{described(population)}: anchor {anchor!r:.80} is no AtomicNeuronOnDLS")
    if len(set(anchors)) != len(anchors):
        twice = next(anchor for anchor in anchors if anchors.count(anchor) > 1)
        raise NetworkError(f"{described(population)}: anchor {twice} is given twice")


def _check_parameters(population: Population) -> None:
    parameters = population.parameters
    if not parameters:
        return
    if population.shape is None:
        raise NetworkError(f"{described(population)}: parameters are given without a shape; give the shape too")
    if len(parameters) not in (1, population.size):
        raise NetworkError(
            f"{described(population)}: {len(parameters)} parameters; give one for all or one for each of "
            f"{population.size} neurons"
        )
    for neuron in parameters:
        if not isinstance(neuron, LogicalNeuron):
            raise NetworkError(f"{described(population)}: parameters have to be LogicalNeurons, got {neuron!r:.80}")
        if neuron.shape != population.shape.compartments:
            raise NetworkError(f"{described(population)}: parameters of a neuron of another shape than the population")
