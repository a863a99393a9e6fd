"""Problems that have a solution by construction, nearly as full as they can be: packing alone does not find it."""

from __future__ import annotations

import numpy as np
import pytest

from hxtwin.graph.errors import RoutingError
from hxtwin.graph.routing import RoutingProblem, route
from hxtwin.graph.routing.geometry import INTERNAL


def hidden_groups(seed: int, density: float) -> RoutingProblem:
    """512 neurons; on every bus a random half of the neurons has 16 drivers, the other half the other 16."""
    rng = np.random.default_rng(seed)
    circuits = np.arange(512)
    source, target, receptor = [], [], []
    for bus in range(4):
        halves = np.array_split(rng.permutation(circuits[circuits % 256 // 32 % 4 == bus]), 2)
        for hemisphere in range(2):
            columns = circuits[circuits // 256 == hemisphere]
            for members in halves:
                for _ in range(32):
                    chosen = columns[rng.random(256) < density]
                    source.append(rng.choice(members, len(chosen)))
                    target.append(chosen)
                    receptor.append(np.full(len(chosen), rng.integers(2)))
    none = np.empty(0, dtype=np.int64)
    return RoutingProblem(
        kind=np.full(512, INTERNAL),
        circuit=circuits,
        generator=np.full(512, -1),
        offset=np.zeros(512, dtype=np.int64),
        recorded=np.zeros(512, dtype=bool),
        generator_sizes=none,
        generator_buses=none,
        site_begin=np.arange(513),
        site_circuits=circuits,
        source=np.concatenate(source),
        site=np.concatenate(target),
        receptor=np.concatenate(receptor),
    )


@pytest.mark.slow
def test_refinement_finds_what_packing_misses() -> None:
    problem = hidden_groups(seed=0, density=0.6)
    with pytest.raises(RoutingError, match="synapse rows on PADI bus"):
        route(problem, moves=0)
    assert (route(problem).drivers_used <= 32).all()


@pytest.mark.slow
def test_refinement_is_reproducible() -> None:
    problem = hidden_groups(seed=1, density=0.6)
    first, second = route(problem), route(problem)
    assert np.array_equal(first.row, second.row)
    assert np.array_equal(first.internal_address, second.internal_address)
