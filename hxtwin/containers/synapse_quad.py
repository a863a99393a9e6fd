"""Synapses, four at a time: every bus word of a synapse array carries a *quad*.

Entry e of quad q is synapse column ``8 * (q % 32) + 2 * e + q // 32``; entry 0 lies in the most significant byte.
One memory of
16 bits for each synapse is seen through five address windows.
"""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at, entries, reversed_bits
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, select, variables
from hxtwin.containers.fields import UIntArray, uints
from hxtwin.containers.layout import leaf
from hxtwin.coord import (
    EntryOnQuad,
    SynapseCorrelationCalibQuadOnDLS,
    SynapseLabelQuadOnDLS,
    SynapseQuadColumnOnDLS,
    SynapseQuadOnDLS,
    SynapseRowOnSynram,
    SynapseWeightQuadOnDLS,
    SynramOnDLS,
)

synram, row, quad = variables("synram", "row", "quad")

#: Bits of a weight within its byte: bit 5 straight, bits 4..0 in opposite order (reference: containers-b.md 3).
WEIGHT_BITS = (at(0, 5, value_lsb=5), *reversed_bits(0, 0, 5))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseWeightQuad(Container):
    """Four synaptic weights.

    A view on the low 6 bits of the weight bytes; leaves the time calibration bits alone (inferred).
    """

    layout = leaf(
        coordinate=SynapseWeightQuadOnDLS,
        components={"synram": SynramOnDLS, "row": SynapseRowOnSynram, "quad": SynapseQuadColumnOnDLS},
        address=0x02C00000 + 0x01000000 * synram + 64 * row + quad,
        differential=True,
        notes=(
            "Weight bits are permuted on the way to the memory: memory bit 5 = value bit 5, memory bits "
            "4,3,2,1,0 = value bits 0,1,2,3,4. The permutation is its own inverse (0b100000 -> 0b100000, "
            "0b000001 -> 0b010000, ...). Byte order of a quad word: entry 0 in the most significant byte "
            "(bits 31..24), entry 3 in bits 7..0. Column swizzle: entry e of quad q is synapse column "
            "8*(q%32) + 2*e + q//32; quads 0..31 hold the even columns, 32..63 the odd columns."
        ),
    )
    values: UIntArray = uints("Synaptic weight 0..63 of entry e.", entries(*WEIGHT_BITS), index=EntryOnQuad, maximum=63)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseLabelQuad(Container):
    """Four synapse labels.

    A view on the low 6 bits of the label bytes; leaves the amplitude calibration bits alone (inferred).
    """

    layout = leaf(
        coordinate=SynapseLabelQuadOnDLS,
        components={"synram": SynramOnDLS, "row": SynapseRowOnSynram, "quad": SynapseQuadColumnOnDLS},
        address=0x02C40000 + 0x01000000 * synram + 64 * row + quad,
        differential=True,
        notes=(
            "Labels are not permuted. Byte order of a quad word: entry 0 in the most significant byte (bits "
            "31..24), entry 3 in bits 7..0. Column swizzle: entry e of quad q is synapse column 8*(q%32) + "
            "2*e + q//32; quads 0..31 hold the even columns, 32..63 the odd columns."
        ),
    )
    values: UIntArray = uints(
        "Label 0..63 compared with the event address.", entries(at(0, 0, 6)), index=EntryOnQuad, maximum=63
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseCorrelationCalibQuad(Container):
    """Two correlation sensor trims for each of four synapses.

    A view on the two top bits of weight and label bytes.
    """

    layout = leaf(
        coordinate=SynapseCorrelationCalibQuadOnDLS,
        components={"synram": SynramOnDLS, "row": SynapseRowOnSynram, "quad": SynapseQuadColumnOnDLS},
        words=2,
        address=select((0x02C10000, 0x02C20000), WORD) + 0x01000000 * synram + 64 * row + quad,
        differential=True,
        notes=(
            "In this view the two bits appear at the bottom of each byte (bits 1..0 of the byte), in "
            "SynapseQuad at the top (bits 7..6): same memory cells. Byte order of a quad word: entry 0 in "
            "the most significant byte (bits 31..24), entry 3 in bits 7..0. Column swizzle: entry e of quad "
            "q is synapse column 8*(q%32) + 2*e + q//32; quads 0..31 hold the even columns, 32..63 the odd "
            "columns."
        ),
    )
    time_calibs: UIntArray = uints(
        "Number of set bits shortens the correlation time constant.", entries(at(0, 0, 2)), index=EntryOnQuad, maximum=3
    )
    amp_calibs: UIntArray = uints(
        "Number of set bits lowers the correlation amplitude.", entries(at(1, 0, 2)), index=EntryOnQuad, maximum=3
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseQuad(Container):
    """All 16 bits of four synapses in the raw view of the synapse memory."""

    layout = leaf(
        coordinate=SynapseQuadOnDLS,
        components={"synram": SynramOnDLS, "row": SynapseRowOnSynram, "quad": SynapseQuadColumnOnDLS},
        words=2,
        address=0x02CF0000 + 0x01000000 * synram + 128 * row + 64 * WORD + quad,
        differential=True,
        notes=(
            "Weight bits are permuted on the way to the memory: memory bit 5 = value bit 5, memory bits "
            "4,3,2,1,0 = value bits 0,1,2,3,4. The permutation is its own inverse (0b100000 -> 0b100000, "
            "0b000001 -> 0b010000, ...). Byte order of a quad word: entry 0 in the most significant byte "
            "(bits 31..24), entry 3 in bits 7..0. Column swizzle: entry e of quad q is synapse column "
            "8*(q%32) + 2*e + q//32; quads 0..31 hold the even columns, 32..63 the odd columns. The raw view "
            "interleaves: 64 words with weight bytes, then 64 words with label bytes, per row. Aliasing "
            "(inferred from the address windows): byte (row, quad, e) of raw word 0 = weight view bits 5..0 "
            "+ even 2-MSB view bits 1..0 as bits 7..6; raw word 1 = label view + odd 2-MSB view. A simulator "
            "keeps one array of 16 bit per synapse and serves all five windows."
        ),
    )
    weights: UIntArray = uints(
        "Synaptic weight 0..63 of entry e.", entries(*WEIGHT_BITS), index=EntryOnQuad, maximum=63
    )
    labels: UIntArray = uints(
        "Label compared with the event address.", entries(at(1, 0, 6)), index=EntryOnQuad, maximum=63
    )
    time_calibs: UIntArray = uints(
        "Trim of the correlation time constant: the number of set bits shortens it.",
        entries(at(0, 6, 2)),
        index=EntryOnQuad,
        maximum=3,
    )
    amp_calibs: UIntArray = uints(
        "Trim of the correlation amplitude: the number of set bits lowers it.",
        entries(at(1, 6, 2)),
        index=EntryOnQuad,
        maximum=3,
    )
