"""Words on the wire by hand, the known-good expansions, and a small device that executes instructions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hxtwin.comm import ut
from hxtwin.containers import Backend

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared"
COPIES = ROOT / "tests" / "data"

#: Backend of each word container of the vectors and of the reference, by the name used there.
BACKENDS = {
    "PollingOmnibusBlock": Backend.POLLING_OMNIBUS_BLOCK,
    "Barrier": Backend.BARRIER,
    "WaitUntil": Backend.WAIT_UNTIL,
    "SystimeSync": Backend.SYSTIME_SYNC,
    "SpikePack1ToChip": Backend.SPIKE_PACK_1_TO_CHIP,
    "SpikePack2ToChip": Backend.SPIKE_PACK_2_TO_CHIP,
    "SpikePack3ToChip": Backend.SPIKE_PACK_3_TO_CHIP,
    "OmnibusChipOverJTAG": Backend.OMNIBUS_CHIP_OVER_JTAG,
    "Omnibus": Backend.OMNIBUS_CHIP,
    "JTAGClockScaler": Backend.JTAG_CLOCK_SCALER,
    "JTAGIdCode": Backend.JTAG_ID_CODE,
    "JTAGPLLRegister": Backend.JTAG_PLL_REGISTER,
    "JTAGPhyRegister": Backend.JTAG_PHY_REGISTER,
    "ResetJTAGTap": Backend.RESET_JTAG_TAP,
    "ResetChip": Backend.RESET_CHIP,
    "Timer": Backend.TIMER,
    "SPIShiftRegister": Backend.SPI_SHIFT_REGISTER,
    "SPIDACDataRegister": Backend.SPI_DAC_DATA_REGISTER,
    "SPIDACControlRegister": Backend.SPI_DAC_CONTROL_REGISTER,
    "NullPayloadReadable": Backend.NULL_PAYLOAD_READABLE,
    "I2CTempRegister": Backend.I2C_TEMP_REGISTER,
    "I2CINA219RoRegister": Backend.I2C_INA219_RO_REGISTER,
    "I2CINA219RwRegister": Backend.I2C_INA219_RW_REGISTER,
    "I2CTCA9554RoRegister": Backend.I2C_TCA9554_RO_REGISTER,
    "I2CTCA9554RwRegister": Backend.I2C_TCA9554_RW_REGISTER,
    "I2CAD5252RwRegister": Backend.I2C_AD5252_RW_REGISTER,
    "I2CDAC6573RwRegister": Backend.I2C_DAC6573_RW_REGISTER,
    "I2CTCA9546Register": Backend.I2C_TCA9546_REGISTER,
}


class Wire:
    """Instructions as words of 64 bits, written from the table of codes (reference: fpga-instructions.md 1.3)."""

    @staticmethod
    def jtag_init() -> int:
        return 0x00 << 56

    @staticmethod
    def jtag_scaler(value: int) -> int:
        return 0x01 << 56 | value

    @staticmethod
    def ins(value: int) -> int:
        return 0x02 << 56 | value

    @staticmethod
    def data(payload: int, bits: int, keep: int = 0) -> int:
        return 0x03 << 56 | keep << 48 | bits << 40 | payload

    @staticmethod
    def timer_setup() -> int:
        return 0x04 << 56

    @staticmethod
    def wait_until(time: int) -> int:
        return 0x05 << 56 | time

    @staticmethod
    def systime_init(sync: int) -> int:
        return 0x06 << 56 | sync

    @staticmethod
    def barrier(mask: int) -> int:
        return 0x07 << 56 | mask

    @staticmethod
    def polling_block(equal: int) -> int:
        return 0x08 << 56 | equal

    @staticmethod
    def reset(level: int) -> int:
        return 0x09 << 56 | level

    @staticmethod
    def loopback(value: int) -> int:
        return 0x0A << 56 | value

    @staticmethod
    def read(address: int) -> list[int]:
        return [0x0B << 56 | 1 << 36 | 0xF << 32 | address]

    @staticmethod
    def write(address: int, word: int, byte_enables: int = 0xF) -> list[int]:
        return [0x0B << 56 | byte_enables << 32 | address, 0x0C << 56 | word]

    @staticmethod
    def spikes(*labels: int) -> int:
        return (0x0C + len(labels)) << 56 | sum(label << 16 * i for i, label in enumerate(reversed(labels)))

    @staticmethod
    def of(messages: ut.MessageArray) -> list[int]:
        """Words of given messages."""
        return [int(code) << 56 | int(payload) for code, payload in zip(messages.codes, messages.payloads, strict=True)]


class Device:
    """Executes instructions: memories on the omnibus, JTAG, and byte registers behind I2C.

    Reference: fpga-instructions.md 3 and 4.2. `noise` stands in response bits that have no meaning.
    """

    MASTER = 0x88007800

    def __init__(self, noise: int = 0) -> None:
        self.noise = noise
        self.words: dict[int, int] = {}
        self.pll: dict[int, int] = {}
        self.phy: dict[int, int] = {}
        self.i2c: dict[tuple[int, int], list[int]] = {}
        self.silent: set[int] = set()
        self.responses: dict[str, list[int]] = {"JTAGResponse": [], "OmnibusResponse": [], "LoopbackResponse": []}
        self._jtag = {"ins": 0, "address": 0, "data": 0, "pll": 0}
        self._transfer: list[int] = []
        self._position = 0

    def execute(self, messages: ut.MessageArray) -> None:
        pending: ut.OmnibusAddress | None = None
        for message in messages.to_messages():
            if isinstance(message, ut.OmnibusAddress) and message.is_read:
                self.responses["OmnibusResponse"].append(self._read(message.address))
            elif isinstance(message, ut.OmnibusAddress):
                pending = message
            elif isinstance(message, ut.OmnibusData):
                assert pending is not None
                self._write(pending.address, message.value, pending.byte_enables)
                pending = None
            elif isinstance(message, ut.JTAGIns):
                self._jtag["ins"] = message.value
            elif isinstance(message, ut.JTAGData):
                self._shift(message.data, message.num_bits, message.keep_response)
            elif isinstance(message, ut.Loopback):
                self.responses["LoopbackResponse"].append(message.value)
            else:
                raise NotImplementedError(message)

    def _shift(self, payload: int, bits: int, keep: int) -> None:
        ins = self._jtag["ins"]
        if keep:
            shown = {1: 0x348580AF, 6: self._jtag["data"]}[ins]
            assert bits == 32
            self.responses["JTAGResponse"].append(shown | (self.noise & 1) << 32)
        elif ins == 7:
            assert (payload, bits) == (0, 3)
            self._request()
        elif ins & 0x47 == 0x44:
            assert bits == 22
            self.phy[(ins - 0x44) // 8] = payload
        else:
            name, width = {3: ("pll", 4), 4: ("word", 32), 5: ("address", 33), 6: ("data", 32)}[ins]
            assert bits == width
            if name == "word":
                self.pll[self._jtag["pll"]] = payload
            else:
                self._jtag[name] = payload

    def _request(self) -> None:
        address = self._jtag["address"] & 0xFFFFFFFF
        if self._jtag["address"] >> 32:
            self._jtag["data"] = self.words.get(address, 0)
        else:
            self.words[address] = self._jtag["data"]

    def _write(self, address: int, word: int, byte_enables: int) -> None:
        if self.MASTER <= address < self.MASTER + 0x100:
            assert word <= 0xFF
            self._transfer.append(word)
            if address & 0x80:
                number, *data = self._transfer
                self.i2c[(address & 0x7F, number)] = data
                self._transfer = []
            return
        mask = sum(0xFF << 8 * lane for lane in range(4) if byte_enables >> lane & 1)
        self.words[address] = self.words.get(address, 0) & ~mask | word & mask

    def _read(self, address: int) -> int:
        if not self.MASTER <= address < self.MASTER + 0x100:
            return self.words.get(address, 0)
        device = address & 0x7F
        (number,) = self._transfer
        byte = self.i2c[(device, number)][self._position]
        self._position += 1
        if address & 0x80:
            assert self._position == len(self.i2c[(device, number)])
            self._transfer, self._position = [], 0
        return byte | self.noise << 8 & 0x7FFFFF00 | (device in self.silent) << 31


@pytest.fixture(scope="session")
def wire() -> type[Wire]:
    return Wire


@pytest.fixture(scope="session")
def device() -> type[Device]:
    """The class of devices; each use makes a new one."""
    return Device


def load(shared: str, copy: str) -> Any:
    original = SHARED / shared
    return json.loads((original if original.exists() else COPIES / copy).read_text())


def as_words(numbers: Any) -> np.ndarray[Any, np.dtype[np.uint32]]:
    return np.atleast_1d(np.asarray(numbers, dtype=np.uint32))


def _vector(case: dict[str, Any]) -> Any:
    """Backend, operation, addresses, words, byte enables and expected words on the wire of a vector."""
    at, value = case["coordinate"], case["value"]
    per_device = {"SPIDACControlRegister": 4, "I2CINA219RoRegister": 4, "I2CINA219RwRegister": 2}
    name = case["container"]
    if isinstance(at, dict):
        first, second = at.values()
        at = first * per_device.get(name, 8 if name == "SPIDACDataRegister" else 3) + second
    enables = None
    if isinstance(value, dict):
        enables = np.array([value["byte_enables"]], dtype=np.uint8)
        value = value["word"]
    words = as_words(0 if value is None else value)
    addresses = as_words([at] * len(words))
    return pytest.param(
        BACKENDS[name], case["op"], addresses, words, enables, [int(w, 16) for w in case["words"]],
        id=f"{name}-{case['op']}",
    )  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vector_backend" in metafunc.fixturenames:
        names = ("vector_backend", "operation", "addresses", "words", "byte_enables", "expected")
        cases = load("vectors/ut.json", "ut.json")["containers"]
        metafunc.parametrize(names, [_vector(case) for case in cases])
    if "declared_bus" in metafunc.fixturenames:
        reference = load("reference/fpga-instructions.json", "word-containers.json")
        entries = [(entry, BACKENDS[entry["name"]]) for entry in reference["fisch_containers"]]
        metafunc.parametrize(("declared_bus", "backend"), entries, ids=[entry["name"] for entry, _ in entries])
    if "declared_i2c" in metafunc.fixturenames:
        reference = load("reference/fpga-instructions.json", "word-containers.json")
        listed = [(entry, BACKENDS.get(entry["name"])) for entry in reference["fisch_i2c_containers"]]
        known = [(entry, backend) for entry, backend in listed if backend is not None]
        metafunc.parametrize(("declared_i2c", "backend"), known, ids=[entry["name"] for entry, _ in known])
