"""The whole static configuration of a chip, and of a chip with its FPGA.

A `Chip` is what is written before an experiment: 126 842 words. Not in it: memory timings, PLL, links, control
registers of the
embedded processors, DRAM, and the routing of the FPGA.
"""

from __future__ import annotations

import attrs

from hxtwin.containers.background import BackgroundSpikeSource
from hxtwin.containers.cadc_readout_chain import CADCReadoutChain
from hxtwin.containers.capmem import CapMem
from hxtwin.containers.container import Container
from hxtwin.containers.crossbar import Crossbar
from hxtwin.containers.expression import variables
from hxtwin.containers.external_memory_block import ExternalPPUMemory
from hxtwin.containers.fields import part, parts
from hxtwin.containers.layout import Backend, child, for_each, tree
from hxtwin.containers.neuron_block import NeuronBlock
from hxtwin.containers.padi import CommonPADIBusConfig
from hxtwin.containers.ppu_memory import PPUMemory
from hxtwin.containers.readout_chain import ReadoutChain
from hxtwin.containers.record import ArrayOf, schema
from hxtwin.containers.routing_table import MultichipJboaLeafFPGA
from hxtwin.containers.spikeio import SinglechipFPGA
from hxtwin.containers.synapse_driver_block import SynapseDriverBlock
from hxtwin.containers.synapse_matrix import SynapseBlock
from hxtwin.coord import (
    BackgroundSpikeSourceOnDLS,
    CADCOnDLS,
    ChipAndMultichipJboaLeafFPGAOnSystem,
    ChipAndSinglechipFPGAOnSystem,
    ChipOnDLS,
    PPUMemoryOnDLS,
    SynapseBlockOnDLS,
    SynapseDriverBlockOnDLS,
)

(i,) = variables("i")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Chip(Container):
    """Complete static configuration of one chip (what is written before an experiment).

    By default it is silent, apart from the crossbar, which passes every event.
    """

    layout = tree(
        coordinate=ChipOnDLS,
        backends=(Backend.OMNIBUS_CHIP,),
        differential=True,
        children=(
            child(Crossbar, of="crossbar"),
            for_each(
                {i: BackgroundSpikeSourceOnDLS.size},
                child(BackgroundSpikeSource, at={"source": i}, of="background_spike_sources"),
            ),
            child(CapMem, of="capmem"),
            for_each(
                {i: SynapseDriverBlockOnDLS.size},
                child(SynapseDriverBlock, at={"hemisphere": i}, of="synapse_driver_blocks"),
            ),
            for_each({i: SynapseBlockOnDLS.size}, child(SynapseBlock, at={"hemisphere": i}, of="synapse_blocks")),
            child(NeuronBlock, of="neuron_block"),
            for_each({i: CADCOnDLS.size}, child(CADCReadoutChain, at={"cadc": i}, of="cadc_readout_chains")),
            child(ReadoutChain, of="readout_chain"),
            for_each({i: PPUMemoryOnDLS.size}, child(PPUMemory, at={"ppu": i}, of="ppu_memory")),
            child(ExternalPPUMemory, of="external_ppu_memory"),
        ),
        notes="The last member lies on the FPGA although it belongs to the chip.",
    )
    crossbar: Crossbar = part(Crossbar, "Event routing.")
    background_spike_sources: ArrayOf[BackgroundSpikeSource] = parts(
        BackgroundSpikeSource, "Background sources.", index=BackgroundSpikeSourceOnDLS
    )
    capmem: CapMem = part(CapMem, "CapMem controllers and the cells that no other member owns.")
    synapse_driver_blocks: ArrayOf[SynapseDriverBlock] = parts(
        SynapseDriverBlock, "Synapse drivers of the hemispheres.", index=SynapseDriverBlockOnDLS
    )
    synapse_blocks: ArrayOf[SynapseBlock] = parts(SynapseBlock, "Synapses of the hemispheres.", index=SynapseBlockOnDLS)
    neuron_block: NeuronBlock = part(NeuronBlock, "Neurons.")
    cadc_readout_chains: ArrayOf[CADCReadoutChain] = parts(
        CADCReadoutChain, "Column ADCs of the hemispheres.", index=CADCOnDLS
    )
    readout_chain: ReadoutChain = part(ReadoutChain, "Membrane ADC and analog routing.")
    ppu_memory: ArrayOf[PPUMemory] = parts(PPUMemory, "Memories of the embedded processors.", index=PPUMemoryOnDLS)
    external_ppu_memory: ExternalPPUMemory = part(ExternalPPUMemory, "SRAM memory on the FPGA.")

    @classmethod
    def default_neuron_bypass(cls) -> Chip:
        """A chip whose neurons pass synaptic events straight to their fire output.

        All comparators off, both bypasses on, longest pulses on all PADI buses. The analog output stays off: set it to
        let the neurons fire (reference: containers-a.md 3.2).
        """
        extension = next(c.spec for c in schema(CommonPADIBusConfig) if c.path == "dacen_pulse_extension")
        neurons = NeuronBlock().atomic_neurons
        on = [1] * len(neurons)
        bypass = {"event_routing.enable_bypass_excitatory": on, "event_routing.enable_bypass_inhibitory": on}
        drivers = cls().synapse_driver_blocks
        longest = [[extension.maximum] * extension.shape[0]] * len(drivers)
        return cls(
            neuron_block=NeuronBlock(atomic_neurons=neurons.with_columns(bypass)),
            synapse_driver_blocks=drivers.with_columns({"padi_bus.dacen_pulse_extension": longest}),
        )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ChipAndSinglechipFPGA(Container):
    """System of one chip and its FPGA; the FPGA is written first."""

    layout = tree(
        coordinate=ChipAndSinglechipFPGAOnSystem,
        backends=(Backend.OMNIBUS_CHIP,),
        children=(child(SinglechipFPGA, of="fpga"), child(Chip, of="chip")),
    )
    chip: Chip = part(Chip, "Chip.")
    fpga: SinglechipFPGA = part(SinglechipFPGA, "FPGA.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ChipAndMultichipJboaLeafFPGA(Container):
    """System of one chip of a multi-chip set-up and its FPGA; the FPGA is written first."""

    layout = tree(
        coordinate=ChipAndMultichipJboaLeafFPGAOnSystem,
        backends=(Backend.OMNIBUS_CHIP,),
        children=(child(MultichipJboaLeafFPGA, of="fpga"), child(Chip, of="chip")),
    )
    chip: Chip = part(Chip, "Chip.")
    fpga: MultichipJboaLeafFPGA = part(MultichipJboaLeafFPGA, "FPGA.")
