"""What all entities of a network share: a name, sizes, arrays that cannot be changed, and a place to run.

==========================  ==============================================================================
`Name`                      text, not empty, unique in the network; references go by name
`ExecutionInstanceID`       the instance that an entity runs in; None: not assigned, `partition` decides
chip                        position in the list of chips that the executor is given
==========================  ==============================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import attrs
import numpy as np
import numpy.typing as npt

from hxtwin.coord import CoordinateError, ExecutionInstanceID
from hxtwin.graph.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable

IntArray = npt.NDArray[np.int32]
IndexArray = npt.NDArray[np.int64]

#: Longest name of an entity.
MOST_CHARACTERS = 200
#: Largest population, source or list of connections that is accepted.
MOST_NEURONS = 1 << 24

#: Comparison of array fields (None allowed), for ``attrs.field(eq=same_array)``.
same_array = attrs.cmp_using(
    eq=lambda one, other: one is other or (one is not None and other is not None and np.array_equal(one, other)),
    class_name="Array",
)


def check_name(entity: object, attribute: attrs.Attribute[str], value: object) -> None:
    """Validator of names.

    Raises:
        NetworkError: not a text of 1..200 characters.
    """
    if not isinstance(value, str) or not 0 < len(value) <= MOST_CHARACTERS:
        raise NetworkError(
            f"{type(entity).__name__}.{attribute.name}: a text of 1..{MOST_CHARACTERS} characters is wanted, "
            f"got {value!r:.80}"
        )


def in_range(least: int, most: int) -> Callable[[object, attrs.Attribute[int], object], None]:
    """Validator of whole numbers of a named entity.

    Raises (the validator):
        NetworkError: no integer, or out of range.
    """

    def check(entity: object, attribute: attrs.Attribute[int], value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise NetworkError(f"{described(entity)}: {attribute.name} has to be in {least}..{most}, got {value!r:.80}")

    return check


def not_negative(entity: object, attribute: attrs.Attribute[float], value: object) -> None:
    """Validator of finite numbers >= 0, or None.

    Raises:
        NetworkError: negative, infinite, NaN, or no number.
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value) or value < 0:
        raise NetworkError(f"{described(entity)}: {attribute.name} has to be a finite number >= 0, got {value!r:.80}")


def to_size(value: Any) -> Any:
    """Converter: integers of numpy become integers of Python, everything else is left to the validator."""
    return int(value) if isinstance(value, np.integer) else value


def to_instance(value: Any) -> ExecutionInstanceID | None:
    """Converter of execution instances: an `ExecutionInstanceID`, a whole number, or None.

    Raises:
        NetworkError: anything else.
    """
    if value is None or isinstance(value, ExecutionInstanceID):
        return value
    try:
        return ExecutionInstanceID(value)
    except CoordinateError as error:
        raise NetworkError(f"execution_instance: {error}") from error


def described(entity: object) -> str:
    """Kind and name of an entity, for messages: ``Population 'hidden'``."""
    return f"{type(entity).__name__} {getattr(entity, 'name', '?')!r:.80}"


def whole_numbers(owner: str, given: npt.ArrayLike, dtype: type[np.signedinteger[Any]]) -> npt.NDArray[Any]:
    """A read-only copy of an array of whole numbers.

    Args:
        owner: entity and field, for messages.
        given: integers, or floats without a fraction.
        dtype: type of the result.

    Raises:
        NetworkError: NaN, infinite, with a fraction, no numbers, or beyond `dtype`.
    """
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise NetworkError(f"{owner}: no rectangular array: {error}") from error
    if array.dtype.kind == "f":
        if np.isnan(array).any():
            raise NetworkError(f"{owner}: {int(np.isnan(array).sum())} of {array.size} values are NaN")
        if not np.isfinite(array).all() or (array != np.trunc(array)).any():
            raise NetworkError(f"{owner}: values have to be whole numbers; round them first")
    elif array.dtype.kind not in "iub" and array.size:
        raise NetworkError(f"{owner}: whole numbers are wanted, got {array.dtype}")
    limits = np.iinfo(dtype)
    if array.size and (array.min() < limits.min or array.max() > limits.max):
        raise NetworkError(f"{owner}: values {array.min()}..{array.max()}, allowed: {limits.min}..{limits.max}")
    return frozen_copy(array, dtype)


def int_array(given: npt.ArrayLike) -> IntArray:
    """Converter that lets the type checker accept anything array-like; the class checks it with `whole_numbers`."""
    return cast("IntArray", given)


def index_array(given: npt.ArrayLike) -> IndexArray:
    """The same for arrays of indices."""
    return cast("IndexArray", given)


def optional_index_array(given: npt.ArrayLike | None) -> IndexArray | None:
    """The same for arrays of indices that may be left out."""
    return cast("IndexArray | None", given)


def frozen_copy(array: npt.ArrayLike, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """A contiguous read-only copy."""
    copy = np.array(array, dtype=dtype, order="C")
    copy.flags.writeable = False
    return copy


def neuron_indices(owner: str, given: npt.ArrayLike) -> IndexArray:
    """A read-only copy of a list of neurons without repetitions.

    Raises:
        NetworkError: empty, not one-dimensional, negative, or a neuron twice.
    """
    array: IndexArray = whole_numbers(owner, given, np.int64)
    if array.ndim != 1 or not array.size:
        raise NetworkError(f"{owner}: a list of at least one neuron is wanted, got shape {array.shape}")
    if array.min() < 0:
        raise NetworkError(f"{owner}: neuron {array.min()} is negative")
    if np.unique(array).size != array.size:
        values, counts = np.unique(array, return_counts=True)
        raise NetworkError(f"{owner}: neuron {values[counts > 1][0]} is listed twice")
    return array
