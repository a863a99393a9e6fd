"""Serial spike interface of a single-chip FPGA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import flag, part, parts, uint
from hxtwin.containers.layout import FPGA, child, for_each, leaf, tree
from hxtwin.coord import (
    FPGAOnChipAndSinglechipFPGA,
    SpikeIOConfigOnFPGA,
    SpikeIOInputRouteOnFPGA,
    SpikeIOOutputRouteOnFPGA,
)

if TYPE_CHECKING:
    from hxtwin.containers.record import ArrayOf

address, label = variables("address", "label")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpikeIOConfig(Container):
    """Serial spike interface of the FPGA."""

    layout = leaf(
        coordinate=SpikeIOConfigOnFPGA,
        address=0x88038000,
        backends=FPGA,
        notes=(
            "Single-chip FPGA bitfiles. data_rate_scaler 0 is not representable: decoding a word with 0 "
            "there is an error."
        ),
    )
    data_rate_scaler: int = uint("Divider of the serial data rate.", at(0, 0, 16), minimum=1, maximum=65535, default=1)
    enable_tx: bool = flag("Enable output.", at(0, 16))
    enable_rx: bool = flag("Enable input.", at(0, 17))
    enable_internal_loopback: bool = flag("Connect output to input internally.", at(0, 18))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpikeIOInputRoute(Container):
    """Spike label sent to the chip for a received 8-bit serial address."""

    layout = leaf(
        coordinate=SpikeIOInputRouteOnFPGA,
        components={"address": SpikeIOInputRouteOnFPGA},
        address=0x88030000 + address,
        backends=FPGA,
    )
    target: int = uint("Spike label; 65535 = discard.", at(0, 0, 16), maximum=65535, default=65535)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SpikeIOOutputRoute(Container):
    """Serial address sent for a spike with the given 16-bit label."""

    layout = leaf(
        coordinate=SpikeIOOutputRouteOnFPGA,
        components={"label": SpikeIOOutputRouteOnFPGA},
        address=0x88020000 + label,
        backends=FPGA,
    )
    target: int = uint("Serial address; 255 = discard.", at(0, 0, 8), maximum=255, default=255)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SinglechipFPGA(Container):
    """FPGA attached to one chip: settings of the serial spike interface."""

    layout = tree(
        coordinate=FPGAOnChipAndSinglechipFPGA,
        backends=FPGA,
        children=(
            child(SpikeIOConfig, of="spikeio_config"),
            for_each(
                {address: SpikeIOInputRouteOnFPGA.size},
                child(SpikeIOInputRoute, at={"address": address}, of="spikeio_input_routes"),
            ),
            for_each(
                {label: SpikeIOOutputRouteOnFPGA.size},
                child(SpikeIOOutputRoute, at={"label": label}, of="spikeio_output_routes"),
            ),
        ),
    )
    spikeio_config: SpikeIOConfig = part(SpikeIOConfig, "The interface.")
    spikeio_input_routes: ArrayOf[SpikeIOInputRoute] = parts(
        SpikeIOInputRoute, "Routes of received serial addresses.", index=SpikeIOInputRouteOnFPGA
    )
    spikeio_output_routes: ArrayOf[SpikeIOOutputRoute] = parts(
        SpikeIOOutputRoute, "Routes of sent spike labels.", index=SpikeIOOutputRouteOnFPGA
    )
