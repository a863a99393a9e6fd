"""Pieces of the topic twin: how far experiments on the twin are from closed forms, and how long they take.

All is measured through programs, as a client would; only the spike times of the comparison of steps are those of a
probe, since time stamps of the chip count 8 ns. Reference: analog-model.md 3, 4 and 13.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import curve_fit

import hxtwin
from acceptance import check
from acceptance.bench import BACKEND, Bench, Setting, Trace, chip_times, label
from acceptance.figure import Figure, at_most, reported
from acceptance.piece import Piece
from acceptance.timing import measure
from hxtwin.chipsim import Probe, Twin, TwinOptions
from hxtwin.comm.in_process import InProcessConnection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

SEED: Final = 20_260_602
STEPS_NS: Final = (100, 50)
_CAPACITANCE: Final = 2.33e-12
_NEURON: Final = 7
_INPUTS: Final = 32
"""Rows of synapses; each gets eight trains."""
_TRAINS_OF_ROW: Final = 8
_EXPERIMENTS: Final = 100


def _bench_url(step_ns: int) -> str:
    return f"sim://?chip=ideal&noise=0&settle=instant&step_ns={step_ns}"


# --- closed forms -----------------------------------------------------------------------------------------------------


def _leak(code: float) -> float:
    return 1.5e-9 * code / (1 + code / 2000)


def _closed_forms() -> Iterable[Figure]:
    for step_ns in STEPS_NS:
        with hxtwin.connect(_bench_url(step_ns)) as connection:
            bench = Bench(connection)
            detail = f"step {step_ns} ns"
            peak, shape = _psp_deviation(bench)
            yield at_most("synaptic potential: peak off the difference of exponentials", 100 * peak, 1, "%", detail)
            yield at_most("synaptic potential: rms deviation from it", 100 * shape, 1, "% of the peak", detail)
            for code in (84, 168, 600):
                off = _membrane_tau_us(bench, code) / (_CAPACITANCE / _leak(code) * 1e6) - 1
                yield at_most(f"membrane time constant, code {code}: off the law", 100 * abs(off), 1, "%", detail)
            for code in (92, 300):
                off = _line_tau_us(bench, code) / (0.9 * 1022 / code) - 1
                yield at_most(f"synaptic time constant, code {code}: off the law", 100 * abs(off), 1, "%", detail)


def _recorded(bench: Bench, cells: dict[str, int], weights: list[int], samples: int, source: int = 0) -> Trace:
    """A recording of a neuron without threshold that gets an event of each weight at once, after about 15 us."""
    builder = bench.begin({**cells, "v_threshold": 1000})
    setting = Setting(builder)
    for row, weight in enumerate(weights):
        setting.synapses(8 * row, {_NEURON: weight})
    setting.membrane_adc(_NEURON, samples=samples, source=source)
    setting.record()
    setting.spikes(np.full(len(weights), 15.0), [label(row) for row in range(len(weights))])
    setting.wait_us(0.034 * samples)
    return Trace.of(bench.run(builder), samples=samples)


def _psp_deviation(bench: Bench) -> tuple[float, float]:
    tau_m, tau_s = _CAPACITANCE / _leak(84) * 1e6, 0.9 * 1022 / 200
    current = 500 * 16e-9 * 7.5e-3 / _CAPACITANCE * 1e-6
    trace = _recorded(bench, {"i_bias_leak": 84, "i_bias_synin_exc_tau": 200}, [63], 3500)
    moved = trace.volts - 0.42019

    def potential(t: NDArray[np.float64], onset: float) -> NDArray[np.float64]:
        late = np.maximum(t - onset, 0.0)
        return current * tau_m * tau_s / (tau_m - tau_s) * (np.exp(-late / tau_m) - np.exp(-late / tau_s))

    (onset,), _ = curve_fit(potential, trace.times, moved, (15.5,))
    expected = potential(trace.times, float(onset))
    height = expected.max()
    top = np.sort(moved)[-50:].mean() / np.sort(expected)[-50:].mean()
    return abs(float(top) - 1), float(np.sqrt(np.mean((moved - expected) ** 2)) / height)


def _membrane_tau_us(bench: Bench, code: int) -> float:
    tau = _CAPACITANCE / _leak(code) * 1e6
    samples = 400 + int(6 * tau / 0.034)
    builder = bench.begin({"i_bias_leak": code, "v_leak": 700})
    setting = Setting(builder)
    setting.membrane_adc(_NEURON, samples=samples)
    setting.record()
    setting.wait_us(10)
    setting.reset_neuron(_NEURON)
    setting.wait_us(20 + 7 * tau)
    decay = Trace.of(bench.run(builder), samples=samples).part(13.0, 13.0 + 5 * tau)

    def relaxation(t: NDArray[np.float64], low: float, found: float, rest: float) -> NDArray[np.float64]:
        growth = ((low / 0.28) ** -4 - 0.08192) * np.exp(4 * (t - 13.0) / found)
        return np.asarray(rest - 0.28 * (0.08192 + growth) ** -0.25)

    (_, found, _), _ = curve_fit(relaxation, decay.times, decay.volts, (0.19, tau, 0.569))
    return float(found)


def _line_tau_us(bench: Bench, code: int) -> float:
    expected = 0.9 * 1022 / code
    trace = _recorded(bench, {"i_bias_synin_exc_tau": code, "syn_i_bias_dac": 1022}, [63] * 8, 2500, source=1)
    onset = trace.times[np.argmin(trace.volts)]
    decay = trace.part(onset + 0.3, onset + 3 * expected)
    deflection = 0.3 * np.arctanh((0.63 - decay.volts) / 0.3)
    (_, found), _ = curve_fit(
        lambda t, a, tau: a * np.exp(-(t - onset) / tau), decay.times, deflection, (0.1, expected)
    )
    return float(found)


# --- step -------------------------------------------------------------------------------------------------------------


def _network_inputs(random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Times (us, in 30 us) and labels of 256 trains, two events each."""
    addresses, rows = np.meshgrid(np.arange(_TRAINS_OF_ROW), np.arange(_INPUTS))
    labels = np.repeat(label(0) + 64 * rows.ravel() + addresses.ravel(), 2)
    times = np.sort(random.uniform(0.2, 29.5, labels.size))
    return times, random.permutation(labels)


def _whole_chip(builder: hxtwin.runtime.PlaybackProgramBuilder, random: np.random.Generator) -> Setting:
    """All neurons of the upper half get all trains, excitatory or inhibitory; all 512 neurons may fire."""
    setting = Setting(builder)
    for row in range(_INPUTS):
        for sign in range(2):
            weights = random.integers(0, 40 if sign == 0 else 25, 256).astype(np.uint8)
            labels = random.integers(0, _TRAINS_OF_ROW, 256).astype(np.uint8)
            place = hxtwin.coord.SynapseRowOnDLS(8 * row + sign)
            builder.write(place, hxtwin.containers.SynapseRow(weights=weights, labels=labels))
    setting.columns(  # addresses that no synapse has: fires reach the drivers, but no neuron
        hxtwin.containers.NeuronBackendConfig, np.arange(512), **{**BACKEND, "address_out": _TRAINS_OF_ROW}
    )
    builder.barrier(omnibus=True)
    return setting


def _fires(step_ns: int) -> NDArray[np.void]:
    """Fires of a program, with steps of some length."""
    probe = Probe(signals=("fires",))
    twin = Twin(options=TwinOptions(chip=None, noise=False, settle="instant", step_ns=step_ns), probe=probe)
    random = np.random.default_rng(SEED)
    with InProcessConnection(twin) as connection:
        bench = Bench(connection)
        builder = bench.begin({"v_threshold": 300})
        setting = _whole_chip(builder, random)
        setting.silence()  # no events but those of the program
        setting.wait_us(200)
        setting.spikes(*_network_inputs(random))
        setting.wait_us(50)
        bench.run(builder)
    return probe.rows("fires")


def _halving() -> Iterable[Figure]:
    coarse, fine = (_fires(step_ns) for step_ns in STEPS_NS)
    counts = [np.bincount(fires["neuron"], minlength=512) for fires in (coarse, fine)]
    alike = np.flatnonzero((counts[0] == counts[1]) & (counts[0] > 0))
    first = [
        np.array([fires["cycle"][fires["neuron"] == neuron][0] for neuron in alike.tolist()])
        for fires in (coarse, fine)
    ]
    shifts = np.abs(first[0] - first[1]) * 4.0
    yield reported("neurons that fire", int(np.count_nonzero(counts[1])), "", f"{len(fine)} fires")
    yield at_most("neurons whose number of fires differs", int(np.count_nonzero(counts[0] != counts[1])), 5, "")
    yield at_most("shift of the first fire of a neuron, median", float(np.median(shifts)), 20, "ns", "100 ns, 50 ns")
    yield at_most("shift of the first fire of a neuron, 95 %", float(np.quantile(shifts, 0.95)), 20, "ns")
    yield reported("shift of the first fire of a neuron, largest", float(shifts.max()), "ns")


# --- wall time --------------------------------------------------------------------------------------------------------


def _first_experiment() -> Iterable[Figure]:
    def run() -> None:
        with hxtwin.connect("sim://?chip=ideal") as connection:
            bench = Bench(connection)
            builder = bench.begin()
            setting = Setting(builder)
            setting.wait_us(100_000)
            setting.synapses(0, {_NEURON: 63})
            setting.spikes(np.arange(10.0, 90.0, 1.0), label(0))
            setting.read_cadc()
            setting.wait_us(100)
            bench.run(builder)

    run()
    timing = measure(run, 5)
    yield at_most(
        "connect, bring up, configure all neurons, wait 100 ms, experiment", timing.median, 1, "s", "median of 5"
    )


def _training() -> Iterable[Figure]:
    random = np.random.default_rng(SEED)
    with hxtwin.connect(_bench_url(STEPS_NS[0])) as connection:
        bench = Bench(connection)
        builder = bench.begin()
        setting = _whole_chip(builder, random)
        setting.wait_us(200)
        bench.run(builder)
        programs = []
        for _ in range(2):
            builder = hxtwin.runtime.PlaybackProgramBuilder()
            setting = Setting(builder)
            for _ in range(_EXPERIMENTS):
                setting.spikes(*_network_inputs(random))
                setting.wait_us(50.4)
            programs.append(bench.run(builder))
        seconds = []
        for _ in range(5):
            begin = time.perf_counter()
            hxtwin.runtime.run(connection, programs[1])
            seconds.append(time.perf_counter() - begin)
    spikes = len(chip_times(programs[1]))
    detail = f"median of 5, minimum {min(seconds) * 1e3:.1f} ms; {spikes} labels recorded; 512 circuits, 256 trains"
    yield at_most(f"{_EXPERIMENTS} times 30 us and 50 us of rest", float(np.median(seconds)) * 1e3, 80, "ms", detail)


PIECES: Final = (
    Piece("closed-forms", "Experiments and closed forms", _closed_forms),
    Piece("halving", "Half the step", _halving, SEED),
    Piece("first-experiment", "Time to the first result", _first_experiment),
    Piece("training", "Time of many experiments", _training, SEED),
    Piece(
        "physics-tests",
        "Table of the reference, and tests by programs alone",
        lambda: check.tests("physics", ["tests/chipsim_wire", "tests/chipsim_analog"]),
    ),
)
