"""Topic: networks that are trained in the loop on twins with mismatch and noise, and what is left without the chip.

Every training begins with random weights; every forward pass runs on the calibrated twin. Accuracy is that on test
samples, evaluated once with the weights of the best validation, from membranes that the column ADC recorded. Trainings
keep checkpoints in ``build/training`` and go on there when they were cut off; delete the folder to begin anew.

The counter-checks take a trained network and break one link of the chain.

MNIST is looked for in ``$HXTWIN_MNIST_DATA`` (else in ``../shared/data/mnist``), a training that was done elsewhere in
``$HXTWIN_MNIST_TRAINING``.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import attrs
import numpy as np

import hxtwin
from acceptance import check
from acceptance.figure import Figure, at_least, at_most, reported
from acceptance.piece import Piece, Topic
from acceptance.provenance import ROOT
from acceptance.timing import measure
from hxtwin.calib import spiking
from hxtwin.calib.measurement_chip import NEURON
from hxtwin.frontend.torch import ExecutionInstance, Experiment
from hxtwin.frontend.torch.hardware import GraphHardware
from hxtwin.frontend.torch.training.loop import evaluate, load_weights, resume_from
from hxtwin.frontend.torch.training.network import Network
from hxtwin.frontend.torch.training.session import Place, train
from hxtwin.frontend.torch.training.settings import mnist_short_settings, yinyang_settings
from hxtwin.frontend.torch.training.task import make_task
from hxtwin.graph.execution import conductor
from hxtwin.graph.execution.spike_trains import LabelledSpikes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from hxtwin.calib.spiking_result import SpikingCalibrationResult
    from hxtwin.calib.target import SpikingCalibTarget
    from hxtwin.frontend.torch.chip_section import ChipResult, ChipSection
    from hxtwin.frontend.torch.training.loop import Evaluation
    from hxtwin.frontend.torch.training.settings import TrainingSettings
    from hxtwin.runtime import Connection

CHIPS: Final = (7, 8, 9)
_FOLDER: Final = ROOT / "build" / "training"
_YINYANG: Final = 92.0
_MNIST: Final = 96.0
#: Samples of a counter-check.
_FEW: Final = 300
#: A network that guesses is right as often as the most frequent class occurs; more by chance, in percent.
_LUCK: Final = 6.0
_LOST: Final = 10.0
_STEP_MS: Final = 600.0
_ROUNDS: Final = 5


def _url(chip: int) -> str:
    return f"sim://?chip={chip}"


# --- trainings --------------------------------------------------------------------------------------------------------


def _mnist_data() -> Path:
    return Path(os.environ.get("HXTWIN_MNIST_DATA", ROOT.parent / "shared" / "data" / "mnist"))


def _folder(task: str, chip: int) -> Path:
    elsewhere = os.environ.get("HXTWIN_MNIST_TRAINING")
    if task == "mnist" and elsewhere:
        return Path(elsewhere)
    return _FOLDER / f"{task}-chip{chip}"


def _training(task: str, chip: int) -> dict[str, Any]:
    """The log of a finished training; it is done, or gone on with, if there is none."""
    folder = _folder(task, chip)
    if not (folder / "result.json").exists():
        begun = (folder / "last.safetensors").exists()
        settings = resume_from(folder).settings if begun else _settings(task, chip)
        data = _mnist_data() if task == "mnist" else None
        train(settings, Place(mock=False, endpoint=_url(chip)), folder, data=data, resume=begun, checkpoint_every=20)
    found: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return found


def _settings(task: str, chip: int) -> TrainingSettings:
    if task == "mnist":
        return mnist_short_settings()
    return attrs.evolve(yinyang_settings(), seed=chip, target_accuracy=(_YINYANG + 2.5) / 100)


def _trained(task: str, chip: int, least: float) -> Iterable[Figure]:
    """A training, from random weights to the test."""
    log = _training(task, chip)
    history, test, settings = log["history"], log["test"], log["settings"]
    best = history[log["best_epoch"] - 1]
    detail = f"epoch {log['best_epoch']} of {len(history)}, seed {settings['seed']}, on {log['place']}"
    yield at_least("test accuracy in the loop", 100 * test["accuracy"], least, "%", f"{test['images']} samples")
    yield reported("validation accuracy", 100 * best["validation_accuracy"], "%", detail)
    curve = ", ".join(f"{100 * record['validation_accuracy']:.1f}" for record in history)
    yield Figure("validation accuracy by epoch", curve, "", "", None, f"{settings['train_size']} samples at most each")
    yield reported("spikes per hidden neuron and sample", test["hidden_spikes"], "")
    for name in ("words_sent", "words_received", "spikes_received", "samples_received"):
        each = test["counts"].get(name, 0) / max(1, test["steps"])
        yield at_least(f"{name.replace('_', ' ')} per step", each, 1, "", f"{settings['batch_size']} samples a step")
    yield reported("time of a sample on the chip", 1e3 * test["chip_seconds"] / test["images"], "ms", "wall clock")
    versions = ", ".join(f"{name} {version}" for name, version in log["versions"].items())
    yield Figure("versions", versions, "", "", None)


# --- a trained network in another place, or with a broken link --------------------------------------------------------


def _evaluated(
    task: str,
    experiment: Callable[[float], Experiment],
    chip: int = CHIPS[0],
    change: Callable[[Network], None] = lambda network: None,
    samples: int = _FEW,
) -> Evaluation:
    """Test accuracy of a trained network.

    Args:
        task: name of the task.
        experiment: gives the experiment for a time step.
        chip: where it was trained.
        change: what is done to the network before.
        samples: test samples, the first ones.
    """
    _training(task, chip)
    checkpoint = resume_from(_folder(task, chip))
    settings = attrs.evolve(checkpoint.settings, test_size=min(samples, checkpoint.settings.test_size))
    data = make_task(settings, _mnist_data() if task == "mnist" else None)
    with experiment(settings.dt) as opened:
        network = Network(data.inputs, settings, opened)
        load_weights(network, checkpoint.best)
        change(network)
        return evaluate(network, data, data.test, settings.batch_size)


def _on(chip: int) -> Callable[[float], Experiment]:
    return Place(mock=False, endpoint=_url(chip)).experiment


def _as_trained(task: str) -> float:
    return 100 * _evaluated(task, _on(CHIPS[0])).accuracy


def _guessing(result: Evaluation) -> float:
    """How often the most frequent class occurs, percent."""
    return 100 * float(result.confusion.sum(1).max()) / result.images


def _chance(name: str, result: Evaluation) -> Iterable[Figure]:
    limit = _guessing(result) + _LUCK
    detail = f"{result.images} samples; the most frequent class is {_guessing(result):.1f} % of them"
    yield at_most(name, 100 * result.accuracy, limit, "%", detail)


def _elsewhere(task: str) -> Iterable[Figure]:
    """The same weights in software and on another chip, not trained there."""
    yield reported("accuracy on its chip", _as_trained(task), "%", f"{_FEW} test samples, {_url(CHIPS[0])}")
    software = _evaluated(task, Place(mock=True).experiment)
    yield reported("accuracy in software", 100 * software.accuracy, "%")
    other = _evaluated(task, _on(CHIPS[1]))
    yield reported("accuracy on another chip", 100 * other.accuracy, "%", f"{_url(CHIPS[1])}, calibrated")


class ConstantMembranes(GraphHardware):
    """Chips whose column ADC always says the same."""

    def run(self, section: ChipSection) -> ChipResult:
        """Run a section; samples are replaced."""
        result = super().run(section)
        recordings = {
            name: recording
            if recording.cadc is None
            else attrs.evolve(
                recording, cadc=attrs.evolve(recording.cadc, value=np.full_like(recording.cadc.value, 100.0))
            )
            for name, recording in result.recordings.items()
        }
        return attrs.evolve(result, recordings=recordings)


def _constant(task: str) -> Iterable[Figure]:
    """Values of the column ADC replaced by a constant."""

    def experiment(dt: float) -> Experiment:
        return Experiment(dt=dt, hardware=ConstantMembranes(_url(CHIPS[0])))

    yield from _chance("accuracy with constant membranes", _evaluated(task, experiment))


@contextmanager
def _no_spikes() -> Iterator[None]:
    """All spikes that come from the chip are lost."""

    def nothing(*_: object) -> LabelledSpikes:
        return LabelledSpikes.none()

    with mock.patch.object(conductor, "recorded_spikes", nothing):
        yield


def _two_instances(network: Network) -> None:
    """Hidden layer and readout run one after the other: spikes between them go through the host."""
    network.hidden.execution_instance = ExecutionInstance()
    network.readout.execution_instance = ExecutionInstance()


def _dropped(task: str) -> Iterable[Figure]:
    """Spikes of the chip dropped, where all of them go through the host."""
    change = _two_instances if task == "yinyang" else lambda network: None
    whole = _evaluated(task, _on(CHIPS[0]), change=change)
    detail = "hidden layer and readout in different executions"
    yield reported("accuracy with all spikes", 100 * whole.accuracy, "%", detail)
    with _no_spikes():
        yield from _chance("accuracy without spikes of the chip", _evaluated(task, _on(CHIPS[0]), change=change))


def _permuted_calibration(connection: Connection, target: SpikingCalibTarget) -> SpikingCalibrationResult:
    """Codes of every circuit go to another one."""
    result = spiking.calibrate(connection, target)
    order = np.random.default_rng(1).permutation(512)
    settings = {path: codes[order] if path.startswith(NEURON) else codes for path, codes in result.settings.items()}
    return attrs.evolve(result, settings=settings)


def _permuted(task: str) -> Iterable[Figure]:
    """The calibration permuted over neurons."""

    def experiment(dt: float) -> Experiment:
        return Experiment(dt=dt, connections=_url(CHIPS[0]), calibrate=_permuted_calibration)

    before = _as_trained(task)
    after = 100 * _evaluated(task, experiment).accuracy
    yield at_least("accuracy lost", before - after, _LOST, "points", f"{before:.1f} % before, {after:.1f} % after")


def _mixed(task: str) -> Iterable[Figure]:
    """First layer on the twin, the rest in software."""

    def change(network: Network) -> None:
        network.readout.mock = True

    result = _evaluated(task, _on(CHIPS[0]), change=change)
    yield reported("accuracy, weights of the loop", 100 * result.accuracy, "%", f"{result.images} samples")
    received = result.counts["spikes_received"] / result.steps
    yield at_least("spikes received per step", received, 1, "", "of the hidden layer; no membrane is recorded")
    yield at_most("samples received", result.counts["samples_received"], 0, "")


# --- time of a step ---------------------------------------------------------------------------------------------------


def _benchmark(name: str) -> ModuleType:
    """A module of the benchmarks, which are no package."""
    folder = str(ROOT / "benchmarks")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


def _step() -> Iterable[Figure]:
    """Where the time of an MNIST step of 100 images goes, beside the paper and a step in software."""
    chip, peer = _benchmark("bench_frontend_chip"), _benchmark("bench_frontend_peer")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a few of the random weights are beyond the range of the chip
        with hxtwin.connect(chip.ENDPOINT) as connection:
            steps = chip.Steps(connection)
            steps.step()
            found = sorted((steps.step() for _ in range(_ROUNDS)), key=lambda phases: phases["total"])[_ROUNDS // 2]
    yield at_most("total", 1e3 * found["total"], _STEP_MS, "ms", f"median of {_ROUNDS}, {chip.ENDPOINT}; paper 1800 ms")
    for row, (phases, paper) in chip.ROWS.items():
        if row != "total":
            beside = "" if paper is None else f"paper {paper:g} ms"
            yield reported(row, 1e3 * sum(found[phase] for phase in phases), "ms", beside)
    for library, make in peer.STEPS.items():
        timing = measure(make(), _ROUNDS)
        yield reported(f"step in software, {library}", 1e3 * timing.median, "ms", f"median of {_ROUNDS}")


_CHECKS: Final[tuple[tuple[str, str, Callable[[str], Iterable[Figure]]], ...]] = (
    ("elsewhere", "the same weights in software and on another chip", _elsewhere),
    ("constant", "membranes replaced by a constant", _constant),
    ("dropped", "spikes of the chip dropped", _dropped),
    ("permuted", "calibration permuted over neurons", _permuted),
    ("mixed", "first layer on the twin, the rest in software", _mixed),
)

TOPIC = Topic(
    "training-in-the-loop",
    "Training in the loop",
    (
        *(
            Piece(f"yinyang-{chip}", f"Yin-yang, chip {chip}", partial(_trained, "yinyang", chip, _YINYANG), chip)
            for chip in CHIPS
        ),
        *(
            Piece(f"yinyang-{name}", f"Yin-yang: {title}", partial(work, "yinyang"), CHIPS[0])
            for name, title, work in _CHECKS
        ),
        Piece("mnist-loop", f"MNIST in 5 executions, chip {CHIPS[0]}", partial(_trained, "mnist", CHIPS[0], _MNIST), 0),
        *(Piece(f"mnist-{name}", f"MNIST: {title}", partial(work, "mnist"), CHIPS[0]) for name, title, work in _CHECKS),
        Piece("mnist-step", "Time of a training step of 100 MNIST images", _step, 0),
        Piece("training-tests", "Frontend tests", lambda: check.tests("frontend", ["tests/frontend"])),
    ),
)
