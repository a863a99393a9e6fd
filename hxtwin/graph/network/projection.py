"""Projections: weighted connections from a source to a population.

==============  =========================  ==================================================
receptor        weights                    on the chip
==============  =========================  ==================================================
excitatory      0..max_weight              synapses on excitatory rows
inhibitory      0..max_weight (as given)   synapses on inhibitory rows
signed          -max_weight..max_weight    a pair: excitatory max(w, 0) and inhibitory max(-w, 0)
==============  =========================  ==================================================

A connection takes ``ceil(max_weight / 63)`` synapses (of each polarity). Connections exist whatever their weight:
weights may change later, up to max_weight, without placing and routing again. Source: reference graph.md 5.4, 5.7.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.errors import NetworkError
from hxtwin.graph.network.entity import (
    IndexArray,
    IntArray,
    check_name,
    described,
    in_range,
    index_array,
    int_array,
    not_negative,
    optional_index_array,
    same_array,
    to_size,
    whole_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Largest weight of one synapse.
SYNAPSE_WEIGHT = 63
#: Most synapses of one polarity that a connection may use.
MOST_SYNAPSES = 64


class Receptor(Enum):
    """Synaptic input of the target neuron."""

    EXCITATORY = "excitatory"
    INHIBITORY = "inhibitory"
    #: A pair of synapses, one on each input, that together carry a weight with a sign.
    SIGNED = "signed"


def to_receptor(given: Receptor | str) -> Receptor:
    """Converter of receptors: a `Receptor` or its name in small letters.

    Raises:
        NetworkError: anything else.
    """
    try:
        return Receptor(given)
    except ValueError as error:
        raise NetworkError(f"receptor: {[kind.value for kind in Receptor]} are possible, got {given!r:.80}") from error


@attrs.frozen(kw_only=True)
class Projection:
    """Connections from one source (population, external or background source) to one population.

    Args:
        name: unique in the network.
        source: name of the source.
        target: name of the population.
        weights: dense: ``int32[source size, target size]``; sparse: ``int32[n]``. Floats without fraction are taken.
        connections: None: dense, all to all; else ``int64[n, 2]``, (source neuron, target neuron) of each connection;
            the same pair may occur several times.
        receptor: which synaptic input; see the module.
        max_weight: largest absolute weight that shall be possible without routing again, at least 1.
        source_compartment: compartment of the source neuron whose spikes are taken (0 for sources).
        target_compartment: compartment of the target neuron that receives them.
        delay_us: additional delay in microseconds; other than 0 only between different execution instances.

    Raises:
        NetworkError: weights or connections of a wrong shape, NaN, negative where not allowed, or above max_weight.
    """

    name: str = attrs.field(validator=check_name)
    source: str = attrs.field(validator=check_name)
    target: str = attrs.field(validator=check_name)
    weights: IntArray = attrs.field(converter=int_array, eq=same_array)
    connections: IndexArray | None = attrs.field(default=None, converter=optional_index_array, eq=same_array)
    receptor: Receptor = attrs.field(default=Receptor.SIGNED, converter=to_receptor)
    max_weight: int = attrs.field(
        default=SYNAPSE_WEIGHT, converter=to_size, validator=in_range(1, SYNAPSE_WEIGHT * MOST_SYNAPSES)
    )
    source_compartment: int = attrs.field(default=0, converter=to_size, validator=in_range(0, 255))
    target_compartment: int = attrs.field(default=0, converter=to_size, validator=in_range(0, 255))
    delay_us: float = attrs.field(default=0.0, validator=not_negative)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "weights", whole_numbers(f"{described(self)}: weights", self.weights, np.int32))
        if self.connections is None:
            if self.weights.ndim != 2 or not self.weights.size:
                raise NetworkError(
                    f"{described(self)}: dense weights have the shape [source size, target size], "
                    f"got {self.weights.shape}"
                )
        else:
            _take_connections(self, self.connections)
        low = -self.max_weight if self.receptor is Receptor.SIGNED else 0
        if self.weights.min() < low or self.weights.max() > self.max_weight:
            raise NetworkError(
                f"{described(self)}: weights {self.weights.min()}..{self.weights.max()}, allowed for a "
                f"{self.receptor.value} projection: {low}..{self.max_weight}; scale them, or raise max_weight"
            )

    @property
    def is_dense(self) -> bool:
        """Whether it connects all sources to all targets."""
        return self.connections is None

    @property
    def synapses_per_connection(self) -> int:
        """Number of synapses of one polarity that a connection uses: ``ceil(max_weight / 63)``."""
        return -(-self.max_weight // SYNAPSE_WEIGHT)

    @property
    def pairs(self) -> IndexArray:
        """(source neuron, target neuron) of each connection, ``int64[n, 2]``; dense: the source is the outer index."""
        if self.connections is not None:
            return self.connections
        sources, targets = np.indices(self.weights.shape).reshape(2, -1)
        return np.stack([sources, targets], axis=1).astype(np.int64)

    def with_weights(self, weights: npt.ArrayLike) -> Projection:
        """The same projection with other weights.

        Raises:
            NetworkError: another shape, or weights that are not allowed.
        """
        found = attrs.evolve(self, weights=weights)
        if found.weights.shape != self.weights.shape:
            raise NetworkError(
                f"{described(self)}: new weights have the shape {found.weights.shape}, wanted {self.weights.shape}"
            )
        return found


def _take_connections(projection: Projection, given: npt.ArrayLike) -> None:
    connections: IndexArray = whole_numbers(f"{described(projection)}: connections", given, np.int64)
    if connections.ndim != 2 or connections.shape[1] != 2 or not len(connections):
        raise NetworkError(
            f"{described(projection)}: connections have the shape [n, 2] with n >= 1, got {connections.shape}"
        )
    if connections.min() < 0:
        raise NetworkError(f"{described(projection)}: neuron {connections.min()} in connections is negative")
    if projection.weights.shape != (len(connections),):
        raise NetworkError(
            f"{described(projection)}: weights of shape {projection.weights.shape} for {len(connections)} connections"
        )
    object.__setattr__(projection, "connections", connections)


@attrs.frozen(kw_only=True)
class InterExecutionProjection:
    """Spikes recorded in one execution instance and replayed in a later one.

    Written by `with_relays` for every projection between instances; users may also give it themselves.

    Args:
        name: unique in the network.
        source: name of the population that is recorded.
        target: name of the external source that replays; the spikes it gets this way add to its input data.
        neurons: neuron ``neurons[i]`` of the population becomes neuron i of the external source,
            ``int64[target size]``.
        source_compartment: compartment whose spikes are taken.
        delay_us: added to the times, microseconds, >= 0.
    """

    name: str = attrs.field(validator=check_name)
    source: str = attrs.field(validator=check_name)
    target: str = attrs.field(validator=check_name)
    neurons: IndexArray = attrs.field(converter=index_array, eq=same_array)
    source_compartment: int = attrs.field(default=0, converter=to_size, validator=in_range(0, 255))
    delay_us: float = attrs.field(default=0.0, validator=not_negative)

    def __attrs_post_init__(self) -> None:
        neurons: IndexArray = whole_numbers(f"{described(self)}: neurons", self.neurons, np.int64)
        if neurons.ndim != 1 or not neurons.size or neurons.min() < 0:
            raise NetworkError(f"{described(self)}: neurons is a list of at least one neuron, none negative")
        object.__setattr__(self, "neurons", neurons)


def used_sources(projections: Iterable[Projection], source: str, size: int) -> npt.NDArray[np.bool_]:
    """Which neurons of a source have a connection in any of the projections, ``bool[size]``."""
    used = np.zeros(size, dtype=np.bool_)
    for projection in projections:
        if projection.source != source:
            continue
        if projection.connections is None:
            used[:] = True
        else:
            used[projection.connections[:, 0]] = True
    return used
