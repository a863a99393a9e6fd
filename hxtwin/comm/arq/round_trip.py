"""Retransmission time from measured round trips.

Smoothed mean and deviation as TCP keeps them (RFC 6298: gains 1/8 and 1/4, limit = mean + 4 deviations), between two
fixed limits. A round trip is taken only from acknowledgements that release no repeated frame: otherwise nobody knows
which transmission was acknowledged, or how long the newest frame had waited behind a lost one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hxtwin.comm.arq.settings import ArqTiming


class RoundTrip:
    """Estimates the retransmission time of one side.

    Args:
        timing: limits and start value.
    """

    __slots__ = ("_deviation", "_mean", "_timing", "retransmit_ns")

    def __init__(self, timing: ArqTiming) -> None:
        self._timing = timing
        self.reset()

    def reset(self) -> None:
        """Forgets every measurement."""
        self._mean = 0
        self._deviation = 0
        self.retransmit_ns = self._timing.retransmit_start_ns

    def measure(self, round_trip_ns: int) -> None:
        """Takes one round trip (>= 0 ns) into account."""
        if self._mean:
            self._deviation += (abs(round_trip_ns - self._mean) - self._deviation) // 4
            self._mean += (round_trip_ns - self._mean) // 8
        else:
            self._mean, self._deviation = max(round_trip_ns, 1), round_trip_ns // 2
        wanted = self._mean + 4 * self._deviation
        self.retransmit_ns = min(max(wanted, self._timing.retransmit_min_ns), self._timing.retransmit_max_ns)
