"""Differences: exactly the words that changed, and the fields that changed, for leaves and trees."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import containers, coord
from hxtwin.containers import Chip, Container, ContainerError, FieldTypeError, diff, difference
from hxtwin.containers.record import schema

_SETTINGS = settings(derandomize=True, deadline=None, database=None, max_examples=4)
_OWN_SHAPE = ("LogicalNeuron", "PPUMemoryBlock", "ExternalPPUMemoryBlock", "ExternalPPUDRAMMemoryBlock")

#: Always written with some byte lanes disabled, and so refused.
_PARTIAL = ("ExternalPPUMemoryByte", "ExternalPPUDRAMMemoryByte")

#: Containers that can be written as a whole at one place.
_WRITABLE = [
    name
    for name, cls in containers.types().items()
    if cls.is_writable() and schema(cls) and name not in (*_OWN_SHAPE, *_PARTIAL) and not cls.layout.writes_zero
]
_HUGE = ("Chip", "ChipAndSinglechipFPGA", "ChipAndMultichipJboaLeafFPGA")
_EVERY = [pytest.param(name, marks=[pytest.mark.slow] if name in _HUGE else []) for name in _WRITABLE]


def _place(cls: type[Container]) -> coord.Coordinate:
    kind = cls.coordinate_type
    assert issubclass(kind, coord.Indexed)
    return kind.from_plain(kind.max)


def _changed(container: Container, count: int, rng: random.Random) -> Container:
    """The container with some elements of some fields changed; byte lanes stay as they are."""
    changes: dict[str, Any] = {}
    columns = {column.path: column for column in schema(type(container)) if not column.path.endswith("enables")}
    for path in rng.sample(sorted(columns), min(count, len(columns))):
        column, values = columns[path], np.array(container.columns()[path])
        for _ in range(rng.randint(1, 3)):
            position = tuple(rng.randrange(size) for size in column.shape)
            values[position] = rng.randint(column.spec.minimum, column.spec.maximum)
        changes[path] = values if column.shape else values.item()
    return container.with_columns(changes)


def _image(container: Container, at: coord.Coordinate) -> dict[int, int]:
    """Memory after a write of the container; repeated addresses (messages, not memory) are kept apart."""
    addresses = type(container).write_addresses(at).tolist()
    return dict(zip(addresses, container.encode(at).tolist(), strict=True))


@pytest.mark.parametrize("name", _EVERY)
def test_a_difference_is_exactly_the_changed_words(name: str) -> None:
    cls = containers.by_name(name)
    at = _place(cls)
    addresses = cls.write_addresses(at)

    @_SETTINGS
    @given(st.integers(0, 2**32 - 1), st.integers(0, 4))
    def check(seed: int, count: int) -> None:
        rng = random.Random(seed)
        old = _changed(cls(), 5, rng)
        new = _changed(old, count, rng)
        found = difference(new, old, at)
        changed = new.encode(at) != old.encode(at)
        np.testing.assert_array_equal(found.addresses, addresses[changed])
        np.testing.assert_array_equal(found.words, new.encode(at)[changed])
        assert found.addresses.dtype == found.words.dtype == np.uint32
        assert list(found) == list(zip(addresses[changed].tolist(), new.encode(at)[changed].tolist(), strict=True))
        if len(set(addresses.tolist())) == len(addresses):
            assert _image(old, at) | dict(found) == _image(new, at)

    check()


@pytest.mark.parametrize("name", _EVERY)
def test_equal_containers_have_no_difference(name: str) -> None:
    cls = containers.by_name(name)
    one = _changed(cls(), 5, random.Random(name))
    again = cls.from_columns(one.columns())
    for other in (one, again):
        found = difference(one, other, _place(cls))
        assert found.addresses.size == found.words.size == 0
        assert not list(found)
        assert not diff(one, other)
        assert str(diff(one, other)) == "no difference"


def test_unique_containers_need_no_place() -> None:
    found = difference(containers.CurrentDAC(current=3), containers.CurrentDAC())
    assert list(found) == [(0xC000B, 3)]


def test_containers_with_several_places_need_one() -> None:
    new, old = containers.CADCConfig(enable=True), containers.CADCConfig()
    with pytest.raises(containers.CoordinateMismatchError, match="CADCConfigOnDLS"):
        difference(new, old)
    found = difference(new, old, coord.CADCConfigOnDLS.bottom)
    assert list(found) == [(0x03401000, int(new.encode()[0]))]
    with pytest.raises(containers.CoordinateMismatchError, match="CADCConfigOnDLS"):
        difference(new, old, coord.SynramOnDLS(0))


def test_one_synapse_row_of_a_chip_is_128_words() -> None:
    weights = np.zeros((2, 256, 256), dtype=np.uint8)
    weights[1, 17] = 63
    labels = np.zeros_like(weights)
    labels[1, 17] = 5
    new = Chip().with_columns({"synapse_blocks.matrix.weights": weights, "synapse_blocks.matrix.labels": labels})
    found = difference(new, Chip())
    row = coord.SynapseRowOnDLS(coord.SynapseRowOnSynram(17), coord.SynramOnDLS.bottom)
    assert found.addresses.tolist() == containers.SynapseRow.write_addresses(row).tolist()
    assert difference(Chip(), new).words.tolist() == [0] * 128


def test_a_difference_is_a_sequence_of_pairs_beside_two_arrays() -> None:
    found = difference(containers.MADCConfig(number_of_samples=7, sample_duration_adjust=1), containers.MADCConfig())
    pairs = list(zip(found.addresses.tolist(), found.words.tolist(), strict=True))
    assert len(found) == len(pairs) == 2
    assert list(found) == pairs
    assert [found[0], found[-1]] == [pairs[0], pairs[-1]]
    assert list(found[1:]) == pairs[1:]
    assert pairs[1] in found
    assert (1, 1) not in found
    assert "2 words" in repr(found)
    with pytest.raises(IndexError):
        found[2]


def test_order_of_a_difference_is_that_of_the_bus_accesses() -> None:
    new = containers.BackgroundSpikeSource(enable=True, seed=7, rate=9)
    found = difference(new, containers.BackgroundSpikeSource(), coord.BackgroundSpikeSourceOnDLS(0))
    assert found.addresses.tolist() == [0x130002, 0x130003, 0x130001]


@pytest.mark.parametrize("function", [difference, diff])
def test_containers_of_different_classes_cannot_be_compared(function: Any) -> None:
    with pytest.raises(FieldTypeError, match="CADCConfig cannot be compared with a CurrentDAC|CurrentDAC cannot be"):
        function(containers.CADCConfig(), containers.CurrentDAC())
    with pytest.raises(FieldTypeError, match="CADCConfig"):
        function(containers.CADCConfig(), None)


def _block(first: int, last: int) -> coord.Coordinate:
    return coord.PPUMemoryBlockOnDLS.from_plain([[first, last], 0])


def test_blocks_of_different_sizes_cannot_be_compared() -> None:
    long, short = containers.PPUMemoryBlock.of([1, 2, 3]), containers.PPUMemoryBlock.of([1, 2])
    with pytest.raises(ContainerError, match="PPUMemoryBlock"):
        difference(long, short, _block(0, 2))
    with pytest.raises(FieldTypeError, match=r"PPUMemoryBlock.words: shapes \(3,\) and \(2,\)"):
        diff(long, short)


def test_blocks_of_one_size_differ_in_their_words() -> None:
    old, new = containers.PPUMemoryBlock.of([1, 2, 3]), containers.PPUMemoryBlock.of([1, 9, 3])
    assert list(difference(new, old, _block(10, 12))) == [(0x02800000 + 11, 9)]


def test_words_with_disabled_lanes_are_refused() -> None:
    new = containers.ExternalPPUMemoryQuad.from_fields({"quad": [1, 2, 3, 4], "enables": [1, 0, 0, 0]})
    old = containers.ExternalPPUMemoryQuad()
    at = coord.ExternalPPUMemoryQuadOnFPGA(3)
    for pair in ((new, old), (old, new)):
        with pytest.raises(ContainerError, match="ExternalPPUMemoryQuad.*lanes"):
            difference(*pair, at)
    byte = containers.ExternalPPUMemoryByte(value=1)
    with pytest.raises(ContainerError, match="ExternalPPUMemoryByte.*lanes"):
        difference(byte, containers.ExternalPPUMemoryByte(), coord.ExternalPPUMemoryByteOnFPGA(5))


def test_read_only_containers_have_no_words_to_write() -> None:
    with pytest.raises(containers.AccessError, match="FPGADeviceDNA"):
        difference(containers.FPGADeviceDNA(value=1), containers.FPGADeviceDNA())


# --- for people ------------------------------------------------------------------------------------------------------


def test_diff_names_changed_fields_with_their_values() -> None:
    before = containers.CADCConfig(enable=True, reset_wait=22)
    after = containers.CADCConfig(reset_wait=23)
    assert str(diff(before, after)) == "enable: 1 -> 0\nreset_wait: 22 -> 23"
    assert [(c.path, c.before, c.after) for c in diff(before, after)] == [("enable", 1, 0), ("reset_wait", 22, 23)]


def test_diff_names_the_elements_of_arrays_and_trees() -> None:
    weights = np.zeros((2, 256, 256), dtype=np.uint8)
    weights[0, 3, 5] = 63
    after = Chip().with_columns({"synapse_blocks.matrix.weights": weights, "capmem.blocks[2].enable_capmem": 0})
    assert str(diff(Chip(), after)).splitlines() == [
        "capmem.blocks.enable_capmem[2]: 1 -> 0",
        "synapse_blocks.matrix.weights[0, 3, 5]: 0 -> 63",
    ]


def test_diff_works_on_records_that_are_no_containers() -> None:
    assert str(diff(containers.Leak(), containers.Leak(v_leak=400))) == "v_leak: 0 -> 400"


def test_long_diffs_are_cut_in_print_but_complete_in_content() -> None:
    after = containers.SynapseWeightRow(values=np.full(256, 7))
    changes = diff(containers.SynapseWeightRow(), after)
    assert len(changes) == 256
    lines = str(changes).splitlines()
    assert len(lines) == changes.SHOWN + 1
    assert lines[-1] == f"... and {256 - changes.SHOWN} more"


@pytest.mark.parametrize("name", [name for name in _WRITABLE if name not in _HUGE])
def test_a_diff_leads_from_one_container_to_the_other(name: str) -> None:
    cls, rng = containers.by_name(name), random.Random(name)
    before = _changed(cls(), 5, rng)
    after = _changed(before, 3, rng)
    columns = {path: np.array(array) for path, array in before.columns().items()}
    for change in diff(before, after):
        path, _, index = change.path.partition("[")
        position = tuple(int(number) for number in index.rstrip("]").split(",")) if index else ()
        assert columns[path][position] == change.before
        columns[path][position] = change.after
    assert cls.from_columns(columns) == after
