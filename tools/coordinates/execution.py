"""Who executes what: executors, connections, chips, and the abstract network.

There is no coordinate for "neuron n of chip c": a chip is addressed by the connection it belongs to, everything on
it by the ordinary coordinates.

Source: reference coordinates.md, section 4.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import Declaration, handwritten, label


def number(name: str, doc: str) -> Declaration:
    """Declare a number without upper limit."""
    return label(name, 64, doc, implicit=False)


TOPIC = Topic(
    "execution",
    __doc__,
    (
        number("ConnectionOnExecutor", "Connection of an executor: a set of chips that run synchronously."),
        number("ChipOnConnection", "Chip of a connection."),
        number("ExecutionInstanceID", "Execution instance: a part of an experiment that runs by itself."),
        handwritten("ExecutionInstanceOnExecutor", "execution_instance"),
        number("CompartmentOnNeuron", "Compartment of an abstract neuron."),
        number("ReceptorOnCompartment", "Receptor of a compartment."),
        number("VertexOnTopology", "Vertex of a topology."),
        number("EdgeOnTopology", "Edge of a topology."),
        number("TimeDomainOnTopology", "Part of a topology with a common run time."),
    ),
)
