"""The column ADC of one hemisphere with everything that belongs to it."""

from __future__ import annotations

import attrs

from hxtwin.containers.cadc import CADCChannelConfig, CADCConfig
from hxtwin.containers.capmem_cell import shared_cell
from hxtwin.containers.column_row import ColumnCorrelationRow
from hxtwin.containers.container import Container
from hxtwin.containers.correlation import CommonCorrelationConfig, CorrelationResetMode
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import BoolArray, SIntArray, UIntArray, cells, like, part
from hxtwin.containers.layout import child, for_each, same, tree
from hxtwin.containers.record import Record
from hxtwin.coord import (
    CADCChannelColumnOnSynram,
    CADCChannelType,
    CADCOnDLS,
    CapMemBlockOnHemisphere,
    CapMemCellOnCapMemBlock,
)

cadc, side, column = variables("cadc", "side", "column")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CADCRamp(Record):
    """Voltage ramp of the single-slope conversion; arrays: west (0) and east (1) half."""

    enable: bool = like(CADCConfig, "enable")
    reset_wait: int = like(CADCConfig, "reset_wait")
    dead_time: int = like(CADCConfig, "dead_time")
    v_offset_assignment: UIntArray = like(CommonCorrelationConfig, "cadc_v_offset_assignment")
    v_offset: UIntArray = cells("Ramp start voltage.", index=CapMemBlockOnHemisphere)
    i_slope: UIntArray = cells("Ramp current (slope).", index=CapMemBlockOnHemisphere)
    i_bias_comparator: UIntArray = cells("Bias of the channel comparators.", index=CapMemBlockOnHemisphere)
    i_bias_vreset_buffer: UIntArray = cells("Bias of the buffer of v_offset.", index=CapMemBlockOnHemisphere)
    v_bias_buffer: UIntArray = cells("Bias of the ramp distribution buffer.", index=CapMemBlockOnHemisphere)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CADCChannels(Record):
    """The 256 channels of one kind (causal or acausal), by column."""

    offset: SIntArray = like(CADCChannelConfig, "offset", index=CADCChannelColumnOnSynram)
    enable_connect_correlation: BoolArray = like(
        ColumnCorrelationRow,
        "enable_internal_causal",
        index=CADCChannelColumnOnSynram,
        meaning=(
            "Connect the channel to the line of the synapse column (needed for correlation and for neuron readout)."
        ),
    )
    enable_connect_debug: BoolArray = like(
        ColumnCorrelationRow,
        "enable_debug_causal",
        index=CADCChannelColumnOnSynram,
        meaning="Connect the channel to the common debug line.",
    )
    enable_connect_neuron: BoolArray = like(
        ColumnCorrelationRow,
        "enable_cadc_neuron_readout_causal",
        index=CADCChannelColumnOnSynram,
        meaning="Connect the line of the column to the neuron's readout amplifier.",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CADCCorrelation(Record):
    """Correlation sensors as far as they concern their readout; arrays: west (0) and east (1) half."""

    sense_delay: int = like(CommonCorrelationConfig, "sense_delay")
    reset_duration: int = like(CommonCorrelationConfig, "reset_duration")
    reset_fall_time: int = like(CommonCorrelationConfig, "reset_fall_time")
    reset_mode: CorrelationResetMode = like(CommonCorrelationConfig, "reset_mode")
    i_bias_ramp: UIntArray = cells("Correlation time constant (lower current = longer).", index=CapMemBlockOnHemisphere)
    i_bias_store: UIntArray = cells(
        "Correlation amplitude (lower current = larger amplitude for a pair).", index=CapMemBlockOnHemisphere
    )
    i_bias_corout: UIntArray = cells(
        "Readout source follower; also the discharge rate of an auto-calibrating reset.", index=CapMemBlockOnHemisphere
    )


_block = 2 * cadc + side


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CADCReadoutChain(Container):
    """CADC of one hemisphere with all channel switches, ramp biases and correlation settings."""

    layout = tree(
        coordinate=CADCOnDLS,
        components={"cadc": CADCOnDLS},
        children=(
            child(CADCConfig, at={"cadc": cadc}, fields=same("enable", "reset_wait", "dead_time", prefix="ramp.")),
            for_each(
                {side: CapMemBlockOnHemisphere.size},
                shared_cell(CapMemCellOnCapMemBlock.cadc_v_ramp_offset, "ramp.v_offset", _block),
                shared_cell(CapMemCellOnCapMemBlock.cadc_i_ramp_slope, "ramp.i_slope", _block),
                shared_cell(CapMemCellOnCapMemBlock.cadc_i_bias_comp, "ramp.i_bias_comparator", _block),
                shared_cell(CapMemCellOnCapMemBlock.cadc_i_bias_vreset_buf, "ramp.i_bias_vreset_buffer", _block),
                shared_cell(CapMemCellOnCapMemBlock.cadc_v_bias_ramp_buf, "ramp.v_bias_buffer", _block),
                shared_cell(CapMemCellOnCapMemBlock.syn_i_bias_ramp, "correlation.i_bias_ramp", _block),
                shared_cell(CapMemCellOnCapMemBlock.syn_i_bias_store, "correlation.i_bias_store", _block),
                shared_cell(CapMemCellOnCapMemBlock.syn_i_bias_corout, "correlation.i_bias_corout", _block),
            ),
            for_each(
                {column: CADCChannelColumnOnSynram.size},
                child(
                    CADCChannelConfig,
                    at={"synram": cadc, "type": int(CADCChannelType.causal), "column": column},
                    fields={"offset": "channels_causal.offset"},
                ),
            ),
            for_each(
                {column: CADCChannelColumnOnSynram.size},
                child(
                    CADCChannelConfig,
                    at={"synram": cadc, "type": int(CADCChannelType.acausal), "column": column},
                    fields={"offset": "channels_acausal.offset"},
                ),
            ),
            child(
                ColumnCorrelationRow,
                at={"row": cadc},
                fields={
                    "enable_internal_causal": "channels_causal.enable_connect_correlation",
                    "enable_internal_acausal": "channels_acausal.enable_connect_correlation",
                    "enable_debug_causal": "channels_causal.enable_connect_debug",
                    "enable_debug_acausal": "channels_acausal.enable_connect_debug",
                    "enable_cadc_neuron_readout_causal": "channels_causal.enable_connect_neuron",
                    "enable_cadc_neuron_readout_acausal": "channels_acausal.enable_connect_neuron",
                },
            ),
            child(
                CommonCorrelationConfig,
                at={"block": cadc},
                fields={
                    **same("sense_delay", "reset_duration", "reset_fall_time", "reset_mode", prefix="correlation."),
                    "cadc_v_offset_assignment": "ramp.v_offset_assignment",
                },
            ),
        ),
    )
    ramp: CADCRamp = part(CADCRamp, "Voltage ramp.")
    channels_causal: CADCChannels = part(CADCChannels, "Causal channels.")
    channels_acausal: CADCChannels = part(CADCChannels, "Acausal channels.")
    correlation: CADCCorrelation = part(CADCCorrelation, "Correlation sensors.")
