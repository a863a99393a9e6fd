"""Routing: events on the chip, from their sources to exactly the synapses that shall receive them.

=====================  ============================================================
`route`                finds a routing for a problem
`RoutingTables`        a routing written by hand
`allocate_drivers`     drivers and masks for given row select labels
=====================  ============================================================
"""

from __future__ import annotations

from hxtwin.graph.routing.driver_allocation import AllocatedRequest, DriverRequest, DriverShape, allocate_drivers
from hxtwin.graph.routing.network_problem import NetworkProblem, problem_of
from hxtwin.graph.routing.problem import RoutingProblem, Synapses
from hxtwin.graph.routing.router import route
from hxtwin.graph.routing.solution import Routing
from hxtwin.graph.routing.supplied_routing import RoutingTables

__all__ = [
    "AllocatedRequest",
    "DriverRequest",
    "DriverShape",
    "NetworkProblem",
    "Routing",
    "RoutingProblem",
    "RoutingTables",
    "Synapses",
    "allocate_drivers",
    "problem_of",
    "route",
]
