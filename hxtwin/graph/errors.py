"""Errors of the graph layer: one family, told apart by the step that refuses.

======================  ==========================================================================
error                   raised for
======================  ==========================================================================
`NetworkError`          a network description that contradicts itself, or bad values in it
`GraphDecodeError`      bytes that are not a serialised network (or another object of this layer)
`SignalFlowError`       an illegal vertex or connection of a signal-flow graph
`ResourceError`         something does not fit: root of the three below; carries the numbers
`PartitionError`        no cut into execution instances respects the limits of the chip
`PlacementError`        logical neurons find no free circuits
`RoutingError`          events cannot be brought to the synapses that shall receive them
`MappingError`          connections on the chip are not those that were asked for
`InputDataError`        spikes, run times or hooks that do not belong to the network
`ExecutionError`        an execution instance failed while it was compiled or run
======================  ==========================================================================

Every message names the vertex or population; those of `ResourceError` also name the resource with what is needed and
what is available.
"""

from __future__ import annotations

from hxtwin.errors import HxtwinError


class GraphError(HxtwinError):
    """Root of all errors of `hxtwin.graph`."""


class NetworkError(GraphError, ValueError):
    """A network description contradicts itself, or a value in it is not allowed."""


class GraphDecodeError(GraphError, ValueError):
    """Bytes are not the serialised form of what they were said to be."""


class SignalFlowError(GraphError, ValueError):
    """A vertex or a connection of a signal-flow graph breaks a rule."""


class ResourceError(GraphError):
    """Something does not fit.

    Args:
        entity: name of the population, projection or vertex, or a coordinate as text.
        resource: what ran out, e.g. ``"neuron circuits"``.
        needed: how much is needed; None if it is no number.
        available: how much there is.
        detail: where it is missing and what to do; appended to the message.
    """

    def __init__(
        self, entity: str, resource: str, needed: float | None = None, available: float | None = None, detail: str = ""
    ) -> None:
        super().__init__(entity, resource, needed, available, detail)
        self.entity = entity
        self.resource = resource
        self.needed = needed
        self.available = available
        self.detail = detail

    def __str__(self) -> str:
        numbers = "" if self.needed is None else f" (needed: {self.needed:g}, available: {self.available or 0:g})"
        return f"{self.entity}: not enough {self.resource}{numbers}" + (f"; {self.detail}" if self.detail else "")


class PartitionError(ResourceError):
    """A network, or a part of it that has to stay together, cannot be cut into execution instances."""


class PlacementError(ResourceError):
    """Logical neurons do not find enough free neuron circuits."""


class RoutingError(ResourceError):
    """The event network or the synapse rows cannot carry what the projections need."""


class MappingError(GraphError):
    """The connections rebuilt from the configuration of a chip differ from the ones asked for."""


class InputDataError(GraphError, ValueError):
    """Input data, run times or hooks do not fit the network."""


class ExecutionError(GraphError):
    """An execution instance could not be compiled or run; ``__cause__`` is the error below."""
