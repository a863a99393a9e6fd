"""EventProp against a loop written from the equations."""

from __future__ import annotations

import attrs
import pytest
import torch

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch import EventPropLIF, EventPropSynapse, Experiment, run
from hxtwin.frontend.torch.functional import Measured, NeuronDynamics, eventprop_neuron, eventprop_synapse

UNIT = NeuronDynamics(dt=0.5e-6, leak=0.0, reset=0.1, threshold=0.4, tau_mem=6e-6, tau_syn=4e-6)
M, S = 0.5 / 6, 0.5 / 4


def forward_loop(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    i, v = torch.zeros_like(x[0]), torch.zeros_like(x[0])
    currents, membranes, spikes = [i], [v], [torch.zeros_like(i)]
    for t in range(len(x) - 1):
        i = i * (1 - S) + x[t]
        v = v + M * (0.0 - v + i)
        z = (v > 0.4).to(x.dtype)
        v = (1 - z) * v + z * 0.1
        currents.append(i)
        membranes.append(v)
        spikes.append(z)
    return torch.stack(spikes), torch.stack(membranes), torch.stack(currents)


def backward_loop(grad: torch.Tensor, z: torch.Tensor, i: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    li, lv = torch.zeros_like(grad), torch.zeros_like(grad)
    for t in range(len(grad) - 1, 0, -1):
        d_minus = 0.0 - 0.4 + i[t - 1]
        d_plus = 0.0 - 0.1 + i[t - 1]
        li[t - 1] = li[t] + S * (lv[t] - li[t])
        pre = lv[t] * (1 - M)
        out = torch.nan_to_num(z[t] * grad[t] / d_minus, 0.0, 0.0, 0.0)
        jump = torch.nan_to_num(z[t] * d_plus / d_minus, 0.0, 0.0, 0.0)
        lv[t - 1] = (1 - z[t]) * pre + jump * pre + out
    return li, lv


def inputs() -> torch.Tensor:
    return (torch.rand(50, 2, 4, dtype=torch.float64) < 0.3).double()


def test_forward_follows_the_discretised_equations() -> None:
    x = 0.4 * torch.rand(50, 2, 3, dtype=torch.float64)
    result = eventprop_neuron(torch.stack((x, torch.zeros_like(x))), UNIT)
    spikes, membrane, current = forward_loop(x)
    assert float(spikes.sum()) > 5
    assert result.spikes is not None
    assert torch.equal(result.spikes, spikes)
    torch.testing.assert_close(result.membrane, membrane)
    torch.testing.assert_close(result.current, current)


def test_backward_follows_the_adjoint_equations() -> None:
    spikes = inputs().requires_grad_()
    weight = torch.full((3, 4), 0.25, dtype=torch.float64, requires_grad=True)
    result = eventprop_neuron(eventprop_synapse(spikes, weight), UNIT)
    assert result.spikes is not None
    grad = torch.randn(result.spikes.shape, dtype=torch.float64)
    ((result.spikes * grad).sum() + 7 * result.membrane.sum()).backward()
    li, lv = backward_loop(grad, result.spikes.detach(), result.current.detach())
    assert weight.grad is not None
    assert spikes.grad is not None
    expected = torch.einsum("tbo,tbi->oi", 4e-6 * li, spikes.detach())
    assert float(expected.abs().max()) > 0
    torch.testing.assert_close(weight.grad, expected)
    torch.testing.assert_close(spikes.grad, (lv - li) @ weight.detach())


def test_measured_spikes_are_returned_as_they_are_and_enter_the_adjoint() -> None:
    measured = torch.zeros(50, 2, 3, dtype=torch.float64)
    measured[20] = 1.0
    weight = torch.full((3, 4), 0.25, dtype=torch.float64, requires_grad=True)
    spikes = inputs()
    result = eventprop_neuron(eventprop_synapse(spikes, weight), UNIT, Measured(spikes=measured))
    assert result.spikes is not None
    assert torch.equal(result.spikes, measured)
    result.spikes.sum().backward()
    li, _ = backward_loop(torch.ones_like(measured), measured, result.current.detach())
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, torch.einsum("tbo,tbi->oi", 4e-6 * li, spikes))


def test_spike_at_which_the_current_just_balances_has_no_gradient() -> None:
    # d_minus = 0: the division is undefined, its contribution is dropped
    measured = torch.zeros(3, 1, 1, dtype=torch.float64)
    measured[2] = 1.0
    x = torch.zeros(2, 3, 1, 1, dtype=torch.float64)
    x[0, 0] = 0.4
    x.requires_grad_()
    result = eventprop_neuron(x, attrs.evolve(UNIT, tau_syn=0.5e-6), Measured(spikes=measured))
    assert result.spikes is not None
    result.spikes.sum().backward()
    assert x.grad is not None
    assert bool(torch.isfinite(x.grad).all())
    assert float(x.grad.abs().sum()) == 0.0


def test_modules_train_with_event_based_gradients() -> None:
    experiment = Experiment(mock=True, dt=0.5e-6)
    synapse = EventPropSynapse(4, 3, experiment)
    neuron = EventPropLIF(3, experiment, leak=0.0, reset=0.0, threshold=0.4, tau_mem=6e-6, tau_syn=6e-6)
    torch.nn.init.constant_(synapse.weight, 0.3)
    observables = neuron(synapse(inputs().float()))
    run(experiment, 50)
    assert observables.spikes is not None
    observables.spikes.sum().backward()
    assert synapse.weight.grad is not None
    assert bool((synapse.weight.grad != 0).any())


def test_input_of_an_ordinary_synapse_is_refused() -> None:
    with pytest.raises(ModelError, match="EventPropSynapse"):
        eventprop_neuron(torch.zeros(5, 2, 3), UNIT)
