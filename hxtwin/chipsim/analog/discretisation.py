"""From physical parameters to the coefficients of a step, and the state that belongs to them.

Only the circuits of a mask are integrated; circuits of one node, or joined by resistors, come and go together
(`observable`). Units and rows: `hxtwin.chipsim.analog.layout`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.chipsim.analog import layout
from hxtwin.chipsim.analog.arrays import Coefficients, Rest, Scratch, State
from hxtwin.chipsim.analog.constants import CYCLE_S, NOMINAL
from hxtwin.chipsim.analog.rest_kernel import REST_STEPS
from hxtwin.chipsim.analog.spike_kernel import set_nodes
from hxtwin.chipsim.errors import TwinArgumentError
from hxtwin.chipsim.personality import CIRCUITS, COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.chipsim.analog.constants import AnalogConstants
    from hxtwin.chipsim.elaborate.neurons import NeuronParameters

DEFAULT_STEP_CYCLES: Final = 25.0
"""0.1 us."""
_LONGEST_STEP_CYCLES: Final = 250.0
_SATURATED: Final = 3.6
_NO_LINE_GAIN: Final = np.zeros((2, CIRCUITS))


def observable(parameters: NeuronParameters, observed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Circuits that must be integrated, ``bool[512]``: all that are electrically connected to an observed one.

    Args:
        parameters: of all circuits.
        observed: circuits that are recorded or whose spikes go anywhere, ``bool[512]``.
    """
    neuron = parameters.compartments.neuron
    wanted = np.zeros(CIRCUITS, dtype=np.bool_)
    wanted[neuron[observed]] = True
    return wanted[neuron]


def discretise(
    parameters: NeuronParameters,
    column_gain: NDArray[np.float64] | None = None,
    *,
    integrated: NDArray[np.bool_] | None = None,
    step_cycles: float = DEFAULT_STEP_CYCLES,
    noise_key: int | None = None,
    noise_origin: int = 0,
    constants: AnalogConstants = NOMINAL,
) -> Coefficients:
    """Coefficients of a step.

    Args:
        parameters: of all circuits.
        column_gain: line deflection for efficacy 1, ``float64[2, 512]``, V; see
            `hxtwin.chipsim.elaborate.synapses.column_gain`. None: no synapse is connected.
        integrated: circuits, ``bool[512]``; None for all.
        step_cycles: step in chip cycles, a multiple of 0.5 up to 250.
        noise_key: of the personality; None switches the membrane noise off.
        noise_origin: step from which the noise counts.
        constants: laws.

    Raises:
        TwinArgumentError: the step is not allowed, or a node is only partly integrated.
    """
    if not 0.5 <= step_cycles <= _LONGEST_STEP_CYCLES or (2 * step_cycles) % 1:
        raise TwinArgumentError(f"step of {step_cycles!r} chip cycles; allowed are multiples of 0.5 up to 250")
    chosen = np.ones(CIRCUITS, dtype=np.bool_) if integrated is None else integrated
    if not np.array_equal(observable(parameters, chosen), chosen):
        raise TwinArgumentError("circuits that are connected must be integrated together; use `observable`")
    circuits = np.flatnonzero(chosen)
    index = np.full(CIRCUITS, -1, dtype=np.int64)
    step_s = step_cycles * CYCLE_S
    roots, node_of = np.unique(parameters.compartments.root[circuits], return_inverse=True)
    nodes = roots.size
    index[roots] = np.arange(nodes)
    capacitance = np.bincount(node_of, parameters.capacitance[circuits], minlength=nodes)
    per_step = step_s / capacitance[node_of]
    members = np.argsort(node_of, kind="stable")

    ends = index[parameters.compartments.resistor_ends]
    inside = (ends >= 0).all(axis=1) if len(ends) else np.zeros(0, dtype=np.bool_)
    ends = ends[inside]
    conductance = parameters.compartments.resistor_conductance[inside]
    strength = conductance[:, None] * step_s / capacitance[ends] if len(ends) else np.zeros((0, 2))

    constant = np.bincount(node_of, parameters.current[circuits] * per_step, minlength=nodes)
    gain = _NO_LINE_GAIN if column_gain is None else column_gain
    conductance_mode = np.flatnonzero(parameters.coba_slope[:, circuits].ravel())
    diffusion = constants.noise_diffusion * step_s
    return Coefficients(
        step_cycles=float(step_cycles),
        circuits=circuits.astype(np.int64),
        hemisphere_begin=int(np.searchsorted(circuits, COLUMNS)),
        lines=_lines(parameters, circuits, step_s, per_step, constants),
        line_gain=(gain[:, circuits].ravel() / constants.line_saturation).astype(np.float32),
        line_columns=np.tile(circuits % COLUMNS, 2).astype(np.int64),
        ota=_otas(parameters, circuits, per_step),
        exponential=_exponential(parameters, circuits, node_of, step_s / capacitance, constants),
        constant=constant.astype(np.float32),
        adaptation=_adaptation(parameters, circuits, step_s, per_step, constants),
        node_of=node_of.astype(np.int64),
        member_begin=np.searchsorted(node_of[members], np.arange(nodes + 1)).astype(np.int64),
        members=members.astype(np.uint64),
        conductance_lines=conductance_mode.astype(np.int64),
        conductance_slope=parameters.coba_slope[:, circuits].ravel()[conductance_mode].astype(np.float32),
        conductance_reference=parameters.coba_reference[:, circuits].ravel()[conductance_mode].astype(np.float32),
        bypass_lines=np.flatnonzero(parameters.bypass[:, circuits].ravel()).astype(np.int64),
        resistor_ends=ends.astype(np.int64),
        resistor_strength=strength.astype(np.float64),
        resistor_nodes=np.unique(ends).astype(np.int64),
        has_adaptation=bool(parameters.adaptation[circuits].any()),
        # of the whole chip, so that the scheme does not depend on what is integrated
        has_exponential=bool((parameters.exponential > 0).any()),
        has_pause=bool(parameters.pause[circuits].any()),
        delay_cycles=constants.comparator_delay / CYCLE_S,
        rules=np.array(
            [
                1.0 / constants.exponential_slope,
                constants.membrane_low_rail,
                constants.membrane_high_rail,
                constants.adaptation_low_rail,
                constants.adaptation_high_rail,
            ],
            dtype=np.float32,
        ),
        noise_kick=np.float32(0.0 if noise_key is None else np.sqrt(diffusion)),
        noise_sources=roots.astype(np.uint32),
        noise_key=np.uint64(noise_key or 0),
        noise_origin=noise_origin,
    )


def initial_state(parameters: NeuronParameters, coefficients: Coefficients) -> State:
    """State of a chip reset: membranes at their leak potential, or 0 V cut to the rails without leak; lines at rest.

    Reference: simulator-decisions.md 7.
    """
    circuits = coefficients.circuits
    n = circuits.size
    first = circuits[coefficients.members[coefficients.member_begin[:-1]]]
    v = np.where(parameters.leak > 0, parameters.leak_potential, 0.0)[first]
    digital = np.zeros((n, layout.DIGITAL_COLUMNS), dtype=np.int64)
    digital[:, layout.DIGITAL_ARMED] = 1
    digital[:, layout.DIGITAL_FIRE] = -(1 << 40)
    state = State(
        v=np.clip(v, coefficients.rules[1], coefficients.rules[2]).astype(np.float32),
        x=np.zeros(2 * n, dtype=np.float32),
        w=parameters.adaptation_reference[circuits].astype(np.float32),
        digital=digital,
        busy=np.zeros(n + 1, dtype=np.int64),
        due=np.zeros(n + 1, dtype=np.int64),
        node=np.zeros((layout.NODE_ROWS, first.size), dtype=np.float32),
    )
    adopt(state, parameters, coefficients)
    return state


def adopt(state: State, parameters: NeuronParameters, coefficients: Coefficients) -> None:
    """Makes a state follow new settings of the same circuits; voltages and phases stay as they are."""
    circuits = coefficients.circuits
    digital, node = state.digital, state.node
    digital[:, layout.DIGITAL_REFRACTORY] = parameters.refractory_cycles[circuits]
    digital[:, layout.DIGITAL_RESET] = parameters.reset_cycles[circuits]
    digital[:, layout.DIGITAL_PULSE] = parameters.adaptation_pulse_cycles[circuits]
    digital[:, layout.DIGITAL_PAUSE] = parameters.pause[circuits]
    digital[:, layout.DIGITAL_CAN_FIRE] = parameters.can_fire[circuits]
    digital[:, layout.DIGITAL_NODE] = coefficients.node_of
    node[layout.NODE_INVERSE_RANGE] = 1.0
    node[layout.NODE_EXP_SHIFT : layout.NODE_EXP_LIMIT + 1] = coefficients.exponential
    set_nodes(node, coefficients.ota, digital, coefficients.member_begin, coefficients.members)


def scratch(coefficients: Coefficients) -> Scratch:
    """Room for the intermediate results of steps with these coefficients."""
    n, nodes = coefficients.circuits.size, coefficients.constant.size
    parts = max(1, int(np.ceil(coefficients.step_cycles / coefficients.delay_cycles)))
    return Scratch(
        bump=np.zeros(2 * n, dtype=np.float32),
        plain=np.empty(2 * n, dtype=np.float32),
        line_sums=np.empty(n, dtype=np.float32),
        synaptic=np.empty(nodes, dtype=np.float32),
        member_v=np.empty(n, dtype=np.float32),
        member_current=np.empty(n, dtype=np.float32),
        summed=np.empty(nodes, dtype=np.float32),
        before=np.empty(nodes, dtype=np.float32),
        drive=np.empty(nodes, dtype=np.float32),
        quiet=np.zeros(nodes, dtype=np.float32),
        walked=np.full(nodes, -1, dtype=np.int64),
        walks=np.empty(nodes, dtype=np.int64),
        wide=np.empty((4, nodes), dtype=np.float64),
        profile=np.zeros(parts, dtype=np.float32),
        steep=np.zeros(parts, dtype=np.float32),
        parts=np.zeros(parts, dtype=np.float32),
        flat=np.zeros(1, dtype=np.float32),
    )


def rest(coefficients: Coefficients) -> Rest:
    """All neurons awake, and what decides whether they may sleep."""
    n, nodes = coefficients.circuits.size, coefficients.constant.size
    node_of = coefficients.node_of
    lines = coefficients.lines.astype(np.float64)
    reference = lines[layout.LINE_REFERENCE]
    at_rest = -lines[layout.LINE_AMPLITUDE] * np.tanh(reference)
    slope = np.zeros(2 * n)
    listed = coefficients.conductance_lines
    slope[listed] = at_rest[listed] * coefficients.conductance_slope
    at_rest[listed] *= 1.0 + coefficients.conductance_slope * coefficients.conductance_reference
    drive, drive_slope = coefficients.constant.astype(np.float64), np.zeros(nodes)
    np.add.at(drive, node_of, at_rest[:n] + at_rest[n:])
    np.add.at(drive_slope, node_of, slope[:n] + slope[n:])
    eligible = coefficients.exponential[1] == 0
    eligible[node_of[coefficients.adaptation[layout.ADAPT_OUTPUT] != 0]] = False
    eligible[coefficients.resistor_nodes] = False
    linear = np.ones(nodes, dtype=np.bool_)
    linear[node_of[listed % n]] = False
    return Rest(
        asleep=np.zeros(nodes, dtype=np.bool_),
        since=np.zeros(nodes, dtype=np.int64),
        v=np.zeros(nodes),
        x=np.zeros(2 * n, dtype=np.float32),
        seen=np.zeros(2 * n, dtype=np.float32),
        doubt=np.zeros(2 * n, dtype=np.float32),
        fall=(1.001 * np.exp(-REST_STEPS * lines[layout.LINE_RATE])).astype(np.float32),
        decays=np.zeros(nodes, dtype=np.bool_),
        eligible=eligible,
        linear=linear,
        watched=np.zeros(nodes, dtype=np.bool_),
        point=np.zeros(nodes),
        rate=np.zeros(nodes),
        known=np.full((nodes, 2), np.nan, dtype=np.float32),
        drive=drive,
        drive_slope=drive_slope,
    )


def _lines(
    parameters: NeuronParameters,
    circuits: NDArray[np.int64],
    step_s: float,
    per_step: NDArray[np.float64],
    constants: AnalogConstants,
) -> NDArray[np.float32]:
    rows = np.zeros((layout.LINE_ROWS, 2, circuits.size))
    rate = step_s / parameters.line_tau[:, circuits]
    rows[layout.LINE_RATE] = rate
    rows[layout.LINE_DECAY] = np.exp(-rate)
    rows[layout.LINE_MEAN] = np.where(rate > 0, -np.expm1(-rate) / np.maximum(rate, 1e-30), 1.0)
    limit = np.maximum(parameters.ota_limit[:, circuits], 1e-30)
    gm = parameters.gm[:, circuits]
    connected = gm > 0
    rows[layout.LINE_DRIVE] = gm * constants.line_saturation / limit * connected
    # within the range of the kernel's tanh; beyond it the OTA is saturated to 0.14 %
    reference = np.clip(gm * parameters.ota_reference[:, circuits] / limit, -_SATURATED, _SATURATED)
    rows[layout.LINE_REFERENCE] = reference * connected
    rows[layout.LINE_AMPLITUDE] = np.array([[1.0], [-1.0]]) * limit * per_step * connected
    return rows.reshape(layout.LINE_ROWS, -1).astype(np.float32)


def _otas(
    parameters: NeuronParameters, circuits: NDArray[np.int64], per_step: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Leak, reset and threshold of the circuits."""
    columns = np.zeros((circuits.size, layout.OTA_COLUMNS))
    columns[:, layout.OTA_LEAK_TARGET] = parameters.leak_potential[circuits]
    columns[:, layout.OTA_LEAK_RANGE] = parameters.leak_range[circuits]
    columns[:, layout.OTA_LEAK_CONDUCTANCE] = parameters.leak[circuits] * per_step
    columns[:, layout.OTA_RESET_TARGET] = parameters.reset_potential[circuits]
    columns[:, layout.OTA_RESET_RANGE] = parameters.reset_range[circuits]
    columns[:, layout.OTA_RESET_CONDUCTANCE] = parameters.reset[circuits] * per_step
    columns[:, layout.OTA_THRESHOLD] = parameters.threshold[circuits]
    return columns.astype(np.float32)


def _exponential(
    parameters: NeuronParameters,
    circuits: NDArray[np.int64],
    node_of: NDArray[np.intp],
    per_step: NDArray[np.float64],
    constants: AnalogConstants,
) -> NDArray[np.float32]:
    """Exponential terms of the nodes: those of merged circuits add to one, since the slope is one number."""
    slope, limit = constants.exponential_slope, constants.exponential_limit
    terms = parameters.exponential[circuits] * np.exp(-parameters.v_exp[circuits] / slope)
    strength = np.bincount(node_of, terms, minlength=per_step.size)
    on = strength > 0
    rows = np.zeros((2, per_step.size))
    rows[0, on] = np.log(strength[on] / limit)
    rows[1, on] = limit * per_step[on]
    return rows.astype(np.float32)


def _adaptation(
    parameters: NeuronParameters,
    circuits: NDArray[np.int64],
    step_s: float,
    per_step: NDArray[np.float64],
    constants: AnalogConstants,
) -> NDArray[np.float32]:
    rows = np.zeros((layout.ADAPT_ROWS, circuits.size))
    per_volt = step_s / constants.adaptation_capacitance
    rows[layout.ADAPT_REFERENCE] = parameters.adaptation_reference[circuits]
    rows[layout.ADAPT_LEAK] = parameters.adaptation_leak[circuits]
    rows[layout.ADAPT_RATE] = parameters.adaptation_tau_conductance[circuits] * per_volt
    rows[layout.ADAPT_A] = parameters.adaptation_a[circuits] * per_volt
    rows[layout.ADAPT_B] = parameters.adaptation_b[circuits] * per_volt
    rows[layout.ADAPT_OUTPUT] = constants.adaptation_output * per_step * parameters.adaptation[circuits]
    return rows.astype(np.float32)
