"""JTAG: clock, reset of the state machine, identification."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.fields import uint
from hxtwin.containers.layout import Backend, Constant, leaf
from hxtwin.coord import JTAGClockScalerOnDLS, JTAGIdCodeOnDLS, ResetJTAGTapOnDLS


@attrs.frozen(kw_only=True, eq=False, repr=False)
class JTAGClockScaler(Container):
    """JTAG clock divider in the FPGA."""

    layout = leaf(
        coordinate=JTAGClockScalerOnDLS,
        write=0,
        backends=(Backend.JTAG_CLOCK_SCALER,),
    )
    value: int = uint("JTAG clock = FPGA clock scaled by 1/(value + 2).", at(0, 0, 8), maximum=255, default=6)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ResetJTAGTap(Container):
    """Reset of the JTAG state machine; no payload."""

    layout = leaf(
        coordinate=ResetJTAGTapOnDLS,
        write=0,
        backends=(Backend.RESET_JTAG_TAP,),
        payload_free=True,
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class JTAGIdCode(Container):
    """JTAG identification register."""

    layout = leaf(
        coordinate=JTAGIdCodeOnDLS,
        read=0,
        backends=(Backend.JTAG_ID_CODE,),
        constants=(Constant(0, 0, 1, 1),),
        notes="Bit 0 must read 1, otherwise decoding raises. Expected word of a v3 chip: 0x348580af.",
    )
    version: int = uint("Hardware revision; 3 on v3 chips.", at(0, 28, 4), maximum=15, access="ro")
    part_number: int = uint("Part number: 0x4858 (ASCII HX).", at(0, 12, 16), maximum=65535, access="ro")
    manufacturer_id: int = uint("Manufacturer: 0x057.", at(0, 1, 11), maximum=2047, access="ro")
