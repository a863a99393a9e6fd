"""All synapse drivers of a hemisphere with their buses and shared analog parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hxtwin.containers.capmem_cell import shared_cell
from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import UIntArray, cell, cells, part, parts
from hxtwin.containers.layout import child, for_each, tree
from hxtwin.containers.padi import CommonPADIBusConfig, CommonSTPConfig
from hxtwin.containers.synapse_driver import SynapseDriverConfig
from hxtwin.coord import (
    CapMemBlockOnHemisphere,
    CapMemCellOnCapMemBlock,
    CapMemCellOnDLS,
    SynapseDriverBlockOnDLS,
    SynapseDriverOnSynapseDriverBlock,
)

if TYPE_CHECKING:
    from hxtwin.containers.record import ArrayOf

hemisphere, side, d = variables("hemisphere", "side", "d")

_west_or_east = 2 * hemisphere + side
# the readout and hagen biases exist once for each hemisphere, in its east block; both halves share the place in
# the block
_east = 2 * hemisphere + 1
_READOUT = CapMemCellOnDLS.stp_ibias_readout_top.to_cap_mem_cell_on_cap_mem_block()
_HAGEN = CapMemCellOnDLS.hagen_ibias_dac_top.to_cap_mem_cell_on_cap_mem_block()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapseDriverBlock(Container):
    """All synapse drivers, PADI buses, STP clock and shared analog parameters of a hemisphere.

    Even drivers take the analog parameters of index 0 (west block), odd drivers those of index 1 (east block).
    """

    layout = tree(
        coordinate=SynapseDriverBlockOnDLS,
        components={"hemisphere": SynapseDriverBlockOnDLS},
        children=(
            for_each(
                {d: SynapseDriverOnSynapseDriverBlock.size},
                child(SynapseDriverConfig, at={"block": hemisphere, "driver": d}, of="synapse_drivers"),
            ),
            child(CommonPADIBusConfig, at={"block": hemisphere}, of="padi_bus"),
            child(CommonSTPConfig, at={"block": hemisphere}, of="stp"),
            for_each(
                {side: CapMemBlockOnHemisphere.size},
                shared_cell(CapMemCellOnCapMemBlock.stp_v_charge_0, "stp_v_charge_0", _west_or_east),
                shared_cell(CapMemCellOnCapMemBlock.stp_v_charge_1, "stp_v_charge_1", _west_or_east),
                shared_cell(CapMemCellOnCapMemBlock.stp_v_recover_0, "stp_v_recover_0", _west_or_east),
                shared_cell(CapMemCellOnCapMemBlock.stp_v_recover_1, "stp_v_recover_1", _west_or_east),
                shared_cell(CapMemCellOnCapMemBlock.stp_i_bias_comparator, "stp_i_bias_comparator", _west_or_east),
                shared_cell(CapMemCellOnCapMemBlock.stp_i_ramp, "stp_i_ramp", _west_or_east),
                shared_cell(CapMemCellOnCapMemBlock.stp_i_calib, "stp_i_calib", _west_or_east),
            ),
            shared_cell(_READOUT, "stp_i_bias_readout", _east),
            shared_cell(_HAGEN, "hagen_i_bias_dac", _east),
        ),
    )
    synapse_drivers: ArrayOf[SynapseDriverConfig] = parts(
        SynapseDriverConfig, "Synapse drivers.", index=SynapseDriverOnSynapseDriverBlock
    )
    padi_bus: CommonPADIBusConfig = part(CommonPADIBusConfig, "PADI buses.")
    stp: CommonSTPConfig = part(CommonSTPConfig, "Clock of short-term plasticity.")
    stp_v_charge_0: UIntArray = cells("Charge voltage of STP, voltage set 0.", index=CapMemBlockOnHemisphere)
    stp_v_charge_1: UIntArray = cells("Charge voltage of STP, voltage set 1.", index=CapMemBlockOnHemisphere)
    stp_v_recover_0: UIntArray = cells("Recovery voltage of STP, voltage set 0.", index=CapMemBlockOnHemisphere)
    stp_v_recover_1: UIntArray = cells("Recovery voltage of STP, voltage set 1.", index=CapMemBlockOnHemisphere)
    stp_i_bias_comparator: UIntArray = cells("Bias of the pulse width comparator.", index=CapMemBlockOnHemisphere)
    stp_i_ramp: UIntArray = cells("Current of the pulse width ramp.", index=CapMemBlockOnHemisphere)
    stp_i_calib: UIntArray = cells("Current of the driver offset trim.", index=CapMemBlockOnHemisphere)
    stp_i_bias_readout: int = cell("Bias of the STP voltage readout.")
    hagen_i_bias_dac: int = cell("Bias of the DAC for activations in multiply-accumulate mode.")
