"""Memories on the FPGA that the embedded processors and the host share: bytes and words.

Byte b lies in word ``b // 4``, most significant byte first; a byte write enables only its lane.
"""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at, entries
from hxtwin.containers.container import Container
from hxtwin.containers.expression import select, variables
from hxtwin.containers.fields import BoolArray, UIntArray, flags, uint, uints
from hxtwin.containers.layout import FPGA, leaf
from hxtwin.coord import (
    EntryOnQuad,
    ExternalPPUDRAMMemoryByteOnFPGA,
    ExternalPPUDRAMMemoryQuadOnFPGA,
    ExternalPPUMemoryByteOnFPGA,
    ExternalPPUMemoryQuadOnFPGA,
)

byte, quad = variables("byte", "quad")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MemoryByte(Container):
    """What single bytes of both memories have in common: where a byte lies in its word."""

    value: int = uint("The byte.", at(0, 8 * (3 - byte % 4), 8), maximum=255)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MemoryQuad(Container):
    """What words of both memories have in common."""

    quad: UIntArray = uints("Bytes in memory order.", entries(at(0, 0, 8)), index=EntryOnQuad, maximum=255)
    enables: BoolArray = flags(
        "Byte enables of a write: entry e enables lane 3-e (lane 0 = bits 7..0).", (), index=EntryOnQuad, default=True
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ExternalPPUMemoryByte(MemoryByte):
    """One byte of the SRAM memory on the FPGA shared with the PPUs."""

    layout = leaf(
        coordinate=ExternalPPUMemoryByteOnFPGA,
        components={"byte": ExternalPPUMemoryByteOnFPGA},
        address=0x80000000 + byte // 4,
        backends=FPGA,
        byte_enables=select((8, 4, 2, 1), byte % 4),
        notes=(
            "Bit position depends on the address: byte 4k+0 is the most significant byte of word k. A write "
            "enables only its byte lane. Needs a coordinate to encode/decode."
        ),
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ExternalPPUMemoryQuad(MemoryQuad):
    """Four bytes (one word) of the SRAM memory on the FPGA, with byte enables."""

    layout = leaf(
        coordinate=ExternalPPUMemoryQuadOnFPGA,
        components={"quad": ExternalPPUMemoryQuadOnFPGA},
        address=0x80000000 + quad,
        backends=FPGA,
        byte_enables="enables",
        notes="A read returns all four bytes: decoded enables are all on.",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ExternalPPUDRAMMemoryByte(MemoryByte):
    """One byte of the DRAM memory on the FPGA shared with the PPUs."""

    layout = leaf(
        coordinate=ExternalPPUDRAMMemoryByteOnFPGA,
        components={"byte": ExternalPPUDRAMMemoryByteOnFPGA},
        address=0x84000000 + byte // 4,
        backends=FPGA,
        byte_enables=select((8, 4, 2, 1), byte % 4),
        notes=(
            "Bit position depends on the address: byte 4k+0 is the most significant byte of word k. A write "
            "enables only its byte lane. Needs a coordinate to encode/decode."
        ),
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ExternalPPUDRAMMemoryQuad(MemoryQuad):
    """Four bytes (one word) of the DRAM memory on the FPGA, with byte enables."""

    layout = leaf(
        coordinate=ExternalPPUDRAMMemoryQuadOnFPGA,
        components={"quad": ExternalPPUDRAMMemoryQuadOnFPGA},
        address=0x84000000 + quad,
        backends=FPGA,
        byte_enables="enables",
        notes="A read returns all four bytes: decoded enables are all on.",
    )
