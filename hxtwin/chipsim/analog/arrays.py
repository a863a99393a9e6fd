"""Groups of arrays that the compiled step takes; see `hxtwin.chipsim.analog.layout` for rows and units."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class State(NamedTuple):
    """What changes from step to step.

    Attributes:
        v: membranes, V, ``float32[N]``.
        x: line deflections in units of the saturation, ``float32[2N]``.
        w: adaptation voltages, V, ``float32[N]``.
        digital: backends and nodes, ``int64[17, N]``.
        node: coefficients of the membranes, which follow the reset state, ``float32[16, N]``.
    """

    v: NDArray[np.float32]
    x: NDArray[np.float32]
    w: NDArray[np.float32]
    digital: NDArray[np.int64]
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
        circuit: rows ``OTA_*``, ``CIRCUIT_*`` and NODE_EXP_SHIFT of the state's ``node``, ``float32[16, N]``.
        constant: ``float32[N]``, constant currents of nodes, at the root.
        adaptation: ``float32[7, N]``.
        root: index of the root of each circuit's node, ``int64[N]``.
        merged: indices of circuits that are not roots, ``int64[m]``.
        merged_nodes: roots of nodes of several circuits, ``int64[n]``.
        merged_begin: first place of the members of each of these in `merged_members`, and their end, ``int64[n + 1]``.
        merged_members: indices of circuits, ``uint64[..]``: such indices are not checked for their sign.
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
        noise_sources: ``uint32[N]``.
        noise_key: uint64.
        noise_origin: step from which the noise counts.
    """

    step_cycles: float
    circuits: NDArray[np.int64]
    hemisphere_begin: int
    lines: NDArray[np.float32]
    line_gain: NDArray[np.float32]
    line_columns: NDArray[np.int64]
    circuit: NDArray[np.float32]
    constant: NDArray[np.float32]
    adaptation: NDArray[np.float32]
    root: NDArray[np.int64]
    merged: NDArray[np.int64]
    merged_nodes: NDArray[np.int64]
    merged_begin: NDArray[np.int64]
    merged_members: NDArray[np.uint64]
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
        synaptic: sums of both lines of each circuit, ``float32[N]``.
        summed: all other currents, ``float32[N]``.
        before: membranes before the step, ``float32[N]``.
        drive: sum of currents, ``float32[N]``.
        quiet: synaptic currents that are set aside, zero between steps, ``float32[N]``.
        walked: step in which each node was walked last, ``int64[N]``.
        walks: nodes to walk, ``int64[N]``.
        wide: of the resistors, ``float64[4, N]``.
        profile: of a walk, ``float32[parts]``; so are `steep`, which stays zero, and `parts`.
        flat: one zero, ``float32[1]``.
    """

    bump: NDArray[np.float32]
    plain: NDArray[np.float32]
    synaptic: NDArray[np.float32]
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
    """Which neurons sleep; entries of nodes stand at their roots. See `hxtwin.chipsim.analog.rest_kernel`.

    Attributes:
        asleep: ``bool[N]``.
        since: step at whose begin the node fell asleep, ``int64[N]``.
        v: its membrane then, V, ``float64[N]``.
        x: its lines then, ``float32[2N]``.
        seen: lines at the last look, ``float32[2N]``.
        doubt: what speaks against sleep with these lines, V, ``float32[2N]``.
        fall: what is left of the lines from one look to the next, with some allowance, ``float32[2N]``.
        decays: its lines had not come to rest, ``bool[N]``.
        eligible: may ever sleep, ``bool[N]``.
        linear: its currents do not depend on its membrane, so that it may sleep before its lines rest, ``bool[N]``.
        watched: kept awake because somebody looks at it, ``bool[N]``.
        point: fixed point, V, ``float64[N]``.
        rate: step / tau at the fixed point, ``float64[N]``.
        known: target and limit of the OTA for which both hold, ``float32[N, 2]``.
        drive: constant current and lines at rest at 0 V, V in a step, ``float64[N]``.
        drive_slope: loss of that current with the membrane, in a step, ``float64[N]``.
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
