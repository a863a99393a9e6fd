"""Throughput and latency of Host-ARQ.

==================================================  =============================
work                                                budget
==================================================  =============================
UDP loop-back, host and server on one core          10 MB/s each way at once
UDP loop-back, host and server on two cores         10 MB/s each way at once
round trip of one word                              (reported)
both state machines, no sockets                     (reported)
==================================================  =============================

The server is a process of its own with a device that returns every word. Run ``pytest -s benchmarks/bench_arq.py``.
Rates are those of the fastest round.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.comm.arq import FpgaArq, HostArq, HostState, UdpHost, information_text
from hxtwin.comm.arq.channel import ChannelModel
from hxtwin.comm.arq.virtual_link import VirtualLink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

WORDS = np.arange(2_000_000, dtype=np.uint64)
LIMIT_NS = 60_000_000_000
BUDGET_MB_PER_S = 10.0
_SERVER = Path(__file__).parents[1] / "tests" / "comm" / "arq" / "echo_server.py"


@pytest.fixture
def link(request: pytest.FixtureRequest) -> Iterator[UdpHost]:
    """A link to an echo server in another process; both on one core if the parameter says so."""
    cores = os.sched_getaffinity(0)
    if request.param == "one core":
        os.sched_setaffinity(0, {min(cores)})
    server = subprocess.Popen([sys.executable, str(_SERVER), "0", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        _, data_port, reset_port = server.stdout.readline().split()
        with UdpHost("127.0.0.1", int(data_port), int(reset_port)) as made:
            yield made
    finally:
        server.kill()
        server.communicate()
        os.sched_setaffinity(0, cores)


def fastest(benchmark: BenchmarkFixture) -> float:
    """Seconds of the fastest round."""
    assert benchmark.stats is not None
    return float(benchmark.stats["min"])


def there_and_back(link: UdpHost, words: NDArray[np.uint64]) -> int:
    """Sends words and receives them again; returns how many came back."""
    link.send(words)
    received = 0
    while received < len(words):
        portion = link.receive(LIMIT_NS, watch=True)
        assert len(portion)
        received += len(portion)
    return received


@pytest.mark.parametrize("link", ["one core", "two cores"], indirect=True)
def test_udp_loop_back_throughput(benchmark: BenchmarkFixture, link: UdpHost) -> None:
    assert benchmark(lambda: there_and_back(link, WORDS)) == len(WORDS)
    rate = WORDS.nbytes / fastest(benchmark) / 1e6
    print(f"\n{rate:.1f} MB/s each way, {link.counters.resent} of {link.counters.sent} frames repeated")
    assert rate >= BUDGET_MB_PER_S


@pytest.mark.parametrize("link", ["two cores"], indirect=True)
def test_udp_round_trip_of_one_word(benchmark: BenchmarkFixture, link: UdpHost) -> None:
    assert benchmark(lambda: there_and_back(link, WORDS[:1])) == 1
    print(f"\nbest {fastest(benchmark) * 1e6:.0f} us")


def test_state_machines(benchmark: BenchmarkFixture) -> None:
    """16 MB each way between both ends in virtual time: the cost of the protocol without the operating system."""

    def run() -> int:
        link = VirtualLink(HostArq(), FpgaArq(information_text(version=1)), ChannelModel(), seed=1)
        assert link.connect()
        link.host.send_words(WORDS)
        link.fpga.send_words(WORDS)
        link.poke()
        link.run(lambda: link.host.idle and link.fpga.idle, LIMIT_NS)
        assert link.host.state is HostState.READY
        return len(link.fpga.take_words()) + len(link.host.take_words())

    assert benchmark(run) == 2 * len(WORDS)
    print(f"\n{2 * WORDS.nbytes / fastest(benchmark) / 1e6:.1f} MB/s")
