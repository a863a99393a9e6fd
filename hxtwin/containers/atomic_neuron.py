"""A neuron circuit as one object: switches, analog cells and digital backend, grouped by function.

An `AtomicNeuron` expands to `NeuronConfig` (6 words), 24 `CapMemCell` in the order of `NEURON_CELLS`, and
`NeuronBackendConfig` (4 words). The analog circuits are described in reference, containers-a.md 3.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

import attrs

from hxtwin.containers.capmem_cell import CapMemCell
from hxtwin.containers.container import Container
from hxtwin.containers.expression import variables
from hxtwin.containers.fields import cell, choice, like, part
from hxtwin.containers.layout import Lookup, Source, child, tree
from hxtwin.containers.neuron_backend import NeuronBackendConfig, RefractoryClock
from hxtwin.containers.neuron_config import NeuronConfig, NeuronReadoutSource
from hxtwin.containers.record import Record
from hxtwin.coord import AtomicNeuronOnDLS, CapMemRowOnCapMemBlock, NeuronColumnOnDLS, NeuronRowOnDLS

row, column = variables("row", "column")

# columns of a quadrant, of a backend half
_HALF = NeuronColumnOnDLS.size // 2


class ConstantCurrentType(IntEnum):
    """Direction of the constant current: onto the membrane, or from it."""

    SOURCE = 0
    SINK = 1


class AnalogOutput(IntEnum):
    """Fire output of the analog part."""

    OFF = 0
    NORMAL = 1
    STRONG = 2


class BayesianOperation(IntEnum):
    """How the local fire signal and the shared fire wire are combined.

    XNOR: output at the falling edge of the exclusive or. MULLER_C: output when both agree.
    """

    LOCAL = 0
    AND = 1
    XNOR = 2
    MULLER_C = 3


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SynapticInput(Record):
    """One synaptic input: an RC circuit that sets the time constant, and a transconductor that drives the membrane."""

    enable: bool = like(
        NeuronConfig, "enable_synaptic_input_excitatory", meaning="Connect the synaptic input to the membrane."
    )
    i_bias_tau: int = cell("Bias of the RC circuit that sets the synaptic time constant.")
    i_bias_coba: int = cell("Bias of the transconductor in conductance mode (COBA strength).")
    i_shift_reference: int = cell("Bias of the source follower that shifts the reference (zero-current offset).")
    i_bias_gm: int = cell("Bias of the transconductor in current mode (CUBA strength).")
    v_rev_coba: int = cell("Reversal potential (COBA).")
    enable_small_capacitance: bool = like(
        NeuronConfig,
        "enable_synaptic_input_excitatory_small_capacitance",
        default=True,
        meaning="Detach the line capacitor: shorter synaptic time constant. On by default here, off in NeuronConfig.",
    )
    enable_high_resistance: bool = like(
        NeuronConfig,
        "enable_synaptic_input_excitatory_high_resistance",
        meaning="High-resistance mode: longer synaptic time constant.",
    )
    enable_coba_mode: bool = like(
        NeuronConfig,
        "enable_synaptic_input_excitatory_coba_mode",
        meaning="Mode: 0 current based (CUBA), 1 conductance based (COBA).",
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Leak(Record):
    """The transconductor that pulls the membrane to the leak potential."""

    v_leak: int = cell("Leak potential.")
    i_bias: int = cell("Leak conductance bias (larger: shorter membrane time constant).")
    enable_degeneration: bool = like(NeuronConfig, "enable_leak_degeneration")
    enable_division: bool = like(NeuronConfig, "enable_leak_division")
    enable_multiplication: bool = like(NeuronConfig, "enable_leak_multiplication")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Reset(Record):
    """The same transconductor while the neuron is in reset."""

    v_reset: int = cell("Reset potential.")
    i_bias: int = cell("Reset conductance bias.")
    enable_degeneration: bool = like(NeuronConfig, "enable_reset_degeneration")
    enable_division: bool = like(NeuronConfig, "enable_reset_division")
    enable_multiplication: bool = like(NeuronConfig, "enable_reset_multiplication")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Threshold(Record):
    """Spike threshold comparator."""

    enable: bool = like(NeuronConfig, "enable_threshold_comparator")
    v_threshold: int = cell("Spike threshold.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MultiCompartment(Record):
    """Switches between membranes and the somatic line that runs along the row."""

    connect_soma: bool = like(NeuronConfig, "connect_soma")
    connect_soma_right: bool = like(NeuronConfig, "connect_soma_right")
    connect_right: bool = like(NeuronConfig, "connect_membrane_right")
    connect_vertical: bool = like(NeuronConfig, "connect_bottom")
    enable_conductance: bool = like(NeuronConfig, "enable_multicomp_conductance")
    enable_conductance_division: bool = like(NeuronConfig, "enable_divide_multicomp_conductance_bias")
    enable_conductance_multiplication: bool = like(NeuronConfig, "enable_multiply_multicomp_conductance_bias")
    i_bias_nmda: int = cell("Bias of the inter-compartment conductance.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ConstantCurrent(Record):
    """Constant current onto the membrane."""

    enable: bool = like(NeuronConfig, "enable_membrane_offset")
    i_offset: int = cell("Magnitude of the current.")
    type: ConstantCurrentType = choice("Direction: source = onto the membrane.", of=ConstantCurrentType)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MembraneCapacitance(Record):
    """Membrane capacitor."""

    capacitance: int = like(NeuronConfig, "membrane_capacitor_size")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Adaptation(Record):
    """Adaptation: sub-threshold (a) and spike-triggered (b) current."""

    enable: bool = like(NeuronConfig, "enable_adaptation")
    enable_pulse: bool = like(NeuronBackendConfig, "enable_adaptation_pulse")
    invert_a: bool = like(NeuronConfig, "invert_adaptation_a")
    invert_b: bool = like(NeuronConfig, "invert_adaptation_b")
    v_ref: int = cell("Rest potential of the adaptation state.")
    i_bias_tau: int = cell("Bias that sets the adaptation time constant.")
    i_bias_a: int = cell("Strength of the sub-threshold adaptation.")
    i_bias_b: int = cell("Strength of the spike-triggered adaptation.")
    v_leak: int = cell("Potential that the membrane is compared with for the sub-threshold adaptation.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Exponential(Record):
    """Exponential term of the membrane equation."""

    enable: bool = like(NeuronConfig, "enable_exponential")
    v_exp: int = cell("Onset voltage of the exponential current.")
    i_bias: int = cell("Strength of the exponential current.")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class EventRouting(Record):
    """From the comparator to spike packets."""

    analog_output: AnalogOutput = choice(
        "Fire output of the analog part: off, normal, or with stronger drive; also gates the bypass.", of=AnalogOutput
    )
    enable_digital: bool = like(NeuronBackendConfig, "enable_spike_out")
    enable_bypass_excitatory: bool = like(NeuronConfig, "enable_bypass_excitatory")
    enable_bypass_inhibitory: bool = like(NeuronConfig, "enable_bypass_inhibitory")
    address: int = like(NeuronBackendConfig, "address_out")
    enable_post_overwrite: bool = like(NeuronBackendConfig, "post_overwrite")

    #: Nothing, the usual spike output, or one bypass; the bypasses fire only with an analog output besides.
    disabled: ClassVar[EventRouting]
    enabled: ClassVar[EventRouting]
    bypass_excitatory: ClassVar[EventRouting]
    bypass_inhibitory: ClassVar[EventRouting]


EventRouting.disabled = EventRouting()
EventRouting.enabled = EventRouting(analog_output=AnalogOutput.NORMAL, enable_digital=True)
EventRouting.bypass_excitatory = EventRouting(enable_bypass_excitatory=True)
EventRouting.bypass_inhibitory = EventRouting(enable_bypass_inhibitory=True)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Readout(Record):
    """Analog readout of the neuron."""

    enable_buffered_access: bool = like(NeuronConfig, "enable_readout")
    enable_amplifier: bool = like(NeuronConfig, "enable_readout_amplifier")
    enable_unbuffered_access: bool = like(NeuronConfig, "enable_unbuffered_access")
    source: NeuronReadoutSource = like(NeuronConfig, "readout_source")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RefractoryPeriod(Record):
    """Refractory counter (reference: containers-a.md 4.2).

    ::

        refractory cycles = refractory_time
        holdoff cycles    = 31 - 2 * reset_holdoff
        reset cycles      = refractory cycles - holdoff cycles
    """

    input_clock: RefractoryClock = like(NeuronBackendConfig, "select_input_clock")
    reset_holdoff: int = like(NeuronBackendConfig, "reset_holdoff")
    refractory_time: int = like(NeuronBackendConfig, "refractory_time")
    enable_pause: bool = like(NeuronConfig, "enable_pause")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Bayesian(Record):
    """Fire signals shared between neurons."""

    to_post_pulse: bool = like(NeuronBackendConfig, "enable_bayesian_extension")
    operation: BayesianOperation = choice(
        "Combination of the local fire signal with the shared wire.", of=BayesianOperation
    )
    connect_fire_vertical: bool = like(NeuronBackendConfig, "connect_fire_bottom")
    connect_fire_to_right: bool = like(NeuronBackendConfig, "connect_fire_to_right")
    connect_fire_from_right: bool = like(NeuronBackendConfig, "connect_fire_from_right")
    enable_master: bool = like(NeuronBackendConfig, "enable_neuron_master")
    enable_slave: bool = like(NeuronBackendConfig, "enable_neuron_slave")


#: Analog cells of a neuron in the order of the bus accesses: field -> CapMem row.
NEURON_CELLS = {
    "excitatory_input.i_bias_tau": CapMemRowOnCapMemBlock.i_bias_synin_exc_tau,
    "excitatory_input.i_bias_coba": CapMemRowOnCapMemBlock.i_bias_synin_exc_coba,
    "excitatory_input.i_shift_reference": CapMemRowOnCapMemBlock.i_bias_synin_exc_shift,
    "excitatory_input.i_bias_gm": CapMemRowOnCapMemBlock.i_bias_synin_exc_gm,
    "excitatory_input.v_rev_coba": CapMemRowOnCapMemBlock.e_synin_exc_rev,
    "inhibitory_input.i_bias_tau": CapMemRowOnCapMemBlock.i_bias_synin_inh_tau,
    "inhibitory_input.i_bias_coba": CapMemRowOnCapMemBlock.i_bias_synin_inh_coba,
    "inhibitory_input.i_shift_reference": CapMemRowOnCapMemBlock.i_bias_synin_inh_shift,
    "inhibitory_input.i_bias_gm": CapMemRowOnCapMemBlock.i_bias_synin_inh_gm,
    "inhibitory_input.v_rev_coba": CapMemRowOnCapMemBlock.e_synin_inh_rev,
    "leak.v_leak": CapMemRowOnCapMemBlock.v_leak,
    "leak.i_bias": CapMemRowOnCapMemBlock.i_bias_leak,
    "reset.v_reset": CapMemRowOnCapMemBlock.v_reset,
    "reset.i_bias": CapMemRowOnCapMemBlock.i_bias_reset,
    "threshold.v_threshold": CapMemRowOnCapMemBlock.v_threshold,
    "constant_current.i_offset": CapMemRowOnCapMemBlock.i_mem_offset,
    "adaptation.v_leak": CapMemRowOnCapMemBlock.v_adapt_leak,
    "adaptation.i_bias_tau": CapMemRowOnCapMemBlock.i_bias_adapt_tau,
    "adaptation.i_bias_a": CapMemRowOnCapMemBlock.i_bias_adapt_a,
    "adaptation.i_bias_b": CapMemRowOnCapMemBlock.i_bias_adapt_b,
    "adaptation.v_ref": CapMemRowOnCapMemBlock.v_adapt_ref,
    "exponential.v_exp": CapMemRowOnCapMemBlock.v_exp,
    "exponential.i_bias": CapMemRowOnCapMemBlock.i_bias_exp,
    "multicompartment.i_bias_nmda": CapMemRowOnCapMemBlock.i_bias_nmda,
}

_SWITCHES: dict[str, Source] = {
    "enable_synaptic_input_excitatory": "excitatory_input.enable",
    "enable_synaptic_input_inhibitory": "inhibitory_input.enable",
    "enable_synaptic_input_excitatory_small_capacitance": "excitatory_input.enable_small_capacitance",
    "enable_synaptic_input_inhibitory_small_capacitance": "inhibitory_input.enable_small_capacitance",
    "enable_synaptic_input_excitatory_high_resistance": "excitatory_input.enable_high_resistance",
    "enable_synaptic_input_inhibitory_high_resistance": "inhibitory_input.enable_high_resistance",
    "enable_synaptic_input_excitatory_coba_mode": "excitatory_input.enable_coba_mode",
    "enable_synaptic_input_inhibitory_coba_mode": "inhibitory_input.enable_coba_mode",
    "enable_leak_degeneration": "leak.enable_degeneration",
    "enable_leak_division": "leak.enable_division",
    "enable_leak_multiplication": "leak.enable_multiplication",
    "enable_reset_degeneration": "reset.enable_degeneration",
    "enable_reset_division": "reset.enable_division",
    "enable_reset_multiplication": "reset.enable_multiplication",
    "enable_threshold_comparator": "threshold.enable",
    "enable_membrane_offset": "constant_current.enable",
    "invert_membrane_offset": "constant_current.type",
    "connect_soma": "multicompartment.connect_soma",
    "connect_soma_right": "multicompartment.connect_soma_right",
    "connect_membrane_right": "multicompartment.connect_right",
    "connect_bottom": "multicompartment.connect_vertical",
    "enable_multicomp_conductance": "multicompartment.enable_conductance",
    "enable_divide_multicomp_conductance_bias": "multicompartment.enable_conductance_division",
    "enable_multiply_multicomp_conductance_bias": "multicompartment.enable_conductance_multiplication",
    "membrane_capacitor_size": "membrane_capacitance.capacitance",
    "enable_adaptation": "adaptation.enable",
    "invert_adaptation_a": "adaptation.invert_a",
    "invert_adaptation_b": "adaptation.invert_b",
    "enable_exponential": "exponential.enable",
    # off: neither, normal: fire, strong: both; a strong bit without the fire bit reads as off
    "enable_fire": Lookup("event_routing.analog_output", (0, 1, 1)),
    "enable_strong_fire": Lookup("event_routing.analog_output", (0, 0, 1)),
    "enable_bypass_excitatory": "event_routing.enable_bypass_excitatory",
    "enable_bypass_inhibitory": "event_routing.enable_bypass_inhibitory",
    "enable_unbuffered_access": "readout.enable_unbuffered_access",
    "enable_readout_amplifier": "readout.enable_amplifier",
    "readout_source": "readout.source",
    "enable_readout": "readout.enable_buffered_access",
    "enable_pause": "refractory_period.enable_pause",
}

_BACKEND: dict[str, Source] = {
    "enable_spike_out": "event_routing.enable_digital",
    "enable_bayesian_extension": "bayesian.to_post_pulse",
    "enable_bayesian_0": Lookup("bayesian.operation", (0, 1, 0, 1)),
    "enable_bayesian_1": Lookup("bayesian.operation", (0, 0, 1, 1)),
    "enable_neuron_master": "bayesian.enable_master",
    "enable_neuron_slave": "bayesian.enable_slave",
    "connect_fire_bottom": "bayesian.connect_fire_vertical",
    "connect_fire_to_right": "bayesian.connect_fire_to_right",
    "connect_fire_from_right": "bayesian.connect_fire_from_right",
    "address_out": "event_routing.address",
    "reset_holdoff": "refractory_period.reset_holdoff",
    "refractory_time": "refractory_period.refractory_time",
    "select_input_clock": "refractory_period.input_clock",
    "enable_adaptation_pulse": "adaptation.enable_pulse",
    "post_overwrite": "event_routing.enable_post_overwrite",
}

_QUADRANT = 2 * row + column // _HALF
_COLUMN = column % _HALF


@attrs.frozen(kw_only=True, eq=False, repr=False)
class AtomicNeuron(Container):
    """Complete configuration of one neuron circuit: digital switches, 24 analog cells, digital backend."""

    layout = tree(
        coordinate=AtomicNeuronOnDLS,
        components={"row": NeuronRowOnDLS, "column": NeuronColumnOnDLS},
        children=(
            child(NeuronConfig, at={"block": _QUADRANT, "neuron": _COLUMN}, fields=_SWITCHES),
            *(
                child(CapMemCell, at={"block": _QUADRANT, "column": _COLUMN, "row": int(place)}, fields={"value": path})
                for path, place in NEURON_CELLS.items()
            ),
            child(
                NeuronBackendConfig,
                at={"block": column // _HALF, "neuron": _COLUMN + _HALF * row},
                fields=_BACKEND,
            ),
        ),
    )
    excitatory_input: SynapticInput = part(SynapticInput, "Excitatory synaptic input.")
    inhibitory_input: SynapticInput = part(SynapticInput, "Inhibitory synaptic input.")
    leak: Leak = part(Leak, "Leak.")
    reset: Reset = part(Reset, "Reset.")
    threshold: Threshold = part(Threshold, "Threshold comparator.")
    multicompartment: MultiCompartment = part(MultiCompartment, "Connections to other membranes.")
    constant_current: ConstantCurrent = part(ConstantCurrent, "Constant current.")
    membrane_capacitance: MembraneCapacitance = part(MembraneCapacitance, "Membrane capacitor.")
    adaptation: Adaptation = part(Adaptation, "Adaptation.")
    exponential: Exponential = part(Exponential, "Exponential term.")
    event_routing: EventRouting = part(EventRouting, "Spike output.")
    readout: Readout = part(Readout, "Analog readout.")
    refractory_period: RefractoryPeriod = part(RefractoryPeriod, "Refractory period.")
    bayesian: Bayesian = part(Bayesian, "Shared fire signals.")
