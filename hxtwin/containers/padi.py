"""PADI buses: event source, pulse timing, direct events, and the clock of short-term plasticity."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import along, at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import select, variables
from hxtwin.containers.fields import BoolArray, UIntArray, flag, flags, uint, uints
from hxtwin.containers.layout import Target, leaf
from hxtwin.coord import CommonPADIBusConfigOnDLS, CommonSTPConfigOnDLS, PADIBusOnPADIBusBlock, PADIEventOnDLS

(block,) = variables("block")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PADIEvent(Container):
    """Trigger register: inject one event on any set of the four PADI buses of a hemisphere."""

    layout = leaf(
        coordinate=PADIEventOnDLS,
        components={"block": PADIEventOnDLS},
        write=select((0x110000, 0x118000), block),
        notes="Has an effect only on buses whose CommonPADIBusConfig.enable_spl1 is 0. Not readable.",
    )
    fire_bus: BoolArray = flags(
        "Buses on which the event is issued.", along(at(0, 0), 4, 1), index=PADIBusOnPADIBusBlock
    )
    event_address: int = uint(
        "Address compared with synapse labels. Hagen views: hagen_address = bit 5 (0..1), hagen_activation = "
        "bits 4..0 (0..31).",
        at(0, 16, 6),
        maximum=63,
    )
    row_select_address: int = uint("Compared with the driver index on the bus.", at(0, 22, 5), maximum=31)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CommonPADIBusConfig(Container):
    """Event source and pulse timing of the four PADI buses of a hemisphere."""

    layout = leaf(
        coordinate=CommonPADIBusConfigOnDLS,
        components={"block": CommonPADIBusConfigOnDLS},
        address=select((0x110001, 0x118001), block),
        differential=True,
        refuses_reads_on=(Target.HARDWARE,),
    )
    enable_spl1: BoolArray = flags(
        "1: events come from the crossbar; 0: from the PADIEvent register (mutually exclusive).",
        along(at(0, 0), 4, 1),
        index=PADIBusOnPADIBusBlock,
    )
    enable_extended_timing: BoolArray = flags(
        "Longer bus cycle so that the STP circuit settles completely; no back-to-back events then.",
        along(at(0, 4), 4, 1),
        index=PADIBusOnPADIBusBlock,
    )
    dacen_pulse_extension: UIntArray = uints(
        "Lengthens the synapse DAC enable pulse (larger = larger charge per event). Maximum needed for neuron"
        " bypass mode.",
        along(at(0, 16, 4), 4, 4),
        index=PADIBusOnPADIBusBlock,
        maximum=15,
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CommonSTPConfig(Container):
    """Recovery clock of the STP circuits of a hemisphere."""

    layout = leaf(
        coordinate=CommonSTPConfigOnDLS,
        components={"block": CommonSTPConfigOnDLS},
        address=select((0x110002, 0x118002), block),
        differential=True,
        refuses_reads_on=(
            Target.HARDWARE,
            Target.SIMULATION,
        ),
    )
    enable_recovery_clock: bool = flag("Run the recovery clock.", at(0, 4))
    recovery_clock_speed: int = uint("Clock divider exponent (scaler).", at(0, 0, 4), maximum=15)
