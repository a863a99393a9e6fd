"""What the chip reports: spikes, samples of the membrane ADC, and link notifications.

These are records, not containers: nothing is written to get them. Volume travels as structured arrays with the dtypes
`SPIKE_FROM_CHIP` and `MADC_SAMPLE_FROM_CHIP`; the classes here are for single items.

=========  ==================================================================
dtype      fields (little endian, no padding)
=========  ==================================================================
spike      label u2, fpga_time u8, chip_time u8 (18 bytes)
sample     value u2, channel u1, fpga_time u8, chip_time u8 (19 bytes)
=========  ==================================================================
"""

from __future__ import annotations

import attrs
import numpy as np

from hxtwin.containers.bits import at
from hxtwin.containers.fields import flag, uint
from hxtwin.containers.record import Record
from hxtwin.coord import ChipTime, FPGATime, SpikeLabel

SPIKE_FROM_CHIP = np.dtype([("label", "<u2"), ("fpga_time", "<u8"), ("chip_time", "<u8")])
MADC_SAMPLE_FROM_CHIP = np.dtype([("value", "<u2"), ("channel", "u1"), ("fpga_time", "<u8"), ("chip_time", "<u8")])

_LAST_TIME = FPGATime.max


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpikeFromChip(Record):
    """Recorded spike."""

    label: int = uint("Label of the spike.", maximum=SpikeLabel.max, coordinate=SpikeLabel)
    fpga_time: int = uint("FPGA time.", maximum=_LAST_TIME, unit="FPGA cycles (8 ns)", coordinate=FPGATime)
    chip_time: int = uint("Chip time.", maximum=_LAST_TIME, unit="chip systime ticks", coordinate=ChipTime)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MADCSampleFromChip(Record):
    """Recorded sample of the membrane ADC."""

    value: int = uint("Sample.", maximum=1023)
    channel: int = uint("Multiplexer input.", maximum=1)
    fpga_time: int = uint("FPGA time.", maximum=_LAST_TIME, unit="FPGA cycles (8 ns)", coordinate=FPGATime)
    chip_time: int = uint("Chip time.", maximum=_LAST_TIME, unit="chip systime ticks", coordinate=ChipTime)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HighspeedLinkNotification(Record):
    """Change of state of a high-speed link; the bits are those of the 8-bit payload of the notification."""

    phy: int = uint("Link.", at(0, 5, 3), maximum=7)
    link_up: bool = flag("The link is up.", at(0, 4))
    decode_error: bool = flag("Decode error.", at(0, 3))
    crc_error: bool = flag("CRC error.", at(0, 2))
    crc_recover: bool = flag("CRC recovered.", at(0, 1))
    check_error: bool = flag("Check error.", at(0, 0))
    fpga_time: int = uint("FPGA time.", maximum=_LAST_TIME, unit="FPGA cycles (8 ns)", coordinate=FPGATime)
