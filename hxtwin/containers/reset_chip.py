"""The reset pin of the chip."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.fields import flag
from hxtwin.containers.layout import Backend, leaf
from hxtwin.coord import ResetChipOnDLS


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ResetChip(Container):
    """Level of the chip's reset pin."""

    layout = leaf(
        coordinate=ResetChipOnDLS,
        write=0,
        backends=(Backend.RESET_CHIP,),
    )
    value: bool = flag("1: chip held in reset.", at(0, 0))
