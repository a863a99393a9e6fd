"""What a calibrated chip does, by other means than the searches.

===============  ==========================================================  ======================================
measurement      how                                                         how it was searched
===============  ==========================================================  ======================================
leak, reset      mean of many CADC reads                                     single reads
threshold        largest MADC sample of a spiking neuron                     largest CADC read
tau_mem          fit of each MADC trace behind a current or a reset          CADC reads behind a reset
tau_syn          fit of each MADC line trace behind one event                CADC reads of the line
strength         CADC deflection by one event at the real time constants     burst at short time constants
fires            spike counters while bursts arrive                          not searched
drivers          deflection of the lines by bursts of each driver            the same with other codes
correlation      fit of each sensor's curve, `hxtwin.calib.sensor_curves`    ratios of neighbouring delays
===============  ==========================================================  ======================================

Reference: calibration.md 2, 4.2, 5.3, 6.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.optimize import curve_fit

from hxtwin.calib.constants import BACKEND_CLOCK_HZ, NEURONS, TAU_MEM_RANGE_S, TAU_SYN_RANGE_S, cycles
from hxtwin.calib.madc_recording import BEFORE_STIMULUS_S, INVALID_S, MADCRecorder
from hxtwin.calib.measurement_chip import DRIVER, INPUTS, NEURON, drivers, every, synapse_rows
from hxtwin.calib.routines.membrane_time_constant import reset_stimulus
from hxtwin.calib.routines.potentials import LONG_RESET, mean_rest, read_reset
from hxtwin.calib.routines.stp_offset import DRIVERS, STPOffsetCalib, block_of_driver
from hxtwin.calib.routines.synaptic_strength import measure_amplitudes
from hxtwin.calib.routines.synaptic_time_constant import MODES, SOURCES
from hxtwin.calib.routines.threshold import ThresholdMADC
from hxtwin.calib.spike_counters import counts, read_counters, reset_counters
from hxtwin.calib.stateful_connection import settle
from hxtwin.calib.stimulus import send_events
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hxtwin.calib.madc_recording import RecordedNeurons, Recording
    from hxtwin.calib.stateful_connection import StatefulConnection
    from hxtwin.calib.target import STPCalibTarget

_READS: Final = 20
_PAUSE_S: Final = 100e-6
_SLOW_S: Final = 3e-6  # faster membranes are measured behind a reset
_CURRENT_CODE: Final = 1000
_CURRENT_S: Final = 100e-6
_FALLEN: Final = 0.6  # of the excursion that is left where a fit begins
_LIFT: Final = 60  # codes of the leak above the reset
_SAMPLING_TAUS: Final = 8
_LINE_WEIGHT: Final = 63
_AFTER_EVENT_S: Final = 0.6e-6
_BURSTS: Final = 10
_BURST_EVENTS: Final = 6
_BETWEEN_BURSTS_S: Final = 300e-6
_UNCALIBRATED_OFFSET: Final = 7
_CURRENT, _CURRENT_ON = f"{NEURON}constant_current.i_offset", f"{NEURON}constant_current.enable"


def configure(device: StatefulConnection, changes: dict[str, Any]) -> None:
    """Writes settings and waits until they have settled."""
    builder = PlaybackProgramBuilder()
    device.configure(builder, changes)
    settle(builder)
    device.run(builder)


def leak(device: StatefulConnection) -> NDArray[np.float64]:
    """Potentials at rest, CADC values, ``float64[512]``."""
    return mean_rest(device, _READS, _PAUSE_S)


def reset(device: StatefulConnection) -> NDArray[np.float64]:
    """Potentials during long resets, CADC values, ``float64[512]``."""
    configure(device, LONG_RESET)
    mean: NDArray[np.float64] = np.mean(
        [read_reset(device, PlaybackProgramBuilder()) for _ in range(_READS // 2)], axis=0
    )
    return mean


def threshold(device: StatefulConnection) -> NDArray[np.float64]:
    """Largest MADC samples of spiking neurons, ``float64[512]``."""
    calib = ThresholdMADC(0)
    calib.prelude(device)
    return calib.measure_results(device, PlaybackProgramBuilder())


def tau_mem(device: StatefulConnection, tau_s: float) -> NDArray[np.float64]:
    """Membrane time constants, seconds, ``float64[512]``; infinite where a fit fails.

    Args:
        device: the chip.
        tau_s: expected time constant.
    """
    sampling = _SAMPLING_TAUS * tau_s + 10e-6
    if tau_s >= _SLOW_S:
        configure(device, {_CURRENT: np.full(NEURONS, _CURRENT_CODE), _CURRENT_ON: every(0)})

        def current(neuron: RecordedNeurons) -> None:
            neuron.switch({"constant_current.enable": True})
            neuron.sequence.wait_until(INVALID_S + BEFORE_STIMULUS_S + _CURRENT_S)
            neuron.switch({"constant_current.enable": False})

        recording = MADCRecorder(sampling_s=_CURRENT_S + sampling).record(device, PlaybackProgramBuilder(), current)
        start = BEFORE_STIMULUS_S + _CURRENT_S + _AFTER_EVENT_S
        return _single_fits(recording, start, TAU_MEM_RANGE_S, tau_s, fallen=_FALLEN)
    path = f"{NEURON}leak.v_leak"
    configure(device, {path: np.clip(device.columns(path)[path] + _LIFT, 0, 1022)})
    recording = MADCRecorder(sampling_s=sampling, fires=True).record(device, PlaybackProgramBuilder(), reset_stimulus)
    # the reset lasts as long as the refractory period; the fit begins behind it
    start = BEFORE_STIMULUS_S + float(np.max(refractory_s(device))) + 0.3e-6
    return _single_fits(recording, start, TAU_MEM_RANGE_S, tau_s)


def refractory_s(device: StatefulConnection) -> NDArray[np.float64]:
    """Configured refractory times, seconds, ``float64[512]``."""
    neurons, backend = device.chip.neuron_block.atomic_neurons, device.chip.neuron_block.backends
    fast = neurons["refractory_period.input_clock"].astype(bool)
    scale = np.where(fast, backend["clock_scale_fast"][0], backend["clock_scale_slow"][0]).astype(float)
    found: NDArray[np.float64] = neurons["refractory_period.refractory_time"] * 2.0 ** (scale + 1) / BACKEND_CLOCK_HZ
    return found


def tau_syn(device: StatefulConnection, kind: str, tau_s: float) -> NDArray[np.float64]:
    """Synaptic time constants, seconds, ``float64[512]``; infinite where a fit fails.

    Args:
        device: the chip.
        kind: ``"excitatory"`` or ``"inhibitory"``.
        tau_s: expected time constant.
    """
    configure(device, {**drivers(MODES[kind]), **synapse_rows(8, _LINE_WEIGHT)})

    def one_event(neuron: RecordedNeurons) -> None:
        neuron.send_event()

    recorder = MADCRecorder(sampling_s=_SAMPLING_TAUS * tau_s + 10e-6, source=SOURCES[kind])
    recording = recorder.record(device, PlaybackProgramBuilder(), one_event)
    return _single_fits(recording, BEFORE_STIMULUS_S + _AFTER_EVENT_S, TAU_SYN_RANGE_S, tau_s)


def strength(device: StatefulConnection, kind: str) -> NDArray[np.float64]:
    """Deflections by one event on 8 rows of weight 10, CADC values, ``float64[512]``."""
    enabled = {f"{prefix}enable": every(name == kind) for name, prefix in INPUTS.items()}
    configure(device, {**drivers(MODES[kind]), **enabled})
    return measure_amplitudes(device, PlaybackProgramBuilder(), kind, 1, after_s=8e-6)


def fires(device: StatefulConnection, kind: str) -> NDArray[np.float64]:
    """Spikes of a neuron for each burst of 6 events 1 us apart on 8 rows of weight 10, ``float64[512]``."""
    on = {f"{prefix}enable": every(1) for prefix in INPUTS.values()}
    configure(device, {**drivers(MODES[kind]), **on, f"{NEURON}threshold.enable": every(1)})
    builder = PlaybackProgramBuilder()
    reset_counters(builder)
    for _ in range(_BURSTS):
        send_events(builder, _BURST_EVENTS, 1e-6)
        builder.wait_for(cycles(_BETWEEN_BURSTS_S))
    ticket = read_counters(builder)
    device.run(builder)
    configure(device, {f"{NEURON}threshold.enable": every(0)})
    return counts(ticket) / _BURSTS


def driver_spreads(device: StatefulConnection, voltages: STPCalibTarget) -> tuple[float, float]:
    """Largest standard deviation of the drivers of a block, CADC values: as calibrated, and with equal offsets."""
    path = f"{DRIVER}offset"
    calibrated = np.asarray(device.columns(path)[path], dtype=np.int64).reshape(-1)
    calib, block = STPOffsetCalib(voltages), block_of_driver()
    calib.prelude(device)
    found = []
    for codes in (calibrated, np.full(DRIVERS, _UNCALIBRATED_OFFSET)):
        amplitudes = calib.evaluate(device, codes)
        found.append(max(float(amplitudes[block == b].std()) for b in range(4)))
    calib.write(device, calibrated)
    calib.postlude(device)
    return found[0], found[1]


def _single_fits(
    recording: Recording, start_s: float, bounds: tuple[float, float], guess_s: float, fallen: float | None = None
) -> NDArray[np.float64]:
    """Time constants of the traces from a moment on, each fitted on its own; infinite where a fit fails.

    Args:
        recording: traces.
        start_s: moment.
        bounds: smallest and largest time constant.
        guess_s: expected time constant.
        fallen: part of the excursion that is left where the fit begins; None: at `start_s`.
    """
    first = round(start_s / recording.interval_s)
    stride = max(1, recording.count // 400)
    part = recording.samples[:, first:]
    part = part[:, : part.shape[1] // stride * stride].reshape(NEURONS, -1, stride).mean(axis=2)
    found = np.full(NEURONS, np.inf)
    for neuron, whole in enumerate(part):
        end, trace = whole[-1], whole
        if fallen is not None:
            trace = whole[int(np.argmax(whole - end < fallen * (whole[0] - end))) :]
        time = np.arange(len(trace)) * recording.interval_s * stride / guess_s
        try:
            fitted, _ = curve_fit(_decay, time, trace, p0=(end, trace[0] - end, 1.0), bounds=_LIMITS, max_nfev=400)
        except (RuntimeError, ValueError):
            continue
        tau = fitted[2] * guess_s
        if bounds[0] < tau < bounds[1]:
            found[neuron] = tau
    return found


_LIMITS: Final = ([-np.inf, -np.inf, 0.01], [np.inf, np.inf, 100.0])
"""Smallest and largest offset, amplitude, and time constant in expected ones."""


def _decay(time: NDArray[np.float64], offset: float, amplitude: float, tau: float) -> NDArray[np.float64]:
    return offset + amplitude * np.exp(-time / tau)
