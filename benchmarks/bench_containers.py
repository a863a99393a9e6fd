"""Running times of coordinates and containers.

Budgets: encode, decode, difference of a chip 50 ms; to and from bytes 200 ms;
100 000 coordinates 200 ms.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import containers, coord

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

COORDINATES = 100_000


@pytest.mark.benchmark(group="coordinates")
def bench_construct_100000_by_index(benchmark: BenchmarkFixture) -> None:
    made = benchmark(lambda: [coord.SynapseOnDLS(i) for i in range(COORDINATES)])
    assert len(made) == COORDINATES


@pytest.mark.benchmark(group="coordinates")
def bench_construct_100000_of_components(benchmark: BenchmarkFixture) -> None:
    inner, outer = coord.SynapseOnDLS(17).to_synapse_on_synram(), coord.SynramOnDLS(1)
    made = benchmark(lambda: [coord.SynapseOnDLS(inner, outer) for _ in range(COORDINATES)])
    assert len(made) == COORDINATES


@pytest.mark.benchmark(group="coordinates")
def bench_convert_100000(benchmark: BenchmarkFixture) -> None:
    synapses = [coord.SynapseOnDLS(i) for i in range(COORDINATES)]
    made = benchmark(lambda: [synapse.to_synapse_row_on_dls() for synapse in synapses])
    assert made[-1] == synapses[-1].to_synapse_row_on_dls()


@pytest.mark.benchmark(group="single container")
def bench_construct(benchmark: BenchmarkFixture) -> None:
    made = benchmark(lambda: containers.CADCConfig(enable=True, reset_wait=22))
    assert made.reset_wait == 22


@pytest.mark.benchmark(group="single container")
def bench_encode(benchmark: BenchmarkFixture) -> None:
    config = containers.CADCConfig(enable=True, reset_wait=22)
    assert benchmark(config.encode).size == 1


@pytest.mark.benchmark(group="single container")
def bench_decode(benchmark: BenchmarkFixture) -> None:
    config = containers.CADCConfig(enable=True, reset_wait=22)
    assert benchmark(containers.CADCConfig.decode, config.encode()) == config


@pytest.mark.benchmark(group="chip")
def bench_chip_construct(benchmark: BenchmarkFixture) -> None:
    assert benchmark(containers.Chip) == containers.Chip()


@pytest.mark.benchmark(group="chip")
def bench_chip_addresses(benchmark: BenchmarkFixture, chip: containers.Chip) -> None:
    assert benchmark(containers.Chip.write_addresses).size == chip.encode().size


@pytest.mark.benchmark(group="chip")
def bench_chip_encode(benchmark: BenchmarkFixture, chip: containers.Chip) -> None:
    assert benchmark(chip.encode).dtype == np.uint32


@pytest.mark.benchmark(group="chip")
def bench_chip_decode(benchmark: BenchmarkFixture, chip: containers.Chip) -> None:
    words = chip.encode()
    assert np.array_equal(benchmark(containers.Chip.decode, words).encode(), words)


@pytest.mark.benchmark(group="chip")
def bench_chip_difference_of_one_synapse_row(
    benchmark: BenchmarkFixture, chip: containers.Chip, chip_with_another_row: containers.Chip
) -> None:
    writes = benchmark(containers.difference, chip_with_another_row, chip)
    assert 0 < writes.words.size <= 64


@pytest.mark.benchmark(group="chip")
def bench_chip_equality(benchmark: BenchmarkFixture, chip: containers.Chip) -> None:
    other = chip.with_columns({path: np.array(array) for path, array in chip.columns().items() if array.ndim})
    assert benchmark(functools.partial(chip.__eq__, other)) is True


@pytest.mark.benchmark(group="chip")
def bench_chip_to_bytes(benchmark: BenchmarkFixture, chip: containers.Chip) -> None:
    assert len(benchmark(containers.to_bytes, chip)) < 2_000_000


@pytest.mark.benchmark(group="chip")
def bench_chip_from_bytes(benchmark: BenchmarkFixture, chip: containers.Chip) -> None:
    assert benchmark(containers.from_bytes, containers.to_bytes(chip)) == chip
