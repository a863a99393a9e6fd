"""The plan of a partition: which neurons run in which execution instance, on which chip, and why.

`Partition` is what `hxtwin.graph.partition.partition` returns: the cut network and its plan, which explains itself as
text and shows itself as a picture in notebooks.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import attrs

from hxtwin.graph.partition.cutting import ProjectionPart, Slice, cut_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from hxtwin.graph.network import ExecutionInstanceID, Network
    from hxtwin.graph.partition.demand import Demand


@attrs.frozen(kw_only=True)
class PlannedInstance:
    """One execution instance of a plan.

    Args:
        execution_instance: its number.
        chip: position in the list of chips of the executor.
        slices: population of the uncut network -> its neurons that run here.
        circuits: population -> neuron circuits of each of its neurons.
        needs: instances whose spikes it replays.
        demand: resources it takes.
    """

    execution_instance: ExecutionInstanceID
    chip: int
    slices: Mapping[str, Slice]
    circuits: Mapping[str, int]
    needs: tuple[ExecutionInstanceID, ...]
    demand: Demand

    def __str__(self) -> str:
        parts = []
        for name, piece in self.slices.items():
            size, circuits = piece.stop - piece.start, self.circuits[name]
            parts.append(
                f"{name}[{piece.start}:{piece.stop}] ({counted(size, 'neuron')} x {counted(circuits, 'circuit')})"
            )
        demand = self.demand
        text = f"instance {int(self.execution_instance)} on chip {self.chip}: {', '.join(parts)}; "
        text += f"{demand.circuits} circuits, {demand.sources} sources from outside"
        if demand.input_event_rate_hz:
            text += f" at up to {demand.input_event_rate_hz / 1e6:.4g} MHz"
        if self.needs:
            text += f"; replays {demand.replayed} neurons of {_listed(self.needs)}"
        return text


@attrs.frozen(kw_only=True)
class Plan:
    """Instances in the order of execution, and the reasons for them.

    Args:
        instances: in the order of execution.
        lower_bound: number of instances that no cut by the rules of the package can undercut.
        exhausted: whether the search looked at all its alternatives.
        reasons: one sentence for each block.
    """

    instances: tuple[PlannedInstance, ...]
    lower_bound: int
    exhausted: bool
    reasons: tuple[str, ...]

    @property
    def replayed(self) -> int:
        """Neurons that are recorded in one instance and replayed in another, counted once for each that replays."""
        return sum(instance.demand.replayed for instance in self.instances)

    def __str__(self) -> str:
        count, chips = len(self.instances), len({instance.chip for instance in self.instances})
        proof = (
            "the fewest possible"
            if count == self.lower_bound
            else f"at least {self.lower_bound} are needed; "
            + ("the best of all alternatives tried" if self.exhausted else "the best found with limited effort")
        )
        head = f"{counted(count, 'execution instance')} on {counted(chips, 'chip')} ({proof})"
        lines = [f"{head}, {self.replayed} replayed neurons"]
        lines += [f"  {reason}" for reason in self.reasons]
        lines += [f"  {instance}" for instance in self.instances]
        return "\n".join(lines)


def _listed(instances: tuple[ExecutionInstanceID, ...]) -> str:
    """Numbers of instances as text, neighbouring ones as a range: ``instances 0-3, 7``."""
    runs: list[list[int]] = []
    for number in map(int, instances):
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    text = ", ".join("-".join(map(str, run)) for run in runs)
    return f"instance{'s' if len(instances) > 1 else ''} {text}"


def counted(number: int, noun: str) -> str:
    """A number and its noun: ``1 chip``, ``2 chips``."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


@attrs.frozen(kw_only=True, repr=False)
class Partition:
    """A cut network and its plan.

    Args:
        network: all populations have a shape, an execution instance and a chip; cut ones say so in `part_of`.
        plan: how it was cut.
        projection_parts: where the weights of each projection of `network` come from.
    """

    network: Network
    plan: Plan
    projection_parts: tuple[ProjectionPart, ...] = attrs.field(eq=False)

    def explain(self) -> str:
        """The plan as text: number of instances and why, what runs where, what is replayed."""
        return str(self.plan)

    def with_weights(self, weights: Mapping[str, npt.ArrayLike]) -> Network:
        """The cut network with other weights, given for projections of the uncut network.

        Raises:
            NetworkError: weights that a projection does not take.
        """
        return self.network.with_weights(cut_weights(self.projection_parts, weights))

    def __repr__(self) -> str:
        return f"Partition({len(self.plan.instances)} execution instances)"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.explain())}</pre>"
