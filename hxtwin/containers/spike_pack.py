"""Spikes sent to the chip: one to three in one FPGA cycle."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at, elements
from hxtwin.containers.container import Container
from hxtwin.containers.fields import UIntArray, uints
from hxtwin.containers.layout import Backend, leaf
from hxtwin.coord import SpikeLabel, SpikePack1ToChipOnDLS, SpikePack2ToChipOnDLS, SpikePack3ToChipOnDLS


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpikePack1ToChip(Container):
    """1 spike(s) sent to the chip in one cycle."""

    layout = leaf(
        coordinate=SpikePack1ToChipOnDLS,
        write=0,
        backends=(Backend.SPIKE_PACK_1_TO_CHIP,),
        notes=(
            "Not an omnibus access: one event instruction of the FPGA stream with the labels as payload; "
            "element 0 in the most significant 16 bits. word i here = label i. Not readable."
        ),
    )
    labels: UIntArray = uints(
        "16-bit labels in order.", elements(at(0, 0, 16)), index=None, maximum=65535, size=1, coordinate=SpikeLabel
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpikePack2ToChip(Container):
    """2 spike(s) sent to the chip in one cycle."""

    layout = leaf(
        coordinate=SpikePack2ToChipOnDLS,
        words=2,
        write=0,
        backends=(Backend.SPIKE_PACK_2_TO_CHIP,),
        notes=(
            "Not an omnibus access: one event instruction of the FPGA stream with the labels as payload; "
            "element 0 in the most significant 16 bits. word i here = label i. Not readable."
        ),
    )
    labels: UIntArray = uints(
        "16-bit labels in order.",
        elements(at(0, 0, 16), at(1, 0, 16)),
        index=None,
        maximum=65535,
        size=2,
        coordinate=SpikeLabel,
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpikePack3ToChip(Container):
    """3 spike(s) sent to the chip in one cycle."""

    layout = leaf(
        coordinate=SpikePack3ToChipOnDLS,
        words=3,
        write=0,
        backends=(Backend.SPIKE_PACK_3_TO_CHIP,),
        notes=(
            "Not an omnibus access: one event instruction of the FPGA stream with the labels as payload; "
            "element 0 in the most significant 16 bits. word i here = label i. Not readable."
        ),
    )
    labels: UIntArray = uints(
        "16-bit labels in order.",
        elements(at(0, 0, 16), at(1, 0, 16), at(2, 0, 16)),
        index=None,
        maximum=65535,
        size=3,
        coordinate=SpikeLabel,
    )
