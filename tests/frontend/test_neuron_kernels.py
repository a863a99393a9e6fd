"""Compiled neurons equal the plain loop over time, in values and gradients, and the closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest
import torch

from hxtwin.frontend.errors import ModelError
from hxtwin.frontend.torch.functional import (
    Measured,
    NeuronDynamics,
    NeuronOutput,
    cuba_aelif_integration,
    cuba_li_integration,
    cuba_lif_integration,
)
from hxtwin.frontend.torch.functional import lif as lif_module

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS, BATCH, NEURONS = 40, 3, 5
UNIT = NeuronDynamics(
    dt=1e-6,
    leak=0.0,
    reset=-0.2,
    threshold=1.0,
    tau_mem=6e-6,
    tau_syn=5.7e-6,
    membrane_capacitance=6e-6,
    refractory_time=2e-6,
    alpha=3.0,
)


def drive() -> torch.Tensor:
    return (0.3 * torch.randn(STEPS, BATCH, NEURONS, dtype=torch.float64) + 0.25).requires_grad_()


def gradient(
    integrate: Callable[[torch.Tensor, NeuronDynamics, Measured], NeuronOutput],
    x: torch.Tensor,
    dynamics: NeuronDynamics,
    measured: Measured,
) -> tuple[NeuronOutput, torch.Tensor]:
    """Result, and the gradient of a random combination of all observables."""
    result = integrate(x, dynamics, measured)
    generator = torch.Generator().manual_seed(5)
    loss = x.new_zeros(())
    for observable in (result.spikes, result.membrane, result.current):
        if observable is not None:
            loss = loss + (observable * torch.randn(observable.shape, generator=generator, dtype=x.dtype)).sum()
    (found,) = torch.autograd.grad(loss, x)
    return result, found


def measurements(spikes: bool, membrane: bool, steps: int = STEPS) -> Measured:
    generator = torch.Generator().manual_seed(9)
    shape = (steps, BATCH, NEURONS)
    return Measured(
        spikes=(torch.rand(shape, generator=generator) < 0.2).double() if spikes else None,
        membrane=torch.randn(shape, generator=generator).double() if membrane else None,
    )


@pytest.mark.parametrize("membrane", [False, True])
@pytest.mark.parametrize("spikes", [False, True])
@pytest.mark.parametrize("refractory_time", [0.0, 1e-6, 3.5e-6])
def test_compiled_neurons_equal_the_plain_loop(spikes: bool, membrane: bool, refractory_time: float) -> None:
    dynamics = attrs.evolve(UNIT, refractory_time=refractory_time)
    measured = measurements(spikes, membrane)
    x = drive()
    fast, fast_gradient = gradient(cuba_lif_integration, x, dynamics, measured)
    slow, slow_gradient = gradient(cuba_aelif_integration, x, dynamics, measured)
    assert slow.spikes is not None
    assert float(slow.spikes.detach().sum()) > 10
    for one, other in zip(fast[:3], slow[:3], strict=True):
        torch.testing.assert_close(one, other)
    torch.testing.assert_close(fast_gradient, slow_gradient)


@pytest.mark.parametrize("membrane", [False, True])
def test_compiled_integrators_equal_the_plain_loop(membrane: bool) -> None:
    x = drive()
    measured = measurements(False, membrane)
    fast, fast_gradient = gradient(cuba_li_integration, x, UNIT, measured)
    slow, slow_gradient = gradient(cuba_aelif_integration, x, attrs.evolve(UNIT, fire=False), measured)
    assert fast.spikes is None
    torch.testing.assert_close(fast.membrane, slow.membrane)
    torch.testing.assert_close(fast_gradient, slow_gradient)


def test_constants_may_differ_between_neurons() -> None:
    dynamics = attrs.evolve(
        UNIT,
        leak=[0.0, 0.1, 0.2, 0.3, 0.4],
        threshold=torch.linspace(0.5, 1.5, NEURONS),
        tau_mem=[4e-6, 5e-6, 6e-6, 7e-6, 8e-6],
        tau_syn=[5e-6] * NEURONS,
    )
    x = drive()
    fast, fast_gradient = gradient(cuba_lif_integration, x, dynamics, Measured())
    slow, slow_gradient = gradient(cuba_aelif_integration, x, dynamics, Measured())
    torch.testing.assert_close(fast.membrane, slow.membrane)
    torch.testing.assert_close(fast_gradient, slow_gradient)


def test_response_to_one_spike_is_the_difference_of_two_geometric_sequences() -> None:
    # discrete double exponential: v[k] = r w (a^(k) - b^(k)) / (a - b), a and b what is left of v and i in a step
    x = torch.zeros(30, 1, 1, dtype=torch.float64)
    x[0] = 0.5
    membrane = cuba_li_integration(x, UNIT).membrane.squeeze()
    a, b, rate = 1 - 1 / 6.0, 1 - 1 / 5.7, 1 / 6.0
    k = torch.arange(30, dtype=torch.float64)
    expected = 0.5 * rate * (a**k - b**k) / (a - b)
    torch.testing.assert_close(membrane, expected)


def test_gradient_of_an_integrator_is_its_response_backward_in_time() -> None:
    x = torch.zeros(30, 1, 1, dtype=torch.float64, requires_grad=True)
    cuba_li_integration(x, UNIT).membrane[-1].sum().backward()
    one = torch.zeros(30, 1, 1, dtype=torch.float64)
    one[0] = 1.0
    assert x.grad is not None
    torch.testing.assert_close(x.grad.flip(0), cuba_li_integration(one, UNIT).membrane)


def test_integrator_passes_gradcheck() -> None:
    x = torch.randn(6, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda value: cuba_li_integration(value, UNIT)[1:3], (x,))


def test_measured_spikes_reset_the_membrane_of_the_model() -> None:
    spikes = torch.zeros(10, 1, 1)
    spikes[4] = 1.0
    x = torch.full((10, 1, 1), 0.1)
    result = cuba_lif_integration(x, attrs.evolve(UNIT, threshold=100.0), Measured(spikes=spikes))
    free = cuba_li_integration(x, UNIT)
    assert result.spikes is not None
    assert torch.equal(result.spikes, spikes)
    torch.testing.assert_close(result.membrane[:4], free.membrane[:4])
    assert result.membrane[4:7].flatten().tolist() == pytest.approx([-0.2] * 3)  # reset, then two steps refractory


def test_gradient_of_measured_spikes_is_the_surrogate_at_the_membrane_of_the_model() -> None:
    x = torch.zeros(3, 1, 1, requires_grad=True)
    spikes = torch.zeros(3, 1, 1)
    spikes[2] = 1.0
    dynamics = attrs.evolve(UNIT, reset=0.0)
    result = cuba_lif_integration(x, dynamics, Measured(spikes=spikes))
    assert result.spikes is not None
    result.spikes[1].sum().backward()
    assert x.grad is not None
    # the membrane stays 0: slope 1 / (3 |0 - 1| + 1)^2, and an input at step 0 reaches it with dt / tau_mem
    assert float(x.grad[0]) == pytest.approx(1 / 16 / 6)
    assert float(x.grad[2]) == 0.0


def test_recurrent_spikes_come_back_one_step_later() -> None:
    x = torch.zeros(6, 1, 1)
    measured = Measured(spikes=torch.zeros(6, 1, 1).index_fill(0, torch.tensor([2]), 1.0))
    result = cuba_aelif_integration(x, UNIT, measured, feedback=lambda z: 0.7 * z)
    assert result.current[:3].abs().sum() == 0
    assert float(result.current[3]) == pytest.approx(0.7)


def test_adaptation_follows_the_equations_of_one_step() -> None:
    dynamics = attrs.evolve(
        UNIT,
        leak=0.5,
        subthreshold_adaptation=True,
        spike_triggered_adaptation=True,
        exponential=True,
        subthreshold_adaptation_strength=2.0,
        spike_triggered_adaptation_increment=0.25,
        exponential_slope=0.1,
        exponential_threshold=0.5,
        tau_adap=10e-6,
        leak_adaptation=0.1,
    )
    result = cuba_aelif_integration(torch.zeros(2, 1, 1, dtype=torch.float64), dynamics)
    v = 0.5 + 0.1 / 6
    w = 0.1 * 2.0 * (v - 0.1)
    assert result.adaptation is not None
    assert float(result.membrane[0]) == pytest.approx(v)
    assert float(result.adaptation[0]) == pytest.approx(w)
    onset = 0.1 * torch.tensor((v - 0.5) / 0.1).exp().item()
    assert float(result.membrane[1]) == pytest.approx(v + (0.5 - v + onset - w) / 6)


def test_constants_can_be_learned() -> None:
    threshold = torch.nn.Parameter(torch.tensor(1.0, dtype=torch.float64))
    result = cuba_lif_integration(drive().detach(), attrs.evolve(UNIT, threshold=threshold))
    assert result.spikes is not None
    result.spikes.sum().backward()
    assert threshold.grad is not None
    assert float(threshold.grad.detach()) < 0


def test_single_precision_stays_single() -> None:
    result = cuba_lif_integration(drive().detach().float(), UNIT)
    assert {value.dtype for value in result[:3] if value is not None} == {torch.float32}


def test_output_is_as_short_as_the_shortest_measurement() -> None:
    result = cuba_lif_integration(drive(), UNIT, measurements(True, False, steps=STEPS + 1))
    assert result.membrane.shape[0] == STEPS
    result = cuba_lif_integration(drive(), UNIT, measurements(True, True, steps=7))
    assert result.membrane.shape[0] == 7


def test_usual_neurons_do_not_loop_over_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any) -> NeuronOutput:
        raise AssertionError("the plain loop ran")

    monkeypatch.setattr(lif_module, "cuba_aelif_integration", forbidden)
    cuba_lif_integration(drive(), UNIT)
    cuba_li_integration(drive(), UNIT)
    with pytest.raises(AssertionError, match="plain loop"):
        cuba_lif_integration(drive(), attrs.evolve(UNIT, exponential=True))


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2, 1)])
def test_input_without_three_dimensions_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=r"layout \(time, batch, neuron\)"):
        cuba_lif_integration(torch.zeros(shape), UNIT)


def test_measurements_of_another_batch_are_refused() -> None:
    with pytest.raises(ModelError, match="batch and number of neurons have to agree"):
        cuba_lif_integration(torch.zeros(4, 3, 2), UNIT, Measured(spikes=torch.zeros(4, 2, 2)))


def test_constants_of_another_number_of_neurons_are_refused() -> None:
    with pytest.raises(ModelError, match="3 entries"):
        cuba_lif_integration(torch.zeros(4, 3, 2), attrs.evolve(UNIT, leak=[0.0, 0.0, 0.0]))
