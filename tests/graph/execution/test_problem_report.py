"""Problems found in records of an instance, and what is not a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
import pytest

from hxtwin.graph.execution import (
    ExecutionHealth,
    Hooks,
    InstanceOutcome,
    InstanceRecord,
    LabelledSpikes,
    MadcSamples,
    Problem,
    ProblemKind,
    RealtimeRequest,
    RunTime,
)
from hxtwin.graph.execution.instance_program import prepare
from hxtwin.graph.execution.problem_report import instance_problems, sample_rate_hz
from hxtwin.graph.execution.run_time import StopWatch

if TYPE_CHECKING:
    from .conftest import ChipMaker

RUNTIME = 1250  # 10 us: 294 samples of the membrane ADC


@pytest.fixture(scope="module")
def sound(loop_chip: ChipMaker) -> InstanceOutcome:
    """An outcome of two entries with nothing to complain about."""
    prepared = prepare(loop_chip(), RealtimeRequest(runtime=RUNTIME, madc_circuits=[3]), Hooks())
    samples = np.tile(np.arange(294), 2)
    madc = MadcSamples(
        entries=np.repeat([0, 1], 294),
        times=(samples * 4.25).astype(np.int64),
        values=np.full(588, 500, dtype=np.uint16),
        channels=np.zeros(588, dtype=np.uint8),
    )
    record = InstanceRecord(
        entries=2,
        spikes=LabelledSpikes.none(),
        traces=None,
        activations=None,
        baselines=None,
        madc=madc,
        health=ExecutionHealth.none(),
        received_events=0,
        late_spikes=0,
        largest_delay=0,
        link_changes=0,
    )
    return InstanceOutcome(record, RunTime(), prepared, 0, 1)


def problems_of(outcome: InstanceOutcome, record: InstanceRecord, instance: int = 0) -> list[Problem]:
    return instance_problems(instance, attrs.evolve(outcome, record=record))


def test_a_sound_record_has_no_problems(sound: InstanceOutcome) -> None:
    assert instance_problems(0, sound) == []
    assert sample_rate_hz(sound.prepared.chip) == pytest.approx(500e6 / 17)


def test_damaged_words_and_changes_of_links_are_problems(sound: InstanceOutcome) -> None:
    health = attrs.evolve(ExecutionHealth.none(), phy_errors=np.arange(8), phy_drops=np.array([0, 2, *[0] * 6]))
    errors, state = problems_of(sound, attrs.evolve(sound.record, health=health, link_changes=2), 5)
    assert (errors.kind, errors.count, errors.instance) == (ProblemKind.LINK_ERRORS, 30, 5)
    assert "28 damaged words, 2 thrown away" in errors.message
    assert (state.kind, state.count) == (ProblemKind.LINK_STATE, 2)


def test_missing_samples_are_counted_entry_by_entry(sound: InstanceOutcome) -> None:
    madc = sound.record.madc
    assert madc is not None
    kept = (madc.entries == 0) | (madc.times < RUNTIME // 2)
    fewer = MadcSamples(*(array[kept] for array in attrs.astuple(madc, recurse=False)))
    (problem,) = problems_of(sound, attrs.evolve(sound.record, madc=fewer))
    assert problem.kind is ProblemKind.SAMPLES_LOST
    assert problem.count == 293 - int(np.count_nonzero(fewer.entries == 1))
    assert "in 1 of 2 entries" in problem.message


def test_samples_at_the_end_of_the_membrane_adc_are_problems(sound: InstanceOutcome) -> None:
    madc = sound.record.madc
    assert madc is not None
    values = madc.values.copy()
    values[:7], values[7:9] = 1023, 0
    (problem,) = problems_of(sound, attrs.evolve(sound.record, madc=attrs.evolve(madc, values=values)))
    assert (problem.kind, problem.count) == (ProblemKind.ADC_SATURATED, 9)
    assert "9 of circuit 3" in problem.message


def test_delays_up_to_a_microsecond_are_no_problem(sound: InstanceOutcome) -> None:
    assert problems_of(sound, attrs.evolve(sound.record, late_spikes=10, largest_delay=125)) == []
    (problem,) = problems_of(sound, attrs.evolve(sound.record, late_spikes=10, largest_delay=250))
    assert (problem.kind, problem.count) == (ProblemKind.LATE_SPIKES, 10)
    assert "by up to 2 us" in problem.message


def test_durations_add_up_phase_by_phase() -> None:
    watch = StopWatch()
    with watch.phase("compile"):
        pass
    watch.add(compile=1.0, chip=2.0, realtime=3.0)
    total = watch.total + RunTime(compile=0.5, word_decoding=0.25)
    assert total.compile == pytest.approx(1.5, abs=0.1)
    assert total.host == pytest.approx(1.75, abs=0.1)
    assert (total.chip, total.realtime) == (2.0, 3.0)
    assert "chip                   2000.00 ms" in str(total)
