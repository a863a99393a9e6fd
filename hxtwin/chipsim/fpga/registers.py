"""Registers of the FPGA that do something: executor, system time, links, board buses.

======================  ====================================================================
address                 register
======================  ====================================================================
0x88000000              write-response filter
0x88000003, 4           device DNA
0x88000005              event recording
0x88000006 .. 8         polling address, target, mask
0x88000009              instruction timeout
0x8800000b              arming of the systime-correction barrier
0x8800000c              timer
0x88002000 .. 5         systime synchronisation: tries, round trip, chip time, active
0x88004000 ..           PHY enables and counters; 0x88006000 .. PHY configurations
0x88007000, 0x88007800  SPI master, I2C master
0x88007c00 ..           event switch: its settings have no effect; system time of the FPGA at + 6
0x88008000 ..           performance test; 0x8800c000 .. link counters
======================  ====================================================================

Reference: fpga-instructions.md 4, simulator-decisions.md 2 and 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from hxtwin.chipsim.fpga.i2c import I2CMaster
from hxtwin.chipsim.fpga.spi import SPIMaster

if TYPE_CHECKING:
    from hxtwin.chipsim.once_log import OnceLog
    from hxtwin.chipsim.options import TwinOptions
    from hxtwin.chipsim.parameters import Parameters
    from hxtwin.chipsim.probe import Probe

FILTER: Final = 0x88000000
RECORDING: Final = 0x88000005
POLLING_ADDRESS: Final = 0x88000006
POLLING_TARGET: Final = 0x88000007
POLLING_MASK: Final = 0x88000008
TIMEOUT: Final = 0x88000009
TIMER: Final = 0x8800000C
TRIES: Final = 0x88002000
ACTIVE: Final = 0x88002005
PHY_ENABLE: Final = 0x88004000
PHY_CONFIG: Final = 0x88006000
_DNA: Final = 0x88000003
_ARM_CORRECTION: Final = 0x8800000B
_LAST_ROUND_TRIP: Final = 0x88002001
_LAST_CHIP_TIME: Final = 0x88002003
_PHY_COUNTERS: Final = 0x88004004
_ONLINE_TIME: Final = 0x8800400C
_SPI: Final = 0x88007000
_I2C: Final = 0x88007800
_EVENT_SWITCH: Final = 0x88007C00
PERF_TEST: Final = 0x88008000
_LINK_COUNTERS: Final = 0x8800C000
_LINK_COUNTER_WORDS: Final = 20
_PERF_TEST_COUNTERS: Final = 4
_GLOBAL_SYSTIME: Final = _EVENT_SWITCH + 6
_WORD: Final = 0xFFFFFFFF
_ALL_LANES: Final = 0xF

_MASKS: Final = {
    FILTER: 1,
    RECORDING: 1,
    POLLING_ADDRESS: _WORD,
    POLLING_TARGET: _WORD,
    POLLING_MASK: _WORD,
    TIMEOUT: _WORD,
    _ARM_CORRECTION: 1,
    TRIES: 0xF,
    PHY_ENABLE: 0xFF,
    PERF_TEST: 1,
    **{_EVENT_SWITCH + i: _WORD for i in range(6)},
}
"""Bits of the registers that are stored."""
_READ_ONLY: Final = (
    {_DNA, _DNA + 1, TIMER, ACTIVE}
    | {_LAST_ROUND_TRIP + i for i in range(4)}
    | {_PHY_COUNTERS + i for i in range(24)}
    | {_EVENT_SWITCH + i for i in range(6, 10)}
    | {PERF_TEST + i for i in range(1, 1 + _PERF_TEST_COUNTERS)}
    | {_LINK_COUNTERS + i for i in range(_LINK_COUNTER_WORDS)}
)


class RegisterOwner(Protocol):
    """What the registers show and act on. Times are FPGA cycles."""

    def timer(self, cycle: int) -> int:
        """Value of the timer."""
        ...

    def online_cycles(self, phy: int, cycle: int) -> int:
        """Time for which a PHY has been up."""
        ...

    def systime(self, cycle: int) -> int:
        """System time, 0 as long as it was never synchronised."""
        ...

    def link_counter(self, cycle: int, place: int) -> int:
        """Transmitted and received words of each PHY, in turn, then the four counters of the reliable link."""
        ...

    def test_counter(self, cycle: int, place: int) -> int:
        """Counters of the performance test: sent, received, in order, first wrong word."""
        ...

    def register_written(self, cycle: int, address: int, word: int) -> None:
        """A stored register has got a new word."""
        ...

    def spi_transferred(self, cycle: int, offset: int, sent: bytes) -> None:
        """A transfer to a device of the board is complete."""
        ...


class FpgaRegisters:
    """Registers of the FPGA."""

    def __init__(
        self,
        parameters: Parameters,
        options: TwinOptions,
        log: OnceLog,
        owner: RegisterOwner,
        probe: Probe | None = None,
    ) -> None:
        self._parameters = parameters
        self._probe = probe
        self._dna = options.device_dna
        self._log = log
        self._owner = owner
        self._words: dict[int, int] = {}
        self.spi: Final = SPIMaster()
        self._i2c = I2CMaster()
        self.last_chip_time = 0
        self.last_round_trip = 0
        self.active_until = 0
        self.reset(power_up=True)

    def reset(self, *, power_up: bool = False) -> None:
        """As at power-up; without `power_up` the PHY registers keep their words (rule 4)."""
        kept = {} if power_up else {a: w for a, w in self._words.items() if a == PHY_ENABLE or self._is_phy_config(a)}
        self._words = {
            FILTER: 1,
            TIMEOUT: self._parameters.instruction_timeout,
            TRIES: self._parameters.systime_retries,
            **kept,
        }
        self.last_chip_time = 0
        self.last_round_trip = 0
        self.active_until = 0

    def word(self, address: int) -> int:
        """Word of a stored register."""
        return self._words.get(address, 0)

    def _is_phy_config(self, address: int) -> bool:
        return 0 <= address - PHY_CONFIG < self._parameters.phy_count

    def is_mapped(self, address: int) -> bool:
        """Whether a register lies at an address."""
        return (
            address in _MASKS
            or address in _READ_ONLY
            or self._is_phy_config(address)
            or _SPI <= address < _EVENT_SWITCH
        )

    def write(self, cycle: int, address: int, word: int, lanes: int) -> None:
        """A write in an FPGA cycle; `lanes` are its byte enables."""
        if self._probe is not None:
            self._probe.fpga_access(cycle, address, word, lanes, is_read=False)
        if _I2C <= address < _EVENT_SWITCH:
            self._i2c.write(address - _I2C, word)
        elif _SPI <= address < _I2C:
            sent = self.spi.write(address - _SPI, word)
            if sent is not None:
                self._owner.spi_transferred(cycle, address - _SPI, sent)
        elif address in _MASKS or self._is_phy_config(address):
            enabled = sum(0xFF << 8 * lane for lane in range(4) if lanes >> lane & 1)
            enabled &= _MASKS.get(address, _WORD)
            new = (self.word(address) & ~enabled) | (word & enabled)
            self._words[address] = new
            self._owner.register_written(cycle, address, new)
        elif address not in _READ_ONLY:
            self._unmapped(address)

    def read(self, cycle: int, address: int) -> int:
        """The word that a read in an FPGA cycle returns."""
        word = self._read(cycle, address)
        if self._probe is not None:
            self._probe.fpga_access(cycle, address, word, _ALL_LANES, is_read=True)
        return word

    def _read(self, cycle: int, address: int) -> int:
        if address in _MASKS or self._is_phy_config(address):
            return self.word(address)
        if _I2C <= address < _EVENT_SWITCH:
            return self._i2c.read(address - _I2C)
        if address in _READ_ONLY:
            return self._shown(cycle, address) & _WORD
        if not _SPI <= address < _I2C:
            self._unmapped(address)
        return 0

    def _shown(self, cycle: int, address: int) -> int:
        """Word of a register that only shows something."""
        if address >= _LINK_COUNTERS:
            return self._owner.link_counter(cycle, address - _LINK_COUNTERS)
        if address > PERF_TEST:
            return self._owner.test_counter(cycle, address - PERF_TEST - 1)
        online = address - _ONLINE_TIME
        if 0 <= online < self._parameters.phy_count:
            return self._owner.online_cycles(online, cycle)
        systime = self._owner.systime(cycle)
        shown = {
            _DNA: self._dna >> 32,
            _DNA + 1: self._dna,
            TIMER: self._owner.timer(cycle),
            _LAST_ROUND_TRIP: self.last_round_trip >> 32,
            _LAST_ROUND_TRIP + 1: self.last_round_trip,
            _LAST_CHIP_TIME: self.last_chip_time >> 32,
            _LAST_CHIP_TIME + 1: self.last_chip_time,
            ACTIVE: int(cycle < self.active_until),
            _GLOBAL_SYSTIME: systime >> 32,
            _GLOBAL_SYSTIME + 1: systime,
        }
        return shown.get(address, 0)

    def _unmapped(self, address: int) -> None:
        self._log.once(f"unmapped {address}", f"access to FPGA address {address:#010x}, where nothing is mapped")
