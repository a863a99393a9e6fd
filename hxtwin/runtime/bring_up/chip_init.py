"""The chip: reset, JTAG, clocks, link, event recording, reference currents, timing of the memories.

=======================  ======================================================  ============  ======================
step                     switch                                                  runtime.md    without the link
=======================  ======================================================  ============  ======================
reset pulse                                                                      9.1, 23..28
JTAG clock and reset                                                             29, 30
PLLs, clock outputs                                                              31..33
link, system time        `enable_highspeed_link`, `highspeed_link`               34..56        left out
event recording                                                                  57
reference generator      `enable_capmem`                                         58..62        not possible
memory timing                                                                    63..80        over JTAG
barrier                                                                          81            jtag, not omnibus
=======================  ======================================================  ============  ======================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from hxtwin.containers import (
    ADPLL,
    Backend,
    EventRecordingConfig,
    JTAGClockScaler,
    MemoryTiming,
    PLLClockOutputBlock,
    ReferenceGeneratorConfig,
    ResetJTAGTap,
)
from hxtwin.coord import (
    ADPLLOnDLS,
    EventRecordingConfigOnFPGA,
    JTAGClockScalerOnDLS,
    MemoryTimingOnDLS,
    PLLClockOutputBlockOnDLS,
    ReferenceGeneratorConfigOnDLS,
    ResetJTAGTapOnDLS,
)
from hxtwin.runtime.bring_up.errors import BringUpError
from hxtwin.runtime.bring_up.highspeed_link import HighspeedLinkInit
from hxtwin.runtime.bring_up.reset import write_reset_pulse

if TYPE_CHECKING:
    from hxtwin.runtime.program_writer import ProgramWriter

REFERENCE_GENERATOR_RESET: Final = 1000
"""Length of the reset of the reference generator: 8 us, in FPGA cycles of 8 ns."""


def _recording() -> EventRecordingConfig:
    return EventRecordingConfig(enable_event_recording=True)


@attrs.frozen(kw_only=True)
class ChipInit:
    """Bring-up of the chip.

    Attributes:
        jtag_clock_scaler: divider of the JTAG clock.
        adplls: settings of both PLLs.
        pll_clock_output_block: which clock goes where.
        enable_highspeed_link: whether the link is brought up; without it the chip is reached over JTAG alone.
        highspeed_link: how the link is brought up.
        event_recording: whether events from the chip are recorded, by default they are.
        enable_capmem: whether the reference currents of the analog parameter memory are started; needs the link.
        reference_generator: reference currents; the sequence itself sets and clears `enable_reset`.
        memory_timing: timing of the memories; None: defaults, with the values that the hardware database has for the
            synapse arrays of this chip.

    Raises:
        BringUpError: `enable_capmem` without `enable_highspeed_link`, or another number of PLLs than two.
    """

    jtag_clock_scaler: JTAGClockScaler = attrs.field(factory=JTAGClockScaler)
    adplls: tuple[ADPLL, ...] = (ADPLL(),) * ADPLLOnDLS.size
    pll_clock_output_block: PLLClockOutputBlock = attrs.field(factory=PLLClockOutputBlock)
    enable_highspeed_link: bool = True
    highspeed_link: HighspeedLinkInit = attrs.field(factory=HighspeedLinkInit)
    event_recording: EventRecordingConfig = attrs.field(factory=_recording)
    enable_capmem: bool = True
    reference_generator: ReferenceGeneratorConfig = attrs.field(factory=ReferenceGeneratorConfig)
    memory_timing: MemoryTiming | None = None

    def __attrs_post_init__(self) -> None:
        if self.enable_capmem and not self.enable_highspeed_link:
            raise BringUpError(
                "enable_capmem needs the high-speed link: set enable_highspeed_link = True or enable_capmem = False"
            )
        if len(self.adplls) != ADPLLOnDLS.size:
            raise BringUpError(f"settings of {len(self.adplls)} PLLs are given, the chip has {ADPLLOnDLS.size}")

    def write_to(self, writer: ProgramWriter) -> None:
        """Writes the sequence."""
        write_reset_pulse(writer)
        writer.write(JTAGClockScalerOnDLS(), self.jtag_clock_scaler)
        writer.write(ResetJTAGTapOnDLS(), ResetJTAGTap())
        for place, adpll in zip(ADPLLOnDLS.all(), self.adplls, strict=True):
            writer.write(place, adpll)
        writer.write(PLLClockOutputBlockOnDLS(), self.pll_clock_output_block)
        if self.enable_highspeed_link:
            self.highspeed_link.write_to(writer)
        writer.write(EventRecordingConfigOnFPGA(), self.event_recording)
        if self.enable_capmem:
            self._write_reference_generator(writer)
        self._write_memory_timing(writer)

    def _write_reference_generator(self, writer: ProgramWriter) -> None:
        place = ReferenceGeneratorConfigOnDLS()
        writer.write(place, attrs.evolve(self.reference_generator, enable_reset=True))
        writer.barrier(omnibus=True)
        writer.wait_for(REFERENCE_GENERATOR_RESET)
        writer.write(place, attrs.evolve(self.reference_generator, enable_reset=False))

    def _write_memory_timing(self, writer: ProgramWriter) -> None:
        link = self.enable_highspeed_link
        backend = Backend.OMNIBUS_CHIP if link else Backend.OMNIBUS_CHIP_OVER_JTAG
        timing = MemoryTiming() if self.memory_timing is None else self.memory_timing
        writer.write(MemoryTimingOnDLS(), timing, backend=backend)
        writer.barrier(omnibus=link, jtag=not link)
