"""What a partition has learned from instances that could not be placed or routed.

=====================================  ======================================================================
instance with one divisible block      its slices become shorter by an eighth
instance with several blocks           these populations do not run together any more
instance with what has to stay whole   the error is final
=====================================  ======================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hxtwin.graph.errors import ResourceError
    from hxtwin.graph.network import Network
    from hxtwin.graph.partition.blocks import Block
    from hxtwin.graph.partition.cutting import Slice

#: Neurons of an instance: population -> (first, one past the last).
Content = dict[str, tuple[int, int]]


@attrs.frozen(kw_only=True)
class Shortage:
    """A resource that does not suffice."""

    resource: str
    needed: float
    available: float


@attrs.frozen(kw_only=True, eq=False)
class Experience:
    """Limits beyond those that can be told from numbers.

    Args:
        longest: population -> most neurons of it in one instance.
        apart: populations that do not run together in one instance.
        accepted: structures of instances that were placed and routed already.
    """

    longest: Mapping[str, int] = attrs.field(factory=dict[str, int])
    apart: frozenset[frozenset[str]] = frozenset()
    accepted: list[Network] = attrs.field(factory=list)

    def shortage(self, content: Content) -> Shortage | None:
        """What stands against an instance with this content, None if nothing does."""
        for name, (start, stop) in content.items():
            longest = self.longest.get(name, stop)
            if stop - start > longest:
                return Shortage(resource=f"routes for neurons of {name!r}", needed=stop - start, available=longest)
        for names in self.apart:
            if names <= content.keys():
                return Shortage(resource=f"routes for {sorted(names)} together", needed=len(names), available=1)
        return None

    def accept(self, local: Network) -> None:
        """Remember an instance that can be placed and routed."""
        self.accepted.append(local)

    def accepts(self, local: Network) -> bool:
        """Whether an instance of the same structure was accepted before."""
        return any(_same_but_for_names(local, other) for other in self.accepted)

    def with_refusal(self, slices: Mapping[str, Slice], blocks: Sequence[Block], error: ResourceError) -> Self:
        """What is known after an instance was refused.

        Raises:
            ResourceError: the given error, if nothing can be taken out of the instance.
        """
        present = [block for block in blocks if not slices.keys().isdisjoint(block.populations)]
        if len(present) > 1:
            return attrs.evolve(self, apart=self.apart | {frozenset(slices)})
        name, piece = next(iter(slices.items()))
        length = piece.stop - piece.start
        if not present[0].divisible or length == 1:
            raise error
        return attrs.evolve(self, longest={**self.longest, name: min(length * 7 // 8, length - 1)})


def _same_but_for_names(one: Network, other: Network) -> bool:
    """Whether two instances are the same problem: equal sizes and shapes, all projections dense, nothing else."""
    structure = _dense_structure(one)
    return structure is not None and structure == _dense_structure(other)


def _dense_structure(network: Network) -> tuple[object, ...] | None:
    """Sizes and shapes of an instance of one population with dense inputs; None for everything else."""
    if len(network.populations) != 1 or any(not projection.is_dense for projection in network.projections):
        return None
    population = network.populations[0]
    if population.anchors is not None or network.background_sources:
        return None
    inputs = sorted(
        (projection.source, projection.receptor.value, projection.max_weight, projection.target_compartment)
        for projection in network.projections
    )
    recordings = [attrs.evolve(recording, population="-") for recording in network.recordings]
    return population.size, population.shape, population.spiking, inputs, recordings
