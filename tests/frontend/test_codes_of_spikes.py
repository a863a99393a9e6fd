"""Encoders and decoders."""

from __future__ import annotations

import math

import pytest
import torch

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch.decoding import LastValue, MaxOverTime, MeanOverTime, SumOverTime, TimeToFirstSpike
from hxtwin.frontend.torch.encoding import (
    CoordinatesToSpikes,
    LIFTimeToFirstSpike,
    LinearTimeToFirstSpike,
    PixelsToSpikeTimes,
    SpikeTimesToDense,
    SpikeTimesToSparseTensor,
)


def steps_of(spikes: torch.Tensor) -> list[list[int | None]]:
    """Step of the only spike of each neuron of each entry; None for silent ones."""
    assert int(spikes.sum(0).max()) <= 1
    any_spike, first = spikes.max(dim=0)
    return [
        [int(step) if spiked else None for step, spiked in zip(row, there, strict=True)]
        for row, there in zip(first, any_spike, strict=True)
    ]


def test_coordinates_lie_between_early_and_late_and_the_bias_beside_them() -> None:
    encode = CoordinatesToSpikes(seq_length=30, t_early=2e-6, t_late=22e-6, dt=1e-6, t_bias=5e-6)
    spikes = encode(torch.tensor([[0.0, 0.5], [1.0, 0.26]]))
    assert spikes.shape == (30, 2, 3)
    assert steps_of(spikes) == [[2, 12, 5], [22, 7, 5]]


def test_time_of_the_bias_is_not_lost_by_rounding() -> None:
    spikes = CoordinatesToSpikes(60, 0.0, 1e-6, 1e-6, t_bias=29e-6)(torch.zeros(1, 1))
    assert steps_of(spikes) == [[0, 29]]


@pytest.mark.parametrize("times", [(2e-6, 30e-6, None), (-1e-6, 5e-6, None), (1e-6, 5e-6, 40e-6)])
def test_coordinates_that_do_not_fit_the_steps_are_refused(times: tuple[float, float, float | None]) -> None:
    with pytest.raises(ModelError, match="have to lie in the 30 steps"):
        CoordinatesToSpikes(30, times[0], times[1], 1e-6, times[2])


def test_bright_pixels_spike_first_and_dark_ones_never() -> None:
    spikes = LinearTimeToFirstSpike(30)(torch.tensor([[1.0, 0.5, 0.04, 0.016, 0.0, 2.0]]))
    assert spikes.shape == (30, 1, 6)
    assert steps_of(spikes) == [[0, 15, 29, None, None, None]]


def test_images_are_flattened() -> None:
    assert LinearTimeToFirstSpike(10)(torch.rand(4, 28, 28)).shape == (10, 4, 784)


def test_lif_code_is_the_time_to_threshold() -> None:
    code = LIFTimeToFirstSpike(steps=64, tau=20.0, threshold=0.32, x_min=0.1)
    times = code.times(torch.tensor([[1.0, 0.0, -0.09]]))
    assert float(times[0, 0]) == pytest.approx(-20 * math.log(1 - 0.32 / (20 * 1.1)))
    assert float(times[0, 1]) == pytest.approx(-20 * math.log(1 - 0.32 / 2.0))
    assert math.isinf(float(times[0, 2]))
    # the neuron under its current is indeed at the threshold then
    t = float(times[0, 1])
    assert 0.1 * 20 * (1 - math.exp(-t / 20)) == pytest.approx(0.32)
    assert steps_of(code(torch.tensor([[1.0, 0.0, -0.09]]))) == [[0, 3, None]]


def test_pixels_below_threshold_spike_last() -> None:
    times = PixelsToSpikeTimes(tau=1.0, threshold=0.2, t_max=3.0)(torch.tensor([1.0, 0.2, 0.1]))
    assert times.tolist() == pytest.approx([math.log(1 / 0.8), 3.0, 3.0])


def test_spike_times_fall_into_bins_and_late_ones_drop() -> None:
    times = torch.tensor([[0.0, 0.99, 1.0, 4.99, 5.0, math.inf]])
    assert steps_of(SpikeTimesToDense(1.0, 5)(times)) == [[0, 0, 1, 4, None, None]]


def test_sparse_and_dense_spikes_are_the_same() -> None:
    times = torch.rand(3, 20) * 12
    sparse = SpikeTimesToSparseTensor(0.5, 20)(times)
    assert sparse.is_sparse
    assert torch.equal(sparse.to_dense(), SpikeTimesToDense(0.5, 20)(times))


def test_decoders_reduce_time() -> None:
    trace = torch.tensor([[[1.0, -1.0]], [[4.0, -3.0]], [[1.0, -2.0]]])
    assert MaxOverTime()(trace).tolist() == [[4.0, -1.0]]
    assert SumOverTime()(trace).tolist() == [[6.0, -6.0]]
    assert MeanOverTime()(trace).tolist() == [[2.0, -2.0]]
    assert LastValue()(trace).tolist() == [[1.0, -2.0]]


def test_first_spike_gives_the_time_and_its_gradient_makes_it_earlier() -> None:
    spikes = torch.zeros(10, 1, 3)
    spikes[4, 0, 0] = spikes[7, 0, 0] = spikes[0, 0, 1] = 1.0
    spikes.requires_grad_()
    times = TimeToFirstSpike(dt=1e-6)(spikes)
    assert times.flatten().tolist() == pytest.approx([4e-6, 0.0, 10e-6])
    times.sum().backward()
    assert spikes.grad is not None
    assert torch.nonzero(spikes.grad).tolist() == [[0, 0, 1], [4, 0, 0]]
    assert float(spikes.grad[4, 0, 0]) == pytest.approx(-6e-6)
