"""Topic: coordinates, containers and the scaffold.

=====================================================  ==========
constructing 100 000 coordinates                       0.2 s
``SynapseOnDLS.all()``, 131 072 synapses               lazy
``import hxtwin``                                      0.5 s
encode, decode a Chip (after warm-up)                  50 ms each
difference of two chips, one synapse row               50 ms
``to_bytes``, ``from_bytes`` of a Chip                 200 ms each
size of the serialised Chip                            2 MB
tests against the reference, import contracts, types   all pass
=====================================================  ==========
"""

from __future__ import annotations

import functools
import tracemalloc
from typing import TYPE_CHECKING

from acceptance import check
from acceptance.figure import Figure, at_most, exactly, reported
from acceptance.piece import Piece, Topic
from acceptance.random_chip import other_row, random_chip
from acceptance.timing import Timing, measure, within_ms
from hxtwin import containers, coord

if TYPE_CHECKING:
    from collections.abc import Iterable

SEED = 20260101
COORDINATES = 100_000
RUNS = 25


def _construct_coordinates() -> Iterable[Figure]:
    by_index = measure(lambda: [coord.SynapseOnDLS(i) for i in range(COORDINATES)], RUNS)
    yield within_ms("100 000 SynapseOnDLS by index", by_index, 200)
    repeated = measure(lambda: [coord.AtomicNeuronOnDLS(i & 511) for i in range(COORDINATES)], RUNS)
    yield within_ms("100 000 AtomicNeuronOnDLS by index", repeated, 200)
    inner, outer = coord.SynapseOnDLS(17).to_synapse_on_synram(), coord.SynramOnDLS(1)
    composed = measure(lambda: [coord.SynapseOnDLS(inner, outer) for _ in range(COORDINATES)], RUNS)
    yield within_ms("100 000 SynapseOnDLS of two components", composed, 200)


def _all_synapses() -> Iterable[Figure]:
    yield exactly("number of synapses", len(coord.SynapseOnDLS.all()), 131_072, "synapses")
    yield within_ms("SynapseOnDLS.all() and its first item", measure(_first_synapse, RUNS), 1)
    tracemalloc.start()
    try:
        everything = coord.SynapseOnDLS.all()
        next(iter(everything))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    yield at_most("memory of SynapseOnDLS.all() and its first item", peak / 1024, 16, "KiB", "peak seen by tracemalloc")


def _first_synapse() -> coord.SynapseOnDLS:
    return next(iter(coord.SynapseOnDLS.all()))


def _import_hxtwin() -> Iterable[Figure]:
    program = "import time; start = time.perf_counter(); import hxtwin; print(time.perf_counter() - start)"
    times = Timing(tuple(float(check.python("-c", program).stdout) for _ in range(11)))
    yield within_ms("import hxtwin in a new process", times, 500)
    program = (
        "import hxtwin, sys; print(len({'numba', 'scipy', 'hxtwin.containers', 'hxtwin.coord'} & set(sys.modules)))"
    )
    loaded = int(check.python("-c", program).stdout)
    yield exactly("of numba, scipy, containers, coord loaded by it", loaded, 0, "packages")


def _chip_words() -> Iterable[Figure]:
    chip = random_chip(SEED)
    words = chip.encode()
    yield reported("words of a Chip", words.size, "words")
    yield within_ms("Chip.encode()", measure(chip.encode, RUNS), 50)
    yield within_ms("Chip.decode(words)", measure(functools.partial(containers.Chip.decode, words), RUNS), 50)
    again = containers.Chip.decode(words).encode()
    yield exactly("words that change in decode, encode", int((again != words).sum()), 0, "words")


def _chip_difference() -> Iterable[Figure]:
    chip = random_chip(SEED)
    changed = other_row(chip)
    yield within_ms("difference, one synapse row", measure(lambda: containers.difference(changed, chip), RUNS), 50)
    writes = containers.difference(changed, chip)
    everywhere = chip.encode() != changed.encode()
    yield exactly("words found beside those that differ", abs(writes.words.size - int(everywhere.sum())), 0, "words")


def _chip_bytes() -> Iterable[Figure]:
    chip = random_chip(SEED)
    data = containers.to_bytes(chip)
    yield within_ms("to_bytes(chip)", measure(lambda: containers.to_bytes(chip), RUNS), 200)
    yield within_ms("from_bytes(data)", measure(lambda: containers.from_bytes(data), RUNS), 200)
    yield at_most("size of a serialised Chip", len(data) / 1e6, 2, "MB")
    yield exactly(
        "chips that are not equal after to_bytes, from_bytes", int(containers.from_bytes(data) != chip), 0, ""
    )


def _contracts() -> Iterable[Figure]:
    program = "import sys, importlinter.cli; sys.argv[1:] = ['--no-logo']; importlinter.cli.lint_imports_command()"
    done = check.python("-c", program)
    last = (done.stdout.strip() or done.stderr.strip() or " ").splitlines()[-1]
    yield exactly("import contracts", done.returncode, 0, "exit status", check.last_words(last))


TOPIC = Topic(
    "foundations",
    "Foundations: coordinates, containers, scaffold",
    (
        Piece("coordinates-construct", "Construct coordinates", _construct_coordinates),
        Piece("coordinates-all", "All synapses without making them", _all_synapses),
        Piece("import", "Import", _import_hxtwin),
        Piece("chip-words", "Encode and decode a whole chip", _chip_words, SEED),
        Piece("chip-difference", "Difference of two chips", _chip_difference, SEED),
        Piece("chip-bytes", "Serialise a whole chip", _chip_bytes, SEED),
        Piece("coordinate-tests", "Coordinates", lambda: check.tests("coordinates", ["tests/coord"])),
        Piece("container-tests", "Containers", lambda: check.tests("containers", ["tests/containers"])),
        Piece("contracts", "Import contracts", _contracts),
        Piece("types", "Types", lambda: [check.clean_exit("mypy --strict", "mypy", "--strict")]),
    ),
)
