"""Merged circuits and inter-compartment conductances (analog-model.md 3.9, 13.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.linalg import expm

from hxtwin.chipsim.elaborate.compartments import join

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.chipsim_analog.experiment import Make, Stimulus


NO = np.zeros(512, dtype=bool)
SILENT = {"enable_threshold_comparator": False}


def mask(*circuits: int) -> NDArray[np.bool_]:
    array = np.zeros(512, dtype=bool)
    array[list(circuits)] = True
    return array


def test_switches_join_membranes_along_and_across_rows() -> None:
    joined = join(mask(0, 1), mask(2, 258), NO, NO, np.zeros(512))
    assert joined.root[[0, 1, 2, 258]].tolist() == [0, 0, 0, 0]
    assert joined.root[257] == 257
    assert join(NO, mask(2), NO, NO, np.zeros(512)).root[258] == 258  # one of two switches in series


def test_halves_of_the_chip_are_not_connected() -> None:
    joined = join(mask(127, 255), NO, mask(127, 128), mask(127), np.zeros(512))
    assert joined.root[[127, 128, 255, 256]].tolist() == [127, 128, 255, 256]


def test_resistor_ends_at_the_membrane_that_is_on_the_line() -> None:
    g = np.zeros(512)
    g[1] = 2.0
    joined = join(NO, NO, mask(0), mask(0), g)
    assert joined.resistor_ends.tolist() == [[1, 0]]
    assert joined.resistor_conductance.tolist() == [2.0]
    assert joined.neuron[[0, 1, 2]].tolist() == [0, 0, 2]


def test_line_without_a_membrane_is_a_star() -> None:
    g = np.zeros(512)
    g[[0, 1, 2]] = [1.0, 2.0, 3.0]
    joined = join(NO, NO, NO, mask(0, 1), g)
    between = dict(zip(map(tuple, joined.resistor_ends.tolist()), joined.resistor_conductance.tolist(), strict=True))
    assert between == {(0, 1): pytest.approx(2 / 6), (0, 2): pytest.approx(3 / 6), (1, 2): pytest.approx(6 / 6)}


def test_each_line_without_a_membrane_is_a_star_of_its_own() -> None:
    g = np.zeros(512)
    g[[0, 1, 300, 301]] = [1.0, 3.0, 2.0, 2.0]
    joined = join(NO, NO, NO, mask(0, 300), g)
    assert joined.resistor_ends.tolist() == [[0, 1], [300, 301]]
    assert joined.resistor_conductance.tolist() == [0.75, 1.0]
    assert join(NO, NO, NO, mask(0, 300), 2 * g).resistor_conductance.tolist() == [1.5, 2.0]


@pytest.mark.parametrize(("members", "factor"), [(2, 1.06), (4, 1.17), (6, 1.28), (8, 1.39)])
def test_merged_circuits_are_slower_by_their_parasitic_capacitance(
    experiment: Make, events: Stimulus, members: int, factor: float
) -> None:
    first = np.arange(512) % members == 0
    switches = {"connect_membrane_right": np.arange(512) % members < members - 1}
    switches["membrane_capacitor_size"] = np.where(first, 63, 0)
    e = experiment({"i_bias_leak": np.where(first, 168, 0)}, {**SILENT, **switches})
    e.run(0)
    assert e.state is not None
    e.state.v[:] += 5e-3
    trace = e.go_on(0, 100, probes=(0, 1)).trace - e.parameters.leak_potential[0]
    np.testing.assert_array_equal(trace[:, 0], trace[:, 1])
    tau = 99 * 0.1 / np.log(trace[0, 0] / trace[-1, 0])
    assert tau / 10.02 == pytest.approx(factor, rel=0.01)


def test_inputs_of_all_merged_circuits_drive_the_membrane(experiment: Make, events: Stimulus) -> None:
    joined = {
        "connect_membrane_right": np.arange(512) % 2 < 1,
        "membrane_capacitor_size": np.where(np.arange(512) % 2, 0, 63),
    }
    leak = np.where(np.arange(512) % 2, 0, 168)
    e = experiment({"i_bias_leak": leak}, {**SILENT, **joined})
    peaks = []
    for weights in ((4, 0), (0, 4), (4, 4)):
        e.weights[0] = np.tile(weights, 128)
        trace = e.run(60, events([1000]), probes=(0,)).trace[:, 0]
        peaks.append(trace.max() - trace[0])
    assert peaks[0] == pytest.approx(peaks[1], rel=1e-3)
    assert peaks[2] == pytest.approx(2 * peaks[0], rel=0.01)


def chain_switches(n: int) -> dict[str, NDArray[np.bool_]]:
    """Circuits 0..n-1 in a chain: each line segment joins the soma of one circuit to the conductance of the next."""
    place = np.arange(512) % n
    return {
        "connect_soma": place < n - 1,
        "connect_soma_right": place < n - 1,
        "enable_multicomp_conductance": place > 0,
    }


@pytest.mark.parametrize("code", [50, 500, 1022])
@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("step", [25.0, 12.5])
def test_two_compartments_equilibrate_with_the_total_time_constant(
    experiment: Make, code: float, scale: int, step: float
) -> None:
    switches = {**chain_switches(2), "enable_multiply_multicomp_conductance_bias": scale == 4}
    e = experiment({"i_bias_nmda": code}, {**SILENT, **switches})
    e.run(0, step_cycles=step)
    assert e.state is not None
    e.state.v[1::2] += 10e-3
    trace = e.go_on(0, 40, probes=(0, 1)).trace
    p = e.parameters
    conductance = 3e-9 * code / (1 + code / 2000) * scale
    total = 1 / (2 * conductance / p.capacitance[0] + p.leak[0] / p.capacitance[0])
    difference = trace[:, 1] - trace[:, 0]
    t = (np.arange(40) + 1) * step * 4e-9
    np.testing.assert_allclose(difference, 10e-3 * np.exp(-t / total), atol=0.01 * 10e-3)


def test_a_chain_attenuates_as_its_linear_solution(experiment: Make, events: Stimulus) -> None:
    n = 4
    # a segment may hold one direct membrane: chain over two lines is built from alternating rows
    switches = chain_switches(2)
    e = experiment({"i_bias_nmda": 500}, {**SILENT, **switches})
    e.weights[0] = np.where(np.arange(256) % 2, 4, 0)
    trace = e.run(80, events([1000]), probes=(0, 1)).trace
    p = e.parameters
    g, c, leak = 3e-9 * 500 / 1.25, p.capacitance[0], p.leak[0]
    system = np.zeros((3, 3))
    system[:2, :2] = [[-(g + leak) / c, g / c], [g / c, -(g + leak) / c]]
    system[1, 2] = 1 / c
    system[2, 2] = -1 / p.line_tau[0, 1]
    t = np.maximum((np.arange(len(trace)) + 1) * 25 - 1000, 0) * 4e-9
    start = np.array([0, 0, p.gm[0, 0] * e.gain[0, 0] * 4 / 63])
    expected = np.stack([(expm(system * x) @ start)[:2] for x in t[::20]])
    measured = trace[::20] - p.leak_potential[0]
    np.testing.assert_allclose(measured, expected, atol=0.01 * expected.max())
    assert n * measured[:, 0].max() > measured[:, 1].max() > measured[:, 0].max()


def test_small_capacitors_with_large_conductances_stay_stable(experiment: Make) -> None:
    switches = {**chain_switches(2), "enable_multiply_multicomp_conductance_bias": True, "membrane_capacitor_size": 0}
    e = experiment({"i_bias_nmda": 1022}, {**SILENT, **switches})
    e.run(0)
    assert e.state is not None
    e.state.v[1::2] += 0.2
    trace = e.go_on(0, 200, probes=(0, 1)).trace
    assert np.abs(trace[5:, 1] - trace[5:, 0]).max() < 1e-3
    assert trace[-1, 0] == pytest.approx(e.parameters.leak_potential[0], abs=1e-4)
