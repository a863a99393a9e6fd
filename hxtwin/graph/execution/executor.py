"""The executor: runs a network that is placed and routed, on one chip or several.

::

    with hxtwin.connect() as connection:
        executor = Executor(connection)
        result = executor.run(network, instances, {"pixels": InputSpikes(...)}, entries=100, runtime_us=30.0)
    result.spikes["hidden"].times_us, result.cadc["output"][0].values, result.problems

=====================  =============================================================================================
order                  instances that depend on each other one after the other, others at the same time if they are
                       on different chips; a chip gets its instances in plan order
batch                  one static configuration, then all entries in one program, with relaxation in between
next run               writes only those words of the configuration that changed
=====================  =============================================================================================

Source: reference execution.md; what is done when: `hxtwin.graph.execution.conductor`, `realtime_layout`.
"""

from __future__ import annotations

import logging
import math
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import attrs
import numpy as np

from hxtwin.graph.errors import InputDataError
from hxtwin.graph.execution.conductor import Conductor, InstanceOutcome, InstanceTask
from hxtwin.graph.execution.device import Device
from hxtwin.graph.execution.hooks import Hooks
from hxtwin.graph.execution.population_results import (
    cadc_circuits,
    population_samples,
    population_spikes,
    population_traces,
)
from hxtwin.graph.execution.problem import Problem, ProblemKind
from hxtwin.graph.execution.problem_report import instance_problems
from hxtwin.graph.execution.provenance import provenance
from hxtwin.graph.execution.realtime_request import CADC_INTERVAL, LONGEST, RELAXATION, RealtimeRequest
from hxtwin.graph.execution.replay import Stimulus
from hxtwin.graph.execution.result import ByPopulation, RunResult
from hxtwin.graph.execution.spike_trains import CYCLES_PER_US
from hxtwin.graph.network import ExternalSource, Network, with_relays
from hxtwin.runtime import Connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hxtwin.coord import ExecutionInstanceID
    from hxtwin.graph.configuration.routed_instance import RoutedInstance
    from hxtwin.graph.execution.input_spikes import InputSpikes

_SHOWN: Final = 5

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class RunOptions:
    """How the batch entries of every instance are run.

    Attributes:
        relaxation_us: least time from the end of an entry to the begin of the next one, microseconds.
        cadc_interval_us: longest time between two samples of a neuron by the column ADC, microseconds; neurons that do
            not fit are recorded in further passes over the batch. None: one pass, at the interval that it takes.
        reset_neurons: reset all neurons, one by one or in fours, in front of each entry. Both halves of the chip are
            held in reset for a microsecond before, in any case.
        routing_between_entries: leave the event router on between entries.
    """

    relaxation_us: float = RELAXATION / CYCLES_PER_US
    cadc_interval_us: float | None = CADC_INTERVAL / CYCLES_PER_US
    reset_neurons: bool = False
    routing_between_entries: bool = False


class Executor:
    """Runs networks on chips; knows what it has configured and writes only what changed.

    Args:
        connections: an open connection, or several: the chip of an entity of a network is a position among them. They
            stay open when the executor is no longer used.
        limit_s: longest wait for the end of a program, seconds; None: the limit of the connection.

    Raises:
        InputDataError: no connection, or one of them twice.
    """

    def __init__(self, connections: Connection | Iterable[Connection], *, limit_s: float | None = None) -> None:
        opened = [connections] if isinstance(connections, Connection) else list(connections)
        if not opened or len({id(connection) for connection in opened}) < len(opened):
            raise InputDataError(f"{len(opened)} connections: at least one is needed, each of them once")
        self._devices = [Device(connection, limit_s) for connection in opened]
        self._told: set[tuple[ProblemKind, int | None]] = set()

    def forget(self) -> None:
        """Takes nothing for granted: the next run brings the chips up and configures them completely."""
        for device in self._devices:
            device.forget()

    def run(
        self,
        network: Network,
        instances: Mapping[ExecutionInstanceID, RoutedInstance],
        inputs: Mapping[str, InputSpikes] | None = None,
        *,
        entries: int,
        runtime_us: float,
        options: RunOptions | None = None,
        hooks: Mapping[ExecutionInstanceID, Hooks] | None = None,
        seed: int | None = None,
    ) -> RunResult:
        """Runs all batch entries of a network.

        Args:
            network: the network; it may contain projections between execution instances.
            instances: each of its execution instances, placed and routed.
            inputs: spikes by external source; a source without any is silent.
            entries: number of batch entries, at least 1.
            runtime_us: length of the real-time section of every entry, microseconds.
            options: how the entries are run.
            hooks: program parts of the user by execution instance; their builders are empty afterwards.
            seed: goes into the provenance record.

        Raises:
            InputDataError: inputs, times, hooks or recordings that do not fit the network or the chips.
            ExecutionError: an instance failed; the message names instance, step and chip.
        """
        began, start = datetime.now(UTC), time.perf_counter()
        explicit = with_relays(network)
        plan = explicit.execution_instances
        options, given, hooks = options or RunOptions(), inputs or {}, hooks or {}
        runtime = _cycles("runtime_us", runtime_us)
        _check_entries(entries)
        _check_instances(plan, instances, hooks)
        _check_inputs(explicit, given, entries, runtime)
        routed = {int(instance): instances[instance] for instance in plan}
        places = {int(instance): self._place(explicit, instance) for instance in plan}
        stimuli = {int(instance): _stimulus(explicit, instance, routed, given, runtime) for instance in plan}
        tasks = [
            InstanceTask(
                instance=int(instance),
                device=places[int(instance)],
                predecessors=frozenset(int(before) for before in explicit.dependencies[instance]),
                chip=routed[int(instance)].chip,
                request=_request(routed[int(instance)], runtime, options),
                entries=entries,
                stimulus=stimuli[int(instance)],
                hooks=hooks.get(instance, Hooks()),
            )
            for instance in plan
        ]
        outcomes = Conductor(tasks, self._devices).run()
        problems = [
            problem
            for number, outcome in outcomes.items()
            for problem in _problems(number, routed[number], outcome, stimuli[number], self._devices[places[number]])
        ]
        for problem in problems:
            # what a batch met the next one meets, too: the result tells it every time, the log the first time
            level = logging.DEBUG if (problem.kind, problem.instance) in self._told else logging.WARNING
            self._told.add((problem.kind, problem.instance))
            _log.log(level, "%s", problem)
        duration = time.perf_counter() - start
        return RunResult(
            entries=entries,
            spikes=ByPopulation(population_spikes(network, routed, outcomes)),
            cadc=ByPopulation(population_traces(network, routed, outcomes)),
            madc=ByPopulation(population_samples(network, routed, outcomes)),
            problems=tuple(problems),
            health={number: outcome.record.health for number, outcome in outcomes.items()},
            run_times={number: outcome.run_time for number, outcome in outcomes.items()},
            duration=duration,
            provenance=provenance(
                network,
                routed,
                outcomes,
                self._devices,
                places,
                seed=seed,
                entries=entries,
                runtime_us=runtime_us,
                problems=problems,
                began=began,
                duration_s=duration,
            ),
        )

    def _place(self, network: Network, instance: ExecutionInstanceID) -> int:
        chip = network.chip_of(instance)
        if chip >= len(self._devices):
            raise InputDataError(
                f"execution instance {int(instance)} is on chip {chip}, the executor has {len(self._devices)} "
                "connections: give it more, or assign another chip"
            )
        return chip


# --- what is asked for ------------------------------------------------------------------------------------------------


def _cycles(name: str, time_us: object) -> int:
    """Microseconds as FPGA cycles."""
    longest = LONGEST / CYCLES_PER_US
    if isinstance(time_us, bool) or not isinstance(time_us, int | float | np.integer | np.floating):
        raise InputDataError(f"{name}: a number of microseconds is wanted, got {time_us!r:.80}")
    if not math.isfinite(time_us) or not 0 <= time_us <= longest:
        raise InputDataError(f"{name}: 0..{longest:.0f} microseconds are possible, got {time_us}")
    return round(float(time_us) * CYCLES_PER_US)


def _check_entries(entries: object) -> None:
    if isinstance(entries, bool) or not isinstance(entries, int) or entries < 1:
        raise InputDataError(f"entries: the number of batch entries is at least 1, got {entries!r:.80}")


def _check_instances(
    plan: tuple[ExecutionInstanceID, ...],
    instances: Mapping[ExecutionInstanceID, RoutedInstance],
    hooks: Mapping[ExecutionInstanceID, Hooks],
) -> None:
    if not plan:
        raise InputDataError("the network has no population and no source with an execution instance: nothing can run")
    missing = [int(instance) for instance in plan if instance not in instances]
    if missing:
        raise InputDataError(f"execution instances {missing} of the network are not routed")
    for what, given in (("routed", instances), ("given hooks", hooks)):
        unknown = [int(instance) for instance in given if instance not in plan]
        if unknown:
            raise InputDataError(f"execution instances {unknown} are {what}, the network has {[int(i) for i in plan]}")


def _check_inputs(network: Network, inputs: Mapping[str, InputSpikes], entries: int, runtime: int) -> None:
    for name, spikes in inputs.items():
        source = network.sources.get(name)
        if not isinstance(source, ExternalSource):
            known = [external.name for external in network.external_sources]
            raise InputDataError(f"input spikes of {name!r:.80}: no external source of that name; there are {known}")
        spikes.check(name, size=source.size, entries=entries, runtime=runtime)


def _request(routed: RoutedInstance, runtime: int, options: RunOptions) -> RealtimeRequest:
    placed = [population.circuits.reshape(-1) for population in routed.placement.populations]
    interval = options.cadc_interval_us
    return RealtimeRequest(
        runtime=runtime,
        relaxation=_cycles("relaxation_us", options.relaxation_us),
        cadc_circuits=np.unique(cadc_circuits(routed)),
        cadc_interval=None if interval is None else _cycles("cadc_interval_us", interval),
        madc_circuits=np.array([source.circuit for source in routed.madc], dtype=np.int64),
        reset_circuits=np.concatenate(placed) if options.reset_neurons and placed else np.empty(0, dtype=np.int64),
        routing_between_entries=options.routing_between_entries,
    )


def _stimulus(
    network: Network,
    instance: ExecutionInstanceID,
    routed: Mapping[int, RoutedInstance],
    inputs: Mapping[str, InputSpikes],
    runtime: int,
) -> Stimulus:
    here = routed[int(instance)]
    relays = tuple(
        (int(network.instance_of(relay.source)), relay)
        for relay in network.inter_execution
        if relay.target in here.inputs.sources
    )
    return Stimulus(routed=here, inputs=inputs, relays=relays, instances=routed, runtime=runtime)


# --- what went wrong --------------------------------------------------------------------------------------------------


def _problems(
    number: int, routed: RoutedInstance, outcome: InstanceOutcome, stimulus: Stimulus, device: Device
) -> list[Problem]:
    found = [Problem(ProblemKind.LINK_STATE, number, 1, text) for text in device.bring_up_problems]
    found += instance_problems(number, outcome)
    labels = outcome.record.spikes.labels
    unknown = labels[~routed.outputs.known[labels]]
    if len(unknown):
        shown = ", ".join(f"{label:#06x}" for label in np.unique(unknown)[:_SHOWN])
        message = f"{len(unknown)} recorded events have labels that nothing in the network sends ({shown})"
        found.append(Problem(ProblemKind.UNKNOWN_LABELS, number, len(unknown), message))
    unusable = routed.placement.unusable_circuits_used
    if len(unusable):
        message = f"the calibration of circuits {unusable[:_SHOWN].tolist()} was not successful, {len(unusable)} in use"
        found.append(Problem(ProblemKind.NOT_CALIBRATED, number, len(unusable), message))
    if stimulus.after_end:
        message = f"{stimulus.after_end} replayed spikes lie behind the end of the run and were not sent"
        found.append(Problem(ProblemKind.SPIKES_AFTER_END, number, stimulus.after_end, message))
    return found
