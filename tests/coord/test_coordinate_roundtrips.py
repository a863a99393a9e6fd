"""Round trips of every type: index, components, plain data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import coord
from hxtwin.coord import Coordinate, CoordinateError, CoordinateTypeError, Indexed

INDEXED = [kind for kind in coord.types().values() if issubclass(kind, Indexed)]
OTHERS = [kind for kind in coord.types().values() if not issubclass(kind, Indexed)]
PARTED = [kind for kind in INDEXED if issubclass(kind, (coord.Grid, coord.Composite))]

DETERMINISTIC = settings(derandomize=True, deadline=None, max_examples=120)


@st.composite
def indexed(draw: st.DrawFn) -> Indexed:
    kind = draw(st.sampled_from(INDEXED))
    return kind(draw(st.integers(kind.min, kind.max)))


@st.composite
def blocks(draw: st.DrawFn) -> coord.PPUMemoryBlockOnPPU:
    first = draw(st.integers(0, 4095))
    return coord.PPUMemoryBlockOnPPU(min=first, max=draw(st.integers(first, 4095)))


@st.composite
def shapes(draw: st.DrawFn) -> coord.LogicalNeuronCompartments:
    circuits = draw(st.lists(st.integers(0, 255), min_size=1, max_size=12, unique=True))
    numbers = draw(st.lists(st.integers(0, 254), min_size=1, max_size=len(circuits), unique=True))
    return coord.LogicalNeuronCompartments(
        {
            coord.CompartmentOnLogicalNeuron(number): [
                coord.AtomicNeuronOnLogicalNeuron(circuit) for circuit in circuits[position :: len(numbers)]
            ]
            for position, number in enumerate(numbers)
        }
    )


@st.composite
def coordinates(draw: st.DrawFn) -> Coordinate:
    drawn: Coordinate = draw(
        st.one_of(
            indexed(),
            blocks(),
            shapes(),
            st.builds(coord.PPUMemoryBlockOnDLS, blocks(), st.sampled_from(list(coord.PPUOnDLS.all()))),
            st.builds(
                lambda i, j: coord.ExecutionInstanceOnExecutor(
                    coord.ExecutionInstanceID(i), coord.ConnectionOnExecutor(j)
                ),
                st.integers(0, 2**64 - 1),
                st.integers(0, 2**64 - 1),
            ),
            st.builds(
                lambda shape, side: coord.LogicalNeuronOnDLS(shape, coord.AtomicNeuronOnDLS(128 * side)),
                shapes(),
                st.integers(0, 1),
            ),
        )
    )
    return drawn


@DETERMINISTIC
@given(indexed())
def test_index_round_trip(value: Indexed) -> None:
    kind = type(value)
    assert kind(int(value)) == kind(coord.Enum(int(value))) == value


@DETERMINISTIC
@given(coordinates())
def test_plain_round_trip_through_json(value: Coordinate) -> None:
    plain = json.loads(json.dumps(value.to_plain()))
    again = type(value).from_plain(plain)
    assert again == value
    assert type(again) is type(value)
    assert str(again) == str(value)


@DETERMINISTIC
@given(st.sampled_from(PARTED), st.data())
def test_components_round_trip(kind: type[Any], data: st.DataObject) -> None:
    value = kind(data.draw(st.integers(kind.min, kind.max)))
    named = {name: getattr(value, f"to_{name}")() for name in kind._keywords}
    assert kind(*named.values()) == kind(**named) == value
    assert kind(**{name: int(part) for name, part in named.items()}) == value


@DETERMINISTIC
@given(blocks())
def test_interval_index_is_its_position_among_all(block: coord.PPUMemoryBlockOnPPU) -> None:
    every = coord.PPUMemoryBlockOnPPU.all()
    assert every[int(block)] == coord.PPUMemoryBlockOnPPU(int(block)) == block
    assert coord.PPUMemoryBlockOnPPU(block.to_min(), block.to_max()) == block


@DETERMINISTIC
@given(blocks(), blocks())
def test_interval_order_is_lexicographic_and_that_of_the_index(
    a: coord.PPUMemoryBlockOnPPU, b: coord.PPUMemoryBlockOnPPU
) -> None:
    key_a, key_b = (a.to_min(), a.to_max()), (b.to_min(), b.to_max())
    assert (a < b, a <= b, a > b, a >= b, a == b) == (
        key_a < key_b, key_a <= key_b, key_a > key_b, key_a >= key_b, key_a == key_b
    )  # fmt: skip
    assert (int(a) < int(b)) is (a < b)
    assert (hash(a) == hash(b)) is (a == b)


@DETERMINISTIC
@given(blocks(), st.integers(0, 1))
def test_index_of_placed_blocks_round_trips(block: coord.PPUMemoryBlockOnPPU, ppu: int) -> None:
    placed = coord.PPUMemoryBlockOnDLS(block, coord.PPUOnDLS(ppu))
    assert coord.PPUMemoryBlockOnDLS(int(placed)) == coord.PPUMemoryBlockOnDLS(coord.Enum(int(placed))) == placed
    assert int(placed) == 16777216 * ppu + int(block)


@DETERMINISTIC
@given(shapes())
def test_mirroring_twice_gives_the_same_shape(shape: coord.LogicalNeuronCompartments) -> None:
    assert shape.flip_x().flip_x() == shape
    assert shape.flip_y().flip_y() == shape
    assert shape.flip_x().get_leftmost_column() == shape.get_leftmost_column()
    assert shape.flip_y().get_bottommost_row() == shape.get_bottommost_row()


WRONG_PLAIN: list[Any] = [
    None, True, 1.0, "1", b"1", {}, {"e": 1}, [], [1], [1, 2, 3], [None, None], [1.0, 2.0], [True, True], ["1", "2"],
    [[]], [[], []], [[1], [2]], [[1, 2], 3, 4], [[[0]]], (1, 2), -1, 2**70, [-1, 3], [2**70, 2**70], [[0, [-1]]],
    [[0, [0.5]]], [[0, 0]], [["0", [0]]], [[0, [0]], [0, [1]]], [[0, [0, 0]]], [[255, [0]]], [[0, [1, [2]]]],
]  # fmt: skip


@pytest.mark.parametrize("kind", [*INDEXED, *OTHERS], ids=lambda kind: kind.__qualname__)
def test_malformed_plain_data_is_refused(kind: type[Coordinate]) -> None:
    for plain in WRONG_PLAIN:
        if kind is coord.LogicalNeuronCompartments and plain == []:
            continue
        with pytest.raises(CoordinateError):
            kind.from_plain(plain)


@pytest.mark.parametrize("kind", INDEXED, ids=lambda kind: kind.__qualname__)
def test_plain_index_out_of_range_is_refused(kind: type[Indexed]) -> None:
    for index in (kind.min - 1, kind.max + 1):
        with pytest.raises(CoordinateError, match=kind.__qualname__):
            kind.from_plain(index)


def test_plain_data_is_bounded_in_size() -> None:
    with pytest.raises(CoordinateTypeError, match="at most 255"):
        coord.LogicalNeuronCompartments.from_plain([[0, []]] * 256)
    with pytest.raises(CoordinateError, match="at most 256"):
        coord.LogicalNeuronOnDLS.from_plain([[0, [0] * 257]])
    with pytest.raises(CoordinateError, match="128 columns"):
        coord.LogicalNeuronOnDLS.from_plain([[0, [0, 200]]])
    with pytest.raises(CoordinateError, match="does not fit"):
        coord.LogicalNeuronOnDLS.from_plain([[0, [127, 128]]])
