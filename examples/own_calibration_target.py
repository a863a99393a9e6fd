"""Own calibration target: neurons that integrate slowly beside neurons that forget quickly, on the same chip.

Run it with ``python examples/own_calibration_target.py`` (the twin of chip 7; the calibration takes about two minutes
the first time and comes from the cache later), or with an endpoint. Half of all circuits get a membrane time constant
of 5 us, the others 20 us; after a spike both answer, and the time in which the answer fades is read from the membrane.
It ends with the same circuits under the codes of a chip without mismatch, for comparison. Cells begin with ``# %%``.
"""

# %% What is needed.
from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

import hxtwin
from hxtwin.calib import NeuronCalibTarget, SpikingCalibTarget, calibrate_spiking
from hxtwin.calib.nominal import nominal_calibration
from hxtwin.frontend.torch import LI, ExecutionInstance, Experiment, Synapse, run

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("endpoint", nargs="?", default="sim://?chip=7&noise=1", help="where the chip is")
arguments.add_argument("--nominal", action="store_true", help="leave the calibration out")
arguments.add_argument("--neurons", type=int, default=16, help="neurons of each kind")
arguments.add_argument("--repetitions", type=int, default=10, help="runs to average over")
arguments.add_argument("--result", type=Path, help="file to keep the calibration in")
options = arguments.parse_args()

# %% The target: a value for all circuits, or one for each of the 512. Every second circuit is a slow one. Runs begin
# with a reset of all neurons, which leaves these at rest, since reset and leak potential are the same.
SLOW, FAST = 20e-6, 5e-6
tau_mem = np.where(np.arange(512) % 2, SLOW, FAST)
target = SpikingCalibTarget(
    neuron=NeuronCalibTarget(leak=100, reset=100, threshold=150, tau_mem=tau_mem, tau_syn=2e-6, i_synin_gm=300)
)

# %% The calibration: measured on the chip, kept in the cache under chip and target.
if options.nominal:
    results = {"not calibrated": nominal_calibration(target)}
else:
    with hxtwin.connect(options.endpoint) as connection:
        calibrated = calibrate_spiking(connection, target)
    results = {"calibrated": calibrated, "not calibrated": nominal_calibration(target)}
    print(f"calibration         {calibrated.usable.sum()} of 512 circuits within reach of the target")
    if options.result is not None:
        options.result.write_bytes(calibrated.to_bytes())
        print(f"kept in             {options.result}; ExecutionInstance(calib_path=..) takes it")

# %% What the neurons do: one spike each, and the membrane as the column ADC sees it.
STEPS, DT, SPIKE = 80, 1e-6, 10


def fading(result: object, first: int) -> tuple[float, float]:
    """Mean and spread over neurons of the time in which the answer falls to 1/e, microseconds.

    Args:
        result: calibration.
        first: first circuit; every second one from there on is used.
    """
    instance = ExecutionInstance()
    instance.load_calib(result)
    circuits = list(range(first, first + 2 * options.neurons, 2))
    with Experiment(connections=options.endpoint, dt=DT) as experiment, torch.no_grad():
        synapse = Synapse(4, options.neurons, experiment)
        synapse.weight.fill_(50.0)
        neurons = LI(options.neurons, experiment, execution_instance=instance, placement_constraint=circuits)
        spikes = torch.zeros(STEPS, options.repetitions, 4)
        spikes[SPIKE] = 1.0
        observed = neurons(synapse(spikes))
        run(experiment, STEPS)
    trace = observed.membrane_cadc.mean(1)
    trace = trace - trace[: SPIKE - 1].mean(0)
    # after the maximum the answer falls as the slower of membrane and synapse does
    times = []
    for answer in trace.T:
        peak = int(answer.argmax())
        after = answer[peak:] / answer[peak]
        inside = (after < 0.8) & (after > 0.2)
        inside[int((after < 0.2).float().argmax()) or len(after) :] = False
        steps = torch.nonzero(inside)[:, 0].numpy()
        times.append(-1 / np.polyfit(steps, np.log(after[steps].numpy()), 1)[0] if len(steps) > 1 else np.nan)
    return float(np.nanmean(times)), float(np.nanstd(times))


for name, result in results.items():
    for kind, first, wanted in (("fast", 0, FAST), ("slow", 1, SLOW)):
        mean, spread = fading(result, first)
        print(f"{name + ', ' + kind:<24}  {mean:.1f} +- {spread:.1f} us, wanted {1e6 * wanted:.0f} us")
