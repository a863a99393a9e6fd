"""High-speed links between FPGA and chip: settings, enables, counters.

The chip side counts in reverse: link p is JTAG register 7 - p and enable bit 7 - p.
"""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import along, at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, select, variables
from hxtwin.containers.fields import BoolArray, flag, flags, uint, with_default
from hxtwin.containers.layout import FPGA, Backend, leaf
from hxtwin.coord import (
    CommonPhyConfigChipOnDLS,
    CommonPhyConfigFPGAOnDLS,
    PhyConfigChipOnDLS,
    PhyConfigFPGAOnDLS,
    PhyStatusOnFPGA,
)

(phy,) = variables("phy")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PhyConfig(Container):
    """What the settings of both sides of a link have in common."""

    enable_bit_slip: bool = flag("Bit slip.", at(0, 0))
    manual_delay: int = uint("Manual delay.", at(0, 1, 4), maximum=15)
    enable_delay_cell_measurement: bool = flag("Delay cell measurement.", at(0, 5))
    enable_initialization_master_mode: bool = flag("Initialise the link as master.", at(0, 6), default=True)
    enable_manual_tx_data_valid_for_init: bool = flag("Manual data valid during initialisation.", at(0, 7))
    enable_force_lvds_power_up: bool = flag("Force LVDS power-up.", at(0, 8))
    enable_force_start: bool = flag("Force start.", at(0, 9))
    enable_manual_training_mode: bool = flag("Manual training.", at(0, 10))
    enable_ber_loopback: bool = flag("Loopback for bit error measurement.", at(0, 11))
    vbias: int = uint("Bias.", at(0, 12, 3), maximum=7, default=4)
    debug_outputs: int = uint("Debug outputs.", at(0, 15), maximum=1)
    enable_transmission_without_idle_pattern: bool = flag("Send without idle pattern.", at(0, 17))
    enable_clock_pre_alignment: bool = flag("Clock pre-alignment.", at(0, 18))
    enable_des_recal: bool = flag("Deserialiser recalibration.", at(0, 19))
    enable_loopback_en: bool = flag("Loopback.", at(0, 20))
    enable_auto_init: bool = flag("Automatic initialisation.", at(0, 21), default=True)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PhyConfigFPGA(PhyConfig):
    """Settings of one FPGA-side high-speed link PHY."""

    layout = leaf(
        coordinate=PhyConfigFPGAOnDLS,
        components={"phy": PhyConfigFPGAOnDLS},
        address=0x88006000 + phy,
        backends=FPGA,
        notes="Bits 16 and 22..31 unused. Default word 0x204040.",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PhyConfigChip(PhyConfig):
    """Settings of one chip-side high-speed link PHY, written over JTAG."""

    layout = leaf(
        coordinate=PhyConfigChipOnDLS,
        components={"phy": PhyConfigChipOnDLS},
        write=7 - phy,
        backends=(Backend.JTAG_PHY_REGISTER,),
        notes=(
            "22-bit JTAG data register. Address (PHY select of the JTAG chain) = 7 - phy, i.e. reversed like "
            "the enable bits of CommonPhyConfigChip. Default word 0x204000. Not readable."
        ),
    )
    enable_initialization_master_mode: bool = with_default(PhyConfig, "enable_initialization_master_mode", 0)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CommonPhyConfigFPGA(Container):
    """Enables of the FPGA-side PHYs."""

    layout = leaf(
        coordinate=CommonPhyConfigFPGAOnDLS,
        address=0x88004000,
        backends=FPGA,
    )
    enable_phy: BoolArray = flags("PHY enabled.", along(at(0, 0), 8, 1), index=PhyConfigFPGAOnDLS, default=True)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CommonPhyConfigChip(Container):
    """Enables of the chip-side PHYs."""

    layout = leaf(
        coordinate=CommonPhyConfigChipOnDLS,
        address=0x00040000,
        backends=(Backend.OMNIBUS_CHIP_OVER_JTAG,),
        notes=(
            "Bit order reversed with respect to the FPGA side: PHY i at bit 7-i. Only reachable over JTAG in "
            "this software."
        ),
    )
    enable_phy: BoolArray = flags("PHY enabled.", along(at(0, 7), 8, -1), index=PhyConfigChipOnDLS, default=True)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PhyStatus(Container):
    """Counters of one PHY."""

    layout = leaf(
        coordinate=PhyStatusOnFPGA,
        components={"phy": PhyStatusOnFPGA},
        words=5,
        read=select(
            (0x88004004 + phy, 0x8800400C + phy, 0x88004014 + phy, 0x8800C000 + 2 * phy, 0x8800C001 + 2 * phy), WORD
        ),
        backends=FPGA,
    )
    crc_error_count: int = uint("CRC errors since reset.", at(0, 0, 32), maximum=0xFFFFFFFF, access="ro")
    online_time: int = uint("Time online since reset.", at(1, 0, 32), maximum=0xFFFFFFFF, unit="cycles", access="ro")
    rx_dropped_count: int = uint("Received words dropped.", at(2, 0, 32), maximum=0xFFFFFFFF, access="ro")
    tx_count: int = uint("Words sent to the chip.", at(3, 0, 32), maximum=0xFFFFFFFF, access="ro")
    rx_count: int = uint("Words received from the chip.", at(4, 0, 32), maximum=0xFFFFFFFF, access="ro")
