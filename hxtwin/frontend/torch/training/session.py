"""A training from its settings to its files: what ``hxtwin train`` and ``hxtwin eval`` do, without a terminal.

=======================  =================================================
file in the folder       content
=======================  =================================================
``last.safetensors``     checkpoint, see `checkpoint`
``result.json``          settings, history, test result, versions, place
``curves.png``           loss, error and activity over epochs
``partitions.png``       one image on its way through the network
=======================  =================================================
"""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

import attrs
import numba
import numpy as np
import torch

from hxtwin import __version__
from hxtwin.calib.nominal import calibrate_nominally
from hxtwin.frontend.torch.experiment import Experiment
from hxtwin.frontend.torch.training.loop import Evaluation, StepReport, Trainer, evaluate, load_weights, resume_from
from hxtwin.frontend.torch.training.network import Network
from hxtwin.frontend.torch.training.plots import plot_curves, plot_partitions
from hxtwin.frontend.torch.training.task import Task, make_task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hxtwin.frontend.torch.training.checkpoint import Progress
    from hxtwin.frontend.torch.training.settings import TrainingSettings


@attrs.frozen
class Place:
    """Where a network runs.

    Args:
        mock: in software.
        endpoint: URL of the chip; None: the default endpoint.
        nominal: codes of a chip without mismatch in the place of a calibration, for ideal twins.
    """

    mock: bool
    endpoint: str | None = None
    nominal: bool = False

    def experiment(self, dt: float) -> Experiment:
        """An experiment there."""
        calibrate = calibrate_nominally if self.nominal else None
        return Experiment(mock=self.mock, dt=dt, connections=self.endpoint, calibrate=calibrate)

    def __str__(self) -> str:
        if self.mock:
            return "software"
        return (self.endpoint or "default endpoint") + (", nominal calibration" if self.nominal else "")


@attrs.frozen(eq=False)
class Outcome:
    """Result of a training.

    Args:
        progress: history and best validation.
        test: test images, evaluated once with the weights of the best validation; None if training goes on later.
        folder: where the files are.
    """

    progress: Progress
    test: Evaluation | None
    folder: Path


def train(
    settings: TrainingSettings,
    place: Place,
    folder: Path,
    *,
    data: Path | None = None,
    resume: bool = False,
    checkpoint_every: int = 100,
    listener: Callable[[StepReport], None] = lambda report: None,
) -> Outcome:
    """Train, select by validation, test once, write files.

    Args:
        settings: everything that determines the result.
        place: software or chip.
        folder: where files go; made if absent.
        data: folder of the data set, if it needs one.
        resume: go on from ``last.safetensors`` of the folder.
        checkpoint_every: steps between checkpoints within an epoch.
        listener: called after each step.

    Raises:
        FrontendError: data, checkpoint or an extra are missing or damaged.
    """
    torch.manual_seed(settings.seed)
    task = make_task(settings, data)
    with place.experiment(settings.dt) as experiment:
        network = Network(task.inputs, settings, experiment)
        trainer = Trainer(settings, task, network, folder, checkpoint_every)
        if resume:
            trainer.resume(resume_from(folder))
        progress = trainer.fit(listener)
        load_weights(network, trainer.best)
        test = evaluate(network, task, task.test, settings.batch_size)
        _write(folder, settings, place, progress, test)
        plot_curves(progress.history, folder / "curves.png")
        _picture(network, task, settings, folder / "partitions.png")
    return Outcome(progress, test, folder)


def evaluate_checkpoint(
    path: Path,
    place: Place,
    *,
    data: Path | None = None,
    limit: int | None = None,
    listener: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[TrainingSettings, Evaluation]:
    """Evaluate the best weights of a checkpoint on the test images.

    Args:
        path: checkpoint, or the folder it is in.
        place: software or chip, the same or another one than in training.
        data: folder of the data set, if it needs one.
        limit: number of test images; None: all.
        listener: called with the number of images done and of all images.

    Returns:
        Settings of the training, and the result.

    Raises:
        FrontendError: data or checkpoint are missing or damaged.
    """
    checkpoint = resume_from(path)
    settings = checkpoint.settings
    if limit is not None:
        settings = attrs.evolve(settings, test_size=min(limit, settings.test_size))
    task = make_task(settings, data)
    with place.experiment(settings.dt) as experiment:
        network = Network(task.inputs, settings, experiment)
        load_weights(network, checkpoint.best or checkpoint.model)
        return settings, evaluate(network, task, task.test, settings.batch_size, listener)


def _write(folder: Path, settings: TrainingSettings, place: Place, progress: Progress, test: Evaluation) -> None:
    document: dict[str, Any] = {
        "settings": settings.to_dict(),
        "place": str(place),
        "history": [attrs.asdict(record) for record in progress.history],
        "best_epoch": progress.best_epoch,
        "test": {**attrs.asdict(test), "confusion": test.confusion.tolist()},
        "versions": {
            "hxtwin": __version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "numba": numba.__version__,
            "python": platform.python_version(),
        },
    }
    (folder / "result.json").write_text(json.dumps(document, indent=1), encoding="utf-8")


def _picture(network: Network, task: Task, settings: TrainingSettings, path: Path) -> None:
    network.eval()
    with torch.no_grad():
        spikes = task.encode(task.test.values[:1])
        observed = network(spikes)
    parts = -(-settings.hidden.size * settings.hidden.circuits // 512)
    plot_partitions(spikes[:, 0], observed.hidden_spikes[:, 0], observed.readout[:, 0], parts, settings.dt, path)
