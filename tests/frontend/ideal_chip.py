"""A chip for the tests of the front end: ideal neurons behind the seam that the graph layer fills otherwise."""

from __future__ import annotations

import numpy as np
import torch

from hxtwin.frontend.torch import ExecutionInfo
from hxtwin.frontend.torch.chip_section import ChipPopulation, ChipResult, ChipSection
from hxtwin.frontend.torch.functional import NeuronDynamics, cuba_aelif_integration
from hxtwin.frontend.torch.recording import PopulationRecording, Samples, spikes_to_events

#: LSB that a weight of 1 adds to the membrane per unit of the model.
LSB_PER_WEIGHT = 0.6


class IdealChip:
    """Integrates populations with whole-number weights in LSB; spikes and samples come back as from a chip.

    Attributes:
        sections: what was asked for, in order.
        silent: names of populations whose spikes get lost.
    """

    def __init__(self) -> None:
        self.sections: list[ChipSection] = []
        self.silent: set[str] = set()
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def run(self, section: ChipSection) -> ChipResult:
        self.sections.append(section)
        spikes = {value.name: value.spikes.float() for value in section.inputs}
        recordings = {}
        for population in section.populations:
            drive = torch.zeros(section.runtime, section.batch_size, population.module.size)
            for projection in section.projections:
                if projection.target != population.name:
                    continue
                source = spikes[projection.source]
                if projection.enabled is not None:
                    source = source * projection.enabled
                weight = torch.from_numpy(projection.module.hardware_weight()).float()
                drive[: len(source)] += LSB_PER_WEIGHT * (source @ weight.t())
            recordings[population.name] = self._integrate(section, population, drive, spikes)
        info = ExecutionInfo({"chip": 0.5}, {"spikes_received": sum(int(s.sum()) for s in spikes.values())})
        return ChipResult(recordings, info)

    def _integrate(
        self, section: ChipSection, population: ChipPopulation, drive: torch.Tensor, spikes: dict[str, torch.Tensor]
    ) -> PopulationRecording:
        module = population.module

        def value(name: str) -> float:
            found = module.params.hardware_value(name)
            assert found is not None
            return float(found[0])

        dynamics = NeuronDynamics(
            dt=section.dt,
            leak=value("leak"),
            reset=value("reset"),
            threshold=value("threshold"),
            tau_mem=value("tau_mem"),
            tau_syn=value("tau_syn"),
            membrane_capacitance=value("tau_mem"),
            refractory_time=value("refractory_time"),
            fire=module.fire,
        )
        result = cuba_aelif_integration(drive, dynamics)
        events = cadc = None
        if result.spikes is not None:
            fired = torch.zeros_like(result.spikes) if population.name in self.silent else result.spikes
            spikes[population.name] = fired
            if module.enable_spike_recording:
                events = spikes_to_events(fired, section.dt)
        if module.enable_cadc_recording:
            time = np.arange(section.runtime)[None, :, None] * section.dt
            trace = result.membrane.permute(1, 0, 2).contiguous().numpy()
            cadc = Samples(np.broadcast_to(time, trace.shape).copy(), trace)
        return PopulationRecording(section.batch_size, module.size, events, cadc)
