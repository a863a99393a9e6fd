"""The commands of the front ends.

=====================================  ==========================================================
``hxtwin train yinyang``               train the yin-yang network
``hxtwin train mnist --data DIR``      train 784-256-10, in five executions per batch on the chip
``hxtwin eval CHECKPOINT``             evaluate a trained network, also in another place
=====================================  ==========================================================

In the loop on a chip by default; ``--mock`` stays in software.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from hxtwin.frontend.errors import FrontendError

if TYPE_CHECKING:
    from hxtwin.frontend.torch.training.loop import Evaluation, StepReport
    from hxtwin.frontend.torch.training.session import Outcome, Place
    from hxtwin.frontend.torch.training.settings import TrainingSettings

train_app = typer.Typer(help="Train a network in the loop on a chip, or in software.", no_args_is_help=True)

Mock = Annotated[bool, typer.Option("--mock", help="In software, without a chip.")]
Endpoint = Annotated[str | None, typer.Option(help="URL of the chip, like udp://192.0.2.7:1234.", show_default=False)]
Chip = Annotated[int | None, typer.Option(min=0, help="Number of a twin in this process.", show_default=False)]
Nominal = Annotated[bool, typer.Option("--nominal", help="Codes of a chip without mismatch, not calibrated.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Epochs at most.", show_default=False)]
Limit = Annotated[int | None, typer.Option(min=1, help="Training and test images at most.", show_default=False)]
Seed = Annotated[int, typer.Option(min=0, help="Of data, weights, order and dropout.")]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Images per step.", show_default=False)]
Rate = Annotated[float | None, typer.Option(min=0.0, help="Learning rate.", show_default=False)]
Patience = Annotated[int | None, typer.Option(min=0, help="Epochs without progress; 0: no limit.", show_default=False)]
Target = Annotated[float | None, typer.Option(help="Stop at this validation accuracy, 0..1.", show_default=False)]
Output = Annotated[Path | None, typer.Option(help="Folder of the results.", show_default=False)]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where the training in the folder stopped.")]
Every = Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")]
LogEvery = Annotated[int, typer.Option(min=1, help="Steps between lines, where the output is no terminal.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of torch; more rarely help for networks of this size.")]
Short = Annotated[bool, typer.Option("--short", help="Hyperparameters for three epochs, not those of the paper.")]
Data = Annotated[Path | None, typer.Option(help="Folder with the four files of MNIST.", show_default=False)]


@train_app.command()
def yinyang(
    mock: Mock = False,
    endpoint: Endpoint = None,
    chip: Chip = None,
    nominal: Nominal = False,
    epochs: Epochs = None,
    limit: Limit = None,
    seed: Seed = 0,
    batch_size: BatchSize = None,
    learning_rate: Rate = None,
    patience: Patience = None,
    target_accuracy: Target = None,
    output: Output = None,
    resume: Resume = False,
    checkpoint_every: Every = 100,
    log_every: LogEvery = 10,
    threads: Threads = 1,
) -> None:
    """Train 4 coordinates -> 120 -> 3 classes on the yin-yang data set."""
    from hxtwin.frontend.torch.training.settings import yinyang_settings

    settings = _changed(yinyang_settings(), epochs, limit, seed, batch_size, learning_rate, patience, target_accuracy)
    _train(settings, _place(mock, endpoint, chip, nominal), output, None, resume, checkpoint_every, log_every, threads)


@train_app.command()
def mnist(
    data: Data = None,
    short: Short = False,
    mock: Mock = False,
    endpoint: Endpoint = None,
    chip: Chip = None,
    nominal: Nominal = False,
    epochs: Epochs = None,
    limit: Limit = None,
    seed: Seed = 0,
    batch_size: BatchSize = None,
    learning_rate: Rate = None,
    patience: Patience = None,
    target_accuracy: Target = None,
    output: Output = None,
    resume: Resume = False,
    checkpoint_every: Every = 100,
    log_every: LogEvery = 10,
    threads: Threads = 1,
) -> None:
    """Train 784 pixels -> 256 -> 10 digits on MNIST."""
    from hxtwin.frontend.torch.training.settings import mnist_settings, mnist_short_settings

    chosen = mnist_short_settings() if short else mnist_settings()
    settings = _changed(chosen, epochs, limit, seed, batch_size, learning_rate, patience, target_accuracy)
    _train(settings, _place(mock, endpoint, chip, nominal), output, data, resume, checkpoint_every, log_every, threads)


def evaluate(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint, or the folder of a training.")],
    data: Data = None,
    mock: Mock = False,
    endpoint: Endpoint = None,
    chip: Chip = None,
    nominal: Nominal = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Test images at most.", show_default=False)] = None,
    threads: Threads = 1,
) -> None:
    """Evaluate the best weights of a training on the test images."""
    import torch

    from hxtwin.frontend.torch.training.session import evaluate_checkpoint

    torch.set_num_threads(threads)
    console = Console(highlight=False)
    place = _place(mock, endpoint, chip, nominal)
    with _progress(console) as progress:
        bar = progress.add_task("evaluation", total=None, loss="", chip="")
        settings, result = evaluate_checkpoint(
            checkpoint,
            place,
            data=data,
            limit=limit,
            listener=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    console.print(_result_table(f"{settings.task} on {place}", result))


def _changed(
    settings: TrainingSettings,
    epochs: int | None,
    limit: int | None,
    seed: int,
    batch_size: int | None,
    learning_rate: float | None,
    patience: int | None,
    target_accuracy: float | None,
) -> TrainingSettings:
    given: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "patience": patience,
        "target_accuracy": target_accuracy,
    }
    settings = attrs.evolve(settings, seed=seed, **{name: value for name, value in given.items() if value is not None})
    if limit is not None:
        settings = attrs.evolve(
            settings, train_size=min(limit, settings.train_size), test_size=min(limit, settings.test_size)
        )
    return settings


def _place(mock: bool, endpoint: str | None, chip: int | None, nominal: bool) -> Place:
    from hxtwin.frontend.torch.training.session import Place

    if (mock, endpoint is not None, chip is not None).count(True) > 1:
        raise typer.BadParameter("--mock, --endpoint and --chip exclude each other; give one of them")
    return Place(mock, endpoint if chip is None else f"sim://?chip={chip}", nominal)


def _train(
    settings: TrainingSettings,
    place: Place,
    output: Path | None,
    data: Path | None,
    resume: bool,
    checkpoint_every: int,
    log_every: int,
    threads: int,
) -> None:
    import torch

    from hxtwin.frontend.torch.training.session import train

    torch.set_num_threads(threads)
    console = Console(highlight=False)
    folder = Path("runs") / f"{settings.task}-seed{settings.seed}" if output is None else output
    if not resume and (folder / "last.safetensors").exists():
        raise FrontendError(
            f"{folder} holds a training already; go on with --resume, or name another folder with --output"
        )
    console.print(f"{settings.task} on {place}, seed {settings.seed}, files in {folder}", markup=False)
    with _progress(console) as progress:
        bar = progress.add_task("starting", total=None, loss="", chip="")

        def listener(report: StepReport) -> None:
            if not console.is_terminal and (report.step % log_every == 0 or report.step == report.steps):
                typer.echo(_line(report))
            progress.update(
                bar,
                completed=report.step,
                total=report.steps,
                description=f"epoch {report.epoch}/{settings.epochs}",
                loss=f"loss {report.loss:.3f}  accuracy {100 * report.accuracy:.1f} %",
                chip=f"chip {report.chip_seconds:.1f} s" if report.chip_seconds else "",
            )

        outcome = train(
            settings,
            place,
            folder,
            data=data,
            resume=resume,
            checkpoint_every=checkpoint_every,
            listener=listener,
        )
    _show(console, settings, place, outcome)


def _line(report: StepReport) -> str:
    """What a log says of a step."""
    found = (
        f"epoch {report.epoch} step {report.step}/{report.steps} loss {report.step_loss:.4f} "
        f"accuracy {100 * report.step_accuracy:.1f} % (epoch {report.loss:.4f}, {100 * report.accuracy:.2f} %) "
        f"spikes per neuron {report.hidden_spikes:.2f} {report.seconds:.2f} s"
    )
    counts = (f"{name.replace('_', ' ')} {count}" for name, count in report.counts.items() if count)
    return ", ".join((found, *counts))


def _progress(console: Console) -> Progress:
    """A bar with loss and accuracy; silent when the output is no terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}"),
        TextColumn("{task.fields[chip]}"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def _show(console: Console, settings: TrainingSettings, place: Place, outcome: Outcome) -> None:
    table = Table(title=escape(f"{settings.task} on {place}"), title_justify="left")
    for title in ("epoch", "loss", "training", "validation", "spikes / neuron", "time", "chip"):
        table.add_column(title, justify="right")
    for record in outcome.progress.history:
        best = record.epoch == outcome.progress.best_epoch
        table.add_row(
            str(record.epoch),
            f"{record.train_loss:.4f}",
            f"{100 * record.train_accuracy:.2f} %",
            f"{100 * record.validation_accuracy:.2f} %",
            f"{record.hidden_spikes:.2f}",
            f"{record.seconds:.1f} s",
            f"{record.chip_seconds:.1f} s",
            style="bold" if best else None,
        )
    console.print(table)
    if outcome.test is not None:
        console.print(_result_table(f"test, weights of epoch {outcome.progress.best_epoch}", outcome.test))
    console.print(f"curves.png, partitions.png, result.json and the checkpoint are in {outcome.folder}", markup=False)


def _result_table(title: str, result: Evaluation) -> Table:
    table = Table(title=escape(title), title_justify="left", show_header=False)
    table.add_row("accuracy", f"{100 * result.accuracy:.2f} % of {result.images} images")
    table.add_row("spikes per hidden neuron and image", f"{result.hidden_spikes:.2f}")
    table.add_row("time", f"{result.seconds:.1f} s, on the chip {result.chip_seconds:.1f} s")
    return table
