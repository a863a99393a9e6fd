"""Routing tables between the FPGAs of a multi-chip system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import flag, part, parts, uint
from hxtwin.containers.layout import FPGA, child, for_each, leaf, tree
from hxtwin.coord import (
    FPGAOnChipAndMultichipJboaLeafFPGA,
    InputRoutingTableEntryOnFPGA,
    InputRoutingTableOnFPGA,
    OutputRoutingTableEntryOnFPGA,
    OutputRoutingTableOnFPGA,
)

if TYPE_CHECKING:
    from hxtwin.containers.record import ArrayOf

(entry,) = variables("entry")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OutputRoutingTableEntry(Container):
    """Multi-chip FPGA: translation of a spike label leaving the chip to an inter-chip label."""

    layout = leaf(
        coordinate=OutputRoutingTableEntryOnFPGA,
        components={"entry": OutputRoutingTableEntryOnFPGA},
        address=0x880D0000 + entry,
        backends=FPGA,
        notes="entry = 16-bit spike label of the chip. Only present in multi-chip (jBOA) bitfiles.",
    )
    enable: bool = flag("Forward spikes with this label.", at(0, 15))
    label: int = uint("Inter-chip label.", at(0, 0, 15), maximum=32767)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class InputRoutingTableEntry(Container):
    """Multi-chip FPGA: translation of an inter-chip label to a spike label sent to the local chip."""

    layout = leaf(
        coordinate=InputRoutingTableEntryOnFPGA,
        components={"entry": InputRoutingTableEntryOnFPGA},
        address=0x880C0000 + entry,
        backends=FPGA,
        notes="entry = inter-chip label.",
    )
    enable: bool = flag("Forward.", at(0, 16))
    label: int = uint("Spike label sent to the chip.", at(0, 0, 16), maximum=65535)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OutputRoutingTable(Container):
    """All translations of spikes that leave the chip."""

    layout = tree(
        coordinate=OutputRoutingTableOnFPGA,
        backends=FPGA,
        children=(
            for_each(
                {entry: OutputRoutingTableEntryOnFPGA.size},
                child(OutputRoutingTableEntry, at={"entry": entry}, of="entries"),
            ),
        ),
    )
    entries: ArrayOf[OutputRoutingTableEntry] = parts(
        OutputRoutingTableEntry, "Entries, by spike label of the chip.", index=OutputRoutingTableEntryOnFPGA
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class InputRoutingTable(Container):
    """All translations of spikes that come from other chips."""

    layout = tree(
        coordinate=InputRoutingTableOnFPGA,
        backends=FPGA,
        children=(
            for_each(
                {entry: InputRoutingTableEntryOnFPGA.size},
                child(InputRoutingTableEntry, at={"entry": entry}, of="entries"),
            ),
        ),
    )
    entries: ArrayOf[InputRoutingTableEntry] = parts(
        InputRoutingTableEntry, "Entries, by inter-chip label.", index=InputRoutingTableEntryOnFPGA
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MultichipJboaLeafFPGA(Container):
    """FPGA of a chip in a multi-chip system: its routing tables."""

    layout = tree(
        coordinate=FPGAOnChipAndMultichipJboaLeafFPGA,
        backends=FPGA,
        children=(
            child(OutputRoutingTable, of="output_routing_table"),
            child(InputRoutingTable, of="input_routing_table"),
        ),
    )
    output_routing_table: OutputRoutingTable = part(OutputRoutingTable, "Spikes that leave the chip.")
    input_routing_table: InputRoutingTable = part(InputRoutingTable, "Spikes that come from other chips.")
