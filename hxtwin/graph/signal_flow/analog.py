"""Vertices of the analog part: synapse arrays, neurons, and what observes them.

==========================  =====================================  ===========================================
vertex                      inputs                                 outputs
==========================  =====================================  ===========================================
`SynapseArrayView`          synapse input label, one per row;      synaptic input, one per column
                            labels and weights
`SynapseArrayViewSparse`    the same for listed synapses           the same, may be split
`NeuronView`                synaptic input; configuration          membrane voltage; crossbar input label
`CADCView`                  membrane voltage                       int8
`MADCView`                  membrane voltage, 1 or 2; switching    timed MADC samples
`PadView`                   membrane voltage; configuration
==========================  =====================================  ===========================================

Source: reference graph.md 4.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

import attrs

from hxtwin.coord import (
    AtomicNeuronOnDLS,
    NeuronColumnOnDLS,
    NeuronRowOnDLS,
    PadOnDLS,
    SynapseOnSynapseRow,
    SynapseRowOnSynram,
    SynramOnDLS,
)
from hxtwin.graph.errors import SignalFlowError
from hxtwin.graph.signal_flow.port import Port, Signal, Transition
from hxtwin.graph.signal_flow.vertex import CONFIGURATION, Vertex, check_unique, shortened


class CADCMode(Enum):
    """How column ADC samples are taken; one mode for each chip and instance."""

    HAGEN = "hagen"
    PERIODIC = "periodic"
    PERIODIC_ON_DRAM = "periodic_on_dram"


@attrs.frozen(kw_only=True)
class SynapseArrayView(Vertex):
    """A rectangle of synapses: all given columns of all given rows.

    Args:
        synram: hemisphere.
        rows: channel i of the input is row i of this list.
        columns: channel j of the output is column j of this list.
    """

    synram: SynramOnDLS
    rows: tuple[SynapseRowOnSynram, ...] = attrs.field(converter=tuple[SynapseRowOnSynram, ...])
    columns: tuple[SynapseOnSynapseRow, ...] = attrs.field(converter=tuple[SynapseOnSynapseRow, ...])

    def __attrs_post_init__(self) -> None:
        check_unique(self, "rows", self.rows)
        check_unique(self, "columns", self.columns)

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Rows; labels and weights."""
        return Port(signal=Signal.SYNAPSE_INPUT_LABEL, channels=len(self.rows)), CONFIGURATION

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Columns."""
        return (Port(signal=Signal.SYNAPTIC_INPUT, channels=len(self.columns)),)

    @property
    def label(self) -> str:
        """Hemisphere and extent."""
        side = "bottom" if int(self.synram) else "top"
        return f"synapse array {side}: {len(self.rows)} rows x {len(self.columns)} columns"


@attrs.frozen(kw_only=True)
class SynapseArrayViewSparse(SynapseArrayView):
    """Listed synapses of an array.

    Args:
        synapses: (position in rows, position in columns) of each.
    """

    synapses: tuple[tuple[int, int], ...] = attrs.field(converter=tuple[tuple[int, int], ...])

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        check_unique(self, "synapses", self.synapses)
        for row, column in self.synapses:
            if not (0 <= row < len(self.rows) and 0 <= column < len(self.columns)):
                raise SignalFlowError(
                    f"SynapseArrayViewSparse: synapse ({row}, {column}) lies outside of {len(self.rows)} rows x "
                    f"{len(self.columns)} columns"
                )

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Columns."""
        return (Port(signal=Signal.SYNAPTIC_INPUT, channels=len(self.columns), several=True),)

    @property
    def label(self) -> str:
        """Hemisphere and number of synapses."""
        return f"synapse array {'bottom' if int(self.synram) else 'top'}: {len(self.synapses)} synapses"


@attrs.frozen(kw_only=True)
class NeuronView(Vertex):
    """Neuron circuits of one row.

    Args:
        row: 0 top, 1 bottom.
        columns: channel i is column i of this list.
    """

    row: NeuronRowOnDLS
    columns: tuple[NeuronColumnOnDLS, ...] = attrs.field(converter=tuple[NeuronColumnOnDLS, ...])

    def __attrs_post_init__(self) -> None:
        check_unique(self, "columns", self.columns)

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Currents of the synapse columns; configuration."""
        return Port(signal=Signal.SYNAPTIC_INPUT, channels=len(self.columns), several=True), CONFIGURATION

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Membranes; spikes."""
        return (
            Port(signal=Signal.MEMBRANE_VOLTAGE, channels=len(self.columns), several=True),
            Port(signal=Signal.CROSSBAR_INPUT_LABEL, channels=len(self.columns), several=True),
        )

    @property
    def label(self) -> str:
        """Row and columns."""
        return f"neurons {'bottom' if int(self.row) else 'top'}: {shortened(int(column) for column in self.columns)}"


@attrs.frozen(kw_only=True)
class CADCView(Vertex):
    """Column ADC channels of one hemisphere.

    Args:
        synram: hemisphere, that of the neuron row observed.
        columns: channel i is column i of this list.
        mode: the same for all views of a chip.
    """

    synram: SynramOnDLS
    columns: tuple[NeuronColumnOnDLS, ...] = attrs.field(converter=tuple[NeuronColumnOnDLS, ...])
    mode: CADCMode = attrs.field(default=CADCMode.PERIODIC, converter=CADCMode)

    def __attrs_post_init__(self) -> None:
        check_unique(self, "columns", self.columns)

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Membranes."""
        return (Port(signal=Signal.MEMBRANE_VOLTAGE, channels=len(self.columns)),)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Samples."""
        return (
            Port(
                signal=Signal.INT8, channels=len(self.columns), several=True, transition=Transition.REQUIRED, data=True
            ),
        )

    @property
    def label(self) -> str:
        """Hemisphere and columns."""
        return f"CADC {'bottom' if int(self.synram) else 'top'}: {shortened(int(column) for column in self.columns)}"


@attrs.frozen(kw_only=True)
class MADCView(Vertex):
    """The membrane ADC, on one or two circuits; one for each chip and instance.

    Args:
        sources: one circuit, or two of which one is in an even and one in an odd column.
    """

    most_per_chip: ClassVar[int | None] = 1
    sources: tuple[AtomicNeuronOnDLS, ...] = attrs.field(converter=tuple[AtomicNeuronOnDLS, ...])

    def __attrs_post_init__(self) -> None:
        check_unique(self, "sources", self.sources)
        columns = [int(source.to_neuron_column_on_dls()) for source in self.sources]
        if len(columns) > 2:
            raise SignalFlowError(f"MADCView: at most two circuits, got {len(columns)}")
        if len(columns) == 2 and columns[0] % 2 == columns[1] % 2:
            raise SignalFlowError(
                f"MADCView: columns {columns[0]} and {columns[1]} are both {'odd' if columns[0] % 2 else 'even'}; "
                f"two circuits need one even and one odd column"
            )

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Membranes; configuration of the switching between them."""
        return Port(signal=Signal.MEMBRANE_VOLTAGE, channels=len(self.sources)), CONFIGURATION

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Samples."""
        return (
            Port(signal=Signal.TIMED_MADC_SAMPLE_FROM_CHIP, several=True, transition=Transition.SUPPORTED, data=True),
        )

    @property
    def label(self) -> str:
        """Observed circuits."""
        return f"MADC: {shortened(int(source) for source in self.sources)}"


@attrs.frozen(kw_only=True)
class PadView(Vertex):
    """A pad that shows a membrane.

    Args:
        source: circuit.
        pad: 0 or 1.
    """

    source: AtomicNeuronOnDLS
    pad: PadOnDLS

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Membrane; configuration: buffered or not."""
        return Port(signal=Signal.MEMBRANE_VOLTAGE), CONFIGURATION

    @property
    def label(self) -> str:
        """Pad and circuit."""
        return f"pad {int(self.pad)}: {int(self.source)}"
