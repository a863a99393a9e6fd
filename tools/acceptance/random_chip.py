"""A whole-chip configuration in which every field is random: the worst case for serialisation and comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hxtwin import containers
from hxtwin.containers.record import schema

if TYPE_CHECKING:
    from hxtwin.containers.fields import FieldSpec


def random_chip(seed: int) -> containers.Chip:
    """A chip with every field drawn uniformly from what it allows."""
    random = np.random.default_rng(seed)
    fields = {column.path: _draw(random, column.spec, column.shape) for column in schema(containers.Chip)}
    return containers.Chip.from_columns(fields)


def _draw(random: np.random.Generator, spec: FieldSpec, shape: tuple[int, ...]) -> Any:
    if spec.enum is not None:
        drawn = random.choice([int(member) for member in spec.enum], size=shape)
    else:
        drawn = random.integers(spec.minimum, spec.maximum, size=shape, endpoint=True, dtype=np.int64)
    return drawn.astype(spec.dtype) if shape else int(drawn)


def other_row(chip: containers.Chip) -> containers.Chip:
    """The same chip with other weights in one synapse row (256 synapses)."""
    path = "synapse_blocks.matrix.weights"
    weights = np.array(chip.columns()[path])
    weights[0, 17] ^= 1
    return chip.with_columns({path: weights})
