"""Speed of the digital half of the twin, words in to words out, on one core.

==================================================  =============================
work                                                budget
==================================================  =============================
write a whole chip (126 842 words)                  100 ms
read it back                                        100 ms
1e6 spikes to the chip and back, two in a cycle     1.2 s
bring-up of the reference (348 words)               50 ms
an empty program                                    2 ms
a second of chip time, nothing moves                50 ms
==================================================  =============================

Run ``pytest -s benchmarks/bench_chipsim.py``. Times are those of the fastest round.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import containers
from hxtwin.chipsim import Twin
from hxtwin.comm import ut

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

BRING_UP = Path(__file__).parent.parent / "tests" / "chipsim" / "data" / "cube_bring_up.hex"
HALT = np.array([0x0A00000000000000], dtype=np.uint64)
SPIKES = 1_000_000
SECOND = 125_000_000


def bring_up() -> NDArray[np.uint64]:
    words = [int(line, 16) for line in BRING_UP.read_text(encoding="ascii").split()]
    return np.concatenate([np.array(words, dtype=np.uint64), HALT])


def program(*parts: ut.MessageArray) -> NDArray[np.uint64]:
    return np.concatenate([*(ut.encode_array(part) for part in parts), HALT])


@pytest.fixture
def twin() -> Twin:
    found = Twin()
    found.feed(bring_up())
    return found


def measure(benchmark: BenchmarkFixture, limit: float, feed: Callable[[], object]) -> None:
    feed()
    benchmark(feed)
    assert benchmark.stats is not None
    fastest = float(benchmark.stats.stats.min)
    print(f"\nbest {1e3 * fastest:.2f} ms")
    assert fastest <= limit


def bench_write_of_a_whole_chip(benchmark: BenchmarkFixture, twin: Twin, chip: containers.Chip) -> None:
    words = program(ut.omnibus_writes(containers.Chip.write_addresses(), chip.encode()))
    measure(benchmark, 0.1, lambda: twin.feed(words))


def bench_read_of_a_whole_chip(benchmark: BenchmarkFixture, twin: Twin) -> None:
    words = program(ut.omnibus_reads(containers.Chip.read_addresses()))
    measure(benchmark, 0.1, lambda: twin.feed(words))


def bench_spikes_to_the_chip_and_back(benchmark: BenchmarkFixture, twin: Twin) -> None:
    packs = ut.spike_packs_to_fpga(np.arange(SPIKES) % 0x10000, np.full(SPIKES // 2, 2))
    words = program(packs, ut.MessageArray.of(ut.TimerSetup), ut.MessageArray.of(ut.WaitUntil, value=1000))
    measure(benchmark, 1.2, lambda: twin.feed(words))


def bench_bring_up(benchmark: BenchmarkFixture) -> None:
    twin, words = Twin(), bring_up()
    measure(benchmark, 0.05, lambda: twin.feed(words))


def bench_empty_program(benchmark: BenchmarkFixture, twin: Twin) -> None:
    measure(benchmark, 0.002, lambda: twin.feed(HALT))


def bench_an_idle_second(benchmark: BenchmarkFixture, twin: Twin) -> None:
    words = program(ut.MessageArray.of(ut.TimerSetup), ut.MessageArray.of(ut.WaitUntil, value=SECOND))
    measure(benchmark, 0.05, lambda: twin.feed(words))
