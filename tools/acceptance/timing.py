"""Running times: median and minimum of repeated runs."""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING

import attrs

from acceptance.figure import Figure, at_most

if TYPE_CHECKING:
    from collections.abc import Callable


@attrs.frozen
class Timing:
    """Times of repeated runs, in seconds."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median in seconds."""
        return statistics.median(self.runs)

    @property
    def minimum(self) -> float:
        """Minimum in seconds."""
        return min(self.runs)


def measure(work: Callable[[], object], runs: int, warm_up: int = 1) -> Timing:
    """Run `work` some times for nothing and then `runs` times on the clock."""
    for _ in range(warm_up):
        work()
    gc.collect()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return Timing(tuple(times))


def within_ms(name: str, timing: Timing, limit_ms: float) -> Figure:
    """The median against a limit in milliseconds."""
    detail = f"median; minimum {timing.minimum * 1e3:.4g} ms; {len(timing.runs)} runs"
    return at_most(name, timing.median * 1e3, limit_ms, "ms", detail)
