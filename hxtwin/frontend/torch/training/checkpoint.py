"""Checkpoints: everything that is needed to go on exactly where a training stopped.

One file in safetensors form; it is replaced as a whole, so that a killed training leaves the last complete one.

=============================  =============================================================
entry                          content
=============================  =============================================================
``model.<name>``               weights
``best.<name>``                weights of the best validation so far
``optimizer.<n>.<name>``       state of the optimiser for the n-th weight
``random.torch``               state of the global generator (dropout)
``random.augmentation``        state of the generator of the augmentation
metadata ``hxtwin``            JSON: version, settings, progress, history
=============================  =============================================================
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

import attrs
import cattrs
import torch

from hxtwin import __version__
from hxtwin.frontend.errors import CheckpointError, MissingExtraError
from hxtwin.frontend.torch.training.settings import TrainingSettings

if TYPE_CHECKING:
    from pathlib import Path

#: Version of the layout of this module.
FORMAT: Final = 1
#: Largest file that is read.
LARGEST_FILE: Final = 1 << 30
_METADATA: Final = "hxtwin"


@attrs.define(kw_only=True)
class EpochRecord:
    """Results of an epoch.

    Args:
        epoch: 1, 2, ..
        train_loss, train_accuracy: mean over the steps of the epoch.
        validation_accuracy: after the epoch.
        hidden_spikes: spikes per hidden neuron and image, in training.
        seconds, chip_seconds: wall time of the epoch, and the part of it that the chip took.
        counts: sums over the steps: words sent and received, spikes, samples, problems; empty in software.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_accuracy: float
    hidden_spikes: float
    seconds: float
    chip_seconds: float
    counts: dict[str, int] = attrs.field(factory=dict)


@attrs.define(kw_only=True)
class Progress:
    """How far a training has come.

    Args:
        epoch: finished epochs.
        step: finished steps of the current epoch.
        loss_sum, correct, seen, spike_sum, seconds, chip_seconds, counts: sums over these steps.
        history: finished epochs.
        best_accuracy, best_epoch: best validation.
        finished: no further epoch is wanted (target reached, no progress, or last epoch).
    """

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    correct: int = 0
    seen: int = 0
    spike_sum: float = 0.0
    seconds: float = 0.0
    chip_seconds: float = 0.0
    counts: dict[str, int] = attrs.field(factory=dict)
    history: list[EpochRecord] = attrs.field(factory=list)
    best_accuracy: float = -1.0
    best_epoch: int = 0
    finished: bool = False


@attrs.frozen(eq=False)
class Checkpoint:
    """Content of a checkpoint."""

    settings: TrainingSettings
    progress: Progress
    model: dict[str, torch.Tensor]
    best: dict[str, torch.Tensor]
    optimizer: dict[str, torch.Tensor]
    random: dict[str, torch.Tensor]


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; the file appears complete or not at all.

    Raises:
        CheckpointError: it cannot be written.
        MissingExtraError: safetensors is not installed.
    """
    write = _safetensors().save
    tensors = {
        f"{group}.{name}": tensor.detach().cpu().contiguous().clone()
        for group in ("model", "best", "optimizer", "random")
        for name, tensor in getattr(checkpoint, group).items()
    }
    document = {
        "format": FORMAT,
        "version": __version__,
        "torch": torch.__version__,
        "settings": checkpoint.settings.to_dict(),
        "progress": attrs.asdict(checkpoint.progress),
    }
    data: bytes = write(tensors, metadata={_METADATA: json.dumps(document)})
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise CheckpointError(f"checkpoint {path} cannot be written: {error}") from error


def load(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: it is absent, too large, damaged, or of another version.
        MissingExtraError: safetensors is not installed.
    """
    safetensors = _safetensors()
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise CheckpointError(f"checkpoint {path} has {size} bytes; at most {LARGEST_FILE} are read")
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"checkpoint {path} cannot be read: {error}") from error
    try:
        tensors: dict[str, torch.Tensor] = safetensors.load(data)
        head = int.from_bytes(data[:8], "little")
        document = json.loads(json.loads(data[8 : 8 + head])["__metadata__"][_METADATA])
        found = document["format"]
    except Exception as error:  # the library has no public root of its errors
        raise CheckpointError(f"{path} is no checkpoint of hxtwin, or damaged: {error}") from error
    if found != FORMAT:
        raise CheckpointError(f"checkpoint {path} has format {found!r}; this version reads format {FORMAT}")
    settings = TrainingSettings.from_dict(document.get("settings"))
    progress = _progress(path, document.get("progress"))
    groups: dict[str, dict[str, torch.Tensor]] = {"model": {}, "best": {}, "optimizer": {}, "random": {}}
    for name, tensor in tensors.items():
        group, _, rest = name.partition(".")
        if group not in groups or not rest:
            raise CheckpointError(f"checkpoint {path} has an unknown entry {name!r}")
        groups[group][rest] = tensor
    return Checkpoint(settings, progress, **groups)


def _progress(path: Path, data: object) -> Progress:
    try:
        return cattrs.Converter(forbid_extra_keys=True).structure(data, Progress)
    except (cattrs.BaseValidationError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise CheckpointError(f"checkpoint {path}: its progress cannot be read: {error}") from error


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """State of an optimiser as named tensors."""
    state: dict[int, dict[str, Any]] = optimizer.state_dict()["state"]
    return {f"{n}.{name}": torch.as_tensor(value) for n, entry in state.items() for name, value in entry.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Give an optimiser the state of `optimizer_tensors`.

    Raises:
        CheckpointError: entries that it does not have, or of other shapes.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        number, _, entry = name.partition(".")
        if not number.isdigit() or int(number) >= len(parameters) or not entry:
            raise CheckpointError(f"the checkpoint has state {name!r} that the optimiser does not have")
        if tensor.dim() and tensor.shape != parameters[int(number)].shape:
            raise CheckpointError(f"state {name!r} of the optimiser has shape {tuple(tensor.shape)}")
        state.setdefault(int(number), {})[entry] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _safetensors() -> Any:
    try:
        import safetensors.torch
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "checkpoints need safetensors, which is not installed; install the extra: pip install 'hxtwin[torch]'"
        ) from error
    return safetensors.torch
