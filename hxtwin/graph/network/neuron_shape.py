"""Shape of a logical neuron: its circuits, how they are joined, and which of them sends its spikes.

=================  =======================================================================================
`structure`        `hxtwin.containers.LogicalNeuron`: compartment, relative place and switches of each circuit
`spike_senders`    compartment -> circuit of it (position in the compartment) that sends the spikes
=================  =======================================================================================

`single_compartment` makes the common one; anything else comes from `hxtwin.containers.Morphology`.
Source: reference graph.md 5.1 (morphology) and frontend-torch.md A3 (order of circuits).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import attrs

from hxtwin.containers import LogicalNeuron, Morphology
from hxtwin.coord import AtomicNeuronOnLogicalNeuron, CompartmentOnLogicalNeuron, NeuronColumnOnLogicalNeuron
from hxtwin.graph.errors import NetworkError

if TYPE_CHECKING:
    from hxtwin.coord import LogicalNeuronCompartments

_COLUMNS = NeuronColumnOnLogicalNeuron.size

#: Most circuits of a logical neuron: 128 columns x 2 rows.
MOST_CIRCUITS = AtomicNeuronOnLogicalNeuron.size


def _senders(given: Mapping[int, int]) -> Mapping[int, int]:
    if not isinstance(given, Mapping):
        raise NetworkError(f"spike_senders: a mapping of compartment to position is wanted, got {given!r}")
    return MappingProxyType({int(compartment): int(position) for compartment, position in sorted(given.items())})


@attrs.frozen
class NeuronShape:
    """Circuits of one logical neuron.

    Args:
        structure: places and switches of the circuits; their analog parameters are not looked at here.
        spike_senders: compartment -> position in that compartment of the circuit that sends its spikes. Compartments
            that are not listed send none. Default: the first circuit of compartment 0.

    Raises:
        NetworkError: no circuits, or a sender that does not exist.
    """

    structure: LogicalNeuron = attrs.field()
    spike_senders: Mapping[int, int] = attrs.field(
        factory=lambda: MappingProxyType({0: 0}),
        converter=_senders,
        hash=False,
        eq=attrs.cmp_using(eq=lambda one, other: dict(one) == dict(other), class_name="SpikeSenders"),
    )

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.structure, LogicalNeuron):
            raise NetworkError(f"shape: a LogicalNeuron is wanted, got {type(self.structure).__name__}")
        if not len(self.structure):
            raise NetworkError("shape: a logical neuron needs at least one circuit")
        sizes = self.compartment_sizes
        for compartment, position in self.spike_senders.items():
            if not 0 <= position < sizes.get(compartment, 0):
                raise NetworkError(
                    f"shape: circuit {position} of compartment {compartment} shall send spikes; compartments and "
                    f"their numbers of circuits: {sizes}"
                )

    @property
    def circuits(self) -> int:
        """Number of neuron circuits."""
        return len(self.structure)

    @property
    def compartments(self) -> LogicalNeuronCompartments:
        """Places of the circuits, to be put on the chip by ``LogicalNeuronOnDLS(compartments, anchor)``."""
        return self.structure.shape

    @property
    def compartment_sizes(self) -> dict[int, int]:
        """Number of circuits of each compartment."""
        return {int(number): len(circuits) for number, circuits in self.compartments.get_compartments().items()}

    def __hash__(self) -> int:
        return hash((self.compartments, tuple(self.spike_senders.items())))


@functools.lru_cache(maxsize=256)
def single_compartment(circuits: int, *, expand_horizontally: bool = False) -> NeuronShape:
    """A neuron of one compartment.

    Args:
        circuits: number of merged neuron circuits, 1..256 (expanded horizontally: 1..128).
        expand_horizontally: False: top and bottom circuit of a column, then those of the next column;
            True: side by side in one row.

    Raises:
        NetworkError: `circuits` is out of range.
    """
    most = _COLUMNS if expand_horizontally else MOST_CIRCUITS
    if not 1 <= circuits <= most:
        raise NetworkError(f"a logical neuron has 1..{most} circuits, got {circuits!r}")
    if expand_horizontally:
        places = list(range(circuits))
    else:
        places = [_COLUMNS * (number % 2) + number // 2 for number in range(circuits)]
    morphology = Morphology()
    morphology.create_compartment([AtomicNeuronOnLogicalNeuron(place) for place in places])
    return NeuronShape(morphology.done()[1])


def compartment_circuits(shape: NeuronShape, compartment: int) -> tuple[AtomicNeuronOnLogicalNeuron, ...]:
    """Relative places of the circuits of one compartment, in their order.

    Raises:
        NetworkError: the shape has no such compartment.
    """
    found = shape.compartments.get_compartments().get(CompartmentOnLogicalNeuron(compartment))
    if found is None:
        raise NetworkError(f"compartment {compartment} given, the shape has {sorted(shape.compartment_sizes)}")
    return found
