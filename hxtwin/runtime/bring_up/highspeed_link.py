"""The high-speed link between FPGA and chip, and the system time of both.

1. Settings of all PHYs on the FPGA, then of those on the chip over JTAG.
2. Wait until clocks and omnibus have settled: 100 us since the timer was last reset, at the end of the reset pulse.
3. Enables of the PHYs on the FPGA, then on the chip over JTAG.
4. With `enable_systime`: start value of the system time, barrier omnibus, synchronisation, barrier systime.

Nothing waits between the enables and the first access over the link: it is held until the links are up, and the first
barrier omnibus waits for it. Reference: runtime.md 9.1, steps 34..56.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from hxtwin.containers import (
    CommonPhyConfigChip,
    CommonPhyConfigFPGA,
    PhyConfigChip,
    PhyConfigFPGA,
    SystimeSync,
    SystimeSyncBase,
)
from hxtwin.coord import (
    CommonPhyConfigChipOnDLS,
    CommonPhyConfigFPGAOnDLS,
    PhyConfigChipOnDLS,
    PhyConfigFPGAOnDLS,
    SystimeSyncBaseOnDLS,
    SystimeSyncOnFPGA,
)
from hxtwin.runtime.bring_up.errors import BringUpError

if TYPE_CHECKING:
    from hxtwin.runtime.program_writer import ProgramWriter

CLOCK_SETTLING: Final = 12_500
"""Settling of PLLs and omnibus: 100 us, in FPGA cycles of 8 ns."""


@attrs.frozen(kw_only=True)
class HighspeedLinkInit:
    """Bring-up of the link.

    Attributes:
        phy_configs_fpga: settings of the PHYs of the FPGA, one for each `PhyConfigFPGAOnDLS`.
        phy_configs_chip: settings of the PHYs of the chip, one for each `PhyConfigChipOnDLS`.
        common_phy_config_fpga: enables of the PHYs of the FPGA.
        common_phy_config_chip: enables of the PHYs of the chip.
        enable_systime: whether the system time is synchronised; without it responses carry no time.
        systime_sync_base: value at which the system time starts.
    """

    phy_configs_fpga: tuple[PhyConfigFPGA, ...] = (PhyConfigFPGA(),) * PhyConfigFPGAOnDLS.size
    phy_configs_chip: tuple[PhyConfigChip, ...] = (PhyConfigChip(),) * PhyConfigChipOnDLS.size
    common_phy_config_fpga: CommonPhyConfigFPGA = attrs.field(factory=CommonPhyConfigFPGA)
    common_phy_config_chip: CommonPhyConfigChip = attrs.field(factory=CommonPhyConfigChip)
    enable_systime: bool = True
    systime_sync_base: SystimeSyncBase = attrs.field(factory=SystimeSyncBase)

    def __attrs_post_init__(self) -> None:
        counts = (len(self.phy_configs_fpga), len(self.phy_configs_chip))
        if counts != (PhyConfigFPGAOnDLS.size, PhyConfigChipOnDLS.size):
            raise BringUpError(
                f"settings of {counts[0]} PHYs of the FPGA and {counts[1]} of the chip are given, "
                f"each side has {PhyConfigFPGAOnDLS.size}; switch PHYs off with the enables"
            )

    def write_to(self, writer: ProgramWriter) -> None:
        """Writes the sequence; the timer must have been reset when the clocks began to settle."""
        for fpga_phy, fpga_config in zip(PhyConfigFPGAOnDLS.all(), self.phy_configs_fpga, strict=True):
            writer.write(fpga_phy, fpga_config)
        for chip_phy, chip_config in zip(PhyConfigChipOnDLS.all(), self.phy_configs_chip, strict=True):
            writer.write(chip_phy, chip_config)
        writer.wait_until(CLOCK_SETTLING)
        writer.write(CommonPhyConfigFPGAOnDLS(), self.common_phy_config_fpga)
        writer.write(CommonPhyConfigChipOnDLS(), self.common_phy_config_chip)
        if self.enable_systime:
            writer.write(SystimeSyncBaseOnDLS(), self.systime_sync_base)
            writer.barrier(omnibus=True)
            writer.write(SystimeSyncOnFPGA(), SystimeSync(do_sync=True))
            writer.barrier(systime=True)
