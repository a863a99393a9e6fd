"""Figures of the benchmarks, run as a process of their own; the fastest rounds are compared with targets."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acceptance import check
from acceptance.figure import Figure, at_least, at_most

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENCODE = 30.0  # M messages/s
_DECODE = 20.0  # M words/s
_SPIKES = 1.0  # s for 1.2e7 spikes
_UDP = 10.0  # MB/s
_UDP_BYTES = 16e6  # of one round, see benchmarks/bench_arq.py
_BUILDER = {"bench_a_million_timed_spikes": 0.5, "bench_a_whole_chip": 0.1}  # s


def codec() -> Iterable[Figure]:
    """Rates of the message codec on one core."""
    for name, entry in _run("benchmarks/bench_ut.py", "encode or decode"):
        fastest = entry["stats"]["min"]
        if "12_million" in name:
            yield at_most(name, fastest, _SPIKES, "s", "fastest round; memory < 3x the array is asserted by it")
            continue
        (unit, rate), *_ = entry["extra_info"].items()
        what = unit.split()[0]
        yield at_least(name, rate / 1e6, _ENCODE if what == "messages" else _DECODE, f"M {what}/s", "fastest round")


def link() -> Iterable[Figure]:
    """Throughput of the UDP link to an echo server in another process, each way with both directions at once."""
    for name, entry in _run("benchmarks/bench_arq.py", "throughput"):
        yield at_least(name, _UDP_BYTES / entry["stats"]["min"] / 1e6, _UDP, "MB/s", "fastest round")


def builder() -> Iterable[Figure]:
    """Times that a program builder takes."""
    for name, entry in _run("benchmarks/bench_runtime.py", " or ".join(_BUILDER)):
        if name in _BUILDER:
            yield at_most(name, entry["stats"]["median"], _BUILDER[name], "s", "median")


def _run(path: str, wanted: str) -> list[tuple[str, dict[str, Any]]]:
    """Run benchmarks and return their names and results.

    Raises:
        RuntimeError: a benchmark failed or there was none; a promise that cannot be measured is not kept.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = check.python("-m", "pytest", path, "-k", wanted, "--benchmark-only", f"--benchmark-json={report}")
        found = json.loads(report.read_text())["benchmarks"] if report.exists() else []
    if done.returncode or not found:
        raise RuntimeError(f"{path}: {check.last_words(done.stdout[-400:] or done.stderr)}")
    return [(entry["name"], entry) for entry in found]


def bring_up() -> Iterable[Figure]:
    """The bring-up streams word for word, and the layers above the link."""
    yield from check.tests("bring-up", ["tests/runtime/bring_up"])
    yield from check.tests("messages and link", ["tests/comm"])
    yield from check.tests("programs", ["tests/runtime", "tests/test_end_to_end.py", "tests/test_endpoints.py"])
