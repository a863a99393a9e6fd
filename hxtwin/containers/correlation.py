"""Correlation sensors: timing of their readout and reset."""

from __future__ import annotations

from enum import IntEnum

import attrs

from hxtwin.containers.bits import at, elements
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, select, variables
from hxtwin.containers.fields import UIntArray, choice, uint, uints
from hxtwin.containers.layout import leaf
from hxtwin.coord import (
    CapMemBlockOnHemisphere,
    CommonCorrelationConfigOnDLS,
    CorrelationResetOnDLS,
    SynapseQuadColumnOnDLS,
    SynapseRowOnSynram,
    SynramOnDLS,
)

block, synram, row, quad = variables("block", "synram", "row", "quad")


class CorrelationResetMode(IntEnum):
    """Correlation reset mode."""

    NORMAL = 0
    AUTO_CALIBRATING = 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CommonCorrelationConfig(Container):
    """Timing of correlation readout and reset of one hemisphere, and CADC ramp offset routing."""

    layout = leaf(
        coordinate=CommonCorrelationConfigOnDLS,
        components={"block": CommonCorrelationConfigOnDLS},
        words=4,
        address=select((0x02200000, 0x03200000), block) + WORD,
        notes="0 top, 1 bottom. Decode masks words 0..2 with 0xfff and word 3 with 0x7.",
    )
    sense_delay: int = uint(
        "Delay between connecting a synapse row to the CADC inputs and the start of the conversion.",
        at(0, 0, 12),
        maximum=4095,
        default=1,
        unit="PPU clock cycles",
    )
    reset_duration: int = uint(
        "Duration of a correlation reset (effective value + 3 cycles); also used for the quad neuron reset.",
        at(1, 0, 12),
        maximum=4095,
        default=200,
        unit="PPU clock cycles",
    )
    reset_fall_time: int = uint(
        "Wait after the column reset enable has been removed; maximum discharge time in auto-calibrating mode.",
        at(2, 0, 12),
        maximum=4095,
        default=5,
        unit="PPU clock cycles",
    )
    reset_mode: CorrelationResetMode = choice("Correlation reset mode.", at(3, 0), of=CorrelationResetMode)
    cadc_v_offset_assignment: UIntArray = uints(
        "CapMem half (0 left, 1 right) that supplies the ramp offset voltage of the left (index 0) and right "
        "(index 1) CADC ramp. Bit 2 = value[0]; bit 1 = NOT value[1] (the default 'own side' is 0 for both "
        "bits).",
        elements(at(3, 2), at(3, 1, inverted=True)),
        index=CapMemBlockOnHemisphere,
        maximum=1,
        default=(0, 1),
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CorrelationReset(Container):
    """Write trigger: discharge both correlation storage capacitors of four synapses."""

    layout = leaf(
        coordinate=CorrelationResetOnDLS,
        components={"synram": SynramOnDLS, "row": SynapseRowOnSynram, "quad": SynapseQuadColumnOnDLS},
        write=0x02C90000 + 0x01000000 * synram + 64 * row + quad,
        notes=(
            "Same quad/column mapping as SynapseQuad. Not readable. The address window continues at row "
            "index 256 with the neuron reset quads (0x02c94000 + quad)."
        ),
    )
