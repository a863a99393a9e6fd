"""All values, samples, products and typed arrays."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest

from hxtwin import coord
from hxtwin.coord import CoordinateError, CoordinateTypeError, Indexed, TypedArray

INDEXED = [kind for kind in coord.types().values() if issubclass(kind, Indexed)]


@pytest.mark.parametrize("kind", [kind for kind in INDEXED if kind.size < 2**63], ids=lambda kind: kind.__qualname__)
def test_all_lists_every_value_in_ascending_order(kind: type[Indexed]) -> None:
    every = kind.all()
    assert len(every) == kind.size
    assert (every[0], every[-1]) == (kind(kind.min), kind(kind.max))
    assert [int(value) for value in islice(every, 20)] == list(range(kind.min, kind.max + 1)[:20])
    assert int(next(iter(reversed(every)))) == kind.max
    with pytest.raises(IndexError):
        every[kind.size]


def test_all_is_a_lazy_sequence() -> None:
    every = coord.SynapseOnDLS.all()
    assert len(every) == 131072
    assert [int(value) for value in every[5:20:7]] == [5, 12, 19]
    assert coord.SynapseOnDLS(77) in every
    assert every.index(coord.SynapseOnDLS(77)) == 77
    assert repr(coord.PPUOnDLS.all()) == "AllOf(PPUOnDLS(0) .. PPUOnDLS(1))"
    assert repr(coord.PPUOnDLS.all()[:0]) == "AllOf()"


def test_all_of_a_64_bit_type_can_be_walked_but_not_measured() -> None:
    assert [int(value) for value in islice(coord.Time.all(), 3)] == [0, 1, 2]
    assert coord.Time.size == 2**64
    with pytest.raises(OverflowError):
        len(coord.Time.all())


def test_product_moves_the_last_type_fastest_and_is_lazy() -> None:
    pairs = list(coord.product(coord.NeuronRowOnDLS, coord.EntryOnQuad))
    assert [(int(a), int(b)) for a, b in pairs] == [(a, b) for a in range(2) for b in range(4)]
    first = next(coord.product(coord.SynapseOnDLS, coord.SynapseOnDLS, coord.Time))
    assert first == (coord.SynapseOnDLS(0), coord.SynapseOnDLS(0), coord.Time(0))
    assert list(coord.product()) == [()]


@pytest.mark.parametrize("kind", INDEXED, ids=lambda kind: kind.__qualname__)
def test_samples_are_ascending_and_include_both_ends(kind: type[Indexed]) -> None:
    drawn = [int(value) for value in coord.sample(kind, 10, seed=1)]
    assert drawn == sorted(set(drawn))
    assert (drawn[0], drawn[-1]) == (kind.min, kind.max)
    assert len(drawn) == min(10, kind.size)
    assert drawn == [int(value) for value in coord.sample(kind, 10, seed=1)]


def test_samples_differ_between_seeds() -> None:
    assert list(coord.sample(coord.SynapseOnDLS, 10, seed=1)) != list(coord.sample(coord.SynapseOnDLS, 10, seed=2))


@pytest.mark.parametrize("n", [255, 254, 200, 129, 128, 2])
def test_samples_have_the_wanted_size(n: int) -> None:
    assert len(set(coord.sample(coord.NeuronColumnOnDLS, n))) == n


def test_without_number_a_sample_is_all() -> None:
    assert len(coord.sample(coord.SynapseOnDLS)) == 131072


def test_a_sample_has_at_least_two_values() -> None:
    for n in (1, 0, -3):
        with pytest.raises(CoordinateError, match="at least 2"):
            coord.sample(coord.NeuronColumnOnDLS, n)
    assert len(coord.sample(coord.PPUOnDLS, 1)) == 2
    assert len(coord.sample(coord.ChipOnDLS, 1)) == 1
    n_wrong: Any = 2.0
    with pytest.raises(CoordinateTypeError):
        coord.sample(coord.NeuronColumnOnDLS, n_wrong)


# -- typed arrays ------------------------------------------------------------------------------------------------------


def test_typed_arrays_are_indexed_by_their_coordinate() -> None:
    values = TypedArray(coord.EntryOnQuad, "abcd")
    assert values[coord.EntryOnQuad(2)] == "c"
    values[coord.EntryOnQuad(2)] = "x"
    assert list(values) == ["a", "b", "x", "d"]
    assert dict(values.items()) == dict(zip(coord.EntryOnQuad.all(), "abxd", strict=True))
    assert len(values) == 4
    assert values.key is coord.EntryOnQuad
    assert values == TypedArray(coord.EntryOnQuad, ["a", "b", "x", "d"]) != TypedArray(coord.EntryOnQuad, "abcd")
    assert repr(values) == "TypedArray(EntryOnQuad, ['a', 'b', 'x', 'd'])"


def test_the_first_element_belongs_to_the_smallest_index() -> None:
    values = TypedArray(coord.SpikePackFromFPGAOnDLS, [10, 20, 30])
    assert values[coord.SpikePackFromFPGAOnDLS(1)] == 10
    assert values[coord.SpikePackFromFPGAOnDLS(3)] == 30


@pytest.mark.parametrize("index", [0, coord.PADIBusOnPADIBusBlock(0), "0", slice(0, 2)])
def test_typed_arrays_refuse_other_indices(index: Any) -> None:
    values = TypedArray(coord.EntryOnQuad, "abcd")
    with pytest.raises(CoordinateTypeError, match="EntryOnQuad"):
        values[index]
    with pytest.raises(CoordinateTypeError, match="EntryOnQuad"):
        values[index] = "x"


def test_typed_arrays_have_a_fixed_length() -> None:
    for wrong in ("abc", "abcde", ""):
        with pytest.raises(CoordinateError, match="has 4 elements"):
            TypedArray(coord.EntryOnQuad, wrong)
    with pytest.raises(CoordinateError, match="use a dict"):
        TypedArray.filled(coord.Time, 0)


def test_typed_arrays_and_numpy() -> None:
    numbers = np.arange(4)
    values = TypedArray.from_numpy(coord.EntryOnQuad, numbers)
    assert values[coord.EntryOnQuad(3)] == 3
    np.testing.assert_array_equal(values.to_numpy(), numbers)
    nested = TypedArray.from_numpy_2d(coord.NeuronRowOnDLS, coord.EntryOnQuad, np.arange(8).reshape(2, 4))
    assert nested[coord.NeuronRowOnDLS.bottom][coord.EntryOnQuad(1)] == 5
    np.testing.assert_array_equal(nested.to_numpy(), np.arange(8).reshape(2, 4))
    assert TypedArray.filled(coord.EntryOnQuad, 1.5).to_numpy().tolist() == [1.5] * 4


@pytest.mark.parametrize("shape", [(3,), (5,), (4, 1), (), (2, 2)])
def test_numpy_arrays_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(CoordinateError, match="has shape"):
        TypedArray.from_numpy(coord.EntryOnQuad, np.zeros(shape))
    with pytest.raises(CoordinateError, match="has shape"):
        TypedArray.from_numpy_2d(coord.NeuronRowOnDLS, coord.EntryOnQuad, np.zeros(shape))
