"""MNIST, from four files that the user brings.

===============================  ==========================
file (plain or with ``.gz``)     content
===============================  ==========================
``train-images-idx3-ubyte``      training images, 28 x 28
``train-labels-idx1-ubyte``      their labels, 0..9
``t10k-images-idx3-ubyte``       test images
``t10k-labels-idx1-ubyte``       their labels
===============================  ==========================

The forms ``train-images.idx3-ubyte`` and ``t5k-..`` (the first half of the test images) are known, too. Numbers of
images are those of the files.

Reference: frontend-torch.md E.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import attrs
import numpy as np
import torch

from hxtwin.frontend.errors import DataError
from hxtwin.frontend.torch.datasets.idx import read_idx

#: Pixels along each side.
SIDE: Final = 28
CLASSES: Final = 10

_TRAIN: Final = ("train",)
_TEST: Final = ("t10k", "t5k")


@attrs.frozen(eq=False)
class LabelledImages:
    """Images with their labels.

    Args:
        images: uint8 (n, 28, 28), 255 is ink.
        labels: int64 (n), 0..9.
    """

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, begin: int, end: int) -> LabelledImages:
        """Images begin..end - 1."""
        return LabelledImages(self.images[begin:end], self.labels[begin:end])


def read_mnist(folder: Path | str, *, train: bool) -> LabelledImages:
    """Read training or test images.

    Args:
        folder: where the files are.
        train: training images, otherwise test images.

    Raises:
        DataError: the folder or a file is absent (the message says what to put there), damaged, or the two files do
            not belong together.
    """
    folder = Path(folder)
    prefixes = _TRAIN if train else _TEST
    images_path = _find(folder, prefixes, "images", 3)
    labels_path = _find(folder, prefixes, "labels", 1)
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
        raise DataError(f"{images_path} holds an array of shape {images.shape}; images of {SIDE} x {SIDE} are wanted")
    if labels.ndim != 1 or len(labels) != len(images):
        raise DataError(f"{labels_path} has labels of shape {labels.shape} for the {len(images)} images beside it")
    if labels.max() >= CLASSES:
        raise DataError(f"{labels_path} has label {labels.max()}; 0..{CLASSES - 1} are wanted")
    return LabelledImages(torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64)))


def _find(folder: Path, prefixes: tuple[str, ...], kind: str, dimensions: int) -> Path:
    for prefix in prefixes:
        for separator in ("-", "."):
            for ending in ("", ".gz"):
                path = folder / f"{prefix}-{kind}{separator}idx{dimensions}-ubyte{ending}"
                if path.is_file():
                    return path
    wanted = ", ".join(
        f"{prefix}-{what}-ubyte[.gz]" for prefix in ("train", "t10k") for what in ("images-idx3", "labels-idx1")
    )
    state = "lacks it" if folder.is_dir() else "does not exist"
    raise DataError(
        f"MNIST: {prefixes[0]}-{kind}-idx{dimensions}-ubyte[.gz] is needed, but the folder {folder} {state}; put the "
        f"four files of MNIST there ({wanted}) and name the folder with --data"
    )
