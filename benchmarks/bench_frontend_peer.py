"""A training step of 784-256-10 in software here and in norse, a library of spiking neurons for PyTorch.

100 images, 30 steps of 1 us, forward, backward and optimiser, one thread. Norse is no dependency: without it only our
own figure is measured. ``pip install norse``, then ``python benchmarks/bench_frontend_peer.py``.
"""

from __future__ import annotations

import importlib
import importlib.util
import time
from typing import TYPE_CHECKING, Any, Final

import pytest
import torch

from hxtwin.frontend.torch import Experiment
from hxtwin.frontend.torch.encoding import LinearTimeToFirstSpike
from hxtwin.frontend.torch.training.network import Network
from hxtwin.frontend.torch.training.settings import mnist_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

BATCH: Final = 100
TAU: Final = 6e-6
NORSE: Final = importlib.util.find_spec("norse") is not None


def _data() -> tuple[torch.Tensor, torch.Tensor]:
    """Spikes (time, image, pixel) of random images, a fifth of their pixels bright, and labels."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    values = torch.rand(BATCH, 784) * (torch.rand(BATCH, 784) < 0.2)
    return LinearTimeToFirstSpike(30)(values), torch.randint(0, 10, (BATCH,))


def _step(network: torch.nn.Module, scores: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], None]:
    spikes, labels = _data()
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)

    def step() -> None:
        loss = torch.nn.functional.cross_entropy(scores(spikes), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def own() -> Callable[[], None]:
    """A step in software with the modules of this package."""
    network = Network(784, mnist_settings(), Experiment(mock=True))
    return _step(network, lambda spikes: network(spikes).scores)


def of_norse() -> Callable[[], None]:
    """The same network in norse."""
    nt: Any = importlib.import_module("norse.torch")  # no dependency of this package, so without types
    rate = torch.tensor(1 / TAU)
    neuron = nt.LIFParameters(
        tau_syn_inv=rate, tau_mem_inv=rate, v_th=torch.tensor(1.0), alpha=torch.tensor(50.0), method="super"
    )
    hidden, readout = nt.LIFCell(p=neuron, dt=1e-6), nt.LICell(nt.LIParameters(rate, rate), dt=1e-6)
    to_hidden, to_readout = torch.nn.Linear(784, 256, bias=False), torch.nn.Linear(256, 10, bias=False)
    torch.nn.init.normal_(to_hidden.weight, 0.05, 0.2)
    torch.nn.init.normal_(to_readout.weight, 0.01, 0.2)

    def scores(spikes: torch.Tensor) -> torch.Tensor:
        state = readout_state = None
        membranes = []
        for given in spikes:
            fired, state = hidden(to_hidden(given), state)
            membrane, readout_state = readout(to_readout(fired), readout_state)
            membranes.append(membrane)
        return torch.stack(membranes).max(0).values

    return _step(torch.nn.ModuleList((to_hidden, to_readout)), scores)


STEPS: Final = {"hxtwin": own} | ({"norse": of_norse} if NORSE else {})
"""Those that can be measured here."""


@pytest.mark.parametrize("library", STEPS)
def bench_step_in_software(benchmark: BenchmarkFixture, library: str) -> None:
    benchmark(STEPS[library]())


def main(rounds: int = 10) -> None:
    """Prints the fastest of some steps of each, wall clock and CPU."""
    for name, make in STEPS.items():
        step = make()
        step()
        wall, cpu = [], []
        for _ in range(rounds):
            start, busy = time.perf_counter(), time.process_time()
            step()
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - busy)
        print(
            f"{name:<16}{1e3 * min(wall):>8.1f} ms wall clock{1e3 * min(cpu):>8.1f} ms CPU, torch {torch.__version__}"
        )


if __name__ == "__main__":
    main()
