"""Single registers of the FPGA."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD
from hxtwin.containers.fields import flag, uint
from hxtwin.containers.layout import FPGA, leaf
from hxtwin.coord import (
    EventRecordingConfigOnFPGA,
    FPGADeviceDNAOnFPGA,
    InstructionTimeoutConfigOnFPGA,
    SystimeCorrectionBarrierConfigOnFPGA,
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FPGADeviceDNA(Container):
    """57-bit unique identifier of the FPGA."""

    layout = leaf(
        coordinate=FPGADeviceDNAOnFPGA,
        words=2,
        read=0x88000003 + WORD,
        backends=FPGA,
        notes="High 25 bits at the lower address.",
    )
    value: int = uint("Identifier.", at(1, 0, 32), at(0, 0, 25, value_lsb=32), maximum=0x1FFFFFFFFFFFFFF, access="ro")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class EventRecordingConfig(Container):
    """Forward events from the chip (spikes, MADC samples) to the host."""

    layout = leaf(
        coordinate=EventRecordingConfigOnFPGA,
        address=0x88000005,
        backends=FPGA,
        notes="Chip initialisation sets it to 1.",
    )
    enable_event_recording: bool = flag("1: record; 0: drop in the FPGA.", at(0, 0))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class InstructionTimeoutConfig(Container):
    """Time after which a blocked playback instruction is given up."""

    layout = leaf(
        coordinate=InstructionTimeoutConfigOnFPGA,
        address=0x88000009,
        backends=FPGA,
    )
    value: int = uint(
        "Time after which a blocked instruction is given up.",
        at(0, 0, 32),
        maximum=0xFFFFFFFF,
        default=1250000,
        unit="FPGA cycles (8 ns)",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SystimeCorrectionBarrierConfig(Container):
    """Arms the systime correction barrier."""

    layout = leaf(
        coordinate=SystimeCorrectionBarrierConfigOnFPGA,
        address=0x8800000B,
        backends=FPGA,
        notes="Waiting only with Extoll bitfiles; otherwise returns immediately.",
    )
    enable_interrupt: bool = flag("1: that barrier waits for a global interrupt; 0: it returns at once.", at(0, 0))
