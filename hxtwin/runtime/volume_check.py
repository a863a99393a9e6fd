"""Checks of what is given as arrays: indices of coordinates, columns of fields, words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hxtwin import coord
from hxtwin.containers import check, codec
from hxtwin.containers.codec import ALL_LANES
from hxtwin.containers.record import schema
from hxtwin.runtime.errors import PlacementError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from hxtwin.containers import Container


def as_indices(container: type[Container], given: ArrayLike) -> NDArray[np.int64]:
    """Linear indices of coordinates of a container, ``int64[n]``.

    Raises:
        PlacementError: no integers, an index out of range, or a container that lives at intervals.
    """
    place = container.coordinate_type
    if not issubclass(place, coord.Indexed):
        raise PlacementError(f"{container.__name__} lives at intervals; access it one by one")
    array = np.asarray(given)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise PlacementError(f"indices of {place.__name__} are integers of shape (n,), not {array.dtype} {array.shape}")
    if array.size and not place.min <= int(array.min()) <= int(array.max()) <= place.max:
        raise PlacementError(
            f"{place.__name__} {int(array.min())}..{int(array.max())}: the range is {place.min}..{place.max}"
        )
    return array.astype(np.int64)


def as_columns(container: type[Container], given: Mapping[str, ArrayLike], n: int) -> dict[str, NDArray[Any]]:
    """Complete columns of n containers in the dtype of their fields; those not given have their defaults.

    Raises:
        PlacementError: an unknown field.
        ContainerError: a wrong shape, type or value.
    """
    known = {column.path: column for column in schema(container)}
    unknown = given.keys() - known.keys()
    if unknown:
        raise PlacementError(f"{container.__name__}: no field {sorted(unknown)[0]!r}; fields are: {', '.join(known)}")
    checked = {
        path: check.array(known[path].spec, values, f"{container.__name__}.{path}", (n, *known[path].shape))
        for path, values in given.items()
    }
    return {**container.default_columns(n), **checked}


def lanes_of(
    container: type[Container], columns: Mapping[str, NDArray[Any]], indices: NDArray[np.int64]
) -> NDArray[np.uint8] | None:
    """Byte lanes of every word of a batch, ``uint8[n, words]``; None if all are enabled."""
    if not codec.has_byte_enables(container):
        return None
    lanes = codec.byte_enables(container, columns, len(indices), container.components_of_indices(indices))
    return None if (lanes == ALL_LANES).all() else lanes


def as_words(name: str, given: ArrayLike) -> NDArray[np.uint32]:
    """Numbers of 32 bits, ``uint32[n]``.

    Raises:
        PlacementError: no integers, another shape, or a number out of range.
    """
    array = np.atleast_1d(np.asarray(given))
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise PlacementError(f"{name} are integers 0..2**32-1 of shape (n,), not {array.dtype} of shape {array.shape}")
    if array.size and not 0 <= int(array.min()) <= int(array.max()) <= 0xFFFFFFFF:
        raise PlacementError(f"{name} {int(array.min()):#x}..{int(array.max()):#x}: 0..0xffffffff is allowed")
    return array.astype(np.uint32)
