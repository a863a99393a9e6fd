"""Vertices of the event network: from the link and the generators over the crossbar to the synapse drivers.

=======================  ==========================================  ===================================
vertex                   inputs                                      outputs
=======================  ==========================================  ===================================
`ChipVertex`             configuration of the whole chip
`BackgroundVertex`       configuration                               crossbar input label
`SpikeIOVertex`          configuration                               timed spikes to chip
`CrossbarL2Input`        timed spikes to chip                        crossbar input label
`CrossbarNode`           crossbar input label, configuration         crossbar output label
`CrossbarL2Output`       crossbar output label                       timed spikes from chip
`PADIBus`                crossbar output label                       synapse driver input label
`SynapseDriver`          synapse driver input label, configuration   synapse input label, 2 channels
=======================  ==========================================  ===================================

Source: reference graph.md 4. The serial spike source gives the signal that the L2 input takes (there it does not).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

from hxtwin.graph.errors import SignalFlowError
from hxtwin.graph.signal_flow.port import Port, Signal, Transition
from hxtwin.graph.signal_flow.vertex import CONFIGURATION, Vertex

if TYPE_CHECKING:
    from hxtwin.coord import (
        BackgroundSpikeSourceOnDLS,
        CrossbarNodeOnDLS,
        PADIBusOnDLS,
        SynapseDriverOnDLS,
    )


@attrs.frozen(kw_only=True)
class ChipVertex(Vertex):
    """A chip with all its configuration; one for each chip and instance."""

    most_per_chip: ClassVar[int | None] = 1

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Configuration."""
        return (CONFIGURATION,)


@attrs.frozen(kw_only=True)
class BackgroundVertex(Vertex):
    """A background generator.

    Args:
        coordinate: which of the eight.
    """

    coordinate: BackgroundSpikeSourceOnDLS

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Configuration."""
        return (CONFIGURATION,)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Its line of the crossbar."""
        return (Port(signal=Signal.CROSSBAR_INPUT_LABEL, several=True),)

    @property
    def label(self) -> str:
        """Kind and number."""
        return f"background source {int(self.coordinate)}"


@attrs.frozen(kw_only=True)
class SpikeIOVertex(Vertex):
    """Serial spikes from outside.

    Args:
        data_rate_scaler: divisor of the serial clock, at least 1.
        loopback: connect sender and receiver inside the FPGA.
    """

    most_per_chip: ClassVar[int | None] = 1
    data_rate_scaler: int = 1
    loopback: bool = False

    def __attrs_post_init__(self) -> None:
        if self.data_rate_scaler < 1:
            raise SignalFlowError(f"SpikeIOVertex: data_rate_scaler is at least 1, got {self.data_rate_scaler}")

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Configuration."""
        return (CONFIGURATION,)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Spikes on their way to the chip."""
        return (Port(signal=Signal.TIMED_SPIKE_TO_CHIP, several=True),)


@attrs.frozen(kw_only=True)
class CrossbarL2Input(Vertex):
    """Events from the FPGA, on the four lines of the SPL1 addresses.

    Args:
        requires_data: whether spikes have to be supplied when nothing is connected.
    """

    most_per_chip: ClassVar[int | None] = 1
    requires_data: bool = True

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Spikes."""
        return (
            Port(
                signal=Signal.TIMED_SPIKE_TO_CHIP,
                several=True,
                transition=Transition.SUPPORTED,
                data=self.requires_data,
            ),
        )

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Lines of the crossbar."""
        return (Port(signal=Signal.CROSSBAR_INPUT_LABEL, several=True),)


@attrs.frozen(kw_only=True)
class CrossbarNode(Vertex):
    """Filter between an input and an output of the crossbar.

    Args:
        coordinate: which of the 76.
    """

    coordinate: CrossbarNodeOnDLS

    @property
    def input_line(self) -> int:
        """Crossbar input, 0..19."""
        return int(self.coordinate.to_crossbar_input_on_dls())

    @property
    def output_line(self) -> int:
        """Crossbar output, 0..11."""
        return int(self.coordinate.to_crossbar_output_on_dls())

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Its input line, of several neuron views if it is a neuron event output; configuration."""
        return Port(signal=Signal.CROSSBAR_INPUT_LABEL, several=self.input_line < 8), CONFIGURATION

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Its output line."""
        return (Port(signal=Signal.CROSSBAR_OUTPUT_LABEL),)

    @property
    def label(self) -> str:
        """Input and output."""
        return f"crossbar node {self.input_line} -> {self.output_line}"


@attrs.frozen(kw_only=True)
class CrossbarL2Output(Vertex):
    """Events to the FPGA; one for each chip and instance.

    Args:
        generates_data: whether the spikes are a result.
    """

    most_per_chip: ClassVar[int | None] = 1
    generates_data: bool = True

    @property
    def inputs(self) -> tuple[Port, ...]:
        """All L2 lines together."""
        return (Port(signal=Signal.CROSSBAR_OUTPUT_LABEL, several=True),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Recorded spikes."""
        return (
            Port(
                signal=Signal.TIMED_SPIKE_FROM_CHIP,
                several=True,
                transition=Transition.SUPPORTED,
                data=self.generates_data,
            ),
        )


@attrs.frozen(kw_only=True)
class PADIBus(Vertex):
    """A bus to 32 synapse drivers.

    Args:
        coordinate: which of the eight.
    """

    coordinate: PADIBusOnDLS

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Its output of the crossbar."""
        return (Port(signal=Signal.CROSSBAR_OUTPUT_LABEL, several=True),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """To its drivers."""
        return (Port(signal=Signal.SYNAPSE_DRIVER_INPUT_LABEL, several=True),)

    @property
    def label(self) -> str:
        """Hemisphere and number."""
        return f"PADI bus {int(self.coordinate)}"


@attrs.frozen(kw_only=True)
class SynapseDriver(Vertex):
    """Driver of two synapse rows: channel 0 is the top row 2d + 1, channel 1 the bottom row 2d of driver d.

    Args:
        coordinate: which of the 256.
    """

    coordinate: SynapseDriverOnDLS

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Its bus, and configuration: compare mask, row modes."""
        return Port(signal=Signal.SYNAPSE_DRIVER_INPUT_LABEL), CONFIGURATION

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Its two rows."""
        return (Port(signal=Signal.SYNAPSE_INPUT_LABEL, channels=2, several=True),)

    @property
    def hemisphere(self) -> int:
        """0 top, 1 bottom."""
        return int(self.coordinate.to_synapse_driver_block_on_dls())

    @property
    def number(self) -> int:
        """Number on its hemisphere, 0..127."""
        return int(self.coordinate.to_synapse_driver_on_synapse_driver_block())

    @property
    def label(self) -> str:
        """Number and hemisphere."""
        return f"synapse driver {self.number} {'bottom' if self.hemisphere else 'top'}"
