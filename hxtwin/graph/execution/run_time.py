"""Where the time of a run goes, phase by phase.

=======================  ===============================================================================  ============
phase                    what is done                                                                     where
=======================  ===============================================================================  ============
``configuration``        words of the chip, comparison with what is there, layout of the section          host
``event_encoding``       spikes to labels                                                                 host
``compile``              programs from layout and labels                                                  host
``word_encoding``        instructions to words for the wire                                               host
``transfer``             words handed to the connection                                                   link
``chip``                 until the end of the program was reported, transfer not counted                  device
``word_decoding``        words from the wire to responses                                                 host
``event_decoding``       spikes sorted into entries, labels to neurons                                    host
``membrane_decoding``    samples of the ADCs to traces                                                    host
=======================  ===============================================================================  ============

Phases of different instances overlap; their sum is more than the time of the run. Reference: execution.md 9, 10.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hxtwin.runtime import TimeInfo

PHASES = (
    "configuration",
    "event_encoding",
    "compile",
    "word_encoding",
    "transfer",
    "chip",
    "word_decoding",
    "event_decoding",
    "membrane_decoding",
)
"""Phases in the order in which an instance goes through them."""


@attrs.frozen(kw_only=True)
class RunTime:
    """Durations in seconds.

    Attributes:
        realtime: planned duration of all real-time sections, chip time.
        relaxation: planned duration of all relaxations, chip time.
        settling: planned duration of waits for the capacitive memory, chip time.
        The others: see the table of this module; wall-clock time.
    """

    configuration: float = 0.0
    event_encoding: float = 0.0
    compile: float = 0.0
    word_encoding: float = 0.0
    transfer: float = 0.0
    chip: float = 0.0
    word_decoding: float = 0.0
    event_decoding: float = 0.0
    membrane_decoding: float = 0.0
    realtime: float = 0.0
    relaxation: float = 0.0
    settling: float = 0.0

    def __add__(self, other: RunTime) -> RunTime:
        return RunTime(**{name: value + getattr(other, name) for name, value in attrs.asdict(self).items()})

    @property
    def host(self) -> float:
        """All phases on the host."""
        return sum(float(getattr(self, phase)) for phase in PHASES if phase not in {"transfer", "chip"})

    def __str__(self) -> str:
        rows = [*PHASES, "realtime", "relaxation", "settling"]
        lines = [f"{name.replace('_', ' '):<20}{1e3 * getattr(self, name):>10.2f} ms" for name in rows]
        lines.insert(len(PHASES), "planned on the chip:")
        return "\n".join(lines)


class StopWatch:
    """Collects durations of phases of one instance; used by one thread after the other."""

    def __init__(self) -> None:
        self._total = RunTime()

    @property
    def total(self) -> RunTime:
        """All that was measured so far."""
        return self._total

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measures the body as a part of a phase."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(**{name: time.perf_counter() - start})

    def add(self, **durations: float) -> None:
        """Adds durations in seconds by the names of `RunTime`."""
        self._total += RunTime(**durations)

    def add_run(self, info: TimeInfo) -> None:
        """Adds what a run of a program took."""
        self.add(
            word_encoding=info.encode_ns * 1e-9,
            transfer=info.send_ns * 1e-9,
            chip=(info.execute_ns - info.send_ns) * 1e-9,
            word_decoding=info.decode_ns * 1e-9,
        )
