"""Numbers of execution instances that the reference states, from its constraints alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hxtwin.graph.network import ExternalSource, Network, Population, Projection
from hxtwin.graph.partition import Limits, Partition, partition

#: A pixel of an image spikes once in about 6.7 us at the densest time of its encoding (64 steps of 1 us).
PIXEL_RATE_HZ = 150e3


def dense_layers(*sizes: int) -> Network:
    names = ["in", *(f"l{number}" for number in range(len(sizes) - 1))]
    return Network.of(
        ExternalSource(name="in", size=sizes[0]),
        *(Population(name=name, size=size) for name, size in zip(names[1:], sizes[1:], strict=True)),
        *(
            Projection(
                name=f"p{number}",
                source=names[number],
                target=names[number + 1],
                weights=np.zeros((sizes[number], sizes[number + 1])),
            )
            for number in range(len(sizes) - 1)
        ),
    )


def receptive_fields(rate_hz: float | None) -> Network:
    """64 x 64 x 3 pixels; 3 x 3 x 3 fields with stride 3 feed 22 x 22 neurons; then 128 and 10 neurons, dense."""
    pixel = np.arange(64 * 64 * 3).reshape(64, 64, 3)
    row, column = np.indices((64, 64)) // 3
    fields = np.broadcast_to((22 * row + column)[..., np.newaxis], pixel.shape)
    pairs = np.stack([pixel.ravel(), fields.ravel()], axis=1)
    return Network.of(
        ExternalSource(name="pixels", size=12288, rate_hz=rate_hz),
        Population(name="fields", size=484),
        Population(name="hidden", size=128),
        Population(name="output", size=10, spiking=False),
        Projection(name="f", source="pixels", target="fields", connections=pairs, weights=np.zeros(len(pairs))),
        Projection(name="h", source="fields", target="hidden", weights=np.zeros((484, 128))),
        Projection(name="o", source="hidden", target="output", weights=np.zeros((128, 10))),
    )


def slices(found: Partition, population: str) -> list[int]:
    """Lengths of the slices of a population."""
    return [p.size for p in found.network.populations if p.origin.population == population]


def test_784_256_10_takes_five_instances_four_for_the_hidden_layer() -> None:
    found = partition(dense_layers(784, 256, 10), chips=1)
    assert len(found.network.execution_instances) == 5
    assert slices(found, "l0") == [64] * 4
    assert slices(found, "l1") == [10]
    assert [p.shape.circuits for p in found.network.populations if p.shape] == [8, 8, 8, 8, 2]
    assert found.plan.lower_bound == 5


def test_784_300_10_takes_six_instances() -> None:
    found = partition(dense_layers(784, 300, 10), chips=1)
    assert len(found.network.execution_instances) == 6
    assert slices(found, "l0") == [60] * 5
    assert found.plan.lower_bound == 6


def test_500_300_takes_three_slices_of_four_circuits() -> None:
    """Worked example of the reference: 4 circuits, at most 128 neurons in a run, 3 parts."""
    found = partition(dense_layers(500, 300))
    assert slices(found, "l0") == [100] * 3
    assert "the first 128 would fit" in found.explain()


def test_256_246_10_fits_one_chip_as_it_is() -> None:
    found = partition(dense_layers(256, 246, 10))
    assert len(found.network.execution_instances) == 1
    assert found.plan.replayed == 0
    assert found.plan.instances[0].demand.circuits == 512


def test_receptive_fields_take_ten_instances_under_the_input_rate_of_the_link() -> None:
    found = partition(receptive_fields(PIXEL_RATE_HZ))
    assert Limits().input_event_rate_hz == 250e6
    assert len(found.network.execution_instances) == 10
    assert len(slices(found, "fields")) == 8
    assert sum(slices(found, "fields")) == 484
    assert (slices(found, "hidden"), slices(found, "output")) == ([128], [10])
    assert found.plan.lower_bound == 10
    assert all(instance.demand.input_event_rate_hz <= 250e6 for instance in found.plan.instances)


@pytest.mark.parametrize(("rate_hz", "limit_hz"), [(None, 250e6), (PIXEL_RATE_HZ, math.inf)])
def test_receptive_fields_fit_one_chip_without_the_rate_limit(rate_hz: float | None, limit_hz: float) -> None:
    found = partition(receptive_fields(rate_hz), limits=Limits(input_event_rate_hz=limit_hz))
    assert [slices(found, name) for name in ("fields", "hidden", "output")] == [[484], [128], [10]]
    assert len(found.network.execution_instances) == 3


def test_one_to_one_layers_of_1000_take_four_instances() -> None:
    pairs = np.stack([np.arange(1000)] * 2, axis=1)
    network = Network.of(
        ExternalSource(name="in", size=10),
        Population(name="a", size=1000),
        Population(name="b", size=1000),
        Projection(name="p", source="in", target="a", weights=np.zeros((10, 1000))),
        Projection(name="q", source="a", target="b", connections=pairs, weights=np.full(1000, 63)),
    )
    found = partition(network)
    assert len(found.network.execution_instances) == 4
    assert found.plan.replayed == 1000


def test_the_plan_explains_itself() -> None:
    found = partition(dense_layers(784, 256, 10))
    text = found.explain()
    assert text.startswith("5 execution instances on 1 chip (the fewest possible), 256 replayed neurons")
    assert "Population 'l0': 256 neurons x 8 circuits in 4 slices" in text
    assert "instance 4 on chip 0: l1[0:10] (10 neurons x 2 circuits)" in text
    assert "replays 256 neurons of instances 0-3" in text
    assert "instance 4 on chip 0" in found._repr_html_()
