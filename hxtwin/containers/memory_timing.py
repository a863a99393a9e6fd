"""All SRAM timing settings of the chip: what the bring-up writes before anything else is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import parts
from hxtwin.containers.layout import child, for_each, tree
from hxtwin.containers.sram_timing import (
    CADCOffsetSRAMTimingConfig,
    CapMemSRAMTimingConfig,
    NeuronBackendSRAMTimingConfig,
    NeuronSRAMTimingConfig,
    SynapseDriverSRAMTimingConfig,
)
from hxtwin.containers.synram import CommonSynramConfig
from hxtwin.coord import (
    CADCOffsetSRAMTimingConfigOnDLS,
    CapMemSRAMTimingConfigOnDLS,
    CommonSynramConfigOnDLS,
    MemoryTimingOnDLS,
    NeuronBackendSRAMTimingConfigOnDLS,
    NeuronSRAMTimingConfigOnDLS,
    SynapseDriverSRAMTimingConfigOnDLS,
)

if TYPE_CHECKING:
    from hxtwin.containers.record import ArrayOf

i = variables("i")[0]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MemoryTiming(Container):
    """All SRAM timing settings of the chip."""

    layout = tree(
        coordinate=MemoryTimingOnDLS,
        children=(
            for_each(
                {i: CapMemSRAMTimingConfigOnDLS.size}, child(CapMemSRAMTimingConfig, at={"block": i}, of="capmem")
            ),
            for_each(
                {i: CADCOffsetSRAMTimingConfigOnDLS.size},
                child(CADCOffsetSRAMTimingConfig, at={"block": i}, of="cadc_offset"),
            ),
            for_each(
                {i: SynapseDriverSRAMTimingConfigOnDLS.size},
                child(SynapseDriverSRAMTimingConfig, at={"block": i}, of="synapse_driver"),
            ),
            for_each(
                {i: NeuronSRAMTimingConfigOnDLS.size}, child(NeuronSRAMTimingConfig, at={"block": i}, of="neuron")
            ),
            for_each(
                {i: NeuronBackendSRAMTimingConfigOnDLS.size},
                child(NeuronBackendSRAMTimingConfig, at={"block": i}, of="neuron_backend"),
            ),
            for_each({i: CommonSynramConfigOnDLS.size}, child(CommonSynramConfig, at={"synram": i}, of="synram")),
        ),
    )
    capmem: ArrayOf[CapMemSRAMTimingConfig] = parts(
        CapMemSRAMTimingConfig, "Analog parameter memory.", index=CapMemSRAMTimingConfigOnDLS
    )
    cadc_offset: ArrayOf[CADCOffsetSRAMTimingConfig] = parts(
        CADCOffsetSRAMTimingConfig, "Offsets of the CADC channels.", index=CADCOffsetSRAMTimingConfigOnDLS
    )
    synapse_driver: ArrayOf[SynapseDriverSRAMTimingConfig] = parts(
        SynapseDriverSRAMTimingConfig, "Synapse drivers.", index=SynapseDriverSRAMTimingConfigOnDLS
    )
    neuron: ArrayOf[NeuronSRAMTimingConfig] = parts(
        NeuronSRAMTimingConfig, "Neuron switches.", index=NeuronSRAMTimingConfigOnDLS
    )
    neuron_backend: ArrayOf[NeuronBackendSRAMTimingConfig] = parts(
        NeuronBackendSRAMTimingConfig, "Neuron backends.", index=NeuronBackendSRAMTimingConfigOnDLS
    )
    synram: ArrayOf[CommonSynramConfig] = parts(CommonSynramConfig, "Synapse arrays.", index=CommonSynramConfigOnDLS)
