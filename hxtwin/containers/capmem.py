"""The analog parameter memory: all cells of a quadrant, and its controllers with the cells nobody else owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.containers.capmem_block_config import CapMemBlockConfig
from hxtwin.containers.capmem_cell import CapMemCell
from hxtwin.containers.container import Container
from hxtwin.containers.expression import select, variables
from hxtwin.containers.fields import UIntArray, cells, part, parts
from hxtwin.containers.layout import child, for_each, tree
from hxtwin.containers.reference_generator import ReferenceGeneratorConfig
from hxtwin.containers.synram import SynapseBiasSelection
from hxtwin.coord import (
    CapMemBlockConfigOnDLS,
    CapMemBlockOnDLS,
    CapMemCellOnCapMemBlock,
    CapMemCellOnDLS,
    CapMemColumnOnCapMemBlock,
    CapMemOnDLS,
    UnusedCapMemCellOnDLS,
    convert_indices,
)

if TYPE_CHECKING:
    from hxtwin.containers.record import ArrayOf

block, i = variables("block", "i")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CapMemBlock(Container):
    """All 24 x 130 cells of one quadrant."""

    layout = tree(
        coordinate=CapMemBlockOnDLS,
        components={"block": CapMemBlockOnDLS},
        differential=True,
        children=(
            for_each(
                {i: CapMemCellOnCapMemBlock.size},
                child(
                    CapMemCell,
                    at={
                        "block": block,
                        "column": i % CapMemColumnOnCapMemBlock.size,
                        "row": i // CapMemColumnOnCapMemBlock.size,
                    },
                    fields={"value": "cells"},
                ),
            ),
        ),
    )
    cells: UIntArray = cells("Cells, indexed 130 * row + column.", index=CapMemCellOnCapMemBlock)


def _unused(target: type[CapMemBlockOnDLS | CapMemCellOnCapMemBlock]) -> tuple[int, ...]:
    places = convert_indices(np.arange(UnusedCapMemCellOnDLS.size), UnusedCapMemCellOnDLS, CapMemCellOnDLS)
    return tuple(convert_indices(places, CapMemCellOnDLS, target).tolist())


_UNUSED_BLOCK = select(_unused(CapMemBlockOnDLS), i)
_UNUSED_CELL = select(_unused(CapMemCellOnCapMemBlock), i)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CapMem(Container):
    """CapMem controllers, synapse bias selection, reference generator and the cells without function.

    The cells of neurons, CADC, readout and synapse drivers belong to the containers of those.
    """

    layout = tree(
        coordinate=CapMemOnDLS,
        children=(
            for_each({block: CapMemBlockConfigOnDLS.size}, child(CapMemBlockConfig, at={"block": block}, of="blocks")),
            child(SynapseBiasSelection, of="synapse_bias_selection"),
            child(ReferenceGeneratorConfig, of="reference_generator"),
            for_each(
                {i: UnusedCapMemCellOnDLS.size},
                child(
                    CapMemCell,
                    at={
                        "block": _UNUSED_BLOCK,
                        "column": _UNUSED_CELL % CapMemColumnOnCapMemBlock.size,
                        "row": _UNUSED_CELL // CapMemColumnOnCapMemBlock.size,
                    },
                    fields={"value": "unused_cells"},
                ),
            ),
        ),
    )
    blocks: ArrayOf[CapMemBlockConfig] = parts(
        CapMemBlockConfig, "Refresh controllers of the quadrants.", index=CapMemBlockConfigOnDLS
    )
    synapse_bias_selection: SynapseBiasSelection = part(SynapseBiasSelection, "Origin of the synapse bias currents.")
    reference_generator: ReferenceGeneratorConfig = part(ReferenceGeneratorConfig, "Reference current generator.")
    unused_cells: UIntArray = cells("Cells without function.", index=UnusedCapMemCellOnDLS)
