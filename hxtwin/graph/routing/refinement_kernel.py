"""Annealing of groups that need too many drivers: sources change groups until every bus has enough."""

from __future__ import annotations

import numba
import numpy as np

from hxtwin.graph.routing.packing_kernel import SLOTS

OVERLOAD = 2.0
"""Energy of a driver that a bus does not have, in rows."""
HOT, COLD = 0.4, 0.15
"""First and last temperature, in rows."""


@numba.njit(cache=True)
def _shift(group, sign, first, last, column, receptor, number, count, rows, drivers):  # type: ignore[no-untyped-def]
    """Adds (sign 1) or takes (-1) entries first..last to a group; returns the change of its rows."""
    change = 0
    for h in range(2):
        before = rows[group, h, 0] + rows[group, h, 1]
        stale = False
        for e in range(first, last):
            if column[e] // 256 != h:
                continue
            r = receptor[e]
            old = count[group, r, column[e]]
            count[group, r, column[e]] = old + sign * number[e]
            if sign > 0:
                rows[group, h, r] = max(rows[group, h, r], old + number[e])
            elif old == rows[group, h, r]:
                stale = True
        if stale:
            for r in range(2):
                rows[group, h, r] = count[group, r, 256 * h : 256 * (h + 1)].max()
        after = rows[group, h, 0] + rows[group, h, 1]
        drivers[group // SLOTS, h] += (after + 1) // 2 - (before + 1) // 2
        change += after - before
    return change


@numba.njit(cache=True)
def _draw(state):  # type: ignore[no-untyped-def]
    """Next random number of 31 bits (linear congruential, so that results are the same everywhere)."""
    state[0] = state[0] * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
    return np.int64(state[0] >> np.uint64(33))


@numba.njit(cache=True)
def _overload(drivers, bus):  # type: ignore[no-untyped-def]
    return max(drivers[bus, 0] - 32, 0) + max(drivers[bus, 1] - 32, 0)


@numba.njit(cache=True)
def refine_groups(  # type: ignore[no-untyped-def]
    first, last, halves, group, candidate_begin, candidate, column, receptor, number,
    count, rows, labels, drivers, moves, seed,
):  # fmt: skip
    """Moves units (sources, or their part in one hemisphere) between groups.

    A move takes a unit to another of its groups, if the labels there are used up in exchange for one of the same
    hemispheres.

    Args:
        first, last: ``int64[units]``, entries of each unit.
        halves: ``bool[units, 2]``, hemispheres in which the unit takes a label.
        group: ``int64[units]``, changed in place.
        candidate_begin, candidate: groups that each unit may be in.
        column, receptor, number: of the entries.
        count, rows, labels, drivers: state as in `packing_kernel`, changed in place.
        moves: number of moves that are tried.
        seed: of the random numbers.

    Returns:
        Drivers that are missing at the end; 0 is success (and ends the search).
    """
    state = np.full(1, seed, dtype=np.uint64)
    missing = 0
    for bus in range(4):
        missing += _overload(drivers, bus)
    units = len(first)
    for step in range(moves):
        if missing == 0:
            break
        temperature = HOT * (COLD / HOT) ** (step / moves)
        u = _draw(state) % units
        choices = candidate_begin[u + 1] - candidate_begin[u]
        if choices < 2:
            continue
        here = group[u]
        there = candidate[candidate_begin[u] + _draw(state) % choices]
        if there == here:
            continue
        full = (halves[u, 0] and labels[there, 0] >= 64) or (halves[u, 1] and labels[there, 1] >= 64)
        partner = -1
        if full or _draw(state) % 10 < 3:
            for _ in range(20):
                v = _draw(state) % units
                if group[v] == there and halves[v, 0] == halves[u, 0] and halves[v, 1] == halves[u, 1]:
                    for j in range(candidate_begin[v], candidate_begin[v + 1]):
                        if candidate[j] == here:
                            partner = v
                    if partner >= 0:
                        break
            if full and partner < 0:
                continue
        before = _overload(drivers, here // SLOTS)
        if there // SLOTS != here // SLOTS:
            before += _overload(drivers, there // SLOTS)
        change = _shift(here, -1, first[u], last[u], column, receptor, number, count, rows, drivers)
        if partner >= 0:
            change += _shift(there, -1, first[partner], last[partner], column, receptor, number, count, rows, drivers)
            change += _shift(here, 1, first[partner], last[partner], column, receptor, number, count, rows, drivers)
        change += _shift(there, 1, first[u], last[u], column, receptor, number, count, rows, drivers)
        after = _overload(drivers, here // SLOTS)
        if there // SLOTS != here // SLOTS:
            after += _overload(drivers, there // SLOTS)
        energy = change + OVERLOAD * (after - before)
        if energy <= 0 or _draw(state) < np.exp(-energy / temperature) * 2147483648.0:
            missing += after - before
            group[u] = there
            if partner >= 0:
                group[partner] = here
            else:
                for h in range(2):
                    if halves[u, h]:
                        labels[here, h] -= 1
                        labels[there, h] += 1
        else:
            _shift(there, -1, first[u], last[u], column, receptor, number, count, rows, drivers)
            if partner >= 0:
                _shift(here, -1, first[partner], last[partner], column, receptor, number, count, rows, drivers)
                _shift(there, 1, first[partner], last[partner], column, receptor, number, count, rows, drivers)
            _shift(here, 1, first[u], last[u], column, receptor, number, count, rows, drivers)
    return missing
