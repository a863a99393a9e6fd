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
        conductance_lines: indices of lines in conductance mode, ``int64[c]``.
        conductance_slope: 1/V, ``float32[c]``.
        conductance_reference: V, ``float32[c]``.
        bypass_lines: indices of lines whose events fire the circuit, ``int64[b]``.
        resistor_ends: ``int64[r, 2]``.
        resistor_strength: ``float64[r, 2]``.
        resistor_nodes: ``int64[q]``.
        has_adaptation: any circuit with adaptation.
        has_exponential: any circuit with exponential term.
        delay_cycles: delay of the comparator, chip cycles.
        rules: slope of the exponential inverted (1/V), lower and upper rail (V) of membranes, and of
            adaptation voltages, ``float32[5]``.
        noise_kick: standard deviation of the membrane noise of one step, V.
        noise_sources: ``uint32[N]``.
        noise_key: uint64.
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
    conductance_lines: NDArray[np.int64]
    conductance_slope: NDArray[np.float32]
    conductance_reference: NDArray[np.float32]
    bypass_lines: NDArray[np.int64]
    resistor_ends: NDArray[np.int64]
    resistor_strength: NDArray[np.float64]
    resistor_nodes: NDArray[np.int64]
    has_adaptation: bool
    has_exponential: bool
    delay_cycles: float
    rules: NDArray[np.float32]
    noise_kick: np.float32
    noise_sources: NDArray[np.uint32]
    noise_key: np.uint64


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


class Fires(NamedTuple):
    """Fires of circuits: artificial ones as input, all as output.

    Attributes:
        cycles: chip cycle, ``int64[n]``.
        circuits: number of the circuit, 0..511, ``int64[n]``.
    """

    cycles: NDArray[np.int64]
    circuits: NDArray[np.int64]
