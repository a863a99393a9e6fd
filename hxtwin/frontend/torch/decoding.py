"""Decoders: from traces and spikes to one number per neuron.

==========================  =====================================================
decoder                     result (batch, neuron)
==========================  =====================================================
`MaxOverTime`               largest value
`SumOverTime`               sum
`MeanOverTime`              mean
`LastValue`                 value of the last step
`TimeToFirstSpike`          time of the first spike, with a gradient
==========================  =====================================================

All take (time, batch, neuron).

Reference: frontend-torch.md A8, E.
"""

from __future__ import annotations

import attrs
import torch


@attrs.frozen
class MaxOverTime:
    """Largest value over time."""

    def __call__(self, trace: torch.Tensor) -> torch.Tensor:
        """(batch, neuron) of (time, batch, neuron)."""
        return torch.max(trace, dim=0).values


@attrs.frozen
class SumOverTime:
    """Sum over time."""

    def __call__(self, trace: torch.Tensor) -> torch.Tensor:
        """(batch, neuron) of (time, batch, neuron)."""
        return torch.sum(trace, dim=0)


@attrs.frozen
class MeanOverTime:
    """Mean over time."""

    def __call__(self, trace: torch.Tensor) -> torch.Tensor:
        """(batch, neuron) of (time, batch, neuron)."""
        return torch.mean(trace, dim=0)


@attrs.frozen
class LastValue:
    """Value of the last step."""

    def __call__(self, trace: torch.Tensor) -> torch.Tensor:
        """(batch, neuron) of (time, batch, neuron)."""
        return trace[-1]


@attrs.frozen
class TimeToFirstSpike:
    """Time of the first spike.

    The gradient reaches the spike that was first, with the sign that makes more spiking earlier.

    Args:
        dt: length of a step, seconds.
        t_max: time of neurons that do not spike; None: the end of the spikes.
    """

    dt: float = 1e-6
    t_max: float | None = None

    def __call__(self, spikes: torch.Tensor) -> torch.Tensor:
        """Times (batch, neuron), seconds, of spikes (time, batch, neuron)."""
        steps = spikes.shape[0]
        silent = steps * self.dt if self.t_max is None else self.t_max
        fired = (spikes > 0).to(spikes.dtype)
        first = fired * (torch.cumsum(fired, dim=0) == 1)
        time = torch.arange(steps, dtype=spikes.dtype).view(-1, 1, 1) * self.dt
        return silent + torch.sum(spikes * (first * (time - silent)).detach(), dim=0)
