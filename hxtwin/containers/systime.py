"""System time: start value and synchronisation."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD
from hxtwin.containers.fields import flag, uint
from hxtwin.containers.layout import Backend, leaf
from hxtwin.coord import SystimeSyncBaseOnDLS, SystimeSyncOnFPGA


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SystimeSyncBase(Container):
    """Value loaded into chip and FPGA system time at the next synchronisation."""

    layout = leaf(
        coordinate=SystimeSyncBaseOnDLS,
        words=2,
        address=0x00000000 + WORD,
        notes="Low part first (unlike the FPGA's own 43-bit registers).",
    )
    value: int = uint(
        "43-bit start value.", at(0, 0, 32), at(1, 0, 11, value_lsb=32), maximum=0x7FFFFFFFFFF, unit="systime ticks"
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SystimeSync(Container):
    """Start the system time synchronisation."""

    layout = leaf(
        coordinate=SystimeSyncOnFPGA,
        write=0,
        backends=(Backend.SYSTIME_SYNC,),
    )
    do_sync: bool = flag("1: synchronise; 0: only emit one system time message.", at(0, 0), default=True)
