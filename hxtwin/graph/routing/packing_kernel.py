"""Packing of sources into groups that share synapse rows.

A *group* is a set of up to 64 sources on one bus that the same drivers listen to; its sources are told apart by their
synapse labels, so that a row of the group serves different sources in different columns. In each hemisphere a group
needs, for each receptor, as many rows as its fullest column has synapses.

State of the groups (arrays that the kernel changes), group g = SLOTS * bus + number on the bus:

====================================  =======================================================
``count[g, receptor, circuit]``       synapses of the group above each circuit
``rows[g, hemisphere, receptor]``     maximum of ``count`` over the circuits of the hemisphere
``labels[g, hemisphere]``             labels heard by the drivers of the group, at most 64
``opened[g]``                         the group exists
``drivers[bus, hemisphere]``          drivers that the groups of the bus need
====================================  =======================================================
"""

from __future__ import annotations

import numba
import numpy as np

SLOTS = 34
"""Most groups on a bus that are looked at; each needs a row select value of its own, of which there are 32."""
GROUPS = 4 * SLOTS


@numba.njit(cache=True)
def _grown(group, hemisphere, first, last, column, receptor, number, count, rows):  # type: ignore[no-untyped-def]
    """Rows (excitatory, inhibitory) of a group in a hemisphere after entries first..last were added to it."""
    grown_0, grown_1 = rows[group, hemisphere, 0], rows[group, hemisphere, 1]
    total = 0
    for e in range(first, last):
        if column[e] // 256 == hemisphere:
            # entries of one column and receptor follow each other
            if e == first or column[e] != column[e - 1] or receptor[e] != receptor[e - 1]:
                total = count[group, receptor[e], column[e]]
            total += number[e]
            if receptor[e] == 0:
                grown_0 = max(grown_0, total)
            else:
                grown_1 = max(grown_1, total)
    return grown_0, grown_1


@numba.njit(cache=True)
def _best_group(  # type: ignore[no-untyped-def]
    halves, first, last, candidates, column, receptor, number, width, most, member, count, rows, labels, opened, drivers
):
    """The group that grows least when entries first..last are added to it in the given hemispheres; -1: none can."""
    best = -1
    best_cost = 1 << 60
    for g in candidates:
        bus = g // SLOTS
        cost_drivers, cost_rows = 0, 0
        possible = True
        for h in range(2):
            if not halves[h]:
                continue
            if not member[g, h] and labels[g, h] >= 64:
                possible = False
                break
            grown_0, grown_1 = _grown(g, h, first, last, column, receptor, number, count, rows)
            before = rows[g, h, 0] + rows[g, h, 1]
            more = (grown_0 + grown_1 + 1) // 2 - (before + 1) // 2
            if drivers[bus, h] + more > most or (more > 0 and (grown_0 + grown_1 + 1) // 2 > width):
                possible = False
                break
            cost_drivers += more
            cost_rows += grown_0 + grown_1 - before
        if not possible:
            continue
        new_labels = 0
        for h in range(2):
            if halves[h] and not member[g, h]:
                new_labels += 1
        fullness = max(drivers[bus, 0] if halves[0] else 0, drivers[bus, 1] if halves[1] else 0)
        cost = cost_drivers
        cost = cost * 256 + cost_rows
        cost = cost * 4 + new_labels
        cost = cost * 64 + fullness
        cost = cost * 2 + (0 if opened[g] else 1)
        cost = cost * 128 + max(labels[g, 0] if halves[0] else 0, labels[g, 1] if halves[1] else 0)
        if cost < best_cost:
            best_cost = cost
            best = g
    return best


@numba.njit(cache=True)
def _add(  # type: ignore[no-untyped-def]
    group, halves, first, last, column, receptor, number, member, count, rows, labels, opened, drivers, entry_group
):
    """Puts entries first..last of the given hemispheres, and the labels of their source, into a group."""
    opened[group] = True
    for h in range(2):
        if not halves[h]:
            continue
        before = (rows[group, h, 0] + rows[group, h, 1] + 1) // 2
        grown = _grown(group, h, first, last, column, receptor, number, count, rows)
        rows[group, h, 0], rows[group, h, 1] = grown
        drivers[group // SLOTS, h] += (grown[0] + grown[1] + 1) // 2 - before
        if not member[group, h]:
            member[group, h] = True
            labels[group, h] += 1
        for e in range(first, last):
            if column[e] // 256 == h:
                count[group, receptor[e], column[e]] += number[e]
                entry_group[e] = group


@numba.njit(cache=True)
def pack_sources(  # type: ignore[no-untyped-def]
    order, begin, column, receptor, number, heard, candidate_begin, candidate, joint, width, most,
    count, rows, labels, opened, drivers, entry_group, joint_group,
):  # fmt: skip
    """Gives every source a group.

    A source that is heard in both hemispheres gets one group for both (one event reaches both), or, where that is
    impossible or not wanted, one for each; what fits no group as a whole is spread over several groups.

    Args:
        order: ``int64[n]``, sources in the order in which they are placed.
        begin: ``int64[sources + 1]``; entries of a source are ``begin[s]..begin[s + 1]``.
        column, receptor, number: ``int64[entries]``: circuit, receptor and number of synapses.
        heard: ``bool[sources, 2]``: hemispheres in which the source takes a label.
        candidate_begin, candidate: fixed groups of each source; none: any group may be taken (external sources).
        joint: prefer one group for both hemispheres.
        width: most drivers that a group may grow to.
        most: drivers of a bus; more than there are for a start of `refine_groups`.
        count .. drivers: state, changed in place.
        entry_group: ``int64[entries]``, filled in.
        joint_group: ``int64[sources]``, filled in: the group of both hemispheres, or of a source that has a fixed
            group; else -1.

    Returns:
        (source, hemisphere) that fits nowhere, or (-1, 0).
    """
    everywhere = np.empty(GROUPS, dtype=np.int64)
    halves = np.zeros(2, dtype=np.bool_)
    member = np.zeros((GROUPS, 2), dtype=np.bool_)
    for s in order:
        first, last = begin[s], begin[s + 1]
        fixed = candidate_begin[s + 1] > candidate_begin[s]
        if fixed:
            candidates = candidate[candidate_begin[s] : candidate_begin[s + 1]]
        else:
            n = 0
            for bus in range(4):
                for slot in range(32):
                    everywhere[n] = SLOTS * bus + slot
                    n += 1
                    if not opened[SLOTS * bus + slot]:
                        break
            candidates = everywhere[:n]
        member[:, :] = False
        halves[0], halves[1] = heard[s, 0], heard[s, 1]
        if fixed or (joint and heard[s, 0] and heard[s, 1]):
            g = _best_group(
                halves, first, last, candidates, column, receptor, number, width, most, member,
                count, rows, labels, opened, drivers,
            )  # fmt: skip
            if g >= 0:
                _add(
                    g, halves, first, last, column, receptor, number, member,
                    count, rows, labels, opened, drivers, entry_group,
                )  # fmt: skip
                joint_group[s] = g
                continue
            if fixed:
                return s, 0 if heard[s, 0] else 1
        for h in range(2):
            if not heard[s, h]:
                continue
            halves[0], halves[1] = h == 0, h == 1
            g = _best_group(
                halves, first, last, candidates, column, receptor, number, width, most, member,
                count, rows, labels, opened, drivers,
            )  # fmt: skip
            if g >= 0:
                _add(
                    g, halves, first, last, column, receptor, number, member,
                    count, rows, labels, opened, drivers, entry_group,
                )  # fmt: skip
                continue
            for e in range(first, last):
                if column[e] // 256 != h:
                    continue
                g = _best_group(
                    halves, e, e + 1, candidates, column, receptor, number, width, most, member,
                    count, rows, labels, opened, drivers,
                )  # fmt: skip
                if g < 0:
                    return s, h
                _add(
                    g, halves, e, e + 1, column, receptor, number, member,
                    count, rows, labels, opened, drivers, entry_group,
                )  # fmt: skip
    return -1, 0
