"""The same words give the same answers, bit for bit (simulator-decisions.md 6; ARCHITECTURE section 4)."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from acceptance.bench import Setting, label

from hxtwin import containers, coord, runtime
from hxtwin.chipsim import Probe, Twin, TwinOptions
from hxtwin.comm import ut

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

HALT = np.array([0x0A00000000000000], dtype=np.uint64)
NEURON, OTHER = 7, 300


def words_of(builder: runtime.PlaybackProgramBuilder) -> NDArray[np.uint64]:
    builder.barrier(omnibus=True)
    return np.concatenate([ut.encode_array(builder.done().messages), HALT])


def experiment() -> runtime.PlaybackProgramBuilder:
    """Spikes, plastic synapses, settling cells, both converters, correlation sensors, background noise."""
    builder, _ = runtime.generate(runtime.SystemInit())
    setting = Setting(builder)
    leak = np.full(512, 574)
    leak[[NEURON, 20, 21, OTHER]] = 800
    cells: dict[str, ArrayLike] = {"v_leak": leak, "syn_i_bias_store": 35, "syn_i_bias_ramp": 40}
    setting.operating_point(cells, {"enable_fire": np.isin(np.arange(512), [7, 8, 9, 20, 21, 40, 41, 42, OTHER])})
    for row in range(4):
        setting.synapses(8 * row, {7: 63, 8: 40, 9: 20 + row})
    setting.wait_us(2500)
    setting.membrane_adc(8, samples=2000)
    builder.write(
        coord.BackgroundSpikeSourceOnDLS(0),
        containers.BackgroundSpikeSource(
            enable=True, enable_random=True, period=400, rate=60, seed=77, neuron_label=label(1), mask=0
        ),
    )
    setting.record()
    setting.spikes(np.arange(1.0, 60.0, 0.7), label(0))
    for number in range(3):
        builder.read(coord.CADCSampleRowOnDLS(number), containers.CADCSampleRow)
        setting.cells("v_leak", [40 + number], 700 + number)
        setting.wait_us(3.1)
    setting.read_cadc()
    setting.wait_us(300)
    return builder


@pytest.fixture(scope="module")
def program() -> NDArray[np.uint64]:
    return words_of(experiment())


def twin(probe: Probe | None = None) -> Twin:
    """A twin on which a session begins."""
    device = Twin(options=TwinOptions(chip=7), probe=probe)
    device.reset()
    return device


@pytest.fixture(scope="module")
def answer(program: NDArray[np.uint64]) -> NDArray[np.uint64]:
    found = twin().feed(program)
    responses = ut.decode_responses(found)
    assert len(np.unique(responses.spikes["label"])) > 3
    assert len(responses.madc_samples) == 2000
    assert len(np.unique(responses.omnibus["value"])) > 100
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_answers_do_not_depend_on_how_words_are_cut(
    program: NDArray[np.uint64], answer: NDArray[np.uint64], seed: int
) -> None:
    random = np.random.default_rng(seed)
    cuts = np.sort(random.choice(len(program), 300, replace=False))
    device = twin()
    parts = [device.feed(part) for part in np.split(program, cuts)]
    np.testing.assert_array_equal(np.concatenate(parts), answer)


def test_answers_to_single_words_are_those_to_all(program: NDArray[np.uint64], answer: NDArray[np.uint64]) -> None:
    """The end of the program, behind the configuration, comes word by word."""
    device = twin()
    tail = len(program) - 3000
    parts = [device.feed(program[:tail]), *(device.feed(program[i : i + 1]) for i in range(tail, len(program)))]
    np.testing.assert_array_equal(np.concatenate(parts), answer)


def test_another_connection_before_leaves_no_trace(program: NDArray[np.uint64], answer: NDArray[np.uint64]) -> None:
    device = twin()
    for _ in range(2):
        device.reset()
        assert np.array_equal(device.feed(program), answer)


def test_another_process_gives_the_same_answers(
    program: NDArray[np.uint64], answer: NDArray[np.uint64], tmp_path: Path
) -> None:
    path = tmp_path / "program.npy"
    np.save(path, program)
    code = (
        "import sys, hashlib, numpy as np; from hxtwin.chipsim import Twin, TwinOptions;"
        "twin = Twin(options=TwinOptions(chip=7)); twin.reset(); answer = twin.feed(np.load(sys.argv[1]));"
        "print(hashlib.sha256(answer.tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(answer.tobytes()).hexdigest()


def test_a_probe_changes_no_answer(program: NDArray[np.uint64], answer: NDArray[np.uint64]) -> None:
    np.testing.assert_array_equal(twin(Probe(circuits=(NEURON, 33, OTHER))).feed(program), answer)


def test_other_noise_gives_other_answers(program: NDArray[np.uint64], answer: NDArray[np.uint64]) -> None:
    other = Twin(options=TwinOptions(chip=7, noise_seed=1))
    other.reset()
    assert_differs(other.feed(program), answer)


def test_a_second_trial_in_one_connection_has_other_noise(program: NDArray[np.uint64]) -> None:
    device = twin()
    assert_differs(device.feed(program), device.feed(program))


def assert_differs(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> None:
    assert len(one) != len(other) or not np.array_equal(one, other)


@pytest.mark.parametrize("how", ["spikes", "reads"])
def test_noise_of_a_neuron_does_not_depend_on_who_else_is_observed(how: str) -> None:
    """A membrane between long rests, while another neuron fires, or a half is converted that is connected or not."""
    answers = []
    for observed in (False, True):
        builder, _ = runtime.generate(runtime.SystemInit())
        setting = Setting(builder)
        only = np.isin(np.arange(512), [NEURON, OTHER] if observed and how == "spikes" else [NEURON])
        setting.operating_point({}, {"enable_fire": only, "enable_readout_amplifier": only})
        connected = observed and how == "reads"
        setting.columns(
            containers.ColumnCorrelationQuad,
            64 + np.arange(64),
            enable_internal_causal=connected,
            enable_cadc_neuron_readout_causal=connected,
        )
        setting.membrane_adc(NEURON, samples=600)
        setting.wait_us(100_000)
        setting.reset_neuron(OTHER)
        builder.read(coord.CADCSampleRowOnDLS(256), containers.CADCSampleRow)
        setting.wait_us(50_000)
        setting.record()
        setting.wait_us(40)
        device = Twin(options=TwinOptions(chip=7))
        device.reset()
        answers.append(ut.decode_responses(device.feed(words_of(builder))).madc_samples)
    without, with_other = answers
    np.testing.assert_array_equal(without, with_other)
