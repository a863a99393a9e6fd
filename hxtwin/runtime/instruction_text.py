"""Instructions in words: one short text for each message towards the FPGA.

========================  =============================================
message                   text
========================  =============================================
OmnibusAddress, Data      ``omnibus write 0x140000 = 0x7b``
OmnibusAddress, read      ``omnibus read 0x140000``
JTAGIns                   ``jtag select OMNIBUS_ADDRESS``
JTAGData                  ``jtag shift 33 bits 0x100140000``
TimerSetup                ``timer := 0``
WaitUntil                 ``wait until 1000 (8 us)``
Barrier                   ``barrier omnibus, jtag``
SpikePackNToFPGA          ``spikes 0x12 0x34``
========================  =============================================

The JTAG instructions are those of reference fpga-instructions.md 3.
"""

from __future__ import annotations

import functools
from typing import Final

from hxtwin.comm import ut  # evaluated by singledispatch
from hxtwin.coord import TimerValue

JTAG_INSTRUCTIONS: Final = {
    0: "EXTEST",
    1: "IDCODE",
    2: "SAMPLE_PRELOAD",
    3: "PLL_TARGET_REG",
    4: "SHIFT_PLL",
    5: "OMNIBUS_ADDRESS",
    6: "OMNIBUS_DATA",
    7: "OMNIBUS_REQUEST",
    **{0x44 + 8 * register: f"PHY_REGISTER_{register}" for register in range(8)},
    127: "BYPASS",
}
"""Names of the JTAG instructions by their value."""
_ALL_LANES = 0xF


def instruction_text(message: ut.Message, data: ut.OmnibusData | None = None) -> str:
    """The text of an instruction; `data` is the word of an omnibus write."""
    if isinstance(message, ut.OmnibusAddress) and not message.is_read:
        lanes = "" if message.byte_enables == _ALL_LANES else f" (byte lanes {message.byte_enables:04b})"
        return f"omnibus write {message.address:#010x} = {'nothing' if data is None else f'{data.value:#x}'}{lanes}"
    return _text(message)


@functools.singledispatch
def _text(message: ut.Message) -> str:
    return str(message)


@_text.register
def _(message: ut.OmnibusAddress) -> str:
    return f"omnibus read {message.address:#010x}"


@_text.register
def _(message: ut.OmnibusData) -> str:
    return f"omnibus word {message.value:#x} without an address"


@_text.register
def _(message: ut.JTAGInit) -> str:
    return "jtag reset"


@_text.register
def _(message: ut.JTAGScaler) -> str:
    return f"jtag clock divider {message.value}"


@_text.register
def _(message: ut.JTAGIns) -> str:
    return f"jtag select {JTAG_INSTRUCTIONS.get(message.value, f'{message.value:#x}')}"


@_text.register
def _(message: ut.JTAGData) -> str:
    kept = ", keep response" if message.keep_response else ""
    return f"jtag shift {message.num_bits} bits {message.data:#x}{kept}"


@_text.register
def _(message: ut.TimerSetup) -> str:
    return "timer := 0"


@_text.register
def _(message: ut.WaitUntil) -> str:
    return f"wait until {message.value} ({message.value / TimerValue.fpga_clock_cycles_per_us:g} us)"


@_text.register
def _(message: ut.SystimeInit) -> str:
    return "synchronise systime" if message.value else "ask for systime"


@_text.register
def _(message: ut.Barrier) -> str:
    units = [field.name for field in message.fields_declared if getattr(message, field.name)]
    return f"barrier {', '.join(units) or 'of nothing'}"


@_text.register
def _(message: ut.PollingOmnibusBlock) -> str:
    return f"poll until {'equal' if message.value else 'different'}"


@_text.register
def _(message: ut.Reset) -> str:
    return f"chip reset {'on' if message.value else 'off'}"


@_text.register
def _(message: ut.Loopback) -> str:
    return "tick" if message.value else "halt"


@_text.register
def _(message: ut.SpikePack1ToFPGA | ut.SpikePack2ToFPGA | ut.SpikePack3ToFPGA) -> str:
    return f"spikes {' '.join(f'{label:#x}' for label in message.spikes)}"
