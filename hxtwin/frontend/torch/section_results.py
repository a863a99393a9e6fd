"""Up the seam: from results of the graph layer to recordings of populations.

Reference: frontend-torch.md A6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from hxtwin.frontend.torch.execution_info import ExecutionInfo
from hxtwin.frontend.torch.recording import PopulationRecording, Samples, SpikeEvents

if TYPE_CHECKING:
    import numpy.typing as npt

    from hxtwin.frontend.torch.chip_section import ChipPopulation, ChipSection
    from hxtwin.graph.execution import RunResult


def recording_of(population: ChipPopulation, section: ChipSection, result: RunResult) -> PopulationRecording:
    """What a run recorded of a population.

    Args:
        population: with the recordings that its module asked for.
        section: what was run.
        result: of the graph layer.
    """
    module, name, batch = population.module, population.name, section.batch_size
    spikes = cadc = madc = None
    if module.enable_spike_recording:
        found = result.spikes[name]
        spikes = SpikeEvents(found.entries, found.neurons, found.times_us * 1e-6)
    if module.enable_cadc_recording:
        cadc = _samples(name, module.size, result)
    if module.enable_madc_recording:
        madc = _madc(name, batch, result)
    return PopulationRecording(batch, module.size, spikes, cadc, madc)


def _samples(name: str, size: int, result: RunResult) -> Samples:
    """Traces of all parts of a population side by side; shorter ones are filled up with their last sample."""
    parts = result.cadc[name]
    longest = max(part.values.shape[1] for part in parts)
    value = np.zeros((result.entries, longest, size), np.float32)
    at = np.zeros((result.entries, longest, size), np.float64)
    for part in parts:
        index = np.minimum(np.arange(longest), part.values.shape[1] - 1)
        value[:, :, part.neurons] = part.values[:, index]
        at[:, :, part.neurons] = part.times_us[:, index] * 1e-6
    return Samples(at, value)


def _madc(name: str, batch: int, result: RunResult) -> npt.NDArray[np.float32]:
    """Time (s) and value, (2, samples, batch); entries with fewer samples end with NaN."""
    (found,) = result.madc[name]
    counts = np.bincount(found.entries, minlength=batch)
    traces = np.full((2, int(counts.max(initial=0)), batch), np.nan, np.float32)
    rank = np.arange(len(found.entries)) - np.concatenate(([0], np.cumsum(counts)))[found.entries]
    traces[0, rank, found.entries] = found.times_us * 1e-6
    traces[1, rank, found.entries] = found.values
    return traces


def info_of(result: RunResult, seconds: float) -> ExecutionInfo:
    """Phases of all instances, counts and problems.

    Args:
        result: of the graph layer.
        seconds: wall-clock time; what is beyond that of the result is called layout.
    """
    phases = {name: float(value) for name, value in attrs.asdict(result.run_time).items()}
    planned = {f"planned {name}": phases.pop(name) for name in ("realtime", "relaxation", "settling")}
    del planned  # chip time, no wall-clock time
    health = {
        "words_sent": sum(h.words_sent for h in result.health.values()),
        "words_received": sum(h.words_received for h in result.health.values()),
        "spikes_received": sum(len(spikes) for spikes in result.spikes.values()),
        "samples_received": sum(trace.values.size for traces in result.cadc.values() for trace in traces),
    }
    for problem in result.problems:
        health[problem.kind.value] = health.get(problem.kind.value, 0) + problem.count
    phases["layout"] = max(0.0, seconds - result.duration)
    return ExecutionInfo(phases, health, tuple(str(problem) for problem in result.problems))
