"""Networks of the papers: dense layers, and receptive fields (reference: graph.md 6.1, execution.md 10)."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np

from hxtwin.graph.network import CADCRecording, ExternalSource, Network, Population, Projection, SpikeRecording

SEED: Final = 20_261_121
_PIXEL_HZ: Final = 150e3
"""Rate of a pixel at the densest time of an image: one spike in 6.7 us."""


def layers(*sizes: int, recorded: bool = False) -> Network:
    """Dense signed layers with random weights; the last one does not spike and is recorded by the column ADC."""
    rng = np.random.default_rng(SEED)
    names = ["in", *(f"layer {number}" for number in range(1, len(sizes)))]
    return Network.of(
        ExternalSource(name="in", size=sizes[0]),
        *(
            Population(name=name, size=size, spiking=name != names[-1])
            for name, size in zip(names[1:], sizes[1:], strict=True)
        ),
        *(
            Projection(
                name=f"to {target}",
                source=source,
                target=target,
                weights=rng.integers(-63, 64, shape),
            )
            for (source, target), shape in zip(itertools.pairwise(names), itertools.pairwise(sizes), strict=True)
        ),
        *(SpikeRecording(population=name) for name in names[:-1] if recorded),
        CADCRecording(population=names[-1]),
    )


def receptive_fields() -> Network:
    """64 x 64 x 3 pixels; fields of 3 x 3 x 3 feed 22 x 22 neurons; then 128 and 10, dense."""
    pixels = np.arange(64 * 64 * 3).reshape(64, 64, 3)
    row, column = np.indices((64, 64)) // 3
    fields = np.broadcast_to((22 * row + column)[..., np.newaxis], pixels.shape)
    pairs = np.stack([pixels.ravel(), fields.ravel()], axis=1)
    return Network.of(
        ExternalSource(name="pixels", size=12288, rate_hz=_PIXEL_HZ),
        Population(name="fields", size=484),
        Population(name="hidden", size=128),
        Population(name="output", size=10, spiking=False),
        Projection(name="f", source="pixels", target="fields", connections=pairs, weights=np.zeros(len(pairs))),
        Projection(name="h", source="fields", target="hidden", weights=np.zeros((484, 128))),
        Projection(name="o", source="hidden", target="output", weights=np.zeros((128, 10))),
    )
