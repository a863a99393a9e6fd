"""All neurons of the chip with everything they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hxtwin.containers.atomic_neuron import AtomicNeuron
from hxtwin.containers.capmem_cell import shared_cell
from hxtwin.containers.column_row import ColumnCurrentRow
from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import UIntArray, cells, parts
from hxtwin.containers.layout import child, for_each, tree
from hxtwin.containers.neuron_backend import CommonNeuronBackendConfig
from hxtwin.coord import (
    AtomicNeuronOnDLS,
    CapMemBlockOnDLS,
    CapMemCellOnCapMemBlock,
    ColumnCurrentRowOnDLS,
    CommonNeuronBackendConfigOnDLS,
    NeuronBlockOnDLS,
    NeuronColumnOnDLS,
    NeuronRowOnDLS,
)

if TYPE_CHECKING:
    from hxtwin.containers.record import ArrayOf

row, column, i, block = variables("row", "column", "i", "block")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NeuronBlock(Container):
    """All 512 atomic neurons, both backends, current switch rows and shared neuron cells (by quadrant)."""

    layout = tree(
        coordinate=NeuronBlockOnDLS,
        children=(
            for_each(
                {row: NeuronRowOnDLS.size, column: NeuronColumnOnDLS.size},
                child(AtomicNeuron, at={"row": row, "column": column}, of="atomic_neurons"),
            ),
            for_each(
                {i: CommonNeuronBackendConfigOnDLS.size},
                child(CommonNeuronBackendConfig, at={"block": i}, of="backends"),
            ),
            for_each({i: ColumnCurrentRowOnDLS.size}, child(ColumnCurrentRow, at={"row": i}, of="current_rows")),
            for_each(
                {block: CapMemBlockOnDLS.size},
                shared_cell(CapMemCellOnCapMemBlock.neuron_v_bias_casc_n, "v_bias_casc_n", block),
                shared_cell(CapMemCellOnCapMemBlock.neuron_i_bias_readout_amp, "i_bias_readout_amp", block),
                shared_cell(
                    CapMemCellOnCapMemBlock.neuron_i_bias_leak_source_follower, "i_bias_leak_source_follower", block
                ),
                shared_cell(
                    CapMemCellOnCapMemBlock.neuron_i_bias_spike_comparator, "i_bias_threshold_comparator", block
                ),
                shared_cell(CapMemCellOnCapMemBlock.neuron_i_bias_synin_drop, "i_bias_synin_drop", block),
            ),
        ),
    )
    atomic_neurons: ArrayOf[AtomicNeuron] = parts(
        AtomicNeuron, "Neuron circuits, 256 * row + column.", index=AtomicNeuronOnDLS
    )
    # the field has the name of the reference; on the class, `backends` still tells the ways of travel
    backends: ArrayOf[CommonNeuronBackendConfig] = parts(  # type: ignore[misc,assignment]
        CommonNeuronBackendConfig,
        "Registers shared by a backend half (west, east).",
        index=CommonNeuronBackendConfigOnDLS,
    )
    current_rows: ArrayOf[ColumnCurrentRow] = parts(
        ColumnCurrentRow, "Synaptic current switches of the hemispheres.", index=ColumnCurrentRowOnDLS
    )
    v_bias_casc_n: UIntArray = cells("Cascode bias.", index=CapMemBlockOnDLS, default=250)
    i_bias_readout_amp: UIntArray = cells("Bias of the readout amplifiers.", index=CapMemBlockOnDLS, default=110)
    i_bias_leak_source_follower: UIntArray = cells(
        "Bias of the source followers of leak and reset; also buffers v_adapt_ref, v_adapt_leak, v_exp and "
        "the reversal "
        "potentials.",
        index=CapMemBlockOnDLS,
        default=100,
    )
    i_bias_threshold_comparator: UIntArray = cells(
        "Bias of the threshold comparators.", index=CapMemBlockOnDLS, default=200
    )
    i_bias_synin_drop: UIntArray = cells(
        "Bias of the source followers of the synaptic inputs.", index=CapMemBlockOnDLS, default=300
    )
