"""Bad places, accesses and words: wrong coordinates, accesses that do not exist, words that nobody could have sent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.containers import AccessError, Backend, Container, CoordinateMismatchError, DecodeError, FieldTypeError
from hxtwin.containers.memory_block import MemoryBlock

_TYPES = {name: cls for name, cls in containers.types().items() if name != "LogicalNeuron"}
_FIXED = [name for name, cls in _TYPES.items() if not issubclass(cls, MemoryBlock)]
_SMALL = [name for name in _FIXED if max(_TYPES[name].write_word_count(), _TYPES[name].read_word_count()) < 1000]

every_container = pytest.mark.parametrize("name", list(_TYPES))
every_fixed = pytest.mark.parametrize("name", _FIXED)
every_small = pytest.mark.parametrize("name", _SMALL)


def _kind(cls: type[Container]) -> type[coord.Indexed]:
    assert issubclass(cls.coordinate_type, coord.Indexed)
    return cls.coordinate_type


def _last(cls: type[Container]) -> coord.Coordinate:
    return _kind(cls).from_plain(_kind(cls).max)


def _words(cls: type[Container], at: coord.Coordinate) -> np.ndarray[Any, np.dtype[np.uint32]]:
    return np.array(cls().encode_read(at) if cls.is_readable() else cls().encode(at))


# --- coordinates -----------------------------------------------------------------------------------------------------


def _wrong_places(cls: type[Container]) -> list[Any]:
    other = coord.SynapseOnSynapseRow(1)
    generic = coord.Enum(0)
    return [
        other,
        generic,
        0,
        1,
        np.int64(0),
        0.0,
        True,
        "0",
        "",
        b"0",
        (0,),
        [0],
        [0, 0],
        object(),
        cls.coordinate_type,
    ]


@every_container
def test_places_of_another_type_are_refused(name: str) -> None:
    cls = _TYPES[name]
    wanted = rf"^{name} lives at a {cls.coordinate_type.__name__}, not at "
    for at in _wrong_places(cls):
        for ask in (cls.write_addresses, cls.read_addresses):
            with pytest.raises(CoordinateMismatchError, match=wanted):
                ask(at)


@every_small
def test_words_and_lanes_of_another_type_of_place_are_refused(name: str) -> None:
    cls = _TYPES[name]
    container, words = cls(), _words(cls, _last(cls))
    wanted = rf"^{name} lives at a {cls.coordinate_type.__name__}, not at "
    for at in _wrong_places(cls):
        if cls.is_writable():
            with pytest.raises(CoordinateMismatchError, match=wanted):
                container.encode(at)
        if cls.is_readable():
            with pytest.raises(CoordinateMismatchError, match=wanted):
                container.encode_read(at)
        with pytest.raises(CoordinateMismatchError, match=wanted):
            cls.decode(words, at)


@pytest.mark.parametrize(
    "name", ["CADCConfig", "SynapseMatrix", "ExternalPPUMemoryQuad", "ExternalPPUMemoryByte", "Crossbar"]
)
def test_byte_lanes_at_another_type_of_place_are_refused(name: str) -> None:
    with pytest.raises(CoordinateMismatchError, match=rf"^{name} lives at a "):
        _TYPES[name]().byte_enables(coord.SynapseOnSynapseRow(1))


@every_container
def test_places_may_be_left_out_only_where_there_is_one(name: str) -> None:
    cls = _TYPES[name]
    if not issubclass(cls, MemoryBlock) and _kind(cls).size == 1:
        np.testing.assert_array_equal(cls.write_addresses(), cls.write_addresses(_last(cls)))
        np.testing.assert_array_equal(cls.read_addresses(), cls.read_addresses(_last(cls)))
    else:
        for ask in (cls.write_addresses, cls.read_addresses):
            with pytest.raises(containers.ContainerError, match=rf"^{name}.*coordinate|^{name} needs a \w+ to tell"):
                ask()


@pytest.mark.parametrize("name", ["ExternalPPUMemoryByte", "ExternalPPUDRAMMemoryByte"])
def test_bytes_need_a_place_to_know_their_lane(name: str) -> None:
    cls = _TYPES[name]
    for ask in (cls().encode, cls().encode_read, cls().byte_enables, lambda: cls.decode([0])):
        with pytest.raises(AccessError, match=rf"^{name}: .* give a {name}OnFPGA"):
            ask()


@pytest.mark.parametrize("name", ["ExternalPPUMemoryBlock", "ExternalPPUDRAMMemoryBlock"])
def test_blocks_of_bytes_need_a_place_to_know_their_words(name: str) -> None:
    cls = _TYPES[name]
    assert issubclass(cls, MemoryBlock)
    block = cls.of([1, 2, 3])
    for ask in (block.encode, block.encode_read, block.byte_enables, lambda: cls.decode([0])):
        with pytest.raises(AccessError, match=rf"^{name}: "):
            ask()
    for ends in ([0, 1], [0, 3]):
        at = cls.coordinate_type.from_plain(ends)
        with pytest.raises(CoordinateMismatchError, match=rf"^{name}: 3 elements do not fit"):
            block.encode(at)
        with pytest.raises(CoordinateMismatchError, match=rf"^{name}: 3 elements do not fit"):
            block.byte_enables(at)
    with pytest.raises(DecodeError, match=rf"^{name}: 2 words wanted"):
        cls.decode([1], cls.coordinate_type.from_plain([3, 4]))


def test_blocks_of_words_fit_their_place() -> None:
    at = coord.PPUMemoryBlockOnDLS.from_plain([[3, 5], 1])
    for size in (2, 4):
        with pytest.raises(CoordinateMismatchError, match="PPUMemoryBlock: "):
            containers.PPUMemoryBlock.of(range(size)).encode(at)
        with pytest.raises(containers.ContainerError, match="PPUMemoryBlock: "):
            containers.PPUMemoryBlock.decode([0] * size, at)
    for words in ([], [[0]], [0] * 4097):
        with pytest.raises(DecodeError, match="PPUMemoryBlock: "):
            containers.PPUMemoryBlock.decode(words)


@pytest.mark.parametrize(
    "name", ["CADCConfig", "NeuronConfig", "CrossbarNode", "AtomicNeuron", "SynapseRow", "PPUMemory"]
)
@pytest.mark.parametrize("beyond", [-1, 1])
def test_linear_indices_beyond_the_coordinates_have_no_addresses(name: str, beyond: int) -> None:
    kind = _kind(_TYPES[name])
    index = kind.min - 1 if beyond < 0 else kind.max + 1
    with pytest.raises(containers.ContainerError, match=name):
        _TYPES[name].addresses_of(np.array([kind.min, index]))


# --- accesses that do not exist --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in _FIXED if not _TYPES[name].is_writable()])
def test_what_is_read_only_cannot_be_written(name: str) -> None:
    cls = _TYPES[name]
    with pytest.raises(AccessError, match=rf"^{name} is read-only"):
        cls().encode()
    assert cls.write_addresses(_last(cls)).shape == (0,)
    assert cls.write_word_count() == 0
    assert cls.is_readable()


@pytest.mark.parametrize("name", [name for name in _FIXED if not _TYPES[name].is_readable()])
def test_what_is_write_only_cannot_be_read(name: str) -> None:
    cls = _TYPES[name]
    with pytest.raises(AccessError, match=rf"^{name} is write-only"):
        cls().encode_read()
    assert cls.read_addresses(_last(cls)).shape == (0,)
    assert cls.read_word_count() == 0
    assert cls.is_writable()


@every_container
def test_other_ways_of_travel_are_refused(name: str) -> None:
    cls = _TYPES[name]
    at: Any = _last(cls) if not issubclass(cls, MemoryBlock) else _some_block(cls)
    for backend in [*Backend, "carrier_pigeon", 1]:
        for ask, ways in ((cls.write_addresses, cls.backends), (cls.read_addresses, cls.read_backends)):
            if backend in ways:
                assert ask(at, backend).dtype == np.uint32
            else:
                with pytest.raises(AccessError, match=rf"does not travel over {backend}; possible: {ways[0]}"):
                    ask(at, backend)


def _some_block(cls: type[MemoryBlock]) -> coord.Coordinate:
    return cls.coordinate_type.from_plain([[0, 1], 0] if cls is containers.PPUMemoryBlock else [0, 1])


def test_other_ways_of_travel_are_refused_for_batches_too() -> None:
    with pytest.raises(AccessError, match="CADCConfig does not travel over timer"):
        containers.CADCConfig.addresses_of(np.array([0]), backend=Backend.TIMER)
    with pytest.raises(AccessError, match="ADPLL does not travel over jtag_pll_register"):
        containers.ADPLL.addresses_of(np.array([0]), read=True, backend=Backend.JTAG_PLL_REGISTER)


# --- words -----------------------------------------------------------------------------------------------------------


@every_small
def test_too_few_and_too_many_words_are_refused(name: str) -> None:
    cls = _TYPES[name]
    at = _last(cls)
    words = _words(cls, at)
    wrong: list[Any] = [
        words[:-1],
        [*words, 0],
        words[np.newaxis],
        words.reshape(-1, 1),
        np.array(5, dtype=np.uint32),
        [],
    ]
    for given in wrong:
        with pytest.raises(DecodeError, match=rf"^{name}: {len(words)} words wanted, array of shape .* given"):
            cls.decode(given, at)


_NO_WORDS: list[Any] = [1.0, 0.0, float("nan"), True, "1", b"1", None, 1j, object()]
_NO_WORD_ARRAYS: list[Any] = [None, 5, "12", b"12", 1.0, {1: 2}, {1}, object(), int]


@every_small
def test_words_that_are_no_integers_are_refused(name: str) -> None:
    cls = _TYPES[name]
    at = _last(cls)
    words = _words(cls, at).tolist()
    for odd in _NO_WORDS:
        with pytest.raises(FieldTypeError, match=rf"^{name}: words must be integers"):
            cls.decode([odd] * len(words), at)
    ragged: Any = [[word] for word in words[:-1]] + [[0, 0]]
    for given in ([*words[:-1], 1.0], [*words[:-1], None], [*words[:-1], "1"], ragged):
        with pytest.raises((FieldTypeError, DecodeError), match=rf"^{name}: "):
            cls.decode(given, at)


@every_small
def test_words_outside_32_bits_are_refused(name: str) -> None:
    cls = _TYPES[name]
    at = _last(cls)
    words = _words(cls, at).tolist()
    for odd in (-1, 1 << 32, -(1 << 31), (1 << 63) - 1):
        with pytest.raises(DecodeError, match=rf"^{name}: words must be in 0\.\.2\*\*32-1"):
            cls.decode([*words[:-1], odd], at)
    for odd in (1 << 63, 1 << 64, 1 << 200, -(1 << 80)):
        with pytest.raises((DecodeError, FieldTypeError), match=rf"^{name}: "):
            cls.decode([*words[:-1], odd], at)


@pytest.mark.parametrize("words", _NO_WORD_ARRAYS)
def test_what_is_no_array_of_words_is_refused(words: Any) -> None:
    with pytest.raises((DecodeError, FieldTypeError), match="^CADCConfig: "):
        containers.CADCConfig.decode(words)


def test_words_of_any_integer_type_are_taken() -> None:
    for dtype in (np.int32, np.int64, np.uint64, np.uint32, ">u4"):
        assert containers.CADCConfig.decode(np.array([0x14161], dtype=dtype)).reset_wait == 22
    assert containers.CADCConfig.decode((0x14161,)).reset_wait == 22


_REFUSED_WORDS = [
    ("CapMemBlockConfig", [0, 0, 3] + [0] * 7, r"debug_v_ref_select: decoded value 3 .*DISABLED \(0\)"),
    ("CapMemBlockConfig", [0] * 6 + [7 << 20] + [0] * 3, r"prescale_ramp: decoded value 7 .*0\.\.6"),
    ("CapMemBlockConfig", [1, 130] + [0] * 8, r"debug_capmem_coord\.column: decoded value 130 .*0\.\.129"),
    ("CapMemBlockConfig", [1, 1 << 31] + [0] * 8, r"debug_capmem_coord\.column: decoded value 2147483648 .*0\.\.129"),
    ("CapMemBlockConfig", [1 << 24, 0] + [0] * 8, r"debug_capmem_coord\.row: decoded value 24 .*0\.\.23"),
    ("ADPLL", [0, 0], r"loop_filter_int: decoded value 0 .*1\.\.31"),
    ("INA219Config", [8], r"bits 2\.\.0 of word 0 are 0x0, must be 0x7"),
    ("INA219Config", [0x8007], r"bits 15\.\.15 of word 0 are 0x1, must be 0x0"),
    ("INA219Config", [12 << 3 | 7], r"shunt_adc_mode: decoded value 12"),
    ("INA219Status", [4001 << 3, 0], r"bus_voltage: decoded value 4001 .*0\.\.4000"),
    ("INA219Status", [0, 4001], r"shunt_voltage: decoded value 4001 .*-4000\.\.4000"),
    ("INA219Status", [0, 0x8000 | 95], r"shunt_voltage: decoded value -4001 .*-4000\.\.4000"),
    ("TMP112Status", [0x7FF1], r"temperature: decoded value 32753 .*-14080\.\.32752"),
    ("DACControl", [0, 0], r"bits 12\.\.0 of word 0 are 0x0, must be 0xc"),
    ("JTAGIdCode", [0x348580AE], r"bits 0\.\.0 of word 0 are 0x0, must be 0x1"),
    ("SpikeIOConfig", [0], r"data_rate_scaler: decoded value 0 .*1\.\.65535"),
    ("PLLClockOutputBlock", [3 << 3], r"clock_output\.select_adpll_output: decoded value 3"),
]


@pytest.mark.parametrize(("name", "words", "message"), _REFUSED_WORDS)
def test_words_with_impossible_values_are_refused(name: str, words: list[int], message: str) -> None:
    with pytest.raises(DecodeError, match=rf"^{name}.*{message}"):
        _TYPES[name].decode(words)


def test_impossible_values_inside_trees_are_refused() -> None:
    words = containers.CapMem().encode()
    words[6] = 7 << 20
    with pytest.raises(DecodeError, match=r"CapMemBlockConfig\.prescale_ramp: decoded value 7"):
        containers.CapMem.decode(words)


def test_batches_of_words_have_one_row_for_each_container() -> None:
    for words in ([[0]], [[0] * 7], [0] * 6, 0):
        with pytest.raises(DecodeError, match=r"NeuronConfig: array \(n, 6\) wanted"):
            containers.NeuronConfig.decode_columns(words)
    with pytest.raises(FieldTypeError, match="NeuronConfig"):
        containers.NeuronConfig.decode_columns([[0.0] * 6])
    with pytest.raises(DecodeError, match="NeuronConfig"):
        containers.NeuronConfig.decode_columns([[-1] * 6])
    empty = containers.NeuronConfig.decode_columns(np.zeros((0, 6), dtype=np.uint32))
    assert {array.shape for array in empty.values()} == {(0,)}
