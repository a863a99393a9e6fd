"""From weights of the model to signed weights of the chip."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from hxtwin.frontend.errors import ModelError, SaturationWarning
from hxtwin.frontend.torch import Experiment, SparseSynapse, Synapse
from hxtwin.frontend.torch.weight_transform import (
    linear_exponential_clamp,
    linear_saturating,
    to_hardware,
    to_hardware_truncated,
)


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(0.0, 0), (0.49, 0), (0.5, 1), (-0.5, -1), (-0.49, 0), (62.5, 63), (-1.5, -2), (63.0, 63), (-63.0, -63)],
)
def test_weights_are_rounded_half_away_from_zero(weight: float, expected: int) -> None:
    assert to_hardware(torch.tensor([weight])).tolist() == [expected]


def test_sparse_weights_are_truncated_towards_zero() -> None:
    assert to_hardware_truncated(torch.tensor([1.9, -1.9, 62.99])).tolist() == [1, -1, 62]


def test_linear_transform_scales_and_clamps() -> None:
    weights = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0])
    assert linear_saturating(weights, scale=40.0).tolist() == [-63.0, -20.0, 0.0, 20.0, 63.0]


def test_smooth_clamp_is_the_identity_below_its_bend_and_stays_below_the_cap() -> None:
    weights = torch.linspace(-20, 20, 401, dtype=torch.float64)
    clamped = linear_exponential_clamp(weights, cap=1.5, start_weight=61.0)
    inside = weights.abs() <= 61 / 63 * 1.5
    assert torch.equal(clamped[inside], weights[inside])
    assert float(clamped.abs().max()) <= 1.5
    assert bool((clamped.diff() >= 0).all())


def test_quantised_weights_are_steps_with_the_gradient_of_a_line() -> None:
    weights = torch.tensor([0.1, -0.71], requires_grad=True)
    quantised = linear_exponential_clamp(weights, cap=1.26, quantize=True)
    torch.testing.assert_close(quantised.detach(), torch.round(weights.detach() / 0.02) * 0.02)
    quantised.sum().backward()
    assert weights.grad is not None
    assert weights.grad.tolist() == [1.0, 1.0]


def test_synapse_gives_signed_whole_numbers() -> None:
    synapse = Synapse(2, 1, Experiment(mock=True), transform=partial(linear_saturating, scale=10.0))
    with torch.no_grad():
        synapse.weight.copy_(torch.tensor([[1.26, -0.04]]))
    assert synapse.hardware_weight().tolist() == [[13, 0]]
    assert synapse.hardware_weight().dtype == np.int8


def test_cut_weights_are_counted_in_a_warning() -> None:
    synapse = Synapse(3, 1, Experiment(mock=True), transform=partial(linear_saturating, scale=63.0))
    with torch.no_grad():
        synapse.weight.copy_(torch.tensor([[1.2, -1.7, 1.0]]))  # the last one is just as large as allowed
    with pytest.warns(SaturationWarning, match=r"2 of 3 weights are limited to \+-63.*1.7"):
        assert synapse.hardware_weight().tolist() == [[63, -63, 63]]


def test_weights_that_are_no_numbers_are_refused_by_module() -> None:
    synapse = Synapse(3, 1, Experiment(mock=True))
    with torch.no_grad():
        synapse.weight[0, 1] = torch.nan
    with pytest.raises(ModelError, match=r"Synapse\(3 -> 1\): 1 of 3 weights are NaN"):
        synapse.hardware_weight()


def test_sparse_synapse_has_only_the_connections_of_its_mask() -> None:
    mask = torch.tensor([[True, False], [True, True], [False, False]])
    synapse = SparseSynapse(mask, Experiment(mock=True), transform=partial(linear_saturating, scale=10.0))
    with torch.no_grad():
        synapse.weight.fill_(0.99)
    assert synapse.hardware_weight().tolist() == [[9, 9, 0], [0, 9, 0]]
    synapse.weighted(torch.ones(1, 1, 3)).sum().backward()
    assert synapse.weight.grad is not None
    assert (synapse.weight.grad != 0).t().tolist() == mask.tolist()


@pytest.mark.parametrize("mask", [torch.zeros(2, 2, dtype=torch.bool), torch.ones(2, 2), torch.ones(2).bool()])
def test_mask_without_connections_or_of_another_kind_is_refused(mask: torch.Tensor) -> None:
    with pytest.raises(ModelError, match="boolean"):
        SparseSynapse(mask, Experiment(mock=True))


def test_empty_synapse_is_refused() -> None:
    with pytest.raises(ModelError, match="0 -> 3"):
        Synapse(0, 3, Experiment(mock=True))
