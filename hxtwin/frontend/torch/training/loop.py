"""The training loop.

A step encodes a batch, runs the network (in software or on the chip), and follows the gradient of

    cross entropy of the scores + penalties on bursts, weights and scores.

All random numbers come from the seed: the order of an epoch from seed and epoch, dropout from the global generator,
augmentation from one of its own; the last two are part of the checkpoint.

Reference: frontend-torch.md E (paper Table 3).
"""

from __future__ import annotations

import math
import time
import warnings
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs
import torch

from hxtwin.frontend.errors import CheckpointError, FrontendWarning, SilenceWarning
from hxtwin.frontend.torch.training.checkpoint import (
    Checkpoint,
    EpochRecord,
    Progress,
    load,
    optimizer_tensors,
    restore_optimizer,
    save,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hxtwin.frontend.torch.training.network import Network, Observed
    from hxtwin.frontend.torch.training.settings import TrainingSettings
    from hxtwin.frontend.torch.training.task import Samples, Task


@attrs.frozen
class StepReport:
    """What a listener is told after each step.

    Args:
        epoch: current epoch, 1, 2, ..
        step, steps: finished steps and all steps of the epoch.
        loss, accuracy: means over the epoch so far.
        chip_seconds: time on the chip of this epoch so far.
        step_loss, step_accuracy: of this step alone.
        hidden_spikes: spikes per hidden neuron and image of this step.
        seconds: wall time of this step.
        counts: of this step: words sent and received, spikes, samples, problems; empty in software.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float
    chip_seconds: float
    step_loss: float
    step_accuracy: float
    hidden_spikes: float
    seconds: float
    counts: Mapping[str, int]


@attrs.frozen
class Evaluation:
    """Result of an evaluation.

    Args:
        accuracy: part of the images that was recognised.
        images: number of images.
        hidden_spikes: spikes per hidden neuron and image.
        seconds, chip_seconds: wall time, and the part of it on the chip.
        confusion: int64 (true class, recognised class).
        steps: number of runs.
        counts: sums over the runs: words sent and received, spikes, samples, problems; empty in software.
    """

    accuracy: float
    images: int
    hidden_spikes: float
    seconds: float
    chip_seconds: float
    confusion: torch.Tensor
    steps: int
    counts: dict[str, int]


class Trainer:
    """Trains a network on a task.

    Args:
        settings: everything that determines the result.
        task: data and encoding.
        network: to be trained.
        folder: where checkpoints go, ``last.safetensors``; None: nowhere.
        checkpoint_every: steps between checkpoints within an epoch; there is one after each epoch in any case.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        task: Task,
        network: Network,
        folder: Path | None = None,
        checkpoint_every: int = 100,
    ) -> None:
        self.settings = settings
        self.task = task
        self.network = network
        self.path = None if folder is None else folder / "last.safetensors"
        self.checkpoint_every = checkpoint_every
        self.progress = Progress()
        self.best: dict[str, torch.Tensor] = {}
        self.optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
        self.augmentation = torch.Generator().manual_seed(settings.seed)

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on where a checkpoint was written.

        Raises:
            CheckpointError: it is of another training.
        """
        if attrs.evolve(checkpoint.settings, epochs=self.settings.epochs) != self.settings:
            different = [
                name
                for name, value in attrs.asdict(checkpoint.settings, recurse=False).items()
                if name != "epochs" and value != getattr(self.settings, name)
            ]
            raise CheckpointError(
                f"the checkpoint was made with other settings ({', '.join(different)}); give the same ones, or train "
                "into another folder"
            )
        load_weights(self.network, checkpoint.model)
        restore_optimizer(self.optimizer, checkpoint.optimizer)
        self.best = checkpoint.best
        self.progress = checkpoint.progress
        self.progress.finished = self._done()
        try:
            torch.set_rng_state(checkpoint.random["torch"])
            self.augmentation.set_state(checkpoint.random["augmentation"])
        except (KeyError, RuntimeError, TypeError) as error:
            raise CheckpointError(f"the states of the random generators cannot be restored: {error}") from error

    def checkpoint(self) -> Checkpoint:
        """Everything that is needed to go on."""
        return Checkpoint(
            self.settings,
            self.progress,
            dict(self.network.state_dict()),
            self.best,
            optimizer_tensors(self.optimizer),
            {"torch": torch.get_rng_state(), "augmentation": self.augmentation.get_state()},
        )

    def fit(self, listener: Callable[[StepReport], None] = lambda report: None) -> Progress:
        """Train until the last epoch, the target, or the end of patience.

        Args:
            listener: called after each step.

        Returns:
            History and best validation; `best` has the weights.
        """
        while not self.progress.finished:
            self._epoch(listener)
        return self.progress

    def _epoch(self, listener: Callable[[StepReport], None]) -> None:
        p, s = self.progress, self.settings
        self.network.train()
        order = torch.randperm(
            len(self.task.train), generator=torch.Generator().manual_seed(1_000_003 * s.seed + p.epoch)
        )
        batches = order.split(s.batch_size)
        with _collected_warnings() as collected:
            self._steps(batches, listener)
        _repeat(collected, len(batches))
        self._finish_epoch()
        if self.path is not None:
            save(self.path, self.checkpoint())

    def _steps(self, batches: Sequence[torch.Tensor], listener: Callable[[StepReport], None]) -> None:
        p = self.progress
        for batch in batches[p.step :]:
            rate = learning_rate(self.settings, p.epoch, p.step / len(batches))
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            listener(self._step(batch, len(batches)))
            if self.path is not None and p.step % self.checkpoint_every == 0 and p.step < len(batches):
                save(self.path, self.checkpoint())

    def _step(self, batch: torch.Tensor, steps: int) -> StepReport:
        p = self.progress
        begin = time.perf_counter()
        labels = self.task.train.labels[batch]
        observed = self.network(self.task.encode(self.task.train.values[batch], self.augmentation))
        loss = self.loss(observed, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.network.limit_weights()
        spikes = float(observed.hidden_spikes.detach().sum()) / observed.hidden_spikes.shape[2]
        if spikes == 0.0:
            warnings.warn(
                "the hidden layer does not fire: nothing can be learned. Raise the mean of its initial weights or "
                "lower its threshold",
                SilenceWarning,
                stacklevel=2,
            )
        correct = int((observed.scores.argmax(1) == labels).sum())
        seconds = time.perf_counter() - begin
        p.loss_sum += float(loss.detach()) * len(batch)
        p.correct += correct
        p.seen += len(batch)
        p.spike_sum += spikes
        p.seconds += seconds
        p.chip_seconds += observed.info.time.get("chip", 0.0)
        for name, count in observed.info.health.items():
            p.counts[name] = p.counts.get(name, 0) + count
        p.step += 1
        return StepReport(
            epoch=p.epoch + 1,
            step=p.step,
            steps=steps,
            loss=p.loss_sum / p.seen,
            accuracy=p.correct / p.seen,
            chip_seconds=p.chip_seconds,
            step_loss=float(loss.detach()),
            step_accuracy=correct / len(batch),
            hidden_spikes=spikes / len(batch),
            seconds=seconds,
            counts=dict(observed.info.health),
        )

    def loss(self, observed: Observed, labels: torch.Tensor) -> torch.Tensor:
        """Cross entropy and penalties of a batch.

        Args:
            observed: result of the network.
            labels: int64 (batch).
        """
        s = self.settings
        fade = s.penalty_decay**self.progress.epoch
        loss = torch.nn.functional.cross_entropy(observed.scores, labels)
        if s.burst_penalty:
            counts = observed.hidden_spikes.sum(0)
            loss = loss + fade * s.burst_penalty * (counts**s.burst_exponent).mean()
        if s.weight_penalty_hidden:
            loss = loss + fade * s.weight_penalty_hidden * (self.network.synapse_hidden.weight**2).mean()
        if s.weight_penalty_output:
            loss = loss + fade * s.weight_penalty_output * (self.network.synapse_output.weight**2).mean()
        if s.readout_penalty:
            loss = loss + fade * s.readout_penalty * (observed.scores**2).mean()
        return loss

    def _finish_epoch(self) -> None:
        p = self.progress
        validation = self.evaluate(self.task.validation)
        p.epoch += 1
        p.history.append(
            EpochRecord(
                epoch=p.epoch,
                train_loss=p.loss_sum / p.seen,
                train_accuracy=p.correct / p.seen,
                validation_accuracy=validation.accuracy,
                hidden_spikes=p.spike_sum / p.seen,
                seconds=p.seconds + validation.seconds,
                chip_seconds=p.chip_seconds + validation.chip_seconds,
                counts=p.counts,
            )
        )
        p.step = p.correct = p.seen = 0
        p.loss_sum = p.spike_sum = p.seconds = p.chip_seconds = 0.0
        p.counts = {}
        if validation.accuracy > p.best_accuracy:
            p.best_accuracy, p.best_epoch = validation.accuracy, p.epoch
            self.best = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        p.finished = self._done()

    def _done(self) -> bool:
        p, s = self.progress, self.settings
        tired = 0 < s.patience <= p.epoch - p.best_epoch
        return p.epoch >= s.epochs or tired or p.best_accuracy >= s.target_accuracy

    def evaluate(self, samples: Samples) -> Evaluation:
        """Recognise samples, without dropout, augmentation or gradients."""
        return evaluate(self.network, self.task, samples, self.settings.batch_size)


def learning_rate(settings: TrainingSettings, epoch: int, part: float) -> float:
    """Rate of a step.

    Args:
        settings: rate at the start, and how it falls.
        epoch: finished epochs.
        part: of the current epoch that is finished, 0..1.
    """
    s = settings
    if s.schedule == "steps":
        return s.learning_rate * s.decay ** (epoch // s.decay_every)
    angle = math.pi * min(1.0, (epoch + part) / s.epochs)
    return s.learning_rate * (s.final_rate + (1.0 - s.final_rate) * 0.5 * (1.0 + math.cos(angle)))


@contextmanager
def _collected_warnings() -> Iterator[dict[tuple[type[FrontendWarning], str], tuple[int, str]]]:
    """Warnings of the front end, one for each kind and module: how often, and the last text; filled at the end.

    Weights saturate in step after step with other counts; a terminal needs one line of it for an epoch.
    """
    collected: dict[tuple[type[FrontendWarning], str], tuple[int, str]] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FrontendWarning)
        yield collected
    for warning in caught:
        text = str(warning.message)
        if issubclass(warning.category, FrontendWarning):
            key = (warning.category, text.partition(":")[0])
            collected[key] = (collected.get(key, (0, ""))[0] + 1, text)
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def _repeat(collected: Mapping[tuple[type[FrontendWarning], str], tuple[int, str]], steps: int) -> None:
    """Give the warnings that were collected, each once."""
    for (category, _), (count, text) in collected.items():
        warnings.warn(f"{text} (in {count} of {steps} steps)", category, stacklevel=3)


def evaluate(
    network: Network,
    task: Task,
    samples: Samples,
    batch_size: int,
    listener: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Recognise samples, without dropout, augmentation or gradients.

    Args:
        network: trained network.
        task: how values become spikes.
        samples: what is recognised.
        batch_size: images per run.
        listener: called with the number of images done and of all images.
    """
    begin = time.perf_counter()
    training = network.training
    network.eval()
    confusion = torch.zeros((network.readout.size, network.readout.size), dtype=torch.int64)
    spikes = chip = 0.0
    steps = done = 0
    counts: Counter[str] = Counter()
    with _collected_warnings() as collected, torch.no_grad():
        for values, labels in zip(samples.values.split(batch_size), samples.labels.split(batch_size), strict=True):
            observed = network(task.encode(values))
            confusion.index_put_((labels, observed.scores.argmax(1)), torch.tensor(1), accumulate=True)
            spikes += float(observed.hidden_spikes.sum()) / observed.hidden_spikes.shape[2]
            chip += observed.info.time.get("chip", 0.0)
            counts.update(observed.info.health)
            steps += 1
            done += len(labels)
            listener(done, len(samples))
    network.train(training)
    _repeat(collected, steps)
    return Evaluation(
        int(confusion.diagonal().sum()) / len(samples),
        len(samples),
        spikes / len(samples),
        time.perf_counter() - begin,
        chip,
        confusion,
        steps,
        dict(counts),
    )


def load_weights(network: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Give a network the weights of a checkpoint.

    Raises:
        CheckpointError: names or shapes differ.
    """
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"the weights of the checkpoint do not fit the network: {error}") from error


def resume_from(path: Path) -> Checkpoint:
    """The checkpoint of a folder or file.

    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    return load(path / "last.safetensors" if path.is_dir() else path)
