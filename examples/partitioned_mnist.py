"""Partitioned MNIST: a network that is larger than the chip runs on it in five parts, one after the other, and learns.

Run it with ``python examples/partitioned_mnist.py DIR`` where DIR has the four files of MNIST; without, the digits are
replaced by random patterns, one for each class, which shows the same machinery. 784 pixels need eight neuron circuits
per hidden neuron, so that 64 of 256 fit on the chip at once: the graph layer cuts the network, runs the parts, and
plays the spikes of the hidden neurons back into the last one. It prints the parts and the loss, and draws
``mnist.png`` if matplotlib is there. Cells begin with ``# %%``. All of it with checkpoints: ``hxtwin train mnist``.
"""

# %% What is needed.
from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import torch

from hxtwin.calib.nominal import calibrate_nominally
from hxtwin.frontend.torch import LI, LIF, Experiment, MixedHXModelParameter, SingleCompartmentNeuron, Synapse, run
from hxtwin.frontend.torch.datasets import read_mnist
from hxtwin.frontend.torch.decoding import MaxOverTime
from hxtwin.frontend.torch.encoding import LinearTimeToFirstSpike
from hxtwin.frontend.torch.functional import stepwise_tau
from hxtwin.frontend.torch.hardware import GraphHardware
from hxtwin.frontend.torch.weight_transform import linear_saturating

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("data", nargs="?", type=Path, help="folder with the files of MNIST")
arguments.add_argument("--endpoint", default="sim://?chip=7", help="where the chip is")
arguments.add_argument("--nominal", action="store_true", help="codes of a chip without mismatch, not calibrated")
arguments.add_argument("--images", type=int, default=50, help="images of a step")
arguments.add_argument("--steps", type=int, default=20, help="training steps")
arguments.add_argument("--hidden", type=int, default=256, help="spiking neurons")
arguments.add_argument("--seed", type=int, default=0)
arguments.add_argument("--picture", type=Path, default=Path("mnist.png"), help="file to draw")
options = arguments.parse_args()
torch.manual_seed(options.seed)
torch.set_num_threads(1)

# %% Images: bright pixels spike early, dark ones never.
if options.data is None:
    labels = torch.randint(0, 10, (options.images * options.steps,))
    images = ((torch.rand(10, 784) < 0.2) * torch.rand(10, 784))[labels]
else:
    digits = read_mnist(options.data, train=True).part(0, options.images * options.steps)
    images, labels = digits.images.float() / 255, digits.labels
encoder = LinearTimeToFirstSpike(30)

# %% Two layers at different operating points of the chip. Neurons of eight circuits are slower than single ones, since
# every circuit brings capacitance along, and they do not come down to their reset potential within a microsecond.
DT, STEPS = 1e-6, 32


def layer(circuits: int, tau_mem: float, reset: float, gm: float, dac: float) -> dict[str, object]:
    """Parameters of a layer: those of the model beside those of the chip."""
    tau = stepwise_tau(tau_mem, DT)
    return {
        "neuron_structure": SingleCompartmentNeuron(circuits),
        "leak": MixedHXModelParameter(0.0, 80),
        "reset": MixedHXModelParameter(reset, 80),
        "threshold": MixedHXModelParameter(1.0, 120),
        "tau_mem": MixedHXModelParameter(tau, 6e-6),
        "tau_syn": MixedHXModelParameter(stepwise_tau(5.7e-6, DT), 5.7e-6),
        "membrane_capacitance": MixedHXModelParameter(tau, 63),
        "refractory_time": MixedHXModelParameter(0.0, 1e-6),
        "i_synin_gm": gm,
        "synapse_dac_bias": dac,
        "trace_offset": 80.0,
    }


class Digits(torch.nn.Module):
    """784 pixels -> hidden spikes -> ten membranes; the largest value over time is the score."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self.experiment = experiment
        self.to_hidden = Synapse(784, options.hidden, experiment, transform=partial(linear_saturating, scale=44.0))
        hidden = layer(8, 8.3e-6, 0.25, 800, 850)
        self.hidden = LIF(options.hidden, experiment, enable_cadc_recording=False, **hidden)
        self.to_readout = Synapse(options.hidden, 10, experiment, transform=partial(linear_saturating, scale=106 / 3))
        self.readout = LI(10, experiment, trace_scale=3 / 40, **layer(2, 6.35e-6, 0.0, 400, 700))
        torch.nn.init.normal_(self.to_hidden.weight, 0.05, 0.2)
        torch.nn.init.normal_(self.to_readout.weight, 0.03, 0.1)

    def forward(self, given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Scores (image, class), hidden spikes and membranes of the readout (time, image, neuron)."""
        hidden = self.hidden(self.to_hidden(given))
        readout = self.readout(self.to_readout(hidden))
        run(self.experiment, STEPS)
        return MaxOverTime()(readout.membrane_cadc), hidden.spikes, readout.membrane_cadc


# %% Training. Nothing above says where a neuron runs: the parts are found with the first run.
curve = []
hardware = GraphHardware(options.endpoint, calibrate_nominally if options.nominal else None)
with Experiment(dt=DT, hardware=hardware) as experiment:
    network = Digits(experiment)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for step, chosen in enumerate(torch.arange(len(labels)).split(options.images), 1):
        scores, hidden_spikes, membranes = network(encoder(images[chosen]))
        loss = torch.nn.functional.cross_entropy(scores, labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(float(loss.detach()))
        if step == 1:
            assert hardware.last_result is not None
            for instance in hardware.last_result.provenance.instances:
                parts = ", ".join(f"{size} neurons of {name}" for name, size in instance.populations)
                print(f"execution {instance.instance}         {parts}")
        right = float((scores.argmax(1) == labels[chosen]).float().mean())
        print(f"step {step:<15}loss {curve[-1]:.3f}  accuracy {100 * right:.0f} %", flush=True)
    counts = experiment.last_info.health
print(f"last step           {counts['words_sent']} words sent, {counts['spikes_received']} spikes received")

# %% One image on its way through the parts.
try:
    import matplotlib as mpl
except ModuleNotFoundError:
    print("no picture: install hxtwin[plot]")
else:
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, middle, right_axes) = plt.subplots(1, 3, figsize=(10, 3.5), layout="constrained")
    left.imshow(images[chosen[0]].reshape(28, 28), cmap="gray")
    left.set(title="image", xticks=[], yticks=[])
    time_steps, neurons = torch.nonzero(hidden_spikes[:, 0].detach(), as_tuple=True)
    middle.plot(time_steps, neurons, "k.", markersize=2)
    for border in range(64, options.hidden, 64):
        middle.axhline(border - 0.5, color="0.7", linewidth=0.8)
    middle.set(xlabel="time [us]", ylabel="hidden neuron", title="spikes, part by part")
    right_axes.plot(membranes[:, 0].detach())
    right_axes.set(xlabel="time [us]", ylabel="membrane", title=f"readout; the image is a {int(labels[chosen[0]])}")
    figure.savefig(options.picture, dpi=120)
    print(f"picture             {options.picture}")
