"""The I2C master: device addresses, register numbers, stop, missing acknowledge."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from hxtwin import containers, coord
from hxtwin.comm import ut
from hxtwin.containers import Backend
from hxtwin.runtime import access
from hxtwin.runtime.access import i2c
from hxtwin.runtime.access.expansion import BUSES
from hxtwin.runtime.errors import AccessRefusedError, ProgramError

#: Container, coordinate, device, register number of its first word, bytes (reference: containers-a.md 8.3).
PLACES = [
    (containers.TMP112Status, coord.TMP112StatusOnBoard(), 0x48, 0x00, 2),
    (containers.INA219Config, coord.INA219ConfigOnBoard(4), 0x44, 0x00, 2),
    (containers.INA219Status, coord.INA219StatusOnBoard(5), 0x45, 0x02, 2),
    (containers.TCA9554Inputs, coord.TCA9554InputsOnBoard(), 0x38, 0x00, 1),
    (containers.TCA9554Config, coord.TCA9554ConfigOnBoard(), 0x38, 0x01, 1),
    (containers.AD5252ChannelConfig, coord.AD5252ChannelConfigOnBoard(0), 0x2C, 0x01, 1),
    (containers.AD5252ChannelConfig, coord.AD5252ChannelConfigOnBoard(3), 0x2D, 0x03, 1),
    (containers.AD5252ChannelConfigPersistent, coord.AD5252ChannelConfigPersistentOnBoard(0), 0x2C, 0x21, 1),
    (containers.AD5252ChannelConfigPersistent, coord.AD5252ChannelConfigPersistentOnBoard(5), 0x2E, 0x23, 1),
    (containers.DAC6573ChannelConfig, coord.DAC6573ChannelOnBoard(3), 0x4C, 0x16, 2),
]


def test_devices_have_the_declared_bases_sizes_and_directions(declared_i2c: dict[str, Any], backend: Backend) -> None:
    bus = BUSES[backend]
    assert isinstance(bus, i2c.I2CBus)
    base = int(re.split(r"[ +]", declared_i2c["i2c_base"])[0], 16)
    assert i2c.MASTER + bus.device == base
    assert bus.bytes_per_word == declared_i2c["bytes"]
    assert bus.writable == ("w" in declared_i2c["access"])
    assert access.response_count(backend, np.zeros(3, dtype=np.uint32)) == 3 * declared_i2c["bytes"]


#: Device and register number of every address (reference: fpga-instructions.json ``fisch_i2c_containers``).
REGISTERS = {
    Backend.I2C_TEMP_REGISTER: [(0x48, 0x00)],
    Backend.I2C_INA219_RO_REGISTER: [(0x40 + ina, index + 1) for ina in range(6) for index in range(4)],
    Backend.I2C_INA219_RW_REGISTER: [(0x40 + ina, number) for ina in range(6) for number in (0, 5)],
    Backend.I2C_TCA9554_RO_REGISTER: [(0x38, 0)],
    Backend.I2C_TCA9554_RW_REGISTER: [(0x38, 1), (0x38, 2), (0x38, 3)],
    Backend.I2C_AD5252_RW_REGISTER: [
        (0x2C + ad, kind + channel) for ad in range(3) for channel in (0x01, 0x03) for kind in (0x00, 0x20)
    ],
    Backend.I2C_DAC6573_RW_REGISTER: [(0x4C, 0x10 + 2 * channel) for channel in range(4)],
}


@pytest.mark.parametrize("backend", REGISTERS)
def test_every_address_is_a_register_of_a_device(wire: Any, backend: Backend) -> None:
    registers = REGISTERS[backend]
    assert BUSES[backend].size == len(registers)
    for address, (device, number) in enumerate(registers):
        words = wire.of(access.read_messages(backend, np.array([address], dtype=np.uint32)))
        assert words[:2] == wire.write(0x88007800 + device, number)


@pytest.mark.parametrize(("cls", "at", "device", "number", "size"), PLACES)
def test_a_read_sends_the_register_number_and_stops_at_the_last_byte(
    wire: Any, cls: Any, at: Any, device: int, number: int, size: int
) -> None:
    base = 0x88007800 + device
    expected = wire.write(base, number)
    for i in range(size):
        expected += wire.read(base | 0x80 if i == size - 1 else base)
    addresses = cls.read_addresses(at)[:1]
    assert wire.of(access.read_messages(cls.default_backend, addresses)) == expected


def test_a_value_of_two_bytes_is_written_most_significant_byte_first(wire: Any) -> None:
    config = containers.INA219Config()
    word = int(config.encode()[0])
    at = coord.INA219ConfigOnBoard(2)
    messages = access.write_messages(config.default_backend, config.write_addresses(at), config.encode())
    base = 0x88007842
    assert wire.of(messages) == wire.write(base, 0) + wire.write(base, word >> 8) + wire.write(base | 0x80, word & 0xFF)


def test_the_base_board_dac_takes_its_ten_bits_left_aligned(wire: Any) -> None:
    dac = containers.DAC6573ChannelConfig(value=1015)
    at = coord.DAC6573ChannelOnBoard(2)
    base = 0x8800784C
    expected = wire.write(base, 0x14) + wire.write(base, 1015 << 6 >> 8) + wire.write(base | 0x80, 1015 << 6 & 0xFF)
    assert wire.of(access.write_messages(dac.default_backend, dac.write_addresses(at), dac.encode())) == expected


def test_the_multiplexer_is_written_by_a_single_byte_with_stop(wire: Any) -> None:
    multiplexer = containers.TCA9546ChannelConfig().with_columns({"enable_channels": [True, False, True, False]})
    messages = access.write_messages(multiplexer.default_backend, multiplexer.write_addresses(), multiplexer.encode())
    assert wire.of(messages) == wire.write(0x880078F0, 5)


def test_the_multiplexer_is_read_as_a_register_with_number_0(wire: Any) -> None:
    cls = containers.TCA9546ChannelConfig
    messages = access.read_messages(cls.default_backend, cls.read_addresses())
    assert wire.of(messages) == wire.write(0x88007870, 0) + wire.read(0x880078F0)


def test_no_expansion_forces_a_repeated_start() -> None:
    for bus in i2c.I2C_BUSES:
        addresses = np.arange(bus.size, dtype=np.uint32)
        accesses = [bus.read(addresses)]
        if bus.writable:
            accesses.append(bus.write(addresses, np.zeros(bus.size, dtype=np.uint32)))
        for messages in accesses:
            assert not (messages.column(ut.OmnibusAddress, "address") & np.uint64(0x100)).any()


def test_a_missing_acknowledge_names_device_and_register(device: Any) -> None:
    silicon = device()
    silicon.silent = {0x43}
    cls, addresses = containers.INA219Config, np.arange(0, 12, 2, dtype=np.uint32)
    for monitor in range(6):
        silicon.i2c[(0x40 + monitor, 0)] = [0, 0]
    silicon.execute(access.read_messages(cls.default_backend, addresses))
    payloads = np.array(silicon.responses["OmnibusResponse"], dtype=np.uint64)
    with pytest.raises(access.MissingAcknowledgeError, match=r"device 0x43 .* register 0x00 \(1 of 6 reads\)"):
        access.response_words(cls.default_backend, addresses, payloads)


@pytest.mark.parametrize("position", [0, 1])
def test_one_unacknowledged_byte_spoils_a_word(position: int) -> None:
    payloads = np.zeros(2, dtype=np.uint64)
    payloads[position] = 1 << 31
    with pytest.raises(access.MissingAcknowledgeError):
        access.response_words(Backend.I2C_TEMP_REGISTER, np.zeros(1, dtype=np.uint32), payloads)


@pytest.mark.parametrize(
    "backend", [Backend.I2C_TEMP_REGISTER, Backend.I2C_INA219_RO_REGISTER, Backend.I2C_TCA9554_RO_REGISTER]
)
def test_readings_cannot_be_written(backend: Backend) -> None:
    zero = np.zeros(1, dtype=np.uint32)
    with pytest.raises(AccessRefusedError, match=f"{backend} is read-only"):
        access.write_messages(backend, zero, zero)
    assert issubclass(AccessRefusedError, ProgramError)
