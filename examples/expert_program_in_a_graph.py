"""Experts: a network is placed and routed for you, and your own containers and instructions run within it.

Run it with ``python examples/expert_program_in_a_graph.py`` (the ideal twin), or with an endpoint. Three things that no
module does: a setting of single neurons is changed in the chip before the network is laid out; in every batch entry the
neurons are held in reset from the middle of the run on; registers are read when all has run. Cells begin
with ``# %%``.
"""

# %% What is needed.
from __future__ import annotations

import argparse

import attrs
import numpy as np

import hxtwin
from hxtwin import containers, coord
from hxtwin.calib import NeuronCalibTarget, SpikingCalibTarget
from hxtwin.calib.nominal import nominal_calibration
from hxtwin.graph import network as nw
from hxtwin.graph.configuration import place_and_route
from hxtwin.graph.execution import Executor, Hooks, InputSpikes
from hxtwin.runtime import AbsoluteTimePlaybackProgramBuilder, PlaybackProgramBuilder

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("endpoint", nargs="?", default="sim://?chip=ideal&noise=1", help="where the chip is")
options = arguments.parse_args()
US = 125  # FPGA cycles in a microsecond
ENTRIES, RUNTIME_US, OFF_US = 4, 60.0, 40.0

# %% The network: eight channels drive four neurons with equal weights. It is data, no chip is needed for it.
network = nw.Network.of(
    nw.ExternalSource(name="input", size=8, execution_instance=0),
    nw.Population(name="neurons", size=4, execution_instance=0),
    nw.Projection(name="drive", source="input", target="neurons", weights=np.full((8, 4), 40)),
    nw.SpikeRecording(population="neurons"),
    nw.CADCRecording(population="neurons"),
)

# %% Containers: start from a calibrated chip. Here the codes are those of a chip without mismatch; on a real one take
# `hxtwin.calib.calibrate_spiking(connection).to_chip()`.
target = NeuronCalibTarget(leak=80, reset=80, threshold=120, tau_mem=6e-6, tau_syn=6e-6, refractory_time=1e-6)
chip = nominal_calibration(SpikingCalibTarget(neuron=target)).to_chip()
routed = place_and_route(network, base=chip)
circuits = routed.placement.of("neurons").circuits[:, 0]
print(f"neurons placed on   circuits {', '.join(map(str, circuits))}")

# whatever no module has a name for is a column of the chip: the last neuron gets a higher threshold
path = "neuron_block.atomic_neurons.threshold.v_threshold"
codes = chip.columns()[path].copy()
codes[circuits[-1]] += 100
routed = place_and_route(network, base=chip.with_columns({path: codes}), placement=routed.placement)

# %% Instructions: in every entry the neurons are held in reset from some moment on, and let go when the entry is over;
# behind the last entry a counter of the crossbar is read. The rest of the program is made by the executor.
inside = AbsoluteTimePlaybackProgramBuilder()
for block, backend in enumerate(routed.chip.neuron_block.backends):
    place = coord.CommonNeuronBackendConfigOnDLS(block)
    inside.write(int(OFF_US * US), place, attrs.evolve(backend, force_reset=True))
    inside.write(int(RUNTIME_US * US) - 25, place, backend)
behind = PlaybackProgramBuilder()
counters = [
    behind.read(coord.CrossbarOutputOnDLS(output), containers.CrossbarOutputEventCounter) for output in range(8)
]
behind.barrier(omnibus=True)

# %% Input: every channel spikes every 6 us.
times_us = np.arange(3.0, RUNTIME_US, 6.0)
entries, times, neurons = (
    grid.reshape(-1) for grid in np.meshgrid(np.arange(ENTRIES), times_us, np.arange(8), indexing="ij")
)
with hxtwin.connect(options.endpoint) as connection:
    result = Executor(connection).run(
        network,
        {coord.ExecutionInstanceID(0): routed},
        {"input": InputSpikes(entries=entries, times_us=times, neurons=neurons)},
        entries=ENTRIES,
        runtime_us=RUNTIME_US,
        hooks={coord.ExecutionInstanceID(0): Hooks(inside_realtime=inside, post_realtime=behind)},
    )

# %% What was seen.
found, (trace,) = result.spikes["neurons"], result.cadc["neurons"]
per_neuron = np.bincount(found.neurons, minlength=4)
late = int((found.times_us > OFF_US + 1).sum())
print(f"spikes              {', '.join(map(str, per_neuron))}: the last neuron has a higher threshold")
print(f"after {OFF_US:g} us         {late} spikes: the neurons are held in reset")
print(f"membranes           {trace.values.min()}..{trace.values.max()} LSB, a sample every {trace.interval_us:.2f} us")
print(f"events to synapses  {sum(counter.get().value for counter in counters)} since the chip came up")
