"""Calibration of execution instances from the parameters of their modules.

=======================================  ===============================================================
instance                                 calibration
=======================================  ===============================================================
with a result, file or chip              that one (``ExecutionInstance.load_calib``)
all populations with the same values     all circuits of the chip for these values
populations with different values        each circuit for the population that was placed on it
=======================================  ===============================================================

A calibration is that of `hxtwin.calib.calibrate_spiking` unless the experiment was given another function.
Settings that the whole chip shares (strength of synaptic inputs and of synapses) have to agree in an instance. Results
are kept in memory by chip and values, and in the cache of the calibration layer.

Reference: frontend-torch.md A1 (calibration choice per instance).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from hxtwin.calib.cache import Cache
from hxtwin.calib.spiking import calibrate
from hxtwin.calib.spiking_result import SpikingCalibrationResult
from hxtwin.calib.target import NeuronCalibTarget, SpikingCalibTarget
from hxtwin.containers import Chip
from hxtwin.frontend.errors import FrontendError, ModelError
from hxtwin.graph.configuration import place_and_route
from hxtwin.graph.errors import ResourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from hxtwin.frontend.torch.execution_instance import ExecutionInstance
    from hxtwin.frontend.torch.neuron import AELIF
    from hxtwin.graph.configuration import RoutedInstance
    from hxtwin.graph.network import Network, Population
    from hxtwin.runtime import Connection

    Calibrate: TypeAlias = Callable[[Connection, SpikingCalibTarget], SpikingCalibrationResult]
    """Finds the analog parameters of a chip for a target."""

#: Parameter of a module -> field of the calibration's target.
_PER_NEURON: Final = ("leak", "reset", "threshold", "tau_mem", "tau_syn", "refractory_time", "holdoff_time")
#: .. of these only neurons that fire make use.
_OF_SPIKES: Final = ("reset", "threshold", "refractory_time", "holdoff_time")
_PER_CHIP: Final = ("i_synin_gm", "synapse_dac_bias")
_CIRCUITS: Final = 512
#: Placements that are tried until all circuits in use are calibrated.
_TRIES: Final = 3
#: Largest file of a calibration that is read.
_LARGEST_FILE: Final = 1 << 28


class InstanceCalibration:
    """Lays out instances on calibrated chips.

    Args:
        connections: the chips.
        calibrate: how a chip is calibrated; None: `hxtwin.calib.calibrate_spiking`, cached.
    """

    def __init__(self, connections: Sequence[Connection], calibrate: Calibrate | None = None) -> None:
        self._connections = connections
        self._calibrate_chip = calibrate
        self._known: dict[tuple[object, ...], SpikingCalibrationResult] = {}

    def calibrated(
        self,
        local: Network,
        modules: Sequence[tuple[Population, AELIF]],
        settings: ExecutionInstance | None = None,
    ) -> RoutedInstance:
        """Place, route and calibrate one instance.

        Args:
            local: the instance by itself.
            modules: its populations with their modules.
            settings: file and cache that the user chose.

        Raises:
            ModelError: populations want different values of what the chip has once; the text names them.
            FrontendError: the calibration failed; the text names the modules.
        """
        chip = modules[0][0].chip
        shared = _shared(modules)
        result = self._given(settings)
        if result is None and (uniform := _uniform(modules)) is not None:
            result = self._calibrate(chip, {**shared, **uniform}, modules, settings)
        usable = result.usable if isinstance(result, SpikingCalibrationResult) else None
        first = place_and_route(local, usable=usable)
        if result is None:
            first, result = self._placed_and_calibrated(first, local, shared, modules, settings)
            usable = result.usable
        base = result if isinstance(result, Chip) else result.to_chip(first.chip)
        return place_and_route(local, base=base, usable=usable, placement=first.placement, routing=first.routing)

    def _placed_and_calibrated(
        self,
        first: RoutedInstance,
        local: Network,
        shared: dict[str, npt.NDArray[np.float64]],
        modules: Sequence[tuple[Population, AELIF]],
        settings: ExecutionInstance | None,
    ) -> tuple[RoutedInstance, SpikingCalibrationResult]:
        """Populations with different values: circuits are chosen before it is known which can be calibrated.

        Circuits in use that fail are avoided in another try, as long as there is room.
        """
        chip = modules[0][0].chip
        result = self._calibrate(chip, {**shared, **_by_circuit(first, modules)}, modules, settings)
        avoided = np.ones(_CIRCUITS, dtype=bool)
        for _ in range(_TRIES - 1):
            used = np.concatenate([placed.circuits.reshape(-1) for placed in first.placement.populations])
            failed = used[~result.usable[used]]
            if not len(failed):
                break
            avoided[failed] = False
            try:
                first = place_and_route(local, usable=avoided)
            except ResourceError:
                break  # no room: the run will name the circuits that are not calibrated
            result = self._calibrate(chip, {**shared, **_by_circuit(first, modules)}, modules, settings)
        return first, result

    def _given(self, settings: ExecutionInstance | None) -> SpikingCalibrationResult | Chip | None:
        if settings is None:
            return None
        if settings.calib_path is not None:
            return self._from_file(settings)
        return settings.calib

    def _from_file(self, settings: ExecutionInstance) -> SpikingCalibrationResult:
        path = settings.calib_path
        assert path is not None
        try:
            if path.stat().st_size > _LARGEST_FILE:
                raise ModelError(f"calibration file {path} is larger than {_LARGEST_FILE} bytes")
            return SpikingCalibrationResult.from_bytes(path.read_bytes())
        except OSError as error:
            raise ModelError(f"calibration file {path} cannot be read: {error}") from error

    def _calibrate(
        self,
        chip: int,
        values: dict[str, npt.NDArray[np.float64]],
        modules: Sequence[tuple[Population, AELIF]],
        settings: ExecutionInstance | None,
    ) -> SpikingCalibrationResult:
        key = (chip, *((name, tuple(value.tolist())) for name, value in sorted(values.items())))
        if key not in self._known:
            folder = None if settings is None else settings.calib_cache_dir
            target = SpikingCalibTarget(neuron=NeuronCalibTarget(**{n: _short(v) for n, v in values.items()}))
            connection = self._connections[chip]
            try:
                if self._calibrate_chip is not None:
                    self._known[key] = self._calibrate_chip(connection, target)
                else:
                    cache = None if folder is None else Cache(folder)
                    self._known[key] = calibrate(connection, target, cache=cache)
            except Exception as error:
                names = ", ".join(module.label for _, module in modules)
                raise FrontendError(f"the calibration of {names} on chip {chip} failed: {error}") from error
        return self._known[key]


def _short(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """One entry as plain number, others as they are."""
    return value.reshape(()) if value.size == 1 else value


def _shared(modules: Sequence[tuple[Population, AELIF]]) -> dict[str, npt.NDArray[np.float64]]:
    """Settings that the whole chip shares."""
    found: dict[str, npt.NDArray[np.float64]] = {}
    for name in _PER_CHIP:
        for _, module in modules:
            value = module.params.codes(name)
            if name in found and not np.array_equal(found[name], value):
                raise ModelError(
                    f"{module.label}: {name} is {value.tolist()}, another population of the same execution instance "
                    f"has {found[name].tolist()}; all need the same, or execution instances of their own"
                )
            found[name] = value
    return found


def _values(module: AELIF) -> dict[str, npt.NDArray[np.float64]]:
    names = _PER_NEURON if module.fire else [name for name in _PER_NEURON if name not in _OF_SPIKES]
    found = {name: module.params.hardware_value(name) for name in names}
    if not module.fire:  # every entry begins with a forced reset, which is to leave them at rest
        found["reset"] = found["leak"]
    capacitance = module.params.hardware_value("membrane_capacitance")
    if capacitance is not None:
        found["membrane_capacitance"] = np.clip(np.rint(capacitance), 0, 63)
    return {name: value for name, value in found.items() if value is not None}


def _uniform(modules: Sequence[tuple[Population, AELIF]]) -> dict[str, npt.NDArray[np.float64]] | None:
    """Values that all neurons of all populations have; None if they differ."""
    found: dict[str, npt.NDArray[np.float64]] = {}
    for _, module in modules:
        for name, value in _values(module).items():
            if value.size > 1 or not np.array_equal(found.setdefault(name, value), value):
                return None
    return found


def _by_circuit(
    routed: RoutedInstance, modules: Sequence[tuple[Population, AELIF]]
) -> dict[str, npt.NDArray[np.float64]]:
    """Values by circuit, ``float64[512]``; circuits without neuron take those of the first neuron."""
    circuits = {placed.name: placed.circuits for placed in routed.placement.populations}
    found: dict[str, npt.NDArray[np.float64]] = {}
    for population, module in modules:
        neurons = population.origin.neurons
        for name, value in _values(module).items():
            by_neuron = value[neurons] if value.size > 1 else np.full(len(neurons), value[0])
            target = found.setdefault(name, np.full(_CIRCUITS, by_neuron[0]))
            target[circuits[population.name]] = by_neuron[:, np.newaxis]
    return found
