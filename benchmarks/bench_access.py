"""Running times of accesses, spike trains and bring-up.

Budgets: accesses of a chip to instructions 5 ms; a spike train of a million 500 ms; bring-up 50 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.containers import Backend, Chip
from hxtwin.runtime import access
from hxtwin.runtime.spike_train import pack_spike_train
from hxtwin.runtime.system_init import SystemInit, generate

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

SPIKES = 1_000_000


@pytest.mark.benchmark(group="access")
def bench_chip_writes(benchmark: BenchmarkFixture, chip: Chip) -> None:
    addresses, words = Chip.write_addresses(), chip.encode()
    messages = benchmark(access.write_messages, Backend.OMNIBUS_CHIP, addresses, words)
    assert len(messages) == 2 * len(words)


@pytest.mark.benchmark(group="access")
def bench_chip_writes_with_byte_enables(benchmark: BenchmarkFixture, chip: Chip) -> None:
    addresses, words = Chip.write_addresses(), chip.encode()
    enables = np.full(len(words), 3, dtype=np.uint8)
    messages = benchmark(access.write_messages, Backend.OMNIBUS_CHIP, addresses, words, enables)
    assert len(messages) == 2 * len(words)


@pytest.mark.benchmark(group="access")
def bench_chip_reads(benchmark: BenchmarkFixture) -> None:
    addresses = Chip.read_addresses()
    assert len(benchmark(access.read_messages, Backend.OMNIBUS_CHIP, addresses)) == len(addresses)


@pytest.mark.benchmark(group="access")
def bench_chip_response_words(benchmark: BenchmarkFixture, chip: Chip) -> None:
    addresses, words = Chip.read_addresses(), chip.encode()
    found = benchmark(access.response_words, Backend.OMNIBUS_CHIP, addresses, words.astype(np.uint64))
    assert np.array_equal(found, words)


@pytest.mark.benchmark(group="access")
def bench_100000_writes_over_jtag(benchmark: BenchmarkFixture) -> None:
    addresses = np.arange(100_000, dtype=np.uint32)
    messages = benchmark(access.write_messages, Backend.OMNIBUS_CHIP_OVER_JTAG, addresses, addresses)
    assert len(messages) == 6 * len(addresses)


@pytest.mark.benchmark(group="spike train of a million")
@pytest.mark.parametrize("cycles", [1_000_000, 100_000_000], ids=["dense", "sparse"])
def bench_pack_spike_train(benchmark: BenchmarkFixture, cycles: int) -> None:
    rng = np.random.default_rng(1)
    times = np.sort(rng.integers(0, cycles, SPIKES))
    labels = rng.integers(0, 1 << 16, SPIKES).astype(np.uint16)
    packed = benchmark(pack_spike_train, times, labels)
    assert 0 < packed.packs <= SPIKES


@pytest.mark.benchmark(group="bring-up")
def bench_system_init(benchmark: BenchmarkFixture) -> None:
    init = SystemInit()
    assert len(benchmark(lambda: generate(init)[0].done().messages)) == 348
