"""Digital backend of the neurons: refractory counter, spike output, spike sharing.

One block for each half of the chip (west, east); address of neuron: column % 128 + 128 * row.
"""

from __future__ import annotations

from enum import IntEnum

import attrs

from hxtwin.containers.bits import along, at
from hxtwin.containers.container import Container
from hxtwin.containers.expression import WORD, select, variables
from hxtwin.containers.fields import BoolArray, choice, flag, flags, uint
from hxtwin.containers.layout import Target, leaf
from hxtwin.coord import (
    CommonNeuronBackendConfigOnDLS,
    NeuronBackendConfigBlockOnDLS,
    NeuronBackendConfigOnDLS,
    NeuronBackendConfigOnNeuronBackendConfigBlock,
    NeuronEventOutputOnNeuronBackendBlock,
)

block, neuron = variables("block", "neuron")


class RefractoryClock(IntEnum):
    """Clock of the refractory counter: 0 clock_scale_slow, 1 clock_scale_fast of the common backend."""

    SLOW = 0
    FAST = 1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NeuronBackendConfig(Container):
    """Digital backend (refractory counter, spike output, bayesian logic) of one neuron."""

    layout = leaf(
        coordinate=NeuronBackendConfigOnDLS,
        components={"block": NeuronBackendConfigBlockOnDLS, "neuron": NeuronBackendConfigOnNeuronBackendConfigBlock},
        words=4,
        address=select((0x1A1000, 0x1A9000), block) + 4 * neuron + WORD,
        differential=True,
        refuses_reads_on=(Target.SIMULATION,),
        notes=(
            "8-bit SRAM words. neuron = column%128 + 128*row within block = column//128 (block 0 west, 1 "
            "east). bayesian selector (bit0,bit1): (0,0) local refractory only; (1,0) AND with "
            "neuron_fire_connect; (0,1) NOT(local XOR connect); (1,1) Muller C-element."
        ),
    )
    address_out: int = uint(
        "Low 8 bit of the spike address sent by this neuron; the upper bits follow from the neuron's event "
        "output. Stored bit-inverted.",
        at(0, 0, 6, value_lsb=2, inverted=True),
        at(1, 4, 2, inverted=True),
        maximum=255,
    )
    reset_holdoff: int = uint(
        "Bits 4..1 of the refractory counter value at which the reset is released (bit 0 is fixed to 0); see "
        "the refractory section of the prose.",
        at(0, 6, 2),
        at(1, 6, 2, value_lsb=2),
        maximum=15,
        default=15,
    )
    refractory_time: int = uint(
        "Refractory counter setting in periods of the selected clock. Stored bit-inverted (= counter start "
        "value 0xFF - refractory_time).",
        at(1, 0, 4, value_lsb=4, inverted=True),
        at(2, 2, 4, inverted=True),
        maximum=255,
        unit="clock periods",
    )
    post_overwrite: bool = flag(
        "Use only the external (BlockPostPulse) post pulse; suppress internally generated post pulses.", at(2, 0)
    )
    select_input_clock: RefractoryClock = choice(
        "Clock of the refractory counter: 0 clock_scale_slow, 1 clock_scale_fast of the common backend.",
        at(2, 1),
        of=RefractoryClock,
    )
    enable_adaptation_pulse: bool = flag(
        "Send a pulse to the adaptation circuit on every spike (spike-triggered adaptation).", at(2, 6)
    )
    enable_bayesian_extension: bool = flag(
        "Generate post pulses from the bayesian logic module; otherwise from neuron_fire_connect.",
        at(2, 7),
        default=True,
    )
    enable_neuron_slave: bool = flag("Take the fire/refractory signal from neuron_fire_connect.", at(3, 0))
    connect_fire_bottom: bool = flag("Connect neuron_fire_connect to the neuron of the opposite row.", at(3, 1))
    connect_fire_from_right: bool = flag(
        "Connect neuron_fire_connect from the right neighbour (documented as broken on the chip).", at(3, 2)
    )
    connect_fire_to_right: bool = flag(
        "Drive neuron_fire_connect of the right neighbour (unidirectional, overwrites its state).", at(3, 3)
    )
    enable_spike_out: bool = flag("Emit spike packets. Not needed for spike counter or post pulses.", at(3, 4))
    enable_neuron_master: bool = flag("Drive the local fire signal onto neuron_fire_connect.", at(3, 5))
    enable_bayesian_1: bool = flag("Bit 1 of the bayesian operation selector.", at(3, 6))
    enable_bayesian_0: bool = flag("Bit 0 of the bayesian operation selector.", at(3, 7))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CommonNeuronBackendConfig(Container):
    """Registers shared by all neurons of one backend half (west/east)."""

    layout = leaf(
        coordinate=CommonNeuronBackendConfigOnDLS,
        components={"block": CommonNeuronBackendConfigOnDLS},
        words=2,
        address=select((0x1A1800, 0x1A9800), block) + WORD,
        differential=True,
        notes=(
            "bit 3 and bits 24..31 of word 0 unused. f_backend is 250 MHz (documented reference clock); "
            "scale 0 gives 125 MHz, scale 15 about 3.8 kHz."
        ),
    )
    enable_event_registers: bool = flag("Enable the event output registers.", at(0, 0), default=True)
    force_reset: bool = flag("Hold all neurons of the block in reset.", at(0, 1))
    enable_clocks: bool = flag("Enable the refractory/pulse clocks.", at(0, 2), default=True)
    clock_scale_slow: int = uint("Slow refractory clock: f = f_backend / 2^(value+1).", at(0, 4, 4), maximum=15)
    clock_scale_fast: int = uint("Fast refractory clock: f = f_backend / 2^(value+1).", at(0, 8, 4), maximum=15)
    sample_positive_edge: BoolArray = flags(
        "Sample the event output at the positive clock edge, per event output of the block.",
        along(at(0, 12), 4, 1),
        index=NeuronEventOutputOnNeuronBackendBlock,
        default=True,
    )
    clock_scale_adaptation_pulse: int = uint(
        "Adaptation pulse length is one period of f_backend / 2^(value+1) (inferred).", at(0, 16, 4), maximum=15
    )
    clock_scale_post_pulse: int = uint(
        "Post pulse length is one period of f_backend / 2^(value+1) (inferred).", at(0, 20, 4), maximum=15
    )
    wait_global_post_pulse: int = uint(
        "Duration of the trigger pulse for global post pulses (BlockPostPulse), in controller cycles.",
        at(1, 0, 8),
        maximum=255,
        default=1,
    )
    wait_spike_counter_reset: int = uint(
        "Duration of the spike counter reset pulse, in controller cycles.", at(1, 8, 8), maximum=255, default=4
    )
    wait_spike_counter_read: int = uint(
        "Wait time before a spike counter value is sampled, in controller cycles.",
        at(1, 16, 8),
        maximum=255,
        default=112,
    )
    wait_fire_neuron: int = uint(
        "Duration of the pulse that triggers an artificial spike / neuron reset, in controller cycles.",
        at(1, 24, 8),
        maximum=255,
        default=4,
    )
