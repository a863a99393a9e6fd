"""Groups of arrays that the compiled step takes; see `hxtwin.chipsim.analog.layout` for sizes, rows and units."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class State(NamedTuple):
    """What changes from step to step.

    Attributes:
        v: membranes of the nodes, V, ``float32[K]``.
        x: line deflections in units of the saturation, ``float32[2N]``.
        w: adaptation voltages, V, ``float32[N]``.
        digital: backends, ``int64[N, 16]``.
        busy: number of the circuits that are not READY, and then these circuits, ``int64[N + 1]``.
        due: chip cycle from which each of `busy` must be looked at, ``int64[N + 1]``.
        node: coefficients of the membranes, which follow the reset state, ``float32[7, K]``.
    """

    v: NDArray[np.float32]
    x: NDArray[np.float32]
    w: NDArray[np.float32]
    digital: NDArray[np.int64]
    busy: NDArray[np.int64]
    due: NDArray[np.int64]
    node: NDArray[np.float32]


class Coefficients(NamedTuple):
    """What the settings of the chip and the step size determine.

    Attributes:
        step_cycles: step in chip cycles, a multiple of 0.5.
        circuits: numbers of the integrated circuits, ascending, ``int64[N]``.
        hemisphere_begin: first index of the lower row of circuits, N if there are none.
        lines: ``float32[6, 2N]``.
        line_gain: line deflection for efficacy 1, ``float32[2N]``.
        line_columns: column of each line, ``int64[2N]``.
        ota: ``float32[N, 8]``.
        exponential: rows NODE_EXP_SHIFT and NODE_EXP_LIMIT of the state's ``node``, ``float32[2, K]``.
        constant: constant currents of the nodes, ``float32[K]``.
        adaptation: ``float32[7, N]``.
        node_of: node of each circuit, ``int64[N]``.
        member_begin: first place of the members of each node in `members`, and their end, ``int64[K + 1]``.
        members: indices of circuits, node after node, ``uint64[N]``: such indices are not checked for their sign.
        conductance_lines: indices of lines in conductance mode, ``int64[c]``.
        conductance_slope: 1/V, ``float32[c]``.
        conductance_reference: V, ``float32[c]``.
        bypass_lines: indices of lines whose events fire the circuit, ``int64[b]``.
        resistor_ends: ``int64[r, 2]``.
        resistor_strength: ``float64[r, 2]``.
        resistor_nodes: ``int64[q]``.
        has_adaptation: any circuit with adaptation.
        has_exponential: any circuit with exponential term.
        has_pause: any circuit whose currents are gated in reset.
        delay_cycles: delay of the comparator, chip cycles.
        rules: slope of the exponential inverted (1/V), lower and upper rail (V) of membranes, and of
            adaptation voltages, ``float32[5]``.
        noise_kick: standard deviation of the membrane noise of one step, V.
        noise_sources: first circuit of each node, ``uint32[K]``.
        noise_key: uint64.
        noise_origin: step from which the noise counts.
    """

    step_cycles: float
    circuits: NDArray[np.int64]
    hemisphere_begin: int
    lines: NDArray[np.float32]
    line_gain: NDArray[np.float32]
    line_columns: NDArray[np.int64]
    ota: NDArray[np.float32]
    exponential: NDArray[np.float32]
    constant: NDArray[np.float32]
    adaptation: NDArray[np.float32]
    node_of: NDArray[np.int64]
    member_begin: NDArray[np.int64]
    members: NDArray[np.uint64]
    conductance_lines: NDArray[np.int64]
    conductance_slope: NDArray[np.float32]
    conductance_reference: NDArray[np.float32]
    bypass_lines: NDArray[np.int64]
    resistor_ends: NDArray[np.int64]
    resistor_strength: NDArray[np.float64]
    resistor_nodes: NDArray[np.int64]
    has_adaptation: bool
    has_exponential: bool
    has_pause: bool
    delay_cycles: float
    rules: NDArray[np.float32]
    noise_kick: np.float32
    noise_sources: NDArray[np.uint32]
    noise_key: np.uint64
    noise_origin: int


class Scratch(NamedTuple):
    """Room for intermediate results of a step; see `hxtwin.chipsim.analog.discretisation.scratch`.

    Attributes:
        bump: what events add to the mean deflection of the step, zero between steps, ``float32[2N]``.
        plain: currents of the lines, where some are in conductance mode, ``float32[2N]``.
        line_sums: sums of both lines of each circuit, ``float32[N]``.
        synaptic: their sums over the circuits of each node, ``float32[K]``.
        member_v: membrane of each circuit's node, ``float32[N]``.
        member_current: currents of the adaptation of each circuit, ``float32[N]``.
        summed: all other currents, ``float32[K]``.
        before: membranes before the step, ``float32[K]``.
        drive: sum of currents, ``float32[K]``.
        quiet: synaptic currents that are set aside, zero between steps, ``float32[K]``.
        walked: step in which each node was walked last, ``int64[K]``.
        walks: nodes to walk, ``int64[K]``.
        wide: of the resistors, ``float64[4, K]``.
        profile: of a walk, ``float32[parts]``; so are `steep`, which stays zero, and `parts`.
        flat: one zero, ``float32[1]``.
    """

    bump: NDArray[np.float32]
    plain: NDArray[np.float32]
    line_sums: NDArray[np.float32]
    synaptic: NDArray[np.float32]
    member_v: NDArray[np.float32]
    member_current: NDArray[np.float32]
    summed: NDArray[np.float32]
    before: NDArray[np.float32]
    drive: NDArray[np.float32]
    quiet: NDArray[np.float32]
    walked: NDArray[np.int64]
    walks: NDArray[np.int64]
    wide: NDArray[np.float64]
    profile: NDArray[np.float32]
    steep: NDArray[np.float32]
    parts: NDArray[np.float32]
    flat: NDArray[np.float32]


class Rest(NamedTuple):
    """Which neurons sleep. See `hxtwin.chipsim.analog.rest_kernel`.

    Attributes:
        asleep: ``bool[K]``.
        since: step at whose begin the node fell asleep, ``int64[K]``.
        v: its membrane then, V, ``float64[K]``.
        x: its lines then, ``float32[2N]``.
        seen: lines at the last look, ``float32[2N]``.
        doubt: what speaks against sleep with these lines, V, ``float32[2N]``.
        fall: what is left of the lines from one look to the next, with some allowance, ``float32[2N]``.
        decays: its lines had not come to rest, ``bool[K]``.
        eligible: may ever sleep, ``bool[K]``.
        linear: its currents do not depend on its membrane, so that it may sleep before its lines rest, ``bool[K]``.
        watched: kept awake because somebody looks at it, ``bool[K]``.
        point: fixed point, V, ``float64[K]``.
        rate: step / tau at the fixed point, ``float64[K]``.
        known: target and limit of the OTA for which both hold, ``float32[K, 2]``.
        drive: constant current and lines at rest at 0 V, V in a step, ``float64[K]``.
        drive_slope: loss of that current with the membrane, in a step, ``float64[K]``.
    """

    asleep: NDArray[np.bool_]
    since: NDArray[np.int64]
    v: NDArray[np.float64]
    x: NDArray[np.float32]
    seen: NDArray[np.float32]
    doubt: NDArray[np.float32]
    fall: NDArray[np.float32]
    decays: NDArray[np.bool_]
    eligible: NDArray[np.bool_]
    linear: NDArray[np.bool_]
    watched: NDArray[np.bool_]
    point: NDArray[np.float64]
    rate: NDArray[np.float64]
    known: NDArray[np.float32]
    drive: NDArray[np.float64]
    drive_slope: NDArray[np.float64]


class RowEvents(NamedTuple):
    """Events of synapse rows by ascending chip cycle.

    Attributes:
        cycles: chip cycle at the synapses, ``int64[n]``.
        rows: 256 * hemisphere + row, ``int64[n]``.
        addresses: compared with the labels of the synapses, ``uint8[n]``.
        lines: bit 0 excitatory, bit 1 inhibitory, ``uint8[n]``.
        amplitudes: pulse width in units of the full pulse, ``float32[n]``.
    """

    cycles: NDArray[np.int64]
    rows: NDArray[np.int64]
    addresses: NDArray[np.uint8]
    lines: NDArray[np.uint8]
    amplitudes: NDArray[np.float32]

    def part(self, selection: slice | NDArray[np.intp]) -> RowEvents:
        """Some of the events."""
        return RowEvents(
            self.cycles[selection],
            self.rows[selection],
            self.addresses[selection],
            self.lines[selection],
            self.amplitudes[selection],
        )


class Fires(NamedTuple):
    """Fires of circuits: artificial ones as input, all as output.

    Attributes:
        cycles: chip cycle, ``int64[n]``.
        circuits: number of the circuit, 0..511, ``int64[n]``.
    """

    cycles: NDArray[np.int64]
    circuits: NDArray[np.int64]

    def part(self, selection: slice | NDArray[np.intp]) -> Fires:
        """Some of the fires."""
        return Fires(self.cycles[selection], self.circuits[selection])
