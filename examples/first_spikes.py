"""First spikes: one neuron of an uncalibrated chip, stimulated by a spike train, seen by the membrane ADC.

Run it with ``python examples/first_spikes.py`` (the twin of chip 7), or with an endpoint, e.g.
``python examples/first_spikes.py udp://127.0.0.1:1234``. It prints what it saw, and draws ``first_spikes.png`` if
matplotlib is there. Cells begin with ``# %%``, so that editors run them one by one.
"""

# %% What is needed: typed coordinates, containers, playback programs, a connection.
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import hxtwin
from hxtwin import containers, coord, runtime

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("endpoint", nargs="?", default="sim://?chip=7&noise=1", help="where the chip is")
arguments.add_argument("--picture", type=Path, default=Path("first_spikes.png"), help="file to draw")
options = arguments.parse_args()

NEURON = coord.AtomicNeuronOnDLS(10)
COLUMN = int(NEURON)  # neurons 0..255 are the upper row
ADDRESS = 77  # what the neuron writes into its spikes
US = 125  # FPGA cycles in a microsecond

# %% One configuration of the whole chip: a default chip with some columns changed.
one = np.arange(512) == int(NEURON)
neuron = "neuron_block.atomic_neurons."
codes = {
    "leak.v_leak": 574,
    "leak.i_bias": 168,
    "reset.v_reset": 433,
    "reset.i_bias": 1012,
    "excitatory_input.i_bias_tau": 400,
    "excitatory_input.i_bias_gm": 500,
    "excitatory_input.i_shift_reference": 310,
    "membrane_capacitance.capacitance": 63,
    "refractory_period.refractory_time": 33,
    "event_routing.address": ADDRESS,
}
switches = (
    "excitatory_input.enable",
    "excitatory_input.enable_high_resistance",
    "reset.enable_multiplication",
    "threshold.enable",
    "event_routing.enable_digital",
    "readout.enable_amplifier",
    "readout.enable_buffered_access",
)
columns: dict[str, object] = {neuron + name: np.where(one, code, 0) for name, code in codes.items()}
columns |= {neuron + name: one for name in switches}
columns[f"{neuron}event_routing.analog_output"] = np.where(one, int(containers.AnalogOutput.NORMAL), 0)
columns["neuron_block.backends.clock_scale_slow"] = [3, 3]
columns["neuron_block.current_rows.enable_synaptic_current_excitatory"] = np.ones((2, 256), dtype=bool)

# eight synapses of the neuron's column, in the rows of the first four drivers of PADI bus 0, listen to label 0
weights = np.zeros((2, 256, 256), dtype=np.uint8)
drivers = np.zeros((2, 128), dtype=bool)
drivers[0, :16:4] = True
weights[0, np.repeat(drivers[0], 2), COLUMN] = 63
columns["synapse_blocks.matrix.weights"] = weights
columns["synapse_blocks.i_bias_dac"] = np.full((2, 2), 600)
driver = "synapse_driver_blocks.synapse_drivers."
columns[f"{driver}enable_receiver"] = drivers
columns[f"{driver}row_address_compare_mask"] = np.zeros((2, 128), dtype=int)
for row_mode in ("row_mode_top", "row_mode_bottom"):
    columns[driver + row_mode] = np.full((2, 128), int(containers.SynapseRowMode.EXCITATORY))
columns["synapse_driver_blocks.padi_bus.enable_spl1"] = np.ones((2, 4), dtype=bool)

# the membrane ADC looks at the neurons of even columns of the upper row
columns["readout_chain.input_mux.neuron_even"] = [[True, False], [False, False]]
columns["readout_chain.madc.number_of_samples"] = 6000
chip = containers.Chip().with_columns(columns)

# %% Bring the machine up, write the configuration, let the analog cells settle.
builder, _ = runtime.generate(runtime.SystemInit())
builder.write(coord.ChipOnDLS(), chip)
builder.barrier(omnibus=True)
builder.wait_for(100_000 * US)
set_up = builder.done()

# %% The experiment: record, send two events far apart and then a burst, record spikes.
INPUT_US = [30, 60] + [90 + 3 * k for k in range(12)]
WANTED_REST = 300  # LSB
FIRST_VALID_US = 8  # the membrane ADC needs as long after its start


def trial(before: containers.Chip, **cells: int) -> tuple[containers.Chip, runtime.PlaybackProgram]:
    """Chip and program of a trial with other codes of some cells of the neuron: only what differs is written."""
    paths = {"shift": "excitatory_input.i_shift_reference", "threshold": "threshold.v_threshold"}
    after = before.with_columns({neuron + paths[name]: np.where(one, code, 0) for name, code in cells.items()})
    changes = containers.difference(after, before)
    builder = runtime.PlaybackProgramBuilder()
    builder.write_words(changes.addresses, changes.words)
    builder.barrier(omnibus=True)
    builder.wait_for(20_000 * US)  # analog cells settle with 3.5 ms
    builder.write(coord.MADCControlOnDLS(), containers.MADCControl(wake_up=True, enable_pre_amplifier=True))
    builder.barrier(omnibus=True)
    builder.wait_for(10 * US)
    builder.write(coord.EventRecordingConfigOnFPGA(), containers.EventRecordingConfig(enable_event_recording=True))
    builder.reset_timer()
    builder.write(coord.MADCControlOnDLS(), containers.MADCControl(start_recording=True, enable_pre_amplifier=True))
    builder.write(coord.MADCControlOnDLS(), containers.MADCControl(enable_pre_amplifier=True))
    builder.write_spike_train(np.array(INPUT_US) * US, np.zeros(len(INPUT_US), dtype=np.uint16))
    builder.wait_until(210 * US)
    builder.write(coord.EventRecordingConfigOnFPGA(), containers.EventRecordingConfig(enable_event_recording=False))
    return after, builder.done()


def seen(program: runtime.PlaybackProgram) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (us) and values (LSB) of the membrane, times of the neuron's spikes; from the start of the recording on."""
    samples = program.madc_samples
    start = int(samples["chip_time"][0])
    time_us = (samples["chip_time"].astype(np.int64) - start) / US
    valid = time_us > FIRST_VALID_US
    # the chip also sends the input back; spikes of the neuron carry its address
    spikes = program.spikes[program.spikes["label"] & 0xFF == ADDRESS]
    fired_us = (spikes["chip_time"].astype(np.int64) - start) / US
    return time_us[valid], samples["value"][valid], fired_us[fired_us > 0]


# %% No two neurons are alike before calibration. By hand: the offset of the synaptic input is shifted until the
# membrane rests where the leak wants it, then the threshold is lowered until the neuron answers to the burst.
with hxtwin.connect(options.endpoint) as connection:
    runtime.run(connection, set_up)
    rests: dict[int, float] = {}
    for shift in range(310, 611, 30):
        chip, program = trial(chip, shift=shift, threshold=1000)
        runtime.run(connection, program)
        time_us, membrane, _ = seen(program)
        rests[shift] = float(membrane[time_us < INPUT_US[0]].mean())
    shift = min(rests, key=lambda code: abs(rests[code] - WANTED_REST))
    for threshold in range(700, 100, -20):
        chip, program = trial(chip, shift=shift, threshold=threshold)
        runtime.run(connection, program)
        time_us, membrane, fired_us = seen(program)
        if len(fired_us):
            break

# %% What was seen.
print(f"endpoint            {options.endpoint}")
print(f"tuned by hand       shift {shift}, threshold {threshold}")
print(f"membrane            {len(membrane)} samples in {time_us[-1]:.0f} us")
silent = membrane[time_us < INPUT_US[0]]
rest = float(silent.mean())
print(f"  at rest           {rest:.0f} LSB, noise {silent.std():.1f} LSB")
for number, at in enumerate(INPUT_US[:2], 1):
    window = (time_us > at) & (time_us < at + 25)
    height, peak = membrane[window].max() - rest, time_us[window][np.argmax(membrane[window])] - at
    print(f"  input {number} at {at} us  PSP of {height:.0f} LSB, peak {peak:.1f} us later")
print(f"spikes              {len(fired_us)}: at {', '.join(f'{time:.1f}' for time in fired_us)} us")

# %% A picture, where people would rather look than read.
try:
    import matplotlib as mpl
except ModuleNotFoundError:
    print("no picture: install hxtwin[plot]")
else:
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    axes.plot(time_us, membrane, linewidth=0.7, label="membrane")
    axes.vlines(INPUT_US, rest - 60, rest - 40, color="tab:green", label="input")
    axes.vlines(fired_us, membrane.max() + 10, membrane.max() + 40, color="tab:red", label="spikes")
    axes.set(xlabel="time / us", ylabel="MADC / LSB", title=f"one neuron of {options.endpoint}")
    axes.legend(loc="lower right", ncols=3)
    figure.savefig(options.picture, dpi=120)
    print(f"picture             {options.picture}")
