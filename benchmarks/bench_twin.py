"""The twin with its analog core, words in to words out: experiments as training runs them, reads, settling.

==========================================================================  =========================
work                                                                        budget
==========================================================================  =========================
100 x (30 us experiment + 50 us relaxation), 512 circuits, noise            80 ms
the same, 64 neurons of 8 circuits: a partition of 784-256-10               45 ms, ARCHITECTURE 5
read of all column ADCs of both hemispheres                                 3 ms
read of all 512 spike counters                                              3 ms
50 ms of settling at rest                                                   5 ms
bring-up, configuration and the first experiment                            1 s
==========================================================================  =========================

Run ``pytest -s benchmarks/bench_twin.py``; figures are processor time of the fastest round.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

import hxtwin
from hxtwin import containers, coord, runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from hxtwin.comm import Connection

ENDPOINT = "sim://?chip=ideal"
"""With noise; without mismatch all neurons are as calibrated ones."""
US = 125
"""FPGA cycles in a microsecond."""
ENTRIES = 100
INPUTS = 784
SPIKES = 200
"""Input spikes of an entry, one for each active pixel."""
ROUNDS = 5
NEURON = "neuron_block.atomic_neurons."
DRIVER = "synapse_driver_blocks.synapse_drivers."
CODES = {
    "leak.v_leak": 574,
    "leak.i_bias": 168,
    "reset.v_reset": 433,
    "reset.i_bias": 1012,
    "excitatory_input.i_bias_tau": 160,
    "inhibitory_input.i_bias_tau": 160,
    "excitatory_input.i_bias_gm": 500,
    "inhibitory_input.i_bias_gm": 500,
    "excitatory_input.i_shift_reference": 310,
    "inhibitory_input.i_shift_reference": 310,
    "refractory_period.refractory_time": 33,
    "refractory_period.reset_holdoff": 15,
}
SWITCHES = (
    "excitatory_input.enable",
    "inhibitory_input.enable",
    "excitatory_input.enable_high_resistance",
    "inhibitory_input.enable_high_resistance",
    "reset.enable_multiplication",
    "event_routing.enable_digital",
    "readout.enable_amplifier",
)


def configured(circuits: int, rng: np.random.Generator) -> containers.Chip:
    """A chip with neurons of 1 or 8 circuits and random weights; all input reaches all circuits of its hemisphere.

    A label is 3 bits of PADI bus, 5 bits of driver and 6 bits of synapse label, by which the columns of a neuron share
    the drivers.
    """
    every = np.arange(512)
    width = max(circuits // 2, 1)
    is_first = (every % 256 % width == 0) & ((circuits == 1) | (every < 256))
    columns: dict[str, object] = {NEURON + name: np.full(512, code) for name, code in CODES.items()}
    columns |= {NEURON + name: np.ones(512, dtype=bool) for name in SWITCHES}
    columns[f"{NEURON}leak.i_bias"] = np.where(is_first, CODES["leak.i_bias"], 0)
    columns[f"{NEURON}reset.i_bias"] = np.where(is_first, CODES["reset.i_bias"], 0)
    columns[f"{NEURON}membrane_capacitance.capacitance"] = np.where(is_first, 63, 0)
    columns[f"{NEURON}threshold.enable"] = is_first
    columns[f"{NEURON}threshold.v_threshold"] = np.full(512, 225)
    columns[f"{NEURON}event_routing.analog_output"] = np.full(512, int(containers.AnalogOutput.NORMAL))
    columns[f"{NEURON}event_routing.address"] = every % 256 // width % 128
    if circuits > 1:
        columns[f"{NEURON}multicompartment.connect_right"] = every % width != width - 1
        columns[f"{NEURON}multicompartment.connect_vertical"] = every % width == 0
    columns["neuron_block.backends.clock_scale_slow"] = [3, 3]
    columns["neuron_block.backends.enable_event_registers"] = [True, True]
    for kind in ("excitatory", "inhibitory"):
        columns[f"neuron_block.current_rows.enable_synaptic_current_{kind}"] = np.ones((2, 256), dtype=bool)
    for channel in ("causal", "acausal"):
        columns[f"cadc_readout_chains.channels_{channel}.enable_connect_neuron"] = np.ones((2, 256), dtype=bool)
        columns[f"cadc_readout_chains.channels_{channel}.enable_connect_correlation"] = np.ones((2, 256), dtype=bool)
    columns["cadc_readout_chains.ramp.enable"] = [True, True]
    mean, spread = (0.0, 10.0) if circuits == 1 else (1.0, 15.0)
    weights = np.round(rng.normal(mean, spread, (2, 128, 256))).astype(np.int64)
    matrix = np.zeros((2, 256, 256), dtype=np.uint8)
    matrix[:, 1::2] = np.clip(weights, 0, 63)
    matrix[:, 0::2] = np.clip(-weights, 0, 63)
    columns["synapse_blocks.matrix.weights"] = matrix
    columns["synapse_blocks.matrix.labels"] = np.broadcast_to(np.arange(256) % width, (2, 256, 256)).astype(np.uint8)
    columns["synapse_blocks.i_bias_dac"] = np.full((2, 2), 600)
    columns[f"{DRIVER}enable_receiver"] = np.ones((2, 128), dtype=bool)
    columns[f"{DRIVER}enable_address_out"] = np.ones((2, 128), dtype=bool)
    columns[f"{DRIVER}row_address_compare_mask"] = np.full((2, 128), 31)
    columns[f"{DRIVER}row_mode_top"] = np.full((2, 128), int(containers.SynapseRowMode.EXCITATORY))
    columns[f"{DRIVER}row_mode_bottom"] = np.full((2, 128), int(containers.SynapseRowMode.INHIBITORY))
    columns["synapse_driver_blocks.padi_bus.enable_spl1"] = np.ones((2, 4), dtype=bool)
    masks, targets = np.zeros(76, dtype=np.uint16), np.zeros(76, dtype=np.uint16)
    for node in coord.CrossbarNodeOnDLS.all():
        bus = int(node.to_crossbar_output_on_dls())
        is_input = 8 <= int(node.to_crossbar_input_on_dls()) < 12
        masks[int(node)], targets[int(node)] = (0x3800, bus << 11) if is_input and bus < 8 else (0, 1)
        if bus >= 8 and not is_input:
            masks[int(node)], targets[int(node)] = 0, 0  # neurons to the link
    columns["crossbar.nodes.mask"], columns["crossbar.nodes.target"] = masks, targets
    return containers.Chip().with_columns(columns)


def labels_of(inputs: NDArray[np.int64], circuits: int) -> NDArray[np.uint16]:
    """Labels of inputs 0..783: hemisphere, driver, column of the neuron."""
    width = max(circuits // 2, 1)
    hemisphere, rest = inputs % 2, inputs // 2
    driver, column = rest % 128, rest // 128 % width
    bus = 4 * hemisphere + driver % 4
    return (bus << 11 | driver // 4 << 6 | column).astype(np.uint16)


def experiment(circuits: int, rng: np.random.Generator) -> runtime.PlaybackProgram:
    """Entries of 30 us with input, nearly half of it in the first microsecond, and 50 us of relaxation."""
    active = np.stack([rng.choice(INPUTS if circuits > 1 else 256, SPIKES, replace=False) for _ in range(ENTRIES)])
    at_us = np.where(rng.random(active.shape) < 0.45, rng.random(active.shape), 30 * rng.random(active.shape))
    times = ((at_us + 80 * np.arange(ENTRIES)[:, None]) * US).astype(np.int64) + 1000
    order = np.argsort(times, axis=None, kind="stable")
    builder = runtime.PlaybackProgramBuilder()
    builder.write(coord.EventRecordingConfigOnFPGA(), containers.EventRecordingConfig(enable_event_recording=True))
    builder.barrier(omnibus=True)
    builder.reset_timer()
    builder.write_spike_train(times.ravel()[order], labels_of(active.ravel()[order], circuits))
    builder.wait_until(80 * ENTRIES * US + 1000)
    builder.write(coord.EventRecordingConfigOnFPGA(), containers.EventRecordingConfig(enable_event_recording=False))
    return builder.done()


def bring_up(chip: containers.Chip) -> runtime.PlaybackProgram:
    builder, _ = runtime.generate(runtime.SystemInit())
    builder.write(coord.ChipOnDLS(), chip)
    builder.barrier(omnibus=True)
    builder.wait_for(100_000 * US)
    return builder.done()


def fastest(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


@pytest.fixture(params=[1, 8], scope="module")
def circuits(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.fixture(scope="module")
def connection(circuits: int) -> Iterator[Connection]:
    with hxtwin.connect(ENDPOINT) as opened:
        program = bring_up(configured(circuits, np.random.default_rng(1)))
        begin = time.process_time()
        runtime.run(opened, program)
        print(f"\nbring-up, configuration, settling: {1e3 * (time.process_time() - begin):.0f} ms")
        yield opened


def bench_training_entries(circuits: int, connection: Connection) -> None:
    program = experiment(circuits, np.random.default_rng(2))
    runtime.run(connection, program)
    figure = fastest(lambda: runtime.run(connection, program))
    labels = program.spikes["label"]
    budget = 80 if circuits == 1 else 45
    print(
        f"\n100 entries of 80 us, neurons of {circuits} circuits: {1e3 * figure:.1f} ms, budget {budget} ms; "
        f"{len(labels) / ENTRIES:.0f} spikes in an entry"
    )
    assert len(labels)


def bench_reads(circuits: int, connection: Connection) -> None:
    builder = runtime.PlaybackProgramBuilder()
    builder.read(coord.CADCSamplesOnDLS())
    builder.barrier(omnibus=True)
    samples = builder.done()
    runtime.run(connection, samples)
    figure = fastest(lambda: runtime.run(connection, samples), 20)
    print(f"\nread of the column ADCs, neurons of {circuits} circuits: {1e3 * figure:.2f} ms, budget 3 ms")
    builder = runtime.PlaybackProgramBuilder()
    builder.read_columns(containers.SpikeCounterRead, np.arange(512))
    builder.barrier(omnibus=True)
    counters = builder.done()
    runtime.run(connection, counters)
    figure = fastest(lambda: runtime.run(connection, counters), 20)
    print(f"read of the spike counters: {1e3 * figure:.2f} ms, budget 3 ms")


def bench_settling_at_rest(circuits: int, connection: Connection) -> None:
    builder = runtime.PlaybackProgramBuilder()
    builder.wait_for(50_000 * US)
    wait = builder.done()
    runtime.run(connection, wait)
    figure = fastest(lambda: runtime.run(connection, wait), 20)
    print(f"\n50 ms at rest, neurons of {circuits} circuits: {1e3 * figure:.2f} ms, budget 5 ms")
