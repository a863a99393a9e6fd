"""What is written comes back: expansions executed by a small device, its responses turned into words again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hxtwin import containers, coord
from hxtwin.containers import Backend
from hxtwin.runtime import access

if TYPE_CHECKING:
    from numpy.typing import NDArray

deterministic = settings(derandomize=True, deadline=None, max_examples=40)

#: Omnibus address behind which I2C devices answer, not memories.
I2C_MASTER = 0x88007800
#: Backends on which a write can be read back: number of addresses, bits of a word.
READABLE = {
    Backend.OMNIBUS_CHIP: (1 << 31, 32),
    Backend.OMNIBUS_FPGA: (1 << 31, 32),
    Backend.OMNIBUS_CHIP_OVER_JTAG: (1 << 31, 32),
    Backend.I2C_INA219_RW_REGISTER: (12, 16),
    Backend.I2C_TCA9554_RW_REGISTER: (3, 8),
    Backend.I2C_AD5252_RW_REGISTER: (12, 8),
    Backend.I2C_DAC6573_RW_REGISTER: (4, 10),
}


def read_back(device: Any, backend: Backend, addresses: NDArray[np.uint32]) -> NDArray[np.uint32]:
    device.execute(access.read_messages(backend, addresses))
    queue = device.responses[access.response_message(backend).__name__]
    assert len(queue) == access.response_count(backend, addresses)
    return access.response_words(backend, addresses, np.array(queue, dtype=np.uint64))


@pytest.mark.parametrize("backend", READABLE)
@given(data=st.data(), noise=st.integers(0, (1 << 23) - 1))
@deterministic
def test_words_written_are_read_again(device: Any, backend: Backend, data: st.DataObject, noise: int) -> None:
    size, bits = READABLE[backend]
    places = data.draw(st.lists(st.integers(0, size - 1), unique=True, max_size=min(size, 6)))
    values = data.draw(st.lists(st.integers(0, (1 << bits) - 1), min_size=len(places), max_size=len(places)))
    addresses, words = np.array(places, dtype=np.uint32), np.array(values, dtype=np.uint32)
    if backend is Backend.OMNIBUS_FPGA:
        addresses |= np.uint32(0x80000000)
        addresses = addresses[(addresses < I2C_MASTER) | (addresses >= I2C_MASTER + 0x400)]
        words = words[: len(addresses)]
    silicon = device(noise)
    silicon.execute(access.write_messages(backend, addresses, words))
    assert read_back(silicon, backend, addresses).tolist() == words.tolist()


@given(
    old=st.integers(0, 0xFFFFFFFF),
    new=st.integers(0, 0xFFFFFFFF),
    enables=st.integers(0, 15),
    address=st.integers(0, 0xFFFF),
)
@deterministic
def test_only_enabled_bytes_are_written(device: Any, old: int, new: int, enables: int, address: int) -> None:
    silicon, at = device(), np.array([address], dtype=np.uint32)
    silicon.execute(access.write_messages(Backend.OMNIBUS_CHIP, at, np.array([old], dtype=np.uint32)))
    lanes = np.array([enables], dtype=np.uint8)
    silicon.execute(access.write_messages(Backend.OMNIBUS_CHIP, at, np.array([new], dtype=np.uint32), lanes))
    found = int(read_back(silicon, Backend.OMNIBUS_CHIP, at)[0]).to_bytes(4, "little")
    wanted = [(new if enables >> lane & 1 else old) >> 8 * lane & 0xFF for lane in range(4)]
    assert list(found) == wanted


@given(index=st.integers(0, 5), registers=st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4))
@deterministic
def test_readings_of_a_power_monitor_are_two_bytes_most_significant_first(
    device: Any, index: int, registers: list[int]
) -> None:
    silicon = device()
    for number, value in enumerate(registers, start=1):
        silicon.i2c[(0x40 + index, number)] = [value >> 8, value & 0xFF]
    addresses = 4 * index + np.arange(4, dtype=np.uint32)
    assert read_back(silicon, Backend.I2C_INA219_RO_REGISTER, addresses).tolist() == registers


@given(celsius=st.integers(-880, 2047))
@deterministic
def test_temperature_is_read_from_the_device(device: Any, celsius: int) -> None:
    silicon = device()
    raw = celsius * 16 & 0xFFFF
    silicon.i2c[(0x48, 0)] = [raw >> 8, raw & 0xFF]
    cls = containers.TMP112Status
    words = read_back(silicon, cls.default_backend, cls.read_addresses())
    assert cls.decode(words).temperature == celsius * 16


def test_identification_is_the_low_part_of_a_jtag_response(device: Any) -> None:
    cls = containers.JTAGIdCode
    found = cls.decode(read_back(device(noise=1), cls.default_backend, cls.read_addresses()))
    assert (found.version, found.part_number, found.manufacturer_id) == (3, 0x4858, 0x057)


def test_timer_is_read_from_its_register(device: Any) -> None:
    silicon = device()
    silicon.words[0x8800000C] = 123
    assert read_back(silicon, Backend.TIMER, np.zeros(1, dtype=np.uint32)).tolist() == [123]


def test_null_payload_is_answered_by_a_tick_and_decodes_from_any_payload(device: Any) -> None:
    cls = containers.NullPayloadReadable
    words = read_back(device(), cls.default_backend, cls.read_addresses())
    assert words.tolist() == [0]
    assert cls.decode(words) == cls()


def test_chip_memories_over_jtag_are_those_of_the_omnibus(device: Any) -> None:
    silicon, place = device(), coord.CADCConfigOnDLS.bottom
    config = containers.CADCConfig(enable=True, reset_wait=22)
    cls = containers.CADCConfig
    addresses = cls.write_addresses(place, Backend.OMNIBUS_CHIP_OVER_JTAG)
    silicon.execute(access.write_messages(Backend.OMNIBUS_CHIP_OVER_JTAG, addresses, config.encode()))
    assert cls.decode(read_back(silicon, Backend.OMNIBUS_CHIP, cls.read_addresses(place))) == config


def test_pll_and_link_registers_arrive_at_their_numbers(device: Any) -> None:
    silicon = device()
    numbers = np.arange(8, dtype=np.uint32)
    silicon.execute(access.write_messages(Backend.JTAG_PLL_REGISTER, numbers, 0xF0000000 + numbers))
    silicon.execute(access.write_messages(Backend.JTAG_PHY_REGISTER, numbers, 0x200000 + numbers))
    assert silicon.pll == {i: 0xF0000000 + i for i in range(8)}
    assert silicon.phy == {i: 0x200000 + i for i in range(8)}
