"""Clock generation: two PLLs, clock outputs, self test.

::

    f_dco   = P0 * N * 50 MHz
    f_core0 = f_dco / (P1 * M0)
    f_core1 = f_dco / (P1 * M1)
    f_out   = f_dco / P2

Defaults: f_dco 1 GHz, core 0 500 MHz, core 1 250 MHz, dco output 500 MHz (reference: containers-a.md 7).
"""

from __future__ import annotations

from enum import IntEnum

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, variables
from hxtwin.containers.fields import choice, flag, parts, uint
from hxtwin.containers.layout import PLL, Backend, leaf
from hxtwin.containers.record import ArrayOf, Record
from hxtwin.containers.transform import Offset
from hxtwin.coord import (
    ADPLLOnDLS,
    PLLClockOutputBlockOnDLS,
    PLLClockOutputOnDLS,
    PLLSelfTestOnDLS,
    PLLSelfTestStatusOnDLS,
)

(adpll,) = variables("adpll")

#: Reference clock of the PLLs in Hz.
REFERENCE_CLOCK_HZ = 50e6


class ADPLLOutput(IntEnum):
    """Output of a PLL."""

    CORE_0 = 0
    CORE_1 = 1
    DCO = 2


class SPL1ClockSource(IntEnum):
    """Clock source of the event network and the omnibus: one of two clock outputs."""

    PHY_REF_CLK = 0
    MADC_CLK = 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ADPLL(Container):
    """One of two all-digital PLLs."""

    layout = leaf(
        coordinate=ADPLLOnDLS,
        components={"adpll": ADPLLOnDLS},
        words=2,
        address=0x80000 + 2 * adpll + WORD,
        other_addresses={Backend.JTAG_PLL_REGISTER: 2 * adpll + WORD},
        backends=PLL,
        read_backends=(Backend.OMNIBUS_CHIP_OVER_JTAG,),
        notes=(
            "Default backend is the write-only JTAG PLL register (index 0..7); reading needs the omnibus- "
            "over-JTAG backend at 0x80000 + register. Bit 31 of word 0 and bits 25..29 of word 1 unused."
        ),
    )
    loop_filter_int: int = uint(
        "Integral coefficient of the loop filter.", at(0, 0, 5), minimum=1, maximum=31, default=2
    )
    loop_filter_prop: int = uint(
        "Proportional coefficient of the loop filter.", at(0, 5, 5), minimum=1, maximum=31, default=8
    )
    loop_div_n: int = uint("Loop divider N.", at(0, 10, 5), minimum=1, maximum=31, default=10)
    core_div_m0: int = uint("Core divider M0.", at(0, 15, 5), minimum=1, maximum=31, default=1)
    core_div_m1: int = uint("Core divider M1.", at(0, 20, 5), minimum=1, maximum=31, default=2)
    pre_div_p0: int = uint(
        "Pre-divider P0. Stored as value-1.", at(0, 25, 2), minimum=2, maximum=4, default=2, transform=Offset(-1)
    )
    pre_div_p1: int = uint(
        "Pre-divider P1. Stored as value-1.", at(0, 27, 2), minimum=2, maximum=4, default=2, transform=Offset(-1)
    )
    pre_div_p2: int = uint(
        "Pre-divider P2. Stored as value-1.", at(0, 29, 2), minimum=2, maximum=4, default=2, transform=Offset(-1)
    )
    tune: int = uint("DCO tune word (open loop).", at(1, 0, 12), maximum=4095, default=512)
    dco_power_switch: int = uint("Number of active DCO power switches.", at(1, 12, 6), maximum=63, default=63)
    open_lock: bool = flag("Open-loop mode of the DCO.", at(1, 18))
    enforce_lock: bool = flag("Force the lock signal.", at(1, 19), default=True)
    pfd_select: bool = flag("Phase/frequency detector with/without synchronizer.", at(1, 20))
    lock_window: bool = flag("Lock detection window: 0 long, 1 short.", at(1, 21))
    filter_shift: int = uint("Loop filter gain boost 2^value during lock-in.", at(1, 22, 2), maximum=3, default=3)
    enable_output_clock: bool = flag(
        "Enable the output clocks (stored inverted).", at(1, 24, inverted=True), default=True
    )
    enable: bool = flag("Enable the ADPLL.", at(1, 30), default=True)
    use_external_config: bool = flag(
        "Use the configured values instead of the built-in defaults (inferred).", at(1, 31), default=True
    )

    @property
    def f_dco_hz(self) -> float:
        """Frequency of the oscillator in Hz: P0 * N * reference (reference: containers-a.md 7)."""
        return self.pre_div_p0 * self.loop_div_n * REFERENCE_CLOCK_HZ

    def frequency_hz(self, output: ADPLLOutput) -> float:
        """Frequency of an output in Hz."""
        dividers = {
            ADPLLOutput.CORE_0: self.pre_div_p1 * self.core_div_m0,
            ADPLLOutput.CORE_1: self.pre_div_p1 * self.core_div_m1,
            ADPLLOutput.DCO: self.pre_div_p2,
        }
        return self.f_dco_hz / dividers[output]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ClockOutput(Record):
    """Multiplexer of one clock output."""

    enable_output: bool = flag("Enable the output.", at(0, 0), default=True)
    enable_bypass: bool = flag("Pass the FPGA (reference) clock through instead of the PLL.", at(0, 1))
    select_adpll: int = uint("PLL that feeds the output.", at(0, 2), maximum=1, coordinate=ADPLLOnDLS)
    select_adpll_output: ADPLLOutput = choice("Output of that PLL.", at(0, 3, 2), of=ADPLLOutput)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PLLClockOutputBlock(Container):
    """Clock output multiplexers (v3 version)."""

    layout = leaf(
        coordinate=PLLClockOutputBlockOnDLS,
        address=0x80000 + 4,
        other_addresses={Backend.JTAG_PLL_REGISTER: 4},
        backends=PLL,
        read_backends=(Backend.OMNIBUS_CHIP_OVER_JTAG,),
        notes="Outputs: 0 serdes_ser_send_clk, 1 phy_ref_clk, 2 ppu_clk, 3 madc_clk. v3 adds bit 31.",
    )
    clock_output: ArrayOf[ClockOutput] = parts(
        ClockOutput,
        "Outputs serdes_ser_send_clk, phy_ref_clk, ppu_clk, madc_clk.",
        index=PLLClockOutputOnDLS,
        defaults=(
            {},
            {},
            {"select_adpll": 1, "select_adpll_output": ADPLLOutput.CORE_1},
            {"select_adpll_output": ADPLLOutput.DCO},
        ),
        lsb_step=8,
    )
    spl1_source: SPL1ClockSource = choice(
        "Clock source of the event network and the omnibus.", at(0, 31), of=SPL1ClockSource
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PLLSelfTest(Container):
    """Trigger/configuration of the PLL self test."""

    layout = leaf(
        coordinate=PLLSelfTestOnDLS,
        address=0x80000 + 5,
        other_addresses={Backend.JTAG_PLL_REGISTER: 5},
        backends=PLL,
        read_backends=(Backend.OMNIBUS_CHIP_OVER_JTAG,),
        notes="bit 7 unused.",
    )
    clock_enable: bool = flag("Enable; must have been written 0 before a valid test.", at(0, 0))
    pre_scaler_p: int = uint("Counting window 2^(p+2) reference cycles.", at(0, 1, 4), maximum=15)
    select_source: int = uint("Clock output under test (PLLClockOutputOnDLS).", at(0, 5, 2), maximum=3)
    check_range: int = uint("Allowed deviation of the count.", at(0, 8, 4), maximum=15)
    check_value: int = uint("Expected count (f_clk/f_ref)*2^(p+2).", at(0, 12, 20), maximum=0xFFFFF)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PLLSelfTestStatus(Container):
    """Result of the PLL self test (read only)."""

    layout = leaf(
        coordinate=PLLSelfTestStatusOnDLS,
        read=0x80000 + 7,
        backends=(Backend.OMNIBUS_CHIP_OVER_JTAG,),
        notes="No JTAG PLL register access.",
    )
    counter_value: int = uint("Measured count.", at(0, 0, 20), maximum=0xFFFFF, access="ro")
    finished: bool = flag("Test finished (reliable only for the first test after power cycle).", at(0, 20), access="ro")
    success: bool = flag("Test passed.", at(0, 21), access="ro")
