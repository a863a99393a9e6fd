"""Playback timer, in FPGA cycles of 8 ns (125 in a microsecond)."""

from __future__ import annotations

from typing import ClassVar

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.fields import uint
from hxtwin.containers.layout import Backend, leaf
from hxtwin.coord import Timer as TimerCoordinate
from hxtwin.coord import TimerOnDLS


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Timer(Container):
    """Playback timer: a write resets it to 0, a read returns it."""

    layout = leaf(
        coordinate=TimerOnDLS,
        address=0,
        backends=(Backend.TIMER,),
        writes_zero=True,
    )
    value: int = uint(
        "Time since the last reset of the timer; ignored on write.",
        at(0, 0, 32),
        maximum=0xFFFFFFFF,
        unit="FPGA cycles (8 ns)",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class TimerValue(Container):
    """Block until the playback timer has reached a value."""

    layout = leaf(
        coordinate=TimerOnDLS,
        write=0,
        backends=(Backend.WAIT_UNTIL,),
        notes="Constant fpga_clock_cycles_per_us = 125.",
    )
    value: int = uint(
        "Time of the playback timer to wait for.", at(0, 0, 32), maximum=0xFFFFFFFF, unit="FPGA cycles (8 ns)"
    )

    #: FPGA cycles in a microsecond.
    fpga_clock_cycles_per_us: ClassVar[int] = TimerCoordinate.Value.fpga_clock_cycles_per_us
