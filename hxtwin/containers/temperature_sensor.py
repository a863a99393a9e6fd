"""Temperature sensor of the chip carrier."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.fields import sint
from hxtwin.containers.layout import Backend, Target, leaf
from hxtwin.containers.transform import TwosComplement
from hxtwin.coord import TMP112StatusOnBoard


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TMP112Status(Container):
    """Temperature sensor (read only)."""

    layout = leaf(
        coordinate=TMP112StatusOnBoard,
        read=0,
        backends=(Backend.I2C_TEMP_REGISTER,),
        refuses_reads_on=(Target.SIMULATION,),
        notes="I2C device 0x48, register 0, 2 bytes.",
    )
    temperature: int = sint(
        "Raw register as signed 16-bit integer (12-bit value left aligned); degC = int(value/16 truncated)*0.0625.",
        at(0, 0, 16),
        minimum=-14080,
        maximum=32752,
        access="ro",
        transform=TwosComplement(16),
    )

    @property
    def celsius(self) -> float:
        """Temperature in degrees Celsius: the upper 12 bits in steps of 0.0625 (reference: containers-a.md 8.3)."""
        return int(self.temperature / 16) * 0.0625
