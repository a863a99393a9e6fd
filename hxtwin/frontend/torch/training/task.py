"""The two tasks: data, encoding, augmentation.

=========  ==================================================  ==========================================
task       data                                                encoding
=========  ==================================================  ==========================================
yinyang    generated; seeds differ for the three sets          coordinates as spike times, a bias channel
mnist      last training images validate, test images apart    bright pixels first, dark ones never
=========  ==================================================  ==========================================

Reference: frontend-torch.md A8, E.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import attrs

from hxtwin.frontend.errors import DataError
from hxtwin.frontend.torch.datasets import YinYang, read_mnist, rotated
from hxtwin.frontend.torch.encoding import CoordinatesToSpikes, LinearTimeToFirstSpike

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from hxtwin.frontend.torch.training.settings import TrainingSettings

#: Steps of the time-to-first-spike code; the run lasts a little longer, so that late spikes act.
_CODE_STEPS: Final = 30


@attrs.frozen(eq=False)
class Samples:
    """Inputs before encoding, with labels.

    Args:
        values: (n, ..).
        labels: int64 (n).
    """

    values: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)


class Task(Protocol):
    """Data of a task and how they become spikes."""

    #: Number of input channels.
    inputs: int
    train: Samples
    validation: Samples
    test: Samples

    def encode(self, values: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Spikes (time, batch, channels); with a generator the values are augmented by random changes."""
        ...


class YinYangTask:
    """Yin-yang: four coordinates as spike times and a bias.

    Args:
        settings: sizes and seed.
        repetitions: how often each channel occurs; one synapse of the chip is too weak for a single spike.
    """

    def __init__(self, settings: TrainingSettings, repetitions: int = 5) -> None:
        seed = 1000 * settings.seed
        self.train, self.validation, self.test = (
            Samples(data.values, data.classes)
            for data in (
                YinYang(settings.train_size, seed + 42),
                YinYang(settings.validation_size, seed + 41),
                YinYang(settings.test_size, seed + 40),
            )
        )
        self.repetitions = repetitions
        self.inputs = 5 * repetitions
        late = (settings.steps - 12) * settings.dt
        self._encoder = CoordinatesToSpikes(settings.steps, 2e-6, late, settings.dt, t_bias=2e-6)

    def encode(self, values: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Spikes; nothing is augmented."""
        del generator
        return self._encoder(values).repeat_interleave(self.repetitions, dim=2)


class MNISTTask:
    """MNIST: one spike per pixel, the brighter the earlier.

    Args:
        settings: sizes, rotation.
        folder: where the four files are.

    Raises:
        DataError: files are absent or damaged, or there are too few images.
    """

    inputs = 784

    def __init__(self, settings: TrainingSettings, folder: Path) -> None:
        both = read_mnist(folder, train=True)
        test = read_mnist(folder, train=False)
        last = len(both) - settings.validation_size
        if last < 1:
            raise DataError(
                f"{len(both)} training images, but the last {settings.validation_size} are for validation; "
                "lower --limit or bring all files"
            )
        self.train, self.validation, self.test = (
            Samples(part.images, part.labels)
            for part in (
                both.part(0, min(last, settings.train_size)),
                both.part(last, len(both)),
                test.part(0, settings.test_size),
            )
        )
        self._settings = settings
        self._encoder = LinearTimeToFirstSpike(_CODE_STEPS)

    def encode(self, values: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
        """Spikes of images, turned at random if a generator is given."""
        images = values.float() / 255.0
        s = self._settings
        if generator is not None and s.rotation_probability > 0.0:
            images = rotated(images, s.rotation_degrees, s.rotation_probability, generator)
        return self._encoder(images)


def make_task(settings: TrainingSettings, folder: Path | None) -> Task:
    """The task that the settings name.

    Raises:
        DataError: MNIST without a folder, or files are absent or damaged.
    """
    if settings.task == "yinyang":
        return YinYangTask(settings)
    if folder is None:
        raise DataError("MNIST needs its files: name their folder with --data")
    return MNISTTask(settings, folder)
