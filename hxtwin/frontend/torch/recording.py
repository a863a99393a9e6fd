"""From what a chip recorded to tensors on the grid of the model.

=====================  ==========================================================================================
direction              rule
=====================  ==========================================================================================
tensor -> events       non-zero at index k -> time k dt; neuron = last index, batch entry = second index
events -> tensor       runtime + 1 bins, bin = round(t / dt); several spikes of a bin count as one, later ones drop
samples -> tensor      grid 0, dt, .. of the same length; "linear" between the two neighbouring samples, "nearest
                       neighbour", or "raw" (untouched); constant before the first and after the last sample
trace -> model         shifted left in time, minus offset (or first sample), times scale
=====================  ==========================================================================================

Before the first sample the original continues with a line from an artificial point; a constant is used here.

Reference: frontend-torch.md A6.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt
import torch

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch import resample_kernel

InterpolationMode: TypeAlias = Literal["linear", "nearest neighbour", "raw"]
INTERPOLATION_MODES: Final = ("linear", "nearest neighbour", "raw")

#: FPGA cycles per second.
CYCLES_PER_SECOND: Final = 125e6


@attrs.frozen(eq=False)
class SpikeEvents:
    """Spikes of a population or of an input; three arrays of the same length.

    Args:
        batch: int64, batch entry.
        neuron: int64, index in the population.
        time: float64, seconds since the beginning of the batch entry.
    """

    batch: npt.NDArray[np.int64]
    neuron: npt.NDArray[np.int64]
    time: npt.NDArray[np.float64]


@attrs.frozen(eq=False)
class Samples:
    """Traces of a population.

    Args:
        time: float64 (batch, samples, neuron), seconds; rising along the samples.
        value: float32 (batch, samples, neuron), LSB of the ADC.
    """

    time: npt.NDArray[np.float64]
    value: npt.NDArray[np.float32]


@attrs.frozen(eq=False)
class PopulationRecording:
    """What the chip recorded of a population; None where nothing was recorded.

    Args:
        batch_size: number of batch entries.
        size: number of neurons.
        spikes: times of spikes.
        cadc: traces of all neurons.
        madc: time and value of one neuron, float32 (2, samples, batch).
    """

    batch_size: int
    size: int
    spikes: SpikeEvents | None = None
    cadc: Samples | None = None
    madc: npt.NDArray[np.float32] | None = None


def spikes_to_events(spikes: torch.Tensor, dt: float) -> SpikeEvents:
    """Events of a dense tensor.

    Args:
        spikes: (time, batch, neuron); non-zero entries become events.
        dt: length of a step, seconds.
    """
    there = (spikes.detach() != 0).cpu().numpy()  # places of true values are found much faster than those of numbers
    step, rest = np.divmod(np.flatnonzero(there), max(1, there.shape[1] * there.shape[2]))
    batch, neuron = np.divmod(rest, max(1, there.shape[2]))
    return SpikeEvents(batch, neuron, step.astype(np.float64) * dt)


def events_to_spikes(events: SpikeEvents, runtime: int, dt: float, batch_size: int, size: int) -> torch.Tensor:
    """Dense tensor of 0 and 1 of events.

    Args:
        events: spikes.
        runtime: steps.
        dt: length of a step, seconds.
        batch_size: number of batch entries.
        size: number of neurons.

    Returns:
        float32 (runtime + 1, batch, neuron).
    """
    bins = np.rint(events.time / dt).astype(np.int64)
    inside = (bins >= 0) & (bins <= runtime)
    spikes = np.zeros((runtime + 1, batch_size, size), np.float32)
    spikes[bins[inside], events.batch[inside], events.neuron[inside]] = 1.0
    return torch.from_numpy(spikes)


def samples_to_trace(samples: Samples, runtime: int, dt: float, mode: InterpolationMode = "linear") -> torch.Tensor:
    """Traces on the grid of the model.

    Args:
        samples: traces with their times.
        runtime: steps.
        dt: length of a step, seconds.
        mode: how to get from samples to the grid.

    Returns:
        float32 (runtime + 1, batch, neuron); raw: (2 = time and value, samples, batch, neuron).

    Raises:
        ModelError: there is no sample.
    """
    if mode == "raw":
        both = np.stack((samples.time.astype(np.float32), samples.value))
        return torch.from_numpy(np.ascontiguousarray(both.transpose(0, 2, 1, 3)))
    batch, count, size = samples.value.shape
    if count == 0:
        raise ModelError("no sample of the membrane was recorded; the run is shorter than the sampling period")
    trace = np.empty((runtime + 1, batch, size), np.float32)
    resample_kernel.resample(samples.time, samples.value, dt, mode == "linear", trace)
    return torch.from_numpy(trace)


def to_model_units(
    trace: torch.Tensor,
    time_shift: int = 0,
    shift_to_first: bool = False,
    offset: float | torch.Tensor = 0.0,
    scale: float | torch.Tensor = 1.0,
) -> torch.Tensor:
    """A measured trace in units of the model.

    Args:
        trace: (time, batch, neuron), LSB.
        time_shift: steps to the left; the edge is repeated.
        shift_to_first: subtract the first sample instead of ``offset``.
        offset: resting potential, LSB; a number or one entry per neuron.
        scale: units of the model per LSB; a number or one entry per neuron.
    """
    steps = trace.shape[0]
    if time_shift:
        trace = trace[(torch.arange(steps) + time_shift).clamp(0, steps - 1)]
    return (trace - (trace[:1] if shift_to_first else offset)) * scale


def dense_spikes_to_list(spikes: tuple[torch.Tensor, torch.Tensor], size: int) -> list[list[list[float]]]:
    """Spike times as nested lists.

    Args:
        spikes: pair (index of the neuron, time), both (batch, spikes); an index outside 0..size - 1 is no spike.
        size: number of neurons.

    Returns:
        For each batch entry and each neuron the list of its times.
    """
    index, time = (value.detach().cpu().numpy() for value in spikes)
    return [
        [entry_time[entry_index == neuron].tolist() for neuron in range(size)]
        for entry_index, entry_time in zip(index, time, strict=True)
    ]


def extract_n_spikes(
    events: SpikeEvents, batch_size: int, n: int, runtime: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The first n spikes of each batch entry, for event-driven models.

    Spikes are sorted by time first, so that a small n drops the latest ones.

    Args:
        events: spikes.
        batch_size: number of batch entries.
        n: spikes to keep.
        runtime: later spikes are skipped, seconds.

    Returns:
        index (batch, n), filled up with -1, and time (batch, n), filled up with infinity.
    """
    order = np.lexsort((events.time, events.batch))
    order = order[events.time[order] <= runtime]
    batch = events.batch[order]
    rank = np.arange(batch.size) - np.searchsorted(batch, batch)
    kept = rank < n
    index = np.full((batch_size, n), -1, np.int64)
    time = np.full((batch_size, n), np.inf)
    index[batch[kept], rank[kept]] = events.neuron[order][kept]
    time[batch[kept], rank[kept]] = events.time[order][kept]
    return index, time
