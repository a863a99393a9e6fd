"""Column ADC: control, digital offsets, and results."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at, entries
from hxtwin.containers.container import Container
from hxtwin.containers.expression import select, variables
from hxtwin.containers.fields import UIntArray, flag, sint, uint, uints
from hxtwin.containers.layout import Backend, Target, leaf
from hxtwin.containers.transform import Offset
from hxtwin.coord import (
    CADCChannelColumnOnSynram,
    CADCChannelConfigOnDLS,
    CADCChannelType,
    CADCConfigOnDLS,
    CADCReadoutType,
    CADCSampleQuadOnDLS,
    EntryOnQuad,
    SynapseQuadColumnOnDLS,
    SynapseRowOnSynram,
    SynramOnDLS,
)

cadc, synram, kind, column, readout, row, quad = variables("cadc", "synram", "type", "column", "readout", "row", "quad")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CADCConfig(Container):
    """Digital control of the column ADC of one hemisphere."""

    layout = leaf(
        coordinate=CADCConfigOnDLS,
        components={"cadc": CADCConfigOnDLS},
        address=select((0x02401000, 0x03401000), cadc),
        notes="bits 1..3 and 20..31 unused. 0 = top hemisphere, 1 = bottom.",
    )
    enable: bool = flag("Enable the CADC.", at(0, 0))
    reset_wait: int = uint(
        "Wait after the ramp drop before the next linear ramp starts.",
        at(0, 4, 8),
        maximum=255,
        default=100,
        unit="PPU clock cycles",
    )
    dead_time: int = uint(
        "Wait after the ramp has finished until results are valid.",
        at(0, 12, 8),
        maximum=255,
        default=20,
        unit="PPU clock cycles",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CADCChannelConfig(Container):
    """Digital offset of one CADC channel."""

    layout = leaf(
        coordinate=CADCChannelConfigOnDLS,
        components={"synram": SynramOnDLS, "type": CADCChannelType, "column": CADCChannelColumnOnSynram},
        address=select((0x02400800, 0x02400000, 0x03400800, 0x03400000), 2 * synram + column // 128)
        + 2 * (column % 128)
        + kind,
        refuses_reads_on=(Target.HARDWARE,),
        notes=(
            "Offset binary: stored value = offset + 128. type 0 causal, 1 acausal; columns 0..127 west SRAM, "
            "128..255 east SRAM."
        ),
    )
    offset: int = sint(
        "Added to the conversion result (result saturates at 0 and 255, inferred).",
        at(0, 0, 8),
        minimum=-128,
        maximum=127,
        transform=Offset(128),
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CADCSampleQuad(Container):
    """Four CADC results (one synapse quad)."""

    layout = leaf(
        coordinate=CADCSampleQuadOnDLS,
        components={
            "synram": SynramOnDLS,
            "readout": CADCReadoutType,
            "type": CADCChannelType,
            "row": SynapseRowOnSynram,
            "quad": SynapseQuadColumnOnDLS,
        },
        read=select((0x02C80000, 0x03C80000), synram) + 0x40000 * kind + 0x200000 * readout + 64 * row + quad,
        backends=(Backend.OMNIBUS_CHIP,),
        notes=(
            "readout 0 = trigger_read: the read access connects the selected synapse row, converts all 512 "
            "channels of the hemisphere and returns this quad; 1 = buffered: returns the result latched by "
            "the last triggered conversion. type 0 causal, 1 acausal. Entry e of quad q is column "
            "((q%32)*4+e)*2 + q//32. The addition 0x200000 is a bit-or of the buffer-enable flag (never "
            "overlaps). Read only, no JTAG backend."
        ),
    )
    sample: UIntArray = uints(
        "Offset-corrected 8-bit result of quad entry i (entry 0 in the most significant byte).",
        entries(at(0, 0, 8)),
        index=EntryOnQuad,
        maximum=255,
        access="ro",
    )
