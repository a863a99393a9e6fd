"""Run control and state of the embedded processors."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import flag
from hxtwin.containers.layout import leaf
from hxtwin.containers.transform import AnyBit
from hxtwin.coord import PPUControlRegisterOnDLS, PPUStatusRegisterOnDLS

(ppu,) = variables("ppu")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PPUControlRegister(Container):
    """Run control of a PPU."""

    layout = leaf(
        coordinate=PPUControlRegisterOnDLS,
        components={"ppu": PPUControlRegisterOnDLS},
        address=0x02A00000 + 0x01000000 * ppu,
        differential=True,
        notes=(
            "Run a program: write memory with inhibit_reset 0, then write inhibit_reset 1; poll "
            "PPUStatusRegister.sleep."
        ),
    )
    inhibit_reset: bool = flag("0: processor held in reset; 1: runs from address 0.", at(0, 0))
    force_clock_on: bool = flag("Keep the clock running even while the processor sleeps.", at(0, 1))
    force_clock_off: bool = flag("Stop the clock; weaker than force_clock_on.", at(0, 2))
    cache_controller_enable: bool = flag("Enable the instruction cache (needed for code in external memory).", at(0, 3))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PPUStatusRegister(Container):
    """Sleep state of a PPU."""

    layout = leaf(
        coordinate=PPUStatusRegisterOnDLS,
        components={"ppu": PPUStatusRegisterOnDLS},
        read=0x02A00001 + 0x01000000 * ppu,
        notes="Decode treats the whole word as boolean: any non-zero word means sleeping.",
    )
    sleep: bool = flag("Processor is in sleep (program finished).", at(0, 0), access="ro", transform=AnyBit())
