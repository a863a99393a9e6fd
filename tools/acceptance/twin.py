"""Topic: the twin as a device: random input, memory, the daemon, determinism.

Programs are run by word, as a client would; nothing looks inside.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

import hxtwin
from acceptance import check, random_streams, twin_physics
from acceptance.figure import Figure, at_most, exactly, reported
from acceptance.piece import Piece, Topic
from acceptance.provenance import ROOT
from acceptance.timing import measure
from hxtwin import containers, coord, runtime
from hxtwin.chipsim import Twin, TwinOptions
from hxtwin.comm import ut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Make: TypeAlias = Callable[[np.random.Generator], NDArray[np.uint64]]
"""Makes a stream of words."""
SEED: Final = 20_260_601
STREAMS: Final = 10_000
_FRESH_CHIP: Final = 100
"""A chip that random input has got hold of is brought up again after so many streams."""
CYCLES: Final = 2000
RUNS: Final = 100
_URL: Final = "sim://?chip=7"
_MEGABYTE_WORDS: Final = 1 << 17


# --- random input -----------------------------------------------------------------------------------------------------


def fuzz(make: Make, streams: int = STREAMS, seed: int = SEED) -> Iterable[Figure]:
    """Feeds random streams and counts those that are not answered halt by halt."""
    random = np.random.default_rng(seed)
    twin = Twin(options=TwinOptions(chip=7))
    bring_up = np.concatenate([random_streams.bring_up(), random_streams.HALT])
    unanswered, words, before = 0, 0, 0.0
    with _quiet():
        twin.feed(random_streams.touch_external_memory())  # or pages that random writes touch count as growth
        for number in range(streams):
            if number % _FRESH_CHIP == 0:
                twin.reset()
                twin.feed(bring_up)
            if number == streams // 10:
                before = _resident_mb()
            stream = make(random)
            words += len(stream)
            if random_streams.answered_halts(_settled(twin, stream)) != random_streams.halts(stream):
                unanswered += 1
    yield reported("streams", streams, "", f"{words} words, {words / streams:.0f} in each")
    yield exactly("streams whose halts are not all answered", unanswered, 0, "")
    yield at_most("growth of memory after the first tenth", _resident_mb() - before, 20, "MB")


@contextmanager
def _quiet() -> Iterator[None]:
    """The twin warns of much that random streams do; nobody reads it here."""
    log = logging.getLogger("hxtwin.chipsim")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _settled(twin: Twin, stream: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Answers to a stream and to a short timeout behind it: the stream may have changed it."""
    answer = twin.feed(stream)
    twin.feed(random_streams.SHORT_TIMEOUT)
    return answer


def _replay() -> Iterable[Figure]:
    """Feeds the word streams of the shared vectors."""
    path = ROOT.parent / "shared" / "vectors" / "ut.json"
    vectors = json.loads(path.read_text(encoding="utf-8"))
    streams = [case["words"] for case in vectors["cases"] if case["direction"] == "to_fpga"]
    streams += [case["words"] for case in vectors["containers"]]
    unanswered, different = 0, 0
    for stream in streams:
        words = np.array([int(word, 16) for word in stream], dtype=np.uint64)
        waits = words >> np.uint64(56) == ut.WaitUntil.code
        words[waits] &= ~np.uint64(0xFF000000)  # a wait of half a minute shows nothing new
        words = np.concatenate([random_streams.SHORT_TIMEOUT, words, random_streams.HALT])
        whole, cut = Twin(), Twin()
        answer = whole.feed(words)
        pieces = np.concatenate([cut.feed(words[i : i + 1]) for i in range(len(words))])
        unanswered += random_streams.answered_halts(answer) != random_streams.halts(words)
        different += not np.array_equal(answer, pieces)
    yield reported("streams", len(streams), "")
    yield exactly("streams whose halts are not all answered", unanswered, 0, "")
    yield exactly("streams that are answered otherwise when they come word by word", different, 0, "")


# --- memory -----------------------------------------------------------------------------------------------------------


def _memory(cycles: int = CYCLES) -> Iterable[Figure]:
    program = _experiment()
    resident = []
    for _ in range(cycles):
        with _quiet(), hxtwin.connect(_URL) as connection:
            connection.run(program)
        resident.append(_resident_mb())
    tenth = cycles // 10
    growth = max(resident[tenth:]) - max(resident[:tenth])
    yield at_most(f"growth over {cycles} times connect, run, close", growth, 5, "MB", "peak, first tenth left out")
    yield at_most("memory of the process", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 600, "MB", "peak")


def _resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


# --- programs ---------------------------------------------------------------------------------------------------------


def _experiment() -> NDArray[np.uint64]:
    """Bring-up, and spikes through the crossbar to neurons that are not set up; words."""
    builder, _ = runtime.generate(runtime.SystemInit())
    builder.write_spike_train(np.arange(1000, 11000, 100), np.arange(100))
    builder.read(coord.CADCSamplesOnDLS())
    builder.wait_for(20_000)
    builder.barrier(omnibus=True)
    return _words(builder)


def _words(builder: runtime.PlaybackProgramBuilder) -> NDArray[np.uint64]:
    return np.concatenate([ut.encode_array(builder.done().messages), random_streams.HALT])


def _megabyte(*, spikes: bool) -> NDArray[np.uint64]:
    """A program of 1 MB behind a bring-up: spikes in intervals of 20 cycles, or writes of a whole chip."""
    builder, _ = runtime.generate(runtime.SystemInit())
    if spikes:
        count = (_MEGABYTE_WORDS - builder.size_to_fpga()) // 2
        builder.write_spike_train(np.arange(count) * 20, np.arange(count) & 0x3FFF)
    else:
        synapses = containers.SynapseMatrix()
        builder.write(coord.SynramOnDLS(0), synapses)
        builder.write(coord.SynramOnDLS(1), synapses)
    builder.barrier(omnibus=True)
    return _words(builder)


# --- daemon -----------------------------------------------------------------------------------------------------------


@contextmanager
def daemon(*arguments: str) -> Iterator[str]:
    """A running emulator; gives its URL."""
    ports = ["--data-port", "0", "--reset-port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "hxtwin.cli", "emulator", "--chip", "7", *ports, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[1]
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _overhead() -> Iterable[Figure]:
    for name, spikes in (("spikes", True), ("writes", False)):
        program = _megabyte(spikes=spikes)
        with hxtwin.connect(_URL) as connection:
            alone = measure(lambda: connection.run(program), 7)  # noqa: B023 - called here
        with daemon() as url, hxtwin.connect(url) as connection:
            remote = measure(lambda: connection.run(program), 7)  # noqa: B023 - called here
        detail = f"{alone.median * 1e3:.1f} ms in process, {remote.median * 1e3:.1f} ms over UDP; medians of 7"
        size = f"{len(program) * 8 / 1e6:.2f} MB of {name}"
        yield at_most(f"daemon adds to a program of {size}", 100 * (remote.median / alone.median - 1), 20, "%", detail)


# --- kernels ----------------------------------------------------------------------------------------------------------

_WARM_UP = """
import time
begin = time.perf_counter()
from hxtwin.chipsim import TwinOptions
from hxtwin.emulator.warm_up import warm_up
warm_up(TwinOptions(chip=7))
print(time.perf_counter() - begin)
"""


def _kernels() -> Iterable[Figure]:
    """Warm-up in new processes, with an empty cache of compiled kernels and with a full one."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NUMBA_CACHE_DIR"] = folder
        try:
            first, *others = (float(check.python("-c", _WARM_UP).stdout) for _ in range(4))
        finally:
            del os.environ["NUMBA_CACHE_DIR"]
    yield at_most("first warm-up on a machine: import, compile, run", first, 60, "s", "one run")
    yield reported("later warm-ups: import, load, run", min(others), "s", "minimum of 3")


# --- determinism ------------------------------------------------------------------------------------------------------

_DIGESTS = """
import hashlib, sys
import numpy as np
import hxtwin
program = np.load(sys.argv[1])
for _ in range(int(sys.argv[3])):
    with hxtwin.connect(sys.argv[2]) as connection:
        print(hashlib.sha256(connection.run(program).tobytes()).hexdigest())
"""


def _determinism(runs: int = RUNS) -> Iterable[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.npy"
        np.save(path, _experiment())
        seen: set[str] = set()
        for threads in ("1", "2"):
            os.environ["NUMBA_NUM_THREADS"] = threads
            digests = check.python("-c", _DIGESTS, str(path), _URL, str(runs)).stdout.split()
            seen.update(digests)
            yield exactly(f"different answers in {runs} runs in process, {threads} threads", len(set(digests)), 1, "")
            with daemon() as url:
                digests = check.python("-c", _DIGESTS, str(path), url, str(runs)).stdout.split()
            seen.update(digests)
            yield exactly(f"different answers in {runs} runs over UDP, {threads} threads", len(set(digests)), 1, "")
        del os.environ["NUMBA_NUM_THREADS"]
        yield exactly("different answers altogether", len(seen), 1, "", f"SHA-256 {min(seen)[:16]}")


TOPIC = Topic(
    "twin",
    "The twin as a device",
    (
        Piece("fuzz-programs", "Random valid programs", lambda: fuzz(random_streams.random_program), SEED),
        Piece("fuzz-streams", "Random words", lambda: fuzz(random_streams.random_words), SEED),
        Piece("replay", "Word streams of the vectors", _replay),
        Piece("memory", "Memory", _memory),
        Piece("daemon", "Time that the daemon adds", _overhead),
        Piece("kernels", "First compilation", _kernels),
        Piece("determinism", "The same words, the same answers", _determinism),
        *twin_physics.PIECES,
        Piece(
            "twin-tests", "Twin and emulator", lambda: check.tests("twin", ["tests/chipsim", "tests/test_emulator.py"])
        ),
    ),
)
