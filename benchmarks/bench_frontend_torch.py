"""The front end's share of a training step of 100 MNIST images; budget 100 ms with the backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pytest
import torch

from hxtwin.frontend.torch import Experiment
from hxtwin.frontend.torch.encoding import LinearTimeToFirstSpike
from hxtwin.frontend.torch.functional import NeuronDynamics, cuba_aelif_integration, cuba_lif_integration
from hxtwin.frontend.torch.training.loop import Trainer
from hxtwin.frontend.torch.training.network import Network
from hxtwin.frontend.torch.training.settings import mnist_settings
from hxtwin.frontend.torch.training.task import Samples

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

BATCH = 100


class Images:
    """Random pixels, a fifth of them bright, in the place of MNIST."""

    inputs = 784

    def __init__(self) -> None:
        values = torch.rand(BATCH, 784) * (torch.rand(BATCH, 784) < 0.2)
        self.train = self.validation = self.test = Samples(values, torch.randint(0, 10, (BATCH,)))
        self._encoder = LinearTimeToFirstSpike(30)

    def encode(self, values: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        del generator
        return self._encoder(values)


def bench_training_step_in_software(benchmark: BenchmarkFixture) -> None:
    torch.manual_seed(0)
    settings = attrs.evolve(mnist_settings(), epochs=1)
    task = Images()
    network = Network(784, settings, Experiment(mock=True))
    trainer = Trainer(settings, task, network)
    optimizer = trainer.optimizer

    def step() -> None:
        observed = network(task.encode(task.train.values))
        loss = trainer.loss(observed, task.train.labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    benchmark(step)


@pytest.mark.parametrize("integrate", [cuba_lif_integration, cuba_aelif_integration], ids=["compiled", "plain loop"])
def bench_hidden_layer_forward_and_backward(benchmark: BenchmarkFixture, integrate: object) -> None:
    assert callable(integrate)
    dynamics = NeuronDynamics(
        dt=1e-6, leak=0.0, reset=0.0, threshold=1.0, tau_mem=6e-6, tau_syn=5.7e-6, membrane_capacitance=6e-6
    )
    torch.manual_seed(0)
    drive = (0.3 * torch.randn(32, BATCH, 256) + 0.1).requires_grad_()

    def step() -> None:
        result = integrate(drive, dynamics)
        (result.spikes.sum() + result.membrane.sum()).backward()

    benchmark(step)
