"""Verification: whether a calibrated chip does what was asked for.

=====================================  =======================  ===================================================
criterion                              limit                    source
=====================================  =======================  ===================================================
ratios of spreads                      0.2 .. 0.45              calibration.md 4.2
CADC channels, quadrants, middle       3, 5 LSB, 127.5 +- 40    calibration.md 2
thresholds near their median           95 % within 20 MADC LSB  calibration.md 4.2
drivers of a block                     < 2, > 1 LSB less        calibration.md 5.3
correlation sensors, if calibrated     within a factor 2        calibration.md 5.4, 30th and 70th percentile
usable circuits                        98 %, other targets 90   default target; else enough to place networks on
medians of potentials, time constants  3, 3, 5 CADC LSB; 10 %   own
strengths of the inputs                spread < 8 %, equal 10 % own; analog-model.md 13.2 expects 2.8 % of the OTA
neurons fire, and do not fire          98 %                     calibration.md 6.2, without a number
=====================================  =======================  ===================================================

The measurements of `hxtwin.calib.independent_measurements` are made twice: with the calibrated codes, and with one code
for all neurons, the median of the calibrated ones. The ratio of the spreads tells what the calibration is worth.
Spreads are standard deviations of the middle 90 %. The threshold is searched with the column ADC and measured with the
membrane ADC: the lines of both, from voltages of the board, translate it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

from hxtwin.calib import independent_measurements as measurements
from hxtwin.calib.correlation_target import BRANCH_PARTS
from hxtwin.calib.errors import CalibDataError
from hxtwin.calib.measurement_chip import INPUTS, NEURON, drivers, every, synapse_rows
from hxtwin.calib.routines.adc_characterisation import characterise_cadc, characterise_madc
from hxtwin.calib.routines.cadc import measure_channels
from hxtwin.calib.routines.synaptic_time_constant import MODES
from hxtwin.calib.sensor_curves import measure_curves, percentiles
from hxtwin.calib.stateful_connection import StatefulConnection, settle
from hxtwin.calib.target import NeuronCalibTarget
from hxtwin.calib.target_archive import same
from hxtwin.containers import AnalogOutput
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from numpy.typing import NDArray

    from hxtwin.calib.spiking_result import SpikingCalibrationResult
    from hxtwin.calib.target import SpikingCalibTarget
    from hxtwin.runtime import Connection

    Measure = Callable[[StatefulConnection], NDArray[np.float64]]

_TRIMMED: Final = 0.05
_QUIET: Final = {f"{NEURON}threshold.enable": every(0)} | {f"{prefix}enable": every(0) for prefix in INPUTS.values()}

#: Ratios of spreads that a calibration must stay below (calibration.md 4.2).
RATIOS: Final = {"leak": 0.3, "reset": 0.2, "threshold": 0.35, "tau_mem": 0.45, "tau_syn_exc": 0.2, "tau_syn_inh": 0.2}
POTENTIALS: Final = ("leak", "reset", "threshold")
STRENGTHS: Final = ("strength_exc", "strength_inh")
FIRES: Final = ("fires_exc", "fires_inh")
QUANTITIES: Final = (*RATIOS, *STRENGTHS, *FIRES, "drivers", "correlation")
NO_CHIP: Final = 0
"""Identity of codes that were made for no chip in particular."""
_LEAST_USABLE, _LEAST_USABLE_OF_OTHERS = 0.98, 0.9
"""Of the default target, and of others: strong inputs, for one, end at the largest code (analog-model.md 13.2)."""
_LEAST_FIRING: Final = 0.98
_CHANNEL_SPREAD: Final = 3.0
_QUADRANT_SPREAD: Final = 5.0
_MIDDLE: Final = (127.5 - 40, 127.5 + 40)
_THRESHOLD_WINDOW: Final = 20.0
_THRESHOLD_PART: Final = 0.95
_DRIVER_SPREAD, _DRIVER_GAIN = 2.0, 1.0
_STRENGTH_SPREAD: Final = 0.08
_SENSOR_FACTOR: Final = 2.0
_OFF: Final = {"leak": 3.0, "reset": 3.0, "threshold": 15.0}
"""Largest distance of the median from the target: 3, 3, 5 CADC values, the last in those of the membrane ADC."""
_PART: Final = (0.9, 1.1)
"""Medians of time constants in targets."""


@attrs.frozen
class Criterion:
    """One thing that a calibration must achieve.

    Attributes:
        name: what.
        value: what was measured.
        limit: what is allowed.
        passed: whether it is.
    """

    name: str
    value: float
    limit: str
    passed: bool


@attrs.frozen(eq=False)
class Verification:
    """What was measured.

    Attributes:
        achieved: quantities by name with the calibrated codes, ``float64[512]``.
        uniform: the same with one code for all neurons, as far as that tells something.
        targets: what was asked for in the unit of the measurement, ``float64[512]``; the threshold in values of the
            membrane ADC of this chip.
        criteria: what is asked for, and whether it is met.
    """

    achieved: Mapping[str, NDArray[np.float64]]
    uniform: Mapping[str, NDArray[np.float64]]
    targets: Mapping[str, NDArray[np.float64]]
    criteria: tuple[Criterion, ...]

    @property
    def missed(self) -> list[str]:
        """Criteria that are not met."""
        return [criterion.name for criterion in self.criteria if not criterion.passed]

    @property
    def passed(self) -> bool:
        """Whether all criteria are met."""
        return not self.missed


def verify(
    connection: Connection,
    result: SpikingCalibrationResult,
    *,
    quantities: Collection[str] = QUANTITIES,
    on_step: Callable[[str, int, int], None] | None = None,
) -> Verification:
    """Measures a calibrated chip.

    Args:
        connection: the chip; it is reset.
        result: its calibration.
        quantities: what is measured beside the column ADC, some of `QUANTITIES`; correlation sensors only if the
            calibration holds them.
        on_step: told the name of each measurement, its number and their count, before it begins.

    Raises:
        CalibDataError: the calibration belongs to another chip, or there is no such quantity.
        hxtwin.runtime.RunError: the connection failed.
    """
    if unknown := set(quantities) - set(QUANTITIES):
        raise CalibDataError(
            f"{', '.join(sorted(unknown))}: nothing that is measured; known are {', '.join(QUANTITIES)}"
        )
    device = StatefulConnection(connection, chip=_measurable(result))
    if result.identity not in (NO_CHIP, device.identity):
        raise CalibDataError(
            f"the calibration belongs to chip {result.identity:#x}, the connected chip is {device.identity:#x}"
        )
    channels = measure_channels(device, result.target.cadc)
    steps = [(name, measure) for name, measure in _measurements(result) if name in quantities]
    targets = _targets(device, result, quantities)
    sensors = "correlation" in quantities and result.correlation is not None
    count = 1 + 2 * len(steps) + sensors
    driver_spreads = None
    if "drivers" in quantities:
        if on_step is not None:
            on_step("drivers", 0, count)
        driver_spreads = measurements.driver_spreads(device, result.target.stp)
    measured: list[dict[str, NDArray[np.float64]]] = []
    for number, codes in enumerate((result.settings, uniform_settings(result))):
        found: dict[str, NDArray[np.float64]] = {}
        for i, (name, measure) in enumerate(steps):
            if number and name in FIRES:
                continue
            if on_step is not None:
                on_step(
                    name if number == 0 else f"{name}, one code for all",
                    1 + number * len(steps) + i,
                    count,
                )
            builder = PlaybackProgramBuilder()
            device.become(builder, _measurable(result).with_columns(_neuron_codes(codes)))
            settle(builder)
            device.run(builder)
            found[name] = measure(device)
        measured.append(found)
    achieved, uniform = measured
    criteria = [
        *_cadc_criteria(channels),
        _at_least("usable circuits", float(result.usable.mean()), least_usable(result.target)),
        *_criteria(result, achieved, uniform, targets),
        *_driver_criteria(driver_spreads),
    ]
    if sensors:
        if on_step is not None:
            on_step("correlation", count - 1, count)
        criteria.extend(_sensor_criteria(device, result))
    return Verification(achieved, uniform, {n: t for n, t in targets.items() if n in achieved}, tuple(criteria))


def least_usable(target: SpikingCalibTarget) -> float:
    """Part of the circuits that a calibration has to leave usable."""
    return _LEAST_USABLE if same(target.neuron, NeuronCalibTarget()) else _LEAST_USABLE_OF_OTHERS


def spread(values: NDArray[np.float64]) -> float:
    """Standard deviation without the smallest and largest 5 %."""
    ordered = np.sort(values[np.isfinite(values)])
    cut = int(len(ordered) * _TRIMMED)
    return float(np.std(ordered[cut : len(ordered) - cut])) if len(ordered) else float("nan")


def uniform_settings(result: SpikingCalibrationResult) -> dict[str, NDArray[np.int64]]:
    """The settings of a result with the median of all neurons in place of those of each."""
    found = {}
    for path, codes in result.settings.items():
        is_neuron = path.startswith(NEURON)
        found[path] = np.full_like(codes, int(np.median(codes[result.usable]))) if is_neuron else codes
    return found


def _neuron_codes(settings: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {**{path: codes for path, codes in settings.items() if path.startswith(NEURON)}, **_QUIET}


def _measurable(result: SpikingCalibrationResult) -> Any:
    """The calibrated chip with what measurements need beside: resets, events, weights; nobody spikes unasked."""
    return result.to_chip().with_columns(
        {
            **_QUIET,
            f"{NEURON}event_routing.analog_output": every(AnalogOutput.NORMAL),
            "cadc_readout_chains.correlation.reset_duration": [5, 5],
            **synapse_rows(8, 10),
            **drivers(MODES["excitatory"]),
        }
    )


def _measurements(result: SpikingCalibrationResult) -> list[tuple[str, Measure]]:
    target = result.target.neuron
    tau_mem, tau_syn = float(target.tau_mem.max()), float(target.tau_syn.max())
    return [
        ("leak", measurements.leak),
        ("reset", measurements.reset),
        ("threshold", measurements.threshold),
        ("tau_mem", lambda device: measurements.tau_mem(device, tau_mem)),
        ("tau_syn_exc", lambda device: measurements.tau_syn(device, "excitatory", tau_syn)),
        ("tau_syn_inh", lambda device: measurements.tau_syn(device, "inhibitory", tau_syn)),
        ("strength_exc", lambda device: measurements.strength(device, "excitatory")),
        ("strength_inh", lambda device: measurements.strength(device, "inhibitory")),
        ("fires_exc", lambda device: measurements.fires(device, "excitatory")),
        ("fires_inh", lambda device: measurements.fires(device, "inhibitory")),
    ]


def _targets(
    device: StatefulConnection, result: SpikingCalibrationResult, quantities: Collection[str]
) -> dict[str, NDArray[np.float64]]:
    neuron = result.target.neuron
    tau_syn = neuron.of_inputs("tau_syn")
    found = {name: neuron.of_neurons(name) for name in ("leak", "reset", "tau_mem")}
    found |= {"tau_syn_exc": tau_syn[0], "tau_syn_inh": tau_syn[1]}
    if "threshold" in quantities:
        cadc, madc = characterise_cadc(device), characterise_madc(device)
        volts = np.nanmean(cadc.slope) * neuron.of_neurons("threshold") + np.nanmean(cadc.intercept)
        found["threshold"] = (volts - madc.intercept) / madc.slope
    return found


# --- criteria -----------------------------------------------------------------------------------------------------


def _cadc_criteria(channels: NDArray[np.float64]) -> list[Criterion]:
    quadrants = channels.mean(axis=1)
    low, high = _MIDDLE
    return [
        _below("CADC: spread of the channels [LSB]", float(np.std(channels)), _CHANNEL_SPREAD),
        _below("CADC: difference of the quadrants [LSB]", float(np.ptp(quadrants)), _QUADRANT_SPREAD),
        Criterion(
            "CADC: middle of the range [LSB]",
            float(quadrants.mean()),
            f"{low:g}..{high:g}",
            bool((quadrants > low).all() and (quadrants < high).all()),
        ),
    ]


def _criteria(
    result: SpikingCalibrationResult,
    achieved: Mapping[str, NDArray[np.float64]],
    uniform: Mapping[str, NDArray[np.float64]],
    targets: Mapping[str, NDArray[np.float64]],
) -> list[Criterion]:
    usable = result.usable
    if not usable.any():
        return []
    found = []
    for name, limit in RATIOS.items():
        if name in achieved:
            wanted = targets[name][usable]
            # neurons that were asked for different things spread by that much
            left = achieved[name][usable] - wanted
            same = uniform[name][usable] - np.median(uniform[name][usable])
            found.append(_below(f"{name}: ratio of spreads", spread(left) / spread(same), limit))
            found.append(_median(name, achieved[name][usable], wanted))
    if "threshold" in achieved:
        left = achieved["threshold"][usable] - targets["threshold"][usable]
        near = float(np.mean(np.abs(left - np.median(left)) < _THRESHOLD_WINDOW))
        found.append(_at_least("threshold: part within 20 MADC LSB", near, _THRESHOLD_PART))
    for name in () if result.target.neuron.gives_strengths else STRENGTHS:
        if name in achieved:
            values = achieved[name][usable]
            found.append(
                _below(f"{name}: relative spread", spread(values) / float(np.median(values)), _STRENGTH_SPREAD)
            )
    if set(STRENGTHS) <= achieved.keys() and result.target.neuron.matches_inputs:
        ratio = float(np.median(achieved["strength_inh"][usable]) / np.median(achieved["strength_exc"][usable]))
        found.append(_within("inhibition / excitation", ratio, *_PART))
    if "fires_exc" in achieved:
        part = float(np.mean(achieved["fires_exc"][usable] >= 1))
        found.append(_at_least("neurons that fire on excitation", part, _LEAST_FIRING))
    if "fires_inh" in achieved:
        part = float(np.mean(achieved["fires_inh"][usable] == 0))
        found.append(_at_least("neurons that are silent on inhibition", part, _LEAST_FIRING))
    return found


def _median(name: str, values: NDArray[np.float64], wanted: NDArray[np.float64]) -> Criterion:
    """How far the median of the neurons lies from what they were asked for."""
    if name not in _OFF:
        return _within(f"{name}: median, in targets", float(np.median(values / wanted)), *_PART)
    off = float(np.median(values - wanted))
    return _within(f"{name}: median minus target [LSB]", off, -_OFF[name], _OFF[name])


def _driver_criteria(spreads: tuple[float, float] | None) -> list[Criterion]:
    if spreads is None:
        return []
    calibrated, equal = spreads
    gain = Criterion(
        "drivers: spread less than with equal offsets by [LSB]",
        equal - calibrated,
        f"> {_DRIVER_GAIN:g}",
        equal - calibrated > _DRIVER_GAIN,
    )
    return [_below("drivers: largest spread in a block [LSB]", calibrated, _DRIVER_SPREAD), gain]


def _sensor_criteria(device: StatefulConnection, result: SpikingCalibrationResult) -> list[Criterion]:
    """Amplitudes and time constants of the calibrated sensors, in targets."""
    sensors, target = result.correlation, result.target.correlation
    if sensors is None or target is None:
        return []
    builder = PlaybackProgramBuilder()
    device.become(builder, _measurable(result))
    settle(builder)
    device.run(builder)
    curves = measure_curves(device, sensors, target.amplitude, target.time_constant)
    part, found = BRANCH_PARTS[sensors.options.branches], []
    wanted = {"amplitude": (curves.amplitude, target.amplitude), "time constant": (curves.tau_s, target.time_constant)}
    for name, (values, one) in wanted.items():
        low, high = percentiles(values[part] / one)
        found.append(_at_least(f"correlation {name}: smallest 30th percentile, in targets", low, 1 / _SENSOR_FACTOR))
        found.append(_at_most(f"correlation {name}: largest 70th percentile, in targets", high, _SENSOR_FACTOR))
    return found


def _below(name: str, value: float, limit: float) -> Criterion:
    return Criterion(name, value, f"< {limit:g}", value < limit)


def _at_least(name: str, value: float, limit: float) -> Criterion:
    return Criterion(name, value, f">= {limit:g}", value >= limit)


def _at_most(name: str, value: float, limit: float) -> Criterion:
    return Criterion(name, value, f"<= {limit:g}", value <= limit)


def _within(name: str, value: float, low: float, high: float) -> Criterion:
    return Criterion(name, value, f"{low:g}..{high:g}", low <= value <= high)
