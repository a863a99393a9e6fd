"""Whether neurons of given shapes find room in the columns of a chip.

Widest shapes first, each into the first stretch of columns with room. Two-row shapes take both rows; one-row shapes
then take what is left, row by row. A shape counts as its bounding box: neurons that could be interleaved are not, so
what is promised here can be placed, and a little more might be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hxtwin.graph.network import NeuronShape
    from hxtwin.graph.partition.limits import ColumnRun


@attrs.frozen(kw_only=True)
class Boxes:
    """A number of equal neurons: bounding box of the shape in columns and rows."""

    width: int
    height: int
    count: int

    @classmethod
    def of(cls, shape: NeuronShape, count: int) -> Boxes:
        """The boxes of `count` neurons of a shape."""
        places = shape.compartments
        return cls(
            width=int(places.get_rightmost_column()) - int(places.get_leftmost_column()) + 1,
            height=int(places.get_bottommost_row()) - int(places.get_topmost_row()) + 1,
            count=count,
        )


def missing(boxes: Sequence[Boxes], runs: Sequence[ColumnRun]) -> int:
    """Number of neurons that find no room."""
    double = [run.columns for run in runs if run.rows == 2]
    left = 0
    for box in sorted((box for box in boxes if box.height == 2), key=_by_width):
        left += _fill(box, double)
    single = [columns for columns in double for _ in range(2)] + [run.columns for run in runs if run.rows == 1]
    for box in sorted((box for box in boxes if box.height == 1), key=_by_width):
        left += _fill(box, single)
    return left


def _by_width(box: Boxes) -> int:
    return -box.width


def _fill(box: Boxes, free: list[int]) -> int:
    """Put boxes into free columns (changed in place); return how many are left over."""
    count = box.count
    for number, columns in enumerate(free):
        put = min(count, columns // box.width)
        free[number] -= put * box.width
        count -= put
    return count
