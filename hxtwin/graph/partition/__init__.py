"""Partition: cutting a network into execution instances that fit a chip.

>>> import numpy as np
>>> from hxtwin.graph import network as nw
>>> from hxtwin.graph.partition import partition
>>> net = nw.Network.of(
...     nw.ExternalSource(name="pixels", size=784),
...     nw.Population(name="hidden", size=256),
...     nw.Population(name="output", size=10, spiking=False),
...     nw.Projection(name="in", source="pixels", target="hidden", weights=np.zeros((784, 256))),
...     nw.Projection(name="out", source="hidden", target="output", weights=np.zeros((256, 10))),
... )
>>> found = partition(net, chips=1)
>>> print(found.explain())  # doctest: +ELLIPSIS
5 execution instances on 1 chip (the fewest possible), 256 replayed neurons
  Population 'hidden': 256 neurons x 8 circuits in 4 slices; ...

Rules, all from the reference:

- A neuron gets as many circuits as its synapses need; its slices get what a chip has (`Limits`).
- Recurrent components run whole; one that is too large is refused by name.
- A projection is either wholly on one chip or wholly replayed, so that all neurons of a layer are treated alike. Of a
  cut layer nothing runs beside the layers before and behind it.
- Fewest instances first, then fewest replayed neurons, each counted by its rate where that is known.

By hand: give populations an ``execution_instance``, or cut them with `cut`. `partition` keeps what is assigned.
"""

from hxtwin.graph.partition.cutting import ProjectionPart, Slice, cut, cut_weights
from hxtwin.graph.partition.demand import Demand
from hxtwin.graph.partition.limits import ColumnRun, Limits
from hxtwin.graph.partition.partition import partition
from hxtwin.graph.partition.plan import Partition, Plan, PlannedInstance

__all__ = [
    "ColumnRun",
    "Demand",
    "Limits",
    "Partition",
    "Plan",
    "PlannedInstance",
    "ProjectionPart",
    "Slice",
    "cut",
    "cut_weights",
    "partition",
]
