"""Targets and options as plain data, and back.

Every field by its name; arrays of floating point numbers as they are, missing ones as None.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

import attrs
import numpy as np

from hxtwin.calib.correlation_target import CorrelationCalibOptions, CorrelationCalibTarget
from hxtwin.calib.errors import CalibDataError, CalibError
from hxtwin.calib.target import (
    CADCCalibOptions,
    CADCCalibTarget,
    NeuronCalibTarget,
    SpikingCalibOptions,
    SpikingCalibTarget,
    STPCalibTarget,
)

T = TypeVar("T")

#: Fields that hold other targets or options.
_NESTED: dict[type[Any], dict[str, type[Any]]] = {
    SpikingCalibTarget: {
        "cadc": CADCCalibTarget,
        "neuron": NeuronCalibTarget,
        "stp": STPCalibTarget,
        "correlation": CorrelationCalibTarget,
    },
    SpikingCalibOptions: {"cadc": CADCCalibOptions, "correlation": CorrelationCalibOptions},
}


def to_plain(value: Any) -> dict[str, Any]:
    """A target or options as a map."""
    found: dict[str, Any] = {}
    for field in attrs.fields(type(value)):
        item = getattr(value, field.name)
        if attrs.has(type(item)):
            found[field.name] = to_plain(item)
        else:
            found[field.name] = _plain(item)
    return found


def _plain(item: Any) -> Any:
    if isinstance(item, tuple):
        return list(item)
    return str(item) if isinstance(item, StrEnum) else item


def from_plain(cls: type[T], data: Any) -> T:
    """The target or options of a map.

    Raises:
        CalibDataError: fields missing or unknown, or values that do not fit.
    """
    names = {field.name for field in attrs.fields(cls)}  # type: ignore[arg-type]  # attrs cannot tell from T
    if not isinstance(data, dict) or data.keys() != names:
        raise CalibDataError(f"{cls.__name__}: the fields of the calibration are not those of this version")
    nested = _NESTED.get(cls, {})
    values = {
        name: from_plain(nested[name], item) if name in nested and item is not None else item
        for name, item in data.items()
    }
    try:
        return cls(**values)
    except (CalibError, TypeError, ValueError) as error:
        raise CalibDataError(f"{cls.__name__}: {error}") from error


def same(first: Any, second: Any) -> bool:
    """Whether two targets or options ask for the same."""
    return _equal(to_plain(first), to_plain(second))


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(_equal(first[key], second[key]) for key in first)
    return bool(np.array_equal(first, second))
