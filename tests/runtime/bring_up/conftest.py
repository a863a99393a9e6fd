"""The bring-up of the reference, row by row, and its words on the wire."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hxtwin.comm import ut
from hxtwin.runtime.system_init import Sequence, generate

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared"
VECTORS = SHARED / "vectors" / "runtime.json"
REFERENCE = SHARED / "reference" / "runtime.md"

I2C, STOP = 0x88007800, 0x80


class Row(NamedTuple):
    """A step: its number in the reference, the path, addresses and words (reference: runtime.md 9.1 and 9.2)."""

    step: int
    path: str
    addresses: list[int]
    words: list[int]


def dac(step: int, number: int, channel: int, value: int) -> Row:
    return Row(step, "DAC", [number, channel], [value])


REFERENCE_GENERATOR = [0x1000, 0x280, 0x28, 0xA28, 0xA28, 0x41, 0x41, 0x2CB, 0x2CB]

CUBE_BOARD = [
    Row(2, "shift register", [0x88007001], [0xFF9C40]),
    *(dac(3 + channel, 0, channel, 0) for channel in range(8)),
    *(dac(11 + i, 1, i, value) for i, value in enumerate((608, 2090, 608, 1630, 440, 440, 0, 0))),
    Row(19, "DAC control", [0], [0x0C, 0x00]),
    Row(20, "DAC control", [1], [0x0C, 0x00]),
    Row(21, "timer", [], []),
    Row(22, "wait", [], [125_000]),
]
JBOA_BOARD = [
    Row(2, "I2C", [0x70], [0x07]),
    Row(3, "I2C", [0x2C], [0x01, 0xA7]),
    Row(4, "I2C", [0x2C], [0x03, 0x93]),
    Row(5, "I2C", [0x2D], [0x01, 0xA8]),
    Row(6, "I2C", [0x2D], [0x03, 0xA8]),
    Row(7, "I2C", [0x2E], [0x01, 0xA8]),
    Row(8, "I2C", [0x2E], [0x03, 0xA7]),
    Row(9, "I2C", [0x38], [0x01, 0x00]),
    Row(9, "I2C", [0x38], [0x02, 0x00]),
    Row(9, "I2C", [0x38], [0x03, 0x00]),
    Row(10, "barrier", [], [0b00001]),
    Row(11, "timer", [], []),
    Row(12, "wait", [], [375_000]),
    Row(13, "timer", [], []),
    Row(14, "wait", [], [62_500]),
]
RESET_AND_CLOCKS = [
    Row(23, "reset", [], [1]),
    Row(24, "timer", [], []),
    Row(25, "wait", [], [10]),
    Row(26, "reset", [], [0]),
    Row(27, "timer", [], []),
    Row(28, "wait", [], [100]),
    Row(29, "scaler", [], [6]),
    Row(30, "tap", [], []),
    Row(31, "PLL", [0, 1], [0x2A20A902, 0xC0CBF200]),
    Row(32, "PLL", [2, 3], [0x2A20A902, 0xC0CBF200]),
    Row(33, "PLL", [4], [0x110D0101]),
]
LINK = [
    *(Row(34 + i, "omnibus", [0x88006000 + i], [0x00204040]) for i in range(8)),
    *(Row(42 + i, "PHY", [0x7C - 8 * i], [0x204000]) for i in range(8)),
    Row(50, "wait", [], [12_500]),
    Row(51, "omnibus", [0x88004000], [0xFF]),
    Row(52, "over JTAG", [0x00040000], [0xFF]),
]
SYSTIME = [
    Row(53, "omnibus", [0x00000000, 0x00000001], [0, 0]),
    Row(54, "barrier", [], [0b00001]),
    Row(55, "systime", [], [1]),
    Row(56, "barrier", [], [0b00100]),
]
RECORDING = [Row(57, "omnibus", [0x88000005], [1])]
CAPMEM = [
    Row(58, "omnibus", list(range(0x000C0012, 0x000C001B)), [0x9000, *REFERENCE_GENERATOR[1:]]),
    Row(59, "barrier", [], [0b00001]),
    Row(60, "timer", [], []),
    Row(61, "wait", [], [1000]),
    Row(62, "omnibus", list(range(0x000C0012, 0x000C001B)), REFERENCE_GENERATOR),
]
TIMING_OF_SRAMS = [
    (0x00142800, 0x0F, 0x1E), (0x0014A800, 0x0F, 0x1E), (0x00152800, 0x0F, 0x1E), (0x0015A800, 0x0F, 0x1E),
    (0x02400902, 0xFF, 0xFF), (0x02400102, 0xFF, 0xFF), (0x03400902, 0xFF, 0xFF), (0x03400102, 0xFF, 0xFF),
    (0x00110602, 0xC0, 0xFF), (0x00118602, 0xC0, 0xFF),
    (0x00160402, 0xFF, 0xFF), (0x00168402, 0xFF, 0xFF), (0x00170402, 0xFF, 0xFF), (0x00178402, 0xFF, 0xFF),
    (0x001A1402, 0xFF, 0xFF), (0x001A9402, 0xFF, 0xFF),
]  # fmt: skip
MEMORY_TIMING = [
    *(Row(63 + i, "omnibus", [at, at + 1], words) for i, (at, *words) in enumerate(TIMING_OF_SRAMS)),
    Row(79, "omnibus", [0x02000000, 0x02000001, 0x02000002], [0x88, 0x303, 0x4]),
    Row(80, "omnibus", [0x03000000, 0x03000001, 0x03000002], [0x88, 0x303, 0x4]),
]
LAST_BARRIER = [Row(81, "barrier", [], [0b00001])]
TIMEOUT = [Row(1, "omnibus", [0x88000009], [1_250_000])]


class Wire:
    """Instructions as words of 64 bits, written from the table of codes (reference: fpga-instructions.md 1.3)."""

    @staticmethod
    def write(address: int, word: int) -> list[int]:
        return [0x0B << 56 | 0xF << 32 | address, 0x0C << 56 | word]

    @staticmethod
    def ins(value: int) -> int:
        return 0x02 << 56 | value

    @staticmethod
    def data(payload: int, bits: int) -> int:
        return 0x03 << 56 | bits << 40 | payload

    @classmethod
    def over_jtag(cls, address: int, word: int) -> list[int]:
        first = [cls.ins(5), cls.data(address, 33), cls.ins(6), cls.data(word, 32)]
        return [*first, cls.ins(7), cls.data(0, 3)]

    @classmethod
    def spi(cls, address: int, *data: int) -> list[int]:
        *first, last = data
        return [word for byte in first for word in cls.write(address, byte)] + cls.write(address, last | 0x80000000)

    @classmethod
    def i2c(cls, device: int, *data: int) -> list[int]:
        *first, last = data
        return [word for byte in first for word in cls.write(I2C + device, byte)] + cls.write(I2C + device + STOP, last)

    @classmethod
    def of_row(cls, row: Row) -> list[int]:
        """Words of a step (reference: runtime.md 1.1)."""
        at, values = row.addresses, row.words
        pairs = list(zip(at, values, strict=False))
        if row.path == "omnibus":
            return [word for pair in pairs for word in cls.write(*pair)]
        if row.path == "over JTAG":
            return [word for pair in pairs for word in cls.over_jtag(*pair)]
        if row.path == "PLL":
            return [w for r, v in pairs for w in (cls.ins(3), cls.data(r, 4), cls.ins(4), cls.data(v, 32))]
        if row.path == "PHY":
            return [cls.ins(at[0]), cls.data(values[0], 22)]
        if row.path == "shift register":
            return cls.spi(at[0], *values[0].to_bytes(3, "big"))
        if row.path == "DAC":
            base = 0x88007002 + 2 * at[0]
            return cls.spi(base, *(at[1] << 12 | values[0]).to_bytes(2, "big")) + cls.spi(base, 0xA0, 0x02)
        if row.path == "DAC control":
            base = 0x88007002 + 2 * at[0]
            return cls.spi(base, 0x80, values[0]) + cls.spi(base, 0xC0, values[1])
        if row.path == "I2C":
            return cls.i2c(at[0], *values)
        codes = {"scaler": 1, "tap": 0, "timer": 4, "wait": 5, "systime": 6, "barrier": 7, "reset": 9}
        return [codes[row.path] << 56 | (values[0] if values else 0)]

    @classmethod
    def of_rows(cls, rows: list[Row]) -> list[int]:
        return [word for row in rows for word in cls.of_row(row)]

    @staticmethod
    def of_sequence(sequence: Sequence) -> list[int]:
        """Words that a sequence sends."""
        messages = generate(sequence)[0].done().messages
        return [int(code) << 56 | int(payload) for code, payload in zip(messages.codes, messages.payloads, strict=True)]

    @staticmethod
    def symbols(sequence: Sequence) -> list[list[Any]]:
        """Messages that a sequence sends, in the notation of the vectors (reference: runtime.md 1)."""
        return [_symbol(message) for message in generate(sequence)[0].done().messages.to_messages()]


def _symbol(message: ut.Message) -> list[Any]:
    if isinstance(message, ut.OmnibusAddress):
        return ["omnibus_addr", message.is_read, message.byte_enables, message.address]
    if isinstance(message, ut.JTAGData):
        return ["jtag_data", message.keep_response, message.num_bits, message.data]
    if isinstance(message, ut.JTAGInit | ut.TimerSetup):
        return ["jtag_init" if isinstance(message, ut.JTAGInit) else "setup"]
    name = type(message).__name__.replace("JTAG", "Jtag")
    return [re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), message.payload]


@pytest.fixture(scope="session")
def wire() -> type[Wire]:
    return Wire


@pytest.fixture(scope="session")
def rows() -> dict[str, list[Row]]:
    """Steps of the bring-up, by part."""
    return {
        "timeout": TIMEOUT,
        "cube": CUBE_BOARD,
        "jboa": JBOA_BOARD,
        "reset and clocks": RESET_AND_CLOCKS,
        "link": LINK,
        "systime": SYSTIME,
        "recording": RECORDING,
        "capmem": CAPMEM,
        "memory timing": MEMORY_TIMING,
        "last barrier": LAST_BARRIER,
    }


@pytest.fixture(scope="session")
def vectors_file() -> Path:
    return VECTORS


@pytest.fixture(scope="session")
def reference_file() -> Path:
    return REFERENCE
