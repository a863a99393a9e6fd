"""Row select values of the groups on one bus, and the drivers that listen to them.

A driver with index i and compare mask m hears an event with row select v iff ``v & m == i & m``. The values of a group
decide which drivers can hear it alone, so values and drivers are searched together: depth first over the values, each
step checked by an exact matching of drivers (`allocation_kernel`). Values that differ in many bits leave the most
freedom and are tried first. Source: reference graph.md 6.3, 6.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.routing.allocation_kernel import match_drivers, widest_masks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Presence = npt.NDArray[np.uint32]
"""Row select values by which a group is heard, as bits: ``uint32[groups, hemispheres]``."""

_BITS = np.array([value.bit_count() for value in range(32)])


@attrs.frozen(eq=False)
class DriverShare:
    """Drivers of one bus in one hemisphere.

    Args:
        owner: ``int64[32]``, group that each driver listens to, or -1.
        mask: ``int64[32]``, its compare mask; -1 without owner.
    """

    owner: npt.NDArray[np.int64]
    mask: npt.NDArray[np.int64]


@attrs.frozen(eq=False)
class RowSelects:
    """Outcome of the search.

    Args:
        choice: candidate taken for each variable.
        shares: drivers of the top and of the bottom hemisphere.
    """

    choice: tuple[int, ...]
    shares: tuple[DriverShare, DriverShare]


def share_drivers(
    present: npt.NDArray[np.uint32], needed: npt.NDArray[np.int64], available: npt.NDArray[np.bool_] | None = None
) -> tuple[DriverShare, int]:
    """Gives groups with known row select values their drivers.

    Args:
        present: ``uint32[groups]``, row select values of each group as bits.
        needed: ``int64[groups]``, drivers that each group needs.
        available: ``bool[32]``, drivers that may be used; None: all.

    Returns:
        The drivers, and how many are missing (0: success).
    """
    masks = widest_masks(present)
    allowed = masks >= 0
    if available is not None:
        allowed &= available
    owner, missing = match_drivers(allowed, needed)
    mask = np.where(owner >= 0, masks[np.maximum(owner, 0), np.arange(32)], -1)
    return DriverShare(owner, mask), int(missing)


def search_row_selects(
    candidates: Sequence[int],
    presence: Callable[[Sequence[int]], Presence],
    needed: npt.NDArray[np.int64],
    *,
    effort: int,
    rng: np.random.Generator,
) -> RowSelects | None:
    """Chooses a candidate for every variable so that all groups get their drivers in both hemispheres.

    Args:
        candidates: number of candidates of each variable, in the order in which they are decided.
        presence: row select values of all groups for the candidates of the first variables; groups of later
            variables have none yet.
        needed: ``int64[groups, 2]``, drivers.
        effort: number of combinations that are looked at.
        rng: order of candidates after a restart.

    Returns:
        The choice, or None if none was found.
    """
    budget = [max(effort // 4, 8)]
    shuffled = False
    spent = 0
    while spent < effort:
        budget[0] = min(budget[0], effort - spent)
        start = budget[0]
        found = _descend([], candidates, presence, needed, budget, rng if shuffled else None)
        if found is not None or budget[0] > 0:  # found, or searched completely
            return found
        spent += start
        budget[0] = max(effort // 4, 8)
        shuffled = True
    return None


def _descend(
    chosen: list[int],
    candidates: Sequence[int],
    presence: Callable[[Sequence[int]], Presence],
    needed: npt.NDArray[np.int64],
    budget: list[int],
    rng: np.random.Generator | None,
) -> RowSelects | None:
    depth = len(chosen)
    if depth == len(candidates):
        shares = tuple(share_drivers(*_heard(presence(chosen), needed, half))[0] for half in range(2))
        return RowSelects(tuple(chosen), (shares[0], shares[1]))
    for candidate in _ranked(chosen, candidates[depth], presence, rng):
        if budget[0] <= 0:
            return None
        budget[0] -= 1
        trial = [*chosen, candidate]
        now = presence(trial)
        if all(share_drivers(*_heard(now, needed, half))[1] == 0 for half in range(2)):
            found = _descend(trial, candidates, presence, needed, budget, rng)
            if found is not None:
                return found
    return None


def _heard(
    now: Presence, needed: npt.NDArray[np.int64], half: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Values and needs of one hemisphere; groups that have no value yet need nothing yet."""
    present = np.ascontiguousarray(now[:, half])
    return present, np.where(present == 0, 0, needed[:, half])


def _ranked(
    chosen: list[int], count: int, presence: Callable[[Sequence[int]], Presence], rng: np.random.Generator | None
) -> list[int]:
    """Candidates of the next variable: no collisions, far from the values that are taken, then ascending."""
    if rng is not None:
        return [int(candidate) for candidate in rng.permutation(count)]
    before = presence(chosen) if chosen else None
    if before is None:
        return list(range(count))
    taken = np.flatnonzero(np.bitwise_or.reduce(before, axis=None) >> np.arange(32, dtype=np.uint32) & 1)
    scores = []
    for candidate in range(count):
        added = presence([*chosen, candidate]) & ~before
        values = np.flatnonzero(np.bitwise_or.reduce(added, axis=None) >> np.arange(32, dtype=np.uint32) & 1)
        if not len(values) or not len(taken):
            scores.append(0)
            continue
        scores.append(-int(_BITS[values[:, np.newaxis] ^ taken].min()))
    return sorted(range(count), key=lambda candidate: (scores[candidate], candidate))
