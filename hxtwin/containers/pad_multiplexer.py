"""Analog multiplexers in front of the two readout pads."""

from __future__ import annotations

import attrs

from hxtwin.containers.bits import along, at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, variables
from hxtwin.containers.fields import BoolArray, flag, flags
from hxtwin.containers.layout import leaf
from hxtwin.coord import (
    CapMemBlockOnDLS,
    HemisphereOnDLS,
    PadMultiplexerConfigOnDLS,
    SourceMultiplexerOnReadoutSourceSelection,
)

(pad,) = variables("pad")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PadMultiplexerConfig(Container):
    """Top-level analog multiplexer in front of one of the two readout pads."""

    layout = leaf(
        coordinate=PadMultiplexerConfigOnDLS,
        components={"pad": PadMultiplexerConfigOnDLS},
        words=2,
        address=0xC000E + 2 * pad + WORD,
        notes="16-bit registers; decode masks with 0xffff. Registers 14..17 of the readout register file.",
    )
    cadc_v_ramp_mux: BoolArray = flags(
        "Select CADC ramp voltage of quadrant i.", along(at(0, 3), 4, -1), index=CapMemBlockOnDLS
    )
    cadc_v_ramp_mux_to_pad: bool = flag("Connect that mux to the pad.", at(0, 4))
    capmem_i_out_mux: BoolArray = flags(
        "Select CapMem current debug output of quadrant i.", along(at(0, 8), 4, -1), index=CapMemBlockOnDLS
    )
    capmem_i_out_mux_to_capmem_intermediate_mux: bool = flag("Connect to the CapMem intermediate mux.", at(0, 9))
    capmem_intermediate_mux_to_pad: bool = flag("Connect the CapMem intermediate mux to the pad.", at(0, 10))
    capmem_v_out_mux: BoolArray = flags(
        "Select CapMem voltage debug output of quadrant i.", along(at(0, 14), 4, -1), index=CapMemBlockOnDLS
    )
    capmem_v_out_mux_to_capmem_intermediate_mux: bool = flag("Connect to the CapMem intermediate mux.", at(0, 15))
    capmem_v_ref_mux: BoolArray = flags(
        "Select CapMem reference voltage of quadrant i.", along(at(1, 3), 4, -1), index=CapMemBlockOnDLS
    )
    capmem_v_ref_mux_to_capmem_intermediate_mux: bool = flag("Connect to the CapMem intermediate mux.", at(1, 4))
    neuron_i_stim_mux: BoolArray = flags(
        "Select the unbuffered neuron line (i_stim) of the top/bottom hemisphere.",
        along(at(1, 5), 2, 1),
        index=HemisphereOnDLS,
    )
    cadc_debug_causal_to_synapse_intermediate_mux: bool = flag("Connect the causal CADC debug line.", at(1, 7))
    cadc_debug_acausal_to_synapse_intermediate_mux: bool = flag("Connect the acausal CADC debug line.", at(1, 8))
    synin_debug_inhibitory_to_synapse_intermediate_mux: bool = flag(
        "Connect the inhibitory synaptic input debug line.", at(1, 9)
    )
    synin_debug_excitatory_to_synapse_intermediate_mux: bool = flag(
        "Connect the excitatory synaptic input debug line.", at(1, 10)
    )
    synapse_intermediate_mux_to_pad: bool = flag("Connect the synapse intermediate mux to the pad.", at(1, 11))
    buffer_to_pad: BoolArray = flags(
        "Connect readout buffer i to the pad (note: buffer 0 is the higher bit).",
        along(at(1, 13), 2, -1),
        index=SourceMultiplexerOnReadoutSourceSelection,
    )
    debug_to_pad: bool = flag("Connect a debug line: pad 0 gets debug_plus, pad 1 gets debug_minus.", at(1, 14))
    neuron_i_stim_mux_to_pad: bool = flag("Connect neuron_i_stim_mux to the pad.", at(1, 15))
