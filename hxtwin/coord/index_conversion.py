"""Conversion of whole arrays of linear indices from one coordinate type to another.

The formulas are those of the ``to_...`` methods; both are written from one declaration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hxtwin.coord.errors import CoordinateError, CoordinateTypeError, shown

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from hxtwin.coord.coordinate import Coordinate, Indexed

__all__ = ["conversions", "convert_indices"]

_LARGEST_INDEX = 2**63 - 1


def conversions(source: type[Coordinate]) -> tuple[str, ...]:
    """Return the names of all types that linear indices of ``source`` convert to, in alphabetical order."""
    from hxtwin.coord.array_formulas import FORMULAS

    return tuple(sorted(target for name, target in FORMULAS if name == source.__qualname__))


def convert_indices(
    indices: npt.NDArray[np.integer] | list[int],
    source: type[Indexed],
    target: type[Indexed],
    *,
    missing: int | None = None,
) -> npt.NDArray[np.int64]:
    """Convert linear indices of one type to those of another.

    Args:
        indices: integers of any shape, each a linear index of ``source``.
        source: type of the given indices.
        target: type of the wanted indices; ``source`` has a method ``to_<target>``.
        missing: number returned where an optional conversion has no target; without it this is an error.

    Returns:
        int64 array of the same shape; conversions with several targets add a last axis for them.

    Raises:
        CoordinateTypeError: ``indices`` is not an array of integers.
        CoordinateError: an index out of range, a conversion that does not exist, or a missing target.
    """
    # Loaded on first use: programs that only name coordinates need neither numpy nor the formulas.
    import numpy as np

    from hxtwin.coord.array_formulas import FORMULAS, MISSING

    formula = FORMULAS.get((source.__qualname__, target.__qualname__))
    if formula is None:
        known = ", ".join(conversions(source)) or "nothing"
        raise CoordinateError(
            f"{source.__qualname__} does not convert to {target.__qualname__}; it converts to {known}"
        )
    given = _checked(indices, source)
    result = np.asarray(formula(given), dtype=np.int64)
    without = result == MISSING
    if without.any():
        if missing is None:
            first = given[without].flat[0] if without.shape == given.shape else None
            raise CoordinateError(
                f"{source.__qualname__} {first} has no {target.__qualname__}; "
                f"leave such values out or say by missing=... what to put there"
            )
        result[without] = missing
    beyond = ((result < target.min) | (result > target.max)) & ~without
    if beyond.any():
        raise CoordinateError(
            f"{target.__qualname__} has no index {result[beyond].flat[0]}: the range is {target.min}..{target.max}; "
            f"give smaller values of {source.__qualname__}"
        )
    return result


def _checked(indices: object, source: type[Indexed]) -> npt.NDArray[np.int64]:
    """Return the indices as int64 array, all in the range of their type."""
    import numpy as np

    try:
        given = np.asarray(indices)
    except (ValueError, TypeError) as error:
        raise CoordinateTypeError(f"{shown(indices)} is no array of indices of {source.__qualname__}") from error
    if given.size == 0 and isinstance(indices, list):
        given = given.astype(np.int64)
    if not np.issubdtype(given.dtype, np.integer):
        raise CoordinateTypeError(
            f"indices of {source.__qualname__} must be integers, got {shown(indices)} of dtype {given.dtype}"
        )
    beyond = (given < source.min) | (given > min(source.max, _LARGEST_INDEX))
    if beyond.any():
        raise CoordinateError(
            f"{source.__qualname__} has no index {given[beyond].flat[0]}: the range is {source.min}..{source.max}; "
            f"give values of this range"
        )
    return given.astype(np.int64)
