"""Settings of a training: everything that, with the data, determines its result.

Written into checkpoints; read back exactly.

Reference: frontend-torch.md E (hyperparameters, paper Table 3).
"""

from __future__ import annotations

from typing import Any, Literal, Self, TypeAlias

import attrs
import cattrs

from hxtwin.frontend.errors import CheckpointError

TaskName: TypeAlias = Literal["yinyang", "mnist"]


@attrs.frozen(kw_only=True)
class LayerSettings:
    """A layer of neurons: model beside chip.

    Args:
        size: number of neurons.
        circuits: neuron circuits of each on the chip.
        weight_mean, weight_std: of the initial weights into the layer, units of the model.
        weight_scale: weight on the chip for weight 1 of the model.
        trace_scale: units of the model per LSB of the CADC.
        reset: membrane of the model after a spike; above its leak, as the chip does not come down to its reset
            potential within the refractory time.
        tau_mem, tau_syn, refractory_time: seconds, of neurons in the model and on the chip.
        hw_tau_mem: seconds, of single circuits on the chip; neurons of several circuits are slower, as each of them
            brings about 3.7 of 63 units of capacitance along.
        hw_leak, hw_reset, hw_threshold: potentials on the chip, LSB; in the model they are 0, 0, 1.
        hw_synin_gm, hw_dac_bias: codes of the chip.
    """

    size: int
    circuits: int = 1
    weight_mean: float = 0.0
    weight_std: float = 0.1
    weight_scale: float = 63.0
    trace_scale: float = 0.025
    reset: float = 0.0
    tau_mem: float = 6e-6
    tau_syn: float = 6e-6
    refractory_time: float = 1e-6
    hw_tau_mem: float = 6e-6
    hw_leak: float = 80.0
    hw_reset: float = 80.0
    hw_threshold: float = 120.0
    hw_synin_gm: float = 500.0
    hw_dac_bias: float = 1000.0


@attrs.frozen(kw_only=True)
class TrainingSettings:
    """A network with one hidden layer, and how it is trained.

    Args:
        task: which data and encoding.
        hidden, output: the layers.
        dt: time step, seconds.
        steps: run time of an image.
        alpha: steepness of the surrogate.
        dropout: probability of a hidden neuron to be off for a batch.
        readout_scale: the readout weights on the chip are smaller, its traces larger by this factor.
        epochs: at most.
        batch_size: images per step.
        learning_rate: of Adam at the start.
        decay: the rate is multiplied with this ..
        decay_every: .. after so many epochs.
        schedule: "steps": the rate falls by ``decay``; "cosine": it falls in every step, along half a cosine that ends
            with the last epoch, and ``decay`` is not used. More or fewer epochs on resuming change the rest of it.
        final_rate: where the cosine ends, part of the rate at the start.
        burst_penalty: times mean(spikes per image ** burst_exponent) over hidden neurons.
        weight_penalty_hidden, weight_penalty_output: times mean(weight ** 2).
        readout_penalty: times mean(score ** 2).
        penalty_decay: of all penalties per epoch.
        rotation_degrees, rotation_probability: of the images.
        train_size, validation_size, test_size: number of images; what is there limits them.
        seed: of data, weights, order and dropout.
        patience: epochs without a better validation after which training stops; 0: never.
        target_accuracy: training stops at the first epoch whose validation accuracy reaches this; above 1: never.
    """

    task: TaskName
    hidden: LayerSettings
    output: LayerSettings
    dt: float = 1e-6
    steps: int = 30
    alpha: float = 50.0
    dropout: float = 0.0
    readout_scale: float = 1.0
    epochs: int = 10
    batch_size: int = 100
    learning_rate: float = 2e-3
    decay: float = 0.985
    decay_every: int = 1
    schedule: Literal["steps", "cosine"] = "steps"
    final_rate: float = 0.02
    burst_penalty: float = 0.0
    burst_exponent: float = 2.0
    weight_penalty_hidden: float = 0.0
    weight_penalty_output: float = 0.0
    readout_penalty: float = 0.0
    penalty_decay: float = 1.0
    rotation_degrees: float = 0.0
    rotation_probability: float = 0.0
    train_size: int = 1_000_000
    validation_size: int = 1000
    test_size: int = 1_000_000
    seed: int = 0
    patience: int = 0
    target_accuracy: float = 2.0

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, for checkpoints."""
        return attrs.asdict(self)

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Settings from what `to_dict` gave.

        Raises:
            CheckpointError: fields are missing, unknown or of another type.
        """
        try:
            return _CONVERTER.structure(data, cls)
        except (cattrs.BaseValidationError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise CheckpointError(f"settings in the checkpoint cannot be read: {error}") from error


_CONVERTER = cattrs.Converter(forbid_extra_keys=True)


def yinyang_settings() -> TrainingSettings:
    """Yin-yang: 4 coordinates and a bias -> 120 -> 3."""
    layer = LayerSettings(size=0, hw_threshold=130.0, weight_scale=75.0, trace_scale=1 / 50)
    return TrainingSettings(
        task="yinyang",
        hidden=attrs.evolve(layer, size=120, reset=0.15, weight_mean=0.15, weight_std=0.35),
        output=attrs.evolve(layer, size=3, weight_mean=0.2, weight_std=0.6),
        steps=38,
        alpha=20.0,
        readout_scale=10.0,
        epochs=8,
        batch_size=20,
        learning_rate=4e-3,
        decay=0.8,
        readout_penalty=4e-4,
        train_size=5000,
        validation_size=500,
        test_size=1000,
        patience=0,
    )


def mnist_settings() -> TrainingSettings:
    """MNIST: 784 -> 256 -> 10, hyperparameters of the paper's Table 3.

    Weights into the readout begin smaller and further above zero than those of the tutorial: a class whose membrane
    does not rise has no gradient, and the first epoch would be spent on getting it back.
    """
    layer = LayerSettings(size=0, hw_tau_mem=6e-6, tau_syn=5.7e-6)
    return TrainingSettings(
        task="mnist",
        hidden=attrs.evolve(
            layer,
            size=256,
            circuits=8,
            weight_mean=0.05,
            weight_std=0.2,
            tau_mem=8.3e-6,
            reset=0.25,
            weight_scale=38.5,
            hw_synin_gm=800.0,
            hw_dac_bias=850.0,
        ),
        output=attrs.evolve(
            layer,
            size=10,
            circuits=2,
            weight_mean=0.03,
            weight_std=0.1,
            tau_mem=6.35e-6,
            weight_scale=94.0,
            hw_synin_gm=400.0,
            hw_dac_bias=700.0,
        ),
        steps=32,
        dropout=0.15,
        readout_scale=3.0,
        epochs=100,
        burst_penalty=0.0025,
        burst_exponent=2.0,
        weight_penalty_hidden=0.0033,
        weight_penalty_output=0.0033,
        readout_penalty=1.6e-4,
        penalty_decay=0.985,
        rotation_degrees=25.0,
        rotation_probability=0.5,
        validation_size=5000,
        patience=15,
    )


def mnist_short_settings() -> TrainingSettings:
    """MNIST in three epochs, for chips on which an image takes tens of milliseconds.

    Beside `mnist_settings`: a rate ten times as high that falls along a cosine, and penalties that do not fall; a
    wider surrogate, as the neurons of a chip cross their threshold earlier or later than the model; readout weights
    of half the size on the chip, so that scores, which grow with the rate, stay below the upper rail of its membranes.
    """
    return attrs.evolve(
        mnist_settings(),
        alpha=20.0,
        readout_scale=6.0,
        epochs=3,
        learning_rate=0.02,
        schedule="cosine",
        readout_penalty=5e-4,
        penalty_decay=1.0,
        patience=0,
    )
