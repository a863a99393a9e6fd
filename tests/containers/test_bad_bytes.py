"""Bad bytes: whatever is not exactly what `to_bytes` wrote is refused by `DecodeError`, in little time and memory."""

from __future__ import annotations

import functools
import random
import time
import tracemalloc
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hxtwin import containers, coord
from hxtwin.containers import DecodeError, Record, from_bytes, to_bytes

_SETTINGS = settings(derandomize=True, deadline=None, database=None, max_examples=150)

_RESET = containers.CADCConfig(enable=True, reset_wait=22)
_QUAD = containers.SynapseQuad.from_fields({"weights": [1, 2, 3, 63], "labels": [5, 6, 7, 8]})
_BLOCK = containers.PPUMemoryBlock.of([1, 2, 3])
_INTERVAL = coord.ExternalPPUMemoryBlockOnFPGA.from_plain([3, 9])
_SAMPLES: list[Record | coord.Coordinate] = [
    _RESET,
    _QUAD,
    _BLOCK,
    _INTERVAL,
    containers.NeuronReset(),
    containers.CADCChannelConfig(offset=-128),
    containers.FPGADeviceDNA(value=1 << 56),
    containers.PLLClockOutputBlock(),
    containers.AtomicNeuron(),
    containers.MemoryTiming(),
    containers.SpikeFromChip(label=7),
    coord.SynapseRowOnDLS(300),
    coord.SpikeLabel(65535),
]
every_sample = pytest.mark.parametrize("sample", _SAMPLES, ids=lambda sample: type(sample).__name__)


def _envelope(obj: Record | coord.Coordinate) -> dict[str, Any]:
    found: dict[str, Any] = msgpack.unpackb(to_bytes(obj))
    return found


def _packed(envelope: object) -> bytes:
    data: bytes = msgpack.packb(envelope)
    return data


def _changed(obj: Record | coord.Coordinate, **changes: object) -> bytes:
    """Bytes of an object with some entries of the data replaced."""
    envelope = _envelope(obj)
    return _packed({**envelope, "data": {**envelope["data"], **changes}})


def _with_data(obj: Record | coord.Coordinate, data: object) -> bytes:
    return _packed({**_envelope(obj), "data": data})


# --- framing ---------------------------------------------------------------------------------------------------------


@every_sample
def test_bytes_cut_anywhere_are_refused(sample: Any) -> None:
    data = to_bytes(sample)
    for length in {*range(min(len(data), 60)), *range(0, len(data), 7), len(data) - 1}:
        with pytest.raises(DecodeError):
            from_bytes(data[:length])


@every_sample
def test_bytes_left_over_are_refused(sample: Any) -> None:
    data = to_bytes(sample)
    for rest in (b"\0", b"\xc0", data, b"\n", b"\xc1"):
        with pytest.raises(DecodeError, match="left over"):
            from_bytes(data + rest)


@every_sample
def test_any_kind_of_bytes_is_read(sample: Any) -> None:
    data = to_bytes(sample)
    assert from_bytes(bytearray(data)) == sample  # type: ignore[arg-type]
    assert from_bytes(memoryview(data)) == sample  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [None, "text", 5, 1.0, [1], {}, object(), np.zeros(3)])
def test_what_is_not_bytes_is_refused(data: Any) -> None:
    with pytest.raises(DecodeError, match=f"bytes are wanted, got {type(data).__name__}"):
        from_bytes(data)


@pytest.mark.parametrize(
    "plain", [None, True, 0, -1, 1.5, "hxtwin", b"hxtwin", [], [1, 2], {}, {"format": "hxtwin"}, {1: 2}]
)
def test_msgpack_that_is_no_envelope_is_refused(plain: object) -> None:
    with pytest.raises(DecodeError, match="envelope"):
        from_bytes(_packed(plain))


@pytest.mark.parametrize("key", ["format", "version", "type", "data"])
def test_envelopes_lacking_an_entry_are_refused(key: str) -> None:
    envelope = _envelope(_RESET)
    del envelope[key]
    with pytest.raises(DecodeError, match="format, version, type and data"):
        from_bytes(_packed(envelope))


def test_envelopes_with_more_entries_are_refused() -> None:
    with pytest.raises(DecodeError, match="format, version, type and data"):
        from_bytes(_packed({**_envelope(_RESET), "more": 1}))


@pytest.mark.parametrize("value", ["", "HXTWIN", "hxtwin ", "pickle", None, 1, b"hxtwin", [], "x" * 10**6])
def test_other_formats_are_refused(value: object) -> None:
    with pytest.raises(DecodeError, match="format .* given, 'hxtwin' wanted") as info:
        from_bytes(_packed({**_envelope(_RESET), "format": value}))
    assert len(str(info.value)) < 500


@pytest.mark.parametrize("value", [0, 2, -1, 1 << 63, True, 1.0, "1", None, [1], {"major": 1}])
def test_other_versions_are_refused(value: object) -> None:
    with pytest.raises(DecodeError, match="version .* given, this package reads version 1"):
        from_bytes(_packed({**_envelope(_RESET), "version": value}))


@pytest.mark.parametrize(
    "value",
    ["", "CADCConfg", "cadcconfig", "Container", "Leak", "MemoryBlock", None, 1, [], {}, b"CADCConfig", "x" * 10**6],
)
def test_unknown_types_are_refused(value: object) -> None:
    with pytest.raises(DecodeError, match="unknown type") as info:
        from_bytes(_packed({**_envelope(_RESET), "type": value}))
    assert len(str(info.value)) < 500


def test_data_of_another_type_are_refused() -> None:
    names = [type(sample).__name__ for sample in _SAMPLES]
    for sample in _SAMPLES:
        for name in set(names) - {type(sample).__name__}:
            data = _packed({**_envelope(sample), "type": name})
            if name in coord.types() and isinstance(sample, coord.Indexed):
                continue  # an index of a coordinate may be one of another type as well
            with pytest.raises(DecodeError):
                from_bytes(data)


# --- fields ----------------------------------------------------------------------------------------------------------

_NO_MAPS = [None, 0, 1.0, True, "enable", b"", [], [1, 2, 3], [["enable", 1]]]


@pytest.mark.parametrize("plain", _NO_MAPS)
def test_fields_come_as_a_map(plain: object) -> None:
    with pytest.raises(DecodeError, match="CADCConfig: a map of fields is wanted"):
        from_bytes(_with_data(_RESET, plain))


def test_missing_and_unknown_fields_are_refused_and_named() -> None:
    data = _envelope(_RESET)["data"]
    for key in data:
        rest = {other: value for other, value in data.items() if other != key}
        with pytest.raises(DecodeError, match=f"CADCConfig: fields missing or unknown: '{key}'"):
            from_bytes(_with_data(_RESET, rest))
    with pytest.raises(DecodeError, match="CADCConfig: fields missing or unknown: 'more'"):
        from_bytes(_changed(_RESET, more=1))
    with pytest.raises(DecodeError, match="CADCConfig: fields missing or unknown"):
        from_bytes(_with_data(_RESET, {}))
    with pytest.raises(DecodeError, match="PPUMemoryBlock: fields missing or unknown"):
        from_bytes(_with_data(_BLOCK, {"data": b"1234"}))


def test_fields_and_entries_given_twice_are_refused() -> None:
    data = to_bytes(_RESET)
    fields = b"\x83\xa6enable"
    assert data.count(fields) == 1
    with pytest.raises(DecodeError):
        from_bytes(data.replace(fields, b"\x84\xa6enable\x00\xa6enable"))
    entries = b"\x84\xa6format"
    assert data.count(entries) == 1
    with pytest.raises(DecodeError):
        from_bytes(data.replace(entries, b"\x85\xa7version\x01\xa6format"))


def test_messages_about_unknown_fields_stay_short() -> None:
    with pytest.raises(DecodeError) as info:
        from_bytes(_with_data(_RESET, {"A" * 10**6: 1, **{f"field{i}": 1 for i in range(1000)}}))
    assert len(str(info.value)) < 2000


@pytest.mark.parametrize("value", [None, 1.0, float("nan"), "1", b"\1", [1], {}, True, False, "x" * 10**6])
def test_scalars_come_as_integers(value: object) -> None:
    for sample, field in ((_RESET, "reset_wait"), (_RESET, "enable"), (containers.CurrentDAC(), "sign")):
        with pytest.raises(DecodeError, match=rf"{type(sample).__name__}\.{field}: an integer is wanted") as info:
            from_bytes(_changed(sample, **{field: value}))
        assert len(str(info.value)) < 500


@pytest.mark.parametrize(
    ("sample", "field", "values"),
    [
        (_RESET, "reset_wait", (-1, 256, 1 << 32, -(1 << 63), (1 << 64) - 1)),
        (_RESET, "enable", (-1, 2, 257)),
        (containers.ADPLL(), "loop_div_n", (0, 32)),
        (containers.ADPLL(), "pre_div_p0", (1, 5)),
        (containers.CADCChannelConfig(), "offset", (-129, 128, 1 << 63)),
        (containers.CurrentDAC(), "sign", (-1, 2)),
        (containers.INA219Config(), "bus_adc_mode", (12, 15)),
        (containers.CapMemCell(), "value", (-1, 1024)),
        (containers.FPGADeviceDNA(), "value", (-1, 1 << 57, (1 << 64) - 1)),
        (containers.SpikeFromChip(), "label", (-1, 65536)),
    ],
)
def test_scalars_outside_their_range_are_refused(sample: Record, field: str, values: tuple[int, ...]) -> None:
    for value in values:
        with pytest.raises(DecodeError, match=rf"{type(sample).__name__}\.{field}: .*{value}.*allowed"):
            from_bytes(_changed(sample, **{field: value}))


@pytest.mark.parametrize(
    "value", [None, 1, 1.0, "\1\2\3\4", [1, 2, 3, 4], {}, True, b"", b"\1", b"\1\2\3", b"\1\2\3\4\5"]
)
def test_arrays_come_as_bytes_of_their_size(value: object) -> None:
    with pytest.raises(DecodeError, match=r"SynapseQuad\.weights: 4 bytes are wanted"):
        from_bytes(_changed(_QUAD, weights=value))


@pytest.mark.parametrize(
    ("sample", "field", "data", "found"),
    [
        (_QUAD, "weights", b"\0\0\0\x40", "64"),
        (_QUAD, "time_calibs", b"\4\0\0\0", "4"),
        (containers.SynapseBiasSelection(), "enable_internal_dac_bias", b"\1\0\2\1", "2"),
        (containers.SynapseBiasSelection(), "enable_internal_dac_bias", b"\xff" * 4, "255"),
        (containers.CapMem(), "unused_cells", b"\0\4" * 90, "1024"),
        (containers.MemoryTiming(), "capmem.write_width", b"\x10\0\0\0", "16"),
    ],
)
def test_elements_outside_their_range_are_refused(sample: Record, field: str, data: bytes, found: str) -> None:
    name = type(sample).__name__
    with pytest.raises(DecodeError, match=rf"{name}\.{field}: .*{found} found, allowed"):
        from_bytes(_changed(sample, **{field: data}))


@pytest.mark.parametrize("value", [None, 1, "1234", [1], b"", b"123", b"12345", bytes(4 * 4097)])
def test_blocks_come_as_whole_elements_of_at_most_the_memory(value: object) -> None:
    with pytest.raises(DecodeError, match=r"PPUMemoryBlock\.words: 4\.\.16384 bytes are wanted"):
        from_bytes(_with_data(_BLOCK, {"words": value}))


# --- coordinates -----------------------------------------------------------------------------------------------------


_NO_ROWS: list[Any] = [-1, 512, 1 << 63, 1.0, True, None, "3", b"3", [], [3], {}, {"index": 3}, "x" * 10**6]
_NO_INTERVALS: list[Any] = [3, [3], [3, 4, 5], [9, 3], [-1, 3], [0, 131072], [0.0, 1.0], [True, True], [[3, 9]], None]
_NO_BLOCKS: list[Any] = [0, [[1, 2]], [[1, 2], 2], [1, 2], [[2, 1], 0], [[1, 4096], 0], [[1, 2], None], [[1, 2], [0]]]
_NO_PLACES: list[tuple[coord.Coordinate, Any]] = [
    *((coord.SynapseRowOnDLS(300), plain) for plain in _NO_ROWS),
    *((_INTERVAL, plain) for plain in _NO_INTERVALS),
    *((coord.PPUMemoryBlockOnDLS.from_plain([[1, 2], 0]), plain) for plain in _NO_BLOCKS),
]


@pytest.mark.parametrize(("place", "plain"), _NO_PLACES)
def test_coordinates_that_do_not_exist_are_refused(place: coord.Coordinate, plain: object) -> None:
    with pytest.raises(DecodeError, match=r"\w+On(DLS|FPGA|PPU)") as info:
        from_bytes(_with_data(place, plain))
    assert len(str(info.value)) < 1000


# --- hostile input ---------------------------------------------------------------------------------------------------

_CLAIMS = {
    "array of 2**32 - 1": b"\xdd\xff\xff\xff\xff",
    "map of 2**32 - 1": b"\xdf\xff\xff\xff\xff",
    "bytes of 2**32 - 1": b"\xc6\xff\xff\xff\xff",
    "text of 2**32 - 1": b"\xdb\xff\xff\xff\xff",
    "extension of 2**32 - 1": b"\xc9\xff\xff\xff\xff\x01",
    "bytes of 2**31": b"\xc6\x80\x00\x00\x00",
    "array in array in array": b"\xdd\x00\xff\xff\xff" * 50,
    "nested ten thousand times": b"\x91" * 10_000,
    "maps nested ten thousand times": b"\x81\xa1a" * 10_000,
    "invalid text": b"\xa4\xff\xfe\xfd\xfc",
    "never used byte": b"\xc1",
    "time stamp": b"\xd6\xff\x00\x00\x00\x00",
    "extension": b"\xd4\x05\x00",
}


def _refused_cheaply(data: bytes) -> None:
    """The bytes are refused without much memory or time."""
    tracemalloc.start()
    begin = time.process_time()
    try:
        with pytest.raises(DecodeError) as info:
            from_bytes(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.process_time() - begin < 1
    assert peak < 20 << 20
    assert len(str(info.value)) < 2000


@pytest.mark.parametrize("claim", list(_CLAIMS))
def test_claims_of_huge_sizes_cost_nothing(claim: str) -> None:
    data = to_bytes(_RESET)
    for start in (0, 1, len(data) // 2, len(data)):
        _refused_cheaply(data[:start] + _CLAIMS[claim])
    header = _packed({**_envelope(_RESET), "data": None})
    assert header[-1:] == b"\xc0"
    _refused_cheaply(header[:-1] + _CLAIMS[claim])


def test_more_bytes_than_the_largest_memory_are_refused_unread() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 1 << 40

    with pytest.raises(DecodeError, match="at most .* are accepted"):
        from_bytes(Huge(b"\x80"))


@functools.cache
def _seeds() -> list[bytes]:
    return [to_bytes(sample) for sample in _SAMPLES]


@_SETTINGS
@given(st.binary(max_size=200))
@example(b"")
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        from_bytes(data)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """Bytes of a sample with a few bytes replaced, removed, inserted or swapped."""
    data = bytearray(draw(st.sampled_from(_seeds())))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from(["replace", "flip", "remove", "insert", "repeat"])):
            case "replace":
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "flip":
                data[at : at + 1] = bytes([byte ^ 1 << draw(st.integers(0, 7)) for byte in data[at : at + 1]])
            case "remove":
                del data[at : at + draw(st.integers(1, 4))]
            case "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=5))
            case "repeat":
                data[at:at] = data[at : at + 8]
    return bytes(data)


@settings(_SETTINGS, max_examples=300)
@given(_mutated())
def test_damaged_bytes_are_refused_or_are_those_of_another_valid_object(data: bytes) -> None:
    try:
        found = from_bytes(data)
    except DecodeError as error:
        assert len(str(error)) < 5000  # noqa: PT017  # other errors must not be caught
    else:
        assert from_bytes(to_bytes(found)) == found


_PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(_SETTINGS, max_examples=50)
@given(st.sampled_from(_SAMPLES), _PLAIN)
def test_well_formed_envelopes_with_other_data_are_refused_or_valid(sample: Any, plain: object) -> None:
    try:
        found = from_bytes(_with_data(sample, plain))
    except DecodeError:
        return
    assert type(found) is type(sample)
    assert from_bytes(to_bytes(found)) == found


@_SETTINGS
@given(st.sampled_from([sample for sample in _SAMPLES if isinstance(sample, Record)]), st.data())
def test_one_field_of_another_kind_is_refused_or_valid(sample: Record, data: st.DataObject) -> None:
    fields = _envelope(sample)["data"]
    if not fields:
        return
    key = data.draw(st.sampled_from(sorted(fields)))
    try:
        found = from_bytes(_changed(sample, **{key: data.draw(_PLAIN)}))
    except DecodeError:
        return
    assert type(found) is type(sample)
    assert from_bytes(to_bytes(found)) == found


@pytest.mark.slow
def test_a_damaged_chip_is_refused_or_another_chip() -> None:
    original = containers.Chip()
    data = to_bytes(original)
    rng = random.Random(3)
    for _ in range(12):
        damaged = bytearray(data)
        damaged[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        try:
            found = from_bytes(bytes(damaged))
        except DecodeError:
            continue
        assert type(found) is containers.Chip
        assert len(containers.diff(original, found)) == 1
