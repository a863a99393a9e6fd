"""Refresh controller of the analog parameter memory of one quadrant."""

from __future__ import annotations

from enum import IntEnum

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, variables
from hxtwin.containers.fields import choice, flag, part, uint
from hxtwin.containers.layout import Target, leaf
from hxtwin.containers.record import Record
from hxtwin.containers.transform import AnyBit, OneHotReversed
from hxtwin.coord import CapMemBlockConfigOnDLS, CapMemColumnOnCapMemBlock, CapMemRowOnCapMemBlock

(block,) = variables("block")


class CapMemVRefSelect(IntEnum):
    """Reference voltage routed to the debug output."""

    DISABLED = 0
    V_REF_V = 1
    V_REF_I = 2


class CapMemIOutSelect(IntEnum):
    """Current routed to the debug output."""

    DISABLED = 0
    I_OUT_MUX = 1
    I_OUT_RAMP = 2


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CapMemDebugCell(Record):
    """The cell that is read out for debugging; stored only while `CapMemBlockConfig.debug_readout_enable` is set."""

    row: int = uint(
        "Row of the cell; the highest set bit counts on decode.",
        at(0, 0, 24),
        maximum=23,
        transform=OneHotReversed(23),
        only_if="debug_readout_enable",
        coordinate=CapMemRowOnCapMemBlock,
    )
    column: int = uint(
        "Column of the cell.",
        at(1, 0, 32),
        maximum=129,
        only_if="debug_readout_enable",
        coordinate=CapMemColumnOnCapMemBlock,
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CapMemBlockConfig(Container):
    """Refresh controller and debug readout of one CapMem quadrant."""

    layout = leaf(
        coordinate=CapMemBlockConfigOnDLS,
        components={"block": CapMemBlockConfigOnDLS},
        words=10,
        address=0x144000 + 0x8000 * block + WORD,
        differential=True,
        refuses_reads_on=(Target.HARDWARE,),
        notes=(
            "Words 0 and 1 are 0 while debug_readout_enable is off. Prescalers above 6 and a debug column "
            "above 129 are refused on decode."
        ),
    )
    debug_readout_enable: bool = flag(
        "Select one cell for debug readout. Not stored itself: words 0 and 1 are zero when false; on decode "
        "it is true when word 0 is non-zero.",
        transform=AnyBit(),
    )
    debug_capmem_coord: CapMemDebugCell = part(CapMemDebugCell, "Cell selected for debug readout.")
    debug_v_ref_select: CapMemVRefSelect = choice(
        "Reference voltage routed to the debug output.", at(2, 0, 2), of=CapMemVRefSelect
    )
    v_global_bias: int = uint(
        "Bias of the global voltage ramp buffer (meaning inferred from the name).", at(3, 0, 4), maximum=15, default=7
    )
    debug_level_shifter_bias: int = uint("Bias of the debug level shifter.", at(3, 4, 4), maximum=15, default=3)
    debug_source_follower_bias: int = uint("Bias of the debug source follower.", at(3, 8, 4), maximum=15, default=3)
    debug_out_amp_bias: int = uint("Bias of the debug output amplifier.", at(3, 12, 4), maximum=15, default=7)
    current_cell_res: int = uint(
        "Resistor setting of the current cells (voltage to current conversion).", at(4, 0, 6), maximum=63, default=8
    )
    debug_i_out_select: CapMemIOutSelect = choice(
        "Current routed to the debug output.", at(5, 0, 2), of=CapMemIOutSelect
    )
    sub_counter: int = uint(
        "Ramp sub counter: ramp clock subdivision (inferred).", at(6, 0, 16), maximum=65535, default=16
    )
    enable_capmem: bool = flag("Run the refresh state machine.", at(6, 16), default=True)
    enable_boost: bool = flag("Enable boost.", at(6, 17))
    enable_autoboost: bool = flag("Enable automatic boost.", at(6, 18))
    prescale_ramp: int = uint(
        "Prescaler of the ramp phase (power of two, inferred).", at(6, 20, 4), maximum=6, default=3
    )
    prescale_pause: int = uint(
        "Prescaler of the pause phase (power of two, inferred).", at(6, 24, 4), maximum=6, default=3
    )
    boost_factor: int = uint("Boost factor.", at(6, 28, 4), maximum=15)
    pulse_b: int = uint("Pulse timing B (end of the refresh pulse, inferred).", at(7, 0, 16), maximum=65535, default=7)
    pulse_a: int = uint(
        "Pulse timing A (start of the refresh pulse, inferred).", at(7, 16, 16), maximum=65535, default=4
    )
    boost_b: int = uint("Boost timing B.", at(8, 0, 16), maximum=65535)
    boost_a: int = uint("Boost timing A.", at(8, 16, 16), maximum=65535)
    pause_counter: int = uint(
        "Length of the pause between two refresh ramps.", at(9, 0, 32), maximum=0xFFFFFFFF, default=8096
    )
