"""The JTAG chain: a slow second way to the chip that works without links.

====================  =============================  ==========================================================
instruction           data register                  effect at the end of a shift
====================  =============================  ==========================================================
1 IDCODE              32                             none; gives the identification code
3 PLL_TARGET_REG      4                              selects a PLL register
4 SHIFT_PLL           32                             writes it (a shadow of the omnibus copy, rule 15)
5 OMNIBUS_ADDRESS     33: address, bit 32 = read     kept
6 OMNIBUS_DATA        32                             kept for a write; gives the word of the last read
7 OMNIBUS_REQUEST     3                              makes the access
0x44 + 8 i            22                             PHY register i
127 and all others    1                              bypass: what comes out is what goes in, one bit late
====================  =============================  ==========================================================

The executor hands instructions over without waiting; the shifter works them off one after the other. Reference:
fpga-instructions.md 3, simulator-decisions.md 14 and 15.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from hxtwin.chipsim.parameters import NEVER

if TYPE_CHECKING:
    from hxtwin.chipsim.parameters import Parameters

IDCODE: Final = 1
PLL_TARGET_REG: Final = 3
SHIFT_PLL: Final = 4
OMNIBUS_ADDRESS: Final = 5
OMNIBUS_DATA: Final = 6
OMNIBUS_REQUEST: Final = 7
_PHY_FIRST: Final = 0x44
_PHY_STEP: Final = 8
_PHY_COUNT: Final = 8
_WORD: Final = 0xFFFFFFFF


class JTAGTarget(Protocol):
    """What the chain acts on: the chip."""

    def jtag_access(self, cycle: int, address: int, word: int, *, is_read: bool) -> int:
        """Makes an access to the bus in an FPGA cycle; returns the word read, or 0."""
        ...

    def jtag_pll(self, cycle: int, register: int, word: int) -> None:
        """Writes a PLL register."""
        ...

    def jtag_phy(self, cycle: int, register: int, value: int) -> None:
        """Writes a PHY register."""
        ...


@attrs.frozen
class _Operation:
    end: int
    kind: str
    value: int = 0
    bits: int = 0
    keep: bool = False


class JTAGChain:
    """The shifter on the FPGA and the registers of the chip that it reaches. All times are FPGA cycles."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._operations: deque[_Operation] = deque()
        self._scaler = 0
        self._busy_until = 0
        self._instruction = IDCODE
        self._address = 0
        self._data = 0
        self._pll_register = 0

    @property
    def next_end(self) -> int:
        """Cycle in which the shift in progress ends, `NEVER` if the shifter is idle."""
        return self._operations[0].end if self._operations else NEVER

    @property
    def last_end(self) -> int:
        """Cycle in which the shifter will have been through all that it was given."""
        return self._busy_until

    @property
    def last_answer(self) -> int:
        """End of the last shift whose bits are answered, 0 if there is none."""
        return max((operation.end for operation in self._operations if operation.keep), default=0)

    def forget(self) -> None:
        """Cancels what has not been shifted yet; scaler as at power-up."""
        self._operations.clear()
        self._busy_until = 0
        self._scaler = 0

    def drop_answers(self) -> None:
        """Bits of shifts that have not ended will not be answered."""
        self._operations = deque(attrs.evolve(operation, keep=False) for operation in self._operations)

    def set_scaler(self, value: int) -> None:
        """One JTAG clock takes (value + 2) FPGA cycles from now on."""
        self._scaler = value

    def reset_tap(self, now: int) -> None:
        """Hands over a reset of the test access port."""
        self._hand_over(now, self._parameters.jtag_init_clocks, "reset")

    def shift_instruction(self, now: int, value: int) -> None:
        """Hands over a shift of the instruction register."""
        clocks = self._parameters.jtag_instruction_bits + self._parameters.jtag_protocol_clocks
        self._hand_over(now, clocks, "instruction", value)

    def shift_data(self, now: int, value: int, bits: int, *, keep: bool) -> None:
        """Hands over a shift of a data register; with `keep` the bits shifted out are answered."""
        self._hand_over(now, bits + self._parameters.jtag_protocol_clocks, "data", value, bits, keep=keep)

    def _hand_over(
        self, now: int, clocks: int, kind: str, value: int = 0, bits: int = 0, *, keep: bool = False
    ) -> None:
        begin = max(now, self._busy_until)
        end = begin + clocks * (self._scaler + self._parameters.jtag_scaler_offset)
        self._operations.append(_Operation(end, kind, value, bits, keep))
        self._busy_until = end

    def complete_next(self, target: JTAGTarget) -> int | None:
        """Ends the shift in progress: acts on the chip; returns the bits shifted out if they were asked for."""
        operation = self._operations.popleft()
        if operation.kind == "reset":
            self._instruction = IDCODE
            return None
        if operation.kind == "instruction":
            self._instruction = operation.value
            return None
        value = operation.value & ((1 << operation.bits) - 1)
        out = self._shifted_out(value, operation.bits)
        self._update(target, operation.end, value)
        return out if operation.keep else None

    def _shifted_out(self, value: int, bits: int) -> int:
        lengths = {
            IDCODE: 32,
            PLL_TARGET_REG: 4,
            SHIFT_PLL: 32,
            OMNIBUS_ADDRESS: 33,
            OMNIBUS_DATA: 32,
            OMNIBUS_REQUEST: 3,
        }
        held = {IDCODE: self._parameters.idcode, OMNIBUS_DATA: self._data}
        length = lengths.get(self._instruction, 22 if self._phy is not None else 1)
        return (held.get(self._instruction, 0) | value << length) & ((1 << bits) - 1)

    @property
    def _phy(self) -> int | None:
        number, rest = divmod(self._instruction - _PHY_FIRST, _PHY_STEP)
        return number if rest == 0 and 0 <= number < _PHY_COUNT else None

    def _update(self, target: JTAGTarget, cycle: int, value: int) -> None:
        match self._instruction:
            case 3:
                self._pll_register = value & 0xF
            case 4:
                target.jtag_pll(cycle, self._pll_register, value & _WORD)
            case 5:
                self._address = value
            case 6:
                self._data = value & _WORD
            case 7:
                is_read = bool(self._address >> 32)
                word = target.jtag_access(cycle, self._address & _WORD, self._data, is_read=is_read)
                if is_read:
                    self._data = word
            case _:
                if self._phy is not None:
                    target.jtag_phy(cycle, self._phy, value & 0x3FFFFF)
