"""Programs: building, running, inspecting.

===========================================  ======================================
figure                                       promise
===========================================  ======================================
1e6 timed spikes into a program              0.5 s
whole chip into a program                    0.1 s
whole chip to UT words (encoding included)   50 ms
===========================================  ======================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import coord, runtime
from hxtwin.comm import ut
from hxtwin.comm.zero_mock import ZeroMockConnection
from hxtwin.containers import CapMemCell, Chip
from hxtwin.runtime.word_owner import owner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pytest_benchmark.fixture import BenchmarkFixture

SPIKES = 1_000_000
CHIP = coord.ChipOnDLS()


@pytest.fixture(scope="module")
def train() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """1e6 spikes at random times of 80 ms."""
    rng = np.random.default_rng(1)
    return np.sort(rng.integers(0, 10_000_000, SPIKES)), rng.integers(0, 1 << 16, SPIKES)


@pytest.fixture(scope="module")
def mock() -> Iterator[ZeroMockConnection]:
    with ZeroMockConnection(message_ns=0) as connection:
        yield connection


def bench_a_million_timed_spikes(
    benchmark: BenchmarkFixture, train: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> None:
    def build() -> runtime.PlaybackProgram:
        builder = runtime.PlaybackProgramBuilder()
        builder.reset_timer()
        builder.write_spike_train(*train)
        return builder.done()

    program = benchmark(build)
    assert len(program) > SPIKES


def bench_a_million_timed_spikes_in_the_absolute_time_builder(
    benchmark: BenchmarkFixture, train: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> None:
    def build() -> runtime.PlaybackProgram:
        builder = runtime.AbsoluteTimePlaybackProgramBuilder()
        builder.write_spike_train(*train)
        builder.write(5_000_000, coord.CapMemCellOnDLS(3), CapMemCell())
        return builder.done().done()

    program = benchmark(build)
    assert len(program) > SPIKES


def bench_a_whole_chip(benchmark: BenchmarkFixture, chip: Chip) -> None:
    def build() -> runtime.PlaybackProgram:
        builder = runtime.PlaybackProgramBuilder()
        builder.write(CHIP, chip)
        return builder.done()

    assert len(benchmark(build)) == 2 * 126_842


def bench_a_whole_chip_to_words(benchmark: BenchmarkFixture, chip: Chip) -> None:
    def build() -> NDArray[np.uint64]:
        builder = runtime.PlaybackProgramBuilder()
        builder.write(CHIP, chip)
        return ut.encode_array(builder.done().messages)

    assert len(benchmark(build)) == 2 * 126_842


def bench_a_differential_chip(benchmark: BenchmarkFixture, chip: Chip) -> None:
    base = Chip()

    def build() -> runtime.PlaybackProgram:
        builder = runtime.PlaybackProgramBuilder()
        builder.write(CHIP, chip, base)
        return builder.done()

    assert 0 < len(benchmark(build)) < 2 * 126_842


def bench_a_thousand_single_writes(benchmark: BenchmarkFixture) -> None:
    cells = [(coord.CapMemCellOnDLS(i), CapMemCell(value=i % 1000)) for i in range(1000)]

    def build() -> runtime.PlaybackProgram:
        builder = runtime.PlaybackProgramBuilder()
        for at, cell in cells:
            builder.write(at, cell)
        return builder.done()

    assert len(benchmark(build)) == 2000


def bench_a_million_words_written(benchmark: BenchmarkFixture) -> None:
    words = np.arange(SPIKES, dtype=np.uint32)

    def build() -> runtime.PlaybackProgram:
        builder = runtime.PlaybackProgramBuilder()
        builder.write_words(words, words)
        return builder.done()

    assert len(benchmark(build)) == 2 * SPIKES


def bench_reading_a_chip_back(benchmark: BenchmarkFixture, mock: ZeroMockConnection) -> None:
    def read() -> Chip:
        builder = runtime.PlaybackProgramBuilder()
        ticket = builder.read(CHIP, Chip)
        builder.barrier(omnibus=True)
        runtime.run(mock, builder.done())
        return Chip.decode(ticket.words() & np.uint32(0))

    assert isinstance(benchmark(read), Chip)


def bench_a_program_of_a_million_spikes_to_bytes_and_back(
    benchmark: BenchmarkFixture, train: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> None:
    builder = runtime.PlaybackProgramBuilder()
    builder.write_spike_train(*train)
    program = builder.done()
    restored = benchmark(lambda: runtime.PlaybackProgram.from_bytes(program.to_bytes()))
    assert restored == program


def bench_a_chip_from_a_program(benchmark: BenchmarkFixture, chip: Chip) -> None:
    builder = runtime.PlaybackProgramBuilder()
    builder.write(CHIP, chip)
    program = builder.done()
    found = benchmark(lambda: runtime.convert_to_chip(program))
    assert np.array_equal(found.encode(), chip.encode())  # gated fields of a random chip are not all told apart


def bench_two_hundred_rows_of_a_listing(benchmark: BenchmarkFixture, chip: Chip) -> None:
    builder = runtime.PlaybackProgramBuilder()
    builder.write(CHIP, chip)
    listing = builder.done().disassemble()
    assert owner(type(chip), CHIP, 0, read=False) is None
    assert str(benchmark(lambda: str(listing))).count("\n") == 201
