"""Encoders: from numbers to spikes.

==================================  =============================================================================
encoder                             rule
==================================  =============================================================================
`CoordinatesToSpikes`               t = t_early + x (t_late - t_early), one spike per coordinate; and a bias spike
`LinearTimeToFirstSpike`            step T - round(T (x - x_min) / (x_max - x_min)): bright pixels first
`LIFTimeToFirstSpike`               time at which a neuron under the current x + x_min reaches its threshold
`PixelsToSpikeTimes`                t = tau ln(p / (p - threshold))
`SpikeTimesToDense`                 bin = floor(t / bin_width)
`SpikeTimesToSparseTensor`          the same as sparse tensor
==================================  =============================================================================

Spikes have the layout (time, batch, neuron).

Reference: frontend-torch.md A8.
"""

from __future__ import annotations

import attrs
import torch

from hxtwin.frontend.errors import ModelError


def _scatter(step: torch.Tensor, keep: torch.Tensor, steps: int) -> torch.Tensor:
    """Spikes (steps, batch, neuron) from their steps (batch, neuron)."""
    spikes = torch.zeros((steps, *step.shape))
    return spikes.scatter_(0, step.clamp(0, steps - 1)[None], keep.to(spikes.dtype)[None])


def _flat(values: torch.Tensor) -> torch.Tensor:
    if values.dim() < 2:
        raise ModelError(f"values of shape {tuple(values.shape)} given; (batch, neurons, ..) is wanted")
    return values.flatten(1)


@attrs.frozen
class CoordinatesToSpikes:
    """Coordinates as spike times.

    Args:
        seq_length: number of steps.
        t_early: time of coordinate 0, seconds.
        t_late: time of coordinate 1, seconds.
        dt: length of a step, seconds.
        t_bias: time of an additional channel that always spikes, seconds; None: no such channel.

    Raises:
        ModelError: a time lies outside the steps.
    """

    seq_length: int
    t_early: float
    t_late: float
    dt: float
    t_bias: float | None = None

    def __attrs_post_init__(self) -> None:
        times = [self.t_early, self.t_late, *([] if self.t_bias is None else [self.t_bias])]
        if self.dt <= 0 or min(times) < 0 or round(max(times) / self.dt) >= self.seq_length:
            raise ModelError(f"{self!r}: all times have to lie in the {self.seq_length} steps of {self.dt:g} s")

    def __call__(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Spikes (time, batch, channels) of coordinates (batch, channels) in 0..1."""
        coordinates = _flat(coordinates)
        step = torch.round((self.t_early + coordinates * (self.t_late - self.t_early)) / self.dt).long()
        if self.t_bias is not None:
            bias = torch.full((len(step), 1), int(self.t_bias / self.dt + 1e-9), dtype=step.dtype)
            step = torch.cat((step, bias), dim=1)
        return _scatter(step, (step >= 0) & (step < self.seq_length), self.seq_length)


@attrs.frozen
class LinearTimeToFirstSpike:
    """One spike per value, the earlier the larger; the smallest values never spike.

    Args:
        steps: number of steps T.
        x_min, x_max: range of the values.
    """

    steps: int = 30
    x_min: float = 0.0
    x_max: float = 1.0

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Spikes (steps, batch, neuron) of values (batch, neurons, ..)."""
        part = (_flat(values) - self.x_min) / (self.x_max - self.x_min)
        step = self.steps - torch.round(self.steps * part).long()
        return _scatter(step, (step >= 0) & (step < self.steps), self.steps)


@attrs.frozen
class LIFTimeToFirstSpike:
    """Time at which a leaky neuron under a constant current reaches its threshold: dv/dt = -v/tau + x + x_min.

    Args:
        steps: number of steps.
        dt: length of a step; time is counted in microseconds as tau is.
        tau: time constant.
        threshold: theta.
        x_min: added to the values.
    """

    steps: int = 64
    dt: float = 1.0
    tau: float = 20.0
    threshold: float = 0.32
    x_min: float = 0.1

    def times(self, values: torch.Tensor) -> torch.Tensor:
        """Spike times (batch, neuron), infinite for values that never reach the threshold."""
        drive = self.tau * (_flat(values) + self.x_min)
        fires = drive > self.threshold
        argument = torch.where(fires, 1.0 - self.threshold / torch.where(fires, drive, torch.ones_like(drive)), 1.0)
        return torch.where(fires, -self.tau * torch.log(argument), torch.inf)

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Spikes (steps, batch, neuron) of values (batch, neurons, ..)."""
        return SpikeTimesToDense(self.dt, self.steps)(self.times(values))


@attrs.frozen
class PixelsToSpikeTimes:
    """Spike times of pixels.

    Args:
        tau: time constant.
        threshold: dimmer pixels spike at ``t_max``.
        t_max: latest time.
        epsilon: keeps the logarithm finite.
    """

    tau: float = 20.0
    threshold: float = 0.2
    t_max: float = 1.0
    epsilon: float = 1e-7

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Times 0..t_max, shape of the pixels."""
        bright = pixels.clamp(min=self.threshold + self.epsilon)
        time = self.tau * torch.log(bright / (bright - self.threshold))
        return torch.where(pixels < self.threshold, self.t_max, time).clamp(0.0, self.t_max)


@attrs.frozen
class SpikeTimesToDense:
    """Spikes on a grid; times beyond it are dropped.

    Args:
        bin_width: length of a step, unit of the times.
        size: number of steps.
    """

    bin_width: float
    size: int = 100

    def __call__(self, times: torch.Tensor) -> torch.Tensor:
        """Spikes (size, batch, neuron) of times (batch, neuron)."""
        step = torch.floor(times / self.bin_width)
        keep = (step >= 0) & (step < self.size)
        return _scatter(torch.where(keep, step, 0).long(), keep, self.size)


@attrs.frozen
class SpikeTimesToSparseTensor:
    """As `SpikeTimesToDense`, as sparse tensor of the same shape.

    Args:
        bin_width: length of a step, unit of the times.
        size: number of steps.
    """

    bin_width: float
    size: int = 100

    def __call__(self, times: torch.Tensor) -> torch.Tensor:
        """Sparse spikes (size, batch, neuron) of times (batch, neuron)."""
        step = torch.floor(times / self.bin_width)
        batch, neuron = torch.nonzero((step >= 0) & (step < self.size), as_tuple=True)
        index = torch.stack((step[batch, neuron].long(), batch, neuron))
        return torch.sparse_coo_tensor(
            index, torch.ones(len(batch)), (self.size, *times.shape), check_invariants=True, is_coalesced=False
        ).coalesce()
