"""Coordinates: construction, conversion, whole arrays, iteration.

Budget: constructing 100 000 coordinates takes less than 0.2 s on a quiet machine (tests/coord holds it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import coord

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from hxtwin.coord import Indexed

COUNT = 100_000


@pytest.mark.parametrize(
    "kind", [coord.NeuronColumnOnDLS, coord.SynapseRowOnDLS, coord.AtomicNeuronOnDLS], ids=lambda kind: kind.__name__
)
def test_construct_100_000_from_index(benchmark: BenchmarkFixture, kind: type[Indexed]) -> None:
    indices = [index % 256 for index in range(COUNT)]
    made = benchmark(lambda: [kind(index) for index in indices])
    assert len(made) == COUNT


def test_construct_100_000_from_components(benchmark: BenchmarkFixture) -> None:
    rows = [coord.SynapseRowOnSynram(index % 256) for index in range(COUNT)]
    bottom = coord.SynramOnDLS.bottom
    made = benchmark(lambda: [coord.SynapseRowOnDLS(row, bottom) for row in rows])
    assert made[17] == coord.SynapseRowOnDLS(256 + 17)


def test_convert_100_000_one_by_one(benchmark: BenchmarkFixture) -> None:
    circuits = list(coord.AtomicNeuronOnDLS.all()) * (COUNT // 512 + 1)
    made = benchmark(lambda: [circuit.to_neuron_backend_config_on_dls() for circuit in circuits[:COUNT]])
    assert len(made) == COUNT


def test_convert_array_of_131_072_synapses(benchmark: BenchmarkFixture) -> None:
    synapses = np.arange(coord.SynapseOnDLS.size)
    quads = benchmark(lambda: coord.convert_indices(synapses, coord.SynapseOnDLS, coord.SynapseQuadOnDLS))
    assert quads.shape == (131072,)


def test_iterate_over_131_072_synapses(benchmark: BenchmarkFixture) -> None:
    count = benchmark(lambda: sum(1 for _ in coord.SynapseOnDLS.all()))
    assert count == 131072


def test_hash_100_000(benchmark: BenchmarkFixture) -> None:
    circuits = list(coord.AtomicNeuronOnDLS.all()) * (COUNT // 512 + 1)
    different = benchmark(lambda: len(set(circuits[:COUNT])))
    assert different == 512
