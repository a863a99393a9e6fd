"""Experiments: modules describe, `run` executes.

    >>> import torch
    >>> from hxtwin.frontend.torch import LIF, Experiment, Synapse, run
    >>> experiment = Experiment(mock=True, dt=1e-6)
    >>> synapse, neuron = Synapse(2, 3, experiment), LIF(3, experiment)
    >>> spikes = torch.zeros(30, 5, 2)      # time, batch, neuron
    >>> observables = neuron(synapse(spikes))
    >>> info = run(experiment, 30)
    >>> observables.membrane_cadc.shape
    torch.Size([30, 5, 3])

Reference: frontend-torch.md A1, A10.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Self

import torch

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch.batch_dropout import BatchDropout
from hxtwin.frontend.torch.chip_section import ChipResult, ChipSection, Hardware, chip_section
from hxtwin.frontend.torch.description import Description
from hxtwin.frontend.torch.execution_info import ExecutionInfo
from hxtwin.frontend.torch.execution_instance import ExecutionInstance
from hxtwin.frontend.torch.functional.neuron_dynamics import NOTHING_MEASURED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hxtwin.frontend.torch.description import Step
    from hxtwin.frontend.torch.functional.neuron_dynamics import Measured
    from hxtwin.frontend.torch.handle import Handle
    from hxtwin.frontend.torch.instance_calibration import Calibrate
    from hxtwin.frontend.torch.module import HXModule
    from hxtwin.frontend.torch.module_wrapper import HXModuleWrapper
    from hxtwin.runtime import Connection

#: FPGA cycles per microsecond.
_CYCLES_PER_US: Final = 125
#: Largest value of the playback timer, FPGA cycles.
LARGEST_TIMER: Final = 0xFFFFFFFF


class Experiment:
    """Modules that run together, and the chips they run on.

    Args:
        mock: True: everything in software, no chip is opened.
        dt: time step of the model, seconds.
        connections: endpoints (URLs) or open connections, one per chip; None: the default endpoint. Opened when the
            first run needs a chip; connections that were given open stay open.
        hardware: who runs the parts on the chip; None: the graph layer, on ``connections``.
        calibrate: how a chip is calibrated for the parameters of modules whose execution instance was not given a
            calibration, e.g. `hxtwin.calib.nominal.calibrate_nominally`; None: `hxtwin.calib.calibrate_spiking`.

    Attributes:
        inter_batch_entry_wait: least pause between batch entries, FPGA cycles; None: default of the graph layer.
        default_execution_instance: settings of modules that have no execution instance.
        last_info: `ExecutionInfo` of the last run.

    Raises:
        ModelError: the time step is not positive.
    """

    def __init__(
        self,
        mock: bool = False,
        dt: float = 1e-6,
        connections: Sequence[str | Connection] | str | Connection | None = None,
        hardware: Hardware | None = None,
        calibrate: Calibrate | None = None,
    ) -> None:
        if not 0.0 < dt < 1.0:
            raise ModelError(f"Experiment: dt = {dt!r} s; a positive number of seconds is wanted, like 1e-6")
        self.mock = mock
        self.dt = dt
        self.connections = connections
        self.inter_batch_entry_wait: int | None = None
        self.default_execution_instance = ExecutionInstance()
        self.wrappers: list[HXModuleWrapper] = []
        self.last_info = ExecutionInfo()
        self._hardware = hardware
        self._calibrate = calibrate
        self._description = Description()

    def connect(self, module: HXModule, inputs: tuple[Handle, ...], output: Handle) -> None:
        """Register the call of a module; modules do this themselves when they are called.

        Raises:
            ModelError: the module belongs to another experiment, or was called before since the last run.
        """
        if module.experiment is not self:
            raise ModelError(f"{module.label} belongs to another experiment")
        self._description.add(module, inputs, output)

    def clear(self) -> None:
        """Forget the modules that were called since the last run."""
        self._description = Description()

    def close(self) -> None:
        """Close the connections that this experiment has opened."""
        if self._hardware is not None:
            self._hardware.close()
            self._hardware = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def hardware(self) -> Hardware:
        """Who runs the parts on the chip; opened when first asked for."""
        if self._hardware is None:
            from hxtwin.frontend.torch.hardware import GraphHardware

            self._hardware = GraphHardware(self.connections, self._calibrate)
        return self._hardware

    def execute(self, runtime: int | None) -> ExecutionInfo:
        """Run what was described, see `run`."""
        description = self._description
        if not description.calls:
            raise ModelError("nothing to run: no module was called since the last run")
        try:
            info = self._execute(description, runtime)
        finally:
            self.clear()
        self.last_info = info
        return info

    def _execute(self, description: Description, runtime: int | None) -> ExecutionInfo:
        begin = time.perf_counter()
        steps = description.steps(self.wrappers)
        levels = description.levels(steps, self.mock)
        for call in description.calls:
            call.output.clear()
            if isinstance(call.module, BatchDropout):
                call.module.draw_mask()
        infos = []
        on_hardware = 0.0
        for level in range(1 + max(level for level, _ in levels.values())):
            measured: dict[int, Measured] = {}
            on_chip = [call for step in steps if levels[id(step)] == (level, True) for call in step.calls]
            if on_chip:
                check_runtime(runtime, self.dt)
                assert runtime is not None
                section = chip_section(
                    description,
                    on_chip,
                    runtime,
                    self.dt,
                    self.inter_batch_entry_wait,
                    self.default_execution_instance,
                )
                before = time.perf_counter()
                result = self.hardware.run(section)
                on_hardware += time.perf_counter() - before
                infos.append(result.info)
                measured = {
                    id(population.module): population.module.post_process(
                        result.recordings[population.name], runtime, self.dt
                    )
                    for population in section.populations
                }
                _put_madc(description, section, result)
            for step in steps:
                if levels[id(step)][0] == level:
                    _evaluate(step, measured)
        info = ExecutionInfo.total(infos)
        # phases of several instances overlap: their sum would be more than the time that the chip and its host took
        software = time.perf_counter() - begin - on_hardware
        return ExecutionInfo({**info.time, "frontend": software}, info.health, info.notes)


def _put_madc(description: Description, section: ChipSection, result: ChipResult) -> None:
    """Traces of the MADC are not on the grid: they go straight into the handles."""
    for population in section.populations:
        madc = result.recordings[population.name].madc
        for call in description.calls:
            if call.module is population.module and madc is not None:
                call.output.put(membrane_madc=torch.from_numpy(madc))


def _evaluate(step: Step, measured: dict[int, Measured]) -> None:
    found = tuple(measured.get(id(call.module), NOTHING_MEASURED) for call in step.calls)
    if step.wrapper is not None:
        step.wrapper.exec_forward(step.outside, tuple(call.output for call in step.calls), found)
        return
    (call,) = step.calls
    call.module.exec_forward(call.inputs, call.output, found[0])


def check_runtime(runtime: int | None, dt: float) -> None:
    """Refuse run times that the chip cannot have.

    Raises:
        ModelError: None, no whole number of steps, not positive, or beyond the timer of the FPGA.
    """
    if runtime is None or isinstance(runtime, bool) or not isinstance(runtime, int):
        raise ModelError(f"runtime is {runtime!r}; on the chip a whole number of steps is wanted")
    cycles = int(runtime * dt * 1e6 * _CYCLES_PER_US)
    if runtime < 1 or cycles > LARGEST_TIMER:
        most = int(LARGEST_TIMER / _CYCLES_PER_US / 1e6 / dt)
        raise ModelError(f"runtime is {runtime} steps of {dt:g} s; 1..{most} steps fit the timer of the FPGA")


def run(experiment: Experiment, runtime: int | None = None) -> ExecutionInfo:
    """Execute everything that was described since the last run, and fill all handles.

    Args:
        experiment: the experiment.
        runtime: steps of ``experiment.dt``; may be None if nothing runs on the chip.

    Returns:
        Times and counts.

    Raises:
        ModelError: modules do not fit together, or the run time is impossible; the text names the module.
    """
    return experiment.execute(runtime)
