"""Placing, routing and configuring one execution instance.

=============================================  ========
256-246-10, signed: place, route, check        2 s
new weights of all projections, as a chip      30 ms
configuration of a chip, warm                  60 ms
=============================================  ========
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.containers import Chip
from hxtwin.graph.configuration import RoutedInstance, configure, place_and_route
from hxtwin.graph.configuration.synapse_weights import wanted_weights
from hxtwin.graph.network import CADCRecording, ExternalSource, Network, Population, Projection, SpikeRecording

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture


def network() -> Network:
    rng = np.random.default_rng(0)
    return Network.of(
        ExternalSource(name="in", size=256),
        Population(name="hidden", size=246),
        Population(name="out", size=10, spiking=False),
        Projection(name="first", source="in", target="hidden", weights=rng.integers(-63, 64, (256, 246))),
        Projection(name="second", source="hidden", target="out", weights=rng.integers(-63, 64, (246, 10))),
        SpikeRecording(population="hidden"),
        CADCRecording(population="out"),
    )


@pytest.fixture(scope="module")
def instance() -> RoutedInstance:
    return place_and_route(network())


def fastest_s(benchmark: BenchmarkFixture) -> float:
    assert benchmark.stats is not None
    return float(benchmark.stats.stats.min)


def bench_place_and_route_256_246_10(benchmark: BenchmarkFixture, instance: RoutedInstance) -> None:
    found = benchmark(place_and_route, instance.network)
    assert found.placement.free_circuits.size == 0
    assert fastest_s(benchmark) < 2.0


def bench_new_weights(benchmark: BenchmarkFixture, instance: RoutedInstance) -> None:
    rng = np.random.default_rng(1)
    weights = {"first": rng.integers(-63, 64, (256, 246)), "second": rng.integers(-63, 64, (246, 10))}
    changed = benchmark(instance.weights_changed, weights)
    assert changed.routing is instance.routing
    assert fastest_s(benchmark) < 0.030


def bench_configuration_of_a_chip(benchmark: BenchmarkFixture, instance: RoutedInstance) -> None:
    base = Chip()

    def configured() -> Chip:
        weights = wanted_weights(instance.network, instance.problem, instance.routing)
        return configure(base, instance.network, instance.placement, instance.routing, weights)

    chip = benchmark(configured)
    assert np.array_equal(chip.encode(), instance.chip.encode())
    assert fastest_s(benchmark) < 0.060
