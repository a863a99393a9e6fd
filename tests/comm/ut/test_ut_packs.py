"""Event packs and omnibus accesses from arrays are the messages that objects give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin.comm import ut

deterministic = settings(derandomize=True, deadline=None, max_examples=60)

SIZES = st.lists(st.integers(1, 3), max_size=12)


@given(runs=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), max_size=8), largest=st.integers(1, 3))
@deterministic
def test_packs_hold_as_many_events_of_equal_time_as_possible(runs: list[tuple[int, int]], largest: int) -> None:
    lengths: list[int] = []
    times: list[int] = []
    time = 0
    for step, length in runs:
        if step and lengths:
            time += step
            lengths.append(length)
        elif lengths:
            lengths[-1] += length
        else:
            lengths.append(length)
        times += [time] * length
    expected = [size for n in lengths for size in [largest] * (n // largest) + [n % largest] if size]
    assert ut.pack_sizes(times, largest).tolist() == expected


def test_sizes_of_example() -> None:
    assert ut.pack_sizes([5, 5, 5, 5, 6, 8, 8]).tolist() == [3, 1, 1, 2]
    assert ut.pack_sizes([5, 5, 5, 5, 6, 8, 8], largest=2).tolist() == [2, 2, 1, 2]


@given(sizes=SIZES, data=st.data())
@deterministic
def test_spike_packs_towards_the_fpga_are_those_of_objects(sizes: list[int], data: st.DataObject) -> None:
    n = sum(sizes)
    labels = data.draw(st.lists(st.integers(0, 0xFFFF), min_size=n, max_size=n))
    classes = [ut.SpikePack1ToFPGA, ut.SpikePack2ToFPGA, ut.SpikePack3ToFPGA]
    rest = iter(labels)
    expected = [classes[size - 1]([next(rest) for _ in range(size)]) for size in sizes]
    assert list(ut.spike_packs_to_fpga(labels, sizes)) == expected


@given(sizes=SIZES, data=st.data())
@deterministic
def test_packs_from_the_fpga_are_those_of_objects(sizes: list[int], data: st.DataObject) -> None:
    n = sum(sizes)
    numbers = data.draw(st.lists(st.integers(0, 0x3FFF), min_size=n, max_size=n))
    stamps = data.draw(st.lists(st.integers(0, 0xFF), min_size=n, max_size=n))
    events = iter(zip(numbers, stamps, strict=True))
    spike_classes: list[Any] = [ut.SpikePack1FromFPGA, ut.SpikePack2FromFPGA, ut.SpikePack3FromFPGA]
    sample_classes: list[Any] = [ut.MADCSamplePack1FromFPGA, ut.MADCSamplePack2FromFPGA, ut.MADCSamplePack3FromFPGA]
    packs = [[next(events) for _ in range(size)] for size in sizes]
    spikes = [spike_classes[len(pack) - 1](pack) for pack in packs]
    samples = [sample_classes[len(pack) - 1](pack) for pack in packs]
    assert list(ut.spike_packs_from_fpga(numbers, stamps, sizes)) == spikes
    assert list(ut.madc_sample_packs_from_fpga(numbers, stamps, sizes)) == samples


def test_largest_label_and_timestamp_fill_the_high_bits_of_a_pack() -> None:
    pack = ut.spike_packs_from_fpga([0xFFFF] * 3, [0xFF] * 3, [3])
    assert pack[0].payload == (1 << 72) - 1
    assert int(pack.payloads_high[0]) == 0xFF


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (
            lambda: ut.spike_packs_to_fpga([1 << 16], [1]),
            r"event 0: label = 65536 is out of range, allowed are 0\.\.65535",
        ),
        (lambda: ut.spike_packs_to_fpga([1, -1], [2]), "event 1: label = -1"),
        (lambda: ut.spike_packs_to_fpga([1.0], [1]), "label: an array of integers is needed"),
        (lambda: ut.spike_packs_to_fpga([[1]], [1]), "label: an array of integers is needed"),
        (lambda: ut.spike_packs_to_fpga([1, 2], [1]), "the packs hold 1 events, 2 are given"),
        (lambda: ut.spike_packs_to_fpga([1], [4]), r"pack 0 has 4 events, allowed are 1\.\.3"),
        (lambda: ut.spike_packs_to_fpga([1], [1, 0]), "pack 1 has 0 events"),
        (lambda: ut.spike_packs_to_fpga([1], [1.0]), "sizes: an array of integers is needed"),
        (lambda: ut.spike_packs_from_fpga([1, 2], [1], [2]), "2 events need as many timestamps, not 1"),
        (lambda: ut.spike_packs_from_fpga([1], [256], [1]), "event 0: timestamp = 256"),
        (lambda: ut.madc_sample_packs_from_fpga([1 << 14], [0], [1]), "event 0: value = 16384"),
        (lambda: ut.pack_sizes([[1]]), "keys are an array of one dimension"),
        (lambda: ut.pack_sizes([1], largest=4), r"largest = 4 must be 1\.\.3"),
    ],
)
def test_wrong_events_are_refused(call: Any, problem: str) -> None:
    with pytest.raises(ut.UTEncodeError, match=problem):
        call()


def accesses(expansion: dict[str, Any]) -> ut.MessageArray | None:
    """Messages of a word container of the vectors that array constructors cover."""
    kind, coordinate, value = (expansion[key] for key in ("container", "coordinate", "value"))
    match kind, expansion["op"]:
        case "Omnibus", "write":
            return ut.omnibus_writes(coordinate, value["word"], value["byte_enables"])
        case "Omnibus", "read":
            return ut.omnibus_reads(coordinate)
        case "OmnibusChipOverJTAG", "write":
            return ut.omnibus_writes_over_jtag(coordinate, value)
        case "OmnibusChipOverJTAG", "read":
            return ut.omnibus_reads_over_jtag(coordinate)
        case (("SpikePack1ToChip" | "SpikePack2ToChip" | "SpikePack3ToChip"), "write"):
            return ut.spike_packs_to_fpga(value, [len(value)])
        case "SPIShiftRegister", "write":
            parts = [value >> 16, value >> 8 & 0xFF, value & 0xFF | 1 << 31]
            return ut.omnibus_writes(0x88007001, parts)
        case "WaitUntil", "write":
            return ut.MessageArray.of(ut.WaitUntil, value=value)
        case "JTAGPLLRegister", "write":
            data = ut.MessageArray.of(ut.JTAGData, payload=[coordinate, value], num_bits=[4, 32])
            return ut.MessageArray.interleave(ut.MessageArray.of(ut.JTAGIns, value=[3, 4]), data)
    return None


def test_array_constructors_give_the_words_of_the_vectors(expansion: dict[str, Any]) -> None:
    words = [int(word, 16) for word in expansion["words"]]
    array = accesses(expansion)
    decoded = ut.decode_array(words, "to_fpga")
    assert ut.encode_array(decoded if array is None else array).tolist() == words


def test_omnibus_writes_alternate_address_and_word() -> None:
    writes = ut.omnibus_writes([1, 2], [3, 4], byte_enables=[0xF, 1])
    assert list(writes) == [
        ut.OmnibusAddress(address=1),
        ut.OmnibusData(3),
        ut.OmnibusAddress(address=2, byte_enables=1),
        ut.OmnibusData(4),
    ]
    assert list(ut.omnibus_writes([1, 2], 0)) == list(ut.omnibus_writes([1, 2], [0, 0]))
    assert len(ut.omnibus_writes([], [])) == 0


def test_omnibus_reads_enable_all_bytes() -> None:
    assert list(ut.omnibus_reads([7])) == [ut.OmnibusAddress(address=7, is_read=1, byte_enables=0xF)]


def test_access_over_jtag_is_the_access_of_the_reference() -> None:
    assert list(ut.omnibus_writes_over_jtag([9], [0xFFFFFFFF])) == [
        ut.JTAGIns(5),
        ut.JTAGData(payload=9, num_bits=33),
        ut.JTAGIns(6),
        ut.JTAGData(payload=0xFFFFFFFF, num_bits=32),
        ut.JTAGIns(7),
        ut.JTAGData(payload=0, num_bits=3),
    ]
    assert list(ut.omnibus_reads_over_jtag([9])) == [
        ut.JTAGIns(5),
        ut.JTAGData(payload=9 | 1 << 32, num_bits=33),
        ut.JTAGIns(7),
        ut.JTAGData(payload=0, num_bits=3),
        ut.JTAGIns(6),
        ut.JTAGData(payload=0, num_bits=32, keep_response=1),
    ]
    assert len(ut.omnibus_writes_over_jtag(np.arange(5), np.arange(5))) == 30
    assert len(ut.omnibus_reads_over_jtag([])) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: ut.omnibus_writes([1 << 32], [0]),
        lambda: ut.omnibus_writes([1], [1 << 32]),
        lambda: ut.omnibus_writes([1], [0], byte_enables=16),
        lambda: ut.omnibus_writes([1, 2], [1, 2, 3]),
        lambda: ut.omnibus_reads([-1]),
        lambda: ut.omnibus_writes_over_jtag([1 << 32], [0]),
        lambda: ut.omnibus_reads_over_jtag([1 << 32]),
    ],
)
def test_wrong_accesses_are_refused(call: Any) -> None:
    with pytest.raises(ut.UTEncodeError, match=r"out of range|lengths"):
        call()
