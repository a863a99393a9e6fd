"""Running times of mapping, configuration and execution, for 256-246-10 on one chip.

Times are those of the processor, summed over all threads: neighbours on the machine do not count, waiting does neither.
The wall clock and the load of the machine stand beside them.
"""

from __future__ import annotations

import functools
import gc
import os
import statistics
import time
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

import hxtwin
from acceptance.figure import Figure, at_least, at_most, exactly
from acceptance.layered_networks import SEED, layers
from acceptance.remembering import Remembering
from hxtwin.calib.nominal import nominal_calibration
from hxtwin.comm import ut
from hxtwin.containers import Chip
from hxtwin.graph.configuration import RoutedInstance, place_and_route
from hxtwin.graph.execution import Executor, Hooks, InputSpikes, LabelledSpikes, RealtimeRequest, RunResult
from hxtwin.graph.execution.instance_program import entries_programs, prepare
from hxtwin.graph.execution.static_configuration import configuration_words, static_configuration
from hxtwin.graph.network import with_relays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray


IDEAL: Final = "sim://?chip=ideal&noise=0&settle=instant"
ENTRIES: Final = 100
RUNTIME_US: Final = 30.0
PAPER_SPIKES: Final = 721
"""Input spikes of a batch in the paper, 909 come back there (reference: execution.md 10)."""
SPIKES: Final = 20_000
"""Input spikes of a dense batch."""


def _cpu(name: str, work: Callable[[], object], limit_ms: float, runs: int = 11) -> Figure:
    """Median of the time of the processor, after one run to warm up."""
    work()
    gc.collect()
    used, passed = [], []
    for _ in range(runs):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        used.append((time.process_time() - cpu) * 1e3)
        passed.append((time.perf_counter() - wall) * 1e3)
    detail = (
        f"processor, median of {runs}; minimum {min(used):.4g} ms; wall clock: median {statistics.median(passed):.4g} "
        f"ms, minimum {min(passed):.4g} ms; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    return at_most(name, statistics.median(used), limit_ms, "ms", detail)


def _one_instance() -> RoutedInstance:
    """256-246-10, which fills a chip."""
    return place_and_route(layers(256, 246, 10, recorded=True), base=base())


def base() -> Chip:
    """A chip set up by the closed laws."""
    return nominal_calibration().to_chip(Chip())


def mapping() -> Iterable[Figure]:
    """Placing, routing and checking."""
    network, chip = layers(256, 246, 10, recorded=True), base()
    yield _cpu("place, route and check 256-246-10", lambda: place_and_route(network, base=chip), 2000, runs=5)


def configuration() -> Iterable[Figure]:
    """Programs of an instance, and new weights."""
    instance = _one_instance()
    request = RealtimeRequest(runtime=3750, cadc_circuits=_cadc_circuits(instance))
    spikes = _labelled(instance)

    def compiled() -> int:
        prepared = prepare(instance.chip, request, Hooks())
        return len(entries_programs(prepared, ENTRIES, spikes)) + static_configuration(prepared.words, None).changed

    yield _cpu("configuration and programs of one instance", compiled, 60)
    before = configuration_words(instance.chip)
    rng = np.random.default_rng(SEED + 1)
    weights = {"to layer 1": rng.integers(-63, 64, (256, 246)), "to layer 2": rng.integers(-63, 64, (246, 10))}

    def reconfigured() -> int:
        words = configuration_words(instance.weights_changed(weights).chip)
        program = static_configuration(words, before).program
        return 0 if program is None else len(ut.encode_array(program.messages))

    yield at_least("words for new weights of all connections", reconfigured(), 50_000, "")
    yield _cpu("new weights of all connections: chip, difference, words", reconfigured, 30)


def _cadc_circuits(instance: RoutedInstance) -> NDArray[np.int64]:
    return 256 * instance.cadc.hemisphere + instance.cadc.column


def _inputs(number: int = SPIKES) -> InputSpikes:
    rng = np.random.default_rng(SEED)
    times = rng.uniform(0, RUNTIME_US - 1, number)
    return InputSpikes(entries=rng.integers(0, ENTRIES, number), times_us=times, neurons=rng.integers(0, 256, number))


def _labelled(instance: RoutedInstance) -> LabelledSpikes:
    spikes = _inputs()
    at, labels = instance.inputs.encode("in", spikes.neurons, np.arange(len(spikes)))
    return LabelledSpikes.in_order(spikes.entries[at], spikes.cycles[at], labels.astype(np.int64))


def executor() -> Iterable[Figure]:
    """A run through the executor on a chip that is configured already, without the time of the chip."""
    instance = _one_instance()
    (number,) = with_relays(instance.network).execution_instances
    with hxtwin.connect(IDEAL) as connection:
        runner = Executor(Remembering(connection))
        for spikes in (PAPER_SPIKES, SPIKES):

            def run(inputs: dict[str, InputSpikes]) -> RunResult:
                return runner.run(instance.network, {number: instance}, inputs, entries=ENTRIES, runtime_us=RUNTIME_US)

            inputs = {"in": _inputs(spikes)}
            result = run(inputs)
            found = sum(map(len, result.spikes.values()))
            yield exactly("kinds of problems that were reported", len(result.problems), 0, "")
            name = f"everything but the chip, {ENTRIES} entries of {RUNTIME_US:g} us, {spikes} spikes in, {found} out"
            figure = _cpu(name, functools.partial(run, inputs), 50)
            yield figure if spikes == PAPER_SPIKES else attrs.evolve(figure, target="", passed=None)
