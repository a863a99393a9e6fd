"""The instruction dictionary towards the FPGA.

====  =========================  =======  =======  ================================================================
code  message                    payload  message  fields: bits (range) = default
====  =========================  =======  =======  ================================================================
0     JTAGInit                   0        64
1     JTAGScaler                 8        64       value 0..7
2     JTAGIns                    7        64       value 0..6
3     JTAGData                   56       64       payload 0..32; num_bits 40..47 (3..33) = 33; keep_response 48
4     TimerSetup                 0        64
5     WaitUntil                  32       64       value 0..31
6     SystimeInit                1        64       value 0
7     Barrier                    5        64       omnibus 0; jtag 1; systime 2; multi_fpga 3; systime_correction 4
8     PollingOmnibusBlock        1        64       value 0
9     Reset                      1        64       value 0
10    Loopback                   1        64       value 0
11    OmnibusAddress             37       64       address 0..31; byte_enables 32..35 = 15; is_read 36
12    OmnibusData                32       64       value 0..31
13    SpikePack1ToFPGA           16       64       spikes 0..15
14    SpikePack2ToFPGA           32       64       spikes 16..31, 0..15
15    SpikePack3ToFPGA           48       64       spikes 32..47, 16..31, 0..15
====  =========================  =======  =======  ================================================================

Widths in bits. The elements of a pack stand in the order of the labels. Reference: fpga-instructions.md 1.3 and 2,
fpga-instructions.json ``to_fpga``.
"""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003  # evaluated by readers of the annotations
from typing import Final

from hxtwin.comm.ut.dictionary import Dictionary
from hxtwin.comm.ut.direction import Direction
from hxtwin.comm.ut.fields import bits, spike_labels, whole
from hxtwin.comm.ut.message import ToFPGA

HALT: Final = 0
"""Value of a `Loopback` and its response at the end of a program."""
TICK: Final = 1
"""Value of a `Loopback` and its response within a program."""


class JTAGInit(ToFPGA, code=0, payload_bits=0):
    """Resets the JTAG state machine; the instruction register then holds IDCODE. No response."""


class JTAGScaler(ToFPGA, code=1, payload_bits=8):
    """Sets the JTAG clock to the FPGA clock divided by ``value + 2``. No response."""

    value: int = bits(0, 8, default=0, doc="divider of the JTAG clock minus 2")


class JTAGIns(ToFPGA, code=2, payload_bits=7):
    """Shifts the JTAG instruction register. No response."""

    value: int = bits(0, 7, default=0, doc="instruction")


class JTAGData(ToFPGA, code=3, payload_bits=56):
    """Shifts ``num_bits`` bits through the selected JTAG data register; if ``keep_response``, a `JTAGResponse` follows.

    The reference names the shifted bits ``payload``: that is the keyword of the constructor and the key in ``fields``.
    The attribute is ``data``, because ``payload`` is the whole payload here as in every message.
    """

    data: int = bits(0, 33, default=0, alias="payload", doc="bits to shift, least significant first")
    num_bits: int = bits(40, 8, default=33, minimum=3, maximum=33, strict=True, doc="number of bits to shift")
    keep_response: int = bits(48, 1, default=0, doc="1: the bits shifted out come back as a JTAGResponse")


class TimerSetup(ToFPGA, code=4, payload_bits=0):
    """Sets the timer to 0; it then counts FPGA clock cycles of 8 ns."""


class WaitUntil(ToFPGA, code=5, payload_bits=32):
    """Holds back all further instructions until the timer has reached ``value``."""

    value: int = bits(0, 32, default=0, doc="timer value in FPGA clock cycles")


class SystimeInit(ToFPGA, code=6, payload_bits=1):
    """Synchronises the system time of chip and FPGA (1), or only asks for a `Systime` response (0)."""

    value: int = bits(0, 1, default=0, doc="1: synchronise and switch on time annotation")


class Barrier(ToFPGA, code=7, payload_bits=5):
    """Holds back further instructions until every selected unit is idle; nothing selected: no effect."""

    omnibus: int = bits(0, 1, default=0, doc="all omnibus accesses are completed")
    jtag: int = bits(1, 1, default=0, doc="the JTAG shifter is idle")
    systime: int = bits(2, 1, default=0, doc="the synchronisation of the system time is done")
    multi_fpga: int = bits(3, 1, default=0, doc="all FPGAs have reached the barrier")
    systime_correction: int = bits(4, 1, default=0, doc="the correction of the system time is done")
    value: int = whole(default=0)


class PollingOmnibusBlock(ToFPGA, code=8, payload_bits=1):
    """Polls an omnibus address until its masked word equals (1) or differs from (0) the target.

    Address, target and mask are FPGA registers (reference: fpga-instructions.md 2).
    """

    value: int = bits(0, 1, default=0, doc="1: wait for equality, 0: for inequality")


class Reset(ToFPGA, code=9, payload_bits=1):
    """Sets the reset line of the chip."""

    value: int = bits(0, 1, default=0, doc="1: chip in reset, 0: released")


class Loopback(ToFPGA, code=10, payload_bits=1):
    """Asks for a `LoopbackResponse` of the same value, in order with the other instructions."""

    value: int = bits(0, 1, default=0, doc="0: halt, ends the program; 1: tick")


class OmnibusAddress(ToFPGA, code=11, payload_bits=37):
    """Omnibus read, answered by an `OmnibusResponse`, or write, directly followed by its `OmnibusData`."""

    address: int = bits(0, 32, default=0, doc="word address")
    byte_enables: int = bits(32, 4, default=0xF, doc="bit i enables bits 8 i .. 8 i + 7 of a write")
    is_read: int = bits(36, 1, default=0, doc="1: read, 0: write")


class OmnibusData(ToFPGA, code=12, payload_bits=32):
    """The word of the preceding `OmnibusAddress` write."""

    value: int = bits(0, 32, default=0, doc="word")


class SpikePack1ToFPGA(ToFPGA, code=13, payload_bits=16):
    """Sends one spike to the chip."""

    spikes: Sequence[int] = spike_labels(default=(0,))


class SpikePack2ToFPGA(ToFPGA, code=14, payload_bits=32):
    """Sends two spikes to the chip in the same FPGA clock cycle."""

    spikes: Sequence[int] = spike_labels(default=(0, 0))


class SpikePack3ToFPGA(ToFPGA, code=15, payload_bits=48):
    """Sends three spikes to the chip in the same FPGA clock cycle."""

    spikes: Sequence[int] = spike_labels(default=(0, 0, 0))


TO_FPGA: Final = Dictionary(
    Direction.TO_FPGA,
    (
        JTAGInit,
        JTAGScaler,
        JTAGIns,
        JTAGData,
        TimerSetup,
        WaitUntil,
        SystimeInit,
        Barrier,
        PollingOmnibusBlock,
        Reset,
        Loopback,
        OmnibusAddress,
        OmnibusData,
        SpikePack1ToFPGA,
        SpikePack2ToFPGA,
        SpikePack3ToFPGA,
    ),
)
"""All messages towards the FPGA, by code."""
