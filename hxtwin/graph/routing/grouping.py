"""Groups of sources that share synapse rows, for all buses of a chip.

How they are made is said by a `Plan`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.routing.geometry import (
    BACKGROUND,
    BUSES,
    DRIVERS,
    EVENT_OUTPUTS,
    EXTERNAL,
    GENERATORS,
    HEMISPHERE_NAMES,
    INTERNAL,
    SYNAPSE_LABELS,
)
from hxtwin.graph.routing.packing_kernel import GROUPS, SLOTS, pack_sources
from hxtwin.graph.routing.plan import BY_OUTPUT, MERGED, Plan, Shortage
from hxtwin.graph.routing.refinement_kernel import refine_groups

if TYPE_CHECKING:
    from hxtwin.graph.routing.demand import Demand
    from hxtwin.graph.routing.problem import Ints, RoutingProblem


HOPELESS: Final = 48
"""Missing drivers of the 256 of a chip with which a refinement is not started."""


@attrs.frozen(kw_only=True, eq=False)
class Grouping:
    """Sources and their groups; group g lies on bus g // SLOTS.

    Args:
        plan: how it was made.
        rows: ``int64[groups, 2, 2]``, rows by hemisphere and receptor.
        entry_group: ``int64[entries]``.
        joint_group: ``int64[sources]``, group for both hemispheres, or the bound one of an internal source; else -1.
        heard: ``bool[sources, 2]``, hemispheres in which the events of a source are on the bus.
        reach_coded: ``bool[8]``, event outputs whose row select bits say which hemispheres are meant.
        places: ``int64[n, 3]``, (source, group, hemisphere) of every label that external sources need, ascending.
        generator_groups: for each background source its groups (several if it has more than 64 neurons).
        generator_heard: ``bool[generators, 2]``.
        internal_groups: for each event output the groups that its sources may be in.
    """

    plan: Plan
    rows: Ints
    entry_group: Ints
    joint_group: Ints
    heard: npt.NDArray[np.bool_]
    reach_coded: npt.NDArray[np.bool_]
    places: Ints
    generator_groups: tuple[tuple[int, ...], ...]
    generator_heard: npt.NDArray[np.bool_]
    internal_groups: tuple[tuple[int, ...], ...]

    @property
    def drivers(self) -> Ints:
        """Drivers that each group needs, ``int64[groups, 2]``."""
        needed: Ints = (self.rows.sum(axis=2) + 1) // 2
        return needed


class _Builder:
    """State of the packing while a plan is carried out."""

    def __init__(self, problem: RoutingProblem, demand: Demand, plan: Plan) -> None:
        self.problem, self.demand, self.plan = problem, demand, plan
        self.count = np.zeros((GROUPS, 2, 512), dtype=np.int64)
        self.rows = np.zeros((GROUPS, 2, 2), dtype=np.int64)
        self.labels = np.zeros((GROUPS, 2), dtype=np.int64)
        self.opened = np.zeros(GROUPS, dtype=bool)
        self.drivers = np.zeros((BUSES, 2), dtype=np.int64)
        self.entry_group = np.full(len(demand.circuit), -1, dtype=np.int64)
        self.joint_group = np.full(problem.sources, -1, dtype=np.int64)
        self.slots_taken = np.zeros(BUSES, dtype=np.int64)
        self.most = 1 << 20 if plan.moves else DRIVERS

    def open_group(self, bus: int) -> int:
        """Number of a new group on a bus."""
        group = SLOTS * bus + int(self.slots_taken[bus])
        self.slots_taken[bus] += 1
        self.opened[group] = True
        return group

    def pack(
        self, order: Ints, heard: npt.NDArray[np.bool_], candidates: dict[int, tuple[int, ...]], width: int
    ) -> Shortage | None:
        """Packs sources in the given order; `candidates` binds sources to groups."""
        sizes = np.zeros(self.problem.sources + 1, dtype=np.int64)
        for source, groups in candidates.items():
            sizes[source + 1] = len(groups)
        flat = [group for source in sorted(candidates) for group in candidates[source]]
        demand = self.demand
        source, half = pack_sources(
            order, demand.begin, demand.circuit, demand.receptor, demand.number, heard,
            np.cumsum(sizes), np.array(flat, dtype=np.int64), self.plan.joint, width, self.most,
            self.count, self.rows, self.labels, self.opened, self.drivers, self.entry_group, self.joint_group,
        )  # fmt: skip
        return None if source < 0 else self._shortage(int(source), int(half), candidates.get(int(source), ()))

    def refine(self, heard: npt.NDArray[np.bool_], candidates: dict[int, tuple[int, ...]]) -> Shortage | None:
        """Moves sources until every bus has enough drivers; the rest stays as it is."""
        excess = int(np.maximum(self.drivers - DRIVERS, 0).sum())
        if excess > HOPELESS:
            return self._too_many(excess)
        units = _Units(self, heard, candidates)
        missing = refine_groups(
            units.first, units.last, units.halves, units.group, units.candidate_begin, units.candidate,
            self.demand.circuit, self.demand.receptor, self.demand.number,
            self.count, self.rows, self.labels, self.drivers, self.plan.moves, 0,
        )  # fmt: skip
        units.write_back(self)
        return self._too_many(missing) if missing else None

    def _too_many(self, missing: int) -> Shortage:
        bus, half = divmod(int(self.drivers.argmax()), 2)
        return Shortage(
            f"PADI bus {bus} of the {HEMISPHERE_NAMES[half]} hemisphere",
            "synapse drivers",
            int(self.drivers[bus, half]),
            DRIVERS,
            f"{missing} drivers are missing on the chip",
            0.5,
        )

    def _shortage(self, source: int, half: int, groups: tuple[int, ...]) -> Shortage:
        name, half_name = self.problem.source_name(source), HEMISPHERE_NAMES[half]
        demand = self.demand
        entries = slice(demand.begin[source], demand.begin[source + 1])
        here = demand.circuit[entries] // 256 == half
        rows = sum(
            int(demand.number[entries][here & (demand.receptor[entries] == receptor)].max(initial=0))
            for receptor in range(2)
        )
        placed = float((self.entry_group >= 0).mean()) if len(self.entry_group) else 0.0
        if groups:
            bus = groups[0] // SLOTS
            if all(self.labels[group, half] >= SYNAPSE_LABELS for group in groups):
                return Shortage(
                    name,
                    f"synapse labels on PADI bus {bus} of the {half_name} hemisphere",
                    int(self.labels[list(groups), half].sum()) + 1,
                    SYNAPSE_LABELS * len(groups),
                    "place the neurons on other event outputs",
                    placed,
                )
            resource, used, all_rows = f"synapse rows on PADI bus {bus} of the {half_name} hemisphere", bus, 64
            taken = int(self.rows[SLOTS * used : SLOTS * (used + 1), half].sum())
        else:
            resource, all_rows = f"synapse rows of the {half_name} hemisphere", 256
            taken = int(self.rows[:, half].sum())
        return Shortage(
            name,
            resource,
            max(taken + rows, all_rows + 1),
            all_rows,
            f"{taken} rows are taken when this source needs {rows}; "
            f"{placed:.0%} of the synapses of the chip were placed",
            placed,
        )


class _Units:
    """What the refinement moves: sources in one group, or their part in one hemisphere."""

    def __init__(self, builder: _Builder, heard: npt.NDArray[np.bool_], candidates: dict[int, tuple[int, ...]]) -> None:
        demand, kind = builder.demand, builder.problem.kind
        opened = tuple(np.flatnonzero(builder.opened).tolist())
        half_begin = demand.begin[:-1] + np.bincount(
            np.repeat(np.arange(len(kind)), np.diff(demand.begin))[demand.circuit < 256], minlength=len(kind)
        )
        rows: list[tuple[int, int, bool, bool, int]] = []
        choices: list[tuple[int, ...]] = []
        self.joint: list[int] = []
        for source in np.flatnonzero(heard.any(axis=1)).tolist():
            first, middle, last = int(demand.begin[source]), int(half_begin[source]), int(demand.begin[source + 1])
            group = int(builder.joint_group[source])
            if group >= 0:
                rows.append((first, last, bool(heard[source, 0]), bool(heard[source, 1]), group))
                # the labels of a background source stay together
                bound = (group,) if kind[source] == BACKGROUND else candidates.get(source, opened)
                choices.append(bound)
                self.joint.append(source)
                continue
            for half, (start, stop) in enumerate(((first, middle), (middle, last))):
                groups = set(builder.entry_group[start:stop].tolist())
                if len(groups) == 1:  # what is spread over several groups stays
                    rows.append((start, stop, half == 0, half == 1, groups.pop()))
                    choices.append(opened)
                    self.joint.append(-1)
        table = np.array(rows, dtype=np.int64).reshape(-1, 5)
        self.first, self.last, self.group = table[:, 0].copy(), table[:, 1].copy(), table[:, 4].copy()
        self.halves = table[:, 2:4].astype(bool)
        self.candidate_begin = np.cumsum([0, *(len(groups) for groups in choices)])
        self.candidate = np.array([group for groups in choices for group in groups], dtype=np.int64)

    def write_back(self, builder: _Builder) -> None:
        """Groups of entries and sources after the moves."""
        for first, last, group, joint in zip(
            self.first.tolist(), self.last.tolist(), self.group.tolist(), self.joint, strict=True
        ):
            builder.entry_group[first:last] = group
            if joint >= 0:
                builder.joint_group[joint] = group


def build_grouping(problem: RoutingProblem, demand: Demand, plan: Plan) -> Grouping | Shortage:
    """Carries out a plan: internal sources, then background sources, then external ones.

    Returns:
        The groups, or what ran out.
    """
    builder = _Builder(problem, demand, plan)
    routed = demand.reach.any(axis=1)
    heard = demand.reach.copy()
    output = np.where(problem.kind == INTERNAL, problem.circuit % 256 // 32, -1)
    reach_coded = np.ones(EVENT_OUTPUTS, dtype=bool)
    groups_of_output: list[tuple[int, ...]] = [()] * EVENT_OUTPUTS
    candidates: dict[int, tuple[int, ...]] = {}
    for bus in range(BUSES):
        outputs = [o for o in (bus, bus + 4) if (routed & (output == o)).any()]
        if not outputs:
            continue
        split = plan.style not in (MERGED, BY_OUTPUT)
        if split:
            for o in outputs:
                reach_coded[o] = False
                emitting = (output == o) & (routed | problem.recorded)
                heard[emitting] = demand.reach[output == o].any(axis=0)
            shared = tuple(builder.open_group(bus) for _ in range(plan.style))
            groups_of_output[bus], groups_of_output[bus + 4] = shared, shared
        else:
            merged = plan.style == MERGED and (heard[(output % 4 == bus) & (output >= 0)].sum(axis=0) <= 64).all()
            group = builder.open_group(bus)
            for o in outputs:
                groups_of_output[o] = (group,) if merged or o == outputs[0] else (builder.open_group(bus),)
        for o in outputs:
            candidates.update({int(s): groups_of_output[o] for s in np.flatnonzero(heard.any(axis=1) & (output == o))})
    order = _by_size(demand, np.array(sorted(candidates), dtype=np.int64))
    shortage = builder.pack(order, heard, candidates, 32)
    if shortage is not None:
        return shortage
    found = _place_generators(builder, heard)
    if isinstance(found, Shortage):
        return found
    generator_groups, generator_heard = found
    external = np.flatnonzero((problem.kind == EXTERNAL) & routed)
    order = _by_size(demand, external)
    if plan.shuffle is not None:
        order = np.random.default_rng(plan.shuffle).permutation(external)
    shortage = builder.pack(order, heard, {}, plan.width)
    if shortage is None and plan.moves:
        shortage = builder.refine(heard, candidates)
    if shortage is not None:
        return shortage
    return Grouping(
        plan=plan,
        rows=builder.rows,
        entry_group=builder.entry_group,
        joint_group=builder.joint_group,
        heard=heard,
        reach_coded=reach_coded,
        places=_external_places(problem, demand, builder.entry_group),
        generator_groups=generator_groups,
        generator_heard=generator_heard,
        internal_groups=tuple(groups_of_output),
    )


def _external_places(problem: RoutingProblem, demand: Demand, entry_group: Ints) -> Ints:
    source = np.repeat(np.arange(problem.sources), np.diff(demand.begin))
    keys = np.unique(place_key(source, entry_group, demand.circuit // 256)[problem.kind[source] == EXTERNAL])
    return np.stack([keys // (2 * GROUPS), keys // 2 % GROUPS, keys % 2], axis=1)


def place_key(source: Ints, group: Ints, half: Ints) -> Ints:
    """One number for (source, group, hemisphere), ascending like these."""
    return (source * GROUPS + group) * 2 + half


def _by_size(demand: Demand, sources: Ints) -> Ints:
    """Sources ordered by the synapses they need, most first, else as they were."""
    total = np.concatenate([[0], np.cumsum(demand.number)])
    size = total[demand.begin[1:]] - total[demand.begin[:-1]]
    return sources[np.argsort(-size[sources], kind="stable")]


def _place_generators(
    builder: _Builder, heard: npt.NDArray[np.bool_]
) -> Shortage | tuple[tuple[tuple[int, ...], ...], npt.NDArray[np.bool_]]:
    """Groups of the background sources: one for up to 64 neurons, one for each 64 above."""
    problem, plan = builder.problem, builder.plan
    groups: list[tuple[int, ...]] = []
    generator_heard = np.zeros((len(problem.generator_sizes), 2), dtype=bool)
    for generator, size in enumerate(problem.generator_sizes.tolist()):
        members = np.flatnonzero((problem.kind == BACKGROUND) & (problem.generator == generator))
        halves = builder.demand.reach[members].any(axis=0)
        generator_heard[generator] = halves
        if not halves.any():
            groups.append(())
            continue
        bus = plan.generator_buses[generator]
        internal = SLOTS * bus
        fits = size < 64 and (builder.labels[internal] + size * halves <= SYNAPSE_LABELS).all()
        if plan.style == MERGED and fits and builder.slots_taken[bus] == 1:
            own: tuple[int, ...] = (internal,)
        else:
            own = tuple(builder.open_group(bus) for _ in range(-(-size // 64)))
        groups.append(own)
        heard[members] = builder.demand.reach[members]
        candidates: dict[int, tuple[int, ...]] = {
            int(s): (own[int(problem.offset[s]) // 64],) for s in members if builder.demand.reach[s].any()
        }
        before = builder.labels[list(own)].copy()
        shortage = builder.pack(np.array(sorted(candidates), dtype=np.int64), heard, candidates, 32)
        if shortage is not None:
            return shortage
        # all labels of the generator are on the bus, whether they have targets or not
        builder.labels[list(own)] = before + min(size, 64) * halves
    return tuple(groups), generator_heard


def generator_orders(problem: RoutingProblem, load: Ints) -> list[tuple[int, ...]] | Shortage:
    """Buses for the background sources: the first free ones, and those with the least other load.

    Args:
        problem: with the buses that the user gave.
        load: ``int64[4]``, rows that internal sources need on each bus.
    """
    wanted = problem.generator_buses.tolist()
    given = [bus for bus in wanted if bus >= 0]
    if len(wanted) > GENERATORS or len(set(given)) != len(given):
        return Shortage(
            "background sources",
            "background generators",
            len(wanted) if len(wanted) > GENERATORS else len(given),
            GENERATORS if len(wanted) > GENERATORS else len(set(given)),
            "each takes one pair of generators, and they need buses of their own",
            0.0,
        )
    orders = []
    for free in (range(BUSES), np.argsort(load, kind="stable").tolist()):
        left = [bus for bus in free if bus not in given]
        orders.append(tuple(bus if bus >= 0 else left.pop(0) for bus in wanted))
    return list(dict.fromkeys(orders))
