"""Results of a run: arrays by population, and what has to be known to trust them.

======================  ==============================================================================
`RunResult.spikes`      population -> recorded spikes of all its parts
`RunResult.cadc`        population -> traces of the column ADC, one set for each part that was recorded
`RunResult.madc`        population -> traces of the membrane ADC
`RunResult.problems`    what may have made the results wrong; empty if all is well
`RunResult.run_time`    where the time went, by execution instance and in total
`RunResult.provenance`  what ran where
======================  ==============================================================================

Populations are those of the uncut network, also if their neurons ran in several execution instances. Times count from
the begin of the real-time section of each batch entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import attrs
import numpy as np

from hxtwin.graph.errors import InputDataError
from hxtwin.graph.execution.spike_trains import CYCLES_PER_US

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hxtwin.graph.execution.health import ExecutionHealth
    from hxtwin.graph.execution.problem import Problem
    from hxtwin.graph.execution.provenance import Provenance
    from hxtwin.graph.execution.run_time import RunTime

T = TypeVar("T")


@attrs.frozen(eq=False)
class RecordedSpikes:
    """Spikes of a population, ordered by entry, then by time.

    Attributes:
        entries: batch entry, ``int64[n]``.
        times: FPGA cycles of 8 ns, ``int64[n]``.
        neurons: neuron of the population, ``int64[n]``.
        compartments: compartment that sent the spike, ``int64[n]``.
    """

    entries: NDArray[np.int64]
    times: NDArray[np.int64]
    neurons: NDArray[np.int64]
    compartments: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times)

    @property
    def times_us(self) -> NDArray[np.float64]:
        """Times in microseconds, ``float64[n]``."""
        return self.times / CYCLES_PER_US

    def of_entry(self, entry: int) -> RecordedSpikes:
        """The spikes of one batch entry."""
        begin, end = np.searchsorted(self.entries, (entry, entry + 1))
        return RecordedSpikes(*(array[begin:end] for array in attrs.astuple(self, recurse=False)))


@attrs.frozen(eq=False)
class RecordedTraces:
    """Traces of neurons of a population, sampled by the column ADC in one execution instance.

    Attributes:
        neurons: neurons of the population, ``int64[k]``.
        values: ``uint8[entries, samples, k]``, in units of the ADC.
        times: when each value was taken, FPGA cycles of 8 ns, ``float64[entries, samples, k]``.
        interval_us: time between two samples, microseconds.
        passes: how often the batch was run to record them.
        instance: number of the execution instance.
    """

    neurons: NDArray[np.int64]
    values: NDArray[np.uint8]
    times: NDArray[np.float64]
    interval_us: float
    passes: int
    instance: int

    @property
    def times_us(self) -> NDArray[np.float64]:
        """Times in microseconds, ``float64[entries, samples, k]``."""
        return self.times / CYCLES_PER_US


@attrs.frozen(eq=False)
class RecordedSamples:
    """Trace of one neuron, sampled by the membrane ADC; ordered by entry, then by time.

    Attributes:
        neuron: neuron of the population.
        entries: batch entry, ``int64[n]``.
        times: FPGA cycles of 8 ns, ``int64[n]``.
        values: ``uint16[n]``, 0..1023, in units of the ADC.
        rate_hz: samples per second; half of the ADC's rate if two neurons share it.
        instance: number of the execution instance.
    """

    neuron: int
    entries: NDArray[np.int64]
    times: NDArray[np.int64]
    values: NDArray[np.uint16]
    rate_hz: float
    instance: int

    @property
    def times_us(self) -> NDArray[np.float64]:
        """Times in microseconds, ``float64[n]``."""
        return self.times / CYCLES_PER_US


class ByPopulation(dict[str, T]):
    """Results by name of the population; one that was not recorded is an `InputDataError` that says so."""

    def __missing__(self, name: str) -> T:
        raise InputDataError(
            f"{name!r:.80}: nothing of this kind was recorded of it, only of {sorted(self)}; add a recording to the "
            "network"
        )


@attrs.frozen(eq=False, kw_only=True)
class RunResult:
    """What a run brought; see the table of this module.

    Attributes:
        entries: number of batch entries.
        spikes: by population, or external source whose events were recorded.
        cadc: by population.
        madc: by population.
        problems: in the order of the instances.
        health: by execution instance.
        run_times: by execution instance.
        duration: wall-clock time of the whole run, seconds.
        provenance: what ran where.
    """

    entries: int
    spikes: Mapping[str, RecordedSpikes]
    cadc: Mapping[str, tuple[RecordedTraces, ...]]
    madc: Mapping[str, tuple[RecordedSamples, ...]]
    problems: tuple[Problem, ...]
    health: Mapping[int, ExecutionHealth]
    run_times: Mapping[int, RunTime]
    duration: float
    provenance: Provenance

    @property
    def run_time(self) -> RunTime:
        """Durations of all instances, phase by phase."""
        first, *others = self.run_times.values()
        return sum(others, first)

    def __str__(self) -> str:
        lines = [f"{self.entries} batch entries in {self.duration:.3f} s"]
        lines += [f"spikes of {name}: {len(spikes)}" for name, spikes in self.spikes.items()]
        for name, traces in self.cadc.items():
            lines += [f"traces of {name}: {t.values.shape[1]} samples every {t.interval_us:g} us" for t in traces]
        lines += [f"samples of {name}: {sum(len(s.values) for s in samples)}" for name, samples in self.madc.items()]
        lines.append(str(self.run_time))
        lines += [f"problem: {problem}" for problem in self.problems] or ["no problems"]
        return "\n".join(lines)
