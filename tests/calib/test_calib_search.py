"""Searches on measured functions that are known in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin.calib.calib import ParameterRange
from hxtwin.calib.errors import (
    AlgorithmError,
    ExcessiveNoiseError,
    MissingTargetError,
    TargetShapeError,
)
from hxtwin.calib.prediction import LinearPrediction, PolynomialPrediction
from hxtwin.calib.search import (
    BinarySearch,
    LinearSearch,
    NoisyBinarySearch,
    ProportionalSearch,
    SecantSearch,
    increments,
    start_value,
)

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from hxtwin.calib.stateful_connection import StatefulConnection

CODES = ParameterRange(0, 1022)


def identity(parameters: NDArray[np.int64]) -> NDArray[np.float64]:
    return parameters.astype(np.float64)


@pytest.mark.parametrize(
    ("lower", "upper", "start", "wanted"),
    [
        (0, 1022, 511, [256, 128, 64, 32, 16, 8, 4, 2, 1, 1, 1, 1]),
        (0, 63, 32, [16, 8, 4, 2, 1, 1, 1, 1]),
        (0, 15, 8, [4, 2, 1, 1, 1, 1]),
        (-128, 127, 0, [64, 32, 16, 8, 4, 2, 1, 1, 1, 1]),
        (0, 1, 1, [1, 1, 1]),
    ],
)
def test_increments_are_those_of_the_reference(lower: int, upper: int, start: int, wanted: list[int]) -> None:
    allowed = ParameterRange(lower, upper)
    assert increments(allowed) == wanted
    assert start_value(allowed) == start


@pytest.mark.parametrize("algorithm", [BinarySearch(), NoisyBinarySearch()])
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("count", [16, 511, 1024])
def test_every_target_is_met_exactly_on_a_noise_free_observable(
    nowhere: StatefulConnection, synthetic: Any, algorithm: Any, inverted: bool, count: int
) -> None:
    target = np.linspace(1, 1021, count).astype(int)
    sign = -1 if inverted else 1
    calib = synthetic(lambda p: sign * identity(p), CODES, count, inverted=inverted, target=sign * target)
    result = calib.run(nowhere, algorithm)
    assert np.array_equal(result.calibrated_parameters, target)
    assert result.success.all()
    assert np.array_equal(calib.tested[-1], target), "the best parameters stay on the chip"


def test_a_search_measures_as_often_as_it_has_increments_and_writes_once_more(
    nowhere: StatefulConnection, synthetic: Any
) -> None:
    calib = synthetic(identity, CODES, 4, target=300)
    calib.run(nowhere, BinarySearch())
    assert len(calib.tested) == 12 + 1
    noisy = synthetic(identity, CODES, 4, target=300)
    noisy.run(nowhere, NoisyBinarySearch())
    assert len(noisy.tested) == 13 + 1


def test_the_last_measurement_tests_the_other_neighbour(nowhere: StatefulConnection, synthetic: Any) -> None:
    calib = synthetic(identity, CODES, 1, target=700)
    calib.run(nowhere, BinarySearch())
    a, b, c = (int(tested[0]) for tested in calib.tested[9:12])
    assert abs(b - a) == 1
    assert c == 2 * a - b


@pytest.mark.parametrize(("target", "bound", "inner"), [(-5000, 0, 1), (5000, 1022, 1021)])
def test_at_a_bound_the_value_next_to_it_is_tested_and_the_bound_fails(
    nowhere: StatefulConnection, synthetic: Any, target: int, bound: int, inner: int
) -> None:
    calib = synthetic(identity, CODES, 3, target=target)
    result = calib.run(nowhere, BinarySearch())
    assert [int(tested[0]) for tested in calib.tested[9:12]] == [bound, bound, inner]
    assert np.array_equal(result.calibrated_parameters, [bound] * 3)
    assert not result.success.any()


def test_of_equally_good_parameters_the_most_recent_wins(nowhere: StatefulConnection, synthetic: Any) -> None:
    calib = synthetic(lambda p: np.zeros(len(p)), CODES, 1, target=0)
    result = calib.run(nowhere, BinarySearch())
    assert result.calibrated_parameters[0] == calib.tested[11][0]


@pytest.mark.parametrize("noise", [1, 5, 29])
def test_read_noise_spreads_the_result_by_no_more_than_itself(
    nowhere: StatefulConnection, synthetic: Any, noise: int
) -> None:
    rng = np.random.default_rng(noise)
    target = rng.integers(100, 900, 511)
    calib = synthetic(lambda p: p + rng.integers(-noise, noise + 1, 511), CODES, 511, target=target)
    result = calib.run(nowhere, NoisyBinarySearch(noise))
    assert np.abs(result.calibrated_parameters - target).max() <= 2 * noise + 2
    assert np.std(result.calibrated_parameters - target) <= noise


def test_noisy_search_starts_neighbours_at_different_values(nowhere: StatefulConnection, synthetic: Any) -> None:
    calib = synthetic(identity, CODES, 256, target=511)
    calib.run(nowhere, NoisyBinarySearch())
    assert set(calib.tested[0].tolist()) == set(range(506, 517))


def test_more_start_noise_than_the_first_increment_is_refused(nowhere: StatefulConnection, synthetic: Any) -> None:
    calib = synthetic(identity, ParameterRange(0, 15), 4, target=3)
    with pytest.raises(ExcessiveNoiseError, match="5 exceeds the first increment 4"):
        calib.run(nowhere, NoisyBinarySearch())
    with pytest.raises(AlgorithmError, match="at least 1"):
        NoisyBinarySearch(0)


@pytest.mark.parametrize("inverted", [False, True])
def test_linear_search_walks_until_the_target_is_crossed(
    nowhere: StatefulConnection, synthetic: Any, inverted: bool
) -> None:
    sign = -1 if inverted else 1
    target = np.array([480, 511, 530.4, 530.6])
    calib = synthetic(lambda p: sign * identity(p), CODES, 4, inverted=inverted, target=sign * target)
    result = calib.run(nowhere, LinearSearch())
    assert np.array_equal(result.calibrated_parameters, [480, 511, 530, 531])
    assert result.success.all()


def test_linear_search_stops_after_its_longest_walk(nowhere: StatefulConnection, synthetic: Any) -> None:
    calib = synthetic(identity, CODES, 1, target=900)
    result = calib.run(nowhere, LinearSearch(initial=100, step_size=3, max_steps=7))
    assert result.calibrated_parameters[0] == 121
    with pytest.raises(AlgorithmError, match="at least 1"):
        LinearSearch(step_size=0)
    with pytest.raises(TypeError):
        LinearSearch(step_size=1.5)  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize("inverted", [False, True])
def test_proportional_search_follows_a_bent_law_in_five_measurements(
    nowhere: StatefulConnection, synthetic: Any, inverted: bool
) -> None:
    """The law of the leak: conductance b / (1 + b / 2000), with a spread of 20 % over the instances."""
    scale = np.exp(np.random.default_rng(2).normal(0, 0.2, 512))

    def law(parameters: NDArray[np.int64]) -> NDArray[np.float64]:
        conductance = scale * parameters / (1 + parameters / 2000)
        return 1 / conductance if inverted else conductance

    target = law(np.full(512, 300)) / scale ** (-1 if inverted else 1)
    calib = synthetic(law, CODES, 512, inverted=inverted, target=target)
    result = calib.run(nowhere, ProportionalSearch(500))
    assert len(calib.tested) == 5 + 1
    assert np.abs(law(result.calibrated_parameters) / target - 1).max() < 0.006
    assert result.success.all()


def test_proportional_search_leaves_instances_that_show_nothing_at_a_bound(
    nowhere: StatefulConnection, synthetic: Any
) -> None:
    calib = synthetic(lambda p: np.full(len(p), np.inf), CODES, 3, inverted=True, target=10e-6)
    result = calib.run(nowhere, ProportionalSearch(100))
    assert not result.success.any()
    with pytest.raises(AlgorithmError, match="at least 2"):
        ProportionalSearch(measurements=1)


@pytest.mark.parametrize("inverted", [False, True])
def test_secant_search_follows_lines_of_unknown_slope(
    nowhere: StatefulConnection, synthetic: Any, inverted: bool
) -> None:
    """Lines whose slopes spread by 10 % and are 30 % off the given one, and whose zero is off by 100 codes."""
    rng = np.random.default_rng(4)
    slope, zero = 0.34 * np.exp(rng.normal(0, 0.1, 512)), rng.normal(0, 100, 512)
    sign = -1 if inverted else 1
    calib = synthetic(lambda p: sign * slope * (p - zero), CODES, 512, inverted=inverted, target=sign * 170)
    result = calib.run(nowhere, SecantSearch(0.44, 4))
    assert len(calib.tested) == 4 + 1
    inside = np.abs(170 / slope + zero - 511) < 480
    assert np.abs(sign * slope * (result.calibrated_parameters - zero) - sign * 170)[inside].max() < 1.0
    assert result.success[inside].all()


def test_secant_search_begins_where_the_calibration_says(nowhere: StatefulConnection, synthetic: Any) -> None:
    calib = synthetic(identity, CODES, 3, target=[300, 310, 2000])
    calib.start = np.array([299, 310, 1000])
    result = calib.run(nowhere, SecantSearch(1.0, 2))
    assert np.array_equal(calib.tested[0], [299, 310, 1000])
    assert np.array_equal(result.calibrated_parameters, [300, 310, 1022])
    assert np.array_equal(result.success, [True, True, False])


def test_secant_search_needs_two_measurements_and_a_slope() -> None:
    with pytest.raises(AlgorithmError, match="at least 2"):
        SecantSearch(1.0, 1)
    with pytest.raises(AlgorithmError, match="positive"):
        SecantSearch(-0.3)


@pytest.mark.parametrize(
    "algorithm", [BinarySearch(), NoisyBinarySearch(), LinearSearch(), ProportionalSearch(), SecantSearch(0.25)]
)
def test_a_calibration_knows_what_its_parameters_achieved(
    nowhere: StatefulConnection, synthetic: Any, algorithm: Any
) -> None:
    calib = synthetic(lambda p: 0.25 * p, CODES, 16, target=130.1)
    result = calib.run(nowhere, algorithm)
    assert np.array_equal(calib.achieved, 0.25 * result.calibrated_parameters)
    assert np.abs(calib.achieved - 130.1).max() <= 0.125


def test_linear_prediction_needs_one_measurement(nowhere: StatefulConnection, synthetic: Any) -> None:
    offsets = np.array([-20, 0, 7, 300])
    calib = synthetic(lambda p: 130.0 + p + offsets, ParameterRange(-128, 127), 4, target=128)
    result = calib.run(nowhere, LinearPrediction(0))
    assert np.array_equal(result.calibrated_parameters, [18, -2, -9, -128])
    assert np.array_equal(result.success, [True, True, True, False])
    assert len(calib.tested) == 2


def test_polynomial_prediction_removes_the_offset_of_each_instance(nowhere: StatefulConnection, synthetic: Any) -> None:
    codes = np.arange(100, 1000, 100)
    prediction = PolynomialPrediction.from_data(codes, np.sqrt(codes), 2)
    assert prediction.probe_parameters == 500
    shift = np.array([-30, 0, 30])
    calib = synthetic(lambda p: np.sqrt(p + shift), CODES, 3, target=25.0)
    result = calib.run(nowhere, prediction)
    assert np.abs(result.calibrated_parameters - (625 - shift)).max() <= 1
    with pytest.raises(AlgorithmError, match="at least 4"):
        PolynomialPrediction.from_data([1, 2], [1, 2], 3)


def test_a_calibration_without_target_or_with_a_wrong_shape_is_refused(
    nowhere: StatefulConnection, synthetic: Any
) -> None:
    with pytest.raises(MissingTargetError, match="no target"):
        synthetic(identity, CODES, 4).run(nowhere, BinarySearch())
    with pytest.raises(TargetShapeError, match=r"shape \(3,\)"):
        synthetic(identity, CODES, 4, target=[1, 2, 3])
    with pytest.raises(TargetShapeError, match="finite"):
        synthetic(identity, CODES, 4, target=np.nan)
    with pytest.raises(AlgorithmError, match="two values"):
        ParameterRange(3, 3)
    short = synthetic(lambda p: np.zeros(3), CODES, 4, target=0)
    with pytest.raises(AlgorithmError, match="4 instances"):
        short.run(nowhere, BinarySearch())


def test_the_same_seed_gives_the_same_search(nowhere: StatefulConnection, synthetic: Any) -> None:
    starts = []
    for _ in range(2):
        nowhere.rng = np.random.default_rng(5)
        calib = synthetic(identity, CODES, 64, target=400)
        calib.run(nowhere, NoisyBinarySearch())
        starts.append(calib.tested[0])
    assert np.array_equal(*starts)


def test_codes_are_spread_by_five_but_zero_stays_zero(nowhere: StatefulConnection) -> None:
    assert set(nowhere.spread(700).tolist()) == set(range(695, 706))
    assert not nowhere.spread(0).any()
    assert nowhere.spread(1020).max() == 1022
    assert len(nowhere.spread(5, 256)) == 256
