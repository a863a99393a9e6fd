"""Experts: a network is placed and routed for you, and your own containers and instructions run within it.

Run it with ``python examples/expert_program_in_a_graph.py`` (the ideal twin), or with an endpoint. Three things that no
module does: a setting of single neurons is changed in the chip before the network is laid out; in every batch entry the
event output of a hemisphere is switched off in the middle of the run; a register is read when all has run. Cells begin
with ``# %%``.
"""

# %% What is needed.
from __future__ import annotations

import argparse

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

# %% The network: eight channels drive four neurons with the same weights. It is data, not yet a chip.
network = nw.Network.of(
    nw.ExternalSource(name="input", size=8),
    nw.Population(name="neurons", size=4),
    nw.Projection(name="drive", source="input", target="neurons", weights=np.full((8, 4), 40)),
    nw.SpikeRecording(population="neurons"),
    nw.CADCRecording(population="neurons"),
).partitioned() if False else nw.Network.of(
    nw.ExternalSource(name="input", size=8),
    nw.Population(name="neurons", size=4),
    nw.Projection(name="drive", source="input", target="neurons", weights=np.full((8, 4), 40)),
    nw.SpikeRecording(population="neurons"),
    nw.CADCRecording(population="neurons"),
)
