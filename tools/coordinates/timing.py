"""Time values and the instructions that deal with time.

==============  =======  ==========================================================================
`Timer.Value`   32 bit   playback timer, FPGA cycles of 8 ns
`Time`          64 bit   time of an experiment, FPGA cycles of 8 ns
`FPGATime`      43 bit   annotation of responses by the FPGA, FPGA cycles of 8 ns
`ChipTime`      43 bit   annotation of events by the chip
==============  =======  ==========================================================================

A `Time` beyond the width of the target is an error in every conversion. The types on FPGA and DLS are places of
instructions, not times.

Source: reference coordinates.md, section 5.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import label, ranged, same_index, unique

CYCLES = {"fpga_clock_cycles_per_us": 125}

TOPIC = Topic(
    "timing",
    __doc__,
    (
        label("Timer.Value", 32, "Value of the playback timer in FPGA cycles of 8 ns.", wraps=True, numbers=CYCLES),
        label(
            "Time",
            64,
            "Time of an experiment in FPGA cycles of 8 ns.",
            implicit=False,
            numbers=CYCLES,
            to=same_index(("ChipTime", "FPGATime", "Timer.Value")),
        ),
        ranged("FPGATime", 2**43, "Annotation of a response by the FPGA, in cycles of 8 ns."),
        ranged("ChipTime", 2**43, "Annotation of an event by the chip."),
        unique("TimerOnDLS", "Playback timer of the FPGA, in spite of its name."),
        unique("WaitUntilOnFPGA", "Instruction that waits for the playback timer.", container=False),
        unique("BarrierOnFPGA", "Instruction that waits for pending accesses."),
        unique("SystimeSyncOnFPGA", "Instruction that synchronises the system time of FPGA and chip."),
        unique("SystimeSyncBaseOnDLS", "Register of the chip with the base of its system time."),
    ),
)
