"""The 512 neuron circuits: from switches, CapMem cells and backend settings to physical parameters.

=====================  ============================================================  ==============
parameter              law                                                           analog-model.md
=====================  ============================================================  ==============
capacitance            2.2 pF * code / 63 + 0.13 pF                                  3.2
leak conductance       1.5 nS * b / (1 + b / 2000), / 8, * 8                         3.3
reset conductance      same OTA; 0.5 us at code 1012 with * 8                        3.3
potentials             `hxtwin.chipsim.elaborate.potentials`                         3.4
synaptic time const.   0.15 us * 1022 / b, * 6 high resistance, * 0.85 small C       4.2
synaptic OTA           gm 16 nS * b, limit 1.5 nA * b, reference by the shift cell   4.3
conductance mode       gm * (1 +- (E - V) / 0.7 V * b / 60)                          4.4
adaptation             0.28 nS, 0.2 nS, 1 nA per code; 2.7 pF, 50 nS                 3.7
exponential            5 pA * b, 25 mV                                               3.6
constant current       88 pA * code, above 800 codes slope * 0.7                     3.8
compartments           3 nS * b / (1 + b / 2000), / 4, * 4                           3.9
=====================  ============================================================  ==============

A half of the backend that is forced into reset, or has no clock, does not fire; in reset the OTA of all its circuits
keeps the reset setting (simulator-decisions.md 34).

Circuits are numbered ``256 * row + column``, which is the order of `NeuronConfig` columns; line 0 is excitatory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.chipsim.analog.constants import NOMINAL
from hxtwin.chipsim.elaborate import potentials, refractory
from hxtwin.chipsim.elaborate.compartments import Compartments, join
from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.personality import CIRCUITS, COLUMNS, Personality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.elaborate.cap_mem import CellValues

_HALF: Final = COLUMNS // 2
_HALF_OF_CIRCUIT: Final = np.arange(CIRCUITS) % COLUMNS // _HALF
_SYNAPSE_NAMES: Final = (("excitatory", "exc"), ("inhibitory", "inh"))
_LARGEST_CAPACITOR: Final = 63

#: Position of a circuit in the columns of `NeuronBackendConfig`: 256 * half + column % 128 + 128 * row.
BACKEND_OF_CIRCUIT: Final = np.array(
    [256 * (c % COLUMNS // _HALF) + c % _HALF + _HALF * (c // COLUMNS) for c in range(CIRCUITS)], dtype=np.int64
)


@attrs.frozen(kw_only=True, eq=False)
class NeuronParameters:
    """Physical parameters of all circuits; SI units, ``[512]`` or ``[2, 512]`` (excitatory, inhibitory).

    Attributes:
        capacitance: F.
        leak: conductance, S; 0 without bias.
        leak_potential: V.
        leak_range: voltage scale of the saturation, V.
        reset: conductance while the reset is asserted, S.
        reset_potential: V.
        reset_range: V.
        threshold: V; infinite where the comparator or the fire output is off.
        can_fire: fire output enabled (bypass and artificial fires), half not in reset nor without clock, bool.
        current: constant current onto the membrane, offset and drift, A.
        pause: synaptic and exponential currents are gated during reset, bool.
        line_tau: time constant of the synaptic lines, s; infinite without bias.
        line_gain: deflection for weight 63, full pulse, in units of the nominal `AnalogConstants.line_step`.
        gm: OTA transconductance, S, positive; 0 where disconnected.
        ota_limit: saturation current, A.
        ota_reference: line deflection at which the OTA gives no current, V.
        coba_slope: modulation of gm, 1/V; 0 in current mode. Factor = max(0, 1 + coba_slope * (coba_reference - V)).
        coba_reference: V.
        bypass: a synaptic event on the line fires the circuit, bool.
        exponential: factor of ``exp(V / exponential_slope)`` is ``exponential * exp(-v_exp / slope)``, A.
        v_exp: V.
        adaptation: enabled, bool.
        adaptation_tau_conductance: g_w, S.
        adaptation_a: signed, S.
        adaptation_b: signed, A, during the pulse.
        adaptation_reference: V.
        adaptation_leak: V.
        adaptation_pulse_cycles: chip cycles, int64; 0 without pulse.
        refractory_cycles: int64.
        reset_cycles: int64.
        compartments: merged circuits and resistors.
    """

    capacitance: NDArray[np.float64]
    leak: NDArray[np.float64]
    leak_potential: NDArray[np.float64]
    leak_range: NDArray[np.float64]
    reset: NDArray[np.float64]
    reset_potential: NDArray[np.float64]
    reset_range: NDArray[np.float64]
    threshold: NDArray[np.float64]
    can_fire: NDArray[np.bool_]
    current: NDArray[np.float64]
    pause: NDArray[np.bool_]
    line_tau: NDArray[np.float64]
    line_gain: NDArray[np.float64]
    gm: NDArray[np.float64]
    ota_limit: NDArray[np.float64]
    ota_reference: NDArray[np.float64]
    coba_slope: NDArray[np.float64]
    coba_reference: NDArray[np.float64]
    bypass: NDArray[np.bool_]
    exponential: NDArray[np.float64]
    v_exp: NDArray[np.float64]
    adaptation: NDArray[np.bool_]
    adaptation_tau_conductance: NDArray[np.float64]
    adaptation_a: NDArray[np.float64]
    adaptation_b: NDArray[np.float64]
    adaptation_reference: NDArray[np.float64]
    adaptation_leak: NDArray[np.float64]
    adaptation_pulse_cycles: NDArray[np.int64]
    refractory_cycles: NDArray[np.int64]
    reset_cycles: NDArray[np.int64]
    compartments: Compartments


def elaborate_neurons(
    config: Mapping[str, ArrayLike],
    backend: Mapping[str, ArrayLike],
    common_backend: Mapping[str, ArrayLike],
    cells: CellValues,
    personality: Personality | None = None,
    constants: AnalogConstants = NOMINAL,
) -> NeuronParameters:
    """Parameters of the 512 circuits.

    Args:
        config: columns of `NeuronConfig`, field name to ``[512]``, circuits in the order 256 * row + column.
        backend: columns of `NeuronBackendConfig`, ``[512]`` in the order of that container (`BACKEND_OF_CIRCUIT`).
        common_backend: columns of `CommonNeuronBackendConfig`, ``[2]``.
        cells: CapMem cells with mismatch.
        personality: None for the ideal chip.
        constants: laws.

    Raises:
        TwinArgumentError: a column is missing or has the wrong length.
    """
    chip = Personality.of(personality)
    switch = _Columns(config, CIRCUITS)
    leak_bias = cells.neuron("i_bias_leak")
    drop = cells.shared("neuron_i_bias_synin_drop").repeat(CIRCUITS // 4) > 0
    comparator = cells.shared("neuron_i_bias_spike_comparator").repeat(CIRCUITS // 4) > 0

    capacitor = switch.number("membrane_capacitor_size") / _LARGEST_CAPACITOR
    capacitance = constants.capacitance_full * capacitor * chip.capacitance
    parasitic = np.maximum(constants.capacitance_parasitic + chip.parasitic, 0.1 * constants.capacitance_parasitic)

    leak_factor, leak_range = _modifiers(switch, "leak", constants)
    leak = leak_factor * chip.leak * _bent(leak_bias, constants.leak_per_code, constants.leak_bend_code)
    shift = chip.v_leak_bias_shift * np.log(np.maximum(leak_bias, 1.0) / constants.v_leak_bias_reference)
    leak_potential = potentials.leak_potential(cells.neuron("v_leak"), constants) + chip.v_leak + shift

    reset_factor, reset_range = _modifiers(switch, "reset", constants)
    reset = (
        reset_factor
        * chip.reset
        * _bent(cells.neuron("i_bias_reset"), _reset_per_code(constants), constants.leak_bend_code)
    )
    reset_potential = potentials.reset_potential(cells.neuron("v_reset"), constants) + chip.v_reset
    if not constants.reset_shares_leak_ota:  # both pull: one OTA of the summed conductance, towards the mean
        both = np.maximum(reset + leak, 1e-30)
        reset_potential = (reset * reset_potential + leak * leak_potential) / both
        reset = reset + leak

    offset = np.where(
        switch.flag("enable_membrane_offset"), _offset_current(cells, constants) * chip.offset_current, 0.0
    )
    offset = np.where(switch.flag("invert_membrane_offset"), -offset, offset)

    fire = switch.flag("enable_fire")
    listens = switch.flag("enable_threshold_comparator") & fire & comparator
    threshold = potentials.threshold_potential(cells.neuron("v_threshold"), constants) + chip.v_threshold
    exponential = np.where(
        switch.flag("enable_exponential"),
        constants.exponential_per_code * cells.neuron("i_bias_exp") * chip.exponential,
        0.0,
    )
    sign_a = np.where(switch.flag("invert_adaptation_a"), -1.0, 1.0)
    sign_b = np.where(switch.flag("invert_adaptation_b"), -1.0, 1.0)
    counters = _counters(backend, common_backend)
    inputs = _synaptic_inputs(switch, cells, chip, drop, constants)
    found = NeuronParameters(
        capacitance=capacitance + parasitic,
        leak=leak,
        leak_potential=leak_potential,
        leak_range=leak_range,
        reset=reset,
        reset_potential=reset_potential,
        reset_range=reset_range,
        threshold=np.where(listens, threshold, np.inf),
        can_fire=fire,
        current=offset + chip.drift,
        pause=switch.flag("enable_pause"),
        exponential=exponential,
        v_exp=potentials.exponential_potential(cells.neuron("v_exp"), constants) + chip.v_exp,
        adaptation=switch.flag("enable_adaptation"),
        adaptation_tau_conductance=constants.adaptation_tau_per_code
        * cells.neuron("i_bias_adapt_tau")
        * chip.adaptation_tau,
        adaptation_a=sign_a * constants.adaptation_a_per_code * cells.neuron("i_bias_adapt_a") * chip.adaptation_a,
        adaptation_b=sign_b * constants.adaptation_b_per_code * cells.neuron("i_bias_adapt_b") * chip.adaptation_b,
        adaptation_reference=potentials.adaptation_reference(cells.neuron("v_adapt_ref"), constants) + chip.v_adapt_ref,
        adaptation_leak=potentials.adaptation_leak(cells.neuron("v_adapt_leak"), constants) + chip.v_adapt_leak,
        line_tau=inputs["line_tau"],
        line_gain=inputs["line_gain"],
        gm=inputs["gm"],
        ota_limit=inputs["ota_limit"],
        ota_reference=inputs["ota_reference"],
        coba_slope=inputs["coba_slope"],
        coba_reference=inputs["coba_reference"],
        bypass=np.stack([switch.flag(f"enable_bypass_{long}") & fire for long, _ in _SYNAPSE_NAMES]),
        refractory_cycles=counters["refractory_cycles"],
        reset_cycles=counters["reset_cycles"],
        adaptation_pulse_cycles=counters["adaptation_pulse_cycles"],
        compartments=_compartments(switch, cells, chip, constants),
    )
    common = _Columns(common_backend, 2)
    reset_halves, silent_halves = common.flag("force_reset"), ~common.flag("enable_clocks")
    if not (reset_halves.any() or silent_halves.any()):
        return found
    return _held(found, reset_halves[_HALF_OF_CIRCUIT], silent_halves[_HALF_OF_CIRCUIT])


def _held(parameters: NeuronParameters, forced: NDArray[np.bool_], silent: NDArray[np.bool_]) -> NeuronParameters:
    """Circuits held in reset, which leak towards the reset potential, and circuits without clock: neither fires."""
    still = forced | silent
    gated = forced & parameters.pause
    return attrs.evolve(
        parameters,
        leak=np.where(forced, parameters.reset, parameters.leak),
        leak_potential=np.where(forced, parameters.reset_potential, parameters.leak_potential),
        leak_range=np.where(forced, parameters.reset_range, parameters.leak_range),
        threshold=np.where(still, np.inf, parameters.threshold),
        can_fire=parameters.can_fire & ~still,
        bypass=parameters.bypass & ~still,
        gm=np.where(gated, 0.0, parameters.gm),
        exponential=np.where(gated, 0.0, parameters.exponential),
    )


class _Columns:
    """Columns of a container with checked lengths."""

    def __init__(self, columns: Mapping[str, ArrayLike], n: int) -> None:
        self._columns = columns
        self._n = n

    def number(self, name: str) -> NDArray[np.int64]:
        return self._column(name).astype(np.int64)

    def _column(self, name: str) -> NDArray[np.generic]:
        try:
            array = np.asarray(self._columns[name])
        except KeyError:
            raise TwinArgumentError(f"the columns have no field {name!r}; given: {sorted(self._columns)}") from None
        if array.shape != (self._n,):
            raise TwinArgumentError(f"column {name!r} has shape {array.shape}, expected ({self._n},)")
        return array

    def flag(self, name: str) -> NDArray[np.bool_]:
        return self._column(name).astype(np.bool_, copy=False)


def _bent(bias: NDArray[np.float64], per_code: float, bend: float) -> NDArray[np.float64]:
    return per_code * bias / (1.0 + bias / bend)


def _reset_per_code(constants: AnalogConstants) -> float:
    """So that a full capacitor is reset with the stated time constant at the stated code with multiplication."""
    code = constants.reset_reference_code
    full = constants.capacitance_full + constants.capacitance_parasitic
    bent = code / (1.0 + code / constants.leak_bend_code)
    return full / (constants.reset_time_constant * constants.conductance_scale * bent)


def _modifiers(
    switch: _Columns, role: str, constants: AnalogConstants
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Factor of the conductance and voltage scale of its saturation."""
    scale = constants.conductance_scale
    factor = np.where(switch.flag(f"enable_{role}_multiplication"), scale, 1.0)
    factor = np.where(switch.flag(f"enable_{role}_division"), factor / scale, factor)
    degenerated = np.where(switch.flag(f"enable_{role}_degeneration"), constants.degeneration_factor, 1.0)
    return factor / degenerated, constants.ota_range * degenerated


def _offset_current(cells: CellValues, constants: AnalogConstants) -> NDArray[np.float64]:
    code = cells.neuron("i_mem_offset")
    linear = np.minimum(code, constants.offset_linear_codes)
    return constants.offset_per_code * (linear + constants.offset_upper_slope * (code - linear))


def _counters(backend: Mapping[str, ArrayLike], common: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.int64]]:
    own, shared = _Columns(backend, CIRCUITS), _Columns(common, 2)
    half = _HALF_OF_CIRCUIT
    fast = own.flag("select_input_clock")[BACKEND_OF_CIRCUIT]
    scale = np.where(fast, shared.number("clock_scale_fast")[half], shared.number("clock_scale_slow")[half])
    time = own.number("refractory_time")[BACKEND_OF_CIRCUIT]
    holdoff = own.number("reset_holdoff")[BACKEND_OF_CIRCUIT]
    pulse = refractory.clock_period(shared.number("clock_scale_adaptation_pulse")[half])
    return {
        "refractory_cycles": refractory.refractory_cycles(time, scale),
        "reset_cycles": refractory.reset_cycles(time, holdoff, scale),
        "adaptation_pulse_cycles": np.where(own.flag("enable_adaptation_pulse")[BACKEND_OF_CIRCUIT], pulse, 0),
    }


def _synaptic_inputs(
    switch: _Columns, cells: CellValues, chip: Personality, drop: NDArray[np.bool_], constants: AnalogConstants
) -> dict[str, NDArray[np.float64]]:
    """Excitatory and inhibitory input of all circuits, ``[2, 512]``."""

    def flag(name: str) -> NDArray[np.bool_]:
        return np.stack([switch.flag(f"enable_synaptic_input_{long}{name}") for long, _ in _SYNAPSE_NAMES])

    def cell(name: str, of: str = "i_bias") -> NDArray[np.float64]:
        return np.stack([cells.neuron(f"{of}_synin_{short}_{name}") for _, short in _SYNAPSE_NAMES])

    small = np.where(flag("_small_capacitance"), constants.line_small_capacitance, 1.0)
    high = np.where(flag("_high_resistance"), constants.line_high_resistance, 1.0)
    with np.errstate(divide="ignore"):
        tau = constants.line_tau_full * constants.line_tau_full_code / cell("tau") * high * small * chip.line_tau
    strength = cell("gm")
    on = flag("") & drop & (strength > 0)
    coba = cell("coba") * flag("_coba_mode")
    sign = np.array([[1.0], [-1.0]])
    return {
        "line_tau": tau,
        "line_gain": 1.0 / small,
        "gm": np.where(on, constants.ota_gm_per_code * strength * chip.ota_gm, 0.0),
        "ota_limit": constants.ota_limit_per_code * strength,
        # the current at rest is gm * (V_os + k (centre - shift))
        "ota_reference": -(
            chip.ota_offset + constants.ota_shift_per_code * (constants.ota_shift_centre - cell("shift"))
        ),
        "coba_slope": sign * coba / (constants.coba_span_code * constants.coba_span) * chip.coba,
        "coba_reference": potentials.leak_potential(cell("rev", of="e"), constants) + chip.coba_reference,
    }


def _compartments(switch: _Columns, cells: CellValues, chip: Personality, constants: AnalogConstants) -> Compartments:
    scale = constants.compartment_scale
    factor = np.where(switch.flag("enable_multiply_multicomp_conductance_bias"), scale, 1.0)
    factor = np.where(switch.flag("enable_divide_multicomp_conductance_bias"), factor / scale, factor)
    bent = _bent(cells.neuron("i_bias_nmda"), constants.compartment_per_code, constants.compartment_bend_code)
    conductance = np.where(switch.flag("enable_multicomp_conductance"), factor * bent * chip.compartment, 0.0)
    return join(
        switch.flag("connect_membrane_right"),
        switch.flag("connect_bottom"),
        switch.flag("connect_soma"),
        switch.flag("connect_soma_right"),
        conductance,
    )
