"""Numbers of the event network on which routing rests.

=====================  =====================================================  ==========================
circuit                256 * row + column; row = hemisphere                   coordinates.md 3.2
event output           column // 32, both rows; bus output % 4                containers-b.md 2.2, 2.3
driver d of a half     bus d % 4, index on the bus d // 4                     coordinates.md 3.3
rows of driver d       2 d bottom, 2 d + 1 top                                coordinates.md 3.3
neuron label           bits 10..6 row select, 5..0 synapse label              containers-b.md 2.1
internal event         row select = event output << 2 | address bits 7..6     containers-b.md 2.1
=====================  =====================================================  ==========================
"""

from __future__ import annotations

from typing import Final

import numpy as np

CIRCUITS: Final = 512
COLUMNS: Final = 256
HEMISPHERES: Final = 2
BUSES: Final = 4
"""Buses of a hemisphere."""
DRIVERS: Final = 32
"""Drivers on a bus."""
ROWS: Final = 2 * DRIVERS
"""Synapse rows on a bus."""
SYNAPSE_LABELS: Final = 64
ROW_SELECTS: Final = 32
EVENT_OUTPUTS: Final = 8
GENERATORS: Final = 4
"""Pairs (top, bottom) of background generators."""

EXCITATORY: Final = 0
INHIBITORY: Final = 1
SIGNED: Final = 2
"""A pair of synapses, excitatory and inhibitory, in one column."""

EXTERNAL: Final = 0
BACKGROUND: Final = 1
INTERNAL: Final = 2

# bits of the 14-bit label above row select and synapse label; they only steer the crossbar
BOTTOM: Final = 1 << 13
"""Events with this bit reach the bottom hemisphere."""
RECORDED: Final = 1 << 12
"""External events with this bit return to the host."""
NOT_TOP: Final = 1 << 11
"""On input channels with events for both hemispheres: the event does not reach the top one."""
GENERATOR_RECORDED: Final = 1 << 11
"""Background events with this bit reach the host."""

HEMISPHERE_NAMES: Final = ("top", "bottom")


def crossbar_node(source: int, sink: int) -> int:
    """Index of a crossbar node from its input (0..19) and output (0..11).

    Source: reference coordinates.md 3.6.

    Raises:
        ValueError: there is no such node.
    """
    if source < 8 and sink % 4 == source % 4:
        return 3 * source + sink // 4
    if 8 <= source < 12 and (sink < 8 or sink == source):
        return 24 + 9 * (source - 8) + min(sink, 8)
    if 12 <= source < 16 and sink in (source - 12, source - 4):
        return 60 + 2 * (source - 12) + (sink == source - 4)
    if 16 <= source < 20 and sink in (source - 12, source - 8):
        return 68 + 2 * (source - 16) + (sink == source - 8)
    raise ValueError(f"no crossbar node connects input {source} and output {sink}")


NODES: Final = 76
CROSSBAR_NODES: Final = np.array(
    [
        (source, sink)
        for source in range(20)
        for sink in range(12)
        if (source < 8 and sink % 4 == source % 4)
        or (8 <= source < 12 and (sink < 8 or sink == source))
        or (12 <= source < 16 and sink in (source - 12, source - 4))
        or (source >= 16 and sink in (source - 12, source - 8))
    ],
    dtype=np.int64,
)
"""(input, output) of every crossbar node, in the order of their indices."""
