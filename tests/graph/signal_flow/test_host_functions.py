"""Functions between execution instances compute what the reference states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.graph.errors import SignalFlowError
from hxtwin.graph.signal_flow import (
    Addition,
    ArgMax,
    Concatenation,
    ConvertingReLU,
    Identity,
    ReLU,
    Signal,
    SpikeRelay,
    Subtraction,
    Transformation,
)

INT8 = st.integers(-128, 127)


def int8(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return np.array(values, dtype=np.int8)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.lists(st.tuples(INT8, INT8, INT8), min_size=1, max_size=8))
def test_sums_saturate_once_at_the_end(values: list[tuple[int, int, int]]) -> None:
    inputs = [int8(*column) for column in zip(*values, strict=True)]
    exact = np.array(values)
    size = len(values)
    added = Addition(number=3, size=size).apply(inputs)
    assert added.tolist() == np.clip(exact.sum(axis=1), -128, 127).tolist()
    left = Subtraction(number=3, size=size).apply(inputs)
    assert left.tolist() == np.clip(exact[:, 0] - exact[:, 1] - exact[:, 2], -128, 127).tolist()
    assert added.dtype == left.dtype == np.int8


@pytest.mark.parametrize(
    ("function", "given_values", "wanted"),
    [
        (Identity(size=3), [int8(1, -2, 3)], [1, -2, 3]),
        (ReLU(size=3), [int8(5, -5, 0)], [5, 0, 0]),
        (ConvertingReLU(size=4, shift=2), [int8(-9, 7, 100, 127)], [0, 1, 25, 31]),
        (ConvertingReLU(size=2), [int8(31, 32)], [31, 31]),
        (ArgMax(size=4), [int8(1, 7, 7, -3)], [1]),
        (ArgMax(size=2, signal=Signal.UINT32), [np.array([0, 2**32 - 1], np.uint32)], [1]),
        (Concatenation(sizes=(1, 2)), [int8(1), int8(2, 3)], [1, 2, 3]),
    ],
)
def test_functions_of_the_table(
    function: Transformation, given_values: list[np.ndarray[tuple[int, ...], np.dtype[np.int8]]], wanted: list[int]
) -> None:
    found = function.apply(given_values)
    assert found.tolist() == wanted
    batch = function.apply([np.stack([array] * 2) for array in given_values])
    assert batch.tolist() == [wanted] * 2
    assert function.outputs[0].channels == len(wanted)


def test_wrong_inputs_are_refused() -> None:
    with pytest.raises(SignalFlowError, match="2 inputs wanted, 1 given"):
        Addition(size=1).apply([int8(1)])
    with pytest.raises(SignalFlowError, match="3 entries wanted"):
        ReLU(size=3).apply([int8(1)])
    with pytest.raises(SignalFlowError, match="not membrane voltage"):
        ArgMax(signal=Signal.MEMBRANE_VOLTAGE)
    with pytest.raises(SignalFlowError, match="sizes are at least 1"):
        Concatenation(sizes=())
    with pytest.raises(SignalFlowError, match="works on spikes"):
        SpikeRelay().apply([int8(1)])
