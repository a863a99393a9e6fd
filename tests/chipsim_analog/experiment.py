"""Neuron circuits of an ideal chip at the default operating point of analog-model.md 12, with changes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin import containers
from hxtwin.chipsim.analog.arrays import Coefficients, Fires, RowEvents, State
from hxtwin.chipsim.analog.constants import CYCLE_S
from hxtwin.chipsim.analog.discretisation import discretise, initial_state
from hxtwin.chipsim.analog.integration import Span, integrate, row_events
from hxtwin.chipsim.elaborate import synapses
from hxtwin.chipsim.elaborate.cap_mem import NEURON_CELLS, SHAPE, SHARED_CELLS, CellValues
from hxtwin.chipsim.elaborate.neurons import NeuronParameters, elaborate_neurons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from hxtwin.chipsim.personality import Personality

DEFAULT_CELLS = {
    "v_leak": 574,
    "v_reset": 433,
    "v_threshold": 340,
    "i_bias_leak": 168,
    "i_bias_reset": 1012,
    "i_bias_synin_exc_tau": 92,
    "i_bias_synin_inh_tau": 92,
    "i_bias_synin_exc_shift": 310,
    "i_bias_synin_inh_shift": 310,
    "i_bias_synin_exc_gm": 500,
    "i_bias_synin_inh_gm": 500,
    "v_adapt_ref": 500,
    "v_exp": 900,
    "syn_i_bias_dac": 600,
    "neuron_i_bias_readout_amp": 110,
    "neuron_i_bias_leak_source_follower": 100,
    "neuron_i_bias_spike_comparator": 200,
    "neuron_i_bias_synin_drop": 300,
}
DEFAULT_SWITCHES = {
    "membrane_capacitor_size": 63,
    "enable_reset_multiplication": True,
    "enable_synaptic_input_excitatory": True,
    "enable_synaptic_input_inhibitory": True,
    "enable_synaptic_input_excitatory_high_resistance": True,
    "enable_synaptic_input_inhibitory_high_resistance": True,
    "enable_fire": True,
    "enable_threshold_comparator": True,
}
DEFAULT_BACKEND = {"refractory_time": 33, "reset_holdoff": 15}
DEFAULT_COMMON = {"clock_scale_slow": 3}


@attrs.define(eq=False)
class Experiment:
    """Neuron circuits of one setting; all times in chip cycles."""

    parameters: NeuronParameters
    gain: NDArray[np.float64]
    weights: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    personality: Personality | None = None
    coefficients: Coefficients | None = None
    state: State | None = None
    noise: bool = False

    def run(
        self,
        duration_us: float,
        events: RowEvents | None = None,
        *,
        step_cycles: float = 25.0,
        probes: tuple[int, ...] = (),
        artificial: Fires | None = None,
        integrated: NDArray[np.bool_] | None = None,
        calls: int = 1,
        noise_key: int | None = None,
    ) -> Span:
        """Integrates from time 0, in one or several calls."""
        key = self.personality.noise_key if self.noise and self.personality else noise_key
        self.coefficients = discretise(
            self.parameters, self.gain, step_cycles=step_cycles, integrated=integrated, noise_key=key
        )
        self.state = initial_state(self.parameters, self.coefficients)
        return self.go_on(0, round(duration_us * 1e-6 / CYCLE_S / step_cycles), events, probes, artificial, calls)

    def go_on(
        self,
        first: int,
        last: int,
        events: RowEvents | None = None,
        probes: tuple[int, ...] = (),
        artificial: Fires | None = None,
        calls: int = 1,
    ) -> Span:
        """Integrates steps with the present state."""
        assert self.coefficients is not None
        assert self.state is not None
        borders = np.linspace(first, last, calls + 1).astype(int).tolist()
        spans = []
        for begin, end in pairwise(borders):
            inside = None
            if events is not None:
                cycles = self.coefficients.step_cycles
                chosen = (events.cycles >= begin * cycles) & (events.cycles < end * cycles)
                inside = RowEvents(*(column[chosen] for column in events))
            spans.append(
                integrate(
                    begin,
                    end,
                    self.state,
                    self.coefficients,
                    synapses.efficacy(self.weights, personality=self.personality),
                    self.labels,
                    inside,
                    artificial if begin == first else None,
                    np.array(probes, dtype=np.int64),
                )
            )
        return Span(
            Fires(
                np.concatenate([span.fires.cycles for span in spans]),
                np.concatenate([span.fires.circuits for span in spans]),
            ),
            np.concatenate([span.trace for span in spans]),
        )


def make_experiment(
    cells: Mapping[str, ArrayLike] | None = None,
    switches: Mapping[str, ArrayLike] | None = None,
    backend: Mapping[str, ArrayLike] | None = None,
    common: Mapping[str, ArrayLike] | None = None,
    personality: Personality | None = None,
) -> Experiment:
    """An experiment with codes of cells, switches, backend and common backend that differ from the default."""
    codes = np.zeros(SHAPE)
    for name, value in {**DEFAULT_CELLS, **(cells or {})}.items():
        if name in SHARED_CELLS:
            row, column = SHARED_CELLS[name]
            codes[:, row, column] = np.asarray(value)
        else:
            codes[:, NEURON_CELLS[name], :128] = np.broadcast_to(np.asarray(value), 512).reshape(4, 128)
    values = CellValues.of(codes, personality)
    parameters = elaborate_neurons(
        _columns(containers.NeuronConfig, 512, {**DEFAULT_SWITCHES, **(switches or {})}),
        _columns(containers.NeuronBackendConfig, 512, {**DEFAULT_BACKEND, **(backend or {})}),
        _columns(containers.CommonNeuronBackendConfig, 2, {**DEFAULT_COMMON, **(common or {})}),
        values,
        personality,
    )
    gain = synapses.column_gain(values, parameters, np.ones((2, 512)), personality)
    weights = np.zeros((512, 256), dtype=np.uint8)
    return Experiment(parameters, gain, weights, np.zeros((512, 256), dtype=np.uint8), personality)


def make_events(cycles: ArrayLike, rows: ArrayLike = 0, lines: ArrayLike = 1, addresses: ArrayLike = 0) -> RowEvents:
    """Full pulses to synapse rows, excitatory by default."""
    times = np.atleast_1d(np.asarray(cycles))
    order = np.argsort(times, kind="stable")
    columns = (np.broadcast_to(np.asarray(item), times.shape)[order] for item in (rows, addresses, lines))
    row, address, line = columns
    return row_events(times[order], row, address, line, np.ones(times.shape))


def _columns(container: type, n: int, changes: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.generic]]:
    columns = dict(container.default_columns(n))  # type: ignore[attr-defined]  # every container has it
    for name, value in changes.items():
        columns[name] = np.broadcast_to(np.asarray(value), (n,))
    return columns


Make = Callable[..., Experiment]
"""`make_experiment`."""
Stimulus = Callable[..., RowEvents]
"""`make_events`."""
