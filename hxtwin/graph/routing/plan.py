"""Plans of the router: ways to group sources, and why one of them failed.

Internal sources are bound to the bus of their event output; how they are divided is the *style*:

==============  ==============================================================================================
``MERGED``      one group for both event outputs of a bus, if its labels suffice, else as ``BY_OUTPUT``
``BY_OUTPUT``   one group for each event output
2, 3, 4         that many groups on each bus, filled so that they need few rows
==============  ==============================================================================================

In the first two styles all neurons of an event output are in one group, so the two free bits of their row select can
say which hemispheres they are meant for: the crossbar then keeps them from the other (`reach_coded`). In the other
styles the bits tell the groups apart, and every event of an output is heard wherever one of them is needed.
"""

from __future__ import annotations

from typing import Final

import attrs

MERGED: Final = 0
BY_OUTPUT: Final = 1
STYLES: Final = (MERGED, BY_OUTPUT, 2, 4, 3)


@attrs.frozen
class Shortage:
    """Why an attempt failed.

    Args:
        entity, resource, needed, available, detail: as for `hxtwin.graph.errors.ResourceError`.
        progress: how far the attempt came; the message of the best attempt is shown.
    """

    entity: str
    resource: str
    needed: int
    available: int
    detail: str
    progress: float


@attrs.frozen(kw_only=True)
class Plan:
    """One way to try.

    Args:
        style: how internal sources are divided, see the module.
        width: most drivers of a group that is not bound to a bus.
        joint: give external sources one event for both hemispheres where possible.
        generator_buses: bus of each background source.
        shuffle: seed of the order of external sources; None: those with many synapses first.
        moves: moves of the refinement (`refinement_kernel`); 0: none, the packing has to fit at once.
    """

    style: int
    width: int
    joint: bool
    generator_buses: tuple[int, ...]
    shuffle: int | None = None
    moves: int = 0
