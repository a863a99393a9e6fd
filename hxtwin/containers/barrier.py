"""Blocking conditions of a playback program: barriers and polling."""

from __future__ import annotations

from typing import ClassVar

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD
from hxtwin.containers.fields import flag, uint
from hxtwin.containers.layout import FPGA, Backend, Target, leaf
from hxtwin.coord import BarrierOnFPGA, PollingOmnibusBlockConfigOnFPGA, PollingOmnibusBlockOnFPGA


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Barrier(Container):
    """Block until the selected subsystems are idle."""

    layout = leaf(
        coordinate=BarrierOnFPGA,
        write=0,
        backends=(Backend.BARRIER,),
        notes="Named constants: omnibus, jtag, systime, multi_fpga, systime_correction (exactly one bit each).",
    )
    enable_omnibus: bool = flag("Omnibus accesses done.", at(0, 0))
    enable_jtag: bool = flag("JTAG done.", at(0, 1))
    enable_systime: bool = flag("Systime synchronisation done.", at(0, 2))
    enable_multi_fpga: bool = flag("Multi-FPGA synchronisation.", at(0, 3))
    enable_systime_correction: bool = flag("Systime correction interrupt.", at(0, 4))

    #: Barriers that wait for one thing only.
    omnibus: ClassVar[Barrier]
    jtag: ClassVar[Barrier]
    systime: ClassVar[Barrier]
    multi_fpga: ClassVar[Barrier]
    systime_correction: ClassVar[Barrier]


Barrier.omnibus = Barrier(enable_omnibus=True)
Barrier.jtag = Barrier(enable_jtag=True)
Barrier.systime = Barrier(enable_systime=True)
Barrier.multi_fpga = Barrier(enable_multi_fpga=True)
Barrier.systime_correction = Barrier(enable_systime_correction=True)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PollingOmnibusBlock(Container):
    """Block until polling the configured address gives the expected comparison result."""

    layout = leaf(
        coordinate=PollingOmnibusBlockOnFPGA,
        write=0,
        backends=(Backend.POLLING_OMNIBUS_BLOCK,),
    )
    enable_expects_equality: bool = flag("1: until (word & mask) == target; 0: until !=.", at(0, 0), default=True)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PollingOmnibusBlockConfig(Container):
    """Address, target and mask of the polling block."""

    layout = leaf(
        coordinate=PollingOmnibusBlockConfigOnFPGA,
        words=3,
        address=0x88000006 + WORD,
        backends=FPGA,
        refuses_reads_on=(
            Target.HARDWARE,
            Target.SIMULATION,
        ),
        notes="Word order: address, target, mask.",
    )
    address: int = uint("Omnibus address polled.", at(0, 0, 32), maximum=0xFFFFFFFF)
    mask: int = uint("Bits of the read word that are compared.", at(2, 0, 32), maximum=0xFFFFFFFF)
    target: int = uint("The read word is masked and compared with this.", at(1, 0, 32), maximum=0xFFFFFFFF)
