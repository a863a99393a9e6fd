"""Neuron circuits: time per circuit and step of 0.1 us on one core.

===============================================  =========================
work                                             budget
===============================================  =========================
512 LIF circuits, 256 input trains, noise off    1.5 ns, aim 1.0
the same with membrane noise                     (reported)
512 AdEx circuits, 256 input trains              5 ns
===============================================  =========================

Run ``pytest -s benchmarks/bench_analog.py``; figures are processor time of the fastest round.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from hxtwin import containers
from hxtwin.chipsim.analog.discretisation import discretise, initial_state
from hxtwin.chipsim.analog.integration import integrate, row_events
from hxtwin.chipsim.elaborate import synapses
from hxtwin.chipsim.elaborate.cap_mem import NEURON_CELLS, SHAPE, SHARED_CELLS, CellValues
from hxtwin.chipsim.elaborate.neurons import elaborate_neurons

STEPS = 5000
ROUNDS = 7
RATE_HZ = 5e3
CELLS = {
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
    "v_adapt_leak": 374,
    "v_exp": 800,
    "i_bias_exp": 300,
    "i_bias_adapt_tau": 100,
    "i_bias_adapt_a": 50,
    "i_bias_adapt_b": 50,
    "syn_i_bias_dac": 600,
    "neuron_i_bias_spike_comparator": 200,
    "neuron_i_bias_synin_drop": 300,
}
SWITCHES = (
    "enable_reset_multiplication",
    "enable_synaptic_input_excitatory",
    "enable_synaptic_input_inhibitory",
    "enable_synaptic_input_excitatory_high_resistance",
    "enable_synaptic_input_inhibitory_high_resistance",
    "enable_fire",
    "enable_threshold_comparator",
)


@pytest.mark.parametrize(
    ("name", "adex", "noise_key", "budget_ns"),
    [("LIF", False, None, 1.5), ("LIF with noise", False, 1, None), ("AdEx", True, None, 5.0)],
)
def bench_circuits(name: str, adex: bool, noise_key: int | None, budget_ns: float | None) -> None:
    codes = np.zeros(SHAPE)
    for cell, value in CELLS.items():
        if cell in SHARED_CELLS:
            row, column = SHARED_CELLS[cell]
            codes[:, row, column] = value
        else:
            codes[:, NEURON_CELLS[cell], :128] = value
    config = dict(containers.NeuronConfig.default_columns(512))
    for switch in SWITCHES:
        config[switch] = np.ones(512, dtype=bool)
    config["membrane_capacitor_size"] = np.full(512, 63)
    config["enable_adaptation"] = config["enable_exponential"] = np.full(512, adex)
    backend = dict(containers.NeuronBackendConfig.default_columns(512))
    backend["refractory_time"] = np.full(512, 32)
    backend["enable_adaptation_pulse"] = np.full(512, adex)
    common = dict(containers.CommonNeuronBackendConfig.default_columns(2))
    common["clock_scale_slow"] = common["clock_scale_adaptation_pulse"] = np.array([3, 3])
    cells = CellValues.of(codes)
    parameters = elaborate_neurons(config, backend, common, cells)
    coefficients = discretise(
        parameters, synapses.column_gain(cells, parameters, np.ones((2, 512))), noise_key=noise_key
    )
    rng = np.random.default_rng(1)
    weights = rng.integers(0, 40, (512, 256)).astype(np.uint8)
    n = rng.poisson(256 * RATE_HZ * STEPS * 1e-7)
    train = rng.integers(0, 256, n)  # trains 0..127 to the upper, 128..255 to the lower half
    rows = 256 * (train // 128) + 2 * (train % 128) + train % 2
    cycles = np.sort(rng.integers(0, STEPS * 25, n))
    events = row_events(cycles, rows, np.zeros(n), 1 + train % 2, np.ones(n))
    efficacy, labels = synapses.efficacy(weights), np.zeros((512, 256), dtype=np.uint8)
    times = []
    fires = 0
    for _ in range(ROUNDS + 1):  # the first round compiles
        state = initial_state(parameters, coefficients)
        begin = time.process_time()
        fires = len(integrate(0, STEPS, state, coefficients, efficacy, labels, events).fires.cycles)
        times.append(time.process_time() - begin)
    figure = min(times[1:]) / STEPS / 512 * 1e9
    rate = fires / 512 / (STEPS * 1e-7) / 1e3
    wanted = "" if budget_ns is None else f", budget {budget_ns} ns"
    print(f"\n{name}: {figure:.2f} ns per circuit and step at {rate:.1f} kHz per circuit{wanted}")
    assert figure > 0
