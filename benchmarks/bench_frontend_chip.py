"""A training step of 100 MNIST images on the chip, in five executions: where its time goes.

======================================  ==================================================================
figure                                  promise
======================================  ==================================================================
a step, twin included                   600 ms on two cores (lab, with the real chip: 1800 ms)
all host work of a step                 no promise; the chip of `bench_host_work_of_a_step` answers at once
======================================  ==================================================================

``python benchmarks/bench_frontend_chip.py [ENDPOINT]`` prints the table of a few steps beside that of the paper. The
images are random pixels, a fifth of them bright; weights change from step to step, as in a training. Phases of the
executions overlap, so that their sum is more than the total. Reference: execution.md 10 (paper, table 1).
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))  # pytest does this from its configuration

from acceptance.remembering import Remembering

import hxtwin
from hxtwin.calib.nominal import calibrate_nominally
from hxtwin.frontend.torch import Experiment
from hxtwin.frontend.torch.encoding import LinearTimeToFirstSpike
from hxtwin.frontend.torch.training.network import Network
from hxtwin.frontend.torch.training.settings import mnist_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_benchmark.fixture import BenchmarkFixture

    from hxtwin.runtime import Connection

ENDPOINT: Final = "sim://?chip=ideal&noise=1&settle=instant"
BATCH: Final = 100
#: Row of the table -> phases of a run that it sums up, time in the paper in ms.
ROWS: Final[dict[str, tuple[tuple[str, ...], float | None]]] = {
    "compile": (("layout", "configuration", "compile"), 692),
    "encode events": (("event_encoding",), 0.3),
    "transfer": (("word_encoding", "transfer", "word_decoding"), None),
    "chip": (("chip",), 248),
    "decode events": (("event_decoding",), 0.7),
    "decode membranes": (("membrane_decoding",), 100),
    "encode images": (("images",), None),
    "backward": (("backward",), None),
    "total": (("total",), 1800),
}


class Steps:
    """Training steps with one batch of images and two sets of weights in turn.

    Args:
        connection: the chip, or where it is.
        images: of a step.
    """

    def __init__(self, connection: Connection | str, images: int = BATCH) -> None:
        torch.manual_seed(0)
        torch.set_num_threads(1)
        self.experiment = Experiment(connections=connection, calibrate=calibrate_nominally)
        self.network = Network(784, mnist_settings(), self.experiment)
        self.network.eval()  # dropout would make every step another one
        self._values = torch.rand(images, 784) * (torch.rand(images, 784) < 0.2)
        self._labels = torch.randint(0, 10, (images,))
        self._encoder = LinearTimeToFirstSpike(30)
        self._sign = 1.0

    def step(self) -> Counter[str]:
        """One step; seconds by phase."""
        start = time.perf_counter()
        given = self._encoder(self._values)
        encoded = time.perf_counter()
        observed = self.network(given)
        forward = time.perf_counter()
        torch.nn.functional.cross_entropy(observed.scores, self._labels).backward()
        self._change_weights()
        end = time.perf_counter()
        phases = Counter(observed.info.time)
        phases |= Counter({"images": encoded - start, "backward": end - forward, "total": end - start})
        return phases

    def _change_weights(self) -> None:
        """To the other set, by about one LSB of the chip."""
        self._sign = -self._sign
        with torch.no_grad():
            for number, parameter in enumerate(self.network.parameters()):
                generator = torch.Generator().manual_seed(number)
                parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.03 * self._sign)
                parameter.grad = None


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with hxtwin.connect(ENDPOINT) as opened:
        yield opened


@pytest.mark.filterwarnings("ignore:Synapse")  # a few weights are beyond the range of the chip
def bench_step_on_the_twin(benchmark: BenchmarkFixture, connection: Connection) -> None:
    steps = Steps(connection)
    steps.step()
    found = benchmark.pedantic(steps.step, rounds=2)  # type: ignore[no-untyped-call]  # it has no types
    benchmark.extra_info.update({name: found[name] for name in sorted(found)})


@pytest.mark.filterwarnings("ignore:Synapse")
def bench_host_work_of_a_step(benchmark: BenchmarkFixture, connection: Connection) -> None:
    steps = Steps(Remembering(connection), images=10)
    for _ in range(4):
        steps.step()
    benchmark(steps.step)


def main(endpoint: str, images: int = BATCH, rounds: int = 3) -> None:
    """Prints the table of the fastest of some steps."""
    warnings.simplefilter("ignore")
    with hxtwin.connect(endpoint) as opened:
        steps = Steps(opened, images)
        steps.step()
        fastest = min((steps.step() for _ in range(rounds)), key=lambda phases: phases["total"])
        health = steps.experiment.last_info.health
    print(f"{'':<18}{'here':>10}{'paper':>10}   ms; step of {images} images on {endpoint}")
    for row, (phases, paper) in ROWS.items():
        here = 1e3 * sum(fastest[phase] for phase in phases)
        print(f"{row:<18}{here:>10.1f}{'' if paper is None else f'{paper:g}':>10}")
    print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in health.items()))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ENDPOINT)
