"""One cell of the analog parameter memory (CapMem)."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import Operand, variables
from hxtwin.containers.fields import cell
from hxtwin.containers.layout import Child, Source, child, leaf
from hxtwin.coord import (
    CapMemBlockOnDLS,
    CapMemCellOnCapMemBlock,
    CapMemCellOnDLS,
    CapMemColumnOnCapMemBlock,
    CapMemRowOnCapMemBlock,
)

block, column, row = variables("block", "column", "row")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CapMemCell(Container):
    """One analog storage cell (10 bit)."""

    layout = leaf(
        coordinate=CapMemCellOnDLS,
        components={"block": CapMemBlockOnDLS, "row": CapMemRowOnCapMemBlock, "column": CapMemColumnOnCapMemBlock},
        address=0x140000 + 0x8000 * block + 32 * column + row,
        differential=True,
        notes=(
            "Column stride is 32 addresses, rows 24..31 do not exist. The enum order of cells inside a block "
            "is row major (row*130+column) although addresses are column major. Values above 1022 are "
            "rejected by the Value type; decode masks with 0x3ff."
        ),
    )
    value: int = cell("0..1022: target code of the cell; 1023: the cell is not refreshed and drifts.", at(0, 0, 10))


def shared_cell(place: CapMemCellOnCapMemBlock, field: str | Source, block: Operand) -> Child:
    """A child that is the cell at `place` of CapMem block `block` and carries the composite's `field`."""
    column, row = int(place.to_cap_mem_column_on_cap_mem_block()), int(place.to_cap_mem_row_on_cap_mem_block())
    return child(CapMemCell, at={"block": block, "column": column, "row": row}, fields={"value": field})


def single_cell(place: CapMemCellOnDLS, field: str | Source) -> Child:
    """A child that is a cell existing once on the chip and carries the composite's `field`."""
    block = int(place.to_cap_mem_block_on_dls())
    return shared_cell(place.to_cap_mem_cell_on_cap_mem_block(), field, block)
