"""Chips behind an experiment: from a section of modules to a network of the graph layer, and back to tensors.

=========================  ================================================================================
step                       when
=========================  ================================================================================
network                    when modules, sizes or settings differ from those of runs before
partition                  populations without execution instance are assigned, as rarely
calibration                once per instance and chip: given one, or from the parameters, cached by their values
place and route            once per network
weights                    every run
inputs, run, recordings    every run
=========================  ================================================================================

Nothing here knows more of the hardware than the calls of `hxtwin.graph` and `hxtwin.calib`.

Reference: frontend-torch.md A1; ARCHITECTURE, seam of frontend and graph.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch.chip_section import ChipResult
from hxtwin.frontend.torch.execution_instance import ExecutionInstance
from hxtwin.frontend.torch.instance_calibration import InstanceCalibration
from hxtwin.frontend.torch.section_network import input_spikes, network_of, structure_of, weights_of
from hxtwin.frontend.torch.section_results import info_of, recording_of
from hxtwin.graph import network as nw
from hxtwin.graph.configuration import place_and_route
from hxtwin.graph.execution import Executor, Hooks, RunOptions
from hxtwin.graph.partition import cut_weights, partition
from hxtwin.runtime import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from hxtwin.coord import ExecutionInstanceID
    from hxtwin.frontend.torch.chip_section import ChipSection
    from hxtwin.frontend.torch.instance_calibration import Calibrate
    from hxtwin.graph.configuration import RoutedInstance
    from hxtwin.graph.execution import RunResult
    from hxtwin.graph.partition import Partition

#: FPGA cycles per microsecond.
_CYCLES_PER_US: Final = 125
#: Layouts that are kept: sections of a mixed experiment take turns.
_MOST_PLANS: Final = 16


@attrs.frozen(eq=False)
class _Plan:
    """A network that is laid out: what stays the same from run to run."""

    key: tuple[object, ...]
    partition: Partition
    instances: Mapping[ExecutionInstanceID, RoutedInstance]
    settings: Mapping[ExecutionInstanceID, ExecutionInstance]


class GraphHardware:
    """Runs sections on chips through the graph layer.

    Args:
        connections: endpoints or open connections, one per chip; None: the default endpoint.
        calibrate: how a chip is calibrated; None: `hxtwin.calib.calibrate_spiking`, cached. False leaves the analog
            parameters as they are after the bring-up.

    Raises:
        hxtwin.HxtwinError: an endpoint cannot be opened.
    """

    def __init__(
        self,
        connections: Sequence[str | Connection] | str | Connection | None = None,
        calibrate: Calibrate | Literal[False] | None = None,
    ) -> None:
        import hxtwin

        wanted = [connections] if connections is None or isinstance(connections, str | Connection) else [*connections]
        if not wanted:
            raise ModelError("Experiment: an empty list of connections; give at least one endpoint, or None")
        with ExitStack() as opening:
            self._connections = [
                connection if isinstance(connection, Connection) else opening.enter_context(hxtwin.connect(connection))
                for connection in wanted
            ]
            self._opened = opening.pop_all()
        self._executor = Executor(self._connections)
        self._calibration = None if calibrate is False else InstanceCalibration(self._connections, calibrate)
        self._plans: dict[tuple[object, ...], _Plan] = {}
        #: Complete result of the last run, with provenance and times of every instance.
        self.last_result: RunResult | None = None

    def close(self) -> None:
        """Close the connections that were opened here."""
        self._opened.close()

    def run(self, section: ChipSection) -> ChipResult:
        """Run a section.

        Raises:
            hxtwin.HxtwinError: it does not fit, cannot be calibrated, or the connection failed.
        """
        begin = time.perf_counter()
        weights = {projection.name: weights_of(projection) for projection in section.projections}
        plan = self._planned(section, weights)
        parts = cut_weights(plan.partition.projection_parts, weights)
        instances = {
            instance: routed.weights_changed(
                {projection.name: parts[projection.name] for projection in routed.network.projections}
            )
            for instance, routed in plan.instances.items()
        }
        result = self._executor.run(
            plan.partition.network,
            instances,
            {value.name: input_spikes(value.spikes, section.dt) for value in section.inputs},
            entries=section.batch_size,
            runtime_us=section.runtime * section.dt * 1e6,
            options=_options(section),
            hooks={instance: _hooks(plan.settings[instance]) for instance in plan.instances},
        )
        self.last_result = result
        recordings = {p.name: recording_of(p, section, result) for p in section.populations}
        return ChipResult(recordings, info_of(result, time.perf_counter() - begin))

    def _planned(self, section: ChipSection, weights: Mapping[str, npt.NDArray[np.int32]]) -> _Plan:
        key = structure_of(section)
        plan = self._plans.pop(key, None) or self._lay_out(key, section, weights)
        self._plans[key] = plan  # the last one used is the last one to be forgotten
        if len(self._plans) > _MOST_PLANS:
            del self._plans[next(iter(self._plans))]
        return plan

    def _lay_out(
        self, key: tuple[object, ...], section: ChipSection, weights: Mapping[str, npt.NDArray[np.int32]]
    ) -> _Plan:
        settings: dict[ExecutionInstanceID, ExecutionInstance] = {}
        network = network_of(section, weights, settings)
        populations = {population.name: population for population in section.populations}
        tried: dict[ExecutionInstanceID, tuple[nw.Network, RoutedInstance]] = {}

        def lay_out(local: nw.Network) -> RoutedInstance:
            (instance,) = local.execution_instances
            if self._calibration is None:
                routed = place_and_route(local)
            else:
                modules = [(p, populations[p.origin.population].module) for p in local.populations]
                chosen = settings.get(instance, section.default_instance)
                routed = self._calibration.calibrated(local, modules, chosen)
            tried[instance] = local, routed
            return routed

        def laid_out(instance: ExecutionInstanceID) -> RoutedInstance:
            # the partition tries one of several instances that are alike, and some that it gives up later
            local, known = explicit.local(instance), tried.get(instance)
            return lay_out(local) if known is None or known[0] != local else known[1]

        plan = partition(network, len(self._connections), check=lay_out)
        explicit = nw.with_relays(plan.network)
        default = section.default_instance or ExecutionInstance()
        used = plan.network.execution_instances
        laid = _Plan(
            key,
            plan,
            {instance: laid_out(instance) for instance in used},
            {instance: settings.get(instance, default) for instance in used},
        )
        if self._calibration is not None:
            self._executor.forget()  # calibrations have left the chips in another state
        return laid


def _hooks(settings: ExecutionInstance) -> Hooks:
    """Programs of the user, taken over by the run.

    Raises:
        ModelError: one of a place or kind that the graph layer does not have.
    """
    beside = [
        name
        for name in ("injection_inside_realtime_begin", "injection_inside_realtime_end")
        if getattr(settings, name) is not None
    ]
    beside += [name for name in ("write_ppu_symbols", "read_ppu_symbols") if getattr(settings, name)]
    if beside:
        raise ModelError(
            f"ExecutionInstance {settings.id}: {beside[0]} is set, but there is no such place in a run yet; use "
            "injection_pre_realtime, injection_inside_realtime or injection_post_realtime"
        )
    given = {
        "pre_static": settings.injection_pre_static_config,
        "pre_realtime": settings.injection_pre_realtime,
        "inside_realtime": settings.injection_inside_realtime,
        "post_realtime": settings.injection_post_realtime,
    }
    chosen: dict[str, Any] = {name: builder for name, builder in given.items() if builder is not None}
    return Hooks(**chosen)


def _options(section: ChipSection) -> RunOptions:
    if section.inter_batch_entry_wait is None:
        return RunOptions()
    return RunOptions(relaxation_us=section.inter_batch_entry_wait / _CYCLES_PER_US)
