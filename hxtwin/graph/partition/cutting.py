"""Cutting a network: populations into slices, and everything that refers to them.

==================  ================================================================================
population          one population for each slice, named ``hidden[0:64]``; `part_of` says what it is
projection          one for each pair of slices with a connection, named ``in[0:784->0:64]``
recording           one for each slice with recorded neurons
source              stays as it is: its events go wherever they have targets
==================  ================================================================================

What is not cut keeps its name. Used by the automatic partition, and by users who cut by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.graph.errors import NetworkError
from hxtwin.graph.network import (
    ExecutionInstanceID,
    MADCRecording,
    Network,
    Population,
    PopulationPart,
    Projection,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hxtwin.graph.network import Recording


@attrs.frozen(kw_only=True)
class Slice:
    """Consecutive neurons of a population, and where they run.

    Args:
        start: first neuron.
        stop: one past the last.
        execution_instance: where they run.
        chip: position in the list of chips of the executor.
    """

    start: int
    stop: int
    execution_instance: ExecutionInstanceID = attrs.field(converter=ExecutionInstanceID)
    chip: int = 0


@attrs.frozen(kw_only=True)
class ProjectionPart:
    """Which connections of a projection of the uncut network one of the cut network has.

    Args:
        name: projection of the cut network.
        of: projection of the uncut network.
        selection: index into its weights: two slices for a dense one, positions for a sparse one.
    """

    name: str
    of: str
    selection: tuple[slice, slice] | npt.NDArray[np.int64] = attrs.field(eq=False)


def cut(network: Network, slices: Mapping[str, Sequence[Slice]]) -> tuple[Network, tuple[ProjectionPart, ...]]:
    """Cut populations into slices and assign them to execution instances.

    Args:
        network: the uncut network.
        slices: population -> its slices, which cover it without gaps. Populations that are not listed stay as they are.

    Returns:
        The cut network, and for each of its projections where its weights come from.

    Raises:
        NetworkError: slices that do not cover their population, an unknown population, or a cut population that is the
            source of an inter-execution projection.
    """
    _check(network, slices)
    parts = {population.name: _parts(population, slices.get(population.name)) for population in network.populations}
    projections: list[Projection] = []
    origins: list[ProjectionPart] = []
    for projection in network.projections:
        for part, origin in _cut_projection(projection, parts):
            projections.append(part)
            origins.append(origin)
    found = attrs.evolve(
        network,
        populations=tuple(part for pieces in parts.values() for part, _ in pieces),
        projections=tuple(projections),
        recordings=tuple(piece for recording in network.recordings for piece in _cut_recording(recording, parts)),
    )
    return found, tuple(origins)


def cut_weights(origins: Sequence[ProjectionPart], weights: Mapping[str, npt.ArrayLike]) -> dict[str, npt.ArrayLike]:
    """Weights of the projections of a cut network from those of the uncut one, for `Network.with_weights`."""
    arrays = {name: np.asarray(array) for name, array in weights.items()}
    return {origin.name: arrays[origin.of][origin.selection] for origin in origins if origin.of in arrays}


#: Pieces of each population with the slice they are.
_Parts = dict[str, list[tuple[Population, Slice]]]


def _check(network: Network, slices: Mapping[str, Sequence[Slice]]) -> None:
    for name, pieces in slices.items():
        population = network.population(name)
        edges = [0, *(piece.stop for piece in pieces)]
        if [piece.start for piece in pieces] != edges[:-1] or edges[-1] != population.size:
            given = [(piece.start, piece.stop) for piece in pieces]
            raise NetworkError(
                f"Population {name!r}: slices {given} do not cover its {population.size} neurons in order"
            )
        if any(piece.start >= piece.stop for piece in pieces):
            raise NetworkError(f"Population {name!r}: a slice is empty")
        if len(pieces) > 1 and any(relay.source == name for relay in network.inter_execution):
            raise NetworkError(
                f"Population {name!r} is the source of an inter-execution projection and cannot be cut; "
                f"give a projection to its targets instead"
            )


def _parts(population: Population, slices: Sequence[Slice] | None) -> list[tuple[Population, Slice]]:
    if slices is None:
        instance = population.execution_instance or ExecutionInstanceID(0)
        return [(population, Slice(start=0, stop=population.size, execution_instance=instance))]
    return [(_part(population, piece, whole=len(slices) == 1), piece) for piece in slices]


def _part(population: Population, piece: Slice, *, whole: bool) -> Population:
    placed = attrs.evolve(population, execution_instance=piece.execution_instance, chip=piece.chip)
    if whole:
        return placed
    origin = population.origin
    return attrs.evolve(
        placed,
        name=f"{population.name}[{piece.start}:{piece.stop}]",
        size=piece.stop - piece.start,
        anchors=None if population.anchors is None else population.anchors[piece.start : piece.stop],
        parameters=population.parameters
        if len(population.parameters) < population.size
        else population.parameters[piece.start : piece.stop],
        part_of=PopulationPart(population=origin.population, neurons=origin.neurons[piece.start : piece.stop]),
    )


def _cut_projection(projection: Projection, parts: _Parts) -> list[tuple[Projection, ProjectionPart]]:
    sources = parts.get(projection.source)
    targets = parts[projection.target]
    if (sources is None or len(sources) == 1) and len(targets) == 1:
        every = slice(None)
        selection = (every, every) if projection.connections is None else np.arange(len(projection.connections))
        return [(projection, ProjectionPart(name=projection.name, of=projection.name, selection=selection))]
    found = []
    pieces: Sequence[tuple[Population | None, Slice | None]] = sources or [(None, None)]
    for source, before in pieces:
        for target, after in targets:
            piece = _piece(projection, before, after)
            if piece is None:
                continue
            weights, connections, selection = piece
            name = f"{projection.name}[{_text(before, sources)}->{_text(after, targets)}]"
            part = attrs.evolve(
                projection,
                name=name,
                source=projection.source if source is None else source.name,
                target=target.name,
                weights=weights,
                connections=connections,
            )
            found.append((part, ProjectionPart(name=name, of=projection.name, selection=selection)))
    return found


def _text(piece: Slice | None, pieces: Sequence[object] | None) -> str:
    return f"{piece.start}:{piece.stop}" if piece is not None and pieces is not None and len(pieces) > 1 else ""


def _piece(
    projection: Projection, before: Slice | None, after: Slice
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64] | None, tuple[slice, slice] | npt.NDArray[np.int64]] | None:
    """Weights, connections and selection of what connects two slices; None if nothing does."""
    rows = slice(None) if before is None else slice(before.start, before.stop)
    columns = slice(after.start, after.stop)
    if projection.connections is None:
        return projection.weights[rows, columns], None, (rows, columns)
    pairs = projection.connections
    inside = (pairs[:, 1] >= after.start) & (pairs[:, 1] < after.stop)
    if before is not None:
        inside &= (pairs[:, 0] >= before.start) & (pairs[:, 0] < before.stop)
    selection = np.flatnonzero(inside)
    if not selection.size:
        return None
    offset = np.array([0 if before is None else before.start, after.start])
    return projection.weights[selection], pairs[selection] - offset, selection


def _cut_recording(recording: Recording, parts: _Parts) -> list[Recording]:
    pieces = parts.get(recording.population)
    if pieces is None or len(pieces) == 1:
        return [recording]
    found: list[Recording] = []
    for population, piece in pieces:
        if isinstance(recording, MADCRecording):
            if piece.start <= recording.neuron < piece.stop:
                neuron = recording.neuron - piece.start
                found.append(attrs.evolve(recording, population=population.name, neuron=neuron))
        elif recording.neurons is None:
            found.append(attrs.evolve(recording, population=population.name))
        else:
            inside = (recording.neurons >= piece.start) & (recording.neurons < piece.stop)
            if inside.any():
                neurons = recording.neurons[inside] - piece.start
                found.append(attrs.evolve(recording, population=population.name, neurons=neurons))
    return found
