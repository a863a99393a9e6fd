"""Synapse labels and row select values: what makes the sources of a bus distinguishable.

Synapse labels are unique among the sources that the drivers of a group hear in a hemisphere. Free bits of the row
select of reach-coded event outputs (before `flip` is applied):

==========================  ====  ==================================================
source is meant for         bits  at the crossbar
==========================  ====  ==================================================
top                         00    top passes iff bit 6 of the address is 0
nobody (recorded only)      01    neither passes
both                        10    bottom passes iff bit 7 of the address is 1
bottom                      11
==========================  ====  ==================================================
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.graph.routing.geometry import EVENT_OUTPUTS, INTERNAL, ROW_SELECTS, SYNAPSE_LABELS
from hxtwin.graph.routing.packing_kernel import GROUPS, SLOTS
from hxtwin.graph.routing.plan import Shortage
from hxtwin.graph.routing.row_select import Presence, RowSelects, search_row_selects

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from hxtwin.graph.routing.grouping import Grouping
    from hxtwin.graph.routing.problem import Ints, RoutingProblem

TOP, NOBODY, BOTH, BOTTOM = range(4)
_CODE: Final = np.array([[NOBODY, BOTTOM], [TOP, BOTH]])
"""Code of a source by (heard in top, heard in bottom)."""


@attrs.frozen(kw_only=True, eq=False)
class Labels:
    """Synapse labels.

    Args:
        source: ``int64[sources, 2]``, label of an internal source (the same in both hemispheres), -1: none.
        external: ``int64[n]``, labels of the places of external sources (`Grouping.places`).
        generator: ``int64[generators, 2]``, lowest label of a background source in each hemisphere.
    """

    source: Ints
    external: Ints
    generator: Ints


def choose_labels(problem: RoutingProblem, grouping: Grouping) -> Labels:
    """Gives every source a label that is unique in its group.

    Blocks of background sources come first, then what is heard in both hemispheres, then the rest.
    """
    used = np.zeros((GROUPS, 2, SYNAPSE_LABELS), dtype=bool)
    generator = np.full((len(problem.generator_sizes), 2), -1, dtype=np.int64)
    for number in np.argsort(-problem.generator_sizes, kind="stable"):
        size = min(int(problem.generator_sizes[number]), SYNAPSE_LABELS)
        for half in np.flatnonzero(grouping.generator_heard[number]).tolist():
            for group in grouping.generator_groups[number]:
                blocks = used[group, half].reshape(-1, size).any(axis=1)
                first = int(np.flatnonzero(~blocks)[0]) * size
                used[group, half, first : first + size] = True
                generator[number, half] = first
    internal = np.full((problem.sources, 2), -1, dtype=np.int64)
    places = grouping.places
    joint = grouping.joint_group[places[:, 0]] >= 0
    external = np.empty(len(places), dtype=np.int64)
    bound = np.flatnonzero((problem.kind == INTERNAL) & (grouping.joint_group >= 0))
    wide = grouping.heard[bound].all(axis=1)
    for source in bound[wide]:
        internal[source] = _take(used, int(grouping.joint_group[source]), (0, 1))
    # the two places of a joint label, top and bottom, follow each other
    for place in np.flatnonzero(joint)[::2]:
        external[place : place + 2] = _take(used, int(places[place, 1]), (0, 1))
    for source in bound[~wide].tolist():
        side = int(grouping.heard[source, 1])
        internal[source] = _take(used, int(grouping.joint_group[source]), (side,))
    for place in np.flatnonzero(~joint):
        external[place] = _take(used, int(places[place, 1]), (int(places[place, 2]),))
    # recorded only: a label of their own class in each event output
    output = problem.circuit % 256 // 32
    quiet = (problem.kind == INTERNAL) & problem.recorded & (grouping.joint_group < 0)
    for number in range(EVENT_OUTPUTS):
        members = np.flatnonzero(quiet & (output == number))
        internal[members] = np.arange(len(members))[:, np.newaxis]
    return Labels(source=internal, external=external, generator=generator)


def _take(used: npt.NDArray[np.bool_], group: int, halves: tuple[int, ...]) -> int:
    """The lowest label that is free in all given hemispheres of a group."""
    taken = np.logical_or.reduce([used[group, half] for half in halves])
    label = int(taken.argmin())
    if taken[label]:
        raise AssertionError(f"group {group} has more labels than were counted")
    used[group, list(halves), label] = True
    return label


@attrs.frozen(kw_only=True, eq=False)
class RowSelectChoice:
    """Row select values and drivers of all groups.

    Args:
        flip: ``int64[8]``, exclusive or on the free bits of reach-coded event outputs.
        internal: free row select bits of an event output in a group, for outputs that are not reach-coded.
        base: row select of external events in (group, hemisphere); joint ones have one value for both hemispheres.
        joint: row select of joint external events, by group.
        generator: ``int64[generators, 2]``, row select of the first 64 neurons of a background source.
        buses: drivers, by bus; groups are those of the whole chip.
    """

    flip: Ints
    internal: dict[tuple[int, int], int]
    base: dict[tuple[int, int], int]
    joint: dict[int, int]
    generator: Ints
    buses: tuple[RowSelects, ...]


class _BusValues:
    """Row select values on one bus as a function of the candidates of the variables."""

    def __init__(self, problem: RoutingProblem, grouping: Grouping, bus: int) -> None:
        self.problem, self.grouping, self.bus = problem, grouping, bus
        in_use = np.zeros((GROUPS, 2), dtype=bool)
        places = grouping.places
        in_use[places[:, 1], places[:, 2]] = True
        self.external = in_use[SLOTS * bus : SLOTS * (bus + 1)]
        joint = places[grouping.joint_group[places[:, 0]] >= 0, 1]
        self.joint = np.zeros(SLOTS, dtype=bool)
        self.joint[joint[joint // SLOTS == bus] - SLOTS * bus] = True
        output = np.where(problem.kind == INTERNAL, problem.circuit % 256 // 32, -1)
        bound = grouping.joint_group >= 0
        self.outputs = [o for o in (bus, bus + 4) if (bound & (output == o)).any()]
        code = _CODE[grouping.heard[:, 0].astype(int), grouping.heard[:, 1].astype(int)]
        self.codes = {o: sorted(set(code[bound & (output == o)].tolist())) for o in self.outputs}
        self.members = {
            (int(o), int(group)) for o, group in zip(output[bound], grouping.joint_group[bound], strict=True) if o >= 0
        }
        self.halves = {o: grouping.heard[bound & (output == o)].any(axis=0) for o in self.outputs}
        with_internal = {group for o, group in self.members if o in self.outputs}
        self.generators = [
            number
            for number, groups in enumerate(grouping.generator_groups)
            if groups and groups[0] // SLOTS == bus and groups[0] not in with_internal
        ]
        self.guests = [
            number
            for number, groups in enumerate(grouping.generator_groups)
            if groups and groups[0] // SLOTS == bus and groups[0] in with_internal
        ]
        own = {group for number in self.generators for group in grouping.generator_groups[number]}
        self.free = [
            group
            for group in range(SLOTS * bus, SLOTS * (bus + 1))
            if group not in with_internal and group not in own and in_use[group].any()
        ]
        self.with_internal = sorted(with_internal)
        drivers = grouping.drivers
        self.free.sort(key=lambda group: -int(drivers[group].sum()))
        self.variables: list[tuple[str, int, list[tuple[int, ...]]]] = []
        for o in self.outputs:
            options: list[tuple[int, ...]] = (
                [(flip,) for flip in range(4)]
                if grouping.reach_coded[o]
                else list(itertools.permutations(range(4), len(grouping.internal_groups[o])))
            )
            self.variables.append(("output", o, options))
        for number in self.generators:
            step = len(grouping.generator_groups[number])
            self.variables.append(("generator", number, [(v,) for v in range(0, ROW_SELECTS, step)]))
        for group in self.free:
            self.variables.append(("free", group, [(v,) for v in range(ROW_SELECTS)]))

    def presence(self, chosen: Sequence[int]) -> Presence:
        """Values of all groups of the bus for the candidates of the first variables."""
        return self.values(chosen)[0]

    def values(self, chosen: Sequence[int]) -> tuple[Presence, dict[tuple[int, int], int], dict[int, int]]:
        """Values, and those of external events: by (group, hemisphere), and of joint ones by group."""
        first = SLOTS * self.bus
        now = [[0, 0] for _ in range(SLOTS)]
        base: dict[tuple[int, int], int] = {}
        joint: dict[int, int] = {}
        for (kind, number, options), candidate in zip(self.variables, chosen, strict=False):
            option = options[candidate]
            if kind == "output":
                for group, value, half in self._internal(number, option):
                    now[group - first][half] |= 1 << value
            elif kind == "generator":
                for position, group in enumerate(self.grouping.generator_groups[number]):
                    for half in range(2):
                        heard = bool(self.grouping.generator_heard[number, half])
                        if heard or self.external[group - first, half]:
                            now[group - first][half] |= 1 << (option[0] + position)
                            base[group, half] = option[0] + position
                    if self.joint[group - first]:
                        joint[group] = option[0] + position
            else:
                for half in range(2):
                    if self.external[number - first, half]:
                        now[number - first][half] |= 1 << option[0]
                        base[number, half] = option[0]
                joint[number] = option[0]
        if len(chosen) >= len(self.outputs):
            self._guests(now, base, joint)
        return np.array(now, dtype=np.uint32), base, joint

    def _internal(self, output: int, option: tuple[int, ...]) -> list[tuple[int, int, int]]:
        """(group, row select, hemisphere) under which neurons of an event output are heard."""
        groups = self.grouping.internal_groups[output]
        if self.grouping.reach_coded[output]:
            return [
                (groups[0], 4 * output + (code ^ option[0]), half)
                for code in self.codes[output]
                for half in range(2)
                if code == BOTH or code == (TOP, BOTTOM)[half]
            ]
        return [
            (group, 4 * output + bits, half)
            for group, bits in zip(groups, option, strict=True)
            for half in range(2)
            if self.halves[output][half] and (output, group) in self.members
        ]

    def _guests(self, now: list[list[int]], base: dict[tuple[int, int], int], joint: dict[int, int]) -> None:
        """External and background sources in groups of internal ones take a value that is heard there anyway."""
        first = SLOTS * self.bus
        for group in self.with_internal:
            place = group - first
            if self.joint[place]:
                value = _lowest(now[place][0] & now[place][1]) or _lowest(now[place][0]) or _lowest(now[place][1])
                assert value is not None
                joint[group] = value[0]
                now[place][0] |= 1 << value[0]
                now[place][1] |= 1 << value[0]
            guests = [number for number in self.guests if self.grouping.generator_groups[number] == (group,)]
            for half in range(2):
                wanted = self.external[place, half] or any(self.grouping.generator_heard[n, half] for n in guests)
                if wanted:
                    value = _lowest(now[place][half]) or _lowest(now[place][1 - half])
                    assert value is not None
                    base[group, half] = value[0]
                    now[place][half] |= 1 << value[0]


def _lowest(values: int) -> tuple[int] | None:
    return ((values & -values).bit_length() - 1,) if values else None


def choose_row_selects(problem: RoutingProblem, grouping: Grouping, *, effort: int) -> RowSelectChoice | Shortage:
    """Row select values and drivers for all buses.

    Args:
        problem, grouping: what to route, and how sources are grouped.
        effort: combinations that are looked at on each bus.

    Returns:
        The choice, or what ran out.
    """
    flip = np.zeros(EVENT_OUTPUTS, dtype=np.int64)
    internal: dict[tuple[int, int], int] = {}
    base: dict[tuple[int, int], int] = {}
    joint: dict[int, int] = {}
    generator = np.full((len(problem.generator_sizes), 2), -1, dtype=np.int64)
    buses = []
    drivers = grouping.drivers
    for bus in range(4):
        values = _BusValues(problem, grouping, bus)
        needed = drivers[SLOTS * bus : SLOTS * (bus + 1)]
        found = search_row_selects(
            [len(options) for _, _, options in values.variables],
            values.presence,
            needed,
            effort=effort,
            rng=np.random.default_rng(bus),
        )
        if found is None:
            return Shortage(
                f"PADI bus {bus}",
                "synapse drivers that hear one group of sources alone",
                int(needed.sum(axis=0).max()),
                32,
                f"groups need {needed.sum(axis=1)[needed.any(axis=1)].tolist()} drivers; "
                f"no row select values were found for them in {effort} trials",
                1.0,
            )
        buses.append(found)
        _, new_base, new_joint = values.values(found.choice)
        base.update(new_base)
        joint.update(new_joint)
        for (kind, number, options), candidate in zip(values.variables, found.choice, strict=True):
            option = options[candidate]
            if kind == "output" and grouping.reach_coded[number]:
                flip[number] = option[0]
            elif kind == "output":
                pairs = zip(grouping.internal_groups[number], option, strict=True)
                internal.update({(number, group): bits for group, bits in pairs})
            elif kind == "generator":
                generator[number] = option[0]
        for number in values.guests:
            for half in np.flatnonzero(grouping.generator_heard[number]):
                generator[number, half] = base[grouping.generator_groups[number][0], int(half)]
    return RowSelectChoice(
        flip=flip, internal=internal, base=base, joint=joint, generator=generator, buses=tuple(buses)
    )


def code_of(heard: npt.NDArray[np.bool_]) -> Ints:
    """Reach code of sources from where they are heard, ``bool[n, 2]`` -> ``int64[n]``."""
    code: Ints = _CODE[heard[:, 0].astype(int), heard[:, 1].astype(int)]
    return code
