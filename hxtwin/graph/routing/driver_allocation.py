"""Allocation of synapse drivers to requests with given row select labels.

A driver with index i (0..31 on its bus) that was given to a request with label v and compare mask m hears it iff
``v & m == i & m``; it must hear no other request of the bus. Each request has a list of labels to choose from; requests
of one *label group* choose the same position of their lists. Its drivers come in shapes: any drivers, or neighbours.
All buses are served with one choice of labels. Source: reference graph.md 6.6.

The router makes its own requests (`row_select`); this is the general form of the problem, for routings made by hand.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.graph.errors import RoutingError
from hxtwin.graph.routing.allocation_kernel import match_drivers, widest_masks
from hxtwin.graph.routing.geometry import DRIVERS, ROW_SELECTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import numpy.typing as npt

MOST_TRIALS = 20_000
"""Combinations of labels, and places of neighbouring drivers, that are looked at."""


@attrs.frozen
class DriverShape:
    """A number of drivers; `contiguous`: with consecutive indices on the bus."""

    size: int = attrs.field(validator=[attrs.validators.ge(0), attrs.validators.le(DRIVERS)])
    contiguous: bool = False


@attrs.frozen
class DriverRequest:
    """Drivers wanted for events with one row select label.

    Args:
        labels: row select labels to choose from, 0..31.
        shapes: bus -> shapes wanted there, at least one.
        label_group: requests of equal group (not None) choose the same position of their lists.

    Raises:
        RoutingError: no labels, no shapes, or a label out of range.
    """

    labels: tuple[int, ...] = attrs.field(converter=tuple)
    shapes: Mapping[int, Sequence[DriverShape]]
    label_group: int | str | None = None

    def __attrs_post_init__(self) -> None:
        if not self.labels or not all(0 <= label < ROW_SELECTS for label in self.labels):
            raise RoutingError(
                "driver request", "row select labels", detail=f"got {self.labels}; at least one of 0..31 is needed"
            )
        if not self.shapes or not all(len(shapes) for shapes in self.shapes.values()):
            raise RoutingError("driver request", "driver shapes", detail=f"got {self.shapes}; each bus needs some")


@attrs.frozen
class AllocatedRequest:
    """What a request got.

    Args:
        label: its row select label.
        drivers: bus -> for each shape the (index on the bus, compare mask) of its drivers.
    """

    label: int
    drivers: Mapping[int, tuple[tuple[tuple[int, int], ...], ...]]


def allocate_drivers(
    requests: Sequence[DriverRequest], unavailable: Mapping[int, Collection[int]] | None = None
) -> tuple[AllocatedRequest, ...]:
    """Finds labels, drivers and masks for all requests.

    Args:
        requests: what is wanted; all of it has to be served.
        unavailable: bus -> indices of drivers that must not be used.

    Returns:
        What each request got, in the order of the requests.

    Raises:
        RoutingError: impossible, or not found within `MOST_TRIALS`.
    """
    taken = unavailable or {}
    buses = sorted({bus for request in requests for bus in request.shapes})
    for bus in buses:
        needed = sum(shape.size for request in requests for shape in request.shapes.get(bus, ()))
        free = DRIVERS - len(set(taken.get(bus, ())))
        if needed > free:
            raise RoutingError(f"PADI bus {bus}", "synapse drivers", needed, free)
    budget = [MOST_TRIALS]
    for labels in _label_choices(requests):
        if budget[0] <= 0:
            break
        found = [_on_bus(bus, requests, labels, taken.get(bus, ()), budget) for bus in buses]
        if all(owner is not None for owner in found):
            return tuple(
                AllocatedRequest(
                    label, {bus: owner[number] for bus, owner in zip(buses, found, strict=True) if owner is not None}
                )
                for number, label in enumerate(labels)
            )
    detail = "the labels cannot be told apart by so many drivers" if budget[0] > 0 else "search ended without result"
    raise RoutingError(f"PADI buses {buses}", "synapse drivers that hear one label alone", detail=detail)


def _label_choices(requests: Sequence[DriverRequest]) -> Iterator[tuple[int, ...]]:
    """Labels of all requests, positions of the lists in lexicographic order; without two equal labels on a bus."""
    keys = [
        ("alone", number) if request.label_group is None else ("group", request.label_group)
        for number, request in enumerate(requests)
    ]
    lengths: dict[tuple[str, int | str], int] = {}
    for key, request in zip(keys, requests, strict=True):
        if lengths.setdefault(key, len(request.labels)) != len(request.labels):
            raise RoutingError(
                f"label group {key[1]}", "row select labels", detail="lists of one group have to be equally long"
            )
    for positions in itertools.product(*(range(length) for length in lengths.values())):
        at = dict(zip(lengths, positions, strict=True))
        labels = tuple(request.labels[at[key]] for key, request in zip(keys, requests, strict=True))
        places = [(bus, label) for request, label in zip(requests, labels, strict=True) for bus in request.shapes]
        if len(set(places)) == len(places):
            yield labels


def _on_bus(
    bus: int,
    requests: Sequence[DriverRequest],
    labels: tuple[int, ...],
    unavailable: Collection[int],
    budget: list[int],
) -> dict[int, tuple[tuple[tuple[int, int], ...], ...]] | None:
    """Drivers of each request on a bus, by number of the request; None: impossible."""
    here = [number for number, request in enumerate(requests) if bus in request.shapes]
    masks = widest_masks(np.array([1 << labels[number] for number in here], dtype=np.uint32))
    allowed = masks >= 0
    allowed[:, list(unavailable)] = False
    blocks = [
        (shape.size, place, position)
        for place, number in enumerate(here)
        for position, shape in enumerate(requests[number].shapes[bus])
        if shape.contiguous and shape.size > 1
    ]
    blocks.sort(key=lambda block: -block[0])
    needed = np.array([sum(s.size for s in requests[number].shapes[bus]) for number in here], dtype=np.int64)
    found = _place_blocks(allowed, needed, blocks, budget)
    if found is None:
        return None
    starts, owner = found
    result = {}
    for place, number in enumerate(here):
        loose = np.flatnonzero(owner == place).tolist()
        shapes = []
        for position, shape in enumerate(requests[number].shapes[bus]):
            start = starts.get((place, position))
            indices = [loose.pop(0) for _ in range(shape.size)] if start is None else range(start, start + shape.size)
            shapes.append(tuple((index, int(masks[place, index])) for index in indices))
        result[number] = tuple(shapes)
    return result


def _place_blocks(
    allowed: npt.NDArray[np.bool_],
    needed: npt.NDArray[np.int64],
    blocks: list[tuple[int, int, int]],
    budget: list[int],
) -> tuple[dict[tuple[int, int], int], npt.NDArray[np.int64]] | None:
    """Places the blocks of neighbouring drivers one after the other, then matches the rest."""
    owner, missing = match_drivers(allowed, needed)
    if missing:
        return None
    if not blocks:
        return {}, owner
    (size, place, position), rest = blocks[0], blocks[1:]
    left = needed.copy()
    left[place] -= size
    for start in range(DRIVERS - size + 1):
        if not allowed[place, start : start + size].all():
            continue
        budget[0] -= 1
        if budget[0] <= 0:
            return None
        without = allowed.copy()
        without[:, start : start + size] = False
        found = _place_blocks(without, left, rest, budget)
        if found is not None:
            return {**found[0], (place, position): start}, found[1]
    return None
