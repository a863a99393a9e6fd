"""Search for the cut with the fewest execution instances and, among those, the fewest replayed neurons.

Blocks are put into instances one after the other, each behind those it depends on::

    join       a whole block into an instance that exists: nothing is replayed between blocks on one chip
    new        a whole block into an instance of its own
    few        slices of a block into the largest left-overs of existing instances, as far as that saves new ones
    slices     slices of a block into new instances only
    all        slices of a block into all left-overs, then into new instances

A projection is either wholly on one chip or wholly replayed: no slice of a population runs beside its targets or its
sources, so all neurons of a layer see the same latency ("one layer after the other", reference graph.md 6.1).
The first choice that fits is followed first, then its alternatives, with a limit on the number of steps, once in this
order and once with the slices in the opposite one; a branch that cannot become better than the best found is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hxtwin.graph.errors import PartitionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hxtwin.graph.partition.blocks import Block
    from hxtwin.graph.partition.demand import Estimator
    from hxtwin.graph.partition.experience import Content

#: Steps of the search before the best cut so far is taken.
STEPS = 500


@attrs.frozen(kw_only=True)
class Cut:
    """A choice of instances for the first blocks.

    Args:
        contents: neurons of each instance.
        needs: instances that each instance replays spikes of.
        places: instances of each block that is placed already.
        closed: instances that the user assigned; nothing joins them.
    """

    contents: tuple[Content, ...] = ()
    needs: tuple[frozenset[int], ...] = ()
    places: tuple[tuple[int, ...], ...] = ()
    closed: frozenset[int] = frozenset()

    def ancestors(self, instances: frozenset[int]) -> frozenset[int]:
        """These instances and all that they need, directly or not."""
        found: set[int] = set()
        waiting = list(instances)
        while waiting:
            instance = waiting.pop()
            if instance not in found:
                found.add(instance)
                waiting.extend(self.needs[instance])
        return frozenset(found)


@attrs.frozen(kw_only=True)
class Found:
    """Result of the search.

    Args:
        cut: the best cut.
        replayed: neurons replayed, weighted by their rates, summed over instances.
        exhausted: whether all alternatives were looked at.
    """

    cut: Cut
    replayed: float
    exhausted: bool


def search(blocks: tuple[Block, ...], estimator: Estimator, at_least: int, steps: int = STEPS) -> Found:
    """Look for the best cut.

    Args:
        blocks: in topological order.
        estimator: of the network.
        at_least: lower bound of the number of instances.
        steps: limit of the effort.

    Raises:
        PartitionError: a block that has to stay whole, or a single neuron, does not fit into an instance.
    """
    best: Found | None = None
    for packed in (False, True):
        best = _descend(blocks, estimator, at_least, steps // 2, best, packed=packed)
        if best.exhausted:
            break
    assert best is not None
    return best


def _descend(
    blocks: tuple[Block, ...], estimator: Estimator, at_least: int, steps: int, best: Found | None, *, packed: bool
) -> Found:
    """One search in depth, from the best cut known so far; `packed` tries full instances before few slices."""
    waiting = [Cut()]
    while waiting:
        if steps <= 0 and best is not None:
            return attrs.evolve(best, exhausted=False)
        cut = waiting.pop()
        replayed = _replayed(cut, estimator)
        if best is not None and (len(cut.contents), replayed) >= (len(best.cut.contents), best.replayed):
            continue
        if len(cut.places) == len(blocks):
            best = Found(cut=cut, replayed=replayed, exhausted=True)
            if len(cut.contents) == at_least and not replayed:
                break
            continue
        waiting.extend(reversed(list(_choices(cut, blocks, estimator, packed=packed))))
        steps -= 1
    assert best is not None  # the first descent reaches a complete cut, or raises
    return attrs.evolve(best, exhausted=True)


def _replayed(cut: Cut, estimator: Estimator) -> float:
    """Neurons replayed in all instances, weighted by their rates."""
    return sum(estimator.demand(content).replay_weight for content in cut.contents)


def _choices(cut: Cut, blocks: tuple[Block, ...], estimator: Estimator, *, packed: bool) -> Iterator[Cut]:
    block = blocks[len(cut.places)]
    whole: Content = {name: (0, estimator.network.population(name).size) for name in block.populations}
    shortage = estimator.shortage(whole)
    if shortage is None:
        if block.assigned is None:
            yield from _joined(cut, block, whole, estimator)
        yield _new(cut, block, whole)
    elif not block.divisible:
        raise PartitionError(
            str(block),
            shortage.resource,
            shortage.needed,
            shortage.available,
            "it has to run whole on one chip in one execution instance",
        )
    if block.divisible:
        sliced = _sliced(cut, block, estimator)
        yield from reversed(sliced) if packed else sliced


def _joined(cut: Cut, block: Block, whole: Content, estimator: Estimator) -> Iterator[Cut]:
    """The whole block in an instance that exists."""
    for instance, content in enumerate(cut.contents):
        if instance in cut.closed:
            continue
        outside = frozenset(
            place
            for before in block.before
            for place in cut.places[before]
            if before in block.apart or cut.places[before] != (instance,)
        )
        if instance not in cut.ancestors(outside) and estimator.fits({**content, **whole}):
            yield _with(cut, {instance: whole}, outside)


def _new(cut: Cut, block: Block, whole: Content) -> Cut:
    """The whole block in an instance of its own."""
    needs = frozenset(place for before in block.before for place in cut.places[before])
    added = _with(cut, {len(cut.contents): whole}, needs)
    if block.assigned is not None:
        return attrs.evolve(added, closed=cut.closed | {len(cut.contents)})
    return added


def _sliced(cut: Cut, block: Block, estimator: Estimator) -> list[Cut]:
    """The block in slices, each as long as fits: with few left-overs of existing instances, with none, with all.

    Few: the largest, as many as it takes to save all the new instances that can be saved; a slice in one more instance
    replays everything once more, but leaves more room for what follows.
    """
    name = block.populations[0]
    needs = frozenset(place for before in block.before for place in cut.places[before])
    behind = cut.ancestors(needs) | cut.closed
    free = {
        instance: estimator.longest_prefix(content, name, 0)
        for instance, content in enumerate(cut.contents)
        if instance not in behind
    }
    largest = sorted((instance for instance in free if free[instance]), key=lambda instance: -free[instance])
    slices = _slices(cut, name, estimator, [])
    spread = _slices(cut, name, estimator, largest)
    saved = _new_instances(cut, spread)
    if saved < _new_instances(cut, slices):
        low, high = 1, len(largest)
        while low < high:
            middle = (low + high) // 2
            if _new_instances(cut, _slices(cut, name, estimator, largest[:middle])) == saved:
                high = middle
            else:
                low = middle + 1
        few = _slices(cut, name, estimator, largest[:high])
        return [_with(cut, added, needs) for added in (few, slices, *([spread] if spread != few else []))]
    return [_with(cut, added, needs) for added in (slices, *([spread] if spread != slices else []))]


def _slices(cut: Cut, name: str, estimator: Estimator, left_over: Sequence[int]) -> dict[int, Content]:
    """Slices of a population in some existing instances, then in new ones, each as long as fits.

    Raises:
        PartitionError: not even one neuron fits into an instance of its own.
    """
    size, start = estimator.network.population(name).size, 0
    added: dict[int, Content] = {}
    for instance in sorted(left_over):
        length = estimator.longest_prefix(cut.contents[instance], name, start)
        if length:
            added[instance] = {name: (start, start + length)}
            start += length
    following = len(cut.contents)
    while start < size:
        length = estimator.longest_prefix({}, name, start)
        if not length:
            shortage = estimator.shortage({name: (start, start + 1)})
            assert shortage is not None
            raise PartitionError(
                f"Population {name!r}", shortage.resource, shortage.needed, shortage.available, "for a single neuron"
            )
        added[following] = {name: (start, start + length)}
        start, following = start + length, following + 1
    return added


def _new_instances(cut: Cut, added: dict[int, Content]) -> int:
    """How many of the instances of slices do not exist yet."""
    return sum(instance >= len(cut.contents) for instance in added)


def _with(cut: Cut, added: dict[int, Content], needs: frozenset[int]) -> Cut:
    """The cut with one more block."""
    contents, before = list(cut.contents), list(cut.needs)
    for instance, content in added.items():
        if instance == len(contents):
            contents.append(content)
            before.append(needs)
        else:
            contents[instance] = {**contents[instance], **content}
            before[instance] = before[instance] | needs
    return attrs.evolve(cut, contents=tuple(contents), needs=tuple(before), places=(*cut.places, tuple(sorted(added))))


def fewest_slices(name: str, estimator: Estimator) -> int:
    """Smallest number of instances that the slices of one population need when nothing else runs there."""
    size, start, count = estimator.network.population(name).size, 0, 0
    while start < size:
        length = max(estimator.longest_prefix({}, name, start), 1)
        start += length
        count += 1
    return count


def lower_bound(blocks: tuple[Block, ...], estimator: Estimator) -> int:
    """Number of instances that no cut can undercut.

    The larger of: all circuits over those of a chip; and the longest chain of dependent blocks, where a block that has
    to be cut shares no instance with its neighbours in the chain, and whole ones share one as long as circuits last.
    """
    limit = estimator.limits.circuits
    circuits = [sum(map(estimator.circuits, block.populations)) for block in blocks]
    reached: list[tuple[int, int]] = []
    for number, block in enumerate(blocks):
        slices = fewest_slices(block.populations[0], estimator) if block.divisible else 1
        options = [(0, limit)]
        for before in block.before:
            options.append((reached[before][0], limit) if before in block.apart else reached[before])
        instances, filled = max(options)
        if slices > 1:
            reached.append((instances + slices, limit))
        elif block.assigned is not None or filled + circuits[number] > limit:
            reached.append((instances + 1, limit if block.assigned is not None else circuits[number]))
        else:
            reached.append((instances, filled + circuits[number]))
    chain = max((instances for instances, _ in reached), default=0)
    return max(chain, -(-sum(circuits) // limit))
