"""Iteration over coordinates: cartesian product and sparse samples.

Source: reference coordinates.md, section 1.5.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar, overload

from hxtwin.coord.errors import CoordinateError, CoordinateTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hxtwin.coord.coordinate import Coordinate, Indexed

__all__ = ["product", "sample"]

A = TypeVar("A", bound="Indexed")
B = TypeVar("B", bound="Indexed")
C = TypeVar("C", bound="Indexed")
D = TypeVar("D", bound="Indexed")


@overload
def product(first: type[A], /) -> Iterator[tuple[A]]: ...
@overload
def product(first: type[A], second: type[B], /) -> Iterator[tuple[A, B]]: ...
@overload
def product(first: type[A], second: type[B], third: type[C], /) -> Iterator[tuple[A, B, C]]: ...
@overload
def product(first: type[A], second: type[B], third: type[C], fourth: type[D], /) -> Iterator[tuple[A, B, C, D]]: ...
@overload
def product(*coordinate_types: type[Indexed]) -> Iterator[tuple[Coordinate, ...]]: ...
def product(*coordinate_types: type[Indexed]) -> Iterator[tuple[Coordinate, ...]]:
    """Yield all combinations of values of several types lazily, the last type fastest."""
    if not coordinate_types:
        yield ()
        return
    head, *tail = coordinate_types
    for value in head.all():
        for rest in product(*tail):
            yield (value, *rest)


def sample(coordinate_type: type[A], n: int | None = None, seed: int = 0) -> Sequence[A]:
    """Return ``n`` different values in ascending order, the first and the last one among them.

    Args:
        coordinate_type: type to draw from.
        n: number of values, at least 2; a type with at most ``n`` values gives all of them, as does ``None``.
        seed: same seed, same values.

    Raises:
        CoordinateError: ``n`` is below 2 although the type has more than two values.
    """
    if n is None:
        return coordinate_type.all()
    if isinstance(n, bool) or not isinstance(n, int):
        raise CoordinateTypeError(f"the number of samples must be an int, got {shown(n)}")
    if n < 2 and coordinate_type.size > 2:
        raise CoordinateError(
            f"a sample of {coordinate_type.__qualname__} includes first and last, so n must be at least 2, got {n}"
        )
    if n >= coordinate_type.size or coordinate_type.size <= 2:
        return coordinate_type.all()
    drawn = {coordinate_type.min, coordinate_type.max}
    source = random.Random(seed)  # noqa: S311  # reproducible test points, no secret
    if 2 * n > coordinate_type.size:
        drawn.update(source.sample(range(coordinate_type.min + 1, coordinate_type.max), n - 2))
    while len(drawn) < n:
        drawn.add(source.randint(coordinate_type.min, coordinate_type.max))
    return [coordinate_type._of(index) for index in sorted(drawn)]
