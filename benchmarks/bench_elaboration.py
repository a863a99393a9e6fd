"""Settings of the analog core: time of a refresh after something was written.

==============================================  ==========
written                                         budget
==============================================  ==========
nothing                                         (reported)
weights and labels of one synapse row           0.15 ms
the same with the trims of its sensors          (reported)
the whole synapse array, both hemispheres       5 ms
the settings of all 512 circuits                1 ms
all CapMem cells                                (reported)
every register and memory of a random chip      10 ms
==============================================  ==========

Run ``pytest -s benchmarks/bench_elaboration.py``; figures are processor time of the fastest round.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import containers
from hxtwin.chipsim.elaborate.settings import Settings
from hxtwin.chipsim.personality import Personality
from hxtwin.chipsim.registers.register_file import Accesses, RegisterFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 60
ROW = 0x02CF0000 + 128 * 77 + np.arange(128)
ARRAY = np.concatenate([base + np.arange(256 * 128) for base in (0x02CF0000, 0x03CF0000)])
NO_JOINS = ~np.uint32(0b11111)
"""Clears the switches between circuits in the last word of `NeuronConfig`."""


def random_words(
    addresses: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    return addresses.astype(np.uint32).ravel(), rng.integers(0, 1 << 32, addresses.size, dtype=np.uint32)


def neuron_words(rng: np.random.Generator) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    places = np.arange(512)
    addresses = containers.NeuronConfig.addresses_of(places)
    words = rng.integers(0, 256, addresses.shape, dtype=np.uint32)
    words[:, 5] &= NO_JOINS
    return addresses.ravel(), words.ravel()


def cell_words(rng: np.random.Generator) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    addresses = containers.CapMemCell.addresses_of(np.arange(12480)).ravel()
    return addresses, rng.integers(0, 1023, addresses.size, dtype=np.uint32)


@pytest.mark.parametrize(
    ("name", "budget_ms"),
    [
        ("nothing", None),
        ("row", 0.15),
        ("row with trims", None),
        ("array", 5.0),
        ("circuits", 1.0),
        ("cells", None),
        ("chip", 10.0),
    ],
)
def bench_refresh(name: str, budget_ms: float | None, chip: containers.Chip) -> None:
    rng = np.random.default_rng(1)
    registers = RegisterFile()
    settings = Settings(registers, Personality.draw(7), instant_settling=True)
    times = []
    for cycle in range(ROUNDS + 1):
        match name:
            case "nothing":
                addresses, words = np.empty(0, np.uint32), np.empty(0, np.uint32)
            case "row":
                addresses, words = random_words(ROW, rng)
                words &= np.uint32(0x3F3F3F3F)
            case "row with trims":
                addresses, words = random_words(ROW, rng)
            case "array":
                addresses, words = random_words(ARRAY, rng)
            case "circuits":
                addresses, words = neuron_words(rng)
            case "cells":
                addresses, words = cell_words(rng)
            case _:
                registers.reset()
                settings.reset(cycle)
                addresses, words = chip.write_addresses(), chip.encode()
        n = addresses.size
        flags, numbers = np.full(n, 15, np.uint8), np.full(n, -1, np.int64)
        registers.apply(Accesses(np.full(n, cycle), addresses, words, flags, numbers), 0, cycle)
        begin = time.process_time()
        settings.refresh(cycle)
        times.append(time.process_time() - begin)
    figure = min(times[1:]) * 1e3
    wanted = "" if budget_ms is None else f", budget {budget_ms} ms"
    print(f"\n{name}: {figure:.3f} ms{wanted}")
    assert figure > 0
