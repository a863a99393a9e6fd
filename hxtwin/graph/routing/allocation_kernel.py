"""Which driver of a bus serves which request: exact matching on 32 drivers."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def widest_masks(present):  # type: ignore[no-untyped-def]
    """Compare mask with which a driver hears a request and nothing else.

    Of all masks that let every label of the request pass at a driver, the one with most bits set refuses most of the
    others; if it does not refuse them, none does.

    Args:
        present: ``uint32[requests]``; bit v is set if events of the request come with row select v.

    Returns:
        ``int64[requests, 32]``: mask for each request and driver index, -1 where it is impossible.
    """
    n = len(present)
    values = np.empty(32 * n, dtype=np.int64)
    owners = np.empty(32 * n, dtype=np.int64)
    total = 0
    for k in range(n):
        for v in range(32):
            if (present[k] >> np.uint32(v)) & np.uint32(1):
                values[total] = v
                owners[total] = k
                total += 1
    masks = np.full((n, 32), -1, dtype=np.int64)
    for i in range(32):
        for k in range(n):
            masks[k, i] = 31
        for j in range(total):
            masks[owners[j], i] &= ~(i ^ values[j]) & 31
        for k in range(n):
            mask = masks[k, i]
            for j in range(total):
                if owners[j] != k and (i ^ values[j]) & mask == 0:
                    masks[k, i] = -1
                    break
    return masks


@numba.njit(cache=True)
def match_drivers(allowed, needed):  # type: ignore[no-untyped-def]
    """Gives each request its number of drivers, by augmenting paths.

    Args:
        allowed: ``bool[requests, 32]``.
        needed: ``int64[requests]``.

    Returns:
        (``int64[32]`` request of each driver or -1, number of drivers that are missing).
    """
    n = len(needed)
    owner = np.full(32, -1, dtype=np.int64)
    missing = 0
    queue = np.empty(32, dtype=np.int64)
    came_from = np.empty(32, dtype=np.int64)
    seen = np.empty(32, dtype=np.bool_)
    for k in range(n):
        for _ in range(needed[k]):
            seen[:] = False
            head, tail = 0, 0
            for i in range(32):
                if allowed[k, i]:
                    seen[i] = True
                    came_from[i] = -1
                    queue[tail] = i
                    tail += 1
            free = -1
            while head < tail:
                i = queue[head]
                head += 1
                if owner[i] < 0:
                    free = i
                    break
                for j in range(32):
                    if not seen[j] and allowed[owner[i], j]:
                        seen[j] = True
                        came_from[j] = i
                        queue[tail] = j
                        tail += 1
            if free < 0:
                missing += 1
                continue
            while came_from[free] >= 0:
                owner[free] = owner[came_from[free]]
                free = came_from[free]
            owner[free] = k
    return owner, missing
