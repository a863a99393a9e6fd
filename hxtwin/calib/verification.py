"""Verification: what a calibrated chip does, measured by other means than the searches used.

==================  ==========================================================  =====================================
quantity            how it is measured here                                     how it was searched
==================  ==========================================================  =====================================
leak, reset         mean of many CADC reads                                     single reads
threshold           largest MADC sample of a spiking neuron                     largest CADC read
tau_mem             fit of each trace behind a reset from a small distance      offset current, fit of all traces
tau_syn             fit of each line trace behind one event                     five events
strength            CADC deflection by one event at the real time constants     burst at short time constants
CADC                spread of channels and quadrants, middle of the range       ramps at both ends
==================  ==========================================================  =====================================

Every quantity is measured twice: with the calibrated codes, and with one code for all neurons, the median of the
calibrated ones. The ratio of the spreads tells what the calibration is worth. Spreads are standard deviations of the
middle 90 %. Reference: calibration.md 2, 4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np
from scipy.optimize import curve_fit

from hxtwin.calib.constants import BACKEND_CLOCK_HZ, NEURONS, TAU_MEM_RANGE_S, TAU_SYN_RANGE_S
from hxtwin.calib.errors import CalibDataError
from hxtwin.calib.madc_recording import BEFORE_STIMULUS_S, MADCRecorder
from hxtwin.calib.measurement_chip import INPUTS, NEURON, drivers, every, synapse_rows
from hxtwin.calib.routines.cadc import measure_channels
from hxtwin.calib.routines.membrane_time_constant import reset_stimulus
from hxtwin.calib.routines.potentials import LONG_RESET, mean_rest, read_reset
from hxtwin.calib.routines.synaptic_strength import measure_amplitudes
from hxtwin.calib.routines.synaptic_time_constant import MODES, SOURCES
from hxtwin.calib.routines.threshold import ThresholdMADC
from hxtwin.calib.stateful_connection import StatefulConnection, settle
from hxtwin.containers import AnalogOutput
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from numpy.typing import NDArray

    from hxtwin.calib.madc_recording import RecordedNeurons, Recording
    from hxtwin.calib.spiking_result import SpikingCalibrationResult
    from hxtwin.runtime import Connection

_READS: Final = 20
_PAUSE_S: Final = 100e-6
_LIFT: Final = 60  # codes of the leak above the reset for the time constant
_SAMPLING_TAUS: Final = 8
_TRIMMED: Final = 0.05

#: Ratios of spreads that a calibration must stay below (calibration.md 4.2).
RATIOS: Final = {"leak": 0.3, "reset": 0.2, "threshold": 0.35, "tau_mem": 0.45, "tau_syn_exc": 0.2, "tau_syn_inh": 0.2}
POTENTIALS: Final = ("leak", "reset", "threshold")
QUANTITIES: Final = (*RATIOS, "strength_exc", "strength_inh")
NO_CHIP: Final = 0
"""Identity of codes that were made for no chip in particular."""
_LEAST_USABLE: Final = 0.98
_CHANNEL_SPREAD: Final = 3.0
_QUADRANT_SPREAD: Final = 5.0
_MIDDLE: Final = (127.5 - 40, 127.5 + 40)
_THRESHOLD_WINDOW: Final = 20.0
_THRESHOLD_PART: Final = 0.95


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
        uniform: the same with one code for all neurons.
        criteria: what is asked for, and whether it is met.
    """

    achieved: Mapping[str, NDArray[np.float64]]
    uniform: Mapping[str, NDArray[np.float64]]
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
        quantities: what is measured beside the column ADC, some of `QUANTITIES`.
        on_step: told the name of each measurement, its number and their count, before it begins.

    Raises:
        CalibDataError: the calibration belongs to another chip.
        hxtwin.runtime.RunError: the connection failed.
    """
    device = StatefulConnection(connection, chip=_measurable(result))
    if result.identity not in (NO_CHIP, device.identity):
        raise CalibDataError(
            f"the calibration belongs to chip {result.identity:#x}, the connected chip is {device.identity:#x}"
        )
    channels = measure_channels(device, result.target.cadc)
    steps = [(name, measure) for name, measure in _measurements(result) if name in quantities]
    measured: list[dict[str, NDArray[np.float64]]] = []
    for number, codes in enumerate((result.settings, uniform_settings(result))):
        found: dict[str, NDArray[np.float64]] = {}
        for i, (name, measure) in enumerate(steps):
            if on_step is not None:
                on_step(name if number == 0 else f"{name}, one code for all", number * len(steps) + i, 2 * len(steps))
            builder = PlaybackProgramBuilder()
            device.become(builder, _measurable(result).with_columns(_neuron_codes(codes)))
            settle(builder)
            device.run(builder)
            found[name] = measure(device)
        measured.append(found)
    achieved, uniform = measured
    return Verification(achieved, uniform, tuple(_criteria(result, channels, achieved, uniform)))


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
    off = {f"{prefix}enable": every(0) for prefix in INPUTS.values()}
    return {
        **{path: codes for path, codes in settings.items() if path.startswith(NEURON)},
        **off,
        f"{NEURON}threshold.enable": every(0),
    }


def _measurable(result: SpikingCalibrationResult) -> Any:
    """The calibrated chip with what measurements need beside: resets, events, weights."""
    return result.to_chip().with_columns(
        {
            f"{NEURON}event_routing.analog_output": every(AnalogOutput.NORMAL),
            "cadc_readout_chains.correlation.reset_duration": [5, 5],
            **synapse_rows(8, 10),
            **drivers(MODES["excitatory"]),
        }
    )


def _measurements(
    result: SpikingCalibrationResult,
) -> list[tuple[str, Callable[[StatefulConnection], NDArray[np.float64]]]]:
    target = result.target.neuron
    tau_mem, tau_syn = float(target.tau_mem.max()), float(target.tau_syn.max())
    return [
        ("leak", lambda device: mean_rest(device, _READS, _PAUSE_S)),
        ("reset", _reset),
        ("threshold", _threshold),
        ("tau_mem", lambda device: _tau_mem(device, tau_mem)),
        ("tau_syn_exc", lambda device: _tau_syn(device, "excitatory", tau_syn)),
        ("tau_syn_inh", lambda device: _tau_syn(device, "inhibitory", tau_syn)),
        ("strength_exc", lambda device: _strength(device, "excitatory")),
        ("strength_inh", lambda device: _strength(device, "inhibitory")),
    ]


def _configure(device: StatefulConnection, changes: dict[str, Any]) -> None:
    builder = PlaybackProgramBuilder()
    device.configure(builder, changes)
    settle(builder)
    device.run(builder)


def _reset(device: StatefulConnection) -> NDArray[np.float64]:
    _configure(device, LONG_RESET)
    mean: NDArray[np.float64] = np.mean(
        [read_reset(device, PlaybackProgramBuilder()) for _ in range(_READS // 2)], axis=0
    )
    return mean


def _threshold(device: StatefulConnection) -> NDArray[np.float64]:
    calib = ThresholdMADC(0)
    calib.prelude(device)
    return calib.measure_results(device, PlaybackProgramBuilder())


def _tau_mem(device: StatefulConnection, tau_s: float) -> NDArray[np.float64]:
    path = f"{NEURON}leak.v_leak"
    v_leak = device.columns(path)[path]
    _configure(device, {path: np.clip(v_leak + _LIFT, 0, 1022)})
    sampling = _SAMPLING_TAUS * tau_s + 10e-6
    recording = MADCRecorder(sampling_s=sampling, fires=True).record(device, PlaybackProgramBuilder(), reset_stimulus)
    # the reset lasts as long as the refractory period; the fit begins behind it
    clamp = float(np.max(_refractory_s(device)))
    return _single_fits(recording, BEFORE_STIMULUS_S + clamp + 0.3e-6, TAU_MEM_RANGE_S, tau_s)


def _refractory_s(device: StatefulConnection) -> NDArray[np.float64]:
    neurons, backend = device.chip.neuron_block.atomic_neurons, device.chip.neuron_block.backends
    fast = neurons["refractory_period.input_clock"].astype(bool)
    scale = np.where(fast, backend["clock_scale_fast"][0], backend["clock_scale_slow"][0]).astype(float)
    found: NDArray[np.float64] = neurons["refractory_period.refractory_time"] * 2.0 ** (scale + 1) / BACKEND_CLOCK_HZ
    return found


def _tau_syn(device: StatefulConnection, kind: str, tau_s: float) -> NDArray[np.float64]:
    _configure(device, {**drivers(MODES[kind]), **synapse_rows(8, 25)})

    def one_event(neuron: RecordedNeurons) -> None:
        neuron.send_event()

    recorder = MADCRecorder(sampling_s=_SAMPLING_TAUS * tau_s + 10e-6, source=SOURCES[kind])
    recording = recorder.record(device, PlaybackProgramBuilder(), one_event)
    return _single_fits(recording, BEFORE_STIMULUS_S + 0.6e-6, TAU_SYN_RANGE_S, tau_s)


def _strength(device: StatefulConnection, kind: str) -> NDArray[np.float64]:
    enabled = {f"{prefix}enable": every(name == kind) for name, prefix in INPUTS.items()}
    _configure(device, {**drivers(MODES[kind]), **enabled})
    return measure_amplitudes(device, PlaybackProgramBuilder(), kind, 1, after_s=8e-6)


def _single_fits(
    recording: Recording, start_s: float, bounds: tuple[float, float], guess_s: float
) -> NDArray[np.float64]:
    """Time constants of the traces from a moment on, each fitted on its own; infinite where a fit fails."""
    first = round(start_s / recording.interval_s)
    stride = max(1, recording.count // 400)
    part = recording.samples[:, first:]
    part = part[:, : part.shape[1] // stride * stride].reshape(NEURONS, -1, stride).mean(axis=2)
    time = np.arange(part.shape[1]) * recording.interval_s * stride
    found = np.full(NEURONS, np.inf)
    for neuron, trace in enumerate(part):
        start = (trace[-1], trace[0] - trace[-1], guess_s)
        try:
            fitted, _ = curve_fit(_decay, time, trace, p0=start, method="lm", maxfev=400)
        except RuntimeError:
            continue
        if bounds[0] < fitted[2] < bounds[1]:
            found[neuron] = fitted[2]
    return found


def _decay(time: NDArray[np.float64], offset: float, amplitude: float, tau: float) -> NDArray[np.float64]:
    return offset + amplitude * np.exp(-time / tau)


def _criteria(
    result: SpikingCalibrationResult,
    channels: NDArray[np.float64],
    achieved: Mapping[str, NDArray[np.float64]],
    uniform: Mapping[str, NDArray[np.float64]],
) -> list[Criterion]:
    quadrants = channels.mean(axis=1)
    usable = result.usable
    low, high = _MIDDLE
    found = [
        _below("CADC: spread of the channels [LSB]", float(np.std(channels)), _CHANNEL_SPREAD),
        _below("CADC: difference of the quadrants [LSB]", float(np.ptp(quadrants)), _QUADRANT_SPREAD),
        Criterion(
            "CADC: middle of the range [LSB]",
            float(quadrants.mean()),
            f"{low:g}..{high:g}",
            bool((quadrants > low).all() and (quadrants < high).all()),
        ),
        Criterion(
            "usable circuits", float(usable.mean()), f">= {_LEAST_USABLE:g}", bool(usable.mean() >= _LEAST_USABLE)
        ),
    ]
    for name, limit in RATIOS.items():
        if name not in achieved:
            continue
        ratio = spread(achieved[name][usable]) / spread(uniform[name][usable])
        found.append(_below(f"{name}: ratio of spreads", ratio, limit))
    if "threshold" not in achieved:
        return found
    threshold = achieved["threshold"][usable]
    near = float(np.mean(np.abs(threshold - np.median(threshold)) < _THRESHOLD_WINDOW))
    found.append(
        Criterion("threshold: part within 20 MADC LSB", near, f">= {_THRESHOLD_PART:g}", near >= _THRESHOLD_PART)
    )
    return found


def _below(name: str, value: float, limit: float) -> Criterion:
    return Criterion(name, value, f"< {limit:g}", value < limit)
