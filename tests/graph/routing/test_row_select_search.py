"""Row select values and drivers: exact for given values, and a search over them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.graph.routing.allocation_kernel import match_drivers, widest_masks
from hxtwin.graph.routing.row_select import search_row_selects


@pytest.mark.slow
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.sets(st.integers(0, 31), min_size=1, max_size=3), min_size=1, max_size=6))
def test_a_mask_is_found_exactly_when_one_of_all_32_works(requests: list[set[int]]) -> None:
    present = np.array([sum(1 << value for value in values) for values in requests], dtype=np.uint32)
    masks = widest_masks(present)
    for number, values in enumerate(requests):
        others = set().union(*(other for place, other in enumerate(requests) if place != number))
        for index in range(32):
            working = [
                mask
                for mask in range(32)
                if all((value & mask) == (index & mask) for value in values)
                and all((value & mask) != (index & mask) for value in others)
            ]
            assert (masks[number, index] in working) == bool(working)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_matching_gives_every_request_its_number_of_allowed_drivers(requests: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    allowed = rng.random((requests, 32)) < 0.5
    hidden = rng.integers(-1, requests, 32)  # a solution exists by construction
    allowed[hidden[hidden >= 0], np.flatnonzero(hidden >= 0)] = True
    needed = np.bincount(hidden[hidden >= 0], minlength=requests)
    owner, missing = match_drivers(allowed, needed)
    assert missing == 0
    assert np.array_equal(np.bincount(owner[owner >= 0], minlength=requests), needed)
    assert allowed[owner[owner >= 0], np.flatnonzero(owner >= 0)].all()


@pytest.mark.slow
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 31), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_free_groups_share_all_32_drivers_in_any_proportion(weights: list[int], seed: int) -> None:
    sizes = np.random.default_rng(seed).multinomial(32 - len(weights), np.array(weights) / sum(weights)) + 1
    order = np.sort(sizes)[::-1]
    needed = np.stack([order, order], axis=1)

    def presence(chosen: object) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
        now = np.zeros((len(order), 2), dtype=np.uint32)
        for group, value in enumerate(chosen):  # type: ignore[arg-type, var-annotated]
            now[group] |= np.uint32(1 << value)
        return now

    found = search_row_selects([32] * len(order), presence, needed, effort=400, rng=np.random.default_rng(0))
    assert found is not None, sizes
    assert len(set(found.choice)) == len(order)
    assert np.array_equal(np.bincount(found.shares[0].owner, minlength=len(order)), order)
