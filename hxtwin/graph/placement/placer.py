"""Placing of logical neurons on the circuits of a chip.

================  ==============================================================================================
given by user       anchors are kept; everything else goes around them
CADC recordings     recorded neurons come first, in columns of one quad (0 2 4 6, then 1 3 5 7) where they are one
                    column wide; those of one row, in turns of two quads on the top and the bottom row: then few
                    quads of a hemisphere have to be read
failed circuits     left out as long as the others suffice
`Strategy`          order in which anchors are tried: in the order of the reference; populations in turns on the
                    top and the bottom row; in turns on the event outputs
================  ==============================================================================================

Within a strategy every neuron takes the first anchor at which its whole shape is free (reference: graph.md 6.2).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hxtwin.graph.errors import PlacementError
from hxtwin.graph.network import (
    CADCRecording,
    MADCRecording,
    recorded_neurons,
    shape_for_fan_in,
    single_compartment,
)
from hxtwin.graph.placement.placement import COLUMNS, HALF_COLUMNS, Ints, PlacedPopulation, Placement, ShapeGeometry

if TYPE_CHECKING:
    from hxtwin.graph.network import Network, NeuronShape, Population

_CIRCUITS = 2 * COLUMNS
_QUADS_OF_A_TURN = 2


class Strategy(Enum):
    """Order in which anchors are tried."""

    IN_ORDER = "in order"
    ALTERNATING_ROWS = "alternating rows"
    ALTERNATING_OUTPUTS = "alternating outputs"


def place(
    network: Network,
    usable: npt.ArrayLike | None = None,
    *,
    strategy: Strategy = Strategy.IN_ORDER,
    extra_circuits: int = 0,
) -> Placement:
    """Places all populations of a network on one chip.

    Args:
        network: one execution instance.
        usable: ``bool[512]``, circuits that work; None: all.
        strategy: order of anchors.
        extra_circuits: circuits for each neuron beyond those that its fan-in needs, where the user gave no shape.

    Raises:
        PlacementError: the neurons do not fit, anchors overlap, leave the chip or cross its middle, or two neurons
            recorded by the membrane ADC cannot be on an even and an odd column.
    """
    works = np.ones(_CIRCUITS, dtype=bool) if usable is None else np.asarray(usable, dtype=bool)
    if works.shape != (_CIRCUITS,):
        raise PlacementError("chip", "entries of `usable`", works.size, _CIRCUITS, "one flag for each neuron circuit")
    failure: PlacementError | None = None
    for allowed in (works, np.ones(_CIRCUITS, dtype=bool)):
        for by_size, vertical in ((False, True), (True, True), (False, False), (True, False)):
            try:
                placed = _recordable(network, allowed, strategy, extra_circuits, by_size=by_size, compact=vertical)
            except PlacementError as error:
                failure = failure or error
                continue
            order = [placed[population.name] for population in network.populations]
            used = np.concatenate([p.circuits.reshape(-1) for p in order] or [np.empty(0, dtype=np.int64)])
            return Placement(tuple(order), np.sort(used[~works[used]]))
        if works.all():
            break
    assert failure is not None
    raise failure


def _recordable(
    network: Network,
    allowed: npt.NDArray[np.bool_],
    strategy: Strategy,
    extra_circuits: int,
    *,
    by_size: bool,
    compact: bool,
) -> dict[str, PlacedPopulation]:
    """A placement in which two neurons recorded by the membrane ADC lie on columns of different parity.

    Two neurons are exchanged if that helps; else the place of one of the two is left free, which moves it by a column.
    """
    placed = _place_all(network, allowed, strategy, extra_circuits, by_size=by_size, compact=compact)
    try:
        return _odd_and_even(network, placed)
    except PlacementError as error:
        for recording in network.recordings:
            if not isinstance(recording, MADCRecording) or network.population(recording.population).anchors is not None:
                continue
            column = int(placed[recording.population].anchors[recording.neuron]) % COLUMNS
            without = allowed.copy()
            without[[column, COLUMNS + column]] = False
            try:
                moved = _place_all(network, without, strategy, extra_circuits, by_size=by_size, compact=compact)
                return _odd_and_even(network, moved)
            except PlacementError:
                continue
        raise error


def _place_all(
    network: Network,
    allowed: npt.NDArray[np.bool_],
    strategy: Strategy,
    extra_circuits: int,
    *,
    by_size: bool,
    compact: bool,
) -> dict[str, PlacedPopulation]:
    free = np.ones(_CIRCUITS, dtype=bool)
    placed: dict[str, PlacedPopulation] = {}
    for population in network.populations:
        if population.anchors is not None:
            placed[population.name] = _at_anchors(population, free)
    free &= allowed
    left = [population for population in network.populations if population.anchors is None]
    shapes = {population.name: _shape(network, population, extra_circuits, compact) for population in left}
    recorded = {name: _recorded(network, name) for name in shapes}
    left.sort(key=lambda p: -shapes[p.name].circuits if by_size else -bool(len(recorded[p.name])))
    for turn, population in enumerate(left):
        placed[population.name] = _first_fit(
            population, shapes[population.name], recorded[population.name], free, strategy, turn
        )
    return placed


def _shape(network: Network, population: Population, extra_circuits: int, compact: bool) -> NeuronShape:
    shape = shape_for_fan_in(network, population.name)
    if population.shape is not None or (compact and not extra_circuits):
        return shape
    circuits = shape.circuits + extra_circuits
    sideways = (circuits % 2 == 1) == compact and circuits <= HALF_COLUMNS
    return single_compartment(circuits, expand_horizontally=sideways)


def _recorded(network: Network, population: str) -> Ints:
    """Neurons of a population that the CADC records."""
    size = network.population(population).size
    found = [
        recorded_neurons(recording, size)
        for recording in network.recordings
        if isinstance(recording, CADCRecording) and recording.population == population
    ]
    return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)


def _at_anchors(population: Population, free: npt.NDArray[np.bool_]) -> PlacedPopulation:
    assert population.anchors is not None
    assert population.shape is not None
    geometry = ShapeGeometry.of(population.shape)
    anchors = np.array([int(anchor) for anchor in population.anchors], dtype=np.int64)
    circuits, fits = geometry.circuits(anchors)
    name = f"Population {population.name!r}"
    if not fits.all():
        neuron = int(np.flatnonzero(~fits)[0])
        raise PlacementError(
            name,
            "room at the given anchor",
            detail=f"neuron {neuron} at circuit {anchors[neuron]} would leave the chip or cross columns 127/128",
        )
    for neuron, mine in enumerate(circuits):
        if not free[mine].all():
            raise PlacementError(
                name,
                "free neuron circuits at the given anchor",
                len(mine),
                int(free[mine].sum()),
                f"neuron {neuron} at circuit {anchors[neuron]} overlaps another neuron",
            )
        free[mine] = False
    return PlacedPopulation(population.name, population.shape, geometry, anchors, circuits)


def _first_fit(
    population: Population,
    shape: NeuronShape,
    recorded: Ints,
    free: npt.NDArray[np.bool_],
    strategy: Strategy,
    turn: int,
) -> PlacedPopulation:
    geometry = ShapeGeometry.of(shape)
    anchors = np.empty(population.size, dtype=np.int64)
    mine = np.empty((population.size, shape.circuits), dtype=np.int64)
    done = 0
    # neurons that the CADC records take the first places
    for neurons, candidates in (
        (recorded, _recorded_order(geometry)),
        (np.setdiff1d(np.arange(population.size), recorded), _anchor_order(strategy, turn)),
    ):
        circuits, fits = geometry.circuits(candidates)
        waiting = iter(neurons.tolist())
        neuron = next(waiting, None)
        for place_number in np.flatnonzero(fits):
            if neuron is None:
                break
            wanted = circuits[place_number]
            if free[wanted].all():
                free[wanted] = False
                anchors[neuron], mine[neuron] = candidates[place_number], wanted
                done += 1
                neuron = next(waiting, None)
    if done < population.size:
        needed = population.size * shape.circuits
        available = int(free.sum()) + done * shape.circuits
        detail = f"{done} of {population.size} neurons of {shape.circuits} circuits found a place"
        if needed <= available:
            detail += "; enough circuits are free, but not in this shape"
        raise PlacementError(f"Population {population.name!r}", "neuron circuits", needed, available, detail)
    return PlacedPopulation(population.name, shape, geometry, anchors, mine)


def _anchor_order(strategy: Strategy, turn: int) -> Ints:
    """All circuits of the chip in the order in which they are tried as anchors."""
    rows = np.array([1, 0] if strategy is Strategy.ALTERNATING_ROWS and turn % 2 else [0, 1])
    columns = np.arange(COLUMNS)
    if strategy is Strategy.ALTERNATING_OUTPUTS:
        columns = columns.reshape(8, 32).T.reshape(-1)
    order: Ints = np.add.outer(COLUMNS * rows, columns).reshape(-1)
    return order


def _recorded_order(geometry: ShapeGeometry) -> Ints:
    """The same for neurons that the CADC records; eight columns are two quads, one of even and one of odd columns."""
    columns = np.arange(COLUMNS)
    wide = geometry.column.max() > 0  # such a neuron reaches a quad of even columns wherever it is
    if not wide:
        columns = columns.reshape(-1, 4, 2).transpose(0, 2, 1).reshape(-1)
    blocks = columns.reshape(-1, _QUADS_OF_A_TURN * 8 if wide else _QUADS_OF_A_TURN * 4)
    order: Ints = np.add.outer(COLUMNS * np.arange(2), blocks).transpose(1, 0, 2).reshape(-1)
    return order


def _odd_and_even(network: Network, placed: dict[str, PlacedPopulation]) -> dict[str, PlacedPopulation]:
    """Exchanges two neurons if the two recorded by the membrane ADC would lie on columns of equal parity."""
    recordings = [recording for recording in network.recordings if isinstance(recording, MADCRecording)]
    columns = [int(placed[r.population].compartment(r.compartment)[r.neuron, r.circuit]) % COLUMNS for r in recordings]
    if len(recordings) < 2 or (columns[0] - columns[1]) % 2:
        return placed
    fixed = {(r.population, r.neuron) for r in recordings}
    for recording in reversed(recordings):
        population = placed[recording.population]
        if network.population(recording.population).anchors is not None:
            continue
        mine = population.compartment(recording.compartment)[:, recording.circuit] % 2
        for other in np.flatnonzero(mine != mine[recording.neuron]).tolist():
            if (recording.population, other) in fixed:
                continue
            swap = np.arange(len(population.anchors))
            swap[[recording.neuron, other]] = other, recording.neuron
            changed = PlacedPopulation(
                population.name, population.shape, population.geometry, population.anchors[swap],
                population.circuits[swap],
            )  # fmt: skip
            return {**placed, population.name: changed}
    raise PlacementError(
        " and ".join(f"neuron {r.neuron} of {r.population!r}" for r in recordings),
        "columns of different parity for the two recordings of the membrane ADC",
        detail=f"their circuits are in columns {columns}; one has to be even and one odd",
    )
