"""Conversion of whole arrays of indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hxtwin import coord
from hxtwin.coord import CoordinateError, CoordinateTypeError, Indexed

INDEXED = [kind for kind in coord.types().values() if issubclass(kind, Indexed)]
PAIRS = [(source, coord.types()[name]) for source in INDEXED for name in coord.conversions(source)]


def test_there_are_as_many_array_conversions_as_methods() -> None:
    methods = sum(name.startswith("to_") and name != "to_plain" for kind in INDEXED for name in dir(kind))
    assert len(PAIRS) == methods > 850


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=lambda kind: kind.__qualname__)
def test_array_conversion_equals_the_method(source: type[Indexed], target: type[Indexed]) -> None:
    method = next(
        name for name in dir(source) if name.replace("_", "") == f"to{target.__qualname__.replace('.', '')}".lower()
    )
    indices: list[int] = []
    expected: list[int | list[int]] = []
    for value in coord.sample(source, 40, seed=3):
        try:
            result = getattr(value, method)()
        except CoordinateError:
            result = None
        if int(value) > target.max and target in (coord.FPGATime, coord.ChipTime, coord.Timer.Value):
            continue
        indices.append(int(value))
        if result is None:
            expected.append(-5)
        else:
            expected.append([int(one) for one in result] if isinstance(result, tuple) else int(result))
    given = coord.convert_indices(np.array(indices), source, target, missing=-5)
    np.testing.assert_array_equal(given, expected)


def test_shape_is_kept_and_several_targets_add_an_axis() -> None:
    circuits = np.arange(512).reshape(2, 256)
    backends = coord.convert_indices(circuits, coord.AtomicNeuronOnDLS, coord.NeuronBackendConfigOnDLS)
    assert backends.shape == (2, 256)
    assert backends.dtype == np.int64
    quads = np.arange(64).reshape(8, 8)
    assert coord.convert_indices(quads, coord.SynapseQuadColumnOnDLS, coord.NeuronColumnOnDLS).shape == (8, 8, 4)
    assert coord.convert_indices(np.array(7), coord.SynapseRowOnSynram, coord.SynapseRowOnSynapseDriver).shape == ()


def test_the_given_array_is_left_alone() -> None:
    given = np.arange(8)
    result = coord.convert_indices(given, coord.PADIBusOnDLS, coord.CrossbarOutputOnDLS)
    result += 1
    assert given.tolist() == list(range(8))


def test_an_empty_array_stays_empty() -> None:
    assert coord.convert_indices([], coord.AtomicNeuronOnDLS, coord.SynramOnDLS).shape == (0,)
    assert coord.convert_indices(np.zeros((0, 3), int), coord.AtomicNeuronOnDLS, coord.SynramOnDLS).shape == (0, 3)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint32, np.int64, np.uint64])
def test_small_integer_types_do_not_overflow(dtype: type[np.integer[Any]]) -> None:
    given = np.array([100, 127], dtype=dtype)
    result = coord.convert_indices(given, coord.SynapseDriverOnSynapseDriverBlock, coord.SynapseRowOnSynram)
    assert result.tolist() == [[201, 200], [255, 254]]


@pytest.mark.parametrize("indices", [[-1], [512], [0, 700], np.array([2**64 - 1], np.uint64), np.array([-(2**63)])])
def test_indices_out_of_range_are_refused(indices: Any) -> None:
    with pytest.raises(CoordinateError, match=r"AtomicNeuronOnDLS has no index .*0\.\.511"):
        coord.convert_indices(indices, coord.AtomicNeuronOnDLS, coord.SynramOnDLS)


@pytest.mark.parametrize(
    "indices", [[1.0], np.array([1.5]), [True], np.array([np.nan]), ["1"], [None], [[1], [2, 3]], None, [2**70], [1j]]
)
def test_only_integers_are_indices(indices: Any) -> None:
    with pytest.raises(CoordinateTypeError, match="AtomicNeuronOnDLS"):
        coord.convert_indices(indices, coord.AtomicNeuronOnDLS, coord.SynramOnDLS)


def test_a_conversion_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(CoordinateError, match="it converts to CrossbarOutputOnDLS, PADIBusBlockOnDLS"):
        coord.convert_indices([0], coord.PADIBusOnDLS, coord.SynapseDriverOnDLS)
    with pytest.raises(CoordinateError, match="it converts to nothing"):
        coord.convert_indices([0], coord.ChipOnDLS, coord.SynapseDriverOnDLS)


def test_a_missing_target_is_an_error_unless_a_number_is_given_for_it() -> None:
    with pytest.raises(CoordinateError, match="CrossbarOutputOnDLS 9 has no PADIBusOnDLS"):
        coord.convert_indices([3, 9], coord.CrossbarOutputOnDLS, coord.PADIBusOnDLS)
    given = coord.convert_indices([3, 9], coord.CrossbarOutputOnDLS, coord.PADIBusOnDLS, missing=99)
    assert given.tolist() == [3, 99]


def test_times_beyond_the_target_are_refused() -> None:
    with pytest.raises(CoordinateError, match=r"Timer\.Value has no index 4294967296"):
        coord.convert_indices([2**32], coord.Time, coord.Timer.Value)
    with pytest.raises(CoordinateError, match="Time has no index"):
        coord.convert_indices(np.array([2**63], np.uint64), coord.Time, coord.FPGATime)
