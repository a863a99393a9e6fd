"""Sampling with the column ADC: intervals, passes, and when a value was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hxtwin import coord
from hxtwin.chipsim.parameters import DEFAULTS
from hxtwin.containers import CADCSampleQuad, Chip
from hxtwin.graph.errors import InputDataError
from hxtwin.graph.execution import cadc_schedule as module
from hxtwin.graph.execution.cadc_schedule import cadc_schedule
from hxtwin.graph.execution.realtime_request import CADC_INTERVAL

if TYPE_CHECKING:
    from .conftest import ChipMaker

ENABLED = Chip().with_columns({"cadc_readout_chains.ramp.enable": [True, True]})


def circuits_in_quads(top: int, bottom: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """All circuits of the first even quads of both hemispheres."""
    return np.concatenate([np.arange(0, 8 * top, 2), 256 + np.arange(0, 8 * bottom, 2)]).astype(np.int64)


def test_numbers_are_those_of_the_twin() -> None:
    assert module.READ_CYCLES == DEFAULTS.cadc_read_cycles
    assert module.REQUEST_CYCLES == DEFAULTS.request_cycles + DEFAULTS.bus_cycles
    assert module.ANSWER_CYCLES == DEFAULTS.answer_cycles
    assert module.RAMP_CYCLES == DEFAULTS.cadc_ramp_cycles
    assert module.WAIT_SCALE == DEFAULTS.cadc_wait_scale


@pytest.mark.parametrize(
    ("top", "bottom", "cycles"), [(1, 0, 185), (1, 1, 185), (0, 2, 280), (2, 2, 280), (3, 1, 375), (32, 32, 3130)]
)
def test_interval_is_a_conversion_and_a_read_for_each_further_quad(top: int, bottom: int, cycles: int) -> None:
    schedule = cadc_schedule(ENABLED, circuits_in_quads(top, bottom), None)
    assert len(schedule.passes) == 1
    assert schedule.interval == cycles


def test_ten_readout_neurons_are_sampled_at_least_every_2_6_us() -> None:
    ten = np.array([0, 2, 4, 6, 8, 256, 258, 260, 262, 264])
    schedule = cadc_schedule(ENABLED, ten, CADC_INTERVAL)
    assert len(schedule.passes) == 1
    assert schedule.interval / 125 == pytest.approx(2.24)
    assert schedule.interval <= CADC_INTERVAL == 2.6 * 125


def test_more_neurons_are_recorded_in_further_passes() -> None:
    circuits = circuits_in_quads(5, 1)
    schedule = cadc_schedule(ENABLED, circuits, CADC_INTERVAL)
    assert len(schedule.passes) == 3
    assert schedule.interval == 280
    recorded = np.concatenate([each.positions for each in schedule.passes])
    assert np.sort(recorded).tolist() == list(range(len(circuits)))


def test_reads_are_those_of_the_quads_with_recorded_neurons() -> None:
    circuits = np.array([0, 10, 256 + 1])
    (each,) = cadc_schedule(ENABLED, circuits, None).passes
    wanted = []
    for synram, readout, quad in ((0, 0, 0), (1, 0, 32), (0, 1, 1)):
        place = coord.CADCSampleQuadOnDLS(65536 * synram + 32768 * readout + quad)
        wanted.append(int(CADCSampleQuad.read_addresses(place)[0]))
    assert each.addresses.tolist() == wanted
    assert each.offsets.tolist() == [0, 0, 185]
    assert each.triggers.tolist() == [0, 0, 1]
    assert each.reads.tolist() == [0, 2, 1]
    assert each.entries.tolist() == [0, 1, 0]


def test_samples_lie_within_the_real_time_section() -> None:
    schedule = cadc_schedule(ENABLED, circuits_in_quads(2, 2), CADC_INTERVAL)
    begin, runtime = 3000, 12_500
    starts = schedule.sample_starts(begin, runtime)
    assert (np.diff(starts) == schedule.interval).all()
    reset = 0.5 * (1 + 2 * 100)
    for count, start in ((0, starts[0]), (255, starts[-1])):
        taken = start + module.REQUEST_CYCLES + reset + count / 4
        assert begin <= taken < begin + runtime
    assert starts[-1] + schedule.interval + module.REQUEST_CYCLES + reset + 64 >= begin + runtime
    assert not len(schedule.sample_starts(begin, 10))


def test_a_value_was_taken_when_the_ramp_crossed_it() -> None:
    chip = ENABLED.with_columns({"cadc_readout_chains.channels_causal.offset": np.full((2, 256), 10)})
    schedule = cadc_schedule(chip, np.array([0, 256]), None)
    answers, values = np.array([1000, 1000]), np.array([10, 210], dtype=np.uint8)
    begin = 1000 - 25 - 185  # the conversion ends 25 cycles before its answer
    reset = (1 + 2 * 100) / 2
    assert schedule.value_times(answers, values, schedule.circuits).tolist() == [begin + reset, begin + reset + 50]


def test_waits_of_the_configuration_change_the_interval(loop_chip: ChipMaker) -> None:
    chip = loop_chip(cadc_readout_chains__ramp__reset_wait=[50, 150])
    assert cadc_schedule(chip, np.array([0]), None).interval == 135
    assert cadc_schedule(chip, np.array([256]), None).interval == 235
    assert cadc_schedule(chip, np.array([0, 256]), None).interval == 235


def test_a_column_adc_that_is_off_is_named() -> None:
    chip = Chip().with_columns({"cadc_readout_chains.ramp.enable": [True, False]})
    cadc_schedule(chip, np.array([5]), None)
    with pytest.raises(InputDataError, match="circuit 300: the column ADC of hemisphere 1 is switched off"):
        cadc_schedule(chip, np.array([5, 300]), None)


def test_an_interval_shorter_than_a_conversion_is_refused() -> None:
    with pytest.raises(InputDataError, match=r"interval of 1.44 us: a conversion alone takes 1.48 us"):
        cadc_schedule(ENABLED, np.array([5]), 180)
