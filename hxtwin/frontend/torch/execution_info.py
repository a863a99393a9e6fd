"""What is known about a run: where the time went, and what was lost or limited on the way.

Reference: frontend-torch.md A1; execution.md 9.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@attrs.frozen
class ExecutionInfo:
    """Times and counts of a run.

    Args:
        time: phase -> seconds.
        health: counts: words sent and received, spikes dropped, samples at the rails, weights limited, and so on.
        notes: remarks that may put the results into question.
    """

    time: Mapping[str, float] = attrs.field(factory=dict)
    health: Mapping[str, int] = attrs.field(factory=dict)
    notes: tuple[str, ...] = ()

    @classmethod
    def total(cls, infos: Iterable[ExecutionInfo]) -> ExecutionInfo:
        """Sum over several runs."""
        time: Counter[str] = Counter()
        health: Counter[str] = Counter()
        notes: list[str] = []
        for info in infos:
            for phase, seconds in info.time.items():
                time[phase] += seconds  # type: ignore[assignment]  # counters add any numbers
            health.update(info.health)
            notes += info.notes
        return cls(dict(time), dict(health), tuple(dict.fromkeys(notes)))
