"""From a network to a configured chip: place, route, configure, check.

Placement strategies are tried in turn until the routing succeeds; the common case needs the first one only.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from hxtwin.containers import Chip
from hxtwin.graph.configuration.chip_configuration import configure, madc_sources, recorded_columns
from hxtwin.graph.configuration.connection_check import check_connections
from hxtwin.graph.configuration.label_tables import input_labels, output_labels
from hxtwin.graph.configuration.routed_instance import RoutedInstance
from hxtwin.graph.configuration.synapse_weights import wanted_weights
from hxtwin.graph.errors import PlacementError, RoutingError
from hxtwin.graph.placement import Placement, Strategy, place
from hxtwin.graph.routing import Routing, route
from hxtwin.graph.routing.network_problem import NetworkProblem, problem_of
from hxtwin.graph.routing.router import EFFORT, MOVES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from hxtwin.graph.network import Network

MOST_EXTRA_CIRCUITS = 2
"""Circuits per neuron that are added, one after the other, to neurons without a given shape if routing fails."""


def place_and_route(
    network: Network,
    *,
    base: Chip | None = None,
    usable: npt.ArrayLike | None = None,
    placement: Placement | None = None,
    routing: Routing | None = None,
    effort: int = EFFORT,
) -> RoutedInstance:
    """Lays a network out on one chip.

    Args:
        network: one execution instance without relays (``with_relays(network).local(instance)``).
        base: chip to start from, for instance a calibrated one; None: a default chip.
        usable: ``bool[512]``, neuron circuits that work; None: all. The others are left out where possible.
        placement: a placement to be used as it is; None: computed.
        routing: a routing to be used as it is (needs `placement`); None: computed.
        effort: bound of the search for row select values, see `hxtwin.graph.routing.route`.

    Returns:
        Placement, routing, configured chip and tables. The connections on the chip were rebuilt from its words and
        compared with those of the network.

    Raises:
        PlacementError: the neurons do not fit on the chip.
        RoutingError: their connections do not; names the resource that ran out and the numbers.
        MappingError: a given routing does not do what the network asks for.
    """
    if routing is not None and placement is None:
        raise PlacementError("routing", "placement", detail="a given routing needs the placement it was made for")
    if routing is not None and placement is not None:
        return configured(network, placement, problem_of(network, placement), routing, base or Chip())
    failure: RoutingError | None = None
    # packing is fast, refinement is not: it comes last, and for the first placement only
    first = placement or place(network, usable)
    others = () if placement is not None else _other_placements(network, usable)
    for candidate, moves in itertools.chain([(first, 0)], ((other, 0) for other in others), [(first, MOVES)]):
        found = problem_of(network, candidate)
        try:
            solution = route(found.problem, effort=effort, moves=moves)
        except RoutingError as error:
            failure = failure or error
            continue
        return configured(network, candidate, found, solution, base or Chip())
    assert failure is not None
    raise failure


def configured(
    network: Network, placement: Placement, found: NetworkProblem, routing: Routing, base: Chip
) -> RoutedInstance:
    """Configures a chip for a routing and checks what it does.

    Raises:
        MappingError: the chip would not do what the network asks for.
    """
    chip = configure(base, network, placement, routing, wanted_weights(network, found, routing))
    check_connections(found.problem, routing, chip)
    return RoutedInstance(
        network=network,
        placement=placement,
        problem=found,
        routing=routing,
        chip=chip,
        inputs=input_labels(network, found, routing),
        outputs=output_labels(found, routing),
        cadc=recorded_columns(network, placement),
        madc=madc_sources(network, placement),
    )


def _other_placements(network: Network, usable: npt.ArrayLike | None) -> Iterator[Placement]:
    """Placements after the plain one: in another order, and with more circuits where no shape is given."""
    open_shapes = any(population.shape is None for population in network.populations)
    variants: list[tuple[Strategy, int]] = [(strategy, 0) for strategy in Strategy if strategy is not Strategy.IN_ORDER]
    variants += [(Strategy.IN_ORDER, extra + 1) for extra in range(MOST_EXTRA_CIRCUITS * open_shapes)]
    for strategy, extra in variants:
        try:
            yield place(network, usable, strategy=strategy, extra_circuits=extra)
        except PlacementError:
            continue
