"""Routing of one chip: from sources and wanted connections to rows, labels, masks and crossbar nodes.

Steps, each in its own module:

1. `demand`: a circuit for each synapse; limits that nothing can escape
2. `grouping`: sources that share rows, on which bus
3. `addresses`: synapse labels, row select values, drivers (`row_select`)
4. here: rows of the synapses, labels of the sources, filters of the crossbar

The first steps are repeated with other plans until one succeeds; common networks succeed with the first. The order of
plans is fixed and all random choices are seeded: equal problems give equal routings.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from hxtwin.graph.errors import RoutingError
from hxtwin.graph.routing.addresses import (
    BOTH,
    BOTTOM,
    Labels,
    RowSelectChoice,
    choose_labels,
    choose_row_selects,
    code_of,
)
from hxtwin.graph.routing.crossbar_filters import Filters
from hxtwin.graph.routing.demand import Demand, check_limits, chosen_synapses
from hxtwin.graph.routing.geometry import BUSES, EXTERNAL, INTERNAL, SYNAPSE_LABELS
from hxtwin.graph.routing.grouping import Grouping, build_grouping, generator_orders, place_key
from hxtwin.graph.routing.packing_kernel import SLOTS
from hxtwin.graph.routing.plan import MERGED, STYLES, Plan, Shortage
from hxtwin.graph.routing.solution import Routing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hxtwin.graph.routing.problem import Ints, RoutingProblem

EFFORT = 400
"""Default of the number of combinations of row select values that are tried on each bus for one grouping."""
MOVES = 500_000
"""Default of the moves of a refinement, the last resort: a second or two for each of at most six plans."""
SHUFFLES = 2
"""Random orders of external sources that are tried after all others."""


def route(problem: RoutingProblem, *, effort: int = EFFORT, moves: int = MOVES) -> Routing:
    """Finds a routing.

    Args:
        problem: what to route.
        effort: bound of the search for row select values, see `EFFORT`.
        moves: bound of the search for groups, see `MOVES`; 0: packing only.

    Returns:
        The routing; `hxtwin.graph.configuration.check_connections` tells independently what it does.

    Raises:
        RoutingError: no routing exists, or none was found with this effort; names the resource that ran out (in the
            attempt that came farthest) and the numbers.
    """
    synapses = chosen_synapses(problem)
    check_limits(problem, synapses)
    demand = Demand.of(problem, synapses)
    best: Shortage | None = None
    for plan in _plans(problem, demand, moves):
        if isinstance(plan, Shortage):
            best = plan
            break
        outcome = _attempt(problem, demand, plan, effort)
        if isinstance(outcome, Routing):
            return outcome
        if best is None or outcome.progress > best.progress:
            best = outcome
    assert best is not None
    raise RoutingError(best.entity, best.resource, best.needed, best.available, best.detail)


def _plans(problem: RoutingProblem, demand: Demand, moves: int) -> Iterator[Plan | Shortage]:
    """Plans, the promising ones first."""
    internal = (problem.kind == INTERNAL) & demand.reach.any(axis=1)
    per_bus = np.array([demand.number[_entries(demand, internal & (problem.bus == b))].sum() for b in range(BUSES)])
    orders = generator_orders(problem, per_bus)
    if isinstance(orders, Shortage):
        yield orders
        return
    external = (problem.kind == EXTERNAL)[:, np.newaxis] & demand.reach
    crowd = int(external.sum(axis=0).max(initial=0))
    widths = [32]
    if crowd:
        groups_per_bus = -(-crowd // (BUSES * SYNAPSE_LABELS))
        fitting = max(32 // groups_per_bus, 1)
        widths = list(dict.fromkeys([fitting, 32, max(fitting // 2, 1), 16, 8, 4, 2, 1]))
    styles = STYLES if internal.any() else STYLES[:1]
    joints = (True, False) if external.all(axis=1).any() else (True,)
    for width, style, joint, order in itertools.product(widths, styles, joints, orders):
        yield Plan(style=style, width=width, joint=joint, generator_buses=order)
    if crowd:
        for shuffle, style, width in itertools.product(range(SHUFFLES), styles, widths[:3]):
            yield Plan(style=style, width=width, joint=joints[-1], generator_buses=orders[0], shuffle=shuffle)
    if not moves:
        return
    for style, width in itertools.product((2, 4, MERGED) if internal.any() else (MERGED,), widths[:2]):
        yield Plan(style=style, width=width, joint=joints[-1], generator_buses=orders[0], moves=moves)


def _entries(demand: Demand, sources: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ints:
    return np.flatnonzero(np.repeat(sources, np.diff(demand.begin)))


def _attempt(problem: RoutingProblem, demand: Demand, plan: Plan, effort: int) -> Routing | Shortage:
    grouping = build_grouping(problem, demand, plan)
    if isinstance(grouping, Shortage):
        return grouping
    choice = choose_row_selects(problem, grouping, effort=effort)
    if isinstance(choice, Shortage):
        return choice
    return _assemble(problem, demand, grouping, choice, choose_labels(problem, grouping))


def _assemble(
    problem: RoutingProblem, demand: Demand, grouping: Grouping, choice: RowSelectChoice, labels: Labels
) -> Routing:
    driver_mask, row_mode, rows_of = _rows(grouping, choice)
    synapses = demand.synapses
    group = grouping.entry_group[demand.entry]
    half = synapses.circuit // 256
    row = np.empty(len(group), dtype=np.int64)
    order = np.lexsort((synapses.source, synapses.circuit, synapses.receptor, group))
    key = (group * 2 + synapses.receptor) * 512 + synapses.circuit
    sorted_key = key[order]
    starts = np.flatnonzero(np.concatenate([[True], sorted_key[1:] != sorted_key[:-1]])) if len(order) else order
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    row[order] = rows_of[group[order], half[order], synapses.receptor[order], rank]
    filters = Filters()
    address = np.full(512, -1, dtype=np.int64)
    _internal_addresses(problem, grouping, choice, labels, address, filters)
    begin, external = _external_labels(problem, demand, grouping, choice, labels, filters)
    generator_label, generator_mask, generator_source = _generators(problem, grouping, choice, labels, filters)
    return Routing(
        synapses=synapses,
        row=row,
        label=_synapse_labels(problem, demand, grouping, labels),
        external_begin=begin,
        external_labels=external,
        internal_address=address,
        generator_label=generator_label,
        generator_mask=generator_mask,
        generator_source=generator_source,
        driver_mask=driver_mask,
        row_mode=row_mode,
        node_mask=filters.mask,
        node_target=filters.target,
    )


def _rows(grouping: Grouping, choice: RowSelectChoice) -> tuple[Ints, Ints, Ints]:
    """Masks of drivers, modes of rows, and the rows of each (group, hemisphere, receptor) in order of use."""
    driver_mask = np.full((2, 128), -1, dtype=np.int64)
    row_mode = np.zeros((2, 256), dtype=np.int64)
    rows_of = np.full((len(grouping.rows), 2, 2, 64), -1, dtype=np.int64)
    for bus in range(BUSES):
        for half in range(2):
            share = choice.buses[bus].shares[half]
            for place in np.unique(share.owner[share.owner >= 0]):
                group = SLOTS * bus + int(place)
                index = np.flatnonzero(share.owner == place)
                driver = 4 * index + bus
                driver_mask[half, driver] = share.mask[index]
                rows = np.sort(np.concatenate([2 * driver, 2 * driver + 1]))
                exc, inh = grouping.rows[group, half].tolist()
                for receptor, chosen in enumerate((rows[:exc], rows[exc : exc + inh])):
                    row_mode[half, chosen] = receptor + 1
                    rows_of[group, half, receptor, : len(chosen)] = 256 * half + chosen
    return driver_mask, row_mode, rows_of


def _internal_addresses(
    problem: RoutingProblem,
    grouping: Grouping,
    choice: RowSelectChoice,
    labels: Labels,
    address: Ints,
    filters: Filters,
) -> None:
    output = problem.circuit % 256 // 32
    sending = np.flatnonzero((problem.kind == INTERNAL) & (labels.source[:, 0] >= 0))
    coded = grouping.reach_coded[output]
    code = code_of(grouping.heard) ^ choice.flip[output]
    for source in sending:
        o, group = int(output[source]), int(grouping.joint_group[source])
        bits = int(code[source]) if coded[source] or group < 0 else choice.internal[o, group]
        address[problem.circuit[source]] = bits << 6 | int(labels.source[source, 0])
    for o in np.unique(output[sending]).tolist():
        members = sending[output[sending] == o]
        filters.event_output(
            o,
            heard=grouping.heard[members].any(axis=0).tolist(),
            recorded=bool(problem.recorded[members].any()),
            flip=int(choice.flip[o]) if grouping.reach_coded[o] else None,
        )


def _external_labels(
    problem: RoutingProblem,
    demand: Demand,
    grouping: Grouping,
    choice: RowSelectChoice,
    labels: Labels,
    filters: Filters,
) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.uint16]]]:
    """Labels to send: one for each (source, group, hemisphere), or for both hemispheres."""
    places = grouping.places
    joint = grouping.joint_group[places[:, 0]] >= 0
    wide = np.zeros(BUSES, dtype=bool)
    wide[places[joint, 1] // SLOTS] = True
    quiet = np.flatnonzero((problem.kind == EXTERNAL) & problem.recorded & ~demand.reach.any(axis=1))
    # recorded-only events take the input channels in turn, 2048 on each, and are kept from both hemispheres
    quiet_bus, quiet_rest = np.arange(len(quiet)) % BUSES, np.arange(len(quiet)) // BUSES
    wide[quiet_bus] = True
    found: list[tuple[int, int]] = []
    rows = zip(places.tolist(), joint.tolist(), labels.external.tolist(), strict=True)
    for (source, group, half), both, label in rows:
        if both and half == 1:
            continue
        value = choice.joint[group] if both else choice.base[group, half]
        bus = group // SLOTS
        code = BOTH if both else (BOTTOM if half else 0)
        first = not found or found[-1][0] != source
        found.append(
            (
                source,
                filters.external_label(
                    bus,
                    code=code,
                    wide=bool(wide[bus]),
                    recorded=bool(problem.recorded[source]) and first,
                    row_select=value,
                    label=label,
                ),
            )
        )
    for source, bus, rest in zip(quiet.tolist(), quiet_bus.tolist(), quiet_rest.tolist(), strict=True):
        if rest >= 2048:
            raise RoutingError(
                problem.source_name(source), "labels of recorded sources without targets", len(quiet), 4 * 2048
            )
        found.append((source, filters.quiet_label(bus, rest)))
    for bus in range(BUSES):
        here = places[:, 1] // SLOTS == bus
        filters.input_channel(
            bus, halves=[bool((here & (places[:, 2] == half)).any()) for half in range(2)], wide=bool(wide[bus])
        )
    found.sort(key=lambda item: item[0])
    begin = np.searchsorted([source for source, _ in found], np.arange(problem.sources + 1))
    return begin.astype(np.int64), np.array([label for _, label in found], dtype=np.uint16)


def _generators(
    problem: RoutingProblem, grouping: Grouping, choice: RowSelectChoice, labels: Labels, filters: Filters
) -> tuple[Ints, Ints, Ints]:
    label, mask = np.full(8, -1, dtype=np.int64), np.zeros(8, dtype=np.int64)
    source = np.full(8, -1, dtype=np.int64)
    for number, size in enumerate(problem.generator_sizes.tolist()):
        bus = grouping.plan.generator_buses[number]
        recorded = bool((problem.recorded & (problem.generator == number)).any())
        for half in range(2):
            heard = bool(grouping.generator_heard[number, half])
            if not heard and not (recorded and half == 0):
                continue
            unit = bus + 4 * half
            value = max(int(choice.generator[number, half]), 0)
            first = max(int(labels.generator[number, half]), 0)
            label[unit] = filters.generator(unit, heard=heard, recorded=recorded and half == 0) | value << 6 | first
            mask[unit], source[unit] = size - 1, number
    return label, mask, source


def _synapse_labels(problem: RoutingProblem, demand: Demand, grouping: Grouping, labels: Labels) -> Ints:
    synapses = demand.synapses
    source, half = synapses.source, synapses.circuit // 256
    label = labels.source[source, 0].copy()
    external = problem.kind[source] == EXTERNAL
    group = grouping.entry_group[demand.entry]
    keys = place_key(*grouping.places.T)
    label[external] = labels.external[np.searchsorted(keys, place_key(source, group, half)[external])]
    background = problem.generator[source] >= 0
    generator = problem.generator[source[background]]
    label[background] = labels.generator[generator, half[background]] + problem.offset[source[background]] % 64
    return np.asarray(label, dtype=np.int64)


__all__ = ["EFFORT", "route"]
