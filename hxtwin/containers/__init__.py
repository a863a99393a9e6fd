"""Containers: what a word of the chip or its FPGA means.

A container class declares its fields once - range, default, bits, meaning - and where it lives. Encoding, decoding,
checks,
serialisation and documentation follow from that declaration::

    >>> from hxtwin import containers, coord
    >>> config = containers.CADCConfig(enable=True, reset_wait=22)
    >>> [hex(word) for word in config.encode()]
    ['0x14161']
    >>> [hex(address) for address in containers.CADCConfig.write_addresses(coord.CADCConfigOnDLS.bottom)]
    ['0x3401000']
    >>> containers.CADCConfig.decode([0x14161]) == config
    True

==============================  ==============================================================================
``c.encode()``                  words of a write; ``C.decode(words)`` back
``C.write_addresses(at)``       where the words go; ``C.read_addresses(at)`` where they are read
``attrs.evolve(c, field=...)``  a changed copy; ``c.with_columns({"path.to.field": ...})`` deep inside a tree
`difference`                    words that must be written to get from one configuration to another
`diff`                          changed fields for people
`to_bytes`, `from_bytes`        serialised form
`types`, `by_name`              all container classes
==============================  ==============================================================================
"""

from __future__ import annotations

from hxtwin.containers.atomic_neuron import (
    NEURON_CELLS,
    Adaptation,
    AnalogOutput,
    AtomicNeuron,
    Bayesian,
    BayesianOperation,
    ConstantCurrent,
    ConstantCurrentType,
    EventRouting,
    Exponential,
    Leak,
    MembraneCapacitance,
    MultiCompartment,
    Readout,
    RefractoryPeriod,
    Reset,
    SynapticInput,
    Threshold,
)
from hxtwin.containers.background import BackgroundSpikeSource
from hxtwin.containers.barrier import Barrier, PollingOmnibusBlock, PollingOmnibusBlockConfig
from hxtwin.containers.base_board_dac import DAC6573ChannelConfig
from hxtwin.containers.board_dac import DACChannel, DACChannelBlock, DACControl, DACControlBlock
from hxtwin.containers.cadc import CADCChannelConfig, CADCConfig, CADCSampleQuad
from hxtwin.containers.cadc_readout_chain import CADCChannels, CADCCorrelation, CADCRamp, CADCReadoutChain
from hxtwin.containers.cadc_samples import CADCSampleRow, CADCSamples
from hxtwin.containers.capmem import CapMem, CapMemBlock
from hxtwin.containers.capmem_block_config import CapMemBlockConfig, CapMemDebugCell, CapMemIOutSelect, CapMemVRefSelect
from hxtwin.containers.capmem_cell import CapMemCell
from hxtwin.containers.chip import Chip, ChipAndMultichipJboaLeafFPGA, ChipAndSinglechipFPGA
from hxtwin.containers.column_row import ColumnCorrelationRow, ColumnCurrentRow, CorrelationResetRow
from hxtwin.containers.column_switches import ColumnCorrelationQuad, ColumnCurrentQuad
from hxtwin.containers.container import Container, by_name, types
from hxtwin.containers.correlation import CommonCorrelationConfig, CorrelationReset, CorrelationResetMode
from hxtwin.containers.crossbar import (
    Crossbar,
    CrossbarInputDropCounter,
    CrossbarNode,
    CrossbarOutputConfig,
    CrossbarOutputEventCounter,
)
from hxtwin.containers.current_dac import CurrentDAC, CurrentSign
from hxtwin.containers.difference import Changes, FieldChange, Writes, diff, difference
from hxtwin.containers.errors import (
    AccessError,
    ContainerError,
    CoordinateMismatchError,
    DecodeError,
    FieldRangeError,
    FieldShapeError,
    FieldTypeError,
    MorphologyError,
    ProgramFileError,
    UnknownFieldError,
)
from hxtwin.containers.event_record import (
    MADC_SAMPLE_FROM_CHIP,
    SPIKE_FROM_CHIP,
    HighspeedLinkNotification,
    MADCSampleFromChip,
    SpikeFromChip,
)
from hxtwin.containers.explain import FieldValue, Meaning, explain
from hxtwin.containers.external_memory import (
    ExternalPPUDRAMMemoryByte,
    ExternalPPUDRAMMemoryQuad,
    ExternalPPUMemoryByte,
    ExternalPPUMemoryQuad,
)
from hxtwin.containers.external_memory_block import (
    ExternalPPUDRAMMemoryBlock,
    ExternalPPUMemory,
    ExternalPPUMemoryBlock,
)
from hxtwin.containers.fields import DISABLE_REFRESH
from hxtwin.containers.fpga_registers import (
    EventRecordingConfig,
    FPGADeviceDNA,
    InstructionTimeoutConfig,
    SystimeCorrectionBarrierConfig,
)
from hxtwin.containers.fpga_systime import (
    FPGASystimeSyncActiveState,
    FPGASystimeSyncLastAsicSystime,
    FPGASystimeSyncLastRTT,
    FPGASystimeSyncNumRetries,
)
from hxtwin.containers.i2c_multiplexer import TCA9546ChannelConfig
from hxtwin.containers.io_expander import TCA9554Config, TCA9554Inputs
from hxtwin.containers.jtag import JTAGClockScaler, JTAGIdCode, ResetJTAGTap
from hxtwin.containers.layout import Backend, Layout, Target
from hxtwin.containers.link_status import HicannARQStatus, PerfTest, PerfTestStatus
from hxtwin.containers.logical_neuron import LogicalNeuron
from hxtwin.containers.madc import MADCConfig, MADCControl
from hxtwin.containers.memory_timing import MemoryTiming
from hxtwin.containers.morphology import Morphology
from hxtwin.containers.morphology_circuit import MorphologyCircuit
from hxtwin.containers.neuron_backend import CommonNeuronBackendConfig, NeuronBackendConfig, RefractoryClock
from hxtwin.containers.neuron_block import NeuronBlock
from hxtwin.containers.neuron_config import NeuronConfig, NeuronReadoutSource
from hxtwin.containers.neuron_reset import BlockPostPulse, NeuronReset, NeuronResetQuad
from hxtwin.containers.null_payload import NullPayloadReadable
from hxtwin.containers.pad_multiplexer import PadMultiplexerConfig
from hxtwin.containers.padi import CommonPADIBusConfig, CommonSTPConfig, PADIEvent
from hxtwin.containers.phy import CommonPhyConfigChip, CommonPhyConfigFPGA, PhyConfigChip, PhyConfigFPGA, PhyStatus
from hxtwin.containers.pll import (
    ADPLL,
    ADPLLOutput,
    ClockOutput,
    PLLClockOutputBlock,
    PLLSelfTest,
    PLLSelfTestStatus,
    SPL1ClockSource,
)
from hxtwin.containers.potentiometer import AD5252ChannelConfig, AD5252ChannelConfigPersistent
from hxtwin.containers.power_monitor import INA219AdcMode, INA219Config, INA219Status
from hxtwin.containers.ppu_memory import PPUMemory, PPUMemoryBlock, PPUMemoryWord
from hxtwin.containers.ppu_program import PPUElfFile, PPUProgram, SymbolType
from hxtwin.containers.ppu_registers import PPUControlRegister, PPUStatusRegister
from hxtwin.containers.readout_chain import (
    MADC,
    BufferToPad,
    DynamicMux,
    MADCDebugCrossbar,
    MADCInputCrossbar,
    MADCPreamp,
    PseudoDifferentialConverter,
    ReadoutChain,
    ReadoutCurrentDAC,
    SourceMeasureUnit,
)
from hxtwin.containers.readout_source import ReadoutSourceSelection, SourceMultiplexer
from hxtwin.containers.record import ArrayOf, Columns, Record
from hxtwin.containers.reference_generator import ReferenceGeneratorConfig
from hxtwin.containers.reset_chip import ResetChip
from hxtwin.containers.routing_table import (
    InputRoutingTable,
    InputRoutingTableEntry,
    MultichipJboaLeafFPGA,
    OutputRoutingTable,
    OutputRoutingTableEntry,
)
from hxtwin.containers.serialization import converter, from_bytes, to_bytes
from hxtwin.containers.shift_register import (
    AnalogReadoutMux1Input,
    AnalogReadoutMux2Input,
    AnalogReadoutMux3Input,
    ShiftRegister,
)
from hxtwin.containers.spike_counter import SpikeCounterRead, SpikeCounterReset
from hxtwin.containers.spike_pack import SpikePack1ToChip, SpikePack2ToChip, SpikePack3ToChip
from hxtwin.containers.spikeio import SinglechipFPGA, SpikeIOConfig, SpikeIOInputRoute, SpikeIOOutputRoute
from hxtwin.containers.sram_timing import (
    CADCOffsetSRAMTimingConfig,
    CapMemSRAMTimingConfig,
    NeuronBackendSRAMTimingConfig,
    NeuronSRAMTimingConfig,
    SynapseDriverSRAMTimingConfig,
)
from hxtwin.containers.synapse_driver import SynapseDriverConfig, SynapseRowMode
from hxtwin.containers.synapse_driver_block import SynapseDriverBlock
from hxtwin.containers.synapse_matrix import (
    SynapseBlock,
    SynapseCorrelationCalibMatrix,
    SynapseLabelMatrix,
    SynapseMatrix,
    SynapseWeightMatrix,
)
from hxtwin.containers.synapse_quad import SynapseCorrelationCalibQuad, SynapseLabelQuad, SynapseQuad, SynapseWeightQuad
from hxtwin.containers.synapse_row import SynapseCorrelationCalibRow, SynapseLabelRow, SynapseRow, SynapseWeightRow
from hxtwin.containers.synram import CommonSynramConfig, SynapseBiasSelection
from hxtwin.containers.systime import SystimeSync, SystimeSyncBase
from hxtwin.containers.temperature_sensor import TMP112Status
from hxtwin.containers.timer import Timer, TimerValue

__all__ = [
    "ADPLL",
    "DISABLE_REFRESH",
    "MADC",
    "MADC_SAMPLE_FROM_CHIP",
    "NEURON_CELLS",
    "SPIKE_FROM_CHIP",
    "AD5252ChannelConfig",
    "AD5252ChannelConfigPersistent",
    "ADPLLOutput",
    "AccessError",
    "Adaptation",
    "AnalogOutput",
    "AnalogReadoutMux1Input",
    "AnalogReadoutMux2Input",
    "AnalogReadoutMux3Input",
    "ArrayOf",
    "AtomicNeuron",
    "Backend",
    "BackgroundSpikeSource",
    "Barrier",
    "Bayesian",
    "BayesianOperation",
    "BlockPostPulse",
    "BufferToPad",
    "CADCChannelConfig",
    "CADCChannels",
    "CADCConfig",
    "CADCCorrelation",
    "CADCOffsetSRAMTimingConfig",
    "CADCRamp",
    "CADCReadoutChain",
    "CADCSampleQuad",
    "CADCSampleRow",
    "CADCSamples",
    "CapMem",
    "CapMemBlock",
    "CapMemBlockConfig",
    "CapMemCell",
    "CapMemDebugCell",
    "CapMemIOutSelect",
    "CapMemSRAMTimingConfig",
    "CapMemVRefSelect",
    "Changes",
    "Chip",
    "ChipAndMultichipJboaLeafFPGA",
    "ChipAndSinglechipFPGA",
    "ClockOutput",
    "ColumnCorrelationQuad",
    "ColumnCorrelationRow",
    "ColumnCurrentQuad",
    "ColumnCurrentRow",
    "Columns",
    "CommonCorrelationConfig",
    "CommonNeuronBackendConfig",
    "CommonPADIBusConfig",
    "CommonPhyConfigChip",
    "CommonPhyConfigFPGA",
    "CommonSTPConfig",
    "CommonSynramConfig",
    "ConstantCurrent",
    "ConstantCurrentType",
    "Container",
    "ContainerError",
    "CoordinateMismatchError",
    "CorrelationReset",
    "CorrelationResetMode",
    "CorrelationResetRow",
    "Crossbar",
    "CrossbarInputDropCounter",
    "CrossbarNode",
    "CrossbarOutputConfig",
    "CrossbarOutputEventCounter",
    "CurrentDAC",
    "CurrentSign",
    "DAC6573ChannelConfig",
    "DACChannel",
    "DACChannelBlock",
    "DACControl",
    "DACControlBlock",
    "DecodeError",
    "DynamicMux",
    "EventRecordingConfig",
    "EventRouting",
    "Exponential",
    "ExternalPPUDRAMMemoryBlock",
    "ExternalPPUDRAMMemoryByte",
    "ExternalPPUDRAMMemoryQuad",
    "ExternalPPUMemory",
    "ExternalPPUMemoryBlock",
    "ExternalPPUMemoryByte",
    "ExternalPPUMemoryQuad",
    "FPGADeviceDNA",
    "FPGASystimeSyncActiveState",
    "FPGASystimeSyncLastAsicSystime",
    "FPGASystimeSyncLastRTT",
    "FPGASystimeSyncNumRetries",
    "FieldChange",
    "FieldRangeError",
    "FieldShapeError",
    "FieldTypeError",
    "FieldValue",
    "HicannARQStatus",
    "HighspeedLinkNotification",
    "INA219AdcMode",
    "INA219Config",
    "INA219Status",
    "InputRoutingTable",
    "InputRoutingTableEntry",
    "InstructionTimeoutConfig",
    "JTAGClockScaler",
    "JTAGIdCode",
    "Layout",
    "Leak",
    "LogicalNeuron",
    "MADCConfig",
    "MADCControl",
    "MADCDebugCrossbar",
    "MADCInputCrossbar",
    "MADCPreamp",
    "MADCSampleFromChip",
    "Meaning",
    "MembraneCapacitance",
    "MemoryTiming",
    "Morphology",
    "MorphologyCircuit",
    "MorphologyError",
    "MultiCompartment",
    "MultichipJboaLeafFPGA",
    "NeuronBackendConfig",
    "NeuronBackendSRAMTimingConfig",
    "NeuronBlock",
    "NeuronConfig",
    "NeuronReadoutSource",
    "NeuronReset",
    "NeuronResetQuad",
    "NeuronSRAMTimingConfig",
    "NullPayloadReadable",
    "OutputRoutingTable",
    "OutputRoutingTableEntry",
    "PADIEvent",
    "PLLClockOutputBlock",
    "PLLSelfTest",
    "PLLSelfTestStatus",
    "PPUControlRegister",
    "PPUElfFile",
    "PPUMemory",
    "PPUMemoryBlock",
    "PPUMemoryWord",
    "PPUProgram",
    "PPUStatusRegister",
    "PadMultiplexerConfig",
    "PerfTest",
    "PerfTestStatus",
    "PhyConfigChip",
    "PhyConfigFPGA",
    "PhyStatus",
    "PollingOmnibusBlock",
    "PollingOmnibusBlockConfig",
    "ProgramFileError",
    "PseudoDifferentialConverter",
    "Readout",
    "ReadoutChain",
    "ReadoutCurrentDAC",
    "ReadoutSourceSelection",
    "Record",
    "ReferenceGeneratorConfig",
    "RefractoryClock",
    "RefractoryPeriod",
    "Reset",
    "ResetChip",
    "ResetJTAGTap",
    "SPL1ClockSource",
    "ShiftRegister",
    "SinglechipFPGA",
    "SourceMeasureUnit",
    "SourceMultiplexer",
    "SpikeCounterRead",
    "SpikeCounterReset",
    "SpikeFromChip",
    "SpikeIOConfig",
    "SpikeIOInputRoute",
    "SpikeIOOutputRoute",
    "SpikePack1ToChip",
    "SpikePack2ToChip",
    "SpikePack3ToChip",
    "SymbolType",
    "SynapseBiasSelection",
    "SynapseBlock",
    "SynapseCorrelationCalibMatrix",
    "SynapseCorrelationCalibQuad",
    "SynapseCorrelationCalibRow",
    "SynapseDriverBlock",
    "SynapseDriverConfig",
    "SynapseDriverSRAMTimingConfig",
    "SynapseLabelMatrix",
    "SynapseLabelQuad",
    "SynapseLabelRow",
    "SynapseMatrix",
    "SynapseQuad",
    "SynapseRow",
    "SynapseRowMode",
    "SynapseWeightMatrix",
    "SynapseWeightQuad",
    "SynapseWeightRow",
    "SynapticInput",
    "SystimeCorrectionBarrierConfig",
    "SystimeSync",
    "SystimeSyncBase",
    "TCA9546ChannelConfig",
    "TCA9554Config",
    "TCA9554Inputs",
    "TMP112Status",
    "Target",
    "Threshold",
    "Timer",
    "TimerValue",
    "UnknownFieldError",
    "Writes",
    "by_name",
    "converter",
    "diff",
    "difference",
    "explain",
    "from_bytes",
    "to_bytes",
    "types",
]
