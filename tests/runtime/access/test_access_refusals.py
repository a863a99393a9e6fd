"""Accesses that a bus cannot carry are refused, and the message says what was given and what is allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hxtwin.containers import Backend
from hxtwin.runtime import access
from hxtwin.runtime.access.expansion import BUSES
from hxtwin.runtime.errors import AccessRefusedError, BackendError

#: Backend, number of addresses, largest word.
LIMITS = [
    (Backend.OMNIBUS_CHIP_OVER_JTAG, 1 << 31, 0xFFFFFFFF),
    (Backend.JTAG_PLL_REGISTER, 8, 0xFFFFFFFF),
    (Backend.JTAG_PHY_REGISTER, 8, 0x3FFFFF),
    (Backend.JTAG_CLOCK_SCALER, 1, 255),
    (Backend.RESET_JTAG_TAP, 1, 0),
    (Backend.RESET_CHIP, 1, 1),
    (Backend.SYSTIME_SYNC, 1, 1),
    (Backend.TIMER, 1, 0),
    (Backend.WAIT_UNTIL, 1, 0xFFFFFFFF),
    (Backend.BARRIER, 1, 31),
    (Backend.POLLING_OMNIBUS_BLOCK, 1, 1),
    (Backend.SPIKE_PACK_1_TO_CHIP, 1, 0xFFFF),
    (Backend.SPI_SHIFT_REGISTER, 1, 0xFFFFFF),
    (Backend.SPI_DAC_DATA_REGISTER, 16, 4095),
    (Backend.SPI_DAC_CONTROL_REGISTER, 8, 0x1FFF),
    (Backend.I2C_INA219_RW_REGISTER, 12, 0xFFFF),
    (Backend.I2C_TCA9554_RW_REGISTER, 3, 0xFF),
    (Backend.I2C_AD5252_RW_REGISTER, 12, 0xFF),
    (Backend.I2C_DAC6573_RW_REGISTER, 4, 1023),
    (Backend.I2C_TCA9546_REGISTER, 1, 0xFF),
]


def u32(*numbers: int) -> Any:
    return np.array(numbers, dtype=np.uint32)


@pytest.mark.parametrize(("backend", "size", "largest"), LIMITS)
def test_the_last_address_and_the_largest_word_are_allowed(backend: Backend, size: int, largest: int) -> None:
    assert len(access.write_messages(backend, u32(size - 1), u32(largest))) > 0


@pytest.mark.parametrize(("backend", "size", "largest"), LIMITS)
def test_the_next_address_is_refused(backend: Backend, size: int, largest: int) -> None:
    with pytest.raises(access.BusAccessError, match=rf"{backend}: address {size:#x} at position 1 is out of range"):
        access.write_messages(backend, u32(0, size), u32(0, 0))


@pytest.mark.parametrize(("backend", "size", "largest"), [row for row in LIMITS if row[2] < 0xFFFFFFFF])
def test_the_next_word_is_refused(backend: Backend, size: int, largest: int) -> None:
    with pytest.raises(access.BusAccessError, match=rf"{backend}: word {largest + 1:#x} at position 0 is out of range"):
        access.write_messages(backend, u32(0), u32(largest + 1))


def test_reads_check_their_addresses_too() -> None:
    with pytest.raises(access.BusAccessError, match="address 0x18 at position 0 is out of range: 0..0x17"):
        access.read_messages(Backend.I2C_INA219_RO_REGISTER, u32(24))


def test_jtag_does_not_reach_the_fpga() -> None:
    with pytest.raises(access.BusAccessError, match="JTAG reaches the chip alone"):
        access.read_messages(Backend.OMNIBUS_CHIP_OVER_JTAG, u32(0x88000005))


def test_only_the_omnibus_leaves_out_bytes() -> None:
    some = np.array([3], dtype=np.uint8)
    for backend in BUSES:
        if backend in {Backend.OMNIBUS_CHIP, Backend.OMNIBUS_FPGA}:
            assert len(access.write_messages(backend, u32(0), u32(0), some)) == 2
        else:
            with pytest.raises(access.BusAccessError, match="writes whole words"):
                access.write_messages(backend, u32(0), u32(0), some)


def test_all_byte_enables_are_accepted_everywhere() -> None:
    every = np.array([15], dtype=np.uint8)
    for backend, _, _ in LIMITS:
        with_enables = access.write_messages(backend, u32(0), u32(0), every)
        assert with_enables == access.write_messages(backend, u32(0), u32(0))


def test_one_partial_write_among_whole_ones_keeps_its_byte_enables(wire: Any) -> None:
    enables = np.array([15, 3, 15], dtype=np.uint8)
    messages = access.write_messages(Backend.OMNIBUS_CHIP, u32(1, 2, 3), u32(4, 5, 6), enables)
    assert wire.of(messages) == wire.write(1, 4) + wire.write(2, 5, 3) + wire.write(3, 6)


def test_byte_enables_have_four_bits() -> None:
    with pytest.raises(access.BusAccessError, match="byte_enables 0x10 at position 1"):
        access.write_messages(Backend.OMNIBUS_CHIP, u32(0, 1), u32(0, 1), np.array([1, 16], dtype=np.uint8))


@pytest.mark.parametrize(("backend", "words"), [(Backend.SPIKE_PACK_2_TO_CHIP, 3), (Backend.SPIKE_PACK_3_TO_CHIP, 2)])
def test_labels_must_fill_packs(backend: Backend, words: int) -> None:
    numbers = np.zeros(words, dtype=np.uint32)
    with pytest.raises(access.BusAccessError, match=f"{words} labels do not fill packs"):
        access.write_messages(backend, numbers, numbers)


@pytest.mark.parametrize(
    "wrong", [[0], np.zeros(1, dtype=np.int64), np.zeros((1, 1), dtype=np.uint32), np.zeros(1, dtype=np.float64)]
)
def test_arrays_of_another_kind_are_refused(wrong: Any) -> None:
    with pytest.raises(access.BusAccessError, match=r"addresses must be an array uint32\[n\]"):
        access.read_messages(Backend.OMNIBUS_CHIP, wrong)
    with pytest.raises(access.BusAccessError, match=r"words must be an array uint32\[n\]"):
        access.write_messages(Backend.OMNIBUS_CHIP, u32(0), wrong)


def test_as_many_words_as_addresses_are_needed() -> None:
    with pytest.raises(access.BusAccessError, match="2 words are needed, 1 are given"):
        access.write_messages(Backend.OMNIBUS_CHIP, u32(0, 1), u32(0))
    with pytest.raises(access.BusAccessError, match="1 byte_enables are needed, 2 are given"):
        access.write_messages(Backend.OMNIBUS_CHIP, u32(0), u32(0), np.array([15, 15], dtype=np.uint8))


def test_as_many_payloads_as_responses_are_needed() -> None:
    with pytest.raises(access.BusAccessError, match="2 payloads are needed, 3 are given"):
        access.response_words(Backend.I2C_TEMP_REGISTER, u32(0), np.zeros(3, dtype=np.uint64))


def test_a_payload_that_no_response_can_have_is_refused() -> None:
    with pytest.raises(access.BusAccessError, match="payload 0x100000000 at position 0 is out of range: 32 bits"):
        access.response_words(Backend.OMNIBUS_CHIP, u32(0), np.array([1 << 32], dtype=np.uint64))


def test_what_is_write_only_has_no_response() -> None:
    for backend in (Backend.SPI_SHIFT_REGISTER, Backend.JTAG_PLL_REGISTER, Backend.BARRIER):
        with pytest.raises(AccessRefusedError, match=f"{backend} is write-only"):
            access.response_message(backend)
        with pytest.raises(AccessRefusedError, match=f"{backend} is write-only"):
            access.response_words(backend, u32(0), np.zeros(1, dtype=np.uint64))


@pytest.mark.parametrize("unknown", ["omnibus", None])
def test_an_unknown_backend_is_named(unknown: Any) -> None:
    with pytest.raises(BackendError, match=rf"there is no backend {unknown!r}; backends are: omnibus_chip, "):
        access.read_messages(unknown, u32(0))
