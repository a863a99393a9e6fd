"""Samples of the column ADC: one row of a hemisphere, or both hemispheres at nearly the same time.

The first access of each hemisphere triggers a conversion of all its channels and returns quad 0 of the causal ones;
the rest is
read from the latches (reference: containers-a.md 6.3).
"""

from __future__ import annotations

import attrs
import numpy as np

from hxtwin.containers.cadc import CADCSampleQuad
from hxtwin.containers.container import Container
from hxtwin.containers.expression import Operand, variables
from hxtwin.containers.fields import UIntArray, like
from hxtwin.containers.layout import Backend, Group, child, for_each, take, tree
from hxtwin.containers.quads import QUAD_COLUMNS
from hxtwin.coord import (
    CADCChannelType,
    CADCReadoutType,
    CADCSampleRowOnDLS,
    CADCSamplesOnDLS,
    SynapseOnSynapseRow,
    SynapseQuadColumnOnDLS,
    SynapseRowOnSynram,
    SynramOnDLS,
)

synram, row, q = variables("synram", "row", "q")

_QUADS = range(SynapseQuadColumnOnDLS.size)


def _samples(
    readout: CADCReadoutType, channels: CADCChannelType, quads: range, synram: Operand, row: Operand, first: int = 0
) -> Group:
    """Reads of some quads of a hemisphere; `first` is the flat position of its column 0 in the arrays."""
    field = "causal" if channels == CADCChannelType.causal else "acausal"
    at = {"synram": synram, "readout": int(readout), "type": int(channels), "row": row, "quad": q}
    positions = first + QUAD_COLUMNS[np.asarray(quads)]
    return for_each({q: quads}, child(CADCSampleQuad, at=at, fields={"sample": take(field, positions)}))


_TRIGGER, _BUFFERED = CADCReadoutType.trigger_read, CADCReadoutType.buffered
_CAUSAL, _ACAUSAL = CADCChannelType.causal, CADCChannelType.acausal
_BOTTOM = SynapseOnSynapseRow.size


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CADCSampleRow(Container):
    """Read-only: triggered conversion of one synapse row, all causal and acausal results."""

    layout = tree(
        coordinate=CADCSampleRowOnDLS,
        components={"synram": SynramOnDLS, "row": SynapseRowOnSynram},
        backends=(Backend.OMNIBUS_CHIP,),
        children=(
            _samples(_TRIGGER, _CAUSAL, _QUADS[:1], synram, row),
            _samples(_BUFFERED, _CAUSAL, _QUADS[1:], synram, row),
            _samples(_BUFFERED, _ACAUSAL, _QUADS, synram, row),
        ),
    )
    causal: UIntArray = like(CADCSampleQuad, "sample", index=SynapseOnSynapseRow, meaning="Causal results by column.")
    acausal: UIntArray = like(CADCSampleQuad, "sample", index=SynapseOnSynapseRow, meaning="Acausal results by column.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CADCSamples(Container):
    """Read-only: nearly simultaneous conversion of row 0 of both hemispheres; both triggers come first."""

    layout = tree(
        coordinate=CADCSamplesOnDLS,
        backends=(Backend.OMNIBUS_CHIP,),
        children=(
            _samples(_TRIGGER, _CAUSAL, _QUADS[:1], 0, 0),
            _samples(_TRIGGER, _CAUSAL, _QUADS[:1], 1, 0, _BOTTOM),
            _samples(_BUFFERED, _CAUSAL, _QUADS[1:], 0, 0),
            _samples(_BUFFERED, _ACAUSAL, _QUADS, 0, 0),
            _samples(_BUFFERED, _CAUSAL, _QUADS[1:], 1, 0, _BOTTOM),
            _samples(_BUFFERED, _ACAUSAL, _QUADS, 1, 0, _BOTTOM),
        ),
    )
    causal: UIntArray = like(
        CADCSampleQuad,
        "sample",
        index=(SynramOnDLS, SynapseOnSynapseRow),
        meaning="Causal results by hemisphere and column.",
    )
    acausal: UIntArray = like(
        CADCSampleQuad,
        "sample",
        index=(SynramOnDLS, SynapseOnSynapseRow),
        meaning="Acausal results by hemisphere and column.",
    )
