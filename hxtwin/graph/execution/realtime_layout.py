"""The commands of the real-time section of one batch entry.

Times are values of the playback timer, which every section resets; all in FPGA cycles of 8 ns.

====  ===========================================================================  ================================
step  action (only those that are needed)                                          reserved
====  ===========================================================================  ================================
1     force-reset of both neuron backends on, then off                             125, then 500
2     start of the membrane ADC                                                    1250 (10 us)
3     baseline of the column ADC: neuron resets, 5 us, conversion, reads           at least 2500 (20 us)
4     neuron resets                                                                2 for each write
5     settling                                                                     125 (1 us)
6     **begin marker** = time zero of the entry                                    runtime
7     input spikes, samples of the column ADC, hook ``inside_realtime``
8     **end marker**, settling                                                     125 (1 us)
9     second conversion of the column ADC, reads
10    stop of the membrane ADC
11    event router off                                                             until the relaxation is over
12    event router on
====  ===========================================================================  ================================

Steps that the lab gives to the embedded processor (3, 4, sampling, 9) are playback reads and writes here. Events are
recorded all the time, also between entries, so that every event that left the chip can be accounted for; what lies
outside the markers is left out afterwards. Source: reference execution.md 4.1, 4.2, 5; graph.md 4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin import coord
from hxtwin.containers import (
    CrossbarNode,
    MADCControl,
    NeuronReset,
    NeuronResetQuad,
)
from hxtwin.runtime import PlaybackProgramBuilder, RealtimeSection, RealtimeSectionBuilder, SectionReads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.containers import Chip
    from hxtwin.graph.execution.cadc_schedule import CadcPass, CadcSchedule
    from hxtwin.graph.execution.hooks import Hooks
    from hxtwin.graph.execution.realtime_request import RealtimeRequest

FORCE_RESET: Final = 125
FORCE_RESET_PAUSE: Final = 500
MADC_START: Final = 1250
MADC_WAKE_UP: Final = 125_000
BASELINE: Final = 2500
BASELINE_WAIT: Final = 625
RESET_WRITE: Final = 2
SETTLING: Final = 125
_QUAD: Final = coord.EntryOnQuad.size

MADC_WAKE = MADCControl(wake_up=True, enable_pre_amplifier=True, enable_continuous_sampling=True)
"""Powers the membrane ADC up, once in a program; it is ready `MADC_WAKE_UP` cycles later (containers-a.md 6.2)."""
_MADC_RECORD = MADCControl(start_recording=True, enable_pre_amplifier=True, enable_continuous_sampling=True)
_MADC_STOP = MADCControl(stop_recording=True, enable_pre_amplifier=True, enable_continuous_sampling=True)


@attrs.frozen(eq=False)
class RealtimeLayout:
    """A real-time section and what its reads mean.

    Attributes:
        section: the commands.
        lead: time zero of the entry, cycles since the reset of the timer.
        duration: from the reset of the timer to the end of the relaxation, cycles.
        begin, end: the markers.
        samples: reads of the column ADC during the section, ``s`` samples of ``r`` reads each; None: no traces.
        baseline, value: reads of the column ADC before and behind the section; None: not asked for.
    """

    section: RealtimeSection
    lead: int
    duration: int
    begin: SectionReads
    end: SectionReads
    samples: SectionReads | None
    baseline: SectionReads | None
    value: SectionReads | None


def realtime_layout(
    request: RealtimeRequest,
    chip: Chip,
    hooks: Hooks,
    *,
    trace: CadcPass | None,
    schedule: CadcSchedule | None,
    baseline: CadcPass | None,
) -> RealtimeLayout:
    """Lays out the section of one pass.

    Args:
        request: what is asked for.
        chip: configuration of the chip.
        hooks: program parts of the user.
        trace: pass of the column ADC that samples traces; `schedule` is the one it belongs to.
        schedule: see `trace`.
        baseline: reads of the column ADC before and behind the section.
    """
    builder = RealtimeSectionBuilder()
    time = _force_reset(builder, chip)
    if len(request.madc_circuits):
        builder.write(time, coord.MADCControlOnDLS(), _MADC_RECORD)
        time += RESET_WRITE + MADC_START
    first_value = None
    if baseline is not None:
        start = time
        time = _reset_neurons(builder, time, request.baseline_circuits) + BASELINE_WAIT
        first_value = builder.read_words(time + baseline.offsets, baseline.addresses)
        time = max(start + BASELINE, time + baseline.cycles)
    time = _reset_neurons(builder, time, request.reset_circuits)
    lead = time + SETTLING
    begin = builder.tick(lead)
    samples = None
    if trace is not None and schedule is not None:
        starts = schedule.sample_starts(lead, request.runtime)
        if len(starts):
            times = np.add.outer(starts, trace.offsets).reshape(-1)
            samples = builder.read_words(times, np.tile(trace.addresses, len(starts)))
    builder.merge(hooks.inside_realtime, lead)
    stop = lead + request.runtime
    end = builder.tick(stop)
    time = stop + SETTLING
    second_value = None
    if baseline is not None:
        second_value = builder.read_words(time + baseline.offsets, baseline.addresses)
        time += baseline.cycles
    if len(request.madc_circuits):
        builder.write(time, coord.MADCControlOnDLS(), _MADC_STOP)
    _relax(builder.behind, request, chip, stop + request.relaxation)
    return RealtimeLayout(
        section=builder.done(),
        lead=lead,
        duration=stop + request.relaxation,
        begin=begin,
        end=end,
        samples=samples,
        baseline=first_value,
        value=second_value,
    )


def _force_reset(builder: RealtimeSectionBuilder, chip: Chip) -> int:
    """Holds all neurons in reset for a microsecond; returns when they have been free for a while."""
    for block, config in enumerate(chip.neuron_block.backends):
        at = coord.CommonNeuronBackendConfigOnDLS(block)
        builder.write(0, at, attrs.evolve(config, force_reset=True))
        builder.write(FORCE_RESET, at, config)
    return FORCE_RESET + FORCE_RESET_PAUSE


def _reset_neurons(builder: RealtimeSectionBuilder, time: int, circuits: NDArray[np.int64]) -> int:
    """Resets neurons, four at once where all of a quad are meant; returns when the last write is over."""
    if not len(circuits):
        return time
    quads = coord.convert_indices(circuits, coord.AtomicNeuronOnDLS, coord.NeuronResetQuadOnDLS)
    which, counts = np.unique(quads, return_counts=True)
    complete = which[counts == _QUAD]
    single = coord.convert_indices(circuits[~np.isin(quads, complete)], coord.AtomicNeuronOnDLS, coord.NeuronResetOnDLS)
    addresses = np.concatenate(
        [
            NeuronResetQuad.addresses_of(complete).reshape(-1),
            NeuronReset.addresses_of(single).reshape(-1),
        ]
    )
    times = time + RESET_WRITE * np.arange(len(addresses))
    builder.write_words(times, addresses, np.zeros(len(addresses), dtype=np.uint32))
    return time + RESET_WRITE * len(addresses)


def _relax(behind: PlaybackProgramBuilder, request: RealtimeRequest, chip: Chip, until: int) -> None:
    """Waits until the relaxation is over, meanwhile without events."""
    behind.barrier(omnibus=True)
    if request.routing_between_entries:
        behind.wait_until(until)
        return
    router_off(behind, chip)
    behind.wait_until(until)
    router_on(behind, chip)


def router_off(builder: PlaybackProgramBuilder, chip: Chip) -> None:
    """Lets no event pass any node of the crossbar, and waits until that is so."""
    nodes, columns = _passing_nodes(chip)
    off = {"mask": np.zeros_like(columns["mask"]), "target": np.ones_like(columns["target"])}
    builder.write_columns(CrossbarNode, nodes, {**columns, **off})
    builder.barrier(omnibus=True)


def router_on(builder: PlaybackProgramBuilder, chip: Chip) -> None:
    """Configures the nodes of the crossbar as they are in a chip, and waits until that is so."""
    builder.write_columns(CrossbarNode, *_passing_nodes(chip))
    builder.barrier(omnibus=True)


def _passing_nodes(chip: Chip) -> tuple[NDArray[np.int64], dict[str, NDArray[np.generic]]]:
    """Nodes of the crossbar that let events pass: an event passes if (label & mask) == target."""
    columns = chip.crossbar.nodes.columns()
    passing = np.flatnonzero((columns["target"] & ~columns["mask"]) == 0)
    return passing, {path: array[passing] for path, array in columns.items()}
