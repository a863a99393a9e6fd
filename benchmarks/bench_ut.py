"""Throughput of the UT array path on one core.

==================================================  =============================
work                                                budget
==================================================  =============================
encode towards or from the FPGA                     30 M messages/s
decode to message arrays or to responses            20 M words/s
decode 1.2e7 spikes from words to arrays            1.0 s, < 3x the array's memory
==================================================  =============================

Run ``pytest -s benchmarks/bench_ut.py``. Rates are those of the fastest round.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pytest

from hxtwin.comm import ut

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

T = TypeVar("T")

N = 2_000_000
SPIKES = 12_000_000


def omnibus_writes(rng: np.random.Generator) -> ut.MessageArray:
    """A configuration: addresses and words in turn."""
    return ut.omnibus_writes(rng.integers(0, 1 << 32, N // 2), rng.integers(0, 1 << 32, N // 2))


def spike_train(rng: np.random.Generator) -> ut.MessageArray:
    """A stimulus: waits, each followed by one pack of one to three spikes."""
    sizes = rng.integers(1, 4, N // 2)
    packs = ut.spike_packs_to_fpga(rng.integers(0, 1 << 16, int(sizes.sum())), sizes)
    return ut.MessageArray.interleave(ut.MessageArray.of(ut.WaitUntil, value=np.arange(N // 2)), packs)


def recorded_spikes(rng: np.random.Generator, spikes: int = N, pack: int | None = None) -> ut.MessageArray:
    """A recording: packs of spikes, about half of them behind a Sysdelta."""
    sizes = rng.integers(1, 4, spikes // 2) if pack is None else np.full(spikes // pack, pack)
    n = int(sizes.sum())
    packs = ut.spike_packs_from_fpga(
        rng.integers(0, 1 << 16, n, dtype=np.uint16), rng.integers(0, 256, n, dtype=np.uint8), sizes
    )
    times = np.cumsum(rng.integers(1, 3, len(sizes)))
    return ut.annotate(packs, times)[0]


def responses_of_every_kind(rng: np.random.Generator) -> ut.MessageArray:
    """Reads, ticks, samples and spikes with their times, in random order."""
    n = N // 8
    kinds = [
        ut.MessageArray.of(ut.OmnibusResponse, value=rng.integers(0, 1 << 32, n)),
        ut.MessageArray.of(ut.JTAGResponse, value=rng.integers(0, 1 << 33, n)),
        ut.MessageArray.of(ut.LoopbackResponse, value=np.ones(n, dtype=np.uint8)),
        ut.MessageArray.of(ut.MADCSamplePack1FromFPGA, value=rng.integers(0, 1 << 11, (n, 1))),
        ut.MessageArray.of(ut.MADCSamplePack3FromFPGA, value=rng.integers(0, 1 << 11, (n, 3))),
        ut.MessageArray.of(ut.SpikePack1FromFPGA, spike=rng.integers(0, 1 << 16, (n, 1))),
        ut.MessageArray.of(ut.SpikePack3FromFPGA, spike=rng.integers(0, 1 << 16, (n, 3))),
    ]
    mixed = ut.MessageArray.concatenate(kinds)
    mixed = mixed[rng.permutation(len(mixed))]
    return ut.annotate(mixed, np.cumsum(rng.integers(1, 3, len(mixed))))[0]


STREAMS = [omnibus_writes, spike_train, recorded_spikes, responses_of_every_kind]
FROM_FPGA = [recorded_spikes, responses_of_every_kind]


def rate(benchmark: BenchmarkFixture, work: Callable[[], T], items: int, unit: str) -> tuple[float, T]:
    """Items per second of the fastest round, and the result of the last."""
    work()  # compiles
    result = benchmark(work)
    per_second = items / fastest(benchmark)
    benchmark.extra_info[f"{unit} per second"] = per_second
    print(f"\n{benchmark.name}: {per_second / 1e6:.0f} M {unit}/s")
    return per_second, result


def fastest(benchmark: BenchmarkFixture) -> float:
    """Seconds of the fastest round."""
    assert benchmark.stats is not None
    return float(benchmark.stats.stats.min)


@pytest.mark.parametrize("stream", STREAMS)
def test_encode(benchmark: BenchmarkFixture, stream: Callable[[np.random.Generator], ut.MessageArray]) -> None:
    messages = stream(np.random.default_rng(1))
    per_second, words = rate(benchmark, lambda: ut.encode_array(messages), len(messages), "messages")
    assert len(words) >= len(messages)
    assert per_second >= 30e6


@pytest.mark.parametrize("stream", STREAMS)
def test_decode(benchmark: BenchmarkFixture, stream: Callable[[np.random.Generator], ut.MessageArray]) -> None:
    messages = stream(np.random.default_rng(1))
    words = ut.encode_array(messages)
    per_second, decoded = rate(benchmark, lambda: ut.decode_array(words, messages.direction), len(words), "words")
    assert decoded == messages
    assert per_second >= 20e6


@pytest.mark.parametrize("stream", FROM_FPGA)
def test_decode_responses(
    benchmark: BenchmarkFixture, stream: Callable[[np.random.Generator], ut.MessageArray]
) -> None:
    words = ut.encode_array(stream(np.random.default_rng(1)))
    per_second, decoded = rate(benchmark, lambda: ut.decode_responses(words), len(words), "words")
    assert len(decoded.spikes) > 0
    assert per_second >= 20e6


@pytest.mark.parametrize("pack", [1, 2, 3])
def test_decode_12_million_spikes(benchmark: BenchmarkFixture, pack: int) -> None:
    words = ut.encode_array(recorded_spikes(np.random.default_rng(1), SPIKES, pack))
    decoded = benchmark(lambda: ut.decode_responses(words))
    assert len(decoded.spikes) == SPIKES
    del decoded
    tracemalloc.start()
    try:
        decoded = ut.decode_responses(words)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    seconds = fastest(benchmark)
    print(
        f"\n{benchmark.name}: {SPIKES / 1e6:.0f} M spikes, {len(words) / 1e6:.1f} M words in {seconds:.2f} s, "
        f"memory {peak / decoded.spikes.nbytes:.2f} x the array"
    )
    assert seconds <= 1.0
    assert peak < 3 * decoded.spikes.nbytes


def test_find_halt(benchmark: BenchmarkFixture) -> None:
    words = ut.encode_array(responses_of_every_kind(np.random.default_rng(1)))
    per_second, found = rate(benchmark, lambda: ut.HaltFinder().feed(words), len(words), "words")
    assert found is None
    assert per_second >= 20e6


def test_build_configuration(benchmark: BenchmarkFixture) -> None:
    rng = np.random.default_rng(1)
    addresses, values = rng.integers(0, 1 << 32, N // 2), rng.integers(0, 1 << 32, N // 2)
    _, built = rate(benchmark, lambda: ut.omnibus_writes(addresses, values), N, "messages")
    assert len(built) == N


def test_pack_a_million_spikes(benchmark: BenchmarkFixture) -> None:
    rng = np.random.default_rng(1)
    times = np.sort(rng.integers(0, 500_000, 1_000_000))
    labels = rng.integers(0, 1 << 16, len(times))
    work = lambda: ut.spike_packs_to_fpga(labels, ut.pack_sizes(times))  # noqa: E731  # two calls, one name
    _, packs = rate(benchmark, work, len(times), "spikes")
    assert len(packs) < len(times)


COMPILE = """
import time
start = time.perf_counter()
from hxtwin.comm import ut
words = ut.encode_array(ut.spike_packs_from_fpga([1, 2, 3], [1, 2, 3], [2, 1]))
messages = ut.decode_array(words, "from_fpga")
assert len(ut.decode_responses(words).spikes) == 3
ut.HaltFinder().feed(words)
ut.annotate(messages, ut.fpga_times(messages))
print(time.perf_counter() - start)
"""


@pytest.mark.parametrize("cached", [False, True])
def test_first_use_of_all_kernels(tmp_path: Path, *, cached: bool) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", COMPILE]
    for _ in range(1 + cached):
        output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    seconds = float(output)
    print(f"\nfirst use of all kernels, {'cached' if cached else 'compiled'}: {seconds:.1f} s")
    assert seconds < 20
