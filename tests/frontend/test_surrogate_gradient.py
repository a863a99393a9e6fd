"""The surrogate of a spike, and injection of measured values."""

from __future__ import annotations

import pytest
import torch

from hxtwin.frontend.torch.functional import inject, superspike


def test_membrane_above_threshold_spikes_and_at_threshold_does_not() -> None:
    assert superspike(torch.tensor([-1.0, 0.0, 1e-6, 2.0])).tolist() == [0.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize("alpha", [1.0, 50.0, 150.0])
def test_gradient_of_a_spike_is_a_fast_sigmoid(alpha: float) -> None:
    x = torch.tensor([-0.3, 0.0, 0.02, 1.0], dtype=torch.float64, requires_grad=True)
    (superspike(x, alpha) * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    expected = torch.tensor([1.0, 2.0, 3.0, 4.0]) / (alpha * x.detach().abs() + 1) ** 2
    assert x.grad is not None
    torch.testing.assert_close(x.grad, expected)


def test_injected_value_is_the_chips_and_its_gradient_the_models() -> None:
    model = torch.zeros(3, requires_grad=True)
    injected = inject(model, torch.tensor([1.0, 2.0, 3.0]))
    assert injected.tolist() == [1.0, 2.0, 3.0]
    (injected * torch.tensor([4.0, 5.0, 6.0])).sum().backward()
    assert model.grad is not None
    assert model.grad.tolist() == [4.0, 5.0, 6.0]


def test_without_measurement_the_model_stays() -> None:
    model = torch.ones(2)
    assert inject(model, None) is model
