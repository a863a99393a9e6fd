"""Digital switches of the analog neuron circuits: eight SRAM bytes for each neuron, the first two unused.

Blocks count the quadrants: 0 north-west, 1 north-east, 2 south-west, 3 south-east; the neuron is the column in the
quadrant.
"""

from __future__ import annotations

from enum import IntEnum

import attrs

from hxtwin.containers.bits import at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, variables
from hxtwin.containers.fields import choice, flag, uint
from hxtwin.containers.layout import Target, leaf
from hxtwin.coord import NeuronConfigBlockOnDLS, NeuronConfigOnDLS, NeuronConfigOnNeuronConfigBlock

block, neuron = variables("block", "neuron")


class NeuronReadoutSource(IntEnum):
    """Voltage selected by the neuron's readout multiplexer (buffered and unbuffered path)."""

    MEMBRANE = 0
    EXC_SYNIN = 1
    INH_SYNIN = 2
    ADAPTATION = 3


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NeuronConfig(Container):
    """Digital switches of one analog neuron circuit (8 SRAM bytes, the first two unused)."""

    layout = leaf(
        coordinate=NeuronConfigOnDLS,
        components={"block": NeuronConfigBlockOnDLS, "neuron": NeuronConfigOnNeuronConfigBlock},
        words=6,
        address=0x160000 + 0x8000 * block + 8 * neuron + 2 + WORD,
        differential=True,
        refuses_reads_on=(Target.SIMULATION,),
        notes=(
            "SRAM of 8-bit words: only bits 0..7 of every word exist; the chip ignores bits 8..31 "
            "(inferred). Each neuron owns 8 consecutive addresses; offsets 0 and 1 are unused, offsets 2..7 "
            "carry container words 0..5. block order: 0 north-west, 1 north-east, 2 south-west, 3 south- "
            "east. block = row*2 + column//128, neuron = column%128."
        ),
    )
    enable_reset_degeneration: bool = flag(
        "Source degeneration of the shared leak/reset transconductor while it acts as reset element.", at(0, 0)
    )
    enable_reset_division: bool = flag("Divide the reset conductance by 8.", at(0, 1))
    enable_reset_multiplication: bool = flag("Multiply the reset conductance by 8.", at(0, 2))
    enable_leak_degeneration: bool = flag(
        "Source degeneration of the leak/reset transconductor while it acts as leak.", at(0, 3)
    )
    enable_leak_division: bool = flag("Divide the leak conductance by 8.", at(0, 4))
    enable_leak_multiplication: bool = flag("Multiply the leak conductance by 8.", at(0, 5))
    enable_strong_fire: bool = flag("Stronger drive of the analog fire pulse towards the digital backend.", at(0, 6))
    enable_synaptic_input_inhibitory_coba_mode: bool = flag(
        "Inhibitory synaptic input: 0 current based (CUBA), 1 conductance based (COBA).", at(1, 1)
    )
    enable_synaptic_input_excitatory_coba_mode: bool = flag(
        "Excitatory synaptic input: 0 current based (CUBA), 1 conductance based (COBA).", at(1, 2)
    )
    enable_unbuffered_access: bool = flag(
        "Connect the readout source multiplexer output directly (no amplifier) to the hemisphere's shared "
        "stimulus/unbuffered line (i_stim).",
        at(1, 3),
    )
    enable_readout_amplifier: bool = flag(
        "Power the per-neuron readout amplifier (needed for CADC and for buffered readout; also biases the "
        "source follower used when a synaptic input is the source).",
        at(1, 4),
    )
    readout_source: NeuronReadoutSource = choice(
        "Voltage selected by the neuron's readout multiplexer (buffered and unbuffered path).",
        at(1, 5, 2),
        of=NeuronReadoutSource,
    )
    enable_readout: bool = flag(
        "Connect the amplifier output to the shared (even/odd column, per hemisphere) readout line. At most "
        "one neuron per line.",
        at(1, 7),
    )
    invert_adaptation_b: bool = flag("Flip the sign of the spike-triggered adaptation current b.", at(2, 0))
    invert_adaptation_a: bool = flag("Flip the sign of the sub-threshold adaptation a.", at(2, 1))
    enable_adaptation: bool = flag("Connect the adaptation current to the membrane.", at(2, 2))
    enable_exponential: bool = flag("Enable the exponential term.", at(2, 3))
    enable_synaptic_input_inhibitory_small_capacitance: bool = flag(
        "Inhibitory input: detach the line capacitor, only parasitic capacitance remains (shorter synaptic "
        "time constant).",
        at(2, 4),
    )
    enable_synaptic_input_excitatory_small_capacitance: bool = flag(
        "Excitatory input: detach the line capacitor, only parasitic capacitance remains (shorter synaptic "
        "time constant).",
        at(2, 5),
    )
    enable_synaptic_input_inhibitory_high_resistance: bool = flag(
        "Inhibitory input: high-resistance mode (longer synaptic time constant).", at(2, 6)
    )
    enable_synaptic_input_excitatory_high_resistance: bool = flag(
        "Excitatory input: high-resistance mode (longer synaptic time constant).", at(2, 7)
    )
    enable_membrane_offset: bool = flag(
        "Connect the constant offset current (CapMem row i_mem_offset) to the membrane; usable as step current.",
        at(3, 0),
    )
    membrane_capacitor_size: int = uint(
        "Membrane capacitance setting; full scale (63) is about 2.3 pF, linear in the code (linearity inferred).",
        at(3, 2, 6),
        maximum=63,
        unit="2.3 pF / 63",
    )
    invert_membrane_offset: bool = flag(
        "Sign of the offset current: 0 source onto the membrane, 1 sink from it.", at(4, 0)
    )
    enable_fire: bool = flag("Enable the neuron's fire output; also gates the bypass circuits.", at(4, 2))
    enable_threshold_comparator: bool = flag("Enable the spike threshold comparator.", at(4, 3))
    enable_synaptic_input_inhibitory: bool = flag("Enable the inhibitory synaptic input.", at(4, 4))
    enable_synaptic_input_excitatory: bool = flag("Enable the excitatory synaptic input.", at(4, 5))
    enable_bypass_inhibitory: bool = flag(
        "Inhibitory bypass: synaptic input events trigger the fire output directly.", at(4, 6)
    )
    enable_bypass_excitatory: bool = flag(
        "Excitatory bypass: synaptic input events trigger the fire output directly.", at(4, 7)
    )
    connect_soma_right: bool = flag(
        "Connect this neuron's segment of the somatic line to the segment of the right neighbour.", at(5, 0)
    )
    connect_bottom: bool = flag(
        "Connect the membrane to the membrane of the same column in the other row (both neurons must set it, "
        "two switches in series).",
        at(5, 1),
    )
    enable_multicomp_conductance: bool = flag(
        "Connect membrane and somatic line through the inter-compartment conductance.", at(5, 2)
    )
    connect_membrane_right: bool = flag("Connect the membrane to the membrane of the right neighbour.", at(5, 3))
    connect_soma: bool = flag("Connect membrane and somatic line by a direct switch.", at(5, 4))
    enable_multiply_multicomp_conductance_bias: bool = flag(
        "Multiply the inter-compartment conductance bias by 4.", at(5, 5)
    )
    enable_divide_multicomp_conductance_bias: bool = flag(
        "Divide the inter-compartment conductance bias by 4.", at(5, 6)
    )
    enable_pause: bool = flag("Gate synaptic inputs and exponential term while the neuron is in reset.", at(5, 7))
