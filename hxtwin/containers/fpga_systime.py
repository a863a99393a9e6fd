"""Registers of the system time synchronisation in the FPGA."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD
from hxtwin.containers.fields import flag, uint
from hxtwin.containers.layout import FPGA, leaf
from hxtwin.coord import (
    FPGASystimeSyncActiveStateOnFPGA,
    FPGASystimeSyncLastAsicSystimeOnFPGA,
    FPGASystimeSyncLastRTTOnFPGA,
    FPGASystimeSyncNumRetriesOnFPGA,
)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FPGASystimeSyncNumRetries(Container):
    """Number of attempts of the systime synchronisation."""

    layout = leaf(
        coordinate=FPGASystimeSyncNumRetriesOnFPGA,
        address=0x88002000,
        backends=FPGA,
    )
    value: int = uint("Attempts.", at(0, 0, 4), maximum=15, default=3)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FPGASystimeSyncLastRTT(Container):
    """Round trip time of the last synchronisation."""

    layout = leaf(
        coordinate=FPGASystimeSyncLastRTTOnFPGA,
        words=2,
        read=0x88002001 + WORD,
        backends=FPGA,
        notes="High part at the lower address.",
    )
    value: int = uint(
        "Round trip time.",
        at(1, 0, 32),
        at(0, 0, 11, value_lsb=32),
        maximum=0x7FFFFFFFFFF,
        unit="systime ticks",
        access="ro",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FPGASystimeSyncLastAsicSystime(Container):
    """Chip systime received in the last synchronisation."""

    layout = leaf(
        coordinate=FPGASystimeSyncLastAsicSystimeOnFPGA,
        words=2,
        read=0x88002003 + WORD,
        backends=FPGA,
        notes="High part at the lower address.",
    )
    value: int = uint(
        "Chip systime.",
        at(1, 0, 32),
        at(0, 0, 11, value_lsb=32),
        maximum=0x7FFFFFFFFFF,
        unit="systime ticks",
        access="ro",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FPGASystimeSyncActiveState(Container):
    """State of the synchronisation state machine."""

    layout = leaf(
        coordinate=FPGASystimeSyncActiveStateOnFPGA,
        read=0x88002005,
        backends=FPGA,
    )
    active_state: bool = flag("Synchronisation running.", at(0, 0), access="ro")
