"""What is written is read back exactly as on the chip: widths, views, byte enables, triggers, unmapped addresses."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import containers
from hxtwin.chipsim.options import TwinOptions
from hxtwin.chipsim.registers.cell_map import chip_cells, chip_leaves
from hxtwin.chipsim.registers.register_file import Accesses, Consumer, RegisterFile
from hxtwin.comm import ut
from hxtwin.containers.layout import Backend
from hxtwin.containers.record import schema

from .client import Client, bring_up, jtag_read, jtag_write, read, write

if TYPE_CHECKING:
    from numpy.typing import NDArray

READABLE = [
    leaf
    for leaf in chip_leaves()
    if leaf.is_readable() and leaf.is_writable() and Backend.OMNIBUS_CHIP in leaf.backends
]
READ_ONLY = [leaf for leaf in chip_leaves() if not leaf.is_writable()]
JTAG_ONLY = [leaf for leaf in chip_leaves() if Backend.OMNIBUS_CHIP not in leaf.backends and leaf.is_writable()]
MOST = 200


@pytest.fixture(scope="module")
def client() -> Client:
    found = Client()
    found.run(bring_up(systime=False))
    return found


def places(leaf: type[containers.Container], rng: np.random.Generator) -> NDArray[np.int64]:
    size: int = leaf.coordinate_type.size  # type: ignore[attr-defined]  # places of leaves are numbered
    return np.sort(rng.choice(size, min(size, MOST), replace=False))


def random_words(leaf: type[containers.Container], n: int, at: NDArray[np.int64], seed: int) -> NDArray[np.uint32]:
    rng = np.random.default_rng(seed)
    columns = {
        column.path: rng.integers(column.spec.minimum, column.spec.maximum, (n, *column.shape), endpoint=True).astype(
            column.spec.dtype
        )
        for column in schema(leaf)
    }
    return leaf.encode_columns(columns, at)


def read_all(client: Client, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
    found = client.responses(ut.omnibus_reads(addresses.ravel()))
    return np.asarray(found.omnibus["value"], dtype=np.uint32).reshape(addresses.shape)


@pytest.mark.parametrize("leaf", READABLE, ids=lambda leaf: leaf.__name__)
def test_what_is_written_is_read_back(client: Client, leaf: type[containers.Container]) -> None:
    at = places(leaf, np.random.default_rng(1))
    words = random_words(leaf, len(at), at, 2)
    client.responses(ut.omnibus_writes(leaf.addresses_of(at).ravel(), words.ravel()))
    assert np.array_equal(read_all(client, leaf.addresses_of(at, read=True)), words)


@pytest.mark.parametrize("leaf", JTAG_ONLY, ids=lambda leaf: leaf.__name__)
def test_what_is_written_over_jtag_is_read_back_over_jtag(leaf: type[containers.Container]) -> None:
    way = Backend.OMNIBUS_CHIP_OVER_JTAG
    words = random_words(leaf, 1, np.zeros(1, np.int64), 3)[0]
    addresses = leaf.addresses_of(np.zeros(1, np.int64), backend=way)[0]
    program = [
        m
        for address, word in zip(addresses.tolist(), words.tolist(), strict=True)
        for m in [*jtag_write(address, word), *jtag_read(address)]
    ]
    assert Client().jtag(program) == words.tolist()


def test_registers_hold_the_default_chip_after_a_reset() -> None:
    registers = RegisterFile()
    addresses, words = containers.Chip.write_addresses().astype(np.int64), containers.Chip().encode()
    cap_mem = (addresses >= 0x140000) & (addresses < 0x160000) & (addresses % 0x8000 < 0x2000)
    chosen = np.flatnonzero((addresses < 1 << 26) & ~cap_mem)[::7]
    found = [registers.read(address) for address in addresses[chosen].tolist()]
    assert found == words[chosen].tolist()
    assert any(found)


@pytest.mark.parametrize("leaf", READABLE + READ_ONLY, ids=lambda leaf: leaf.__name__)
def test_registers_outside_the_chip_container_hold_the_default_container(leaf: type[containers.Container]) -> None:
    in_chip = set(containers.Chip.write_addresses().tolist())
    at = places(leaf, np.random.default_rng(4))
    way = leaf.read_backends[0] if Backend.OMNIBUS_CHIP in leaf.backends else Backend.OMNIBUS_CHIP_OVER_JTAG
    addresses = leaf.addresses_of(at, read=True, backend=way).astype(np.int64)
    words = leaf.encode_columns(leaf.default_columns(len(at)), at)
    registers = RegisterFile()
    wrong = [
        hex(address)
        for address, word in zip(addresses.ravel().tolist(), words.ravel().tolist(), strict=True)
        if address not in in_chip and registers.read(address) != word
    ]
    assert wrong == ([] if leaf.__name__ != "CommonPhyConfigChip" else ["0x40000"])


def test_cap_mem_cells_and_chip_side_enables_are_zero_after_a_reset() -> None:
    registers = RegisterFile()
    assert not registers.words_of(containers.CapMemCell).any()
    assert registers.read(0x00040000) == 0


def test_the_whole_default_chip_is_read_back(client: Client) -> None:
    chip = containers.Chip()
    addresses, words = containers.Chip.write_addresses(), chip.encode()
    client.responses(ut.omnibus_writes(addresses, words))
    assert np.array_equal(read_all(client, addresses), words)


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        (0x00160002, 0x7F),
        (0x00160003, 0xFE),
        (0x001A1000, 0xFF),
        (0x00140000, 0x3FF),
        (0x000C000B, 0x7FFF),
        (0x02400000, 0xFF),
        (0x02800000, 0xFFFFFFFF),
        (0x00130019, 0xBFFF3FFF),
        (0x00130002, 0xFFFFFFFF),
        (0x0, 0xFFFFFFFF),
        (0x1, 0x7FF),
        (0x80000000, 0xFFFFFFFF),
        (0x87FFFFFF, 0xFFFFFFFF),
        (0x88000009, 0xFFFFFFFF),
        (0x88002000, 0xF),
        (0x88000006, 0xFFFFFFFF),
    ],
)
def test_stored_width(address: int, stored: int) -> None:
    client = Client()
    client.run(bring_up(systime=False))
    assert client.words(write(address, 0xFFFFFFFF), read(address)) == [stored]


def test_every_stored_bit_belongs_to_a_container() -> None:
    cells = chip_cells()
    assert not cells.resets[(cells.resets & ~cells.masks) != 0].any()
    assert int((cells.kinds != 0).sum()) > 20_000


# --- synapse array ----------------------------------------------------------------------------------------------------

ROW, QUAD = 37, 19
BASES = {0: 0x02C00000, 1: 0x03C00000}


@pytest.mark.parametrize("hemisphere", [0, 1])
def test_windows_of_a_synapse_array_show_the_same_memory(client: Client, hemisphere: int) -> None:
    base, at = BASES[hemisphere], 64 * ROW + QUAD
    raw = base + 0xF0000 + 128 * ROW + QUAD
    views = [base + window + at for window in (0, 0x10000, 0x20000, 0x40000)]
    words = client.words(
        write(raw, 0xFF804001),
        write(raw + 64, 0x12C3FF40),
        *(read(view) for view in views),
    )
    assert words == [0x3F000001, 0x03020100, 0x00030301, 0x12033F00]


def test_views_leave_the_bits_alone_that_they_do_not_show(client: Client) -> None:
    raw, at = 0x02CF0000 + 128 * ROW + QUAD, 64 * ROW + QUAD
    words = client.words(
        write(raw, 0),
        write(raw + 64, 0),
        write(0x02C00000 + at, 0xFFFFFFFF),
        read(raw),
        write(0x02C10000 + at, 0x03030303),
        write(0x02C00000 + at, 0),
        read(raw),
        write(0x02C20000 + at, 0x01010101),
        write(0x02C40000 + at, 0x15151515),
        read(raw + 64),
    )
    assert words == [0x3F3F3F3F, 0xC0C0C0C0, 0x55555555]


def test_hemispheres_have_arrays_of_their_own(client: Client) -> None:
    words = client.words(
        write(0x02C00000, 0x01020304), write(0x03C00000, 0x05060708), read(0x02C00000), read(0x03C00000)
    )
    assert words == [0x01020304, 0x05060708]


def test_byte_enables_select_quad_entries(client: Client) -> None:
    words = client.words(
        write(0x02C00000, 0x01020304),
        write(0x02C00000, 0x3F3F3F3F, lanes=0b1000),
        read(0x02C00000),
        write(0x02C00000, 0x00000000, lanes=0b0101),
        read(0x02C00000),
    )
    assert words == [0x3F020304, 0x3F000300]


@pytest.mark.parametrize("address", [0x02800010, 0x80000010, 0x84000010])
@pytest.mark.parametrize("lanes", range(16))
def test_byte_enables_select_bytes(client: Client, address: int, lanes: int) -> None:
    mask = sum(0xFF << 8 * lane for lane in range(4) if lanes >> lane & 1)
    words = client.words(write(address, 0x11223344), write(address, 0xAABBCCDD, lanes=lanes), read(address))
    assert words == [(0x11223344 & ~mask) | (0xAABBCCDD & mask)]


def test_changes_name_the_rows_and_blocks_that_were_written() -> None:
    registers = RegisterFile()
    registers.take_changes(Consumer.ELABORATION)
    for address, word in ((0x02C00000 + 64 * 5, 0x3F), (0x00148003, 7), (0x00148004, 0)):
        registers.apply(Accesses.of(0, address, word, 0xF), 0, 0)
    changes = registers.take_changes(Consumer.ELABORATION)
    assert np.argwhere(changes.synapse_rows).tolist() == [[0, 5]]
    assert [registers.map.block_names[i] for i in np.flatnonzero(changes.blocks)] == ["CapMemCell@0x00148000"]
    assert not registers.take_changes(Consumer.ELABORATION).blocks.any()
    assert registers.take_changes(Consumer.NEURON_OUTPUTS).blocks.all()


def test_changes_that_concern_nobody_are_not_named() -> None:
    registers = RegisterFile()
    registers.concern(Consumer.ELABORATION, ["CapMemCell"])
    registers.take_changes(Consumer.ELABORATION)
    node = int(containers.CrossbarNode.addresses_of(np.array([5]))[0, 0])
    registers.apply(Accesses.of(0, node, 0x1234, 0xF), 0, 0)
    assert not registers.has_changes(Consumer.ELABORATION)
    assert registers.has_changes(Consumer.NEURON_OUTPUTS)
    registers.apply(Accesses.of(0, 0x00148003, 7, 0xF), 0, 0)
    assert registers.has_changes(Consumer.ELABORATION)


# --- odd addresses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", [0x000D0000, 0x02CD0000, 0x02C30000, 0x04000000, 0x7FFFFFFF, 0x90000000, 0x8800F000]
)
def test_unmapped_addresses_read_zero_and_are_logged_once(
    client: Client, address: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "hxtwin.chipsim"):
        assert client.words(write(address, 5), read(address), read(address)) == [0, 0]
    assert len([record for record in caplog.records if f"{address:#010x}" in record.getMessage()]) == 1


@pytest.mark.parametrize("address", [0x00122000, 0x00122400, 0x00122C00, 0x00110000, 0x02C90000])
def test_triggers_read_zero(client: Client, address: int) -> None:
    assert client.words(read(address)) == [0]


@pytest.mark.parametrize("address", [0x00122800, 0x00130065, 0x00130079, 0x00080007, 0x02A00001, 0x02C80000])
def test_read_only_registers_ignore_writes(address: int) -> None:
    client = Client()
    client.run(bring_up(systime=False))
    before, after = client.words(read(address), write(address, 0xFFFFFFFF), read(address))
    assert before == after == 0


def test_device_dna_has_57_bit_high_part_first(client: Client) -> None:
    high, low = client.words(read(0x88000003), write(0x88000003, 0), read(0x88000004))
    assert 0 < high < 1 << 25
    assert high << 32 | low == TwinOptions().device_dna


def test_a_set_run_bit_of_the_processor_is_stored_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    client.run(bring_up(systime=False))
    with caplog.at_level(logging.WARNING, "hxtwin.chipsim"):
        assert client.words(write(0x02A00000, 1), read(0x02A00000), read(0x02A00001)) == [1, 0]
    assert "embedded processor not simulated" in caplog.text


# --- board ------------------------------------------------------------------------------------------------------------


def i2c_read(device: int, register: int, size: int) -> list[ut.ToFPGA]:
    base = 0x88007800 + device
    return [*write(base, register), *(read(base) * (size - 1)), *read(base | 0x80)]


def test_i2c_registers_are_written_and_read_most_significant_byte_first(client: Client) -> None:
    base = 0x88007800 + 0x40
    program = [*write(base, 5), *write(base, 0x12), *write(base | 0x80, 0x34)]
    assert client.words(program, i2c_read(0x40, 5, 2)) == [0x12, 0x34]


def test_i2c_board_identity_has_four_bytes(client: Client) -> None:
    assert len(client.words(i2c_read(0x50, 0xFC, 4))) == 4


def test_i2c_device_that_does_not_exist_gives_no_acknowledge(client: Client) -> None:
    assert client.words(i2c_read(0x11, 0, 1)) == [1 << 31]


def test_spi_cannot_be_read(client: Client) -> None:
    program = [*write(0x88007001, 0xFF), *write(0x88007001, 0x9C), *write(0x88007001, 0x80000040)]
    assert client.words(program, read(0x88007001)) == [0]


# --- column ADC -------------------------------------------------------------------------------------------------------

CADC_ON = 0x14161


def test_cadc_conversion_takes_369_chip_cycles_by_default(linked: Client) -> None:
    config = int(containers.CADCConfig(enable=True).encode()[0])
    program = [*write(0x02401000, config), ut.Barrier(omnibus=1), ut.TimerSetup(), *read(0x02C80000)]
    (_, cycles) = linked.words(program, ut.Barrier(omnibus=1), read(0x8800000C))
    assert cycles == 35 + 185 + 25 + 1


def test_cadc_conversions_of_a_hemisphere_follow_one_another(linked: Client) -> None:
    config = int(containers.CADCConfig(enable=True).encode()[0])
    both = [*write(0x02401000, config), *write(0x03401000, config), ut.Barrier(omnibus=1), ut.TimerSetup()]
    one = linked.words(both, read(0x02C80000) * 2, ut.Barrier(omnibus=1), read(0x8800000C))[-1]
    two = linked.words(both, read(0x02C80000), read(0x03C80000), ut.Barrier(omnibus=1), read(0x8800000C))[-1]
    assert one == 35 + 185 + 185 + 25 + 1
    assert two == 35 + 1 + 185 + 25 + 1


def test_cadc_row_of_128_buffered_reads_takes_about_100_us(linked: Client) -> None:
    reads = [m for quad in range(64) for m in [*read(0x02E80000 + quad), *read(0x02EC0000 + quad)]]
    (*results, cycles) = linked.words(ut.TimerSetup(), reads, ut.Barrier(omnibus=1), read(0x8800000C))
    assert results == [0] * 128
    assert 95 * 125 < cycles < 105 * 125


def test_cadc_without_enable_answers_without_conversion(linked: Client) -> None:
    cycles = linked.words(ut.TimerSetup(), read(0x02C80000), ut.Barrier(omnibus=1), read(0x8800000C))[-1]
    assert cycles == 35 + 95 + 25 + 1


def test_cadc_in_auto_calibrating_mode_never_answers(linked: Client) -> None:
    answers = linked.run(write(0x02200003, 1), ut.Barrier(omnibus=1), read(0x02C80000), ut.Barrier(omnibus=1))
    assert isinstance(answers[-1], ut.TimeoutNotification)


def offsets(hemisphere: int, kind: int, columns: range, offset: int) -> list[ut.ToFPGA]:
    """Digital offsets of channels; the counter of a comparator without bias runs to 255, so reads are 255 + offset."""
    channels = 512 * hemisphere + 256 * kind + np.array(columns)
    words = containers.CADCChannelConfig(offset=offset).encode().tolist()
    addresses = containers.CADCChannelConfig.addresses_of(channels).ravel().tolist()
    return [m for address in addresses for m in write(address, words[0])]


def test_trigger_read_gives_the_results_of_its_own_conversion_and_latches_them(client: Client) -> None:
    client.run(bring_up(systime=False))
    settled = [ut.Barrier(omnibus=1), ut.TimerSetup(), ut.WaitUntil(1000)]
    first = [*offsets(0, 0, range(16), -1), *offsets(0, 1, range(9, 16, 2), -2), *offsets(1, 0, range(16), -3)]
    later = offsets(0, 0, range(16), -4)
    words = client.words(
        write(0x02401000, CADC_ON),
        write(0x03401000, CADC_ON),
        first,
        read(0x02C80000),
        read(0x02EC0021),
        read(0x03C80001),
        settled,
        later,
        read(0x02E80000),
        read(0x02C80000),
        read(0x02E80001),
    )
    assert words == [0xFEFEFEFE, 0xFDFDFDFD, 0xFCFCFCFC, 0xFEFEFEFE, 0xFBFBFBFB, 0xFBFBFBFB]


def test_answers_of_other_reads_wait_behind_a_conversion_in_the_one_queue(client: Client) -> None:
    client.run(bring_up(systime=False))
    words = client.words(write(0x02401000, CADC_ON), read(0x02C80000), write(0x00140000, 9), read(0x00140000))
    assert words == [0xFFFFFFFF, 9]
