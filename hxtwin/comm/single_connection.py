"""What all connections to one chip do alike: one program at a time, checked before, cut at its halt, timed."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from hxtwin.comm import ut
from hxtwin.comm.arq.frame import check_words
from hxtwin.comm.errors import ArgumentError, LinkClosedError
from hxtwin.comm.time_info import TimeInfo
from hxtwin.comm.ut.direction import HEADER_BITS, WORD_BITS

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

    from hxtwin.comm.connection import ConnectionInfo

HALT_LIMIT_S: Final = 600.0
"""Longest wait for the end of a program unless told otherwise, s."""
HEADER_MASK: Final = np.uint64(((1 << HEADER_BITS) - 1) << (WORD_BITS - HEADER_BITS))
"""Header of a message that begins with a word."""
_MAX_LIMIT_S: Final = 604_800.0


def check_limit(limit_s: object) -> float:
    """Returns ``limit_s``.

    Raises:
        ArgumentError: it is no number in 0.001 .. 604800 (one week).
    """
    if isinstance(limit_s, bool) or not isinstance(limit_s, int | float) or not 1e-3 <= limit_s <= _MAX_LIMIT_S:
        raise ArgumentError(f"limit of {limit_s!r} s: give a number in 0.001 .. {_MAX_LIMIT_S:.0f} (one week)")
    return float(limit_s)


def check_program(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns ``words`` after a check that they are a program.

    Raises:
        ArgumentError: no array uint64[n], no halt at the end, or a halt before the end.
    """
    words = check_words(words)
    halt, tick = ut.encode([ut.Loopback(ut.HALT), ut.Loopback(ut.TICK)], "to_fpga")
    halts = np.flatnonzero(words & (HEADER_MASK | (halt ^ tick)) == halt)
    if not len(halts) or halts[-1] != len(words) - 1:
        raise ArgumentError(
            f"program of {len(words)} words without a halt at its end: append a Loopback(HALT), "
            f"or the host would wait for ever"
        )
    if len(halts) > 1:
        raise ArgumentError(f"program with a halt at word {halts[0]} of {len(words)}: only the last word may be one")
    return words


class AnswerCutter:
    """Cuts the words from a device at the answers to halts.

    Words behind a halt are kept for the next answer.
    """

    def __init__(self) -> None:
        self._finder = ut.HaltFinder()
        self._pieces: list[NDArray[np.uint64]] = []
        self._rest = np.empty(0, np.uint64)

    @property
    def words(self) -> int:
        """Number of words of the answer in progress."""
        return sum(map(len, self._pieces)) + len(self._rest)

    def feed(self, words: NDArray[np.uint64]) -> NDArray[np.uint64] | None:
        """Takes the next words from the device.

        Args:
            words: uint64[n].

        Returns:
            uint64[m], the answer of a program once its halt is complete, else ``None``.

        Raises:
            UTDecodeError: the words are no stream of messages.
        """
        if len(self._rest):
            words = np.concatenate((self._rest, words))
            self._rest = words[:0]
        end = self._finder.feed(words)
        if end is None:
            self._pieces.append(words)
            return None
        self._rest = words[end:].copy()
        self._pieces.append(words[:end])
        answer = self._pieces[0] if len(self._pieces) == 1 else np.concatenate(self._pieces)
        self._pieces = []
        return answer


class SingleConnection(ABC):
    """A connection to one chip.

    Args:
        limit_s: longest wait for the end of a program unless `run` is told otherwise, s.

    Raises:
        ArgumentError: the limit is not usable.
    """

    def __init__(self, limit_s: float = HALT_LIMIT_S) -> None:
        self._limit_s = check_limit(limit_s)
        self._lock = threading.Lock()
        self._cutter = AnswerCutter()
        self._time_info = TimeInfo()
        self._open = True
        self._broken: BaseException | None = None

    @property
    @abstractmethod
    def info(self) -> ConnectionInfo:
        """What is known about the far end."""

    @property
    def time_info(self) -> TimeInfo:
        """Time spent since the connection was opened."""
        return self._time_info

    @property
    def is_open(self) -> bool:
        """Whether programs can be run."""
        return self._open and self._broken is None

    def run(self, words: NDArray[np.uint64], *, limit_s: float | None = None) -> NDArray[np.uint64]:
        """Runs a program and returns its answer; see `Connection.run`."""
        words = check_program(words)
        limit_s = self._limit_s if limit_s is None else check_limit(limit_s)
        with self._lock:
            self._check_open()
            try:
                answer, spent = self._run(words, int(limit_s * 1e9))
            except BaseException as error:
                # the streams of both sides are out of step now: only a new connection starts afresh
                self._broken = error
                self._release()
                raise
            self._time_info += spent
            return answer

    def close(self) -> None:
        """Closes the connection; waits for a program that another thread runs."""
        with self._lock:
            if self._open:
                self._open = False
                if self._broken is None:
                    self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _run(self, words: NDArray[np.uint64], limit_ns: int) -> tuple[NDArray[np.uint64], TimeInfo]:
        """Runs a checked program; returns its answer and the time it took."""

    @abstractmethod
    def _release(self) -> None:
        """Gives back what the connection holds; called once."""

    def _check_open(self) -> None:
        name = self.info.endpoint
        if not self._open:
            raise LinkClosedError(f"the connection to {name} is closed: open a new one")
        if self._broken is not None:
            reason = str(self._broken) or type(self._broken).__name__
            raise LinkClosedError(f"the connection to {name} broke earlier, open a new one: {reason}") from self._broken
