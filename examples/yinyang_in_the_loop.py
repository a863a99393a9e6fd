"""Yin-yang in the loop: 120 spiking neurons on the chip learn three classes; gradients come from a model of them.

Run it with ``python examples/yinyang_in_the_loop.py`` (the twin of chip 7 with its mismatch and noise, calibrated when
the first run needs it), or with an endpoint. It prints the loss of every epoch, the accuracy on samples never seen
before and where the time went, and draws ``yinyang.png`` if matplotlib is there. ``make demo`` does just this. Cells
begin with ``# %%``. The same with checkpoints, validation, early stopping and more: ``hxtwin train yinyang``.

On the ideal twin no calibration is needed: ``python examples/yinyang_in_the_loop.py "sim://?chip=ideal" --nominal``.
"""

# %% What is needed: modules, an encoder, the data set.
from __future__ import annotations

import argparse
import time
from collections import Counter
from functools import partial
from pathlib import Path

import torch

from hxtwin.calib.nominal import calibrate_nominally
from hxtwin.frontend.torch import LI, LIF, Experiment, MixedHXModelParameter, Synapse, run
from hxtwin.frontend.torch.datasets import YinYang
from hxtwin.frontend.torch.decoding import MaxOverTime
from hxtwin.frontend.torch.encoding import CoordinatesToSpikes
from hxtwin.frontend.torch.functional import stepwise_tau
from hxtwin.frontend.torch.weight_transform import linear_saturating

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("endpoint", nargs="?", default="sim://?chip=7&noise=1", help="where the chip is")
arguments.add_argument("--nominal", action="store_true", help="codes of a chip without mismatch, not calibrated")
arguments.add_argument("--train", type=int, default=2500, help="training samples")
arguments.add_argument("--test", type=int, default=500, help="test samples")
arguments.add_argument("--epochs", type=int, default=2)
arguments.add_argument("--batch", type=int, default=20, help="samples of a step")
arguments.add_argument("--hidden", type=int, default=120, help="spiking neurons")
arguments.add_argument("--seed", type=int, default=0)
arguments.add_argument("--picture", type=Path, default=Path("yinyang.png"), help="file to draw")
options = arguments.parse_args()
torch.manual_seed(options.seed)
torch.set_num_threads(1)
begin = time.perf_counter()

# %% Data: a point and its mirror image as four spike times, and a spike that only says when time begins. One synapse of
# the chip is too weak to bring a neuron to its threshold with one spike, so every channel comes five times.
STEPS, DT = 38, 1e-6  # of a sample
REPETITIONS = 5
train, test = YinYang(options.train, seed=42), YinYang(options.test, seed=40)
encoder = CoordinatesToSpikes(STEPS, 2e-6, 26e-6, DT, t_bias=2e-6)


def spikes(values: torch.Tensor) -> torch.Tensor:
    """Spikes (time, sample, channel) of points."""
    return encoder(values).repeat_interleave(REPETITIONS, dim=2)


# %% The model has units of its own: it leaks to 0 and fires at 1. The chip counts in LSB of its ADC: 80 and 130. In
# steps of 1 us the model would decay faster than the chip; its time constants are chosen so that it does not.
TAU = 6e-6
MODEL_TAU = stepwise_tau(TAU, DT)
neuron = {
    "leak": MixedHXModelParameter(0.0, 80),
    "reset": MixedHXModelParameter(0.15, 80),  # as far down as the chip comes in a refractory time of 1 us
    "threshold": MixedHXModelParameter(1.0, 130),
    "tau_mem": MixedHXModelParameter(MODEL_TAU, TAU),
    "tau_syn": MixedHXModelParameter(MODEL_TAU, TAU),
    "membrane_capacitance": MixedHXModelParameter(MODEL_TAU, 63),
    "refractory_time": MixedHXModelParameter(0.0, 1e-6),  # beyond the step in which the model resets
    "alpha": 20.0,  # a wide surrogate: the membrane of the model is not quite that of the chip
    "synapse_dac_bias": 1000,
    "trace_offset": 80.0,
}
WEIGHT_SCALE = 75.0  # on the chip, for weight 1 of the model; hxtwin.frontend.torch.get_weight_scaling measures it
TRACE_SCALE = 1 / 50  # of the model, per LSB
READOUT_SCALE = 10.0  # membranes of the readout stay away from the rails of the chip
LARGEST = 63  # weight of the chip


class YinYangNetwork(torch.nn.Module):
    """Channels -> hidden spikes -> three membranes; the largest value over time is the score."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        weights = partial(linear_saturating, scale=WEIGHT_SCALE)
        small = partial(linear_saturating, scale=WEIGHT_SCALE / READOUT_SCALE)
        self.experiment = experiment
        self.to_hidden = Synapse(5 * REPETITIONS, options.hidden, experiment, transform=weights)
        # only spikes are recorded: the model computes the membrane to them
        self.hidden = LIF(options.hidden, experiment, enable_cadc_recording=False, **neuron)
        self.to_readout = Synapse(options.hidden, 3, experiment, transform=small)
        self.readout = LI(3, experiment, trace_scale=TRACE_SCALE * READOUT_SCALE, **neuron)
        torch.nn.init.normal_(self.to_hidden.weight, 0.15, 0.35)
        # above zero: a class whose membrane never rises would have no gradient
        torch.nn.init.normal_(self.to_readout.weight, 0.2, 0.6)
        self.limit_weights()

    def limit_weights(self) -> None:
        """Bring weights back to what the chip can have; beyond, the model would learn what the chip does not do."""
        with torch.no_grad():
            self.to_hidden.weight.clamp_(-LARGEST / WEIGHT_SCALE, LARGEST / WEIGHT_SCALE)
            self.to_readout.weight.clamp_(
                -LARGEST / WEIGHT_SCALE * READOUT_SCALE, LARGEST / WEIGHT_SCALE * READOUT_SCALE
            )

    def forward(self, given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores (sample, class) and hidden spikes (time, sample, neuron)."""
        hidden = self.hidden(self.to_hidden(given))
        readout = self.readout(self.to_readout(hidden))
        run(self.experiment, STEPS)
        return MaxOverTime()(readout.membrane_cadc), hidden.spikes


# %% Training: forward on the chip, backward through the model at what the chip did.
curve = []
times: Counter[str] = Counter()
counts: Counter[str] = Counter()
with Experiment(
    connections=options.endpoint, dt=DT, calibrate=calibrate_nominally if options.nominal else None
) as experiment:
    network = YinYangNetwork(experiment)
    start = time.perf_counter()
    with torch.no_grad():
        network(spikes(train.values[:1]))
    times["imports, calibration, layout, first run"] = time.perf_counter() - begin
    print(f"chip                {options.endpoint}, ready after {time.perf_counter() - start:.0f} s", flush=True)
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.6)
    for epoch in range(options.epochs):
        start, total, right, fired = time.perf_counter(), 0.0, 0, 0.0
        for chosen in torch.randperm(len(train.classes)).split(options.batch):
            scores, hidden_spikes = network(spikes(train.values[chosen]))
            times.update(experiment.last_info.time)
            counts.update(experiment.last_info.health)
            after = time.perf_counter()
            loss = torch.nn.functional.cross_entropy(scores, train.classes[chosen])
            optimizer.zero_grad()
            (loss + 4e-4 * (scores**2).mean()).backward()
            optimizer.step()
            network.limit_weights()
            times["backward, optimiser"] += time.perf_counter() - after
            total += float(loss.detach()) * len(chosen)
            right += int((scores.argmax(1) == train.classes[chosen]).sum())
            fired += float(hidden_spikes.detach().sum())
        schedule.step()
        curve.append(total / options.train)
        print(
            f"epoch {epoch + 1}  loss {curve[-1]:.3f}  accuracy {100 * right / options.train:.1f} %  "
            f"{fired / options.train / options.hidden:.2f} spikes per neuron  {time.perf_counter() - start:.1f} s",
            flush=True,
        )

    # %% Test samples, never seen before. Scores come from what the chip's ADC recorded, from nothing else.
    start = time.perf_counter()
    with torch.no_grad():
        found = torch.cat([network(spikes(part))[0].argmax(1) for part in test.values.split(options.batch)])
    times["test"] = time.perf_counter() - start

print(f"test accuracy       {100 * float((found == test.classes).float().mean()):.1f} % of {options.test} samples")
steps = options.epochs * -(-options.train // options.batch)
sent, received = (counts[name] // steps for name in ("words_sent", "spikes_received"))
print(f"a step              {sent} words sent, {received} spikes received")

# %% Where the time went. Phases of the graph layer may overlap.
print("where the time went")
times["total"] = time.perf_counter() - begin
for name, seconds in times.items():
    print(f"    {name.replace('_', ' '):<40}{seconds:>8.1f} s")

# %% A picture of what was learned.
try:
    import matplotlib as mpl
except ModuleNotFoundError:
    print("no picture: install hxtwin[plot]")
else:
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right_axes) = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
    left.plot(range(1, len(curve) + 1), curve, marker=".")
    left.set(xlabel="epoch", ylabel="loss", title=f"in the loop on {options.endpoint}")
    right_axes.scatter(test.values[:, 0], test.values[:, 1], c=found, s=12)
    right_axes.set(xlabel="x", ylabel="y", title="classes found", aspect="equal")
    figure.savefig(options.picture, dpi=120)
    print(f"picture             {options.picture}")
