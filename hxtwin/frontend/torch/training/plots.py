"""Pictures of a training: curves over epochs; spikes and membranes of each part of the network.

Need the extra ``plot``. Reference: frontend-torch.md E (paper, figure 2C).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hxtwin.frontend.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hxtwin.frontend.torch.training.checkpoint import EpochRecord

_COLOURS: Final = ("#0b6e99", "#d9730d", "#448361", "#9065b0", "#c14c8a")


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "plots need matplotlib, which is not installed; install the extra: pip install 'hxtwin[plot]'"
        ) from error
    return Figure(figsize=(width, height), layout="constrained")


def plot_curves(history: Sequence[EpochRecord], path: Path) -> None:
    """Loss, accuracies and activity over epochs.

    Args:
        history: finished epochs.
        path: PNG to be written.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figure = _figure(9.0, 3.0)
    loss, accuracy, activity = figure.subplots(1, 3)
    epochs = [record.epoch for record in history]
    marker = "o" if len(history) < 15 else ""
    loss.plot(epochs, [record.train_loss for record in history], marker=marker, color=_COLOURS[0])
    loss.set(xlabel="epoch", ylabel="training loss")
    train = [100 * (1 - record.train_accuracy) for record in history]
    validation = [100 * (1 - record.validation_accuracy) for record in history]
    accuracy.semilogy(epochs, np.maximum(train, 0.01), marker=marker, color=_COLOURS[0], label="training")
    accuracy.semilogy(epochs, np.maximum(validation, 0.01), marker=marker, color=_COLOURS[1], label="validation")
    accuracy.set(xlabel="epoch", ylabel="error [%]")
    accuracy.legend(frameon=False)
    activity.plot(epochs, [record.hidden_spikes for record in history], marker=marker, color=_COLOURS[2])
    activity.set(xlabel="epoch", ylabel="spikes per hidden neuron", ylim=(0, None))
    figure.savefig(path, dpi=120)


def plot_partitions(
    inputs: torch.Tensor, hidden: torch.Tensor, readout: torch.Tensor, parts: int, dt: float, path: Path
) -> None:
    """One image on its way through the network.

    Args:
        inputs: input spikes (time, neuron).
        hidden: spikes of the hidden layer (time, neuron).
        readout: membranes of the readout (time, neuron), units of the model.
        parts: into how many execution instances the hidden layer is cut.
        dt: length of a step, seconds.
        path: PNG to be written.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figure = _figure(9.0, 5.5)
    first, second, third = figure.subplots(3, 1, sharex=True, height_ratios=(2, 2, 1.5))
    _raster(first, inputs, dt, 1)
    first.set_ylabel("input")
    _raster(second, hidden, dt, parts)
    second.set_ylabel(f"hidden, {parts} part{'s' if parts > 1 else ''}")
    time = np.arange(readout.shape[0]) * dt * 1e6
    third.plot(time, readout.detach().numpy(), label=[str(k) for k in range(readout.shape[1])])
    third.set(xlabel="time [us]", ylabel="readout")
    third.legend(frameon=False, ncols=2, fontsize="x-small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=120)


def _raster(axes: Axes, spikes: torch.Tensor, dt: float, parts: int) -> None:
    step, neuron = np.nonzero(spikes.detach().numpy())
    per_part = -(-spikes.shape[1] // parts)
    for part in range(parts):
        here = neuron // per_part == part
        colour = _COLOURS[part % len(_COLOURS)]
        axes.plot(step[here] * dt * 1e6, neuron[here], linestyle="", marker=".", markersize=3, color=colour)
        if part:
            axes.axhline(part * per_part - 0.5, color="#cccccc", linewidth=0.8)
    axes.set_ylim(-0.5, spikes.shape[1] - 0.5)
