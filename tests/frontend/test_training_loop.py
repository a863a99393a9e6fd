"""Training: it learns, stops when it should, and goes on exactly where it stopped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs
import pytest
import safetensors.torch
import torch

from hxtwin.frontend.errors import CheckpointError, SilenceWarning
from hxtwin.frontend.torch import Experiment
from hxtwin.frontend.torch.training import checkpoint as checkpoint_module
from hxtwin.frontend.torch.training.checkpoint import load
from hxtwin.frontend.torch.training.loop import StepReport, Trainer, learning_rate
from hxtwin.frontend.torch.training.network import Network
from hxtwin.frontend.torch.training.session import Place, evaluate_checkpoint, train
from hxtwin.frontend.torch.training.settings import (
    TrainingSettings,
    mnist_settings,
    mnist_short_settings,
    yinyang_settings,
)
from hxtwin.frontend.torch.training.task import make_task

from .ideal_chip import LSB_PER_WEIGHT, IdealChip

if TYPE_CHECKING:
    from pathlib import Path


class Killed(Exception):
    pass


def small(**changes: Any) -> TrainingSettings:
    """Yin-yang in a size for tests, with everything random switched on."""
    settings = attrs.evolve(
        yinyang_settings(),
        train_size=200,
        validation_size=100,
        test_size=100,
        epochs=2,
        dropout=0.2,
        burst_penalty=1e-3,
        weight_penalty_hidden=1e-3,
        weight_penalty_output=1e-3,
    )
    hidden = attrs.evolve(settings.hidden, size=30)
    return attrs.evolve(settings, hidden=hidden, **changes)


def trainer(settings: TrainingSettings, folder: Path | None = None, every: int = 100) -> Trainer:
    torch.manual_seed(settings.seed)
    task = make_task(settings, None)
    network = Network(task.inputs, settings, Experiment(mock=True, dt=settings.dt))
    return Trainer(settings, task, network, folder, every)


def weights(found: Trainer) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in found.network.state_dict().values()]


def test_training_learns_yinyang() -> None:
    settings = attrs.evolve(yinyang_settings(), train_size=1500, validation_size=500, epochs=4, learning_rate=6e-3)
    progress = trainer(settings).fit()
    losses = [record.train_loss for record in progress.history]
    assert losses[-1] < 0.6 * losses[0]
    assert progress.best_accuracy > 0.8


def test_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    found = []
    for seed in (1, 1, 2):
        run = trainer(small(seed=seed, epochs=1))
        run.fit()
        found.append(weights(run))
    one, same, other = found
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[0], other[0])


@pytest.mark.parametrize("killed_at", [1, 3, 4, 6])
def test_killed_training_goes_on_exactly(tmp_path: Path, killed_at: int) -> None:
    whole = trainer(small())
    whole.fit()
    steps = 0

    def kill(_: StepReport) -> None:
        nonlocal steps
        steps += 1
        if steps > killed_at:
            raise Killed

    first = trainer(small(), tmp_path, every=1)
    with pytest.raises(Killed):
        first.fit(kill)
    second = trainer(small(), tmp_path)
    torch.rand(killed_at)  # other random numbers were drawn meanwhile
    second.resume(load(tmp_path / "last.safetensors"))
    progress = second.fit()
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(second), strict=True))
    for record, expected in zip(progress.history, whole.progress.history, strict=True):
        assert record.train_loss == expected.train_loss
        assert record.validation_accuracy == expected.validation_accuracy
    assert progress.best_epoch == whole.progress.best_epoch


def test_rate_falls_by_steps_of_epochs() -> None:
    settings = small(learning_rate=0.1, decay=0.5, decay_every=2)
    found = [learning_rate(settings, epoch, 0.9) for epoch in range(5)]
    assert found == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025])


def test_rate_falls_along_half_a_cosine() -> None:
    settings = small(epochs=2, learning_rate=0.1, schedule="cosine", final_rate=0.2)
    found = [learning_rate(settings, epoch, part) for epoch, part in ((0, 0.0), (1, 0.0), (1, 1.0), (5, 0.0))]
    assert found == pytest.approx([0.1, 0.06, 0.02, 0.02])
    assert found[0] > learning_rate(settings, 0, 0.1) > learning_rate(settings, 0, 0.2)


def test_resumed_training_has_the_rate_of_its_step(tmp_path: Path) -> None:
    settings = small(schedule="cosine", train_size=100, epochs=1)

    def kill(report: StepReport) -> None:
        if report.step == 3:
            raise Killed

    with pytest.raises(Killed):
        trainer(settings, tmp_path, every=1).fit(kill)
    second = trainer(settings)
    second.resume(load(tmp_path / "last.safetensors"))
    rates: list[float] = []
    second.fit(lambda report: rates.append(second.optimizer.param_groups[0]["lr"]))
    assert rates == pytest.approx([learning_rate(settings, 0, step / 5) for step in (2, 3, 4)])


def test_listener_is_told_of_each_step_and_of_the_epoch() -> None:
    told: list[StepReport] = []
    run = trainer(small(epochs=1))
    run.fit(told.append)
    assert [report.step for report in told] == list(range(1, 11))
    assert told[-1].accuracy == pytest.approx(sum(report.step_accuracy for report in told) / 10)
    assert told[-1].loss == pytest.approx(sum(report.step_loss for report in told) / 10)
    assert all(report.seconds > 0 and report.hidden_spikes > 0 for report in told)


def test_finished_training_may_be_given_more_epochs(tmp_path: Path) -> None:
    trainer(small(epochs=1), tmp_path).fit()
    longer = trainer(small(epochs=2), tmp_path)
    longer.resume(load(tmp_path / "last.safetensors"))
    assert len(longer.fit().history) == 2
    whole = trainer(small(epochs=2))
    whole.fit()
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(longer), strict=True))


def test_training_stops_at_the_wanted_accuracy() -> None:
    assert len(trainer(small(epochs=50, target_accuracy=0.1)).fit().history) == 1


def test_training_stops_when_patience_ends() -> None:
    progress = trainer(small(epochs=50, patience=2, learning_rate=0.0)).fit()
    assert len(progress.history) == 3
    assert progress.best_epoch == 1


def test_silent_layer_is_warned_about() -> None:
    settings = small(epochs=1)
    settings = attrs.evolve(settings, hidden=attrs.evolve(settings.hidden, weight_mean=-1.0, weight_std=0.0))
    with pytest.warns(SilenceWarning, match=r"does not fire.*\(in 10 of 10 steps\)"):
        trainer(settings).fit()


def test_settings_survive_the_way_into_json_and_back() -> None:
    for settings in (yinyang_settings(), mnist_settings(), mnist_short_settings(), small(seed=7)):
        assert TrainingSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_mnist_settings_are_those_of_the_paper() -> None:
    settings = mnist_settings()
    assert (settings.hidden.size, settings.hidden.circuits, settings.output.size, settings.output.circuits) == (
        256,
        8,
        10,
        2,
    )
    assert (settings.hidden.hw_tau_mem, settings.hidden.tau_syn) == (6e-6, 5.7e-6)
    assert (settings.hidden.hw_synin_gm, settings.output.hw_synin_gm) == (800, 400)
    assert (settings.hidden.hw_dac_bias, settings.output.hw_dac_bias) == (850, 700)
    assert (settings.learning_rate, settings.decay, settings.batch_size, settings.dropout) == (2e-3, 0.985, 100, 0.15)
    assert (settings.rotation_degrees, settings.rotation_probability, settings.readout_scale) == (25.0, 0.5, 3.0)


def test_short_training_of_mnist_runs_on_the_same_neurons() -> None:
    settings, paper = mnist_short_settings(), mnist_settings()
    assert (settings.hidden, settings.output) == (paper.hidden, paper.output)
    assert (settings.dropout, settings.batch_size, settings.rotation_degrees) == (0.15, 100, 25.0)
    assert settings.schedule == "cosine"


def test_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    trainer(small(epochs=1), tmp_path).fit()
    other = trainer(small(epochs=1, learning_rate=1e-4, batch_size=30))
    with pytest.raises(CheckpointError, match=r"other settings \(batch_size, learning_rate\)"):
        other.resume(load(tmp_path / "last.safetensors"))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint."""
    folder = tmp_path_factory.mktemp("saved")
    trainer(small(epochs=1), folder).fit()
    return folder / "last.safetensors"


def test_interrupted_writing_leaves_the_former_checkpoint(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(CheckpointError, match="disk full"):
        checkpoint_module.save(saved, load(saved))
    assert saved.read_bytes() == before


def test_absent_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="absent.safetensors cannot be read"):
        load(tmp_path / "absent.safetensors")


@pytest.mark.parametrize("cut", [0, 4, 100, -1])
def test_damaged_checkpoint_is_refused(saved: Path, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(saved.read_bytes()[:cut])
    with pytest.raises(CheckpointError, match="no checkpoint of hxtwin, or damaged"):
        load(path)


def rewritten(saved: Path, path: Path, change: Any) -> Path:
    """The checkpoint with another document or other tensors."""
    data = saved.read_bytes()
    head = int.from_bytes(data[:8], "little")
    document = json.loads(json.loads(data[8 : 8 + head])["__metadata__"]["hxtwin"])
    tensors = safetensors.torch.load(data)
    change(document, tensors)
    path.write_bytes(safetensors.torch.save(tensors, {"hxtwin": json.dumps(document)}))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document, tensors: document.update(format=99), "format 99"),
        (lambda document, tensors: document["settings"].update(colour=1), "settings in the checkpoint"),
        (lambda document, tensors: document["settings"].pop("steps") and document["settings"].pop("task"), "settings"),
        (lambda document, tensors: document["settings"].update(task="cifar"), "settings in the checkpoint"),
        (lambda document, tensors: document.update(progress=[]), "progress cannot be read"),
        (lambda document, tensors: tensors.update(colour=torch.zeros(1)), "unknown entry 'colour'"),
    ],
)
def test_foreign_checkpoint_is_refused(saved: Path, tmp_path: Path, change: Any, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        load(rewritten(saved, tmp_path / "other.safetensors", change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.pop("model.synapse_hidden.weight"), "do not fit the network"),
        (lambda tensors: tensors.update({"optimizer.9.step": torch.zeros(())}), "'9.step' that the optimiser"),
        (lambda tensors: tensors.update({"optimizer.0.exp_avg": torch.zeros(2)}), "'0.exp_avg'.* shape"),
        (lambda tensors: tensors.pop("random.torch"), "random generators"),
        (lambda tensors: tensors.update({"random.torch": torch.zeros(3, dtype=torch.uint8)}), "random generators"),
    ],
)
def test_checkpoint_with_wrong_tensors_is_refused(saved: Path, tmp_path: Path, change: Any, message: str) -> None:
    path = rewritten(saved, tmp_path / "other.safetensors", lambda document, tensors: change(tensors))
    with pytest.raises(CheckpointError, match=message):
        trainer(small(epochs=1)).resume(load(path))


def test_too_large_checkpoint_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_module, "LARGEST_FILE", 100)
    with pytest.raises(CheckpointError, match="at most 100 are read"):
        load(saved)


def test_training_leaves_its_files_and_the_checkpoint_gives_the_same_result(tmp_path: Path) -> None:
    outcome = train(small(), Place(mock=True), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "curves.png",
        "last.safetensors",
        "partitions.png",
        "result.json",
    ]
    document = json.loads((tmp_path / "result.json").read_text())
    assert outcome.test is not None
    assert document["test"]["accuracy"] == outcome.test.accuracy
    assert document["settings"]["seed"] == 0
    assert document["place"] == "software"
    settings, again = evaluate_checkpoint(tmp_path, Place(mock=True))
    assert settings == small()
    assert again.accuracy == outcome.test.accuracy
    assert torch.equal(again.confusion, outcome.test.confusion)
    assert int(again.confusion.sum()) == 100
    assert evaluate_checkpoint(tmp_path, Place(mock=True), limit=30)[1].images == 30


def test_network_trains_in_the_loop_on_an_ideal_chip() -> None:
    chip = IdealChip()
    scale = 50 / LSB_PER_WEIGHT
    settings = small(epochs=1, train_size=400, batch_size=50, learning_rate=6e-3)
    settings = attrs.evolve(
        settings,
        hidden=attrs.evolve(settings.hidden, weight_scale=scale, weight_mean=0.25, weight_std=0.05),
        output=attrs.evolve(settings.output, weight_scale=scale),
    )
    task = make_task(settings, None)
    network = Network(task.inputs, settings, Experiment(hardware=chip, dt=settings.dt))
    progress = Trainer(settings, task, network).fit()
    assert len(chip.sections) == 8 + 2
    assert progress.history[0].chip_seconds == pytest.approx(5.0)
    assert progress.history[0].hidden_spikes > 0.5
    assert progress.history[0].counts["spikes_received"] > 1000
    hidden, readout = chip.sections[0].populations
    assert not hidden.module.enable_cadc_recording
    assert readout.module.enable_cadc_recording
