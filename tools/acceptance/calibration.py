"""Topic: calibration of twins with mismatch, and what is left without it.

Every chip is calibrated in this process and verified over UDP against an emulator in another one, by measurements that
no search uses. The counter-tests verify the same chips with codes that are not theirs. Routines that the default target
does not need have pieces of their own, with the criteria of calibration.json.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import attrs
import numpy as np

import hxtwin
from acceptance import check
from acceptance.figure import Figure, at_least, at_most, exactly, reported
from acceptance.piece import Piece, Topic
from acceptance.twin import daemon
from hxtwin.calib import independent_measurements as measurements
from hxtwin.calib.cache import Cache
from hxtwin.calib.constants import NEURONS
from hxtwin.calib.correlation_target import CorrelationCalibOptions, CorrelationCalibTarget
from hxtwin.calib.measurement_chip import (
    ACTIVE_ROWS,
    INPUTS,
    NEURON,
    configure_chip,
    drivers,
    every,
    synapse_rows,
    synaptic_inputs,
)
from hxtwin.calib.nominal import nominal_calibration
from hxtwin.calib.operating_points import OperatingPoint, operating_point
from hxtwin.calib.routines.adc_characterisation import characterise_cadc, characterise_madc
from hxtwin.calib.routines.cadc import calibrate_cadc
from hxtwin.calib.routines.coba import COBABias, COBALaw
from hxtwin.calib.routines.compartment_conductance import CompartmentConductance
from hxtwin.calib.routines.correlation import calibrate_correlation, measure_calibrated
from hxtwin.calib.routines.leak_bias import LeakBias
from hxtwin.calib.routines.membrane_time_constant import MembraneTimeConstDecay
from hxtwin.calib.routines.potentials import LeakPotential, ResetPotential
from hxtwin.calib.routines.refractory import refractory_settings
from hxtwin.calib.routines.synapse_dac import DAC, DACBiasCalib, DACBiasCalibMADC
from hxtwin.calib.routines.synaptic_reference import SynReference, SynReferenceMADC
from hxtwin.calib.routines.synaptic_strength import SIGN, find_events, measure_amplitudes
from hxtwin.calib.routines.synaptic_time_constant import MODES
from hxtwin.calib.routines.threshold import LeakOverThreshold, NeuronThreshold, count_spikes
from hxtwin.calib.search import BinarySearch, NoisyBinarySearch, ProportionalSearch
from hxtwin.calib.spike_counters import counts, read_counters, reset_counters
from hxtwin.calib.spiking import calibrate
from hxtwin.calib.spiking_result import SpikingCalibrationResult
from hxtwin.calib.stateful_connection import StatefulConnection, settle, wait
from hxtwin.calib.stimulus import send_events
from hxtwin.calib.target import SpikingCalibTarget
from hxtwin.calib.verification import POTENTIALS, spread, verify
from hxtwin.chipsim.analog.constants import NOMINAL
from hxtwin.containers import Chip
from hxtwin.runtime import PlaybackProgramBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hxtwin.comm import Connection

CHIPS: Final = (7, 8, 9)
_LARGEST_SECONDS: Final = 120.0
_CADC_SECONDS: Final = 5.0
_LEAST_USABLE: Final = 98.0
_TRAINABLE: Final = 90.0
_MERGED_PERCENT: Final = 12.0
_TAU_ICC_S: Final = 2e-6

_known: dict[int, SpikingCalibrationResult] = {}
_profiles: dict[int, str] = {}
"""Where the time of these calibrations went."""


def _url(chip: int) -> str:
    return f"sim://?chip={chip}"


def _calibrated(chip: int) -> SpikingCalibrationResult:
    """The default calibration of a chip; measured once in a run of this program."""
    if chip not in _known:
        begins: list[tuple[str, float]] = []
        with hxtwin.connect(_url(chip)) as connection:
            _known[chip] = calibrate(
                connection, cache=Cache.off(), on_step=lambda name, *_: begins.append((name, time.process_time()))
            )
        ends = [begin for _, begin in begins[1:]] + [time.process_time()]
        parts = sorted(((end - begin, name) for (name, begin), end in zip(begins, ends, strict=True)), reverse=True)
        _profiles[chip] = ", ".join(f"{name} {seconds:.1f}" for seconds, name in parts)
    return _known[chip]


def _default(chip: int) -> Iterable[Figure]:
    """The default target: time, success, and what an independent measurement over UDP finds."""
    yield Figure("analog parameters, as in the twin", f"SHA-256 {NOMINAL.content_hash()}", "", "", None)
    with hxtwin.connect(_url(chip)) as connection:
        calibrate_cadc(StatefulConnection(connection))  # the first one in a process compiles
    with hxtwin.connect(_url(chip)) as connection:
        begin = time.process_time()
        calibrate_cadc(StatefulConnection(connection))
        yield at_most("calibration of the column ADC", time.process_time() - begin, _CADC_SECONDS, "s", "CPU")
    begin = time.process_time()
    result = _calibrated(chip)
    yield at_most("full calibration", time.process_time() - begin, _LARGEST_SECONDS, "s", "CPU")
    yield Figure("where the time goes, s CPU", _profiles[chip], "", "", None)
    yield at_least("usable circuits", 100 * float(result.usable.mean()), _LEAST_USABLE, "%")
    yield Figure("content", f"SHA-256 {result.content_hash()}", "", "", None)
    with daemon("--chip", str(chip)) as url, hxtwin.connect(url) as connection:
        found = verify(connection, result)
    for criterion in found.criteria:
        yield Figure(criterion.name, criterion.value, "", criterion.limit, criterion.passed, "over UDP")


def _repeated(chip: int) -> Iterable[Figure]:
    """The same calibration once more, through the daemon."""
    with daemon("--chip", str(chip)) as url, hxtwin.connect(url) as connection:
        again = calibrate(connection, cache=Cache.off())
    contents = {again.content_hash(), _calibrated(chip).content_hash()}
    yield exactly("different contents of a calibration in process and over UDP", len(contents), 1, "")


def _without(chip: int) -> Iterable[Figure]:
    """The codes of a chip without mismatch on a chip with mismatch."""
    result = nominal_calibration(SpikingCalibTarget())
    with hxtwin.connect(_url(chip)) as connection:
        found = verify(connection, result, quantities=POTENTIALS)
    yield from _missed(found.missed, 5)


def _overwritten(chip: int) -> Iterable[Figure]:
    """The codes of a calibration moved on by one neuron."""
    result = _calibrated(chip)
    moved = {
        path: np.roll(codes, 1, axis=0) if path.startswith(NEURON) else codes for path, codes in result.settings.items()
    }
    with hxtwin.connect(_url(chip)) as connection:
        found = verify(connection, attrs.evolve(result, settings=moved), quantities=POTENTIALS)
    yield from _missed(found.missed, 3)


def _missed(names: list[str], least: int) -> Iterable[Figure]:
    yield at_least("criteria that are missed", len(names), least, "", "; ".join(names))


def _mnist(chip: int) -> Iterable[Figure]:
    """The operating point of the partitioned MNIST network."""
    begin = time.process_time()
    with hxtwin.connect(_url(chip)) as connection:
        target = operating_point(OperatingPoint.MNIST_HIDDEN)
        result = calibrate(connection, target, cache=Cache.off())
    yield reported("full calibration", time.process_time() - begin, "s", "CPU, with parasitic capacitances")
    failed = {name: int(np.sum(~ok)) for name, ok in result.success.items() if not ok.all()}
    detail = f"failed by step: {failed}"
    yield at_least("usable circuits", 100 * float(result.usable.mean()), _TRAINABLE, "%", detail)
    with hxtwin.connect(_url(chip)) as connection:
        found = verify(connection, result)
    for criterion in found.criteria:
        yield Figure(criterion.name, criterion.value, "", criterion.limit, criterion.passed, "")
    for circuits in (2, 8):
        yield from _merged(chip, result, circuits)


def _merged(chip: int, result: SpikingCalibrationResult, circuits: int) -> Iterable[Figure]:
    """Time constants of membranes of several circuits, with and without their parasitic capacitances."""
    index = np.arange(NEURONS)
    merges = Chip().with_columns({f"{NEURON}multicompartment.connect_right": index % circuits != circuits - 1})
    target = float(result.target.neuron.tau_mem)
    for corrected in (True, False):
        known = result if corrected else attrs.evolve(result, parasitics=None)
        configured = known.to_chip(merges)
        with hxtwin.connect(_url(chip)) as connection:
            device = StatefulConnection(connection, chip=configured.with_columns(inputs_off()))
            tau = measurements.tau_mem(device, target).reshape(-1, circuits)
        whole = known.usable.reshape(-1, circuits).all(axis=1)
        off = 100 * (tau[whole, 0] / target - 1)
        name = f"time constant of {circuits} merged circuits off its target"
        detail = f"median of {int(whole.sum())} membranes; 90 % of them within {np.quantile(np.abs(off), 0.9):.1f} %"
        if corrected:
            yield at_most(name, abs(float(np.median(off))), _MERGED_PERCENT, "%", detail)
        else:
            yield reported(f"{name}, without the measured capacitances", float(np.median(off)), "%", detail)


# --- routines beside the default target -----------------------------------------------------------------------------


def inputs_off() -> dict[str, Any]:
    """Synaptic inputs that do not disturb a measurement of the membrane."""
    return {f"{prefix}enable": every(0) for prefix in INPUTS.values()}


def _ready(connection: Connection) -> StatefulConnection:
    """A chip with calibrated column ADC in the measurement configuration."""
    device = StatefulConnection(connection)
    calibrate_cadc(device)
    configure_chip(device)
    return device


def _converters(chip: int) -> Iterable[Figure]:
    """Lines of both converters, from voltages of the board."""
    with hxtwin.connect(_url(chip)) as connection:
        device = _ready(connection)
        cadc, madc = characterise_cadc(device), characterise_madc(device)
    yield at_most("column ADC: largest deviation from a line, rms", float(cadc.residual.max()), 2.0, "LSB")
    yield at_most("column ADC: spread of the slopes", 100 * float(cadc.slope.std() / cadc.slope.mean()), 5.0, "%")
    yield reported("column ADC: slope", 1e3 * float(cadc.slope.mean()), "mV per LSB")
    yield at_most("membrane ADC: deviation from a line, rms", float(madc.residual[0]), 2.0, "LSB")
    yield reported("membrane ADC: slope", 1e3 * float(madc.slope[0]), "mV per LSB")


def _refractory(chip: int) -> Iterable[Figure]:
    """Refractory times of all kinds, in periods of their clocks; a calculation that no chip takes part in."""
    rng = np.random.default_rng(chip)
    worst = {"refractory time": 0.0, "holdoff time": 0.0}
    for mean in (0.2e-6, 1e-6, 2e-6, 10e-6, 20e-6):
        wanted = {
            "refractory time": mean * rng.uniform(0.7, 1.4, NEURONS),
            "holdoff time": np.where(rng.random(NEURONS) < 0.5, 0.0, 0.2 * mean),
        }
        found = refractory_settings(wanted["refractory time"], wanted["holdoff time"])
        reached = {
            "refractory time": found.refractory_time * found.periods_s(),
            "holdoff time": (31 - 2 * found.reset_holdoff) * found.periods_s(),
        }
        for name, times in wanted.items():
            off = np.abs(reached[name] - times) / found.periods_s()
            worst[name] = max(worst[name], float(off.max()))
    yield at_most("refractory time off by", worst["refractory time"], 1.1, "clock periods")
    yield at_most("holdoff time off by", worst["holdoff time"], 2.1, "clock periods")


def _leak_over_threshold(chip: int) -> Iterable[Figure]:
    """Thresholds that let neurons fire at 100 kHz at their leak."""
    rate = 100e3
    with hxtwin.connect(_url(chip)) as connection:
        device = _ready(connection)
        device.configure(
            builder := PlaybackProgramBuilder(), {**inputs_off(), f"{NEURON}leak.enable_division": every(0)}
        )
        device.run(builder)
        LeakPotential(140).run(device, NoisyBinarySearch())
        ResetPotential(70).run(device, NoisyBinarySearch())
        begin = time.process_time()
        calib = LeakOverThreshold(rate)
        result = calib.run(device, NoisyBinarySearch())
        seconds = time.process_time() - begin
        device.configure(builder := PlaybackProgramBuilder(), {f"{NEURON}threshold.enable": every(1)})
        device.run(builder)
        duration = 1e-3
        rates = count_spikes(device, PlaybackProgramBuilder(), duration) / duration / rate
    yield at_least("neurons that fire at more than 0.9 of 100 kHz", 100 * float(np.mean(rates > 0.9)), 90.0, "%")
    yield at_least("neurons that fire at less than 1.15 of 100 kHz", 100 * float(np.mean(rates < 1.15)), 90.0, "%")
    yield reported("successful", int(result.success.sum()), "neurons", f"{seconds:.0f} s CPU")


def _reference(chip: int) -> Iterable[Figure]:
    """References of the excitatory input by the drift of membranes without leak."""
    with hxtwin.connect(_url(chip)) as connection:
        device = _ready(connection)
        changes = synaptic_inputs(device, excitatory=300, inhibitory=0)
        device.configure(builder := PlaybackProgramBuilder(), changes)
        settle(builder)
        device.run(builder)
        calib = SynReferenceMADC("excitatory")
        calib.prelude(device)
        before = np.abs(calib.measure_results(device, PlaybackProgramBuilder()))
        calib.run(device, NoisyBinarySearch())
        after = np.abs(calib.measure_results(device, PlaybackProgramBuilder()))
    detail = f"{np.quantile(before, 0.9):.2f} with equal codes"
    yield at_most("drift of 90 % of the neurons", float(np.quantile(after, 0.9)), 1.0, "MADC LSB / us", detail)


def _compartments(chip: int) -> Iterable[Figure]:
    """Conductances between compartments: the spread with calibrated codes and with one code."""
    with hxtwin.connect(_url(chip)) as connection:
        device = _ready(connection)
        calib = CompartmentConductance(_TAU_ICC_S)
        calib.prelude(device)
        codes = ProportionalSearch(500).run(device, calib)
        achieved = calib.evaluate(device, codes)
        same = calib.evaluate(device, np.full(NEURONS, int(np.median(codes))))
    yield at_most("spread of the time constants", spread(achieved) / spread(same), 0.5, "", "of that with one code")
    yield at_most("median off its target", 100 * abs(float(np.median(achieved)) / _TAU_ICC_S - 1), 10.0, "%")


def _conductance_based(chip: int) -> Iterable[Figure]:
    """Inputs that weaken towards their reversal potentials: excitation upwards, inhibition downwards."""
    for law, potentials in (
        (COBALaw("excitatory", 100.0, 220.0), (70, 140)),
        (COBALaw("inhibitory", 130, 20), (80, 150)),
    ):
        yield from _one_conductance(chip, law, potentials)


def _one_conductance(chip: int, law: COBALaw, potentials: tuple[int, int]) -> Iterable[Figure]:
    """One conductance based input, and its amplitudes at two potentials that the calibration does not use."""
    with hxtwin.connect(_url(chip)) as connection:
        device = _ready(connection)
        for prefix in INPUTS.values():
            _write(device, {f"{prefix}i_bias_tau": device.spread(600), f"{prefix}enable_high_resistance": every(1)})
        _write(device, synaptic_inputs(device, excitatory=0, inhibitory=0))
        LeakPotential(100).run(device, NoisyBinarySearch())
        MembraneTimeConstDecay(30e-6).run(device, ProportionalSearch(measurements=3))
        rest = LeakPotential(law.reference).run(device, NoisyBinarySearch())
        _write(device, {**drivers(MODES[law.kind]), **synaptic_inputs(device, **{law.kind: 400})})
        SynReference(law.kind, law.reference).run(device, NoisyBinarySearch())
        begin = time.process_time()
        result = COBABias(law).run(device, NoisyBinarySearch())
        seconds = time.process_time() - begin
        amplitudes = []
        for potential in potentials:
            LeakPotential(potential).run(device, NoisyBinarySearch())
            events, _ = find_events(device, law.kind, 30.0)
            amplitudes.append(measure_amplitudes(device, PlaybackProgramBuilder(), law.kind, events) / events)
    slope = (amplitudes[1] - amplitudes[0]) / (potentials[1] - potentials[0])
    crossing = potentials[1] - amplitudes[1] / np.where(slope == 0, np.nan, slope)
    falls, above = ("falls", "above") if law.kind == "excitatory" else ("grows", "below")
    right = (slope < 0) if law.kind == "excitatory" else (slope > 0)
    side = (crossing - law.reference) * SIGN[law.kind] > 0
    yield at_least(
        f"neurons whose {law.kind} strength {falls} with the potential", 100 * float(right.mean()), 90.0, "%"
    )
    yield at_least(f"neurons whose {law.kind} reversal lies {above} the reference", 100 * float(side.mean()), 90.0, "%")
    middle = float(np.nanmedian(crossing))
    yield reported(f"median {law.kind} reversal potential", middle, "LSB", f"{law.reversal:g} wanted")
    detail = f"{seconds:.0f} s CPU, {int(rest.success.sum())} with a rest"
    yield reported(f"{law.kind}: successful", int(result.success.sum()), "neurons", detail)


def _write(device: StatefulConnection, changes: dict[str, Any]) -> None:
    """Writes settings and waits until they have settled."""
    device.configure(builder := PlaybackProgramBuilder(), changes)
    settle(builder)
    device.run(builder)


def _noise(chip: int) -> Iterable[Figure]:
    """Leak bias from the noise of the membrane, measured once more with other reads."""
    wanted, accepted = 1.2, 0.8
    with hxtwin.connect(_url(chip)) as connection:
        device = _ready(connection)
        _write(device, inputs_off())
        LeakPotential(100).run(device, NoisyBinarySearch())
        ResetPotential(high_noise=True).run(device, NoisyBinarySearch())
        begin = time.process_time()
        calib = LeakBias(wanted, rest=100)
        result = calib.run(device, NoisyBinarySearch())
        seconds = time.process_time() - begin
        LeakPotential(100).run(device, NoisyBinarySearch())
        ResetPotential(high_noise=True).run(device, NoisyBinarySearch())
        noise = calib.measure_results(device, PlaybackProgramBuilder())
    codes = result.calibrated_parameters
    yield at_least(
        "neurons with a noise of at most 1.2 + 0.8", 100 * float(np.mean(noise <= wanted + accepted)), 60.0, "%"
    )
    yield at_most("75th percentile of the noise", float(np.quantile(noise, 0.75)), 7.0, "CADC LSB")
    yield reported("median noise", float(np.median(noise)), "CADC LSB", f"{wanted:g} wanted")
    detail = f"{seconds:.0f} s CPU; codes {np.quantile(codes, 0.05):.0f} .. {np.quantile(codes, 0.95):.0f} (5 .. 95 %)"
    yield reported("successful", int(result.success.sum()), "neurons", detail)


def _quiet(chip: int) -> Iterable[Figure]:
    """Thresholds just above the rest: spikes only where there is synchronous input, in every tenth bin."""
    bins, bin_s = 100, 200e-6
    with hxtwin.connect(_url(chip)) as connection:
        device = _ready(connection)
        _write(device, inputs_off())
        LeakPotential(125).run(device, NoisyBinarySearch())
        begin = time.process_time()
        result = NeuronThreshold().run(device, NoisyBinarySearch())
        seconds = time.process_time() - begin
        ResetPotential(110).run(device, NoisyBinarySearch())
        rows = synapse_rows(ACTIVE_ROWS, 40)
        _write(device, {**drivers(MODES["excitatory"]), **synaptic_inputs(device, excitatory=400), **rows})
        SynReference("excitatory", 125).run(device, NoisyBinarySearch())
        _write(device, {f"{NEURON}threshold.enable": every(1)})
        builder, tickets = PlaybackProgramBuilder(), []
        for k in range(bins):
            reset_counters(builder)
            if k % 10 == 0:
                send_events(builder, 15, 1e-6)
            wait(builder, bin_s)
            tickets.append(read_counters(builder))
            builder.barrier(omnibus=True)
        device.run(builder)
        spikes = np.stack([counts(ticket) for ticket in tickets])
        silent = count_spikes(device, PlaybackProgramBuilder(), 1.0)
    driven = np.arange(bins) % 10 == 0
    answers = 100 * float(np.mean(spikes[driven] > 0))
    elsewhere = 100 * float(np.mean(spikes[~driven] > 0))
    yield reported("bins with input and spikes", answers, "%")
    yield reported("bins without input, with spikes", elsewhere, "%")
    only = (spikes[driven] > 0).all(axis=0) & (spikes[~driven] == 0).all(axis=0)
    yield at_least("neurons that spike in every tenth bin and only there", 100 * float(only.mean()), 90.0, "%")
    yield reported("neurons with more than 50 spikes in a second at rest", int(np.sum(silent > 50)), "")
    yield reported("successful", int(result.success.sum()), "neurons", f"{seconds:.0f} s CPU")


def _correlation(chip: int) -> Iterable[Figure]:
    """Correlation sensors: percentiles 30 and 70 of all measured synapses of every quadrant."""
    target = CorrelationCalibTarget()
    with hxtwin.connect(_url(chip)) as connection:
        device = _ready(connection)
        begin = time.process_time()
        result = calibrate_correlation(device, target)
        seconds = time.process_time() - begin
        found = measure_calibrated(device, result)
    for name, values, wanted in (
        ("amplitude", found.amplitude, target.amplitude),
        ("time constant", found.tau_s, target.time_constant),
    ):
        by_quadrant = values.swapaxes(0, 1).reshape(4, -1) / wanted
        low, high = np.nanquantile(by_quadrant, 0.3, axis=1).min(), np.nanquantile(by_quadrant, 0.7, axis=1).max()
        yield at_least(f"{name}: smallest 30th percentile of a quadrant", float(low), 0.5, "targets")
        yield at_most(f"{name}: largest 70th percentile of a quadrant", float(high), 2.0, "targets")
    yield reported("successful quadrants", int(result.success.sum()), "", f"{seconds:.0f} s CPU")


def _synapse_dac(chip: int) -> Iterable[Figure]:
    """Synapse DACs matched by the membrane ADC, seen by the column ADC."""
    equal = np.full(4, 600)
    with hxtwin.connect(_url(chip)) as connection:
        device = _ready(connection)
        _write(device, {DAC: equal.reshape(2, 2)})
        begin = time.process_time()
        calib = DACBiasCalibMADC(stride=8)
        calib.prelude(device)
        deflection = calib.evaluate(device, equal)
        found = BinarySearch().run(device, calib)
        calib.postlude(device)
        seconds = time.process_time() - begin
        _write(device, {DAC: equal.reshape(2, 2)})
        other = DACBiasCalib()
        other.prelude(device)
        uniform, matched = (
            np.mean([other.evaluate(device, codes) for _ in range(4)], axis=0) for codes in (equal, found)
        )
        other.postlude(device)
    # charge is proportional to the code, and the line bends as 0.3 V tanh(x / 0.3 V)
    charge = np.arctanh(deflection * 1.5e-3 / 0.3)
    off = found / (600 * charge.min() / charge) - 1
    yield at_most("codes: distance from the closed form", 100 * float(np.abs(off).max()), 4.0, "%")
    spreads = [100 * float(np.ptp(reads) / reads.mean()) for reads in (matched, uniform)]
    yield at_most("difference of the quadrants", spreads[0], 4.0, "%", f"{spreads[1]:.1f} % with one code")
    yield at_most("difference of the quadrants, of that with one code", spreads[0] / spreads[1], 0.35, "")
    codes = " ".join(map(str, found))
    yield reported("smallest code", int(found.min()), "", f"of {codes}; {seconds:.0f} s CPU")


def _synapses(chip: int) -> Iterable[Figure]:
    """Bits of single synapses against the same bits for all, on sensors that are measured once more."""
    target = CorrelationCalibTarget(amplitude=1.5)
    rows = 8
    options = CorrelationCalibOptions(
        calibrate_synapses=True, synapse_rows=rows, synapse_groups=1, v_res_meas=0.95, amp_calib=1, time_calib=1
    )
    with hxtwin.connect(_url(chip)) as connection:
        device = _ready(connection)
        begin = time.process_time()
        result = calibrate_correlation(device, target, options)
        seconds = time.process_time() - begin
        uniform = np.ones_like(result.amp_calib)
        found = {
            "calibrated": measure_calibrated(device, result, rows=rows),
            "uniform": measure_calibrated(
                device, attrs.evolve(result, amp_calib=uniform, time_calib=uniform), rows=rows
            ),
        }
    off = {}
    for bits, values in found.items():
        off[bits] = [
            float(np.sqrt(np.nanmean((values.amplitude.mean(axis=0) / target.amplitude - 1) ** 2))),
            float(np.sqrt(np.nanmean((values.tau_s.mean(axis=0) / target.time_constant - 1) ** 2))),
        ]
    for k, name in enumerate(("amplitude", "time constant")):
        same = f"of {100 * off['uniform'][k]:.1f} % with the same bits for all; now {100 * off['calibrated'][k]:.1f} %"
        yield at_most(f"{name}: rms deviation from the target", off["calibrated"][k] / off["uniform"][k], 1.0, "", same)
    weight = options.time_constant_priority
    scores = [(1 - weight) * amplitude**2 + weight * tau**2 for amplitude, tau in (off["calibrated"], off["uniform"])]
    yield at_most("mean score", scores[0] / scores[1], 1.0, "", "of that with the same bits for all")
    yield reported("calibrated synapses", 2 * rows * 32, "", f"{seconds:.0f} s CPU")


TOPIC = Topic(
    "calibration",
    "Calibration",
    (
        *(Piece(f"calib-{chip}", f"Default target, chip {chip}", partial(_default, chip), chip) for chip in CHIPS),
        Piece("calib-udp", "The same calibration over UDP", partial(_repeated, CHIPS[0]), CHIPS[0]),
        *(Piece(f"uncalib-{chip}", f"No calibration, chip {chip}", partial(_without, chip), chip) for chip in CHIPS),
        *(
            Piece(f"overwritten-{chip}", f"Codes overwritten, chip {chip}", partial(_overwritten, chip), chip)
            for chip in CHIPS
        ),
        *(
            Piece(f"mnist-{chip}", f"Operating point of MNIST, chip {chip}", partial(_mnist, chip), chip)
            for chip in CHIPS
        ),
        Piece("adc", f"Both converters, chip {CHIPS[0]}", partial(_converters, CHIPS[0]), CHIPS[0]),
        Piece("refractory", "Refractory times", partial(_refractory, CHIPS[0]), CHIPS[0]),
        Piece("rates", f"Leak over threshold, chip {CHIPS[0]}", partial(_leak_over_threshold, CHIPS[0]), CHIPS[0]),
        Piece("reference", f"References by the MADC, chip {CHIPS[0]}", partial(_reference, CHIPS[0]), CHIPS[0]),
        Piece("icc", f"Conductances between compartments, chip {CHIPS[0]}", partial(_compartments, CHIPS[0]), CHIPS[0]),
        Piece("coba", f"Conductance based inputs, chip {CHIPS[0]}", partial(_conductance_based, CHIPS[0]), CHIPS[0]),
        Piece("noise", f"Leak bias from the noise, chip {CHIPS[0]}", partial(_noise, CHIPS[0]), CHIPS[0]),
        Piece("quiet", f"Thresholds above the rest, chip {CHIPS[0]}", partial(_quiet, CHIPS[0]), CHIPS[0]),
        Piece("correlation", f"Correlation sensors, chip {CHIPS[0]}", partial(_correlation, CHIPS[0]), CHIPS[0]),
        Piece("synapses", f"Bits of single synapses, chip {CHIPS[0]}", partial(_synapses, CHIPS[0]), CHIPS[0]),
        *(Piece(f"dac-{chip}", f"Synapse DACs, chip {chip}", partial(_synapse_dac, chip), chip) for chip in CHIPS),
        Piece("calib-tests", "Calibration tests", lambda: check.tests("calib", ["tests/calib"])),
    ),
)
