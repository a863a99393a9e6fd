"""What sits on the FPGA: registers, external memories of the embedded processors, SpikeIO.

External memories are counted in bytes and in 32-bit words, called quads: quad = byte // 4.

Source: reference coordinates.md, sections 3.6 and 3.7.
"""

from __future__ import annotations

from coordinates.generator.catalogue import Topic
from coordinates.generator.declaration import interval, label, ranged, unique

SRAM_BYTES = 128 * 2**10
DRAM_BYTES = 256 * 2**20

TOPIC = Topic(
    "fpga",
    __doc__,
    (
        unique("FPGASystimeSyncNumRetriesOnFPGA", "How often the last synchronisation of the system time was retried."),
        unique("FPGASystimeSyncLastRTTOnFPGA", "Round-trip time measured by the last synchronisation."),
        unique("FPGASystimeSyncLastAsicSystimeOnFPGA", "System time of the chip seen last."),
        unique("FPGASystimeSyncActiveStateOnFPGA", "Whether a synchronisation of the system time is going on."),
        unique("FPGADeviceDNAOnFPGA", "Number that identifies the FPGA."),
        unique("EventRecordingConfigOnFPGA", "Which events are forwarded to the host."),
        unique("InstructionTimeoutConfigOnFPGA", "How long an instruction may take."),
        unique("SystimeCorrectionBarrierConfigOnFPGA", "Enable of the barrier that corrects the system time."),
        unique("NullPayloadReadableOnFPGA", "Something to read without content, answered as fast as possible."),
        # -- external memories ----------------------------------------------------------------------------------------
        unique("ExternalPPUMemoryOnFPGA", "The whole external memory of 128 KiB."),
        ranged(
            "ExternalPPUMemoryByteOnFPGA",
            SRAM_BYTES,
            "Byte of the external memory.",
            container=True,
            added={"ExternalPPUMemoryQuadOnFPGA": "e // 4"},
        ),
        ranged("ExternalPPUMemoryQuadOnFPGA", SRAM_BYTES // 4, "32-bit word of the external memory.", container=True),
        ranged("ExternalPPUMemoryBlockSize", SRAM_BYTES, "Number of bytes of an external memory block.", first=1),
        interval(
            "ExternalPPUMemoryBlockOnFPGA",
            "ExternalPPUMemoryByteOnFPGA",
            "ExternalPPUMemoryBlockSize",
            "Block of bytes of the external memory.",
            container=True,
        ),
        unique("ExternalPPUDRAMMemoryOnFPGA", "The whole external DRAM window of 256 MiB."),
        ranged(
            "ExternalPPUDRAMMemoryByteOnFPGA",
            DRAM_BYTES,
            "Byte of the external DRAM.",
            container=True,
            added={"ExternalPPUDRAMMemoryQuadOnFPGA": "e // 4"},
        ),
        ranged("ExternalPPUDRAMMemoryQuadOnFPGA", DRAM_BYTES // 4, "32-bit word of the external DRAM.", container=True),
        ranged("ExternalPPUDRAMMemoryBlockSize", DRAM_BYTES, "Number of bytes of an external DRAM block.", first=1),
        interval(
            "ExternalPPUDRAMMemoryBlockOnFPGA",
            "ExternalPPUDRAMMemoryByteOnFPGA",
            "ExternalPPUDRAMMemoryBlockSize",
            "Block of bytes of the external DRAM.",
            container=True,
        ),
        # -- SpikeIO --------------------------------------------------------------------------------------------------
        label(
            "SpikeIOAddress",
            8,
            "Serial address on the SpikeIO interface.",
            numbers={"spikeio_serial_bits": 8},
            to={"SpikeIOInputRouteOnFPGA": "e"},
        ),
        unique("SpikeIOConfigOnFPGA", "Settings of the SpikeIO interface."),
        ranged(
            "SpikeIOInputRouteOnFPGA",
            256,
            "Entry of the SpikeIO input table, one per serial address.",
            container=True,
            explicit=True,
            to={"SpikeIOAddress": "e"},
        ),
        ranged(
            "SpikeIOOutputRouteOnFPGA",
            65536,
            "Entry of the SpikeIO output table, one per spike label.",
            container=True,
            explicit=True,
            to={"SpikeLabel": "e"},
        ),
    ),
)
