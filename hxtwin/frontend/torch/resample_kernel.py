"""Compiled resampling of traces.

Reference: frontend-torch.md A6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@numba.njit(cache=True)
def resample(
    time: npt.NDArray[np.float64],
    value: npt.NDArray[np.float32],
    dt: float,
    linear: bool,
    trace: npt.NDArray[np.float32],
) -> None:
    """Bring samples onto the grid 0, dt, 2 dt, ..; constant before the first and after the last sample.

    Args:
        time: (batch, samples, neuron), seconds, rising along the samples; at least one sample.
        value: (batch, samples, neuron).
        dt: seconds.
        linear: between the neighbouring samples; otherwise the closer one (the later of two equally close ones).
        trace: result (steps, batch, neuron).
    """
    steps, batch, neurons = trace.shape
    last = value.shape[1] - 1
    for b in range(batch):
        for n in range(neurons):
            k = 0
            for step in range(steps):
                t = step * dt
                while k < last and time[b, k + 1, n] <= t:
                    k += 1
                before = time[b, k, n]
                if t <= before or k == last:
                    trace[step, b, n] = value[b, k, n]
                    continue
                part = (t - before) / (time[b, k + 1, n] - before)
                if linear:
                    trace[step, b, n] = value[b, k, n] * (1.0 - part) + value[b, k + 1, n] * part
                else:
                    trace[step, b, n] = value[b, k, n] if part < 0.5 else value[b, k + 1, n]
