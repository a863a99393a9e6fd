"""Reference current generator that feeds the analog parameter memory."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at, elements
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD
from hxtwin.containers.fields import UIntArray, flag, uint, uints
from hxtwin.containers.layout import leaf
from hxtwin.coord import CapMemBlockOnDLS, ReferenceGeneratorConfigOnDLS


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ReferenceGeneratorConfig(Container):
    """Reference current generator feeding the four CapMem blocks (in the MADC/readout register file)."""

    layout = leaf(
        coordinate=ReferenceGeneratorConfigOnDLS,
        words=9,
        address=0xC0012 + WORD,
        notes=(
            "Registers 18..26 of the readout register file at 0xc0000. 16-bit registers (inferred from the "
            "neighbouring containers)."
        ),
    )
    enable_internal_reference: bool = flag("Generate the CapMem reference current on chip.", at(0, 12), default=True)
    enable_reference_output: bool = flag("Drive the reference current to the pad.", at(0, 13))
    enable_reference_input: bool = flag("Take the reference current from the pad.", at(0, 14))
    enable_reset: bool = flag(
        "Reset of the resistor control; pulse after power-up (1000 FPGA cycles high in the init sequence).", at(0, 15)
    )
    reference_control: int = uint("DAC code of the reference current generator.", at(1, 6, 6), maximum=63, default=10)
    resistor_control: int = uint(
        "Resistor code of the reference current generator.", at(2, 0, 6), maximum=63, default=40
    )
    capmem_amplifier: UIntArray = uints(
        "Amplifier bias per quadrant.",
        elements(at(3, 0, 6), at(3, 6, 6), at(4, 0, 6), at(4, 6, 6)),
        index=CapMemBlockOnDLS,
        maximum=63,
        default=40,
    )
    capmem_offset: UIntArray = uints(
        "Offset current per quadrant.",
        elements(at(5, 0, 6), at(5, 6, 6), at(6, 0, 6), at(6, 6, 6)),
        index=CapMemBlockOnDLS,
        maximum=63,
        default=1,
    )
    capmem_slope: UIntArray = uints(
        "Slope (ramp) current per quadrant.",
        elements(at(7, 0, 6), at(7, 6, 6), at(8, 0, 6), at(8, 6, 6)),
        index=CapMemBlockOnDLS,
        maximum=63,
        default=11,
    )
