"""Event router: filters at the crosspoints, output settings, counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

from hxtwin.containers.bits import along, at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import BoolArray, flag, flags, part, parts, uint
from hxtwin.containers.layout import Backend, Target, child, for_each, leaf, tree
from hxtwin.coord import (
    CrossbarInputOnDLS,
    CrossbarL2OutputOnDLS,
    CrossbarNodeOnDLS,
    CrossbarOnDLS,
    CrossbarOutputConfigOnDLS,
    CrossbarOutputOnDLS,
)

if TYPE_CHECKING:
    from hxtwin.containers.record import ArrayOf

node, source, sink = variables("node", "input", "output")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CrossbarOutputConfig(Container):
    """Event counters and slow mode of the crossbar outputs."""

    layout = leaf(
        coordinate=CrossbarOutputConfigOnDLS,
        address=0x130000,
        refuses_reads_on=(Target.HARDWARE,),
    )
    enable_event_counter: BoolArray = flags(
        "Count events at the output.", along(at(0, 4), 12, 1), index=CrossbarOutputOnDLS
    )
    enable_slow: BoolArray = flags(
        "Reduced output rate of an L2 output (no further documentation).",
        along(at(0, 0), 4, 1),
        index=CrossbarL2OutputOnDLS,
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CrossbarNode(Container):
    """Filter of one crossbar crosspoint."""

    layout = leaf(
        coordinate=CrossbarNodeOnDLS,
        components={"node": CrossbarNodeOnDLS},
        address=0x130019 + node,
        refuses_reads_on=(Target.HARDWARE,),
        notes=(
            "Default mask 0, target 0: every event passes. Constant drop_all: mask 0, target 1 (never true). "
            "node <-> (output, input) table in containers-b.md."
        ),
    )
    mask: int = uint(
        "An event passes if (label & mask) == target; mask 0 and target 1 never pass.", at(0, 0, 14), maximum=16383
    )
    target: int = uint("An event passes if (label & mask) == target.", at(0, 16, 14), maximum=16383)
    enable_drop_counter: bool = flag("Drops at this node count into the drop counter of the input.", at(0, 31))

    #: A node that never lets an event pass.
    drop_all: ClassVar[CrossbarNode]


CrossbarNode.drop_all = CrossbarNode(mask=0, target=1)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CrossbarInputDropCounter(Container):
    """Events lost at a crossbar input (sum over its nodes with counting enabled)."""

    layout = leaf(
        coordinate=CrossbarInputOnDLS,
        components={"input": CrossbarInputOnDLS},
        read=0x130065 + source,
        notes="Upper bits are masked on decode.",
    )
    value: int = uint("Events lost; wraps around, take differences.", at(0, 0, 16), maximum=65535, access="ro")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CrossbarOutputEventCounter(Container):
    """Events that left through a crossbar output."""

    layout = leaf(
        coordinate=CrossbarOutputOnDLS,
        components={"output": CrossbarOutputOnDLS},
        read=0x130079 + sink,
    )
    value: int = uint("Events that left; wraps around, take differences.", at(0, 0, 24), maximum=0xFFFFFF, access="ro")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Crossbar(Container):
    """All crossbar nodes and the output configuration; by default every event passes."""

    layout = tree(
        coordinate=CrossbarOnDLS,
        backends=(Backend.OMNIBUS_CHIP,),
        refuses_reads_on=(Target.HARDWARE,),
        children=(
            child(CrossbarOutputConfig, of="outputs"),
            for_each({node: CrossbarNodeOnDLS.size}, child(CrossbarNode, at={"node": node}, of="nodes")),
        ),
    )
    nodes: ArrayOf[CrossbarNode] = parts(CrossbarNode, "Filters of the crosspoints.", index=CrossbarNodeOnDLS)
    outputs: CrossbarOutputConfig = part(CrossbarOutputConfig, "Outputs.")
