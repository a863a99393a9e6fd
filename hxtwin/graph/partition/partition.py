"""Automatic partition: from a network of any size to execution instances that fit a chip.

1. shapes          neurons without a shape get the circuits that their fan-in needs
2. blocks          recurrent components and assigned instances stay whole, other populations may be cut
3. search          fewest instances, then fewest replayed neurons
4. balance         slices that share their instance with nothing else become equally long
5. even circuits   computed odd numbers are raised by one where there is room: a neuron then has equally many circuits
                   in both rows, and a source serves it on one hemisphere only
6. chips           instances that do not depend on each other are dealt out to the chips

Source: reference graph.md 6.1; execution.md 1.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import attrs

from hxtwin.graph.errors import PartitionError, ResourceError
from hxtwin.graph.network import (
    BackgroundSource,
    ExecutionInstanceID,
    ExternalSource,
    Network,
    Population,
    compact_shape,
    with_relays,
    with_shapes,
)
from hxtwin.graph.partition.blocks import blocks_of
from hxtwin.graph.partition.cutting import Slice, cut
from hxtwin.graph.partition.demand import Estimator
from hxtwin.graph.partition.experience import Content, Experience
from hxtwin.graph.partition.limits import Limits
from hxtwin.graph.partition.plan import Partition, Plan, PlannedInstance, counted
from hxtwin.graph.partition.search import lower_bound, search

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hxtwin.graph.partition.blocks import Block
    from hxtwin.graph.partition.search import Cut


def partition(
    network: Network,
    chips: int = 1,
    *,
    limits: Limits | None = None,
    check: Callable[[Network], object] | None = None,
) -> Partition:
    """Cut a network into execution instances.

    Populations that have an execution instance keep it, together with what else the user put there; targets of an
    assigned source join it. The others are assigned; those without shape get one.

    Args:
        network: of any size.
        chips: number of chips that instances may be dealt out to.
        limits: what an instance offers; None: a chip without failed circuits and the input rate of the link.
        check: called with each instance by itself (``with_relays(net).local(i)``); it raises a `ResourceError` if the
            instance cannot be placed or routed, as `hxtwin.graph.configuration.place_and_route` does. The plan is then
            made again with less in such an instance. None: what fits by numbers is not tried out.

    Returns:
        The cut network and the plan that explains it.

    Raises:
        PartitionError: a recurrent component, an assigned instance or a single neuron that does not fit into one
            instance. The message names it and what is missing.
        ResourceError: `check` refuses what cannot be made smaller.
    """
    if chips < 1:
        raise PartitionError("partition", "chips", 1, chips)
    limits = limits or Limits()
    network = _with_implied_places(network)
    shaped = with_shapes(network)
    blocks = blocks_of(shaped)
    bound = lower_bound(blocks, Estimator(shaped, limits))
    experience = Experience()
    while True:
        found = _planned(network, shaped, blocks, chips, limits, bound, experience)
        if check is None:
            return found
        refused = _first_refused(found, check, experience)
        if refused is None:
            return found
        instance, error = refused
        experience = experience.with_refusal(instance.slices, blocks, error)


def _with_implied_places(network: Network) -> Network:
    """The network with targets of assigned sources in the execution instance of the source."""
    places: dict[str, ExternalSource | BackgroundSource] = {}
    for projection in network.projections:
        source, target = network.sources[projection.source], network.population(projection.target)
        if isinstance(source, Population) or source.execution_instance is None or target.execution_instance is not None:
            continue
        other = places.setdefault(target.name, source)
        if other.execution_instance != source.execution_instance:
            raise PartitionError(
                f"Population {target.name!r}",
                "execution instances",
                detail=f"its sources {other.name!r} and {source.name!r} are assigned to different ones",
            )
    if not places:
        return network
    return attrs.evolve(
        network,
        populations=tuple(
            attrs.evolve(
                population,
                execution_instance=places[population.name].execution_instance,
                chip=places[population.name].chip,
            )
            if population.name in places
            else population
            for population in network.populations
        ),
    )


def _planned(
    network: Network,
    shaped: Network,
    blocks: Sequence[Block],
    chips: int,
    limits: Limits,
    bound: int,
    experience: Experience,
) -> Partition:
    """Steps 3 to 6 of the module."""
    estimator = Estimator(shaped, limits, experience)
    found = search(tuple(blocks), estimator, bound)
    contents = _balanced(found.cut, blocks, estimator)
    shaped = _with_even_circuits(network, shaped, contents, limits)
    estimator = Estimator(shaped, limits, experience)

    order = _order(found.cut)
    names = _instance_ids(order, found.cut, blocks, shaped)
    dealt = _dealt(order, found.cut, blocks, shaped, chips)
    slices: dict[str, list[Slice]] = {population.name: [] for population in shaped.populations}
    instances = []
    for number in order:
        pieces = {
            name: Slice(start=start, stop=stop, execution_instance=names[number], chip=dealt[number])
            for name, (start, stop) in contents[number].items()
        }
        for name, piece in pieces.items():
            slices[name].append(piece)
        instances.append(
            PlannedInstance(
                execution_instance=names[number],
                chip=dealt[number],
                slices=pieces,
                circuits={name: estimator.shape(name).circuits for name in pieces},
                needs=tuple(sorted(names[before] for before in found.cut.needs[number])),
                demand=estimator.demand(contents[number]),
            )
        )
    for pieces_of in slices.values():
        pieces_of.sort(key=lambda piece: piece.start)
    cut_network, parts = cut(shaped, slices)
    plan = Plan(
        instances=tuple(instances),
        lower_bound=bound,
        exhausted=found.exhausted,
        reasons=tuple(_reason(block, found.cut.places[number], estimator) for number, block in enumerate(blocks)),
    )
    return Partition(network=cut_network, plan=plan, projection_parts=parts)


def _first_refused(
    found: Partition, check: Callable[[Network], object], experience: Experience
) -> tuple[PlannedInstance, ResourceError] | None:
    """The first instance that cannot be placed or routed, and why; None if all can."""
    explicit = with_relays(found.network)
    for instance in found.plan.instances:
        local = explicit.local(instance.execution_instance)
        if experience.accepts(local):
            continue
        try:
            check(local)
        except ResourceError as error:
            return instance, error
        experience.accept(local)
    return None


def _balanced(cut_found: Cut, blocks: Sequence[Block], estimator: Estimator) -> list[Content]:
    """Contents with equally long slices of populations that share their instances with nothing else."""
    contents = list(cut_found.contents)
    for block, places in zip(blocks, cut_found.places, strict=True):
        if len(places) < 2 or any(len(contents[place]) > 1 for place in places):
            continue
        name = block.populations[0]
        size = estimator.network.population(name).size
        edges = [round(size * number / len(places)) for number in range(len(places) + 1)]
        slices: list[Content] = [{name: pair} for pair in itertools.pairwise(edges)]
        if all(map(estimator.fits, slices)):
            for place, content in zip(places, slices, strict=True):
                contents[place] = content
    return contents


def _with_even_circuits(given: Network, shaped: Network, contents: Sequence[Content], limits: Limits) -> Network:
    """The network with one circuit more for neurons with a computed odd number of them, where all still fits."""
    for population in given.populations:
        shape = shaped.population(population.name).shape
        if population.shape is not None or shape is None or shape.circuits % 2 == 0 or shape.circuits == 1:
            continue
        wider = _replaced(shaped, population.name, shape.circuits + 1)
        estimator = Estimator(wider, limits)
        if all(estimator.fits(content) for content in contents if population.name in content):
            shaped = wider
    return shaped


def _replaced(network: Network, name: str, circuits: int) -> Network:
    def replaced(population: Population) -> Population:
        return attrs.evolve(population, shape=compact_shape(circuits)) if population.name == name else population

    return attrs.evolve(network, populations=tuple(map(replaced, network.populations)))


def _order(found: Cut) -> list[int]:
    """Instances in topological order, otherwise as they were opened."""
    waiting, order = list(range(len(found.contents))), list[int]()
    while waiting:
        ready = next(number for number in waiting if found.needs[number] <= set(order))
        waiting.remove(ready)
        order.append(ready)
    return order


def _instance_ids(
    order: Sequence[int], found: Cut, blocks: Sequence[Block], network: Network
) -> dict[int, ExecutionInstanceID]:
    """Numbers of the instances: assigned ones keep theirs, the others take the smallest free ones in order."""
    names = {
        places[0]: block.assigned
        for block, places in zip(blocks, found.places, strict=True)
        if block.assigned is not None
    }
    assigned = [source.execution_instance for source in network.sources.values()]
    taken, following = {int(instance) for instance in assigned if instance is not None}, 0
    for number in order:
        if number not in names:
            while following in taken:
                following += 1
            names[number] = ExecutionInstanceID(following)
            following += 1
    return names


def _dealt(order: Sequence[int], found: Cut, blocks: Sequence[Block], network: Network, chips: int) -> dict[int, int]:
    """Chip of each instance: those that may run at the same time go to different chips in turn."""
    dealt = {
        places[0]: network.population(block.populations[0]).chip
        for block, places in zip(blocks, found.places, strict=True)
        if block.assigned is not None
    }
    depth: dict[int, int] = {}
    used: dict[int, int] = {}
    for number in order:
        depth[number] = max((depth[before] + 1 for before in found.needs[number]), default=0)
        if number not in dealt:
            following = used.get(depth[number], 0)
            dealt[number] = following % chips
            used[depth[number]] = following + 1
    return dealt


def _reason(block: Block, places: tuple[int, ...], estimator: Estimator) -> str:
    """Why a block is where it is, in one sentence."""
    if block.assigned is not None:
        return f"{block}: assigned by the user"
    if not block.divisible:
        circuits = sum(map(estimator.circuits, block.populations))
        return f"{block}: {circuits} circuits, kept whole"
    name = block.populations[0]
    size, circuits = estimator.network.population(name).size, estimator.shape(name).circuits
    text = f"{block}: {counted(size, 'neuron')} x {counted(circuits, 'circuit')}"
    if len(places) == 1:
        return f"{text} in one instance"
    most = estimator.longest_prefix({}, name, 0)
    shortage = estimator.shortage({name: (0, most + 1)}) if most < size else None
    limit = f", limited by {shortage.resource}" if shortage is not None else ""
    return f"{text} in {len(places)} slices; the first {most} would fit into one instance{limit}"
